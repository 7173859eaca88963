"""The transport problem: what it refuses, and its instances."""

import numpy as np
import pytest

from optilab.problems.transport import Transport, affinities, bumps, colour_costs, palettes, random_bumps, routing

A, B, C = np.array([0.2, 0.8]), np.array([0.5, 0.3, 0.2]), np.arange(6.0).reshape(2, 3)


def test_cost_and_errors_of_a_plan():
    problem = Transport(A, B, C)
    T = np.outer(A, B)
    assert problem(T) == pytest.approx(sum(C[i, j] * A[i] * B[j] for i in range(2) for j in range(3)))
    assert problem.row_error(T) == pytest.approx(0, abs=1e-15)
    T[0, 1] += 0.1
    assert problem.row_error(T) == pytest.approx(0.1)
    assert problem.column_error(T) == pytest.approx(0.1)
    np.testing.assert_array_equal(problem.columns, C.T)
    assert problem.columns.flags.c_contiguous


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"a": np.array([-0.2, 1.2])}, "a must be finite and nonnegative"),
        ({"a": np.array([np.nan, 1])}, "a must be finite and nonnegative"),
        ({"b": np.array([0.5, 0.5, 0.0])}, r"remove empty target \[2\]"),
        ({"b": np.array([0.5, np.nan, 0.5])}, "b must be finite"),
        ({"b": np.array([0.5, 0.3, 0.3])}, "totals of a and b must be equal"),
        ({"C": C.T}, r"\(2,\), \(3,\), \(3, 2\)"),
        ({"C": np.where(C < 5, C, np.inf)}, "C must be finite"),
        ({"a": np.array(1.0)}, "the shape of a"),
        ({"b": np.zeros(0)}, "the shape of b"),
        ({"b": B[None]}, "the shapes of a, b and C"),
    ],
)
def test_it_refuses_what_is_no_transport_problem(change, says):
    with pytest.raises(ValueError, match=says):
        Transport(**({"a": A, "b": B, "C": C} | change))


def test_the_bumps_are_their_formula():
    problem, x = bumps(), np.linspace(0, 1, 24)
    a = [np.exp(-((t - 0.25) ** 2) / (2 * 0.1**2)) + 0.01 for t in x]
    b = [
        0.6 * np.exp(-((t - 0.55) ** 2) / (2 * 0.06**2)) + 0.4 * np.exp(-((t - 0.85) ** 2) / (2 * 0.05**2)) + 0.01
        for t in x
    ]
    np.testing.assert_allclose(problem.a, a / np.sum(a), rtol=1e-12)
    np.testing.assert_allclose(problem.b, b / np.sum(b), rtol=1e-12)
    assert problem.C.max() == 1
    assert problem.C[0, 12] == pytest.approx(x[12] ** 2)


@pytest.mark.parametrize("make", [random_bumps, palettes, lambda seeds: routing(affinities(seeds))])
def test_a_batch_is_its_instances(make):
    batch, single = make(range(3)), make(2)
    for name in ("a", "b", "C"):
        assert getattr(batch, name).shape == (3, *getattr(single, name).shape)
        np.testing.assert_array_equal(getattr(batch, name)[2], getattr(single, name))


def test_the_first_experts_are_popular_and_every_token_has_one_affinity_to_give():
    affinity = affinities(range(40), tokens=30, experts=5, skew=3.0)
    np.testing.assert_allclose(affinity.sum(-1), 1)
    assert (np.diff(affinity.mean((0, 1))) < 0).all()
    even = affinities(range(40), tokens=30, experts=5, skew=0.0).mean((0, 1))
    assert abs(even - 0.2).max() < 0.02


def test_colours_far_apart_cost_one():
    X, Y = np.array([[0.0, 0, 0], [1, 1, 1]]), np.array([[1.0, 1, 1], [0, 0.5, 0]])
    np.testing.assert_allclose(colour_costs(X, Y), [[1, 0.25 / 3], [0, 2.25 / 3]])


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: bumps(size=1), "size"),
        (lambda: bumps([0.1, 0.2]), "the shape of centres"),
        (lambda: palettes(0, 1), "size"),
        (lambda: affinities(0, tokens=0), "tokens"),
        (lambda: affinities(0, experts=0), "experts"),
        (lambda: bumps(size=2.5), "size must be an integer, 2 or more, got 2.5"),
        (lambda: bumps([0.1, 0.2, np.nan]), "centres must be finite"),
        (lambda: random_bumps(-1), "seeds must be an integer of 0 or more, or a sequence of such, got -1"),
        (lambda: random_bumps([0, 1.5]), r"seeds must be .* got \[0, 1.5\]"),
        (lambda: random_bumps([]), r"seeds must be .* got \[\]"),
        (lambda: palettes(0, 3.5), "size must be an integer"),
        (lambda: affinities(0, tokens=2.5), "tokens must be an integer"),
        (lambda: affinities(0, skew=np.nan), "skew must be finite, got nan"),
        (lambda: colour_costs(np.ones((2, 3)), np.ones((4, 3))), "the colours X and Y must be more than one colour"),
        (lambda: colour_costs(np.ones((2, 3)), np.full((1, 3), np.nan)), "the colours Y must be finite"),
        (lambda: colour_costs(np.ones((2, 3)), np.ones(3)), r"the colours Y must be \(\*batch, size, 3\), got \(3,\)"),
        (lambda: routing(np.ones(3)), r"the shape of the affinity must be .*, got \(3,\)"),
        (lambda: routing(np.full((2, 2), np.nan)), "C must be finite"),
    ],
)
def test_instances_refuse_what_is_none(make, says):
    with pytest.raises(ValueError, match=says):
        make()
