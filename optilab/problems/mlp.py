"""Fully connected networks with flat parameters, and their fit to data.

A Hessian-vector product is the forward-over-reverse one of Pearlmutter (1994), in real arithmetic: a change R{·} runs
through the network beside the values, then a change of the gradient beside the gradient. With a smooth activation every
function here is analytic in complex parameters too.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from optilab.core.check import require
from optilab.problems.oracles import check_samples
from optilab.problems.stable import log_sum_exp, softmax, softplus

Layers = list[tuple[np.ndarray, np.ndarray]]  # (W, b) of each layer
Matrices = Sequence[np.ndarray]  # (W b) of each layer, (*batch, out, in + 1)
Upstream = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
DIFFERENCE = 1e-4  # real step of a second difference, where truncation and rounding balance


class Activation(NamedTuple):
    """A function of a unit, and its first two derivatives written in the function's own value a."""

    function: Callable[[np.ndarray], np.ndarray]
    slope: Callable[[np.ndarray], np.ndarray]
    curvature: Callable[[np.ndarray], np.ndarray]


def _selu(z: np.ndarray) -> np.ndarray:
    """λz above 0, λα(eᶻ − 1) below; a unit keeps mean 0 and variance 1 (G. Klambauer et al., 2017)."""
    return SELU_SCALE * np.where(z > 0, z, SELU_ALPHA * np.expm1(np.minimum(z, 0.0)))


SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772
BELOW = SELU_SCALE * SELU_ALPHA  # how far down SELU goes: there its slope is a + λα
ACTIVATIONS = {
    "tanh": Activation(np.tanh, lambda a: 1 - a * a, lambda a: -2 * a * (1 - a * a)),
    "softplus": Activation(softplus, lambda a: -np.expm1(-a), lambda a: -np.exp(-a) * np.expm1(-a)),
    "relu": Activation(lambda z: np.maximum(z, 0.0), lambda a: (a > 0) * 1.0, np.zeros_like),
    "selu": Activation(
        _selu, lambda a: np.where(a > 0, SELU_SCALE, a + BELOW), lambda a: np.where(a > 0, 0.0, a + BELOW)
    ),
}
KINKED = {"relu": "ReLU", "selu": "SELU"}  # not analytic: a slope jumps at 0


class Factors(NamedTuple):
    """What the gradients of a layer's matrix (W b) are made of: that of one datum is the outer product δ aᵀ."""

    a: np.ndarray  # what enters the layer, with a last column of ones: (*batch, N, in + 1)
    delta: np.ndarray  # gradient of the loss of each datum with respect to W a + b: (*batch, N, out)

    @property
    def gradient(self) -> np.ndarray:
        """Gradient of the mean loss with respect to the matrix: (*batch, out, in + 1)."""
        return self.delta.mT @ self.a / self.a.shape[-2]


@dataclass(frozen=True)
class MLP:
    """A fully connected network; hidden layers a ← s(W a + b), the last one linear.

    Its parameters are one vector θ (*batch, D): the matrices (W b) of its layers, each (out, in + 1) with the biases as
    last column, row by row.

    Parameters
    ----------
    sizes : tuple of int
        Units of each layer, inputs first, outputs last.
    activation : {"tanh", "relu", "selu", "softplus"}
        s, of the hidden layers.

    Raises
    ------
    ValueError
        If a size is not a positive integer, there are fewer than two, or the activation has another name.
    """

    sizes: tuple[int, ...]
    activation: str = "tanh"

    def __post_init__(self) -> None:
        object.__setattr__(self, "sizes", tuple(self.sizes))
        whole = all(isinstance(size, (int, np.integer)) and size > 0 for size in self.sizes)
        require(len(self.sizes) >= 2 and whole, "sizes", self.sizes, "at least two positive integers")
        require(self.activation in ACTIVATIONS, "activation", self.activation, f"one of {sorted(ACTIVATIONS)}")

    @cached_property
    def dim(self) -> int:
        """Number of parameters D."""
        return sum(out * columns for out, columns in self.shapes)

    @cached_property
    def shapes(self) -> tuple[tuple[int, int], ...]:
        """Shape (out, in + 1) of each layer's matrix (W b)."""
        return tuple((out, into + 1) for into, out in pairwise(self.sizes))

    def init(self, rng: np.random.Generator, gain: float = 1.0) -> np.ndarray:
        """Weights gain · N(0, 1/in) and biases 0: θ (D,)."""
        weights = [gain * rng.standard_normal((out, into)) / np.sqrt(into) for into, out in pairwise(self.sizes)]
        return self.flat([(W, np.zeros(len(W))) for W in weights])

    def _check_real(self, name: str, value: np.ndarray) -> None:
        """Refuse complex numbers where the activation has a kink."""
        analytic = self.activation not in KINKED or not np.iscomplexobj(value)
        require(analytic, name, value.dtype, f"real for a {KINKED.get(self.activation)} network, which is not analytic")

    def matrices(self, theta: np.ndarray) -> list[np.ndarray]:
        """The matrix (W b) of each layer, (*batch, out, in + 1), as a view of θ (*batch, D)."""
        theta = np.asarray(theta)
        require(theta.shape[-1:] == (self.dim,), "the shape of theta", theta.shape, f"(*batch, {self.dim})")
        self._check_real("theta", theta)
        matrices, start = [], 0
        for out, columns in self.shapes:
            end = start + out * columns
            matrices.append(theta[..., start:end].reshape(*theta.shape[:-1], out, columns))
            start = end
        return matrices

    def vector(self, matrices: Matrices) -> np.ndarray:
        """The vector θ (*batch, D) of given matrices, the inverse of `matrices`."""
        return np.concatenate([matrix.reshape(*matrix.shape[:-2], -1) for matrix in matrices], -1)

    def layers(self, theta: np.ndarray) -> Layers:
        """Weights (*batch, out, in) and biases (*batch, out) of each layer, as views of θ (*batch, D)."""
        return [(matrix[..., :-1], matrix[..., -1]) for matrix in self.matrices(theta)]

    def flat(self, layers: Sequence[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
        """The vector θ (*batch, D) of given layers, the inverse of `layers`."""
        return self.vector([np.concatenate([W, b[..., None]], -1) for W, b in layers])

    def forward(self, theta: np.ndarray, X: np.ndarray) -> np.ndarray:
        """Outputs (*batch, N, out) at inputs X (N, in), shared by the batch, or (*batch, N, in)."""
        layers = self.layers(theta)
        return affine(self.inputs(layers, X)[-1], *layers[-1])

    def backward(self, theta: np.ndarray, X: np.ndarray, upstream: np.ndarray) -> np.ndarray:
        """Gradient (*batch, D) with respect to θ of Σ upstream · forward, with upstream (*batch, N, out)."""
        layers = self.layers(theta)
        return self.gradient(layers, self.inputs(layers, X), upstream)

    def input_grad(self, theta: np.ndarray, X: np.ndarray, upstream: np.ndarray) -> np.ndarray:
        """Gradient (*batch, N, in) with respect to X of Σ upstream · forward."""
        layers = self.layers(theta)
        return self.deltas(layers, self.inputs(layers, X), upstream)[0] @ layers[0][0]

    def inputs(self, layers: Layers, X: np.ndarray) -> list[np.ndarray]:
        """What enters each layer: X, then the hidden units, each (*batch, N, in)."""
        X = np.asarray(X)
        require(
            X.ndim >= 2 and X.shape[-1] == self.sizes[0], "the shape of X", X.shape, f"(*batch, N, {self.sizes[0]})"
        )
        self._check_real("X", X)
        inputs = [X]
        for W, b in layers[:-1]:
            inputs.append(ACTIVATIONS[self.activation].function(affine(inputs[-1], W, b)))
        return inputs

    def deltas(self, layers: Layers, inputs: list[np.ndarray], upstream: np.ndarray) -> list[np.ndarray]:
        """Gradient of Σ upstream · forward with respect to W a + b (*batch, N, out), layer by layer."""
        batch = np.broadcast_shapes(layers[0][1].shape[:-1], inputs[0].shape[:-2], np.shape(upstream)[:-2])
        deltas = [np.broadcast_to(upstream, (*batch, inputs[0].shape[-2], self.sizes[-1]))]
        for (W, _), a in zip(layers[:0:-1], inputs[:0:-1], strict=True):
            deltas.append((deltas[-1] @ W) * ACTIVATIONS[self.activation].slope(a))
        return deltas[::-1]

    def gradient(self, layers: Layers, inputs: list[np.ndarray], upstream: np.ndarray) -> np.ndarray:
        """`backward`, where the inputs of the layers are known already."""
        deltas = self.deltas(layers, inputs, upstream)
        return self.flat([(delta.mT @ a, delta.sum(-2)) for delta, a in zip(deltas, inputs, strict=True)])

    def changes(self, layers: Layers, directions: Layers, inputs: list[np.ndarray]) -> list[np.ndarray]:
        """Derivative of W a + b of each layer (*batch, N, out) as θ moves along the layers `directions`."""
        slope = ACTIVATIONS[self.activation].slope
        changes = [affine(inputs[0], *directions[0])]
        for (W, _), direction, a in zip(layers[1:], directions[1:], inputs[1:], strict=True):
            changes.append(affine(a, *direction) + (slope(a) * changes[-1]) @ W.mT)
        return changes

    def backward_along(self, theta: np.ndarray, v: np.ndarray, X: np.ndarray, upstream: Upstream) -> np.ndarray:
        """Derivative (*batch, D) of `backward` as θ moves along v (*batch, D): forward over reverse.

        `upstream` takes the outputs and their derivative along v, and gives the gradient with respect to the outputs
        and the derivative of that.
        """
        v = np.broadcast_to(v, np.broadcast_shapes(np.shape(theta), np.shape(v)))
        layers, directions = self.layers(theta), self.layers(v)
        inputs = self.inputs(layers, X)
        changes = self.changes(layers, directions, inputs)
        gradient, delta_along = upstream(affine(inputs[-1], *layers[-1]), changes[-1])
        deltas = self.deltas(layers, inputs, gradient)
        _, slope, curvature = ACTIVATIONS[self.activation]
        parts = []
        for l in reversed(range(len(layers))):
            (W, _), (V, _), a, delta = layers[l], directions[l], inputs[l], deltas[l]
            W_along, b_along = delta_along.mT @ a, delta_along.sum(-2)
            if l > 0:
                W_along = W_along + delta.mT @ (slope(a) * changes[l - 1])
                delta_along = (delta_along @ W + delta @ V) * slope(a) + (delta @ W) * curvature(a) * changes[l - 1]
            parts.append((W_along, b_along))
        return self.flat(parts[::-1])


def affine(a: np.ndarray, W: np.ndarray, b: np.ndarray) -> np.ndarray:
    """W a + b for a row of inputs after another: (*batch, N, in) → (*batch, N, out)."""
    return a @ W.mT + b[..., None, :]


@dataclass(frozen=True, eq=False)
class Fit:
    """The loss of a network on data, as a problem in its parameters.

    Parameters
    ----------
    network : MLP
        The model.
    X : array (N, in) or (*batch, N, in)
        Inputs.
    Y : array (N, out), or of int (N,), each with the batch of `X` or none
        Values to reach, or labels.
    loss : {"square", "cross_entropy"}
        1/(2N) Σ‖outputs − Y‖², or the mean of log Σ exp(outputs) − output of the label.

    Raises
    ------
    ValueError
        If the loss has another name, or shapes or labels don't suit the network.
    """

    network: MLP
    X: np.ndarray
    Y: np.ndarray
    loss: str = "square"

    def __post_init__(self) -> None:
        require(self.loss in ("square", "cross_entropy"), "loss", self.loss, "'square' or 'cross_entropy'")
        X, Y = np.asarray(self.X), np.asarray(self.Y)
        last = 2 if self.loss == "square" else 1  # axes of Y behind the batch
        object.__setattr__(self, "X", X)
        object.__setattr__(self, "Y", Y)
        into, out = self.network.sizes[0], self.network.sizes[-1]
        require(X.ndim >= 2 and X.shape[-1] == into, "the shape of X", X.shape, f"(*batch, N, {into})")
        N = X.shape[-2]
        if self.loss == "square":
            require(Y.shape[-2:] == (N, out), "the shape of Y", Y.shape, f"(*batch, {N}, {out})")
        else:
            require(Y.shape[-1:] == (N,), "the shape of the labels Y", Y.shape, f"(*batch, {N})")
            labels = np.issubdtype(Y.dtype, np.integer) and Y.min(initial=0) >= 0 and Y.max(initial=0) < out
            require(labels, "Y", Y, f"labels, integers from 0 to {out - 1}")
        own, theirs = X.shape[:-2], Y.shape[: Y.ndim - last]
        require(theirs in ((), own), "the batch of Y", theirs, f"that of X, {own}, or none")

    @property
    def shared(self) -> bool:
        """Whether all replicates have the same targets or labels."""
        return self.Y.ndim == (2 if self.loss == "square" else 1)

    @cached_property
    def targets(self) -> np.ndarray:
        """What the outputs, or the softmax of them, should be: (*batch, N, out)."""
        if self.loss == "square":
            return self.Y
        return (self.Y[..., None] == np.arange(self.network.sizes[-1])) * 1.0

    @property
    def smooth(self) -> bool:
        """Whether the loss is analytic in θ."""
        return self.network.activation not in KINKED

    def __call__(self, theta: np.ndarray) -> np.ndarray:
        """Loss at θ (*batch, D) → (*batch)."""
        return self.of_outputs(self.network.forward(theta, self.X))

    def of_outputs(self, outputs: np.ndarray) -> np.ndarray:
        """Loss of outputs (*batch, N, out), where they are known already: (*batch)."""
        if self.loss == "square":
            return ((outputs - self.targets) ** 2).sum((-2, -1)) / (2 * self.X.shape[-2])
        return (log_sum_exp(outputs) - (outputs * self.targets).sum(-1)).mean(-1)

    def grad(self, theta: np.ndarray) -> np.ndarray:
        """Gradient at θ (*batch, D) → (*batch, D)."""
        network = self.network
        layers = network.layers(theta)
        inputs = network.inputs(layers, self.X)
        upstream = self.outputs_grad(affine(inputs[-1], *layers[-1]))
        return network.gradient(layers, inputs, upstream)

    def hvp(self, theta: np.ndarray, v: np.ndarray) -> np.ndarray:
        """Hessian at θ times v, both (*batch, D) → (*batch, D)."""
        return self.network.backward_along(theta, v, self.X, self.outputs_grad_along)

    def hess(self, theta: np.ndarray) -> np.ndarray:
        """Hessian at θ (*batch, D) → (*batch, D, D), all columns in one batched product."""
        axis = -2 if self.loss == "cross_entropy" else -3
        Y = self.Y if self.shared else np.expand_dims(self.Y, axis)
        columns = replace(self, X=self.X[..., None, :, :], Y=Y)
        H = columns.hvp(np.asarray(theta)[..., None, :], np.eye(self.network.dim))
        return (H + H.mT) / 2

    def sample(self, rng: np.random.Generator, size: tuple[int, ...]) -> np.ndarray:
        """Data drawn with replacement: indices, size (*batch, m) → (*batch, m)."""
        return rng.integers(self.X.shape[-2], size=size)

    def drawn(self, sample: np.ndarray) -> "Fit":
        """The fit to sampled data (*batch, m), whose gradients, factors and products are those of the sample."""
        own = self.X.shape[:-2]
        replicate = tuple(index[..., None] for index in np.ix_(*map(np.arange, own)))
        Y = self.Y[sample] if self.shared else self.Y[(*replicate, sample)]
        return replace(self, X=self.X[(*replicate, sample)], Y=Y)

    def sample_grad(self, theta: np.ndarray, sample: np.ndarray) -> np.ndarray:
        """Gradient of the loss on sampled data (*batch, m) at θ (*batch, D) → (*batch, D)."""
        check_samples(theta, sample.shape)
        return self.drawn(sample).grad(theta)

    def sample_hvp(self, theta: np.ndarray, v: np.ndarray, sample: np.ndarray) -> np.ndarray:
        """Hessian of the loss on sampled data (*batch, m) at θ times v, both (*batch, D) → (*batch, D)."""
        check_samples(theta, sample.shape)
        return self.drawn(sample).hvp(theta, v)

    def factors(self, theta: np.ndarray) -> list[Factors]:
        """What the gradients at θ (*batch, D) of each layer's matrix are made of, datum by datum."""
        network = self.network
        layers = network.layers(theta)
        inputs = network.inputs(layers, self.X)
        upstream = self.X.shape[-2] * self.outputs_grad(affine(inputs[-1], *layers[-1]))
        deltas = network.deltas(layers, inputs, upstream)
        ones = [np.ones((*a.shape[:-1], 1), a.dtype) for a in inputs]
        augmented = [np.concatenate(pair, -1) for pair in zip(inputs, ones, strict=True)]
        return [Factors(a, delta) for a, delta in zip(augmented, deltas, strict=True)]

    def grads(self, theta: np.ndarray) -> np.ndarray:
        """Gradient of the loss of each datum at θ (*batch, D) → (*batch, N, D); their mean is `grad`."""
        return self.network.vector([delta[..., :, None] * a[..., None, :] for a, delta in self.factors(theta)])

    def outputs_grad(self, outputs: np.ndarray) -> np.ndarray:
        """Gradient of the loss with respect to the outputs, both (*batch, N, out)."""
        reached = outputs if self.loss == "square" else softmax(outputs)
        return (reached - self.targets) / self.X.shape[-2]

    def outputs_grad_along(self, outputs: np.ndarray, change: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """`outputs_grad` and its derivative as the outputs move along `change`."""
        if self.loss == "cross_entropy":
            p = softmax(outputs)
            change = p * (change - (p * change).sum(-1, keepdims=True))
        return self.outputs_grad(outputs), change / self.X.shape[-2]

    def third(self, theta: np.ndarray, v: np.ndarray) -> np.ndarray:
        """T[v, v] = ∇(vᵀ H v) at fixed v, both (*batch, D) → (*batch, D), by a second difference of the gradient.

        With ReLU that is right where no unit changes sign within 1e-4 of θ along v.
        """
        v = np.asarray(v) + 0.0
        size = np.linalg.norm(v, axis=-1, keepdims=True)
        step = DIFFERENCE * np.divide(v, size, out=np.zeros_like(v), where=size > 0)
        bend = self.grad(theta + step) - 2 * self.grad(theta) + self.grad(theta - step)
        return (size / DIFFERENCE) ** 2 * bend

    def accuracy(self, theta: np.ndarray) -> np.ndarray:
        """Share of inputs whose largest output is that of their label, at θ (*batch, D) → (*batch)."""
        require(self.loss == "cross_entropy", "loss", self.loss, "'cross_entropy' to have an accuracy")
        return (self.network.forward(theta, self.X).argmax(-1) == self.Y).mean(-1)
