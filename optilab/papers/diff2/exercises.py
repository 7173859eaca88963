"""Checks for the assignment on privatised differences: each says what is wrong, not only that something is."""

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import sympy as sp

from optilab.course.forms import agrees, array, formula, number
from optilab.papers.diff2.experiment import INTERVALS, tails
from optilab.papers.diff2.problems import prototypes

Array = np.ndarray
Delta, G, L, N, d, ell, epsilon, q, s, u = sp.symbols("Delta G L N d ell epsilon q s u", positive=True)
SYMBOLS = (Delta, G, L, N, d, ell, epsilon, q, s, u)


def check_width(answer: Any, R: int = 400, T: int = 100, u: float = 1.25) -> str:
    """DIFF2's standard deviation right after a restart over DP-GD's, to 10⁻³ of it."""
    found, right = number(answer), math.sqrt(u * math.ceil(R / T) / R)
    assert not math.isclose(found, right**2, rel_tol=1e-3), "that is the ratio of variances: σ₁² stands in the formulas"
    assert not math.isclose(found, right / math.sqrt(u), rel_tol=1e-3), (
        "u: restarts have only the share 1/u of the budget"
    )
    assert math.isclose(found, right, rel_tol=1e-3), f"√(u⌈R/T⌉/R), from the two formulas for σ₁², not {found:.4g}"
    return "one full release pays for T rounds: that is what the differences must not spoil."


# The best restart interval, with the split of the budget left in


def _answer(value: Any, name: str) -> sp.Expr:
    """An answer in `SYMBOLS` alone."""
    found = formula(value, name, *SYMBOLS)
    strange = sorted(symbol.name for symbol in found.free_symbols - set(SYMBOLS))
    assert not strange, f"{name}: write it in the symbols of exercises, not in {strange}"
    return found


def check_bound(interval: Any, least: Any, power: Any, plain: Any) -> str:
    """q*, B(q*) and the power of N in it for B(q) = uG²s²/q + √(u/(u−1)) LΔs√q; and DP-GD's bound in d, ℓ, N, ε."""
    interval, least, plain = (_answer(v, n) for v, n in ((interval, "interval"), (least, "least"), (plain, "plain")))
    two, three = sp.Rational(2, 3), sp.Rational(4, 3)
    k = sp.sqrt(u / (u - 1))
    right = (2 * u * G**2 * s / (k * L * Delta)) ** two
    assert not agrees(interval, (2 * G**2 * s / (L * Delta)) ** two), "interval: that is the lesson's, without u"
    assert not agrees(interval, (u * G**2 * s / (k * L * Delta)) ** two), "interval: the derivative of √q is 1/(2√q)"
    assert not agrees(interval, right ** sp.Rational(3, 2)), "interval: solve for q, not for q^(3/2)"
    assert agrees(interval, right), f"interval: set the derivative of B by q to 0, not {interval}"
    assert not least.has(q), "least: put the best q in: q is to go"
    best = 3 / sp.Integer(2) ** two * u ** sp.Rational(1, 3) * (k * G * L * Delta) ** two * s**three
    assert not agrees(least, u * G**2 * s**2 / right), "least: that is the restarts' part alone"
    assert agrees(least, best), f"least: B at the best q, not {least}"
    exponent = number(power, "power")
    for wrong in (1 / 3, 2 / 3, 4 / 3, -1 / 3, -2 / 3):
        assert not math.isclose(exponent, wrong, rel_tol=1e-6), (
            f"power: s falls as 1/N, and least as s^(4/3), not N^{exponent:.3g}"
        )
    assert math.isclose(exponent, -4 / 3, rel_tol=1e-6), f"power: of N in least, not {exponent:.3g}"
    bound = 2 * G * sp.sqrt(L * Delta) * sp.sqrt(d * ell) / (N * epsilon)
    assert not agrees(plain, 2 * G * sp.sqrt(L * Delta) * d * ell / (N * epsilon)), (
        "plain: s has the root of d log(1/δ)"
    )
    assert not agrees(plain, bound / 2), "plain: both terms are as large at the best m: add them"
    assert agrees(plain, bound), f"plain: the least of Δ/m + LmG²s² with s = √(dℓ)/(Nε), not {plain}"
    return "the split u changes the constants alone: the power of N comes from the shape of the sum."


# One round, record by record, and another calibration

MISTAKES = {
    "apart": "v: clip the difference of a record's two gradients, not each gradient",
    "still": "v: the noise of a difference has the standard deviation C₂‖x − last‖σ₂",
    "client": "v: clip each record's vector, not a client's mean",
    "mean": "v: clip each record's vector, not the mean of all",
    "pooled": "v: clients count the same, however many records they have",
    "forgets": "v: a difference is added to the old v",
    "never": "v: at r mod T = 0 the full gradients are clipped at C₁ and v starts anew",
    "old": "x: go along the new v",
}


def _clip(g: Array, C: float) -> Array:
    """Rows of g, none longer than C."""
    return np.asarray(g * np.minimum(1, C / (np.linalg.norm(g, axis=-1, keepdims=True) + 1e-10)))


def _round(
    grads: Callable[[Array], list[Array]], x: Array, last: Array, v: Array, r: int, setting: dict[str, Any], xi: Array,
    wrong: str = "",
) -> tuple[Array, Array]:  # fmt: skip
    """The new x and v of a round with a mistake in it, or none."""
    T, C1, C2, sigma1, sigma2, eta = setting.values()
    restart = r % T == 0 and wrong != "never"
    if restart:
        c, sent, std, old = C1, grads(x), C1 * sigma1, 0 * v
    else:
        c = C2 * float(np.linalg.norm(x - last))
        sent = [now - before for now, before in zip(grads(x), grads(last), strict=True)]
        std, old = (C2 if wrong == "still" else c) * sigma2, (0 * v if wrong == "forgets" else v)
    if wrong == "apart" and not restart:
        sent = [_clip(now, c) - _clip(before, c) for now, before in zip(grads(x), grads(last), strict=True)]
        mean = np.mean([one.mean(0) for one in sent], 0)
    elif wrong == "client":
        mean = np.mean([_clip(one.mean(0), c) for one in sent], 0)
    elif wrong == "mean":
        mean = _clip(np.mean([one.mean(0) for one in sent], 0), c)
    elif wrong == "pooled":
        mean = _clip(np.concatenate(sent), c).mean(0)
    else:
        mean = np.mean([_clip(one, c).mean(0) for one in sent], 0)
    new = old + mean + std * xi
    return x - eta * (v if wrong == "old" else new), new


def check_round(step: Callable[..., Any], seed: int | None = None) -> str:
    """One round at a restart, at a difference, and without noise and clipping, on unequal clients, to 10⁻⁹."""
    rng = np.random.default_rng(seed)
    rows = [rng.normal(size=(n, 5)) for n in (3, 8, 20)]

    def grads(at: Array) -> list[Array]:
        return [np.tanh(one @ at)[:, None] * one + 0.1 * at for one in rows]

    x, v, xi = rng.normal(size=(3, 5))
    last = x + 0.3 * rng.normal(size=5)
    biting = {"T": 4, "C1": 0.5, "C2": 0.05, "sigma1": 0.3, "sigma2": 0.4, "eta": 0.7}
    wide = biting | {"C1": 1e9, "C2": 1e9, "sigma1": 0.0, "sigma2": 0.0}
    for setting, given in ((biting, biting), (wide, wide | {"C1": math.inf, "C2": math.inf})):
        for r in (4, 6, 7):
            with np.errstate(invalid="ignore"):
                answer = list(step(grads, x.copy(), last.copy(), v.copy(), r, *given.values(), xi.copy()))
            assert len(answer) == 2, f"return x and v, not {len(answer)} things"
            found = [array(part, name) for part, name in zip(answer, "xv", strict=True)]
            assert all(np.isfinite(one).all() for one in found), (
                "C = ∞ goes with σ = 0: leave the noise out, ∞·0 is NaN"
            )
            right = _round(grads, x, last, v, r, setting, xi)
            for wrong, message in MISTAKES.items():
                other = _round(grads, x, last, v, r, setting, xi, wrong)
                assert _same(other, right) or not _same(found, other), message
            for name, one, target in zip("vx", found[::-1], right[::-1], strict=True):
                assert _same([one], [target]), f"{name} is to be {target} in round {r}, got {one}"
    return "the radius is public, since both iterates are: it may scale the noise."


def _same(one: Any, other: Any) -> bool:
    return all(p.shape == q.shape and np.allclose(p, q, rtol=1e-9, atol=1e-11) for p, q in zip(one, other, strict=True))


def check_sigmas(sigmas: Callable[..., Any], seed: int | None = None) -> str:
    """σ₁, σ₂ that spend (1 − κ)ε at the order α = 1 + ⌈log(1/δ)/(κε)⌉, the share w of it on restarts."""
    rng = np.random.default_rng(seed)
    for R, T in ((40, 8), (43, 8), (12, 30), (20, 1)):
        n_min, P = (int(one) for one in rng.integers(20, 90, size=2))
        eps, delta, kappa, w = (
            rng.uniform(0.5, 3),
            10 ** rng.uniform(-7, -4),
            rng.uniform(0.3, 0.7),
            rng.uniform(0.2, 0.8),
        )
        answer = list(sigmas(n_min, P, R, T, eps, delta, kappa, w))
        assert len(answer) == 2, f"return sigma1 and sigma2, not {len(answer)} things"
        sigma1, sigma2 = (number(one, f"sigma{i}") for i, one in enumerate(answer, 1))
        alpha, M, N = 1 + math.ceil(math.log(1 / delta) / (kappa * eps)), -(-R // T), n_min * P
        only = M == R
        budget = (1 - kappa) * eps
        share = budget * (1.0 if only else w)
        first = math.sqrt(2 * alpha * M / (share * N**2))
        case = f"n_min = {n_min}, P = {P}, R = {R}, T = {T}"
        assert not math.isclose(sigma1, first / 2, rel_tol=1e-6), (
            f"sigma1, {case}: a record that is replaced moves the mean by 2C/N, not C/N"
        )
        if not only:
            assert M == 1 or not math.isclose(sigma1, first / math.sqrt(M), rel_tol=1e-6), (
                f"sigma1, {case}: there are ⌈R/T⌉ restarts"
            )
            assert R % T == 0 or not math.isclose(sigma1, first * math.sqrt(R / T / M), rel_tol=1e-6), (
                f"sigma1, {case}: R/T restarts overspend: round up"
            )
        else:
            assert not math.isclose(sigma1, first / math.sqrt(w), rel_tol=1e-6), (
                f"sigma1, {case}: T = 1 has no differences to save for"
            )
        assert not math.isclose(sigma1, first * math.sqrt(1 - kappa), rel_tol=1e-6), (
            f"sigma1, {case}: the share κ of ε is for the conversion"
        )
        assert math.isclose(sigma1, first, rel_tol=1e-6), (
            f"sigma1, {case}: spend {share:.4g} on {M} restarts; not {sigma1:.6g}"
        )
        if only:
            assert sigma2 == 0, f"sigma2, {case}: no difference is sent: 0, not {sigma2:.6g}"
            continue
        second = math.sqrt(2 * alpha * (R - M) / ((1 - w) * budget * N**2))
        assert not math.isclose(sigma2, second * math.sqrt(R / (R - M)), rel_tol=1e-6), (
            f"sigma2, {case}: count the differences that are sent, R − ⌈R/T⌉"
        )
        assert math.isclose(sigma2, second, rel_tol=1e-6), (
            f"sigma2, {case}: spend {(1 - w) * budget:.4g} on {R - M} differences; not {sigma2:.6g}"
        )
    return "no radius stands in a multiplier: a difference costs what a gradient costs, and carries less noise."


# The restart interval

REASONS = ("noise of restarts", "noise that adds up", "clipping")
ROUNDS, ENOUGH = 1600, 2.5


@lru_cache(8)
def by_interval(seed: int, more: int) -> dict[int, float]:
    """Median tails of ten runs at n = 32 000, η = 1, at the known intervals and one more."""
    T = sorted({*INTERVALS[1:], more})
    square = tails(prototypes(seed, 32_000), ROUNDS, T, [1.0], seed=seed).square[:, 0]
    return dict(zip(T, np.median(square, -1).tolist(), strict=True))


def check_experiment(T: Any, short: str, long: str, seed: int = 3) -> str:
    """A restart interval whose tail is within 2.5 of the best of five, and what spoils a short and a long one."""
    found = number(T, "T")
    assert found == round(found) and 1 <= found <= ROUNDS, f"T must be whole, from 1 to {ROUNDS}, got {T}"  # noqa: PT018
    for name, reason in (("short", short), ("long", long)):
        assert reason in REASONS, f"{name} must be one of {list(REASONS)}, got {reason!r}"
    assert short == REASONS[0], f"short: with many restarts {short} isn't what grows: look at ⌈R/T⌉ in σ₁"
    assert long == REASONS[1], f"long: without restarts {long} isn't what grows: what does v carry along?"
    measured = by_interval(seed, int(found))
    times = measured[int(found)] / min(measured[one] for one in INTERVALS[1:])
    said = f"‖∇f‖² ends at {times:.3g} times that of the best of T = {list(INTERVALS[1:])}"
    assert times <= ENOUGH or found > 160, f"{said}: restarts this often leave too much noise in each"
    assert times <= ENOUGH, f"{said}: restart earlier, before the noise has added up"
    return "a handful of restarts: each costs a share of the budget, none lets the noise drift."
