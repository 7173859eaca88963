"""The ensemble for all noises and prices of movement at once."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from optilab.core.run import run as run_states
from optilab.papers.optimistic_omd.algorithm import Convex, ensemble, optimistic, pool
from optilab.papers.optimistic_omd.experiment import D, longest
from optilab.papers.optimistic_omd.problems import Path, fixed, rotating, switching, tracking

NOISE, COSTS = np.linspace(0, 1, 11), np.linspace(0, 4, 9)  # the coefficient of movement in units of L = 1
GREATEST = float(longest(1.0))  # G of the largest noise, for all
BASES = 6
MOVES = ("jumps every 50 rounds", "jumps every 150 rounds", "turns once in 200 rounds", "rests")


class Weighed(NamedTuple):
    """All noises and prices on one kind of target."""

    p: np.ndarray  # (rounds, σ, prices, BASES) weights; 0 where there are fewer bases
    regret: np.ndarray  # (rounds, σ, prices) dynamic regret of the ensemble
    single: np.ndarray  # (rounds, σ) of optimistic descent alone
    etas: np.ndarray  # step sizes of the bases


def path(moves: str, T: int) -> Path:
    """The targets of a choice."""
    if moves.startswith("jumps"):
        return switching(T, int(moves.split()[2]))
    return rotating(T, 200) if moves.startswith("turns") else fixed(T)


def weighed(moves: str, seed: int, T: int, progress: Callable[[float, float], Any] | None = None) -> Weighed:
    """The ensemble for 11 noises × 9 prices of movement, and optimistic descent alone."""
    losses = tracking(path(moves, T), NOISE[:, None], range(seed, seed + 1))
    etas, every = pool(T, D, GREATEST, 1.0), max(T // 600, 1)
    # A last axis for the prices, where the seed was
    states = ensemble(losses, np.zeros((len(NOISE), len(COSTS), 5)), D=D, G=GREATEST, L=1.0, switching=COSTS)
    trace = run_states(states, T, keep=["x", "p"], progress=progress or False)
    p = np.zeros((T, len(NOISE), len(COSTS), BASES))
    p[..., : len(etas)] = trace.p[:T]
    alone = optimistic(losses, np.zeros((len(NOISE), 1, 5)), steps=Convex(D, np.asarray(longest(NOISE))[:, None], 40.0))
    single = losses.dynamic_regret(run_states(alone, T, keep=["x"]).x[:T])[..., 0]
    regret = losses.dynamic_regret(trace.x[:T])
    return Weighed(p[::every], regret[::every], single[::every], etas)
