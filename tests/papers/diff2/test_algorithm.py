import runpy
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from dp_accounting import GaussianDpEvent, NeighboringRelation, SampledWithoutReplacementDpEvent, SelfComposedDpEvent
from dp_accounting.rdp import RdpAccountant
from scipy.optimize import brentq, minimize_scalar
from scipy.stats import norm

from optilab.classics.gradient_descent import gradient_descent
from optilab.core.randomness import common
from optilab.core.run import run
from optilab.papers.diff2.algorithm import (
    BVR,
    GD,
    SHARES,
    best_tau,
    bvr_sigmas,
    diff2,
    diff2_utility,
    dp_gd,
    dp_sgd,
    dp_sgd_noise,
    multipliers,
    noise_level,
    predicted_error,
    renyi_order,
    restart_bound,
    sigmas,
    stability,
    survives,
    theory_rounds,
    theory_step,
    uniform_output,
)
from optilab.papers.diff2.problems import Logistic, federated, prototypes
from optilab.problems.privacy import Budget, cdp_eps, gaussian_rho, subsampled_rdp

listed = runpy.run_path(str(Path(__file__).parent / "listed.py"))
record_gradients, clipped, rounds, Tape = (listed[name] for name in ("record_gradients", "clipped", "rounds", "Tape"))

FEW = federated(1, 60, d=4, P=3, heterogeneity=0.5, sizes=[10, 20, 30])
EVEN = federated(1, 60, d=4, P=3, heterogeneity=0.5)
NOISE = np.random.default_rng(4).normal(size=(12, 4))
START = np.random.default_rng(5).normal(size=4)


def rng(seed=0):
    return np.random.default_rng(seed)


def plain(problem, x0, T, **settings):
    """DIFF2-GD without clipping or noise."""
    return diff2(problem, x0, T=T, C1=np.inf, C2=np.inf, sigma1=0.0, sigma2=0.0, **settings)


# The rounds


@pytest.mark.parametrize(("C1", "C2"), [(0.3, 0.05), (0.6, 10.0), (10.0, 0.1), (10.0, 10.0)])
@pytest.mark.parametrize("T", [1, 3, 5, 100])
def test_rounds_are_the_pseudo_code_record_by_record(T, C1, C2):
    settings = {"T": T, "C1": C1, "C2": C2, "sigma1": 0.3, "sigma2": 0.2}
    expected = rounds(FEW, START, 1.5, noise=NOISE, **settings)
    trace = run(diff2(FEW, START, routine=GD(1.5), rng=Tape(NOISE), **settings), len(NOISE))
    np.testing.assert_allclose(trace.x, expected, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("T", [1, 2, 7, 40])
def test_without_noise_and_clipping_every_interval_is_gradient_descent(T):
    steps = run(gradient_descent(FEW, START, alpha=1.5), 40).x
    np.testing.assert_allclose(run(plain(FEW, START, T, routine=GD(1.5)), 40).x, steps, rtol=1e-12, atol=1e-12)


def test_dp_gd_is_an_interval_of_one():
    expected = rounds(FEW, START, 1.0, T=1, C1=0.4, C2=1.0, sigma1=0.2, sigma2=0.0, noise=NOISE)
    trace = run(dp_gd(FEW, START, eta=1.0, C=0.4, sigma=0.2, rng=Tape(NOISE)), len(NOISE))
    np.testing.assert_allclose(trace.x, expected, rtol=1e-7, atol=1e-9)


def test_gradients_asked_are_n_at_a_restart_and_twice_as_many_at_a_difference():
    trace = run(plain(FEW, np.zeros((2, 4)), np.array([1, 3]), routine=GD(1.0)), 6)
    np.testing.assert_array_equal(trace.gradients[:, 0], 60 * np.arange(7))
    np.testing.assert_array_equal(trace.gradients[:, 1], 60 * np.array([0, 1, 3, 5, 6, 8, 10]))
    local = BVR(FEW, 1.0, K=4, b=5, C3=1.0, sigma3=0.0, rng=rng())
    assert run(plain(FEW, np.zeros(4), 2, routine=local), 2).gradients[-1] == 180 + 2 * 2 * 5 * 3


# Divergence


def test_a_replicate_that_diverges_stays_where_it_was_and_asks_nothing_more():
    settings = {"T": 50, "C1": 2.0, "C2": 1.0, "sigma1": 0.1, "sigma2": 2.0, "limit": 10.0}
    eta = np.array([0.1, 40.0])
    trace = run(diff2(FEW, np.zeros((2, 4)), routine=GD(eta), rng=common(rng(3)), **settings), 60)
    gone = trace.lost[:, 1].argmax()
    assert trace.lost[-1].tolist() == [False, True]
    assert gone % 10 == 0
    assert FEW(trace.x[gone, 1]) > 10
    np.testing.assert_array_equal(trace.x[gone:, 1], np.broadcast_to(trace.x[gone, 1], trace.x[gone:, 1].shape))
    assert trace.gradients[-1, 1] == trace.gradients[gone, 1]


def test_a_run_that_leaves_the_numbers_ends_and_says_so():
    trace = run(diff2(FEW, START, routine=GD(1e60), T=99, C1=9.0, C2=9.0, sigma1=1.0, sigma2=1e3, rng=rng()), 100)
    assert len(trace.step) < 100
    assert trace.lost[-1]
    assert np.isfinite(trace.x).all()


# Local steps


def local_steps(problem, x, v, r, eta, K, b, C3, sigma3, generator):
    """The routine written out; batches are drawn as the problem draws them."""
    generator, p = generator.spawn(1)[0], r % problem.P
    last, y, z = x, x - eta * v, v
    for _ in range(1, K):
        rows = problem.batch(generator, p, b, ())
        assert set(rows) <= set(problem.clients[p])
        c = C3 * np.linalg.norm(y - last)
        change = clipped(record_gradients(problem, y, rows) - record_gradients(problem, last, rows), c).mean(0)
        z = z + change + c * sigma3 * generator.normal(size=4)
        last, y = y, y - eta * z
    return y


@pytest.mark.parametrize(("K", "C3"), [(1, 5.0), (4, 0.05), (4, 5.0)])
def test_local_steps_are_the_pseudo_code_record_by_record(K, C3):
    routine = BVR(FEW, 0.7, K=K, b=6, C3=C3, sigma3=0.3, rng=rng(6))
    written = rng(6)
    v = rng(7).normal(size=4) / 5
    for r in range(5):
        expected = local_steps(FEW, START, v, r, 0.7, K, 6, C3, 0.3, written)
        np.testing.assert_allclose(routine(START, v, r), expected, rtol=1e-8)


class Once(np.random.Generator):
    """A generator whose only child goes on where it stands itself."""

    def spawn(self, n_children):
        return [np.random.Generator(self.bit_generator)]


def test_a_client_that_is_drawn_works_as_in_its_turn():
    settings = {"K": 3, "b": 6, "C3": 0.5, "sigma3": 0.3}
    routine, seen = BVR(FEW, 0.7, rng=rng(6), at_random=True, **settings), set()
    for child in rng(6).spawn(30):
        p = int(child.integers(FEW.P))
        turn = BVR(FEW, 0.7, rng=Once(child.bit_generator), **settings)
        np.testing.assert_array_equal(routine(START, START / 3, 0), turn(START, START / 3, p))
        seen.add(p)
    assert seen == set(range(FEW.P))


def test_local_steps_without_noise_on_all_records_of_equal_clients_are_gradient_descent():
    problem = federated(2, 40, d=4, P=1)
    routine = BVR(problem, 0.7, K=5, b=40, C3=np.inf, sigma3=0.0, rng=rng())
    steps = run(gradient_descent(problem, START, alpha=0.7), 20).x
    np.testing.assert_allclose(run(plain(problem, START, 2, routine=routine), 4).x, steps[::5], rtol=1e-10)


# DP-SGD


def test_dp_sgd_is_written_out_and_its_momentum_averages():
    states = dp_sgd(EVEN, START, eta=0.8, b=10, C=0.3, nu=0.5, beta=0.6, rng=rng(10))
    trace = run(states, 6)
    draws, v, x = rng(10), np.zeros(4), START
    everyone = np.concatenate(EVEN.clients)
    for k in range(6):
        rows = everyone[np.argpartition(draws.random(size=60), 9)[:10]]
        g = clipped(record_gradients(EVEN, x, rows), 0.3).mean(0) + 0.3 * 0.5 / 10 * draws.normal(size=4)
        v = 0.6 * v + 0.4 * g
        x = x - 0.8 * v
        np.testing.assert_allclose(trace.x[k + 1], x, rtol=1e-8)
        assert trace.gradients[k + 1] == 10 * (k + 1)


# The error of the estimate


def test_the_error_is_the_predicted_one_along_a_path_that_does_not_listen():
    problem = prototypes(1, 4000)
    way = 0.2 * np.cumsum(rng(11).normal(size=(13, 10)), 0)
    way[0] = 0

    def walk(x, v, r):
        return np.broadcast_to(way[r + 1], x.shape)

    settings = {"T": 5, "C1": problem.G, "C2": problem.L, "sigma1": 0.02, "sigma2": 0.05}
    trace = run(diff2(problem, np.zeros((2000, 10)), routine=walk, rng=rng(12), **settings), 12)
    measured = ((trace.v[1:] - problem.grad(trace.x[:-1])) ** 2).sum(-1).mean(-1)
    predicted = predicted_error(way, 5, problem.G * 0.02, problem.L * 0.05)
    np.testing.assert_allclose(measured, predicted, rtol=0.05)


def test_the_predicted_error_adds_up_since_the_last_restart():
    x = rng(13).normal(size=(9, 2, 3))
    found = predicted_error(x, 3, 0.5, np.array([0.1, 0.2]))
    for r in range(8):
        for i, spread in enumerate((0.1, 0.2)):
            ways = [((x[k, i] - x[k - 1, i]) ** 2).sum() for k in range(r // 3 * 3 + 1, r + 1)]
            assert found[r, i] == pytest.approx(3 * (0.25 + spread**2 * sum(ways)))


# Privacy


@pytest.mark.parametrize("C", [0.2, 3.0])
def test_one_record_moves_the_means_by_no_more_than_their_sensitivity(C):
    draws, moved = rng(14), []
    for _ in range(40):
        w, other = draws.normal(size=(2, 4))
        client = draws.integers(3)
        row = draws.choice(FEW.clients[client])
        X, flipped = FEW.X.copy(), draws.random() < 0.5
        X[row] = -X[row] if flipped else draws.normal(size=4) / 8
        share = FEW.plus[row] + FEW.minus[row]
        plus, minus = FEW.plus.copy(), FEW.minus.copy()
        plus[row], minus[row] = (0.0, share) if draws.random() < 0.5 else (share, 0.0)
        neighbour = Logistic(X, plus, minus, 60, 10, 3, clients=FEW.clients)
        N = FEW.n_min * FEW.P
        full = FEW.records(w).clipped_mean(C) - neighbour.records(w).clipped_mean(C)
        c = C * np.linalg.norm(w - other)
        change = (FEW.records(w) - FEW.records(other)).clipped_mean(c)
        change = change - (neighbour.records(w) - neighbour.records(other)).clipped_mean(c)
        moved += [np.linalg.norm(full) / (2 * C / N), np.linalg.norm(change) / (2 * c / N)]
    assert max(moved) <= 1
    assert max(moved) > (0.5 if C < 1 else 0.05)


SETTINGS = [
    (800, 10, 400, 100, 1.0, 1e-5),
    (50, 4, 103, 10, 3.0, 1e-4),
    (50, 4, 7, 7, 0.3, 1e-6),
    (100, 3, 60, 1, 5, 1e-5),
]


@pytest.mark.parametrize(("n_min", "P", "R", "T", "eps", "delta"), SETTINGS)
def test_the_calibration_spends_half_of_epsilon_at_its_order(n_min, P, R, T, eps, delta):
    sigma1, sigma2 = sigmas(n_min, P, R, T, eps, delta)
    alpha, N = renyi_order(eps, delta), n_min * P
    assert np.log(1 / delta) / (alpha - 1) <= eps / 2
    full = -(-R // T) * alpha * gaussian_rho(2 / N, sigma1)
    if T == 1:
        assert sigma2 == 0
        assert full == pytest.approx(eps / 2)
    else:
        assert full == pytest.approx(eps / 2 / 1.25)
        assert full + R * alpha * gaussian_rho(2 / N, sigma2) == pytest.approx(eps / 2)


@pytest.mark.parametrize(("n_min", "P", "R", "T", "eps", "delta"), SETTINGS)
def test_the_peer_finds_the_releases_private(n_min, P, R, T, eps, delta):
    sigma1, sigma2 = (float(one) for one in sigmas(n_min, P, R, T, eps, delta))
    peer = RdpAccountant([float(renyi_order(eps, delta))], NeighboringRelation.REPLACE_ONE)
    M, N = -(-R // T), n_min * P
    peer.compose(SelfComposedDpEvent(GaussianDpEvent(sigma1 * N / 2), M))
    if T > 1:
        peer.compose(SelfComposedDpEvent(GaussianDpEvent(sigma2 * N / 2), R - M))
    found = peer.get_epsilon(delta)
    assert 0.6 * eps < found <= eps
    rho = M * gaussian_rho(2 / N, sigma1) + (R * gaussian_rho(2 / N, sigma2) if T > 1 else 0)
    assert cdp_eps(float(rho), delta) <= eps


def test_of_a_promised_one_a_renyi_account_finds_four_fifths_and_the_exact_one_less():
    sigma1, sigma2 = (float(one) for one in sigmas(1000, 10, 100, 25, 1.0, 1e-5))
    rho = float(4 * gaussian_rho(2 / 10_000, sigma1) + 100 * gaussian_rho(2 / 10_000, sigma2))
    mu = np.sqrt(2 * rho)  # all releases together are one Gaussian release, shifted by mu deviations
    peer = RdpAccountant()
    peer.compose(GaussianDpEvent(1 / mu))
    assert peer.get_epsilon(1e-5) == pytest.approx(0.79, abs=0.005)

    def excess(eps):
        return norm.cdf(mu / 2 - eps / mu) - np.exp(eps) * norm.cdf(-mu / 2 - eps / mu) - 1e-5

    assert brentq(excess, 0.1, 2) == pytest.approx(0.73, abs=0.005)


def test_the_noise_falls_with_records_and_epsilon_and_restarts_less_with_rarer_ones():
    n = np.array([100, 200, 400])
    falling = sigmas(n, 10, 50, 10, 1.0, 1e-6), sigmas(100, 10, 50, 10, np.array([0.5, 1.0, 2.0]), 1e-6)
    for sigma1, sigma2 in falling:
        assert (np.diff(sigma1) < 0).all()
        assert (np.diff(sigma2) < 0).all()
    by_interval = sigmas(100, 10, 50, np.array([2, 5, 7, 49, 50]), 1.0, 1e-6)
    assert (np.diff(by_interval[0]) <= 0).all()
    assert (by_interval[1] == by_interval[1][0]).all()
    assert sigmas(100, 10, 50, 10, np.inf, 1e-6) == (0.0, 0.0)
    np.testing.assert_array_equal(multipliers(1000, 50, 10, 1.0, 1e-6), sigmas(100, 10, 50, 10, 1.0, 1e-6))


@pytest.mark.parametrize(
    ("b", "R", "known"),
    [(400, 20, (0.055, 0.082, 0.119)), (400, 40, (0.077, 0.116, 0.169)), (100, 20, (0.029, 0.042, 0.066))],
)
def test_the_noise_of_local_steps_at_known_settings(b, R, known):
    for K, sigma in zip((5, 10, 20), known, strict=True):
        assert bvr_sigmas(2000, 10, R, R // 4, K, b, 3.0, 1e-5)[2] == pytest.approx(sigma, abs=5e-4)


def test_the_calibration_of_local_steps_spends_its_shares():
    n_min, P, R, T, K, b, eps, delta = 2000, 10, 25, 6, 5, 100, 3.0, 1e-5
    sigma1, sigma2, sigma3 = bvr_sigmas(n_min, P, R, T, K, b, eps, delta)
    alpha, N = int(renyi_order(eps, delta)), n_min * P
    restarts, differences = 5 * alpha * gaussian_rho(2 / N, sigma1), R * alpha * gaussian_rho(2 / N, sigma2)
    local = 3 * (K - 1) * subsampled_rdp(alpha, b / n_min, float(gaussian_rho(2 / b, sigma3)))
    np.testing.assert_allclose([restarts, differences, local], np.array(SHARES) * eps / 2, rtol=1e-9)
    assert bvr_sigmas(n_min, P, R, T, 1, b, eps, delta) == (sigma1, sigma2, 0.0)
    *same, drawn = bvr_sigmas(n_min, P, R, T, K, b, eps, delta, at_random=True)
    assert same == [sigma1, sigma2]  # of a client that may get every round
    assert R * (K - 1) * subsampled_rdp(alpha, b / n_min, float(gaussian_rho(2 / b, drawn))) == pytest.approx(0.2 * 1.5)
    assert bvr_sigmas(n_min, P, R, T, K, b, np.inf, delta) == (0.0, 0.0, 0.0)
    peer = RdpAccountant([float(alpha)], NeighboringRelation.REPLACE_ONE)
    event = SampledWithoutReplacementDpEvent(n_min, b, GaussianDpEvent(sigma3 * b / 2))
    peer.compose(SelfComposedDpEvent(event, 3 * (K - 1)))
    peer.compose(SelfComposedDpEvent(GaussianDpEvent(sigma1 * N / 2), 5))
    peer.compose(SelfComposedDpEvent(GaussianDpEvent(sigma2 * N / 2), R - 5))
    assert peer.get_epsilon(delta) <= eps


def test_the_noise_of_dp_sgd_spends_half_of_epsilon():
    nu = dp_sgd_noise(2000, 100, 300, 1.0, 1e-5)
    alpha = int(renyi_order(1.0, 1e-5))
    assert 300 * subsampled_rdp(alpha, 0.05, 2 / nu**2) == pytest.approx(0.5)


# The budget


class Silent:
    spawn = normal = lambda *size, **sizes: pytest.fail("something was drawn")


def test_so_many_rounds_as_were_calibrated_fit_the_budget_and_no_restart_more():
    problem, R, T, eps, delta = prototypes(0, 500, M=20), 12, 4, 1.0, 1e-5
    sigma1, sigma2 = (float(one) for one in sigmas(50, 10, R, T, eps, delta))
    budget = Budget(eps / 2, order=float(renyi_order(eps, delta)))
    settings = {"routine": GD(1.0), "T": T, "C1": 1.1, "C2": 0.3, "sigma1": sigma1, "sigma2": sigma2}
    states = diff2(problem, np.zeros(10), rng=rng(), budget=budget, **settings)
    run(states, R)
    assert budget.spent["restarts"] == pytest.approx(0.4)
    assert budget.spent["differences"] == pytest.approx(0.1 * 9 / 12)
    with pytest.raises(ValueError, match=r"the cost must be at most .* what is left of the privacy budget"):
        run(states, 1)
    spent = dict(budget.spent)
    with pytest.raises(ValueError, match="left of the privacy budget"):
        run(diff2(problem, np.zeros(10), rng=Silent(), budget=budget, **settings), 1)
    assert budget.spent == spent


def test_without_noise_nothing_is_private_and_nothing_is_counted():
    budget = Budget(1.0)
    run(plain(FEW, START, 2, routine=GD(1.0), budget=budget), 3)
    assert budget.spent == {}


def test_of_local_steps_each_client_pays_its_own():
    sigma3, alpha = 0.2, 9.0
    costs = np.array([subsampled_rdp(9, 5 / n, float(gaussian_rho(2 / 5, sigma3))) for n in (10, 20, 30)])
    budget = Budget(np.array([4.5, 6.5, 6.5]) * costs, order=alpha)
    routine = BVR(FEW, 1.0, K=3, b=5, C3=1.0, sigma3=sigma3, rng=rng(), budget=budget)
    for r in range(6):
        routine(START, START, r)
    np.testing.assert_allclose(budget.spent["local steps"], 4 * costs)
    with pytest.raises(ValueError, match="the cost must be at most"):
        routine(START, START, 0)
    routine(START, START, 1)


# Theory


def test_the_best_interval_is_that_of_the_bound():
    G, L, gap = 1.3, 0.4, 0.7
    for s in (1e-4, 1e-2):
        found = minimize_scalar(
            lambda log, s=s: restart_bound(np.exp(log), s, G, L, gap), bounds=(-15, 0), method="bounded"
        )
        assert best_tau(s, G, L, gap) == pytest.approx(np.exp(found.x), rel=1e-4)
        assert diff2_utility(s, G, L, gap) == pytest.approx(found.fun)
    assert best_tau(10.0, G, L, gap) == 1


def test_the_noise_level_falls_like_the_number_of_records():
    few, many = noise_level(10, np.array([1e3, 1e6]), 1.0, 1e-5)
    assert few / many == pytest.approx(1000)


def test_beyond_the_rule_of_thumb_the_variance_grows_and_below_it_does_not():
    problem = prototypes(0, 1000, M=8, lam=0.0)
    flat = Logistic(0 * problem.X, problem.plus, problem.minus, 1000, 100, 10, 0.0)  # no gradient at all
    T, C2, sigma2 = 200, 0.3, 0.05
    for rule, low, high in ((0.5, 1.0, 1.6), (1.0, 2.0, 3.6), (2.0, 20.0, 200.0)):
        eta = rule / stability(1.0, C2, sigma2, 10, T)
        settings = {"T": T + 1, "C1": 1.0, "C2": C2, "sigma1": 0.1, "sigma2": sigma2}
        trace = run(diff2(flat, np.zeros((4000, 10)), routine=GD(eta), rng=rng(15), **settings), T + 1, every=T)
        grown = (trace.v[-1] ** 2).sum(-1).mean() / (10 * 0.1**2)
        assert low < grown < high
        assert grown == pytest.approx((1 + rule**2 / T) ** T, rel=0.25)


def test_steps_and_rounds_of_theory():
    assert theory_step(2.0, 0.0, 10, 5) == 0.5
    np.testing.assert_allclose(theory_step(2.0, 0.3, 10, np.array([1, 90])), [0.5, 1 / (2 * 0.3 * 30)])
    assert stability(theory_step(2.0, 0.3, 10, 90), 2.0, 0.3, 10, 90) == pytest.approx(1)
    assert theory_rounds(2.0, 10, 1000, 0.5, 1e-3) == pytest.approx(1 + 2000 + 10 * (2 / 500 / 1e-3) ** 2)


def test_a_step_is_given_up_after_five_bad_checks_in_a_row():
    good = [1.0, 0.9, 1.0, 1.0, 1.0, 1.0, 0.9, 1.0]
    bad = [1.0, 0.9, 1.0, 1.0, 1.0, 1.0, 1.0, 0.1]
    lost = [1.0, 0.9, np.nan, np.nan, np.nan, 0.9, 0.9, 0.9]
    assert survives(np.array([good, bad, lost]).T).tolist() == [True, False, False]
    assert survives(np.array(good))
    assert not survives(np.array(good), patience=4)
    assert survives(np.array(bad), slack=1.2)


def test_dp_sgd_on_all_records_needs_the_noise_of_dp_gd():
    nu = dp_sgd_noise(60, 60, 25, 1.0, 1e-3)
    sigma, _ = sigmas(20, 3, 25, 1, 1.0, 1e-3)
    assert nu / 60 == pytest.approx(float(sigma))


def test_the_output_of_the_theorem_is_any_iterate_but_the_last():
    x = np.arange(5.0)[:, None, None] * np.ones((1, 4000, 2))
    counts = np.bincount(uniform_output(x, rng(16))[:, 0].astype(int), minlength=5)
    assert counts[4] == 0
    assert (abs(counts[:4] - 1000) < 150).all()


# Bad input


def settings(**other):
    return {"routine": GD(1.0), "T": 2, "C1": 1.0, "C2": 1.0, "sigma1": 0.1, "sigma2": 0.1, "rng": rng()} | other


@pytest.mark.parametrize(
    ("ask", "named"),
    [
        (lambda: diff2(FEW, START, **settings(T=0)), "T"),
        (lambda: diff2(FEW, START, **settings(T=2.5)), "T"),
        (lambda: diff2(FEW, START, **settings(C1=0.0)), "C1"),
        (lambda: diff2(FEW, START, **settings(C2=-1.0)), "C2"),
        (lambda: diff2(FEW, START, **settings(C1=np.inf)), "C1"),
        (lambda: diff2(FEW, START, **settings(C2=np.inf)), "C2"),
        (lambda: diff2(FEW, START, **settings(sigma1=-0.1)), "sigma1"),
        (lambda: diff2(FEW, START, **settings(rng=None)), "rng"),
        (lambda: diff2(FEW, START, **settings(T=np.array([1, 2]), budget=Budget(1.0))), "T, sigma1 and sigma2"),
        (lambda: GD(0.0), "eta"),
        (lambda: BVR(FEW, 1.0, K=0, b=5, C3=1.0, sigma3=0.1, rng=rng()), "K"),
        (lambda: BVR(FEW, 1.0, K=2, b=11, C3=1.0, sigma3=0.1, rng=rng()), "b"),
        (lambda: BVR(FEW, 1.0, K=2, b=5, C3=np.inf, sigma3=0.1, rng=rng()), "C3"),
        (lambda: BVR(FEW, -1.0, K=2, b=5, C3=1.0, sigma3=0.1, rng=rng()), "eta"),
        (lambda: dp_sgd(FEW, START, eta=1.0, b=6, C=1.0, nu=1.0, rng=rng()), "problem.clients"),
        (lambda: dp_sgd(replace(EVEN, clients=()), START, eta=1.0, b=6, C=1.0, nu=1.0, rng=rng()), "problem.clients"),
        (lambda: dp_sgd(EVEN, START, eta=1.0, b=61, C=1.0, nu=1.0, rng=rng()), "b"),
        (lambda: dp_sgd(EVEN, START, eta=1.0, b=6, C=np.inf, nu=1.0, rng=rng()), "C"),
        (lambda: dp_sgd(EVEN, START, eta=1.0, b=6, C=1.0, nu=1.0, beta=1.0, rng=rng()), "beta"),
        (lambda: sigmas(10, 10, 10, 0, 1.0, 1e-3), "T"),
        (lambda: sigmas(10, 10, 0, 1, 1.0, 1e-3), "R"),
        (lambda: sigmas(0, 10, 10, 2, 1.0, 1e-3), "n_min"),
        (lambda: sigmas(10, 0, 10, 2, 1.0, 1e-3), "P"),
        (lambda: sigmas(10, 10, 10, 2, 0.0, 1e-3), "eps"),
        (lambda: sigmas(10, 10, 10, 2, 1.0, 0.0), "delta"),
        (lambda: sigmas(10, 10, 10, 2, 1.0, 1.0), "delta"),
        (lambda: sigmas(10, 10, 10, 2, 1.0, 1e-3, u=1.0), "u"),
        (lambda: bvr_sigmas(100, 10, 10, 2, 0, 5, 1.0, 1e-5), "K"),
        (lambda: bvr_sigmas(100, 10, 10, 2, 3, 101, 1.0, 1e-5), "b"),
        (lambda: dp_sgd_noise(100, 101, 10, 1.0, 1e-5), "b"),
        (lambda: predicted_error(np.zeros((3, 2)), 0, 1.0, 1.0), "T"),
        (lambda: predicted_error(np.zeros((1, 2)), 1, 1.0, 1.0), "x"),
        (lambda: restart_bound(0.0, 1.0, 1.0, 1.0, 1.0), "tau"),
        (lambda: noise_level(10, 0.0, 1.0, 1e-5), "N"),
        (lambda: uniform_output(np.zeros((1, 2)), rng()), "x"),
        (lambda: theory_step(0.0, 1.0, 1, 1), "L"),
        (lambda: theory_rounds(1.0, 1, 10, 1.0, 0.0), "goal"),
        (lambda: survives(np.ones(3), slack=0.9), "slack"),
        (lambda: survives(np.ones(3), patience=0), "patience"),
    ],
)
def test_what_has_no_meaning_is_refused_by_name(ask, named):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(ValueError, match=rf"^{named} must be"):
            ask()


def test_an_interval_beyond_the_last_round_is_allowed_with_a_warning():
    with pytest.warns(UserWarning, match="no restart after the first round"):
        beyond = sigmas(100, 10, 20, 30, 1.0, 1e-5)
    assert beyond == sigmas(100, 10, 20, 20, 1.0, 1e-5)


def test_a_delta_above_one_over_n_is_allowed_with_a_warning():
    with pytest.warns(UserWarning, match="should be below 1/n"):
        sigmas(100, 10, 20, 5, 1.0, 0.01)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sigmas(100, 10, 20, 5, 1.0, 1e-3)
