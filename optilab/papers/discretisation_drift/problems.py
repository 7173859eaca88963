"""A small generative adversarial game: two networks, and data from a mixture."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from optilab.core.check import require
from optilab.problems.games import ComplexStep
from optilab.problems.mlp import MLP, affine
from optilab.problems.stable import sigmoid, softplus


class Samples(NamedTuple):
    """What one update sees."""

    data: np.ndarray  # (*batch, N, 1)
    latent: np.ndarray  # (*batch, N, latent)


def two_bumps(rng: np.random.Generator, size: int | tuple[int, ...]) -> np.ndarray:
    """Data 2s + 0.3ξ with a random sign s and standard normal ξ: (*size, 1)."""
    size = (size,) if isinstance(size, (int, np.integer)) else tuple(size)
    signs = 2.0 * rng.integers(2, size=size) - 1
    return (2 * signs + 0.3 * rng.standard_normal(size=size))[..., None]


def wasserstein(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """W₁ of two samples on the line, each (*batch, N, 1): the mean gap between them once sorted, (*batch)."""
    return abs(np.sort(one[..., 0], -1) - np.sort(other[..., 0], -1)).mean(-1)


@dataclass(frozen=True)
class GAN:
    """The zero-sum game E = mean log σ(D(x)) + mean log(1 − σ(D(G(z)))): D = φ ascends, G = θ descends.

    Parameters
    ----------
    discriminator : MLP
        From data to a logit, the parameters φ.
    generator : MLP
        From latent points to data, the parameters θ.

    Raises
    ------
    ValueError
        If the networks don't fit together.
    """

    discriminator: MLP
    generator: MLP

    def __post_init__(self) -> None:
        into, out = self.discriminator.sizes[0], self.discriminator.sizes[-1]
        require(out == 1, "the discriminator's outputs", out, "1")
        require(into == self.generator.sizes[-1] == 1, "what the generator makes", self.generator.sizes, "of size 1")

    def sample(self, rng: np.random.Generator, size: int | tuple[int, ...]) -> Samples:
        """Fresh data and standard normal latent points, each of the given size."""
        data = two_bumps(rng, size)
        return Samples(data, rng.standard_normal(size=(*data.shape[:-1], self.generator.sizes[0])))

    def on(self, samples: Samples) -> "SampledGAN":
        """The game that these samples make."""
        return SampledGAN(self, samples)


@dataclass(frozen=True, eq=False)
class SampledGAN(ComplexStep):
    """The game of a GAN on given samples, φ (*batch, m) and θ (*batch, n); see `GAN`."""

    gan: GAN
    samples: Samples

    @cached_property
    def kind(self) -> np.ndarray:
        """+1 for each data point, −1 for each generated one: (N + N′, 1)."""
        counts = self.samples.data.shape[-2], self.samples.latent.shape[-2]
        return np.repeat([1.0, -1.0], counts)[:, None]

    @cached_property
    def weight(self) -> np.ndarray:
        """The share of each data point in its mean, then of each generated one: (N + N′, 1)."""
        counts = self.samples.data.shape[-2], self.samples.latent.shape[-2]
        return np.repeat([1 / counts[0], 1 / counts[1]], counts)[:, None]

    def __call__(self, phi: np.ndarray, theta: np.ndarray) -> np.ndarray:
        """E(φ, θ): (*batch)."""
        logits = self.gan.discriminator.forward(phi, self.points(theta))
        return -(self.weight * softplus(-self.kind * logits)).sum((-2, -1))

    def points(self, theta: np.ndarray) -> np.ndarray:
        """Data, then what the generator makes: (*batch, N + N′, 1)."""
        made = self.gan.generator.forward(theta, self.samples.latent)
        data = np.broadcast_to(self.samples.data, (*made.shape[:-2], *self.samples.data.shape[-2:]))
        return np.concatenate([data, made], -2)

    def generated(self, values: np.ndarray) -> np.ndarray:
        """The part of `values` that belongs to the generated points."""
        return values[..., self.samples.data.shape[-2] :, :]

    def slope(self, logits: np.ndarray) -> np.ndarray:
        """∂E/∂(logits of the points): (*batch, N + N′, 1)."""
        return self.weight * self.kind * sigmoid(-self.kind * logits)

    def f(self, phi: np.ndarray, theta: np.ndarray) -> np.ndarray:
        """∇_φ E: (*batch, m)."""
        D, points = self.gan.discriminator, self.points(theta)
        layers = D.layers(phi)
        inputs = D.inputs(layers, points)
        return D.gradient(layers, inputs, self.slope(affine(inputs[-1], *layers[-1])))

    def g(self, phi: np.ndarray, theta: np.ndarray) -> np.ndarray:
        """−∇_θ E: (*batch, n)."""
        D, G = self.gan.discriminator, self.gan.generator
        points = self.points(theta)
        pull = D.input_grad(phi, points, self.slope(D.forward(phi, points)))
        return -G.backward(theta, self.samples.latent, self.generated(pull))
