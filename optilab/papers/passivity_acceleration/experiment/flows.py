"""The flow against the iteration, the price of perfect tracking, and the slow manifold."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from optilab.core.claim import Claim
from optilab.core.run import run
from optilab.papers.passivity_acceleration.algorithm import (
    Design,
    Tuning,
    consistent_velocity,
    controlled_flow,
    decay_rate,
    design_of,
    gradient_flow,
    heavy_ball_flow,
    heavy_ball_high_resolution,
    momentum_method,
    nesterov_high_resolution,
    nesterov_tuning,
    slow_manifold,
    split_nesterov,
    storage,
)
from optilab.papers.passivity_acceleration.problems import LogCosh
from optilab.problems.quadratic import Quadratic

CURVED = LogCosh(1.5 * np.array([[3.0, 1.0], [0.5, -2.0], [1.0, 1.5]]))
START = np.array([2.0, -1.5])
HORIZON = 3.0
FRACTIONS = (4, 16, 64, 256)  # s = 1/(4L), …
STIFF = Quadratic(np.diag(np.geomspace(1, 400, 5)), np.zeros(5))


class Shadows(NamedTuple):
    """An iteration and the flows that should follow it."""

    t: np.ndarray  # (ticks,)
    points: np.ndarray  # (ticks, d) the iteration
    flows: np.ndarray  # (ticks, designs, d)
    paths: np.ndarray  # (states, designs, d) the flows, with states between the ticks

    @property
    def apart(self) -> np.ndarray:
        """Distance between the iteration and each flow, (ticks, designs)."""
        return np.linalg.norm(self.flows - self.points[:, None], axis=-1)

    @property
    def errors(self) -> np.ndarray:
        """The largest of these distances, (designs,)."""
        return self.apart.max(0)


def designs(mu: float, s: float, method: Tuning) -> dict[str, Design]:
    """The flows that are held against Nesterov's method."""
    return {
        "low resolution": heavy_ball_flow(mu),
        "high-resolution heavy ball": heavy_ball_high_resolution(mu, s),
        "feedback with c = 1": Design(2 * np.sqrt(mu), np.sqrt(s), 1.0),
        "matched feedback": nesterov_high_resolution(mu, s),
        "exact map": design_of(*method[:3]),
    }


def shadows(
    problem: Any,
    x0: np.ndarray,
    method: Tuning,
    flows: list[Design],
    *,
    substeps: int = 8,
    states: int = 1,
) -> Shadows:
    """Follow a method and several flows, all at once, from the same x0 and x1 to second order, on the clock √α.

    The method's points are where it asks, (1 + η)ξ − ηξ⁻, Nesterov's x. `states` of the flows are kept from tick to
    tick, `substeps` Runge–Kutta steps apart.
    """
    h = float(np.sqrt(method.alpha))
    ticks = int(HORIZON / h)
    trace = run(momentum_method(problem, x0, method), ticks)
    points = trace.xi + method.eta * (trace.xi - trace.before)
    columns = Design(*(np.array(column) for column in zip(*flows, strict=True)))
    starts = np.broadcast_to(points[0], (len(flows), *points[0].shape))
    velocity = consistent_velocity(problem, columns, starts, points[1], h)
    psi0 = velocity + columns.kappa[:, None] * problem.grad(starts)
    flow = controlled_flow(problem, starts, columns, h=h / states, psi0=psi0, substeps=substeps)
    paths = run(flow, ticks * states, keep=("x",)).x
    return Shadows(h * np.arange(ticks + 1), points, paths[::states], paths)


def errors(problem: Any, x0: np.ndarray, s: float, substeps: int = 8) -> dict[str, float]:
    """How far Nesterov's method with step s is from each of the flows, at the farthest."""
    method = nesterov_tuning(problem.mu, problem.L, s)
    flows = designs(problem.mu, s, method)
    followed = shadows(problem, x0, method, list(flows.values()), substeps=substeps)
    return dict(zip(flows, followed.errors, strict=True))


def shadowing(quick: bool = False) -> Iterator[Claim]:
    """Which ODE follows Nesterov's method as the step shrinks."""
    fractions = FRACTIONS[:3] if quick else FRACTIONS
    table = [errors(CURVED, START, 1 / (CURVED.L * fraction)) for fraction in fractions]
    low, heavy, matched = (
        np.array([row[flow] for row in table])
        for flow in ("low resolution", "high-resolution heavy ball", "matched feedback")
    )
    yield Claim.over(
        "log-cosh: error of the low-resolution ODE over that of the matched feedback, worst step size",
        low / matched,
        np.min,
        at_least=4,
    )
    orders = [np.log2(error[-2] / error[-1]) for error in (matched, low, heavy)]
    text = "log-cosh: order in √s of the error, last halving of √s:"
    yield Claim(f"{text} matched feedback", orders[0], at_least=1.7)
    yield Claim(f"{text} low-resolution ODE", orders[1], at_most=1.1)
    yield Claim(f"{text} high-resolution heavy ball", orders[2], at_most=1.1)


def splitting(quick: bool = False) -> Iterator[Claim]:
    """The splitting and Nesterov's textbook step give the same points."""
    method = nesterov_tuning(CURVED.mu, CURVED.L)
    split = run(split_nesterov(CURVED, START, mu=CURVED.mu, s=1 / CURVED.L), 50).x
    trace = run(momentum_method(CURVED, START, method), 50)
    textbook = trace.xi + method.beta * (trace.xi - trace.before)
    apart = (abs(split - textbook).max(-1) > 1e-13).sum()
    yield Claim("split against textbook Nesterov: of 50 steps, those that differ by more than 10⁻¹³", apart, 0)


def tracking(quick: bool = False) -> Iterator[Claim]:
    """Perfect tracking of the gradient flow doesn't accelerate; leaving its manifold does."""
    curvatures = np.geomspace(1, 400, 401)
    flow, nest = gradient_flow(0.05, 2.0), nesterov_high_resolution(1.0, 1 / 400)
    rates = [decay_rate(curvatures, design).min() for design in (flow, nest)]
    yield Claim("worst decay rate over λ in 1…400: Nesterov's design over c = 0", rates[1] / rates[0], at_least=19)
    steps = 3000 if quick else 6000
    both = Design(2.0, 0.05, np.array([0.0, 0.95]))
    trace = run(controlled_flow(STIFF, np.ones(5), both, h=12 / steps), steps, f=lambda s: STIFF(s.x))
    left = trace.f[-1] / trace.f[0]
    yield Claim("f(12) with c = 0 over f(12) with c = 0.95", left[0] / left[1], at_least=1e7)
    energy = storage(STIFF, both, trace.x, trace.psi)[:, 1]
    yield Claim("Nesterov's design: steps on which V rises", (np.diff(energy) > 1e-12 * energy[0]).sum(), at_most=0)
    rises = (np.diff(trace.f[:, 1]) > 0).mean()
    yield Claim("share of the steps on which f itself rises", rises, at_least=0.01, at_most=0.15)


def off_slow_manifold(gamma: float, starts: np.ndarray) -> np.ndarray:
    """Distances at t = 5 to the critical manifold, to its explicit correction and to that with the actual ẋ: (3, …)."""
    design = Design(gamma, 0.05, 1.0)
    x, psi, _ = run(controlled_flow(STIFF, starts, design, h=0.002), 2500, every=2500).fields.values()
    x, psi = x[-1], psi[-1]
    critical = psi - slow_manifold(STIFF, design, x, 0)
    explicit = psi - slow_manifold(STIFF, design, x, 1)
    actual = critical - 1 / gamma**2 * STIFF.hvp(x, psi - 0.05 * STIFF.grad(x))
    return np.linalg.norm([critical, explicit, actual], axis=-1)


def settling(quick: bool = False) -> Iterator[Claim]:
    """The first correction brings the slow manifold nearer to where the flow is."""
    rng = np.random.default_rng(0)
    starts = np.concatenate([np.ones((1, 5)), rng.normal(size=(5 if quick else 20, 5))])
    for gamma in (20.0, 80.0):
        critical, _, actual = off_slow_manifold(gamma, starts)
        yield Claim.over(
            f"γ = {gamma:g}: distance to the critical over that to the corrected slow manifold, worst start",
            critical / actual,
            np.min,
            at_least=5,
        )
