import numpy as np
import pytest
import sympy as sp

from optilab.arena import exercises

alpha, mu, sigma, k, m = exercises.alpha, exercises.mu, exercises.sigma, exercises.k, exercises.m


def refused(check, message, *answer, **options):
    with pytest.raises(AssertionError, match=message):
        check(*answer, **options)


def test_the_check_on_minibatches():
    right = alpha * sigma**2 / (2 * m * (2 - alpha * mu))
    assert "m times as short" in exercises.check_batch(right)
    refused(exercises.check_batch, "floor of single samples", m * right)
    refused(exercises.check_batch, "is σ²/m, and the floor", right / m)
    refused(exercises.check_batch, "goes with σ²", right * sp.sqrt(m))
    refused(exercises.check_batch, "that is E x²", 2 * right / mu)
    refused(exercises.check_batch, "at α = ½", 3 * right)
    refused(exercises.check_batch, "alone, not in", sp.Symbol("q") * right)


def quartile(gaps, share):
    return np.quantile(gaps, share, method="inverted_cdf")


def referee(low=np.median, against=min, anybody=False, worst=False, shares=(0.25, 0.75), edge=quartile):
    def verdict(gaps):
        first, *others = sorted(gaps, key=lambda name: low(gaps[name]), reverse=worst)
        best = against(edge(gaps[name], shares[0]) for name in others)
        return first if anybody or edge(gaps[first], shares[1]) < best else None

    return verdict


def finite(gaps):
    return np.median(gaps[np.isfinite(gaps)])


@pytest.mark.parametrize("method", ["linear", "weibull", "hazen", "median_unbiased", "inverted_cdf", "lower", "higher"])
def test_the_check_takes_any_of_the_usual_quartiles_though_some_gaps_are_infinite(method):
    with np.errstate(invalid="ignore"):
        right = referee(edge=lambda gaps, share: np.quantile(gaps, share, method=method))
        for seed in range(20):
            assert "everybody else" in exercises.check_referee(right, seed=seed)


def test_the_check_on_the_referee():
    refused(exercises.check_referee, "not the largest", referee(worst=True, anybody=True), seed=0)
    refused(exercises.check_referee, "so nobody wins", referee(anybody=True), seed=0)
    refused(exercises.check_referee, "against all others", referee(against=next), seed=0)
    refused(exercises.check_referee, "moves a mean", referee(low=np.mean), seed=0)
    refused(exercises.check_referee, "moves a mean", referee(shares=(0, 1)), seed=0)
    for wide in ((0, 0.75), (0.1, 0.9), (0.2, 0.8), (0.25, 0.8), (0.2, 0.75)):
        refused(exercises.check_referee, "fifth of the seeds don't count", referee(shares=wide), seed=0)
    for narrow in ((0.3, 0.7), (1 / 3, 2 / 3), (0.5, 0.5), (0.25, 0.5), (0.5, 0.75), (0.25, 0.7)):
        refused(
            exercises.check_referee,
            "11th to the 31st|so nobody wins|against all others",
            referee(shares=narrow),
            seed=0,
        )
    refused(exercises.check_referee, "counts and loses", referee(low=finite), seed=0)
    refused(exercises.check_referee, "has the least gaps", lambda gaps: None)


def test_the_check_on_shrinking_steps():
    gap, crossing = sigma**2 / (2 * mu * k), (2 - alpha * mu) / (alpha * mu)
    assert "σ is not in it" in exercises.check_decreasing(gap, crossing)
    refused(exercises.check_decreasing, "at k = 3", gap**2, crossing)
    refused(exercises.check_decreasing, "down to the floor at k = 5/3", gap, crossing + 2)
    refused(exercises.check_decreasing, "not rounded; yours says 2", gap, sp.ceiling(crossing))
    refused(exercises.check_decreasing, "write k_star in", gap, crossing * k)
    refused(exercises.check_decreasing, "½μ times", sigma**2 / (mu**2 * k), crossing)


def lion(x, m, g, alpha, beta1, beta2, lam):
    length = np.asarray(alpha)[..., None]
    return x - length * (np.sign(beta1 * m + (1 - beta1) * g) + lam * x), beta2 * m + (1 - beta2) * g


def test_the_check_on_lion():
    for seed in range(10):
        assert "sees the axes" in exercises.check_lion(lion, seed=seed)
    refused(exercises.check_lion, "two things", lambda *given: lion(*given)[0], seed=0)
    refused(exercises.check_lion, "as x is", lambda *given: [part[..., :1] for part in lion(*given)], seed=0)
    refused(exercises.check_lion, "check the signs", lambda *given: (2 * lion(*given)[0], lion(*given)[1]), seed=0)
    refused(exercises.check_lion, r"m⁺ = .* at \[0\] is", lambda *given: (lion(*given)[0], 2 * lion(*given)[1]), seed=0)

    def along(x, m, g, alpha, beta1, beta2, lam):
        length = alpha if np.ndim(alpha) == 2 else np.asarray(alpha)[..., None]
        return x - length * (np.sign(beta1 * m + (1 - beta1) * g) + lam * x), beta2 * m + (1 - beta2) * g

    refused(exercises.check_lion, "not along coordinates", along, seed=0)


def test_the_check_on_prices(monkeypatch):
    monkeypatch.setattr(exercises, "PRICES", (0.0, 32.0))
    races = {price: exercises._priced(price, 0) for price in exercises.PRICES}
    monkeypatch.setattr(exercises, "_priced", lambda price, seed: races[price])

    def rows(kind, names=exercises.RIVALS, which="best"):
        return {
            price: (one.winner, *(kind(getattr(one.entrants[name], which)) for name in names))
            for price, one in races.items()
        }

    for kind in (lambda one: one.quartiles[1], lambda one: np.median(one.final)):
        right = rows(kind)
        (winner, *gaps), there = right[32.0], right[0.0]
        assert "makes up for" in exercises.check_prices(right, 0.0, "steps")
        elsewhere = {0.0: (there[0], *(1.5 * gap for gap in there[1:])), 32.0: right[32.0]}
        for message, wrong in {
            "ADAHESSIAN first": rows(kind, exercises.RIVALS[::-1]),
            "default settings": rows(kind, which="default"),
            "the same at every price": dict.fromkeys(races, there),
            "one generator a race": {0.0: there, 32.0: (winner, *(1.5 * gap for gap in gaps))},
            "not the races of seed 0, κ = 1000": elsewhere,
        }.items():
            refused(exercises.check_prices, message, wrong, 0.0, "steps")
    refused(exercises.check_prices, "one number", rows(lambda one: one.quartiles), 0.0, "steps")
    refused(exercises.check_prices, "take medians", rows(lambda one: one.final.mean()), 0.0, "steps")
    refused(exercises.check_prices, "three things", dict.fromkeys(races), 0.0, "steps")
