"""The ground that solvers walk on: facets at k = 1, a bowl at k = m, and how far L-BFGS, Adam and plain ascent get."""

from typing import Any

import numpy as np

from optilab.papers.sparse_optimal_transport.algorithm import SemiDual
from optilab.papers.sparse_optimal_transport.experiment import DIAL
from optilab.papers.sparse_optimal_transport.explorer import walks
from optilab.papers.sparse_optimal_transport.explorer.colours import color
from optilab.papers.sparse_optimal_transport.explorer.walks import BOTH, EVALUATIONS, PLANE, SIDE
from optilab.ui.controls import choice, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import Mark, axis, contour, curve, entry, guide, here, log, panel, promise, walk
from optilab.ui.theme import BLUE, BROWN, GREEN, INK, ORANGE, PURPLE, TEAL
from optilab.ui.words import number

SHADES = dict(zip(DIAL, (ORANGE, BROWN, PURPLE, TEAL, BLUE, GREEN), strict=True))
LEAST, CALLS, SPAN = 1e-6, np.arange(1, EVALUATIONS + 1), [1, EVALUATIONS]
KINDS = {1: "facets, edges and corners", 2: "edges where two entries tie for second place", 3: "one smooth bowl"}
FATES = {
    "L-BFGS": "the smaller k, the sooner L-BFGS stalls",
    "Adam": "kinks stop Adam too, but nearer to the top",
    BOTH: "Adam first, L-BFGS from call 201 on",
}
SHADE_OF = {"L-BFGS": color("L-BFGS"), "Adam": color("Adam"), BOTH: BLUE}
FAR = 4  # nothing is drawn farther out: a line search may try 10¹⁵


def tiny(gap: float) -> str:
    """A gap, as far as the certificates resolve it."""
    return number(gap, 2) if gap > LEAST else "less than 10⁻⁶"


def compute(method: str, k: int, u: float, v: float) -> dict[str, Any]:
    """The path on the small ground, and the curves on two hills."""
    few, column = min(k, 3), DIAL.index(k)
    points = walks.asked(method, k, u, v)
    path, value = points @ PLANE.T, SemiDual(walks.small(), few)(points)
    highest, outside = path[value.argmax()], int((abs(path) > 1).any(1).sum())
    path = path / np.maximum(abs(path).max(1, keepdims=True) / FAR, 1)
    best, (top, _) = walks.curves(method), walks.tops()
    short, left = max(walks.small_top(few) - value.max(), 0), max(top[column] - best[-1, column], 0)
    note = (
        f"In small, {KINDS[few]}: the best of {len(path)} calls"
        f"{f', {outside} of them outside of the picture,' if outside else ''} is {tiny(short)} below the top. "
        f"On two hills, k = {k}, {EVALUATIONS} calls leave a gap of <b>{tiny(left)}</b> to max S = {top[column]:.4f}."
    )
    return {
        "height": walks.surface(few),
        "path": (path[:, 0], path[:, 1]),
        "start": (u, v),
        "end": (highest[0], highest[1]),
        "shade": SHADE_OF.get(method) or color("supergradient ascent"),
        "ground": f"The ground for k = {few} (m = n = 3): drag the start",
        "gaps": f"Two hills: {FATES.get(method, 'plain ascent is slow for every k')}",
        **{f"gap{each}": np.maximum(top - best, LEAST)[:, i] for i, each in enumerate(DIAL)},
        **{f"width{each}": 3.4 if each == k else 1.6 for each in DIAL},
        "top": np.full(2, top[column]),
        "value": best[:, column],
        "note": note,
    }


def ground(**start: Any) -> Explorer:
    """Walk up S in small, and compare gaps on two hills for six k."""
    _, line = walks.tops()

    def level(value: np.ndarray, text: str, shade: str, where: str) -> Mark:
        words = {"mode": "lines+text", "text": ["", text], "textposition": where, "textfont": {"color": INK}}
        return promise((SPAN, [value, value]), "", shade, **words)

    return Explorer(
        compute,
        {
            "method": choice("method", "L-BFGS", walks.METHODS),
            "k": choice("k", 1, list(DIAL)),
            "u": slider("start, across", -0.6, -0.9, 0.9, 0.02),
            "v": slider("start, up", -0.6, -0.9, 0.9, 0.02),
        },
        [
            panel(
                entry("ground"),
                contour((SIDE, SIDE, "height"), ncontours=28),
                walk("path", shade=entry("shade")),
                here("start", "start"),
                here("end", "best call", entry("shade"), symbol="diamond"),
                x=axis("(α₁ − α₂)/√2", [-1, 1]),
                y=axis("(α₁ + α₂ − 2α₃)/√6", [-1, 1]),
                click=("u", "v"),
                height=380,
            ),
            panel(
                entry("gaps"),
                *(curve((CALLS, f"gap{k}"), f"k = {k}", SHADES[k], width=entry(f"width{k}")) for k in DIAL),
                x="evaluations of S and ∇S",
                y=log("gap max S − S, shown down to 10⁻⁶", [-6.1, 0], dtick=1),
                height=380,
            ),
            panel(
                "The value of this k under its certified maximum, between the lines of theory",
                level(line.ceiling, "LP + γ/2 ‖b‖²", ORANGE, "top left"),
                level(line.quadratic, "quadratic OT", GREEN, "top left"),
                level(line.linear, "LP", TEAL, "top left"),
                guide((SPAN, "top"), "max S", INK),
                curve((CALLS, "value"), "best S so far", entry("shade")),
                x="evaluations of S and ∇S",
                y=axis("S, a cost", [0.1, 0.22]),
                height=380,
            ),
        ],
        call="optilab.papers.sparse_optimal_transport.explorer.ground",
        start=start,
        recipe=walks.asked,
    )
