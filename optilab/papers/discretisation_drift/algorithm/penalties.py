"""Penalties that smooth a network, on its slopes or its weights, and how steep it is: the bound and the measured slope.

Sources: I. Gulrajani et al., "Improved training of Wasserstein GANs", 2017; M. Rosca, T. Weber, A. Gretton, S. Mohamed,
"A case for new neural network smoothness constraints", 2020.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from optilab.core.check import require
from optilab.core.numerics import complex_step, unit
from optilab.problems.mlp import MLP, Fit
from optilab.problems.oracles import Number


class Penalty(Protocol):
    """A term added to the loss."""

    def __call__(self, theta: np.ndarray) -> np.ndarray: ...  # noqa: D102
    def grad(self, theta: np.ndarray) -> np.ndarray: ...  # noqa: D102


@dataclass(frozen=True, eq=False)
class GradientPenalty:
    """ρ · mean over x of (‖∇ₓF(x)‖ − K)², for a scalar F = readout · outputs of a smooth network.

    Parameters
    ----------
    network : MLP
        With an analytic activation.
    X : array (N, in) or (*batch, N, in)
        Where the slope is asked for: data, or points between data.
    readout : array (out,)
        F in terms of the outputs, (1, −1) for the difference of two logits.
    rho, K : number or array (*batch)
        Weight of the penalty and the slope wanted.
    one_sided : bool
        Forgive slopes below K.

    Raises
    ------
    ValueError
        If `rho` or `K` is negative, or the network is not smooth.
    """

    network: MLP
    X: np.ndarray
    readout: np.ndarray
    rho: Number = 1.0
    K: Number = 1.0
    one_sided: bool = False

    def __post_init__(self) -> None:
        require(np.asarray(self.rho) >= 0, "rho", self.rho, "0 or more")
        require(np.asarray(self.K) >= 0, "K", self.K, "0 or more")
        smooth = self.network.activation != "relu"
        require(smooth, "the activation", self.network.activation, "smooth, for the penalty's gradient")

    def excess(self, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """‖∇ₓF‖ − K, or its positive part if one-sided, (*batch, N), and ∇ₓF (*batch, N, in)."""
        slope = self.network.input_grad(theta, self.X, self.readout)
        excess = np.linalg.norm(slope, axis=-1) - np.asarray(self.K)[..., None]
        return (np.maximum(excess, 0.0) if self.one_sided else excess), slope

    def __call__(self, theta: np.ndarray) -> np.ndarray:
        """Value at θ (*batch, D) → (*batch)."""
        return self.rho * (self.excess(theta)[0] ** 2).mean(-1)

    def grad(self, theta: np.ndarray) -> np.ndarray:
        """Gradient at θ (*batch, D) → (*batch, D), through the slope.

        With n = ∇ₓF/‖∇ₓF‖ held fixed, ‖∇ₓF‖ has the gradient of n · ∇ₓF = d/ds F(x + sn): a gradient with respect to θ
        at the complex point x + iεn, weighted by 2ρ/N (‖∇ₓF‖ − K).
        """
        excess, slope = self.excess(theta)
        weight = 2 * np.asarray(self.rho)[..., None] / excess.shape[-1] * excess
        upstream = weight[..., None] * self.readout
        return complex_step(lambda X: self.network.backward(theta, X, upstream), self.X, unit(slope))


@dataclass(frozen=True)
class WeightDecay:
    """ρ/2 ‖θ‖², the crude baseline; ρ is a number or an array (*batch), 0 or more."""

    rho: Number

    def __post_init__(self) -> None:
        require(np.asarray(self.rho) >= 0, "rho", self.rho, "0 or more")

    def __call__(self, theta: np.ndarray) -> np.ndarray:
        """Value at θ (*batch, D) → (*batch)."""
        return self.rho / 2 * (theta**2).sum(-1)

    def grad(self, theta: np.ndarray) -> np.ndarray:
        """ρ θ."""
        return np.asarray(self.rho)[..., None] * theta


@dataclass(frozen=True, eq=False)
class PenalisedLoss:
    """The loss of a network with a penalty, to be minimised by any method of the classics."""

    fit: Fit
    penalty: Penalty

    def __call__(self, theta: np.ndarray) -> np.ndarray:
        """Value at θ (*batch, D) → (*batch)."""
        return self.fit(theta) + self.penalty(theta)

    def grad(self, theta: np.ndarray) -> np.ndarray:
        """Gradient at θ (*batch, D) → (*batch, D)."""
        return self.fit.grad(theta) + self.penalty.grad(theta)


def lipschitz_bound(network: MLP, theta: np.ndarray, readout: np.ndarray) -> np.ndarray:
    """‖readout‖ · Π σ(W) over all layers (*batch): no slope of readout · outputs is larger, slopes of s being ≤ 1.

    NaN where θ (*batch, D) isn't finite.
    """
    finite = np.isfinite(theta).all(-1)
    layers = network.layers(np.where(finite[..., None], theta, 0))
    sigmas = [np.linalg.svd(W, compute_uv=False)[..., 0] for W, _ in layers]
    return np.where(finite, np.linalg.norm(readout) * np.prod(sigmas, axis=0), np.nan)


def steepness(network: MLP, theta: np.ndarray, X: np.ndarray, readout: np.ndarray) -> np.ndarray:
    """‖∇ₓ(readout · outputs)‖ at each of the inputs X (N, in): (*batch, N). Its maximum is the empirical constant."""
    return np.linalg.norm(network.input_grad(theta, X, readout), axis=-1)
