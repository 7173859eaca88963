"""The checks of the assignment on policy gradients: right answers pass, wrong ones are named."""

import numpy as np
import pytest
import sympy as sp

from optilab.papers.policy_gradient_harpg import exercises, experiment
from optilab.papers.policy_gradient_harpg.exercises import Delta, a, c, eta, theta

RIGHT = (1 - eta) / eta * c * Delta**2


def test_any_form_of_the_transport_error_passes():
    exercises.check_transport_error(RIGHT)
    exercises.check_transport_error(c * Delta**2 / eta - c * Delta**2)
    exercises.check_transport_error(sp.expand((1 - eta) * c * Delta**2 + (1 - eta) ** 2 / eta * c * Delta**2))
    weight, bend, step = sp.symbols("eta c Delta")
    exercises.check_transport_error((1 / weight - 1) * bend * step**2)


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (-RIGHT, "sign"),
        (c * Delta**2, "η = ½"),
        (c * Delta**2 / eta, "small η"),
        ((1 - eta) ** 2 / eta * c * Delta**2, "new gradient's part"),
        (-(1 - eta) * Delta * (a + 2 * c * theta - c * Delta), "momentum"),
        (-(1 - eta) * Delta * a, "momentum"),
        (RIGHT + a, "cancel"),
        (2 * RIGHT, "yours is 2 and 6"),
        ("(1 - eta)", "SymPy"),
    ],
)
def test_wrong_transport_errors_are_named(answer, hint):
    with pytest.raises(AssertionError, match=hint):
        exercises.check_transport_error(answer)


def direction(d, theta, theta_prev, eta, q, sample, g, hvp):
    middle = q * theta + (1 - q) * theta_prev
    correction = hvp(sample(middle), middle, theta - theta_prev)
    return (1 - eta) * (d + correction) + eta * g(sample(theta), theta)


@pytest.mark.parametrize("seed", range(5))
def test_the_direction_of_the_algorithm_passes(seed):
    exercises.check_direction(direction, seed)


def outside(d, theta, theta_prev, eta, q, sample, g, hvp):
    middle = q * theta + (1 - q) * theta_prev
    correction = hvp(sample(middle), middle, theta - theta_prev)
    return (1 - eta) * d + correction + eta * g(sample(theta), theta)


def backwards(d, theta, theta_prev, eta, q, sample, g, hvp):
    middle = q * theta + (1 - q) * theta_prev
    return (1 - eta) * (d + hvp(sample(middle), middle, theta_prev - theta)) + eta * g(sample(theta), theta)


def momentum(d, theta, theta_prev, eta, q, sample, g, hvp):
    return (1 - eta) * d + eta * g(sample(theta), theta)


def weights_swapped(d, theta, theta_prev, eta, q, sample, g, hvp):
    return eta * d + (1 - eta) * g(sample(theta), theta)


def at_theta(d, theta, theta_prev, eta, q, sample, g, hvp):
    return (1 - eta) * (d + hvp(sample(theta), theta, theta - theta_prev)) + eta * g(sample(theta), theta)


def one_trajectory(d, theta, theta_prev, eta, q, sample, g, hvp):
    middle, tau = q * theta + (1 - q) * theta_prev, sample(theta)
    return (1 - eta) * (d + hvp(tau, middle, theta - theta_prev)) + eta * g(tau, theta)


def fixed_q(d, theta, theta_prev, eta, q, sample, g, hvp):
    return direction(d, theta, theta_prev, eta, 0.5, sample, g, hvp)


def q_swapped(d, theta, theta_prev, eta, q, sample, g, hvp):
    return direction(d, theta, theta_prev, eta, 1 - q, sample, g, hvp)


def wrong_pair(d, theta, theta_prev, eta, q, sample, g, hvp):
    middle = q * theta + (1 - q) * theta_prev
    mine, other = sample(theta), sample(middle)
    return (1 - eta) * (d + hvp(mine, middle, theta - theta_prev)) + eta * g(other, theta)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (outside, "belongs inside"),
        (backwards, "walks back"),
        (momentum, "not carried along"),
        (weights_swapped, "weighs what is remembered"),
        (at_theta, "must be asked at q"),
        (one_trajectory, "two independent trajectories"),
        (fixed_q, "must be asked at q"),
        (q_swapped, "q weighs"),
        (wrong_pair, "needs a trajectory drawn at"),
        (lambda *arguments: 0.0, "shape"),
        (lambda *arguments: np.zeros(4), "off by"),
    ],
)
def test_wrong_directions_are_named(answer, hint, seed):
    with pytest.raises(AssertionError, match=hint):
        exercises.check_direction(answer, seed)


def parts(s, r, gamma, theta, u):
    psi = np.cumsum((gamma ** np.arange(len(r)) * r)[::-1])[::-1]
    pi = np.exp(theta) / np.exp(theta).sum(-1, keepdims=True)
    bent = np.zeros_like(theta)
    np.add.at(bent, s, psi[:, None] * (-pi * (u - (pi * u).sum(-1, keepdims=True)))[s])
    return psi, pi, bent


def product(s, a, r, gamma, theta, u):
    psi, pi, bent = parts(s, r, gamma, theta, u)
    slope = np.zeros_like(theta)
    np.add.at(slope, (s, a), psi)
    np.add.at(slope, s, -psi[:, None] * pi[s])
    return slope * (u[s, a] - (pi * u).sum(-1)[s]).sum() + bent


def causal(s, a, r, gamma, theta, u):
    _, pi, bent = parts(s, r, gamma, theta, u)
    along = np.cumsum(u[s, a] - (pi * u).sum(-1)[s])
    weight = np.cumsum((gamma ** np.arange(len(r)) * r * along)[::-1])[::-1]
    slope = np.zeros_like(theta)
    np.add.at(slope, (s, a), weight)
    np.add.at(slope, s, -weight[:, None] * pi[s])
    return slope + bent


def with_a_matrix(s, a, r, gamma, theta, u):
    psi, pi, bent = parts(s, r, gamma, theta, u)
    slope, score = np.zeros((2, *theta.shape))
    for vector, weight in ((slope, psi), (score, np.ones(len(s)))):
        np.add.at(vector, (s, a), weight)
        np.add.at(vector, s, -weight[:, None] * pi[s])
    return (np.outer(slope, score) @ u.ravel()).reshape(theta.shape) + bent


def in_place(s, a, r, gamma, theta, u):
    r *= gamma ** np.arange(len(r))
    theta -= theta.max()
    answer = product(s, a, r, 1.0, theta, u)
    u[:] = 0
    return answer


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("answer", [product, causal, in_place])
def test_both_unbiased_products_pass(answer, seed):
    exercises.check_hvp(answer, seed)


def mistaken(index):
    def answer(*arguments):
        return list(exercises.wrong_products(*arguments).values())[index]

    return answer


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (mistaken(0), "is missing"),
        (mistaken(1), "whole trajectory"),
        (mistaken(2), "∇²Φ u is missing"),
        (mistaken(3), "sign"),
        (with_a_matrix, "no matrix"),
        (lambda s, a, r, gamma, theta, u: u.ravel(), "shape"),
        (lambda s, a, r, gamma, theta, u: product(s, a, r, 1.0, theta, u), "off by"),
    ],
)
def test_wrong_products_are_named(answer, hint, seed):
    with pytest.raises(AssertionError, match=hint):
        exercises.check_hvp(answer, seed)


ERR = {"N-MPG": 0.21, "N-PG-IGT": 0.104, "N-HARPG": 0.094}
SLOPE = {"N-MPG": -0.51, "N-PG-IGT": -0.54, "N-HARPG": -0.83}


def test_the_figures_of_the_experiment_pass():
    exercises.check_experiment(ERR, SLOPE, "noise", "hvp")


@pytest.mark.parametrize(
    ("err", "slope", "steeper", "loses", "hint"),
    [
        (ERR | {"N-MPG": 0.11}, SLOPE, "noise", "hvp", "looks like the gap"),
        (ERR | {"N-HARPG": 0.5}, SLOPE, "noise", "hvp", "outside"),
        (ERR, SLOPE | {"N-HARPG": -0.3}, "noise", "hvp", "too flat"),
        (ERR, SLOPE | {"N-MPG": -0.9}, "noise", "hvp", "too steep"),
        (ERR | {"N-MPG": 0.16, "N-PG-IGT": 0.149}, SLOPE, "noise", "hvp", "about half"),
        (ERR, SLOPE, "bias", "hvp", "isn't so"),
        (ERR, SLOPE, "noise", "bias", "isn't so"),
        (ERR, SLOPE, "luck", "hvp", "one of"),
        ({}, SLOPE, "noise", "hvp", "no entry"),
    ],
)
def test_wrong_experiments_are_named(err, slope, steeper, loses, hint):
    with pytest.raises(AssertionError, match=hint):
        exercises.check_experiment(err, slope, steeper, loses)


SHORT_ERR = {"N-MPG": 1.45, "N-PG-IGT": 0.82, "N-HARPG": 2.3}
SHORT_SLOPE = {"N-MPG": -0.53, "N-PG-IGT": -0.64, "N-HARPG": -1.0}


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


def test_the_figures_of_short_runs_pass():
    exercises.check_errors(SHORT_ERR, SHORT_SLOPE)


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
    ],
)
def test_wrong_figures_of_short_runs_are_named(err, slope, hint):
    with pytest.raises(AssertionError, match=hint):
        exercises.check_errors(err, slope)


@pytest.mark.parametrize(
    ("check", "says"),
    [
        (lambda: exercises.check_direction(lambda *_: "x"), "d_t must be real numbers, got 'x'"),
        (lambda: exercises.check_direction(lambda *_: None), "d_t must be real numbers, got None"),
        (lambda: exercises.check_hvp(lambda *_: None), "B u must be real numbers"),
        (lambda: exercises.check_errors(SHORT_ERR | {"N-MPG": "a"}, SHORT_SLOPE), "err: the values must be real"),
        (lambda: exercises.check_errors(SHORT_ERR, SHORT_SLOPE | {"N-HARPG": None}), "slope: the values must be real"),
    ],
)
def test_answers_that_are_no_numbers_are_named(check, says):
    with pytest.raises(AssertionError, match=says):
        check()
