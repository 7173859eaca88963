from itertools import permutations
from math import factorial

import numpy as np
import pytest
from scipy.special import eval_hermitenorm

from optilab.papers.langevin_averaging import problems as p


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("j", range(8))
def test_hermite_polynomials_are_those_of_the_textbook_normalised(j):
    s = np.linspace(-4, 4, 33)
    np.testing.assert_allclose(p.hermite(j, s), eval_hermitenorm(j, s) / np.sqrt(factorial(j)), rtol=1e-12, atol=1e-12)
    slope = np.polynomial.hermite_e.hermeval(s, np.polynomial.hermite_e.hermeder(np.eye(8)[j])) / np.sqrt(factorial(j))
    np.testing.assert_allclose(p.hermite_slope(j, s), slope, rtol=1e-12, atol=1e-12)
    assert p.hermite(j, 0.7) == pytest.approx(eval_hermitenorm(j, 0.7) / np.sqrt(factorial(j)))


@pytest.mark.parametrize("k", [2, 3, 4, 5])
def test_a_tensor_is_symmetrised_by_all_orders(k):
    T = rng(k).normal(size=(2, *[3] * k))
    axes = [(0, *(1 + np.array(order))) for order in permutations(range(k))]
    expected = sum(T.transpose(order) for order in axes) / factorial(k)
    np.testing.assert_allclose(p.symmetrised(T, k), expected, atol=1e-14)


@pytest.mark.parametrize("batch", [(), (2,)])
@pytest.mark.parametrize("k", [2, 3, 4, 5])
def test_the_packed_gradient_is_the_contraction_of_the_whole_tensor(k, batch):
    problem = p.SpikedTensor(rng(k).normal(size=(*batch, *[4] * k)), rng(1).normal(size=(*batch, 4)))
    theta = rng(2).normal(size=(*batch, 4))
    letters = "abcde"[:k]
    others = ",".join(f"...{letter}" for letter in letters[1:])
    slope = k * np.einsum(f"...{letters},{others}->...a", problem.T, *[theta] * (k - 1))
    np.testing.assert_allclose(problem.grad(theta), slope, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(problem(theta), np.vecdot(slope, theta) / k, rtol=1e-12)


def test_symmetrising_leaves_the_value():
    T, theta = rng().normal(size=(4, 4, 4)), rng(1).normal(size=4)
    value = np.einsum("abc,a,b,c", T, theta, theta, theta)
    assert p.SpikedTensor(T, np.ones(4))(theta) == pytest.approx(value)


def test_every_product_of_coordinates_is_there_once():
    rows, times, _ = p.monomial_table(5, 3)
    assert {tuple(row) for row in rows} == {
        tuple(sorted((a, b, c))) for a in range(5) for b in range(5) for c in range(5)
    }
    assert times.sum() == 5**3
    assert dict(zip(map(tuple, rows), times, strict=True))[0, 0, 1] == 3
    np.testing.assert_allclose(p.monomials(np.arange(1.0, 6), 3), np.prod(rows + 1.0, -1))


def test_the_tensor_is_the_spike_with_noise_of_the_right_size():
    problem = p.spiked_tensor(rng(3), 12, 3, 400.0, (20,))
    spike = np.einsum("ra,rb,rc->rabc", problem.star, problem.star, problem.star)
    np.testing.assert_allclose(np.linalg.norm(problem.star, axis=-1), 1, rtol=1e-14)
    mixed = (problem.T - spike)[:, 0, 1, 2:]  # entries with three different places are means of six
    assert mixed.std() == pytest.approx(1 / np.sqrt(6 * 400), rel=0.15)
    assert (problem.T - spike)[:, range(12), range(12), range(12)].std() == pytest.approx(1 / 20, rel=0.15)


@pytest.mark.parametrize("k", [2, 3, 4])
def test_the_value_of_a_neuron_tends_to_the_power_of_m(k):
    problem = p.single_index(rng(k), 4, k, 400_000)
    m = 0.8
    aside = rng(9).normal(size=4)
    aside -= aside @ problem.star * problem.star
    theta = m * problem.star + np.sqrt(1 - m**2) * aside / np.linalg.norm(aside)
    assert problem(theta) == pytest.approx(m**k, abs=0.05)
    np.testing.assert_allclose(problem.y, p.hermite(k, problem.X @ problem.star))


def test_the_noise_of_the_labels_is_added():
    quiet, noisy = (p.single_index(rng(1), 4, 3, 5000, noise=noise) for noise in (0.0, 0.3))
    assert (noisy.y - quiet.y).std() == pytest.approx(0.3, rel=0.05)


def test_the_rows_of_a_batch_are_those_of_its_problems():
    problem = p.single_index(rng(), 4, 3, 7, (3,))
    sample = rng(1).integers(7, size=(2, 3, 2))
    X, y = problem.rows(sample)
    for place in np.ndindex(2, 3, 2):
        np.testing.assert_array_equal(X[place], problem.X[place[1], sample[place]])
        assert y[place] == problem.y[place[1], sample[place]]


def test_the_halves_are_all_samples():
    problem = p.single_index(rng(), 4, 3, 7, (2,))
    first, rest = p.halves(problem)
    assert (first.n, rest.n) == (3, 4)
    np.testing.assert_array_equal(np.concatenate([first.X, rest.X], 1), problem.X)
    np.testing.assert_array_equal(np.concatenate([first.y, rest.y], 1), problem.y)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: p.spiked_tensor(rng(), 2, 3, 5.0), "d must be a whole number, 3 or more"),
        (lambda: p.spiked_tensor(rng(), 5, 1, 5.0), "k must be a whole number, 2 or more"),
        (lambda: p.spiked_tensor(rng(), 5, 3, 0.5), "n must be 1 or more"),
        (lambda: p.spiked_tensor(rng(), 220, 3, 5.0), "the number of entries of the tensor, must be 10000000 or less"),
        (lambda: p.SpikedTensor(np.ones((3, 3, 4)), np.ones(3)), "the shape of T must be"),
        (lambda: p.SpikedTensor(np.ones((2, 2)), np.ones(2)), "d, the last axis of star, must be 3 or more"),
        (lambda: p.SpikedTensor(np.ones(3), np.ones(3)), "k, the number of axes"),
        (lambda: p.SpikedTensor(np.ones((3, 3)), np.zeros(3)), "star must be a direction"),
        (lambda: p.single_index(rng(), 2, 3, 5), "d must be"),
        (lambda: p.single_index(rng(), 4, 1, 5), "k must be"),
        (lambda: p.single_index(rng(), 4, 3, 0), "n must be 1 or more"),
        (lambda: p.single_index(rng(), 4, 3, 5, noise=-1.0), "noise must be 0 or more"),
        (lambda: p.SingleIndex(np.ones((5, 4)), np.ones(4), np.ones(4), 3), "the shape of y must be"),
        (lambda: p.SingleIndex(np.ones((5, 3)), np.ones(5), np.ones(4), 3), "the shape of X must be"),
        (lambda: p.SingleIndex(np.ones((0, 4)), np.ones(0), np.ones(4), 3), "n must be 1 or more"),
        (lambda: p.SingleIndex(np.ones((5, 4)), np.ones(5), np.zeros(4), 3), "star must be a direction"),
        (lambda: p.halves(p.single_index(rng(), 4, 3, 1)), "n must be 2 or more"),
        (lambda: p.hermite(-1, 0.5), "j must be"),
    ],
)
def test_bad_arguments_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
