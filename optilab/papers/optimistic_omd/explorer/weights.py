"""The ensemble at work: weights of the bases in every round, for every noise and every price of movement."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from optilab.core.run import run as run_states
from optilab.papers.optimistic_omd.algorithm import Convex, ensemble, optimistic, pool
from optilab.papers.optimistic_omd.experiment import OURS, D, longest
from optilab.papers.optimistic_omd.explorer.parts import color, span
from optilab.papers.optimistic_omd.problems import Path, fixed, rotating, switching, tracking
from optilab.ui.controls import choice, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, band, curve, entry, here, panel, rule, thin
from optilab.ui.words import number

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


def compute(*, run: Weighed, sigma: float, cost: float, T: int, **others: Any) -> dict[str, Any]:
    """Weights as a stack, regrets, and the price of movement."""
    i, k = int(abs(NOISE - sigma).argmin()), int(abs(COSTS - cost).argmin())
    t = np.linspace(1, T, len(run.p)).round()
    edges = np.concatenate([np.zeros((len(t), 1)), np.cumsum(run.p[:, i, k], -1)], -1)
    data: dict[str, Any] = {
        f"base {n}": (np.append(t, t[::-1]), np.append(edges[:, n], edges[::-1, n + 1])) for n in range(BASES)
    }
    ours, free, alone, ends = run.regret[:, i, k], run.regret[:, i, 0], run.single[:, i], run.regret[-1, i]
    mean = run.p[:, i, k, : len(run.etas)].mean(0)
    mostly = float(run.etas[mean.argmax()])
    return data | {
        "ensemble": (t, ours),
        "free": (t, free),
        "alone": (t, alone),
        "span": span(ours, free, alone, least=5),
        "by cost": (COSTS, ends),
        "now": ([COSTS[k]], [ends[k]]),
        "single": float(alone[-1]),
        "cost span": [0.0, 1.1 * max(float(ends.max()), float(alone[-1]))],
        "rounds": [0, T],
        "shares": f"Weights: faint is η = {number(float(run.etas[0]), 2)}, full {number(float(run.etas[-1]))}",
        "note": f"After {T} rounds the ensemble has lost <b>{number(float(ours[-1]))}</b>, without its correction "
        f"{number(float(free[-1]))}, optimistic OMD alone {number(float(alone[-1]))}. "
        f"Most weight in the mean has η = {number(mostly)}, {number(100 * float(mean.max()), 2)} %.",
    }


def weights(**start: Any) -> Explorer:
    """Noise, price of movement and the target beside weights, regrets and the best price."""
    mine, single = color("ensemble"), color(OURS)
    depth = np.linspace(0.12, 0.95, BASES)
    return Explorer(
        compute,
        {
            "sigma": slider("noise σ", 1.0, 0.0, 1.0, 0.1),
            "cost": slider(
                "price of movement, in units of L", 2.0, 0.0, 4.0, 0.5, named={"none": 0.0, "the paper's": 2.0}
            ),
            "moves": choice("the target", MOVES[1], list(MOVES)),
            "T": slider("rounds T", 3000, 600, 3000, 600),
            "seed": slider("seed", 0, 0, 9, 1),
        },
        [
            panel(
                entry("shares"),
                *(band(f"base {n}", shade=mine, opacity=float(depth[n])) for n in range(BASES)),
                x=axis("round t", "rounds"),
                y=axis("weight p", [0, 1]),
            ),
            panel(
                "Dynamic regret",
                curve("alone", "optimistic OMD", single),
                thin("free", "ensemble, no correction", mine),
                curve("ensemble", "ensemble", mine),
                x=axis("round t", "rounds"),
                y=axis("dynamic regret", "span"),
            ),
            panel(
                "At the end, by price (dotted: optimistic OMD)",
                curve("by cost", "", mine),
                here("now", "", mine),
                rule(y="single", color=single, dash="dot"),
                x=axis("price of movement / L", [-0.1, 4.1]),
                y=axis("dynamic regret", "cost span"),
            ),
        ],
        call=__name__,
        start=start,
        recipe=weighed,
        simulate=weighed,
        run="Run all noises and prices",
    )
