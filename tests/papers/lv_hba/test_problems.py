import numpy as np
import pytest
from scipy.optimize import minimize

from optilab.papers.lv_hba.problems import svm as weighing
from optilab.papers.lv_hba.problems.coupled import (
    Affine,
    Coupled,
    QuadraticLevel,
    calls,
    counted,
    dykstra,
    unconstrained,
)
from optilab.papers.lv_hba.problems.toys import Scalar, flat, flat_solution, ridge, ripple, under_the_diagonal


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize(
    "problem", [flat(3), ridge(3, 4, rng(1)), weighing.svm(weighing.draw(2))], ids=["flat", "ridge", "svm"]
)
def test_the_products_of_a_coupling_are_those_of_its_jacobians(problem):
    x, y, lam = (rng(k).normal(size=size) for k, size in enumerate((problem.n, problem.m, problem.rows)))
    g, h = problem.coupling, 1e-6

    def change(i, of_x):
        step = h * np.eye(problem.n if of_x else problem.m)[i]
        ahead, behind = (g(x + s * step, y) if of_x else g(x, y + s * step) for s in (1, -1))
        return (ahead - behind) @ lam / (2 * h)

    np.testing.assert_allclose(g.pull_x(x, y, lam), [change(i, True) for i in range(problem.n)], atol=1e-8)
    np.testing.assert_allclose(g.pull_y(x, y, lam), [change(i, False) for i in range(problem.m)], atol=1e-8)


def nearest(problem, x0, y0, bounds=None):
    """The joint projection, by a general solver."""
    start = np.concatenate([x0, y0])
    sign = -1.0
    kind = "eq" if problem.low < 0 else "ineq"
    constraint = {
        "type": kind,
        "fun": lambda w: sign * problem.coupling(w[: problem.n], w[problem.n :]),
        "jac": lambda w: sign * np.concatenate([problem.coupling.H, problem.coupling.A], -1),
    }
    found = minimize(
        lambda w: ((w - start) ** 2).sum() / 2,
        start,
        jac=lambda w: w - start,
        constraints=[constraint],
        bounds=bounds,
        method="SLSQP",
        options={"ftol": 1e-15, "maxiter": 500},
    )
    return found.x[: problem.n], found.x[problem.n :]


@pytest.mark.parametrize("seed", range(4))
def test_joint_projections_are_those_of_a_general_solver(seed):
    for problem, bounds in (
        (flat(3), None),
        (ridge(3, 4, rng(seed)), None),
        (ripple(), [(0, 3), (None, None)]),
    ):
        x, y = 2 * rng(seed).normal(size=problem.n), 2 * rng(seed + 9).normal(size=problem.m)
        ours, theirs = problem.project(x, y), nearest(problem, x, y, bounds)
        for mine, other in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(mine, other, atol=2e-6)


def test_the_projection_of_the_svm_is_optimal_on_many_instances():
    data = weighing.stacked(range(200))
    problem, far = weighing.svm(data), rng(3)
    y = far.normal(size=(200, 66)) * far.choice([0.1, 1, 10], size=(200, 1))
    Z = weighing.signed(data.train, data.t_train)
    x, moved = problem.project(10 * data.C0, y)
    assert (x >= -8).all()
    assert (x <= 3).all()
    assert problem.coupling(x, moved).max() <= 1e-9
    # of a projection onto a polyhedron: the move is a nonnegative combination of the rows that are met
    push = moved[..., 6:] - y[..., 6:]
    assert push.min() >= 0
    np.testing.assert_allclose(moved[..., :6] - y[..., :6], np.matvec(Z.mT, push), atol=1e-8)
    assert abs(push * problem.coupling(x, moved)).max() <= 1e-8


def test_dykstra_finds_the_projection_that_alternating_misses():
    project = dykstra([lambda w: np.maximum(w, 0), lambda w: w - max(0, w.sum() - 1) / len(w)], 400)
    w = np.array([2.0, 0.5, -1.0, 0.9])
    found = project(w)
    # onto {w ≥ 0, Σw ≤ 1}: the larger entries lowered by one amount
    np.testing.assert_allclose(found, [1.0, 0.0, 0.0, 0.0], atol=1e-6)
    xy = dykstra([lambda w: np.clip(w, [0, -np.inf], [3, np.inf]), lambda w: w - max(0, w[1] - w[0]) / 2 * SIDE], 500)
    for seed in range(5):
        w = 3 * rng(seed).normal(size=2)
        assert xy(w) == pytest.approx(np.concatenate(under_the_diagonal(w[:1], w[1:])), abs=1e-6)


SIDE = np.array([-1.0, 1.0])


def test_the_solution_of_the_flat_problem_is_the_best_of_the_lower_ones():
    problem, x = flat(5), rng(1).normal(size=5)
    y, lam = flat_solution(x), problem.multiplier(x)
    assert problem.coupling(x, y) == pytest.approx([0], abs=1e-12)
    stationary = problem.lower.grad_y(x, y) + problem.coupling.pull_y(x, y, lam)
    np.testing.assert_allclose(stationary, 0, atol=1e-12)
    for seed in range(5):
        free = rng(seed).normal(size=5)
        other = np.concatenate([y[:5], y[5:] + free - free.mean()])
        assert problem.lower(x, other) == pytest.approx(problem.lower(x, y))
        assert problem.upper(x, other) > problem.upper(x, y)
    best = np.full(5, -0.3)
    np.testing.assert_allclose(flat_solution(best), [0.7] * 5 + [-0.4] * 5)
    assert problem(best) == pytest.approx(5 / 20)
    for seed in range(5):
        assert problem(best + 0.1 * rng(seed).normal(size=5)) > problem(best)


def test_the_ripple_has_the_minima_that_are_named():
    problem = ripple()
    x = np.linspace(0, 3, 300_001)[:, None]
    value = problem(x)
    inside = 1 + np.flatnonzero((value[1:-1] < value[:-2]) & (value[1:-1] < value[2:]))
    assert x[inside, 0] == pytest.approx([0.1489, 0.9862, 2.0197, 2.9908], abs=1e-4)
    assert value.min() == pytest.approx(1.7219, abs=1e-4)


@pytest.mark.parametrize("problem", [ripple(), ridge(2, 4, rng(4)), ridge(2, 3, rng(4), l=0)])
def test_lower_solutions_meet_the_kkt_conditions(problem):
    x = abs(rng(2).normal(size=(6, problem.n)))
    y, lam = problem.y_star(x), problem.multiplier(x)
    stationary = problem.lower.grad_y(x, y) + problem.coupling.pull_y(x, y, lam)
    np.testing.assert_allclose(stationary, 0, atol=1e-10)
    np.testing.assert_allclose(problem.coupling(x, y), 0, atol=1e-10)


def test_retraining_solves_the_lower_level():
    data = weighing.draw(7)
    problem, C = weighing.svm(data), rng(0).uniform(-3, 2, 60)
    y, lam = problem.y_star(C), problem.multiplier(C)
    assert problem.coupling(C, y).max() <= 1e-12
    stationary = problem.lower.grad_y(C, y) + problem.coupling.pull_y(C, y, lam)
    np.testing.assert_allclose(stationary, 0, atol=1e-8)
    Z = weighing.signed(data.train, data.t_train)

    def primal(v):
        return (v[:-1] @ v[:-1] + (np.exp(C) * np.maximum(0, 1 - Z @ v) ** 2).sum()) / 2

    assert minimize(primal, np.zeros(6), tol=1e-12).fun == pytest.approx(primal(y[:6]), rel=1e-8)


def test_the_data_of_the_svm_are_those_of_the_seed():
    data = weighing.draw(100)
    assert data.flipped.sum() == 18
    assert data.test.shape == (400, 5)
    assert (data.C0 >= -6).all()
    assert (data.C0 <= -5).all()
    wrong = weighing.accuracy(np.append(np.linalg.lstsq(data.train, data.t_train * (1 - 2 * data.flipped))[0], 0.0),
                       weighing.signed(data.test, data.t_test))  # fmt: skip
    assert wrong > 0.85


def test_counters_tell_the_oracles_apart():
    problem = counted(flat(3))
    x, y = np.zeros(3), np.zeros(6)
    problem.upper.grad_x(x, y)
    problem.lower.grad_y(x, y)
    problem.lower.hvp_yy(x, y, y)
    problem.coupling(x, y)
    problem.coupling.pull_y(x, y, np.zeros(1))
    problem.project(x, y)
    kinds = ("upper gradients", "lower gradients", "second-derivative products", "constraint values")
    assert calls(problem) == dict.fromkeys((*kinds, "Jacobian products", "joint projections"), 1)
    with pytest.raises(ValueError, match="problem must be one that counts"):
        calls(flat(3))


def test_what_is_no_problem_is_refused():
    for bad, match in (
        (lambda: Affine(np.ones((2, 3)), np.ones((1, 3)), np.ones(2)), r"the shape of A must be \(\*batch, 2, m\)"),
        (lambda: Affine(np.ones((1, 3)), np.ones((2, 3)), np.ones(2)), "the shape of H"),
        (lambda: Affine(np.ones((1, 3)), np.ones((2, 3)), 1.0), "the shape of b"),
        (lambda: QuadraticLevel([[1.0]], [[1.0]], [[1.0, 2.0]], [0.0], [0.0]), "the shape of Q"),
        (lambda: QuadraticLevel([[1.0, 2.0], [0.0, 1.0]], [[1.0], [1.0]], [[1.0]], [0.0, 0.0], [0.0]), "P must be sym"),
        (lambda: flat(0), "n must be"),
        (lambda: flat(3, -1.0), "row must be positive"),
        (lambda: dykstra([], 3), "projections must be"),
        (lambda: Scalar(h=-1.0), "h must be"),
        (lambda: ridge(2, 3, rng(), l=4), "l must be"),
        (lambda: weighing.draw(-1), "seed must be"),
    ):
        with pytest.raises(ValueError, match=match):
            bad()
    with pytest.raises(ValueError, match="low must be below high"):
        Coupled(flat(2).upper, flat(2).lower, 2, 4, coupling=unconstrained(2, 4), low=1.0, high=1.0)
