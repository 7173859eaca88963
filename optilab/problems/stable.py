"""Sums of exponentials that neither overflow nor cease to be analytic: right for real and for complex arguments."""

import numpy as np
from scipy.special import expit


def softplus(z: np.ndarray) -> np.ndarray:
    """The logarithm of 1 + eᶻ, entrywise; for complex z the branch that is real on the real line."""
    z = np.asarray(z)
    if not np.iscomplexobj(z):
        return np.logaddexp(0.0, z)
    positive = z.real > 0
    return np.where(positive, z, 0) + np.log1p(np.exp(np.where(positive, -z, z)))


def sigmoid(z: np.ndarray) -> np.ndarray:
    """1 / (1 + e⁻ᶻ), the derivative of `softplus`, entrywise."""
    z = np.asarray(z)
    if not np.iscomplexobj(z):
        return expit(z)
    positive = np.real(z) > 0
    e = np.exp(np.where(positive, -z, z))
    return np.where(positive, 1, e) / (1 + e)


def log_sum_exp(z: np.ndarray, axis: int = -1) -> np.ndarray:
    """The logarithm of Σ eᶻ over an axis, which goes; shifted by the largest real part, held constant."""
    z = np.asarray(z)
    shift = z.real.max(axis, keepdims=True)
    return np.log(np.exp(z - shift).sum(axis)) + shift.squeeze(axis)


def softmax(z: np.ndarray) -> np.ndarray:
    """eᶻ / Σ eᶻ along the last axis, the gradient of `log_sum_exp`."""
    z = np.asarray(z)
    e = np.exp(z - z.real.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)
