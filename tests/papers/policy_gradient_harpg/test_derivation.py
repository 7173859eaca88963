"""The derivations of policy gradients against the numbers of the code."""

from types import SimpleNamespace

import numpy as np
import pytest
import sympy as sp

from optilab.core.derive import DerivationError
from optilab.core.run import run
from optilab.papers.policy_gradient_harpg import derivation
from optilab.papers.policy_gradient_harpg.algorithm import METHODS, error_bound, weights
from optilab.papers.policy_gradient_harpg.problems.linear_gaussian import LinearGaussian
from optilab.papers.policy_gradient_harpg.problems.softmax_mdp import SoftmaxMDP
from optilab.problems.mdp import random_mdp

SLOPE, BEND = 0.7, -0.4
CUBIC = SimpleNamespace(  # without noise, its gradient the G(θ) = aθ + cθ² of the derivations
    p=1,
    sample=lambda rng, size: None,
    rollout=lambda theta, noise: None,
    g=lambda tau, theta: SLOPE * theta + BEND * theta**2,
)


def second_error(name):
    """The run of two steps of length 0.2 and 0.2·2/3 and the error of its second direction."""
    rng = np.random.default_rng(0)
    trace = run(METHODS[name](CUBIC, np.array([0.3]), T=2, gamma0=0.2, rng=rng), 2)
    return trace, (trace.d[2] - CUBIC.g(None, trace.theta_prev[2]))[0]


def test_the_derived_remainder_is_the_look_ahead_s_first_error():
    trace, error = second_error("N-PG-IGT")
    eta, step = weights(2, 4 / 5)[1], trace.theta[1] - trace.theta[0]
    derived = derivation.implicit_transport().numpy(derivation.eta, derivation.c, derivation.Delta)
    assert error == pytest.approx(derived(eta, BEND, 0.2), abs=1e-12)
    np.testing.assert_allclose(trace.probe[2], trace.theta[1] + (1 - eta) / eta * step)


def test_the_derived_lag_is_momentum_s_first_error():
    trace, error = second_error("N-MPG")
    names = (derivation.b, derivation.c, derivation.theta, derivation.eta, derivation.Delta)
    point, step = trace.theta[1, 0], (trace.theta[1] - trace.theta[0])[0]
    lag = derivation.momentum_lag().numpy(*names)(SLOPE, BEND, point, weights(2, 2 / 3)[1], step)
    assert error == pytest.approx(lag, abs=1e-12)


def test_the_derived_gradient_and_hessian_are_those_of_the_estimators():
    mdp = random_mdp(0, 1, 2, 0.7)
    problem = SoftmaxMDP(mdp, np.ones(1), 2)  # its one logit is that of action 0
    theta = 0.6
    arguments = (derivation.odds, derivation.gamma, *derivation.r)
    point = (np.exp(-theta), 0.7, *mdp.reward[0])
    slope = derivation.unbiased_gradient().numpy(*arguments)(*point)
    np.testing.assert_allclose(problem.enumerated_grad(np.array([theta])), -slope)
    whole = derivation.unbiased_hessian()
    np.testing.assert_allclose(problem.enumerated_hess(np.array([theta])), whole.numpy(*arguments)(*point))
    in_theta = derivation.in_theta
    frozen = sum(chance * in_theta(in_theta(Phi)) for chance, Phi in derivation.trajectories())
    with pytest.raises(DerivationError):  # the mean of Φ'' alone, without the trajectory's score
        whole.equals(frozen, "not so")


def test_what_a_memory_adds_up_is_where_the_bounds_settle():
    eta, gamma, T = np.full(400, 0.2), np.full(400, 0.3), 400
    known = {derivation.eta: 0.2, derivation.step: 0.3}
    known |= {derivation.sigma: 2.0, derivation.L: 1.5, derivation.L_h: 0.7, derivation.product_noise: 1.1}
    solved, leading = (line.expr for line in derivation.memory().lines[1:])
    n, lag, left, spread = (float(row.rhs.subs(known)) for row in solved)
    constants = {"sigma": 2.0, "L": 1.5, "L_h": 0.7, "sigma_B": 1.1}
    settled = {"N-MPG": np.sqrt(n) + lag, "N-PG-IGT": np.sqrt(n) + left, "N-HARPG": np.sqrt(n + spread)}
    for name, value in settled.items():
        assert error_bound(name, eta, gamma, **constants)[T - 1] == pytest.approx(value)
    for exact, first in zip(solved, leading, strict=True):
        ratio = (exact.rhs / first.rhs).subs(derivation.eta, 1e-4)
        assert float(ratio) == pytest.approx(1, abs=1e-3)


def test_the_derived_powers_are_those_of_the_schedules():
    assert [line.rhs for line in derivation.rates().result] == [sp.Rational(2, 3), sp.Rational(4, 5), 1]
    assert [METHODS[name].eta for name in ("N-MPG", "N-PG-IGT", "N-HARPG")] == [2 / 3, 4 / 5, 1]


def test_the_derived_reward_is_the_plant_s():
    plant, theta = LinearGaussian(H=8), np.array([-1.3, 0.4])
    S = plant.covariances(theta)[5]
    loop = derivation.loop_reward()
    order = ["R", "sigma", "q_1", "q_2", "theta_1", "theta_2", "s_11", "s_12", "s_22"]
    symbols = sorted(loop.result.free_symbols, key=lambda symbol: order.index(symbol.name))
    value = loop.numpy(*symbols)(plant.R, plant.sigma, 1.5, 0.3, *theta, S[0, 0], S[0, 1], S[1, 1])
    np.testing.assert_allclose(value**-0.5 - 1, plant.rewards(theta)[5])
    bell = derivation.gaussian_reward().numpy(derivation.m, derivation.v)
    draws = np.sqrt(2.0) * np.random.default_rng(12).normal(size=200_000)
    assert bell(0.7, 2.0) == pytest.approx(np.exp(-0.7 * draws**2 / 2).mean(), abs=0.005)
