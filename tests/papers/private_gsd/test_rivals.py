import numpy as np
import pytest

from optilab.classics.adam import adam
from optilab.core.run import run
from optilab.papers.private_gsd import algorithm as alg
from optilab.papers.private_gsd.experiment import annealed_for, needle
from optilab.papers.private_gsd.problems import (
    Cells,
    Domain,
    all_rows,
    factors,
    marginals,
    people,
    random_half_spaces,
    random_prefixes,
)

SMALL = Domain((2, 3, 2))
QUERIES = random_prefixes(8, 0)
TRUTH = QUERIES.answers(people(2000, 0))
PROBLEM = alg.Relaxed(QUERIES, TRUTH, 40)


def test_a_soft_table_of_certain_rows_answers_as_that_table():
    rows, queries = SMALL.uniform(np.random.default_rng(0), 6), marginals(SMALL)
    logits = [np.where(rows[:, [c]] == np.arange(size), 50.0, -50.0) for c, size in enumerate(SMALL.sizes)]
    problem = alg.SoftTable(queries, queries.answers(rows), 6)
    x = np.concatenate(logits, axis=1).ravel()
    np.testing.assert_allclose(problem.answers(x), queries.answers(rows), atol=1e-12)
    np.testing.assert_array_equal(problem.draws(x, np.random.default_rng(0), 3), np.repeat(rows, 3, axis=0))
    assert problem(x) == pytest.approx(0, abs=1e-12)


def test_a_relaxed_table_of_certain_rows_answers_as_that_table():
    rows = people(40, 1)
    for queries in (QUERIES, random_half_spaces(8, 0)):
        problem = alg.Relaxed(queries, TRUTH, 40, 1e9)
        logits = np.where(rows[:, [0]] == np.arange(2), 50.0, -50.0)
        x = np.concatenate([logits, rows[:, 2:]], axis=1).ravel()
        np.testing.assert_allclose(problem.answers(x), queries.answers(rows), atol=1e-9)
        for rounded in (alg.draws, alg.systematic):
            table = rounded(problem, x, np.random.default_rng(0), 2)
            np.testing.assert_allclose(queries.answers(table), queries.answers(rows), atol=1e-9)


def test_drawn_and_even_rounding_keep_the_probabilities():
    rng = np.random.default_rng(0)
    x = rng.random(PROBLEM.dim)
    P, reals = PROBLEM.split(x)
    for copies in (1, 20):
        even = alg.systematic(PROBLEM, x, rng, copies)
        assert abs(even[:, 0].sum() - copies * P[:, 1].sum()) < 1
        each = even[:, 0].reshape(40, copies).sum(1)
        assert (abs(each - copies * P[:, 1]) < 1).all()
        np.testing.assert_array_equal(even[:, 2:], np.repeat(reals, copies, axis=0))
    drawn = alg.draws(PROBLEM, x, rng, 500)
    np.testing.assert_allclose(drawn[:, 0].reshape(40, 500).mean(1), P[:, 1], atol=0.1)
    assert drawn[:, 0].mean() == pytest.approx(P[:, 1].mean(), abs=0.015)
    means = np.array([alg.systematic(PROBLEM, x, rng, 1)[:, 0] for _ in range(2000)]).mean(0)
    np.testing.assert_allclose(means, P[:, 1], atol=0.06)  # each row in the right proportion, too


def test_annealing_goes_from_steepness_to_steepness_and_keeps_cells_inside():
    x0 = np.random.default_rng(0).random(PROBLEM.dim)
    found = list(alg.anneal(PROBLEM, x0, lr=0.2, steps=7, doublings=3))
    assert [state.s for state in found] == [0, 1, 2, 4, 8]
    for state in found:
        _, reals = PROBLEM.split(state.x)
        assert reals.min() >= 0
        assert reals.max() <= 1
        assert state.loss == pytest.approx(PROBLEM(state.x))
    first = alg.Relaxed(QUERIES, TRUTH, 40, 1.0)
    inside = list(alg.anneal(PROBLEM, x0, lr=1e-4, steps=7, doublings=0))[-1]  # too short a step to be clipped
    plain = run(adam(first, x0, alpha=1e-4), 7, keep=["x"]).x[-1]
    np.testing.assert_allclose(inside.x, plain, atol=1e-14)


def test_the_annealed_point_is_the_best_of_all_that_were_passed():
    x = alg.annealed(PROBLEM, np.random.default_rng(0), steps=10)
    x0 = np.random.default_rng(0).random(PROBLEM.dim)
    losses = [float(state.loss) for lr in (0.005, 0.03) for state in alg.anneal(PROBLEM, x0, lr=lr, steps=10)]
    assert PROBLEM(x) == pytest.approx(min(losses))
    assert PROBLEM(x) < 0.05 * PROBLEM(x0)


def test_the_needle_is_found_until_it_is_too_narrow():
    assert annealed_for(0.01, 0) < 1e-3
    assert annealed_for(0.0005, 0) > 0.4
    queries, a_hat = needle(0.01)
    np.testing.assert_array_equal(queries.answers(np.full((9, 1), 0.505)), a_hat)


def fitted(answers, sizes):
    """Iterative proportional fitting of two marginals of columns 0, 1 and of 1, 2: the joint of maximum entropy."""
    first, second = answers[: sizes[0] * sizes[1]].reshape(sizes[:2]), answers[sizes[0] * sizes[1] :].reshape(sizes[1:])
    p = np.full(sizes, 1 / np.prod(sizes))
    for _ in range(200):
        p *= (first / p.sum(2))[:, :, None]
        p *= (second / p.sum(0))[None]
    return p.ravel()


def test_mirror_descent_finds_the_distribution_of_maximum_entropy():
    queries = Cells(SMALL, ((0, 1), (1, 2)))
    Q = queries(all_rows(SMALL))
    answers = queries.answers(SMALL.uniform(np.random.default_rng(0), 400))
    p = run(alg.pgm(answers, Q), 3000, every=3000, keep=["p"]).p[-1]
    np.testing.assert_allclose(p, fitted(answers, SMALL.sizes), atol=1e-5)
    assert p.sum() == pytest.approx(1)


def test_mirror_descent_never_climbs_and_reaches_the_least_value_of_inconsistent_answers():
    table, queries = factors(2000, 0), marginals(SMALL)
    Q = queries(all_rows(SMALL))
    a_hat = np.clip(queries.answers(table[:, [2, 0, 4]]) + 0.05 * np.random.default_rng(0).normal(size=queries.M), 0, 1)
    trace = run(alg.pgm(a_hat, Q, eta=50.0), 3000)
    assert (np.diff(trace.value) <= 1e-15).all()
    p = trace.p[-1]
    gradient = 2 * (p @ Q - a_hat) @ Q.T
    assert gradient.min() >= p @ gradient - 1e-6  # no cell would lower it: the first-order condition on the simplex


def test_what_no_rival_can_use_is_refused():
    three = marginals(SMALL, 3)
    for make, message in (
        (lambda: alg.SoftTable(three, np.zeros(three.M), 3), "queries must be 2-way marginals"),
        (lambda: alg.SoftTable(marginals(SMALL), np.zeros(3), 3), "the shape of a_hat must be"),
        (lambda: alg.SoftTable(marginals(SMALL), np.zeros(16), 0), "n_rows must be a whole number"),
        (lambda: alg.Relaxed(QUERIES, TRUTH[1:], 3), "the shape of a_hat must be"),
        (lambda: alg.Relaxed(QUERIES, TRUTH, 0), "n_rows must be a whole number"),
        (lambda: alg.Relaxed(QUERIES, TRUTH, 3, 0.0), "s must be positive"),
        (lambda: alg.anneal(PROBLEM, np.zeros(3)), "the length of x0 must be"),
        (lambda: alg.anneal(PROBLEM, np.zeros(PROBLEM.dim), lr=0.0), "lr must be positive"),
        (lambda: alg.anneal(PROBLEM, np.zeros(PROBLEM.dim), steps=0), "steps must be a whole number"),
        (lambda: alg.draws(PROBLEM, np.zeros(PROBLEM.dim), np.random.default_rng(0), 0), "copies must be"),
        (lambda: alg.pgm(np.zeros(3), np.ones((4, 2))), "the shape of a_hat must be"),
        (lambda: alg.pgm(np.zeros(2), np.ones((4, 2)), eta=0.0), "eta must be positive"),
    ):
        with pytest.raises(ValueError, match=message):
            make()
    few = needle(0.01)[0]
    with pytest.raises(ValueError, match="the number of categories must be 2"):
        alg.systematic(alg.Relaxed(few, np.zeros(3), 4), np.zeros(8), np.random.default_rng(0))
