"""Q-learning whose network or optimiser uses the spectral norm σ of one layer.

Spectral normalisation of a layer changes what the network computes and, with it, the gradient. The other variants ask
which of these it is that helps: they leave the layer alone and divide the outputs, the gradients, the learning rate or
Adam's ε instead.

Source: F. Gogianu et al., "Spectral normalisation for deep reinforcement learning: an optimisation perspective", ICML
2021, and their code.
"""

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any, NamedTuple

import numpy as np

from optilab.classics import adam
from optilab.core.check import require
from optilab.core.run import algorithm, replicates
from optilab.papers.discretisation_drift.algorithm.spectral_norm import SingularValue, SpectralNorm
from optilab.problems.mdp import MDP, Transitions
from optilab.problems.mlp import MLP
from optilab.problems.oracles import Number


class Working(NamedTuple):
    """What a network computes with."""

    weights: np.ndarray  # (*batch, D), θ or θ̄
    divisor: np.ndarray  # (*batch) of the outputs


class Layer(NamedTuple):
    """The layer whose σ is watched."""

    norm: SpectralNorm
    own: np.ndarray  # (D,) of bool, which parameters are its weights


class Variant(NamedTuple):
    """Where σ is used: nowhere, unless a part says so."""

    meaning: str
    working: Callable[[Layer, np.ndarray, SingularValue], Working] = lambda layer, theta, estimate: undivided(theta)
    grad: Callable[..., np.ndarray] = lambda layer, theta, estimate, grad: grad
    rate: Callable[..., Any] = lambda layer, sigma, lr: lr  # Adam's, of each parameter
    epsilon: Callable[..., Any] = lambda sigma, epsilon: epsilon  # Adam's


def undivided(weights: np.ndarray) -> Working:
    """A network that computes with these weights, its outputs as they are."""
    return Working(weights, np.ones(weights.shape[:-1]))


def normalised_layer(layer: Layer, theta: np.ndarray, estimate: SingularValue) -> Working:
    """The layer is K W/σ."""
    return undivided(layer.norm.forward(theta, [estimate]))


def through_the_norm(layer: Layer, theta: np.ndarray, estimate: SingularValue, grad_bar: np.ndarray) -> np.ndarray:
    """The gradient with respect to θ, σ depending on it."""
    return layer.norm.backward(theta, [estimate], grad_bar)


def divided_outputs(layer: Layer, theta: np.ndarray, estimate: SingularValue) -> Working:
    """The outputs are divided by σ, which counts as a constant."""
    return Working(theta, estimate.sigma)


def divided_gradients(layer: Layer, theta: np.ndarray, estimate: SingularValue, grad: np.ndarray) -> np.ndarray:
    """All gradients over σ."""
    return grad / estimate.sigma[..., None]


def divided_own_gradient(layer: Layer, theta: np.ndarray, estimate: SingularValue, grad: np.ndarray) -> np.ndarray:
    """The layer's own gradient over max(σ/K, 1)."""
    return np.where(layer.own, grad / np.maximum(estimate.sigma[..., None] / layer.norm.K, 1), grad)


def divided_own_gradient_always(
    layer: Layer, theta: np.ndarray, estimate: SingularValue, grad: np.ndarray
) -> np.ndarray:
    """The layer's own gradient over σ/K, which makes it longer where σ is below K."""
    return np.where(layer.own, grad / (estimate.sigma[..., None] / layer.norm.K), grad)


def divided_own_rate(layer: Layer, sigma: np.ndarray, lr: np.ndarray) -> np.ndarray:
    """The layer's own learning rate over max(σ, 1)."""
    return np.where(layer.own, lr / np.maximum(sigma, 1), lr)


def multiplied_epsilon(sigma: np.ndarray, epsilon: np.ndarray) -> np.ndarray:
    """Adam's ε times σ."""
    return epsilon * sigma


VARIANTS = {
    "base": Variant("no spectral norm anywhere"),
    "SN": Variant("the layer is normalised", working=normalised_layer, grad=through_the_norm),
    "DivOut": Variant("the outputs are divided by σ", working=divided_outputs),
    "DivGrad": Variant("all gradients are divided by σ", grad=divided_gradients),
    "DivGrad own": Variant("the layer's own gradient is divided by max(σ/K, 1)", grad=divided_own_gradient),
    "DivGrad own, always": Variant("the layer's own gradient is divided by σ/K", grad=divided_own_gradient_always),
    "DivRate": Variant("the layer's own learning rate is divided by max(σ, 1)", rate=divided_own_rate),
    "MulEps": Variant("Adam's ε is multiplied by σ", epsilon=multiplied_epsilon),
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
        Target of the normalised layer ("SN") and scale of σ in both versions of "DivGrad own".
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
    _check(mdp, features, network, variant, lr, epsilon, batch_size, target_every)
    used, watched = VARIANTS[variant], Layer(SpectralNorm(network, K, [layer]), layer_mask(network, layer))
    theta, lr, epsilon = replicates(theta0, lr, epsilon)
    state = adam.Moments(theta, np.zeros_like(theta), np.zeros_like(theta))
    (estimate,) = watched.norm.estimate(theta, np.broadcast_to(u0, (*theta.shape[:-1], u0.shape[-1])))
    target = online = used.working(watched, theta, estimate)
    for step in count(1):
        yield QLearner(*state, estimate.u, *online, *target)
        seen = mdp.sample(rng, (*theta.shape[:-1], batch_size))
        wanted = bellman(mdp, seen, q_values(network, target, features[seen.s_next]))
        grad_bar = squared_error_grad(network, online, features[seen.s], seen.a, wanted)
        state = adam.step(
            state,
            used.grad(watched, state.x, estimate, grad_bar),
            step,
            alpha=used.rate(watched, estimate.sigma[..., None], lr),
            beta1=betas[0],
            beta2=betas[1],
            eps=used.epsilon(estimate.sigma[..., None], epsilon),
        )
        (estimate,) = watched.norm.estimate(state.x, estimate.u)
        online = used.working(watched, state.x, estimate)
        if step % target_every == 0:
            target = online


def q_values(network: MLP, state: Working | QLearner, features: np.ndarray) -> np.ndarray:
    """Q(s, a) of a learner or its target at states with these features (*batch or none, S, in): (*batch, S, A)."""
    return network.forward(state.weights, features) / state.divisor[..., None, None]


def bellman(mdp: MDP, seen: Transitions, Q_next: np.ndarray) -> np.ndarray:
    """What the values should be: r + γ max Q(s′, ·), or r where the episode is over."""
    return seen.r + mdp.gamma * ~seen.over * Q_next.max(-1)


def squared_error_grad(network: MLP, online: Working, X: np.ndarray, a: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Gradient with respect to the weights of the mean over transitions of ½ (Q(s, a) − wanted)²."""
    Q = q_values(network, online, X)
    taken = a[..., None] == np.arange(Q.shape[-1])
    error = taken * (Q - wanted[..., None])
    return network.backward(online.weights, X, error / (a.shape[-1] * online.divisor[..., None, None]))


def layer_mask(network: MLP, layer: int) -> np.ndarray:
    """Which parameters (D,) are the weights of a layer."""
    mask = [(np.zeros_like(W, bool), np.zeros_like(b, bool)) for W, b in network.layers(np.zeros(network.dim))]
    mask[layer][0][:] = True
    return network.flat(mask)


def _check(
    mdp: MDP,
    features: np.ndarray,
    network: MLP,
    variant: str,
    lr: Number,
    epsilon: Number,
    batch_size: int,
    target_every: int,
) -> None:
    """Refuse what `q_learning` can't run with."""
    require(variant in VARIANTS, "variant", variant, f"one of {list(VARIANTS)}")
    require(np.isfinite(lr) & (np.asarray(lr) > 0), "lr", lr, "positive and finite")
    require(np.asarray(epsilon) > 0, "epsilon", epsilon, "positive")
    for name, number in (("batch_size", batch_size), ("target_every", target_every)):
        require(number >= 1, name, number, "1 or more")
    S, A = mdp.P.shape[:2]
    require(features.shape == (S, network.sizes[0]), "the shape of features", features.shape, f"({S}, inputs)")
    require(network.sizes[-1] == A, "the network's outputs", network.sizes[-1], f"{A}, one for each action")
