"""Adam: steps scaled by running means of the gradient and of its square.

    m⁺ = β₁ m + (1 − β₁) g,    v⁺ = β₂ v + (1 − β₂) g²
    x⁺ = x − α m̂ / (√v̂ + ε),    m̂ = m⁺/(1 − β₁ᵏ),  v̂ = v⁺/(1 − β₂ᵏ),  k = 1, 2, …

Weight decay λ adds λx to the gradient g; decoupled (AdamW) it adds αλx to the step instead.

Sources: D. P. Kingma, J. Ba, "Adam: a method for stochastic optimization", ICLR 2015, Algorithm 1; I. Loshchilov,
F. Hutter, "Decoupled weight decay regularization", ICLR 2019, Algorithm 2.
"""

from collections.abc import Iterator
from itertools import count
from typing import Any, NamedTuple, cast

import numpy as np

from optilab.core.check import require, whole
from optilab.core.run import algorithm, replicates
from optilab.problems.oracles import Number, Smooth, Stochastic


class Moments(NamedTuple):
    """A point and the running means."""

    x: np.ndarray  # (*batch, d)
    m: np.ndarray  # (*batch, d) of the gradient
    v: np.ndarray  # (*batch, d) of its square


@algorithm
def adam(
    problem: Smooth | Stochastic,
    x0: np.ndarray,
    *,
    alpha: Number = 1e-3,
    beta1: Number = 0.9,
    beta2: Number = 0.999,
    eps: Number = 1e-8,
    weight_decay: Number = 0.0,
    decoupled: bool = False,
    rng: np.random.Generator | None = None,
    size: int = 1,
) -> Iterator[Moments]:
    """Adam with the full gradient, or with minibatches where a generator is given.

    Parameters
    ----------
    problem : Smooth, or Stochastic where a generator is given
        Has `grad`, or `sample` and `sample_grad`.
    x0 : array (*batch, d)
        Where to start.
    alpha, beta1, beta2, eps : number or array (*batch)
        Step size α, decays β₁, β₂ in [0, 1) and ε, added to √v̂.
    weight_decay : number or array (*batch)
        λ, 0 or more.
    decoupled : bool
        Whether the decay is that of AdamW.
    rng : numpy.random.Generator, optional
        Draws a minibatch for each replicate and step; without it the gradient is the full one.
    size : int
        Samples in a minibatch.

    Raises
    ------
    ValueError
        If a parameter isn't in its range.
    """
    x, alpha, beta1, beta2, eps, weight_decay = replicates(x0, alpha, beta1, beta2, eps, weight_decay)
    require((alpha > 0) & (alpha < np.inf), "the step size alpha", alpha[..., 0], "positive and finite")
    for name, beta in (("beta1", beta1), ("beta2", beta2)):
        require((beta >= 0) & (beta < 1), name, beta[..., 0], "in [0, 1)")
    require((eps > 0) & (eps < np.inf), "eps", eps[..., 0], "positive and finite")
    require((weight_decay >= 0) & (weight_decay < np.inf), "weight_decay", weight_decay[..., 0], "0 or more, finite")
    require(whole(size, 1), "size", size, "a positive integer")
    state = Moments(x, np.zeros_like(x), np.zeros_like(x))
    for k in count(1):
        yield state
        g = _gradient(problem, state.x, rng, size)
        decay = weight_decay * state.x
        if decoupled:
            state = step(state, g, k, alpha=alpha, beta1=beta1, beta2=beta2, eps=eps)
            state = state._replace(x=state.x - alpha * decay)
        else:
            state = step(state, g + decay, k, alpha=alpha, beta1=beta1, beta2=beta2, eps=eps)


def step(state: Moments, g: np.ndarray, k: int, *, alpha: Any, beta1: Any, beta2: Any, eps: Any) -> Moments:
    """Step k = 1, 2, … with the gradient g (*batch, d); the parameters are ready to multiply it."""
    m = beta1 * state.m + (1 - beta1) * g
    v = beta2 * state.v + (1 - beta2) * g**2
    m_hat, v_hat = m / (1 - beta1**k), v / (1 - beta2**k)
    return Moments(state.x - alpha * m_hat / (np.sqrt(v_hat) + eps), m, v)


def _gradient(problem: Smooth | Stochastic, x: np.ndarray, rng: np.random.Generator | None, size: int) -> np.ndarray:
    """∇f(x), or its estimate from a fresh minibatch."""
    if rng is None:
        return cast(Smooth, problem).grad(x)
    problem = cast(Stochastic, problem)
    return problem.sample_grad(x, problem.sample(rng, (*x.shape[:-1], size)))


def step_bound(k: int | np.ndarray, alpha: float, beta1: float, beta2: float) -> np.ndarray:
    """Largest change that step k = 1, 2, … can make to a coordinate, whatever the gradients (Cauchy–Schwarz).

    α (1 − β₁)/(1 − β₁ᵏ) · √((1 − β₂ᵏ)/(1 − β₂)) · √((1 − rᵏ)/(1 − r)) with r = β₁²/β₂: it is α at first. The paper's
    section 2.1 names α (1 − β₁)/√(1 − β₂) for the extreme of one gradient after many zeros.

    Raises
    ------
    ValueError
        If k isn't 1 or more, α isn't positive, β₁ is negative, or β₁² isn't below β₂.
    """
    require(np.asarray(k) >= 1, "k", k, "1 or more")
    require(alpha > 0, "alpha", alpha, "positive")
    require(beta1 >= 0 and beta1**2 < beta2 < 1, "beta1 and beta2", (beta1, beta2), "0 <= beta1, beta1² < beta2 < 1")
    k, r = np.asarray(k), beta1**2 / beta2
    spread = np.sqrt((1 - beta2**k) / (1 - beta2) * (1 - r**k) / (1 - r))
    return alpha * (1 - beta1) / (1 - beta1**k) * spread
