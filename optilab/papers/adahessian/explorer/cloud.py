"""The cloud of estimates: what a probe says of the diagonal, and what its square says."""

from typing import Any

import numpy as np

from optilab.papers.adahessian import algorithm as alg
from optilab.papers.adahessian.experiment.units import cloud as estimates
from optilab.papers.adahessian.explorer.parts import color
from optilab.ui.controls import choice, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import area, axis, curve, entry, here, level, log, panel, promise, rule
from optilab.ui.marks import cloud as dots
from optilab.ui.theme import INK, ORANGE, ink
from optilab.ui.words import number

Array = np.ndarray
SHOWN, TALL = 120, 16.0
COUNTS = np.unique(np.round(np.geomspace(1, 64, 25)))
SIDEWAYS = (np.arange(SHOWN) * 0.618034) % 1 - 0.5


def promised(H: Array, probes: Any, block: int, mode: str) -> Array:
    """Root mean square of the block average of D̂, as far as there is a formula: (8,), NaN where there is none."""
    if block == 1:
        return np.sqrt(alg.second_moment(H, probes))
    if mode == "abs":
        return np.full(len(H), np.nan)
    truth = alg.block_average(np.diag(H), block, [(len(H),)])
    return np.sqrt(truth**2 + alg.block_variance(H, block, probes))


def histogram(values: Array, low: float, high: float) -> tuple[Array, Array]:
    """The outline of a histogram."""
    heights, edges = np.histogram(np.clip(values, low, high), 80, (low, high), density=True)
    return np.repeat(edges, 2)[1:-1], np.repeat(heights, 2)


def compute(c: float, probes: int, block: int, mode: str, i: int) -> dict[str, Any]:
    """Estimates of all entries, the histogram of one, and its root mean square against the number of probes."""
    H, D = estimates(c, probes, block, mode)
    truth = alg.block_average(np.diag(H), block, [(8,)])
    rms, formula = np.sqrt((D**2).mean(0)), promised(H, probes, block, mode)
    mine, index = D[:, i - 1], np.arange(1, 9)
    low, high = -TALL, TALL + 8
    known = [promised(H, n, block, mode)[i - 1] for n in COUNTS]
    why = "" if np.isfinite(formula[0]) else " There is no formula for |D̂| averaged over a block."
    said = "exact, with no scatter at all" if c == 0 else f"scattered by {number(mine.std(), 2)}"
    what = f"Entry {i}" if block == 1 else f"The block mean at entry {i}"
    return {
        "estimates": ((index + 0.55 * SIDEWAYS[:, None]).ravel(), np.clip(D[:SHOWN], low, high).ravel()),
        "truth": (index, truth),
        "rms": (index, rms),
        "formula": (
            np.stack([index - 0.4, index + 0.4, np.full(8, np.nan)], -1).ravel(),
            np.repeat(np.minimum(formula, high), 3),
        ),
        "histogram": histogram(mine, low, high),
        "true": truth[i - 1],
        "root": rms[i - 1],
        "against probes": (COUNTS, known),
        "now": (probes, rms[i - 1]),
        "true line": ([1, 64], np.full(2, truth[i - 1])),
        "headline": f"2000 estimates of entry {i}: mean {number(mine.mean(), 2)}, "
        f"root mean square {number(rms[i - 1], 2)}",
        "rms span": [0, 1.15 * max(np.nanmax([*known, rms[i - 1]]), truth[i - 1])],
        "title": "Right in the mean (bars); the square adds the couplings"
        if mode == "signed"
        else "|D̂| is right in the mean (bars) only without couplings",
        "note": f"{what} is {number(truth[i - 1], 3)}; the estimates are {said}. Their root mean square, by which "
        f"ADAHESSIAN divides, is {number(rms[i - 1], 3)}, "
        f"<b>{number(rms[i - 1] / truth[i - 1], 3)} times</b> that.{why}",
    }


def cloud(**start: Any) -> Explorer:
    """Couplings, probes, block and mode beside the estimates of eight entries and the histogram of one."""
    return Explorer(
        compute,
        {
            "c": slider("couplings c", 1.0, 0.0, 2.0, 0.1, named={"diagonal": 0.0}),
            "probes": slider("probes", 1, 1, 64, 1),
            "i": slider("entry i", 1, 1, 8, 1),
            "block": choice("block", 1, [1, 2, 4, 8]),
            "mode": choice("averaged", "signed", [("D̂, signed", "signed"), ("|D̂|", "abs")]),
        },
        [
            panel(
                entry("title"),
                dots("estimates", f"{SHOWN} of 2000 estimates", color("ADAHESSIAN"), opacity=0.35, hoverinfo="skip"),
                level("truth", "the diagonal", INK, size=22),
                promise("formula", "√(mean of D̂²), formula", ORANGE),
                here("rms", "… measured", ORANGE, marker={"size": 7}),
                x=axis("entry i", [0.4, 8.6], ticks=range(1, 9), showgrid=False),
                y=axis("D̂<sub>i</sub>", [-TALL - 1, TALL + 9]),
                height=360,
            ),
            panel(
                entry("headline"),
                area("histogram", shade=color("ADAHESSIAN"), width=1.2),
                rule("true", color=INK, width=2),
                rule("root", color=ORANGE, width=2),
                x=axis("D̂<sub>i</sub> (ink: H<sub>ii</sub>, orange: root mean square)", [-TALL - 1, TALL + 9]),
                y=axis("density", rangemode="tozero"),
                height=360,
            ),
            panel(
                "More probes, less of the couplings",
                curve("true line", "H<sub>ii</sub>", ink(0.6)),
                promise("against probes", "formula", ORANGE),
                here("now", shade=ORANGE),
                x=log("probes", [-0.05, 1.86], ticks=[1, 2, 4, 8, 16, 32, 64]),
                y=axis("root mean square", "rms span"),
                height=360,
            ),
        ],
        call=__name__,
        start=start,
        recipe=estimates,
    )
