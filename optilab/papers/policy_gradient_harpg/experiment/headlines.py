"""What a corrected direction wins with one trajectory a gradient, what it costs, and who is better still."""

from collections.abc import Iterator

import numpy as np

from optilab.core.claim import Claim
from optilab.core.numerics import log_slope
from optilab.core.run import run
from optilab.papers.policy_gradient_harpg.algorithm import npg, srvr_pg
from optilab.papers.policy_gradient_harpg.experiment.races import (
    FAR,
    PLANT,
    REMEMBER,
    RUNS,
    START,
    Race,
    checkpoints,
    race,
    trajectories_to,
)

LONG = {"N-PG-IGT": (0.75, 0.75), "N-HARPG": (0.9, 0.8)}  # largest ratios of gaps and errors to N-MPG's
SHORT = {"N-PG-IGT": (0.85, 0.85)}
PROMISED = {"N-MPG": "−1/3", "N-PG-IGT": "−2/5", "N-HARPG": "−1/2"}


def headline(quick: bool) -> Iterator[Claim]:
    """With γ₀ = 0.3 and one trajectory a gradient, normalised methods that correct their momentum come nearest.

    Thresholds lie outside what disjoint groups of runs gave. At 10,000 updates six groups of 120 runs gave gap ratios
    of N-HARPG to N-MPG of .39 … .56 and error ratios of .40 … .50. Groups of 40 scatter too much: of 32 of them 31
    gave gap ratios of .28 … .69, and one .95. N-PG-IGT's ratios were .37 … .60 and .36 … .64 over 21 groups of 40,
    slopes of errors −.62 … −.45, those of N-HARPG −1.21 … −.71. At 1,500 updates (`quick`, 40 runs) 60 groups gave gap
    and error ratios of N-PG-IGT of .48 … .76 and .41 … .71, slopes −.72 … −.44, and −1.27 … −.72 for N-HARPG, whose
    ratios scatter around 1 so early: nothing is claimed of them. N-PG-IGT needed .25 … .75 times the trajectories of
    N-MPG to a gap of .5, .34 … .48 to .2.

    Source: Algorithm 1.
    """
    T, runs = (1500, RUNS) if quick else (10_000, 3 * RUNS)
    at = np.union1d(checkpoints(T, 80, 10), np.append(checkpoints(T), T // 2))
    found = {name: race(name, T=T, gamma0=0.3, runs=runs, at=at) for name in ("N-PG", *REMEMBER)}
    size = f"one trajectory a gradient, {T:,} updates"
    yield from compared(found, size, SHORT if quick else LONG)
    yield from slopes(found, size, (-0.75 if quick else -0.65, -0.35))
    yield from counted(found, *((0.5, 1.0, 0.9) if quick else (0.2, 0.9, 0.75)))


def compared(found: dict[str, Race], size: str, most: dict[str, tuple[float, float]]) -> Iterator[Claim]:
    """Final gaps and errors against those of momentum."""
    gap, err = ({name: getattr(one, word)[-1] for name, one in found.items()} for word in ("gap", "err"))
    statement = f"{size}: median gap of N-PG, which began at {PLANT.maximum - float(PLANT(START)):.2f}"
    yield Claim.over(statement, gap["N-PG"], np.median, at_least=3)
    for name, bounds in most.items():
        for word, values, bound in (("gap", gap, bounds[0]), ("direction's error", err, bounds[1])):
            base = np.median(values["N-MPG"])
            statement = f"{size}: median {word} of {name} over N-MPG's {base:.2f}"
            yield Claim.over(statement, values[name] / base, np.median, at_most=bound)


def slopes(found: dict[str, Race], size: str, between: tuple[float, float]) -> Iterator[Claim]:
    """How fast median errors fall, from update 100 on.

    Theory speaks of means, which hold the runs that get lost: of 120 runs of 10,000 updates they fell with −.31 (N-MPG)
    and −.38 (N-PG-IGT), and N-HARPG's rose with +.19, made by a few products under heavy tails. Medians fall faster
    than promised since noise shrinks where a run climbs: with noise of the same law everywhere they don't.
    """
    for name in REMEMBER:
        steep, flat = (-np.inf, -0.6) if name == "N-HARPG" else between
        one = found[name]
        rows = np.isin(one.t, checkpoints(int(one.t[-1])))
        fall = log_slope(one.t[rows], np.median(one.err[rows], -1))
        statement = (
            f"{size}: slope of {name}'s median error (theory, of the mean: at least as steep as {PROMISED[name]})"
        )
        yield Claim(statement, fall, at_most=flat, at_least=steep)


def counted(found: dict[str, Race], epsilon: float, early: float, fewer: float) -> Iterator[Claim]:
    """The same, counted in trajectories: N-HARPG needs two an update."""
    igt, harpg = found["N-PG-IGT"], found["N-HARPG"]
    T = int(igt.t[-1])
    ratio = harpg.err[harpg.t == T // 2][0] / np.median(igt.err[-1])
    statement = f"at {T:,} trajectories: median error of N-HARPG, which needs two an update, over N-PG-IGT's"
    yield Claim.over(statement, ratio, np.median, at_least=early)
    needed = {name: trajectories_to(found[name], epsilon) for name in REMEMBER}
    base = np.median(needed["N-MPG"])
    for name, most in (("N-PG-IGT", fewer), ("N-HARPG", np.inf)):
        statement = f"trajectories to a gap of {epsilon}, median of runs: {name} over N-MPG's {base:,.0f}"
        yield Claim.over(statement, needed[name] / base, np.median, at_most=most)


def expensive_correction(quick: bool) -> Iterator[Claim]:
    """With long steps the Hessian-vector product is the noisier half: N-HARPG loses.

    Over 28 groups of 40 runs the ratios of errors after 3,000 updates were 4 … 82, those of gaps 12 … 37.
    """
    T = 1000 if quick else 3000
    igt, harpg = (race(name, T=T, gamma0=1.0) for name in ("N-PG-IGT", "N-HARPG"))
    for word, ours, theirs in (("error", harpg.err[-1], igt.err[-1]), ("gap", harpg.gap[-1], igt.gap[-1])):
        statement = f"γ₀ = 1, {T:,} updates: median {word} of N-HARPG over N-PG-IGT's {np.median(theirs):.2g}"
        least = 2 if word == "error" and not quick else 3
        yield Claim.over(statement, ours / np.median(theirs), np.median, at_least=least)


def large_batch(quick: bool) -> Iterator[Claim]:
    """A batch cures the raw normalised gradient; a few trajectories are enough for most runs."""
    at, began = np.array([100]), PLANT.maximum - float(PLANT(START))
    for N, least, most in ((1, 0.7, np.inf), (5, -np.inf, 0.4)):
        lost = race("N-PG", T=100, gamma0=0.3, N=N, runs=3 * RUNS, at=at).gap[-1] > began
        several = "1 trajectory" if N == 1 else f"{N} trajectories"
        statement = f"N-PG, {several} a gradient, 100 updates: share of runs that end lower than they began"
        yield Claim(statement, lost.mean(), at_least=least, at_most=most)
    N, T = (30, 100) if quick else (100, 600)
    gap = race("N-PG", T=T, gamma0=0.3, N=N, at=np.array([T])).gap[-1]
    statement, most = f"N-PG, {N} trajectories a gradient, {T} updates: median gap", 0.35 if quick else 0.1
    yield Claim.over(statement, gap, np.median, at_most=most)


def rivals(quick: bool) -> Iterator[Claim]:
    """STORM, SRVR and the natural gradient on the same plant."""
    rng, start = np.random.default_rng(0), np.zeros((RUNS, 2))
    T = 40 if quick else 100
    last = run(npg(PLANT, start, alpha=np.full(T, 0.1), N=100, rng=rng), T, every=T, keep=["theta"]).theta[-1]
    gap = PLANT.maximum - PLANT(last)
    statement = f"natural gradient, {T} updates with 100 trajectories each: median gap"
    yield Claim.over(statement, gap, np.median, at_most=0.1 if quick else 0.03)
    if quick:
        return
    storm, momentum = (race(name, T=3000, gamma0=0.3) for name in ("N-STORM", "N-MPG"))
    statement = "3,000 updates: median gap of N-STORM over N-MPG's"
    yield Claim.over(statement, storm.gap[-1] / np.median(momentum.gap[-1]), np.median, at_most=1)
    for alpha in (0.01, 0.03):
        path = srvr_pg(PLANT, np.zeros((100, 2)), alpha=np.full(100, alpha), rng=np.random.default_rng(1))
        trace = run(path, 100, keep=["theta"], limit=FAR)
        lost = float(np.isfinite(trace.diverged).mean())
        gap = PLANT.maximum - PLANT(trace.theta[-1])
        statement = f"SRVR-PG, α = {alpha}, 1,900 trajectories: median gap of runs that survive ({lost:.0%} diverge)"
        yield Claim.over(statement, gap[np.isfinite(gap)], np.median)
