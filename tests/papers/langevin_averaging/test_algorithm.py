from itertools import islice, pairwise

import numpy as np
import pytest
from scipy.stats import special_ortho_group

from optilab.core.counted import Counted
from optilab.core.run import run
from optilab.papers.langevin_averaging import algorithm as alg
from optilab.papers.langevin_averaging import derivation
from optilab.papers.langevin_averaging.problems import (
    SingleIndex,
    SpikedTensor,
    hermite,
    hermite_slope,
    single_index,
    spiked_tensor,
    uniform,
)


def rng(seed=0):
    return np.random.default_rng(seed)


class Told:
    """A generator that says what it was told, in order."""

    def __init__(self, values):
        self.values = iter(values)

    def spawn(self, n):
        return [self] * n

    def normal(self, size):
        value = next(self.values)
        assert value.shape == tuple(size)
        return value

    def integers(self, n, size):
        return np.full(size, next(self.values))


# The chains, step by step


@pytest.mark.parametrize("k", [3, 4])
def test_a_langevin_step_is_the_one_written_out(k):
    d, h, eps, steps = 5, 0.3, 2.0, 25
    problem, xi = spiked_tensor(rng(k), d, k, 20.0), rng(1).normal(size=(steps, d))
    theta = np.arange(1.0, 6)
    made = list(alg.langevin(problem, theta, epsilon=eps, horizon=steps * h / (d - 1), h=h, rng=Told(xi)))
    assert len(made) == steps + 1
    theta, m1, M2, away = theta / np.sqrt(55), np.zeros(d), np.zeros((d, d)), 0.0
    for state, noise in zip(made[1:], xi, strict=True):
        slope = problem.T
        for _ in range(k - 1):
            slope = slope @ theta
        P = np.eye(d) - np.outer(theta, theta)
        theta = theta + P @ (eps * h / (d - 1) * k * slope + np.sqrt(h / (d - 1)) * noise)
        theta = theta / np.sqrt((theta**2).sum())
        m1, M2, away = m1 + theta, M2 + np.outer(theta, theta), away + abs(theta @ problem.star)
        np.testing.assert_allclose(state.theta, theta, atol=1e-12)
        np.testing.assert_allclose(state.m1, m1, atol=1e-11)
        assert state.away == pytest.approx(away)
        assert state.M2.shape == ((0, 0) if k == 3 else (d, d))
        if k == 4:
            np.testing.assert_allclose(state.M2, M2, atol=1e-11)


def test_a_step_on_one_sample_is_the_one_written_out():
    problem, rows = single_index(rng(), 5, 3, 40), rng(1).integers(40, size=60)
    made = list(alg.averaged_sgd(problem, np.ones(5), eta=0.1, steps=60, rng=Told(rows)))
    theta, total = np.ones(5) / np.sqrt(5), 0
    for state, i in zip(made[1:], rows, strict=True):
        x, s = problem.X[i], problem.X[i] @ theta
        theta = theta + 0.1 * problem.y[i] * (3 * s**2 - 3) / np.sqrt(6) * (x - s * theta)
        theta = theta / np.linalg.norm(theta)
        total = total + theta
        np.testing.assert_allclose(state.theta, theta, atol=1e-12)
        np.testing.assert_allclose(state.m1, total, atol=1e-11)


def test_rows_in_order_are_online_sgd():
    problem = single_index(rng(), 5, 4, 40, (2,))
    theta0, eta = rng(1).normal(size=(2, 5)), np.array([0.05, 0.1])
    once = list(alg.online_sgd(problem, theta0, eta=eta))
    again = list(alg.averaged_sgd(problem, theta0, eta=eta, steps=40, rng=Told(range(40))))
    assert len(once) == len(again) == 41
    for one, other in zip(once, again, strict=True):
        np.testing.assert_array_equal(one.theta, other.theta)
    unsmoothed = list(alg.smoothed_sgd(problem, theta0, eta=eta, lam=0.0))
    np.testing.assert_allclose(unsmoothed[-1].theta, once[-1].theta, rtol=1e-10)
    short = list(alg.online_sgd(problem, theta0, eta=eta, steps=7))
    np.testing.assert_array_equal(short[-1].theta, once[7].theta)


def test_a_start_of_any_length_and_one_for_a_batch_of_problems():
    problem = spiked_tensor(rng(), 5, 3, 10.0, (3,))
    chain = next(alg.langevin(problem, 7 * np.ones(5), epsilon=1.0, horizon=1.0, rng=rng()))
    np.testing.assert_allclose(chain.theta, np.ones((3, 5)) / np.sqrt(5))
    with_integers = next(alg.gradient_ascent(problem, np.array([2, 0, 0, 0, 0])))
    np.testing.assert_array_equal(with_integers.theta[2], [1.0, 0, 0, 0, 0])


def test_the_start_is_not_in_the_average():
    problem, xi = spiked_tensor(rng(), 4, 3, 10.0), rng(1).normal(size=(2, 4))
    _, one, two = alg.langevin(problem, np.ones(4), epsilon=1.0, horizon=0.1, rng=Told(xi))
    np.testing.assert_allclose(two.m1, one.theta + two.theta)


def turned(problem, Q):
    T = np.einsum("ai,bj,ck,ijk->abc", Q, Q, Q, problem.T)
    return SpikedTensor(T, Q @ problem.star)


def test_turning_everything_turns_the_chain():
    problem, Q = spiked_tensor(rng(), 6, 3, 30.0), special_ortho_group.rvs(6, random_state=1)
    xi, theta0 = rng(2).normal(size=(200, 6)), rng(3).normal(size=6)
    horizon = 199.5 * 0.2 / 5
    one = list(alg.langevin(problem, theta0, epsilon=2.0, horizon=horizon, rng=Told(xi)))
    other = list(alg.langevin(turned(problem, Q), Q @ theta0, epsilon=2.0, horizon=horizon, rng=Told(xi @ Q.T)))
    assert len(one) == 201
    for mine, yours in zip(one, other, strict=True):
        np.testing.assert_allclose(Q @ mine.theta, yours.theta, atol=1e-9)
    for method in (alg.partial_trace, alg.unfolding):
        assert abs(Q @ method(problem) @ method(turned(problem, Q))) == pytest.approx(1)


# The statistics of the chain


def test_without_a_force_it_is_brownian_motion_on_the_sphere():
    d, runs, h, horizon = 12, 400, 0.2, 20.0
    problem = spiked_tensor(rng(), d, 3, 5.0)
    states = alg.langevin(problem, uniform(rng(1), (runs, d)), epsilon=0.0, horizon=horizon, h=h, rng=rng(2))
    trace = run(states, 10_000)
    np.testing.assert_allclose(np.linalg.norm(trace.theta, axis=-1), 1, rtol=1e-14)
    m = trace.theta @ problem.star
    assert (m**2).mean() == pytest.approx(1 / d, rel=0.03)
    lags = np.arange(1, 15)
    auto = np.array([(trace.theta[lag:] * trace.theta[:-lag]).sum(-1).mean() for lag in lags])
    np.testing.assert_allclose(auto, (1 + h) ** (-lags / 2), atol=0.02)
    rho, N = (1 + h) ** -0.5, trace.step[-1]
    assert N == 1100
    squared = ((trace.m1[-1] / N) ** 2).sum(-1).mean()
    assert squared == pytest.approx((1 + rho) / ((1 - rho) * N), rel=0.06)
    np.testing.assert_allclose(trace.away[-1] / N, abs(m[1:]).mean(0))


def coupled(problem, theta0, epsilon, horizon, h):
    """The sums of chains with and without a force, on the same noise."""
    ends = []
    for strength in (epsilon, 0.0):
        states = alg.langevin(problem, theta0, epsilon=strength, horizon=horizon, h=h, rng=rng(7))
        *_, last = states
        ends.append(last)
    return ends


@pytest.mark.parametrize("k", [3, 4])
def test_the_average_is_the_partial_trace_to_first_order(k):
    d, epsilon, h, steps = 8, 0.4, 0.05, 4000
    problem = spiked_tensor(rng(k), d, k, 100.0)
    horizon = steps * h / (d - 1)
    hot, free = coupled(problem, uniform(rng(1), (400, d)), epsilon, horizon - h / 20, h)
    if k == 3:
        found = (hot.m1 - free.m1).mean(0) / steps
        expected = 6 * epsilon / (d * (d + 2)) * np.trace(problem.T, axis1=1, axis2=2)
    else:
        found = (hot.M2 - free.M2).mean(0) / steps
        M = np.trace(problem.T, axis1=2, axis2=3)
        expected = 24 * epsilon / (d * (d + 2) * (d + 4)) * (M - np.trace(M) * np.eye(d) / d)
    slope = (found * expected).sum() / (expected**2).sum()
    assert slope == pytest.approx(1, abs=0.1)
    assert np.linalg.norm(found - expected) / np.linalg.norm(expected) < 0.15


def test_of_a_matrix_it_finds_the_principal_component():
    d = 20
    problem = spiked_tensor(rng(3), d, 2, 5.0 * d, (16,))
    *_, last = alg.langevin(problem, uniform(rng(4), (16, d)), epsilon=d / 3, horizon=60.0, rng=rng(5))
    known = np.linalg.eigh(problem.T)[1][..., -1]
    assert np.median(abs(np.vecdot(alg.second_moment(last), known))) >= 0.97


def test_the_law_of_m_for_the_signal_alone():
    d, k, epsilon = 10, 3, 2.0
    star = np.eye(d)[0]
    spike = np.einsum("a,b,c->abc", star, star, star)
    states = alg.langevin(SpikedTensor(spike, star), uniform(rng(1), (300, d)), epsilon=epsilon, horizon=20.0,
                          h=0.1, rng=rng(2))  # fmt: skip
    m = run(states, 5000, every=10).theta[40:, :, 0]
    grid = np.linspace(-0.9995, 0.9995, 1000)
    density = alg.tilted(grid, d, k, epsilon)
    assert np.trapezoid(density, grid) == pytest.approx(1, abs=1e-3)
    assert m.mean() == pytest.approx(np.trapezoid(grid * density, grid), rel=0.1)
    assert abs(m).mean() == pytest.approx(alg.mean_away(d, k, epsilon), rel=0.03)


# Outputs and rivals


def test_the_estimates():
    chain = alg.Chain(np.ones(3), np.array([3.0, 0, 4]), np.diag([1.0, 5, 2]), np.array(0.0))
    np.testing.assert_allclose(alg.first_moment(chain), [0.6, 0, 0.8])
    np.testing.assert_allclose(abs(alg.second_moment(chain)), [0, 1, 0], atol=1e-15)
    np.testing.assert_array_equal(alg.estimate(chain), alg.second_moment(chain))
    odd = chain._replace(M2=np.zeros((0, 0)))
    np.testing.assert_array_equal(alg.estimate(odd), alg.first_moment(chain))
    with pytest.raises(ValueError, match="one of a problem with even k"):
        alg.second_moment(odd)


def test_unfolding_is_the_singular_vector():
    three = spiked_tensor(rng(), 6, 3, 60.0, (2,))
    for T, found in zip(three.T, alg.unfolding(three), strict=True):
        assert abs(np.linalg.svd(T.reshape(6, 36))[0][:, 0] @ found) == pytest.approx(1)
    four = spiked_tensor(rng(1), 5, 4, 60.0)
    left, sizes, _ = np.linalg.svd(four.T.reshape(25, 25))
    inner = left[:, 0].reshape(5, 5)
    assert abs(np.linalg.svd(inner + inner.T)[0][:, 0] @ alg.unfolding(four)) == pytest.approx(1)
    assert sizes[0] > sizes[1]
    below = SpikedTensor(-four.T, four.star)
    assert abs(alg.unfolding(below) @ alg.unfolding(four)) == pytest.approx(1)


def test_the_partial_trace_of_a_tensor():
    three = spiked_tensor(rng(), 5, 3, 60.0)
    v = np.array([sum(three.T[i, j, j] for j in range(5)) for i in range(5)])
    np.testing.assert_allclose(alg.partial_trace(three), v / np.linalg.norm(v))
    four = spiked_tensor(rng(1), 5, 4, 60.0)
    M = np.array([[sum(four.T[a, b, j, j] for j in range(5)) for b in range(5)] for a in range(5)])
    values, vectors = np.linalg.eig(M)
    assert abs(vectors[:, values.argmax()] @ alg.partial_trace(four)) == pytest.approx(1)


@pytest.mark.parametrize("k", [3, 4])
def test_the_partial_trace_of_a_neuron_is_that_of_its_hermite_tensor(k):
    problem = single_index(rng(k), 4, k, 50, (2,))
    d, one = 4, np.eye(4)
    for r in range(2):
        X, y = problem.X[r], problem.y[r]
        if k == 3:  # He₃(x)_{abc} = x_a x_b x_c − (δ_ab x_c + …), traced over b = c
            v = sum(w * (x * (x @ x) - (d + 2) * x) for w, x in zip(y, X, strict=True))
            assert alg.partial_trace(problem)[r] == pytest.approx(v / np.linalg.norm(v))
        else:
            M = sum(w * np.outer(x, x) * (x @ x - d - 4) for w, x in zip(y, X, strict=True))
            M = M - sum(w * (x @ x - d - 2) for w, x in zip(y, X, strict=True)) * one
            assert abs(alg.partial_trace(problem)[r] @ np.linalg.eigh(M)[1][:, -1]) == pytest.approx(1)


def test_ascent_climbs_to_a_fixed_point():
    problem = spiked_tensor(rng(), 8, 3, 500.0)
    trace = run(alg.gradient_ascent(problem, problem.star), 200)
    assert (np.diff(problem(trace.theta)) > -1e-12).all()
    theta = trace.theta[-1]
    slope = problem.grad(theta)
    np.testing.assert_allclose(slope - slope @ theta * theta, 0, atol=1e-10)


def circle(theta, count=16):
    """Unit vectors orthogonal to θ ∈ ℝ³, over which polynomials of degree 4 are averaged exactly."""
    q = np.linalg.svd(theta[None])[2][1:]
    angle = 2 * np.pi * np.arange(count) / count
    return np.cos(angle)[:, None] * q[0] + np.sin(angle)[:, None] * q[1], np.full(count, 1 / count)


def sphere(theta, count=8):
    """The same for θ ∈ ℝ⁴, with weights."""
    q = np.linalg.svd(theta[None])[2][1:]
    height, weight = np.polynomial.legendre.leggauss(count)
    angle = 2 * np.pi * np.arange(count) / count
    flat = np.sqrt(1 - height**2)[:, None, None] * np.stack([np.cos(angle), np.sin(angle)], -1)
    points = np.concatenate([flat, np.broadcast_to(height[:, None, None], (count, count, 1))], -1)
    return points.reshape(-1, 3) @ q, np.repeat(weight / 2, count) / count


@pytest.mark.parametrize(("d", "around"), [(3, circle), (4, sphere)])
@pytest.mark.parametrize("k", [3, 4])
@pytest.mark.parametrize("lam", [0.0, 0.6, 2.0])
def test_the_smoothed_direction_is_the_slope_of_the_smoothed_output(d, around, k, lam):
    theta, x = uniform(rng(1), (d,)), 1.5 * rng(2).normal(size=d)

    def value(point):
        point = point / np.linalg.norm(point)
        z, weight = around(point)
        return weight @ hermite(k, (point + lam * z) @ x / np.sqrt(1 + lam**2))

    slope = np.array([(value(theta + e) - value(theta - e)) / 2e-5 for e in 1e-5 * np.eye(d)])
    a = theta @ x
    across = x - a * theta
    np.testing.assert_allclose(alg.smoothing(a, across @ across, lam, d, k) * across, slope, rtol=1e-6, atol=1e-7)
    assert alg.smoothing(a, 3.0, 0.0, d, k) == pytest.approx(hermite_slope(k, a))


def test_a_smoothed_step_takes_that_direction():
    problem, theta = single_index(rng(), 5, 3, 4), uniform(rng(1), (5,))
    made = list(alg.smoothed_sgd(problem, theta, eta=0.1))
    for t in range(4):
        a = problem.X[t] @ theta
        across = problem.X[t] - a * theta
        theta = theta + 0.1 * problem.y[t] * alg.smoothing(a, across @ across, 5**0.25, 5, 3) * across
        theta = theta / np.linalg.norm(theta)
        np.testing.assert_allclose(made[t + 1].theta, theta, rtol=1e-12)


@pytest.mark.parametrize("lam", [0.0, 0.7, 1.0, 2.5])
def test_the_smoothed_tensor_is_the_mean_around_the_point(lam):
    problem, theta = spiked_tensor(rng(), 3, 3, 2.0), uniform(rng(1), (5, 3))
    for point, value in zip(theta, alg.smoothed_value(problem, theta, lam), strict=True):
        z, weight = circle(point)
        assert value == pytest.approx(weight @ problem((point + lam * z) / np.sqrt(1 + lam**2)))
    trace = np.trace(problem.T, axis1=1, axis2=2)
    np.testing.assert_allclose(alg.smoothed_value(problem, theta, 0.0), problem(theta))
    np.testing.assert_allclose(
        alg.smoothed_value(problem, theta, (2 / 3) ** 0.5), theta @ trace / (5 / 3) ** 1.5, rtol=1e-12
    )


# Predictions


@pytest.mark.parametrize(
    ("sigma", "exponent"),
    [
        (lambda x: np.maximum(x, 0), 1),
        (lambda x: x**2, 2),
        (abs, 2),
        (lambda x: x**3, 1),
        (lambda x: hermite(3, x) + 0.5 * hermite(5, x), 3),
        (lambda x: hermite(4, x), 4),
    ],
)
def test_information_exponents(sigma, exponent):
    assert alg.information_exponent(sigma) == exponent


def test_the_transition_and_the_mean_of_m():
    assert alg.critical(30, 3) == pytest.approx(0.489 * 27, rel=2e-3)
    assert alg.critical(20, 4) == pytest.approx(0.614 * 17, rel=2e-3)
    found = [alg.mean_away(30, 3, epsilon) for epsilon in (10.0, 13.5, 15.0, 20.0)]
    assert found == pytest.approx([0.200, 0.379, 0.547, 0.832], abs=6e-4)
    flat = alg.tilted(np.linspace(-0.9995, 0.9995, 1000), 7, 3, 0.0)
    assert np.trapezoid(flat, np.linspace(-0.9995, 0.9995, 1000)) == pytest.approx(1, abs=1e-3)
    assert alg.tilted(np.array([0.3]), 7, 3, 1e-9) == pytest.approx(alg.tilted(np.array([0.3]), 7, 3, 0.0), rel=1e-5)


def test_the_shift_is_that_of_a_weak_tilt():
    grid = np.linspace(-0.9995, 0.9995, 1000)
    for d in (5, 30):
        mean = np.trapezoid(grid * alg.tilted(grid, d, 3, 0.01), grid)
        assert mean == pytest.approx(alg.shift(d, 0.01), rel=2e-3)


def test_the_overlap_predicted():
    found = alg.predicted_overlap(30, 1000, np.array([3.0, 6.0, 10.0]), 100.0)
    assert found == pytest.approx([0.44, 0.66, 0.77], abs=6e-3)


def test_the_exponents_of_the_theorems():
    assert [alg.sample_exponent("online SGD", k) for k in (2, 3, 4)] == [1, 2, 3]
    assert [alg.sample_exponent("averaged Langevin", k) for k in (2, 3, 4, 5)] == [1, 2, 2, 3]
    assert alg.sample_exponent("averaged Langevin, refined", 3) == 1.5
    assert alg.sample_exponent("smoothing, unfolding, partial trace refined", 2) == 1


def test_the_temperature_of_sgd():
    v = float(derivation.noise().result)
    assert alg.matched(0.1, v) == pytest.approx((10 / 3, 0.03))


def test_what_a_step_costs():
    tensor, neuron = Counted(spiked_tensor(rng(), 4, 3, 5.0)), Counted(single_index(rng(), 4, 3, 9))
    list(islice(alg.langevin(tensor, np.ones((3, 4)), epsilon=1.0, horizon=1.0, rng=rng()), 6))
    assert tensor.calls == {"gradients": 5}
    list(alg.averaged_sgd(neuron, np.ones((3, 4)), eta=0.1, steps=7, rng=rng()))
    assert neuron.calls == {"samples": 7, "gradients": 7}


TENSOR, NEURON = spiked_tensor(rng(), 4, 3, 5.0), single_index(rng(), 4, 3, 6)
FIVE = single_index(rng(), 4, 5, 6)
ONES = np.ones(4)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: alg.langevin(TENSOR, ONES, epsilon=-1.0, horizon=1.0, rng=rng()), "epsilon must be 0 or more"),
        (lambda: alg.langevin(TENSOR, ONES, epsilon=1.0, horizon=0.0, rng=rng()), "horizon must be positive"),
        (lambda: alg.langevin(TENSOR, ONES, epsilon=1.0, horizon=1.0, h=0.0, rng=rng()), "h must be positive"),
        (lambda: alg.langevin(TENSOR, np.zeros(4), epsilon=1.0, horizon=1.0, rng=rng()), "theta0 must be a direction"),
        (lambda: alg.langevin(TENSOR, np.ones(5), epsilon=1.0, horizon=1.0, rng=rng()), "the shape of theta0 must be"),
        (lambda: alg.averaged_sgd(NEURON, ONES, eta=0.1, steps=0, rng=rng()), "steps must be a whole number, 1 or"),
        (lambda: alg.averaged_sgd(NEURON, ONES, eta=-0.1, steps=5, rng=rng()), "eta must be 0 or more"),
        (lambda: alg.online_sgd(NEURON, ONES, eta=0.1, steps=7), "steps must be 6, the number of samples, or less"),
        (lambda: alg.online_sgd(NEURON, ONES, eta=-1.0), "eta must be 0 or more"),
        (lambda: alg.smoothed_sgd(NEURON, ONES, eta=0.1, steps=7), "steps must be 6, the number of samples, or less"),
        (lambda: alg.smoothed_sgd(NEURON, ONES, eta=0.1, lam=-1.0), "lam must be 0 or more"),
        (lambda: alg.smoothed_sgd(FIVE, ONES, eta=0.1), "k must be 3 or 4"),
        (lambda: alg.smoothing(0.1, 1.0, 1.0, 2, 3), "d must be a whole number, 3 or more"),
        (lambda: alg.gradient_ascent(TENSOR, np.zeros(4)), "theta0 must be a direction"),
        (lambda: alg.partial_trace(FIVE), "k must be 3 or 4"),
        (lambda: alg.unfolding(spiked_tensor(rng(), 4, 2, 5.0)), "k must be 3 or 4"),
        (lambda: alg.smoothed_value(TENSOR, ONES, -0.1), "lam must be 0 or more"),
        (lambda: alg.smoothed_value(spiked_tensor(rng(), 4, 4, 5.0), ONES, 0.1), "k must be 3"),
        (lambda: alg.information_exponent(lambda x: 0 * x + 2), "sigma must be a function with"),
        (lambda: alg.sample_exponent("magic", 3), "method must be one of"),
        (lambda: alg.predicted_overlap(30, 0, 1.0, 1.0), "n must be positive"),
        (lambda: alg.tilted(np.array([1.0]), 5, 3, 1.0), "m must be between"),
        (lambda: alg.tilted(np.array([0.5]), 5, 3, -1.0), "epsilon must be 0 or more"),
        (lambda: alg.critical(30, 2), "k must be a whole number, 3 or more"),
        (lambda: alg.critical(3, 3), "d must be a whole number, 4 or more"),
        (lambda: alg.matched(0.0, 3.0), "eta must be positive"),
    ],
)
def test_bad_arguments_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_nothing_yielded_changes_later():
    states = alg.averaged_sgd(single_index(rng(), 4, 4, 9), ONES, eta=0.1, steps=9, rng=rng(1))
    kept = list(islice(states, 10))
    copies = [[part.copy() for part in state] for state in kept]
    for state, copy in zip(kept, copies, strict=True):
        for part, same in zip(state, copy, strict=True):
            np.testing.assert_array_equal(part, same)
    assert not any(np.shares_memory(one.m1, other.m1) for one, other in pairwise(kept))


def test_a_neuron_with_another_rows_order_is_another_chain():
    problem = single_index(rng(), 4, 3, 30)
    flipped = SingleIndex(problem.X[::-1], problem.y[::-1], problem.star, 3)
    ends = [list(alg.online_sgd(one, ONES, eta=0.1))[-1].theta for one in (problem, flipped)]
    assert abs(ends[0] - ends[1]).max() > 1e-3
