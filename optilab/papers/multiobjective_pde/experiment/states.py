"""The state solver: Newton steps whatever κ and mesh, second order, and the fixed point that stops at λ_min."""

from collections.abc import Iterator

import numpy as np

from optilab.core.claim import Claim
from optilab.core.run import run
from optilab.papers.multiobjective_pde.algorithm import fixed_point, solve_state
from optilab.papers.multiobjective_pde.problems import MaxPDE, loads, sine

Array = np.ndarray
KAPPAS = (1.0, 10.0, 100.0, 1000.0)


def newton_steps(n: int, kappa: float, right: Array) -> Array:
    """Linear solves of semismooth Newton from 0 on the square, for right sides (loads, n²): (loads,)."""
    pde = MaxPDE(n, 2, kappa)
    return np.array([solve_state(pde, u)[1] for u in right])


def manufactured(n: int) -> float:
    """Largest error where y = sin 2πx₁ sin πx₂ is the solution for κ = 10."""
    pde = MaxPDE(n, 2, 10.0)
    exact = sine(pde, 2, 1)
    return float(abs(solve_state(pde, 5 * np.pi**2 * exact + 10 * np.maximum(0, exact))[0] - exact).max())


def alternation(kappa: float, steps: int = 400) -> tuple[float, float]:
    """Steps of the fixed point to ‖r‖ ≤ 10⁻⁸ ‖u‖ (n = 31, inf if not met); its last two steps over the last."""
    pde = MaxPDE(31, 2, kappa)
    u = 100 * sine(pde, 1, 1)
    trace = run(fixed_point(pde, u, tol=1e-8), steps)
    met = len(trace.step) <= steps
    before, middle, last = trace.y[-3:]
    return (float(trace.step[-1]) if met else np.inf), float(abs(last - before).max() / abs(last - middle).max())


def states(quick: bool) -> Iterator[Claim]:
    """Few Newton steps on any load (8 and, rarely, 10); the error is O(h²); the fixed point needs κ < λ_min."""
    grids, count = ((15, 31), 4) if quick else ((15, 31, 63), 10)
    most: dict[int, list[Array]] = {}
    for n in grids:
        right = loads(MaxPDE(n, 2), np.random.default_rng(1), count)
        most[n] = [newton_steps(n, kappa, right) for kappa in KAPPAS]
    found = np.array([most[n] for n in grids])  # (grids, κ, loads)
    yield Claim.over("state: Newton steps of random loads, κ = 1 to 1000, the most", found, np.max, at_most=10)
    growth = np.diff(found, axis=0)
    yield Claim.over("state: more steps when the mesh is halved, the most", growth, np.max, at_most=4)
    error = np.array([manufactured(n) for n in grids])
    yield Claim.over(
        "state: error over that on half the mesh", error[:-1] / error[1:], np.max, at_most=4.1, at_least=3.9
    )
    for kappa, steps in ((10.0, 28), (19.0, 493)):
        if not (quick and kappa == 19):
            yield Claim(
                f"fixed point, κ = {kappa:.0f} < λ_min = 19.7: steps", alternation(kappa, 1000)[0], steps + 1, steps - 1
            )
    for kappa in (50.0,) if quick else (21.0, 50.0):
        ratio = alternation(kappa, 1000)[1]
        about = f"fixed point, κ = {kappa:.0f} > λ_min"
        yield Claim(f"{about}: change in two steps over that in one (it alternates)", ratio, at_most=1e-3)
