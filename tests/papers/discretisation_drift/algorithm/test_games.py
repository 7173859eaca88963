"""Two-player games: modified flows against updates, regularisers against dense derivatives, closed forms."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from scipy.linalg import expm

from optilab.core.run import run
from optilab.papers.discretisation_drift.algorithm.baselines import consensus, ode_gan, other_norms
from optilab.papers.discretisation_drift.algorithm.games import (
    ModifiedFlow,
    alternating,
    follow_players,
    runge_kutta,
    simultaneous,
    simultaneous_sgd,
)
from optilab.papers.discretisation_drift.algorithm.rotation import (
    flow_rate,
    longest_stable_step,
    predicted_longest_step,
    rotation_flow_matrix,
    rotation_update_matrix,
    update_rate,
)
from optilab.problems.games import ComplexStep, FormulaGame, Rotation

RNG = np.random.default_rng(0)
A, B, C, D = RNG.normal(size=(2, 2)), RNG.normal(size=(2, 3)), RNG.normal(size=(3, 2)), RNG.normal(size=(3, 3))
PHI, THETA = np.array([0.3, -0.4]), np.array([0.2, 0.5, -0.1])


class Tangle(ComplexStep):
    """A game without symmetries: no losses, no zero sum."""

    def f(self, phi, theta):
        return np.tanh(phi @ A.T + theta @ B.T) + 0.3

    def g(self, phi, theta):
        return np.tanh(phi @ C.T + theta @ D.T) - 0.2


TANGLE = Tangle()


def gradient(value, x, e=1e-5):
    """Derivatives of a function, of whatever shape, along a last axis, by central differences."""
    return np.stack([(value(x + e * i) - value(x - e * i)) / (2 * e) for i in np.eye(len(x))], -1)


def jacobians(game, phi, theta):
    """∂f/∂φ, ∂f/∂θ, ∂g/∂φ, ∂g/∂θ."""
    for player in (game.f, game.g):
        yield gradient(lambda x, player=player: player(x, theta), phi, 1e-6)
        yield gradient(lambda x, player=player: player(phi, x), theta, 1e-6)


def after(states, updates=1):
    """The state after some updates."""
    for _ in range(updates):
        next(states)
    return next(states)


def slopes(error, hs):
    """Observed orders of a vector of errors at step sizes that halve."""
    errors = [np.linalg.norm(error(h)) for h in hs]
    return np.log2(np.divide(errors[:-1], errors[1:]))


HALVING = 0.1 / 2.0 ** np.arange(4)
SETTINGS = [
    {},
    {"interaction": -1.0, "self_term": 0.5},
    {"alternating": True},
    {"alternating": True, "m": 3, "k": 2},
    {"alternating": True, "m": 2, "k": 3, "interaction": -1.0, "self_term": 1.0},
]


@pytest.mark.parametrize("setting", SETTINGS)
def test_the_modified_flow_is_followed_to_third_order_in_either_clock(setting):
    rest = {name: value for name, value in setting.items() if name != "alternating"}
    method = alternating if "alternating" in setting else simultaneous

    def errors(h):
        """Of the modified flow in the clocks of the players and in a common one, and of the game's own flow."""
        end = after(method(TANGLE, PHI, THETA, a=h, b=0.6 * h, **rest)).x
        common = follow_players(ModifiedFlow(TANGLE, h, 0.6 * h, common_clock=True, **setting), PHI, THETA, 1.0)
        yield end - common.x
        for field in (ModifiedFlow(TANGLE, h, 0.6 * h, **setting), TANGLE):
            phi, theta = follow_players(field, PHI, THETA, h).phi, follow_players(field, PHI, THETA, 0.6 * h).theta
            yield end - np.concatenate([phi, theta])

    sizes = [[np.linalg.norm(error) for error in errors(h)] for h in HALVING]
    np.testing.assert_allclose(-np.diff(np.log2(sizes), axis=0), np.broadcast_to([3, 3, 2], (3, 3)), atol=0.2)


def test_in_the_common_clock_many_updates_are_followed():
    h, n = 0.01, 100
    flow = ModifiedFlow(TANGLE, h, 0.6 * h, common_clock=True)
    end = after(simultaneous(TANGLE, PHI, THETA, a=h, b=0.6 * h), n).x
    modified = np.linalg.norm(end - follow_players(flow, PHI, THETA, n, 200).x)
    plain = after(runge_kutta(TANGLE, PHI, THETA, a=h, b=0.6 * h), n).x
    assert modified < 0.02 * np.linalg.norm(end - plain)


def test_products_of_the_complex_step_are_those_of_the_jacobians():
    v, w = np.array([1.0, -2.0]), np.array([0.5, 1.0, 3.0])
    products = TANGLE.f_phi, TANGLE.f_theta, TANGLE.g_phi, TANGLE.g_theta
    for product, J, along in zip(products, jacobians(TANGLE, PHI, THETA), (v, w, v, w), strict=True):
        np.testing.assert_allclose(product(PHI, THETA, along), J @ along, rtol=1e-7)


def test_a_game_that_is_not_analytic_is_refused():
    class Absolute(Tangle):
        def f(self, phi, theta):
            return abs(super().f(phi, theta))

    with pytest.raises(ValueError, match="the function is analytic"):
        Absolute().f_phi(PHI, THETA, PHI)


def test_regularised_simultaneous_updates_by_hand():
    a, b, interaction, self_term = 0.3, 0.2, -2.0, 0.5
    f, g = TANGLE.f(PHI, THETA), TANGLE.g(PHI, THETA)
    f_phi, f_theta, g_phi, g_theta = jacobians(TANGLE, PHI, THETA)
    state = after(simultaneous(TANGLE, PHI, THETA, a=a, b=b, interaction=interaction, self_term=self_term))
    phi = PHI + a * (f - self_term * a / 2 * f_phi @ f - interaction * a / 2 * f_theta @ g)
    theta = THETA + b * (g - interaction * b / 2 * g_phi @ f - self_term * b / 2 * g_theta @ g)
    np.testing.assert_allclose(state.x, np.concatenate([phi, theta]), rtol=1e-8)


@pytest.mark.parametrize(("m", "k", "interaction", "self_term"), [(2, 3, 1.5, -1.0), (1, 1, 0.0, 0.0)])
def test_regularised_alternating_updates_by_hand(m, k, interaction, self_term):
    a, b, phi, theta = 0.3, 0.2, PHI, THETA
    for _ in range(m):
        f, g = TANGLE.f(phi, theta), TANGLE.g(phi, theta)
        f_phi, f_theta, _, _ = jacobians(TANGLE, phi, theta)
        phi = phi + a / m * (f - a / 2 * (self_term / m * f_phi @ f + interaction * f_theta @ g))
    for _ in range(k):
        f, g = TANGLE.f(phi, theta), TANGLE.g(phi, theta)
        _, _, g_phi, g_theta = jacobians(TANGLE, phi, theta)
        other = interaction * (1 - 2 * a / b) * g_phi @ f
        theta = theta + b / k * (g - b / 2 * (other + self_term / k * g_theta @ g))
    multipliers = {"interaction": interaction, "self_term": self_term}
    state = after(alternating(TANGLE, PHI, THETA, a=a, b=b, m=m, k=k, **multipliers))
    np.testing.assert_allclose(state.x, np.concatenate([phi, theta]), rtol=1e-8)


def test_a_modified_flow_with_one_setting_replaced_is_the_one_made_with_it():
    a, b = np.array([0.1, 0.2, 0.3]), np.array([0.2, 0.1, 0.3])
    made, replaced = ModifiedFlow(TANGLE, a, b, m=1), replace(ModifiedFlow(TANGLE, a, 2 * b), b=b)
    np.testing.assert_array_equal(replaced.g(PHI, THETA), made.g(PHI, THETA))


PAYOFF = "sin(x1*y2) + x2**2*y1 + exp(0.3*y3)"


@pytest.mark.parametrize(("sign", "alternate"), [(1, False), (-1, False), (-1, True)])
def test_players_descend_their_loss_with_norms_of_gradients(sign, alternate):
    """With one loss the norm of its whole gradient; in a zero-sum game, the sign −1, the other's norm goes up."""
    game, a, b = FormulaGame(f"{sign}*({PAYOFF})", PAYOFF, "x1, x2", "y1, y2, y3"), 0.3, 0.2
    flow = ModifiedFlow(game, a, b, alternating=alternate)
    factor = 1 - 2 * a / b if alternate else 1

    def effective(player, phi, theta):
        norms = (game.f(phi, theta) ** 2).sum(), (game.g(phi, theta) ** 2).sum()
        own, other = norms if player == 0 else norms[::-1]
        rate, share = ((a, 1), (b, factor))[player]
        return game.losses(phi, theta)[player] + rate / 4 * (own + sign * share * other)

    np.testing.assert_allclose(flow.f(PHI, THETA), -gradient(lambda y: effective(0, y, THETA), PHI), rtol=1e-6)
    np.testing.assert_allclose(flow.g(PHI, THETA), -gradient(lambda y: effective(1, PHI, y), THETA), rtol=1e-6)


# Penalties and Runge–Kutta


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


def test_runge_kutta_has_a_local_error_of_fifth_order():
    def error(h):
        exact = expm(rotation_flow_matrix(0.3, h, 0.5 * h)) @ [1.0, -0.5]
        return after(runge_kutta(Rotation(0.3), [1.0], [-0.5], a=h, b=0.5 * h)).x - exact

    np.testing.assert_allclose(slopes(error, [0.4, 0.2, 0.1]), 5, atol=0.2)


# The rotation game in closed form


@pytest.mark.parametrize("alternate", [False, True])
def test_matrices_of_the_rotation_game_are_its_update_and_its_modified_flow(alternate):
    eps, a, b, x0 = 0.3, 0.2, 0.1, np.array([0.4, -0.7])
    method = alternating if alternate else simultaneous
    M = rotation_update_matrix(eps, a, b, alternate)
    state = after(method(Rotation(eps), x0[:1], x0[1:], a=a, b=b))
    np.testing.assert_allclose(state.x, M @ x0)
    kind = "alternating" if alternate else "simultaneous"
    matrix = rotation_flow_matrix(eps, a, b, kind)
    flow = ModifiedFlow(Rotation(eps), a, b, alternating=alternate, common_clock=True)
    np.testing.assert_allclose(np.concatenate([flow.f(x0[:1], x0[1:]), flow.g(x0[:1], x0[1:])]), matrix @ x0)
    times = np.array([0.5, 3.0])
    ends = follow_players(flow, np.tile(x0[:1], (2, 1)), np.tile(x0[1:], (2, 1)), times, 50).x
    np.testing.assert_allclose(expm(times[:, None, None] * matrix) @ x0, ends, rtol=1e-6)
    many = np.array([0.1, eps]), np.array([[a], [0.3]]), b
    np.testing.assert_array_equal(rotation_update_matrix(*many, alternate)[0, 1], M)
    np.testing.assert_array_equal(rotation_flow_matrix(*many, kind)[0, 1], matrix)
    assert update_rate(rotation_update_matrix(*many), 0.1).shape == rotation_flow_matrix(*many).shape[:2] == (2, 2)


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


# Sampled games


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


# Batches, bad input


def test_a_batch_of_modified_flows_is_its_replicates_one_by_one():
    rng = np.random.default_rng(1)
    phi0, theta0 = rng.normal(size=(3, 2)), rng.normal(size=(3, 3))
    a, b, c = np.array([0.1, 0.2, 0.3]), np.array([0.3, 0.1, 0.2]), np.array([0.0, -1.0, 2.0])

    def end(i):
        flow = ModifiedFlow(TANGLE, a[i], b[i], alternating=True, interaction=c[i], self_term=c[::-1][i])
        return follow_players(flow, phi0[i], theta0[i], a[i]).x

    np.testing.assert_allclose(end(slice(None)), [end(i) for i in range(3)], rtol=1e-10)


def test_a_single_start_is_spread_over_rates():
    trace = run(simultaneous(Rotation(0.1), [1.0], [0.0], a=np.array([0.1, 0.2]), b=0.1), 3)
    assert trace.x.shape == (4, 2, 2)
    assert trace.phi.shape == (4, 2, 1)


@pytest.mark.parametrize("bad", [0.0, -0.1, np.inf, np.nan, np.array([0.1, 0.0])])
def test_rates_must_be_positive_and_finite(bad):
    for method in (simultaneous, alternating, runge_kutta):
        with pytest.raises(ValueError, match="a must be positive and finite"):
            method(Rotation(0.1), [1.0], [0.0], a=bad, b=0.1)
    with pytest.raises(ValueError, match="b must be positive and finite"):
        ModifiedFlow(Rotation(0.1), 0.1, bad)


@pytest.mark.parametrize("bad", [0, -1, 1.5, True])
@pytest.mark.parametrize("name", ["m", "k"])
def test_numbers_of_substeps_must_be_positive_integers(name, bad):
    with pytest.raises(ValueError, match=f"{name} must be a positive integer"):
        alternating(Rotation(0.1), [1.0], [0.0], a=0.1, b=0.1, **{name: bad})
    with pytest.raises(ValueError, match=f"{name} must be a positive integer"):
        ModifiedFlow(Rotation(0.1), 0.1, 0.1, alternating=True, **{name: bad})


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda game, **_: ModifiedFlow(game, 0.1, 0.1, m=2), "m, k must be 1 for simultaneous updates"),
        (lambda game, **_: consensus(game, -1), "weight must be 0 or more, got -1"),
        (lambda game, **_: other_norms(game, -1), "weight must be 0 or more, got -1"),
        (lambda game, **_: ode_gan(game, [1.0], [0.0], a=0.1, b=0.1, weight=-1), "weight"),
        (lambda game, **_: rotation_flow_matrix(0.1, 0.1, 0.1, "sim"), "kind must be one of"),
        (lambda game, **_: longest_stable_step(-1.0), "eps must be 0 or more"),
        (lambda game, **_: predicted_longest_step(np.array([0.1, -0.1])), "eps must be 0 or more"),
        (lambda game, **rest: simultaneous_sgd(Coin(), **rest, size=4, estimator="lucky"), "estimator must be"),
        (
            lambda game, **rest: simultaneous_sgd(Coin(), **rest, size=3, estimator="unbiased"),
            "size must be a positive multiple of 2, got 3",
        ),
    ],
)
def test_bad_arguments_are_refused_at_the_call(call, message):
    setting = {"phi0": [1.0], "theta0": [0.0], "a": 0.1, "b": 0.1, "rng": np.random.default_rng(0)}
    with pytest.raises(ValueError, match=message):
        call(Rotation(0.1), **setting)
