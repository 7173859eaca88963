"""NSGA-II: its operators, that it keeps the best, and that it finds a front that is known."""

import numpy as np
import pytest
from scipy.stats import kstest

from optilab.core.run import run
from optilab.papers.pareto_flow.algorithm.evolution import crossed, mutated, nsga2, tournament
from optilab.papers.pareto_flow.problems import ZDT
from optilab.problems.pareto import best, crowding, hypervolume, ranks

BOX = {"low": np.zeros(5), "high": np.ones(5)}


def start(N=20, seed=0):
    return np.random.default_rng(seed).random((N, 5))


def test_a_generation_keeps_the_best_of_parents_and_children():
    asked = []

    def objectives(x):
        asked.append((x, ZDT(1)(x)))
        return asked[-1][1]

    states = nsga2(objectives, start(), rng=np.random.default_rng(1), **BOX)
    first, second = next(states), next(states)
    (x0, y0), (children, y1) = asked
    np.testing.assert_array_equal(first.x, x0)
    assert ((children >= 0) & (children <= 1)).all()
    everybody, values = np.concatenate([x0, children]), np.concatenate([y0, y1])
    np.testing.assert_array_equal(second.x, everybody[best(values, 20)])
    np.testing.assert_array_equal(second.y, ZDT(1)(second.x))


def test_it_finds_the_front_of_zdt2():
    trace = run(nsga2(ZDT(2), start(100), rng=np.random.default_rng(2), **BOX), 120, every=40)
    volumes = hypervolume(trace.y, np.ones(2) * 1.1)
    assert (np.diff(volumes) > 0).all()
    whole = 1.1**2 - 2 / 3  # below the reference and above f₂ = 1 − f₁², f₁ to 1.1
    assert volumes[-1] > 0.97 * (whole - 0.01)
    assert ranks(trace.y[-1]).max() == 0


def test_winners_of_tournaments_are_never_worse_than_the_losers_of_all():
    y = np.random.default_rng(3).random((40, 2))
    rank = ranks(y)
    away = crowding(y, rank)
    won = np.concatenate([tournament(y, np.random.default_rng(seed)) for seed in range(300)])
    share = np.bincount(won, minlength=40) / len(won)
    order = np.lexsort((-away, rank))
    expected = (2 * (40 - np.arange(40)) - 1) / 40**2  # of the place in that order, both drawn with replacement
    np.testing.assert_allclose(share[order], expected, atol=0.006)


def test_crossover_keeps_the_mean_of_a_pair_and_spreads_by_its_law():
    parents = np.random.default_rng(4).random((2, 2000, 5))
    children = crossed(parents, np.random.default_rng(5), 15.0)
    np.testing.assert_allclose(children[:, 0::2] + children[:, 1::2], parents[:, 0::2] + parents[:, 1::2])
    beta = (children[:, 0::2] - children[:, 1::2]) / (parents[:, 0::2] - parents[:, 1::2])
    moved = abs(beta - 1) > 1e-9
    np.testing.assert_allclose(moved.mean(), 0.45, atol=0.02)
    assert 0.3 < moved.any(-1).mean() < 0.95
    u = np.where(beta <= 1, beta**16 / 2, 1 - 1 / (2 * beta**16))[moved]  # of the contraction's law
    assert kstest(u, "uniform").pvalue > 1e-3


def test_mutation_moves_one_coordinate_in_d_by_its_law():
    x, width = np.zeros((20_000, 5)), np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    delta = mutated(x, np.random.default_rng(6), 20.0, width) / width
    moved = delta != 0
    np.testing.assert_allclose(moved.mean(0), 0.2, atol=0.01)
    delta = delta[moved]
    assert abs(delta).max() < 1
    u = np.where(delta < 0, (1 + delta) ** 21 / 2, 1 - (1 - delta) ** 21 / 2)
    assert kstest(u, "uniform").pvalue > 1e-3


def test_what_is_not_allowed_is_refused_by_name():
    for change, named in (
        ({"x0": start(21)}, "the shape of x0"),
        ({"low": np.ones(5)}, "low"),
        ({"eta_c": -1.0}, "eta_c"),
        ({"eta_m": -1.0}, "eta_m"),
    ):
        with pytest.raises(ValueError, match=f"^{named} must be"):
            nsga2(ZDT(1), **({"x0": start(), "rng": np.random.default_rng(0)} | BOX | change))
