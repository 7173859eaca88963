"""The test functions against their definitions and fronts, and the data sets against what is said of them."""

import numpy as np
import pytest

from optilab.papers.pareto_flow.problems import DTLZ2, ZDT, Surface, hidden_front
from optilab.problems.pareto import non_dominated, ranks


def slow_zdt(kind, x):
    f1, g = x[0], 1 + 9 * sum(x[1:]) / (len(x) - 1)
    if kind == 1:
        return [f1, g * (1 - (f1 / g) ** 0.5)]
    if kind == 2:
        return [f1, g * (1 - (f1 / g) ** 2)]
    return [f1, g * (1 - (f1 / g) ** 0.5 - (f1 / g) * np.sin(10 * np.pi * f1))]


@pytest.mark.parametrize("kind", [1, 2, 3])
def test_zdt_is_its_definition_point_by_point(kind):
    X = np.random.default_rng(0).random((2, 20, 6))
    Y = ZDT(kind)(X)
    for place in np.ndindex(2, 20):
        np.testing.assert_allclose(Y[place], slow_zdt(kind, X[place]), rtol=1e-13)


def test_the_front_of_zdt_is_where_the_other_coordinates_are_zero():
    along = np.linspace(0, 1, 50)
    X = np.zeros((50, 4))
    X[:, 0] = along
    np.testing.assert_allclose(ZDT(1)(X)[:, 1], 1 - np.sqrt(along), atol=1e-15)
    np.testing.assert_allclose(ZDT(2)(X)[:, 1], 1 - along**2, atol=1e-15)
    worse = X.copy()
    worse[:, 1:] = np.random.default_rng(1).random((50, 3))
    together = np.concatenate([ZDT(2)(X), ZDT(2)(worse)])
    assert non_dominated(together)[:50].all()


def test_dtlz2_is_a_sphere_blown_up_by_g():
    rng = np.random.default_rng(2)
    for m in (2, 3, 4):
        x = rng.random((30, 7))
        g = ((x[:, m - 1 :] - 0.5) ** 2).sum(-1)
        np.testing.assert_allclose(np.linalg.norm(DTLZ2(m)(x), axis=-1), 1 + g, rtol=1e-13)
    a, b = np.pi / 2 * x[:, 0], np.pi / 2 * x[:, 1]
    g = ((x[:, 2:] - 0.5) ** 2).sum(-1)
    expected = np.stack([np.cos(a) * np.cos(b), np.cos(a) * np.sin(b), np.sin(a)], -1) * (1 + g)[:, None]
    np.testing.assert_allclose(DTLZ2(3)(x), expected, rtol=1e-13)


def test_a_surface_charges_for_leaving_it_alike_in_every_objective():
    task = Surface(ZDT(1), 4, 12, rho=7.0)
    rng = np.random.default_rng(3)
    z = rng.random((5, 4))
    on = np.concatenate([z, task.c(z)], -1)
    np.testing.assert_allclose(task(on), ZDT(1)(z))
    np.testing.assert_allclose(task.distance(on), 0, atol=1e-15)
    off = on.copy()
    off[:, 4:] += 0.1
    np.testing.assert_allclose(task(off) - task(on), 7 * 0.01)
    np.testing.assert_allclose(task.distance(off), 0.1)
    assert ((task.c(z) >= 0.15) & (task.c(z) <= 0.85)).all()
    plain = Surface(ZDT(1), 4, 4)
    np.testing.assert_array_equal(plain(z), ZDT(1)(z))
    g = np.random.default_rng(12345)
    np.testing.assert_array_equal(task.waves[0], 0.105 * g.normal(size=(4, 8)))
    np.testing.assert_array_equal(task.waves[1], g.random(8))


def test_the_front_is_hidden_from_the_data():
    task = Surface(ZDT(2), 4, 12)
    data = hidden_front(task, np.random.default_rng(4), N=300)
    assert data.X.shape == (300, 12)
    np.testing.assert_array_equal(data.Y, task(data.X))
    assert ((data.X >= 0) & (data.X <= 1)).all()
    assert 0.01 < task.distance(data.X).mean() < 0.03
    everything = hidden_front(task, np.random.default_rng(4), N=500, drop=0.0)
    rank = ranks(everything.Y)
    kept = {tuple(x) for x in data.X}
    here = np.array([tuple(x) in kept for x in everything.X])
    assert here.sum() == 300
    assert rank[here].min() >= rank[~here].max()


def test_what_is_not_allowed_is_refused_by_name():
    for make, named in (
        (lambda: ZDT(4), "kind"),
        (lambda: DTLZ2(1), "m"),
        (lambda: Surface(ZDT(1), 4, 3), "d"),
        (lambda: Surface(ZDT(1), 0, 3), "k"),
        (lambda: Surface(ZDT(1), 4, 5, rho=-1.0), "rho"),
        (lambda: Surface(ZDT(1), 4, 5, amplitude=0.6), "amplitude"),
        (lambda: hidden_front(Surface(ZDT(1), 4, 5), np.random.default_rng(0), N=0), "N"),
        (lambda: hidden_front(Surface(ZDT(1), 4, 5), np.random.default_rng(0), drop=1.0), "drop"),
    ):
        with pytest.raises(ValueError, match=f"^{named} must be"):
            make()
