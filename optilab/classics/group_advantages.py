"""Advantages without a critic: what a reward is worth beside those of the other responses to the same prompt.

    g = mean over all responses of A ∇log π(response | prompt)

Rewards are arrays r (*batch, G, n): G prompts, each with a group of n responses; so are the advantages A. Only the
estimators that divide by a deviation are blind to a factor on all rewards.

    estimator    A                             source
    ---------    ---------------------------   ----------------------------------------------------------
    reinforce    r                             R. J. Williams, 1992
    grpo         (r − mean)/(std + ε)          Z. Shao and others, "DeepSeekMath", 2024
    dr_grpo      r − mean                      Z. Liu and others, "Understanding R1-Zero-Like Training", 2025
    rloo         r − mean of the n − 1 others  W. Kool, H. van Hoof, M. Welling, 2019; A. Ahmadian and others, 2024
    whitened     (r − mean)/std of all G·n     J. Hu, "REINFORCE++", 2025

Means and deviations are those of a group (with n − 1), in `whitened` those of the whole batch. A group of one has
nothing to be compared with: there A = r.
"""

import warnings
from collections.abc import Callable, Mapping

import numpy as np

from optilab.core.check import require

Array = np.ndarray


def _rewards(r: Array) -> Array:
    """Rewards as floats (*batch, G, n), once they are known to be such."""
    r = np.asarray(r, float)
    require(r.ndim >= 2 and min(r.shape[-2:]) >= 1, "the shape of the rewards", r.shape, "(*batch, G, n), G and n ≥ 1")
    require(np.isfinite(r), "the rewards", r, "finite")
    return r


def reinforce(r: Array) -> Array:
    """The rewards themselves: (*batch, G, n)."""
    return _rewards(r)


def dr_grpo(r: Array) -> Array:
    """Rewards minus their group's mean: (*batch, G, n)."""
    r = _rewards(r)
    return r - r.mean(-1, keepdims=True) if r.shape[-1] > 1 else r


def grpo(r: Array, epsilon: float = 1e-6) -> Array:
    """Rewards minus their group's mean, over the group's standard deviation plus `epsilon`: (*batch, G, n).

    Where all rewards of a group are equal A = 0.

    Raises
    ------
    ValueError
        If `epsilon` isn't positive.
    """
    r = _rewards(r)
    require(epsilon > 0, "epsilon", epsilon, "positive")
    if r.shape[-1] == 1:
        return r
    return dr_grpo(r) / (r.std(-1, ddof=1, keepdims=True) + epsilon)


def rloo(r: Array) -> Array:
    """Rewards minus the mean of the others in their group, n/(n − 1) times (r − mean): (*batch, G, n).

    Warns if groups have one response, which has no others.
    """
    r = _rewards(r)
    n = r.shape[-1]
    if n == 1:
        warnings.warn("groups of one response have no others to leave in: the advantages are the rewards", stacklevel=2)
        return r
    return n / (n - 1) * dr_grpo(r)


def whitened(r: Array, epsilon: float = 1e-8) -> Array:
    """Rewards of the whole batch brought to mean 0 and variance 1, (r − mean)/√(var + ε): (*batch, G, n).

    Raises
    ------
    ValueError
        If there is one response in all, which has no variance, or `epsilon` isn't positive.
    """
    r = _rewards(r)
    require(r.shape[-2] * r.shape[-1] > 1, "the number of responses", 1, "2 or more: one has no variance")
    require(epsilon > 0, "epsilon", epsilon, "positive")
    mean, variance = r.mean((-2, -1), keepdims=True), r.var((-2, -1), ddof=1, keepdims=True)
    return (r - mean) / np.sqrt(variance + epsilon)


ESTIMATORS: Mapping[str, Callable[[Array], Array]] = {
    "GRPO": grpo,
    "Dr. GRPO": dr_grpo,
    "RLOO": rloo,
    "REINFORCE++": whitened,
    "REINFORCE": reinforce,
}
