"""Checks for the assignment on the last iterate: each says what is wrong, not only that something is."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import sympy as sp
from scipy.optimize import minimize

from optilab.course.grade import symbolic
from optilab.papers.last_iterate import algorithm as alg
from optilab.papers.last_iterate.experiment import gaps as final_gaps
from optilab.papers.last_iterate.problems import outliers
from optilab.problems.simple import L1

ETA = sp.symbols("eta_1:4", positive=True)  # η_1, η_2, η_3, to be used in the answer to `check_weights`
VALUES = sp.symbols("F_1:5", real=True)
OPTIMUM = sp.symbols("F_*", real=True)
Step = Callable[..., np.ndarray]


def leftover(v: Sequence[Any]) -> sp.Expr:
    """Σ η_t v_t (F_{t+1} − F(z^t)) for T = 3, F(z^t) replaced by its average of values, v_0 = v_1."""
    v = [v[0], *v]
    total = sp.Integer(0)
    for t in range(1, 4):
        mean = (v[0] * OPTIMUM + sum((v[s] - v[s - 1]) * VALUES[s - 1] for s in range(1, t + 1))) / v[t]
        total += ETA[t - 1] * v[t] * (VALUES[t] - mean)
    return sp.expand(total)


def check_weights(v1: Any, v2: Any, v3: Any) -> None:
    """The weights v_t, in the symbols `ETA`, must leave only F_4 and F* in `leftover`; any multiple will do.

    Recognises equal weights, which bound the average.
    """
    v = [symbolic(value, "a weight") for value in (v1, v2, v3)]
    unknown = set().union(*(value.free_symbols for value in v)) - set(ETA)
    assert not unknown, f"write the weights in exercises.ETA alone, not in {sorted(map(str, unknown))}"
    sizes = [float(value.subs(dict(zip(ETA, (0.7, 0.4, 0.2), strict=True)))) for value in v]
    assert min(sizes) > 0, f"at η = (0.7, 0.4, 0.2) the weights are {sizes}: they must be positive"
    rest = leftover(v)
    left = {f"F_{k + 1}": sp.cancel(sp.together(rest.coeff(VALUES[k]))) for k in range(3)}
    left = {name: coefficient for name, coefficient in left.items() if coefficient != 0}
    if not left:
        return
    text = " + ".join(f"({coefficient})·{name}" for name, coefficient in left.items())
    uniform = sp.simplify(v[0] - v[1]) == 0 and sp.simplify(v[1] - v[2]) == 0
    hint = "equal weights never move the reference: this is how one bounds the average" if uniform else "these must go"
    raise AssertionError(f"the sum still holds {text}: {hint}")


def check_entropy_step(step: Step, seed: int | None = None) -> None:
    """`step(x, g, eta)` must minimise ⟨g, z⟩ + KL(z, x)/η over the simplex, on data drawn by `seed`.

    Recognises weights normalised too early, the step for η = 1 and a gradient added.
    """
    rng = np.random.default_rng(seed)
    x, g, eta = rng.dirichlet(np.ones(4)), rng.normal(size=4), float(rng.uniform(1.5, 3))
    answer = np.asarray(step(x, g, eta))
    assert np.isclose(answer.sum(), 1, atol=1e-9), f"the weights sum to {answer.sum():.4f}: normalise last of all"
    assert (answer >= 0).all(), f"some weights are negative: {answer}"
    forgotten = x * np.exp(-g) / (x * np.exp(-g)).sum()
    assert not np.allclose(answer, forgotten), "that is the step for η = 1: the exponent is −η g"
    shifted = np.asarray(step(x, g + 2.0, eta))
    assert np.allclose(shifted, answer), "adding a constant to every gᵢ must not change the step: it cancels"

    def objective(z: np.ndarray) -> tuple[float, np.ndarray]:
        ratio = np.log(np.maximum(z, 1e-300) / x)
        return float(g @ z + (z @ ratio) / eta), g + (ratio + 1) / eta

    settings: dict[str, Any] = {
        "jac": True,
        "method": "SLSQP",
        "bounds": [(1e-12, 1)] * 4,
        "constraints": {"type": "eq", "fun": lambda z: z.sum() - 1, "jac": np.ones_like},
        "options": {"ftol": 1e-15, "maxiter": 500},
    }
    expected = minimize(objective, x, **settings).x
    close = np.allclose(answer, expected, atol=1e-6)
    assert close, f"the minimiser is {expected}, got {answer}: check the sign of the exponent"


def check_soft_step(step: Step, seed: int | None = None) -> None:
    """`step(x, g, eta, lam)` must minimise λ‖z‖₁ + ⟨g, z⟩ + ‖z − x‖²/(2η), on data drawn by `seed`.

    Recognises the threshold λ in place of ηλ, and none at all.
    """
    rng = np.random.default_rng(seed)
    x, g, eta, lam = rng.normal(size=6), rng.normal(size=6), float(rng.uniform(0.2, 0.5)), 0.8
    answer = np.asarray(step(x, g, eta, lam))
    there = x - eta * g
    unscaled = np.sign(there) * np.maximum(abs(there) - lam, 0)
    assert not np.allclose(answer, unscaled), "that thresholds at λ: the step divides D by η, so the threshold is ηλ"
    assert not np.allclose(answer, there), "that is the step for h = 0: where is λ‖z‖₁?"

    def objective(parts: np.ndarray) -> tuple[float, np.ndarray]:  # z = u − v with u, v ≥ 0
        u, v = parts.reshape(2, -1)
        slope = g + (u - v - x) / eta
        value = lam * parts.sum() + g @ (u - v) + ((u - v - x) ** 2).sum() / (2 * eta)
        return float(value), np.concatenate([lam + slope, lam - slope])

    settings: dict[str, Any] = {
        "jac": True,
        "method": "L-BFGS-B",
        "bounds": [(0, None)] * 12,
        "options": {"gtol": 1e-11, "ftol": 1e-16, "maxiter": 1000},
    }
    plus, minus = minimize(objective, np.zeros(12), **settings).x.reshape(2, -1)
    expected = plus - minus
    assert np.allclose(answer, expected, atol=1e-6), f"the minimiser is {expected}, got {answer}"


def check_bound(bound: Callable[..., float]) -> None:
    """`bound(eta, D, s2)` must be D/S_1 + 2 s2 Σ η_t²/S_t with S_t = η_t + … + η_T."""
    eta = alg.linear(10, 0.5)
    answer, expected = float(bound(eta, 0.5, 1.0)), 1.0796668465
    prefix = 0.5 / eta.sum() + 2 * (eta**2 / np.cumsum(eta)).sum()
    half = 0.5 / eta.sum() + (eta**2 / alg.remaining(eta)).sum()
    assert not np.isclose(answer, prefix), "S_t sums the steps still to come, η_t + … + η_T; yours sums those made"
    assert not np.isclose(answer, half), "the noise sum carries a factor 2"
    assert np.isclose(answer, expected, rtol=1e-8), f"for linear decay, T = 10, it is {expected}, got {answer:.10f}"
    steady = np.full(20, 0.1)
    harmonic = 1 / 2 + 2 * 3 * 0.1 * (1 / np.arange(1, 21)).sum()
    answer = float(bound(steady, 1.0, 3.0))
    assert np.isclose(answer, harmonic), (
        f"for constant steps it is D/(ηT) + 2 s2 η H_T = {harmonic:.6f}, got {answer:.6f}"
    )


GROWING = {
    "noise": "the noise sum Σ η_t²/S_t",
    "start": "the start D/S_1",
    "both": "both alike",
}


def check_experiment(gaps: Mapping[str, Any], grows: str, data: int | None = None) -> None:
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
    table = {name: np.asarray(gaps[name], dtype=float) for name in alg.SCHEDULES}
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
