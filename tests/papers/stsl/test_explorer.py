import sys

import numpy as np
import pytest

from optilab.papers.stsl import algorithm as alg
from optilab.papers.stsl import experiment as ex
from optilab.papers.stsl.explorer import parts
from optilab.papers.stsl.problems import images

START = {"method": "STSL", "S": 50, "K": 5, "lam": 0.1, "eta": 0.02, "sigma": 0.1, "init": "ddim"}


def module(name):
    return sys.modules[f"optilab.papers.stsl.explorer.{name}"]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, "Done: the spread is 0.99"),
        ({"eta": 0.0}, "All particles are one point"),
        ({"eta": 0.0, "init": "q_sample"}, "Done: the spread is 0.95"),
        ({"eta": 0.2, "K": 10}, "Done: the spread is 8.3"),
        ({"lam": 2.0}, "Step too large"),
        ({"method": parts.FULL}, "Done: the spread is 0.98"),
    ],
)
def test_the_title_of_the_stage_says_how_it_ends(changed, said):
    stage = module("stage")
    film = stage.simulate(**START | changed)
    data = stage.compute(module("particles").FRAMES, run=film)
    assert data["headline"].startswith(said)
    assert np.isfinite(film.z).all()
    assert abs(film.z).max() <= module("particles").FAR
    assert stage.compute(0, run=film)["headline"].startswith(("At noise", "Step too large"))


def test_the_last_frame_of_a_run_is_its_end():
    stage = module("stage")
    film = stage.simulate(**START | {"S": 20})
    *_, end = stage.by_stsl(20, 5, 0.1, 0.02, 0.1, "ddim")
    np.testing.assert_array_equal(film.z[-1], end.z)
    assert film.calls == end.score_calls == 20 * 11 + 20
    assert film.alpha[-1] == 1


@pytest.mark.parametrize("alpha", [0.02, 0.3, 0.6, 0.99])
@pytest.mark.parametrize("sigma", [0.05, 0.3, 1.0])
def test_the_surrogate_is_below_wherever_it_is_drawn(alpha, sigma):
    field = module("field")
    assert "below the truth everywhere" in field.compute(alpha, field.SURROGATE, sigma)["verdict"]
    assert "above" in field.compute(alpha, parts.ORDER, sigma)["verdict"]


def test_the_error_in_the_title_is_that_of_the_arrows():
    field = module("field")
    exact, guess = field.gradients(0.6, parts.ORDER, 0.3)
    error = np.median(np.linalg.norm(guess - exact, axis=-1) / np.linalg.norm(exact, axis=-1))
    assert f"error is {error:.2g} " in field.compute(0.6, parts.ORDER, 0.3)["headline"]
    x, y = field.arrows(np.zeros((1, 2)), np.array([[3.0, 4.0]]), 5.0)
    np.testing.assert_allclose([x[1], y[1]], field.UNIT * np.array([0.6, 0.8]))


def test_the_race_ends_where_the_experiment_does():
    race = module("race")
    found = race.simulate("box", 7, 2)
    problem = race.restore("box", 7, 2)
    noise = np.random.default_rng([2, 2]).normal(size=(race.SAMPLES, 24))
    end = ex.sampled("PSLD 250, ω = 0.1", problem, noise, np.random.default_rng(0))
    error = np.sqrt(((problem.decode(end.z) - images(0).test[7]) ** 2).mean())
    paper, calls, errors = found.ways["PSLD"]
    assert errors[-1] == pytest.approx(error)
    assert (paper[-1], calls[-1]) == (250, 250)
    assert (found.ways["STSL"][0][-1], found.ways["STSL"][1][-1]) == (50, 120)
    np.testing.assert_allclose(found.ends["PSLD"], problem.decode(end.z[0]))


def test_digits_are_placed_in_rows_of_four():
    digits = [np.full(64, k / 10) for k in range(7)]
    x, y, z = parts.strip(digits)
    assert z.shape == (len(y), len(x)) == (20, 38)
    np.testing.assert_array_equal(z[:8, 10:18], 0.1)
    np.testing.assert_array_equal(z[12:, 20:28], 0.6)
    assert np.isnan(z[9]).all()


def test_an_edit_is_that_of_the_algorithm_and_a_lost_one_says_so():
    editing = module("editing")
    problem, x, restored = editing.source_of(3, 0, "sr2")
    *_, end = alg.edit(problem, restored, rng=np.random.default_rng(3), target=8, w=1.5)
    data = editing.compute(3, 0, "sr2", 8, 1.5, True, True, 0.03, 2.0)
    kept = ex.correlation(problem.decode(end.z), x)
    assert f"correlation of {kept:.2f}" in data["headline"]
    assert data["share"].sum() == pytest.approx(1)
    lost = editing.compute(5, 19, "rand60", 1, 0.0, True, False, 3.0, 20.0)
    assert lost["headline"] == "No edit"
    assert "Step too large" in lost["note"]
    assert lost["empty"] == 0.5


@pytest.mark.parametrize(
    ("name", "digit", "said"),
    [
        ("sr2", 21, ["PSLD 0.229 after 250", "STSL 0.177 after 50", "<b>STSL</b>"]),
        ("rand60", 21, ["STSL, noisy start 0.198", "<b>STSL, noisy start</b>"]),
        ("blur", 22, ["P2L 0.246", "STSL 0.286", "<b>P2L</b>"]),
    ],
)
def test_the_race_is_what_the_lesson_says_of_it(name, digit, said):
    race = module("race")
    run = race.simulate(name, digit, 0)
    note = race.compute(race.PAPER, run=run)["note"]
    assert [words for words in said if words not in note] == []
    assert "PSLD" in note
    if name == "sr2":
        calls = race.compute(race.CALLS, run=run)["note"]
        assert "PSLD 0.229 after 250" in calls
        assert "STSL 0.177 after 120" in calls


@pytest.mark.parametrize(
    ("way", "alpha", "error", "longer"),
    [
        (parts.ORDER, 0.6, "2.3", "3.2"),
        (parts.ORDER, 0.98, "0.24", "1.2"),
        ("surrogate with trace", 0.6, "2", "2.9"),
        (parts.ORDER, 0.02, "9.9", "11"),
        ("surrogate with trace", 0.02, "12", "12"),
        (parts.FULL, 0.6, "0.2", "1.1"),
        (parts.FULL, 0.98, "1.5×10⁻⁵", "1"),
    ],
)
def test_the_arrows_are_what_the_lesson_says_of_them(way, alpha, error, longer):
    data = module("field").compute(alpha, way, 0.3)
    assert data["headline"] == f"The median error is {error} times the exact arrow"
    assert f"<b>{longer} times as long</b>" in data["note"]


@pytest.mark.parametrize(
    ("changed", "kept"),
    [
        ({}, 0.78),
        ({"tune": False}, 0.76),
        ({"mend": False}, 0.67),
        ({"tune": False, "mend": False}, 0.59),
        ({"w": 3.0}, 0.74),
        ({"w": 3.0, "tune": False, "mend": False}, 0.53),
    ],
)
def test_edits_keep_what_the_lesson_says(changed, kept):
    start = {"source": 3, "which": 0, "name": "sr2", "target": 8, "w": 1.5, "tune": True, "mend": True}
    data = module("editing").compute(**start | {"lam": 0.03, "nu": 2.0} | changed)
    assert f"correlation of {kept:.2f} " in data["headline"]


def test_too_long_a_tuning_all_but_wins_against_the_class():
    data = module("editing").compute(3, 0, "sr2", 8, 1.5, True, True, 3.0, 2.0)
    assert "an 8 (probability 0.63)" in data["note"]
