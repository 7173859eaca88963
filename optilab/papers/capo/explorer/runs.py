"""Runs of one seed for the pictures."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from optilab.core.run import Trace, run
from optilab.papers.capo.algorithm import capo, collapsed, policy_gradient
from optilab.papers.capo.experiment import CONSERVATIVE, STEPS
from optilab.papers.capo.explorer.parts import off
from optilab.papers.capo.problems import Language, arithmetic, base_policy

Array = np.ndarray
KEPT = ("theta", "kept", "status", "A", "mH", "mF", "length")


@lru_cache(16)
def scene(seed: int, scale: float, share: float) -> tuple[Language, Array]:
    """A world and its base policy."""
    world = arithmetic(seed, scale, share)
    return world, base_policy(world)


def capo_run(
    lr: float,
    tauF: float,
    tauH: float,
    base: str,
    scale: float,
    share: float,
    seed: int,
    prompts: int = 2,
    progress: Any = False,
) -> Trace:
    """300 steps of CAPO."""
    world, theta0 = scene(seed, float(scale), share)
    numbers: dict[str, Any] = {"lr": lr, "tauF": off(tauF), "tauH": off(tauH), "prompts": prompts, "base": base}
    states = capo(world, theta0, rng=np.random.default_rng(seed), **numbers)
    return run(states, STEPS, keep=KEPT, progress=progress)


def plain_run(
    lr: float, prompts: int, base: str, scale: float, share: float, seed: int, steps: int, progress: Any = False
) -> Trace:
    """The same from all tokens."""
    world, theta0 = scene(seed, float(scale), share)
    states = policy_gradient(world, theta0, lr=lr, prompts=prompts, base=base, rng=np.random.default_rng(seed))
    return run(states, steps, keep=KEPT[:4], progress=progress)


class Film(NamedTuple):
    """What is drawn of a run."""

    accuracy: Array  # (steps + 1)
    responses: Array  # (steps + 1) so far
    success: Array  # (steps + 1, 49)
    rejected: Array  # (steps) share of the tokens
    status: Array  # (steps)
    fallen: bool


def filmed(trace: Trace, seed: int, scale: float, share: float) -> Film:
    """The exact accuracy of all policies of a run, and what it left out."""
    success = scene(seed, float(scale), share)[0].success(trace.theta)
    accuracy = success.mean(-1)
    count = trace.A.shape[-1] * trace.step
    rejected = 1 - trace.kept[1:].mean((-1, -2))
    return Film(accuracy, count, success, rejected, trace.status[1:], bool(collapsed(accuracy)))


@lru_cache(16)
def careful(base: str, scale: float, share: float, seed: int) -> Film:
    """Steps of 10 with 24 × 8 responses."""
    return filmed(plain_run(**CONSERVATIVE, base=base, scale=scale, share=share, seed=seed), seed, scale, share)


def three_runs(
    lr: float,
    tauF: float,
    tauH: float,
    prompts: int,
    base: str,
    scale: float,
    share: float,
    seed: int,
    progress: Callable[[float, float], Any],
) -> dict[str, Film]:
    """Three runs on one world: careful (always steps of 10, 24 × 8), all tokens, CAPO."""

    def ticks(k: int) -> Callable[[float, float], Any]:
        return lambda done, total: progress(k + done / total, 3)

    ticks(0)(0, 1)
    world: dict[str, Any] = {"base": base, "scale": scale, "share": share, "seed": seed}
    films = {"careful": careful(**world)}
    plain = plain_run(lr=lr, prompts=prompts, steps=STEPS, progress=ticks(1), **world)
    ours = capo_run(lr=lr, tauF=tauF, tauH=tauH, prompts=prompts, progress=ticks(2), **world)
    for name, trace in (("all tokens", plain), ("CAPO", ours)):
        films[name] = filmed(trace, seed, scale, share)
    return films
