"""What moving weights gain over fixed ones, what a scaled reward does, and where moving weights lose."""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from scipy.spatial import KDTree

from optilab.core.check import require
from optilab.core.claim import Claim, Claims, collect
from optilab.core.randomness import separate
from optilab.core.run import Trace, run
from optilab.papers.dynamic_reward_weighting import algorithm as alg
from optilab.papers.dynamic_reward_weighting.algorithm import EXACT, Gradients
from optilab.papers.dynamic_reward_weighting.problems import FactoredBandit, Heads, Tokens, instance, logit
from optilab.problems.stable import softmax

Array = np.ndarray
SETTINGS = {
    "accuracy-focused": (0.5, 0.25, 0.25),
    "balanced": (0.334, 0.333, 0.333),
    "efficiency-focused": (0.25, 0.375, 0.375),
}
METHODS = {
    "fixed weights": alg.fixed_weights,
    "gradient-based": alg.gradient_weights,
    "hypervolume-guided": alg.hypervolume_guided,
    "least norm": alg.mgda_weights,
}
LR = {"GRPO": 1.0, "REINFORCE++": 1.0, "Dr. GRPO": 3.0, "RLOO": 3.0, "REINFORCE": 3.0}
REFERENCE = np.array([0.0, -8.0, 0.0])  # accuracy, −tokens, format at their worst
T = 200


class Run(NamedTuple):
    """Checkpoints of a run on the bandit, one run a seed."""

    J: Array  # (T + 1, seeds, 3) accuracy, −tokens, format
    HV: Array  # (T + 1, seeds) hypervolume of the checkpoints so far
    trace: Trace


def learn(
    method: str,
    estimator: str,
    seeds: Sequence[int],
    *,
    w: str | Sequence[float] = "balanced",
    lr: float | None = None,
    problem: FactoredBandit | None = None,
    steps: int = T,
    **numbers: Any,
) -> Run:
    """Run a method on the bandit, each seed with responses of its own, the same for all methods.

    Parameters
    ----------
    method : str
        A name in `METHODS`.
    estimator : str
        What makes advantages of rewards.
    seeds : sequence of int
        One run each.
    w : str or three numbers
        A name in `SETTINGS`, or the weights to begin with.
    lr : float, optional
        Step length; that of `LR` without.
    problem : FactoredBandit, optional
        Instance 0 without.
    steps : int
        How many.
    **numbers
        `ratio`, `acc` or `hv_scale` of the method.

    Raises
    ------
    ValueError
        If there is no such method, estimator or setting.
    """
    require(method in METHODS, "method", method, f"one of {list(METHODS)}")
    require(estimator in LR, "estimator", estimator, f"one of {list(LR)}")
    require(not isinstance(w, str) or w in SETTINGS, "w", w, f"three weights, or one of {list(SETTINGS)}")
    bandit = instance(0) if problem is None else problem
    gradients = Gradients(bandit, estimator)
    theta0 = np.broadcast_to(bandit.start, (len(seeds), bandit.p))
    weights = np.array(SETTINGS[w] if isinstance(w, str) else w)
    lr = LR[estimator] if lr is None else lr
    rng: Any = separate(seeds)
    states = METHODS[method](gradients, theta0, w=weights, lr=lr, rng=rng, **numbers)
    trace = run(states, steps)
    J = bandit.J(trace.theta)
    return Run(J, alg.progress(J, REFERENCE), trace)


@cache
def baseline(estimator: str, count: int, w: str = "balanced") -> Run:
    """The runs with fixed weights and seeds 0, 1, …, that most claims compare with."""
    return learn("fixed weights", estimator, range(count), w=w)


def reached(HV: Array, level: Array) -> Array:
    """The first step at which the hypervolume (T + 1, seeds) is at the level (seeds), inf where it never is."""
    there = np.greater_equal(HV, level)
    return np.where(there.any(0), there.argmax(0), np.inf)


# Moving weights

CONTESTS = (("GRPO", 2.0, 0.3), ("REINFORCE++", 2.0, 0.3), ("RLOO", 8.0, 0.4))  # estimator, ratio, least mean gain


def wrong_weights(quick: bool) -> Iterator[Claim]:
    """From weights that are wrong for the problem, moving ones end higher, in fewer steps; right ones they match."""
    count = 10 if quick else 60
    for estimator, ratio, least in CONTESTS:
        fixed, tuned = baseline(estimator, count), baseline(estimator, count, "accuracy-focused")
        ours = learn("gradient-based", estimator, range(count), ratio=ratio)
        gain = ours.HV[-1] - fixed.HV[-1]
        subject = f"{estimator}, from balanced weights, ratio {ratio:g}"
        yield Claim.over(f"{subject}: gain in hypervolume over fixed ones, mean", gain, np.mean, at_least=least)
        yield Claim(f"{subject}: share of seeds with a gain", (gain > 0).mean(), at_least=0.9)
        share = reached(ours.HV, fixed.HV[-1]) / T
        yield Claim.over(f"{subject}: share of the steps to their final hypervolume", share, np.median, at_most=0.75)
        rest = ours.HV[-1] - tuned.HV[-1]
        statement = f"{subject}: gain over accuracy-focused fixed weights, none to speak of"
        yield Claim.over(statement, rest, np.mean, at_least=-0.15, at_most=0.15)
    shortest = learn("least norm", "GRPO", range(count)).HV[-1] - baseline("GRPO", count).HV[-1]
    yield Claim.over("GRPO, least-norm weights: gain over balanced fixed ones", shortest, np.mean, at_most=-0.4)


def other_instances(quick: bool) -> Iterator[Claim]:
    """Moving weights end higher on other needs and guesses as well."""
    count, runs = (3, 5) if quick else (8, 10)
    over_balanced, over_accuracy = [], []
    for seed in range(1, count + 1):
        setup: dict[str, Any] = {"estimator": "GRPO", "seeds": range(runs), "problem": instance(seed)}
        ours = learn("gradient-based", ratio=2.0, **setup).HV[-1].mean()
        over_balanced.append(ours - learn("fixed weights", **setup).HV[-1].mean())
        over_accuracy.append(ours - learn("fixed weights", w="accuracy-focused", **setup).HV[-1].mean())
    subject = f"GRPO, {count} other instances, ratio 2"
    yield Claim.over(f"{subject}: gain over balanced fixed weights, least", over_balanced, np.min, at_least=0.15)
    statement = f"{subject}: gain over accuracy-focused ones, none to speak of"
    yield Claim.over(statement, over_accuracy, np.mean, at_least=-0.15, at_most=0.15)


# The scaled reward


def farthest(one: Run, other: Run) -> Array:
    """The largest difference of an objective on the way, seed by seed: (seeds)."""
    return abs(one.J - other.J).max((0, -1))


def cancelled(quick: bool) -> Iterator[Claim]:
    """A factor on the reward cancels in GRPO and REINFORCE++; in RLOO it is a step length."""
    count = 10 if quick else 60
    fixed = {name: baseline(name, count) for name in ("GRPO", "REINFORCE++", "RLOO")}
    scaled = {name: learn("hypervolume-guided", name, range(count), hv_scale=1000.0) for name in fixed}
    off = {name: farthest(scaled[name], fixed[name]) for name in fixed}
    subject = "scaled by m, hv_scale 1000, against fixed weights"
    yield Claim.over(f"{subject}: farthest J on the way, GRPO", off["GRPO"], np.median, at_most=5e-3)
    difference = scaled["GRPO"].HV[-1] - fixed["GRPO"].HV[-1]
    yield Claim(f"{subject}: mean difference of final hypervolume, GRPO", abs(difference.mean()), at_most=0.03)
    statement = f"{subject}: farthest J on the way, REINFORCE++"
    yield Claim.over(statement, off["REINFORCE++"], np.max, at_most=1e-5)
    yield Claim.over(f"{subject}: farthest J on the way, RLOO", off["RLOO"], np.min, at_least=0.05)
    slowest = learn("hypervolume-guided", "RLOO", range(count), hv_scale=1.0)
    for hv_scale, ours, most in ((1, slowest, 0.52), (1000, scaled["RLOO"], 0.85)):
        m = ours.trace.m[:-1].mean()
        subject = f"RLOO, hv_scale {hv_scale}"
        yield Claim(f"{subject}: mean m on the way, a shorter step", m, at_most=most)
        same = learn("fixed weights", "RLOO", range(count), lr=float(m * LR["RLOO"]))
        off_by = abs((ours.HV[-1] - same.HV[-1]).mean())
        yield Claim(f"{subject}: mean hypervolume, off that of fixed weights with steps m times as long", off_by, 0.06)
    if not quick:
        long = learn("hypervolume-guided", "RLOO", range(count), lr=6.0, hv_scale=1000.0).HV[-1]
        rest = learn("fixed weights", "RLOO", range(count), lr=6.0).HV[-1]
        statement = f"{subject}, steps twice as long for both: gain over fixed weights, none"
        yield Claim.over(statement, long - rest, np.mean, at_most=0.0)


def nearest(path: Array, other: Array) -> float:
    """The largest distance of a point of one path (T + 1, p) to the nearest one of another."""
    distance, _ = KDTree(other).query(path)
    return float(distance.max())


def on_heads(method: str, steps: int, **numbers: Any) -> Trace:
    """A method on the three heads with exact gradients that aren't clipped, from even logits and even weights."""
    heads = Heads()
    gradients = Gradients(heads, EXACT, clip=np.inf)
    settings = {"w": np.full(heads.K, 1 / heads.K)} | numbers
    return run(METHODS[method](gradients, np.zeros(heads.p), **settings), steps)


def same_curve(quick: bool) -> Iterator[Claim]:
    """With exact gradients and short steps the scaled reward goes along the same curve, at another pace."""
    for lr, bound in ((1.0, 0.03), (0.1, 0.003), (0.02, 0.0006))[: 2 if quick else 3]:
        subject = f"three heads, lr {lr:g}, farthest J from the path of fixed weights"
        fixed = Heads().J(on_heads("fixed weights", round(200 / lr), lr=lr).theta)
        off = []
        for hv_scale in (1.0, 1000.0):
            scaled = on_heads("hypervolume-guided", round(100 / lr), lr=lr, hv_scale=hv_scale)
            off.append(nearest(Heads().J(scaled.theta), fixed))
        yield Claim(f"{subject}: scaled by m, worst of hv_scale 1 and 1000", max(off), bound)
        if lr >= 0.1:
            ours = on_heads("gradient-based", round(100 / lr), lr=lr, ratio=lr)
            yield Claim(f"{subject}: moving weights, μ = 1", nearest(Heads().J(ours.theta), fixed), at_least=0.08)


# A front that is bent inwards

SHARES = (0.25, 0.4, 0.5, 0.6, 0.75)
STARTS = (0.05, 0.3, 0.45, 0.55, 0.8, 0.95)


def ends_of_tokens(steps: int = 2000, lr: float = 0.5, **numbers: Any) -> Array:
    """Where exact ascent ends: J for H in 2, 3, 4, 6, five weights and six starts: (4, 5, 6, 2)."""
    w = np.array(SHARES)[:, None, None]
    weights = np.broadcast_to(np.concatenate([w, 1 - w], -1), (len(SHARES), len(STARTS), 2))
    theta0 = np.broadcast_to(logit(np.array(STARTS)), (len(SHARES), len(STARTS), 1))
    method = alg.gradient_weights if numbers else alg.fixed_weights
    ends = []
    for H in (2, 3, 4, 6):
        gradients = Gradients(Tokens(H), EXACT, clip=np.inf)
        states = method(gradients, theta0, w=weights, lr=lr, **numbers)
        ends.append(Tokens(H).J(run(states, steps, every=steps, keep=["theta"]).theta[-1]))
    return np.array(ends)


def bent(quick: bool) -> Iterator[Claim]:
    """Where the front is bent inwards fixed weights end at one of its ends, and which one is decided by the start."""
    ends = ends_of_tokens()
    corner = np.minimum(abs(ends - [1, 0]).max(-1), abs(ends - [0, 1]).max(-1))
    subject = "tokens, H from 2 to 6, five weights, six starts"
    yield Claim(f"{subject}: J of fixed weights, farthest from an end of the front", corner.max(), at_most=0.01)
    right = np.array([[[p > alg.watershed(w, H) for p in STARTS] for w in SHARES] for H in (2, 3, 4, 6)])
    yield Claim(
        f"{subject}: share that goes to the end its side of p* says", ((ends[..., 0] > 0.5) == right).mean(), 1, 1
    )
    moving = ends_of_tokens(ratio=1.0)[:, SHARES.index(0.5), STARTS.index(0.45)]
    yield Claim(f"{subject}: J₂ of moving weights from w = ½, p = 0.45, least", moving[:, 1].min(), at_least=0.99)


# Where moving weights lose

RATIOS = (0.1, 0.3, 1.0, 3.0, 10.0)


def steps_to_all(J: Array, level: float = 0.9) -> float:
    """The first step of (T + 1, K) at which all objectives are at the level; inf if none is."""
    there = np.greater_equal(J, level).all(-1)
    return float(there.argmax()) if there.any() else np.inf


def heads_steps(method: str, **numbers: Any) -> float:
    """Steps until all three heads take their first arm with probability 0.9, at lr = 1; inf if more than 500."""
    return steps_to_all(Heads().J(on_heads(method, 500, **numbers).theta))


def forgetful_steps(ratio: float) -> float:
    """As `heads_steps`, with weights softmax(ratio I), without what they were; all on the largest I at a huge ratio."""
    heads = Heads()
    theta = np.zeros(heads.p)
    J = [heads.J(theta)]
    for _ in range(500):
        g = heads.jac(theta)
        theta = theta + softmax(ratio * alg.influence(g)) @ g
        J.append(heads.J(theta))
    return steps_to_all(np.array(J))


def starved(quick: bool) -> Iterator[Claim]:
    """Without a conflict moving weights serve what is easy first, and remember it: the rest starves."""
    subject = "steps until heads of 2, 4 and 16 arms have J = 0.9"
    fixed = heads_steps("fixed weights")
    yield Claim(f"{subject}: even fixed weights", fixed, 95, 95)
    yield Claim(f"{subject}: fixed (0.2, 0.2, 0.6)", heads_steps("fixed weights", w=np.array([0.2, 0.2, 0.6])), 68, 68)
    slower = [heads_steps("gradient-based", ratio=ratio) / fixed for ratio in RATIOS]
    said = ", ".join(f"{ratio:g}" for ratio in RATIOS)
    yield Claim(f"{subject}: moving ones at ratio {RATIOS[-1]:g}, over even fixed ones", slower[-1], at_least=3)
    statement = f"{subject}: moving ones over even fixed ones, least growth along the ratios {said}"
    yield Claim(statement, np.diff(slower).min(), at_least=0.01)
    yield Claim(f"{subject}: moving ones at ratio 10,000", heads_steps("gradient-based", ratio=1e4), 69, 69)
    yield Claim(f"{subject}: all weight on the largest influence, anew in each step", forgetful_steps(1e9), 65, 65)
    anew = max(forgetful_steps(ratio) for ratio in RATIOS)
    yield Claim(f"{subject}: weights softmax(ratio I) that forget, worst of the ratios {said}", anew, 95, 95)
    for hv_scale, steps in ((1000.0, 63), (1.0, 188)):
        found = heads_steps("hypervolume-guided", hv_scale=hv_scale)
        yield Claim(f"{subject}: scaled by m, hv_scale {hv_scale:g}", found, steps, steps)


def no_gain(quick: bool) -> Iterator[Claim]:
    """Where objectives hardly conflict there is nothing to gain; without a baseline the influences are noise."""
    seeds = range(10) if quick else range(20)
    easy = instance(0)
    easy = FactoredBandit(np.minimum(easy.need, 1), easy.right)
    fixed = learn("fixed weights", "GRPO", seeds, problem=easy)
    ours = learn("gradient-based", "GRPO", seeds, problem=easy, ratio=2.0)
    gain = ours.HV[-1] - fixed.HV[-1]
    yield Claim.over("GRPO, needs of 0 and 1 only, ratio 2: gain in hypervolume", gain, np.mean, at_most=0.05)
    plain = [learn("fixed weights", "REINFORCE", seeds).HV[-1]]
    plain += [learn("gradient-based", "REINFORCE", seeds, ratio=ratio).HV[-1] for ratio in (2.0, 8.0)]
    for (before, after), change in zip(((0, 1), (1, 2)), ("0 to 2", "2 to 8"), strict=True):
        statement = f"REINFORCE without baseline: gain from raising the ratio from {change}"
        yield Claim.over(statement, plain[after] - plain[before], np.mean, at_most=-0.15)


def third_digit(quick: bool) -> Iterator[Claim]:
    """GRPO divides by the deviation of a group, so weights that differ in the third digit are different weights."""
    count = 10 if quick else 60
    third = (1 / 3, 1 / 3, 1 / 3)
    for estimator, least, most in (("GRPO", 0.05, np.inf), ("RLOO", -0.03, 0.03)):
        gain = baseline(estimator, count).HV[-1] - learn("fixed weights", estimator, range(count), w=third).HV[-1]
        statement = f"fixed (0.334, 0.333, 0.333) over thirds: gain in hypervolume, {estimator}"
        yield Claim.over(statement, gain, np.mean, at_least=least, at_most=most)


EXPERIMENTS = (wrong_weights, other_instances, third_digit, cancelled, same_curve, bent, starved, no_gain)


def claims(quick: bool = False) -> Claims:
    """All claims; with `quick` on fewer seeds and instances."""
    return collect(EXPERIMENTS, quick)
