"""Gradient sliding against a plain transcription, exact limits, its theorems and its claims."""

from itertools import count, islice

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from optilab.core.counted import Counted
from optilab.core.run import run
from optilab.papers.gradient_sliding import algorithm as gs
from optilab.papers.gradient_sliding import experiment
from optilab.papers.gradient_sliding.experiment import (
    bound_of,
    constants,
    generators,
    initial,
    slide,
    slide_accelerated,
)
from optilab.papers.gradient_sliding.problems.deblurring import Deblurring, deblurring
from optilab.papers.gradient_sliding.problems.portfolio import portfolio
from optilab.papers.gradient_sliding.problems.robust_regression import RobustRegression, robust_regression

SMALL = {"n": 6, "m": 20, "L": 10.0, "mu": 0.5}


def small(seeds=0, **other):
    return robust_regression(seeds, **(SMALL | other))


def plans(problem, x0, stochastic=False):
    """Every schedule of gradient sliding, short."""
    known = constants(problem, x0, stochastic)
    without_mu = {name: value for name, value in known.items() if name != "mu"}
    return {
        "gs_convex": gs.gs_convex(**without_mu, N=8),
        "gs_anytime": gs.gs_anytime(**without_mu, N=8),
        "m_sgs": gs.m_sgs(**known, phases=3).within(600),
        "rf_sgs": gs.rf_sgs(**known, N=25),
    }


def published(problem, x0, name, stochastic):
    """γ_k, β_k, T_k, p_t/t of the steps k = 1, 2, … as the papers print them, and whether x starts anew."""
    L, mu, M2, D = float(problem.L), float(problem.mu), float(problem.M) ** 2, float(problem(x0) - problem.minimum)
    S, S2 = (M2 + problem.sigma2, 2 * (M2 + problem.sigma2)) if stochastic else (M2, M2)
    N0 = int(np.ceil(2 * np.sqrt((7 if stochastic else 5) * L / mu)))
    g = sp.Symbol("g", positive=True)
    root = float(sp.nsolve(1.5 * (L * g**2 + mu * g) - mu, g, 0.1))
    for k in count(1):
        s, j = divmod(k - 1, N0)
        T = max(1, np.ceil(S * (k + 1) ** 3 / (D * L**2)))
        yield {
            "gs_convex": (2 / (k + 1), 2 * L / k, 8 * S * k**2 / (D * L**2), 1 / 2, False),
            "gs_anytime": (3 / (k + 2), 9 * L * (1 - 2 / ((T + 1) * (T + 2))) / (2 * (k + 1)), T, 1 / 2, False),
            "m_sgs": (2 / (j + 2), 2 * L / (j + 1), N0 * S * (j + 1) ** 2 / (D / (mu * 2**s) * L**2), 1 / 2, j == 0),
            "rf_sgs": (
                root,
                L * root,
                4 * S2 / ((L * root + mu) * D) * (1 - root / 2) ** -k,
                (1 + mu / (L * root)) / 2,
                False,
            ),
        }[name]


@pytest.mark.parametrize("name", ["gs_convex", "gs_anytime", "m_sgs", "rf_sgs"])
@pytest.mark.parametrize("stochastic", [False, True])
def test_every_schedule_is_the_published_loop(name, stochastic):
    problem, x0 = small(3), np.full(6, 0.3)
    plan = plans(problem, x0, stochastic)[name]
    trace = run(gs.gradient_sliding(problem, x0, plan, rng=np.random.default_rng(8) if stochastic else None), 500)
    assert len(trace.step) == len(plan.T) + 1
    samples = iter(np.random.default_rng(8).integers(20, size=(plan.T.sum(), 1)))
    x = xbar = x0
    steps = islice(published(problem, x0, name, stochastic), len(plan.T))
    for k, (gamma, beta, T, slope, restart) in enumerate(steps, start=1):
        x = xbar if restart else x
        g = problem.grad((1 - gamma) * xbar + gamma * x)
        u = ut = x
        assert trace.T[k] == max(1, np.ceil(T))
        for t in range(1, trace.T[k] + 1):
            s = problem.sample_subgrad(u, next(samples)) if stochastic else problem.subgrad(u)
            p, theta = slope * t, 2 * (t + 1) / (t * (t + 3))
            u = problem.prox((beta * x + beta * p * u - (g + s)) / (beta * (1 + p)), 1 / (beta * (1 + p)))
            ut = (1 - theta) * ut + theta * u
        x, xbar = u, (1 - gamma) * xbar + gamma * ut
        np.testing.assert_allclose(trace.xbar[k], xbar, rtol=1e-9, atol=1e-11)


def test_accelerated_sliding_is_the_published_loop():
    problem, x0, N = deblurring(0, n=20), np.ones(20), 12
    K = problem.differences(np.eye(20)).T
    L, mu, norm, Omega = problem.L, problem.mu, problem.norm, problem.Omega
    D = float(problem(x0) - problem.minimum)
    plan = gs.rf_asgs(L=L, mu=mu, K=norm, Omega=Omega, D=D, N=N)
    trace = run(gs.accelerated_sliding(problem, x0, plan), N)
    lam = (-mu + np.sqrt(mu**2 + 8 * L * mu)) / (4 * L)
    beta, x, xbar, operators = L * lam, x0, x0, 0
    for k in range(1, N + 1):
        eta = D / (2 * Omega) * (1 - lam / 2) ** k
        M = norm**2 / eta
        T = next(T for T in range(1, 10**4) if T * (T + 1) >= 4 * M / L * (1 - 1e-12))
        q = 0.5 * L * lam * T * (T + 1)
        g = problem.grad((1 - lam) * xbar + lam * x)
        u, ut = x, xbar
        for t in range(1, T + 1):
            al, r = 2 / (t + 1), q / t + (beta + mu) * (t - 1) / 2
            um = (1 - lam) * xbar + lam * ((1 - al) * ut + al * u)
            s = K.T @ np.clip(K @ um / eta, -1, 1)
            u = problem.prox((beta * x + r * u - g - s) / (beta + r), 1 / (beta + r))
            ut = (1 - al) * ut + al * u
        x, xbar, operators = u, (1 - lam) * xbar + lam * ut, operators + T
        np.testing.assert_allclose(trace.xbar[k], xbar, rtol=1e-9, atol=1e-11)
    assert trace.operators[-1] == operators
    assert trace.gradients[-1] == N


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 40), st.floats(0.01, 3), st.floats(0.01, 3), st.integers(0, 999))
def test_the_average_of_an_inner_loop_has_the_weights_of_the_proof(T, beta, mu, seed):
    problem, rng = small(seed % 5, mu=mu), np.random.default_rng(seed)
    g, x = rng.normal(size=(2, 6))
    inner = run(gs.prox_sliding(problem, g, x, beta=beta, B=beta + mu, T=T), T)
    weights = np.arange(2, T + 2)
    np.testing.assert_allclose(inner.ut[-1], weights @ inner.u[1:] * 2 / (T * (T + 3)), rtol=1e-9, atol=1e-11)

    def phi(u):
        smooth = problem.grad(u) @ u / 2 - problem.b @ u / 2
        return g @ u + problem(u) - smooth + beta / 2 * ((u - x) ** 2).sum()

    for u in (x, problem.minimizer, rng.normal(size=6)):  # S1 itself
        e, B = gs.e(T), beta + mu
        left = phi(inner.ut[-1]) - phi(u)
        distances = B * e * ((x - u) ** 2).sum() / 2 - B * (1 + e) * ((inner.u[-1] - u) ** 2).sum() / 2
        assert left <= distances + 4 * problem.M**2 / (B * (T + 3)) + 1e-9


@settings(max_examples=30, deadline=None)
@given(st.floats(1, 50), st.floats(0.02, 5), st.integers(0, 999), st.integers(1, 3))
def test_every_step_of_the_restart_free_method_keeps_its_inequality(L, mu, seed, T_min):
    problem = robust_regression(seed, n=5, m=12, L=L, mu=mu)
    x0 = np.random.default_rng(seed).normal(size=5)
    known = constants(problem, x0, stochastic=False)
    plan = gs.rf_sgs(**known, N=30, T_min=T_min).within(4000)
    trace = run(gs.gradient_sliding(problem, x0, plan), 30)
    gap, V = problem(trace.xbar) - problem.minimum, ((trace.x - problem.minimizer) ** 2).sum(-1) / 2
    gamma, B = plan.gamma[0], plan.B[0]
    T = np.concatenate([plan.T[:1], plan.T])
    E = gap + gamma * B * (1 + gs.e(T)) * V
    allowed = (1 - gamma) * E[:-1] + 4 * gamma * problem.M**2 / (B * (plan.T + 3))
    assert (E[1:] <= allowed + 1e-9 * E[0]).all()
    E0 = gs.rf_sgs_start(gap0=gap[0], V0=V[0], gamma=gamma, beta=plan.beta[0], mu=mu, T1=plan.T[0])
    np.testing.assert_allclose(E0, E[0])
    assert gap[0] <= E0 <= 2 * gap[0] * (1 + 1e-9)
    recursion = gs.rf_sgs_recursion(plan, E0=E0, M=problem.M)
    bound = gs.rf_sgs_bound(np.arange(len(plan.T) + 1), E0=E0, gamma=gamma, D=known["D"])
    assert (gap <= recursion + 1e-9 * E0).all()
    assert (recursion <= bound * (1 + 1e-9)).all()
    allowed = gs.rf_sgs_subgradients(
        trace.step, gamma=gamma, beta=plan.beta[0], mu=mu, M=problem.M, D=known["D"], T_min=T_min
    )
    assert (trace.subgradients <= allowed).all()
    steps = gs.rf_sgs_steps(0.1 * gap[0], E0=E0, gamma=gamma, D=known["D"])
    assert gs.rf_sgs_bound(steps, E0=E0, gamma=gamma, D=known["D"]) <= 0.1 * gap[0]


@settings(max_examples=20, deadline=None)
@given(st.floats(1, 50), st.floats(0.02, 5), st.floats(0.01, 10), st.integers(0, 999))
def test_accelerated_sliding_contracts_exactly_on_a_smooth_h(L, mu, eta, seed):
    smooth = Smoothed(robust_regression(seed, n=5, m=12, L=L, mu=mu), eta)
    x0 = np.random.default_rng(seed).normal(size=5)
    plan = gs.rf_ags(L=L, mu=mu, M=smooth.part.norm**2 / eta, N=40, eta=eta)
    trace = run(gs.accelerated_sliding(smooth.part, x0, plan), 40)
    best = smooth.minimizer()
    E = smooth(trace.xbar) - smooth(best) + mu / 2 * ((trace.x - best) ** 2).sum(-1)
    assert E[0] == pytest.approx(
        gs.rf_ags_start(gap0=smooth(x0) - smooth(best), V0=((x0 - best) ** 2).sum() / 2, mu=mu)
    )
    assert (E[1:] <= (1 - plan.lam[0]) * E[:-1] + 1e-9 * E[0]).all()


@pytest.mark.parametrize("seed", range(4))
def test_one_phase_of_convex_accelerated_sliding_keeps_its_guarantee(seed):
    part = robust_regression(seed, n=5, m=12, L=20.0, mu=0.05)
    plan = gs.restarted_ags(L=20.0, mu=0.05, K=part.norm, Omega=0.5, D=1.0, phases=1)
    smooth = Smoothed(part, float(plan.eta[0]))
    best, N = smooth.minimizer(), len(plan.T)
    x0 = np.random.default_rng(seed).normal(size=5)
    trace = run(gs.accelerated_sliding(part, x0, plan), N)
    V0 = ((x0 - best) ** 2).sum() / 2
    assert smooth(trace.xbar[-1]) - smooth(best) <= 8 * 20 * V0 / (N * (N + 1))


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.floats(1, 30), st.floats(0.1, 3), st.floats(0.1, 9)), min_size=2, max_size=4))
def test_a_batch_of_restarted_schedules_is_its_replicates(constants):
    L, mu, D = np.array(constants).T
    common = {"sliding": {"M": 1.0, "phases": 3}, "accelerated": {"K": 1.0, "Omega": 0.5, "phases": 3}}
    for make, rest in ((gs.m_sgs, common["sliding"]), (gs.restarted_ags, common["accelerated"])):
        together = make(L=L, mu=mu, D=D, **rest)
        for i in range(len(L)):
            alone = make(L=L[i], mu=mu[i], D=D[i], **rest)
            N = len(alone.T)
            weight, mine = alone[0], together[0][:, i]
            np.testing.assert_allclose(mine[:N], weight)
            np.testing.assert_array_equal(together.T[:N, i], alone.T)
            np.testing.assert_array_equal(together.restart[:N, i], alone.restart)
            assert not mine[N:].any()
            assert not together.T[N:, i].any()
            assert not together.restart[N:, i].any()


@settings(max_examples=20, deadline=None)
@given(st.floats(1, 30), st.integers(1, 40), st.integers(0, 999))
def test_convex_accelerated_sliding_keeps_its_bound(L, N, seed):
    part = robust_regression(seed, n=5, m=12, L=L, mu=0.05)
    smooth = Smoothed(part, 0.3)
    best, x0 = smooth.minimizer(), np.random.default_rng(seed).normal(size=5)
    plan = gs.ags_convex(L=L, M=float(part.norm) ** 2 / 0.3, N=N, eta=0.3)
    gap = smooth(run(gs.accelerated_sliding(part, x0, plan), N).xbar[1:]) - smooth(best)
    V0 = ((x0 - best) ** 2).sum() / 2
    assert (gap <= gs.ags_convex_bound(np.arange(1, N + 1), L=L, V0=V0) + 1e-10).all()


class Smoothed:
    """f + h_η + χ of a robust regression, and its minimiser by Newton's method."""

    def __init__(self, part, eta):
        self.part, self.eta = part, eta

    def __call__(self, x):
        size = abs(self.part.residual(x))
        huber = np.where(size <= self.eta, size**2 / (2 * self.eta), size - self.eta / 2).mean(-1)
        return self.part(x) - size.mean(-1) + huber

    def minimizer(self):
        part, x = self.part, np.zeros(5)
        for _ in range(200):
            inside = abs(part.residual(x)) <= self.eta
            slope = part.grad(x) + part.smooth_grad(x, self.eta) + part.mu * x
            H = part.H + part.mu * np.eye(5) + part.A.T[:, inside] @ part.A[inside] / (12 * self.eta)
            step = np.linalg.solve(H, slope)
            size = next((s for s in 0.5 ** np.arange(40) if self(x - s * step) <= self(x) - 0.1 * s * slope @ step), 0)
            x = x - size * step
        return x


def test_bounds_lie_above_the_mean_over_seeds():
    seeds = range(12)
    problem = robust_regression(seeds, **SMALL)
    x0 = np.zeros((12, 6))
    known = constants(problem, x0)
    for effort in (1.0, 0.2):
        plan = gs.rf_sgs(**known, N=60, effort=effort).within(1000)
        gap = slide(problem, x0, plan, generators(seeds)).gap
        assert (gap.mean(-1) <= bound_of(problem, x0, plan, effort).mean(-1)).all()
    phases = slide(problem, x0, gs.m_sgs(**known, phases=2), generators(seeds)).gap
    N0 = int(np.ceil(2 * np.sqrt(7 * 10 / 0.5)))
    ends = phases[::N0]
    assert (ends.mean(-1) <= gs.m_sgs_bound(np.arange(len(ends))[:, None], D=known["D"]).mean(-1)).all()
    _, V0 = initial(problem, x0)
    for stochastic, best in ((False, 1.5), (True, 0.75)):
        without_mu = {n: v for n, v in constants(problem, x0, stochastic).items() if n not in ("mu", "D")}
        for N in (3, 8):
            plan = gs.gs_convex(**without_mu, D=best * V0, N=N)
            gap = slide(problem, x0, plan, generators(seeds) if stochastic else None).gap[-1]
            bound = gs.gs_convex_bound(N, L=problem.L, V0=V0, D=best * V0, stochastic=stochastic)
            assert gap.mean() <= bound.mean()


def test_bounds_of_accelerated_sliding_lie_above_the_curves():
    problem = deblurring(range(6), n=30)
    x0 = np.zeros((6, 30))
    known = experiment.operator_constants(problem, x0)
    gap0, V0 = initial(problem, x0)
    plan = gs.rf_asgs(**known, N=40)
    curve = slide_accelerated(problem, x0, plan)
    k, eta0 = np.arange(41)[:, None], gap0 / (2 * problem.Omega)
    bound = gs.rf_asgs_bound(k, gap0=gap0, V0=V0, mu=problem.mu, lam=plan.lam[0], eta0=eta0, Omega=problem.Omega)
    assert (curve.gap <= bound).all()
    allowed = gs.rf_asgs_operators(k, L=problem.L, K=problem.norm, lam=plan.lam[0], eta0=eta0)
    assert (curve.cheap <= allowed).all()
    phases = slide_accelerated(problem, x0, gs.restarted_ags(**known, phases=5))
    ends = phases.gap[:: int(np.ceil(4 * np.sqrt(problem.L / problem.mu)))]
    assert (ends <= gs.restarted_ags_bound(np.arange(6)[:, None], D=gap0)).all()


def test_counts_are_those_of_the_oracles():
    problem, x0 = Counted(small()), np.zeros(6)
    plan = gs.rf_sgs(**constants(problem, x0), N=20)
    state = list(gs.gradient_sliding(problem, x0, plan, rng=np.random.default_rng(0)))[-1]
    assert problem.calls["gradients"] == state.gradients == 20
    assert problem.calls["samples"] == state.subgradients == plan.T.sum()

    problem = Counted(small(), {"smooth_grad": "operators"})
    plan = gs.rf_asgs(L=10.0, mu=0.5, K=problem.norm, Omega=0.5, D=5.0, N=15)
    state = list(gs.accelerated_sliding(problem, x0, plan))[-1]
    assert problem.calls["gradients"] == state.gradients == 15
    assert problem.calls["operators"] == state.operators + 1 == plan.T.sum() + 1  # one to see its shape

    plan = gs.rf_asgs(L=10.0, mu=0.5, K=problem.norm, Omega=0.5, D=5.0, N=15, sigma2=problem.sigma2)
    problem = Counted(small())
    state = list(gs.accelerated_sliding(problem, x0, plan, rng=np.random.default_rng(0)))[-1]
    assert problem.calls["samples"] == state.samples == (plan.T * plan.m).sum()


def test_a_budget_stops_each_replicate_before_the_step_that_exceeds_it():
    problem = small(range(4))
    plan = gs.rf_sgs(**constants(problem, np.zeros((4, 6))), N=300)
    cut = plan.within(500)
    spent = cut.T.sum(0)
    assert (spent <= 500).all()
    done = (cut.T > 0).sum(0)
    assert (spent + plan.T[done, range(4)] > 500).all()
    with pytest.raises(ValueError, match="budget must be at least the first inner length"):
        plan.within(0)


def test_without_h_the_method_is_an_accelerated_proximal_gradient_method():
    rng = np.random.default_rng(0)
    Q = np.linalg.qr(rng.normal(size=(6, 6)))[0]
    H = Q @ np.diag(np.geomspace(0.01, 10, 6)) @ Q.T
    problem = RobustRegression(H, rng.normal(size=6), np.zeros((4, 6)), np.zeros(4), 0.5)
    best = np.linalg.solve(H + 0.5 * np.eye(6), problem.b)
    plan = gs.rf_sgs(L=10.0, M=0.0, mu=0.5, D=1.0, N=60)
    assert (plan.T == 1).all()
    trace = run(gs.gradient_sliding(problem, np.zeros(6), plan), 60)
    gamma, beta = plan.gamma[0], plan.beta[0]
    E = problem(trace.xbar) - problem(best) + 0.25 * ((trace.x - best) ** 2).sum(-1)
    assert (E[1:41] <= (1 - gamma) * E[:40]).all()
    x = xbar = np.zeros(6)
    for k in range(1, 61):  # the accelerated method, in closed form
        xu = (1 - gamma) * xbar + gamma * x
        a = beta + (beta + 0.5) / 2
        x = problem.prox(x - problem.grad(xu) / a, 1 / a)
        xbar = (1 - gamma) * xbar + gamma * x
        np.testing.assert_allclose(trace.xbar[k], xbar, atol=1e-12)


def test_without_an_operator_accelerated_sliding_reaches_the_exact_solution():
    known = deblurring(0, n=20)
    flat = Deblurring(known.B, known.b, known.mu, weight=0.0)
    plan = gs.rf_asgs(L=1.0, mu=0.1, K=0.0, Omega=9.5, D=1.0, N=200)
    assert (plan.T == 1).all()
    trace = run(gs.accelerated_sliding(flat, np.zeros(20), plan), 200)
    exact = np.linalg.solve(flat.B.T @ flat.B + 0.1 * np.eye(20), flat.B.T @ flat.b)
    np.testing.assert_allclose(trace.xbar[-1], exact, atol=1e-7)


def test_a_tiny_smooth_part_leaves_a_proximal_subgradient_method():
    gamma = gs.restart_free_gamma(1e-12, 0.7)
    assert gamma == pytest.approx(1 / 1.5)
    assert gs.restart_free_gamma(1e-12, 0.7, 4) == pytest.approx(1 / (1 + 2 / 28))
    problem, x = small(0, mu=0.7), np.ones(6)
    inner = run(gs.prox_sliding(problem, 0 * x, x, beta=1e-12 * gamma, B=1e-12 * gamma + 0.7, T=8), 8)
    u = x
    for t in range(1, 9):
        a = 0.7 * t / 2
        u = problem.prox(u - problem.subgrad(u) / a, 1 / a)
        np.testing.assert_allclose(inner.u[t], u, atol=1e-9)


def test_accelerated_sliding_comes_to_the_certified_optimum():
    problem = deblurring(0, n=20)
    x0 = np.zeros(20)
    plan = gs.rf_asgs(**experiment.operator_constants(problem, x0), N=70)
    assert slide_accelerated(problem, x0, plan).gap[-1] < 1e-3 * (problem(x0) - problem.minimum)


CONVEX, SADDLE = {"L": 1.0, "M": 1.0, "mu": 0.1, "D": 1.0}, {"L": 1.0, "mu": 0.1, "K": 1.0, "Omega": 1.0, "D": 1.0}
GOOD = {
    gs.rf_sgs: CONVEX | {"N": 5},
    gs.m_sgs: CONVEX | {"phases": 1},
    gs.rf_ags: {"L": 1.0, "mu": 0.1, "M": 1.0, "N": 3},
    gs.rf_asgs: SADDLE | {"N": 5},
    gs.restarted_ags: SADDLE | {"phases": 1},
    gs.ags_convex: {"L": 1.0, "M": 1.0, "N": 3},
    gs.gs_convex_bound: {"N": 3, "L": 1.0, "V0": 1.0, "D": 1.0},
    gs.ags_convex_bound: {"N": 3, "L": 1.0, "V0": 1.0},
    gs.m_sgs_bound: {"s": 1, "D": 1.0},
    gs.restarted_ags_bound: {"s": 1, "D": 1.0},
    gs.rf_sgs_bound: {"k": 1, "E0": 1.0, "gamma": 0.1, "D": 1.0},
    gs.rf_sgs_steps: {"epsilon": 0.1, "E0": 1.0, "gamma": 0.1, "D": 1.0},
    gs.rf_sgs_subgradients: {"N": 3, "gamma": 0.1, "beta": 1.0, "mu": 0.1, "M": 1.0, "D": 1.0},
    gs.rf_asgs_operators: {"N": 3, "L": 1.0, "K": 1.0, "lam": 0.1, "eta0": 0.1},
    gs.rf_asgs_bound: {"k": 1, "gap0": 1.0, "V0": 1.0, "mu": 0.1, "lam": 0.1, "eta0": 0.1, "Omega": 0.5},
}
REFUSED = [
    (gs.rf_sgs, {"L": 0.0}, "L must be positive"),
    (gs.rf_sgs, {"L": np.nan}, "L must be positive"),
    (gs.rf_sgs, {"mu": 0.0}, "use gs_convex for mu = 0"),
    (gs.rf_sgs, {"M": -1.0}, "M must be finite and 0 or more"),
    (gs.rf_sgs, {"sigma2": -1.0}, "sigma2 must be finite and 0 or more"),
    (gs.rf_sgs, {"D": 0.0}, "D must be positive"),
    (gs.rf_sgs, {"D": np.array([1.0, -1.0])}, "D must be positive"),
    (gs.rf_sgs, {"D": np.inf}, "D must be positive and finite"),
    (gs.rf_sgs, {"L": "20"}, "L must be a number"),
    (gs.rf_sgs, {"N": 0}, "N must be a whole number, 1 or more"),
    (gs.rf_sgs, {"N": 2.5}, "N must be a whole number, 1 or more, got 2.5"),
    (gs.rf_sgs, {"T_min": 0}, "T_min must be a whole number, 1 or more"),
    (gs.rf_sgs, {"T_min": 1.5}, "T_min must be a whole number, 1 or more"),
    (gs.rf_sgs, {"gamma": 0.0}, r"gamma must be in \(0, 1\]"),
    (gs.rf_sgs, {"gamma": 1.5}, r"gamma must be in \(0, 1\]"),
    (gs.rf_sgs, {"beta": 0.0}, "beta must be positive"),
    (gs.rf_sgs, {"growth": 1.2}, "growth must be between 0 and 1"),
    (gs.rf_sgs, {"effort": 0.0}, "effort must be positive"),
    (gs.m_sgs, {"phases": 0}, "phases must be"),
    (gs.m_sgs, {"phases": 1.5}, "phases must be a whole number"),
    (gs.restarted_ags, {"phases": 2.5}, "phases must be a whole number"),
    (gs.ags_convex, {"N": 2.5}, "N must be a whole number"),
    (gs.ags_convex, {"M": np.nan}, "M must be finite"),
    (gs.gs_convex_bound, {"D": -1.0}, "D must be positive"),
    (gs.ags_convex_bound, {"V0": -1.0}, "V0 must be finite and 0 or more"),
    (gs.m_sgs_bound, {"D": -1.0}, "D must be positive"),
    (gs.restarted_ags_bound, {"D": np.nan}, "D must be positive"),
    (gs.rf_sgs_bound, {"D": -1.0}, "D must be positive"),
    (gs.rf_asgs_bound, {"D": -1.0}, "D must be 0 or more"),
    (gs.rf_sgs_bound, {"gamma": 3.0}, r"gamma must be in \(0, 1\]"),
    (gs.rf_sgs_bound, {"k": -1}, "k must be finite and 0 or more"),
    (gs.rf_asgs_bound, {"lam": 3.0}, r"lam must be in \(0, 1\]"),
    (gs.rf_asgs_bound, {"k": np.array([0, -1])}, "k must be finite and 0 or more"),
    (gs.m_sgs_bound, {"s": -1}, "s must be finite and 0 or more"),
    (gs.restarted_ags_bound, {"s": -1}, "s must be finite and 0 or more"),
    (gs.rf_sgs_steps, {"epsilon": 0.0}, "epsilon must be positive"),
    (gs.rf_sgs_steps, {"gamma": 3.0}, r"gamma must be in \(0, 1\]"),
    (gs.rf_sgs_subgradients, {"N": -1}, "N must be 0 or more"),
    (gs.rf_asgs_operators, {"N": -1}, "N must be 0 or more"),
    (gs.m_sgs, {"mu": 0.0}, "mu must be positive"),
    (gs.rf_asgs, {"eta0": 0.0}, "eta0 must be positive"),
    (gs.rf_asgs, {"K": -1.0}, "K must be finite and 0 or more"),
    (gs.rf_asgs, {"Omega": 0.0}, "Omega must be positive"),
    (gs.rf_asgs, {"N": 0}, "N must be"),
    (gs.rf_asgs, {"mu": -1.0}, "mu must be positive"),
    (gs.restarted_ags, {"phases": 0}, "phases must be"),
    (gs.rf_ags, {"M": -1.0}, "M must be finite and 0 or more"),
]


@pytest.mark.parametrize(("schedule", "change", "says"), REFUSED)
def test_bad_input_is_refused(schedule, change, says):
    with pytest.raises(ValueError, match=says):
        schedule(**(GOOD[schedule] | change))


def test_bad_runs_are_refused_at_the_call():
    problem = small()
    plan = gs.rf_sgs(**constants(problem, np.zeros(6)), N=5)
    with pytest.raises(ValueError, match="x0 must be finite"):
        gs.gradient_sliding(problem, np.full(6, np.nan), plan)
    huge = gs.rf_sgs(**constants(problem, np.zeros(6)), N=400)
    with pytest.raises(ValueError, match=r"needs .*e\+\d+ subgradients.*increase D or reduce N"):
        gs.gradient_sliding(problem, np.zeros(6), huge)
    with pytest.raises(ValueError, match="number of generators must be 2"):
        gs.gradient_sliding(problem, np.zeros((2, 6)), plan, rng=[np.random.default_rng(0)])

    saddle = {"L": problem.L, "mu": problem.mu, "K": problem.norm, "Omega": 0.5, "D": 1.0}
    with pytest.raises(ValueError, match=r"operators.*increase D or reduce N"):
        gs.accelerated_sliding(problem, np.zeros(6), gs.rf_asgs(**saddle, N=500))
    with pytest.raises(ValueError, match="shape that prox returns"):
        gs.gradient_sliding(Cut(problem, "prox"), np.zeros(6), plan)
    with pytest.raises(ValueError, match="shape that smooth_grad returns"):
        gs.accelerated_sliding(Cut(problem, "smooth_grad"), np.zeros(6), gs.rf_asgs(**saddle, N=5))


class Cut:
    """A problem of which one oracle returns arrays that are too short."""

    def __init__(self, problem, oracle):
        self.problem, self.oracle = problem, oracle

    def __getattr__(self, name):
        whole = getattr(self.problem, name)
        return (lambda *given: whole(*given)[..., :2]) if name == self.oracle else whole


def test_one_generator_is_split_for_a_batch():
    problem = small([0, 1])
    plan = gs.rf_sgs(**constants(problem, np.zeros((2, 6))), N=5)
    one = run(gs.gradient_sliding(problem, np.zeros((2, 6)), plan, rng=np.random.default_rng(4)), 5)
    two = run(gs.gradient_sliding(problem, np.zeros((2, 6)), plan, rng=np.random.default_rng(4).spawn(2)), 5)
    np.testing.assert_array_equal(one.xbar, two.xbar)


def test_the_portfolio_stays_on_the_simplex():
    problem = portfolio(0, n=6, m=15)
    x0 = np.eye(6)[0]
    plan = gs.rf_sgs(**constants(problem, x0), N=20).within(500)
    trace = run(gs.gradient_sliding(problem, x0, plan, rng=np.random.default_rng(0)), 20)
    assert (trace.xbar >= 0).all()
    np.testing.assert_allclose(trace.xbar.sum(-1), 1)
