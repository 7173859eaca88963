"""Composite problems: oracles against definitions and differences, optima against their certificates."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from optilab.core.run import run
from optilab.papers.gradient_sliding.algorithm import accelerated_sliding, restart_free_lambda, rf_asgs, rf_asgs_bound
from optilab.papers.gradient_sliding.problems.certified import quadratic_dual
from optilab.papers.gradient_sliding.problems.deblurring import Deblurring, deblurring
from optilab.papers.gradient_sliding.problems.portfolio import Portfolio, portfolio
from optilab.papers.gradient_sliding.problems.robust_regression import robust_regression
from optilab.papers.gradient_sliding.problems.saddle import Saddle, balls, box, simplex
from optilab.problems import projection

MAKERS = {
    "robust": lambda seeds: robust_regression(seeds, n=6, m=15),
    "deblurring": lambda seeds: deblurring(seeds, n=20),
    "portfolio": lambda seeds: portfolio(seeds, n=6, m=15),
}


def points(problem, rng, count=4):
    """Random points of the problem's set."""
    n = problem.minimizer.shape[-1]
    x = rng.normal(size=(count, *problem.minimizer.shape[:-1], n))
    return projection.simplex(x) if isinstance(problem, Portfolio) else x


@pytest.mark.parametrize("name", MAKERS)
def test_constants_bound_f_and_h(name):
    problem, rng = MAKERS[name](1), np.random.default_rng(0)
    if name == "deblurring":
        eigenvalue = np.linalg.eigvalsh(problem.B.T @ problem.B)[-1]
    else:
        eigenvalue = np.linalg.eigvalsh(problem.H if name == "robust" else problem.Sigma)[-1]
    np.testing.assert_allclose(problem.L, eigenvalue)
    if name == "deblurring":
        K = problem.differences(np.eye(20)).T
        assert problem.norm == pytest.approx(np.linalg.norm(K, 2), rel=1e-9)
        y = rng.normal(size=19)
        np.testing.assert_allclose(problem.adjoint(y), K.T @ y, atol=1e-14)
        return

    linear = problem.b if name == "robust" else np.zeros(6)

    def h(u):
        return problem(u) - (problem.mu / 2 * u @ u + u @ (problem.grad(u) - linear) / 2)

    for x, y in zip(points(problem, rng, 50), points(problem, rng, 50), strict=True):
        excess = h(x) - h(y) - problem.subgrad(y) @ (x - y)
        assert -1e-12 <= excess <= problem.M * np.linalg.norm(x - y) + 1e-12


def test_the_portfolio_s_optimum_is_that_of_its_epigraph_form():
    problem = portfolio(4, n=6, m=15)
    n, m = 6, 15
    Q = problem.Sigma + problem.mu * np.eye(n)
    found = minimize(
        lambda z: 0.5 * z[:n] @ Q @ z[:n] + z[n:].mean(),
        np.concatenate([np.full(n, 1 / n), np.ones(m)]),
        jac=lambda z: np.concatenate([Q @ z[:n], np.full(m, 1 / m)]),
        bounds=[(0, None)] * (n + m),
        constraints=[
            {"type": "eq", "fun": lambda z: z[:n].sum() - 1},
            {"type": "ineq", "fun": lambda z: z[n:] - problem.tau + problem.R @ z[:n]},
        ],
        method="SLSQP",
        options={"ftol": 1e-12, "maxiter": 500},
    )
    assert found.fun == pytest.approx(problem.minimum, abs=1e-6)


@pytest.mark.parametrize("name", ["robust", "portfolio"])
def test_the_variance_of_a_sample_is_bounded(name):
    problem, rng = MAKERS[name](2), np.random.default_rng(1)
    for x in points(problem, rng):
        each = np.array([problem.sample_subgrad(x, np.array([i])) for i in range(15)])
        assert ((each - problem.subgrad(x)) ** 2).sum(-1).mean() <= problem.sigma2


def test_noise_scales_a_sample_s_deviation():
    rng = np.random.default_rng(0)
    x, i = rng.normal(size=6), np.array([3])
    one, none, twice = (robust_regression(0, n=6, m=15, noise=noise) for noise in (1.0, 0.0, 2.0))
    full = one.subgrad(x)
    np.testing.assert_allclose(none.sample_subgrad(x, i), full)
    np.testing.assert_allclose(twice.sample_subgrad(x, i) - full, 2 * (one.sample_subgrad(x, i) - full))
    assert twice.sigma2 == pytest.approx(4 * one.sigma2)


@pytest.mark.parametrize("name", ["robust", "deblurring"])
@pytest.mark.parametrize("eta", [1e-3, 0.5, 30.0])
def test_the_smoothed_h_is_huber_s_and_lies_within_its_error(name, eta):
    problem, rng = MAKERS[name](2), np.random.default_rng(1)

    def kinks(x):
        return problem.residual(x) if name == "robust" else problem.differences(x)

    def smoothed(x):
        size = abs(kinks(x))
        values = np.where(size <= eta, size**2 / (2 * eta), size - eta / 2)
        return values.mean() if name == "robust" else values.sum()

    e = 1e-6
    for x in points(problem, rng):
        v = rng.normal(size=x.shape)
        slope = (smoothed(x + e * v) - smoothed(x - e * v)) / (2 * e)
        np.testing.assert_allclose(problem.smooth_grad(x, eta) @ v, slope, rtol=1e-5, atol=1e-7)
        h = abs(kinks(x)).mean() if name == "robust" else abs(kinks(x)).sum()
        assert 0 <= h - smoothed(x) <= eta * problem.Omega + 1e-12
        y = points(problem, rng, 1)[0]
        change = np.linalg.norm(problem.smooth_grad(x, eta) - problem.smooth_grad(y, eta))
        assert change <= problem.norm**2 / eta * np.linalg.norm(x - y) + 1e-12


SETS = {"box": (box(6), lambda v: abs(v).sum()), "simplex": (simplex(6), np.max)}
SETS["balls"] = (balls(3), lambda v: np.hypot(v[::2], v[1::2]).sum())


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("eta", [1e-3, 0.5, 30.0])
def test_smoothing_over_a_dual_set_lies_within_its_error(name, eta):
    dual, support = SETS[name]
    rng = np.random.default_rng(7)
    K, c = rng.normal(size=(6, 4)), rng.normal(size=6)
    problem = Saddle(np.eye(4), np.zeros(4), K, c, 0.3, dual)
    e = 1e-6
    for x, other, v in rng.normal(size=(8, 3, 4)):
        h = support(K @ x - c)
        assert problem(x) == pytest.approx(0.65 * x @ x + h)
        assert support(K @ other - c) >= h + problem.subgrad(x) @ (other - x) - 1e-12
        assert -1e-12 <= h - problem.smoothed(x, eta) <= eta * dual.Omega + 1e-12
        y = dual.project(3 * rng.normal(size=(200, 6)))  # no point of the set does better
        best = (y @ (K @ x - c) - eta / 2 * ((y - dual.centre) ** 2).sum(-1)).max()
        assert best <= problem.smoothed(x, eta) + 1e-9
        assert ((y - dual.centre) ** 2).sum(-1).max() / 2 <= dual.Omega + 1e-12
        slope = (problem.smoothed(x + e * v, eta) - problem.smoothed(x - e * v, eta)) / (2 * e)
        np.testing.assert_allclose(problem.smooth_grad(x, eta) @ v, slope, rtol=1e-5, atol=1e-6)
        change = np.linalg.norm(problem.smooth_grad(x, eta) - problem.smooth_grad(other, eta))
        assert change <= problem.norm**2 / eta * np.linalg.norm(x - other) + 1e-12


@pytest.mark.parametrize("name", SETS)
def test_accelerated_sliding_closes_in_over_every_dual_set(name):
    dual, _ = SETS[name]
    rng = np.random.default_rng(3)
    problem = Saddle(np.diag([4.0, 2.0, 1.0, 0.5]), rng.normal(size=4), rng.normal(size=(6, 4)), np.ones(6), 0.3, dual)
    known = {"L": problem.L, "mu": 0.3, "K": problem.norm, "Omega": problem.Omega, "D": 9 + float(problem(np.zeros(4)))}
    near, best = (run(accelerated_sliding(problem, np.zeros(4), rf_asgs(**known, N=N)), N).xbar[-1] for N in (30, 80))
    gap0, V0 = problem(np.zeros(4)) - problem(best), best @ best / 2
    known |= {"lam": restart_free_lambda(problem.L, 0.3), "eta0": known["D"] / (2 * problem.Omega)}
    bound = rf_asgs_bound(30, gap0=gap0, V0=V0, **{name: known[name] for name in ("mu", "lam", "eta0", "Omega")})
    assert 0 < problem(near) - problem(best) <= bound
    known = {name: known[name] for name in ("L", "mu", "K", "Omega", "D")}
    alone = accelerated_sliding(problem, np.zeros(4), rf_asgs(**known, N=5))
    both = accelerated_sliding(problem, np.zeros((2, 4)), rf_asgs(**known, N=5))
    np.testing.assert_allclose(run(both, 5).xbar[:, 1], run(alone, 5).xbar)


@pytest.mark.parametrize("name", MAKERS)
def test_a_batch_of_problems_is_its_problems_one_by_one(name):
    rng = np.random.default_rng(5)
    batch = MAKERS[name]([4, 9])
    x = points(batch, rng, 3)
    for i, seed in enumerate([4, 9]):
        alone = MAKERS[name](seed)
        np.testing.assert_allclose(batch.minimizer[i], alone.minimizer, atol=1e-10)
        for oracle in ("__call__", "grad", "subgrad"):
            whole = getattr(batch, oracle)(x)[:, i]
            np.testing.assert_allclose(whole, getattr(alone, oracle)(x[:, i]), rtol=1e-11, atol=1e-13)
        np.testing.assert_allclose(batch.prox(x, np.array([0.5, 2.0]))[:, i], alone.prox(x[:, i], [0.5, 2.0][i]))
        if name != "deblurring":
            rows = np.array([[[0, 1], [3, 3]], [[5, 8], [1, 2]], [[7, 9], [7, 0]]])
            whole = batch.sample_subgrad(x, rows)[:, i]
            np.testing.assert_allclose(whole, alone.sample_subgrad(x[:, i], rows[:, i]), rtol=1e-12)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-5, 5), min_size=1, max_size=6))
def test_the_projection_onto_the_simplex_is_the_nearest_point(v):
    v = np.array(v)
    u = projection.simplex(v)
    assert u.min() >= 0
    assert u.sum() == pytest.approx(1)
    assert ((v - u) * (np.eye(len(v)) - u)).sum(-1).max() <= 1e-9  # the variational inequality at all corners


def test_a_dual_in_one_dimension():
    one = np.ones(1)
    y, x, bound = quadratic_dual(np.eye(1), 3 * one, -np.eye(1), 0 * one, -one, one)  # min ½x² − 3x + |x|
    np.testing.assert_allclose([y[0], x[0], bound], [1, 2, -2])


GOOD = robust_regression(0, n=6, m=15)
REFUSED = {
    "shape of H must be": lambda: replace(GOOD, H=np.eye(5)),
    "shape of A must be": lambda: replace(GOOD, A=np.ones((15, 5))),
    "shape of c must be": lambda: replace(GOOD, c=GOOD.c[:3]),
    "mu must be positive": lambda: robust_regression(0, mu=0.0),
    "noise must be": lambda: robust_regression(0, noise=-1.0),
    "n must be at least 15": lambda: deblurring(0, n=12),
    "shape of B must be": lambda: Deblurring(np.eye(3), np.zeros(4), 1.0),
    "mu must be positive, got -1": lambda: deblurring(0, mu=-1.0),
    "weight must be": lambda: Deblurring(np.eye(3), np.zeros(3), 1.0, weight=-1.0),
    "shape of Sigma must be": lambda: Portfolio(np.ones((4, 3)), np.eye(2), 0.2, 1.0),
    "mu must be positive, got 0": lambda: portfolio(0, mu=0.0),
    "m must be a whole number": lambda: box(2.5),
    "groups must be a whole number": lambda: balls(0),
    "shape of K must be": lambda: Saddle(np.eye(2), np.zeros(2), np.eye(2), np.zeros(3), 1.0, simplex(3)),
    "box must be": lambda: quadratic_dual(np.eye(1), np.zeros(1), np.eye(1), np.zeros(1), np.ones(1), -np.ones(1)),
}


@pytest.mark.parametrize("says", REFUSED)
def test_bad_input_is_refused(says):
    with pytest.raises(ValueError, match=says):
        REFUSED[says]()
