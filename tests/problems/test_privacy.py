import math
from fractions import Fraction

import numpy as np
import pytest
from dp_accounting import (
    GaussianDpEvent,
    NeighboringRelation,
    SampledWithoutReplacementDpEvent,
    SelfComposedDpEvent,
    ZCDpEvent,
)
from dp_accounting.rdp import RdpAccountant
from scipy.stats import chisquare

from optilab.problems.privacy import (
    Budget,
    calibrate,
    cdp_delta,
    cdp_eps,
    cdp_eps_simple,
    cdp_rho,
    exponential_rho,
    gaussian_rho,
    gaussian_sigma,
    gumbel_scale,
    rdp_delta,
    rdp_eps,
    subsampled_rdp,
)

FINE = 1 + np.geomspace(0.02, 1e5, 3000)  # so many orders that their best is nearly the best of all
SOME = np.arange(2, 65)


def accountant(event, orders, times=1):
    peer = RdpAccountant(orders, NeighboringRelation.REPLACE_ONE)
    return peer.compose(SelfComposedDpEvent(event, times))


def spent(event, orders, times=1):
    """What the peer has counted at each order."""
    return accountant(event, orders, times)._rdp


# Against dp-accounting


@pytest.mark.parametrize("sensitivity", [0.2, 1.0, 7.0])
@pytest.mark.parametrize("sigma", [0.5, 3.0, 40.0])
def test_gaussian_noise_costs_what_the_peer_says(sensitivity, sigma):
    rho = gaussian_rho(sensitivity, sigma)
    np.testing.assert_allclose(SOME * rho, spent(GaussianDpEvent(sigma / sensitivity), SOME), rtol=1e-12)
    assert gaussian_sigma(sensitivity, rho) == pytest.approx(sigma)


@pytest.mark.parametrize("delta", [1e-10, 1e-5, 1e-2])
@pytest.mark.parametrize("rho", [1e-4, 0.01, 0.3, 2.0, 20.0])
def test_zcdp_becomes_epsilon_and_delta_as_by_the_peer(rho, delta):
    peer = accountant(ZCDpEvent(rho), FINE)
    epsilon = cdp_eps(rho, delta)
    if epsilon > 1e-3:  # nearer to 0 the peer uses another bound, too
        assert epsilon == pytest.approx(peer.get_epsilon(delta), rel=1e-4)
        assert epsilon <= peer.get_epsilon(delta)
        assert cdp_delta(rho, epsilon) == pytest.approx(peer.get_delta(epsilon), rel=1e-3)


@pytest.mark.parametrize("delta", [1e-8, 1e-3])
@pytest.mark.parametrize(("sigma", "times"), [(4.0, 1), (4.0, 30), (60.0, 500)])
def test_rényi_dp_of_several_releases_becomes_epsilon_and_delta_as_by_the_peer(sigma, times, delta):
    peer = accountant(GaussianDpEvent(sigma), SOME, times)
    rdp = times * SOME * gaussian_rho(1.0, sigma)
    epsilon = rdp_eps(SOME, rdp, delta)
    assert epsilon == pytest.approx(peer.get_epsilon(delta), rel=1e-12)
    assert rdp_delta(SOME, rdp, epsilon) == pytest.approx(delta, rel=1e-9)
    assert rdp_delta(SOME, rdp, 0.7 * epsilon) == pytest.approx(peer.get_delta(0.7 * epsilon), rel=1e-9)


@pytest.mark.parametrize("q", [0.001, 0.01, 0.1, 0.5])
@pytest.mark.parametrize("sigma", [0.6, 2.0, 10.0])
def test_batches_without_replacement_cost_what_the_peer_says(q, sigma):
    """Between the orders 3 and 256 the peer sharpens the theorem for Gaussian noise; at others both say the same."""
    rho = gaussian_rho(1.0, sigma)
    event = SampledWithoutReplacementDpEvent(1000, round(1000 * q), GaussianDpEvent(sigma))
    for orders, same in ((np.array([2, 257, 300]), True), (np.array([3, 5, 20, 64]), False)):
        ours = np.array([subsampled_rdp(int(alpha), q, rho) for alpha in orders])
        peer = np.minimum(spent(event, orders), orders * rho)
        if same:
            np.testing.assert_allclose(ours, peer, rtol=1e-9)
        else:
            assert (ours >= peer * (1 - 1e-12)).all()


# Against what is known


def test_figures_of_the_conversion():
    known = {(1, 1e-8): 0.0172053180, (0.2, 1e-8): 0.000789864031, (10, 1e-8): 1.20837426}
    for (epsilon, delta), rho in known.items():
        assert cdp_rho(epsilon, delta) == pytest.approx(rho, rel=1e-8)


@pytest.mark.parametrize("delta", [1e-12, 1e-5, 0.1, 0.95])
def test_the_conversions_are_inverses_and_monotone(delta):
    epsilons = np.geomspace(1e-3, 50, 25)
    rhos = np.array([cdp_rho(epsilon, delta) for epsilon in epsilons])
    assert (np.diff(rhos) > 0).all()
    np.testing.assert_allclose([cdp_eps(rho, delta) for rho in rhos], epsilons, rtol=1e-6)
    np.testing.assert_allclose([cdp_delta(rho, e) for rho, e in zip(rhos, epsilons, strict=True)], delta, rtol=1e-8)
    assert (epsilons <= cdp_eps_simple(rhos, delta)).all()


def test_no_epsilon_is_needed_where_delta_alone_covers_the_cost():
    assert cdp_eps(1e-8, 0.1) == 0
    assert rdp_eps(np.array([2.0, 8.0]), np.array([1e-9, 4e-9]), 0.9) == 0
    assert rdp_delta(np.array([1.5]), np.array([40.0]), 0.0) == 1


def test_the_best_order_is_no_worse_than_any_other():
    rho, epsilon = 0.05, 1.3
    alpha = 1 + np.geomspace(0.1, 100, 20_000)
    by_order = np.exp((alpha - 1) * (alpha * rho - epsilon) + alpha * np.log1p(-1 / alpha)) / (alpha - 1)
    assert cdp_delta(rho, epsilon) <= by_order.min() <= cdp_delta(rho, epsilon) * (1 + 1e-5)


def test_conversions_take_a_batch():
    rdp = np.linspace(0.1, 2, 3)[:, None] * SOME / 20
    together = rdp_eps(SOME, rdp, 1e-5), rdp_delta(SOME, rdp, 3.0)
    for i in range(3):
        assert together[0][i] == rdp_eps(SOME, rdp[i], 1e-5)
        assert together[1][i] == rdp_delta(SOME, rdp[i], 3.0)


def written_out(alpha, q, rho):
    """The theorem term by term, in fractions but for the exponentials."""
    q, total = Fraction(q), 1
    for j in range(2, alpha + 1):
        grown = Fraction(math.exp((j - 1) * j * rho))
        factor = min(4 * (grown - 1), 2 * grown) if j == 2 else 2 * grown
        total += q**j * math.comb(alpha, j) * factor
    return math.log(total) / (alpha - 1)


@pytest.mark.parametrize("alpha", [2, 3, 11, 24])
@pytest.mark.parametrize("q", [0.01, 0.2])
@pytest.mark.parametrize("rho", [0.001, 0.1, 0.5])
def test_the_theorem_about_batches_term_by_term(alpha, q, rho):
    expected = min(alpha * rho, written_out(alpha, q, rho))
    assert subsampled_rdp(alpha, q, rho) == pytest.approx(expected, rel=1e-10)


def test_a_batch_of_all_records_costs_the_plain_release_and_a_larger_one_never_less():
    assert subsampled_rdp(6, 1.0, 0.3) == pytest.approx(1.8)
    by_share = [subsampled_rdp(12, q, 0.05) for q in np.linspace(0.01, 1, 40)]
    assert (np.diff(by_share) >= 0).all()
    assert by_share[0] < by_share[-1] / 50
    by_noise = [subsampled_rdp(12, 0.1, gaussian_rho(1.0, sigma)) for sigma in np.geomspace(0.5, 50, 40)]
    assert (np.diff(by_noise) < 0).all()


def test_huge_costs_are_numbers():
    assert subsampled_rdp(200, 0.3, 50.0) == pytest.approx(10000, rel=1e-3)
    assert cdp_eps(1e4, 1e-6) > 1e4
    assert 0.9 < cdp_delta(500.0, 1.0) <= 1


def test_the_gumbel_scale_is_that_of_exponential_mechanisms_in_turn():
    epsilon, sensitivity, picks = 0.7, 0.01, 5
    rho = picks * exponential_rho(epsilon)
    assert gumbel_scale(sensitivity, rho, picks) == pytest.approx(2 * sensitivity / epsilon)


# Calibration


@pytest.mark.parametrize("budget", [1e-3, 0.5, 40.0])
def test_the_calibrated_noise_spends_the_budget(budget):
    sigma = calibrate(lambda sigma: 80 * subsampled_rdp(24, 0.05, gaussian_rho(1.0, sigma)), budget)
    assert 80 * subsampled_rdp(24, 0.05, gaussian_rho(1.0, sigma)) == pytest.approx(budget, rel=1e-9)
    assert calibrate(lambda sigma: gaussian_rho(3.0, sigma), budget) == pytest.approx(gaussian_sigma(3.0, budget))


def test_a_cost_that_the_noise_does_not_change_is_refused():
    for cost in (0.5, 2.0):
        with pytest.raises(ValueError, match="budget must be between"):
            calibrate(lambda sigma, cost=cost: cost, 1.0)


# The budget


class Silent:
    """A generator that must not be asked."""

    def __getattr__(self, name):
        raise AssertionError(f"{name} was drawn")


def test_a_budget_counts_by_kind():
    budget, rng = Budget(1.0), np.random.default_rng(0)
    budget.measure(np.zeros(3), 0.1, 0.25, rng)
    budget.measure(np.zeros(2), 0.1, 0.25, rng)
    budget.choose(np.arange(4.0), 0.1, 0.2, 2, rng)
    assert budget.spent == {"measured": 0.5, "chosen": 0.2}
    assert budget.left == pytest.approx(0.3)


def test_what_is_asked_beyond_the_budget_is_refused_in_a_sentence_and_nothing_is_released():
    budget = Budget(0.5)
    budget.spend(0.4, "measured")
    sentence = r"^the cost must be at most 0\.1, what is left of the privacy budget 0\.5, got 0\.2$"
    for ask in (
        lambda: budget.measure(np.zeros(3), 1.0, 0.2, Silent()),
        lambda: budget.choose(np.zeros(3), 1.0, 0.2, 1, Silent()),
        lambda: budget.spend(0.2, "measured"),
    ):
        with pytest.raises(ValueError, match=sentence):
            ask()
    assert budget.spent == {"measured": 0.4}


def test_shares_fill_the_budget_but_for_rounding_and_not_a_grain_more():
    budget = Budget(1.0)
    for _ in range(49):
        budget.spend(1 / 49, "measured")
    assert budget.left == pytest.approx(0, abs=1e-12)
    with pytest.raises(ValueError, match="privacy budget"):
        budget.spend(1e-6, "measured")


def test_at_an_order_a_release_costs_so_many_times_its_rho():
    budget = Budget(10.0, order=8.0)
    budget.measure(np.zeros(1), 1.0, 0.5, np.random.default_rng(0))
    assert budget.spent == {"measured": 4.0}


def test_replicates_have_a_count_of_their_own():
    budget = Budget(np.array([1.0, 2.0]))
    budget.spend(np.array([0.5, 1.5]), "measured")
    np.testing.assert_allclose(budget.left, 0.5)
    with pytest.raises(ValueError, match="the cost must be at most"):
        budget.spend(np.array([0.1, 0.6]), "measured")
    np.testing.assert_allclose(budget.spent["measured"], [0.5, 1.5])


def test_measured_answers_have_the_noise_that_was_paid_for():
    noisy = Budget(1.0).measure(np.full(40_000, 3.0), 0.2, 0.08, np.random.default_rng(1))
    assert noisy.mean() == pytest.approx(3, abs=0.02)
    assert noisy.std() == pytest.approx(gaussian_sigma(0.2, 0.08), rel=0.02)


def test_choices_follow_exponential_mechanisms_without_replacement():
    scores, sensitivity, rho = np.array([0.0, 0.3, 0.5]), 0.2, 0.5
    budget, rng = Budget(1e9), np.random.default_rng(2)
    drawn = [tuple(budget.choose(scores, sensitivity, rho, 2, rng)) for _ in range(6000)]
    weights = np.exp(scores * math.sqrt(8 * rho / 2) / (2 * sensitivity))
    expected = {
        (i, j): weights[i] / weights.sum() * weights[j] / (weights.sum() - weights[i])
        for i in range(3)
        for j in range(3)
        if i != j
    }
    counts = [drawn.count(pair) for pair in expected]
    assert sum(counts) == len(drawn)
    assert chisquare(counts, len(drawn) * np.array(list(expected.values()))).pvalue > 1e-3


# Bad input


@pytest.mark.parametrize(
    ("ask", "named"),
    [
        (lambda: gaussian_rho(0.0, 1.0), "sensitivity"),
        (lambda: gaussian_rho(1.0, np.array([1.0, -1.0])), "sigma"),
        (lambda: gaussian_sigma(1.0, 0.0), "rho"),
        (lambda: exponential_rho(-1.0), "epsilon"),
        (lambda: gumbel_scale(1.0, 1.0, 0), "picks"),
        (lambda: subsampled_rdp(1, 0.5, 1.0), "alpha"),
        (lambda: subsampled_rdp(3, 0.0, 1.0), "q"),
        (lambda: subsampled_rdp(3, 1.2, 1.0), "q"),
        (lambda: cdp_eps(1.0, 0.0), "delta"),
        (lambda: cdp_eps_simple(1.0, 1.0), "delta"),
        (lambda: cdp_rho(0.0, 1e-5), "epsilon"),
        (lambda: cdp_rho(1.0, 1.0), "delta"),
        (lambda: cdp_delta(1.0, -0.1), "epsilon"),
        (lambda: cdp_delta(0.0, 1.0), "rho"),
        (lambda: rdp_eps(np.array([1.0]), np.array([1.0]), 0.1), "orders"),
        (lambda: rdp_eps(np.array([2.0]), np.array([1.0, 2.0]), 0.1), "rdp"),
        (lambda: rdp_delta(np.array([2.0]), np.array([-1.0]), 0.1), "rdp"),
        (lambda: calibrate(lambda sigma: 1 / sigma, 0.0), "budget"),
        (lambda: Budget(0.0), "total"),
        (lambda: Budget(1.0, order=0.5), "order"),
        (lambda: Budget(1.0).spend(-0.1, "measured"), "the cost"),
        (lambda: Budget(1.0).choose(np.zeros(2), 1.0, 0.1, 3, Silent()), "scores"),
    ],
)
def test_what_has_no_meaning_is_refused_by_name(ask, named):
    with pytest.raises(ValueError, match=rf"^{named} must be"):
        ask()
