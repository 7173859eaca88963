"""Networks and their fit against differences, a dense Hessian and each replicate alone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optilab.core.numerics import complex_step
from optilab.problems.data import chebyshev, mixture, two_moons
from optilab.problems.mlp import ACTIVATIONS, MLP, Fit

SMOOTH = ["tanh", "softplus"]
LOSSES = ["square", "cross_entropy"]


def example(activation="tanh", loss="square", batch=(), seed=0, sizes=(2, 5, 4, 3), N=7):
    """A fit to noise at parameters off the kinks of a ReLU, and a direction."""
    rng = np.random.default_rng(seed)
    network = MLP(sizes, activation)
    X = rng.normal(size=(N, sizes[0]))
    Y = rng.normal(size=(N, sizes[-1])) if loss == "square" else rng.integers(0, sizes[-1], N)
    theta, v = rng.normal(size=(2, *batch, network.dim))
    return Fit(network, X, Y, loss), theta, v


def slow_forward(network, theta, X):
    """The network for one replicate and one input at a time, from the definition."""
    function = {"tanh": np.tanh, "softplus": lambda z: np.log(1 + np.exp(z)), "relu": lambda z: z * (z > 0)}
    function["selu"] = lambda z: 1.0507009873554805 * np.where(z > 0, z, 1.6732632423543772 * (np.exp(z) - 1))
    outputs = []
    for a in X:
        rest = theta
        for depth, (into, out) in enumerate(zip(network.sizes, network.sizes[1:], strict=False)):
            matrix, rest = rest[: (into + 1) * out].reshape(out, into + 1), rest[(into + 1) * out :]
            a = matrix @ [*a, 1]
            if depth < len(network.sizes) - 2:
                a = function[network.activation](a)
        outputs.append(a)
    return np.array(outputs)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_forward_is_the_definition(activation):
    problem, theta, _ = example(activation)
    expected = slow_forward(problem.network, theta, problem.X)
    np.testing.assert_allclose(problem.network.forward(theta, problem.X), expected, rtol=1e-12)


def test_init_draws_layer_by_layer_and_layers_inverts_flat():
    network = MLP((3, 4, 2))
    theta = network.init(np.random.default_rng(7), gain=1.5)
    rng = np.random.default_rng(7)
    first = 1.5 * rng.standard_normal((4, 3)) / np.sqrt(3)
    second = 1.5 * rng.standard_normal((2, 4)) / np.sqrt(4)
    expected = [number for W in (first, second) for row in W for number in (*row, 0.0)]
    np.testing.assert_array_equal(theta, expected)
    assert network.dim == theta.size == 26
    batch = np.random.default_rng(0).normal(size=(2, 5, network.dim))
    assert [(W.shape, b.shape) for W, b in network.layers(batch)] == [
        ((2, 5, 4, 3), (2, 5, 4)),
        ((2, 5, 2, 4), (2, 5, 2)),
    ]
    np.testing.assert_array_equal(network.flat(network.layers(batch)), batch)
    assert tuple(matrix.shape[-2:] for matrix in network.matrices(batch)) == network.shapes == ((4, 4), (2, 5))
    np.testing.assert_array_equal(network.vector(network.matrices(batch)), batch)


@pytest.mark.parametrize("activation", SMOOTH)
@pytest.mark.parametrize("loss", LOSSES)
def test_the_complex_step_is_the_forward_over_reverse_product(activation, loss):
    problem, theta, v = example(activation, loss, batch=(3,))
    by_step = complex_step(problem.grad, theta, v)
    np.testing.assert_allclose(problem.hvp(theta, v), by_step, rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(problem.hvp(theta, v[0])[2], problem.hvp(theta[2], v[0]), rtol=1e-12)


@pytest.mark.parametrize("loss", LOSSES)
def test_the_product_of_one_layer_has_the_batch_of_both(loss):
    problem, theta, v = example(loss=loss, batch=(3,), sizes=(2, 3))
    product = problem.hvp(theta, v[0])
    assert product.shape == theta.shape
    np.testing.assert_allclose(product[1], problem.hess(theta[1]) @ v[0], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("activation", SMOOTH)
@pytest.mark.parametrize("loss", LOSSES)
def test_gradients_are_analytic_in_complex_parameters(activation, loss):
    problem, theta, v = example(activation, loss)
    z, e = theta + 0.05j * v, 1e-6
    along_real = (problem.grad(z + e * v) - problem.grad(z - e * v)) / (2 * e)
    along_imaginary = (problem.grad(z + 1j * e * v) - problem.grad(z - 1j * e * v)) / (2j * e)
    np.testing.assert_allclose(along_real, along_imaginary, atol=1e-7)
    np.testing.assert_allclose(problem.hvp(z, v), along_real, atol=1e-7)
    np.testing.assert_allclose(problem.hess(z) @ v, along_real, atol=1e-7)


def test_networks_stay_finite_at_huge_outputs():
    problem, theta, v = example("softplus", "cross_entropy")
    for size in (1e3, 1e5):
        assert np.isfinite(problem(size * theta))
        assert np.isfinite(problem.grad(size * theta)).all()
        assert np.isfinite(problem.hvp(size * theta, v)).all()


@settings(max_examples=15, deadline=None)
@given(
    st.sampled_from(sorted(ACTIVATIONS)),
    st.sampled_from(LOSSES),
    st.lists(st.integers(1, 3), max_size=2),
    st.integers(0, 99),
)
def test_a_batch_with_inputs_of_its_own_is_its_replicates_one_by_one(activation, loss, batch, seed):
    problem, theta, v = example(activation, loss, batch=tuple(batch), seed=seed)
    X = np.random.default_rng(seed).normal(size=(*batch, *problem.X.shape))
    own = Fit(problem.network, X, problem.Y, loss)
    for index in np.ndindex(*batch):
        alone = Fit(problem.network, X[index], problem.Y, loss)
        np.testing.assert_allclose(own(theta)[index], alone(theta[index]), rtol=1e-11)
        np.testing.assert_allclose(own.grad(theta)[index], alone.grad(theta[index]), rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(own.hvp(theta, v)[index], alone.hvp(theta[index], v[index]), rtol=1e-9, atol=1e-11)
        np.testing.assert_allclose(own.hess(theta)[index], alone.hess(theta[index]), rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_input_gradient_against_differences(activation):
    problem, theta, _ = example(activation, batch=(2,))
    rng = np.random.default_rng(1)
    upstream, move = rng.normal(size=(2, 7, 3)), rng.normal(size=(7, 2))
    e = 1e-6
    plus, minus = (problem.network.forward(theta, problem.X + sign * e * move) for sign in (1, -1))
    slope = (upstream * (plus - minus)).sum((-2, -1)) / (2 * e)
    gradient = problem.network.input_grad(theta, problem.X, upstream)
    assert gradient.shape == (2, 7, 2)
    np.testing.assert_allclose((gradient * move).sum((-2, -1)), slope, rtol=1e-6)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("shared", [False, True], ids=["labels of its own", "labels of all"])
def test_replicates_with_data_of_their_own_draw_from_them(loss, shared):
    problem, theta, v = example(loss=loss, batch=(2, 3))
    rng = np.random.default_rng(1)
    X = rng.normal(size=(3, *problem.X.shape))  # for each of three replicates, whatever the first axis of theta
    Y = problem.Y if shared else rng.permuted(np.broadcast_to(problem.Y, (3, *problem.Y.shape)), axis=1)
    own = Fit(problem.network, X, Y, loss)
    sample = own.sample(rng, (2, 3, 5))
    together = own.sample_grad(theta, sample), own.sample_hvp(theta, v, sample)
    for i, j in np.ndindex(2, 3):
        drawn = sample[i, j]
        alone = Fit(problem.network, X[j][drawn], (Y if shared else Y[j])[drawn], loss)
        np.testing.assert_allclose(together[0][i, j], alone.grad(theta[i, j]), rtol=1e-11, atol=1e-13)
        np.testing.assert_allclose(together[1][i, j], alone.hvp(theta[i, j], v[i, j]), rtol=1e-10, atol=1e-12)
    alone = Fit(problem.network, X[1], Y if shared else Y[1], loss)
    np.testing.assert_allclose(own.hess(theta)[0, 1], alone.hess(theta[0, 1]), rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("loss", LOSSES)
def test_gradients_of_single_data_come_from_the_inputs_and_deltas_of_each_layer(activation, loss):
    problem, theta, _ = example(activation, loss, batch=(2,))
    each = problem.grads(theta)
    assert each.shape == (2, 7, problem.network.dim)
    for i in range(7):
        one = problem.drawn(np.full((2, 1), i))
        np.testing.assert_allclose(each[:, i], one.grad(theta), rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(each.mean(1), problem.grad(theta), rtol=1e-11, atol=1e-13)
    factors = problem.factors(theta)
    for (a, delta), into, out in zip(factors, problem.network.sizes, problem.network.sizes[1:], strict=False):
        assert a.shape == (2, 7, into + 1) or a.shape == (7, into + 1)
        assert delta.shape == (2, 7, out)
        assert (a[..., -1] == 1).all()
    gradient = problem.network.vector([factor.gradient for factor in factors])
    np.testing.assert_allclose(gradient, problem.grad(theta), rtol=1e-11, atol=1e-13)


def test_accuracy_counts_the_right_labels():
    X = np.array([[1.0], [-1.0], [2.0], [-3.0]])
    problem = Fit(MLP((1, 2)), X, np.array([0, 1, 1, 1]), "cross_entropy")
    theta = np.array([[1.0, 0.0, -1.0, 0.0], [-1.0, 0.0, 1.0, 0.0]])  # label 0 where x > 0, and the reverse
    np.testing.assert_array_equal(problem.accuracy(theta), [0.75, 0.25])
    with pytest.raises(ValueError, match="cross_entropy"):
        example()[0].accuracy(theta)


def test_third_derivative_along_nothing_is_zero():
    problem, theta, v = example(batch=(2,))
    v[0] = 0
    third = problem.third(theta, v)
    assert (third[0] == 0).all()
    assert (third[1] != 0).any()


def test_bad_input_is_refused():
    network = MLP((1, 3, 2), "relu")
    for sizes in [(3,), (1, 0, 2), (1, 2.5)]:
        with pytest.raises(ValueError, match="sizes must be"):
            MLP(sizes)
    with pytest.raises(ValueError, match="activation must be one of"):
        MLP((1, 2), "sine")
    for kinked in ("relu", "selu"):
        with pytest.raises(ValueError, match=r"must be real for a (ReLU|SELU) network"):
            MLP((1, 3, 2), kinked).forward(np.zeros(network.dim) + 0j, np.zeros((4, 1)))
        assert not Fit(MLP((1, 2), kinked), np.zeros((4, 1)), np.zeros((4, 2))).smooth
    with pytest.raises(ValueError, match="shape of theta"):
        network.forward(np.zeros(3), np.zeros((4, 1)))
    with pytest.raises(ValueError, match="shape of X"):
        network.forward(np.zeros(network.dim), np.zeros((4, 2)))
    with pytest.raises(ValueError, match="shape of Y"):
        Fit(network, np.zeros((4, 1)), np.zeros((3, 2)))
    for X, Y, loss in (
        (np.zeros((4, 1)), np.zeros((3, 4, 2)), "square"),
        (np.zeros((3, 4, 1)), np.zeros((1, 4, 2)), "square"),
        (np.zeros((4, 1)), np.zeros((3, 4), int), "cross_entropy"),
    ):
        with pytest.raises(ValueError, match="the batch of Y must be that of X"):
            Fit(network, X, Y, loss)
    with pytest.raises(ValueError, match="loss must be"):
        Fit(network, np.zeros((4, 1)), np.zeros((4, 2)), "hinge")
    for labels in (np.array([0, 1, 2, 0]), np.array([0.0, 1.0, 1.0, 0.0])):
        with pytest.raises(ValueError, match="labels, integers from 0 to 1"):
            Fit(network, np.zeros((4, 1)), labels, "cross_entropy")


def test_chebyshev_data_is_the_polynomial():
    X, Y = chebyshev()
    assert X.shape == Y.shape == (20, 1)
    np.testing.assert_allclose(Y, 8 * X**4 - 8 * X**2 + 1, atol=1e-12)


def test_two_moons_without_noise_lie_on_their_half_circles():
    X, labels = two_moons(101, 0.0, seed=3)
    assert (labels == np.arange(101) % 2).all()
    centres = np.where(labels[:, None] == 0, [0.0, 0.0], [1.0, 0.5])
    np.testing.assert_allclose(np.linalg.norm(X - centres, axis=1), 1)
    assert (X[labels == 0, 1] >= 0).all()
    assert (X[labels == 1, 1] <= 0.5).all()
    noise = two_moons(101, 0.3, seed=3)[0] - X
    rng = np.random.default_rng(3)
    rng.random(101)
    np.testing.assert_allclose(noise, 0.3 * rng.standard_normal((101, 2)), atol=1e-12)
    with pytest.raises(ValueError, match="noise must be"):
        two_moons(10, -1.0, 0)


def test_a_mixture_is_drawn_in_the_order_that_is_written_down():
    n, cond = 30, 50.0
    X, labels, X_test, labels_test = mixture(3, n, cond)
    rng = np.random.default_rng(103)
    centres, cloud = rng.standard_normal((12, 20)), rng.integers(0, 12, 60)
    points = np.array([centres[c] for c in cloud]) + 0.9 * rng.standard_normal((60, 20))
    order = rng.permutation(20)
    scales = [cond ** (-order[j] / 19) for j in range(20)]
    np.testing.assert_allclose(np.concatenate([X, X_test]), points * scales, rtol=1e-12)
    np.testing.assert_array_equal(np.concatenate([labels, labels_test]), cloud % 3)


def test_a_mixture_refuses_what_it_cannot_draw():
    for arguments, name in [((-1, 5, 1), "seed"), ((0, 0, 1), "n"), ((0, 5, 0.5), "cond"), ((0, 5, np.nan), "cond")]:
        with pytest.raises(ValueError, match=f"{name} must be"):
            mixture(*arguments)
