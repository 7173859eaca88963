"""The experiment's pieces: data sets, what is handed out, and that methods see what they may see."""

import numpy as np
import pytest

from optilab.papers.pareto_flow import experiment
from optilab.papers.pareto_flow.problems import ZDT, Surface
from optilab.problems.pareto import best, hypervolume, ranks


@pytest.fixture(scope="module")
def found():
    return experiment.learned("ZDT2 surface", 0)


def test_what_was_learned_is_kept_and_of_the_lessons_size(found):
    assert experiment.learned("ZDT2 surface", 0) is found
    assert found.data.X.shape == (1500, 12)
    np.testing.assert_allclose(found.reference, 1.1 * found.data.Y.max(0))
    assert found.flow.theta.shape == (12 * 64 + 64 + 2 * (64 * 64 + 64) + 64 * 12 + 12 + 24,)
    assert found.predictors.theta.shape == (2, 12 * 64 + 64 + 64 * 64 + 64 + 65)
    error = ((found.predictors(found.z.x) - found.z.y) ** 2).mean(0)
    assert (error < 0.02).all()
    assert 1.1 < found.loss < 1.3


def test_methods_draw_from_generators_of_their_own():
    first, again = experiment.streams(3), experiment.streams(3)
    numbers = [rng.random() for rng in first]
    assert numbers == [rng.random() for rng in again]
    assert len(set(numbers)) == 5


def test_what_is_handed_out_is_judged_by_the_true_objectives(found):
    given = experiment.designs("ZDT2 surface", 0, "ParetoFlow")
    assert len(given.x) + given.missing == experiment.KEPT
    assert ((given.x >= 0) & (given.x <= 1)).all()
    np.testing.assert_array_equal(given.true, found.task(given.x))
    scale = np.prod(found.reference)
    assert given.volume == pytest.approx(hypervolume(given.true, found.reference) / scale)
    assert given.promised == pytest.approx(hypervolume(given.predicted, found.reference) / scale)
    back = found.predictors((given.x - found.z.x_mean) / found.z.x_sd)
    np.testing.assert_allclose(given.predicted, found.z.values(back))
    places = best(found.data.Y, experiment.KEPT)
    np.testing.assert_array_equal(experiment.data_best(found).x, found.data.X[places])


def test_variants_are_what_they_are_called(found):
    volumes = {
        name: experiment.volume("ZDT2 surface", 0, name) for name in ("ParetoFlow", "no filter", "no neighbours")
    }
    assert volumes == pytest.approx({"ParetoFlow": 0.794, "no filter": 0.654, "no neighbours": 0.778}, abs=0.005)
    equal = next(experiment.paretoflow(found, **experiment.VARIANTS[experiment.EQUAL]))
    plain = next(experiment.paretoflow(found))
    np.testing.assert_array_equal(equal.x, plain.x)  # the same noise
    np.testing.assert_allclose(plain.score, -(_values(found, plain.elites) * _lattice()).sum(-1))


def _lattice():
    first = np.arange(50) / 49
    return np.stack([first, 1 - first], -1)


def _values(found, elites):
    """The true z-scored values of elites that are data."""
    places = [int(np.flatnonzero((found.z.x == elite).all(-1))[0]) for elite in elites]
    return found.z.y[places]


def test_the_search_starts_at_the_best_data_and_asks_the_predictors_alone(found):
    true, promised, off = experiment.evolved("ZDT2 surface", 0)
    assert true.shape == promised.shape == (experiment.GENERATIONS + 1,)
    start = hypervolume(found.data.Y[best(found.z.y, 100)], found.reference) / np.prod(found.reference)
    assert true[0] == pytest.approx(start)
    assert (np.diff(promised) > -0.02).all()
    assert off > 0.3
    assert experiment.volume("ZDT2 surface", 0, "NSGA-II, 20") == true[20]


def test_data_of_a_search_lack_its_best(found):
    problem = Surface(ZDT(2), 10, 10)
    data = experiment.searched(problem, np.random.default_rng(0))
    assert data.X.shape == (1500, 10)
    np.testing.assert_array_equal(data.Y, problem(data.X))
    assert ranks(data.Y).max() > 5
    assert data.Y[:, 1].min() < 2.5  # far better than random data, whose best is at 3


def test_a_reference_that_nothing_is_below_is_told():
    Y = np.ones((3, 4, 2))
    with pytest.warns(UserWarning, match="no point is below the reference"):
        assert (experiment.quality(Y, np.ones(2)) == 0).all()
    Y[0, 0] = 0.5
    assert experiment.quality(Y, np.ones(2)).tolist() == [0.25, 0, 0]
