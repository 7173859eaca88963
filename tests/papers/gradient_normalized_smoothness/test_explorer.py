import re
from functools import cache

import numpy as np
import pytest

from optilab.papers.gradient_normalized_smoothness import explorer
from optilab.papers.gradient_normalized_smoothness.explorer.radii import PLACES, promised, radii
from optilab.papers.gradient_normalized_smoothness.problems import CURVES

made_once = cache(lambda factory: getattr(explorer, factory)())


def said(factory, **values):
    made = made_once(factory)
    made.set(**made.start | values)
    assert not made.pictures.frame["error"]
    return re.sub("</?b>", "", made.data["note"]), made.data


def test_the_cone_is_what_the_lesson_says_of_it():
    for x in (1.0, 2.0):
        note, data = said("cone", c=0.0, x=x)
        assert data["here c.y"][0] == pytest.approx(x / 3, rel=1e-3)
    note, _ = said("cone")
    assert "errs by 0.296, and the cone allows 0.296. Best is c = 0.85, with γ = 1.75" in note
    note, _ = said("cone", function="softplus", x=3.0)
    assert "Best is c = 1.5 or more" in note
    note, data = said("cone", function="Rosenbrock slice", x=1.0)
    assert "stationary" in note
    assert np.isnan(data["best"])
    note, data = said("cone", function="Rosenbrock slice", x=0.5)
    assert "f″ < 0 here, so H = 0" in note
    assert "c scales nothing here" in note
    assert np.isnan(data["best"])


@pytest.mark.parametrize("function", CURVES)
@pytest.mark.parametrize("c", [0.0, 0.5, 1.0, 1.5])
def test_promises_lie_below_the_radius(function, c):
    _, over_x, _ = radii(function, 1.0, c)
    known = abs(CURVES[function].slope(PLACES)) > 1e-6
    assert known.sum() >= len(PLACES) - 1
    assert (promised(function, c)[known] <= over_x[known] * (1 + 2e-3)).all()


def test_the_race_is_what_the_lesson_says_of_it():
    assert "exact H 27" in said("race", gamma0=1e-4)[0]
    steps = [len(said("race", gamma0=gamma0)[1]["exact.x"]) - 1 for gamma0 in np.geomspace(1e-4, 1e4, 33)]
    assert max(steps) == 17 + 11
    note, _ = said("race", gamma0=1e4)
    assert "exact H 17" in note
    assert "2.4 probes a step" in note
    assert "exact H 8; Gauss–Newton 11; H = 0 18" in said("race", mu=1.0)[0]
    note, data = said("race", mu=0.05)
    assert note.count("more than 60") == 3
    assert "exact H 41" in note
    _, data = said("race")
    gamma, bound = data["γ.y"], data["concordant.y"]
    assert (gamma >= bound).all()
    assert (gamma[-5:] > 9 * bound[-5:]).all()
    assert data["lipschitz.y"][-1] < data["concordant.y"][-1]
    line = np.log(1 / data["rate ln 1/ε.x"]), data["rate ln 1/ε.y"]

    def linear(gap):
        return np.interp(np.log(1 / gap), *line)

    gap, steps = data["exact, steps.x"], data["exact, steps.y"]
    assert steps[(gap < 1e-6).argmax()] < linear(1e-6) / 2
    for name in ("zero", "gradient method"):
        assert data[f"{name}, steps.y"][-1] > 2 * linear(data[f"{name}, steps.x"][-1])


def test_the_labels_are_what_the_lesson_says_of_them():
    note, data = said("labels")
    assert "Fisher 81; H = 0 66; gradient method 49" in note
    assert (data["λ zero.y"] < data["loss.y"][: len(data["λ zero.y"])]).all()
    assert "Fisher 10; H = 0 46; gradient method 54" in said("labels", flips=0.1)[0]
    for margin in (0.0, 0.2, 0.3, 2.0):
        data = said("labels", margin=margin)[1]
        assert ("too few to show a rate" in data["title"]) == (margin < 0.3)


def test_what_breaks_is_what_the_lesson_says_of_it():
    assert "from 1.08, converges" in said("breaks", start=1.08)[0]
    assert "from 1.09, diverges" in said("breaks", start=1.09)[0]
    (fixed,) = (case for case in made_once("breaks").controls["case"].options if "fixed" in case)
    note, _ = said("breaks", case=fixed, gamma=5.0)
    assert "is at 10⁻⁸ in 18 steps; f rises in 3 of them" in note
    assert "after 49 steps" in note
    assert "in 33 steps; f rises in 0" in said("breaks", case=fixed, gamma=0.5)[0]
    (chain,) = (case for case in made_once("breaks").controls["case"].options if "chain" in case)
    steps = [said("breaks", case=chain, seed=seed)[1] for seed in range(1, 10)]
    assert {len(data["ours.x"]) - 1 for data in steps} == {18, 20, 21}
    assert {len(data["other.x"]) - 1 for data in steps} == {18, 19, 20}
    assert all("steps don't" in data["title"] for data in steps)
    note, data = said("breaks", case=chain, seed=0)
    assert "4×10⁻⁷ left" in note
    assert "freezes both" in data["title"]
    note, data = said("breaks", case="rounding")
    assert "stalled" in note
    assert np.isfinite(data["stalled.x"]).all()


def test_the_laboratory_counts_what_it_says():
    made = made_once("laboratory")
    assert "exact H 8; Fisher 72" in made.data["note"]
    assert (made.data["Gauss–Newton or Fisher.y"] == made.data["Fisher.y"]).all()
    made.set(axis="seconds")
    assert "seconds" in made.data["note"]
    assert (np.diff(made.data["exact.x"]) >= 0).all()
