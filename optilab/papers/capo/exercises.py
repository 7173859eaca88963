"""Checks for the assignment on CAPO: each says what is wrong, not only that something is."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import sympy as sp
from scipy.special import softmax

from optilab.course.forms import agrees, array, formula, number
from optilab.papers.capo.experiment import learn

Array = np.ndarray
p = sp.symbols("p", positive=True)  # to be used in the answers
w = sp.symbols("w", real=True)
LR, SCALE = 30.0, 20.0  # of the experiment, other than the lesson's
READINGS = {
    "a": "leaving out tokens makes steps shorter, and that is what helps",
    "b": "what helps is which tokens are left out, not how many",
    "c": "leaving out tokens at random helps as much, if there are enough",
}


# Two tokens


def _expression(value: Any, name: str) -> sp.Expr:
    """An answer in p and w alone."""
    found = formula(value, name, p, w)
    strange = sorted(symbol.name for symbol in found.free_symbols - {p, w})
    assert not strange, f"{name}: write it in exercises.p and exercises.w, not in {strange}"
    return found


def check_two_tokens(bend: Any, turn: Any, limit: Any) -> str:
    """ρ''(0) in p and w, the p at which its sign changes, and α* in p for A = −1, ‖h‖ = 1.

    Recognises the square of the slope alone, the curvature of log π, the slope itself, and α* without its factor.
    """
    bend, limit = _expression(bend, "bend"), _expression(limit, "limit")
    assert not agrees(bend, (1 - p) ** 2 * w**2), (
        "bend: that is (vᵀu)² alone: π itself moves on the way, which takes uᵀFu = p(1 − p)w² off"
    )
    assert not agrees(bend, -p * (1 - p) * w**2), "bend: that is the curvature of log π; ρ = exp of it bends up as well"
    assert not agrees(bend, (1 - p) * w), "bend: that is the slope ρ'(0)"
    assert not agrees(bend, p * (1 - p) * (1 - 2 * p) * w**2), "bend: that is π''; ρ is π over what it was, p"
    assert agrees(bend, (1 - p) * (1 - 2 * p) * w**2), f"bend: differentiate σ(z + tw)/p twice at t = 0; not {bend}"
    assert agrees(formula(turn, "turn", p, w), sp.Rational(1, 2)), f"turn: at which p is bend 0 for every w? Not {turn}"
    assert not agrees(limit, 2 / ((1 - p) * (1 - 2 * p))), (
        "limit: m_H has a ½ in front of its second order, and a 2 is lost with it; or the two tokens' v counted once"
    )
    assert not agrees(limit, 1 / (1 - 2 * p)), "limit: ‖v‖² is 2(1 − p)², and b = 4(1 − p)³(1 − 2p)"
    assert agrees(limit, 1 / ((1 - p) * (1 - 2 * p))), f"limit: 2a₂/b with a₂ = ‖v‖² and b = a₂² − vᵀFv; not {limit}"
    return "below ½ a step down bends against you, and the less likely the token the closer α* is to 1, its least."


def check_weight(answer: Any) -> str:
    """GRPO's advantage of a success, two successes in eight, without the 10⁻⁴, to 10⁻³."""
    found = number(answer)
    assert abs(found - 0.75) > 1e-3, "that is 1 − mean: GRPO divides by the standard deviation"
    assert abs(found - 0.75 / np.sqrt(3 / 16)) > 1e-3, "the standard deviation has 7 below its sum of squares, not 8"
    assert abs(found - 2.4749) > 1e-3, "that is for one success in eight"
    assert abs(found - np.sqrt(42) / 4) < 1e-3, f"(1 − ¼) over the root of (2·0.75² + 6·0.25²)/7, not {found}"
    return "a second success takes a third off the first one's weight: what is rare shouts."


# Advantages and aggregation


def _advantages(R: Array, G: int, method: str, wrong: str = "") -> Array:
    """Advantages with a mistake in them, or none."""
    groups = R.reshape(-1, G)
    if method == "REINFORCE":
        return R
    mean = R.mean() if wrong == "whole mean" else groups.mean(1, keepdims=True)
    A = groups - mean
    if method == "GRPO" and wrong != "no division":
        with np.errstate(invalid="ignore", divide="ignore"):
            A = A / (groups.std(1, ddof=0 if wrong == "ddof" else 1, keepdims=True) + (0 if wrong == "added" else 1e-4))
    return np.asarray(A).ravel()


SLIPS = {
    "ddof": "the standard deviation is the sample's: G − 1 below its sum of squares",
    "added": "10⁻⁴ is added to the standard deviation: without it equal rewards give NaN",
    "whole mean": "a response is compared with its own group, not with the whole batch",
    "no division": "GRPO divides by the standard deviation of the group",
}


def _same(found: Array, other: Array) -> bool:
    return found.shape == other.shape and bool(np.allclose(found, other, rtol=1e-10, atol=1e-10, equal_nan=True))


def check_advantages(advantages: Callable[..., Any], seed: int | None = None) -> str:
    """`advantages(rewards, G, method)` for the three methods, on groups with and without a signal, to 10⁻¹⁰."""
    rng = np.random.default_rng(seed)
    for G in (4, 8):
        R = np.concatenate([np.eye(G)[0], np.ones(G), np.zeros(G), (rng.random(G) < 0.5) + 0.0])
        for method in ("REINFORCE", "Dr. GRPO", "GRPO"):
            found = array(advantages(R.copy(), G, method), "the advantages")
            right = _advantages(R, G, method)
            for wrong, message in SLIPS.items():
                other = _advantages(R, G, method, wrong)
                assert _same(right, other) or not _same(found, other), f"{method}: {message}"
            assert found.shape == right.shape, f"{method}: one advantage a response, {right.shape}, not {found.shape}"
            assert _same(found, right), f"{method}: for the rewards {R[:G]} they are {right[:G]}, not {found[:G]}"
    return "a group that is all right or all wrong says nothing: what a policy has lost, it can't be told again."


def _aggregated(values: Array, mask: Array, method: str, T_max: int, wrong: str = "") -> float:
    """The objective with a mistake in it, or none."""
    kept, count = (values * mask).sum(1), mask.sum(1)
    if method == "Dr. GRPO":
        return float((kept / (np.maximum(count, 1) if wrong == "kept" else T_max)).mean())
    below = np.full(len(values), values.shape[1]) if wrong == "all tokens" else np.maximum(count, 1)
    each = kept / below
    if wrong == "one mean":
        return float(kept.sum() / max(count.sum(), 1))
    if wrong == "sum":
        return float(each.sum())
    return float(each[count > 0].mean() if wrong == "left out" else each.mean())


AGGREGATION = {
    "kept": "Dr. GRPO divides by T_max, whatever is kept",
    "all tokens": "GRPO and REINFORCE divide a response by its kept tokens, not by all",
    "left out": "a response without a kept token counts as 0 in the mean over responses, it isn't left out",
    "one mean": "the mean over responses is of means over tokens: a short response weighs as much as a long one",
    "sum": "it is the mean over responses, not their sum",
}


def check_aggregate(aggregate: Callable[..., Any], seed: int | None = None) -> str:
    """`aggregate(values, mask, method, T_max)` → a number, with responses that are kept in part or not at all."""
    rng = np.random.default_rng(seed)
    for n, T in ((4, 3), (6, 5)):
        values, mask = rng.normal(size=(n, T)), rng.random((n, T)) < 0.6
        mask[0], mask[1], mask[2] = True, False, np.arange(T) == 1
        for method, T_max in (("GRPO", T), ("REINFORCE", T), ("Dr. GRPO", T), ("Dr. GRPO", T + 3)):
            found = number(aggregate(values.copy(), mask.copy(), method, T_max))
            assert np.isfinite(found), f"{method}: {found}: a response without a kept token counts as 0"
            right = _aggregated(values, mask, method, T_max)
            for wrong, message in AGGREGATION.items():
                other = _aggregated(values, mask, method, T_max, wrong)
                assert abs(other - right) < 1e-9 or abs(found - other) > 1e-10, f"{method}: {message}"
            assert abs(found - right) < 1e-10, f"{method}: it is {right}, not {found}"
    return "Dr. GRPO lets a token left out shorten the step; GRPO shares its weight among the rest of the response."


# Scores

Scores = Callable[..., Any]


def _scores(A: Array, v: Array, pi: Array, h: Array, lr: float, moments: Any, wrong: str = "") -> list[Array]:
    """m_H and m_F with dense Kronecker matrices, and a mistake in them or none."""
    found = []
    for A_i, v_i, pi_i, h_i in zip(A, v, pi, h, strict=True):
        g = A_i * np.kron(v_i, h_i) / (len(A) if wrong == "divided" else 1)
        effective = g
        if moments is not None and (moments[2] > 0 or wrong == "formula at 0"):
            t = moments[2] + (0 if wrong == "t" and moments[2] > 0 else 1)
            m, s = 0.9 * moments[0].ravel() + 0.1 * g, 0.999 * moments[1].ravel() + 0.001 * g**2
            effective = m / (1 - 0.9**t) / (np.sqrt(s / (1 - 0.999**t)) + 1e-8)
        step, outer = lr * effective, np.outer(v_i, v_i)
        weight = {"no A": 1.0, "absolute A": abs(A_i)}.get(wrong, A_i)
        F = 0.0 if wrong == "no F" else np.diag(pi_i) - np.outer(pi_i, pi_i)
        half = 1.0 if wrong == "no ½" else 0.5
        bend = step @ np.kron(outer - F, np.outer(h_i, h_i)) @ step
        slope = A_i * np.kron(v_i, h_i) @ step
        found.append((slope + half * weight * bend, half * step @ np.kron(outer, np.outer(h_i, h_i)) @ step))
    return list(np.array(found).T)


MISTAKES = {
    "no ½": "the second order has a ½ in m_H, and in m_F",
    "no A": "H̃ is A times (vvᵀ − F) ⊗ hhᵀ: A stands before the second order of m_H, too",
    "absolute A": "A keeps its sign before the second order of m_H",
    "no F": "H̃ has F in it: (vᵀu)² − uᵀFu",
    "divided": "a token's candidate isn't divided by the number of tokens",
    "t": "the look-ahead is update t + 1: that is the power in both corrections",
    "formula at 0": "at t = 0 there are no moments yet: the candidate is g̃ itself",
}


def check_scores(token_scores: Scores, seed: int | None = None) -> str:
    """`token_scores(A, v, pi, h, lr, moments)` → (m_H, m_F), SGD and Adam, against dense matrices, to 10⁻¹⁰ relative.

    Recognises a missing ½, A or F, an absolute A, a division by n, changed moments, t for t + 1, and Adam's formula at
    t = 0.
    """
    rng = np.random.default_rng(seed)
    for n, K, d in ((3, 4, 3), (4, 5, 4)):
        A = rng.exponential(size=n) * np.resize([1, -1], n)
        pi, h = softmax(rng.normal(size=(n, K)), axis=-1), rng.normal(size=(n, d))
        v = np.eye(K)[rng.integers(K, size=n)] - pi
        for t in (None, 0, 5):
            moments = None if t is None else (rng.normal(size=(K, d)), rng.exponential(size=(K, d)), t)
            given = None if moments is None else (moments[0].copy(), moments[1].copy(), t)
            answer = list(token_scores(A.copy(), v.copy(), pi.copy(), h.copy(), 0.7, given))
            assert len(answer) == 2, f"return m_H and m_F, not {len(answer)} things"
            found = [array(part, name) for part, name in zip(answer, ("m_H", "m_F"), strict=True)]
            if moments is not None and given is not None:
                same = all(np.array_equal(one, other) for one, other in zip(moments[:2], given[:2], strict=True))
                assert same, "the moments are only looked at: the step hasn't been made yet, leave them as they were"
            right, at = _scores(A, v, pi, h, 0.7, moments), "without moments" if t is None else f"at t = {t}"
            for wrong, message in MISTAKES.items():
                other = _scores(A, v, pi, h, 0.7, moments, wrong)
                if not _close(other, right):
                    assert not _close(found, other), f"{at}: {message}"
            for name, mine, yours in zip(("m_H", "m_F"), right, found, strict=True):
                assert mine.shape == yours.shape, f"{name} has the shape {yours.shape}, not {mine.shape}"
                assert np.allclose(yours, mine, rtol=1e-10, atol=1e-12), f"{at} {name} is {mine}, not {yours}"
    return "inner products only: no matrix of Kd × Kd, so it costs a few per cent of a step."


def _close(found: Sequence[Array], other: Sequence[Array]) -> bool:
    pairs = zip(found, other, strict=True)
    return all(p.shape == q.shape and np.allclose(p, q, rtol=1e-10, atol=1e-12) for p, q in pairs)


# A threshold


def check_threshold(tauF: Any, rejected: Any, ours: Any, lots: Any, reading: Any, seeds: Sequence[int]) -> str:
    """A τ_F (τ_H = ∞, steps of 30, long features of 20) that saves five of six runs and leaves out less than 3 %.

    Recognises a threshold that is off or leaves out too much, figures of another run, and the wrong reading.

    Parameters
    ----------
    tauF : number
        The threshold.
    rejected : number
        Share of the tokens that it leaves out, mean over steps and seeds.
    ours, lots : arrays (seeds)
        Final exact accuracies with it, and with that share left out by lot.
    reading : str
        A letter of `READINGS`.
    seeds : sequence of int
        Six seeds.
    """
    tauF, rejected = number(tauF), number(rejected)
    ours, lots = array(ours, "ours"), array(lots, "lots")
    assert tauF > 0, f"tauF is to be positive, not {tauF}"
    setting: dict[str, Any] = {"lr": LR, "scale": SCALE}
    run = learn("CAPO", "GRPO", seeds, tauH=np.inf, tauF=tauF, **setting)
    share, final = float(run.rejected.mean()), run.accuracy[-1]
    assert share < 0.03, f"tauF = {tauF:g} leaves out {share:.1%} of the tokens: raise it"
    saved = int((final >= 0.55).sum())
    assert saved >= len(seeds) - 1, (
        f"tauF = {tauF:g} leaves out {share:.2%}, and {saved} of {len(seeds)} runs end at 0.55 or above: lower it"
    )
    assert abs(rejected - share) < 1e-6 + 0.01 * share, f"rejected: measured here {share:.5f}, not {rejected}"
    for name, values in (("ours", ours), ("lots", lots)):
        assert values.shape == final.shape, f"{name}: one accuracy a seed, {final.shape}, not {values.shape}"
    assert np.allclose(ours, final, atol=1e-6), f"ours: final accuracies are {final.round(3)}, not {ours}"
    control = learn("random mask", "GRPO", seeds, rate=share, **setting).accuracy[-1]
    assert np.allclose(lots, control, atol=1e-6), (
        f"lots: with rate = {share:.5f} they are {control.round(3)}, not {lots}"
    )
    assert reading in READINGS, f"reading: one of {', '.join(READINGS)}, not {reading!r}"
    assert reading != "a", "reading: lots shorten steps as much, and don't help: compare ours with lots"
    assert reading == "b", "reading: lots at the same share don't help: compare ours with lots"
    return "a handful of tokens a run: the control says that it matters which they are."
