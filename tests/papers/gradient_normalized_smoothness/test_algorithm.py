"""Methods against independent implementations, exact identities and closed forms; the radius against its definition."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.optimize import brentq, minimize

from optilab.core.counted import Counted
from optilab.core.run import run
from optilab.papers.gradient_normalized_smoothness import algorithm as alg
from optilab.papers.gradient_normalized_smoothness.problems import (
    CURVES,
    Chain,
    Power,
    RankOne,
    Valley,
    labelled,
    soft_maximum,
    underdetermined,
)
from optilab.problems.metric import Metric
from optilab.problems.quadratic import Quadratic

FIRST = np.array([-2.0, 2.0])
TO_ZERO = alg.Goal(0.0, 1e-8)


def rng(seed=0):
    return np.random.default_rng(seed)


def valley(p):
    return Power(Valley(), p)


def spd(d, seed=0):
    root = rng(seed).normal(size=(d, d))
    return root @ root.T + 0.1 * np.eye(d)


def by_cholesky(f, hessian, x, B, most=400, eps=1e-8, minimum=0.0):
    """The search as in its pseudo-code, for one run, with a factorisation for every probe."""
    gamma, inverse, probes, used = 1.0, np.linalg.inv(B), 0, []
    for k in range(most):
        value, g = f(x), f.grad(x)
        norm = np.sqrt(g @ inverse @ g)
        if value - minimum < eps:
            return x, k, probes, used
        H = hessian(x)
        for _ in range(60):
            lam, probes = norm / gamma, probes + 1
            try:
                np.linalg.cholesky(H + lam * B)
            except np.linalg.LinAlgError:
                gamma /= 2
                continue
            there = x - np.linalg.solve(H + lam * B, g)
            after = f.grad(there)
            if value - f(there) >= after @ inverse @ after / (8 * lam):
                break
            gamma /= 2
        x, gamma = there, 2 * gamma
        used.append(gamma / 2)
    return x, most, probes, used


# ---- the search


@pytest.mark.parametrize(("p", "exact", "newton"), [(2, 51, 49), (3, 53, 50), (4, 55, 55), (8, 59, 58)])
def test_steps_in_the_valley_are_those_that_others_have_published(p, exact, newton):
    f = valley(p)
    for H, steps in ((f.hess, exact), (f.gauss_newton, newton)):
        trace = run(alg.gns(f, FIRST, hessian=H, goal=TO_ZERO), 100)
        assert abs(len(trace.step) - 1 - steps) <= 1
        assert trace.status[-1] == alg.CONVERGED


@pytest.mark.parametrize(("hessian", "steps"), [("hess", 123), ("gauss_newton", 145)])
def test_the_metric_enters_norm_and_shift(hessian, steps):
    f = valley(2)
    B = np.diag([1.0, 100.0])
    trace = run(alg.gns(f, FIRST, hessian=getattr(f, hessian), metric=Metric(B), goal=TO_ZERO), 200)
    x, again, probes, used = by_cholesky(f, getattr(f, hessian), FIRST, B)
    assert len(trace.step) - 1 == again == steps
    assert trace.probes[-1] == probes
    np.testing.assert_array_equal(trace.gamma[1:], used)
    np.testing.assert_allclose(trace.x[-1], x, rtol=1e-6)


def test_one_decomposition_counts_what_factorisations_count():
    f = Power(Chain(), 4.0)
    for seed in (1, 5, 6):
        x0 = rng(seed).uniform(0, 1, 20)
        trace = run(alg.gns(f, x0, hessian=f.hess, goal=TO_ZERO), 100)
        _, steps, probes, used = by_cholesky(f, f.hess, x0, np.eye(20))
        assert (len(trace.step) - 1, trace.probes[-1]) == (steps, probes)
        np.testing.assert_array_equal(trace.gamma[1:], used)
        assert trace.failures[-1] > 0


def test_every_step_keeps_what_the_search_asks_and_the_ball():
    f, B = soft_maximum(0, 0.1, 20, 40), None
    for hessian in (f.hess, f.gauss_newton, alg.zero):
        for B in (None, f.metric):
            trace = run(alg.gns(f, np.ones(20), hessian=hessian, metric=B, goal=alg.Goal(f.minimum, 1e-8)), 120)
            fall = -np.diff(trace.value)
            asked = alg.progress(trace.gamma[1:], trace.norm[:-1], trace.norm[1:])
            assert (fall >= asked * (1 - 1e-9)).all()
            step = np.diff(trace.x, axis=0)
            length = np.linalg.norm(step, axis=-1) if B is None else B.norm(step)
            assert (length <= trace.gamma[1:] * (1 + 1e-9)).all()
            assert (alg.probes_of(trace.step, 1.0, trace.trial) == trace.probes).all()


@pytest.mark.parametrize("gamma0", [1e-4, 0.3, 1.0, 1e4])
def test_probes_are_exactly_twice_the_steps_and_the_walk_of_gamma(gamma0):
    f = valley(4)
    trace = run(alg.gns(f, FIRST, hessian=f.hess, gamma0=gamma0, goal=TO_ZERO), 200)
    np.testing.assert_allclose(alg.probes_of(trace.step, gamma0, trace.trial), trace.probes, atol=1e-9)


def test_oracles_are_asked_once_a_probe_and_the_hessian_once_a_step():
    f = Counted(valley(4))
    trace = run(alg.gns(f, FIRST, hessian=f.hess, goal=TO_ZERO), 100, oracle=f)
    probes, steps = trace.probes[-1], trace.step[-1]
    assert f.calls == {"values": probes + 1, "gradients": probes + 1, "Hessians": steps}


def test_gamma_keeps_above_half_its_class_or_is_still_growing():
    for seed in range(4):
        f = soft_maximum(seed, 0.1, 20, 40)
        for gamma0 in (1e-6, 1.0):
            goal = alg.Goal(f.minimum, 1e-8)
            trace = run(alg.gns(f, np.ones(20), hessian=f.hess, metric=f.metric, gamma0=gamma0, goal=goal), 200)
            k = np.arange(len(trace.step) - 1)
            floor = np.minimum(2.0**k * gamma0, alg.self_concordant_radius(f.M) / 2)
            assert (trace.gamma[1:] >= floor).all()


def test_a_convex_step_within_the_radius_gains_four_times_as_much():
    for f in (CURVES["softplus"], CURVES["log-cosh"], CURVES["x⁴/4"]):
        x = rng(1).uniform(-3, 3, (200, 1))
        for scale in (1.0, 0.4):
            gamma = scale * alg.radius(f.slope, x[:, 0], f.bend(x[:, 0]))
            (there,) = run(alg.regularized_newton(f, x, hessian=f.hess, gamma=gamma), 1).x[1:]
            lam = abs(f.slope(x[:, 0])) / gamma
            gain, after = (f.grad(there) * (x - there))[:, 0], abs(f.grad(there)[:, 0])
            assert (gain >= after**2 / (2 * lam) * (1 - 1e-3) - 1e-12).all()
            assert (f(x) - f(there) >= after**2 / (2 * lam) * (1 - 1e-3) - 1e-12).all()


def test_a_quadratic_needs_one_step_at_a_large_radius_and_few_from_any():
    f = Quadratic(spd(5), np.arange(5.0))
    (_, end) = run(alg.regularized_newton(f, np.ones(5), hessian=lambda x: f.hess(x), gamma=1e12), 1).x
    np.testing.assert_allclose(end, f.minimizer, atol=1e-9)
    trace = run(alg.gns(f, np.ones(5), hessian=f.hess, goal=alg.Goal(f.minimum, 1e-12)), 60)
    gap = trace.value - f.minimum
    ratio = gap[1:] / gap[:-1]
    assert trace.status[-1] == alg.CONVERGED
    assert (np.diff(trace.gamma[2:]) > 0).all()
    assert (np.diff(ratio[2:]) < 0).all()  # faster and faster


def test_limits_are_gradient_descent_and_newton():
    f = labelled(1, 40, 4, flips=0.2)
    B, L = Metric(spd(4, 2)), 5.0
    known = alg.regularized_newton(f, np.ones(4), hessian=alg.zero, metric=B, gamma=lambda x, norm: norm / L)
    ours, plain = run(known, 30), run(alg.gm_const(f, np.ones(4), L=L, metric=B), 30)
    np.testing.assert_allclose(ours.x, plain.x, rtol=1e-12, atol=1e-14)
    pure = run(alg.regularized_newton(f, 0.1 * np.ones(4), hessian=f.hess, gamma=1e300), 4).x
    for x, after in pairwise(pure):
        np.testing.assert_allclose(after, x - np.linalg.solve(f.hess(x), f.grad(x)), atol=1e-12)


class Scaled:
    """c·f, or f in other coordinates x = T y."""

    def __init__(self, f, c=1.0, T=None):
        self.f, self.c, self.T = f, c, np.eye(2) if T is None else T

    def __call__(self, y):
        return self.c * self.f(y @ self.T.T)

    def grad(self, y):
        return self.c * self.f.grad(y @ self.T.T) @ self.T

    def hess(self, y):
        return self.c * self.T.T @ self.f.hess(y @ self.T.T) @ self.T


def test_scale_and_coordinates_change_nothing():
    f = valley(4)
    plain = run(alg.gns(f, FIRST, hessian=f.hess), 25)
    for c in (8.0, 0.125):
        other = Scaled(f, c)
        np.testing.assert_allclose(run(alg.gns(other, FIRST, hessian=other.hess), 25).x, plain.x, rtol=1e-9)
    angle = np.array([[0.6, -0.8], [0.8, 0.6]])
    turned = Scaled(f, T=angle)
    trace = run(alg.gns(turned, angle.T @ FIRST, hessian=turned.hess), 25)
    np.testing.assert_allclose(trace.value, plain.value, rtol=1e-8)
    T = np.array([[2.0, 1.0], [0.0, 0.5]])
    bent = Scaled(f, T=T)
    trace = run(alg.gns(bent, np.linalg.solve(T, FIRST), hessian=bent.hess, metric=Metric(T.T @ T)), 25)
    np.testing.assert_allclose(trace.value, plain.value, rtol=1e-8)


def test_what_cannot_fall_any_more_stalls_and_stays():
    f = Power(Chain(), 4.0)
    frozen = rng(0).uniform(0, 1, 50)
    trace = run(alg.gns(f, frozen, hessian=f.gauss_newton, goal=TO_ZERO), 300)
    assert trace.status[-1] == alg.STALLED
    assert trace.value[-1] > 1e-8
    assert trace.norm[-1] < 1e-11  # by the gradient alone it would have converged
    np.testing.assert_array_equal(trace.x[-1], trace.x[-2])


def test_a_probe_that_is_no_number_is_rejected():
    class Wall:
        def __call__(self, x):
            return np.where(x[..., 0] > -1, x[..., 0] ** 2, np.nan)

        def grad(self, x):
            return np.where(x > -1, 2 * x, np.nan)

    trace = run(alg.gns(Wall(), np.array([-0.9]), hessian=alg.zero, gamma0=64.0, goal=alg.Goal(0.0, 1e-10)), 60)
    assert trace.status[-1] == alg.CONVERGED
    assert np.isfinite(trace.x).all()


def test_minimisers_are_those_of_others():
    f = labelled(3, 60, 4, flips=0.2)
    ours = run(alg.gns(f, np.zeros(4), hessian=f.hess, goal=alg.Goal(grad_tol=1e-10)), 100)
    for method, given in (("trust-exact", {"hess": f.hess}), ("Newton-CG", {"hess": f.hess}), ("BFGS", {})):
        other = minimize(f, np.zeros(4), jac=f.grad, method=method, tol=1e-9, **given)
        np.testing.assert_allclose(other.x, ours.x[-1], atol=1e-5)


# ---- solves


@pytest.mark.parametrize("seed", range(3))
def test_solves_are_those_of_the_shifted_matrix(seed):
    H, B, g = spd(5, seed), Metric(spd(5, seed + 10)), rng(seed).normal(size=5)
    q, x = rng(seed + 20).normal(size=5), np.zeros(5)
    for lam in (1e-3, 0.7, 40.0):
        direct = -np.linalg.solve(H + lam * B.B, g)
        np.testing.assert_allclose(alg.shifted(H, x, B, 0).step(g, np.array(lam)), direct, rtol=1e-8)
        one = alg.shifted(RankOne(np.array(2.5), q), x, B, 0)
        direct = -np.linalg.solve(2.5 * np.outer(q, q) + lam * B.B, g)
        np.testing.assert_allclose(one.step(g, np.array(lam)), direct, rtol=1e-8)
        none = alg.shifted(alg.zero(x), x, B, 0)
        np.testing.assert_allclose(none.step(g, np.array(lam)), -B.solve(g) / lam, rtol=1e-12)


def test_a_rank_one_run_is_its_dense_run():
    f = Power(underdetermined(0, 6, 12), 4.0)
    B = Metric(spd(12))

    def dense(x):
        alpha, q = f.fisher(x)
        return alpha[..., None, None] * q[..., :, None] * q[..., None, :]

    short, long = (run(alg.gns(f, np.ones(12), hessian=H, metric=B, goal=TO_ZERO), 60) for H in (f.fisher, dense))
    np.testing.assert_array_equal(short.probes, long.probes)
    np.testing.assert_allclose(short.x, long.x, atol=1e-8)


def test_diagonal_and_low_rank_are_parts_of_the_matrix():
    f, x = labelled(0, 30, 5), rng(1).normal(size=(3, 5))
    H = f.hess(x)
    np.testing.assert_array_equal(alg.diagonal(f.hess)(x), [np.diag(np.diag(h)) for h in H])
    np.testing.assert_allclose(alg.low_rank(f.hess, 5)(x), H, atol=1e-14)
    w = np.linalg.eigvalsh(H)
    np.testing.assert_allclose(np.linalg.norm(H - alg.low_rank(f.hess, 2)(x), 2, (-2, -1)), w[:, -3])
    for part in (alg.diagonal(f.hess), alg.low_rank(f.hess, 2)):
        trace = run(alg.gns(f, np.zeros(5), hessian=part, goal=alg.Goal(0.0, 1e-4)), 200)
        assert trace.status[-1] == alg.CONVERGED


# ---- baselines


def test_gradient_methods_are_those_of_their_rules():
    f, x, L = soft_maximum(0, 0.3, 4, 8), np.ones(4), 1.0
    trace = run(alg.gm(f, x), 30)
    for k in range(30):
        while f(x - f.grad(x) / L) > f(x) - f.grad(x) @ f.grad(x) / (2 * L):
            L *= 2
        x, L = x - f.grad(x) / L, max(L / 2, 1e-12)
        np.testing.assert_allclose(trace.x[k + 1], x, rtol=1e-9)
    x, v, A, L = np.ones(4), np.ones(4), 0.0, 1.0
    trace = run(alg.fgm(f, x), 30)
    for k in range(30):
        while True:
            a = (1 + np.sqrt(1 + 4 * A * L)) / (2 * L)
            y = (A * x + a * v) / (A + a)
            T = y - f.grad(y) / L
            if f(T) <= f(y) - f.grad(y) @ f.grad(y) / (2 * L):
                break
            L *= 2
        v, A, x, L = T + A / a * (T - x), A + a, T, max(L / 2, 1e-12)
        np.testing.assert_allclose(trace.x[k + 1], x, rtol=1e-9)


def test_acceleration_is_faster_in_the_end():
    f = soft_maximum(0, 0.1, 20, 40)
    slow, fast = (run(method(f, np.ones(20)), 1000, keep=["x", "value"]) for method in (alg.gm, alg.fgm))
    assert fast.value[-1] - f.minimum < (slow.value[-1] - f.minimum) / 10


def test_super_universal_steps_are_those_of_its_rule():
    f, B, alpha = soft_maximum(1, 0.2, 5, 10), Metric(spd(5, 3)), 0.5
    trace = run(alg.super_universal(f, np.ones(5), hessian=f.gauss_newton, alpha=alpha, metric=B), 15)
    x, M, inverse, probes = np.ones(5), 1.0, np.linalg.inv(B.B), 0
    for k in range(15):
        g = f.grad(x)
        while True:
            lam, probes = M * np.sqrt(g @ inverse @ g) ** alpha, probes + 1
            d = -np.linalg.solve(f.gauss_newton(x) + lam * B.B, g)
            after = f.grad(x + d)
            if -(after @ d) >= after @ inverse @ after / (4 * lam):
                break
            M *= 4
        x, M = x + d, max(M / 4, 1e-5)
        np.testing.assert_allclose(trace.x[k + 1], x, rtol=1e-7)
        assert trace.probes[k + 1] == probes


@pytest.mark.parametrize(("p", "steps"), [(2, 5), (4, 36), (8, 48)])
def test_pure_newton_in_the_valley_counts_what_is_known_of_it(p, steps):
    f = valley(p)
    values = f(run(alg.regularized_newton(f, FIRST, hessian=f.hess, gamma=1e300), 60).x)
    assert abs(int((values < 1e-8).argmax()) - steps) <= 1
    if p == 2:
        assert values[2] > 3e3 > 5 > values[1]  # f jumps


@pytest.mark.parametrize(
    ("p", "universal", "cubic", "gradient"), [(2, 74, 24, 6852), (4, 69, 36, 2892), (8, 75, 48, 1141)]
)
def test_baselines_count_what_is_known_of_them(p, universal, cubic, gradient):
    f = valley(p)
    assert abs(len(run(alg.super_universal(f, FIRST, hessian=f.hess, goal=TO_ZERO), 200).step) - 1 - universal) <= 1
    assert abs(len(run(alg.cubic_newton(f, FIRST, goal=TO_ZERO), 200).step) - 1 - cubic) <= 1
    if p == 8:
        assert abs(len(run(alg.gm(f, FIRST, goal=TO_ZERO), 8000, keep=["x"]).step) - 1 - gradient) <= 1


def test_the_cubic_step_minimises_the_model():
    for seed in range(6):
        H, B, g, M = rng(seed).normal(size=(4, 4)), Metric(spd(4, seed)), rng(seed + 9).normal(size=4), 2.0
        H = H + H.T
        part = alg.Spectral(H, B)
        r = alg.cubic_radius(part.coordinates(g), part.w, np.array(M))
        h = part.step(g, M * r / 2)
        assert B.norm(h) == pytest.approx(float(r))

        def model(h, g=g, H=H, M=M, B=B):
            return h @ g + (h @ H * h).sum(-1) / 2 + M / 6 * B.norm(h) ** 3

        nearby = h + rng(seed).normal(size=(4000, 4)) * np.geomspace(1e-3, 10, 4000)[:, None]
        assert (model(nearby) >= model(h) - 1e-9).all()


# ---- the radius


def defined(slope, x, H, region=None):
    """γ by bisection on the definition, with a plain grid of h."""
    g = slope(x)
    reach = abs(g) / (H if region is None else region)

    def excess(gamma):
        h = -np.sign(g) * np.linspace(0, min(gamma, reach), 20_001)[1:]
        error = abs(slope(x + h) - g - H * h)
        return gamma * (error / abs(h)).max() - abs(g)

    return brentq(excess, 1e-9, 1e6)


@pytest.mark.parametrize("name", ["x⁴/4", "softplus", "log-cosh"])
def test_the_radius_is_the_one_of_the_definition(name):
    f = CURVES[name]
    for x in (0.3, 1.0, 2.7):
        for c in (0.4, 0.9, 1.3):
            assert alg.radius(f.slope, x, c * f.bend(x)) == pytest.approx(defined(f.slope, x, c * f.bend(x)), rel=1e-3)
    assert alg.radius(f.slope, 1.0, f.bend(1.0), region=0.5 * f.bend(1.0)) == pytest.approx(
        defined(f.slope, 1.0, f.bend(1.0), 0.5 * f.bend(1.0)), rel=1e-3
    )


def test_closed_forms_of_the_radius():
    x = np.array([0.2, 1.0, 3.0])
    quartic = CURVES["x⁴/4"]
    np.testing.assert_allclose(alg.radius(quartic.slope, x, 3 * x**2), 9 * x / 8, rtol=1e-4)
    np.testing.assert_allclose(alg.radius(quartic.slope, x, 0 * x), x / 3, rtol=1e-3)
    np.testing.assert_allclose(alg.radius(quartic.slope, x, 0.825 * 3 * x**2), 1.91 * x, rtol=5e-3)
    assert alg.radius(lambda x: x**5, 1.0, 5.0) == pytest.approx(625 / 1024, rel=1e-4)
    assert alg.radius(lambda x: 3 * x, 1.0, 3.0) == np.inf
    assert np.isnan(alg.radius(quartic.slope, 0.0, 0.0))


def test_classes_lie_below_the_radius():
    x = np.linspace(-4, 4, 81)
    x = x[abs(x) > 1e-9]
    f = CURVES["log-cosh"]  # its slope has L = 1, its Hessian 4/(3√3), and it is quasi-self-concordant with M = 2
    exact, norm = alg.radius(f.slope, x, f.bend(x)), abs(f.slope(x))
    assert (exact >= alg.lipschitz_radius(norm, 4 / 3**1.5) * (1 - 1e-3)).all()
    assert (exact >= alg.self_concordant_radius(2.0) * (1 - 1e-3)).all()
    flat = alg.radius(f.slope, x, 0 * x)
    assert (flat >= alg.first_order_radius(norm, 1.0) * (1 - 1e-3)).all()
    g = CURVES["softplus"]  # |f″| ≤ f′, so L₀ = 0 and L₁ = 1
    assert (alg.radius(g.slope, x, 0 * x) >= alg.l0l1_radius(g.slope(x), 0.0, 1.0) * (1 - 1e-3)).all()
    assert alg.hoelder_radius(0.3, 2.0, 1.0) == pytest.approx(float(alg.lipschitz_radius(0.3, 2.0)))
    assert alg.hoelder_radius(0.3, 2.0, 0.0) == pytest.approx(float(alg.first_order_radius(0.3, 2.0)))
    terms = alg.approximation_terms(0.5, 2.0, 0.25)
    assert alg.structural_radius(0.3, terms) == pytest.approx(1 / (2.0 * 0.3**-0.25 + 0.5 / 0.3))
    assert alg.structural_radius(0.3, [(np.sqrt(2.0 / 2), 0.5)]) == pytest.approx(float(alg.lipschitz_radius(0.3, 2.0)))


def test_an_inexact_matrix_costs_a_term_over_a_common_region():
    f, x = CURVES["softplus"], np.linspace(-6, 6, 120)  # without 0, where both matrices agree
    one, two = f.bend(x), f.slope(x) ** 2
    g = f.slope(x)
    common = np.maximum(one, two)
    first, second = (alg.radius(f.slope, x, H, region=common) for H in (one, two))
    assert (second >= alg.inexact_radius(first, g / abs(one - two)) * (1 - 1e-3)).all()
    at = alg.radius(f.slope, 3.0, f.bend(3.0)), alg.radius(f.slope, 3.0, f.slope(3.0) ** 2)
    difference = f.slope(3.0) / abs(f.bend(3.0) - f.slope(3.0) ** 2)
    np.testing.assert_allclose([*at, difference], [7.527, 1.105, 1.105], rtol=2e-3)
    assert alg.inexact_radius(at[0], difference) == pytest.approx(0.963, abs=1e-3)


def test_over_regions_of_their_own_the_term_may_not_be_enough():
    draws = rng(11)
    x, c1, c2 = draws.uniform(0.2, 4, 600), *draws.uniform(0.1, 1.6, (2, 600))
    worst = {"common": [], "own": []}
    for f in (CURVES["softplus"], CURVES["x⁴/4"], CURVES["log-cosh"]):
        g, one, two = f.slope(x), c1 * f.bend(x), c2 * f.bend(x)
        difference = abs(g) / abs(one - two)
        for name, (first, second) in {"common": (one, one), "own": (one, two)}.items():
            known = alg.inexact_radius(alg.radius(f.slope, x, one, region=first), difference)
            found = alg.radius(f.slope, x, two, region=second)
            worst[name].append((found / known).min())
    assert min(worst["common"]) >= 1 - 2e-3
    assert 0.9 < min(worst["own"]) < 0.995


# ---- bounds


def test_bounds_lie_above_every_run():
    for mu in (1.0, 0.2):
        f = soft_maximum(0, mu, 20, 40)
        for hessian in (f.hess, f.gauss_newton):
            trace = run(alg.gns(f, np.ones(20), hessian=hessian, metric=f.metric, goal=alg.Goal(f.minimum, 1e-8)), 300)
            gap, distance = trace.value - f.minimum, f.metric.norm(trace.x)
            near = alg.product_bound(gap[0], trace.gamma[1:], trace.norm, distance)
            far = alg.convex_bound(gap[0], trace.gamma[1:], trace.norm, 2 * distance.max())
            assert (gap <= near * (1 + 1e-9)).all()
            assert (near <= far * (1 + 1e-9)).all()
            steps = alg.nonconvex_steps(gap[0], trace.gamma[1:].min(), trace.norm[0], trace.norm.min())
            assert trace.step[-1] <= steps


def test_steps_of_a_class_follow_its_largest_exponent():
    eps = np.array([1e-4, 1e-6])
    steps = alg.convex_steps(eps, 2.0, [(3.0, 0.5), (1.0, 0.0)])
    assert steps[0] == pytest.approx(3 * 2**1.5 * 100 + 2 * np.log(1e4))
    assert steps[1] / steps[0] == pytest.approx(10, rel=0.05)
    with_fisher = alg.convex_steps(eps, 2.0, [(3.0, 0.5), *alg.approximation_terms(0.0, 5.0, 0.0)])
    assert with_fisher[1] / with_fisher[0] == pytest.approx(10, rel=0.2)  # α ≥ β and C₁ = 0: the same rate
    noisy = alg.convex_steps(eps, 2.0, [(3.0, 0.5), *alg.approximation_terms(0.1, 5.0, 0.0)])
    assert noisy[1] / noisy[0] == pytest.approx(100, rel=0.5)


# ---- what is refused

F = valley(4)


def first(**given):
    return alg.gns(F, FIRST, **({"hessian": F.hess} | given))


def later(hessian):
    return lambda: run(first(hessian=hessian), 5)


def fixed(hessian):
    return lambda: run(alg.regularized_newton(F, FIRST, hessian=hessian, gamma=1.0), 5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: first(gamma0=0.0), "gamma0 must be a positive number, got 0.0"),
        (lambda: first(gamma0=np.inf), "gamma0 must be a positive number"),
        (lambda: first(gamma_min=0.0), "gamma_min must be positive"),
        (lambda: first(max_inner=0), "max_inner must be a whole number, 1 or more, got 0"),
        (lambda: first(metric=Metric(np.eye(3))), "the size of metric B must be that of a point, 2, got 3"),
        (lambda: first(goal=alg.Goal(0.0, -1.0)), "eps must be finite, 0 or more"),
        (lambda: alg.gns(F, np.array([1e200, 0.0]), hessian=F.hess), "f and its gradient at the start must be finite"),
        (lambda: run(first(), -1), "steps must be an integer, 0 or more"),
        (later(lambda x: np.eye(3)), "the shape of H of iteration 0 must be"),
        (later(lambda x: np.full((2, 2), np.nan)), "H of iteration 0 must be finite"),
        (later(lambda x: np.array([[1.0, 0.1], [0.0, 1.0]])), "H of iteration 0 must be symmetric"),
        (later(lambda x: F.hess(x) if x[0] == -2 else np.full((2, 2), np.inf)), "H of iteration 1 must be finite"),
        (fixed(lambda x: F.hess(x) if x[0] == -2 else np.full((2, 2), np.inf)), "H of iteration 1 must be finite"),
        (later(lambda x: RankOne(np.array(-1.0), x)), "α of H of iteration 0 must be 0 or more"),
        (later(lambda x: RankOne(np.ones(2), x)), "the shapes of H of iteration 0 must be"),
        (later(F.fisher), "the residual of a rank-one Hessian must be affine"),
        (lambda: alg.gm(F, FIRST, L0=0.0), "L0 must be a positive number"),
        (lambda: alg.gm_const(F, FIRST, L=-1.0), "L must be a positive number"),
        (lambda: alg.fgm(F, FIRST, L_min=0.0), "L_min must be positive"),
        (lambda: alg.super_universal(F, FIRST, hessian=F.hess, alpha=1.5), r"alpha must be in \[0, 1\]"),
        (lambda: alg.cubic_newton(F, FIRST, M0=0.0), "M0 must be a positive number"),
        (lambda: alg.low_rank(F.hess, 0), "r must be a whole number"),
        (lambda: alg.radius(np.sin, 1.0, -1.0), "H must be finite, 0 or more"),
        (lambda: alg.hoelder_radius(1.0, 1.0, 2.0), r"nu must be in \[0, 1\]"),
        (lambda: alg.structural_radius(1.0, []), "terms must be pairs"),
        (lambda: alg.convex_steps(0.1, 1.0, [(1.0, 2.0)]), "terms must be pairs"),
        (lambda: alg.convex_steps(2.0, 1.0, [(1.0, 1.0)]), "eps must be between 0 and 1"),
        (lambda: alg.nonconvex_steps(1.0, 1.0, 1.0, 2.0), "eps must be positive, at most g0"),
    ],
)
def test_what_no_method_can_use_is_refused(call, message):
    with np.errstate(all="ignore"), pytest.raises(ValueError, match=message):
        call()


def test_pure_newton_diverges_where_theory_says_and_the_search_does_not():
    f, edge = CURVES["log-cosh"], brentq(lambda x: np.sinh(2 * x) - 4 * x, 0.5, 2)
    assert edge == pytest.approx(1.0887, abs=1e-4)
    starts = np.array([[edge - 0.01], [edge + 0.01]])
    pure = run(alg.regularized_newton(f, starts, hessian=f.hess, gamma=1e300), 40, limit=1e3)
    assert np.isinf(pure.diverged[0])
    assert np.isfinite(pure.diverged[1])
    ours = run(alg.gns(f, starts, hessian=f.hess, goal=alg.Goal(0.0, 1e-12)), 40)
    assert (ours.status[-1] == alg.CONVERGED).all()
