"""Deterministic classics: gradient descent, heavy ball, Nesterov; rates measured, bounds kept."""

import numpy as np
import pytest
import sympy as sp

from optilab.classics import gradient_descent as gd
from optilab.classics import heavy_ball as hb
from optilab.classics import nesterov as ag
from optilab.classics import proximal_gradient as pg
from optilab.core.counted import Counted
from optilab.core.run import run
from optilab.problems.expression import Expression
from optilab.problems.least_squares import LeastSquares
from optilab.problems.logistic import LogisticRegression
from optilab.problems.quadratic import Quadratic

MU, L = 1.0, 100.0
BOWL = Quadratic(np.diag([MU, 7.0, L]), np.ones(3))
METHODS = {
    "gradient descent": (gd.gradient_descent, {"alpha": [0.001, 0.002, 0.004, 0.01]}),
    "heavy ball": (hb.heavy_ball, {"alpha": [0.001, 0.002, 0.004, 0.01], "beta": [0.0, 0.3, 0.6, 0.9]}),
    "nesterov": (ag.nesterov, {"L": [100.0, 120.0, 150.0, 200.0]}),
    "nesterov, strongly convex": (ag.nesterov_strongly_convex, {"mu": [1.0, 0.5, 0.2, 0.1], "L": [100.0] * 4}),
}
each_method = pytest.mark.parametrize("name", METHODS)


def flat_problems():
    """Convex problems with little or no strong convexity, and their constants."""
    rng = np.random.default_rng(0)
    A = rng.normal(size=(20, 6)) * np.geomspace(1, 1e-3, 6)
    labels = np.sign(rng.normal(size=20)).astype(int)
    chain = 2 * np.eye(20) - np.eye(20, k=1) - np.eye(20, k=-1)  # the hard one: its gradient spreads one entry a step
    return {
        "least squares": LeastSquares(A, rng.normal(size=20)),
        "logistic": LogisticRegression(A, labels, l2=1e-6),
        "chain": Quadratic(chain, np.eye(20)[0]),
    }


@each_method
def test_a_batch_is_its_replicates_one_by_one(name):
    method, parameters = METHODS[name]
    starts = np.random.default_rng(1).normal(size=(4, 3))
    together = run(method(BOWL, starts, **{key: np.array(values) for key, values in parameters.items()}), 30)
    for i, start in enumerate(starts):
        alone = run(method(BOWL, start, **{key: values[i] for key, values in parameters.items()}), 30)
        for field, values in alone.fields.items():
            np.testing.assert_allclose(together.fields[field][:, i], values, rtol=1e-12, atol=1e-14)


@each_method
def test_one_gradient_a_step_and_nothing_changed_in_place(name):
    method, parameters = METHODS[name]
    counted, start = Counted(BOWL), np.ones(3)
    states = method(counted, start, **{key: values[0] for key, values in parameters.items()})
    first = next(states)
    before = [field.copy() for field in first]
    for _ in range(5):
        state = next(states)
    assert counted.calls == {"gradients": 5}
    assert (start == 1).all()
    assert not np.array_equal(state[0], start)
    for field, copy in zip(first, before, strict=True):
        np.testing.assert_array_equal(field, copy)


def test_updates_are_the_formulas():
    x0, alpha, beta = np.array([1.0, -2.0, 3.0]), 0.004, 0.7
    np.testing.assert_allclose(run(gd.gradient_descent(BOWL, x0, alpha=alpha), 1).x[1], x0 - alpha * BOWL.grad(x0))
    x = run(hb.heavy_ball(BOWL, x0, alpha=alpha, beta=beta), 6).x
    np.testing.assert_allclose(x[2:], [x[k] - alpha * BOWL.grad(x[k]) + beta * (x[k] - x[k - 1]) for k in range(1, 6)])
    np.testing.assert_array_equal(
        run(hb.heavy_ball(BOWL, x0, alpha=alpha, beta=0), 9).x, run(gd.gradient_descent(BOWL, x0, alpha=alpha), 9).x
    )
    t = [1.0]
    for _ in range(6):
        t.append((1 + np.sqrt(1 + 4 * t[-1] ** 2)) / 2)
    trace = run(ag.nesterov(BOWL, x0, L=L), 6)
    for k in range(1, 6):
        y = trace.x[k] + (t[k - 1] - 1) / t[k] * (trace.x[k] - trace.x[k - 1])
        np.testing.assert_allclose(trace.y[k], y)
        np.testing.assert_allclose(trace.x[k + 1], y - BOWL.grad(y) / L)
    trace = run(ag.nesterov_strongly_convex(BOWL, x0, mu=MU, L=L), 6)
    for k in range(1, 6):
        np.testing.assert_allclose(trace.y[k], trace.x[k] + 9 / 11 * (trace.x[k] - trace.x[k - 1]))
        np.testing.assert_allclose(trace.x[k + 1], trace.y[k] - BOWL.grad(trace.y[k]) / L)


def test_nesterov_strongly_convex_follows_its_own_momentum():
    x0 = np.array([1.0, -2.0, 3.0])
    np.testing.assert_allclose(ag.momentum(MU, L), 9 / 11)
    trace = run(ag.nesterov_strongly_convex(BOWL, x0, mu=MU, L=L), 1)
    np.testing.assert_allclose(trace.x[1], x0 - BOWL.grad(x0) / L)


@pytest.mark.parametrize("name", flat_problems())
def test_gaps_stay_below_their_bounds(name):
    problem = flat_problems()[name]
    starts = np.random.default_rng(2).normal(size=(5, len(problem.minimizer)))
    distance = np.linalg.norm(starts - problem.minimizer, axis=-1)
    k = np.arange(1, 301)[:, None]

    def gap(states):
        return run(states, 300, gap=lambda s: problem(s.x) - problem.minimum).gap[1:]

    for alpha in (0.3 / problem.L, 1 / problem.L):
        measured = gap(gd.gradient_descent(problem, starts, alpha=alpha))
        assert (measured <= gd.gap_bound(k, problem.L, distance, alpha) + 1e-14).all()
    assert (gap(ag.nesterov(problem, starts, L=problem.L)) <= ag.gap_bound(k, problem.L, distance) + 1e-14).all()
    measured = gap(ag.nesterov_strongly_convex(problem, starts, mu=problem.mu, L=problem.L))
    assert (measured <= ag.strongly_convex_gap_bound(k, problem.mu, problem.L, distance) + 1e-14).all()


def test_gradient_descents_bound_is_attained():
    """Drori and Teboulle's worst function: linear outside, quadratic within a distance that depends on the budget."""
    k, L = 10, 1.0
    edge = 1 / (2 * k + 1)

    class Huber:
        def grad(self, x):
            return np.clip(x, -edge, edge)

    x = run(gd.gradient_descent(Huber(), np.ones(1), alpha=1 / L), k).x[-1, 0]
    value = edge * abs(x) - edge**2 / 2 if abs(x) > edge else x**2 / 2
    assert value == pytest.approx(gd.gap_bound(k, L, 1.0), rel=1e-12)


def test_acceleration_beats_descent_by_the_square_root():
    def error(states):
        return np.linalg.norm(run(states, 200).x - BOWL.minimizer, axis=-1)

    start = np.full(3, 2.0)
    plain = error(gd.gradient_descent(BOWL, start, **gd.tuned(MU, L)))
    assert plain[200] / plain[100] == pytest.approx(gd.rate(2 / (MU + L), MU, L) ** 100, rel=1e-3)
    heavy = error(hb.heavy_ball(BOWL, start, **hb.tuned(MU, L)))
    assert (heavy[60] / heavy[20]) ** (1 / 40) == pytest.approx(9 / 11, rel=0.05)
    fast = error(ag.nesterov_strongly_convex(BOWL, start, mu=MU, L=L))
    assert (fast[80] / fast[40]) ** (1 / 40) == pytest.approx(0.9, rel=0.03)


@pytest.mark.parametrize("eigenvalue", [0.5, 3.0, 20.0])
def test_multipliers_are_the_eigenvalues_of_a_step(eigenvalue):
    alpha, beta = np.array([0.01, 0.05, 0.12]), np.array([0.1, 0.5, 0.9])
    for multipliers, rate, matrix in (
        (hb.multipliers, hb.rate, lambda a, b: [[1 + b - a * eigenvalue, -b], [1, 0]]),
        (ag.multipliers, ag.rate, lambda a, b: np.array([[1 + b, -b], [1, 0]]) * [[1 - a * eigenvalue], [1]]),
    ):
        expected = [np.sort_complex(np.linalg.eigvals(matrix(a, b))) for a, b in zip(alpha, beta, strict=True)]
        found = np.sort_complex(multipliers(eigenvalue, alpha, beta))
        np.testing.assert_allclose(found, expected, atol=1e-7)
        np.testing.assert_allclose(rate(eigenvalue, alpha, beta), abs(np.array(expected)).max(-1), atol=1e-7)


def test_tuned_steps_are_the_best():
    a = sp.symbols("a", positive=True)
    crossing = sp.solve(sp.Eq(1 - a * 1, a * 100 - 1), a)[0]
    assert gd.tuned(MU, L)["alpha"] == pytest.approx(float(crossing))
    best = hb.tuned(MU, L)

    def worst(alpha, beta):
        return max(hb.rate(MU, alpha, beta), hb.rate(L, alpha, beta))

    assert worst(**best) == pytest.approx(9 / 11, abs=1e-6)
    for factor in (0.9, 1.1):
        assert worst(best["alpha"] * factor, best["beta"]) > worst(**best)
        assert worst(best["alpha"], best["beta"] * factor) > worst(**best)


def test_divergence_is_recorded():
    trace = run(hb.heavy_ball(BOWL, np.ones((2, 3)), alpha=np.array([0.005, 1.0]), beta=0.5), 400)
    assert trace.diverged[0] == np.inf
    assert trace.diverged[1] < 400
    assert np.isnan(trace.x[-1, 1]).all()
    assert np.isfinite(trace.x[:, 0]).all()


def test_methods_descend_a_typed_valley():
    valley = Expression("(1-x)**2 + 5*(y-x**2)**2")
    for states in (
        gd.gradient_descent(valley, [-0.6, 0.9], alpha=0.01),
        hb.heavy_ball(valley, [-0.6, 0.9], alpha=0.01, beta=0.8),
    ):
        np.testing.assert_allclose(run(states, 6000).x[-1], [1, 1], atol=1e-3)


def test_bad_parameters_are_refused_at_the_call():
    for alpha in (0, -1, np.inf, np.nan, [0.1, -0.1]):
        with pytest.raises(ValueError, match="alpha must be positive"):
            gd.gradient_descent(BOWL, np.zeros((2, 3)), alpha=alpha)
        with pytest.raises(ValueError, match="alpha must be positive"):
            hb.heavy_ball(BOWL, np.zeros((2, 3)), alpha=alpha, beta=0.5)
    for beta in (-0.1, 1.0, np.nan):
        with pytest.raises(ValueError, match="beta must be in"):
            hb.heavy_ball(BOWL, np.zeros(3), alpha=0.1, beta=beta)
    for bad in (0, -1, np.inf, np.nan):
        with pytest.raises(ValueError, match="L must be positive"):
            ag.nesterov(BOWL, np.zeros(3), L=bad)
    for mu in (0, 2, np.nan):
        with pytest.raises(ValueError, match="mu must be in"):
            ag.nesterov_strongly_convex(BOWL, np.zeros(3), mu=mu, L=1)
    for tuned in (gd.tuned, hb.tuned):
        with pytest.raises(ValueError, match="0 < mu <= L"):
            tuned(2.0, 1.0)
    with pytest.raises(ValueError, match="alpha must be in"):
        gd.gap_bound(3, 1.0, 1.0, alpha=1.5)
    with pytest.raises(ValueError, match="mu must be in"):
        ag.strongly_convex_gap_bound(3, 2.0, 1.0, 1.0)
    for alpha in (0.0, -1.0, np.nan):
        with pytest.raises(ValueError, match="alpha must be"):
            gd.rate(alpha, 1.0, 2.0)
    with pytest.raises(ValueError, match="mu and L must be 0 <= mu <= L"):
        gd.rate(0.1, 2.0, 1.0)
    for bound in (gd.gap_bound, ag.gap_bound, pg.gap_bound, pg.fast_gap_bound):
        with pytest.raises(ValueError, match="L must be positive"):
            bound(3, -1.0, 1.0)
        with pytest.raises(ValueError, match="k must be"):
            bound(np.array([3, -1]), 1.0, 1.0)
    with pytest.raises(ValueError, match="k must be 1 or more"):
        pg.gap_bound(0, 1.0, 1.0)
    with pytest.raises(ValueError, match="k must be 0 or more"):
        ag.strongly_convex_gap_bound(-1, 1.0, 2.0, 1.0)
