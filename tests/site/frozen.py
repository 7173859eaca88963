"""Small explorers to freeze, and when a frozen one rests."""

import driver
import numpy as np

from optilab.ui.controls import choice, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import curve, panel


def one_line(compute, **controls):
    """An explorer with one curve, "line"."""
    return Explorer(compute, controls, [panel("A line", curve("line"))], call="a.b.one_line")


def long_one():
    """An explorer with a long part."""

    def simulate(n, progress):
        return np.arange(n)

    def compute(n, scale, run):
        return {"line": (run, scale * run), "note": f"{n} points"}

    controls = {
        "n": slider(
            "points", 50, 2, 100, 1, named={"as many as there are": 100, "few, doubled": {"n": 7, "scale": 2.0}}
        ),
        "scale": slider("scale", 1.0, 0.0, 2.0, 0.1),
    }
    panels = [panel("A line", curve("line"))]
    return Explorer(compute, controls, panels, call="a.b.long_one", simulate=simulate)


def two_modes():
    """An explorer with a choice and two sliders."""

    def compute(mode, x, y):
        values = np.array([x, y, x * y]) * (2.0 if mode == "b" else 1.0)
        return {"line": (np.arange(3), values), "note": mode}

    return one_line(
        compute,
        mode=choice("mode", "a", ["a", "b"]),
        x=slider("x", 0.5, 0.0, 1.0, 0.01),
        y=slider("y", 0.5, 0.0, 1.0, 0.01, named={"both": {"x": 0.1, "y": 0.9}}),
    )


def drawn(tab, number, at=0):
    """Wait until an explorer has drawn a frame and rests."""
    condition = """([at, number]) => {
      const root = document.querySelectorAll('.optilab-player')[at].querySelector('.optilab');
      return root && Number(root.dataset.drawn) >= number && !root.hasAttribute('data-moving'); }"""
    driver.wait_for(tab, condition, [at, number], lambda: tab.errors)
