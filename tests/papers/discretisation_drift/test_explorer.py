"""What the pictures say stays true where the lesson leads, and at the ends of the sliders."""

import numpy as np
import pytest

from optilab.papers.discretisation_drift import explorer
from optilab.papers.discretisation_drift.explorer.descent_and_flows import LOSSES


def shown(make, **values):
    picture = make()
    return picture.compute(**picture.start | values)


@pytest.mark.parametrize(("h", "word"), [(0.4, "No zigzag"), (0.9, "zigzags with"), (1.1, "flies off")])
def test_the_title_of_the_map_follows_the_rate(h, word):
    assert word in shown(explorer.descent_and_flows, h=h)["map title"]


def test_the_wheel_meets_the_real_line_at_the_dots():
    data = shown(explorer.descent_and_flows)
    (real, imaginary), (dots, _) = data["PF seen"], data["descent seen"]
    every = (len(real) - 1) // (len(dots) - 1)
    np.testing.assert_allclose(real[::every], dots, atol=1e-12)
    np.testing.assert_allclose(imaginary[::every], 0, atol=1e-12)
    assert abs(imaginary).max() > 1


def test_the_valley_s_button_sets_what_the_lesson_s_figures_need():
    note = shown(explorer.descent_and_flows, **LOSSES["curved valley"])["note"]
    assert "gradient flow is 0.00592" in note
    assert "principal flow 0.000477" in note


def test_far_left_the_igr_flow_is_drawn_to_a_maximum():
    assert "drawn towards it" in shown(explorer.stability_diagram, h=1.2, steep=-3.0)["note"]
    assert "slower" in shown(explorer.stability_diagram, h=0.5, steep=-3.0)["note"]


@pytest.mark.parametrize(
    ("values", "word"), [({}, "leave"), ({"interaction": -1.0}, "keep near"), ({"updates": "alternating"}, "keep near")]
)
def test_the_title_of_the_plane_follows_the_players(values, word):
    assert word in shown(explorer.two_players, **values)["plane title"]


def test_what_does_nothing_is_greyed_out():
    game = explorer.two_players()
    assert all(game.controls[name].widget.disabled for name in ("m", "k", "self_term"))
    game.set(updates="alternating", game="dirac")
    assert not any(game.controls[name].widget.disabled for name in ("m", "k", "self_term"))
    assert game.controls["eps"].widget.disabled
