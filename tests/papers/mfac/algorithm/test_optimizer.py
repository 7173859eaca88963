from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optilab.core.randomness import common
from optilab.core.run import run
from optilab.papers.mfac import algorithm as alg
from optilab.problems.least_squares import LeastSquares
from optilab.problems.noisy import Gaussian, Noisy
from optilab.problems.quadratic import Quadratic

BOWL = Quadratic(np.diag([1.0, 0.09]), np.zeros(2))
EXACT = Noisy(BOWL, Gaussian(0.0), 2)  # every sample is the gradient itself


def rng(seed=0):
    return np.random.default_rng(seed)


def equations(seed=0):
    A = rng(seed).normal(size=(30, 4))
    return LeastSquares(A, rng(seed + 1).normal(size=30))


def test_the_run_is_the_pseudo_code_with_dense_inverses():
    problem, m, lam, lr, beta, wd = equations(), 3, 0.2, 0.1, 0.9, 0.05
    draws, theta, v, held = rng(5), np.ones(4), np.zeros(4), []
    wanted = [theta]
    for _ in range(11):
        rows = draws.integers(30, size=6)
        g = problem.A[rows].T @ (problem.A[rows] @ theta - problem.b[rows]) / 6 + wd * theta
        held = [*held, g][-m:]
        F = lam * np.eye(4) + sum(np.outer(h, h) for h in held) / m
        v = beta * v + (1 - beta) * np.linalg.solve(F, g)
        theta = theta - lr * v
        wanted.append(theta)
    states = alg.mfac(problem, np.ones(4), rng=rng(5), m=m, lam=lam, lr=lr, beta=beta, weight_decay=wd, size=6)
    trace = run(states, 11)
    np.testing.assert_allclose(trace.theta, wanted, rtol=1e-10)
    np.testing.assert_allclose(np.sort(trace.G[-1], 0), np.sort(held, 0), rtol=1e-8)
    np.testing.assert_allclose(trace.theta[1:] - trace.theta[:-1], -lr * trace.v[1:], atol=1e-12)


def test_with_one_gradient_the_step_is_a_formula_and_with_huge_damping_it_is_sgd():
    problem = equations()
    _, first = (
        state for state, _ in zip(alg.mfac(problem, np.ones(4), rng=rng(), m=7, lam=0.3), range(2), strict=False)
    )
    np.testing.assert_allclose(first.u, first.g / (0.3 + first.g @ first.g / 7))
    lam = 1e8
    trace = run(alg.mfac(problem, np.ones(4), rng=rng(3), m=5, lam=lam, lr=0.05 * lam, size=2), 40)
    draws, x = rng(3), np.ones(4)
    for _ in range(40):
        x = x - 0.05 * problem.sample_grad(x, problem.sample(draws, (2,)))
    np.testing.assert_allclose(trace.theta[-1], x, rtol=1e-5)


def test_sparse_keeps_zeros_where_they_are():
    start = np.array([1.0, 0.0, -2.0, 0.0])
    states = alg.mfac(equations(), start, rng=rng(), m=4, lam=0.1, lr=0.1, weight_decay=0.1, sparse=True)
    trace = run(states, 30)
    assert (trace.theta[:, start == 0] == 0).all()
    assert (trace.theta[-1, start != 0] != start[start != 0]).all()


@given(st.integers(0, 2**31), st.integers(1, 6), st.floats(-4, 1))
@settings(max_examples=50, deadline=None)
def test_no_gradients_break_the_bound_on_a_step(seed, m, power):
    draws, lam = rng(seed), 10.0**power
    window = alg.empty_window(m, 4, lam)
    for scale in 10.0 ** draws.uniform(-2, 1.5, 3 * m):
        g = scale * draws.normal(size=4)
        window = alg.update(window, g)
        u = alg.ihvp(window, g, window.p)
        assert np.linalg.norm(u) <= alg.step_bound(m, lam) * (1 + 1e-6)
        assert g @ u < m * (1 + 1e-6)


def test_a_step_size_that_is_far_too_long_throws_out_and_no_further():
    start, m, lam, lr = np.array([-4.0, 4.0]), 8, 0.1, 100.0
    theta = run(alg.mfac(EXACT, start, rng=rng(), m=m, lam=lam, lr=lr), 60, keep=["theta"]).theta
    loss = BOWL(theta)
    assert loss[-1] > 100 * loss[0]  # thrown out, and there it stays
    assert loss[10:].max() < 10 * loss[10:].min()
    away = np.linalg.norm(theta - start, axis=1)[1:]
    assert (away <= alg.distance_bound(np.arange(1, 61), m, lam, lr)).all()


GOOD = {"rng": rng(), "m": 3, "lam": 0.1, "lr": 0.1}


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"m": 0}, "m must be a whole number, 1 or more, got 0"),
        ({"lam": 0.0}, "the damping lam must be positive and finite: the Fisher alone is singular"),
        ({"lr": 0.0}, "the step size lr must be positive"),
        ({"beta": 1.0}, "the momentum beta must be"),
        ({"weight_decay": -1.0}, "weight_decay must be 0 or more"),
        ({"size": 0}, "size must be a positive integer"),
    ],
)
def test_what_is_not_allowed_is_refused_by_name(bad, message):
    with pytest.raises(ValueError, match=message):
        alg.mfac(equations(), np.ones(4), **(GOOD | bad))


def test_a_gradient_that_is_no_number_does_not_enter_the_window():
    class Broken:
        def sample(self, rng, size):
            return None

        def sample_grad(self, x, sample):
            return x * np.nan

    _, state = islice(alg.mfac(Broken(), np.ones(4), **GOOD), 2)
    assert np.isnan(state.theta).all()
    assert (state.G == 0).all()
    with pytest.raises(ValueError, match="g must be finite before it enters the window"):
        alg.update(alg.empty_window(3, 4, 0.1), np.full(4, np.nan))


def test_a_replicate_whose_damping_is_lost_in_rounding_disturbs_no_other():
    start, lam = np.array([[-4.0, 4.0], [-3.0, 1.0], [-4.0, 4.0]]), np.array([0.1, 1e-19, 0.3])
    draw = Noisy(BOWL, Gaussian(0.1), 2)
    with pytest.raises(ValueError, match="the damping lam must be larger"):
        alg.cholesky_setup(np.ones((2, 2)), np.array(1e-19))
    trace = run(alg.mfac(draw, start, rng=common(rng()), m=8, lam=lam, lr=0.1), 40)
    np.testing.assert_array_equal(np.isfinite(trace.diverged), [False, True, False])
    assert 1 < trace.diverged[1] < 40
    for replicate in (0, 2):
        alone = run(alg.mfac(draw, start[replicate], rng=rng(), m=8, lam=lam[replicate], lr=0.1), 40)
        np.testing.assert_allclose(trace.theta[:, replicate], alone.theta, rtol=1e-9)
