import sys

import numpy as np
import pytest

import optilab.papers.optimistic_omd.explorer  # noqa: F401 (puts its modules where the next lines find them)
from optilab.core.run import run
from optilab.papers.optimistic_omd import experiment
from optilab.papers.optimistic_omd.algorithm import Convex, ensemble, exp_concave, optimistic
from optilab.papers.optimistic_omd.problems import regression, spinning, tracking

worlds, grids, geometry, lengths, hints, layers, metric = (
    sys.modules[f"optilab.papers.optimistic_omd.explorer.{name}"]
    for name in ("worlds", "grid", "geometry", "lengths", "hints", "layers", "metric")
)


@pytest.fixture(scope="module")
def grid():
    return grids.all_settings(0, 0.0)


def last(grid, kind, sigma, P, T):
    table = getattr(grid, kind)
    at = T // grids.EVERY - 1, worlds.at_sigma(sigma), list(worlds.PERIODS).index(P)
    return {name: float(values[at]) for name, values in table.items()}


def test_a_setting_of_the_grid_is_a_run_of_its_own(grid):
    losses = spinning(grids.LONGEST, 100.0, 0.3, [0])
    found = experiment.turned(losses)
    for name, x in found.items():
        assert last(grid, "dynamic", 0.3, "100", 2000)[name] == pytest.approx(losses.dynamic_regret(x)[1999, 0])
        assert last(grid, "static", 0.3, "100", 5000)[name] == pytest.approx(losses.static_regret(x)[-1, 0])
    assert (grid.path <= grid.bound).all()


def test_the_worlds_are_what_the_lesson_says_of_them(grid):
    names = (worlds.OURS, "AdaGrad", "OGD", "optimistic FTRL")
    rows = {
        (0.1, "100"): (40, 1367, 1614, 1956),
        (1.0, "100"): (1587, 1645, 1954, 1968),
        (1.0, "∞"): (24, 20, 8.4, 5.6),
    }
    for (sigma, P), row in rows.items():
        found = last(grid, "dynamic", sigma, P, 2000)
        np.testing.assert_allclose([found[name] for name in names], row, atol=0.6)
    late = last(grid, "dynamic", 1.5, "100", 2000)
    assert min(late, key=late.get) == "AdaGrad"
    np.testing.assert_allclose([late["AdaGrad"], late[worlds.OURS]], [1755, 1766], atol=1)
    assert max(last(grid, "static", 0.1, "100", 2000).values()) < 0
    ftrl = grid.best == worlds.FOUR.index("optimistic FTRL")
    assert ftrl[:, 0].any()
    assert not ftrl[:, 1:].any()


def test_the_note_names_all_methods_that_are_alike(grid):
    note = worlds.compute(run=grid, sigma=0.0, P="∞", T=2000)["note"]
    assert "least with <b>optimistic OMD and AdaGrad and OGD</b>" in note
    assert "least with <b>optimistic OMD</b>" in worlds.compute(run=grid, sigma=0.1, P="100", T=2000)["note"]


def test_a_share_of_rounds_turned_round_makes_hints_worthless():
    found = last(grids.all_settings(0, 0.2), "dynamic", 0.1, "100", 2000)
    assert found[worlds.OURS] == pytest.approx(1883, abs=1)
    assert found["AdaGrad"] == pytest.approx(1865, abs=1)


def test_the_film_of_rounds_is_what_the_lesson_says_of_it():
    def lost(c, delta):
        theta, trace = geometry.rounds(0.1, c, delta)
        return 0.5 * ((trace.x[:-1] - theta) ** 2).sum()

    np.testing.assert_allclose([lost(1.0, 1.0), lost(0.0, 1.0)], [1.69, 1.03], atol=0.006)
    np.testing.assert_allclose([lost(1.0, 40.0), lost(0.0, 40.0)], [2.30, 2.60], atol=0.006)
    data = geometry.compute(19, 0.1, 1.0, 1.0)
    np.testing.assert_allclose(data["price"][1], data["foretold"][1], atol=1e-12)


def test_the_title_of_the_film_says_where_the_boundary_is_met():
    assert geometry.compute(19, 0.1, 1.0, 1.0)["headline"].endswith("the surprise")
    assert geometry.compute(19, 1.0, 1.0, 1.0)["headline"].endswith("cuts 4 rounds short")


@pytest.mark.parametrize(("sigma", "ends"), [(0.0, (0.0316, 0.0316, 0.429)), (1.0, (0.0086, 0.0220, 0.0223))])
def test_the_step_sizes_are_those_of_the_methods(sigma, ends):
    found = lengths.step_sizes(sigma, "100")
    np.testing.assert_allclose([found[name][-1] for name in ("OGD", "AdaGrad", worlds.OURS)], ends, rtol=0.01)
    losses = spinning(lengths.ROUNDS, 100.0, sigma, [0])
    trace = run(optimistic(losses, np.zeros((1, 2)), steps=Convex(2.0, losses.G, 1.0)), 300)
    np.testing.assert_allclose(trace.eta[:300, 0], found[worlds.OURS][:300])
    np.testing.assert_allclose(trace.V[1:, 0], found["V"][:300])


def test_the_hints_are_what_the_lesson_says_of_them():
    turning, alternating, alike = (hints.swept(name).regret[-1] for name in hints.WORLDS)
    at = {c: round(10 * (c + 1)) for c in (-1, 0, 0.5, 0.9, 1)}
    assert turning.argmin() == at[1]
    np.testing.assert_allclose([turning[at[c]] for c in (0, 0.5, 0.9)], [3410, 1510, 160], rtol=0.005)
    np.testing.assert_allclose([alternating[at[c]] for c in (0, 1, -1)], [123, 186, -1632], atol=0.6)
    assert alike[at[0]] == pytest.approx(26, abs=0.5)
    assert alike[at[0] : at[1] + 1].max() < 34
    for name in hints.WORLDS:
        found = hints.swept(name)
        proved = abs(hints.HINTS) <= 1
        assert (found.path[:, proved] <= found.bound[:, proved]).all()


def test_the_weights_are_what_the_lesson_says_of_them():
    found = layers.weighed("jumps every 150 rounds", 0, 3000)
    paid, free = list(layers.COSTS).index(2.0), 0
    np.testing.assert_allclose([found.regret[-1, -1, paid], found.regret[-1, -1, free]], [161, 143], atol=0.5)
    np.testing.assert_allclose([found.regret[-1, 0, paid], found.single[-1, 0]], [68.5, 23.5], atol=0.1)
    at_rest = layers.weighed("rests", 0, 3000)
    rest = at_rest.regret[-1, -1]
    mostly = [run.etas[run.p[:, -1, paid, : len(run.etas)].mean(0).argmax()] for run in (at_rest, found)]
    np.testing.assert_allclose(mostly, [0.0039, 0.0626], rtol=0.01)
    np.testing.assert_allclose([rest[free], rest[paid]], [21.1, 14.9], atol=0.1)
    losses = tracking(layers.path("jumps every 150 rounds", 600), 0.5, [0])
    alone = run(ensemble(losses, np.zeros((1, 5)), D=2.0, G=layers.GREATEST, L=1.0, switching=3.0), 600)
    short = layers.weighed("jumps every 150 rounds", 0, 600)
    np.testing.assert_allclose(short.p[:, 5, 6, :5], alone.p[:600, 0], atol=1e-9)


def test_the_metric_is_what_the_lesson_says_of_it():
    found = metric.learned(0)
    at = [int(abs(np.log(metric.BETAS / beta)).argmin()) for beta in (metric.THEORY, 1.0, 4.0)]
    np.testing.assert_allclose(found.regret[-1, at], [29.9, 4.85, 3.13], atol=0.1)
    np.testing.assert_allclose([found.plain["OGD"][-1], found.plain[worlds.OURS][-1]], [4.02, 8.17], atol=0.01)
    np.testing.assert_allclose(found.metric[-1, at[2], [0, -1]], [11.7, 260], rtol=0.01)
    losses = regression(metric.ROUNDS, range(metric.SEEDS))
    alone = run(exp_concave(losses, np.zeros((metric.SEEDS, 5)), beta=metric.BETAS[at[2]], G=2.0), metric.ROUNDS)
    assert losses.static_regret(alone.x[: metric.ROUNDS]).mean() == pytest.approx(found.regret[-1, at[2]])
