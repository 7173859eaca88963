"""One chain: its iterate and its average against time, and both seen on the sphere."""

from typing import Any

import numpy as np

from optilab.papers.langevin_averaging.explorer.chains import (
    MOST,
    NEURON,
    TENSOR,
    Seen,
    on_neuron,
    on_tensor,
    one_chain,
)
from optilab.papers.langevin_averaging.explorer.parts import AVERAGE, FRAMES, ITERATE, color, overlaps
from optilab.papers.langevin_averaging.problems import uniform
from optilab.ui.controls import choice, log_slider, player, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, cloud, curve, entry, goal, guide, here, log, panel, region, thin, words
from optilab.ui.theme import ink
from optilab.ui.words import number

CIRCLE = np.linspace(0, 2 * np.pi, 121)


def compute(frame: int, d: int, k: int, run: Seen | None, **_: Any) -> dict[str, Any]:
    """Iterates and averages up to a frame."""
    nothing = ([np.nan], [np.nan])
    edge = d**-0.5
    data: dict[str, Any] = {"low": -edge, "high": edge, "span": [0.0, 5.0], "empty": np.nan}
    if run is None:
        names = ("m", "average", "first", "m now", "average now", "dots", "arrow", "arrow end")
        return data | dict.fromkeys(names, nothing) | {
            "empty": 2.5,
            "headline": "No chain: the tensor is too big",
            "note": f"A tensor of d<sup>k</sup> = {number(float(d) ** k)} entries: {MOST:,} are the most here. "
            "Lower d or k, or choose the neuron, which has no such limit.",
        }  # fmt: skip
    film, problem = run
    at = round(frame / (FRAMES - 1) * (len(film.step) - 1))  # few steps, and frames stay for longer
    found, step = overlaps(film, problem), film.step[: at + 1]
    m, average, first = (found[name][: at + 1] for name in ("m", "average", "first"))
    aside = uniform(np.random.default_rng(0), (d,)) @ (np.eye(d) - np.outer(problem.star, problem.star))
    side = np.where(film.theta[: at + 1] @ aside >= 0, 1, -1)
    up, away = average[-1], found["away"][at]
    output = "top eigenvector" if k % 2 == 0 else "average"
    lead = f"at {number(up, 2)}, the iterates at {number(away, 2)} in the mean"
    return data | {
        "m": (step, m),
        "average": (step, average),
        "first": (step, first),
        "m now": ([step[-1]], [m[-1]]),
        "average now": ([step[-1]], [up]),
        "span": [0.0, float(np.log10(film.step[-1]))],
        "dots": (side * np.sqrt(1 - m**2), m),
        "arrow": ([0.0, np.sqrt(max(1 - up**2, 0))], [0.0, up]),
        "arrow end": ([np.sqrt(max(1 - up**2, 0))], [up]),
        "headline": f"The {output} is {lead}",
        "note": f"Step {step[-1]}: the iterate's m is {number(m[-1], 2)}, the mean of |m| so far "
        f"{number(away, 2)} (a random point: {number(0.8 * edge, 2)}). The {output} has <b>{number(up, 3)}</b>"
        + (f", the first moment {number(first[-1], 2)}. " if k % 2 == 0 else ". ")
        + f"Before it is normalised the average has a length of {number(found['length'][at], 2)}.",
    }


def averaging(**start: Any) -> Explorer:
    """A chain's iterate and average as time goes on; runs at the press of the button."""
    average, iterate = color(AVERAGE), color(ITERATE)
    return Explorer(
        compute,
        {
            "frame": player("time", FRAMES - 1, FRAMES - 1, interval=50),
            "method": choice("chain", NEURON, [NEURON, TENSOR]),
            "k": slider("order k", 3, 2, 5, 1),
            "share": log_slider("n/d²", 1.0, 0.1, 10.0, steps=40),
            "rate": log_slider("ηd", 1.0, 0.25, 4.0, steps=40, when=lambda now: now["method"] == NEURON),
            "heat": log_slider("ε/d", 0.33, 0.03, 5.0, steps=40, when=lambda now: now["method"] == TENSOR),
            "d": slider("d", 30, 10, 60, 5),
            "seed": slider("seed", 0, 0, 9, 1),
        },
        [
            panel(
                entry("headline"),
                region("low", "high", y=True),
                thin("m", "iterate", iterate, width=1),
                thin("first", "first moment (k even)", average, dash="dashdot"),
                curve("average", "average (k even: top eigenvector)", average),
                here("m now", shade=iterate),
                here("average now", shade=average),
                words("more than a million entries:<br>not computed here", "empty", 0.5),
                x=log("step (band: ±1/√d, the equator)", "span", dtick=1),
                y=axis("overlap with θ*", [-1.05, 1.05]),
            ),
            panel(
                "The same on the sphere: θ* is up, all else is sideways",
                region("low", "high", y=True),
                guide((np.cos(CIRCLE), np.sin(CIRCLE))),
                cloud("dots", "iterates", iterate, opacity=0.6),
                curve("arrow", "", average),
                here("arrow end", "average, normalised", average),
                goal(([0.0], [1.0]), "θ*", ink(0.8)),
                x=axis("across", [-1.25, 1.25], zeroline=False),
                y=axis("along θ*", [-1.15, 1.15], equal=True),
            ),
        ],
        call=__name__,
        start=start,
        recipe={NEURON: on_neuron, TENSOR: on_tensor},
        simulate=one_chain,
        run="Run",
    )
