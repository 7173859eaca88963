"""The checks of the assignment on policy gradients: what the wrong answers of the course's tests leave out."""

import numpy as np
import pytest
import sympy as sp

from optilab.papers.policy_gradient_harpg import exercises
from optilab.papers.policy_gradient_harpg.exercises import Delta, b, c, eta, k, theta

RIGHT = (1 - eta) / eta * c * Delta**2


def test_any_form_of_the_transport_error_passes():
    exercises.check_transport_error(c * Delta**2 / eta - c * Delta**2)
    exercises.check_transport_error(sp.expand((1 - eta) * c * Delta**2 + (1 - eta) ** 2 / eta * c * Delta**2))
    weight, bend, step = sp.symbols("eta c Delta")
    exercises.check_transport_error((1 / weight - 1) * bend * step**2)


CUBIC = k * Delta**2 * (3 * theta * (1 - eta) / eta + Delta * (1 - eta) * (1 - 2 * eta) / eta**2)


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (RIGHT, "yours holds"),
        (CUBIC.subs(theta, 1), "yours is 3 and 15"),
        (CUBIC + b, "b cancels"),
        (eta * (b * (theta + Delta) + k * (theta + Delta) ** 3), "b cancels"),
        (2 * CUBIC, "yours is 6 and 30"),
        ("(1 - eta)", "SymPy"),
    ],
)
def test_wrong_remainders_of_a_cubic_are_named(answer, hint):
    with pytest.raises(AssertionError, match=hint):
        exercises.check_cubic_transport(answer)


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        ((1 - eta) ** 2 / eta * c * Delta**2, "new gradient's part"),
        (-(1 - eta) * Delta * b, "momentum"),
        (RIGHT + b, "cancel"),
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
        (answer(lambda d, eta, step, g, hvp: eta * (d + hvp(step)) + (1 - eta) * g()), "weighs what is remembered"),
        (answer(lambda d, eta, step, g, hvp: 0.0 * (d + hvp(step)) + g()), "off by"),
        (answer(lambda d, eta, step, g, hvp: (d + hvp(step)) / 2 + g() / 2), "off by"),
        (answer(lambda d, eta, step, g, hvp: 0.9 * (d + hvp(step)) + 0.1 * g()), "off by"),
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


def pair(d, theta, theta_prev, eta, q, sample, g, hvp, other=between):
    step = theta - theta_prev
    places = between(theta, theta_prev, q), other(theta_prev, theta, q)
    v = sum(hvp(sample(place), place, step) for place in places) / 2
    return (1 - eta) * (d + v) + eta * g(sample(theta), theta)


def twice_at_one_place(*arguments):
    return pair(*arguments, other=lambda before, theta, q: between(theta, before, q))


def one_trajectory_for_both(d, theta, theta_prev, eta, q, sample, g, hvp):
    drawn = []

    def once(point):
        drawn.append(sample(point))
        return drawn[0] if len(drawn) == 2 else drawn[-1]

    return pair(d, theta, theta_prev, eta, q, once, g, hvp)


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (twice_at_one_place, "must be asked at q"),
        (one_trajectory_for_both, "hvp needs a trajectory"),
    ],
)
def test_wrong_pairs_are_named(wrong, hint):
    with pytest.raises(AssertionError, match=hint):
        exercises.check_pair(wrong, 1)


def without_bend(*arguments):
    return exercises.wrong_products(*arguments)["∇²Φ u is missing"]


def product(*arguments):
    forgetful, *_ = exercises.wrong_products(*arguments).values()
    return forgetful + without_bend(*arguments)  # each has what the other lacks


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


def runs_of(err, count=201):
    """Errors of runs whose medians are `err`."""
    spread = np.linspace(0.5, 1.5, count)
    return {name: value * spread if isinstance(value, int | float) else spread for name, value in err.items()}


def test_right_answers_hear_what_they_are_good_for():
    assert "short steps" in exercises.check_cubic_transport(CUBIC)
    assert "every q" in exercises.check_pair(pair, 0)
    assert "as much as a gradient" in exercises.check_hvp(product, 0)
    exercises.check_experiment(ERR, SLOPE, "noise", "hvp")
    exercises.check_errors(runs_of(SHORT_ERR), SHORT_ERR, SHORT_SLOPE)


@pytest.mark.parametrize(
    ("answers", "hint"),
    [
        ((ERR | {"N-MPG": 0.11}, SLOPE), "looks like the gap"),
        ((ERR | {"N-HARPG": 0.5}, SLOPE), "outside"),
        ((ERR, SLOPE | {"N-HARPG": -0.3}), "too flat"),
        ((ERR, SLOPE | {"N-MPG": -0.9}), "too steep"),
        ((ERR | {"N-MPG": 0.16, "N-PG-IGT": 0.149}, SLOPE), "about half"),
        ((ERR, SLOPE, "bias"), "the theory has the drift"),
        ((ERR, SLOPE, "luck"), "one of"),
        (({}, SLOPE), "no entry"),
    ],
)
def test_wrong_experiments_are_named(answers, hint):
    with pytest.raises(AssertionError, match=hint):
        exercises.check_experiment(*answers, *("noise", "hvp")[len(answers) - 2 :])


def test_figures_are_held_against_the_step_size_that_they_had():
    found = exercises.measured(0.05)
    err, slope = ({name: pair[k] for name, pair in found.items()} for k in (0, 1))
    last = runs_of(err)
    exercises.check_errors(last, err, slope, gamma0=0.05)
    with pytest.raises(AssertionError, match="outside"):
        exercises.check_errors(last, err, slope)
    with pytest.raises(AssertionError, match=r"isn't that of γ₀ = 0\.05"):
        exercises.check_errors(runs_of(SHORT_ERR), SHORT_ERR, slope, gamma0=0.05)
    with pytest.raises(AssertionError, match=r"slope of -1\.00 isn't that of γ₀ = 0\.05"):
        exercises.check_errors(last, err, slope | {"N-HARPG": -1.0}, gamma0=0.05)


@pytest.mark.parametrize(
    ("err", "slope", "hint"),
    [
        (SHORT_ERR | {"N-HARPG": 3000}, SHORT_SLOPE, "outside"),
        (SHORT_ERR | {"N-HARPG": 0.5}, SHORT_SLOPE, "outside"),
        (SHORT_ERR, SHORT_SLOPE | {"N-MPG": 0.57}, "negative"),
        (SHORT_ERR, SHORT_SLOPE | {"N-HARPG": -0.5}, "too flat"),
        (SHORT_ERR, SHORT_SLOPE | {"N-MPG": -1.3}, "too steep"),
        (SHORT_ERR | {"N-MPG": np.ones(200)}, SHORT_SLOPE, "err of N-MPG must be one real number"),
        (SHORT_ERR | {"N-MPG": "a"}, SHORT_SLOPE, "err of N-MPG must be one real number"),
        (SHORT_ERR, SHORT_SLOPE | {"N-HARPG": None}, "the slope of N-HARPG must be one real number"),
    ],
)
def test_wrong_figures_of_short_runs_are_named(err, slope, hint):
    with pytest.raises(AssertionError, match=hint):
        exercises.check_errors(runs_of(dict(err)), err, slope)


@pytest.mark.parametrize(
    ("runs", "hint"),
    [
        ({name: np.tile(one, 10) for name, one in runs_of(SHORT_ERR, 21).items()}, "the errors of 21"),
        (runs_of(SHORT_ERR | {"N-MPG": 2.0}), "err says 1.45, but the median"),
        (SHORT_ERR, "not shape"),
        ({}, "no entry"),
        ([1.0], "a dictionary"),
    ],
)
def test_figures_without_their_runs_are_refused(runs, hint):
    with pytest.raises(AssertionError, match=hint):
        exercises.check_errors(runs, SHORT_ERR, SHORT_SLOPE)
