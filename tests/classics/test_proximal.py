"""Proximal gradient methods, proximal SGD and smoothing with acceleration, against their definitions and bounds."""

import numpy as np
import pytest

from optilab.classics.proximal_gradient import (
    fast_gap_bound,
    fast_proximal_gradient,
    gap_bound,
    proximal_gradient,
)
from optilab.classics.proximal_sgd import proximal_sgd, proximal_sgd_bound
from optilab.classics.smoothed_gradient import smoothed_gradient
from optilab.core.run import run
from optilab.papers.gradient_sliding.problems.deblurring import deblurring
from optilab.papers.gradient_sliding.problems.robust_regression import robust_regression
from optilab.problems.composite import Sum
from optilab.problems.least_squares import LeastSquares
from optilab.problems.simple import L1

LASSO = Sum(LeastSquares(np.random.default_rng(8).normal(size=(12, 4)), np.arange(12.0)), L1(1.5))


def test_proximal_sgd_is_its_definition():
    problem = robust_regression(0, n=5, m=12)
    samples = np.random.default_rng(0).integers(12, size=(30, 1))
    trace = run(proximal_sgd(problem, np.zeros(5), L=problem.L, mu=problem.mu, samples=samples), 100)
    assert len(trace.step) == 31
    x, points, weights = np.zeros(5), [], []
    for t, (i,) in enumerate(samples, 1):
        a = problem.L + problem.mu * t / 2
        s = problem.A[i] * np.sign(problem.A[i] @ x - problem.c[i])
        x = problem.prox(x - (problem.grad(x) + s) / a, 1 / a)
        points.append(x)
        weights.append(t + 2 * problem.L / problem.mu)
    np.testing.assert_allclose(trace.x[-1], x, rtol=1e-10)
    np.testing.assert_allclose(trace.xbar[-1], np.average(points, 0, weights), rtol=1e-10)


@pytest.mark.parametrize("noise", [0.0, 1.0])
def test_proximal_sgd_stays_below_its_bound(noise):
    seeds = range(6)
    problem = robust_regression(seeds, n=8, m=30, noise=noise, L=10.0, mu=0.5)
    x0 = np.zeros((6, 8))
    samples = problem.sample(np.random.default_rng(1), (1000, 6, 1)) if noise else None
    trace = run(proximal_sgd(problem, x0, L=problem.L, mu=problem.mu, samples=samples), 1000)
    gap = problem(trace.xbar) - problem.minimum
    S = 2 * (problem.M**2 + problem.sigma2) if noise else problem.M**2
    V0 = (problem.minimizer**2).sum(-1) / 2
    bound = proximal_sgd_bound(trace.step[1:, None], V0=V0, L=problem.L, mu=problem.mu, S=S)
    assert (gap[1:].mean(-1) <= bound.mean(-1)).all()


def test_smoothing_with_acceleration_contracts_as_promised_and_stops_at_its_error():
    problem = deblurring(range(3), n=20)
    x0 = np.zeros((3, 20))
    eta = np.array([0.5, 0.1, 0.02])
    M = problem.norm**2 / eta
    total = problem.L + M
    gamma = (-problem.mu + np.sqrt(problem.mu**2 + 4 * total * problem.mu)) / (2 * total)
    trace = run(smoothed_gradient(problem, x0, L=problem.L, mu=problem.mu, M=M, eta=eta), 3000)
    gap = problem(trace.xbar) - problem.minimum
    V0 = (problem.minimizer**2).sum(-1) / 2
    start = gap[0] + problem.mu * V0
    bound = (1 - gamma) ** trace.step[:, None] * start + eta * problem.Omega
    assert (gap <= bound).all()
    assert (gap[-1] > 1e-6).all()  # h_η's minimiser is not h's


def test_without_an_operator_the_size_of_the_smoothing_does_not_matter():
    problem = deblurring(0, n=20)
    flat = type(problem)(problem.B, problem.b, problem.mu, weight=0.0)
    x0 = np.ones(20)
    ends = [run(smoothed_gradient(flat, x0, L=flat.L, mu=flat.mu, M=0.0, eta=eta), 300).xbar[-1] for eta in (0.1, 9.0)]
    np.testing.assert_array_equal(*ends)
    exact = np.linalg.solve(flat.B.T @ flat.B + flat.mu * np.eye(20), flat.B.T @ flat.b)
    np.testing.assert_allclose(ends[0], exact, atol=1e-8)


def test_batches_are_their_replicates():
    problem = robust_regression(0, n=5, m=12)
    x0 = np.random.default_rng(0).normal(size=(3, 5))
    samples = np.random.default_rng(1).integers(12, size=(40, 3, 1))
    mu = np.array([0.1, 0.2, 0.4])
    whole = run(proximal_sgd(problem, x0, L=problem.L, mu=mu, samples=samples), 40)
    smooth = run(smoothed_gradient(problem, x0, L=problem.L, mu=mu, M=3.0, eta=mu), 40)
    for i in range(3):
        alone = run(proximal_sgd(problem, x0[i], L=problem.L, mu=mu[i], samples=samples[:, i]), 40)
        np.testing.assert_allclose(whole.xbar[:, i], alone.xbar, rtol=1e-11)
        alone = run(smoothed_gradient(problem, x0[i], L=problem.L, mu=mu[i], M=3.0, eta=mu[i]), 40)
        np.testing.assert_allclose(smooth.xbar[:, i], alone.xbar, rtol=1e-11)


def test_bad_input_is_refused():
    problem = robust_regression(0, n=5, m=12)
    with pytest.raises(ValueError, match="L must be positive"):
        proximal_sgd(problem, np.zeros(5), L=0.0, mu=1.0)
    with pytest.raises(ValueError, match="mu must be positive"):
        proximal_sgd(problem, np.zeros(5), L=1.0, mu=-1.0)
    with pytest.raises(ValueError, match="eta must be positive"):
        smoothed_gradient(problem, np.zeros(5), L=1.0, mu=1.0, M=1.0, eta=0.0)
    with pytest.raises(ValueError, match="M must be 0 or more"):
        smoothed_gradient(problem, np.zeros(5), L=1.0, mu=1.0, M=-1.0, eta=1.0)
    good = {"t": 3, "V0": 1.0, "L": 1.0, "mu": 1.0, "S": 1.0}
    for name, bad in {"t": 0, "V0": -1.0, "L": 0.0, "mu": -1.0, "S": -1.0}.items():
        with pytest.raises(ValueError, match=f"^{name} must be"):
            proximal_sgd_bound(**good | {name: bad})


@pytest.mark.parametrize("method", [proximal_gradient, fast_proximal_gradient])
def test_proximal_gradient_methods_are_their_definitions(method):
    L, steps = np.array([LASSO.smooth.L, 3 * LASSO.smooth.L]), 12
    trace = run(method(LASSO, np.ones((2, 4)), L=L), steps)
    for i in range(2):
        x = y = np.ones(4)
        t = 1.0
        for _ in range(steps):
            z = y - LASSO.grad(y) / L[i]
            after = np.sign(z) * np.maximum(abs(z) - LASSO.simple.weight / L[i], 0)
            t_after = (1 + np.sqrt(1 + 4 * t**2)) / 2
            y = after + (t - 1) / t_after * (after - x) if method is fast_proximal_gradient else after
            x, t = after, t_after
        np.testing.assert_allclose(trace.x[-1, i], x, rtol=1e-12)


@pytest.mark.parametrize(
    ("method", "bound"), [(proximal_gradient, gap_bound), (fast_proximal_gradient, fast_gap_bound)]
)
def test_proximal_gradient_methods_keep_their_bounds(method, bound):
    best = run(fast_proximal_gradient(LASSO, np.zeros(4), L=LASSO.smooth.L), 4000).x[-1]
    starts = np.random.default_rng(1).normal(size=(20, 4)) * 3
    trace = run(method(LASSO, starts, L=LASSO.smooth.L), 200)
    gap = LASSO(trace.x) - LASSO(best)
    promised = bound(trace.step[1:, None], LASSO.smooth.L, np.linalg.norm(starts - best, axis=-1))
    assert (gap[1:] <= promised + 1e-12).all()
    assert (gap[1:] > promised / 1e4).any()


def test_a_step_that_is_none_is_refused():
    with pytest.raises(ValueError, match="L must be positive and finite"):
        proximal_gradient(LASSO, np.zeros(4), L=0.0)
    for part in ({"smooth": L1(1.0), "simple": L1(1.0)}, {"smooth": LASSO.smooth, "simple": LASSO.smooth}):
        with pytest.raises(ValueError, match=r"must be one with value and (grad|prox)"):
            Sum(**part)
