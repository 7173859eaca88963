"""A network with one hidden layer, every record's gradient in factors."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from optilab.core.check import AnyNumber, require, whole
from optilab.papers.diff2.problems.kind import clip_factor
from optilab.problems.mlp import MLP, Fit

Array = np.ndarray


@dataclass(frozen=True, eq=False)
class Layers:
    """Gradients of a network's records, (δ x̃ᵀ, u): outer products for the first matrix, vectors for the second.

    Parameters
    ----------
    X : array (n, in + 1)
        Inputs x̃, with a last column of ones.
    delta : array (*batch, n, hidden)
        δ, or its change: x̃ is the same at all points.
    u : array (*batch, n, hidden + 1)
        The gradient of the second matrix, or its change.
    """

    X: Array
    delta: Array
    u: Array

    def __sub__(self, other: "Layers") -> "Layers":
        """Their changes since another point."""
        return Layers(self.X, self.delta - other.delta, self.u - other.u)

    @property
    def norms(self) -> Array:
        """√(‖δ‖²‖x̃‖² + ‖u‖²): (*batch, n)."""
        first = np.vecdot(self.delta, self.delta) * np.vecdot(self.X, self.X)
        return np.sqrt(first + np.vecdot(self.u, self.u))

    def clipped_mean(self, C: AnyNumber) -> Array:
        """The mean of clip((δ x̃ᵀ, u), C): (*batch, d)."""
        share = clip_factor(self.norms, np.asarray(C)[..., None]) / len(self.X)
        first = (share[..., None] * self.delta).mT @ self.X
        return np.concatenate([first.reshape(*first.shape[:-2], -1), np.vecmat(share, self.u)], -1)


@dataclass(frozen=True, eq=False)
class Network:
    """The mean of ½(ŷ − y)² for a network with one hidden layer and one output, clients of equal size.

    Parameters
    ----------
    fit : Fit
        The network and its data, square loss.
    P : int
        Clients.

    Raises
    ------
    ValueError
        If the network has more layers or outputs, or the records can't be shared equally.
    """

    fit: Fit
    P: int = 10

    def __post_init__(self) -> None:
        sizes = self.fit.network.sizes
        require(len(sizes) == 3 and sizes[-1] == 1, "the sizes of the network", sizes, "(inputs, hidden units, 1)")
        kind = (self.fit.loss, self.fit.network.activation)
        require(kind == ("square", "tanh"), "loss and activation", kind, "'square' and 'tanh'")
        require(self.n % self.P == 0, "n", self.n, f"a multiple of P = {self.P}")

    @property
    def n(self) -> int:
        """Records."""
        return len(self.fit.X)

    @property
    def n_min(self) -> int:
        """Records of a client."""
        return self.n // self.P

    def __call__(self, x: Array) -> Array:
        """Loss at x (*batch, d): (*batch)."""
        return self.fit(x)

    def grad(self, x: Array) -> Array:
        """Gradient: (*batch, d) → (*batch, d)."""
        return self.fit.grad(x)

    @cached_property
    def inputs(self) -> Array:
        """Inputs with a last column of ones: (n, in + 1)."""
        return np.concatenate([self.fit.X, np.ones((self.n, 1))], -1)

    def records(self, x: Array) -> Layers:
        """The gradients of all records at x (*batch, d)."""
        first, second = self.fit.network.matrices(x)
        h = np.tanh(self.inputs @ first.mT)
        e = np.matvec(h, second[..., 0, :-1]) + second[..., 0, -1:] - self.fit.Y[:, 0]
        delta = e[..., None] * second[..., :-1] * (1 - h * h)
        return Layers(self.inputs, delta, np.concatenate([e[..., None] * h, e[..., None]], -1))


def teacher(n: int = 10_000, seed: int = 0, P: int = 10) -> Network:
    """Fit y = sin 2z₁ + z₂z₃ + noise, z = XA/√8, with ten hidden units: 101 parameters.

    Parameters
    ----------
    n : int
        Records, a multiple of P.
    seed : int
        Of X (n, 8), then A (8, 3), then the noise, all normal; y is standardised.
    P : int
        Clients.
    """
    require(whole(n, P), "n", n, f"a whole number, {P} or more")
    rng = np.random.default_rng(seed)
    X, A = rng.normal(size=(n, 8)), rng.normal(size=(8, 3))
    z = X @ A / np.sqrt(8)
    y = np.sin(2 * z[:, 0]) + z[:, 1] * z[:, 2] + 0.1 * rng.normal(size=n)
    return Network(Fit(MLP((8, 10, 1)), X, ((y - y.mean()) / y.std())[:, None]), P)
