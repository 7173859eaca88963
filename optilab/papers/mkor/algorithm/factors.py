"""A factor kept as its inverse: three rules for the update, the rank-r extension, the stabiliser, the direction.

Everywhere F is symmetric positive definite, d×d, and only F⁻¹ is stored; v is the batch mean of a layer's inputs (then
F stands for E[aaᵀ]) or of its derivatives (then for E[ggᵀ]). Leading axes are replicates: F⁻¹ (*batch, d, d), v
(*batch, d), and γ, ζ, ε are numbers or (*batch).
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from optilab.core.check import AnyArray, require, whole
from optilab.problems.oracles import Number

Array = np.ndarray


def lift(value: Any) -> Array:
    """A number or an array (*batch) with two more axes, ready to multiply matrices."""
    return np.asarray(value)[..., None, None]


def outer(u: Array, w: Array) -> Array:
    """The matrices u wᵀ of vectors (*batch, m) and (*batch, n): (*batch, m, n)."""
    return u[..., :, None] * w[..., None, :]


def exact(Finv: Array, v: Array, gamma: Number) -> Array:
    """The inverse of γF + (1 − γ)vvᵀ by the Sherman–Morrison identity, with u = F⁻¹v and s = vᵀu.

    F⁻¹/γ − (1 − γ)/γ² · uuᵀ / (1 + (1 − γ)s/γ): a matrix–vector product and an outer product, O(d²).
    """
    gamma, u = lift(gamma), np.matvec(Finv, v)
    s, c = lift(np.vecdot(v, u)), (1 - gamma) / gamma
    return Finv / gamma - c / gamma / (1 + c * s) * outer(u, u)


def printed(Finv: Array, v: Array, gamma: Number) -> Array:
    """The rule as the paper prints it: γF⁻¹ + (1 − γ)/(γ²(1 + γ(1 − γ)s)) · uuᵀ.

    It adds where the identity subtracts, and is the inverse of something else (`derivation.what_printed_inverts`).
    """
    gamma, u = lift(gamma), np.matvec(Finv, v)
    s = lift(np.vecdot(v, u))
    return gamma * Finv + (1 - gamma) / (gamma**2 * (1 + gamma * (1 - gamma) * s)) * outer(u, u)


def package(Finv: Array, v: Array, gamma: Number = 0.95) -> Array:
    """The rule of the authors' package: M = 0.95F⁻¹ + 0.05I, then M − (Mv)(Mv)ᵀ/(1 + vᵀMv); it has no γ."""
    M = 0.95 * Finv + 0.05 * np.eye(Finv.shape[-1])
    u = np.matvec(M, v)
    return M - outer(u, u) / (1 + lift(np.vecdot(v, u)))


Rule = Callable[[Array, Array, Any], Array]
RULES: dict[str, Rule] = {"exact": exact, "package": package, "printed": printed}


def rank_r(Finv: Array, C: Array, gamma: Number) -> Array:
    """The inverse of γF + (1 − γ)Σᵢcᵢcᵢᵀ for the rows cᵢ of C (*batch, r, d): O(rd²).

    Scales by 1/γ once, then makes r Sherman–Morrison steps with √(1 − γ)cᵢ.
    """
    gamma = np.asarray(gamma)
    Finv = Finv / lift(gamma)
    for i in range(C.shape[-2]):
        w = np.sqrt(1 - gamma)[..., None] * C[..., i, :]
        u = np.matvec(Finv, w)
        Finv = Finv - outer(u, u) / (1 + lift(np.vecdot(w, u)))
    return Finv


def principal(V: AnyArray, r: int) -> Array:
    """The first r vectors cᵢ = σᵢvᵢ of the SVD of V/√b, V (*batch, b, d): (*batch, r, d).

    Σcᵢcᵢᵀ is the best copy of E[vvᵀ] of rank r. For r = 1 it is the uncentred first component, not the mean.
    """
    require(whole(r, 1) and r <= min(V.shape[-2:]), "r", r, f"whole, from 1 to {min(V.shape[-2:])}")
    finite = np.isfinite(V).all((-2, -1))
    _, sigma, rows = np.linalg.svd(np.where(lift(finite), V, 0.0) / np.sqrt(V.shape[-2]), full_matrices=False)
    return np.where(lift(finite), sigma[..., :r, None] * rows[..., :r, :], np.nan)


def some_samples(V: Array, r: int, rng: np.random.Generator) -> Array:
    """Some distinct rows of V (*batch, b, d), r of them, each divided by √r: (*batch, r, d); all of them for r = b."""
    require(whole(r, 1) and r <= V.shape[-2], "r", r, f"whole, from 1 to {V.shape[-2]}")
    chosen = rng.random(size=V.shape[:-1]).argsort(-1)[..., :r]
    return np.take_along_axis(V, chosen[..., None], -2) / np.sqrt(r)


def norm_inf(Finv: Array) -> Array:
    """The matrix ∞-norm, the largest absolute row sum: (*batch, d, d) → (*batch)."""
    return abs(Finv).sum(-1).max(-1)


def stabilise(Finv: Array, eps: Number, zeta: Number) -> Array:
    """ζF⁻¹ + (1 − ζ)I where ‖F⁻¹‖∞ is above ε, F⁻¹ itself elsewhere."""
    pulled = lift(zeta) * Finv + (1 - lift(zeta)) * np.eye(Finv.shape[-1])
    return np.where(lift(norm_inf(Finv) > eps), pulled, Finv)


def precondition(Linv: Array, G: Array, Rinv: Array) -> Array:
    """The direction L⁻¹GR⁻¹ of a layer's gradient G (*batch, out, in + 1)."""
    return Linv @ G @ Rinv


def frobenius(G: Array) -> Array:
    """‖G‖_F with two axes of 1 behind, ready to divide matrices: (*batch, 1, 1)."""
    return np.linalg.norm(G, axis=(-2, -1), keepdims=True)


def rescaled(dW: Array, G: Array) -> Array:
    """A direction brought to the length of the gradient, dW ‖G‖_F/‖dW‖_F; as it is where dW = 0."""
    size = frobenius(dW)
    return dW * np.divide(frobenius(G), size, out=np.ones_like(size), where=size > 0)


def check_factor(F: Array, name: str, layer: int, step: int) -> None:
    """Refuse a factor that is not finite or not symmetric.

    Raises
    ------
    ValueError
        Names the factor, its layer and the step.
    """
    said = f"{name} of layer {layer} at step {step}"
    require(np.isfinite(F).all(), said, "some entry that is not", "finite in every entry")
    off = abs(F - F.mT).max()
    require(off <= 1e-8 * abs(F).max(), said, f"a difference of {off:.3g} between F and Fᵀ", "symmetric")


def second_moment(V: Array) -> Array:
    """E[vvᵀ] over the rows of V (*batch, b, d): (*batch, d, d)."""
    return V.mT @ V / V.shape[-2]


def rank_one_error(V: Array) -> Array:
    """How far E[vvᵀ] is from v̄v̄ᵀ, relative to it in the Frobenius norm: rows V (*batch, b, d) → (*batch)."""
    second, mean = second_moment(V), V.mean(-2)
    return np.linalg.norm(second - outer(mean, mean), axis=(-2, -1)) / np.linalg.norm(second, axis=(-2, -1))
