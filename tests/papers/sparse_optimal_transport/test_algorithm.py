"""Sparse transport: oracles and duals against brute force, POT, exact limits and independent solvers."""

import contextlib
import io
import warnings
from itertools import combinations, product

import numpy as np
import ot.smooth
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq, linprog, minimize

from optilab.classics.adam import adam
from optilab.classics.exact_transport import exact_transport
from optilab.core.counted import Counted
from optilab.core.run import run
from optilab.papers.sparse_optimal_transport import algorithm as sp
from optilab.problems.transport import Transport, affinities, bumps, palettes, random_bumps


def random_problem(rng, m, n, concentration=1.0):
    return Transport(
        rng.dirichlet(concentration * np.ones(m)), rng.dirichlet(concentration * np.ones(n)), rng.uniform(size=(m, n))
    )


def quietly(make, *arguments):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return make(*arguments)


def supports(m, k):
    return [np.array(I) for size in range(1, k + 1) for I in combinations(range(m), size)]


def on_support(s, I, b, gamma):
    """The best column with exactly the nonzeros I by its optimality conditions, or None if it isn't nonnegative."""
    theta = 0.0 if b is None else (s[I].sum() - gamma * b) / len(I)
    t = np.zeros_like(s)
    t[I] = (s[I] - theta) / gamma
    return t if (t >= 0).all() else None


def brute_force(s, b, k, gamma):
    """Value of the best column by trying all supports; b None leaves the sum free."""
    columns = [on_support(s, I, b, gamma) for I in supports(len(s), k)]
    if b is None:
        columns.append(np.zeros_like(s))
    return max(s @ t - gamma / 2 * t @ t for t in columns if t is not None)


COLUMN = st.integers(1, 6).flatmap(
    lambda m: st.tuples(
        st.lists(st.floats(-3, 3).map(lambda x: round(x, 1)), min_size=m, max_size=m),  # ties are frequent
        st.integers(1, m),
        st.floats(0.05, 3),
        st.floats(0.1, 10),
    )
)


@given(COLUMN)
@settings(max_examples=150, deadline=None)
def test_a_column_is_the_best_of_all_supports(column):
    s, k, b, gamma = np.array(column[0]), *column[1:]
    plus, simplex = sp.conj_plus(s, k, gamma), sp.conj_b(s, b, k, gamma)
    for found, mass in ((plus, None), (simplex, b)):
        t = found.dense
        assert found.value == pytest.approx(brute_force(s, mass, k, gamma), abs=1e-9)
        assert found.value == pytest.approx(s @ t - gamma / 2 * t @ t, abs=1e-9)
        assert (t >= 0).all()
        assert np.count_nonzero(t) <= k
    assert simplex.dense.sum() == pytest.approx(b, abs=1e-12)
    above = s > simplex.theta
    np.testing.assert_allclose(
        simplex.value, simplex.theta * b + ((np.sort(s[above])[::-1][:k] - simplex.theta) ** 2).sum() / (2 * gamma)
    )


def test_ties_go_to_the_lowest_index():
    s = np.array([0.5, 1.0, 1.0, 0.5, 1.0])
    np.testing.assert_array_equal(np.flatnonzero(sp.conj_plus(s, 2, 1.0).dense), [1, 2])
    np.testing.assert_array_equal(np.flatnonzero(sp.conj_b(s, 3.0, 4, 1.0).dense), [0, 1, 2, 4])
    many = np.zeros(1000)
    many[::7] = 1
    np.testing.assert_array_equal(np.flatnonzero(sp.conj_b(many, 1.0, 5, 100.0).dense), [0, 7, 14, 21, 28])


def test_hardly_any_mass_beside_large_prices_gives_no_nan():
    found = sp.conj_b(np.array([1e8, 1e8 - 1]), 1e-17, 2, 1.0)
    assert np.isfinite(found.value)
    assert abs(found.dense.sum()) < 1e-6


def test_columns_of_a_batch_may_differ_in_all_parameters():
    rng = np.random.default_rng(0)
    s = rng.normal(size=(4, 5, 9))
    k, b, gamma = (rng.integers(1, 10, (4, 5)), rng.uniform(0.1, 2, (4, 5)), 10 ** rng.uniform(-1, 1, (4, 5)))
    plus, simplex = sp.conj_plus(s, k, gamma), sp.conj_b(s, b, k, gamma)
    for j in np.ndindex(4, 5):
        for found, alone in (
            (plus, sp.conj_plus(s[j], int(k[j]), gamma[j])),
            (simplex, sp.conj_b(s[j], b[j], int(k[j]), gamma[j])),
        ):
            np.testing.assert_allclose(found.dense[j], alone.dense, atol=1e-14)
            np.testing.assert_allclose(found.value[j], alone.value, rtol=1e-12)
            np.testing.assert_allclose(found.theta[j], alone.theta, rtol=1e-12, atol=1e-15)
    for found in (plus, simplex):
        np.testing.assert_allclose(found.sums, found.dense.sum(-1), atol=1e-14)
        np.testing.assert_allclose(found.row_sums, found.dense.sum(-2), atol=1e-14)
    above, alone = (
        sp.conj_plus(s, k, gamma, level=b),
        sp.conj_plus(s - b[..., None], k, gamma),
    )  # a level is a price less
    np.testing.assert_allclose(above.dense, alone.dense, atol=1e-15)
    np.testing.assert_allclose(above.value, alone.value, rtol=1e-14)
    np.testing.assert_array_equal(above.theta, b)


def peer(k, m, gamma):
    return ot.smooth.SparsityConstrained(k, gamma) if k < m else ot.smooth.SquaredL2(gamma)


@pytest.mark.parametrize(("m", "n"), [(9, 6), (5, 30), (60, 40)])
@pytest.mark.parametrize("share", [0.0, 0.2, 0.5, 1.0])
def test_oracles_are_the_peer_s(m, n, share):
    rng = np.random.default_rng(m + n)
    k = max(1, round(share * m))
    for gamma in (0.1, 1.0, 10.0):
        problem = random_problem(rng, m, n)
        S, D = quietly(sp.SemiDual, problem, k, gamma), quietly(sp.Dual, problem, k, gamma)
        alpha, beta = rng.normal(size=m) / 5, rng.normal(size=n) / 5
        marginals = problem.a, problem.b, problem.C, peer(k, m, gamma)
        with contextlib.redirect_stdout(io.StringIO()):
            value, grad = ot.smooth.semi_dual_obj_grad(alpha, *marginals)
            dual, *grads = ot.smooth.dual_obj_grad(alpha, beta, *marginals)
        np.testing.assert_allclose(S(alpha), value, rtol=1e-13)
        np.testing.assert_allclose(S.grad(alpha), grad, atol=1e-13)
        x = np.concatenate([alpha, beta])
        np.testing.assert_allclose(D(x), dual, rtol=1e-13)
        np.testing.assert_allclose(D.grad(x), np.concatenate(grads), atol=1e-13)


@pytest.mark.parametrize("k", [8, 12, 40])
def test_solutions_are_the_peer_s(k):
    problem = palettes(100)
    arguments = problem.a, problem.b, problem.C, 1.0
    sparse = {"reg_type": "sparsity_constrained", "max_nz": k} if k < 40 else {"reg_type": "l2"}
    with contextlib.redirect_stdout(io.StringIO()):
        T, log = ot.smooth.smooth_ot_semi_dual(*arguments, stopThr=1e-12, numItermax=2000, log=True, **sparse)
        _, dual = ot.smooth.smooth_ot_dual(*arguments, stopThr=1e-12, numItermax=2000, log=True, **sparse)
    S = sp.SemiDual(problem, k)
    found, other = sp.lbfgs(S, maxiter=2000), sp.lbfgs(S.dual, maxiter=2000)
    assert found.value == pytest.approx(-log["res"].fun, abs=2e-6)
    assert other.value == pytest.approx(-dual["res"].fun, abs=2e-6)
    assert found.value == pytest.approx(other.value, abs=2e-6)
    if k > 8:  # at a kink plans depend on the side from which it is reached
        np.testing.assert_allclose(S.plan(found.x), T, atol=1e-5)


@pytest.mark.parametrize("k", [1, 2, 3, 7])
def test_the_dual_maximised_over_beta_is_the_semi_dual(k):
    rng = np.random.default_rng(k)
    problem = random_problem(rng, 7, 5)
    S = quietly(sp.SemiDual, problem, k, 0.3)
    D = quietly(getattr, S, "dual")
    alpha = rng.normal(size=(20, 7)) / 3
    best = S.beta(alpha)
    np.testing.assert_allclose(D(np.concatenate([alpha, best], -1)), S(alpha), atol=1e-14)
    for _ in range(20):
        other = best + 10.0 ** rng.uniform(-4, 0) * rng.normal(size=best.shape)
        assert (D(np.concatenate([alpha, other], -1)) <= S(alpha) + 1e-14).all()


@pytest.mark.parametrize("make", [sp.SemiDual, sp.Dual])
@pytest.mark.parametrize("k", [1, 2, 6])
def test_value_and_gradient(make, k):
    rng = np.random.default_rng(5)
    problem = random_problem(rng, 6, 4)
    concave = quietly(make, problem, k, 0.4)
    d = concave.start.shape[-1]
    one, two = rng.normal(size=(2, 300, d)) / 2
    assert (concave((one + two) / 2) >= (concave(one) + concave(two)) / 2 - 1e-13).all()  # concave
    assert (concave(two) <= concave(one) + (concave.grad(one) * (two - one)).sum(-1) + 1e-13).all()  # supergradients
    smooth = 0
    for x in one[:40]:
        steps = 1e-6 * np.eye(d)
        numeric = (concave(x + steps) - concave(x - steps)) / 2e-6
        smooth += np.allclose(numeric, concave.grad(x), atol=1e-6)
    assert smooth >= 39
    np.testing.assert_allclose(concave(sp.centred(concave, one)), concave(one), rtol=1e-12)  # a shift isn't seen


def test_plans_keep_their_promises():
    problem = random_bumps(range(4))
    rng = np.random.default_rng(0)
    alpha = rng.normal(size=(4, 24)) / 10
    for k in (1, 3, 24):
        S = sp.SemiDual(problem, k, 0.5)
        T = S.plan(alpha)
        assert (T >= 0).all()
        assert (np.count_nonzero(T, -2) <= k).all()
        assert problem.column_error(T).max() < 1e-14
        D = S.dual
        x = np.concatenate([alpha, rng.normal(size=(4, 24)) / 10], -1)
        assert (np.count_nonzero(D.plan(x), -2) <= k).all()
        np.testing.assert_allclose(S.grad(alpha), problem.a - T.sum(-1), atol=1e-14)
        right = np.concatenate([problem.a - D.plan(x).sum(-1), problem.b - D.plan(x).sum(-2)], -1)
        np.testing.assert_allclose(D.grad(x), right, atol=1e-14)


@given(st.integers(0, 10_000), st.floats(0.05, 5))
@settings(max_examples=30, deadline=None)
def test_the_value_never_rises_with_k(seed, gamma):
    rng = np.random.default_rng(seed)
    problem = random_problem(rng, 6, 5)
    alpha = rng.normal(size=6)
    values = quietly(sp.SemiDual, problem, np.arange(1, 7), gamma)(np.tile(alpha, (6, 1)))
    assert (np.diff(values) <= 1e-14).all()


def test_k_equal_to_one_is_the_linear_program():
    problem = random_problem(np.random.default_rng(2), 6, 6)
    found = sp.certified(sp.SemiDual(problem, 1, 0.7), tolerance=1e-9)
    ceiling = sp.lines(problem, linear=exact_transport(problem).value, quadratic=0.0, gamma=0.7).ceiling
    assert found.value <= ceiling + 1e-12
    assert found.bound >= ceiling - 1e-12
    assert found.bound - found.value <= 1e-9


def test_the_value_tends_to_the_linear_program_s_as_gamma_vanishes():
    problem = bumps()
    exact = exact_transport(problem).value
    gaps = [sp.adam_then_lbfgs(sp.SemiDual(problem, 4, gamma), maxfun=300).value - exact for gamma in (1, 0.1, 0.01)]
    assert gaps[0] > gaps[1] > gaps[2] > -1e-4
    assert gaps[2] < 1e-3


@pytest.mark.parametrize("k", [1, 2])
def test_the_mixed_plan_proves_what_the_dual_solves(k):
    problem = bumps()
    found = sp.certified(sp.SemiDual(problem, k))
    assert 0 <= found.bound - found.value <= 1e-6
    assert (found.mixed >= 0).all()
    assert problem.row_error(found.mixed) < 1e-12
    assert problem.column_error(found.mixed) < 1e-12
    assert abs(sp.relaxed_cost(problem, found.mixed, k, 1.0) - found.value) <= 1e-6
    assert found.value == pytest.approx({1: 0.2089754, 2: 0.183180}[k], abs=2e-6)
    assert 9 >= np.count_nonzero(found.mixed > 1e-12, 0).max() > k  # feasible only as a mixture


def test_experts_with_random_costs_are_certified_too():
    problem = random_problem(np.random.default_rng(0), 48, 6)  # tangents of S alone take thousands of programs here
    found = sp.certified(sp.SemiDual(problem, 12), most=200)
    assert 0 <= found.bound - found.value <= 1e-6
    assert max(problem.row_error(found.mixed), problem.column_error(found.mixed)) < 1e-12


def test_the_bare_cutting_planes_find_the_same_maximum():
    S = sp.SemiDual(bumps(size=8), 2)
    bare, warm = sp.certified(S, steps=0), sp.certified(S)
    assert bare.value <= warm.bound + 1e-9
    assert warm.value <= bare.bound + 1e-9
    assert warm.programs < bare.programs
    cuts = run(sp.cutting_plane(S), 30, keep=["alpha", "value", "bound", "free"])
    assert (np.diff(cuts.value) >= 0).all()
    assert (cuts.bound[1:][cuts.free[1:]] >= warm.value - 1e-9).all()


def best_on(problem, kept, gamma, below=np.inf):
    """The quadratic program on the places `kept`: value and plan; inf where no plan costs less than `below`."""
    m, n = problem.C.shape
    marginals = np.vstack([np.kron(np.eye(m), np.ones(n)), np.kron(np.ones(m), np.eye(n))])
    right, kept = np.concatenate([problem.a, problem.b]), kept.ravel()
    A, c = marginals[:, kept], problem.C.ravel()[kept]
    start = linprog(c, A_eq=A[:-1], b_eq=right[:-1], method="highs")
    if start.status != 0 or start.fun >= below:
        return np.inf, None
    solved = minimize(
        lambda t: c @ t + gamma / 2 * t @ t,
        start.x,
        jac=lambda t: c + gamma * t,
        bounds=[(0, None)] * len(c),
        constraints={"type": "eq", "fun": lambda t: A[:-1] @ t - right[:-1], "jac": lambda t: A[:-1]},
        method="SLSQP",
        options={"ftol": 1e-14, "maxiter": 500},
    )
    return (solved.fun, solved.x) if abs(A @ solved.x - right).max() < 1e-7 else (np.inf, None)


def primal_by_brute_force(problem, k, gamma):
    """The non-convex minimum: a quadratic program on every choice of k places a column; inf without a plan."""
    m, n = problem.C.shape
    best = np.inf
    for choice in product(combinations(range(m), k), repeat=n):
        kept = np.zeros((m, n), bool)
        for j, I in enumerate(choice):
            kept[list(I), j] = True
        if kept.any(1).all():  # every source has somewhere to go
            best = min(best, best_on(problem, kept, gamma, best)[0])
    return best


def test_k_equal_to_m_is_quadratic_transport():
    problem = random_problem(np.random.default_rng(1), 4, 4, 5.0)
    value, plan = best_on(problem, np.ones((4, 4), bool), 0.3)
    S = sp.SemiDual(problem, 4, 0.3)
    for concave in (S, S.dual):
        found = sp.lbfgs(concave)
        assert found.value == pytest.approx(value, abs=1e-9)
        np.testing.assert_allclose(concave.plan(found.x).ravel(), plan, atol=1e-5)


@pytest.mark.parametrize(
    ("seed", "primal", "dual"),
    [(1, 0.288502, 0.288502), (2, 0.347475, 0.347475), (0, 0.367467, 0.357409), (3, 0.410785, 0.409830)],
)
def test_weak_duality_with_and_without_a_gap(seed, primal, dual):
    rng = np.random.default_rng(seed)
    problem = random_problem(rng, 4, 4, 5.0)
    S = sp.SemiDual(problem, 2, 0.3)
    found = sp.certified(S)
    assert primal_by_brute_force(problem, 2, 0.3) == pytest.approx(primal, abs=2e-6)
    assert found.value == pytest.approx(dual, abs=2e-6)
    error = problem.row_error(S.plan(sp.lbfgs(S).x))
    assert error < 1e-6 if primal == dual else error > 0.05  # the plan is optimal exactly where there is no gap


def test_too_few_nonzeros_leave_no_plan():
    assert not sp.enough_nonzeros(5, 3, 2)
    assert sp.enough_nonzeros(4, 4, 2)
    problem = random_problem(np.random.default_rng(0), 5, 3, 5.0)
    assert primal_by_brute_force(problem, 2, 0.3) == np.inf
    assert np.isfinite(sp.certified(sp.SemiDual(problem, 2, 0.3)).bound)


def test_enough_nonzeros_may_leave_no_plan_either():
    a, b = np.array([0.26, 0.246, 0.253, 0.241]), np.array([0.9, 0.06, 0.04])
    assert sp.enough_nonzeros(4, 3, 2)
    assert primal_by_brute_force(Transport(a, b, np.zeros((4, 3))), 2, 0.3) == np.inf  # no two sources hold 0.9
    assert np.isfinite(primal_by_brute_force(Transport(a, b, np.zeros((4, 3))), 4, 0.3))


def test_every_evaluation_is_recorded_and_their_limit_kept_up_to_a_line_search():
    S = sp.SemiDual(bumps(), 6)
    counted = Counted(S, {"oracle": "oracles"})
    found = sp.lbfgs(counted)
    assert counted.calls["oracles"] == len(found.values)
    np.testing.assert_array_equal(found.points[0], S.start)
    np.testing.assert_allclose(S(found.points), found.values, atol=1e-14)
    assert found.values.max() == pytest.approx(found.value, abs=1e-15)
    assert len(sp.lbfgs(sp.SemiDual(bumps(), 1), maxfun=30).values) <= 30 + 20
    np.testing.assert_array_equal(sp.adam_then_lbfgs(S, steps=0).values, found.values)


@pytest.mark.parametrize("make", [sp.SemiDual, sp.Dual])
def test_ascent_is_monotone_where_the_function_is_smooth(make):
    problem = random_problem(np.random.default_rng(3), 40, 3)  # m > n: γ/n would be too long for D
    concave = make(problem, 40, 5.0)
    trace = run(sp.supergradient_ascent(concave, concave.start, eta=1 / concave.smoothness), 400)
    assert (np.diff(trace.value) >= -1e-14).all()
    assert trace.value[-1] > trace.value[0] + 0.1
    if make is sp.Dual:
        longer = run(sp.supergradient_ascent(concave, concave.start, eta=5.0 / 3), 400)
        assert (np.diff(longer.value) < -1).any()


@pytest.mark.parametrize("make", [sp.SemiDual, sp.Dual])
def test_gradients_are_as_smooth_as_promised_without_a_cap_and_jump_at_k_equal_to_one(make):
    problem, rng = random_problem(np.random.default_rng(3), 9, 6), np.random.default_rng(0)
    steepest = {}
    for k in (1, 9):
        concave = quietly(make, problem, k, 0.3)
        x = rng.normal(size=(4000, *concave.start.shape)) / 3
        y = x + 1e-3 * rng.normal(size=x.shape)
        change = np.linalg.norm(concave.grad(y) - concave.grad(x), axis=-1) / np.linalg.norm(y - x, axis=-1)
        steepest[k] = change.max() / concave.smoothness
    assert steepest[9] <= 1 + 1e-9
    assert steepest[1] > 2


DIAL = {  # k: max S, gaps of L-BFGS after 20, 50, 100 evaluations and where it stops, of Adam after 100 and 300
    1: (0.2089754, (3.4e-2, 1.5e-2, 1.2e-2), 4.3e-3, (2.9e-4, 2.5e-4)),
    2: (0.1831800, (2.5e-2, 7.0e-3, 3.7e-3), 2.7e-4, (1.8e-4, 1.5e-4)),
    3: (0.1752550, (1.4e-2, 3.2e-3, 3.6e-4), 6.5e-6, (1.3e-4, 5.0e-5)),
    4: (0.1720950, (1.3e-2, 1.7e-3, 2.6e-4), 5.5e-6, (7.0e-5, 8.0e-6)),
}


@pytest.mark.parametrize("k", DIAL)
def test_the_dial_s_gaps_are_within_a_factor_of_three_of_those_of_another_implementation(k):
    top, gaps, stop, adams = DIAL[k]
    S = sp.SemiDual(bumps(), k)
    best = top - np.maximum.accumulate(sp.lbfgs(S, maxiter=2000).values)
    after = top - np.maximum.accumulate(S(run(adam(S.loss, S.start, alpha=0.01), 299, keep=["x"]).x))
    ratio = np.array([*best[[19, 49, 99, -1]], *after[[99, 299]]]) / [*gaps, stop, *adams]
    assert (ratio > 1 / 3).all(), ratio
    assert (ratio < 3).all(), ratio


def test_constant_steps_stay_away_from_a_kink_and_shrinking_ones_approach_it():
    S = sp.SemiDual(bumps(), 1)
    ceiling = 0.2089754
    constant = run(sp.supergradient_ascent(S, S.start, eta=0.3), 600)
    shrinking = run(sp.supergradient_ascent(S, S.start, eta=0.3, decay=0.5), 600)
    assert ceiling - constant.value[300:].max() > 5 * (ceiling - shrinking.value[300:].max()) > 0
    np.testing.assert_allclose(shrinking.x[2], shrinking.x[1] + 0.3 / np.sqrt(2) * S.grad(shrinking.x[1]), rtol=1e-14)


def test_alternation_is_gradient_ascent_on_the_semi_dual():
    S = sp.SemiDual(bumps(), 5)
    one = run(sp.alternating(S, S.start, eta=0.03), 50)
    two = run(sp.supergradient_ascent(S, S.start, eta=0.03), 50)
    np.testing.assert_allclose(one.alpha, two.x, atol=1e-12)
    np.testing.assert_allclose(S.dual(np.concatenate([one.alpha, one.beta], -1)), two.value, atol=1e-13)


def test_adam_takes_the_replicates_of_a_batch_together():
    batch, ks = random_bumps(range(3)), np.array([1, 4, 24])
    together = sp.after_adam(sp.SemiDual(batch, ks), steps=50)
    for i, k in enumerate(ks):
        one = sp.SemiDual(Transport(batch.a[i], batch.b[i], batch.C[i]), k)
        alone = sp.after_adam(one, steps=50)
        np.testing.assert_allclose(together[i], alone, atol=1e-10)
        np.testing.assert_array_equal(sp.after_adam(one, alone, steps=0), alone)
        assert one.loss(alone) == -one(alone)


def test_the_k_support_norm_between_its_limits():
    rng = np.random.default_rng(0)
    t = rng.normal(size=(50, 7))
    np.testing.assert_allclose(sp.k_support_norm(t, 1), abs(t).sum(-1))
    np.testing.assert_allclose(sp.k_support_norm(t, 7), np.linalg.norm(t, axis=-1))
    norms = np.array([sp.k_support_norm(t, k) for k in range(1, 8)])
    assert (np.diff(norms, axis=0) <= 1e-12).all()
    for k, scale in product(range(1, 8), (1e-100, 1e-20, 1e100)):  # at ties, too
        for column in (t, np.round(t)):
            np.testing.assert_allclose(sp.k_support_norm(scale * column, k), scale * sp.k_support_norm(column, k))
    assert (sp.k_support_norm(np.zeros(7), 3) == 0).all()
    sparse = t * (np.arange(7) < 3)
    np.testing.assert_allclose(sp.k_support_norm(sparse, 3), np.linalg.norm(sparse, axis=-1))


@pytest.mark.parametrize("k", [1, 2, 3, 5])
def test_the_k_support_norm_is_the_dual_of_the_top_k_norm(k):
    rng = np.random.default_rng(k)
    t = rng.normal(size=(30, 5)) * 10 ** rng.uniform(-1, 1, (30, 5))
    s = rng.normal(size=(5000, 1, 5))
    top = np.sqrt((np.sort(s**2, -1)[..., -k:]).sum(-1))
    norm = sp.k_support_norm(t, k)
    assert ((s * t).sum(-1) / top <= norm + 1e-12).all()
    if k == 5:
        return
    for w, found in zip(abs(t), norm, strict=True):  # ‖t‖² = min Σ t²/θ over 0 < θ ≤ 1, Σθ ≤ k: θ = min(1, |t|/λ)
        lam = brentq(lambda x, w=w: np.minimum(1, w / x).sum() - k, w.min() / 2, 2 * w.sum())
        assert found**2 == pytest.approx((w**2 / np.minimum(1, w / lam)).sum(), rel=1e-9)


@pytest.mark.parametrize("make", [sp.SemiDual, sp.Dual])
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((0, 1.0), "an integer, 1 or more, got 0"),
        ((1.5, 1.0), "an integer, 1 or more, got 1.5"),
        ((np.array([2, 0]), 1.0), "an integer, 1 or more"),
        ((2, 0.0), "positive and finite .*linear program"),
        ((2, -1.0), "gamma must be positive"),
        ((2, np.nan), "gamma must be positive"),
    ],
)
def test_bad_parameters_are_refused(make, arguments, says):
    with pytest.raises(ValueError, match=says):
        make(bumps(), *arguments)


def test_what_is_allowed_but_odd_is_said():
    with pytest.warns(UserWarning, match="as good as"):
        large = sp.SemiDual(bumps(), 30)
    assert large(large.start) == sp.SemiDual(bumps(), 24)(large.start)
    problem = random_problem(np.random.default_rng(0), 6, 2)
    T = large.plan(large.start)
    assert sp.relaxed_cost(bumps(), T, 30, 1.0) == sp.relaxed_cost(bumps(), T, 24, 1.0)
    with pytest.warns(UserWarning, match="at most k n = 4 of the 6 rows"):
        sp.SemiDual(problem, 2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sp.SemiDual(problem, np.int64(3))


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda S: sp.lbfgs(S, np.zeros((2, 24))), "one instance"),
        (lambda S: sp.lbfgs(S, np.zeros(23)), "d = 24"),
        (lambda S: sp.lbfgs(sp.SemiDual(random_bumps(range(2)), 2), np.zeros(24)), "one instance"),
        (lambda S: sp.cutting_plane(S, np.zeros((1, 2, 24))), "one instance"),
        (lambda S: sp.cutting_plane(S, np.zeros((4, 23))), "m = 24"),
        (lambda S: sp.cutting_plane(S, radius=0.0), "radius"),
        (lambda S: sp.certified(S, tolerance=0.0), "tolerance"),
        (lambda S: sp.certified(S, most=1), "most must be more linear programs"),
        (lambda S: sp.supergradient_ascent(S, S.start, eta=0.0), "eta"),
        (lambda S: sp.supergradient_ascent(S, S.start, eta=1.0, decay=-1.0), "decay"),
        (lambda S: sp.alternating(S, S.start, eta=np.nan), "eta"),
        (lambda S: sp.adam_then_lbfgs(S, steps=-1), "steps"),
        (lambda _: sp.buffer_size(8, 2, 0.0), "capacity factor"),
        (lambda _: sp.buffer_size(0, 8, 1), "tokens must be an integer, 1 or more, got 0"),
        (lambda _: sp.buffer_size(8, 0, 1), "experts must be an integer, 1 or more, got 0"),
        (lambda _: sp.token_choice(np.eye(4), 0), "the buffer k must be an integer, 1 or more, got 0"),
        (lambda _: sp.expert_choice(np.eye(4), 99), "the buffer k must be an integer from 1 to 4, got 99"),
        (lambda _: sp.barycentric(np.eye(4), np.ones((4, 3)), np.ones((5, 3))), "the numbers of positions"),
        (lambda _: sp.k_support_norm(np.array([np.nan, 1]), 1), "t must be finite"),
        *((lambda _, k=k: sp.k_support_norm(np.ones(7), k), "k must be an integer from 1 to 7") for k in (0, 8, 1.5)),
    ],
)
def test_bad_arguments_are_refused(call, says):
    with pytest.raises(ValueError, match=says):
        call(sp.SemiDual(bumps(), 2))


def test_a_run_that_explodes_ends_as_data():
    D = sp.Dual(bumps(), 24, 0.01)
    trace = run(sp.supergradient_ascent(D, D.start, eta=1e200), 20)
    assert trace.diverged <= 20


def test_barycentric_colours():
    T = np.array([[0.2, 0.2], [0, 0.6], [0, 0]])
    Y = np.array([[1.0, 0, 0], [0, 0, 1]])
    new, moved = sp.barycentric(T, np.full((3, 3), 0.5), Y)
    np.testing.assert_allclose(new, [[0.5, 0, 0.5], [0, 0, 1], [0.5, 0.5, 0.5]])
    np.testing.assert_array_equal(moved, [True, True, False])


def test_routers_on_a_table_that_can_be_checked_by_eye():
    affinity = np.array([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3], [0.4, 0.6]])
    np.testing.assert_array_equal(sp.token_choice(affinity, 2), [[1, 0], [1, 0], [0, 0], [0, 1]])
    np.testing.assert_array_equal(sp.expert_choice(affinity, 2), [[1, 0], [1, 0], [0, 1], [0, 1]])
    np.testing.assert_array_equal(sp.assignment(affinity), [[1, 0], [1, 0], [0, 1], [0, 1]])
    selected, found = sp.sparse_choice(affinity, 2)
    np.testing.assert_array_equal(selected, sp.assignment(affinity))
    assert found.value == pytest.approx(-(0.9 + 0.8 + 0.3 + 0.6) / 4 + 0.5 / 4, abs=1e-6)
    assert sp.processed(sp.token_choice(affinity, 2)) == 0.75
    assert sp.captured(selected, affinity) == pytest.approx(2.6 / 4)
    np.testing.assert_array_equal(sp.load(sp.token_choice(affinity, 4)), [3, 1])


def test_routers_of_a_batch_are_its_instances():
    affinity = np.random.default_rng(0).dirichlet(np.ones(4), (3, 12))
    for router in (sp.token_choice, sp.expert_choice, sp.sinkhorn_choice):
        np.testing.assert_array_equal(router(affinity, 3)[1], router(affinity[1], 3))
        assert (sp.load(router(affinity, 3)) <= 3).all()


@pytest.mark.parametrize(
    ("router", "share", "spread", "earned"),
    [
        (sp.token_choice, 0.586, 0.037, 0.238),
        (sp.expert_choice, 0.791, 0.021, 0.347),
        (sp.sinkhorn_choice, 0.919, 0.012, 0.340),
    ],
)
def test_the_baselines_route_like_another_implementation(router, share, spread, earned):
    affinity = affinities(range(10))
    selected = router(affinity, 8)
    assert sp.processed(selected).mean() == pytest.approx(share, abs=5e-4 + 1e-9)
    assert sp.processed(selected).std() == pytest.approx(spread, abs=3e-3)
    assert sp.captured(selected, affinity).mean() == pytest.approx(earned, abs=6e-4)
    assert (sp.load(selected).max(-1) == 8).all()


@pytest.mark.parametrize(("tokens", "experts", "factor", "size"), [(64, 8, 1.0, 8), (64, 8, 1.1, 9), (10, 3, 9.0, 10)])
def test_a_buffer(tokens, experts, factor, size):
    assert sp.buffer_size(tokens, experts, factor) == size
