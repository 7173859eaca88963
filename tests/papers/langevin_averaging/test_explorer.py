import sys

import numpy as np
import pytest

import optilab.papers.langevin_averaging.explorer  # noqa: F401 (puts its modules where the next lines find them)
from optilab.papers.langevin_averaging import experiment
from optilab.papers.langevin_averaging.algorithm import averaged_sgd, langevin, smoothed_value, traced_tensor
from optilab.papers.langevin_averaging.explorer import chains, parts, tables
from optilab.papers.langevin_averaging.problems import single_index, spiked_tensor, uniform

averaging, equator, samples, smoothing, temperature = (
    sys.modules[f"optilab.papers.langevin_averaging.explorer.{name}"]
    for name in ("averaging", "equator", "samples", "smoothing", "temperature")
)


def rng(seed=0):
    return np.random.default_rng(seed)


class Told:
    """A generator that gives the rows that another one drew in blocks."""

    def __init__(self, rng, at, n):
        blocks = [rng.integers(n, size=end - begin) for begin, end in zip([0, *at[:-1]], at, strict=True)]
        self.rows = iter(np.concatenate(blocks))

    def spawn(self, n):
        return [self] * n

    def normal(self, size):
        raise AssertionError("SGD without added noise draws rows alone")

    def integers(self, n, size):
        return np.full(size, next(self.rows))


@pytest.mark.parametrize("k", [2, 3, 4, 5])
def test_the_quick_run_is_that_of_the_algorithm(k):
    problem, theta0, steps = single_index(rng(k), 8, k, 64), uniform(rng(1), (8,)), 200
    film = chains.quick_sgd(problem, theta0, 0.1, steps, rng(2))
    same = averaged_sgd(problem, theta0, eta=0.1, steps=steps, rng=Told(rng(2), parts.checkpoints(steps), 64))
    states = list(same)
    assert film.step[-1] == steps
    for i, t in enumerate(film.step):
        for name in ("theta", "m1", "M2", "away"):
            np.testing.assert_allclose(
                getattr(film.chain, name)[i], getattr(states[t], name), rtol=1e-8, atol=1e-8, err_msg=name
            )


def test_a_film_of_langevin_has_its_states():
    problem, theta0 = spiked_tensor(rng(), 5, 3, 20.0), uniform(rng(1), (5,))

    def states():
        return langevin(problem, theta0, epsilon=1.0, horizon=10.0, rng=rng(2))

    film, every = chains.watched(states(), 200), list(states())
    np.testing.assert_array_equal(film.theta, [every[t].theta for t in film.step])
    found = parts.overlaps(film, problem)
    np.testing.assert_allclose(found["m"], film.theta @ problem.star)
    last = np.mean([state.theta for state in every[1:]], 0)
    assert found["average"][-1] == pytest.approx(last @ problem.star / np.linalg.norm(last))
    assert found["length"][-1] == pytest.approx(np.linalg.norm(last))


SETTING = {"method": averaging.NEURON, "d": 30, "k": 3, "share": 1.0, "rate": 1.0, "heat": 0.33, "seed": 0}


def seen(**change):
    values = SETTING | change
    return averaging.compute(frame=parts.FRAMES - 1, run=averaging.one_chain(**values), **values)


@pytest.mark.parametrize(
    ("change", "output", "first"),
    [({}, 0.92, None), ({"k": 4}, 0.96, 0.33), ({"share": 0.1}, 0.52, None), ({"k": 5}, 0.79, None)],
)
def test_the_numbers_of_the_lesson(change, output, first):
    data = seen(**change)
    assert data["average"][1][-1] == pytest.approx(output, abs=6e-3)
    if first:
        assert data["first"][1][-1] == pytest.approx(first, abs=6e-3)


def test_a_tensor_that_is_too_big_is_refused_with_a_sentence():
    data = seen(method=averaging.TENSOR, d=60, k=4)
    assert "are the most here" in data["note"]
    assert np.isnan(data["m"][1]).all()
    assert seen(method=averaging.TENSOR, d=10, k=5)["m"][1].size > 100


@pytest.mark.parametrize("seed", range(4))
def test_at_the_mark_one_peak_is_left_where_the_chains_are(seed):
    for n in (4.0, 100.0):
        tensor, axes, _, mean = smoothing.scene(n, seed)
        np.testing.assert_allclose(axes @ axes.T, np.eye(3), atol=1e-12)
        assert axes[0] @ traced_tensor(tensor) == pytest.approx(np.linalg.norm(traced_tensor(tensor)))
        assert np.degrees(np.arccos(axes[0] @ mean)) < 8
        z = smoothing.landscape(smoothing.MARK, n, seed)
        assert smoothing.peaks(z) == 1
        assert np.unravel_index(z.argmax(), z.shape) == (30, 60)
        place = smoothing.points(np.array([0.3]), np.array([-0.2]), axes)
        longitude, latitude = smoothing.places(place, axes)
        assert np.radians([longitude[0], latitude[0]]) == pytest.approx([0.3, -0.2])


def test_the_tensor_of_the_lesson_has_two_peaks_before_and_after_the_mark():
    found = [smoothing.peaks(smoothing.landscape(lam, 4.0, 0)) for lam in (0.0, smoothing.MARK, 3.0)]
    assert found == [2, 1, 2]


def test_the_section_is_the_sum_of_its_parts():
    for lam in (0.0, 0.5, smoothing.MARK, 2.0):
        data = smoothing.compute(lam=lam, n=4.0, seed=0)
        np.testing.assert_allclose(data["values"][1], data["cubic"][1] + data["linear"][1], atol=1e-12)
        tensor, axes, *_ = smoothing.scene(4.0, 0)
        at = smoothed_value(tensor, axes[0], lam) * (1 + lam**2) ** 1.5
        assert data["values"][1][90] == pytest.approx(at)


def test_the_visits_follow_the_law_of_the_signal_alone():
    found = equator.visits(heat=0.33, k=3, copies=0.0, h=0.2, seed=0)
    middle = (equator.EDGES[1:] + equator.EDGES[:-1]) / 2
    law = equator.tilted(middle, 30, 3, 9.9)
    assert abs(found.density - law).max() < 0.25
    assert found.away == pytest.approx(equator.mean_away(30, 3, 9.9), abs=0.03)
    assert found.mean == pytest.approx(np.trapezoid(middle * law, middle), abs=0.03)


@pytest.mark.parametrize("k", [3, 4])
def test_hot_or_cold_is_what_the_chain_does(k):
    d = equator.SIZES[k]
    edge = equator.mean_away(d, k, equator.critical(d, k))
    law = np.ones(len(equator.EDGES) - 1) / 2
    for away, title in ((0.9 * edge, "Hot"), (1.1 * edge, "Cold")):
        run = equator.Visits(law, 0.0, away, 0.9)
        assert equator.compute(heat=0.4, k=k, run=run)["headline"].startswith(title)


def test_the_tables_have_the_shape_of_their_axes():
    for k in (3, 4):
        for table in (tables.OUTPUT, tables.LAST, tables.AWAY):
            assert table[k].shape == (len(experiment.SHARES), len(experiment.HEATS))
            assert ((table[k] >= -0.3) & (table[k] <= 1)).all()
        for n, *shares in tables.CLIMBS[k].values():
            assert all(len(one) == len(n) for one in shares)


@pytest.mark.full
@pytest.mark.parametrize(("k", "d"), [(3, 30), (4, 20)])
def test_a_row_of_the_maps_is_measured_again(k, d):
    row = 4
    found = experiment.phase(d, k, experiment.SHARES[row], runs=8, seed=100 * k)
    for table, values in ((tables.OUTPUT, found.average), (tables.LAST, found.last), (tables.AWAY, found.away)):
        np.testing.assert_allclose(table[k][row], values, atol=6e-3)


@pytest.mark.full
@pytest.mark.parametrize(("k", "d", "count"), [(3, 20, 80), (4, 12, 60)])
def test_points_of_the_climbs_are_measured_again(k, d, count):
    n, traced, random, warm = tables.CLIMBS[k][d]
    for i in (3, 6):
        found = experiment.climbs(d, k, float(tables.STEPS[k][i]), count=count, seed=500 + k)
        assert (np.median(found.traced), found.random, found.warm) == pytest.approx(
            (traced[i], random[i], warm[i]), abs=6e-3
        )
        assert n[i] == pytest.approx(float(tables.STEPS[k][i]), rel=1e-9)
