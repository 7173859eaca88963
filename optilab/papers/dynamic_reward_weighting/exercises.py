"""Checks for the assignment on moving weights: each says what is wrong, not only that something is."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import sympy as sp

from optilab.course.forms import agrees, array, formula, number, single
from optilab.papers.dynamic_reward_weighting.experiment import steps_to_all
from optilab.papers.dynamic_reward_weighting.problems import Heads

Array = np.ndarray
v = sp.symbols("v_1:4", positive=True)  # old weights, to be used in the answers
u = sp.symbols("u_1:4", positive=True)  # the weights that one would like
I = sp.symbols("I_1:4", real=True)
eta, mu, lam = sp.symbols("eta mu lambda", positive=True)
SYMBOLS = (*v, *u, *I, eta, mu, lam)


# The step of the weights


def check_pair(answer: Any) -> str:
    """The first of two new weights, for g₁ = (2, 0), g₂ = (0, 1), even old weights and ratio 1, to 10⁻³."""
    value, right = number(answer), 1 / (1 + np.exp(-3))
    assert not np.isclose(value, 0.5, atol=1e-6), "I₁ = ⟨g₁, g₁ + g₂⟩ has ‖g₁‖² in it: the two aren't alike"
    assert not np.isclose(value, 0.8, atol=1e-3), "4 and 1 are the influences; the weights go as their exponentials"
    assert not np.isclose(value, 1 / (1 + np.exp(-1)), atol=1e-3), "I₁ = ‖g₁‖² here, not ‖g₁‖"
    assert np.isclose(value, right, atol=1e-3), f"I = (4, 1), so the weights are as e⁴ to e¹, not {value}"
    return "nothing is in conflict here, and still a factor of two in the gradients takes nearly all of the weight."


def _answers(value: Any) -> list[sp.Expr]:
    """Three expressions in `SYMBOLS` alone."""
    value = single(value)
    parts = list(value) if isinstance(value, list | tuple | sp.MatrixBase | np.ndarray | sp.Tuple) else [value]
    assert len(parts) == 3, f"three weights are asked for, got {len(parts)}"
    found = [formula(part, f"weight {k}", *SYMBOLS) for k, part in enumerate(parts, 1)]
    for k, part in enumerate(found, 1):
        strange = sorted(symbol.name for symbol in part.free_symbols - set(SYMBOLS))
        assert not strange, f"weight {k}: write it in the symbols of exercises, not in {strange}"
    return found


def _softmax(exponents: list[sp.Expr]) -> list[sp.Expr]:
    grown = [sp.exp(exponent) for exponent in exponents]
    return [part / sp.Add(*grown) for part in grown]


def check_weights(answer: Any) -> str:
    """The weights that maximise η⟨w, I⟩ − μ KL(w‖v) − λ KL(w‖u) on the simplex, in v, u, I, η, μ, λ.

    Recognises λ left out, a missing normalisation, the wrong sign, a mean of v and u, and an additive step.
    """
    found = _answers(answer)
    logs = [mu * sp.log(v_i) + lam * sp.log(u_i) for v_i, u_i in zip(v, u, strict=True)]
    exponents = [(log + eta * I_i) / (mu + lam) for log, I_i in zip(logs, I, strict=True)]
    right = _softmax(exponents)
    plain = _softmax([sp.log(v_i) + eta * I_i / mu for v_i, I_i in zip(v, I, strict=True)])
    wrong = _softmax([(log - eta * I_i) / (mu + lam) for log, I_i in zip(logs, I, strict=True)])
    mean = [(mu * v_i + lam * u_i) / (mu + lam) for v_i, u_i in zip(v, u, strict=True)]
    mixed = _softmax([sp.log(m_i) + eta * I_i / (mu + lam) for m_i, I_i in zip(mean, I, strict=True)])
    undivided = _softmax([log + eta * I_i for log, I_i in zip(logs, I, strict=True)])

    def same(others: list[sp.Expr]) -> bool:
        return all(agrees(one, other) for one, other in zip(found, others, strict=True))

    assert not same(plain), "that is the lesson's step: λ pulls the weights to u as well"
    assert not same(wrong), "the sign of I: what has a large influence is to get more weight"
    assert not same(mixed), "between v and u the mean is geometric: the two KL add up logarithms"
    assert not same(undivided), "both prices together are the unit: divide by μ + λ in the exponent"
    shift = [v_i + eta * (I_i - sp.Add(*I) / 3) / mu for v_i, I_i in zip(v, I, strict=True)]
    assert not same(shift), (
        "that is a step of projected ascent: KL makes it multiply, and no weight can become negative"
    )
    ratios = all(agrees(found[k] / found[0], sp.exp(exponents[k] - exponents[0])) for k in (1, 2))
    if ratios and not same(right):
        raise AssertionError("the ratios are right, but the weights must sum to 1: divide by what they sum to")
    assert same(right), "set ηI_i − μ(log(w_i/v_i) + 1) − λ(log(w_i/u_i) + 1) − ν to 0, and choose ν for the sum"
    return "λ keeps a weight from starving: at a constant I the weights settle at u e^(ηI/λ)/Z, not on one reward."


# Influences, advantages

FIXED = np.array([[1.0, 0, 2], [0, 1, -1], [1, 1, 0]])


def _updated(G: Array, w: Array, ratio: float, wrong: str) -> tuple[Array, Array]:
    """Influences and weights with a mistake in them, or none."""
    rows = G / np.linalg.norm(G, axis=1, keepdims=True) if wrong == "cosine" else G
    products = rows @ rows.T
    if wrong == "off-diagonal":
        products = products - np.diag(np.diag(products))
    I = products.sum(1)
    log = w if wrong == "softmax of w" else np.log(w + 1e-8 if wrong == "added" else np.maximum(w, 1e-8))
    exponent = log + (ratio if wrong != "no ratio" else 1.0) * (-I if wrong == "sign" else I)
    grown = np.exp(exponent - exponent.max())
    return I, grown / grown.sum()


MISTAKES = {
    "off-diagonal": "I_i lacks ⟨g_i, g_i⟩: the sum runs over all j, i included",
    "cosine": "I_i is made of inner products, not of cosines: lengths count",
    "softmax of w": "the softmax is of log w + ratio·I, not of w + ratio·I",
    "no ratio": "I is multiplied by the ratio",
    "sign": "the sign of I: what has a large influence is to get more weight",
    "added": "10⁻⁸ takes the place of a weight that is smaller; it isn't added to the others",
}


def _close(one: Array, other: Array, tol: float = 1e-9) -> bool:
    return one.shape == other.shape and bool(np.allclose(one, other, rtol=tol, atol=tol))


def check_update(update: Callable[..., Any], seed: int | None = None) -> str:
    """`update(G, w, ratio)` → (I, w) on fixed and random gradients, on huge influences and after a weight of 0."""
    rng = np.random.default_rng(seed)
    cases = [(FIXED, np.array([0.5, 0.3, 0.2]), 0.1)]
    cases += [(rng.normal(size=(K, 6)), rng.dirichlet(np.ones(K)), float(rng.uniform(0.2, 2))) for K in (2, 3, 5)]
    for G, w, ratio in cases:
        answer = list(update(G.copy(), w.copy(), ratio))
        assert len(answer) == 2, f"return I and w, not {len(answer)} things"
        I, new = array(answer[0], "I"), array(answer[1], "w")
        right_I, right_w = _updated(G, w, ratio, "")
        for wrong, message in MISTAKES.items():
            mistaken = _updated(G, w, ratio, wrong)[1]
            assert _close(mistaken, right_w) or not _close(new, mistaken), message
        assert _close(I, right_I), f"for G = {G.round(2).tolist()} I is {right_I}, not {I}"
        assert _close(new, right_w), f"for I = {right_I} w is {right_w}, not {new}"
    for G, w, ratio in (
        (500 * FIXED, np.ones(3) / 3, 1.0),
        (FIXED, np.array([1.0, 0.0, 0.0]), 1.0),
        (-500 * FIXED, np.array([0, 0.0, 1]), 1.0),
        (FIXED, np.array([0.0, 1.0, 0.0]), 6.0),  # here what was at 0 comes back
    ):
        new = array(list(update(G.copy(), w.copy(), ratio))[1], "w")
        at = f"at influences up to {abs(_updated(G, w, ratio, '')[0]).max():g}, w = {w} and ratio {ratio:g}"
        assert np.isfinite(new).all(), f"{at} w is {new}: subtract the largest exponent, and take no logarithm of 0"
        assert abs(new.sum() - 1) <= 1e-9, f"{at} w sums to {new.sum()}"
        right = _updated(G, w, ratio, "")[1]
        assert _close(new, right, 1e-7), f"{at} w is {right}, not {new}: weights count as 10⁻⁸ at least"
    return "one product of matrices and a softmax: the K backward passes before it are what costs."


def _advantages(r: Array, method: str, wrong: str) -> Array:
    """RLOO's or GRPO's advantages with a mistake in them, or none."""
    n = r.shape[1]
    mean = {"whole mean": r.mean(), "axis": r.mean(0)}.get(wrong, r.mean(1, keepdims=True))
    if n == 1:
        return r
    if method == "RLOO":
        return (r - mean) * (1.0 if wrong == "no factor" else n / (n - 1))
    deviation = r.std(1, ddof=0 if wrong == "ddof" else 1, keepdims=True)
    return (r - mean) / (deviation ** (2 if wrong == "variance" else 1) + (0 if wrong == "floor" else 1e-6))


SLIPS = {
    "whole mean": "a group is compared with itself: take the mean of each row, not of all",
    "axis": "a group is a row: take means along axis 1",
    "no factor": "RLOO leaves out the response itself: the mean of the others, n/(n − 1) times as far off",
    "ddof": "the deviation has n − 1 below its sum of squares",
    "variance": "divide by the deviation, not by the variance",
    "floor": "10⁻⁶ is added to the deviation, or equal rewards give NaN",
}


def check_advantages(rloo: Callable[..., Any], grpo: Callable[..., Any], feels: str, seed: int | None = None) -> str:
    """`rloo(r)` and `grpo(r)` of rewards (G, n), right to 10⁻⁹; and which of them feels a factor 2."""
    rng = np.random.default_rng(seed)
    means = np.array([[1.0], [-4.0], [0.5]])
    batches = [rng.normal(means, 1.0, (3, n)) for n in (4, 2, 7)]
    for method, answer in (("RLOO", rloo), ("GRPO", grpo)):
        for r in batches:
            found = array(answer(r.copy()), method)
            for slip, message in SLIPS.items():
                bad = _advantages(r, method, slip)
                if not _close(bad, _advantages(r, method, "")):
                    assert not _close(found, bad), f"{method}: {message}"
            expected = _advantages(r, method, "")
            assert _close(found, expected), f"{method}: for r = {r[0].round(2)} A is {expected[0]}, not {found[0]}"
        alone = array(answer(batches[0][:, :1].copy()), method)
        assert _close(alone, batches[0][:, :1]), f"{method}: in a group of one A = r, not {alone.ravel()}"
        equal = array(answer(np.full((2, 4), 0.5)), method)
        assert not np.isnan(equal).any(), f"{method}: equal rewards give NaN"
        assert _close(equal, np.zeros((2, 4))), f"{method}: equal rewards have no advantage, got {equal[0]}"
    assert feels in ("RLOO", "GRPO"), f'feels must be "RLOO" or "GRPO", got {feels!r}'
    assert feels == "RLOO", "GRPO divides the factor out again: try 2r in both of your functions"
    return "a meta reward acts through RLOO, as a step length; through GRPO it can't act at all."


# Starvation

ARMS = (12, 4, 6)
CAUSES = {
    "memory": "weights carry all past influences on, and turn late",
    "greed": "weight goes where the next step gains most",
    "step": "the step length is too large",
    "conflict": "the objectives are in conflict",
}


@lru_cache(64)
def moving_steps(ratio: float, arms: tuple[int, ...] = ARMS) -> float:
    """Steps of length 1 until all heads are at 0.9, from even logits and weights, exact; inf if more than 3000."""
    heads, theta, w = Heads(arms), np.zeros(sum(arms)), np.full(len(arms), 1 / len(arms))
    J = [heads.J(theta)]
    for _ in range(3000):
        G = heads.jac(theta)
        w = _updated(G, w, ratio, "")[1]
        theta = theta + w @ G
        J.append(heads.J(theta))
        assert np.isfinite(J[-1]).all(), f"at ratio {ratio:g} the weights or the logits are no numbers any more"
        if (J[-1] >= 0.9).all():
            break
    return steps_to_all(np.array(J))


@lru_cache(1)
def greedy_steps() -> float:
    """The same with all weight on the largest influence, anew in each step."""
    heads, theta = Heads(ARMS), np.zeros(sum(ARMS))
    J = [heads.J(theta)]
    while (J[-1] < 0.9).any():
        G = heads.jac(theta)
        theta = theta + G[(G @ G.sum(0)).argmax()]
        J.append(heads.J(theta))
    return steps_to_all(np.array(J))


def check_experiment(
    measure: Callable[..., Any], ratio: Any, largest: Any, starved: Any, greedy: Any, cause: str
) -> str:
    """`measure(ratio)`, a ratio with twice the steps of even fixed weights, and why: on heads of 12, 4 and 6 arms.

    `greedy` are the steps with all weight on the largest influence; a ratio that isn't finite is refused.
    """
    fixed, anew = moving_steps(0.0), greedy_steps()
    for asked in (0.5, 2.0):
        steps, true = number(measure(asked), "measure"), moving_steps(asked)
        assert not np.isclose(steps, true + 1), f"at ratio {asked} it is step {true:.0f}: the start is step 0"
        assert steps == true, f"at ratio {asked} all heads are at 0.9 after {true:.0f} steps, not {steps:.0f}"
    value = number(ratio, "ratio")
    assert 0 <= value < np.inf, f"ratio must be 0 or more and finite, got {value}"
    found = moving_steps(value)
    assert found >= 2 * fixed, f"ratio {value:g} needs {found:.0f} steps, even fixed weights {fixed:.0f}: not yet twice"
    for name, arms in (("largest", largest), ("starved", starved)):
        assert number(arms, name) in ARMS, f"{name} must be one of {ARMS}, the arms of a head, got {arms}"
    swapped = number(largest, "largest") == 12 and number(starved, "starved") == 4
    assert not swapped, "the other way round: J(1 − J) is largest where few arms share the probability"
    assert number(largest, "largest") == 4, "largest: I = ‖∇J‖² = J²(1 − J)²n/(n − 1) at J = 1/n: evaluate it"
    assert number(starved, "starved") == 12, "starved: look for the smallest weight on the way"
    counted = number(greedy, "greedy")
    assert counted != anew + 1, "greedy: the start is step 0"
    assert counted != fixed, "greedy: that is what even weights need; take the gradient of one head in each step"
    assert counted == anew, f"greedy isn't {counted:g}: step along the gradient whose influence is largest *now*"
    assert cause in CAUSES, f"cause must be one of {list(CAUSES)}, got {cause!r}"
    assert cause != "step", "the step length is the same with fixed weights, which do well with it"
    assert cause != "conflict", "each head has logits of its own: nothing that one gains is another's loss"
    assert cause == "memory", f"all weight where the next step gains most takes {anew:.0f} steps: greed does well here"
    return "log w sums up the influences: what an easy head once gained holds its weight when it gains no more."
