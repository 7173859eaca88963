"""A small network on features of unequal scales, trained by ADAHESSIAN, Adam and SGD on the same minibatches."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from optilab.classics.adam import adam
from optilab.classics.sgd import sgd
from optilab.core.claim import Claim
from optilab.core.randomness import separate
from optilab.core.run import Progress, Trace, run
from optilab.papers.adahessian.algorithm import adahessian
from optilab.problems.data import mixture
from optilab.problems.mlp import MLP, Fit
from optilab.problems.seeds import instances

Array = np.ndarray
NETWORK = MLP((20, 16, 3))
N, BATCH, STEPS, EVERY = 600, 64, 600, 20
TARGET = 0.1  # of the training loss


class Task(NamedTuple):
    """Data and start of every seed."""

    train: Fit
    test: Fit
    theta0: Array  # (seeds, d)
    seeds: list[int]


def task(seeds: Sequence[int], cond: float) -> Task:
    """The mixture with features of scales 1 … 1/cond, and a network 20-16-3 for each seed."""
    X, labels, X_test, labels_test = instances(lambda seed: mixture(seed, N, cond), seeds)
    theta0 = np.stack([NETWORK.init(np.random.default_rng(seed)) for seed in seeds])
    train = Fit(NETWORK, X, labels, "cross_entropy")
    return Task(train, Fit(NETWORK, X_test, labels_test, "cross_entropy"), theta0, list(seeds))


ADAHESSIAN: dict[str, Any] = {"method": "ADAHESSIAN", "lr": 0.15}
METHODS: dict[str, dict[str, Any]] = {
    "SGD, 0.1": {"method": "SGD", "lr": 0.1},
    "SGD, 0.3": {"method": "SGD", "lr": 0.3},
    "Adam, 0.001": {"method": "Adam", "lr": 1e-3},
    "Adam, 0.03": {"method": "Adam", "lr": 0.03},
    "ADAHESSIAN": ADAHESSIAN,
    "row average": ADAHESSIAN | {"block": "row"},
    "freq 5": ADAHESSIAN | {"freq": 5},
    "8 probes": ADAHESSIAN | {"probes": 8},
}


def begun(given: Task, method: str, lr: float | Array, **setting: Any) -> Iterator[Any]:
    """The states of a method, every seed with minibatches and probes of its own, the same for all methods."""
    rng: Any = separate(5000 + seed for seed in given.seeds)
    batches = {"rng": rng, "size": BATCH}
    if method == "SGD":
        return sgd(given.train, given.theta0, alpha=lr, beta=0.9, **batches)
    if method == "Adam":
        return adam(given.train, given.theta0, alpha=lr, **batches)
    signs: Any = separate(777 + seed for seed in given.seeds)
    return adahessian(given.train, given.theta0, lr=lr, probe_rng=signs, shapes=NETWORK.shapes, **batches, **setting)


def trained(given: Task, steps: int = STEPS, every: int = EVERY, progress: Progress = False, **method: Any) -> Trace:
    """One method on all seeds: `loss` on all training data, (records, seeds), every `every` steps."""
    states = begun(given, **method)
    return run(
        states, steps, every=every, keep=[], progress=progress, loss=lambda s: given.train(s[0]), at=lambda s: s[0]
    )


def steps_to_target(trace: Trace) -> Array:
    """First recorded step with a training loss of at most 0.1: (seeds,), inf where there is none."""
    return trace.first(trace.loss <= TARGET)


def races(seeds: Sequence[int], cond: float, names: Sequence[str] = tuple(METHODS)) -> dict[str, Trace]:
    """The named methods on the same task."""
    given = task(seeds, cond)
    return {name: trained(given, **METHODS[name]) for name in names}


def geometric(ratios: Array) -> float:
    """The geometric mean."""
    return float(np.exp(np.log(ratios).mean()))


def final(table: dict[str, Trace], name: str) -> Array:
    """Last training loss of each seed; of SGD at the better of its rates."""
    if name == "SGD":
        return np.minimum(final(table, "SGD, 0.1"), final(table, "SGD, 0.3"))
    return table[name].loss[-1]


def networks(quick: bool) -> Iterator[Claim]:
    """On scales that differ by 100: what the default wins, what it loses, what averaging and delay do."""
    seeds = range(10 if quick else 20)
    *cheap, eight = METHODS
    table = races(seeds, 100.0, cheap)
    few = seeds[:6] if quick else seeds
    probes = races(few, 100.0, [eight])
    about = f"network, scales 1 … 1/100, {len(seeds)} seeds, ratios of last losses (geometric means)"
    ours = final(table, "ADAHESSIAN")
    for name, label, least in (
        ("Adam, 0.001", "Adam, 0.001, its default, over ADAHESSIAN", 12.0),
        ("SGD", "SGD with momentum, better of 0.1 and 0.3, over ADAHESSIAN", 1.4),
        ("row average", "row averages over none", 1.6),
    ):
        yield Claim.over(f"{about}: {label}", final(table, name) / ours, geometric, at_least=least)
    tuned = final(table, "Adam, 0.03")
    yield Claim.over(f"{about}: ADAHESSIAN over Adam, 0.03, tuned: no win", ours / tuned, geometric, at_least=1.1)
    better = tuned[: len(few)] / final(probes, eight)
    yield Claim.over(f"{about}: Adam, 0.03, over 8 probes, at 17 times the cost", better, geometric, at_least=2)
    delayed = steps_to_target(table["freq 5"]) / steps_to_target(table["ADAHESSIAN"])
    statement = f"{about}: steps to a loss of 0.1 (medians), a Hessian every 5 steps over every step"
    yield Claim.over(statement, delayed, np.median, at_most=1.2)


def well_scaled(quick: bool) -> Iterator[Claim]:
    """On equal scales averaging over rows helps, and a tuned Adam ends lower still."""
    table = races(range(10 if quick else 20), 1.0, ("Adam, 0.03", "ADAHESSIAN", "row average"))
    about = "network, equal scales, ratios of last losses (geometric means)"
    plain = final(table, "ADAHESSIAN")
    helps = plain / final(table, "row average")
    yield Claim.over(f"{about}: one probe over its row average", helps, geometric, at_least=1.1)
    yield Claim.over(f"{about}: one probe over Adam, 0.03", plain / final(table, "Adam, 0.03"), geometric, at_least=1.4)


def first_steps(quick: bool) -> Iterator[Claim]:
    """The first step rests on one probe: it is long, and raises the loss now and then."""
    given = task(range(20 if quick else 60), 100.0)
    trace = trained(given, steps=1, every=1, **ADAHESSIAN)
    about = "network, 1 … 1/100, the first step"
    length = abs(trace.at[1] - trace.at[0]).max(-1)
    yield Claim.over(f"{about}: longest move of a weight", length, np.median, at_least=2)
    rises = trace.loss[1] > trace.loss[0]
    yield Claim(f"{about}: share of seeds on which the loss rises", rises.mean(), 0.65, 0.05)


def learning_rates(quick: bool) -> Iterator[Claim]:
    """Longer steps than the default's end lower, then higher: no rate suits all methods."""
    if quick:
        return
    given = task(range(10), 100.0)
    ends = {
        name: [np.median(trained(given, method=name, lr=base * factor).loss[-1]) for factor in (0.1, 0.33, 1, 3, 10)]
        for name, base in (("ADAHESSIAN", 0.15), ("Adam", 0.01), ("SGD", 0.1))
    }
    about = "network, 1 … 1/100, median last loss over learning rates"
    yield Claim(
        f"{about}: ADAHESSIAN, default over three times it", ends["ADAHESSIAN"][2] / ends["ADAHESSIAN"][3], at_least=3
    )
    yield Claim(f"{about}: ADAHESSIAN, ten times its default", ends["ADAHESSIAN"][4], at_least=0.03)
    yield Claim(
        f"{about}: Adam, 0.1, over the best of ADAHESSIAN", ends["Adam"][4] / min(ends["ADAHESSIAN"]), at_most=2
    )
