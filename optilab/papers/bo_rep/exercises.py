"""Checks for the lesson and the assignment on BO-REP: each says what is wrong, not only that something is."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import sympy as sp

from optilab.classics.soba import soba
from optilab.core.check import require
from optilab.core.run import run
from optilab.course.forms import agrees, array, formula, number
from optilab.papers.bo_rep.algorithm import LIMIT
from optilab.papers.bo_rep.problems import WALL, Walls, World, draw, largest_step, start, world

Array = np.ndarray
M, mu, c, p, W, a = sp.symbols("M mu c p W a", positive=True)  # to be used in the answers
l_xy, l_yy = sp.symbols("l_xy l_yy", positive=True)
L_x0, L_x1, L_y0, L_y1 = sp.symbols("L_x0 L_x1 L_y0 L_y1", positive=True)
SYMBOLS = (M, mu, c, l_xy, l_yy, L_x0, L_x1, L_y0, L_y1, p, W, a)


# The lesson


def check_travel(answer: Any) -> str:
    """The least iterations with η = 0.02 from a = 12 to x = (14, 14, 14), the distance over η, to 1 %."""
    found, eta = number(answer), 0.02
    way = 14 - start(12.0)
    right = np.linalg.norm(way) / eta
    assert not np.isclose(found, way[0] / eta, rtol=0.01), (
        "that is the way of x₁ alone: η is the length of all of x's step"
    )
    assert not np.isclose(found, way.sum() / eta, rtol=0.01), "x goes straight, not along one axis after the other"
    assert not np.isclose(found, np.sqrt(3) * way[0] / eta, rtol=0.01), "x₀ is −12(1, ⅔, ⅓): x₂ and x₃ are nearer"
    assert not np.isclose(found, 5.5 * right, rtol=0.01), "iterations, not calls"
    assert np.isclose(found, right, rtol=0.01), f"the distance from −12(1, ⅔, ⅓) to (14, 14, 14), over η; not {found}"
    return "the fee of the insurance: a price for the distance, and none for the wall."


# Smoothness and walls


def _answer(value: Any, name: str) -> sp.Expr:
    """An answer in `SYMBOLS` alone."""
    found = formula(value, name, *SYMBOLS)
    strange = sorted(symbol.name for symbol in found.free_symbols - set(SYMBOLS))
    assert not strange, f"{name}: write it in the symbols of exercises, not in {strange}"
    return found


def check_constants(K1: Any, K0: Any, alpha: Any) -> str:
    """K₁ and K₀ with a constant for each block of g, and the step that bounces between walls of steepness p.

    Recognises the path of ζ left out, M in the place of ∇ₓf, and constants of the wrong block.
    """
    K1, K0, alpha = (_answer(value, name) for value, name in ((K1, "K1"), (K0, "K0"), (alpha, "alpha")))
    stretch, inner = sp.sqrt(1 + (c / mu) ** 2), L_x0 + L_x1 * c * M / mu
    lower, product = c / mu * (L_y0 + L_y1 * M), M * (l_xy / mu + c * l_yy / mu**2)
    assert not agrees(K1, 0), "K1: ∇ₓf has no bound: its Lipschitz constant L_x0 + L_x1‖∇ₓf‖ grows with ‖∇Φ‖"
    assert not agrees(K1, L_x1), "K1: ζ = (x, y*(x)) moves √(1 + c²/μ²) times as far as x"
    assert not agrees(K1, (1 + c / mu) * L_x1), "K1: ζ = (x, y*(x)) moves √(1 + c²/μ²) times as far as x, not 1 + c/μ"
    assert agrees(K1, stretch * L_x1), f"K1: the factor of ‖∇Φ‖ at the end of the chain, not {K1}"
    assert not agrees(K0, inner + lower + product), "K0: all three terms are multiplied by √(1 + c²/μ²)"
    assert not agrees(K0, stretch * (L_x0 + lower + product)), (
        "K0: ‖∇ₓf‖ is ‖∇Φ‖ + cM/μ at most: the second part is left"
    )
    swapped = M * (l_yy / mu + c * l_xy / mu**2)
    assert not agrees(K0, stretch * (inner + lower + swapped)), "K0: l_yy belongs to the inverse, which costs 1/μ²"
    missing = stretch * (inner + lower + M * l_xy / mu)
    assert not agrees(K0, missing), "K0: the inverse moves as well, by l_yy/μ² times the distance"
    assert agrees(K0, stretch * (inner + lower + product)), f"K0: what is left of the chain at ‖∇Φ‖ = 0, not {K0}"
    bounce = (W + 2 * a) / (p * (sp.exp(p * a) - sp.exp(-p * (W + a))))
    assert not agrees(alpha, p * bounce), "alpha: the slope of e^(−px) is −p e^(−px)"
    assert not agrees(alpha, bounce / 2), "alpha: the two walls' slopes at −a are subtracted, not added twice"
    assert not agrees(alpha, W / (W + 2 * a) * bounce), "alpha: from −a to W + a it is W + 2a"
    assert agrees(alpha, bounce), f"alpha: set −a − αu'(−a) to W + a and solve, not {alpha}"
    return "one number, K₁, says how curvature follows the gradient; p sits in the exponent of the usable step."


# One iteration, and the refinement

STEPS = {
    "gh": "x: normalise the momentum m, not the direction of this iteration",
    "coordinates": "x: divide by the length of m, not each entry by its own size",
    "last": "y: the average of the N iterates, not the last one",
    "running": "y: the ball stays around the y before the block; don't move its centre along",
    "sign": "the hypergradient is ∇ₓF minus the product with ∇²ₓᵧG",
    "new z": "the direction takes the z from before its update",
    "update at 0": "y isn't updated in iteration 0: the refinement has just been there",
    "always": "y is updated only where k is a multiple of I",
    "no first": "m: in iteration 0 it is the direction itself",
    "no ball": "y: each lower step ends in the ball of radius R",
}


def _ball(w: Array, centre: Array, radius: float) -> Array:
    far = float(np.linalg.norm(w - centre))
    return w if far <= radius else centre + radius / far * (w - centre)


def _lower(G_y: Any, x: Array, y: Array, gamma: float, T: int, radius: float, wrong: str) -> Array:
    """The block of lower steps with a mistake in it, or none."""
    w, path = y, []
    for _ in range(T):
        w = _ball(w - gamma * G_y(x, w), w if wrong == "running" else y, np.inf if wrong == "no ball" else radius)
        path.append(w)
    return w if wrong == "last" else np.mean(path, axis=0)


def _moved(oracles: dict[str, Any], state: tuple[Array, ...], k: int, numbers: dict[str, Any], wrong: str) -> Any:
    """One iteration of BO-REP with a mistake in it, or none."""
    (F_x, F_y, G_y, hvp, jvp), (x, y, z, m) = oracles.values(), state
    eta, beta, nu, gamma, I, N, R = numbers.values()
    if wrong == "always" or (k % I == 0 and (k > 0 or wrong == "update at 0")):
        y = _lower(G_y, x, y, gamma, N, R, wrong)
    new_z = z - nu * (hvp(x, y, z) - F_y(x, y))
    cross = jvp(x, y, new_z if wrong == "new z" else z)
    gh = F_x(x, y) + (cross if wrong == "sign" else -cross)
    m = gh if k == 0 and wrong != "no first" else beta * m + (1 - beta) * gh
    along = gh if wrong == "gh" else m
    return x - eta * (np.sign(along) if wrong == "coordinates" else along / np.linalg.norm(along)), y, new_z, m


def _same(one: Any, other: Any) -> bool:
    return all(p.shape == q.shape and np.allclose(p, q, rtol=1e-9, atol=1e-12) for p, q in zip(one, other, strict=True))


def _oracles(problem: World) -> dict[str, Any]:
    f, g = problem.upper, problem.lower
    return {"F_x": f.grad_x, "F_y": f.grad_y, "G_y": g.grad_y, "hvp": g.hvp_yy, "jvp": g.hvp_xy}


def check_step(step: Callable[..., Any], seed: int | None = None) -> str:
    """An iteration of BO-REP on `world` with exact oracles must be right to 10⁻⁹, in iterations 0, I and I + 1."""
    rng = np.random.default_rng(seed)
    oracles = _oracles(world(draw(int(rng.integers(1000))), 0.0, 0.0))
    state = (rng.normal(size=3), rng.normal(size=6), rng.normal(size=6), 2 * rng.normal(size=3))
    given = {"eta": 0.3, "beta": 0.7, "nu": 0.15, "gamma": 0.6, "I": 3, "N": 4, "R": 0.5}
    answers = {}
    for k in (0, 3, 4):
        answer = list(step(**oracles, **dict(zip("xyzm", (part.copy() for part in state), strict=True)), k=k, **given))
        assert len(answer) == 4, f"return x, y, z, m, not {len(answer)} things"
        answers[k] = [array(part, name) for part, name in zip(answer, "xyzm", strict=True)]
    right = {k: _moved(oracles, state, k, given, "") for k in answers}
    for wrong, message in STEPS.items():
        made = {k: _moved(oracles, state, k, given, wrong) for k in answers}
        assert not all(_same(answers[k], made[k]) for k in answers), message
    for k, answer in answers.items():
        for name, one, other in zip("yzmx", *((s[1], s[2], s[3], s[0]) for s in (answer, right[k])), strict=True):
            assert _same([one], [other]), f"in iteration {k} {name} is to be {other}, got {one}"
    return "x moves by η whatever the wall, so y* can't run away: that's why y may rest for I iterations."


EPOCHS = {
    "running": "the ball stays around the y at which the epoch began; don't move its centre along",
    "radius": "the radius shrinks by √2 from epoch to epoch, not by 2",
    "gamma": "the step is halved from epoch to epoch",
    "last": "an epoch ends at the average of its iterates, not at the last one",
    "T": "an epoch is twice as long as the one before",
    "no ball": "each step ends in the ball of the epoch",
}


def _refined(G_y: Any, x: Array, y: Array, gamma1: float, T1: int, D1: float, E: int, wrong: str) -> Array:
    """Epoch-SGD with a mistake in it, or none."""
    for s in range(E):
        shrink = 2.0 ** (s if wrong == "radius" else s / 2)
        T = T1 if wrong == "T" else T1 * 2**s
        y = _lower(G_y, x, y, gamma1 / (1 if wrong == "gamma" else 2**s), T, D1 / shrink, wrong)
    return y


def check_refinement(refine: Callable[..., Any], seed: int | None = None) -> str:
    """Epoch-SGD on `world` with exact gradients must be right to 10⁻⁹, and ask for T₁(2ᴱ − 1) of them."""
    rng, asked = np.random.default_rng(seed), 0
    problem = world(draw(int(rng.integers(1000))), 0.0, 0.0)
    given = (start(3.0), np.zeros(6), 0.4, 3, 1.0, 3)

    def G_y(x: Array, y: Array) -> Array:
        nonlocal asked
        asked += 1
        return problem.lower.grad_y(x, y)

    found = [array(refine(G_y, given[0].copy(), given[1].copy(), *given[2:]), "y")]
    spent = asked
    for wrong, message in EPOCHS.items():
        assert not _same(found, [_refined(problem.lower.grad_y, *given, wrong=wrong)]), message
    right = [_refined(problem.lower.grad_y, *given, wrong="")]
    assert _same(found, right), f"y is to be {right[0]}, got {found[0]}"
    assert spent == 21, f"T₁(2ᴱ − 1) = 21 gradients are enough, you asked for {spent}"
    return "each epoch halves the noise that is left, at twice the calls."


# The usable step


@dataclass(frozen=True, eq=False)
class Steep(Walls):
    """Walls e^(−px) and e^(p(x−W)).

    Parameters
    ----------
    p : float
        Their steepness.
    """

    p: float = 1.0

    def __call__(self, x: Array, y: Array) -> Array:
        """Value at (x, y): (*batch)."""
        return (np.exp(-self.p * x) + np.exp(self.p * (x - WALL))).sum(-1) + np.sqrt(1 + (y - self.b) ** 2).sum(-1)

    def grad_x(self, x: Array, y: Array) -> Array:
        """p(e^(p(x−W)) − e^(−px)): (*batch, n)."""
        return self.p * (np.exp(self.p * (x - WALL)) - np.exp(-self.p * x))


def steep(p: float, seed: int = 0) -> World:
    """`world` of a seed with walls of steepness p, and exact oracles."""
    plain = world(draw(seed), 0.0, 0.0)
    return replace(plain, upper=Steep(plain.upper.b, p))  # type: ignore[attr-defined]


def scanned(problem: World, x0: Array, near: float) -> float:
    """The largest α, to one per cent, up to which SOBA keeps ‖x‖ ≤ 10⁶ for 500 iterations, looked for about `near`."""
    alphas = near * np.geomspace(0.2, 5, 321)
    x = np.broadcast_to(x0, (len(alphas), 3))
    trace = run(soba(problem, x, np.zeros(6), alpha=alphas), 500, every=500, keep=["x"], limit=LIMIT)
    stays = np.isinf(trace.diverged)
    require(stays[0] and not stays.all(), "near", near, "within a factor of 5 of the largest α that stays")
    return float(alphas[stays.argmin() - 1])


SHARED = ("bounded steps", "momentum", "rare updates of y")


def check_experiment(
    largest: Callable[..., Any], far: Any, spent: Any, shared: str, cases: Any = ((0.8, 8.0, 0), (1.25, 7.0, 1))
) -> str:
    """`largest(problem, x0)`, α at a = 15, the calls of clipped SOBA from a = 12, and what saves it and BO-REP."""
    for p, depth, seed in cases:
        problem, x0 = steep(p, seed), start(depth)
        formula_ = (WALL + 2 * depth) * np.exp(-p * depth) / p
        found, right = number(largest(problem, x0.copy()), "what largest returns"), scanned(problem, x0, formula_)
        said = f"on walls of steepness {p} from a = {depth:g} the largest step is {right:.3g}, not {found:.3g}"
        assert not np.isclose(found, largest_step(depth), rtol=0.02), f"{said}: that is W's; measure this problem's"
        assert np.isclose(found, right, rtol=0.1), said
    far, spent = number(far, "far"), number(spent, "spent")
    right = float(largest_step(15.0))
    assert not np.isclose(far, np.exp(-15.0), rtol=0.25), "far: e^(−a) alone forgets that x may fly W + 2a"
    assert not np.isclose(far, 1e-4), "far: the smallest step of a grid isn't the largest that stays"
    assert np.isclose(far, right, rtol=0.25), f"far: (W + 2a)e^(−a) at a = 15, near {right:.3g}, not {far:.3g}"
    assert not 200 <= spent < 1000, f"spent: calls, five an iteration; {spent:g} looks like iterations"
    assert 1000 <= spent <= 5000, f"spent: clipped SOBA with α = 0.1, τ = 10 takes about 1 800 calls, not {spent:g}"
    assert shared in SHARED, f"shared must be one of {list(SHARED)}, got {shared!r}"
    assert shared == "bounded steps", f"shared: clipped SOBA has no {shared}, and it stays in the world"
    return "what counts is that no step is longer than you allow; normalising is one way to it, clipping another."
