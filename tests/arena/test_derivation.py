import numpy as np
import pytest

from optilab.arena import derivation
from optilab.classics.heavy_ball import heavy_ball
from optilab.core.derive import Derivation
from optilab.core.run import run

DERIVATIONS = [derivation.noise_floor, derivation.same_reach, derivation.scaled_condition]


@pytest.mark.parametrize("derive", DERIVATIONS)
def test_a_derivation_runs_and_gives_a_reason_for_every_line(derive):
    found = derive()
    assert isinstance(found, Derivation)
    assert len(found.lines) > 2
    assert all(line.because for line in found.lines)


class Jittery:
    """½λx² whose gradients have noise of variance σ²."""

    def __init__(self, lam, sigma):
        self.lam, self.sigma, self.rng = lam, sigma, np.random.default_rng(0)

    def grad(self, x):
        return self.lam * x + self.sigma * self.rng.standard_normal(x.shape)


@pytest.mark.parametrize("beta", [0.0, 0.7])
def test_the_floor_is_what_heavy_ball_settles_at(beta):
    lam, sigma, alpha = 2.0, 3.0, 0.2
    trace = run(heavy_ball(Jittery(lam, sigma), np.zeros((4000, 1)), alpha=alpha, beta=beta), 400, keep=["x"])
    promised = derivation.noise_floor().numpy(derivation.alpha, derivation.beta, derivation.lam, derivation.sigma)
    assert np.isclose((trace.x[300:] ** 2).mean(), promised(alpha, beta, lam, sigma), rtol=0.02)


def test_what_the_best_scaling_leaves_of_a_valley_at_every_angle():
    both = derivation.scaled_condition().lines[-2].expr  # condition plus its inverse, at any angle
    kappa = 50.0
    for theta in (0.0, 0.1, 0.5, np.pi / 4):
        turn = np.array([[np.cos(theta), -np.sin(theta)], [np.sin(theta), np.cos(theta)]])
        hessian = turn @ np.diag([1.0, kappa]) @ turn.T
        half = np.diag(hessian.diagonal() ** -0.5)
        left = np.linalg.cond(half @ hessian @ half)
        assert np.isclose(float(both.subs({derivation.kappa: kappa, derivation.theta: theta})), left + 1 / left)
    assert np.isclose(left, kappa)
    np.testing.assert_allclose(derivation.scaled_condition().numpy(derivation.kappa)(kappa), [2, kappa + 1 / kappa])
