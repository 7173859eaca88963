"""The checks of the assignment on policy gradients: what the wrong answers of the course's tests leave out."""

import numpy as np
import pytest
import sympy as sp

from optilab.papers.policy_gradient_harpg import exercises, experiment
from optilab.papers.policy_gradient_harpg.exercises import Delta, a, c, eta

RIGHT = (1 - eta) / eta * c * Delta**2


def test_any_form_of_the_transport_error_passes():
    exercises.check_transport_error(c * Delta**2 / eta - c * Delta**2)
    exercises.check_transport_error(sp.expand((1 - eta) * c * Delta**2 + (1 - eta) ** 2 / eta * c * Delta**2))
    weight, bend, step = sp.symbols("eta c Delta")
    exercises.check_transport_error((1 / weight - 1) * bend * step**2)


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        ((1 - eta) ** 2 / eta * c * Delta**2, "new gradient's part"),
        (-(1 - eta) * Delta * a, "momentum"),
        (RIGHT + a, "cancel"),
        (2 * RIGHT, "yours is 2 and 6"),
        ("(1 - eta)", "SymPy"),
    ],
)
def test_wrong_transport_errors_are_named(answer, hint):
    with pytest.raises(AssertionError, match=hint):
        exercises.check_transport_error(answer)


def between(theta, before, q):
    return q * theta + (1 - q) * before


def carried(d, eta, step, g, hvp):
    return (1 - eta) * (d + hvp(step)) + eta * g()


def answer(combine=carried, place=between):
    """An answer that takes its product at a place and combines what it has by a formula; right as it stands."""

    def direction(d, theta, theta_prev, eta, q, sample, g, hvp):
        there = place(theta, theta_prev, q)
        step = theta - theta_prev
        return combine(d, eta, step, lambda: g(sample(theta), theta), lambda u: hvp(sample(there), there, u))

    return direction


def wrong_pair(d, theta, theta_prev, eta, q, sample, g, hvp):
    place = between(theta, theta_prev, q)
    mine, other = sample(theta), sample(place)
    return carried(d, eta, theta - theta_prev, lambda: g(other, theta), lambda u: hvp(mine, place, u))


@pytest.mark.parametrize("seed", range(5))
def test_the_direction_of_the_algorithm_passes(seed):
    exercises.check_direction(answer(), seed)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (answer(lambda d, eta, step, g, hvp: (1 - eta) * d + eta * g()), "not carried along"),
        (answer(lambda d, eta, step, g, hvp: eta * d + (1 - eta) * g()), "weighs what is remembered"),
        (answer(place=lambda theta, before, q: theta), "must be asked at q"),
        (answer(place=lambda theta, before, q: between(before, theta, q)), "q weighs"),
        (wrong_pair, "needs a trajectory drawn at"),
        (lambda *arguments: 0.0, "shape"),
        (lambda *arguments: np.zeros(4), "off by"),
        (lambda *arguments: "x", "d_t must be real numbers, got 'x'"),
        (lambda *arguments: None, "d_t must be real numbers, got None"),
    ],
)
def test_wrong_directions_are_named(wrong, hint, seed):
    with pytest.raises(AssertionError, match=hint):
        exercises.check_direction(wrong, seed)


def without_bend(*arguments):
    return exercises.wrong_products(*arguments)["∇²Φ u is missing"]


def product(*arguments):
    forgetful, *_ = exercises.wrong_products(*arguments).values()
    return forgetful + without_bend(*arguments)  # each has what the other lacks


@pytest.mark.parametrize("seed", range(3))
def test_the_product_passes(seed):
    exercises.check_hvp(product, seed)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (without_bend, "∇²Φ u is missing"),
        (lambda s, a, r, gamma, theta, u: u.ravel(), "shape"),
        (lambda s, a, r, gamma, theta, u: product(s, a, r, 1.0, theta, u), "off by"),
        (lambda *arguments: None, "B u must be real numbers"),
    ],
)
def test_wrong_products_are_named(wrong, hint, seed):
    with pytest.raises(AssertionError, match=hint):
        exercises.check_hvp(wrong, seed)


ERR = {"N-MPG": 0.21, "N-PG-IGT": 0.104, "N-HARPG": 0.094}
SLOPE = {"N-MPG": -0.51, "N-PG-IGT": -0.54, "N-HARPG": -0.83}
SHORT_ERR = {"N-MPG": 1.45, "N-PG-IGT": 0.82, "N-HARPG": 2.3}
SHORT_SLOPE = {"N-MPG": -0.53, "N-PG-IGT": -0.64, "N-HARPG": -1.0}


def test_the_figures_of_the_experiment_pass():
    exercises.check_experiment(ERR, SLOPE, "noise", "hvp")
    exercises.check_errors(SHORT_ERR, SHORT_SLOPE)


@pytest.mark.parametrize(
    ("answers", "hint"),
    [
        ((ERR | {"N-MPG": 0.11}, SLOPE), "looks like the gap"),
        ((ERR | {"N-HARPG": 0.5}, SLOPE), "outside"),
        ((ERR, SLOPE | {"N-HARPG": -0.3}), "too flat"),
        ((ERR, SLOPE | {"N-MPG": -0.9}), "too steep"),
        ((ERR | {"N-MPG": 0.16, "N-PG-IGT": 0.149}, SLOPE), "about half"),
        ((ERR, SLOPE, "bias"), "isn't so"),
        ((ERR, SLOPE, "noise", "bias"), "isn't so"),
        ((ERR, SLOPE, "luck"), "one of"),
        (({}, SLOPE), "no entry"),
    ],
)
def test_wrong_experiments_are_named(answers, hint):
    with pytest.raises(AssertionError, match=hint):
        exercises.check_experiment(*answers, *("noise", "hvp")[len(answers) - 2 :])


def test_short_runs_of_other_seeds_pass_at_the_step_size_that_they_had():
    at = experiment.checkpoints(200, first=20)
    races = {name: experiment.race(name, T=200, gamma0=0.05, runs=200, seed=5, at=at) for name in SHORT_ERR}
    err = {name: np.median(one.err[-1]) for name, one in races.items()}
    slope = {name: one.slope for name, one in races.items()}
    exercises.check_errors(err, slope, gamma0=0.05)
    with pytest.raises(AssertionError, match="outside"):
        exercises.check_errors(err, slope)
    with pytest.raises(AssertionError, match=r"isn't that of γ₀ = 0\.05"):
        exercises.check_errors(SHORT_ERR, slope, gamma0=0.05)
    with pytest.raises(AssertionError, match=r"slope of -1\.00 isn't that of γ₀ = 0\.05"):
        exercises.check_errors(err, slope | {"N-HARPG": -1.0}, gamma0=0.05)


@pytest.mark.parametrize(
    ("err", "slope", "hint"),
    [
        (SHORT_ERR | {"N-MPG": 0.77}, SHORT_SLOPE, "looks like the gap"),
        (SHORT_ERR | {"N-HARPG": 3000}, SHORT_SLOPE, "take medians"),
        (SHORT_ERR | {"N-HARPG": 0.5}, SHORT_SLOPE, "outside"),
        (SHORT_ERR, SHORT_SLOPE | {"N-MPG": 0.57}, "negative"),
        (SHORT_ERR, SHORT_SLOPE | {"N-HARPG": -0.5}, "too flat"),
        (SHORT_ERR, SHORT_SLOPE | {"N-MPG": -1.3}, "too steep"),
        (SHORT_ERR | {"N-MPG": np.ones(200)}, SHORT_SLOPE, "one number for N-MPG"),
        (list(SHORT_ERR.values()), SHORT_SLOPE, "dictionary"),
        (SHORT_ERR | {"N-MPG": "a"}, SHORT_SLOPE, "err: the values must be real"),
        (SHORT_ERR, SHORT_SLOPE | {"N-HARPG": None}, "slope: the values must be real"),
    ],
)
def test_wrong_figures_of_short_runs_are_named(err, slope, hint):
    with pytest.raises(AssertionError, match=hint):
        exercises.check_errors(err, slope)
