"""Checks for the assignment: each says what is wrong, not only that something is."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import sympy as sp

from optilab.classics.nesterov import nesterov_strongly_convex
from optilab.core.counted import Counted
from optilab.core.numerics import log_slope
from optilab.core.run import run
from optilab.course.forms import agrees, array, formula, number
from optilab.papers.passivity_acceleration.algorithm import Tuning, cayley, momentum_method, triple_momentum_tuning
from optilab.papers.passivity_acceleration.derivation import PSI, G, c, gamma, kappa
from optilab.papers.passivity_acceleration.experiment.failure import CYCLE, GRID, trapped
from optilab.papers.passivity_acceleration.experiment.flows import CURVED
from optilab.papers.passivity_acceleration.experiment.races import (
    ACCURACY,
    METHODS,
    gradient_descent_race,
    quadratic_starts,
    race,
    tuned,
)
from optilab.problems.quadratic import Quadratic

KAPPAS = (100.0, 1000.0, 10000.0)


def check_dissipation(answer: Any) -> str:
    """`answer` must be V̇ of V = ½‖ψ‖² + c(f − f*), in γ, κ, c, ψ = (psi1, psi2) and ∇f = (g1, g2), c a symbol.

    The symbols are those of `derivation`: gamma, kappa, c, psi1, psi2, g1, g2.
    """
    answer = formula(answer, "V̇", gamma, kappa, c, *PSI, *G)
    strange = answer.free_symbols - {gamma, kappa, c, *PSI, *G}
    assert not strange, f"{sorted(map(str, strange))} should not be there: take the symbols from derivation"
    right = -gamma * PSI.dot(PSI) - c * kappa * G.dot(G)
    rest = sp.expand(answer - right)
    cross = G.dot(PSI)
    assert not agrees(rest, c * kappa * G.dot(G) - c * cross), (
        "that is how ½‖ψ‖² changes; the store of the valley, c(f − f*), changes as well"
    )
    assert not agrees(rest, c * cross), (
        "a cross term c∇fᵀψ is left over: ẋ = ψ − κ∇f brings it with +, ψ̇ = −γψ − c∇f with −"
    )
    assert not agrees(rest, -c * cross), "a cross term −c∇fᵀψ is left over: c(f − f*) changes by c∇fᵀẋ as well"
    assert not agrees(rest, (c - 1) * kappa * G.dot(G)), "the brake on the slope is cκ, not κ: f has weight c in V"
    assert not agrees(answer, -right), "the sign: V falls"
    assert agrees(answer, right), f"your V̇ is off by {rest}"
    return "every term is a square with a minus: V falls whatever f does, which no step of f alone could promise"


def check_gain(weight: Any, answer: Any) -> str:
    """The valley behind a gain b, ẋ = bψ − κ∇f and ψ̇ = −γψ − c∇f: its weight p in V = ½‖ψ‖² + p(f − f*), and V̇.

    The symbols are those of `derivation` (gamma, kappa, c, psi1, psi2, g1, g2) and `gain` = b.
    """
    everything = gamma, kappa, c, gain, *PSI, *G
    weight, answer = formula(weight, "the weight", c, gain), formula(answer, "V̇", *everything)
    for name, given, allowed in (("weight", weight, {c, gain}), ("V̇", answer, {*everything})):
        strange = given.free_symbols - allowed
        assert not strange, f"{sorted(map(str, strange))} should not be in {name}: take the symbols from the task"
    assert not agrees(weight, c), (
        "with the weight c a cross term c(b − 1)∇fᵀψ is left over: the valley now brings b times as much"
    )
    assert not agrees(weight, c * gain), "the gain makes the valley louder, so it must weigh less, not more"
    assert agrees(weight, c / gain), "with this weight the two cross terms don't cancel: p b∇fᵀψ against c∇fᵀψ"
    right = -gamma * PSI.dot(PSI) - c / gain * kappa * G.dot(G)
    rest = answer - right
    assert not agrees(rest, (c / gain - c) * kappa * G.dot(G)), (
        "that is the balance without a gain: f has the weight p in V, and so has the brake on the slope"
    )
    assert not agrees(answer, -right), "the sign: V falls"
    assert not agrees(rest, c * G.dot(PSI)), "a cross term c∇fᵀψ is left over: ψ̇ brings it with −"
    assert not agrees(rest, -c * G.dot(PSI)), "a cross term −c∇fᵀψ is left over: p(f − f*) changes by p∇fᵀẋ as well"
    assert agrees(answer, right), f"your V̇ is off by {sp.expand(sp.simplify(rest))}"
    return "a gain between two passive systems only changes how they are weighed: the loop stays passive"


gain = sp.Symbol("b", positive=True)
h = sp.Symbol("h", positive=True)  # a step in units of 1/L
ONE_STEP = sp.symbols("f_0 f_1 g_0 g_1", real=True)
SIZES = (0.1, 0.5, 1.0, 1.25, 1.5)  # of h


def weighed(multipliers: Sequence[Any]) -> sp.Expr:
    """What three inequalities, each times its multiplier, say is 0 or more; numbers stand for vectors.

    For a convex f with L = 1 and f* = 0, x₁ = x₀ − h g₀: f₀ ≥ f₁ + h⟨g₀, g₁⟩ + ½‖g₀ − g₁‖²,
    f₁ ≥ f₀ − h‖g₀‖² + ½‖g₀ − g₁‖² and f₁ ≥ ½‖g₁‖².
    """
    f0, f1, g0, g1 = ONE_STEP
    apart = (g0 - g1) ** 2 / 2
    left = (f0 - f1 - h * g0 * g1 - apart, f1 - f0 + h * g0**2 - apart, f1 - g1**2 / 2)
    return sp.expand(sum((m * line for m, line in zip(multipliers, left, strict=True)), sp.Integer(0)))


def check_multipliers(a: Any, b: Any, c: Any, worst: Any) -> str:
    """Multipliers in `h` that prove ‖g₁‖² ≤ worst · (f₀ − f*) from the lines of `weighed`, with the least such worst.

    Any common factor will do. Recognises an f₁ that is left, an inequality turned around, a proof of less than what is
    true, the reciprocal, and a remainder that isn't a sum of squares.
    """
    f0, f1, g0, g1 = ONE_STEP
    weights = [formula(value, "a multiplier", h) for value in (a, b, c)]
    worst = formula(worst, "worst", h)
    unknown = set().union(*(value.free_symbols for value in (*weights, worst))) - {h}
    assert not unknown, f"write all four in exercises.h alone, not in {sorted(map(str, unknown))}"
    total = weighed(weights)
    rest = total.coeff(f1)
    assert agrees(rest, 0), f"f₁ is still in the sum, {sp.factor(rest)} times: choose c so that it cancels"
    assert not agrees(worst, h + sp.Rational(1, 2)), "that is f₀ − f* over ‖g₁‖², the other way round"
    for size in SIZES:
        sizes = [number(value.subs(h, size), "a multiplier") for value in weights]
        assert min(sizes) >= 0, f"at h = {size} the multipliers are {sizes}: a negative one turns its line around"
        assert sizes[0] > sizes[1], f"at h = {size} a − b is {sizes[0] - sizes[1]:g}: nothing of f₀ is left to bound by"
        share, least = number(worst.subs(h, size), "worst"), 2 / (1 + 2 * size)
        assert share >= least * (1 - 1e-9), (
            f"at h = {size} nobody can prove {share:g}: on f = s|z| − s²/2, rounded where |z| < s, from z = (1 + h)s "
            f"the step ends at s, and ‖g₁‖² is {least:g} times f₀"
        )
        squares = sp.expand(f0 - total.subs(h, size) / (sizes[0] - sizes[1])) - g1**2 / share
        form = np.array(sp.hessian(squares, (g0, g1)), dtype=float)
        low, directions = np.linalg.eigh(form)
        at = ", ".join(f"{part:.2f}" for part in directions[:, 0])
        assert low[0] > -1e-9, (
            f"at h = {size} what is left is no sum of squares: at (g₀, g₁) = ({at}) it is {low[0] / 2:.3g}"
        )
        assert share <= least * (1 + 1e-9), (
            f"that is proved, but at h = {size} no function takes {share:g}, only {least:g}: "
            + ("the second line has more to say" if sizes[1] == 0 else "the square can be smaller")
        )
    return (
        "the same three numbers for every step up to 3/2, and what is left is (3/2 − h)‖g₀ − g₁‖²: nothing where the "
        "slope is constant, which tells you what the worst function looks like"
    )


Step = Callable[..., tuple[Any, Any]]


def late_kick(x: np.ndarray, psi: np.ndarray, grad: Callable, mu: float, s: float) -> tuple[Any, Any]:
    """Mistake: kick with the old gradient."""
    g = grad(x)
    psi = cayley(mu, s) * psi
    return x + np.sqrt(s) * psi - s * g, psi - np.sqrt(s) * g


def late_contraction(x: np.ndarray, psi: np.ndarray, grad: Callable, mu: float, s: float) -> tuple[Any, Any]:
    """Mistake: contract after the kick."""
    x = x + np.sqrt(s) * psi - s * grad(x)
    return x, cayley(mu, s) * (psi - np.sqrt(s) * grad(x))


def exact_damping(x: np.ndarray, psi: np.ndarray, grad: Callable, mu: float, s: float) -> tuple[Any, Any]:
    """Mistake: the exact exponential for β."""
    psi = np.exp(-2 * np.sqrt(mu * s)) * psi
    x = x + np.sqrt(s) * psi - s * grad(x)
    return x, psi - np.sqrt(s) * grad(x)


def slow_drift(x: np.ndarray, psi: np.ndarray, grad: Callable, mu: float, s: float) -> tuple[Any, Any]:
    """Mistake: sψ for √sψ."""
    psi = cayley(mu, s) * psi
    x = x + s * psi - s * grad(x)
    return x, psi - np.sqrt(s) * grad(x)


def matched_kick(x: np.ndarray, psi: np.ndarray, grad: Callable, mu: float, s: float) -> tuple[Any, Any]:
    """Mistake: the feedback of the table, c = 1 − √(μs), in the kick."""
    psi = cayley(mu, s) * psi
    x = x + np.sqrt(s) * psi - s * grad(x)
    return x, psi - (1 - np.sqrt(mu * s)) * np.sqrt(s) * grad(x)


MISTAKES: dict[Step, str] = {
    late_kick: "the kick must use the gradient at the new x: move first, then ask",
    late_contraction: "the dissipation comes first: contract ψ, then drift, then kick",
    exact_damping: "β is Cayley's (1 − √(μs))/(1 + √(μs)), not exp(−2√(μs)): close, and not Nesterov",
    slow_drift: "the clock tick is √s: the drift is √s ψ, not s ψ",
    matched_kick: "the kick has c = 1: the −√(μs) of the table is the error of splitting, which comes by itself",
}


def follow(step: Step, problem: Any, x0: np.ndarray, mu: float, s: float, steps: int) -> np.ndarray:
    """Repeat a step from ψ₀ = −√s ∇f(x0) and keep x."""
    x, psi = x0, -np.sqrt(s) * problem.grad(x0)
    path = [x]
    for _ in range(steps):
        x, psi = (array(part, "x and ψ") for part in step(x, psi, problem.grad, mu, s))
        path.append(x)
    return np.array(path)


def check_split_step(step: Step, seed: int | None = None) -> str:
    """`step(x, psi, grad, mu, s) → (x, psi)` must be one tick of the splitting that is Nesterov's method.

    Problems and starts are drawn by `seed`. Recognises the `MISTAKES`: the kick with the old gradient, the contraction
    after the kick, an exact exponential for β, sψ for √s ψ and c = 1 − √(μs) in the kick.
    """
    rng = np.random.default_rng(seed)
    for problem in drawn_problems(rng):
        mu, L = problem.mu, problem.L
        x0 = rng.uniform(1, 2, size=np.shape(problem.minimizer))
        path = follow(step, problem, x0, mu, 1 / L, 30)
        expected = run(nesterov_strongly_convex(problem, x0, mu=mu, L=L), 30).y
        assert path.shape == expected.shape, f"x must keep its shape {expected.shape[1:]}, yours is {path.shape[1:]}"
        for mistake, message in MISTAKES.items():
            wrong = follow(mistake, problem, x0, mu, 1 / L, 30)
            assert not np.allclose(path, wrong, rtol=0, atol=1e-9), message
        error = abs(path - expected).max()
        assert error <= 1e-12, f"x is off Nesterov's extrapolated sequence by {error:.1e} within 30 steps"
    return (
        "three parts of a flow, one after the other, are Nesterov's method exactly: nothing was approximated but time"
    )


def drawn_problems(rng: np.random.Generator) -> tuple[Any, ...]:
    """The log-cosh problem and two quadratics with condition numbers up to 1000."""
    quadratics = [
        Quadratic(np.diag([1.0, np.sqrt(stiffness), stiffness]), rng.normal(size=3))
        for stiffness in rng.uniform([10, 300], [100, 1000])
    ]
    return CURVED, *quadratics


def check_momentum_tick(tick: Callable[..., tuple[Any, Any]], seed: int | None = None) -> str:
    """`tick(xi, v, grad, alpha, beta, eta) → (xi, v)`: any method (α, β, η) in the velocity v = (ξ − ξ⁻)/√α.

    Compared from rest, on problems and starts drawn by `seed`, with heavy ball, Nesterov and triple momentum; one
    gradient a tick. Recognises a gradient asked at ξ, one asked at Nesterov's point, a look ahead or a drift without
    √α, and a drift with the old velocity.
    """

    def wrong(
        ahead: Callable[..., Any], kick: Callable[..., Any] = np.sqrt, drift: Callable[..., Any] = np.sqrt
    ) -> Any:
        def mistaken(xi: Any, v: Any, grad: Any, alpha: Any, beta: Any, eta: Any) -> tuple[Any, Any]:
            v_new = beta * v - kick(alpha) * grad(xi + ahead(alpha, beta, eta) * v)
            return xi + drift(alpha) * v_new, v_new

        return mistaken

    def late(xi: Any, v: Any, grad: Any, alpha: Any, beta: Any, eta: Any) -> tuple[Any, Any]:
        root = np.sqrt(alpha)
        return xi + root * v, beta * v - root * grad(xi + eta * root * v)

    right = wrong(lambda alpha, beta, eta: eta * np.sqrt(alpha))
    mistakes = {
        wrong(lambda *_: 0.0): "the gradient is asked at ξ: that makes heavy ball of every method; look ahead by η√α v",
        wrong(
            lambda alpha, beta, eta: beta * np.sqrt(alpha)
        ): "you look ahead by β√α v, as Nesterov does; others by η√α v",
        wrong(lambda alpha, beta, eta: eta): "the look ahead is η(ξ − ξ⁻), and ξ − ξ⁻ is √α v, not v",
        wrong(lambda alpha, beta, eta: eta * np.sqrt(alpha), kick=lambda alpha: alpha): (
            "v is a velocity: a kick of α∇f to ξ − ξ⁻ is one of √α∇f to v"
        ),
        wrong(
            lambda alpha, beta, eta: eta * np.sqrt(alpha), drift=lambda alpha: 1.0
        ): "the clock tick is √α: drift by √α v",
        late: "the drift must use the new velocity: kick first, then move",
    }
    rng = np.random.default_rng(seed)
    for problem in drawn_problems(rng):
        x0 = rng.uniform(1, 2, size=np.shape(problem.minimizer))
        for name in ("triple momentum", "Nesterov", "heavy ball"):
            method = tuned(name, problem.mu, problem.L)
            path, asked = ticked(tick, problem, x0, method)
            expected, _ = ticked(right, problem, x0, method)
            assert path.shape == expected.shape, f"ξ must keep its shape {x0.shape}, yours is {path.shape[1:]}"
            for mistake, message in mistakes.items():
                mistaken, _ = ticked(mistake, problem, x0, method)
                same = np.allclose(mistaken, expected, rtol=0, atol=1e-9)  # as is Nesterov's look ahead for Nesterov
                assert same or not np.allclose(path, mistaken, rtol=1e-9, atol=1e-9), message
            error = abs(path - expected).max() / max(1, abs(expected).max())
            assert error <= 1e-9, f"ξ is off {name} by {error:.1e} of its size within 30 ticks"
            assert asked == 30, f"30 ticks asked for {asked} gradients: one a tick is enough"
    return "one tick holds all three: they differ in how far they look ahead before they ask for the slope, and in β"


def ticked(
    tick: Callable[..., tuple[Any, Any]], problem: Any, x0: np.ndarray, method: Tuning
) -> tuple[np.ndarray, int]:
    """ξ over 30 ticks from rest, and how many gradients were asked for."""
    counted = Counted(problem)
    xi, v = x0 + 0.0, np.zeros_like(x0)
    path = [xi]
    with np.errstate(all="ignore"):
        for _ in range(30):
            xi, v = tick(xi.copy(), v.copy(), counted.grad, *map(float, method[:3]))
            xi, v = array(xi, "ξ"), array(v, "v")
            path.append(xi)
    return np.array(path), counted.calls["gradients"]


def check_trap(starts: Iterable[float], cycle: Sequence[Any], behaviour: str) -> str:
    """All starts of `linspace(-5, 5, 401)` that heavy ball never leaves to arrive, the cycle, and what it does there.

    `starts` are those with |x| > 10⁻³ among the last three of 400 iterations; `cycle` has three fractions, in the order
    of the iteration; `behaviour` is "converges", "cycles" or "diverges".
    """
    assert behaviour != "diverges", "look again: the iterates stay bounded for ever, they repeat themselves"
    assert behaviour == "cycles", f"what happens is one of converges, cycles, diverges, not {behaviour!r}"
    given = np.atleast_1d(array(starts, "the starts"))
    index = np.round((given + 5) / 0.025).astype(int)
    on_grid = (abs(given) <= 5 + 1e-6) & (abs(given - GRID[index.clip(0, 400)]) < 1e-6)
    assert on_grid.all(), f"{given[~on_grid][0]} is no point of linspace(-5, 5, 401)"
    wanted, found = set(np.flatnonzero(trapped("heavy ball"))), set(index)
    assert not wanted - found, f"{len(wanted - found)} starts are missing, {GRID[min(wanted - found)]:.3f} for one"
    assert not found - wanted, f"{len(found - wanted)} starts do arrive, {GRID[min(found - wanted)]:.3f} for one"
    points = array(cycle, "the cycle")
    assert points.shape == (3,), f"the cycle has three points, not {len(points)}"

    def is_cycle(points: np.ndarray) -> bool:
        return any(abs(np.roll(CYCLE, shift) - points).max() < 1e-8 for shift in range(3))

    assert not is_cycle(points[::-1]), "the right three points in the wrong order"
    assert is_cycle(points), f"heavy ball does not map {points} to itself: solve the three linear equations exactly"
    return "one start in eight is caught on a convex function: the tuning for quadratics promises nothing beyond them"


def check_race(medians: Mapping[str, Sequence[float]], slopes: Mapping[str, float], root: float, first: int = 0) -> str:
    """Iterations on the quadratics, and heavy ball's multiplier at the steepest mode.

    Recognises triple momentum read at ξ, slopes against √κ, triple momentum's root and the root without its sign.

    Parameters
    ----------
    medians : mapping of method to three medians
        Over five seeds from `first` on, for κ = 100, 1000, 10000, read at the output point.
    slopes : mapping of method to number
        Powers p in iterations ~ κᵖ.
    root : float
        Heavy ball's double multiplier at λ = L for κ = 1000.
    first : int
        The first of the seeds.
    """
    missing = set(METHODS) - set(medians) | set(METHODS) - set(slopes)
    assert not missing, f"{sorted(missing)} not found: name the methods {', '.join(METHODS)}"
    for name in METHODS:
        given, slope = array(medians[name], f"the medians of {name}"), number(slopes[name], f"the slope of {name}")
        assert given.shape == (3,), f"{name}: give three medians, for κ = 100, 1000, 10000"
        if name == "triple momentum":
            assert not np.allclose(given, reference("triple momentum at ξ", first), rtol=0.02), (
                "triple momentum is read at its output x = (1 + δ)ξ − δξ⁻, not at ξ: you stop too early"
            )
        expected = reference(name, first)
        off = abs(given / expected - 1)
        worst = off.argmax()
        assert off[worst] <= 0.02, (
            f"{name}: median {given[worst]:g} at κ = {KAPPAS[worst]:g}, expected {expected[worst]:g}"
        )
        power = log_slope(np.array(KAPPAS), expected)
        assert abs(slope - 2 * power) > 0.05, f"{name}: that is the slope against √κ, twice the one against κ"
        assert abs(slope - power) <= 0.03, f"{name}: slope {slope:.2f}, expected {power:.2f}"
    root = number(root, "the multiplier")
    size = (np.sqrt(1000) - 1) / (np.sqrt(1000) + 1)
    assert abs(root - size) > 1e-3, "the size is right, the sign is not: at λ = L the error alternates"
    assert abs(root + 1 - 1 / np.sqrt(1000)) > 1e-3, "that is triple momentum's multiplier; heavy ball has another"
    assert abs(root + size) <= 1e-3, f"{root:.4f} is no multiplier of heavy ball at λ = L: both of its roots are one"
    return "the counts show √κ; and heavy ball, of size √β at every mode, is as slow at the steepest as at the flattest"


@lru_cache(maxsize=10)
def reference(name: str, first: int) -> np.ndarray:
    """Median iterations over five seeds from `first` on, at every κ."""
    starts = quadratic_starts(5, first=first)
    if name == "triple momentum at ξ":
        return np.array([inner_race(stiffness, starts) for stiffness in KAPPAS])
    if name == "gradient descent":
        return np.array([np.median(gradient_descent_race(stiffness, starts)) for stiffness in KAPPAS])
    return np.array([np.median(race(stiffness, starts, name)) for stiffness in KAPPAS])


def inner_race(stiffness: float, starts: np.ndarray) -> float:
    """Median iterations of triple momentum read at ξ, a mistake that `check_race` knows."""
    problem = Quadratic(np.diag(np.geomspace(1, stiffness, starts.shape[-1])), np.zeros(starts.shape[-1]))
    method: Tuning = triple_momentum_tuning(1.0, stiffness)
    states = momentum_method(problem, starts, method)
    trace = run(states, int(40 * np.sqrt(stiffness)), keep=(), gap=lambda state: problem(state.xi))
    return float(np.median(trace.first(trace.gap <= ACCURACY * trace.gap[0])))
