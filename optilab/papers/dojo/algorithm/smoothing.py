"""Randomised smoothing: the gradient of a kinked function as an average over noisy inputs.

    first order    (1/N) Σ ∂f(u + ε_i)
    zeroth order   (1/(Nσ²)) Σ (f(u + ε_i) − f(u)) ε_iᵀ,      ε_i ~ N(0, σ²I)

Both estimate ∂ E f(u + ε): what one solve at a larger κ gives, for N of them. The second is H. J. T. Suh et al., "Do
Differentiable Simulators Give Better Policy Gradients?", 2022, with f(u) as a baseline.
"""

from collections.abc import Callable

import numpy as np

from optilab.core.check import as_annotated, numbers, require, whole
from optilab.problems.oracles import Array

Function = Callable[[Array], Array]


def draws(rng: np.random.Generator, u: Array, sigma: float, samples: int) -> Array:
    """The noise ε (samples, *batch, d) for the inputs u (*batch, d)."""
    as_annotated(draws, (rng, u, sigma, samples), {})
    require(sigma > 0, "sigma", sigma, "positive and finite")
    require(whole(samples, 1), "samples", samples, "a whole number, 1 or more")
    return sigma * rng.normal(size=(samples, *numbers("u", u).shape))


def first_order(jacobian: Function, u: Array, eps: Array) -> Array:
    """Mean of `jacobian` (*batch, d) → (*batch, n, d) over the noise: (*batch, n, d)."""
    return jacobian(u + eps).mean(0)


def zeroth_order(value: Function, u: Array, eps: Array, sigma: float) -> Array:
    """The same (*batch, n, d) from values (*batch, d) → (*batch, n) alone."""
    rise = value(u + eps) - value(u)
    return (rise[..., :, None] * eps[..., None, :]).mean(0) / sigma**2
