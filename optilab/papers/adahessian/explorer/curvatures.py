"""The diagonal of a network's Hessian as it trains, beside what ADAHESSIAN has of it."""

from typing import Any, NamedTuple

import numpy as np

from optilab.core.run import run as ran
from optilab.papers.adahessian.experiment.training import ADAHESSIAN, NETWORK, begun, task
from optilab.papers.adahessian.explorer.parts import color
from optilab.ui.controls import choice, player
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, cloud, entry, guide, heat, log, panel, words
from optilab.ui.theme import ORANGE
from optilab.ui.words import number

Array = np.ndarray
EVERY, FRAMES = 100, 6
LAYER = NETWORK.shapes[0]
FIRST = LAYER[0] * LAYER[1]  # parameters of the first layer
FLOOR = 1e-7


class Film(NamedTuple):
    """A training with the Hessian's diagonal and row norms at a few steps; (frames, d) each."""

    diagonal: Array
    rows: Array
    estimate: Array
    loss: Array  # (frames,)


def film(cond: float, progress: Any = False) -> Film:
    """Train one network by ADAHESSIAN and look at its exact Hessian every 100 steps."""
    given = task([0], cond)
    trace = ran(begun(given, **ADAHESSIAN), EVERY * FRAMES, every=EVERY, keep=["theta", "v"])
    hessians = []
    for frame, theta in enumerate(trace.theta):
        if progress:
            progress(frame, len(trace.theta))
        hessians.append(given.train.hess(theta)[0])
    H = np.array(hessians)
    correction = 1 - 0.999 ** np.maximum(trace.step, 1)[:, None]
    loss = np.array([given.train(theta)[0] for theta in trace.theta])
    return Film(
        abs(np.diagonal(H, axis1=-2, axis2=-1)), np.linalg.norm(H, axis=-1), np.sqrt(trace.v[:, 0] / correction), loss
    )


def decades(values: Array) -> Array:
    """The first layer's matrix (16, 21), in powers of ten."""
    return np.log10(np.maximum(values[:FIRST], FLOOR)).reshape(LAYER)


def compute(frame: int, run: Film, **_: Any) -> dict[str, Any]:
    """Diagonal and estimate at one step."""
    diagonal, rows, estimate = run.diagonal[frame], run.rows[frame], run.estimate[frame]
    t, seen = EVERY * frame, frame > 0
    first = diagonal[:FIRST].reshape(LAYER)[:, :-1]  # without biases
    spread = (first.max(1) / first.min(1)).max()
    shown = np.maximum(estimate, FLOOR) if seen else np.full(len(rows), np.nan)
    by, by_rows = (np.median(estimate / exact) if seen else np.nan for exact in (diagonal, rows))
    return {
        "diagonal": decades(diagonal),
        "unseen": np.nan if seen else 11.0,
        "estimate": decades(shown),
        "against diagonal": (np.maximum(diagonal, FLOOR), shown),
        "against rows": (np.maximum(rows, FLOOR), shown),
        "headline": "What ADAHESSIAN divides by" + (f", after {t} steps" if seen else ": no estimate yet"),
        "verdict": f"D̄ over |H<sub>ii</sub>|: {number(by, 2)}, over row norms: {number(by_rows, 2)} (medians)"
        if seen
        else "No estimate before the first step",
        "note": f"Step {t}, training loss {number(run.loss[frame], 2)}. Within one row of the first layer the exact "
        f"diagonal spans a factor of up to <b>{number(spread, 2)}</b>. "
        + (
            f"The running root mean square is {number(by, 2)} times the diagonal in the median: it holds row norms of "
            "single minibatches, and remembers old ones."
            if seen
            else "The first estimate comes with the first step."
        ),
    }


def curvatures(**start: Any) -> Explorer:
    """The first layer's diagonal and estimate as training goes on; trains at the press of the button."""
    columns = {"x": axis("input (last: bias)", showgrid=False), "y": axis("unit", showgrid=False)}

    def matrix(name: str) -> Any:
        return heat((np.arange(1, 22), np.arange(1, 17), name), bar="log₁₀", zmin=-6, zmax=0, colorscale="Cividis")

    return Explorer(
        compute,
        {
            "frame": player(f"step / {EVERY}", FRAMES // 2, FRAMES, interval=400),
            "cond": choice("scales of the features", 100.0, [("1 … 1/100", 100.0), ("all equal", 1.0)]),
        },
        [
            panel("The exact diagonal |H<sub>ii</sub>| of the first layer", matrix("diagonal"), **columns, height=360),
            panel(
                entry("headline"),
                matrix("estimate"),
                words("the first estimate comes<br>with the first step", "unseen", 8.5),
                **columns,
                height=360,
            ),
            panel(
                entry("verdict"),
                cloud("against diagonal", "against |H<sub>ii</sub>|", color("ADAHESSIAN"), opacity=0.5),
                cloud("against rows", "against the row norm", ORANGE, opacity=0.5),
                guide(([1e-7, 10], [1e-7, 10]), end="equal"),
                x=log("exact", [-7, 2], dtick=2),
                y=log("D̄, running root mean square", [-7, 2], dtick=2),
                height=360,
            ),
        ],
        call=__name__,
        start=start,
        recipe=film,
        simulate=film,
        run="Train",
    )
