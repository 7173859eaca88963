import numpy as np
import pytest
import sympy as sp

from optilab.papers.capo import algorithm as alg
from optilab.papers.capo import exercises
from optilab.papers.capo.algorithm import Moments
from optilab.papers.capo.exercises import p, w


def refused(check, message, *answer, **options):
    with pytest.raises(AssertionError, match=message):
        check(*answer, **options)


def test_the_checks_on_two_tokens():
    bend, limit = (1 - p) * (1 - 2 * p) * w**2, 1 / ((1 - p) * (1 - 2 * p))
    assert "bends against you" in exercises.check_two_tokens(bend, 0.5, limit)
    refused(exercises.check_two_tokens, "alone", (1 - p) ** 2 * w**2, 0.5, limit)
    refused(exercises.check_two_tokens, "log π", -p * (1 - p) * w**2, 0.5, limit)
    refused(exercises.check_two_tokens, "turn", bend, 1, limit)
    refused(exercises.check_two_tokens, "limit", bend, 0.5, 2 * limit)
    refused(exercises.check_two_tokens, "not in", bend * sp.Symbol("x"), 0.5, limit)
    for q in (0.1, 0.3, 0.45):  # what is asked for is what the algorithm has
        assert float(limit.subs(p, q)) == pytest.approx(alg.overshoot(-1.0, np.array([q, 1 - q]), 0))


def test_the_check_on_a_weight():
    assert "shouts" in exercises.check_weight(sp.sqrt(42) / 4)
    for wrong, message in ((0.75, "divides"), (3**0.5, "7 below"), (2.4749, "one success"), (1.0, "root of")):
        refused(exercises.check_weight, message, wrong)


def test_the_checks_take_the_algorithms_own():
    assert exercises.check_advantages(alg.advantages, seed=3)
    assert exercises.check_aggregate(
        lambda values, mask, method, T_max: float(
            alg.aggregate(values, mask, method) * (values.shape[1] / T_max if method == "Dr. GRPO" else 1)
        ),
        seed=3,
    )
    assert exercises.check_scores(
        lambda A, v, pi, h, lr, moments: alg.token_scores(A, v, pi, h, lr, moments and Moments(*moments)), seed=3
    )


@pytest.mark.parametrize("wrong", exercises.SLIPS)
def test_a_slip_in_advantages_is_named(wrong):
    refused(
        exercises.check_advantages,
        "sample's|added to|own group|divides by",
        lambda R, G, method: exercises._advantages(R, G, method, wrong),
        seed=1,
    )


@pytest.mark.parametrize("wrong", exercises.AGGREGATION)
def test_a_slip_in_aggregation_is_named(wrong):
    message = exercises.AGGREGATION[wrong]
    refused(exercises.check_aggregate, message, lambda *args: exercises._aggregated(*args, wrong=wrong), seed=1)


@pytest.mark.parametrize("wrong", exercises.MISTAKES)
def test_a_mistake_in_scores_is_named(wrong):
    said = exercises.MISTAKES[wrong].split(":")[0].replace("(", r"\(").replace(")", r"\)").replace("+", r"\+")
    refused(exercises.check_scores, said, lambda *args: exercises._scores(*args, wrong=wrong), seed=1)


def test_moments_must_stay():
    def changing(A, v, pi, h, lr, moments):
        found = exercises._scores(A, v, pi, h, lr, moments)
        if moments is not None:
            moments[0][:] += 1
        return found

    refused(exercises.check_scores, "only looked at", changing, seed=1)


def test_the_check_on_a_threshold():
    seeds = range(6)
    setting = {"lr": exercises.LR, "scale": exercises.SCALE}
    ours = exercises.learn("CAPO", "GRPO", seeds, tauH=np.inf, tauF=1e5, **setting)
    share = ours.rejected.mean()
    lots = exercises.learn("random mask", "GRPO", seeds, rate=share, **setting).accuracy[-1]
    answer = (1e5, share, ours.accuracy[-1], lots)
    assert "handful" in exercises.check_threshold(*answer, "b", seeds)
    refused(exercises.check_threshold, "shorten steps", *answer, "a", seeds)
    refused(exercises.check_threshold, "lower it", np.inf, *answer[1:], "b", seeds)
    refused(exercises.check_threshold, "raise it", 10.0, *answer[1:], "b", seeds)
