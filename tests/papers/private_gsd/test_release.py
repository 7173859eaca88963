from itertools import pairwise

import numpy as np
import pytest

from optilab.papers.private_gsd import algorithm as alg
from optilab.papers.private_gsd.algorithm import release
from optilab.papers.private_gsd.problems import (
    PEOPLE,
    Cells,
    Prefixes,
    Together,
    marginals,
    people,
    random_half_spaces,
    random_prefixes,
)
from optilab.problems.privacy import Budget, cdp_rho, gaussian_rho

N = 2000
TABLE, QUERIES = people(N, 0), random_prefixes(12, 1)
TRUTH = QUERIES.answers(TABLE)
PRIVACY = {"epsilon": 1.0, "delta": 1 / N**2}
SEARCH = {"n_rows": 40, "p_mut": 10, "p_cross": 10, "generations": 50}
RHO = cdp_rho(1.0, 1 / N**2)


def shot(seed=0, **changes):
    return alg.one_shot(TABLE, QUERIES, rng=np.random.default_rng(seed), **PRIVACY | SEARCH | changes)


def rounds(seed=0, queries=QUERIES, **changes):
    settings = PRIVACY | SEARCH | {"T": 3, "S": 2} | changes
    return list(alg.adaptive(TABLE, queries, rng=np.random.default_rng(seed), **settings))


def test_the_noise_has_the_promised_size_and_the_costs_fill_the_budget():
    ranges = Cells(PEOPLE, ((0, 2), (3,)))
    truth, rho = np.full(ranges.M, 0.5), 0.3
    noisy = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        measured = alg.measure(truth, ranges, [0, 1], n=N, budget=Budget(rho), rho=rho, rng=rng)
        noisy.append(measured.a_hat - truth)
    for w, sigma in enumerate(measured.sigma):
        spread = np.std(np.array(noisy)[:, ranges.workload == w])
        assert spread == pytest.approx(sigma, rel=0.05)
    np.testing.assert_allclose(measured.sigma, np.sqrt(2 * 5) / N * np.sqrt(2 / (2 * rho)))
    assert gaussian_rho(ranges.sensitivity(N), measured.sigma).sum() == pytest.approx(rho)


def test_answers_are_clipped_and_belong_to_their_workloads():
    both = Together((marginals(PEOPLE), QUERIES))
    truth = both.answers(TABLE)
    rng = np.random.default_rng(0)
    exact = alg.measure(truth, both, [5, 0], n=N, budget=Budget(1e12), rho=1e12, rng=rng)
    np.testing.assert_allclose(exact.a_hat, truth[both.places([5, 0])], atol=1e-6)
    wild = alg.measure(truth, both, range(13), n=N, budget=Budget(1e-6), rho=1e-6, rng=rng)
    assert wild.a_hat.min() == 0
    assert wild.a_hat.max() == 1
    assert len(wild.a_hat) == both.M


def test_one_shot_is_measuring_and_searching():
    found = shot()
    noise, searching = np.random.default_rng(0).spawn(2)
    measured = alg.measure(TRUTH, QUERIES, range(12), n=N, budget=Budget(RHO), rho=RHO, rng=noise)
    np.testing.assert_array_equal(found.measured.a_hat, measured.a_hat)
    np.testing.assert_array_equal(found.table, alg.project(measured.a_hat, QUERIES, rng=searching, **SEARCH))
    assert found.rho == pytest.approx(RHO)
    np.testing.assert_allclose(found.measured.sigma, np.sqrt(12 / RHO) / N)


def test_rounds_spend_their_budget_and_measure_the_worst_first():
    found = rounds(epsilon=1e4)  # hardly any noise: the choice is by the errors themselves
    for before, after in pairwise(found):
        error = QUERIES.worst(TRUTH - QUERIES.answers(before.best))
        error[before.measured.workloads] = -1
        chosen = after.measured.workloads[len(before.measured.workloads) :]
        np.testing.assert_array_equal(np.sort(chosen), np.sort(np.argsort(-error)[:2]))
    total = cdp_rho(1e4, 1 / N**2)
    np.testing.assert_allclose([state.rho for state in found], total * np.arange(4) / 3)
    found = rounds()
    assert len(found) == 4
    last = found[-1].measured
    assert len(set(last.workloads.tolist())) == 6
    np.testing.assert_allclose(last.sigma, np.sqrt(2) / N / np.sqrt(2 * (RHO / 3 / 2) / 2))
    assert gaussian_rho(np.sqrt(2) / N, last.sigma).sum() == pytest.approx(RHO / 2)


def test_the_noise_of_a_choice_is_that_of_its_budget():
    """Two workloads whose errors differ by one scale: the larger is chosen with the odds of Gumbel noise, e to 1."""
    scale = np.sqrt(1 / (2 * 0.25)) / N
    error = np.array([0.0, scale])
    rng = np.random.default_rng(0)
    first = [Budget(1.0).choose(error, 1 / N, 0.25, 1, rng)[0] for _ in range(3000)]
    assert np.mean(first) == pytest.approx(np.e / (1 + np.e), abs=0.03)


def test_the_hybrid_measures_its_share_at_once():
    both = Together((marginals(PEOPLE), QUERIES))
    found = rounds(queries=both, first=(0,), T=2, S=2)
    assert len(found) == 3
    np.testing.assert_array_equal(found[0].measured.workloads, [0])
    assert found[0].rho == pytest.approx(RHO * 1 / (1 + 4))
    assert found[-1].rho == pytest.approx(RHO)
    assert abs(both.answers(found[0].best)[:8] - both.answers(TABLE)[:8]).max() < 0.1
    assert 0 not in found[-1].measured.workloads[1:]


def test_the_search_sees_noisy_answers_alone(monkeypatch):
    seen = []
    project = release.project

    def watched(a_hat, queries, **search):
        seen.append(np.copy(a_hat))
        assert not any(np.shape(value) == TABLE.shape for value in search.values())
        return project(a_hat, queries, **search)

    monkeypatch.setattr(release, "project", watched)
    shot()
    rounds()
    assert len(seen) == 4
    for a_hat in seen:
        assert not np.isin(a_hat[a_hat > 0], TRUTH).any()


def test_what_noise_and_rows_can_do():
    rng, sigma = np.random.default_rng(0), 0.02
    noise = sigma * rng.normal(size=(4000, 50))
    assert abs(noise).mean() == pytest.approx(alg.noise_floor(sigma), rel=0.02)
    beyond = (abs(noise).max(1) > alg.answer_bound(sigma, 50, 0.05)).mean()
    assert beyond < 0.05
    assert (abs(noise).max(1) > 0.8 * alg.answer_bound(sigma, 50, 0.05)).mean() > 0.05
    assert alg.answer_bound(np.array([0.01, 0.02]), 7, 0.1) == alg.answer_bound(0.02, 7, 0.1)
    samples = [TABLE[rng.integers(N, size=30)] for _ in range(200)]
    least = min(abs(QUERIES.answers(rows) - TRUTH).max() for rows in samples)
    assert least < alg.sampling_bound(QUERIES.M, 30)
    assert alg.sampling_bound(QUERIES.M, 120) == pytest.approx(alg.sampling_bound(QUERIES.M, 30) / 2)


def test_a_budget_refuses_what_is_beyond_it():
    budget = alg.budget_for(N, QUERIES, **PRIVACY)
    rng = np.random.default_rng(0)
    alg.measure(TRUTH, QUERIES, [0, 1], n=N, budget=budget, rho=0.7 * RHO, rng=rng)
    with pytest.raises(ValueError, match=r"the cost must be at most .* what is left of the privacy budget"):
        alg.measure(TRUTH, QUERIES, [2], n=N, budget=budget, rho=0.4 * RHO, rng=rng)
    alg.measure(TRUTH, QUERIES, [2], n=N, budget=budget, rho=0.3 * RHO, rng=rng)


def test_dangerous_settings_are_warned_of():
    with pytest.warns(UserWarning, match="delta = 0.001 is above 1/n = 0.0005"):
        shot(delta=1e-3)
    twice = Prefixes(PEOPLE, 0, np.array([[2, 3], [3, 2]]), np.array([[0.1, 0.2], [0.2, 0.1]]))
    with pytest.warns(UserWarning, match="1 workloads are asked twice"):
        alg.budget_for(N, twice, **PRIVACY)
    once = random_half_spaces(3, 0)
    with pytest.warns(UserWarning, match="3 workloads are asked twice"):
        alg.budget_for(N, Together((once, once)), **PRIVACY)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"epsilon": 0.0}, "epsilon must be positive"),
        ({"epsilon": -1.0}, "epsilon must be positive"),
        ({"delta": 0.0}, "delta must be between 0 and 1"),
        ({"delta": 1.0}, "delta must be between 0 and 1"),
        ({"n_rows": 0}, "n_rows must be a whole number, 1 or more"),
        ({"p_mut": 0, "p_cross": 0}, "p_mut . p_cross must be 1 or more"),
    ],
)
def test_what_no_mechanism_can_use_is_refused(changes, message):
    for mechanism in (shot, rounds):
        with pytest.raises(ValueError, match=message):
            mechanism(**changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"S": 0}, "S must be a whole number, 1 or more"),
        ({"T": 0}, "T must be a whole number, 1 or more"),
        ({"S": 5}, "S · T must be at most 12, the workloads there are to choose from"),
        ({"first": (0, 0)}, "first must be different workloads"),
        ({"first": (12,)}, "first must be different workloads"),
        ({"first": (0, 1, 2, 3, 4, 5, 6)}, "S · T must be at most 5"),
    ],
)
def test_rounds_that_can_t_be_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        rounds(**changes)


def test_a_table_of_another_domain_is_refused():
    wrong = TABLE.copy()
    wrong[0, 3] = 1.5
    for mechanism in (alg.one_shot, alg.adaptive):
        with pytest.raises(ValueError, match="rescale by public bounds"):
            mechanism(wrong, QUERIES, rng=np.random.default_rng(0), **PRIVACY)
    with pytest.raises(ValueError, match="beta must be between 0 and 1"):
        alg.answer_bound(1.0, 3, 0.0)
    with pytest.raises(ValueError, match="sigma must be 0 or more"):
        alg.noise_floor(-1.0)
