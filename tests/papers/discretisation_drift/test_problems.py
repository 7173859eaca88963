"""The GAN on the line: its payoff, its data, and the networks that it refuses."""

import numpy as np
import pytest

from optilab.papers.discretisation_drift.problems import GAN, two_bumps, wasserstein
from optilab.problems.mlp import MLP


def test_the_payoff_is_the_saturating_loss():
    rng = np.random.default_rng(0)
    gan = GAN(MLP((1, 5, 4, 1)), MLP((2, 6, 1), "softplus"))
    D, G = gan.discriminator, gan.generator
    phi, theta = rng.normal(size=D.dim), rng.normal(size=G.dim)
    game = gan.on(gan.sample(rng, (7,)))
    real = D.forward(phi, game.samples.data)
    made = D.forward(phi, G.forward(theta, game.samples.latent))
    expected = np.log(1 / (1 + np.exp(-real))).mean() + np.log(1 - 1 / (1 + np.exp(-made))).mean()
    assert game(phi, theta) == pytest.approx(expected)


def test_samples_come_from_two_bumps_and_their_distance_is_a_transport():
    rng = np.random.default_rng(2)
    x = two_bumps(rng, (4, 5000))
    assert x.shape == (4, 5000, 1)
    np.testing.assert_allclose(abs(x).mean((1, 2)), 2, atol=0.02)
    np.testing.assert_allclose(x.var((1, 2)), 4.09, atol=0.1)
    np.testing.assert_allclose(wasserstein(x, x[:, ::-1] + 0.25), 0.25)
    assert two_bumps(rng, 3).shape == (3, 1)


def test_networks_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="the discriminator's outputs must be 1, got 2"):
        GAN(MLP((1, 4, 2)), MLP((2, 4, 1)))
    with pytest.raises(ValueError, match="what the generator makes"):
        GAN(MLP((1, 4, 1)), MLP((2, 4, 3)))
