"""Where the iterates of a hot chain are: m against Brownian motion and against the law of the signal alone."""

from math import ceil
from typing import Any, NamedTuple

import numpy as np

from optilab.papers.langevin_averaging.algorithm import critical, estimate, langevin, mean_away, shift, tilted
from optilab.papers.langevin_averaging.explorer.parts import AVERAGE, ITERATE, Progress, color
from optilab.papers.langevin_averaging.problems import SpikedTensor, spike, spiked_tensor, uniform
from optilab.ui.controls import choice, log_slider, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, bars, curve, entry, panel, promise, rule, thin
from optilab.ui.theme import ink
from optilab.ui.words import number

Array = np.ndarray
CHAINS, HORIZON, EVERY = 12, 100.0, 10
SIZES = {3: 30, 4: 20}  # d
EDGES = np.linspace(-1, 1, 81)
ALONE = "the signal alone"


class Visits(NamedTuple):
    """How often m was where, and what the averages came to."""

    density: Array  # (bins,)
    mean: float  # of m
    away: float  # of |m|
    average: float  # median overlap of the outputs


def visits(heat: float, k: int, copies: float, h: float, seed: int, progress: Progress = None) -> Visits:
    """Twelve chains with ε = heat·d for a time 100, each on its own tensor of n = copies·d²; 0 copies: no noise."""
    d = SIZES[k]
    data, start, noise = np.random.default_rng(seed).spawn(3)
    if copies:
        problem = spiked_tensor(data, d, k, copies * d**2, (CHAINS,))
    else:
        star = uniform(data, (CHAINS, d))
        problem = SpikedTensor(spike(star, k), star)
    states = langevin(problem, uniform(start, (CHAINS, d)), epsilon=heat * d, horizon=HORIZON, h=h, rng=noise)
    steps, seen = ceil(HORIZON * (d - 1) / h), []
    for t, chain in enumerate(states):
        if t % EVERY == 0 and t > d / h:
            seen.append(np.vecdot(chain.theta, problem.star))
            if progress:
                progress(t, steps)
    counts, _ = np.histogram(seen, EDGES, density=True)
    overlap = np.vecdot(estimate(chain), problem.star)
    average = float(np.median(overlap if k % 2 else abs(overlap)))
    return Visits(counts, float(np.mean(seen)), float((chain.away / steps).mean()), average)


def compute(heat: float, k: int, run: Visits, **_: Any) -> dict[str, Any]:
    """The histogram with both laws, and the picture of size against direction."""
    d, middle = SIZES[k], (EDGES[1:] + EDGES[:-1]) / 2
    epsilon, fine = heat * d, np.linspace(-0.998, 0.998, 400)
    law, free = tilted(fine, d, k, epsilon), tilted(fine, d, k, 0.0)
    predicted = float(shift(d, epsilon)) if k == 3 else 0.0
    cold = run.away > mean_away(d, k, critical(d, k))  # as is measured: a long step acts like a colder chain
    hot = "with a lean to one side" if k == 3 else "a little wider than chance"
    tall = 1.08 * float(max(free.max(), law.max(), run.density.max()))
    return {
        "visits": (np.repeat(EDGES, 2)[1:-1], np.repeat(run.density, 2)),
        "free": (fine, free),
        "law": (fine, law),
        "mean": run.mean,
        "predicted": ([predicted, predicted], [0, tall]),
        "tall": [0, tall],
        "bar": np.array([abs(run.mean), run.away, run.average]),
        "headline": "Cold: the chain has left the equator" if cold else f"Hot: spread about the equator, {hot}",
        "verdict": f"An iterate has |m| = {number(run.away, 2)}, the output {number(run.average, 2)}",
        "note": f"ε = {number(epsilon)}, the transition is at ε_c = {number(critical(d, k))}. The mean of m is "
        f"<b>{number(run.mean, 2)}</b>, predicted to first order {number(predicted, 2)}, against a width of "
        f"{number(d**-0.5, 2)}. Mean |m|: {number(run.away, 2)}, by the law of the signal alone "
        f"{number(mean_away(d, k, epsilon), 2)}. Median overlap of the output: <b>{number(run.average, 2)}</b>."
        + (f" Middle of the most visited bin: {number(middle[run.density.argmax()], 2)}." if cold else ""),
    }


def equator(**start: Any) -> Explorer:
    """Temperature, order and noise of the tensor beside the visits of twelve chains; runs at the press of a button."""
    iterate = color(ITERATE)
    return Explorer(
        compute,
        {
            "heat": log_slider("ε/d", 0.33, 0.03, 3.3, steps=40, named={"0.1": 0.1, "⅓": 0.33, "½": 0.5}),
            "k": choice("order", 3, [("k = 3, d = 30", 3), ("k = 4, d = 20", 4)]),
            "copies": choice("tensor", 1.0, [("n = d²", 1.0), ("n = 3d²", 3.0), (ALONE, 0.0)]),
            "h": choice("step h/(d−1)", 0.2, [("h = 0.05", 0.05), ("h = 0.2", 0.2), ("h = 2", 2.0)]),
            "seed": slider("seed", 0, 0, 9, 1),
        },
        [
            panel(
                entry("headline"),
                curve("visits", "visited", iterate),
                thin("free", "Brownian motion, ε = 0", ink(0.6)),
                promise("law", "law of the signal alone", iterate),
                rule("mean", color=iterate),
                promise("predicted", "its mean to first order (line: measured)", color(AVERAGE)),
                x=axis("m = ⟨θ, θ*⟩", [-1, 1]),
                y=axis("density", "tall"),
            ),
            panel(
                entry("verdict"),
                bars(
                    ("bar", ["|mean of m|", "mean of |m|", "output"]),
                    shade=[iterate, iterate, color(AVERAGE)],
                    across=True,
                    texttemplate="%{x:.2f}",
                    textangle=0,
                ),
                x=axis("overlap with θ*", [0, 1.15]),
                y=axis(autorange="reversed"),
            ),
        ],
        call=__name__,
        start=start,
        recipe=visits,
        simulate=visits,
        run="Run",
    )
