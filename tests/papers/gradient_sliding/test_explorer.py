from itertools import product

import numpy as np
import pytest

from optilab.papers.gradient_sliding import explorer
from optilab.papers.gradient_sliding.experiment import Curve
from optilab.papers.gradient_sliding.explorer import bill
from optilab.papers.gradient_sliding.explorer.lengths import all_runs, one_run
from optilab.ui.marks import flat


def corners(made, **fixed):
    free = [name for name in made.controls if name not in fixed]
    for values in product(*(made.controls[name].corners() for name in free)):
        yield dict(zip(free, values, strict=True)) | fixed


def check_finite(data, but=()):
    for name, value in flat(data).items():
        if name not in but and not isinstance(value, str):
            assert np.isfinite(np.asarray(value, float)).all(), name


@pytest.mark.parametrize("factory", [explorer.lengths, explorer.slide, explorer.smoothing])
def test_explorers_compute_at_every_corner(factory):
    made = factory()
    for values in corners(made):
        check_finite(made.compute(**values))


@pytest.fixture(scope="module")
def race():
    return explorer.two_counters(budget=2)


def test_the_race_tells_its_progress_and_computes_where_nobody_comes_to_the_target(race):
    long = {name: race.start[name] for name in race.long}
    for values in (long, long | {"kappa": 1000.0, "noise": 2.0, "effort": 0.05}, long | {"noise": 0.0}):
        reports = []
        result = race.simulate(**values, progress=lambda done, total, reports=reports: reports.append(done / total))
        assert 0 <= min(reports) < max(reports) <= 1
        assert reports == sorted(reports)
        for corner in corners(race, **values):
            data = flat(race.compute(**corner, run=result))
            assert not any(np.isinf(np.asarray(value, float)).any() for name, value in data.items() if "." in name)
            assert len(data["prox-SGD.x"]) < 1500
    assert "No run comes to the target" in race.compute(**race.start | {"target": 1e-4}, run=race.result)["first"]


def test_the_race_s_three_pictures_say_the_same(race):
    for price in (0.1, 10.0, 1000.0):
        data = race.compute(**race.start | {"target": 3e-3, "price": price}, run=race.result)
        (right, left), (low, high) = data["line"]
        paid = {}
        for name in ("RF-SGS", "M-SGS", "prox-SGD"):
            cheap, gradients = data[f"{name}, spent"]
            paid[name] = price * gradients + cheap
            np.testing.assert_allclose(data[f"{name}, reached"][0] * (1 + price), paid[name])
            x, _ = data[f"{name}, at gradients"]
            work = data[f"{name}, work"][0]
            assert np.nanmin(work) >= 0
            assert np.nanmin(x) >= np.nanmin(work) - 1e-9
            assert np.nanmax(x) <= 1
        bill = right + price * low
        np.testing.assert_allclose(left + price * high, bill)
        np.testing.assert_allclose(bill, np.nanmin(list(paid.values())))  # the cheapest lies on the line
        assert min(paid, key=paid.get) in data["first"]


def test_a_stretch_of_work_is_cut_out_of_the_run():
    curve = Curve(np.array([4.0, 3, 2, 1]), np.array([0, 1, 2, 3]), np.array([0, 1, 3, 7]))
    work, gradients = bill.stretch(curve, 2.0, 3, 10.0)  # 2 1 2 2 2 4: the last ten of thirteen
    np.testing.assert_allclose(work, [[0, 1]])
    np.testing.assert_allclose(gradients, [[0, 0.2], [0.4, 0.6]])
    np.testing.assert_allclose(bill.stretch(curve, 2.0, 3, 26.0)[0], [[0.5, 1]])
    right, low = bill.equal_bill(100.0, 10.0, 60.0, 8.0)
    np.testing.assert_allclose((right, low), [[60, 20], [4, 8]])


def test_the_run_that_is_shown_as_code_is_the_one_that_is_looked_up():
    plans, runs = all_runs()
    plan, run = one_run(0.7, 3)
    steps = len(plan.T)
    np.testing.assert_array_equal(plans.T[:steps, 7, 3], plan.T)
    np.testing.assert_allclose(runs.gap[: steps + 1, 7, 3], run.gap, rtol=1e-6)


def test_breaking_it_is_said():
    made = explorer.extremes()
    for values in corners(made):
        data = made.compute(**values)
        check_finite(data, but=("gap.y", "gap, cheap.y"))
        assert ("explodes" in data["title"]) == ("Diverged" in data["note"])
        assert np.isnan(data["gap"][1]).any() == ("Diverged" in data["note"])
    for seed in range(3):
        assert "Diverged" not in made.compute(ratio=0.7, factor=1.0, seed=seed)["note"]
        assert "Diverged at step" in made.compute(ratio=0.5, factor=1.0, seed=seed)["note"]
        lost = made.compute(ratio=0.2, factor=1.0, seed=seed)["gap"][1]
        assert np.isnan(lost[8:]).all()
