import numpy as np
import pytest

from optilab.papers.last_iterate import explorer
from optilab.papers.last_iterate.explorer.draw import compute, knots_of, nearest_knot, rivals


def test_a_click_moves_the_nearest_knot_and_presets_draw_the_rivals():
    assert nearest_knot(0.1, 0.5) == {"w1": 0.5}
    assert nearest_knot(0.9, 0.2) == {"w5": 0.2}
    assert nearest_knot(-3.0, 0.2) == {"w1": 0.2}
    made = explorer.draw()
    made._heard(None, {"type": "point", "panel": 0, "x": 0.52, "y": 0.777}, [])
    assert made.values["w3"] == pytest.approx(0.78)
    T = made.controls["T"]
    for label in T.named:
        made._jump("T", T.named[label])
        assert not made.pictures.frame["error"], label
    heights = [made.values[f"w{k}"] for k in range(1, 6)]
    drop = np.diff(heights)
    np.testing.assert_allclose(drop, drop.mean(), atol=0.03)


def test_the_hand_drawn_line_is_nearly_the_best():
    tuned = rivals(50)["linear decay"]
    data = compute(**knots_of(tuned), T=50)
    totals = data["starts"] + data["noises"]
    assert totals[0] == pytest.approx(totals[2], rel=0.01)
    assert totals[1] <= totals.min() + 1e-12
