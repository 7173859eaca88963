"""The dynamic algorithm: a window of the last m gradients, and triangles of m × m numbers that hold the inverse.

With S = GGᵀ, the upper triangle D and the lower triangle B are

    dᵢⱼ = gᵢᵀFᵢ₋₁⁻¹gⱼ = gᵢᵀgⱼ/λ − Σ_{k<i} dₖᵢdₖⱼ/(m + dₖₖ)        (i ≤ j)
    Fᵢ₋₁⁻¹gᵢ = Σ_{j≤i} bᵢⱼgⱼ:   bᵢᵢ = 1/λ,   bᵢⱼ = −Σ_{k=j}^{i−1} dₖᵢ/(m + dₖₖ) bₖⱼ        (j < i)

so that replacing a gradient costs a product with G and work on m × m arrays alone.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np

from optilab.core.check import AnyArray, numbers, require, whole

Array = np.ndarray
Setup = Callable[[Array, Array], tuple[Array, Array]]


class Window(NamedTuple):
    """The ring buffer and what is known of it; leading axes are replicates."""

    G: Array  # (*batch, m, d) gradients, in whatever order; empty slots are zero rows
    S: Array  # (*batch, m, m) GGᵀ
    D: Array  # (*batch, m, m) upper triangle
    B: Array  # (*batch, m, m) lower triangle
    p: Array  # (*batch, m) Gg for the gradient g inserted last
    last: int  # the row that the next gradient overwrites
    lam: Array  # () or (*batch) damping


def recursion(S: Array, lam: Array, D: AnyArray | None = None, last: int = 0) -> Array:
    """The upper triangle D (*batch, m, m) of S = GGᵀ, as it is defined: m³/6 multiply-adds.

    Parameters
    ----------
    S : array (*batch, m, m)
        GGᵀ.
    lam : number or array (*batch)
        The damping λ.
    D : array (*batch, m, m), optional
        The triangle before row `last` of G was overwritten: what doesn't change is taken over, that is rows i < `last`
        but for their column `last`.
    last : int
        That row.
    """
    scaled, m = S / np.asarray(lam)[..., None, None], S.shape[-1]
    D = np.zeros_like(scaled) if D is None else D.copy()

    def row(i: int, columns: slice) -> Array:
        share = D[..., :i, i] / (m + np.diagonal(D, axis1=-2, axis2=-1)[..., :i])
        return scaled[..., i, columns] - np.vecmat(share, D[..., :i, columns])

    for i in range(last):
        D[..., i, last : last + 1] = row(i, slice(last, last + 1))
    for i in range(last, m):
        D[..., i, i:] = row(i, slice(i, m))
    return D


def rows_of_B(D: Array, lam: Array) -> Array:
    """The lower triangle B (*batch, m, m) of D, row by row: m³/6 multiply-adds."""
    m = D.shape[-1]
    B = np.zeros_like(D)
    share = D / (m + np.diagonal(D, axis1=-2, axis2=-1))[..., :, None]
    for i in range(m):
        B[..., i, :i] = -np.vecmat(share[..., :i, i], B[..., :i, :i])
        B[..., i, i] = 1 / np.asarray(lam)
    return B


def recursive_setup(S: Array, lam: Array) -> tuple[Array, Array]:
    """D and B of S = GGᵀ by their definitions."""
    D = recursion(S, lam)
    return D, rows_of_B(D, lam)


def cholesky_setup(S: Array, lam: Array) -> tuple[Array, Array]:
    """The same from mI + S/λ = CCᵀ, compiled: dᵢⱼ = CᵢᵢCⱼᵢ, m + dᵢᵢ = Cᵢᵢ², bᵢⱼ = Cᵢᵢ(C⁻¹)ᵢⱼ/λ.

    Raises
    ------
    ValueError
        If rounding has made the matrix indefinite: λ is too small for these gradients.
    """
    m, lam = S.shape[-1], np.asarray(lam)[..., None, None]
    identity = m * np.eye(m)
    try:
        C = np.linalg.cholesky(identity + S / lam)
    except np.linalg.LinAlgError:
        require(False, "the damping lam", lam, "larger: m I + G Gᵀ/lam is no longer positive definite in rounding")
    pivots = np.diagonal(C, axis1=-2, axis2=-1)[..., None]
    return pivots * C.mT - identity, np.tril(pivots * np.linalg.inv(C) / lam)


def setup_each(S: Array, lam: Array) -> tuple[Array, Array]:
    """As `cholesky_setup`, but NaN for replicates whose matrix isn't positive definite in rounding."""
    try:
        return cholesky_setup(S, lam)
    except ValueError:
        D, B, each = np.full_like(S, np.nan), np.full_like(S, np.nan), np.broadcast_to(lam, S.shape[:-2])
    for replicate in np.ndindex(each.shape):
        with suppress(ValueError):
            D[replicate], B[replicate] = cholesky_setup(S[replicate], each[replicate])
    return D, B


def empty_window(m: int, d: int, lam: Any, batch: tuple[int, ...] = ()) -> Window:
    """A window without gradients: F = λI, for every replicate of `batch`.

    Raises
    ------
    ValueError
        If m or d isn't a whole number, 1 or more, or a damping isn't positive and finite.
    """
    for name, size in (("m", m), ("d", d)):
        require(whole(size, 1), name, size, "a whole number, 1 or more")
    lam = numbers("the damping lam", lam)
    require((lam > 0) & (lam < np.inf), "the damping lam", lam, "positive and finite: the Fisher alone is singular")
    S = np.zeros((*batch, m, m))
    return Window(np.zeros((*batch, m, d)), S, *recursive_setup(S, lam), np.zeros((*batch, m)), 0, lam)


def update(window: Window, g: Array, setup: Setup = cholesky_setup) -> Window:
    """Overwrite the oldest gradient by g (*batch, d): dm + m³/3 multiply-adds.

    A zero g removes the oldest. The window given stays as it is.

    Raises
    ------
    ValueError
        If g is of another length, or not finite: it must not enter the window, where it would spoil m products.
    """
    G, last, m = window.G.copy(), window.last, window.G.shape[-2]
    g = np.asarray(g, dtype=float)
    require(
        g.shape == (*G.shape[:-2], G.shape[-1]), "the shape of g", g.shape, "(*batch, d), that of the window's rows"
    )
    require(np.isfinite(g), "g", g, "finite before it enters the window")
    G[..., last, :] = g
    p = np.matvec(G, g)
    S = window.S.copy()
    S[..., last, :] = S[..., :, last] = p
    return Window(G, S, *setup(S, window.lam), p, (last + 1) % m, window.lam)


def ihvp(window: Window, x: Array, p: Array | None = None) -> Array:
    """F⁻¹x for x (*batch, d): 2dm + m² multiply-adds, of which p saves dm.

    Parameters
    ----------
    window : Window
        The gradients.
    x : array (*batch, d)
        What to multiply.
    p : array (*batch, m), optional
        Gx where it is known: `window.p`, if x is the gradient inserted last.

    Raises
    ------
    ValueError
        If x is of another length.
    """
    G, D, B, m, d = window.G, window.D, window.B, *window.G.shape[-2:]
    x = np.asarray(x, dtype=float)
    require(x.shape[-1:] == (d,), "the shape of x", x.shape, f"(*batch, {d}), as long as a gradient")
    p = np.matvec(G, x) if p is None else p
    q = np.matvec(B, p)  # qᵢ = gᵢᵀFᵢ₋₁⁻¹x: substitution in D gives the same
    coefficients = np.vecmat(q / (m + np.diagonal(D, axis1=-2, axis2=-1)), B)
    return x / window.lam[..., None] - np.vecmat(coefficients, G)
