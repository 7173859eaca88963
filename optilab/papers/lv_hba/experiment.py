"""What LV-HBA reaches on three problems, what its penalty leaves, and where it fails at the published parameters."""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from optilab.core.check import AnyArray, require
from optilab.core.claim import Claim, Claims, collect
from optilab.core.numerics import log_slope
from optilab.core.run import Trace, run
from optilab.papers.lv_hba import algorithm as alg
from optilab.papers.lv_hba.algorithm import e_aipod, lv_hba, penalty
from optilab.papers.lv_hba.problems import svm as weighing
from optilab.papers.lv_hba.problems.toys import flat, ripple

Array = np.ndarray
N = 30
X_STAR = -0.3
MINIMA = np.array([0.1488910009, 0.9862248267, 2.0197256345, 2.9907740292])  # of F(x, x) on [0, 3]
PUBLISHED = {"alpha": 0.008, "beta": 0.02, "eta": 0.01, "gamma1": 10.0, "gamma2": 10.0, "c0": 0.025}
MENDED = PUBLISHED | {"gamma2": 1.0, "c0": 1.0}


# A flat lower level


def start(seed: int, n: int = N) -> tuple[Array, Array]:
    """A random start of `flat`: (n,) and (2n,)."""
    rng = np.random.default_rng(seed)
    return 3 * rng.normal(size=n), 3 * rng.normal(size=2 * n)


def starts(seeds: Sequence[int], n: int = N) -> tuple[Array, Array]:
    """Random starts of `flat`, one a seed: (seeds, n) and (seeds, 2n)."""
    X, Y = zip(*(start(seed, n) for seed in seeds), strict=True)
    return np.array(X), np.array(Y)


def relative(x: AnyArray) -> Array:
    """‖x − x*‖/‖x*‖ on `flat`: (*batch, n) → (*batch)."""
    return np.linalg.norm(x - X_STAR, axis=-1) / (abs(X_STAR) * np.sqrt(x.shape[-1]))


def bias(c: float | Array, gamma1: float | Array = 1.0) -> Array:
    """What a penalty c leaves, relatively: (4γ₁ + 8)/(3(5cγ₁ + 2γ₁ + 4)) of x, so 0.8/(c + 1.2) for γ₁ = 1."""
    c, gamma1 = np.asarray(c), np.asarray(gamma1)
    require((c > 0) & np.isfinite(c), "c", c, "positive and finite")
    require((gamma1 > 0) & np.isfinite(gamma1), "gamma1", gamma1, "positive and finite")
    return (4 * gamma1 + 8) / (3 * (5 * c * gamma1 + 2 * gamma1 + 4))


def floor(y0: Array) -> tuple[Array, Array]:
    """F and the relative error of x at which E-AiPOD ends on `flat`, from the start (*batch, 2n) of y.

    With δ what y₂ deviates from its mean: n/20 + ‖δ‖²/4 and ‖δ‖/(0.6√n). Nothing ever moves δ.
    """
    n = np.shape(y0)[-1] // 2
    second = np.asarray(y0)[..., n:]
    length = np.linalg.norm(second - second.mean(-1, keepdims=True), axis=-1)
    return n / 20 + length**2 / 4, length / (0.6 * np.sqrt(n))


def flat_lower(quick: bool) -> Iterator[Claim]:
    """From random starts LV-HBA's error is the penalty's bias, and E-AiPOD keeps what its start says.

    Source: Algorithm 1.
    """
    seeds = range(4) if quick else range(10)
    problem, (x0, y0) = flat(N), starts(seeds)
    ours = run(lv_hba(problem, x0, y0), 1000, every=1000)
    ratio = relative(ours.x[-1]) / bias(penalty(1000))
    subject = f"flat lower level, n = {N}, random starts"
    yield Claim.over(f"{subject}: error of x at k = 1000 over 0.8/(c_k + 1.2)", ratio, np.max, at_most=1.05)
    yield Claim.over(f"{subject}: error of x at k = 1000 over 0.8/(c_k + 1.2), least", ratio, np.min, at_least=0.95)
    F = problem.upper(ours.x[-1], ours.y[-1])
    yield Claim.over(f"{subject}: F of LV-HBA (F* = 1.5)", F, np.max, at_most=1.6)
    theirs = run(e_aipod(problem, x0, y0, rng=np.random.default_rng(0)), 400, every=400)
    F = problem.upper(theirs.x[-1], theirs.y[-1])
    yield Claim.over(f"{subject}: F of E-AiPOD after 400 outer steps", F, np.min, at_least=10)
    predicted, _ = floor(theirs.y[0])
    yield Claim.over(
        f"{subject}: F of E-AiPOD over n/20 + ‖δ‖²/4, off by", abs(F / predicted - 1), np.max, at_most=0.01
    )


def symmetric(quick: bool) -> Iterator[Claim]:
    """From a symmetric start there is nothing to choose, and E-AiPOD is far more accurate."""
    n = 100
    problem, x0, y0 = flat(n), np.full(n, -20.0), np.full(2 * n, 10.0)
    theirs = run(e_aipod(problem, x0, y0, rng=np.random.default_rng(0)), 150, every=50)
    subject = "flat lower level, n = 100, symmetric start"
    error = relative(theirs.x)
    yield Claim(f"{subject}: error of x, E-AiPOD after 50 outer steps", error[1], at_most=0.002)
    yield Claim(f"{subject}: error of x, E-AiPOD after 150 outer steps", error[-1], at_most=1e-10)
    ours = relative(run(lv_hba(problem, x0, y0), 1000, every=1000).x[-1])
    statement = f"{subject}: error of x, LV-HBA after 1000 steps, over 0.8/(c_k + 1.2)"
    yield Claim(statement, ours / bias(penalty(1000)), 1.05, 0.95)


def decay(p: float, steps: int = 4000, seed: int = 0) -> tuple[Array, Array, Array]:
    """Residual R_k and gap f − v on the way of a run on `flat` with n = 10: steps, R_k, gap."""
    problem = flat(10)
    kept = np.unique(np.geomspace(30, steps, 14).astype(int))
    states = lv_hba(problem, *start(seed, 10), p=p)
    found, residuals, gaps = 0, [], []
    for k, state in enumerate(states):
        if k == kept[found]:
            x, y, z = state.x, state.y, state.z
            at = alg.saddle(problem, x, y, z, theta=state.theta, lam=state.lam)
            residuals.append(alg.residual(problem, state, k, p=p))
            gaps.append(problem.lower(x, y) - alg.value(problem, x, y, z, *at))
            found += 1
            if found == len(kept):
                break
    return kept, np.array(residuals), np.array(gaps)


def rates(quick: bool) -> Iterator[Claim]:
    """Residual and gap fall faster than they are promised to.

    Source: Theorem 3.1.
    """
    for p in (0.25,) if quick else (0.1, 0.25, 0.3):
        k, R, gap = decay(p, 2000 if quick else 8000)
        late = k >= 300
        slope = log_slope(k[late], np.minimum.accumulate(R)[late])
        subject = f"flat lower level, n = 10, p = {p}"
        yield Claim(f"{subject}: slope of the least R_k, promised −(1 − 2p)/2 = {-(1 - 2 * p) / 2:.2f}", slope, -0.6)
        ratio = gap[-1] / (3 * 10 / (2 * (5 * penalty(k[-1], 1.0, p) + 6) ** 2))
        yield Claim(f"{subject}: gap at the end over 3n/(2(5c_k + 6)²)", ratio, 1.1, 0.95)


@cache
def script(steps: int, mended: bool) -> Trace:
    """The published script's run, n = 100 with an unnormalised row, its parameters and start; or two of them mended."""
    n = 100
    problem = flat(n, row=1.0)
    numbers: dict[str, Any] = {"theta0": np.full(2 * n, 10.0), "lam0": np.ones(1), "z0": -np.ones(1)}
    numbers |= MENDED if mended else PUBLISHED
    states = lv_hba(problem, np.full(n, -20.0), np.full(2 * n, 10.0), **numbers)
    return run(states, steps, keep=["x", "lam"])


def published(quick: bool) -> Iterator[Claim]:
    """The published parameters break the limit of η on the unnormalised row; γ₂ = 1 and c₀ = 1 mend it."""
    limit = float(alg.saddle_limit(1.0, np.sqrt(200), 10.0, 10.0))
    yield Claim("published script, n = 100: its η over the limit of the saddle step", 0.01 / limit, at_least=1.5)
    error = relative(script(1500, False).x)
    yield Claim("published script, n = 100: error of x after 1500 steps", error[1500], at_least=50)
    steps = 3000 if quick else 10_000
    error = relative(script(steps, True).x)[-1]
    statement = f"published script, n = 100: error of x with γ₂ = 1 and c₀ = 1, after {steps} steps"
    yield Claim(statement, error, at_most=0.05 if quick else 0.025)


# An active inequality


def race(seed: int, steps: int = 2000, **more: Any) -> Trace:
    """Twenty random starts of `ripple` side by side: x (20, 1)."""
    rng = np.random.default_rng(seed)
    x0 = rng.uniform(0, 3, 20)
    y0 = rng.uniform(-1, 3, 20)
    numbers: dict[str, Any] = {"alpha": 0.01, "lam0": np.ones(1), "z0": np.ones(1)} | more
    return run(lv_hba(ripple(), x0[:, None], y0[:, None], **numbers), steps, every=steps)


def off(x: Array) -> Array:
    """Distance to the nearest local minimum of `ripple`'s F(x, x): (*batch, 1) → (*batch)."""
    return abs(x - MINIMA).min(-1)


def active_inequality(quick: bool) -> Iterator[Claim]:
    """An active inequality: all of twenty starts end at a local minimum of the hyper-objective, without any bias.

    Source: Algorithm 1.
    """
    traces = [race(seed) for seed in range(3 if quick else 10)]
    near = [(off(trace.x[-1]) <= 0.02).sum() for trace in traces]
    subject = "active inequality, 20 starts, 2000 steps"
    yield Claim.over(f"{subject}: within 0.02 of a local minimum", near, np.min, at_least=19)
    far = [off(trace.x[-1]).max() for trace in traces]
    yield Claim.over(f"{subject}: largest distance to a local minimum", far, np.max, at_most=0.006)
    far = [abs(trace.lam[-1] - 2 * trace.x[-1]).max() for trace in traces]
    yield Claim.over(f"{subject}: largest distance of λ from 2x", far, np.max, at_most=0.002)
    steps = 6000 if quick else 20_000
    constant = run(lv_hba(ripple(), np.array([1.3]), np.array([0.5]), alpha=0.01, p=0.0), steps, every=steps)
    distance = abs(constant.x[-1, 0] - MINIMA[1])
    statement = f"active inequality, constant c = 1, {steps} steps: distance to a local minimum"
    yield Claim(statement, distance, at_most=1e-6)


# Weights of a support vector machine


class Tuned(NamedTuple):
    """What became of the weights of several seeds; (seeds) each but for C."""

    C: Array  # (seeds, N) learned
    flipped: Array  # (seeds, N) which labels are wrong
    difference: Array  # mean C of clean labels minus that of flipped ones
    auc: Array  # how often a clean label has the larger C
    learned: Array  # test accuracy after retraining with C
    frozen: Array  # … with the start C₀
    common: Array  # … with C = 0


def learning(
    data: weighing.Data, steps: int = 800, alpha_x: float = 5.0, every: int | None = None, progress: Any = False
) -> Trace:
    """C along runs of LV-HBA on some data side by side: the field x, (kept, seeds, N)."""
    ones, lam = np.ones((*data.C0.shape[:-1], weighing.FEATURES + 1 + weighing.TRAIN)), np.ones_like(data.C0)
    numbers: dict[str, Any] = {"alpha": 0.01, "beta": 0.1, "eta": 0.01, "gamma1": 10.0, "gamma2": 10.0}
    states = lv_hba(weighing.svm(data), data.C0, ones, **numbers, alpha_x=alpha_x, lam0=lam, z0=lam)
    return run(states, steps, every=every or steps, keep=["x"], progress=progress)


def tuned(seeds: range, steps: int = 800, alpha_x: float = 5.0) -> Tuned:
    """Learn one weight a training point by LV-HBA, and judge it by retraining."""
    data = weighing.stacked(seeds)
    return judged(learning(data, steps, alpha_x).x[-1], data)


def judged(C: Array, data: weighing.Data) -> Tuned:
    """The weights (seeds, N) held against the labels, and by the accuracy of what is trained with them."""
    train, test = weighing.signed(data.train, data.t_train), weighing.signed(data.test, data.t_test)
    wrong = data.flipped
    clean, bad = ((C * part).sum(-1) / part.sum(-1) for part in (~wrong, wrong))
    wins = (C[..., :, None] > C[..., None, :]) + 0.5 * (C[..., :, None] == C[..., None, :])
    pairs = ~wrong[..., :, None] & wrong[..., None, :]
    scores = (weighing.accuracy(weighing.retrain(train, one), test) for one in (C, data.C0, np.zeros_like(C)))
    return Tuned(C, wrong, clean - bad, (wins * pairs).sum((-1, -2)) / pairs.sum((-1, -2)), *scores)


def noisy_labels(quick: bool) -> Iterator[Claim]:
    """The learned weights tell wrong labels from right ones, and retraining with them is more accurate."""
    found = tuned(range(100, 110))
    subject = "SVM, 18 of 60 labels wrong, 10 seeds"
    yield Claim.over(f"{subject}: mean weight C of right labels minus wrong", found.difference, np.min, at_least=2)
    statement = f"{subject}: share of pairs in which the right label has the larger C"
    yield Claim.over(statement, found.auc, np.min, at_least=0.65)
    gain = found.learned - found.common
    statement = f"{subject}: mean gain in test accuracy over C = 0, after retraining"
    yield Claim.over(statement, gain, np.mean, at_least=0.02)
    gain = found.learned - found.frozen
    yield Claim.over(f"{subject}: mean gain in test accuracy over the start C₀", gain, np.mean, at_least=0.1)


EXPERIMENTS = (flat_lower, symmetric, rates, published, active_inequality, noisy_labels)


def claims(quick: bool = False) -> Claims:
    """All claims; with `quick` on fewer seeds and shorter runs."""
    return collect(EXPERIMENTS, quick)
