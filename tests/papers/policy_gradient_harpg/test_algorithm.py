"""Corrected policy gradients: methods and bounds."""

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optilab.core.counted import Counted
from optilab.core.numerics import unit
from optilab.core.run import run
from optilab.papers.policy_gradient_harpg import algorithm as alg
from optilab.papers.policy_gradient_harpg.algorithm import METHODS, steps, theory, weights
from optilab.papers.policy_gradient_harpg.problems.linear_gaussian import LinearGaussian
from optilab.papers.policy_gradient_harpg.problems.pendulum import Pendulum
from optilab.papers.policy_gradient_harpg.problems.softmax_mdp import CURVATURE, SCORE, SKEW, SoftmaxMDP
from optilab.problems.mdp import random_mdp

PLANT = LinearGaussian(H=8)
quiet = settings(max_examples=20, deadline=None)


def rng(seed=0):
    return np.random.default_rng(seed)


class Tau(NamedTuple):
    noise: np.ndarray


class Exact:
    """Noise-free oracles of J = b·θ + ½ θᵀMθ + Σ kᵢθᵢ³/6."""

    def __init__(self, size, seed, cubic=0.0):
        M = rng(seed).normal(size=(size, size))
        self.M, self.b, self.p = (M + M.T) / 2, rng(seed + 1).normal(size=size), size
        self.k = cubic * rng(seed + 2).normal(size=size)

    def grad(self, theta):
        return theta @ self.M + self.b + self.k * theta**2 / 2

    def sample(self, rng, size):
        return rng.normal(size=size)

    def rollout(self, theta, noise):
        return Tau(noise)

    def g(self, tau, theta):
        return self.grad(theta)

    def Bu(self, tau, theta, u):
        return u @ self.M + self.k * theta * u


def follow(name, problem, theta0, T, seed=0, **settings):
    return run(METHODS[name](problem, theta0, T=T, rng=rng(seed), **settings), T)


# The paper's methods


@quiet
@given(st.integers(1, 6), st.integers(0, 10_000), st.floats(0.01, 3))
def test_on_a_quadratic_without_noise_both_corrections_are_exact_and_momentum_is_not(size, seed, gamma0):
    problem = Exact(size, seed)
    start = rng(seed).normal(size=(3, size))
    igt, harpg, momentum = (
        follow(name, problem, start, 30, gamma0=gamma0) for name in ("N-PG-IGT", "N-HARPG", "N-MPG")
    )
    far = np.linalg.norm(problem.grad(igt.theta), axis=-1).min(0) > 0.1  # near 0 normalising magnifies rounding
    np.testing.assert_allclose(igt.theta[:, far], harpg.theta[:, far], atol=1e-7)
    for trace in (igt, harpg):
        np.testing.assert_allclose(trace.d[1:], problem.grad(trace.theta_prev[1:]), atol=1e-7)
    lag = abs(momentum.d[2:] - problem.grad(momentum.theta_prev[2:]))
    assert lag.max() > 1e-3 * gamma0 * abs(problem.M).max()


def test_a_direction_of_zero_makes_no_step():
    np.testing.assert_array_equal(unit(np.array([[0.0, 0.0], [3.0, 4.0]])), [[0, 0], [0.6, 0.8]])
    flat = Exact(2, 0)
    flat.M, flat.b = np.zeros((2, 2)), np.zeros(2)
    for name in ("N-PG-IGT", "N-HARPG", "N-MPG", "N-PG"):
        np.testing.assert_array_equal(follow(name, flat, np.ones(2), 5, gamma0=1.0).theta, 1)


@pytest.mark.parametrize("name", METHODS)
def test_the_same_seed_gives_the_same_run_and_trajectories_are_counted(name):
    counted = Counted(PLANT, {"sample": "trajectories"})
    states = METHODS[name](counted, np.zeros((3, 2)), T=9, gamma0=0.01, N=4, rng=rng(5))
    trace = run(states, 100, oracle=counted)
    assert len(trace.theta) == 10
    assert trace.calls["trajectories"][-1] == alg.trajectories(name, 9, 4)
    np.testing.assert_array_equal(follow(name, PLANT, np.zeros((3, 2)), 9, 5, gamma0=0.01, N=4).theta, trace.theta)


# Against the same methods written out for one run, step by step


def weighted(tau, i, theta, drawn_at):
    """The importance-weighted gradient of one trajectory of the plant, reward by reward."""
    s, a, r = tau.s[i], tau.a[i], tau.r[i]
    total, log_w, scores = np.zeros(2), 0.0, np.zeros(2)
    for h in range(len(r)):
        now, then = a[h] - s[h] @ theta, a[h] - s[h] @ drawn_at
        log_w += (then**2 - now**2) / (2 * PLANT.sigma**2)
        scores = scores + now * s[h] / PLANT.sigma**2
        total += PLANT.gamma**h * r[h] * np.exp(log_w) * scores
    return total


def plain(tau, i, theta):
    return weighted(tau, i, theta, theta)


def product(tau, i, theta, u):
    """B u of one trajectory of the plant with B as a matrix."""
    s, a, r = tau.s[i], tau.a[i], tau.r[i]
    scores = (a - s @ theta)[:, None] * s / PLANT.sigma**2
    psi = [sum(PLANT.gamma**h * r[h] for h in range(t, len(r))) for t in range(len(r))]
    curved = sum(-psi[t] * np.outer(s[t], s[t]) / PLANT.sigma**2 for t in range(len(r)))
    return (np.outer(plain(tau, i, theta), scores.sum(0)) + curved) @ u


def mean(function, tau, *arguments):
    return np.mean([function(tau, i, *arguments) for i in range(len(tau.r))], 0)


@pytest.mark.parametrize(
    ("name", "gamma0", "eta_falls", "gamma_falls"),
    [
        ("PG", 0.02, 0, 2 / 3),
        ("momentum PG", 0.02, 2 / 3, 1),
        ("STORM-PG", 0.02, 1, 1),
        ("HARPG", 0.02, 1, 1 / 2),
        ("N-PG", 0.3, 0, 2 / 3),
        ("N-MPG", 0.3, 2 / 3, 1),
        ("N-PG-IGT", 0.3, 4 / 5, 1),
        ("N-HARPG", 0.3, 1, 1),
        ("N-STORM", 0.02, 1, 1),
        ("N-HARPG", 0.0, 1, 1),
    ],
)
def test_a_method_is_its_pseudocode_with_a_matrix(name, gamma0, eta_falls, gamma_falls):
    T, N, first = 12, 3, rng(7)
    (second,) = rng(7).spawn(1)
    theta = before = np.array([-0.4, 0.2])
    trace = follow(name, PLANT, theta, T, 7, gamma0=gamma0, N=N, eta0=0.9)
    for t in range(T):
        eta, gamma = 0.9 * (2 / (t + 2)) ** eta_falls, gamma0 * (2 / (t + 2)) ** gamma_falls
        at = theta + (1 - eta) / eta * (theta - before) if name == "N-PG-IGT" else theta
        tau = PLANT.rollout(at, PLANT.sample(first, N))
        g = mean(plain, tau, at)
        if t == 0 or name in ("PG", "N-PG"):
            d = g
        elif "HARPG" in name:
            q = second.random(size=(1,))
            hat = q * theta + (1 - q) * before
            tau2 = PLANT.rollout(hat, PLANT.sample(second, N))
            d = (1 - eta) * (d + mean(product, tau2, hat, theta - before)) + eta * g
        elif "STORM" in name:
            d = g + (1 - eta) * (d - mean(weighted, tau, before, theta))
        else:
            d = (1 - eta) * d + eta * g
        before, theta = theta, theta + gamma * (d / np.linalg.norm(d) if name.startswith("N-") else d)
        np.testing.assert_allclose(trace.theta[t + 1], theta, atol=1e-9)
        np.testing.assert_allclose(trace.d[t + 1], d, atol=1e-8)


def test_srvr_is_its_double_loop_and_counts_both_batches():
    counted = Counted(PLANT, {"sample": "trajectories"})
    theta = before = np.array([-0.4, 0.2])
    trace = run(alg.srvr_pg(counted, theta, alpha=np.full(8, 0.01), N=6, m=3, b=2, rng=rng(9)), 8, oracle=counted)
    assert trace.calls["trajectories"][-1] == 3 * 6 + 5 * 2
    draws, v = rng(9), np.zeros(2)
    for t in range(8):
        tau = PLANT.rollout(theta, PLANT.sample(draws, 2 if t % 3 else 6))
        g = mean(plain, tau, theta)
        v = v + g - mean(weighted, tau, before, theta) if t % 3 else g
        before, theta = theta, theta + 0.01 * v
        np.testing.assert_allclose(trace.theta[t + 1], theta, atol=1e-10)


def test_the_natural_gradient_divides_by_the_fisher_matrix():
    theta, N = np.array([-1.0, -0.5]), 20_000
    trace = run(alg.npg(PLANT, theta, alpha=np.array([0.1]), N=N, ridge=1e-9, rng=rng(10)), 1)
    tau = PLANT.rollout(theta, PLANT.sample(rng(10), N))
    expected = np.linalg.solve(PLANT.fisher(theta), PLANT.g(tau, theta))
    np.testing.assert_allclose(trace.d[1], expected, rtol=0.05)
    np.testing.assert_allclose(trace.theta[1], theta + 0.1 * trace.d[1])


# What theory promises


@quiet
@given(st.integers(0, 10_000), st.integers(1, 6))
def test_the_moments_behind_the_hessian_s_constant(seed, n):
    chances = rng(seed).uniform(size=2**n)  # at each node of a tree: martingales whose increments are at most 1
    total, chance = np.zeros(1), np.ones(1)
    for k in range(n):
        p = chances[2**k - 1 : 2 ** (k + 1) - 1]
        up, down = np.minimum(1, (1 - p) / p), np.minimum(1, p / (1 - p))
        total, chance = np.concatenate([total + up, total - down]), np.concatenate([chance * p, chance * (1 - p)])
    assert chance @ total == pytest.approx(0, abs=1e-12)
    assert chance @ total**2 <= n
    assert chance @ total**4 <= 3 * n**2
    assert chance @ abs(total) ** 3 <= np.sqrt(3) * n**1.5


def test_sums_of_powers_of_the_hessian_s_constant():
    n = np.arange(1, 5000)
    for gamma in (0.0, 0.3, 0.9, 0.99):
        weights = gamma ** (n - 1.0)
        L_h = theory.hessian_smoothness(gamma=gamma, M_g=1.3, M_h=0.7, l_2=0.2)
        summed = weights @ (n**1.5 * (np.sqrt(3) * 1.3**3 + 3 * 1.3 * 0.7) + 0.2 * n)
        assert 0.8 * L_h < summed <= L_h * (1 + 1e-12)


def test_a_complete_table_of_logits_misses_no_advantage():
    problem = SoftmaxMDP(random_mdp(1, 3, 3), np.ones(3) / 3, 5)
    assert problem.compatible_error(rng(1).normal(size=problem.p)) == pytest.approx(0, abs=1e-18)


def test_bounds_on_error_and_gap_lie_above_a_table_of_runs():
    gamma, H, T = 0.5, 8, 120
    problem = SoftmaxMDP(random_mdp(3, 2, 2, gamma), np.ones(2) / 2, H)
    known = {"gamma": gamma, "M_g": SCORE}
    L = theory.smoothness(M_h=CURVATURE, **known)
    constants = {
        "sigma": np.sqrt(theory.variance_bound(**known)),
        "L": L,
        "L_h": theory.hessian_smoothness(M_h=CURVATURE, l_2=SKEW, **known),
        "sigma_B": np.sqrt(theory.product_bound(H, M_h=CURVATURE, **known)),
    }
    best = problem.rho @ problem.mdp.optimal().max(-1)
    for name in ("N-PG", "N-MPG", "N-PG-IGT", "N-HARPG"):
        _, power, falls = METHODS[name]
        eta, step = weights(T, power), steps(T, falls, 0.3)
        promised = theory.error_bound(name, eta, step, **constants)
        trace = follow(name, problem, np.zeros((100, problem.p)), T, gamma0=0.3)
        err = np.linalg.norm(trace.d[1:] - problem.grad(trace.theta_prev[1:]), axis=-1).mean(-1)
        assert (err <= promised).all()
        visited = trace.theta[::20].reshape(-1, problem.p)
        mu_F = min(np.linalg.eigvalsh(problem.fisher(theta)).min() for theta in visited)
        gap = best - problem(trace.theta).mean(-1)
        cut = gamma**H / (1 - gamma) * 2 + theory.truncation_bound(H, **known)
        ceiling = theory.gap_bound(promised, step, gap=gap[0], L=L, mu_F=mu_F, M_g=SCORE, epsilon=cut)
        assert (gap <= ceiling + cut).all()


@pytest.mark.parametrize("name", ["N-MPG", "N-PG-IGT", "N-HARPG"])
def test_the_error_bound_falls_with_the_promised_power(name):
    T, power = 200_000, {"N-MPG": 2 / 3, "N-PG-IGT": 4 / 5, "N-HARPG": 1.0}[name]
    eta, step = weights(T, power), steps(T, 1, 0.3)
    promised = theory.error_bound(name, eta, step, sigma=5.0, L=2.0, L_h=2.0, sigma_B=10.0)
    late = np.geomspace(20_000, T - 1, 20).astype(int)
    fall = np.polyfit(np.log(late), np.log(promised[late]), 1)[0]
    assert fall == pytest.approx(-theory.decay_exponent(name), abs=0.03)
    assert 2 * theory.decay_exponent(name) == pytest.approx(power)
    assert theory.sample_complexity(name, 0.1) == pytest.approx(10 ** (1 / theory.decay_exponent(name)))


def test_the_raw_gradient_s_error_never_falls():
    bound = theory.error_bound("N-PG", weights(50, 1), steps(50, 1, 1.0), sigma=3.0)
    np.testing.assert_array_equal(bound, 3.0)


def test_a_batch_shares_one_place_q_so_that_its_products_keep_some_noise():
    eta, step = weights(4, 1), steps(4, 1, 1.0)
    one, batch, many = (
        theory.error_bound("N-HARPG", eta, step, sigma=3.0, L=0.5, sigma_B=2.0, N=N) for N in (1, 4, 10**12)
    )
    assert batch[0] == one[0] / 2
    keep = 1 - eta[1]
    squares = (keep**2 + eta[1] ** 2) * 9 / 4 + keep**2 * (4 / 4 + 3 / 4 * 0.25)
    assert batch[1] == pytest.approx(np.sqrt(squares))
    assert many[1] == pytest.approx(keep * 0.5, rel=1e-5)
    J = Exact(3, 0, cubic=1.0)  # no noise but that of q
    trace = follow("N-HARPG", J, np.zeros((4000, 3)), 2, gamma0=1.0)
    off = trace.d[2] - J.grad(trace.theta_prev[2])
    spread = np.sqrt((off**2).sum(-1).mean())
    along = trace.theta_prev[2, 0]  # the first step; the Hessian varies by k∘θ between its ends
    assert spread == pytest.approx(keep * np.linalg.norm(J.k * along**2) / np.sqrt(12), rel=0.05)


def test_steps_horizon_and_transfer_error_of_the_theory():
    assert theory.transfer_error(0.04, mu_F=0.5, M_g=2.0, gamma=0.9) == pytest.approx(0.5)
    assert theory.theory_gamma0(0.5, 2.0) == 12
    assert theory.theory_horizon(1, 0.9) == 1
    assert theory.theory_horizon(10_000, 0.9) == 93


# Refusals


class Blind(Exact):
    Bu = property()


def climb(name, problem=PLANT, theta0=(0.0, 0.0), **settings):
    return METHODS[name](problem, theta0, **{"T": 5, "gamma0": 0.1, "rng": rng()} | settings)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: alg.method("HARPY"), "the method must be one of"),
        (lambda: alg.trajectories("nothing", 3), "the method must be one of"),
        (lambda: climb("N-PG-IGT", T=0), "T must be a whole number"),
        (lambda: climb("STORM-PG", T=2.5), "T must be"),
        (lambda: climb("N-PG-IGT", N=0), "batch N must be"),
        (lambda: climb("N-PG-IGT", gamma0=-0.1), "gamma0 must be 0 or more"),
        (lambda: climb("N-PG-IGT", eta0=0.0), r"eta0 must be in \(0, 1\]"),
        (lambda: climb("N-HARPG", eta0=1.5), "eta0"),
        (lambda: climb("momentum PG", eta0=np.nan), "eta0"),
        (lambda: climb("N-MPG", eta0="a"), "eta0 must be a real number"),
        (lambda: climb("HARPG", theta0=np.zeros(3)), "shape of theta0"),
        (lambda: climb("HARPG", theta0=np.array([0, np.nan])), "theta0 must be finite"),
        (lambda: climb("HARPG", problem=Blind(2, 0)), "Hessian-vector product"),
        (lambda: climb("HARPG", theta0=np.zeros((2, 2)), eta0=np.ones(3)), "shape of eta"),
        (lambda: alg.n_pg_igt(PLANT, np.zeros(2), eta=[1.0, 1.5], gamma=np.ones(2), rng=rng()), r"eta must be in \(0"),
        (lambda: alg.n_pg_igt(PLANT, np.zeros(2), eta=np.ones(2), gamma=np.ones(3), rng=rng()), "lengths of eta and"),
        (lambda: alg.srvr_pg(PLANT, np.zeros(2), alpha=np.ones(5), m=0, rng=rng()), "m must be"),
        (lambda: alg.srvr_pg(PLANT, np.zeros(2), alpha=-np.ones(5), rng=rng()), "alpha must be 0 or more"),
        (lambda: alg.npg(PLANT, np.zeros(2), alpha=[np.inf], rng=rng()), "alpha must be 0 or more"),
        (lambda: alg.npg(PLANT, np.zeros(2), alpha=np.ones(5), ridge=0.0, rng=rng()), "ridge"),
        (lambda: alg.steps(5, -1.0, 0.1), "power must be 0 or more"),
        (lambda: theory.dominated_gap(1.0, mu_F=0.0, M_g=1.0), "mu_F"),
        (lambda: theory.error_bound("SGD", np.ones(3), np.ones(3), sigma=1.0), "the method"),
        (lambda: theory.error_bound("N-PG", np.ones(3), np.ones(4), sigma=1.0), "eta and gamma"),
        (lambda: theory.error_bound("N-PG", np.ones(3), np.ones(3), sigma=1.0, N=0), "batch N"),
        (lambda: theory.hessian_smoothness(gamma=1.0, M_g=1.0, M_h=1.0, l_2=1.0), r"gamma must be in \[0, 1\)"),
        (lambda: theory.theory_horizon(5, 1.0), "gamma"),
        (lambda: theory.sample_complexity("N-MPG", 0.0), "epsilon"),
        (lambda: theory.sample_complexity("PG", 0.1), "the method"),
        (lambda: theory.gap_bound(np.ones(3), np.ones(4), gap=1, L=1, mu_F=1, M_g=1), "error and gamma"),
        (lambda: theory.gap_bound(np.ones(3), np.ones(3), gap=1, L=1, mu_F=1, M_g=0.0), "M_g must be positive"),
        (lambda: theory.variance_bound(gamma=0.5, M_g=-1.0), "M_g must be 0 or more"),
        (lambda: alg.trajectories("HARPG", 0), "T must be a whole number"),
    ],
)
def test_bad_arguments_are_refused_at_the_call(call, says):
    with pytest.raises(ValueError, match=says):
        call()


CONSTANTS = {
    theory.error_bound: {"name": "N-MPG", "eta": np.ones(3), "gamma": np.ones(3), "sigma": 1.0, "L": 1.0},
    theory.gap_bound: {"error": np.ones(2), "gamma": np.ones(2), "gap": 1.0, "L": 1.0, "mu_F": 1.0, "M_g": 1.0},
    theory.dominated_gap: {"slope": 1.0, "mu_F": 1.0, "M_g": 1.0, "epsilon": 0.0},
    theory.transfer_error: {"eps_bias": 0.1, "mu_F": 1.0, "M_g": 1.0, "gamma": 0.5},
    theory.theory_gamma0: {"mu_F": 1.0, "M_g": 1.0},
    theory.truncation_bound: {"H": 5, "gamma": 0.5, "M_g": 1.0, "R_max": 1.0},
    theory.hessian_smoothness: {"gamma": 0.5, "M_g": 1.0, "M_h": 1.0, "l_2": 1.0, "R_max": 1.0},
    theory.product_bound: {"H": 5, "gamma": 0.5, "M_g": 1.0, "M_h": 1.0, "R_max": 1.0},
    LinearGaussian: {"sigma": 0.7, "gamma": 0.9, "R": 0.1, "noise": 0.1, "start": 0.1},
    Pendulum: {"sigma": 0.7, "gamma": 0.9, "start": 0.1},
}


@pytest.mark.parametrize("function", CONSTANTS, ids=lambda function: function.__name__)
def test_a_negative_constant_is_refused_by_name(function):
    good = CONSTANTS[function]
    function(**good)
    for name in [name for name, value in good.items() if isinstance(value, int | float)]:
        with pytest.raises(ValueError, match=name):
            function(**good | {name: -1.0})


@pytest.mark.parametrize("problem", ["plant", None, 3])
def test_a_problem_that_does_not_act_is_refused(problem):
    with pytest.raises(ValueError, match="the problem must be one with"):
        alg.n_pg_igt(problem, np.zeros(2), eta=np.ones(2), gamma=np.ones(2), rng=np.random.default_rng(0))
