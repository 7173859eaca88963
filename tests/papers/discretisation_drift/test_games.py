"""Two-player games: modified flows against updates, regularisers against dense derivatives, radii against figures."""

from dataclasses import dataclass

import numpy as np
import pytest

from optilab.core.claim import collect
from optilab.core.randomness import common
from optilab.core.run import run
from optilab.papers.discretisation_drift import derivation, exercises
from optilab.papers.discretisation_drift.algorithm.games import (
    ComplexStep,
    ModifiedFlow,
    alternating,
    consensus,
    flow_rate,
    follow,
    linear_flow,
    longest_stable_step,
    ode_gan,
    other_norms,
    predicted_longest_step,
    rotation_flow_matrix,
    rotation_update_matrix,
    runge_kutta,
    simultaneous,
    simultaneous_sgd,
    update_rate,
)
from optilab.papers.discretisation_drift.experiment import games as experiment
from optilab.problems.games import DiracGAN, Rotation

RNG = np.random.default_rng(0)
A, B, C, D = RNG.normal(size=(2, 2)), RNG.normal(size=(2, 3)), RNG.normal(size=(3, 2)), RNG.normal(size=(3, 3))
PHI, THETA = np.array([0.3, -0.4]), np.array([0.2, 0.5, -0.1])


class Tangle:
    """A game without symmetries: no losses, no zero sum."""

    def f(self, phi, theta):
        return np.tanh(phi @ A.T + theta @ B.T) + 0.3

    def g(self, phi, theta):
        return np.tanh(phi @ C.T + theta @ D.T) - 0.2


TANGLE = ComplexStep(Tangle())


def jacobians(game, phi, theta, e=1e-6):
    """∂f/∂φ, ∂f/∂θ, ∂g/∂φ, ∂g/∂θ by central differences."""
    m, n = np.eye(len(phi)), np.eye(len(theta))
    return [
        np.stack([(player(phi + e * p, theta) - player(phi - e * p, theta)) / (2 * e) for p in m], 1)
        if by_phi
        else np.stack([(player(phi, theta + e * t) - player(phi, theta - e * t)) / (2 * e) for t in n], 1)
        for player, by_phi in ((game.f, True), (game.f, False), (game.g, True), (game.g, False))
    ]


def after(states, updates=1):
    """The state after some updates."""
    for _ in range(updates):
        next(states)
    return next(states)


def slopes(error, hs):
    """Observed orders of a vector of errors at step sizes that halve."""
    errors = [np.linalg.norm(error(h)) for h in hs]
    return np.log2(np.divide(errors[:-1], errors[1:]))


SETTINGS = [
    {},
    {"interaction": -1.0, "self_term": 0.5},
    {"alternating": True},
    {"alternating": True, "m": 3, "k": 2},
    {"alternating": True, "m": 2, "k": 3, "interaction": -1.0, "self_term": 1.0},
]


def updated(h, setting):
    """One update at rates h and 0.6 h, and its modified flow."""
    rest = {name: value for name, value in setting.items() if name != "alternating"}
    method = alternating if setting.get("alternating") else simultaneous
    return after(method(TANGLE, PHI, THETA, a=h, b=0.6 * h, **rest))


@pytest.mark.parametrize("setting", SETTINGS)
def test_the_modified_flow_is_followed_to_third_order_in_the_clocks_of_the_players(setting):
    def error(h, flow=True):
        state = updated(h, setting)
        field = ModifiedFlow(TANGLE, h, 0.6 * h, **setting) if flow else TANGLE
        phi = follow(field, PHI, THETA, h).phi
        theta = follow(field, PHI, THETA, 0.6 * h).theta
        return np.concatenate([state.phi - phi, state.theta - theta])

    hs = 0.1 / 2.0 ** np.arange(4)
    np.testing.assert_allclose(slopes(error, hs), 3, atol=0.2)
    np.testing.assert_allclose(slopes(lambda h: error(h, flow=False), hs), 2, atol=0.2)


@pytest.mark.parametrize("setting", SETTINGS)
def test_the_modified_flow_is_followed_to_third_order_in_the_common_clock(setting):
    def error(h):
        flow = ModifiedFlow(TANGLE, h, 0.6 * h, common_clock=True, **setting)
        return updated(h, setting).x - follow(flow, PHI, THETA, 1.0).x

    np.testing.assert_allclose(slopes(error, 0.1 / 2.0 ** np.arange(4)), 3, atol=0.2)


def test_in_the_common_clock_many_updates_are_followed():
    h, n = 0.01, 100
    flow = ModifiedFlow(TANGLE, h, 0.6 * h, common_clock=True)
    end = after(simultaneous(TANGLE, PHI, THETA, a=h, b=0.6 * h), n).x
    modified = np.linalg.norm(end - follow(flow, PHI, THETA, n, 200).x)
    plain = after(runge_kutta(TANGLE, PHI, THETA, a=h, b=0.6 * h), n).x
    assert modified < 0.02 * np.linalg.norm(end - plain)


def test_the_flows_are_those_that_are_derived():
    phi, theta, a, b = np.array([0.7]), np.array([-0.4]), 0.3, 0.2
    game = DiracGAN()
    one = np.ones(1)
    values = [game.f(phi, theta), game.f_phi(phi, theta, one), game.f_theta(phi, theta, one)]
    values += [game.g(phi, theta), game.g_phi(phi, theta, one), game.g_theta(phi, theta, one)]
    names = derivation.games
    symbols = [names.f, names.f_phi, names.f_theta, names.g, names.g_phi, names.g_theta, names.a, names.b]
    for setting in ({}, {"alternating": True, "m": 3, "k": 2}):
        for common_clock in (False, True):
            drift = derivation.two_player_drift(**setting, common_clock=common_clock).numpy(*symbols)
            u, v = np.ravel(drift(*[value[0] for value in values], a, b))
            flow = ModifiedFlow(game, a, b, common_clock=common_clock, **setting)
            rates = (a, b) if common_clock else (1, 1)
            np.testing.assert_allclose(flow.f(phi, theta) - rates[0] * game.f(phi, theta), u, rtol=1e-10)
            np.testing.assert_allclose(flow.g(phi, theta) - rates[1] * game.g(phi, theta), v, rtol=1e-10)


def test_products_of_the_complex_step_are_those_of_the_jacobians():
    v, w = np.array([1.0, -2.0]), np.array([0.5, 1.0, 3.0])
    f_phi, f_theta, g_phi, g_theta = jacobians(TANGLE, PHI, THETA)
    np.testing.assert_allclose(TANGLE.f_phi(PHI, THETA, v), f_phi @ v, rtol=1e-7)
    np.testing.assert_allclose(TANGLE.f_theta(PHI, THETA, w), f_theta @ w, rtol=1e-7)
    np.testing.assert_allclose(TANGLE.g_phi(PHI, THETA, v), g_phi @ v, rtol=1e-7)
    np.testing.assert_allclose(TANGLE.g_theta(PHI, THETA, w), g_theta @ w, rtol=1e-7)


def test_a_game_that_is_not_analytic_is_refused():
    class Absolute(Tangle):
        def f(self, phi, theta):
            return abs(super().f(phi, theta))

    with pytest.raises(ValueError, match="the game is analytic"):
        ComplexStep(Absolute()).f_phi(PHI, THETA, PHI)


def test_regularised_simultaneous_updates_by_hand():
    a, b, interaction, self_term = 0.3, 0.2, -2.0, 0.5
    f, g = TANGLE.f(PHI, THETA), TANGLE.g(PHI, THETA)
    f_phi, f_theta, g_phi, g_theta = jacobians(TANGLE, PHI, THETA)
    state = after(simultaneous(TANGLE, PHI, THETA, a=a, b=b, interaction=interaction, self_term=self_term))
    phi = PHI + a * (f - self_term * a / 2 * f_phi @ f - interaction * a / 2 * f_theta @ g)
    theta = THETA + b * (g - interaction * b / 2 * g_phi @ f - self_term * b / 2 * g_theta @ g)
    np.testing.assert_allclose(state.x, np.concatenate([phi, theta]), rtol=1e-8)


def test_regularised_alternating_updates_by_hand():
    a, b, m, k, interaction, self_term = 0.3, 0.2, 2, 3, 1.5, -1.0
    phi, theta = PHI, THETA
    for _ in range(m):
        f, g = TANGLE.f(phi, theta), TANGLE.g(phi, theta)
        f_phi, f_theta, _, _ = jacobians(TANGLE, phi, theta)
        phi = phi + a / m * (f - a / 2 * (self_term / m * f_phi @ f + interaction * f_theta @ g))
    for _ in range(k):
        f, g = TANGLE.f(phi, theta), TANGLE.g(phi, theta)
        _, _, g_phi, g_theta = jacobians(TANGLE, phi, theta)
        other = interaction * (1 - 2 * a / b) * g_phi @ f
        theta = theta + b / k * (g - b / 2 * (other + self_term / k * g_theta @ g))
    push = {"interaction": interaction, "self_term": self_term}
    state = after(alternating(TANGLE, PHI, THETA, a=a, b=b, m=m, k=k, **push))
    np.testing.assert_allclose(state.x, np.concatenate([phi, theta]), rtol=1e-8)


def test_one_substep_each_is_the_basic_alternation():
    state = after(alternating(TANGLE, PHI, THETA, a=0.3, b=0.2))
    phi = PHI + 0.3 * TANGLE.f(PHI, THETA)
    np.testing.assert_allclose(state.x, np.concatenate([phi, THETA + 0.2 * TANGLE.g(phi, THETA)]))


def test_cancelling_both_terms_leaves_the_flow_of_the_game():
    def error(h):
        state = after(simultaneous(TANGLE, PHI, THETA, a=h, b=h, interaction=-1, self_term=-1))
        return state.x - follow(TANGLE, PHI, THETA, h).x

    np.testing.assert_allclose(slopes(error, 0.1 / 2.0 ** np.arange(4)), 3, atol=0.2)


def test_the_second_of_alternating_players_at_twice_the_rate_feels_no_interaction():
    flow = ModifiedFlow(TANGLE, 0.2, 0.4, alternating=True)
    g = TANGLE.g(PHI, THETA)
    np.testing.assert_allclose(flow.g(PHI, THETA), g - 0.2 * TANGLE.g_theta(PHI, THETA, g))


def payoff(phi, theta):
    return np.sin(phi[..., 0] * theta[..., 1]) + phi[..., 1] ** 2 * theta[..., 0] + np.exp(0.3 * theta[..., 2])


@dataclass
class Payoff:
    """Players who move along ± the gradient of one function, given by hand."""

    sign_phi: float
    sign_theta: float

    def f(self, phi, theta):
        c = np.cos(phi[..., 0] * theta[..., 1])
        return self.sign_phi * np.stack([theta[..., 1] * c, 2 * phi[..., 1] * theta[..., 0]], -1)

    def g(self, phi, theta):
        c = np.cos(phi[..., 0] * theta[..., 1])
        slope = [phi[..., 1] ** 2, phi[..., 0] * c, 0.3 * np.exp(0.3 * theta[..., 2])]
        return self.sign_theta * np.stack(slope, -1)


def gradient(value, x, e=1e-5):
    return np.array([(value(x + e * i) - value(x - e * i)) / (2 * e) for i in np.eye(len(x))])


def test_players_with_one_loss_descend_the_norm_of_its_whole_gradient():
    game, a, b = ComplexStep(Payoff(-1, -1)), 0.3, 0.2
    flow = ModifiedFlow(game, a, b)

    def norm(phi, theta):
        return (game.f(phi, theta) ** 2).sum() + (game.g(phi, theta) ** 2).sum()

    for rate, player, x in ((a, "f", PHI), (b, "g", THETA)):
        effective = gradient(
            lambda y, player=player, rate=rate: (
                payoff(y, THETA) + rate / 4 * norm(y, THETA)
                if player == "f"
                else payoff(PHI, y) + rate / 4 * norm(PHI, y)
            ),
            x,
        )
        np.testing.assert_allclose(getattr(flow, player)(PHI, THETA), -effective, rtol=1e-6)


@pytest.mark.parametrize("alternate", [False, True])
def test_in_a_zero_sum_game_each_player_changes_the_other_s_norm(alternate):
    game, a, b = ComplexStep(Payoff(1, -1)), 0.3, 0.2
    flow = ModifiedFlow(game, a, b, alternating=alternate)
    factor = 1 - 2 * a / b if alternate else 1

    def loss_phi(phi):
        own, other = (game.f(phi, THETA) ** 2).sum(), (game.g(phi, THETA) ** 2).sum()
        return -payoff(phi, THETA) + a / 4 * own - a / 4 * other

    def loss_theta(theta):
        own, other = (game.g(PHI, theta) ** 2).sum(), (game.f(PHI, theta) ** 2).sum()
        return payoff(PHI, theta) - b / 4 * factor * other + b / 4 * own

    np.testing.assert_allclose(flow.f(PHI, THETA), -gradient(loss_phi, PHI), rtol=1e-6)
    np.testing.assert_allclose(flow.g(PHI, THETA), -gradient(loss_theta, THETA), rtol=1e-6)


# --- penalties and Runge–Kutta


def test_penalised_players_descend_the_norms_with_respect_to_their_own_parameters():
    def norm(player, phi, theta):
        return (getattr(TANGLE, player)(phi, theta) ** 2).sum() / 2

    by_phi = {player: gradient(lambda y, player=player: norm(player, y, THETA), PHI) for player in "fg"}
    by_theta = {player: gradient(lambda y, player=player: norm(player, PHI, y), THETA) for player in "fg"}
    f, g = TANGLE.f(PHI, THETA), TANGLE.g(PHI, THETA)
    both, other = consensus(TANGLE, 0.4), other_norms(TANGLE, 0.4)
    np.testing.assert_allclose(both.f(PHI, THETA), f - 0.4 * (by_phi["f"] + by_phi["g"]), rtol=1e-6)
    np.testing.assert_allclose(both.g(PHI, THETA), g - 0.4 * (by_theta["f"] + by_theta["g"]), rtol=1e-6)
    np.testing.assert_allclose(other.f(PHI, THETA), f - 0.4 * by_phi["g"], rtol=1e-6)
    np.testing.assert_allclose(other.g(PHI, THETA), g - 0.4 * by_theta["f"], rtol=1e-6)

    class DiscriminatorPenalised(Tangle):
        def f(self, phi, theta):
            return super().f(phi, theta) - 0.4 * gradient(lambda y: norm("g", y, theta), phi)

    step = after(runge_kutta(DiscriminatorPenalised(), PHI, THETA, a=0.3, b=0.2))
    np.testing.assert_allclose(after(ode_gan(TANGLE, PHI, THETA, a=0.3, b=0.2, weight=0.4)).x, step.x, rtol=1e-8)


def test_consensus_of_half_the_rate_is_cancelling_the_interaction_and_doubling_the_self_term():
    start, h = np.ones(1), 0.2
    one = run(simultaneous(consensus(DiracGAN(), h / 2), start, start, a=h, b=h), 50).x
    other = run(simultaneous(DiracGAN(), start, start, a=h, b=h, interaction=-1, self_term=1), 50).x
    np.testing.assert_allclose(one, other, rtol=1e-10)


def test_runge_kutta_has_a_local_error_of_fifth_order():
    def error(h):
        exact = linear_flow(rotation_flow_matrix(0.3, h, 0.5 * h), np.array([1.0, -0.5]), 1.0)
        return after(runge_kutta(Rotation(0.3), [1.0], [-0.5], a=h, b=0.5 * h)).x - exact

    np.testing.assert_allclose(slopes(error, [0.4, 0.2, 0.1]), 5, atol=0.2)


# --- the rotation game in closed form


@pytest.mark.parametrize("alternate", [False, True])
def test_matrices_of_the_rotation_game_are_its_update_and_its_modified_flow(alternate):
    eps, a, b, x0 = 0.3, 0.2, 0.1, np.array([0.4, -0.7])
    method = alternating if alternate else simultaneous
    M = rotation_update_matrix(eps, a, b, alternate)
    state = after(method(Rotation(eps), x0[:1], x0[1:], a=a, b=b))
    np.testing.assert_allclose(state.x, M @ x0)
    matrix = rotation_flow_matrix(eps, a, b, "alternating" if alternate else "simultaneous")
    flow = ModifiedFlow(Rotation(eps), a, b, alternating=alternate, common_clock=True)
    np.testing.assert_allclose(np.concatenate([flow.f(x0[:1], x0[1:]), flow.g(x0[:1], x0[1:])]), matrix @ x0)
    times = np.array([0.5, 3.0])
    ends = follow(flow, np.tile(x0[:1], (2, 1)), np.tile(x0[1:], (2, 1)), times, 50).x
    np.testing.assert_allclose(linear_flow(matrix, x0, times), ends, rtol=1e-6)


def test_matrices_come_in_batches():
    eps, h = np.array([0.1, 0.4]), np.array([[0.2], [0.3]])
    for kind in ("continuous", "simultaneous", "alternating"):
        assert rotation_flow_matrix(eps, h, h, kind).shape == (2, 2, 2, 2)
        np.testing.assert_allclose(
            rotation_flow_matrix(eps, h, 0.1, kind)[1, 0], rotation_flow_matrix(0.1, 0.3, 0.1, kind)
        )
    for alternate in (False, True):
        M = rotation_update_matrix(eps, h, 0.1, alternate)
        np.testing.assert_allclose(M[0, 1], rotation_update_matrix(0.4, 0.2, 0.1, alternate))
    assert update_rate(M, h).shape == (2, 2)


@pytest.mark.parametrize("eps", [0.05, 0.3, 0.8])
def test_thresholds_are_where_updates_and_modified_flow_are_neutral(eps):
    true, predicted = longest_stable_step(eps), predicted_longest_step(eps)
    assert update_rate(rotation_update_matrix(eps, true, true), true) == pytest.approx(0, abs=1e-12)
    flow = rotation_flow_matrix(eps, predicted, predicted, "simultaneous")
    assert flow_rate(flow, predicted) == pytest.approx(0, abs=1e-12)
    below, above = 0.99 * true, 1.01 * true
    assert update_rate(rotation_update_matrix(eps, below, below), 1) < 0
    assert update_rate(rotation_update_matrix(eps, above, above), 1) > 0
    np.testing.assert_array_equal(predicted_longest_step(np.array([1.0, 2.0])), np.inf)


def test_the_rotation_game_does_what_its_rates_say():
    end = experiment.rotation_run(0.09, (0.07, -0.09)).radius
    assert end[0] == pytest.approx(0.114, abs=5e-4)
    assert end[-1] == pytest.approx(0.335, abs=5e-4)
    assert experiment.rotation_run(0.09, (0.07, -0.09), alternate=True).radius[-1] == pytest.approx(1.2e-5, rel=0.05)
    assert experiment.rotation_run(0.2, (0.08, -0.05)).radius[-1] == pytest.approx(5.3e-6, rel=0.01)
    assert experiment.rotation_run(0.2, (0.08, -0.05), alternate=True).radius[-1] == pytest.approx(1.2e-10, rel=0.05)
    h = 0.2
    rates = [
        update_rate(rotation_update_matrix(0.09, h, h), h),
        flow_rate(rotation_flow_matrix(0.09, h, h, "simultaneous"), h),
        flow_rate(rotation_flow_matrix(0.09, h, h), h),
        update_rate(rotation_update_matrix(0.09, h, h, True), h),
        flow_rate(rotation_flow_matrix(0.09, h, h, "alternating"), h),
    ]
    np.testing.assert_allclose(rates, [0.0108, 0.0092, -0.09, -0.0908, -0.0908], atol=6e-5)


# --- the Dirac-GAN


TABLE = {  # radius after 2000 updates from (1, 1), h = 0.1 and 0.2
    "simultaneous": (3.10, 3.62),
    "interaction ×(−1)": (1.420, 1.456),
    "interaction ×(−1), self ×1": (1.419, 1.432),
    "interaction ×(−2)": (0.1205, 1e-4),
    "consensus 0.1": (0.1204, 1.43),
    "alternating": (1.414, 1.41),
    "Runge–Kutta": (1.414, 1.414),
    "Runge–Kutta, consensus 0.1": (0.0099, 1e-4),
}


@pytest.fixture(scope="module")
def radii():
    return experiment.dirac_radii()


def test_radii_of_the_dirac_gan(radii):
    assert radii.keys() == TABLE.keys()
    for name, expected in TABLE.items():
        np.testing.assert_allclose(radii[name][0, :, 0], np.sqrt(2), err_msg=name)
        np.testing.assert_allclose(radii[name][-1, :, 0], expected, rtol=5e-3, atol=6e-5, err_msg=name)


def test_alternation_keeps_the_dirac_gan_on_its_orbit(radii):
    radius = radii["alternating"]
    assert radius.min() > 1.39
    assert radius.max() < 1.5


# --- sampled games


@dataclass
class Coin:
    """f = s̄ θ, g = −s̄ φ with samples s of mean 1 and standard deviation 2."""

    s: np.ndarray | float = 1.0

    def sample(self, rng, size):
        return 1 + 2 * rng.standard_normal(size=size)

    def on(self, sample):
        return Coin(sample.mean(-1)[..., None])

    def f(self, phi, theta):
        return self.s * theta

    def g(self, phi, theta):
        return -self.s * phi

    def f_theta(self, phi, theta, w):
        return self.s * w

    def g_phi(self, phi, theta, v):
        return -self.s * v


@pytest.mark.parametrize(("estimator", "bias"), [("biased", 4 / 8), ("unbiased", 0)])
def test_the_estimated_interaction_is_unbiased_from_two_half_batches(estimator, bias):
    """E s̄² = 1 + 4/N where both factors are means of the same N samples."""
    starts = np.ones((40000, 1)), np.full((40000, 1), 0.5)
    setting = {"a": 1.0, "b": 1.0, "size": 8, "interaction": -1.0, "estimator": estimator}
    state = after(simultaneous_sgd(Coin(), *starts, rng=np.random.default_rng(0), **setting))
    phi, theta = 1 + 0.5 - (1 + bias) / 2, 0.5 - 1 - (1 + bias) * 0.5 / 2  # f_θ g = −s̄² φ, g_φ f = −s̄² θ
    np.testing.assert_allclose(state.x.mean(0), [phi, theta], atol=0.03)


def test_without_noise_sampled_updates_are_the_updates():
    class Certain(Coin):
        def on(self, sample):
            return TANGLE

    setting = {"a": 0.3, "b": 0.2, "interaction": -1.0, "self_term": 1.0}
    expected = run(simultaneous(TANGLE, PHI, THETA, **setting), 5).x
    for estimator in ("biased", "unbiased"):
        sampled = {"rng": np.random.default_rng(0), "size": 4, "estimator": estimator}
        np.testing.assert_allclose(run(simultaneous_sgd(Certain(), PHI, THETA, **setting, **sampled), 5).x, expected)


# --- batches, divergence, bad input


def test_a_batch_is_its_replicates_one_by_one():
    rng = np.random.default_rng(1)
    phi0, theta0 = rng.normal(size=(3, 2)), rng.normal(size=(3, 3))
    a, b, c = np.array([0.1, 0.2, 0.3]), np.array([0.3, 0.1, 0.2]), np.array([0.0, -1.0, 2.0])
    push, rates = {"interaction": c, "self_term": c[::-1]}, {"a": a, "b": b}

    def one(i, options):
        return {name: value[i] for name, value in options.items()}

    methods = [
        (simultaneous, TANGLE, rates | push, {}),
        (alternating, TANGLE, rates | push, {"m": 2, "k": 3}),
        (runge_kutta, TANGLE, rates, {}),
        (runge_kutta, consensus(TANGLE, 0.2), rates, {}),
        (simultaneous, other_norms(TANGLE, 0.2), rates, {}),
    ]
    for method, game, options, fixed in methods:
        together = run(method(game, phi0, theta0, **options, **fixed), 10).x
        for i in range(3):
            alone = run(method(game, phi0[i], theta0[i], **one(i, options), **fixed), 10).x
            np.testing.assert_allclose(together[:, i], alone, rtol=1e-10)
    sampled = {"size": 4, "interaction": -1.0, "estimator": "unbiased"}
    together = run(simultaneous_sgd(Coin(), phi0, phi0, **rates, rng=common(np.random.default_rng(5)), **sampled), 10).x
    flow = ModifiedFlow(TANGLE, a, b, alternating=True, **push)
    ends = follow(flow, phi0, theta0, a)
    for i in range(3):
        alone = simultaneous_sgd(Coin(), phi0[i], phi0[i], **one(i, rates), rng=np.random.default_rng(5), **sampled)
        np.testing.assert_allclose(together[:, i], run(alone, 10).x, rtol=1e-10)
        flow = ModifiedFlow(TANGLE, a[i], b[i], alternating=True, **one(i, push))
        np.testing.assert_allclose(ends.x[i], follow(flow, phi0[i], theta0[i], a[i]).x, rtol=1e-10)


def test_a_single_start_is_spread_over_rates():
    trace = run(simultaneous(Rotation(0.1), [1.0], [0.0], a=np.array([0.1, 0.2]), b=0.1), 3)
    assert trace.x.shape == (4, 2, 2)
    assert trace.phi.shape == (4, 2, 1)


def test_divergence_is_recorded():
    trace = run(simultaneous(Rotation(0.0), [1.0], [0.0], a=0.5, b=0.5), 300, limit=1e8, radius=experiment.radius)
    step = trace.diverged
    assert step == np.ceil(8 / np.log10(np.sqrt(1.25)))
    assert np.isnan(trace.radius[trace.step >= step]).all()
    assert np.isfinite(trace.radius[trace.step < step]).all()


def test_bad_arguments_are_refused_at_the_call():
    game = Rotation(0.1)
    for bad in (0.0, -0.1, np.inf, np.nan, np.array([0.1, 0.0])):
        for method in (simultaneous, alternating, runge_kutta):
            with pytest.raises(ValueError, match="a must be positive and finite"):
                method(game, [1.0], [0.0], a=bad, b=0.1)
        with pytest.raises(ValueError, match="b must be positive and finite"):
            ModifiedFlow(game, 0.1, bad)
    for bad in (0, -1, 1.5, True):
        with pytest.raises(ValueError, match="m must be a positive integer"):
            alternating(game, [1.0], [0.0], a=0.1, b=0.1, m=bad)
        with pytest.raises(ValueError, match="k must be a positive integer"):
            alternating(game, [1.0], [0.0], a=0.1, b=0.1, k=bad)
        with pytest.raises(ValueError, match="k must be a positive integer"):
            ModifiedFlow(game, 0.1, 0.1, alternating=True, k=bad)
    with pytest.raises(ValueError, match="m, k must be 1 for simultaneous updates"):
        ModifiedFlow(game, 0.1, 0.1, m=2)
    for make in (consensus, other_norms):
        with pytest.raises(ValueError, match="weight must be 0 or more, got -1"):
            make(game, -1)
    with pytest.raises(ValueError, match="weight"):
        ode_gan(game, [1.0], [0.0], a=0.1, b=0.1, weight=-1)
    with pytest.raises(ValueError, match="kind must be one of"):
        rotation_flow_matrix(0.1, 0.1, 0.1, "sim")
    setting = {"a": 0.1, "b": 0.1, "rng": np.random.default_rng(0)}
    with pytest.raises(ValueError, match="estimator must be"):
        simultaneous_sgd(Coin(), [1.0], [0.0], **setting, size=4, estimator="lucky")
    with pytest.raises(ValueError, match="size must be a positive multiple of 2, got 3"):
        simultaneous_sgd(Coin(), [1.0], [0.0], **setting, size=3, estimator="unbiased")


# --- the experiment and the exercise


def test_quick_claims_hold():
    claims = collect(experiment.EXPERIMENTS, quick=True)
    assert len(claims) >= 20
    assert all(claim.holds for claim in claims), claims


def answer(f, g, jac, a, b, mode, *, other=None, clock=None, transpose=False):
    f_phi, f_theta, g_phi, g_theta = jac
    if transpose:
        f_phi, f_theta, g_phi, g_theta = f_phi.T, g_phi.T, f_theta.T, g_theta.T
    factor = (1 - 2 * a / b if other is None else other(a, b)) if mode == "alt" else 1
    a_cross, b_cross = (a, b) if clock is None else clock(a, b)
    return (
        f - a / 2 * f_phi @ f - a_cross / 2 * f_theta @ g,
        g - b_cross / 2 * factor * g_phi @ f - b / 2 * g_theta @ g,
    )


def test_the_check_of_modified_game_accepts_the_formula():
    exercises.check_modified_game(answer)


WRONG = {
    "sees the first player": {"other": lambda a, b: 1.0},
    "2a/b": {"other": lambda a, b: 1 - 2 * b / a},
    "own rate": {"clock": lambda a, b: (b, a)},
    "slope": {"transpose": True},
}


@pytest.mark.parametrize("hint", WRONG)
def test_the_check_of_modified_game_rejects_what_is_wrong_and_says_why(hint):
    with pytest.raises(AssertionError, match=hint):
        exercises.check_modified_game(lambda *given: answer(*given, **WRONG[hint]))
    with pytest.raises(AssertionError, match="slope"):
        exercises.check_modified_game(lambda f, g, jac, a, b, mode: (f, g))
    with pytest.raises(AssertionError, match="pair"):
        exercises.check_modified_game(lambda f, g, jac, a, b, mode: f)
