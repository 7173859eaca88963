"""One method in every class of smoothness: valleys, soft maxima, labelled points, flat residuals, a chain."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from optilab.core.claim import Claim, Claims, collect
from optilab.core.run import Trace, run
from optilab.papers.gradient_normalized_smoothness import algorithm as alg
from optilab.papers.gradient_normalized_smoothness.problems import (
    Chain,
    LogSumExp,
    Power,
    Valley,
    fisher,
    labelled,
    soft_maximum,
    underdetermined,
)
from optilab.problems.logistic import LogisticRegression
from optilab.problems.metric import Metric

EPS = 1e-8
States = Iterator[Any]


def steps_to(trace: Trace, minimum: float, eps: float = EPS) -> np.ndarray:
    """Steps to f − minimum ≤ eps, (*batch); infinite where it isn't reached."""
    return trace.first(trace.value - minimum <= eps)


def measured(states: States, most: int) -> Trace:
    """A run of at most so many steps; of its states what is drawn and claimed."""
    return run(states, most, keep=["x", "value", "norm", "probes", "status"])


# Powers of Rosenbrock's residuals


def valley_runs(p: float, x0: np.ndarray, metric: Metric | None = None) -> dict[str, States]:
    """All methods on ‖u‖ᵖ/p with Rosenbrock's residuals, from x0 (*batch, 2), to f < 1e-8."""
    f, goal = Power(Valley(), p), alg.Goal(0.0, EPS)
    return {
        "exact": alg.gns(f, x0, hessian=f.hess, metric=metric, goal=goal),
        "Gauss–Newton": alg.gns(f, x0, hessian=f.gauss_newton, metric=metric, goal=goal),
        "Super-Universal": alg.super_universal(f, x0, hessian=f.hess, metric=metric, goal=goal),
        "cubic Newton": alg.cubic_newton(f, x0, metric=metric, goal=goal),
        "gradient method": alg.gm(f, x0, metric=metric, goal=goal),
    }


PUBLISHED = {2: (51, 49), 3: (53, 50), 4: (55, 55), 5: (56, 57), 6: (58, 57), 8: (59, 58)}  # p: exact, Gauss–Newton


def valleys(quick: bool) -> Iterator[Claim]:
    """From (−2, 2) and from random starts: the power of the residual hardly matters to the method."""
    counts: dict[str, list[float]] = {}
    identity, powers = [], (2, 4, 8) if quick else tuple(PUBLISHED)
    for p in powers:
        for name, states in valley_runs(p, np.array([-2.0, 2.0])).items():
            trace = run(states, 8000, keep=None if name in ("exact", "Gauss–Newton") else ["x", "value"])
            counts.setdefault(name, []).append(float(steps_to(trace, 0.0)))
            if "trial" in trace.fields:
                identity.append(abs(trace.probes - alg.probes_of(trace.step, 1.0, trace.trial)).max())
    about = f"valley, from (−2, 2), p = {', '.join(map(str, powers))}"
    off = [
        abs(np.subtract(counts[name], [PUBLISHED[p][k] for p in powers])).max()
        for k, name in enumerate(list(counts)[:2])
    ]
    yield Claim(f"{about}: steps against those that others have published, largest difference", max(off), at_most=1)
    slower = np.maximum(counts["exact"], counts["Gauss–Newton"])
    for name, bounds in (("gradient method", {"at_least": 15}), ("Super-Universal", {"at_least": 1.1, "at_most": 2})):
        ratio = np.divide(counts[name], slower)
        yield Claim(f"{about}: steps of {name} over those of the slower of ours, least", ratio.min(), **bounds)
    cubic = np.divide(counts["cubic Newton"], counts["exact"])
    yield Claim(f"{about}: steps of cubic Newton over ours with exact H, most", cubic.max(), 0.9, 0.4)
    yield Claim(f"{about}: probes less 2K + log₂(γ₀/γ), largest difference", max(identity), at_most=0)
    starts, most = np.random.default_rng(0).uniform(-2, 2, (12, 2)), []
    for p in (2, 4, 8):
        f, goal = Power(Valley(), p), alg.Goal(0.0, EPS)
        ours = [
            steps_to(measured(alg.gns(f, starts, hessian=H, goal=goal), 400), 0.0) for H in (f.hess, f.gauss_newton)
        ]
        most.append(np.max(ours))
        if p < 8 and not quick:
            slow = steps_to(measured(alg.gm(f, starts, goal=goal), 20_000), 0.0) / np.maximum(*ours)
            text = f"valley, 12 random starts, p = {p}: steps of the gradient method over those of the slower of ours"
            yield Claim.over(f"{text}, median", slow, np.median, at_least=150 if p == 2 else 45)
    yield Claim("valley, 12 random starts, p = 2, 4, 8: steps of ours, most", max(most), at_most=70)


# Log-sum-exp


def soft_runs(f: LogSumExp, x0: np.ndarray, gamma0: float = 1.0) -> dict[str, States]:
    """All methods on a soft maximum in B = AᵀA, and the gradient method in B = I too, to f − f* < 1e-8."""
    goal, B = alg.Goal(f.minimum, EPS), f.metric
    return {
        "exact": alg.gns(f, x0, hessian=f.hess, metric=B, gamma0=gamma0, goal=goal),
        "Gauss–Newton": alg.gns(f, x0, hessian=f.gauss_newton, metric=B, gamma0=gamma0, goal=goal),
        "Super-Universal": alg.super_universal(f, x0, hessian=f.hess, metric=B, goal=goal),
        "gradient method": alg.gm(f, x0, metric=B, goal=goal),
        "gradient method, B = I": alg.gm(f, x0, goal=goal),
    }


def soft_counts(seed: int, mu: float, names: Sequence[str], most: int = 2000) -> dict[str, float]:
    """Steps to f − f* < 1e-8 of the methods named, n = 60 and m = 120, from (1, …, 1); infinite beyond `most`."""
    f = soft_maximum(seed, mu)
    runs = soft_runs(f, np.ones(60))
    return {name: float(steps_to(measured(runs[name], most), f.minimum)) for name in names}


def soft_maxima(quick: bool) -> Iterator[Claim]:
    """First derivatives alone, in the right H, do what a gradient method in the same metric can't."""
    seeds = range(5, 9) if quick else range(5, 45)
    for mu in (0.1, 0.05):
        rows = [soft_counts(seed, mu, ("exact", "Gauss–Newton")) for seed in seeds]
        ratio = np.array([row["Gauss–Newton"] / row["exact"] for row in rows])
        text = f"soft maximum, μ = {mu}: steps of Gauss–Newton over exact H"
        yield Claim.over(f"{text}, largest", ratio, np.max, at_most=10)
        yield Claim(f"{text}, mean", ratio.mean(), 6, 2)
    rows = [soft_counts(seed, 1.0, ("exact", "Gauss–Newton")) for seed in range(5)]
    ratio = np.array([row["Gauss–Newton"] / row["exact"] for row in rows])
    yield Claim.over("soft maximum, μ = 1: steps of Gauss–Newton over exact H", ratio, np.max, at_most=2.1)
    gaps = []
    for seed in range(3 if quick else 12):
        f = soft_maximum(seed, 0.1)
        trace = measured(soft_runs(f, np.ones(60))["gradient method"], 2000)
        gaps.append(trace.value[-1] - f.minimum)
    text = "soft maximum, μ = 0.1: f − f* of the gradient method in B = AᵀA after 2000 steps"
    yield Claim.over(text, gaps, np.min, at_least=1e-4)
    extra = []
    for seed in range(2 if quick else 10):
        f = soft_maximum(seed, 0.1)
        runs = [measured(soft_runs(f, np.ones(60), gamma0)["exact"], 400) for gamma0 in (1, 1e-4, 1e4)]
        steps = [steps_to(trace, f.minimum) for trace in runs]
        extra.append(max(abs(np.subtract(steps[1:], steps[0]))))
    text = "soft maximum, μ = 0.1: steps that γ₀ = 1e-4 or 1e4 add or spare, exact H, most"
    yield Claim.over(text, extra, np.max, at_most=30)


def along(f: Any, states: States, most: int = 400) -> dict[str, np.ndarray]:
    """A run on convex f with what theory says of it: gaps and their bounds (K + 1,), γ_k (K,), norms (K + 1,)."""
    trace = run(states, most)
    B = f.metric
    good = trace.status != alg.STALLED
    gap, norm, gamma = trace.value[good] - f.minimum, trace.norm[good], trace.gamma[good][1:]
    distance = B.norm(trace.x[good] - f.minimizer)
    return {
        "gap": gap,
        "norm": norm,
        "gamma": gamma,
        "product": alg.product_bound(gap[0], gamma, norm, distance),
        "flat": alg.convex_bound(gap[0], gamma, norm, 2 * distance.max()),
    }


def promises(quick: bool) -> Iterator[Claim]:
    """What Lemma 1 says of every step and its sums of every run, and how far γ lies from its class.

    Source: Lemma 1.
    """
    for mu, end in ((1.0, 2e-4), (0.1, 0.2)):
        margin, least, progress, radius = [], [], [], []
        for seed in range(3 if quick else 10):
            f = soft_maximum(seed, mu)
            path = along(f, soft_runs(f, np.ones(60))["exact"])
            fall = -np.diff(path["gap"])
            promised = alg.progress(path["gamma"], path["norm"][:-1], path["norm"][1:])
            progress.append((promised / np.maximum(fall, 1e-300))[fall > 1e-13].max())
            margin.append((path["gap"] / path["product"])[1:].max())
            least.append(path["product"][-1] / path["gap"][0])
            k, floor = np.arange(len(path["gamma"])), alg.self_concordant_radius(f.M) / 2
            radius.append((path["gamma"] / np.minimum(2.0**k, floor)).min())
        text = f"soft maximum, μ = {mu:g}, exact H"
        yield Claim.over(f"{text}: promised fall over measured, largest of a run", progress, np.max, at_most=1 + 1e-6)
        yield Claim.over(f"{text}: gap over the bound of the product, largest of a run", margin, np.max, at_most=1)
        yield Claim.over(f"{text}: bound of the product at the end, over the first gap", least, np.max, at_most=end)
        text = f"{text}: γ over the least that its class and γ₀ allow, least of a run"
        yield Claim.over(text, radius, np.min, at_least=1 - 1e-12)


# Labelled points


def logistic_runs(f: LogisticRegression, minimum: float, metric: Metric | None = None) -> dict[str, States]:
    """All methods on logistic regression from 0, to f − minimum < 1e-8."""
    x0, goal = np.zeros(f.A.shape[1]), alg.Goal(minimum, EPS)
    L = f.L if metric is None else float(np.linalg.eigvalsh(metric.pencil(f.signed.T @ f.signed))[-1] / (4 * len(f.y)))
    return {
        "exact": alg.gns(f, x0, hessian=f.hess, metric=metric, goal=goal),
        "Fisher": alg.gns(f, x0, hessian=fisher(f), metric=metric, goal=goal),
        "zero": alg.gns(f, x0, hessian=alg.zero, metric=metric, goal=goal),
        "gradient method": alg.gm(f, x0, metric=metric, goal=goal),
        "constant step": alg.gm_const(f, x0, L=L, metric=metric, goal=goal),
    }


def least_loss(f: LogisticRegression) -> float:
    """The smallest value of f where labels are noisy, by exact steps to ‖g‖ < 1e-11."""
    x0, goal = np.zeros(f.A.shape[1]), alg.Goal(grad_tol=1e-11)
    return float(run(alg.gns(f, x0, hessian=f.hess, goal=goal), 300, keep=["x", "value"]).value[-1])


def decades(trace: Trace, minimum: float) -> np.ndarray:
    """Steps to f − f* ≤ 1e-2, 1e-4, 1e-6, 1e-8: (4,)."""
    return np.array([steps_to(trace, minimum, 10.0**-k) for k in (2, 4, 6, 8)])


def logistic(quick: bool) -> Iterator[Claim]:
    """On separable data what adapts its steps to the falling loss is linear, with curvature or without."""
    seeds = range(1, 4) if quick else range(1, 13)
    pace: dict[str, list[float]] = {}
    sublinear, early, slope = [], [], []
    for seed in seeds:
        f = labelled(seed)
        runs = logistic_runs(f, 0.0)
        found = {
            name: decades(measured(runs[name], 1500), 0.0) for name in ("exact", "Fisher", "zero", "gradient method")
        }
        for name in ("exact", "Fisher", "zero"):
            last, before = found[name][3] - found[name][2], found[name][2] - found[name][1]
            pace.setdefault(name, []).append(last / before)
        constant = measured(runs["constant step"], 60_000) if not quick else measured(runs["constant step"], 25_000)
        sublinear.append(steps_to(constant, 0.0, 1e-3) / steps_to(constant, 0.0, 1e-2))
        early.append(found["Fisher"][0] / found["gradient method"][0])
        slope.append(found["Fisher"][3] / found["zero"][3])
    for name, ratio in pace.items():
        text = f"separable points: steps for the last two decades over those for the two before, {name}"
        yield Claim.over(f"{text}, most", ratio, np.max, at_most=1.5)
        yield Claim.over(f"{text}, least", ratio, np.min, at_least=0.7)
    yield Claim.over("separable points: steps of the constant step to 1e-3 over 1e-2", sublinear, np.min, at_least=8)
    yield Claim.over("separable points: steps to 1e-2, Fisher over the gradient method", early, np.max, at_most=0.65)
    yield Claim("separable points: steps to 1e-8, Fisher over H = 0, mean", np.mean(slope), 1.0, 0.8)
    gain = []
    for seed in seeds:
        f = labelled(seed, flips=0.1)
        least = least_loss(f)
        runs = logistic_runs(f, least)
        steps = {name: steps_to(measured(runs[name], 2500), least) for name in ("Fisher", "zero", "gradient method")}
        gain.append(steps["Fisher"] / min(steps["zero"], steps["gradient method"]))
    text = "10 % flipped labels: steps to 1e-8, Fisher over the better of H = 0 and the gradient method"
    yield Claim.over(text, gain, np.max, at_most=0.4)


def geometry(quick: bool) -> Iterator[Claim]:
    """The data's own metric is an approximate Hessian: with it H = 0 is as good as Fisher."""
    ratio = []
    for seed in range(4 if quick else 12):
        f = labelled(seed)
        B = Metric(f.signed.T @ f.signed / len(f.y))
        plain, inner = (measured(logistic_runs(f, 0.0, metric)["zero"], 1500) for metric in (None, B))
        ratio.append(steps_to(plain, 0.0) / steps_to(inner, 0.0))
    text = "separable points: steps of H = 0 in B = I over B = MᵀM/n, median"
    yield Claim.over(text, ratio, np.median, at_least=1.8)


# Residuals that can all vanish


def flat_runs(seed: int) -> dict[str, States]:
    """All methods on ‖Ax − b‖⁴/4, 40 equations in 80 unknowns, in B = AᵀA + 1e-8 I, from (1, …, 1) to f < 1e-8."""
    u, x0, goal = underdetermined(seed), np.ones(80), alg.Goal(0.0, EPS)
    f, B = Power(u, 4.0), Metric(u.A.T @ u.A + 1e-8 * np.eye(80))
    return {
        "exact": alg.gns(f, x0, hessian=f.hess, metric=B, goal=goal),
        "Fisher": alg.gns(f, x0, hessian=f.fisher, metric=B, goal=goal),
        "zero": alg.gns(f, x0, hessian=alg.zero, metric=B, goal=goal),
        "gradient method": alg.gm(f, x0, metric=B, goal=goal),
        "gradient method, B = I": alg.gm(f, x0, goal=goal),
    }


def rank_one(quick: bool) -> Iterator[Claim]:
    """With AᵀA in the metric the zero matrix wins."""
    seeds = range(4 if quick else 17)
    counts = [{name: float(steps_to(measured(z, 200), 0.0)) for name, z in flat_runs(seed).items()} for seed in seeds]
    for name, bound in (("exact", 27), ("Fisher", 19), ("zero", 16), ("gradient method", 26)):
        yield Claim.over(f"‖Ax − b‖⁴: most steps, {name}", [row[name] for row in counts], np.max, at_most=bound)
    ratio = [row["zero"] / row["exact"] for row in counts]
    yield Claim.over("‖Ax − b‖⁴: steps of H = 0 over exact H", ratio, np.max, at_most=0.7)


# A chain


def chain_runs(x0: np.ndarray) -> dict[str, States]:
    """Exact H, Gauss–Newton and the gradient method on Chebyshev's chain with p = 4, from x0 (*batch, n)."""
    f, goal = Power(Chain(), 4.0), alg.Goal(0.0, EPS)
    return {
        "exact": alg.gns(f, x0, hessian=f.hess, goal=goal),
        "Gauss–Newton": alg.gns(f, x0, hessian=f.gauss_newton, goal=goal),
        "gradient method": alg.gm(f, x0, goal=goal),
    }


def chain(quick: bool) -> Iterator[Claim]:
    """Where the Hessian is indefinite, Gauss–Newton needs no repair; where it freezes, f says so and ‖g‖ doesn't."""
    x0 = np.stack([np.random.default_rng(seed).uniform(0, 1, 50) for seed in range(4 if quick else 60)])
    exact, newton = (run(chain_runs(x0)[name], 400) for name in ("exact", "Gauss–Newton"))
    steps = steps_to(newton, 0.0)
    there = np.isfinite(steps)
    yield Claim.over("chain, n = 50: steps of Gauss–Newton where it gets there", steps[there], np.max, at_most=25)
    yield Claim("chain, n = 50: probes of Gauss–Newton at an indefinite matrix", newton.failures[-1].max(), at_most=0)
    yield Claim(
        "chain, n = 50: probes of exact H at an indefinite matrix, fewest", exact.failures[-1].min(), at_least=1
    )
    frozen = newton.norm[-1][~there]
    yield Claim.over("chain, n = 50: ‖g‖ where f has frozen above 1e-8", frozen, np.max, at_most=1e-8)
    if not quick:
        yield Claim("chain, n = 50: share of starts from which Gauss–Newton gets there", there.mean(), 0.99, 0.6)


EXPERIMENTS = (valleys, soft_maxima, promises, logistic, geometry, rank_one, chain)


def claims(quick: bool = False) -> Claims:
    """All claims; with `quick` on fewer seeds."""
    return collect(EXPERIMENTS, quick)
