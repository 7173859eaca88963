import numpy as np
import pytest

from optilab.papers.private_gsd import algorithm as alg
from optilab.papers.private_gsd import experiment


@pytest.mark.full  # the experiments' own tests measure them too
def test_claims_hold():
    claims = experiment.claims(quick=True)
    assert len(claims) >= 18
    assert all(claim.holds for claim in claims), [claim for claim in claims if not claim.holds]


def test_the_needle_is_hit_by_few_and_copied_by_many():
    both, alone = experiment.search_for(0.01, 50, 50, 0), experiment.search_for(0.01, 100, 0, 0)
    assert 90 < both < 120
    assert 250 < alone < 500
    assert experiment.search_for(0.01, 50, 50, 0, most=50) == np.inf


def test_the_search_goes_the_way_of_the_table():
    found = experiment.progress_of("both", 0)
    assert found == pytest.approx([3.5e-3, 5.5e-4], rel=0.25)


def test_errors_are_those_of_tables_against_the_truth():
    table, queries, truth = experiment.asked("half-spaces", 20)
    assert len(table) == 10_000
    np.testing.assert_allclose(experiment.errors(truth + np.array([0.1] + 39 * [0]), truth), [0.1, 0.1 / 40])
    found = experiment.rivals("half-spaces", 1.0, 0, 20, 40, 100)
    assert {"GSD", "RAP++, draws", "RAP++, systematic", "uniform", "sample", "noise"} <= set(found)
    measured = experiment.noisy(truth, queries, 1.0, 0)
    np.testing.assert_allclose(found["noise"], experiment.errors(measured.a_hat, truth))
    assert found["within"][0] == pytest.approx(alg.answer_bound(measured.sigma, 40, 1e-3))
    assert experiment.over(np.array([[1.0, 2], [3, 4]]), np.array([[1.0, 1], [1, 2]])) == 2
