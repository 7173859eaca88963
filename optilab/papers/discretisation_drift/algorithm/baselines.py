"""What the explicit regularisers are compared with: penalties on gradient norms, expressed in the same four products.

Consensus optimisation, a penalty on the other player's norm alone, and ODE-GAN with its Runge–Kutta steps.

Sources: L. Mescheder, S. Nowozin, A. Geiger, "The numerics of GANs", 2017; D. Balduzzi et al., "The mechanics of
n-player differentiable games", 2018; C. Qin et al., "Training generative adversarial networks by solving ordinary
differential equations", 2020.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from optilab.core.check import require
from optilab.papers.discretisation_drift.algorithm.games import Play, runge_kutta
from optilab.problems.oracles import Game, Number


@dataclass(frozen=True)
class PenalisedGame:
    """A game of two losses whose players also descend gradient norms.

    Player φ adds ½ own ‖f‖² + ½ other ‖g‖² to its loss, player θ adds ½ own ‖g‖² + ½ other ‖f‖², each weight a pair
    (of φ, of θ). `consensus`, `other_norms` and `ode_gan` are the versions with a name.
    """

    game: Game
    own: tuple[float, float]
    other: tuple[float, float]

    def __post_init__(self) -> None:
        for weight in (*self.own, *self.other):
            require(weight >= 0, "weight", weight, "0 or more")

    def f(self, phi: np.ndarray, theta: np.ndarray) -> np.ndarray:
        """Velocity f − own f_φᵀ f − other g_φᵀ g of φ."""
        game = self.game
        f, g = game.f(phi, theta), game.g(phi, theta)
        own = self.own[0] * transposed(game.f_phi, phi, theta, f, phi.shape[-1])
        return f - own - self.other[0] * transposed(game.g_phi, phi, theta, g, phi.shape[-1])

    def g(self, phi: np.ndarray, theta: np.ndarray) -> np.ndarray:
        """Velocity g − own g_θᵀ g − other f_θᵀ f of θ."""
        game = self.game
        f, g = game.f(phi, theta), game.g(phi, theta)
        own = self.own[1] * transposed(game.g_theta, phi, theta, g, theta.shape[-1])
        return g - own - self.other[1] * transposed(game.f_theta, phi, theta, f, theta.shape[-1])


def transposed(product: Callable[..., Any], phi: np.ndarray, theta: np.ndarray, w: np.ndarray, dim: int) -> np.ndarray:
    """Jᵀw (*batch, dim) from products with J alone: its entry j is w · (J e_j)."""
    basis = np.eye(dim).reshape(dim, *[1] * (w.ndim - 1), dim)
    basis = np.broadcast_to(basis, (dim, *w.shape[:-1], dim))
    return np.einsum("j...i,...i->...j", product(phi, theta, basis), w)


def consensus(game: Game, weight: float) -> PenalisedGame:
    """Consensus optimisation (Mescheder et al., 2017): both players descend ½ weight (‖f‖² + ‖g‖²)."""
    return PenalisedGame(game, own=(weight, weight), other=(weight, weight))


def other_norms(game: Game, weight: float) -> PenalisedGame:
    """Each player descends the other's ½ weight ‖·‖² alone, as symplectic gradient adjustment does near a centre."""
    return PenalisedGame(game, own=(0.0, 0.0), other=(weight, weight))


def ode_gan(game: Game, phi0: np.ndarray, theta0: np.ndarray, *, a: Number, b: Number, weight: float) -> Iterator[Play]:
    """Runge–Kutta steps in which the discriminator φ also descends ½ weight ‖g‖² (ODE-GAN, Qin et al., 2020)."""
    return runge_kutta(PenalisedGame(game, own=(0.0, 0.0), other=(weight, 0.0)), phi0, theta0, a=a, b=b)
