"""Checks for the assignment on the last iterate: each says what is wrong, not only that something is."""

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
import sympy as sp
from scipy.optimize import minimize, minimize_scalar

from optilab.classics import worst_case
from optilab.course.forms import agrees, array, formula, number
from optilab.papers.last_iterate import algorithm as alg
from optilab.papers.last_iterate.experiment import gaps as final_gaps
from optilab.papers.last_iterate.problems import outliers
from optilab.problems.simple import L1

ETA = sp.symbols("eta_1:5", positive=True)  # η_1 … η_4, to be used in the answers on weights
VALUES = sp.symbols("F_1:6", real=True)
OPTIMUM = sp.symbols("F_*", real=True)
Step = Callable[..., np.ndarray]


def leftover(v: Sequence[Any]) -> sp.Expr:
    """Σ η_t v_t (F_{t+1} − F(z^t)) for t = 1 … T, F(z^t) replaced by its average of values, v_0 = v_1; v (T,)."""
    v = [v[0], *v]
    total = sp.Integer(0)
    for t in range(1, len(v)):
        mean = v[0] * OPTIMUM + sum((v[s] - v[s - 1]) * VALUES[s - 1] for s in range(1, t + 1))  # times v_t
        total += ETA[t - 1] * (v[t] * VALUES[t] - mean)
    return total


def _weights(answers: Sequence[Any]) -> list[sp.Expr]:
    """The weights as expressions in `ETA`, positive for steps that shrink; over the first, as it is for such steps."""
    steps = ETA[: len(answers)]
    v = [formula(value, "a weight", *steps) for value in answers]
    unknown = set().union(*(value.free_symbols for value in v)) - set(steps)
    assert not unknown, f"write the weights in exercises.ETA[:{len(v)}] alone, not in {sorted(map(str, unknown))}"
    numbers = dict(zip(steps, (0.7, 0.4, 0.2, 0.1), strict=False))
    sizes = [number(value.subs(numbers), "a weight") for value in v]
    assert min(sizes) > 0, f"at η = {tuple(numbers.values())} the weights are {sizes}: they must be positive"
    return [value / v[0].subs(numbers) for value in v]


def _equal(v: Sequence[sp.Expr]) -> bool:
    """Whether all weights are the same."""
    return all(agrees(value, v[0]) for value in v[1:])


def _coefficients(v: Sequence[sp.Expr]) -> dict[str, sp.Expr]:
    """What `leftover` holds of F_1 … F_{T+1}, where it isn't 0."""
    rest = leftover(v)
    found = {f"F_{k + 1}": sp.diff(rest, VALUES[k]) for k in range(len(v) + 1)}
    return {name: sp.factor(coefficient) for name, coefficient in found.items() if not agrees(coefficient, 0)}


def check_weights(v1: Any, v2: Any, v3: Any) -> str:
    """The weights v_t for T = 3 must leave only F_4 and F* in `leftover`; any multiple will do.

    Recognises equal weights, which bound the average.
    """
    v = _weights((v1, v2, v3))
    left = _coefficients(v)
    left.pop("F_4")
    text = " + ".join(f"({coefficient})·{name}" for name, coefficient in left.items())
    average = "equal weights never move the reference: this is how one bounds the average"
    assert not left, f"the sum still holds {text}: {average if _equal(v) else 'these must go'}"
    return "1/vₜ is the walk still to come, which is why the bound divides the noise of step t by it."


def check_last_two(v1: Any, v2: Any, v3: Any, v4: Any) -> str:
    """The weights v_t for T = 4 must leave F_4 and F_5 alike in `leftover`, and no other value but F*.

    Recognises equal weights, and those that leave the last value alone.
    """
    v = _weights((v1, v2, v3, v4))
    left = _coefficients(v)
    both = (left.pop("F_4", sp.Integer(0)), left.pop("F_5", sp.Integer(0)))
    text = " + ".join(f"({coefficient})·{name}" for name, coefficient in left.items())
    average = "equal weights never move the reference: this is how one bounds the average of all"
    assert not left, f"the sum still holds {text}: {average if _equal(v) else 'these must go'}"
    assert both[0] != 0, "these leave F_5 alone, as in the lesson: here F_4 is to stay, too"
    alike = agrees(*both)
    assert alike, f"F_4 stays {both[0]} times, F_5 {both[1]} times: they are to stay alike"
    return (
        "the reference stops moving one step early, and what is bounded is the mean of the last two values: "
        "an output between last and average is a choice of weights."
    )


def check_positive_step(step: Step, seed: int | None = None) -> str:
    """`step(x, g, eta, lam)` must minimise λΣz + ⟨g, z⟩ + D(z, x)/η over z ≥ 0, D = Σ z ln(z/x) − z + x.

    On data drawn by `seed`. Recognises a step that normalises, one without λ, or with λ in place of ηλ, and one for
    η = 1.
    """
    rng = np.random.default_rng(seed)
    x, g = rng.uniform(0.2, 2, 4), rng.normal(size=4)
    eta, lam = float(rng.uniform(0.3, 0.8)), 0.7
    answer = array(step(x.copy(), g.copy(), eta, lam), "z")
    assert answer.shape == x.shape, f"z must have the shape of x, {x.shape}, not {answer.shape}"
    assert (answer > 0).all(), f"some entries are not positive: {answer}"
    expected = np.array([_least(lam + slope, start, eta) for slope, start in zip(g, x, strict=True)])
    normalised = expected / expected.sum()
    assert not close(answer, normalised), "here nothing has to sum to 1: no multiplier, so nothing to divide by"
    assert not close(answer, x * np.exp(-eta * g)), "that is the step for h = 0: where is λΣz?"
    assert not close(answer, x * np.exp(-eta * g - lam)), "h is weighed like ⟨g, z⟩: it enters as ηλ, not as λ"
    assert not close(answer, x * np.exp(-g - lam)), "that is the step for η = 1"
    assert close(answer, expected), f"the minimiser is {expected}, got {answer}: set the derivative in each zᵢ to 0"
    return "a constant in g matters now, since no sum is fixed: λ shrinks all entries by the same factor."


def close(one: np.ndarray, two: np.ndarray) -> bool:
    """Whether two points are the same up to 10⁻⁵, which a solver reaches as well as a closed form."""
    return one.shape == two.shape and bool(np.allclose(one, two, rtol=0, atol=1e-5))


def _least(slope: float, start: float, eta: float) -> float:
    """The z > 0 with the least slope · z + (z ln(z/start) − z + start)/η, by a search over ln z."""

    def value(log_z: float) -> float:
        z = np.exp(log_z)
        return float(slope * z + (z * (log_z - np.log(start)) - z) / eta)

    place = minimize_scalar(value, bracket=(np.log(start) - 1, np.log(start) + 1), tol=1e-12).x
    return float(np.exp(place))


def check_elastic_step(step: Step, seed: int | None = None) -> str:
    """`step(x, g, eta, lam, mu)` must minimise λ‖z‖₁ + ½μ‖z‖² + ⟨g, z⟩ + ‖z − x‖²/(2η), on data drawn by `seed`.

    Recognises the threshold λ in place of ηλ, a part of h that is missing, and the two in the wrong order.
    """
    rng = np.random.default_rng(seed)
    lam, mu, there = 0.8, 1.5, np.zeros(6)
    while abs(there).max() <= lam:  # where all entries are within ηλ, a threshold at λ gives zero as well
        x, g, eta = rng.normal(size=6), rng.normal(size=6), float(rng.uniform(0.2, 0.5))
        there = x - eta * g
    answer = array(step(x.copy(), g.copy(), eta, lam, mu), "z")
    assert answer.shape == x.shape, f"z must have the shape of x, {x.shape}, not {answer.shape}"

    def soft(point: np.ndarray, by: float) -> np.ndarray:
        return np.sign(point) * np.maximum(abs(point) - by, 0)

    shrunk = soft(there, eta * lam)
    wrong = (
        (soft(there, lam) / (1 + eta * mu), "that thresholds at λ: the step divides D by η, so the threshold is ηλ"),
        (there / (1 + eta * mu), "that is the step without the norm: where is λ‖z‖₁?"),
        (shrunk, "that is the step without the square: where is ½μ‖z‖²?"),
        (shrunk / (1 + mu), "the square is weighed by η, too: divide by 1 + ημ"),
        (
            soft(there / (1 + eta * mu), eta * lam),
            "threshold first, then divide: the square shrinks the threshold, too",
        ),
    )
    for mistake, message in wrong:
        assert not close(answer, mistake), message

    def objective(parts: np.ndarray) -> tuple[float, np.ndarray]:  # z = u − v with u, v ≥ 0
        u, v = parts.reshape(2, -1)
        z = u - v
        slope = g + mu * z + (z - x) / eta
        value = lam * parts.sum() + mu * (z @ z) / 2 + g @ z + ((z - x) ** 2).sum() / (2 * eta)
        return float(value), np.concatenate([lam + slope, lam - slope])

    settings: dict[str, Any] = {
        "jac": True,
        "method": "L-BFGS-B",
        "bounds": [(0, None)] * 12,
        "options": {"gtol": 1e-11, "ftol": 1e-16, "maxiter": 1000},
    }
    plus, minus = minimize(objective, np.zeros(12), **settings).x.reshape(2, -1)
    expected = plus - minus
    assert close(answer, expected), f"the minimiser is {expected}, got {answer}"
    return "zeros are exact, since h is in the step as it is: a subgradient of ‖z‖₁ would never hit 0."


def check_bound(bound: Callable[..., float]) -> str:
    """`bound(eta, D, s2)` must be D/S_1 + 2 s2 Σ η_t²/S_t with S_t = η_t + … + η_T."""
    eta = alg.linear(10, 0.5)
    answer, expected = number(bound(eta, 0.5, 1.0)), 1.0796668465
    prefix = 0.5 / eta.sum() + 2 * (eta**2 / np.cumsum(eta)).sum()
    half = 0.5 / eta.sum() + (eta**2 / alg.remaining(eta)).sum()
    assert not np.isclose(answer, prefix), "S_t sums the steps still to come, η_t + … + η_T; yours sums those made"
    assert not np.isclose(answer, half), "the noise sum carries a factor 2"
    assert np.isclose(answer, expected, rtol=1e-8), f"for linear decay, T = 10, it is {expected}, got {answer:.10f}"
    steady = np.full(20, 0.1)
    harmonic = 1 / 2 + 2 * 3 * 0.1 * (1 / np.arange(1, 21)).sum()
    answer = number(bound(steady, 1.0, 3.0))
    assert np.isclose(answer, harmonic), (
        f"for constant steps it is D/(ηT) + 2 s2 η H_T = {harmonic:.6f}, got {answer:.6f}"
    )
    return "it holds for any positive schedule that you can type, which is why you may search for the best one."


def worst_and_bound(name: str, eta: float, D: float = 0.5, s2: float = 4.0, output: str = "last") -> np.ndarray:
    """Worst case, D/S_1 + 2 s2 Σ η_t²/S_t and its two parts, at G = R = 1 and all tabulated T: (4, horizons)."""
    T = worst_case.steps("subgradient", (eta, name, output))
    steps = [alg.SCHEDULES[name](int(horizon), eta) for horizon in T]
    start, noise = ([float(alg.bound(step, *sizes)) for step in steps] for sizes in ((D, 0.0), (0.0, s2)))
    worst = worst_case.subgradient(T, G=1.0, R=1.0, eta=eta, schedule=name, output=output)
    return np.stack([worst, np.add(start, noise), start, noise])


def check_looseness(
    looseness: Callable[[float], Mapping[str, Any]], constant: Any, etas: Sequence[float] = (1.0,)
) -> str:
    """How many times its worst case the bound of the last iterate is, and what its constant 8 might be.

    `looseness(eta)` gives by schedule the ratios at all tabulated T, for G = R = 1; `constant` is the least c with
    which D/S_1 + c Σ η_t²/S_t is at no η, T and schedule below the worst case. Recognises a ratio upside down, M = G,
    D = R², the worst case of another output, and a constant that keeps some or all with room to spare.
    """
    for eta in etas:
        table = looseness(eta)
        missing = set(alg.SCHEDULES) - set(table)
        assert not missing, f"no ratios for {sorted(missing)}"
        for name in alg.SCHEDULES:
            worst, promised, *_ = worst_and_bound(name, eta)
            given = array(table[name], name)
            assert given.shape == worst.shape, f"{name}: {len(worst)} ratios are needed, one a T, got {given.shape}"
            averages, bests = (worst_and_bound(name, eta, output=output)[0] for output in ("average", "best"))
            mistakes = (
                (worst / promised, "the bound over the worst case, not the other way round"),
                (worst_and_bound(name, eta, s2=1.0)[1] / worst, "M is twice the Lipschitz constant: M² = 4"),
                (worst_and_bound(name, eta, D=1.0)[1] / worst, "D is half of the squared distance"),
                (promised / averages, "that is the worst case of the average"),
                (promised / bests, "that is the worst case of the best point"),
            )
            right = promised / worst
            for wrong, message in mistakes:
                same = np.allclose(wrong, right, rtol=0.01)  # of short steps the last point is the best one
                assert same or not np.allclose(given, wrong, rtol=1e-3), f"{name}, η = {eta}: {message}"
            off = int(abs(given / right - 1).argmax())
            assert abs(given[off] / right[off] - 1) <= 0.01, (
                f"{name}, η = {eta}: ratio number {off + 1} is {right[off]:.4g}, got {given[off]:.4g}"
            )
    least: dict[str, float] = {}
    for name, eta in product(alg.SCHEDULES, (0.1, 0.3, 1.0)):
        worst, _, start, noise = worst_and_bound(name, eta)
        horizons = worst_case.reach("subgradient", (eta, name, "last"))
        needed = 8 * (worst - start) / noise
        least |= {f"{name}, η = {eta}, T = {T}": c for T, c in zip(horizons, needed, strict=True)}
    place = max(least, key=lambda name: least[name])
    c = number(constant, "constant")
    assert c >= 0.99 * least[place], f"with c = {c:.3g} the worst case is above the bound for {place}, for one"
    assert c <= 1.01 * least[place], f"with c = {c:.3g} nothing in the table comes up to the bound: c can be smaller"
    return (
        f"{least[place]:.3g} would do for all of the table where the theorem has 8. With long steps that constant, "
        "which pays for noise that isn't there and for M = 2G, is nearly all of the looseness; with short ones D/S_1 "
        "alone is too much."
    )


GROWING = {
    "noise": "the noise sum Σ η_t²/S_t",
    "start": "the start D/S_1",
    "both": "both alike",
}


def check_experiment(gaps: Mapping[str, Any], grows: str, data: int | None = None) -> str:
    """Last-iterate gaps by schedule, arrays (3, runs) for η = 0.4, 0.8, 1.6 and T = 4000; and which part grows with η.

    Recognises averages, too few runs, and the wrong part of the bound.

    Parameters
    ----------
    gaps : mapping
        Under "1/√t", "constant", "linear decay".
    grows : {"noise", "start", "both"}
        The part of the bound that explains the ranking; see `GROWING`.
    data : int, optional
        The seed of the regression's data: mean gaps must then be within a factor 1.6 of those measured here.
    """
    missing = set(alg.SCHEDULES) - set(gaps)
    assert not missing, f"no gaps for {sorted(missing)}"
    table = {name: array(gaps[name], name) for name in alg.SCHEDULES}
    for name, values in table.items():
        assert values.shape[:-1] == (3,), f"{name}: an array (3, runs) is needed, got shape {values.shape}"
        assert values.shape[1] >= 20, f"{name}: {values.shape[1]} runs are too few to tell, make it 20 or more"
        assert (values > 0).all(), f"{name}: gaps F − F* are positive numbers"
    for other in ("1/√t", "constant"):
        ratio = table[other].mean(1) / table["linear decay"].mean(1)
        assert ratio.min() >= 3, (
            f"{other} over linear decay: {np.round(ratio, 2)}, where last iterates give 3 or more; "
            "are these averages, or another T?"
        )
    if data is not None:
        problem = outliers(data, L1(0.1))
        for name, schedule in alg.SCHEDULES.items():
            eta = schedule(4000, np.array([0.4, 0.8, 1.6]))
            expected = final_gaps(problem, np.zeros(10), eta, 20, 1)["last"].mean(1)
            off = abs(np.log(table[name].mean(1) / expected))
            assert (off < np.log(1.6)).all(), (
                f"{name}: mean gaps {table[name].mean(1)} are not those of data {data}, which are near {expected}"
            )
    assert grows in GROWING, f"grows must be one of {list(GROWING)}, got {grows!r}"
    assert grows == "noise", f"{GROWING[grows]}? D/S_1 falls as η grows: longer steps forget the start sooner"
    return "longer steps take in more noise with less walk left to forget it: shorten the last ones, not all of them."
