"""What the acceptance test saves and what it can't, on the arithmetic whose accuracy is known exactly."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from optilab.core.check import require
from optilab.core.claim import Claim, Claims, collect
from optilab.core.randomness import separate
from optilab.core.run import run
from optilab.papers.capo import algorithm as alg
from optilab.papers.capo.problems import Language, arithmetic, base_policy

Array = np.ndarray
METHODS: Mapping[str, Callable[..., Iterator[Any]]] = {
    "plain": alg.policy_gradient,
    "CAPO": alg.capo,
    "random mask": alg.random_mask,
}
STEPS = 300
CONSERVATIVE: dict[str, Any] = {"lr": 10.0, "prompts": 24, "steps": 150}
LEVEL = 0.6  # the accuracy that is to be reached
LOST = 1e-3  # probability of success below which a prompt's groups are all zeros


class Run(NamedTuple):
    """One run a seed."""

    accuracy: Array  # (steps + 1, seeds) exact
    rejected: Array  # (steps, seeds) share of the tokens
    responses: int  # of a step
    theta: Array  # (steps + 1, seeds, Kd)
    world: Language

    @property
    def kl(self) -> Array:
        """KL(π‖π′) of each step, mean over the contexts of right answers: (steps, seeds)."""
        return np.stack([self.world.kl(*pair) for pair in pairwise(self.theta)])

    @property
    def completions(self) -> Array:
        """Responses up to the first step with accuracy 0.6, inf where there is none: (seeds)."""
        there = self.accuracy >= LEVEL
        return np.where(there.any(0), there.argmax(0) * self.responses, np.inf)


@lru_cache(8)
def prepared(seeds: tuple[int, ...], scale: float, share: float) -> tuple[Language, Array]:
    """Worlds and their base policies."""
    world = arithmetic(seeds, scale, share)
    return world, base_policy(world)


def learn(
    method: str,
    base: str,
    seeds: Sequence[int],
    *,
    steps: int = STEPS,
    scale: float = 16.0,
    share: float = 0.05,
    progress: Any = False,
    **numbers: Any,
) -> Run:
    """Run a method on the arithmetic, each seed with a world and responses of its own, the same for all methods.

    Parameters
    ----------
    method : str
        A name in `METHODS`.
    base : str
        What makes advantages, one of `algorithm.BASES`.
    seeds : sequence of int
        One run each.
    steps : int
        Updates to make.
    scale, share : float
        Length of a long feature, and probability of one.
    progress
        As in `run`.
    **numbers
        What else the method takes.

    Raises
    ------
    ValueError
        If there is no such method.
    """
    require(method in METHODS, "method", method, f"one of {list(METHODS)}")
    world, theta0 = prepared(tuple(seeds), scale, share)
    if method == "random mask":
        numbers["mask_rng"] = separate([10_000 + seed for seed in seeds])
    states = METHODS[method](world, theta0, base=base, rng=separate(seeds), **numbers)
    trace = run(states, steps, keep=["theta", "kept"], progress=progress)
    accuracy = np.stack([world.accuracy(theta) for theta in trace.theta])
    rejected = 1 - trace.kept[1:].mean((-1, -2))
    return Run(accuracy, rejected, trace.kept.shape[-2], trace.theta, world)


@cache
def main(method: str, base: str, count: int, scale: float = 16.0) -> Run:
    """The run that several claims compare with: aggressive, seeds 0 … count − 1."""
    return learn(method, base, range(count), scale=scale)


def seeds_of(quick: bool) -> int:
    """How many seeds a claim is measured on."""
    return 12 if quick else 24


# What the test saves


def saved(quick: bool) -> Iterator[Claim]:
    """At four times the step and a twelfth of the batch GRPO breaks and CAPO learns."""
    count = seeds_of(quick)
    plain, ours = main("plain", "GRPO", count), main("CAPO", "GRPO", count)
    subject = "steps of 40, 2 × 8 responses"
    gain = ours.accuracy[-1] - plain.accuracy[-1]
    yield Claim.over(f"{subject}: final accuracy, CAPO − GRPO, mean", gain, np.mean, at_least=0.1)
    yield Claim.over(f"{subject}: final accuracy, CAPO, mean", ours.accuracy[-1], np.mean, at_least=0.6)
    there = np.isfinite(ours.completions)
    yield Claim(f"{subject}: share of seeds on which CAPO reaches 0.6", there.mean(), at_least=0.66 if quick else 0.75)
    there = np.isfinite(plain.completions)
    yield Claim(f"{subject}: share of seeds on which GRPO reaches 0.6", there.mean(), at_most=0.6)
    yield Claim(f"{subject}: share of tokens that CAPO leaves out", ours.rejected.mean(), at_most=0.02)
    ratio = plain.kl.max(0) / ours.kl.max(0)
    yield Claim.over(f"{subject}: largest KL of a step, GRPO over CAPO, median", ratio, np.median, at_least=3)
    careful = learn("plain", "GRPO", range(6 if quick else count), **CONSERVATIVE)
    sooner = np.median(careful.completions) / np.median(ours.completions[there])
    statement = f"{subject}: responses to 0.6, careful GRPO (steps of 10, 24 × 8) over CAPO, medians"
    yield Claim(statement, sooner, at_least=5)


def by_lot(quick: bool) -> Iterator[Claim]:
    """Leaving out as many tokens by lot, or more, gains little of what CAPO gains: it matters which.

    Over 192 seeds lots of 5 % gain nothing, 0.00 ± 0.02; over 12 or 24 the mean scatters by more, hence the bounds.
    """
    count = seeds_of(quick)
    ours, plain = main("CAPO", "GRPO", count), main("plain", "GRPO", count)
    for rate in (0.05,) if quick else (0.05, 0.008):
        lots = learn("random mask", "GRPO", range(count), rate=rate)
        gain = ours.accuracy[-1] - lots.accuracy[-1]
        statement = f"tokens left out by lot, {rate:.1%}: final accuracy, CAPO − lots, mean"
        yield Claim.over(statement, gain, np.mean, at_least=0.12)
        rest, most = lots.accuracy[-1] - plain.accuracy[-1], ours.accuracy[-1] - plain.accuracy[-1]
        statement = f"tokens left out by lot, {rate:.1%}: what lots gain over GRPO, share of what CAPO gains, means"
        yield Claim(statement, rest.mean() / most.mean(), at_most=0.55 if quick else 0.5)


def other_brakes(quick: bool) -> Iterator[Claim]:
    """PPO's clipping and a price on the KL divergence act after a step too long, or are too long a step themselves."""
    count = seeds_of(quick)
    ours = main("CAPO", "GRPO", count).accuracy[-1]
    for clip in (0.02,) if quick else (0.2, 0.02, 0.002):
        found = learn("plain", "GRPO", range(count), epochs=4, clip=clip)
        statement = f"four epochs on a batch, clipped at {clip:g}: final accuracy, CAPO − this, mean"
        yield Claim.over(statement, ours - found.accuracy[-1], np.mean, at_least=0.1)
    for beta in (0.1,) if quick else (0.01, 0.1, 1.0):
        found = learn("plain", "GRPO", range(count), beta=beta)
        statement = f"a price of {beta:g} on the KL: final accuracy, CAPO − this, mean"
        yield Claim.over(statement, ours - np.nan_to_num(found.accuracy[-1]), np.mean, at_least=0.1)


def other_bases(quick: bool) -> Iterator[Claim]:
    """The same test under two other estimators."""
    count = seeds_of(quick)
    for base in ("Dr. GRPO",) if quick else ("Dr. GRPO", "REINFORCE"):
        ours, plain = main("CAPO", base, count), main("plain", base, count)
        gain = ours.accuracy[-1] - plain.accuracy[-1]
        yield Claim.over(
            f"{base}: final accuracy, with the test − without, mean",
            gain,
            np.mean,
            at_least=0.03 if base == "Dr. GRPO" else 0.02,
        )
        yield Claim(f"{base}: share of tokens left out", ours.rejected.mean(), at_most=0.005)


# Where it saves nothing


def even_lengths(quick: bool) -> Iterator[Claim]:
    """Without long features there is nothing to save: the test costs a little."""
    count = seeds_of(quick)
    ours, plain = main("CAPO", "GRPO", count, 1.0), main("plain", "GRPO", count, 1.0)
    difference = ours.accuracy[-1] - plain.accuracy[-1]
    yield Claim.over(
        "no long features: final accuracy, CAPO − GRPO, mean", difference, np.mean, at_least=-0.045, at_most=0.03
    )
    yield Claim.over("no long features: final accuracy, GRPO, mean", plain.accuracy[-1], np.mean, at_least=0.68)


def one_sided(quick: bool) -> Iterator[Claim]:
    """Refusing every token whose m_H is negative refuses too many."""
    count = seeds_of(quick)
    strict, ours = learn("CAPO", "GRPO", range(count), lowH=0.0), main("CAPO", "GRPO", count)
    yield Claim("only 0 ≤ m_H < τ_H: share of tokens left out", strict.rejected.mean(), at_least=0.2)
    loss = ours.accuracy[-1] - strict.accuracy[-1]
    yield Claim.over("only 0 ≤ m_H < τ_H: final accuracy, CAPO − this, mean", loss, np.mean, at_least=0.25)


def with_adam(quick: bool) -> Iterator[Claim]:
    """Adam divides by the size of what is left, so leaving out the largest changes little."""
    count = 4 if quick else 8
    setting: dict[str, Any] = {"optimizer": "Adam", "lr": 0.3}
    plain = learn("plain", "GRPO", range(count), **setting)
    yield Claim.over("Adam, steps of 0.3: final accuracy, GRPO, mean", plain.accuracy[-1], np.mean, at_most=0.45)
    best = -np.inf
    for tauF in (14.0,) if quick else (41.0, 14.0, 4.1):
        ours = learn("CAPO", "GRPO", range(count), model="Adam", tauH=np.inf, tauF=tauF, **setting)
        best = max(best, float((ours.accuracy[-1] - plain.accuracy[-1]).mean()))
    yield Claim("Adam, steps of 0.3: gain of CAPO, mean over seeds, best of the thresholds tried", best, at_most=0.08)


# How the model sees a step


def lost_prompts(run: Run, step: int = 100) -> tuple[Array, Array]:
    """Share of prompts that succeed with probability below 10⁻³ after so many steps, and of these above 0.3 at the end.

    Returns
    -------
    lost, back : array (seeds)
        `back` is 0 where none was lost.
    """
    then, end = run.world.success(run.theta[step]), run.world.success(run.theta[-1])
    lost = then < LOST
    return lost.mean(-1), (lost & (end > 0.3)).sum(-1) / np.maximum(lost.sum(-1), 1)


def for_good(quick: bool) -> Iterator[Claim]:
    """A policy collapses prompt by prompt, and a prompt whose groups are all zeros stays lost."""
    count = seeds_of(quick)
    for method, low, high in (("plain", 0.15, np.inf), ("CAPO", -np.inf, 0.16)):
        lost, back = lost_prompts(main(method, "GRPO", count))
        subject = f"{'GRPO' if method == 'plain' else method}, after 100 steps"
        yield Claim.over(
            f"{subject}: share of prompts lost (success below 10⁻³), mean", lost, np.mean, at_least=low, at_most=high
        )
        if method == "plain":
            yield Claim.over(f"{subject}: of these above 0.3 after 300, mean", back, np.mean, at_most=0.15)


class Foretold(NamedTuple):
    """One step of one batch, times scales c: what the model says of it, and what is true, means over tokens."""

    kl: Array  # (c)
    all_tokens: Array  # (c) m_F, averaged over what might have been drawn
    drawn: Array  # (c) m_F of what was drawn
    mH: Array  # (c)
    truth: Array  # (c) A(ρ − 1)


def batch_at_base(seed: int, prompts: int = 2, G: int = 8) -> tuple[alg.Rollout, Array, Array]:
    """The first batch with a signal at the base policy, its advantages and its aggregated gradient (K, d)."""
    world, theta = prepared((seed,), 16.0, 0.05)
    rng: Any = separate([seed])
    while True:
        rollout = world.rollout(theta, world.draw(rng, (1, prompts, G)))
        A = alg.advantages(rollout.R, G, "GRPO")
        if (A != 0).any():
            weights = alg.token_weights(np.ones(rollout.a.shape, bool), "GRPO")
            g = alg.gradient(weights * A[..., None], alg.directions(rollout.a, rollout.pi), rollout.h)
            return rollout, A, g


def foretold(seed: int, lr: float, c: Array) -> Foretold:
    """The aggregated step α g of a batch at the base policy, times each c: foretold and true."""
    rollout, A, g = batch_at_base(seed)
    pi, h, a = (part.reshape(-1, *part.shape[3:]) for part in (rollout.pi, rollout.h, rollout.a))
    each = np.repeat(A.ravel(), rollout.a.shape[-1])
    u = lr * np.asarray(c, float)[:, None, None] * (h @ g[0].T)  # (c, tokens, K)
    v = alg.directions(a, pi)
    mH, mF = alg.shifts(each, v, pi, u)
    uFu = (pi * u**2).sum(-1) - (pi * u).sum(-1) ** 2
    shifted = np.log(pi) + u
    new = shifted - np.logaddexp.reduce(shifted, -1, keepdims=True)
    kl = (pi * (np.log(pi) - new)).sum(-1)
    rho = np.exp(np.take_along_axis(new - np.log(pi), np.broadcast_to(a[:, None], (*u.shape[:-1], 1)), -1))[..., 0]
    return Foretold(*(part.mean(-1) for part in (kl, uFu / 2, mF, mH, each * (rho - 1))))


def second_order(quick: bool) -> Iterator[Claim]:
    """The model is right to second order, and where a step of 40 ends it isn't any more."""
    seeds = range(6 if quick else 24)
    found = [foretold(seed, 40.0, np.array([0.001, 0.002, 0.01, 1.0])) for seed in seeds]
    off = np.array([abs(one.all_tokens / one.kl - 1) for one in found])
    yield Claim.over("m_F over all tokens against KL: off at c = 0.01, median", off[:, 2], np.median, at_most=0.025)
    order = np.array([abs(one.all_tokens - one.kl) for one in found])
    power = np.log2(order[:, 1] / order[:, 0])
    yield Claim.over(
        "m_F over all tokens against KL: power of c in the error", power, np.median, at_least=2.8, at_most=3.4
    )
    wrong = np.array([max(one.all_tokens[3] / one.kl[3], one.kl[3] / one.all_tokens[3]) for one in found])
    yield Claim.over(
        "m_F over all tokens against KL: factor between them at c = 1, median", wrong, np.median, at_least=1.25
    )


EXPERIMENTS = (saved, by_lot, other_brakes, other_bases, even_lengths, one_sided, with_adam, for_good, second_order)


def claims(quick: bool = False) -> Claims:
    """All claims; with `quick` on fewer seeds."""
    return collect(EXPERIMENTS, quick)
