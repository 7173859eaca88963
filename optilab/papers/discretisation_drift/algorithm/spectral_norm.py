"""Spectral normalisation: a layer W (out × in) computes with K W/σ, where σ is its largest singular value.

σ is estimated by one power iteration a step; with activations of slope at most 1 the network then has a Lipschitz
constant of at most the product of the K.

Sources: T. Miyato, T. Kataoka, M. Koyama, Y. Yoshida, "Spectral normalization for generative adversarial networks",
ICLR 2018; M. Rosca, T. Weber, A. Gretton, S. Mohamed, "A case for new neural network smoothness constraints", 2020.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from optilab.core.check import AnyNumber, require
from optilab.core.numerics import unit
from optilab.core.run import algorithm, replicates
from optilab.problems.mlp import MLP, Fit
from optilab.problems.oracles import Number


class SingularValue(NamedTuple):
    """The largest singular value of a layer and its singular vectors, as power iteration knows them."""

    u: np.ndarray  # (*batch, out)
    v: np.ndarray  # (*batch, in)
    sigma: np.ndarray  # (*batch)


def power_iteration(W: np.ndarray, u: np.ndarray, iterations: int = 1) -> SingularValue:
    """Iterate v = Wᵀu/‖·‖, u = Wv/‖·‖, then take σ = uᵀWv.

    Parameters
    ----------
    W : array (*batch, out, in)
        The weights.
    u : array (*batch, out)
        Where the last iteration ended, or a random start.
    iterations : int
        How many, at least 1.

    Raises
    ------
    ValueError
        If a weight matrix is zero: it can't be normalised.
    """
    require(iterations >= 1, "iterations", iterations, "1 or more")
    for _ in range(iterations):
        v = unit(np.matvec(W.mT, u))
        u = unit(np.matvec(W, v))
    sigma = (u * np.matvec(W, v)).sum(-1)
    overflown = ~np.isfinite(np.linalg.norm(W, axis=(-2, -1)))  # a replicate that diverged
    require((sigma != 0) | overflown, "σ, the largest singular value of a layer,", 0, "nonzero to normalise it")
    return SingularValue(u, v, sigma)


def normalised(W: np.ndarray, sigma: np.ndarray, K: AnyNumber, leave_smaller: bool = False) -> np.ndarray:
    """W̄ = K W/σ, or W/max(σ/K, 1) if layers with σ below K are left alone; W itself where K is inf."""
    return W * scale(sigma, K, leave_smaller)[..., None, None]


def normalised_grad(
    grad_bar: np.ndarray,
    W: np.ndarray,
    estimate: SingularValue,
    K: AnyNumber,
    leave_smaller: bool = False,
    through_norm: bool = True,
) -> np.ndarray:
    """∂L/∂W from ∂L/∂W̄ with u and v held constant: K/σ (∂L/∂W̄ − ⟨∂L/∂W̄, W⟩/σ · u vᵀ).

    Parameters
    ----------
    grad_bar : array (*batch, out, in)
        ∂L/∂W̄.
    W : array (*batch, out, in)
        The layer before normalisation.
    estimate : SingularValue
        u, v, σ that it was normalised with.
    K, leave_smaller
        As in `normalised`.
    through_norm : bool
        Without it σ counts as a constant and the second term is dropped.
    """
    u, v, sigma = estimate
    factor = scale(sigma, K, leave_smaller)[..., None, None]
    if not through_norm:
        return factor * grad_bar
    depends = np.isfinite(K) & ((sigma > K) | (not leave_smaller))  # whether W̄ depends on σ
    along = np.where(depends, (grad_bar * W).sum((-2, -1)) / sigma, 0)[..., None, None]
    return factor * grad_bar - along * factor * u[..., :, None] * v[..., None, :]


def scale(sigma: np.ndarray, K: AnyNumber, leave_smaller: bool) -> np.ndarray:
    """W̄/W: (*batch)."""
    factor = np.where(np.isinf(K), 1.0, K / sigma)
    return np.minimum(factor, 1.0) if leave_smaller else factor


@dataclass(frozen=True)
class SpectralNorm:
    """Spectral normalisation of some layers of a network, as a map of its parameters: θ → θ̄.

    Parameters
    ----------
    network : MLP
        The network.
    K : number or array (*batch)
        What σ becomes, positive; inf stands for no normalisation.
    which : sequence of int, optional
        Indices of the normalised layers, counted from the end if negative; all by default.
    leave_smaller : bool
        Leave layers with σ below K alone.
    through_norm : bool
        Let the gradient flow through σ.

    Raises
    ------
    ValueError
        If K isn't positive, an index names no layer or no layer is named.
    """

    network: MLP
    K: AnyNumber = 1.0
    which: Sequence[int] | None = None
    leave_smaller: bool = False
    through_norm: bool = True

    def __post_init__(self) -> None:
        require(np.asarray(self.K) > 0, "K", self.K, "positive")
        depth = len(self.network.sizes) - 1
        named = self.which is None or (len(self.which) > 0 and all(-depth <= l < depth for l in self.which))
        require(named, "which", self.which, f"layers from {-depth} to {depth - 1}")

    @cached_property
    def chosen(self) -> list[int]:
        """Indices of the normalised layers, from the first, each once."""
        depth = len(self.network.sizes) - 1
        return sorted({l % depth for l in (range(depth) if self.which is None else self.which)})

    def start(self, theta: np.ndarray, rng: Any, iterations: int = 20) -> np.ndarray:
        """A first u of all normalised layers, joined, (*batch, Σ out): random, then `iterations` power iterations."""
        outs = sum(self.network.sizes[l + 1] for l in self.chosen)
        return self.joined(self.estimate(theta, rng.standard_normal(size=(*theta.shape[:-1], outs)), iterations))

    def estimate(self, theta: np.ndarray, u: np.ndarray, iterations: int = 1) -> list[SingularValue]:
        """Power iterations in each normalised layer from u (*batch, Σ out)."""
        layers = self.network.layers(theta)
        ends = np.cumsum([self.network.sizes[l + 1] for l in self.chosen])
        require(u.shape[-1] == ends[-1], "the last axis of u", u.shape[-1], f"{ends[-1]}, the outputs of the layers")
        parts = np.split(u, ends[:-1], -1)
        return [power_iteration(layers[l][0], part, iterations) for l, part in zip(self.chosen, parts, strict=True)]

    def joined(self, estimates: list[SingularValue]) -> np.ndarray:
        """The u of all normalised layers, joined."""
        return np.concatenate([estimate.u for estimate in estimates], -1)

    def forward(self, theta: np.ndarray, estimates: list[SingularValue]) -> np.ndarray:
        """θ̄: θ with its chosen layers normalised."""
        layers = self.network.layers(theta)
        for l, estimate in zip(self.chosen, estimates, strict=True):
            W, b = layers[l]
            layers[l] = normalised(W, estimate.sigma, self.K, self.leave_smaller), b
        return self.network.flat(layers)

    def backward(self, theta: np.ndarray, estimates: list[SingularValue], grad_bar: np.ndarray) -> np.ndarray:
        """∂L/∂θ from ∂L/∂θ̄."""
        layers, grads = self.network.layers(theta), self.network.layers(grad_bar)
        for l, estimate in zip(self.chosen, estimates, strict=True):
            G, b = grads[l]
            grads[l] = normalised_grad(G, layers[l][0], estimate, self.K, self.leave_smaller, self.through_norm), b
        return self.network.flat(grads)


class Normalised(NamedTuple):
    """State of training under spectral normalisation."""

    theta: np.ndarray  # (*batch, D) parameters
    momentum: np.ndarray  # (*batch, D) last displacement
    u: np.ndarray  # (*batch, Σ out) of the normalised layers


@algorithm
def train_normalised(
    fit: Fit, theta0: np.ndarray, u0: np.ndarray, norm: SpectralNorm, *, lr: Number, momentum: Number = 0.0
) -> Iterator[Normalised]:
    """Heavy ball on the loss of the normalised network, with one power iteration a step.

    Parameters
    ----------
    fit : Fit
        Network and data.
    theta0, u0 : arrays (*batch, D), (*batch, Σ out)
        Parameters and the singular vectors to start from, the latter by `norm.start`.
    norm : SpectralNorm
        What is normalised, and to which K.
    lr, momentum : number or array (*batch)
        Learning rate, positive, and momentum in [0, 1).

    Raises
    ------
    ValueError
        If the learning rate or the momentum is outside these, or a layer is zero.
    """
    theta, u, lr, momentum = _checked(theta0, u0, norm, lr, momentum)
    displacement = np.zeros_like(theta)
    while True:
        yield Normalised(theta, displacement, u)
        estimates = norm.estimate(theta, u)
        u = norm.joined(estimates)
        grad_bar = fit.grad(norm.forward(theta, estimates))
        displacement = momentum * displacement - lr * norm.backward(theta, estimates, grad_bar)
        theta = theta + displacement


def _checked(theta0: np.ndarray, u0: np.ndarray, norm: SpectralNorm, lr: Number, momentum: Number) -> list[np.ndarray]:
    """Parameters, singular vectors, learning rate and momentum of one batch, once they are known to be allowed."""
    theta, lr, momentum, _ = replicates(theta0, lr, momentum, norm.K)
    require((lr > 0) & (lr < np.inf), "lr", lr[..., 0], "positive and finite")
    require((momentum >= 0) & (momentum < 1), "momentum", momentum[..., 0], "in [0, 1)")
    batch = np.broadcast_shapes(theta.shape[:-1], u0.shape[:-1])
    theta, u = (np.broadcast_to(x, (*batch, x.shape[-1])) for x in (theta, u0))
    norm.estimate(theta, u)  # refuses a zero layer at the call
    return [theta, u, lr, momentum]
