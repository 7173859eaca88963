"""The static algorithm: all m gradients are known, and m vectors of length d hold the whole inverse.

Prefixes Fᵢ = λI + (1/m) Σ_{j≤i} gⱼgⱼᵀ differ by one rank, so that (Sherman and Morrison)

    Fᵢ⁻¹ = Fᵢ₋₁⁻¹ − vᵢvᵢᵀ/δᵢ,        vᵢ = Fᵢ₋₁⁻¹gᵢ,        δᵢ = m + gᵢᵀvᵢ

and the vectors vᵢ with the numbers δᵢ say what every prefix does to any x.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from optilab.core.check import numbers, require, whole

Array = np.ndarray


@dataclass(frozen=True, eq=False)
class Static:
    """The inverse F⁻¹ = I/λ − Σᵢ vᵢvᵢᵀ/δᵢ, matrix-free; leading axes are independent problems.

    Parameters
    ----------
    V : array (*batch, m, d)
        The vectors vᵢ, one a row; the first i rows with their δ hold the prefix Fᵢ⁻¹.
    delta : array (*batch, m)
        The denominators δᵢ ≥ m.
    lam : float
        The damping λ.
    """

    V: Array
    delta: Array
    lam: float

    def ihvp(self, x: Array) -> Array:
        """F⁻¹x = x/λ − Σᵢ (vᵢ·x)/δᵢ vᵢ for x (*batch, d), in 2dm multiply-adds."""
        x = _vector(x, self.V.shape[-1])
        return x / self.lam - np.vecmat(np.matvec(self.V, x) / self.delta, self.V)

    def diagonal(self) -> Array:
        """All (F⁻¹)ₖₖ = 1/λ − Σᵢ (vᵢ)ₖ²/δᵢ, (*batch, d), in dm multiply-adds."""
        return 1 / self.lam - np.einsum("...id,...id,...i->...d", self.V, self.V, 1 / self.delta)

    def entry(self, k: int, l: int) -> Array:
        """One entry (F⁻¹)ₖₗ = [k = l]/λ − Σᵢ (vᵢ)ₖ(vᵢ)ₗ/δᵢ, (*batch), in 2m multiply-adds."""
        d = self.V.shape[-1]
        for name, index in (("k", k), ("l", l)):
            require(whole(index) and index < d, name, index, f"a whole number from 0 to {d - 1}")
        return (k == l) / self.lam - (self.V[..., k] * self.V[..., l] / self.delta).sum(-1)


def static_precompute(G: Array, lam: float) -> Static:
    """The vectors vᵢ and denominators δᵢ of the gradients in G, in dm² multiply-adds.

    Parameters
    ----------
    G : array (*batch, m, d)
        Gradients, one a row.
    lam : float
        The damping λ > 0.

    Raises
    ------
    ValueError
        If the damping isn't positive, or G is no finite array of one row or more.
    """
    G, lam = checked(G, lam)
    m = G.shape[-2]
    V, delta = np.zeros_like(G), np.zeros(G.shape[:-1])
    for i in range(m):
        g, before = G[..., i, :], V[..., :i, :]
        v = g / lam - np.vecmat(np.matvec(before, g) / delta[..., :i], before)
        V[..., i, :] = v
        delta[..., i] = m + np.vecdot(g, v)
    return Static(V, delta, lam)


def paged_precompute(G: Array, lam: float, pages: int, V: Array | None = None) -> Static:
    """The same with V in slow memory, of which three pages of m/pages rows are in fast memory at a time.

    Each page is first reduced by every earlier page, then within itself.

    Parameters
    ----------
    G : array (m, d)
        Gradients; may lie on disk (`numpy.memmap`).
    lam : float
        The damping λ > 0.
    pages : int
        Number of pages, from 1 to m.
    V : array (m, d), optional
        Where to write the vectors, on disk for instance; a new array by default.

    Raises
    ------
    ValueError
        As `static_precompute`, or if there are no pages or more than rows.
    """
    require(np.ndim(G) == 2 and np.size(G) > 0, "the shape of G", np.shape(G), "(m, d), one gradient a row")
    lam, (m, _) = damping(lam), np.shape(G)
    require(whole(pages, 1) and pages <= m, "pages", pages, f"a whole number from 1 to m = {m}")
    V = np.empty(np.shape(G)) if V is None else V
    require(np.shape(V) == np.shape(G), "the shape of V", np.shape(V), f"that of G, {np.shape(G)}")
    delta, size = np.zeros(m), -(-m // pages)
    for start in range(0, m, size):
        g = finite_rows(np.asarray(G[start : start + size], dtype=float))
        page = g / lam
        for first in range(0, start, size):
            earlier = np.asarray(V[first : first + size])
            page -= (g @ earlier.T / delta[first : first + size]) @ earlier
        for i in range(len(page)):
            known = delta[start : start + i]
            page[i] -= (page[:i] @ g[i] / known) @ page[:i]
            delta[start + i] = m + g[i] @ page[i]
        V[start : start + size] = page
    return Static(V, delta, lam)


def damping(lam: Any) -> float:
    """The damping as a number.

    Raises
    ------
    ValueError
        If it isn't one number, positive and finite.
    """
    value = numbers("the damping lam", lam)
    allowed = "one positive finite number: the Fisher alone is singular"
    require(value.ndim == 0 and bool(0 < value < np.inf), "the damping lam", lam, allowed)
    return float(value)


def finite_rows(G: Array) -> Array:
    """The gradients, once they are known to be finite."""
    require(np.isfinite(G), "G", G, "finite: one NaN would be in every product")
    return G


def checked(G: Array, lam: float) -> tuple[Array, float]:
    """Gradients (*batch, m, d) and damping, once they are known to be allowed."""
    G = numbers("G", G)
    require(G.ndim >= 2, "the shape of G", G.shape, "(m, d) with m ≥ 1, one gradient a row")
    return finite_rows(G), damping(lam)


def _vector(x: Array, d: int) -> Array:
    """The vector x as an array whose last axis is as long as a gradient."""
    x = numbers("x", x)
    require(x.shape[-1:] == (d,), "the shape of x", x.shape, f"(*batch, {d}), as long as a gradient")
    return x
