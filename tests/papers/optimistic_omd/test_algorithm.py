from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import softmax

from optilab.classics.online_descent import ogd
from optilab.core.run import run
from optilab.papers.optimistic_omd import algorithm as alg
from optilab.papers.optimistic_omd.algorithm import Constant, Convex, Practical, StronglyConvex, ensemble, optimistic
from optilab.papers.optimistic_omd.problems import (
    Linear,
    Tracking,
    alternating,
    fixed,
    linearised_regret,
    regression,
    rotating,
    spinning,
    switching,
    tracking,
)
from optilab.problems.mirror import Entropy
from optilab.problems.oracles import Revealed
from optilab.problems.simple import Ball, Box, Simplex, Zero

seeds = st.integers(0, 2**31)


def rng(seed=0):
    return np.random.default_rng(seed)


def given_gradients(g):
    return Linear(g, np.zeros_like(g))


def into_ball(point, radius=1.0):
    return point * min(1.0, radius / max(np.linalg.norm(point), 1e-300))


# ---- optimistic mirror descent


def test_the_run_is_the_pseudo_code_written_out():
    g = rng().normal(size=(40, 3))
    G, delta, c = float(np.linalg.norm(g, axis=-1).max()), 0.7, 1.5
    trace = run(optimistic(given_gradients(g), [0.1, 0.2, 0.3], steps=Convex(2.0, G, delta, c)), 40)
    xhat, M, V = np.array([0.1, 0.2, 0.3]), np.zeros(3), 0.0
    for t in range(40):
        eta = 2.0 / np.sqrt(delta + (1 + c) ** 2 * G**2 + V)
        x = into_ball(xhat - eta * M)
        assert trace.eta[t] == pytest.approx(eta)
        np.testing.assert_allclose(trace.x[t], x, atol=1e-14)
        np.testing.assert_allclose(trace.xhat[t], xhat, atol=1e-14)
        xhat = into_ball(xhat - eta * g[t])
        V += ((g[t] - M) ** 2).sum()
        M = g[t]
    assert len(trace.x) == 41  # the plays of 40 rounds, and one more
    np.testing.assert_array_equal(trace.g[1:], g)


@dataclass(frozen=True)
class Greedy:
    """An adversary that answers with the gradient that is worst against the hint or against the play."""

    T: int
    against: str

    def reveal(self, t, x):
        away = -x if self.against == "play" else np.where(t % 3 == 0, 1.0, -1.0) * np.ones_like(x)
        away = away + 0.01 * np.cos(t * np.arange(x.shape[-1]))
        g = away / np.linalg.norm(away, axis=-1, keepdims=True)
        return Revealed(-g, -(g * x).sum(-1), -g)


def sequences(draw, T, d):
    kind = draw.integers(6)
    noise = draw.normal(size=(T, d))
    if kind == 0:
        return noise
    if kind == 1:
        return np.sign(noise)
    if kind == 2:
        return np.sign(np.sin(np.arange(T) / draw.uniform(1, 20)))[:, None] * np.ones(d)
    if kind == 3:
        return np.cumsum(noise, 0)
    if kind == 4:
        return noise * (draw.random(T) < 0.1)[:, None]
    return (-1.0) ** np.arange(T)[:, None] * (1 + 0.1 * noise)


@given(seed=seeds, T=st.integers(1, 60), d=st.integers(1, 4))
@settings(max_examples=60, deadline=None)
def test_the_bound_holds_on_every_path_at_every_prefix(seed, T, d):
    draw = rng(seed)
    g = sequences(draw, T, d)
    G, delta = float(np.linalg.norm(g, axis=-1).max()) or 1.0, draw.exponential()
    trace = run(optimistic(given_gradients(g), np.zeros(d), steps=Convex(2.0, G, delta)), T)
    assert (linearised_regret(g, trace.x[:T]) <= alg.path_bound(trace.V[1:], 2.0, G, delta) + 1e-9).all()


@pytest.mark.parametrize("against", ["play", "hint"])
def test_the_bound_holds_against_adversaries(against):
    trace = run(optimistic(Greedy(300, against), np.zeros(3), steps=Convex(2.0, 1.0, 0.1)), 300)
    regret = linearised_regret(trace.g[1:], trace.x[:-1])
    assert (regret <= 0.5 * alg.path_bound(trace.V[1:], 2.0, 1.0, 0.1)).all()


def test_without_projections_the_price_is_the_surprise():
    losses = tracking(fixed(50), 0.3, range(2))
    trace = run(optimistic(losses, np.zeros((2, 5)), steps=Convex(2.0, 4.0, 1.0), domain=Zero()), 50)
    price = trace.eta[:-1, :, None] * (trace.g[1:] - trace.M[:-1])
    np.testing.assert_allclose(trace.x[:-1] - trace.xhat[1:], price, atol=1e-14)


def test_a_hint_of_0_is_plain_mirror_descent():
    g = rng(1).normal(size=(30, 2))
    steps = Convex(2.0, 5.0, 1.0)
    trace = run(optimistic(given_gradients(g), np.zeros(2), steps=steps, hint=lambda t, g: 0 * g), 30)
    np.testing.assert_array_equal(trace.x, trace.xhat)
    np.testing.assert_allclose(trace.V[1:], np.cumsum((g**2).sum(-1)))
    plain = run(ogd(given_gradients(g), np.zeros(2), alpha=lambda t: trace.eta[t - 1]), 30).x
    np.testing.assert_allclose(trace.x, plain, atol=1e-14)


def test_a_hint_that_knows_the_gradient_pays_for_the_start_alone():
    g = rng(2).normal(size=(200, 3))
    G, delta = float(np.linalg.norm(g, axis=-1).max()), 0.5
    hint = lambda t, last: g[t - 1] if t <= 200 else last  # noqa: E731
    trace = run(optimistic(given_gradients(g), np.zeros(3), steps=Convex(2.0, G, delta), hint=hint), 200)
    np.testing.assert_allclose(trace.x[:-1], trace.xhat[1:], atol=1e-14)
    assert trace.V[-1] == 0
    regret = linearised_regret(g, trace.x[:-1])
    assert 0 < regret.max() <= 2.0 * np.sqrt(delta + 4 * G**2) / 2 / 4  # a quarter, from the centre


def test_the_entropy_map_makes_it_optimistic_hedge():
    g = rng(3).normal(size=(25, 4))
    start = np.full(4, 0.25)
    path = optimistic(given_gradients(g), start, steps=Constant(0.3), mirror=Entropy(), domain=Simplex())
    trace = run(path, 25)
    before = np.cumsum(g, 0) - g
    for t in range(1, 25):
        np.testing.assert_allclose(trace.x[t], softmax(-0.3 * (before[t] + g[t - 1])), atol=1e-13)
    assert trace.V[-1] == pytest.approx(sum(abs(np.diff(g, axis=0, prepend=0)).max(-1) ** 2))


def test_step_sizes_are_what_they_are_called():
    V, first = np.array([0.0, 5.0]), np.array([4.0, 1.0])
    np.testing.assert_allclose(Convex(2.0, 1.5, 1.0)(7, V, first), 2 / np.sqrt(1 + 9 + V))
    np.testing.assert_allclose(Convex(2.0, 1.5, 1.0, 2.0)(7, V, first), 2 / np.sqrt(1 + 20.25 + V))
    np.testing.assert_allclose(Convex(2.0, 1.5, 1.0, 0.3)(7, V, first), Convex(2.0, 1.5, 1.0)(7, V, first))
    np.testing.assert_allclose(Practical(2.0, 0.1)(7, V, first), 2 / np.sqrt([4.0, 6.0]))
    np.testing.assert_allclose(Practical(2.0, 1.0)(7, V, first), 2 / np.sqrt([40.0, 45.0]))
    assert StronglyConvex(0.5)(8, V, first) == 0.5
    assert Constant(0.3)(8, V, first) == 0.3
    assert alg.best_delta(2.0, 3.0) == 360
    assert alg.exp_concave_beta(2.0, 2.0, 0.25) == 1 / 32
    assert alg.exp_concave_beta(2.0, 2.0, 0.01) == 0.005


def test_practical_steps_wait_for_a_gradient_and_know_the_first():
    g = np.array([[0.0, 0.0], [0.0, 0.0], [3.0, 4.0], [1.0, 0.0]])
    waiting = run(optimistic(given_gradients(g), np.zeros(2), steps=Practical(2.0)), 4)
    np.testing.assert_array_equal(waiting.x[:3], 0)
    np.testing.assert_array_equal(waiting.xhat[3], 0)
    assert waiting.eta[3] == pytest.approx(2 / 5)
    trace = run(optimistic(given_gradients(g[2:]), np.zeros(2), steps=Practical(2.0)), 2)
    np.testing.assert_allclose(trace.xhat[1], into_ball(-2 / 5 * g[2]))
    assert trace.eta[1] == pytest.approx(2 / np.sqrt(50))
    assert trace.eta[0] == 0  # what was known before g_1; the correction was made by 2/5


def test_the_first_hint_is_free_where_steps_dont_wait_for_a_gradient():
    g, M = rng(5).normal(size=(2, 3, 2))
    for steps in (Constant(0.1), StronglyConvex(4.0), Practical(2.0, 3.0)):
        trace = run(optimistic(given_gradients(g), np.zeros(2), steps=steps, hint=lambda t, _: M[t - 1]), 2)
        np.testing.assert_allclose(trace.x[0], into_ball(-trace.eta[0] * M[0]))
        np.testing.assert_allclose(trace.xhat[1], into_ball(-trace.eta[0] * g[0]))


def test_without_an_offset_smoothness_has_no_bound():
    assert alg.convex_bound(1.0, 1.0, 2.0, 1.0, 3.0, delta=0.0) == np.inf
    np.testing.assert_array_equal(np.isfinite(alg.convex_bound(1.0, 1.0, 2.0, 1.0, np.array([0.0, 3.0]), 0.0)), [1, 0])


# ---- the metric that learns


def test_without_a_metric_it_is_optimistic_descent_of_constant_steps():
    losses = regression(60, range(2))
    flat = run(alg.exp_concave(losses, np.zeros((2, 5)), beta=0.0, G=2.0), 60)
    np.testing.assert_array_equal(flat.H, np.broadcast_to(np.eye(5), flat.H.shape))
    constant = run(optimistic(losses, np.zeros((2, 5)), steps=Constant(1.0)), 60)
    np.testing.assert_allclose(flat.x, constant.x, atol=1e-12)


def nearest(point, H):
    """The projection onto the unit ball in the norm of H, by a solver."""
    ball = {"type": "ineq", "fun": lambda z: 1 - z @ z, "jac": lambda z: -2 * z}
    found = minimize(
        lambda z: (z - point) @ H @ (z - point) / 2,
        into_ball(point, 0.9),
        jac=lambda z: H @ (z - point),
        constraints=[ball],
        method="SLSQP",
        options={"ftol": 1e-14, "maxiter": 300},
    )
    return found.x


def test_the_metric_s_run_is_the_pseudo_code_written_out():
    g = 2 * rng(5).normal(size=(12, 3))
    G, beta = float(np.linalg.norm(g, axis=-1).max()), 0.05
    trace = run(alg.exp_concave(given_gradients(g), np.zeros(3), beta=beta, G=G), 12)
    H, xhat, M, outside = (1 + beta / 2 * G**2) * np.eye(3), np.zeros(3), np.zeros(3), 0
    for t in range(12):
        np.testing.assert_allclose(trace.H[t], H, atol=1e-12)
        there = xhat - np.linalg.solve(H, M)
        outside += np.linalg.norm(there) > 1
        np.testing.assert_allclose(trace.x[t], nearest(there, H), atol=2e-6)
        xhat = nearest(xhat - np.linalg.solve(H, g[t]), H)
        H, M = H + beta / 2 * np.outer(g[t], g[t]), g[t]
    assert outside >= 3


# ---- the ensemble


def test_the_pool_doubles_up_to_its_cap():
    etas = alg.pool(3000, 2.0, 3.3, 1.0)
    assert len(etas) == 6
    np.testing.assert_allclose(etas[:-1], 0.003912 * 2.0 ** np.arange(5), rtol=1e-3)
    assert etas[-1] == 0.125
    assert alg.pool(10, 2.0, 1.0, 10.0).tolist() == [1 / 80]
    one, two = (alg.pool(T, 2.0, 1.0, 1.0) for T in (1000, 4000))
    np.testing.assert_allclose(two[1:], one, rtol=1e-12)


def test_an_ensemble_of_one_is_its_base():
    losses = tracking(switching(80, 20), 0.5, range(3))
    alone = run(optimistic(losses, np.zeros((3, 5)), steps=Constant(0.1)), 80)
    ensembled = run(ensemble(losses, np.zeros((3, 5)), D=2.0, G=9.0, L=1.0, etas=[0.1]), 80)
    np.testing.assert_allclose(ensembled.x, alone.x, atol=1e-13)
    np.testing.assert_array_equal(ensembled.p, 1)


@pytest.mark.parametrize(("L", "etas", "switching_cost"), [(1.0, None, None), (0.0, [0.05, 0.2, 0.8], 0.7)])
def test_the_ensemble_is_the_pseudo_code_written_out(L, etas, switching_cost):
    losses = Tracking(*(0.5 * rng(seed).normal(size=(60, 3)) for seed in (6, 7)))
    trace = run(ensemble(losses, np.zeros(3), D=2.0, G=8.0, L=L, etas=etas, switching=switching_cost), 60)
    etas = np.array(alg.pool(60, 2.0, 8.0, L) if etas is None else etas)
    cost = 2 * L if switching_cost is None else switching_cost
    cap = 1 / (8 * 4 * L) if L else np.inf
    xhat, log_phat = np.zeros((len(etas), 3)), np.zeros(len(etas))
    before, g, C, eps = xhat, np.zeros(3), 1.0, min(cap, 1.0)
    for t in range(60):
        bases = np.array([into_ball(xhat[i] - etas[i] * g) for i in range(len(etas))])
        s = cost * ((bases - before) ** 2).sum(-1) if t else 0.0
        m = bases @ g + s
        p = softmax(log_phat - eps * m)
        np.testing.assert_allclose(trace.p[t], p, atol=1e-12)
        np.testing.assert_allclose(trace.x[t], p @ bases, atol=1e-12)
        assert trace.C[t] == pytest.approx(C)
        g = losses.reveal(t + 1, p @ bases).g
        loss = bases @ g + s
        log_phat = log_phat - eps * loss
        C += abs(loss - m).max() ** 2
        eps = min(cap, C**-0.5)
        xhat = np.array([into_ball(xhat[i] - etas[i] * g) for i in range(len(etas))])
        before = bases
    assert trace.p[-1].max() - trace.p[-1].min() > 0.01


# ---- the rivals


def least(value, slope, start):
    ball = {"type": "ineq", "fun": lambda z: 1 - z @ z, "jac": lambda z: -2 * z}
    options = {"ftol": 1e-14, "maxiter": 300}
    return minimize(value, start, jac=slope, constraints=[ball], method="SLSQP", options=options).x


def test_ftrl_plays_the_minimiser_of_its_sum():
    g = rng(8).normal(size=(15, 3))
    trace = run(alg.optimistic_ftrl(given_gradients(g), np.zeros(3), D=2.0, nu=3.0), 15)
    weighed, M = 0.0, np.zeros(3)
    for t in range(15):
        eta = 4.0 / (3.0 + weighed)
        assert trace.eta[t] == pytest.approx(eta)
        led = g[:t].sum(0) + M
        best = least(lambda x, led=led, eta=eta: led @ x + x @ x / eta,
                     lambda x, led=led, eta=eta: led + 2 * x / eta, trace.x[t - 1] * 0.5)  # fmt: skip
        np.testing.assert_allclose(trace.x[t], best, atol=2e-6)
        weighed += eta * ((g[t] - M) ** 2).sum()
        M = g[t]


def test_ftl_plays_the_minimiser_of_its_sum():
    losses, mu = tracking(fixed(12, 3), 0.8, [4]), 0.7
    trace = run(alg.optimistic_ftl(losses, np.zeros((1, 3)), mu=mu), 12)
    x, g = trace.x[:, 0], trace.g[1:, 0]
    for t in range(1, 12):
        led = g[:t].sum(0) + g[t - 1]
        best = least(lambda z, t=t, led=led: led @ z + mu / 2 * ((z - x[:t]) ** 2).sum(),
                     lambda z, t=t, led=led: led + mu * (z - x[:t]).sum(0), np.zeros(3))  # fmt: skip
        np.testing.assert_allclose(x[t], best, atol=2e-6)
    np.testing.assert_array_equal(x[0], 0)


# ---- bounds


def test_worked_numbers_of_the_convex_bound():
    def moving(P, sigma):
        losses = spinning(4000, P, sigma, [0])
        G, D = 1.0, 2.0
        whole = alg.convex_bound(losses.noise_total, losses.drift_total, D, G, 0.0, 0.0)
        return float(np.squeeze(whole)) - 2.5 * np.sqrt(5) * D * G

    found = [moving(100, sigma) for sigma in (0, 0.1, 0.3, 1.0)]
    np.testing.assert_allclose(found, [41, 130, 309, 935], atol=0.6)
    assert moving(np.inf, 1.0) == pytest.approx(904, abs=0.6)


def test_constants_of_the_bounds():
    smooth = alg.convex_bound(0.0, 0.0, 2.0, 1e-9, 3.0)
    assert smooth == pytest.approx(5 * np.sqrt(10) * 4 * 3)
    assert alg.convex_bound(0.0, 0.0, 2.0, 1e-9, 3.0, 400.0) > smooth
    assert alg.ftrl_worst(100, 2.0, 3.0) == pytest.approx(6 * (30 * np.sqrt(2) + 4))
    assert alg.ftrl_bound(100.0, 50.0, 2.0, 1.0, 4.0) == pytest.approx(120 + 60 + 3 * np.sqrt(2) + 4 + 4)
    assert alg.ftl_bound(100, 2.0, 1.0, 1.0, 1.0, 2.0) == pytest.approx(10 * np.log(100) + 2 * np.log(9))
    assert alg.lower_shape(4.0, 9.0, 2.0) == 10
    assert alg.dynamic_shape(4.0, 9.0, 3.0) == 13
    assert alg.exp_concave_shape(np.e - 1, 0.0, 5, 0.25) == pytest.approx(20)
    assert alg.strongly_convex_shape(3 * (np.e - 1), 0.0, 1.0, 2.0, 0.5) == pytest.approx(6)


def test_expected_regret_keeps_its_bounds():
    T, many = 400, range(20)
    for losses, D, G, L in (
        (spinning(T, 50, 0.5, many), 2.0, None, 0.0),
        (tracking(fixed(T), 0.5, many), 2.0, 4.0, 1.0),
    ):
        G = float(losses.G.max()) if G is None else G
        x1 = np.zeros((len(many), 2 if L == 0 else 5))
        delta = float(alg.best_delta(D, L)) or 1.0
        regret = losses.static_regret(run(optimistic(losses, x1, steps=Convex(D, G, delta)), T, keep=["x"]).x[:T])
        sums = float(np.max(losses.noise_total)), float(np.max(losses.drift_total))
        assert regret[-1].mean() <= alg.convex_bound(*sums, D, G, L, delta)
        nu = L * D**2 + 2 * D * G
        regret = losses.static_regret(run(alg.optimistic_ftrl(losses, x1, D=D, nu=nu), T, keep=["x"]).x[:T])
        assert regret[-1].mean() <= alg.ftrl_bound(*sums, D, G, nu, L)


def test_alternating_losses_pay_what_is_known():
    T = 4000
    losses = alternating(T)
    trace = run(optimistic(losses, np.zeros(2), steps=Convex(2.0, 1.0, 1.0)), T)
    assert trace.V[-1] == 1 + 4 * (T - 1)
    assert losses.static_regret(trace.x[:T])[-1] == pytest.approx(186.3, abs=0.1)
    assert alg.path_bound(trace.V[-1], 2.0, 1.0, 1.0) == pytest.approx(5 * np.sqrt(5 + 4 * T - 3))


# ---- bad input

DISC, START = spinning(5, 10.0, 0.0, [0]), np.zeros((1, 2))
BAD = [
    (lambda: Convex(0.0, 1.0, 1.0), "D must be positive"),
    (lambda: Convex(2.0, 0.0, 1.0), "G must be positive"),
    (lambda: Convex(2.0, 1.0, -1.0), "delta must be 0 or more"),
    (lambda: Convex(2.0, 1.0, 1.0, -1.0), "c must be 0 or more"),
    (lambda: Practical(2.0, -1.0), "L must be 0 or more"),
    (lambda: Practical(0.0), "D must be positive"),
    (lambda: StronglyConvex(0.0), "lam must be positive"),
    (lambda: Constant(-1.0), "eta must be positive"),
    (lambda: alg.best_delta(2.0, -1.0), "L must be 0 or more"),
    (lambda: alg.exp_concave_beta(2.0, 2.0, 0.0), "alpha must be positive"),
    (lambda: alg.exp_concave_beta(-1.0, 2.0, 1.0), "G must be positive"),
    (lambda: optimistic(DISC, np.array([[0.8, 0.8]]), steps=Convex(2.0, 1.0, 1.0)), "the start must be in the domain"),
    (lambda: optimistic(DISC, START, steps=Convex(2.0, 1.0, 1.0), mirror=Entropy()), "Simplex"),
    (lambda: alg.exp_concave(DISC, START, beta=-0.1, G=1.0), "beta must be 0 or more"),
    (lambda: alg.exp_concave(DISC, START, beta=0.1, G=0.0), "G must be positive"),
    (lambda: alg.exp_concave(DISC, START, beta=0.1, G=1.0, domain=Box(-1.0, 1.0)), "a Ball"),
    (lambda: alg.exp_concave(DISC, START + 2, beta=0.1, G=1.0), "the start must be in the domain"),
    (lambda: ensemble(DISC, START, D=2.0, G=1.0, L=0.0), "L must be positive, for .* give the step sizes"),
    (lambda: ensemble(DISC, START, D=0.0, G=1.0, L=1.0), "D must be positive"),
    (lambda: ensemble(DISC, START, D=2.0, G=0.0, L=1.0), "G must be positive"),
    (lambda: ensemble(DISC, START, D=2.0, G=1.0, L=-1.0), "L must be 0 or more"),
    (lambda: ensemble(DISC, START, D=2.0, G=1.0, L=1.0, switching=-1.0), "switching must be 0 or more"),
    (lambda: ensemble(DISC, START, D=2.0, G=1.0, L=1.0, etas=[0.1, 0.0]), "etas must be positive"),
    (lambda: ensemble(DISC, START + 2, D=2.0, G=1.0, L=1.0), "the start must be in the domain"),
    (lambda: alg.pool(0, 2.0, 1.0, 1.0), "T must be a whole number, 1 or more"),
    (lambda: alg.optimistic_ftrl(DISC, START, D=0.0, nu=1.0), "D must be positive"),
    (lambda: alg.optimistic_ftrl(DISC, START, D=2.0, nu=0.0), "nu must be positive"),
    (lambda: alg.optimistic_ftrl(DISC, START + 2, D=2.0, nu=1.0), "the start must be in the domain"),
    (lambda: alg.optimistic_ftl(DISC, START, mu=0.0), "mu must be positive"),
    (lambda: alg.optimistic_ftl(DISC, START + 2, mu=1.0), "the start must be in the domain"),
    (lambda: alg.strongly_convex_shape(1.0, 1.0, 0.0, 0.0, 1.0), "noise_max . drift_max must be positive"),
    (lambda: alg.strongly_convex_shape(1.0, 1.0, -1.0, 2.0, 1.0), "noise_max must be 0 or more"),
    (lambda: alg.path_bound(np.array(-1.0), 2.0, 1.0, 1.0), "V must be 0 or more"),
    (lambda: alg.ftl_bound(0, 1.0, 1.0, 1.0, 1.0, 1.0), "T must be whole, 1 or more"),
    (lambda: alg.ftrl_worst(-1, 2.0, 1.0), "T must be whole, 1 or more"),
    (lambda: alg.ftrl_worst(np.array([3.0, 2.5]), 2.0, 1.0), "T must be whole, 1 or more"),
    (lambda: alg.exp_concave_shape(1.0, 1.0, -3, 0.5), "d must be a whole number, 1 or more"),
    (
        lambda: run(optimistic(DISC, START, steps=Practical(2.0), hint=lambda t, g: g + 1), 2),
        "the first hint M_1 must be 0 with steps that ask for g_1",
    ),
]


@pytest.mark.parametrize(("call", "message"), BAD)
def test_what_can_t_be_used_is_refused_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()


METHODS = {
    "optimistic": lambda losses, x1: optimistic(losses, x1, steps=Convex(2.0, 1.0, 1.0)),
    "exp_concave": lambda losses, x1: alg.exp_concave(losses, x1, beta=0.1, G=1.0),
    "ensemble": lambda losses, x1: ensemble(losses, x1, D=2.0, G=1.0, L=1.0),
}
SUMS = {
    "optimistic_ftrl": lambda losses, x1: alg.optimistic_ftrl(losses, x1, D=2.0, nu=1.0),
    "optimistic_ftl": lambda losses, x1: alg.optimistic_ftl(losses, x1, mu=1.0),
}


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_a_gradient_longer_than_G_voids_the_bound_and_is_refused(method):
    g = np.ones((5, 2)) * np.array([0.1, 0.2, 0.9, 0.1, 0.1])[:, None]
    with pytest.raises(ValueError, match=r"G = 1.0 is violated at round 3: .* the bound is void"):
        list(method(given_gradients(g), np.zeros(2)))


@pytest.mark.parametrize("method", (METHODS | SUMS).values(), ids=METHODS | SUMS)
@pytest.mark.parametrize(
    ("bad", "message"), [(np.array([np.nan, 0.0]), "round 2 must be finite"), (np.zeros(3), "shape of the gradient")]
)
def test_a_gradient_that_is_none_is_refused(method, bad, message):
    class Broken:
        T = 5

        def reveal(self, t, x):
            g = bad if t == 2 else np.zeros(2)
            return Revealed(g, np.zeros(()), g)

    with pytest.raises(ValueError, match=message):
        list(method(Broken(), np.zeros(2)))


@pytest.mark.parametrize("method", (METHODS | SUMS).values(), ids=METHODS | SUMS)
def test_no_rounds_are_refused(method):
    with pytest.raises(ValueError, match="the number of rounds T must be a whole number, 1 or more"):
        method(Greedy(0, "play"), np.zeros(2))


def test_a_start_of_another_batch_is_refused():
    with pytest.raises(ValueError, match=r"the shape of the gradient of round 1 must be that of x, \(2,\)"):
        list(optimistic(DISC, np.zeros(2), steps=Convex(2.0, 1.0, 1.0)))


def test_too_much_noise_is_refused_where_G_was_promised():
    losses = tracking(rotating(3000, 200), 1.5, range(10))  # of seed 6 one gradient is too long
    with pytest.raises(ValueError, match="is violated at round"):
        list(optimistic(losses, np.zeros((10, 5)), steps=Convex(2.0, 1.8 + 1.5 * 1.5, 40.0)))


def test_other_sets_will_do():
    g = rng(9).normal(size=(30, 2))
    box = run(optimistic(given_gradients(g), np.zeros(2), steps=Convex(3.0, 5.0, 1.0), domain=Box(-1.0, 1.0)), 30)
    assert abs(box.x).max() <= 1
    large = run(optimistic(given_gradients(g), np.zeros(2), steps=Convex(20.0, 5.0, 1.0), domain=Ball(10.0)), 30)
    assert np.linalg.norm(large.x, axis=-1).max() > 1


def test_steps_that_are_far_too_long_swing_and_stay_in_the_ball():
    losses = tracking(fixed(200), 0.3, range(3))
    trace = run(optimistic(losses, np.zeros((3, 5)), steps=Constant(50.0)), 200)
    lengths = np.linalg.norm(trace.x, axis=-1)
    assert lengths.max() <= 1 + 1e-12
    assert (lengths[20:] > 0.99).mean() > 0.5
    assert np.linalg.norm(np.diff(trace.x[20:], axis=0), axis=-1).mean() > 1
