from dataclasses import replace
from itertools import islice, pairwise

import numpy as np
import pytest

from optilab.core.run import run
from optilab.papers.lv_hba import algorithm as alg
from optilab.papers.lv_hba.problems.coupled import Affine, calls, counted
from optilab.papers.lv_hba.problems.svm import draw, svm
from optilab.papers.lv_hba.problems.toys import Scalar, flat, ridge, ripple


def rng(seed=0):
    return np.random.default_rng(seed)


def last(states, k):
    return next(islice(states, k, None))


def starts(problem, seed=0):
    return 2 * rng(seed).normal(size=problem.n), 2 * rng(seed + 50).normal(size=problem.m)


def by_hand(P, x, y, z, theta, lam, k, alpha, beta, eta, gamma1, gamma2, c0, p):
    """One step with all matrices written out."""
    H, A, b, F, f = P.coupling.H, P.coupling.A, P.coupling.b, P.upper, P.lower
    new_theta = theta - eta * (f.R.T @ x + f.Q @ theta + f.q + A.T @ lam + (theta - y) / gamma1)
    new_lam = lam + eta * (H @ x + A @ theta - b - (lam - z) / gamma2)
    new_lam = np.minimum(np.maximum(new_lam, P.low), P.high)
    c = c0 * (k + 1) ** p
    d_x = (F.P @ x + F.R @ y + F.p) / c + f.R @ (y - new_theta) - H.T @ new_lam
    d_y = (F.R.T @ x + F.Q @ y + F.q) / c + f.R.T @ x + f.Q @ y + f.q - (y - new_theta) / gamma1
    M = np.hstack([H, A])
    w = np.concatenate([x - alpha * d_x, y - alpha * d_y])
    w -= M.T @ np.linalg.solve(M @ M.T, M @ w - b)
    new_z = np.clip(z + beta * (new_lam - z) / gamma2, P.low, P.high)
    return w[: P.n], w[P.n :], new_z, new_theta, new_lam


def test_every_step_is_the_one_written_out():
    P = ridge(3, 4, rng(1))
    x0, y0 = starts(P)
    numbers = {"alpha": 0.05, "beta": 0.08, "eta": 0.11, "gamma1": 1.7, "gamma2": 0.6, "c0": 1.3, "p": 0.25}
    theta, lam, z = rng(2).normal(size=4), rng(3).normal(size=2), rng(4).normal(size=2)
    states = list(islice(alg.lv_hba(P, x0, y0, **numbers, theta0=theta, lam0=lam, z0=z), 30))
    for k, (before, after) in enumerate(pairwise(states)):
        for ours, theirs in zip(after, by_hand(P, *before, k, **numbers), strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-11, atol=1e-13)


def test_without_constraints_it_is_the_moreau_envelope_method():
    P = ridge(3, 4, rng(1), l=0)
    x, y = starts(P)
    theta = y
    states = alg.lv_hba(P, x, y, alpha=0.05, eta=0.1, gamma1=2.0)
    for k, state in zip(range(40), states, strict=False):
        np.testing.assert_allclose(np.concatenate([x, y, theta]), np.concatenate([state.x, state.y, state.theta]))
        theta = theta - 0.1 * (P.lower.grad_y(x, theta) + (theta - y) / 2)
        c = (k + 1) ** 0.3
        x, y = (
            x - 0.05 * (P.upper.grad_x(x, y) / c + P.lower.grad_x(x, y) - P.lower.grad_x(x, theta)),
            y - 0.05 * (P.upper.grad_y(x, y) / c + P.lower.grad_y(x, y) - (y - theta) / 2),
        )


def direct_saddle(P, x, y, z, gamma1, gamma2):
    """The saddle of a quadratic level with equations, from its linear system."""
    f, A = P.lower, P.coupling.A
    K = np.block([[f.Q + np.eye(P.m) / gamma1, A.T], [-A, np.eye(P.rows) / gamma2]])
    right = np.concatenate([y / gamma1 - f.R.T @ x - f.q, P.coupling.H @ x - P.coupling.b + z / gamma2])
    solved = np.linalg.solve(K, right)
    return solved[: P.m], solved[P.m :]


def test_the_saddle_is_that_of_the_linear_system_and_the_gradient_that_of_v():
    P = ridge(3, 4, rng(5))
    gamma1, gamma2 = 1.7, 0.6
    w = [rng(k).normal(size=size) for k, size in enumerate((3, 4, 2))]

    def v(x, y, z):
        return alg.value(P, x, y, z, *direct_saddle(P, x, y, z, gamma1, gamma2), gamma1, gamma2)

    theta, lam = alg.saddle(P, *w, gamma1=gamma1, gamma2=gamma2)
    for ours, theirs in zip((theta, lam), direct_saddle(P, *w, gamma1, gamma2), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-10)
    gradient = alg.value_grad(P, *w, theta, lam, gamma1, gamma2)
    for k, part in enumerate(gradient):
        for i, slope in enumerate(part):
            ahead, behind = ([*w] for _ in range(2))
            ahead[k] = w[k] + 1e-5 * np.eye(len(part))[i]
            behind[k] = w[k] - 1e-5 * np.eye(len(part))[i]
            assert slope == pytest.approx((v(*ahead) - v(*behind)) / 2e-5, abs=1e-7)


@pytest.mark.parametrize("problem", [flat(3), ridge(3, 4, rng(6)), ripple()], ids=["flat", "ridge", "ripple"])
def test_the_gap_is_not_negative_on_C_and_vanishes_at_solutions(problem):
    x, y = problem.project(rng(0).normal(size=(20, problem.n)), rng(1).normal(size=(20, problem.m)))
    z = np.clip(rng(2).normal(size=(20, problem.rows)), problem.low, problem.high)

    def gap(x, y, z):
        theta, lam = alg.saddle(problem, x, y, z, eta=0.05)
        return problem.lower(x, y) - alg.value(problem, x, y, z, theta, lam)

    assert (gap(x, y, z) >= -1e-12 * (1 + abs(problem.lower(x, y)))).all()
    assert gap(x, y, z).max() > 1e-3
    np.testing.assert_allclose(gap(x, problem.y_star(x), problem.multiplier(x)), 0, atol=1e-9)


def test_it_stays_feasible():
    for problem, more in (
        (flat(4), {}),
        (ripple(), {"alpha": 0.01}),
        (svm(draw(3)), {"alpha": 0.01, "eta": 0.01, "alpha_x": 5.0, "gamma1": 10.0, "gamma2": 10.0}),
    ):
        trace = run(alg.lv_hba(problem, *starts(problem), **more), 60)
        g = problem.coupling(trace.x, trace.y)
        assert (abs(g) if problem.low < 0 else g).max() <= 1e-10
        assert trace.lam.min() >= problem.low


def test_permuting_the_flat_problem_permutes_its_run():
    P = flat(5)
    x, y = starts(P)
    order = rng(3).permutation(5)
    both = np.concatenate([order, 5 + order])
    one, other = (last(alg.lv_hba(P, *start), 50) for start in ((x, y), (x[order], y[both])))
    np.testing.assert_allclose(one.x[order], other.x, atol=1e-12)
    np.testing.assert_allclose(one.y[both], other.y, atol=1e-12)


def test_the_limit_nears_the_bilevel_solution_as_the_penalty_grows():
    P = ridge(2, 3, rng(8), l=1)
    x = np.zeros(2)
    for _ in range(500):
        x = x - 0.2 * alg.null_space_hypergrad(P, x, P.y_star(x))
    miss = []
    for c0 in (1.0, 6.0, 36.0):
        state = last(alg.lv_hba(P, *starts(P), c0=c0, p=0.0), int(800 * c0**0.5))
        miss.append(np.linalg.norm(state.x - x))
    assert miss[1] < 0.4 * miss[0]
    assert miss[2] < 0.4 * miss[1]


def test_the_residual_vanishes_at_the_penalised_solution_and_is_the_projected_gradient():
    P = flat(3)
    state = last(alg.lv_hba(P, *starts(P), p=0.0), 4000)
    assert alg.residual(P, state, 0, p=0.0) <= 1e-8
    early = last(alg.lv_hba(P, *starts(P)), 5)
    c = alg.penalty(5)
    theta, lam = alg.saddle(P, early.x, early.y, early.z)
    by_x, by_y, by_z = alg.value_grad(P, early.x, early.y, early.z, theta, lam)
    G = np.concatenate([
        P.upper.grad_x(early.x, early.y) + c * (P.lower.grad_x(early.x, early.y) - by_x),
        P.upper.grad_y(early.x, early.y) + c * (P.lower.grad_y(early.x, early.y) - by_y),
    ])  # fmt: skip
    exact = np.sqrt(((G - G.mean()) ** 2).sum() + ((c * by_z) ** 2).sum())
    assert alg.residual(P, early, 5) == pytest.approx(exact)


@pytest.mark.parametrize(
    ("h", "b", "gamma1", "gamma2"), [(1, 1, 1, 1), (0, 14, 10, 10), (3, 0.2, 1, 5), (2, 1, 0.3, 2)]
)
def test_the_limit_of_eta_is_where_step_1_ceases_to_contract(h, b, gamma1, gamma2):
    limit = float(alg.saddle_limit(h, b, gamma1, gamma2))
    for eta in (0.5 * limit, 0.99 * limit, limit, 1.01 * limit):
        M = np.eye(2) - eta * np.array([[h + 1 / gamma1, b], [-b, 1 / gamma2]])
        radius = abs(np.linalg.eigvals(M)).max()
        assert abs(alg.saddle_eigenvalues(eta, h, b, gamma1, gamma2)).max() == pytest.approx(radius, abs=1e-9)
        assert (radius < 1 - 1e-9) == (eta < limit)
    if abs(h + 1 / gamma1 - 1 / gamma2) < 2 * b:
        around = abs(alg.saddle_eigenvalues(limit * np.array([0.49, 0.5, 0.51]), h, b, gamma1, gamma2)).max(-1)
        assert around[1] <= around.min()


def test_step_1_with_the_rest_frozen_is_the_map_of_the_eigenvalues():
    P = Scalar(a=2.0, b=1.5, c=0.5, h=0.7).problem()
    x, y, z = np.ones(1), np.ones(1), np.ones(1)
    with pytest.raises(ValueError, match="eta must be short enough"):
        alg.saddle(P, x, y, z, eta=1.05 * float(alg.saddle_limit(0.7, 1.5, 1.0, 1.0)), steps=3000)
    alg.saddle(P, x, y, z, eta=0.95 * float(alg.saddle_limit(0.7, 1.5, 1.0, 1.0)))


def phi(P, x):
    return P.upper(x, P.y_star(x))


@pytest.mark.parametrize("seed", range(3))
def test_implicit_gradients_are_differences_of_the_hyper_objective(seed):
    P = ridge(3, 6, rng(seed))
    x = rng(seed + 20).normal(size=3)
    steps = 1e-6 * np.eye(3)
    exact = [(phi(P, x + h) - phi(P, x - h)) / 2e-6 for h in steps]
    y, lam = P.y_star(x), P.multiplier(x)
    np.testing.assert_allclose(alg.null_space_hypergrad(P, x, y), exact, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(alg.kkt_hypergrad(P, x, y, lam, equations=True), exact, rtol=1e-6, atol=1e-7)


def test_the_active_set_decides_about_the_implicit_gradient():
    P = ripple()
    for x in (0.4, 1.7, 2.6):
        x = np.array([x])
        exact = (P(x + 1e-6) - P(x - 1e-6)) / 2e-6
        assert alg.kkt_hypergrad(P, x, P.y_star(x), P.multiplier(x)) == pytest.approx(exact, abs=1e-6)
    wide = replace(P, project_x=lambda x: x)
    x = np.array([-0.5])  # the constraint is idle
    exact = (wide(x + 1e-6) - wide(x - 1e-6)) / 2e-6
    assert alg.kkt_hypergrad(wide, x, P.y_star(x), P.multiplier(x)) == pytest.approx(exact, rel=1e-6)


def test_gam_ends_at_the_minimum_of_its_valley():
    trace = run(alg.gam(ripple(), np.array([[0.3], [1.2], [2.2]]), step=0.01, rng=rng()), 2000)
    assert trace.x[-1, :, 0] == pytest.approx([0.1489, 0.9862, 2.0197], abs=1e-4)


def test_gam_averages_over_a_ball_where_the_active_set_changes():
    P = replace(ripple(), project_x=lambda x: x)
    x = np.zeros((4000, 1))
    step = last(alg.gam(P, x, step=1.0, radius=1e-3, samples=1, rng=rng(2)), 1).x[:, 0]
    sides = [
        float(alg.kkt_hypergrad(P, x, P.y_star(x), P.multiplier(x))[0]) for x in (np.array([s]) for s in (-1e-9, 1e-4))
    ]
    assert -step.mean() == pytest.approx(np.mean(sides), rel=0.05)
    assert step.std() > 0.3 * abs(np.diff(sides)[0])


@pytest.mark.parametrize("prob", [1.0, 0.4])
def test_e_aipod_solves_a_strongly_convex_lower_level(prob):
    P = ridge(2, 4, rng(3))
    state = last(alg.e_aipod(P, *starts(P), prob=prob, lr=0.2, hlr=0.05, rng=rng(1)), 1200)
    np.testing.assert_allclose(alg.null_space_hypergrad(P, state.x, P.y_star(state.x)), 0, atol=1e-6)
    np.testing.assert_allclose(state.y, P.y_star(state.x), atol=1e-6)


def test_e_aipod_keeps_what_its_start_says_along_flat_directions():
    n = 6
    P = flat(n)
    x0, y0 = starts(P, 4)
    x0, y0 = P.project(x0, y0)
    delta = y0[n:] - y0[n:].mean()
    state = last(alg.e_aipod(P, x0, y0, rng=rng()), 600)
    assert P.upper(state.x, state.y) == pytest.approx(n / 20 + delta @ delta / 4, rel=1e-6)
    assert np.linalg.norm(state.x + 0.3) == pytest.approx(np.linalg.norm(delta) / 2, rel=1e-6)


def test_what_a_step_costs():
    problem = counted(flat(3))
    states = alg.lv_hba(problem, np.zeros(3), np.zeros(6))
    next(states)
    before = calls(problem)
    next(states)
    cost = calls(problem) - before
    assert cost == {
        "upper gradients": 2,
        "lower gradients": 4,
        "constraint values": 1,
        "Jacobian products": 2,
        "joint projections": 1,
    }


def start_of(problem, **more):
    return lambda: alg.lv_hba(problem, np.zeros(problem.n), np.zeros(problem.m), **more)


@pytest.mark.parametrize(
    ("bad", "match"),
    [
        *((start_of(flat(2), **{name: -1.0}), f"{name} must be positive") for name in ("alpha", "beta", "eta")),
        *((start_of(flat(2), **{name: 0.0}), f"{name} must be positive") for name in ("gamma1", "gamma2", "c0")),
        (start_of(flat(2), alpha_x=0.0), "alpha_x must be positive"),
        (start_of(flat(2), p=0.5), r"p must be in \[0, 1/2\)"),
        (start_of(flat(2), p=-0.1), "p must be"),
        (start_of(ripple(), lam0=[-1.0]), "lam0 must be in Z"),
        (start_of(ripple(), z0=[101.0]), "z0 must be in Z"),
        (start_of(ripple(), z0=[1.0, 2.0]), "z0 must be finite"),
        (start_of(flat(2), theta0=np.ones(3)), "theta0 must be"),
        (
            start_of(replace(flat(2), coupling=Affine(np.ones((1, 3)), np.ones((1, 4)), [0.0]))),
            "the shape of g must be",
        ),
        (start_of(replace(flat(2), rows=2)), "the shape of g must be"),
        (start_of(replace(flat(2), project=lambda x, y: (x / 2 + 1, y))), "the joint projection of x must be the same"),
        (lambda: alg.lv_hba(flat(2), np.zeros(3), np.zeros(4)), "the shape of x0"),
        (lambda: alg.lv_hba(flat(2), np.array([np.nan, 0]), np.zeros(4)), "x0 must be finite"),
        (lambda: alg.e_aipod(flat(2), np.zeros(2), np.zeros(4), prob=0.0, rng=rng()), "prob must be"),
        (lambda: alg.e_aipod(flat(2), np.zeros(2), np.zeros(4), S=0, rng=rng()), "S must be"),
        (lambda: alg.gam(flat(2), np.zeros(2), radius=-1.0, rng=rng()), "radius must be"),
        (lambda: alg.gam(replace(ripple(), multiplier=None), np.zeros(1), rng=rng()), "problem must be one that knows"),
        (lambda: list(islice(alg.gam(flat(2), np.zeros(2), rng=rng()), 2)), "the KKT system must be regular"),
        (lambda: alg.saddle_limit(1.0, 1.0, -1.0, 1.0), "gamma1 must be"),
    ],
)
def test_bad_arguments_are_refused(bad, match):
    with pytest.raises(ValueError, match=match):
        bad()


def test_a_direction_that_is_not_finite_is_told_with_its_step():
    class Broken:
        def __init__(self, level):
            self.level, self.asked = level, 0

        def __call__(self, x, y):
            return self.level(x, y)

        def grad_x(self, x, y):
            self.asked += 1
            return self.level.grad_x(x, y) * (np.nan if self.asked > 3 else 1)

        def grad_y(self, x, y):
            return self.level.grad_y(x, y)

    P = flat(2)
    states = alg.lv_hba(replace(P, upper=Broken(P.upper)), np.zeros(2), np.zeros(4))
    with pytest.raises(ValueError, match="the direction of step 3 must be finite: normalise g or reduce eta"):
        list(islice(states, 10))
