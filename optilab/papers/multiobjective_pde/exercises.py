"""Checks for the assignment on kinked PDEs with two objectives: each says what is wrong, not only that something is."""

from collections.abc import Callable
from functools import cache
from itertools import combinations
from typing import Any

import numpy as np
import sympy as sp

from optilab.course.forms import array, formula, number
from optilab.papers.multiobjective_pde.algorithm import (
    Certified,
    FullModel,
    ends,
    reference_walk,
    started,
)
from optilab.papers.multiobjective_pde.problems import MaxPDE, Tracking, cells, random_targets, sine

Array = np.ndarray
Pair = tuple[Array, Array, float]  # two gradients and the factor of the first
p, r, s = sp.symbols("p r s", positive=True)  # ‖g₁‖², ‖g₂‖² and the factor of J₁; to be used in the answers
q = sp.symbols("q", real=True)  # ⟨g₁, g₂⟩


# The shortest mix in other units


def check_angle(answer: Any, degrees: float = 60.0) -> str:
    """The weight of g₁ in the shortest mix of gradients of lengths 1 and 3 at an angle must be right to 10⁻⁶."""
    value, inner = number(answer), 3 * np.cos(np.deg2rad(degrees))
    right = float(np.clip((9 - inner) / (10 - 2 * inner), 0, 1))
    inside = (9 - inner) / (10 - 2 * inner)
    assert not (inside != right and np.isclose(value, inside)), "that is outside of [0, 1]: the nearer end is meant"
    assert not np.isclose(value, 1 - right) or np.isclose(right, 0.5), "that is the weight of the other one"
    assert np.isclose(value, right, rtol=0, atol=1e-6), f"(r − q)/(p − 2q + r) with p = 1, r = 9, q = {inner:.4g}"
    return "g₂ is long and leans to the same side: going along −g₁ already lowers J₂ by more than J₁."


def _numbers(seed: int) -> list[Pair]:
    """Pairs of gradients of different lengths, and factors: five with an inner best weight, five at each end."""
    rng, kinds, found = np.random.default_rng(seed), {0: 0, 1: 0, 2: 0}, []
    while min(kinds.values()) < 5:
        one, two, factor = rng.normal(size=3), 2 * rng.normal(size=3), float(rng.uniform(0.3, 3))
        inside = _weight(factor * one, two, clip=False)
        kind = 1 if 0.02 < inside < 0.98 else 0 if inside <= -0.05 else 2 if inside >= 1.05 else 3
        if kinds.get(kind, 5) < 5:
            kinds[kind] += 1
            found.append((one, two, factor))
    return found


def _weight(one: Array, two: Array, clip: bool = True) -> float:
    """The best weight of `one`."""
    inside = float((two - one) @ two / ((one - two) @ (one - two)))
    return min(max(inside, 0.0), 1.0) if clip else inside


def _at(expr: sp.Expr, name: str, rows: list[Pair]) -> Array:
    """The values of an answer for pairs of gradients: (rows,)."""
    strange = sorted(symbol.name for symbol in expr.free_symbols - {p, q, r, s})
    assert not strange, f"{name}: write it in p, q, r and s of exercises, not in {strange}"
    value = sp.lambdify((p, q, r, s), expr, "math")
    return np.array([number(value(one @ one, one @ two, two @ two, factor), name) for one, two, factor in rows])


def check_units(alpha: Any, rate: Any, seed: int = 0) -> str:
    """The weight of s g₁ in the shortest mix with g₂, cut to [0, 1], and at which rate J₁ falls where it isn't cut.

    Recognises the lesson's weight (s = 1), the other one's, s on the wrong gradient, gradients made equally long, a
    weight that isn't cut, and the rate of sJ₁.
    """
    weight, fall = formula(alpha, "alpha", p, q, r, s), formula(rate, "rate", p, q, r, s)
    table = _numbers(seed)
    inner = [row for row in table if 0 < _weight(row[2] * row[0], row[1], clip=False) < 1]
    found, falls = _at(weight, "alpha", table), _at(fall, "rate", inner)

    def same(values: Array, wanted: Callable[[Array, Array, float], float], rows: list[Pair]) -> bool:
        return bool(np.allclose(values, [wanted(*row) for row in rows], rtol=1e-7, atol=1e-9))

    wrong = (
        (lambda one, two, f: _weight(f * one, two, clip=False), "cut it: outside of [0, 1] it is no mix any more"),
        (lambda one, two, f: _weight(one, two), "that is for s = 1: J₁ in other units has another gradient, s g₁"),
        (lambda one, two, f: _weight(one, f * two), "it is g₁ that is stretched by s, not g₂"),
        (lambda one, two, f: 1 - _weight(f * one, two), "that is the weight of g₂"),
        (lambda one, two, f: 0.5, "½ is for gradients made equally long: then the units would not matter"),
    )
    for value, message in wrong:
        assert not same(found, value, table), f"alpha: {message}"
    assert same(found, lambda one, two, f: _weight(f * one, two), table), (
        "alpha: minimise ‖αs g₁ + (1 − α) g₂‖² over α, then cut it to [0, 1] (sp.Max, sp.Min)"
    )

    def square(one: Array, two: Array, f: float) -> float:
        mix = _weight(f * one, two) * f * one + (1 - _weight(f * one, two)) * two
        return float(mix @ mix)

    assert not same(falls, square, inner), "rate: that is how fast sJ₁ falls; J₁ itself falls 1/s as fast"
    assert not same(falls, lambda one, two, f: -square(one, two, f) / f, inner), "rate: a fall is to be positive"
    assert same(falls, lambda one, two, f: square(one, two, f) / f, inner), (
        f"rate: along v = −(αs g₁ + (1 − α)g₂) J₁ changes at the rate ⟨g₁, v⟩: put in the inner weight, not {fall}"
    )
    return (
        "the direction depends on the units of J₁: 'common descent' is a choice of units, a weighted sum in disguise."
    )


# A kink elsewhere


def _apart(answers: list[Array]) -> bool:
    """Whether no two answers are within a thousandth of each other, so that each tells which it is."""
    return not any(close(one, two, 1e-3) for one, two in combinations(answers, 2))


def _kinked(seed: int, n: int = 12) -> tuple[Array, float, Array, Array, Array]:
    """A dense A, κ, a threshold c, a load u and a y on both sides of it."""
    rng, A = np.random.default_rng(seed), MaxPDE(n, 1).A.toarray()
    while True:
        kappa, c = float(rng.uniform(20, 60)), 0.3 * rng.normal(size=n)
        y = c + np.where(rng.permutation(n) < n // 2, 1, -1) * rng.uniform(0.05, 0.6, n)
        u = 60 * rng.normal(size=n)
        if _apart([_step(A, kappa, c, u, y, wrong) for wrong in ("", *STEPS)]):
            return A, kappa, c, u, y


STEPS: dict[str, str] = {
    "linear": "κ(y − c) acts everywhere in that residual: it is κ max(0, y − c)",
    "flat": "the matrix is A alone: the kink has a slope, too, κ where y > c",
    "one": "κ is missing in the matrix",
    "zero": "the kink is at c, not at 0",
    "residual zero": "the kink is at c in the residual as well",
}


def _step(A: Array, kappa: float, c: Array, u: Array, y: Array, wrong: str = "") -> Array:
    """One semismooth Newton step for Ay + κ max(0, y − c) = u, with a mistake in it or none."""
    above = (y > 0 if wrong == "zero" else y > c) * 1.0
    kink = y - c if wrong == "linear" else np.maximum(0, y if wrong == "residual zero" else y - c)
    slope = {"flat": 0.0, "one": 1.0}.get(wrong, kappa)
    return y - np.linalg.solve(A + slope * np.diag(above), A @ y + kappa * kink - u)


def close(one: Array, two: Array, tol: float = 1e-6) -> bool:
    """Whether two arrays are the same up to a part of their size."""
    return one.shape == two.shape and bool(np.linalg.norm(one - two) <= tol * np.linalg.norm(two))


def check_step(step: Callable[..., Any], seed: int = 0) -> str:
    """`step(A, kappa, c, u, y)` must be one semismooth Newton step for Ay + κ max(0, y − c) = u.

    From a y on both sides of c; repeated from c, it must arrive. Recognises the mistakes in `STEPS`.
    """
    A, kappa, c, u, y = _kinked(seed)
    answer = array(step(A.copy(), kappa, c.copy(), u.copy(), y.copy()), "the step")
    assert answer.shape == y.shape, f"the new y must have the shape of y, {y.shape}, not {answer.shape}"
    for wrong, message in STEPS.items():
        assert not close(answer, _step(A, kappa, c, u, y, wrong)), message
    expected = _step(A, kappa, c, u, y)
    assert not close(answer, 2 * y - expected), "the sign: y minus the solution"
    assert close(answer, expected), f"y − (A + κD)⁻¹(Ay + κ max(0, y − c) − u) is {expected}, got {answer}"
    for _ in range(12):
        y = array(step(A.copy(), kappa, c.copy(), u.copy(), y.copy()), "the step")
    rest = A @ y + kappa * np.maximum(0, y - c) - u
    assert np.linalg.norm(rest) < 1e-8 * np.linalg.norm(u), "repeated twelve times it should have arrived"
    return "once the nodes above c stay the same, the equation is linear and one step solves it exactly."


GRADIENTS: dict[str, str] = {
    "weight": "h is missing in the part of the state: both integrals carry it",
    "cost weight": "h is missing in the part of the control: both integrals carry it",
    "laplace": "the adjoint's matrix is A + κD, that of the last Newton step, not A",
    "mass": "σq isn't the gradient of ½σ‖Bq‖²: that is σhBᵀBq",
    "seen": "only part of the state is looked at: the adjoint's right side is `seen` times the miss",
    "zero": "the kink is at c, not at 0",
}


def _gradient(given: tuple[Any, ...], wrong: str = "") -> Array:
    """∇J by one adjoint solve, with a mistake in it or none."""
    A, kappa, c, B, h, y_d, seen, sigma, q, y = given
    D = np.diag((y > (0 if wrong == "zero" else c)) * 1.0)
    miss = (y - y_d) * (1.0 if wrong == "seen" else seen)
    adjoint = np.linalg.solve(A if wrong == "laplace" else A + kappa * D, miss)
    part = (1.0 if wrong == "weight" else h) * B.T @ adjoint
    price = sigma * q if wrong == "mass" else sigma * (1.0 if wrong == "cost weight" else h) * B.T @ (B @ q)
    return part + price


def _given(seed: int) -> tuple[Any, ...]:
    """A little problem with a kink at c whose state has no node near it, and on which all mistakes tell."""
    rng = np.random.default_rng(seed)
    n, m = 12, 4
    A, B = MaxPDE(n, 1).A.toarray(), cells(n, 1, m) * rng.uniform(0.5, 2, m)
    while True:
        kappa, c = float(rng.uniform(20, 60)), 0.6 * rng.normal(size=n)
        q, y = 25 * rng.normal(size=m), np.zeros(n)
        for _ in range(30):
            y = _step(A, kappa, c, B @ q, y)
        above = y > c
        seen, y_d = (np.arange(n) >= n // 2) * 1.0, rng.normal(size=n)
        given = (A, kappa, c, B, 1 / (n + 1), y_d, seen, 0.03, q, y)
        apart = _apart([_gradient(given, wrong) for wrong in ("", *GRADIENTS)])
        if abs(y - c).min() > 0.02 and 2 < above.sum() < n - 2 and apart:
            return given


def check_gradient(gradient: Callable[..., Any], seed: int = 0) -> str:
    """`gradient(A, kappa, c, B, h, y_d, seen, sigma, q, y)` must be that of differences, to 10⁻⁵.

    J = ½h Σ seen (y − y_d)² + ½σh‖Bq‖² with Ay + κ max(0, y − c) = Bq. Recognises the mistakes in `GRADIENTS`.
    """
    given = _given(seed)
    A, kappa, c, B, h, y_d, seen, sigma, q, y = given
    copies = [part.copy() if isinstance(part, np.ndarray) else part for part in given]
    answer = array(gradient(*copies), "the gradient")

    def J(at: Array) -> float:
        state = y
        for _ in range(10):
            state = _step(A, kappa, c, B @ at, state)
        return float(h * (seen * (state - y_d) ** 2).sum() / 2 + sigma * h * ((B @ at) ** 2).sum() / 2)

    expected = np.array([(J(q + d) - J(q - d)) / 2e-4 for d in 1e-4 * np.eye(len(q))])
    for wrong, message in GRADIENTS.items():
        assert not close(answer, _gradient(given, wrong), 1e-5), message
    assert not close(answer, -expected, 1e-5), "the sign"
    assert close(answer, expected, 1e-5), f"differences of J give {expected}, got {answer}"
    return "one more solve with a matrix that is there already, however long the control is."


# The reduced walk


def wishes() -> Tracking:
    """The pair of targets of the third task: −0.4 sin πx and 0.3 sin 3πx + 0.1, κ = 30."""
    pde = MaxPDE(63, 1, 30.0, cells(63, 1, 8))
    return Tracking(pde, np.array([-0.4 * sine(pde, 1), 0.3 * sine(pde, 3) + 0.1]), np.full(2, 1e-4))


def _walk(problem: Tracking, tol: float) -> tuple[float, float, int, float]:
    """Measured and certified error of J, full solves, and the error at the snapshots themselves."""
    first, last = ends(FullModel(problem))
    full, solver = FullModel(problem), Certified(tol)
    model = started(full, first.q)
    points = list(reference_walk(model, first, last, minimise=solver))[1:-1]
    exact = FullModel(problem)
    error = max(float(abs(exact.values(point.q) - point.J).max()) for point in points)
    seen = float(abs(exact.values(first.q) - model.values(first.q)).max())
    return error, float(np.max(solver.bounds)), full.total, seen


@cache
def _table(seed: int | None) -> dict[float, tuple[float, float, int, float]]:
    """The same for the three tolerances, of `wishes` (None) or of a random pair."""
    problem = wishes() if seed is None else random_targets(np.random.default_rng(seed))
    return {tol: _walk(problem, tol) for tol in TOLS}


TOLS, ENOUGH = (1e-1, 1e-2, 1e-3), 2e-4
REASONS = ("the bound", "the measured error", "the number of modes")


def check_study(study: Callable[..., Any], seed: int | None = None) -> str:
    """`study(problem, tol)` must give measured error, certified error and full solves of the reduced walk.

    Errors within a tenth, solves within 6, for all three tolerances; `seed` draws another pair of targets. Recognises
    errors at snapshots, the bound Δ in place of the certified error, and solves for the ends or the checks.
    """
    problem = wishes() if seed is None else random_targets(np.random.default_rng(seed))
    for tol in TOLS:
        error, certified, solves, seen = _table(seed)[tol]
        answer = array(study(problem, tol), f"study(problem, {tol})")
        assert answer.shape == (3,), f"three numbers are asked for, got shape {answer.shape}"
        mine = dict(zip(("measured error", "certified error", "full solves"), answer.tolist(), strict=True))
        assert not abs(answer[0]) < max(1e-9, 10 * seen), (
            f"tol {tol}: a measured error of {answer[0]:.2g} is that of the snapshots: look at the points of the walk"
        )
        assert not abs(answer[1] - tol) < 0.5 * tol or abs(certified - tol) < 0.5 * tol, (
            f"tol {tol}: {answer[1]:.3g} looks like Δ itself; `certified` says what it means for J"
        )
        assert answer[2] <= solves + 6, (
            f"tol {tol}: {answer[2]:.0f} full solves? The walk alone takes {solves}: leave out the ends and the checks"
        )
        for (name, value), right in zip(mine.items(), (error, certified), strict=False):
            assert abs(value - right) <= 0.1 * right, f"tol {tol}: the {name} is {right:.3g}, got {value:.3g}"
        assert answer[2] >= solves - 6, (
            f"tol {tol}: the walk asks for {solves} full solves, you counted {answer[2]:.0f}"
        )
    return "three runs, and each says by itself how far it is to be trusted."


def check_tolerances(measured: Any, certified: Any, reason: str) -> str:
    """The largest tol at which the measured error is at most 2·10⁻⁴, that at which the certified one is, and why."""
    table = _table(None)
    first, second = number(measured, "measured"), number(certified, "certified")
    for name, value in (("measured", first), ("certified", second)):
        assert any(np.isclose(value, tol) for tol in TOLS), f"{name} must be one of {TOLS}, got {value}"
    right = [max(tol for tol in TOLS if table[tol][k] <= ENOUGH) for k in (0, 1)]
    first, second = (min(TOLS, key=lambda tol: abs(tol - value)) for value in (first, second))
    assert first <= right[0], f"measured: at tol {first} the error is {table[first][0]:.2g}, above 2e-4"
    assert first >= right[0], f"measured: {first} keeps it, but there is a larger tol that does"
    assert second <= right[1], (
        f"certified: at tol {second} all that is known without a full solve is {table[second][1]:.2g}, above 2e-4"
    )
    assert second >= right[1], f"certified: {second} keeps it, but there is a larger tol that does"
    assert reason in REASONS, f"reason must be one of {list(REASONS)}, got {reason!r}"
    assert reason != "the measured error", "reason: in real use there are no full solves to measure it by"
    assert reason == "the bound", "reason: a number of modes says nothing about a control that wasn't seen"
    return "trust costs about ten times in tol, which is a factor of two or three in solves: certainty is cheap."
