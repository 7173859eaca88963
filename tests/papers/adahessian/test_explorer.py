"""What the lesson says of its pictures, computed."""

from importlib import import_module

import numpy as np
import pytest

race, cloud, losses, curvatures = (
    import_module(f"optilab.papers.adahessian.explorer.{name}") for name in ("race", "cloud", "losses", "curvatures")
)


def raced(landscape="bowl", s=1.0, degrees=0.0, lr=0.15, eps=0.0, diagonal=race.EXACT, rates=race.TUNED):
    return race.compute(landscape, s, degrees, lr, eps, diagonal, rates)


def apart(data, name="ADAHESSIAN"):
    return np.nanmax(data[f"{name} apart"][1])


@pytest.mark.parametrize("landscape", race.LANDSCAPES)
def test_units_change_adams_path_and_not_that_of_the_exact_diagonal(landscape):
    for s in (-2.0, 1.0, 3.0):
        data = raced(landscape, s)
        assert apart(data) < 1e-12
        assert apart(data, "Adam") > 0.1
        assert "the path that it takes in plain units" in data["note"]


def test_a_turn_epsilon_and_a_probe_bring_the_units_back():
    turned = raced(degrees=30.0)
    assert turned["ADAHESSIAN end"][0] == pytest.approx(0.84, abs=0.01)
    blunt = raced(s=-3.0, eps=1e-2)
    assert blunt["ADAHESSIAN end"][1] > 0.9
    assert apart(raced("Beale", 2.0, diagonal=race.PROBE)) == pytest.approx(0.84, abs=0.01)
    assert "SGD with momentum beyond 10⁶ from step 3 on" in raced(rates=race.SAME)["note"]


def test_the_law_is_drawn_where_it_holds():
    data = raced(lr=2.0)
    np.testing.assert_allclose(data["law"][1], data["ADAHESSIAN loss"][1], rtol=1e-6)
    for elsewhere in (raced(degrees=5.0), raced(eps=1e-4), raced("Beale")):
        assert np.isnan(elsewhere["law"][1]).all()
    assert "ADAHESSIAN beyond 10⁶" in raced(lr=50.0)["note"]


def clouded(c=1.0, probes=1, block=1, mode="signed", i=1):
    return cloud.compute(c, probes, block, mode, i)


def test_the_cloud_is_what_the_lesson_says_of_it():
    assert clouded(c=0.0)["root"] == 1
    assert clouded(c=2.0)["root"] == pytest.approx(3.76, abs=0.02)
    assert clouded(probes=16)["root"] <= 1.1
    for block in (1, 2, 4, 8):
        data = clouded(block=block)
        np.testing.assert_allclose(data["rms"][1], data["formula"][1][::3], rtol=0.06)
    assert np.isnan(clouded(block=2, mode="abs")["formula"][1]).all()
    assert "no formula" in clouded(block=2, mode="abs")["note"]


def test_the_losses_are_what_the_lesson_says_of_them():
    run = losses.network(100.0, 5, 1.0, "row", progress=lambda done, total: None)
    data = losses.compute(run=run, freq=5)
    assert "above a tuned Adam" in data["headline"]
    assert data["ADAHESSIAN, your setting units"][0][-1] == 840
    assert data["ADAHESSIAN, default units"][0][-1] == 1800
    assert data["ADAHESSIAN, default steps"][1][-1] == pytest.approx(0.008, abs=2e-4)


def test_the_film_shows_row_norms():
    run = curvatures.film(100.0)
    assert "no estimate yet" in curvatures.compute(0, run)["headline"]
    estimate, diagonal, rows = run.estimate[3], run.diagonal[3], run.rows[3]
    assert np.median(estimate / diagonal) == pytest.approx(22, rel=0.05)
    assert np.median(estimate / rows) == pytest.approx(2.4, rel=0.05)
    assert (rows >= diagonal).all()


@pytest.mark.parametrize("lr", [20.0, 30.0])
def test_where_a_run_is_given_up_does_not_depend_on_its_units(lr):
    paths = [raced(s=s, lr=lr)["ADAHESSIAN loss"][1] for s in (-3.0, 0.0, 3.0)]
    drawn = [path[np.isfinite(path)] for path in paths]
    assert len(drawn[1]) == (7 if lr == 30.0 else race.STEPS + 1)
    for path in drawn:
        np.testing.assert_allclose(path, drawn[1], rtol=1e-6)
