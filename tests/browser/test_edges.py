"""What is written at the edge of a picture: arrows where curves leave the frame of their own axes, none at a gap."""

import numpy as np
import pytest

from optilab.stills import studio
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, curve, panel

pytestmark = pytest.mark.full
X = np.linspace(0, 10, 101)
ARROWS = """() => [...document.querySelectorAll(".optilab-edge span")].map((mark) => {
  const plot = mark.closest(".js-plotly-plot")._fullLayout;
  return [mark.textContent, plot.xaxis.p2d(parseFloat(mark.style.left) - plot.xaxis._offset)];
})"""


def explorer() -> Explorer:
    """A curve that comes down from above after a gap; below it another one that has axes of its own."""
    falling = np.where(X < 1, np.nan, 10 - X)
    panels = [
        panel(
            "Two axes",
            curve("falling"),
            curve("low", yaxis="y2"),
            x=axis("x", [0, 10]),
            y=axis("y", [0, 5], domain=[0.5, 1]),
            yaxis2=axis("z", [-60, 0], domain=[0, 0.4]),
        )
    ]
    return Explorer(lambda: {"falling": (X, falling), "low": (X, -5 * X), "note": "n"}, {}, panels, call="a.b.c")


def test_an_arrow_stands_where_a_curve_leaves_the_frame_of_its_own_axes():
    shown = explorer()
    with studio("light", width=600) as page:
        page.show(shown.pictures.spec, shown.pictures.frame)
        assert page.page.evaluate(ARROWS) == [["▲", pytest.approx(5, abs=0.01)]]
