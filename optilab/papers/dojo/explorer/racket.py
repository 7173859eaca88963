"""A tennis racket in the air, once for every integrator."""

from typing import Any

import numpy as np

from optilab.core.run import Trace
from optilab.papers.dojo.algorithm import INTEGRATORS
from optilab.papers.dojo.algorithm.quaternion import rotation
from optilab.ui.marks import axis, curve, dots, guide, panel, texts
from optilab.ui.pictures import Panel
from optilab.ui.theme import INK, ink, methods

color = methods(ours=["variational"], rivals=["explicit Euler", "implicit Euler"])

# The racket in its frame, the handle along axis 1 and the strings across axes 1 and 2, seen from above the floor
TURN = np.linspace(0, 2 * np.pi, 49)
RIM = np.stack([0.65 + 0.75 * np.cos(TURN), 0.55 * np.sin(TURN), 0 * TURN])
HANDLE = np.array([[-0.1, -1.2, -1.2, -0.1], [0.07, 0.07, -0.07, -0.07], [0.0, 0, 0, 0]])
MARKED = np.array([[0.65], [0.55], [0.0]])  # on the rim, on top as it starts
SLOPE = np.radians(22)
SCREEN = np.array([[1, 0, 0], [0, np.cos(SLOPE), -np.sin(SLOPE)]])
PLACES = dict(zip(INTEGRATORS, (0.0, 4.2, 8.4), strict=True))


def racket(trace: Trace | None, k: int, place: float) -> dict[str, Any]:
    """The racket of one integrator after k steps: the side of its strings that shows, its handle, the mark."""
    nothing = (np.full(1, np.nan), np.full(1, np.nan))
    if trace is None or k >= len(trace.q) or not np.isfinite(trace.q[k]).all():
        return dict.fromkeys(("front", "back", "handle", "mark"), nothing)
    seen, shift = SCREEN @ rotation(trace.q[k]), np.array([[place], [0.0]])
    front = seen[0, 0] * seen[1, 1] > seen[0, 1] * seen[1, 0]
    rim = tuple(seen @ RIM + shift)
    sides = {"front": rim if front else nothing, "back": nothing if front else rim}
    return sides | {"handle": tuple(seen @ HANDLE + shift), "mark": tuple(seen @ MARKED + shift)}


def rackets() -> Panel:
    """The three rackets in the air."""
    marks = [guide((np.array([x, x]), np.array([-1.7, 1.7])), shade=ink(0.5)) for x in PLACES.values()]
    for name in INTEGRATORS:
        shade = color(name)
        marks += [
            curve(f"{name} front", shade=shade, fill="toself", fillcolor=shade, hoverinfo="skip"),
            curve(f"{name} back", shade=shade, fill="toself", fillcolor=ink(0.08), hoverinfo="skip"),
            curve(f"{name} handle", shade=shade, fill="toself", fillcolor=shade, hoverinfo="skip"),
            dots(f"{name} mark", shade=INK, hoverinfo="skip"),
        ]
    marks.append(texts((np.array([*PLACES.values()]), np.full(3, -1.95)), [*PLACES], ink(0.9)))
    marks.append(texts("lost", ["lost"] * 3, ink(0.7)))
    hidden = {"visible": False}
    title = "Thrown spinning about the dotted axis, the dot on top; when it flips, the dot is below"
    return panel(
        title,
        *marks,
        x=axis("", [-1.9, 10.4], constrain="domain", **hidden),
        y=axis("", [-2.2, 1.8], equal=True, **hidden),
        height=300,
        wide=True,
    )
