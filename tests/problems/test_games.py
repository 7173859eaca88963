"""Games: one against another, the Dirac game far out, bad formulas."""

import pickle

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from optilab.problems.games import DiracGAN, FormulaGame, Rotation


def players(m, n, batch=(), seed=0):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(*batch, size)) for size in (m, n, m, n)]


def test_rotation_takes_an_eps_for_each_replicate():
    phi, theta, *_ = players(1, 1, (4,))
    eps = np.array([0.0, 0.1, 0.2, 0.3])
    together = Rotation(eps).f(phi, theta)
    np.testing.assert_array_equal(together, [Rotation(e).f(*x) for e, *x in zip(eps, phi, theta, strict=True)])


def test_rotation_turns_clockwise_and_contracts_at_the_rate_eps():
    game = Rotation(0.1)

    def velocity(_, x):
        return np.concatenate([game.f(x[:1], x[1:]), game.g(x[:1], x[1:])])

    flow = solve_ivp(velocity, (0, 2.0), [1.0, 0.0], rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(flow.y[:, -1], np.exp(-0.2) * np.array([np.cos(2.0), -np.sin(2.0)]), atol=1e-8)


@pytest.mark.parametrize(
    ("built", "typed"),
    [
        (DiracGAN(), FormulaGame("log(1+exp(-x*y)) + log(2)", "-log(1+exp(-x*y)) - log(2)")),
        (Rotation(0.2), FormulaGame("0.1*x**2 - x*y", "0.1*y**2 + x*y")),
    ],
)
def test_built_games_are_those_that_one_can_type(built, typed):
    phi, theta, v, w = players(1, 1, (5,))
    np.testing.assert_allclose(built.losses(phi, theta), typed.losses(phi, theta), rtol=1e-12)
    for name, extra in {"f": (), "g": (), "f_phi": (v,), "f_theta": (w,), "g_phi": (v,), "g_theta": (w,)}.items():
        mine, yours = (getattr(game, name)(phi, theta, *extra) for game in (built, typed))
        np.testing.assert_allclose(mine, yours, rtol=1e-12, atol=1e-15)


def test_the_dirac_game_is_finite_however_far_the_players_are():
    game = DiracGAN()
    for size in (1e2, 1e8, 1e150, 1e200):
        for signs in np.array([[1, 1], [1, -1], [-1, 1], [-1, -1]]):
            phi, theta = (size * signs)[:, None].astype(float)
            one = np.ones(1)
            for value in (game.f(phi, theta), game.g(phi, theta), game.f_theta(phi, theta, one)):
                assert np.isfinite(value).all()
            with np.errstate(over="ignore"):
                assert np.isfinite([game.f_phi(phi, theta, one), game.g_theta(phi, theta, one)]).all()
    phi, theta = np.array([50.0]), np.array([50.0])
    assert game(-phi, theta) == pytest.approx(-2500 - np.log(2))
    assert np.isfinite(game.f(phi * (1 + 0.1j), theta)).all()


def test_formula_games_can_be_sent_to_another_process():
    game = FormulaGame("-x*y", "x*y")
    game.f(np.ones(1), np.ones(1))
    assert pickle.loads(pickle.dumps(game)).f(np.ones(1), 3 * np.ones(1)) == 3


def test_bad_games_are_refused():
    with pytest.raises(ValueError, match="variables must be distinct names"):
        FormulaGame("x", "x", "x", "x")
    with pytest.raises(ValueError, match="unknown variable; the variables are x, y"):
        FormulaGame("x*y", "x*z")
    with pytest.raises(ValueError, match="write \\*\\* for a power"):
        FormulaGame("x^2", "y")
    with pytest.raises(ValueError, match="eps must be finite"):
        Rotation(np.nan)
