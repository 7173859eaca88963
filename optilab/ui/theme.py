"""One look for all pictures: a plotly template and a colour for every method.

The colours keep a contrast of at least 3 : 1 to JupyterLab's light and dark backgrounds and stay apart under
the common colour blindnesses. `INK` stands for the text colour of the reader's theme; the browser puts that in.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from optilab.core.check import require

INK = "rgb(1,2,3)"
BLUE, ORANGE, GREEN, PURPLE, PINK, TEAL, BROWN = (
    "#1d64af",
    "#db630e",
    "#67986b",
    "#967eee",
    "#c44b8c",
    "#23a0b8",
    "#9a6933",
)

METHODS = {  # of the textbooks; a room adds its own
    "gradient descent": INK,
    "SGD": INK,
    "gradient flow": BLUE,
    "heavy ball": PINK,
    "Nesterov": TEAL,
    "Adam": GREEN,
}
OURS, RIVALS = (BLUE, GREEN), (ORANGE, PURPLE, PINK, TEAL, BROWN)


def ink(alpha: float) -> str:
    """The reader's text colour at an opacity between 0 and 1."""
    return f"rgba(1,2,3,{alpha})"


def color(method: str) -> str:
    """The colour that a method keeps through all lessons.

    Raises
    ------
    ValueError
        If the method has none yet.
    """
    if method not in METHODS:
        raise ValueError(f"method must be one of {sorted(METHODS)}, got {method!r}")
    return METHODS[method]


def methods(
    *,
    ours: Sequence[str] = (),
    rivals: Sequence[str] = (),
    reference: Sequence[str] = (),
    others: Mapping[str, str] | None = None,
) -> Callable[[str], str]:
    """Give the methods of a room their colours, for all lessons.

    Parameters
    ----------
    ours : sequence of str
        The paper's methods: blue, then green.
    rivals : sequence of str
        What they are compared with: orange, purple, pink, teal, brown.
    reference : sequence of str
        What everything is held against: ink.
    others : mapping of method to colour
        Where a method keeps the colour of something it is akin to.

    Returns
    -------
    function
        `color`.

    Raises
    ------
    ValueError
        If a method has another colour already, or there are more methods than colours of their role.
    """
    given: dict[str, str] = dict(others or {})
    for role, names, shades in (("ours", ours, OURS), ("rivals", rivals, RIVALS)):
        require(len(names) <= len(shades), role, names, f"{len(shades)} methods at most")
        given |= dict(zip(names, shades, strict=False))
    given |= dict.fromkeys(reference, INK)
    for method, shade in given.items():
        require(METHODS.get(method, shade) == shade, f"the colour of {method}", shade, "the one that it has already")
    METHODS.update(given)
    return color


# Roles of marks: the only place where widths, sizes and opacities are given
LOOKS: dict[str, dict[str, Any]] = {
    "curve": {"line": {"width": 2.5}},
    "thin": {"line": {"width": 1.5}},
    "halo": {"line": {"width": 6}, "trace": {"opacity": 0.45}},
    "promise": {"line": {"width": 1.6, "dash": "dash"}},
    "worst": {"line": {"width": 1.2}, "marker": {"size": 7, "symbol": "diamond-open"}},
    "guide": {"line": {"width": 1.2, "dash": "dot"}},
    "walk": {"line": {"width": 1.6}, "marker": {"size": 5}},
    "dots": {"marker": {"size": 8}},
    "cloud": {"marker": {"size": 5}},
    "here": {"marker": {"size": 11}},
    "level": {"marker": {"size": 30, "symbol": "line-ew"}, "edge": {"width": 3}},
    "goal": {"marker": {"size": 13, "symbol": "star"}},
    "band": {"line": {"width": 0}, "trace": {"fill": "toself", "opacity": 0.22, "hoverinfo": "skip"}},
    "area": {"line": {"width": 2.5}, "trace": {"fill": "tozeroy"}},
    "heat": {"colorbar": {"thickness": 10, "outlinewidth": 0, "tickfont": {"size": 10}}},
    "rule": {"line": {"color": ink(0.5), "width": 1.2}},
    "contour": {
        "contours": {"coloring": "lines"},
        "hoverinfo": "skip",
        "colorscale": [[0, ink(0.3)], [1, ink(0.3)]],
        "showscale": False,
        "line": {"width": 1},
        "ncontours": 16,
    },
}
FAINT = [[0, ink(0)], [1, ink(0.35)]]  # a colour scale for heat maps that lie under curves


_AXIS = {
    "showline": True,
    "linecolor": ink(0.6),
    "ticks": "outside",
    "ticklen": 4,
    "tickcolor": ink(0.6),
    "gridcolor": ink(0.1),
    "zeroline": False,
    "exponentformat": "power",
    "ticklabeloverflow": "allow",
    "title": {"standoff": 6},
}

_SPACE = {
    name: _AXIS[name] for name in ("showline", "linecolor", "ticks", "ticklen", "tickcolor", "gridcolor", "zeroline")
}
_SPACE |= {"exponentformat": "power", "showbackground": False, "showspikes": False, "tickfont": {"size": 11}}

TEMPLATE = go.layout.Template(
    layout={
        "font": {"color": INK, "size": 12.5},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "colorway": [BLUE, ORANGE, GREEN, PURPLE, PINK, TEAL, BROWN],
        "xaxis": _AXIS,
        "yaxis": _AXIS | {"automargin": "width"},
        "scene": {
            "xaxis": _SPACE,
            "yaxis": _SPACE,
            "zaxis": _SPACE,
            "aspectmode": "data",
            "bgcolor": "rgba(0,0,0,0)",
            "camera": {"eye": {"x": 0.9, "y": -1.9, "z": 1.0}, "center": {"x": 0, "y": 0, "z": -0.2}},
        },
        "margin": {"l": 52, "r": 20, "t": 8, "b": 44},
        "hoverlabel": {"namelength": -1},
        "annotationdefaults": {"font": {"color": INK}, "showarrow": False},
        "shapedefaults": {"line": {"color": ink(0.5), "width": 1.5}},
        "colorscale": {"sequential": "Cividis"},
        "dragmode": "zoom",
    }
)
