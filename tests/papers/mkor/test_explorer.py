"""The pictures are what the lesson says of them."""

from importlib import import_module

import numpy as np
import pytest

from optilab.papers.mkor.algorithm import Switch, switch_step
from optilab.papers.mkor.experiment import race

ellipse, growth, bill, contest, hybrid = (
    import_module(f"optilab.papers.mkor.explorer.{name}") for name in ("ellipse", "growth", "bill", "contest", "hybrid")
)

UNITS = ("multiplications", "numbers sent")


def half_axes(gamma, size, theta, frame=30):
    data = ellipse.compute(gamma=gamma, size=size, theta=theta, frame=frame)
    return {name: [*data[f"now {name}"][1]] for name in ("inv", "exact", "package", "printed")}


def test_the_ellipses_squeeze_along_g_but_for_the_printed_one():
    axes = half_axes(0.95, 2.0, 30)
    np.testing.assert_allclose(axes["exact"], axes["inv"], rtol=1e-9)
    np.testing.assert_allclose(axes["exact"], [0.298, 0.95**-30], rtol=2e-3)
    assert axes["package"][0] < axes["package"][1] == pytest.approx(1)
    np.testing.assert_allclose(axes["printed"], [4.19e7, 0.95**30], rtol=2e-3)
    np.testing.assert_allclose(half_axes(0.95, 2.0, 117)["printed"], axes["printed"], rtol=1e-6)
    nothing = half_axes(0.95, 0.0, 30)
    np.testing.assert_allclose(nothing["exact"], 0.95**-30)
    np.testing.assert_allclose(nothing["printed"], 0.95**30)


def test_an_ellipse_is_the_image_of_the_circle():
    x, y = ellipse.image(np.diag([4.0, 1.0]))
    assert (x.max(), y.max()) == (pytest.approx(1), pytest.approx(0.25))


def test_growth_is_what_the_lesson_says_of_it():
    def norm(zeta=0.9, eps=50.0, gamma=0.95, held=True):
        return growth.compute(zeta=zeta, eps=eps, gamma=gamma, held=held)["norm"][1]

    assert norm(held=False)[-1] == pytest.approx(0.95**-400, rel=1e-6)
    assert norm().max() == pytest.approx(52.6, abs=0.1)
    rise = np.diff(norm(zeta=0.95))[-50:]
    np.testing.assert_allclose(rise, 0.05 / 0.95, rtol=1e-6)  # linear at ζ = γ
    late = norm(zeta=0.96)[-50:]
    assert (late[1:] / late[:-1]).min() > 1.01
    assert norm(eps=1.0)[-1] == pytest.approx(2, abs=0.01)
    assert "does not contain" in growth.compute(zeta=0.9, eps=50.0, gamma=0.7, held=True)["headline"]


def test_the_bill_is_what_the_lesson_says_of_it():
    update, through, _, sent = zip(*bill.counts(10, 6, 8).values(), strict=True)
    assert update[1] / update[0] == pytest.approx(355, abs=1)
    assert through[0] / update[0] == pytest.approx(334, abs=1)
    assert sent[1] / sent[0] == pytest.approx(4096, abs=1)
    assert bill.counts(13, 6, 8)["KFAC"][0] / bill.counts(13, 6, 8)["MKOR"][0] == pytest.approx(2740, abs=5)
    assert bill.compute(10, 6, 1)["sending"] == "One worker: nothing is sent"


def test_a_branch_goes_back_at_its_place_and_the_table_says_where_a_window_switches():
    run = {"seeds": [0], "shift": 3.0, "lr": 0.1}
    branches = hybrid.branches("SGD, rate 0.1", 0)
    assert branches.shape == (41, 40)
    np.testing.assert_array_equal(branches[:3, 1], branches[:3, 5])  # both are MKOR for 20 steps
    assert (branches[3, 1] - branches[3, 5]) != 0
    mixed = race("MKOR", run["seeds"], run["shift"], lr=run["lr"], switch=Switch(50, 0.5)).full[:, 0]
    pure = race("MKOR", run["seeds"], run["shift"], lr=run["lr"], every=1, measures={"batch": lambda s: s.loss})
    off = int(switch_step(pure.batch[1:], 50, 0.5)[0])
    assert off == 250
    np.testing.assert_allclose(branches[:, off // 10 - 1], mixed, rtol=1e-9)


def test_losses_from_a_divergence_on_are_lost():
    class Gone:
        full = np.array([[1.0, 1.0], [0.5, 1e7], [0.05, 0.2], [np.nan, np.nan]])

    loss = contest.losses(Gone())
    assert loss.shape == (41, 2)
    np.testing.assert_array_equal(loss[:3, 0], [1.0, 0.5, 0.05])
    assert (loss[3:, 0] == contest.LOST).all()
    assert (loss[1:, 1] == contest.LOST).all()
    assert contest.arrival(loss[:, :1]) == 20
    assert contest.arrival(np.ones((41, 3))) == np.inf


def test_a_factor_that_has_overflowed_is_said_and_drawn_without_infinities():
    class Run:
        step = 10 * np.arange(41)
        norms = np.full((41, 2, 6), 1e150)
        errors = np.ones((41, 2, 6))

    Run.norms[20:] = np.inf
    data = contest.factors(Run(), 0.95, True, "printed")
    assert not np.isinf(data["left"][1]).any()
    assert data["factors"].startswith("A factor overflows before step 200")


def test_counted_prices():
    assert contest.price("MKOR", "steps", 1) == 1
    assert contest.price("SGD", "numbers sent", 1) < contest.price("MKOR", "numbers sent", 1)
    assert contest.price("MKOR", "numbers sent", 1) < contest.price("KFAC", "numbers sent", 1)
    assert contest.price("MKOR", "multiplications", 10) < contest.price("MKOR", "multiplications", 1)
    arrived = {"MKOR": 60, "KFAC": 60, "SGD": 170}  # at shift 3, as the race says
    work, sent = ({k: n * contest.price(k, axis, 1) for k, n in arrived.items()} for axis in UNITS)
    assert {name: round(number / 1e6) for name, number in work.items()} == {"MKOR": 19, "KFAC": 20, "SGD": 41}
    assert [round(sent[name], -3) for name in ("MKOR", "KFAC")] == [82_000, 112_000]
