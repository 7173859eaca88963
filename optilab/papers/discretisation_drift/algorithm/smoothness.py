"""Smoothness constraints as changes of the optimiser.

Spectral normalisation, gradient penalties, and the versions of spectral normalisation that leave the network alone and
touch the update.

A layer W (out × in) is normalised to K W/σ with σ its largest singular value, estimated by one power iteration a step;
with activations of slope at most 1 the network then has a Lipschitz constant of at most the product of the K.

Sources: T. Miyato, T. Kataoka, M. Koyama, Y. Yoshida, "Spectral normalization for generative adversarial networks",
ICLR 2018; M. Rosca, T. Weber, A. Gretton, S. Mohamed, "A case for new neural network smoothness constraints", 2020;
F. Gogianu et al., "Spectral normalisation for deep reinforcement learning: an optimisation perspective", ICML 2021.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np

from optilab.core.check import require
from optilab.core.run import algorithm, replicates
from optilab.problems.mdp import MDP
from optilab.problems.mlp import MLP, Fit

Number = float | np.ndarray
EPSILON = 1e-20  # complex step


class Estimate(NamedTuple):
    """The largest singular value of a layer and its singular vectors, as power iteration knows them."""

    u: np.ndarray  # (*batch, out)
    v: np.ndarray  # (*batch, in)
    sigma: np.ndarray  # (*batch)


def power_iteration(W: np.ndarray, u: np.ndarray, iterations: int = 1) -> Estimate:
    """V = Wᵀu/‖·‖, u = Wv/‖·‖, σ = uᵀWv, `iterations` times.

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
        v = unit((W.mT @ u[..., None])[..., 0])
        u = unit((W @ v[..., None])[..., 0])
    sigma = (u * (W @ v[..., None])[..., 0]).sum(-1)
    overflown = ~np.isfinite(np.linalg.norm(W, axis=(-2, -1)))  # a replicate that diverged
    require((sigma != 0) | overflown, "σ, the largest singular value of a layer,", 0, "nonzero to normalise it")
    return Estimate(u, v, sigma)


def unit(x: np.ndarray) -> np.ndarray:
    """x/‖x‖ along the last axis, zero where x is."""
    norm = np.linalg.norm(x, axis=-1, keepdims=True)
    return np.divide(x, norm, out=np.zeros_like(x), where=norm != 0)


def normalised(W: np.ndarray, sigma: np.ndarray, K: Number, leave_smaller: bool = False) -> np.ndarray:
    """W̄ = K W/σ, or W/max(σ/K, 1) if layers with σ below K are left alone; W itself where K is inf."""
    return W * scale(sigma, K, leave_smaller)[..., None, None]


def scale(sigma: np.ndarray, K: Number, leave_smaller: bool) -> np.ndarray:
    """W̄/W: (*batch)."""
    factor = np.where(np.isinf(K), 1.0, K / sigma)
    return np.minimum(factor, 1.0) if leave_smaller else factor


def normalised_grad(
    grad_bar: np.ndarray,
    W: np.ndarray,
    estimate: Estimate,
    K: Number,
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
    estimate : Estimate
        u, v, σ that it was normalised with.
    K, leave_smaller
        As in `normalised`.
    through_norm : bool
        Without it σ counts as a constant and the second term is dropped.
    """
    u, v, sigma = estimate
    factor = scale(sigma, K, leave_smaller)[..., None, None]
    grad = factor * grad_bar
    if through_norm:
        along = (grad_bar * W).sum((-2, -1)) / sigma
        depends = np.isfinite(K) & ((sigma > K) | (not leave_smaller))  # whether W̄ depends on σ
        grad = grad - np.where(depends, along, 0)[..., None, None] * factor * u[..., :, None] * v[..., None, :]
    return grad


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
    K: Number = 1.0
    which: Sequence[int] | None = None
    leave_smaller: bool = False
    through_norm: bool = True

    def __post_init__(self) -> None:
        require(np.asarray(self.K) > 0, "K", self.K, "positive")
        depth = len(self.network.sizes) - 1
        which = range(depth) if self.which is None else self.which
        named = len(which) > 0 and all(-depth <= l < depth for l in which)
        require(named, "which", self.which, f"layers from {-depth} to {depth - 1}")
        object.__setattr__(self, "which", tuple(sorted(l % depth for l in which)))

    def start(self, theta: np.ndarray, rng: Any, iterations: int = 20) -> np.ndarray:
        """A first u of all normalised layers, joined, (*batch, Σ out): random, then `iterations` power iterations."""
        outs = sum(self.network.sizes[l + 1] for l in self.which or ())
        return self.joined(self.estimate(theta, rng.standard_normal(size=(*theta.shape[:-1], outs)), iterations))

    def estimate(self, theta: np.ndarray, u: np.ndarray, iterations: int = 1) -> list[Estimate]:
        """Power iterations in each normalised layer from u (*batch, Σ out)."""
        layers = self.network.layers(theta)
        ends = np.cumsum([self.network.sizes[l + 1] for l in self.which or ()])
        require(u.shape[-1] == ends[-1], "the last axis of u", u.shape[-1], f"{ends[-1]}, the outputs of the layers")
        parts = np.split(u, ends[:-1], -1)
        return [
            power_iteration(layers[l][0], part, iterations) for l, part in zip(self.which or (), parts, strict=True)
        ]

    def joined(self, estimates: list[Estimate]) -> np.ndarray:
        """The u of all normalised layers, joined."""
        return np.concatenate([estimate.u for estimate in estimates], -1)

    def forward(self, theta: np.ndarray, estimates: list[Estimate]) -> np.ndarray:
        """θ̄: θ with its chosen layers normalised."""
        layers = self.network.layers(theta)
        for l, estimate in zip(self.which or (), estimates, strict=True):
            W, b = layers[l]
            layers[l] = normalised(W, estimate.sigma, self.K, self.leave_smaller), b
        return self.network.flat(layers)

    def backward(self, theta: np.ndarray, estimates: list[Estimate], grad_bar: np.ndarray) -> np.ndarray:
        """∂L/∂θ from ∂L/∂θ̄."""
        layers, grads = self.network.layers(theta), self.network.layers(grad_bar)
        for l, estimate in zip(self.which or (), estimates, strict=True):
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
    check_rate(lr, momentum)
    theta, lr, momentum, _ = replicates(theta0, lr, momentum, norm.K)
    batch = np.broadcast_shapes(theta.shape[:-1], u0.shape[:-1])
    theta, u = (np.broadcast_to(x, (*batch, x.shape[-1])) for x in (theta, u0))
    norm.estimate(theta, u)  # refuses a zero layer at the call
    displacement = np.zeros_like(theta)
    while True:
        yield Normalised(theta, displacement, u)
        estimates = norm.estimate(theta, u)
        u = norm.joined(estimates)
        grad_bar = fit.grad(norm.forward(theta, estimates))
        displacement = momentum * displacement - lr * norm.backward(theta, estimates, grad_bar)
        theta = theta + displacement


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
        X = self.X + 1j * EPSILON * unit(slope)
        return self.network.backward(theta, X, weight[..., None] * self.readout).imag / EPSILON


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


class Penalised(NamedTuple):
    """State of training with a penalty."""

    theta: np.ndarray  # (*batch, D) parameters
    momentum: np.ndarray  # (*batch, D) last displacement


@algorithm
def train_penalised(
    fit: Fit, theta0: np.ndarray, penalty: Penalty, *, lr: Number, momentum: Number = 0.0
) -> Iterator[Penalised]:
    """Heavy ball on loss + penalty; see `train_normalised` for the parameters."""
    check_rate(lr, momentum)
    theta, lr, momentum = replicates(theta0, lr, momentum)
    displacement = np.zeros_like(theta)
    while True:
        yield Penalised(theta, displacement)
        displacement = momentum * displacement - lr * (fit.grad(theta) + penalty.grad(theta))
        theta = theta + displacement


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


VARIANTS = {
    "base": "no spectral norm anywhere",
    "SN": "the layer is normalised",
    "DivOut": "the outputs are divided by σ",
    "DivGrad": "all gradients are divided by σ",
    "DivGrad own": "the layer's own gradient is divided by max(σ/K, 1)",
    "DivRate": "the layer's own learning rate is divided by max(σ, 1)",
    "MulEps": "Adam's ε is multiplied by σ",
}


class QLearner(NamedTuple):
    """State of Q-learning."""

    theta: np.ndarray  # (*batch, D) parameters
    m: np.ndarray  # (*batch, D) Adam's mean of gradients
    v: np.ndarray  # (*batch, D) and of their squares
    u: np.ndarray  # (*batch, out) of the layer whose σ is watched
    weights: np.ndarray  # (*batch, D) what the network computes with: θ, or θ̄
    divisor: np.ndarray  # (*batch) of the outputs
    target: np.ndarray  # (*batch, D) the target network's weights
    target_divisor: np.ndarray  # (*batch)


@algorithm
def q_learning(
    mdp: MDP,
    features: np.ndarray,
    network: MLP,
    theta0: np.ndarray,
    u0: np.ndarray,
    *,
    variant: str,
    lr: Number,
    rng: Any,
    epsilon: Number = 1e-4,
    K: float = 1.0,
    layer: int = -2,
    batch_size: int = 32,
    target_every: int = 100,
    betas: tuple[float, float] = (0.9, 0.999),
) -> Iterator[QLearner]:
    """Q-learning with a target network and Adam, in a version that uses the spectral norm σ of one layer.

    Parameters
    ----------
    mdp : MDP
        From which transitions are drawn uniformly.
    features : array (S, in)
        What the network sees of each state.
    network : MLP
        From features to the values of all actions.
    theta0, u0 : arrays (*batch, D), (*batch, out of the layer)
        Parameters, and the singular vector of the layer to start from.
    variant : str
        One of `VARIANTS`.
    lr, epsilon : number or array (*batch)
        Adam's learning rate and ε.
    rng : numpy.random.Generator
        Source of the transitions; `common(rng)` shares them along the first axis.
    K : float
        Target of the normalised layer ("SN") and scale of σ in "DivGrad own".
    layer : int
        Index of the layer.
    batch_size, target_every : int
        Transitions a step; steps between copies to the target network.
    betas : pair of float
        Adam's.

    Raises
    ------
    ValueError
        If the variant has another name, or a number is not allowed.
    """
    require(variant in VARIANTS, "variant", variant, f"one of {list(VARIANTS)}")
    require(np.isfinite(lr) & (np.asarray(lr) > 0), "lr", lr, "positive and finite")
    require(np.asarray(epsilon) > 0, "epsilon", epsilon, "positive")
    for name, number in (("batch_size", batch_size), ("target_every", target_every)):
        require(number >= 1, name, number, "1 or more")
    S, A = mdp.P.shape[:2]
    require(features.shape == (S, network.sizes[0]), "the shape of features", features.shape, f"({S}, inputs)")
    require(network.sizes[-1] == A, "the network's outputs", network.sizes[-1], f"{A}, one for each action")
    norm = SpectralNorm(network, K, [layer])
    own = layer_mask(network, layer)
    theta, lr, epsilon = replicates(theta0, lr, epsilon)
    u = np.broadcast_to(u0, (*theta.shape[:-1], u0.shape[-1]))
    m, v, step = np.zeros_like(theta), np.zeros_like(theta), 0

    def working(theta: np.ndarray, u: np.ndarray) -> tuple[list[Estimate], np.ndarray, np.ndarray]:
        """Estimate of σ, what the network computes with and what its outputs are divided by."""
        estimates = norm.estimate(theta, u)
        sigma = estimates[0].sigma
        weights = norm.forward(theta, estimates) if variant == "SN" else theta
        return estimates, weights, (sigma if variant == "DivOut" else np.ones_like(sigma))

    estimates, weights, divisor = working(theta, u)
    target, target_divisor = weights, divisor
    while True:
        u, sigma = norm.joined(estimates), estimates[0].sigma[..., None]
        yield QLearner(theta, m, v, u, weights, divisor, target, target_divisor)

        seen = mdp.sample(rng, (*theta.shape[:-1], batch_size))
        Q_next = network.forward(target, features[seen.s_next]) / target_divisor[..., None, None]
        wanted = seen.r + mdp.gamma * ~seen.over * Q_next.max(-1)
        Q = network.forward(weights, features[seen.s]) / divisor[..., None, None]
        taken = seen.a[..., None] == np.arange(Q.shape[-1])
        error = taken * (Q - wanted[..., None])
        grad = network.backward(weights, features[seen.s], error / (batch_size * divisor[..., None, None]))

        if variant == "SN":
            grad = norm.backward(theta, estimates, grad)
        elif variant == "DivGrad":
            grad = grad / sigma
        elif variant == "DivGrad own":
            grad = np.where(own, grad / np.maximum(sigma / K, 1), grad)
        rate = np.where(own, lr / np.maximum(sigma, 1), lr) if variant == "DivRate" else lr
        eps = epsilon * sigma if variant == "MulEps" else epsilon

        step += 1
        m = betas[0] * m + (1 - betas[0]) * grad
        v = betas[1] * v + (1 - betas[1]) * grad**2
        theta = theta - rate * (m / (1 - betas[0] ** step)) / (np.sqrt(v / (1 - betas[1] ** step)) + eps)

        estimates, weights, divisor = working(theta, u)
        if step % target_every == 0:
            target, target_divisor = weights, divisor


def q_values(network: MLP, state: QLearner, features: np.ndarray) -> np.ndarray:
    """Q(s, a) of a learner at states with these features (S, in): (*batch, S, A)."""
    return network.forward(state.weights, features) / state.divisor[..., None, None]


def layer_mask(network: MLP, layer: int) -> np.ndarray:
    """Which parameters (D,) are the weights of a layer."""
    mask = [(np.zeros_like(W, bool), np.zeros_like(b, bool)) for W, b in network.layers(np.zeros(network.dim))]
    mask[layer][0][:] = True
    return network.flat(mask)


def check_rate(lr: Number, momentum: Number) -> None:
    """Refuse a learning rate that isn't positive and finite, and a momentum outside [0, 1)."""
    require(np.isfinite(lr) & (np.asarray(lr) > 0), "lr", lr, "positive and finite")
    require((np.asarray(momentum) >= 0) & (np.asarray(momentum) < 1), "momentum", momentum, "in [0, 1)")
