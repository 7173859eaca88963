from dataclasses import replace
from itertools import islice, pairwise

import numpy as np
import pytest
from scipy.optimize import lsq_linear

from optilab.classics.soba import soba
from optilab.core.run import run
from optilab.papers.bilevel_penalty import algorithm as alg
from optilab.papers.bilevel_penalty.problems import compatible, draw, jump, noisy, ring, selecting, stacked
from optilab.problems.bilevel import Bilevel, Residual, calls, counted


def rng(seed=0):
    return np.random.default_rng(seed)


def states(generator, k):
    return list(islice(generator, k + 1))


def boxed(problem, x_end=0.8, y_end=0.3):
    """The same problem on boxes that are active on the way."""
    return replace(
        problem, project_x=lambda x: np.clip(x, -x_end, x_end), project_y=lambda y: np.clip(y, -y_end, y_end)
    )


def by_hand(P, x, y, z, T, sigma, alpha, gamma, rho, beta, low_x, low_y):
    """One exact step of Algorithm 1 on problem C, with its matrices written out."""
    A, B, f = P.lower.A, P.lower.B, P.upper
    u, w = y.copy(), z.copy()
    for _ in range(T):
        h = sigma * f.C.T @ (f.C @ u - f.d) + A.T @ (A @ u - B @ x)
        u = np.minimum(np.maximum(u - gamma * (h + (u - y) / rho), -low_y), low_y)
        w = np.minimum(np.maximum(w - gamma * (A.T @ (A @ w - B @ x) + (w - z) / rho), -low_y), low_y)
    d = x - f.e - 0.6 * np.sin(2 * x) - (B.T @ (A @ u - B @ x) - B.T @ (A @ w - B @ x)) / sigma
    x = np.minimum(np.maximum(x - alpha * d, -low_x), low_x)
    return x, (1 - beta) * y + beta * u, (1 - beta) * z + beta * w, u, w


def test_every_step_of_the_double_loop_is_the_one_written_out():
    P = boxed(compatible(draw(0)))
    numbers = {"sigma": 0.2, "alpha": 0.15, "gamma": 0.3, "rho": 0.7, "beta": 0.6, "T": 4}
    y0, z0 = 0.2 * rng(1).uniform(-1, 1, (2, 8))
    made = states(alg.double_loop(P, np.zeros(3), y0, z0, **numbers), 60)
    for before, after in pairwise(made):
        for ours, theirs in zip(after, by_hand(P, *before[:3], **numbers, low_x=0.8, low_y=0.3), strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-14)
    assert (abs(made[-1].u) == 0.3).any()
    assert (abs(made[-1].x) == 0.8).any()


def test_a_sampled_step_is_the_exact_one_with_the_noise_written_out():
    nu, sigma, gamma, M = 0.05, 0.2, 0.3, 4
    P, exact = noisy(compatible(draw(0)), nu), compatible(draw(0))
    x, y, z = rng(1).normal(size=3), *rng(2).normal(size=(2, 8))
    after = states(alg.double_loop(P, x, y, z, sigma=sigma, gamma=gamma, T=2, M=M, rng=rng(3)), 1)[1]
    same, u, w = rng(3), y, z
    f, g = exact.upper, exact.lower
    for _ in range(2):
        tok_f, tok_g, tok_2 = P.upper.sample(same, (1,)), P.lower.sample(same, (1,)), P.lower.sample(same, (1,))
        d_u = sigma * (f.grad_y(x, u) + nu * tok_f.y[0]) + g.grad_y(x, u) + nu * tok_g.y[0] + u - y
        d_w = g.grad_y(x, w) + nu * tok_2.y[0] + w - z
        u, w = u - gamma * d_u, w - gamma * d_w
    tok_f = P.upper.sample(same, (M,))
    d = f.grad_x(x, u) + nu * tok_f.x.mean(0) + (g.grad_x(x, u) - g.grad_x(x, w)) / sigma  # that of g cancels
    np.testing.assert_allclose(after.u, u, rtol=1e-12)
    np.testing.assert_allclose(after.x, x - 0.3 * sigma * d, rtol=1e-11)


def test_without_momentum_the_single_loop_is_the_double_loop_of_one_step():
    P = noisy(selecting(stacked(range(4))), 0.05)
    numbers = {"sigma": 0.1, "alpha": 0.02, "gamma": 0.2, "rho": 0.8}
    start = np.zeros((4, 3)), np.zeros((4, 8))
    one = states(alg.double_loop(P, *start, **numbers, T=1, M=1, rng=rng(1)), 50)
    other = states(alg.single_loop(P, *start, **numbers, eta=1.0, rng=rng(1)), 50)
    for left, right in zip(one, other, strict=True):
        for name in left._fields:
            np.testing.assert_array_equal(getattr(left, name), getattr(right, name))
    averaged = [
        states(method(P, *start, **numbers, beta=0.5, rng=rng(1), **more), 50)[-1].x
        for method, more in ((alg.double_loop, {"T": 1, "M": 1}), (alg.single_loop, {"eta": 1.0}))
    ]
    assert abs(averaged[0] - averaged[1]).max() > 1e-3


def test_with_exact_gradients_momentum_telescopes():
    P, start = ring(), (np.full(1, 1.2), np.array([1.3, 0.0]))
    each = [states(alg.single_loop(P, *start, sigma=0.1, eta=eta, beta=0.7), 200) for eta in (1.0, 0.3, 0.005)]
    for k in (1, 50, 200):
        for other in each[1:]:
            np.testing.assert_allclose(other[k].x, each[0][k].x, rtol=1e-10)
            np.testing.assert_allclose(other[k].gxw, P.lower.grad_x(other[k - 1].x, other[k].w), rtol=1e-9, atol=1e-12)


def test_the_error_of_momentum_is_an_average_of_the_noise():
    nu, eta, K = 0.05, 0.1, 40
    P, exact, same = noisy(compatible(draw(0)), nu), compatible(draw(0)), rng(4)
    made = states(alg.single_loop(P, np.zeros(3), np.zeros(8), sigma=0.1, eta=eta, rng=rng(4)), K)
    fu, gw, gxu, gxw = 0.0, 0.0, 0.0, 0.0
    for k, (before, after) in enumerate(pairwise(made)):
        tok_f, tok_g, tok_2 = (level.sample(same, (1,)) for level in (P.upper, P.lower, P.lower))
        P.upper.sample(same, (1,))
        tok_x, keep = P.lower.sample(same, (1,)), 0 if k == 0 else 1 - eta
        fu, gw = keep * fu + (1 - keep) * nu * tok_f.y[0], keep * gw + (1 - keep) * nu * tok_2.y[0]
        gxu, gxw = keep * gxu + (1 - keep) * nu * tok_x.x[0], keep * gxw + (1 - keep) * nu * tok_x.x[0]
        assert tok_g.y.shape == (1, 8)
        np.testing.assert_allclose(after.fu - exact.upper.grad_y(before.x, before.u), fu, atol=1e-12)
        np.testing.assert_allclose(after.gw - exact.lower.grad_y(before.x, before.w), gw, atol=1e-12)
        np.testing.assert_allclose(after.gxu - exact.lower.grad_x(before.x, after.u), gxu, atol=1e-12)
        np.testing.assert_allclose(after.gxw - exact.lower.grad_x(before.x, after.w), gxw, atol=1e-12)


def test_without_the_proximal_term_it_is_f2sa_with_a_fixed_multiplier():
    P, start = selecting(stacked(range(3))), (np.zeros((3, 3)), np.zeros((3, 8)))
    sigma, gamma, alpha = 0.1, 0.4, 0.03
    ours = states(alg.double_loop(P, *start, sigma=sigma, alpha=alpha, gamma=gamma, rho=np.inf, T=5), 100)
    steps = {"alpha": gamma * sigma, "gamma": gamma, "xi": alpha / (gamma * sigma), "lam0": 1 / sigma}
    theirs = states(alg.f2sa(P, *start, **steps, T=5), 100)
    for left, right in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(left.x, right.x, atol=1e-13)
        np.testing.assert_allclose(left.y, right.y, atol=1e-13)
        np.testing.assert_allclose(left.z, right.z, atol=1e-13)


def test_the_multiplier_of_f2sa_grows_by_its_schedule():
    P = selecting(draw(0))
    delta = alg.falling(0.5, -6 / 7)
    made = states(alg.f2sa(P, np.zeros(3), np.zeros(8), alpha=0.01, gamma=0.4, lam0=2.0, delta=delta), 5)
    lam = 2 + np.cumsum([0, *(0.5 * (k + 1) ** (-6 / 7) for k in range(5))])
    assert [float(state.lam) for state in made] == pytest.approx(lam)


def well_posed(seed=0):
    """Problem S with a tall A, whose lower level is strongly convex."""
    r = rng(seed)
    A, B = np.linalg.qr(r.normal(size=(12, 8)))[0] * np.linspace(0.6, 1, 8), r.normal(size=(12, 3)) / 6
    pinv = np.linalg.pinv(A)
    return Bilevel(selecting(draw(seed)).upper, Residual(A, B), 3, 8, lambda x: np.matvec(pinv, np.matvec(B, x)))


def test_all_methods_end_where_the_implicit_gradient_vanishes():
    P, start = well_posed(), (np.zeros(3), np.zeros(8))
    best = states(alg.implicit(P, start[0], alpha=0.3), 400)[-1].x
    np.testing.assert_allclose(P.hypergrad(best), 0, atol=1e-10)
    np.testing.assert_allclose(states(soba(P, *start, alpha=0.1, gamma=0.5, nu=0.5), 500)[-1].x, best, atol=1e-8)
    for sigma in (0.1, 0.01):
        near = states(alg.double_loop(P, *start, sigma=sigma, alpha=0.1, T=5), 500)[-1].x
        assert 0.05 * sigma < np.linalg.norm(near - best) < 2 * sigma
    rising = {
        "alpha": alg.falling(0.03, -1 / 7),
        "gamma": 0.5,
        "xi": 2.0,
        "lam0": 20.0,
        "delta": alg.falling(3, -1 / 7),
    }
    assert np.linalg.norm(states(alg.f2sa(P, *start, **rising, T=5), 1)[-1].x) > 0


def test_f2sa_approaches_the_implicit_solution_as_its_multiplier_grows():
    P, start = well_posed(), (np.zeros(3), np.zeros(8))
    best = states(alg.implicit(P, start[0], alpha=0.3), 400)[-1].x
    distance = []
    for lam in (10.0, 100.0):
        steps = {"alpha": 0.4 / lam, "gamma": 0.4, "xi": lam / 4, "lam0": lam}
        distance.append(np.linalg.norm(states(alg.f2sa(P, *start, **steps, T=5), 400)[-1].x - best))
    assert 7 < distance[0] / distance[1] < 13


def test_the_implicit_method_refuses_a_singular_lower_level_and_pinv_descends_it():
    P = selecting(draw(0))
    with pytest.raises(ValueError, match="the lower Hessian must be regular, or pinv=True"):
        alg.implicit(P, np.zeros(3))
    end = states(alg.implicit(P, np.zeros(3), alpha=0.3, pinv=True), 500)[-1]
    np.testing.assert_allclose(P.hypergrad(end.x, pinv=True), 0, atol=1e-9)


@pytest.mark.parametrize("seed", range(6))
def test_with_active_bounds_the_bordered_formula_is_the_slope(seed):
    P, r = selecting(draw(seed)), rng(seed + 70)
    A, B, W, c = P.lower.A, P.lower.B, P.upper.W, P.upper.c
    low, high = -0.25, 0.3

    def T(x, sigma=1e-7):
        root = np.sqrt(sigma * W)
        return lsq_linear(
            np.vstack([A, np.diag(root)]), np.concatenate([B @ x, root * c]), (low, high), method="bvls"
        ).x

    x = r.normal(size=3)
    y = T(x)
    assert (np.isclose(y, low) | np.isclose(y, high)).any()
    slope = [(P.upper(x + h, T(x + h)) - P.upper(x - h, T(x - h))) / 2e-4 for h in 1e-4 * np.eye(3)]
    np.testing.assert_allclose(alg.active_hypergrad(P, x, y, low, high), slope, atol=1e-4)
    assert np.linalg.norm(P.hypergrad(x, y, pinv=True) - slope) > 1e-2
    free = alg.active_hypergrad(P, x, P.y_star(x), -np.inf, np.inf)
    np.testing.assert_allclose(free, P.hypergrad(x, pinv=True), atol=1e-10)


CIRCLE = 1.3 * np.stack([np.cos([0.0, 1.5, 3.0]), np.sin([0.0, 1.5, 3.0])], -1)


def test_the_two_followers_of_the_ring():
    for sigma, end in ((0.1, 1.0495), (0.03, 1.0604)):
        trace = run(alg.double_loop(ring(), np.full(1, 1.2), CIRCLE, sigma=sigma, gamma=0.1), 4000, every=4000)
        assert trace.x[-1, :, 0] == pytest.approx([end] * 3, abs=5e-5)
        slope = abs(ring().hypergrad(trace.x[-1], pinv=True))[:, 0]
        assert slope / sigma == pytest.approx([0.2] * 3, abs=0.01)
        np.testing.assert_allclose(trace.u[-1], ring().T(trace.x[-1], sigma), atol=1e-3)
        r = np.sqrt(1 + trace.x[-1] ** 2)
        np.testing.assert_allclose(np.linalg.norm(trace.w[-1], axis=-1), r[:, 0], atol=1e-6)
        assert np.linalg.norm(trace.w[-1] - trace.u[-1], axis=-1)[1:].min() > 0.5


def test_a_start_in_the_middle_of_the_ring_never_sees_the_circle():
    trace = run(alg.double_loop(ring(), np.full(1, 1.2), np.zeros(2), sigma=0.1, gamma=0.1), 20, limit=1e6)
    assert trace.diverged == 7  # the state that iteration k = 6 makes
    np.testing.assert_array_equal(trace.w[:7], 0)


def test_rho_has_no_effect_on_a_single_inner_step():
    P, start = ring(), (np.full(1, 1.2), CIRCLE)
    for T, same in ((1, True), (2, False)):
        ends = [states(alg.double_loop(P, *start, sigma=0.1, gamma=0.1, rho=rho, T=T), 50)[-1].x for rho in (0.3, 5.0)]
        assert np.array_equal(*ends) == same


def test_parameters_may_be_functions_of_k_and_differ_between_replicates():
    P, start = compatible(stacked(range(2))), (np.zeros((2, 3)), np.zeros((2, 8)))
    fixed = states(alg.double_loop(P, *start, sigma=np.array([0.1, 0.2]), alpha=0.02, T=2), 30)[-1]
    moving = alg.double_loop(
        P, *start, sigma=lambda k: np.array([0.1, 0.2]), alpha=lambda k: 0.02, gamma=lambda k: 0.4, T=lambda k: 2
    )
    np.testing.assert_array_equal(states(moving, 30)[-1].x, fixed.x)
    shrinking = alg.double_loop(P, *start, sigma=alg.falling(0.5, -1 / 3), T=lambda k: 1 + k // 200)
    first = states(shrinking, 1500)
    far = [np.linalg.norm(P.hypergrad(first[k].x, pinv=True), axis=-1).max() for k in (200, 1500)]
    assert far[1] < 0.7 * far[0]


def test_what_a_step_costs():
    exact = counted(compatible(draw(0)))
    for k, state in enumerate(islice(alg.double_loop(exact, np.zeros(3), np.zeros(8), sigma=0.1, T=4), 3)):
        assert state.x.shape == (3,)
        assert calls(exact) == ({"upper gradients": 5 * k, "lower gradients": 10 * k} if k else {})
    problem = counted(noisy(compatible(draw(0)), 0.05))
    next(made := alg.single_loop(problem, np.zeros(3), np.zeros(8), sigma=0.1, rng=rng()))
    for cost in (6, 18, 30):
        next(made)
        spent = calls(problem)
        assert spent["upper gradients"] + spent["lower gradients"] == cost


def test_stationarity_sees_the_set():
    P = jump()
    x = np.array([[1.0], [0.5]])
    measure = alg.stationarity(P, x, np.array([[-3.0], [-0.2]]), 0.1)
    assert measure == pytest.approx([0.0, 0.2])


def start_of(method, problem, **more):
    return lambda: method(problem, np.zeros(problem.n), np.zeros(problem.m), **more)


C = compatible(draw(0))


@pytest.mark.parametrize(
    ("bad", "match"),
    [
        (start_of(alg.double_loop, C, sigma=0.0), "sigma must be > 0 .*the bilevel problem itself"),
        (start_of(alg.single_loop, C, sigma=-0.1), "sigma must be > 0"),
        *(
            (start_of(method, C, sigma=0.1, **{name: 0.0}), f"{name} must be")
            for method in (alg.double_loop, alg.single_loop)
            for name in ("alpha", "gamma", "rho", "beta")
        ),
        (start_of(alg.double_loop, C, sigma=0.1, beta=1.1), r"beta must be in \(0, 1\]"),
        (start_of(alg.single_loop, C, sigma=0.1, eta=1.5), r"eta must be in \(0, 1\]"),
        (start_of(alg.single_loop, C, sigma=0.1, eta=0.0), "eta must be"),
        (start_of(alg.double_loop, C, sigma=0.1, T=0), "T must be a whole number, 1 or more"),
        (start_of(alg.double_loop, C, sigma=0.1, M=2.0), "M must be a whole number"),
        (start_of(alg.double_loop, C, sigma=lambda k: -1.0), "sigma must be > 0"),
        (start_of(alg.double_loop, C, sigma=0.1, rng=rng()), "each level must be one whose gradients can be sampled"),
        (start_of(alg.single_loop, C, sigma=0.1, rng=rng()), "Algorithm 2 needs the same sample at two points"),
        (lambda: alg.double_loop(jump(), np.zeros(1), np.full(1, 2.0), sigma=0.1), "y0 must be feasible: project it"),
        (lambda: alg.double_loop(jump(), np.zeros(1), np.zeros(1), [3.0], sigma=0.1), "z0 must be feasible"),
        (lambda: alg.double_loop(C, np.zeros(2), np.zeros(8), sigma=0.1), "the shape of x0"),
        (lambda: alg.double_loop(C, np.full(3, np.nan), np.zeros(8), sigma=0.1), "x0 must be finite"),
        (start_of(alg.f2sa, C, alpha=0.1, gamma=0.1, delta=-1.0), "delta must be 0 or more"),
        (start_of(alg.f2sa, C, alpha=0.1, gamma=0.1, lam0=0.0), "lam0 must be > 0"),
        (lambda: alg.implicit(C, np.zeros(3), alpha=0.0, pinv=True), "alpha must be > 0"),
        (lambda: alg.active_hypergrad(C, np.zeros(3), np.ones(8), -0.5, 0.5), "y must be in the box"),
    ],
)
def test_bad_arguments_are_refused(bad, match):
    with pytest.raises(ValueError, match=match):
        bad()


def test_a_lower_set_that_depends_on_x_belongs_to_another_method():
    class Tied(Bilevel):
        coupling = "x + y <= 1"

    with pytest.raises(ValueError, match="where Y depends on x, use LV-HBA"):
        alg.double_loop(Tied(C.upper, C.lower, 3, 8), np.zeros(3), np.zeros(8), sigma=0.1)


def test_a_direction_that_is_not_finite_is_told_with_its_step():
    class Broken:
        def __init__(self, level):
            self.level, self.asked = level, 0

        def grad_x(self, x, y):
            self.asked += 1
            return self.level.grad_x(x, y) * (np.nan if self.asked > 3 else 1)

        def grad_y(self, x, y):
            return self.level.grad_y(x, y)

    made = alg.double_loop(replace(C, upper=Broken(C.upper)), np.zeros(3), np.zeros(8), sigma=0.1)
    with pytest.raises(ValueError, match="the direction of step 3 must be finite"):
        list(islice(made, 10))
