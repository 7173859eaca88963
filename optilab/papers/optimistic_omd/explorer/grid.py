"""Four methods on all noises and periods at once."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from optilab.core.run import run as run_states
from optilab.papers.optimistic_omd.algorithm import path_bound
from optilab.papers.optimistic_omd.experiment import OURS, D, contenders
from optilab.papers.optimistic_omd.explorer.parts import FOUR, PERIODS, SIGMAS
from optilab.papers.optimistic_omd.problems import Linear, linearised_regret, spinning

LONGEST, EVERY, SHORT, SEEDS = 5000, 10, 500, 5
KEPT = np.arange(EVERY, LONGEST + 1, EVERY)


class Grid(NamedTuple):
    """Regrets at every tenth round, for all σ and P, and the method with the least dynamic regret in 500 rounds."""

    static: dict[str, np.ndarray]  # (rounds, σ, P)
    dynamic: dict[str, np.ndarray]
    path: np.ndarray  # the regret of optimistic descent for the gradients seen
    bound: np.ndarray
    best: np.ndarray  # (σ, P), a number in FOUR


def grid(T: int, seeds: range, flip: float) -> Linear:
    """The rounds of all settings: a batch (σ, P, seeds)."""
    return spinning(T, np.array([*PERIODS.values()])[:, None], SIGMAS[:, None, None], seeds, flip)


def all_settings(seed: int, flip: float, progress: Callable[[float, float], Any] | None = None) -> Grid:
    """Four methods on 16 × 9 settings of 5000 rounds, and on five seeds of 500 rounds."""
    losses, short = grid(LONGEST, range(seed, seed + 1), flip), grid(SHORT, range(seed, seed + SEEDS), flip)
    static, dynamic, brief = {}, {}, []
    for k, name in enumerate(FOUR):

        def tick(done: float, total: float, k: int = k) -> None:
            if progress:
                progress(k + done / total, len(FOUR))

        few = contenders(short, np.zeros(short.g.shape[1:]), short.G, delta=1.0, nu=4 * short.G)[name]
        brief.append(short.dynamic_regret(run_states(few, SHORT, keep=["x"]).x[:SHORT])[-1].mean(-1))
        states = contenders(losses, np.zeros(losses.g.shape[1:]), losses.G, delta=1.0, nu=4 * losses.G)[name]
        trace = run_states(states, LONGEST, keep=["x", "V"] if name == OURS else ["x"], progress=tick)
        x = trace.x[:LONGEST]
        static[name], dynamic[name] = kept(losses.static_regret(x)), kept(losses.dynamic_regret(x))
        if name == OURS:
            path = kept(linearised_regret(losses.g, x))
            bound = kept(path_bound(trace.V[1:], D, losses.G, 1.0))
    return Grid(static, dynamic, path, bound, np.argmin(brief, axis=0))


def kept(values: np.ndarray) -> np.ndarray:
    """Every tenth round, without the axis of seeds."""
    return values[EVERY - 1 :: EVERY, ..., 0]
