"""The races are those that were measured, to the step, and their table says what is claimed."""

import numpy as np
import pytest

from optilab.papers.mkor import experiment
from optilab.papers.mkor.experiment import hits, race

SEEDS = range(5)


@pytest.mark.parametrize(
    ("method", "shift", "options", "steps"),
    [
        ("SGD", 3, {}, [170, 190, 140, 170, 180]),
        ("LAMB", 3, {}, [260, 230, 220, 220, 230]),
        ("KFAC", 3, {}, [60, 50, 50, 70, 60]),
        ("MKOR", 0, {}, [40, 40, 40, 50, 50]),
        ("MKOR", 3, {}, [60, 70, 60, 60, 50]),
        ("MKOR", 3, {"lr": 0.1, "f": 10}, [60, 60, 70, 70, 60]),
        ("MKOR", 3, {"lr": 0.1, "rule": "package"}, [60, 60, 50, 60, 60]),
        ("MKOR", 6, {}, [70, 80, 70, 80, 80]),
        ("MKOR + LAMB", 3, {}, [80, 70, 80, 90, 90]),
    ],
)
def test_hits_are_those_of_the_table_to_the_step(method, shift, options, steps):
    found = hits(race(method, SEEDS, float(shift), steps=max(steps), **options))
    np.testing.assert_array_equal(found, steps)


def test_the_inputs_are_so_far_from_rank_one():
    errors = [float(experiment.input_error([0], shift)[0]) for shift in (0.0, 1.0, 2.0, 3.0, 6.0)]
    np.testing.assert_allclose(errors, [0.91, 0.39, 0.12, 0.052, 0.013], rtol=0.05)


def test_centred_inputs_have_no_mean_and_the_same_weights():
    moved, start = experiment.task((3,), 2.0)
    centred, same = experiment.task((3,), 2.0, True)
    assert abs(centred.X.mean(-2)).max() < 1e-12
    assert np.linalg.norm(moved.X.mean(-2)) > 4
    np.testing.assert_array_equal(start, same)
    gap = moved.X - centred.X
    np.testing.assert_allclose(gap, np.broadcast_to(gap[:, :1], gap.shape), atol=1e-12)


def test_rates_side_by_side_are_those_alone():
    together = race("MKOR", [1, 2], 3.0, lr=[0.03, 0.3], steps=30).full
    alone = race("MKOR", [2], 3.0, lr=0.3, steps=30).full
    np.testing.assert_allclose(together[:, 1, 1], alone[:, 0], rtol=1e-9)


def test_the_nearest_rate_and_the_steps_of_a_miss():
    assert experiment.nearest_rate("SGD", 1.0) == 0.3
    assert experiment.nearest_rate("SGD", 4.0) == 0.03
    assert experiment.nearest_rate("MKOR", 8.0) == 0.1
    np.testing.assert_allclose(experiment.mean_steps(np.array([[100, np.inf], [50, 70]])), [250, 60])


def test_half_precision_stores_a_factor():
    off = experiment.half_precision(range(10))
    assert off.max() <= 5e-3
    assert off.min() > 1e-5  # it isn't stored in 64 bits


@pytest.mark.full  # the lesson measures most of them
def test_claims_hold():
    assert [str(claim) for claim in experiment.claims(quick=True) if not claim.holds] == []
