from itertools import product

import numpy as np
import pytest

from optilab.papers.gradient_sliding import explorer
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


def test_the_race_computes_at_its_corners_tells_its_progress_and_thins_long_curves():
    made = explorer.two_counters(budget=2)
    largest = {"kappa": 1000.0, "noise": 2.0, "effort": 0.05, "budget": 8, "seed": 0}
    for values in [*corners(made, budget=2, seed=19), largest]:
        reports = []
        result = made.simulate(**values, progress=lambda done, total, reports=reports: reports.append(done / total))
        data = made.compute(**values, run=result)
        check_finite(data)
        assert 0 <= min(reports) < max(reports) <= 1
        assert reports == sorted(reports)
        assert all(len(data[f"prox-SGD, {counter}"][1]) < 1500 for counter in ("gradients", "subgradients"))


def test_breaking_it_is_said():
    made = explorer.extremes()
    for values in corners(made):
        data = made.compute(**values)
        check_finite(data, but=("gap.y", "gap, cheap.y"))
        assert np.isnan(data["gap"][1]).any() == ("Diverged" in data["note"])
    for seed in range(3):
        assert "Diverged" not in made.compute(ratio=0.7, factor=1.0, seed=seed)["note"]
        assert "Diverged at step" in made.compute(ratio=0.5, factor=1.0, seed=seed)["note"]
        lost = made.compute(ratio=0.2, factor=1.0, seed=seed)["gap"][1]
        assert np.isnan(lost[8:]).all()
