"""The block-diagonal Fisher: groups of b consecutive coordinates, each a problem of its own with the same λ and m."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from optilab.core.check import require, whole
from optilab.papers.mfac.algorithm.static import Static, checked, static_precompute

Array = np.ndarray


class Inverse(Protocol):
    """What pruning asks of an inverse Fisher, however it is held."""

    def ihvp(self, x: Array, /) -> Array:
        """F⁻¹x for x (d,)."""

    def diagonal(self) -> Array:
        """The entries (F⁻¹)ₖₖ, (d,)."""


@dataclass(frozen=True, eq=False)
class Diagonal:
    """The inverse of a diagonal Fisher, blocks of size 1: (F⁻¹)ₖₖ = 1/(λ + (1/m) Σᵢ gᵢₖ²)."""

    values: Array  # (d,)

    def ihvp(self, x: Array) -> Array:
        """F⁻¹x, entry by entry: (*batch, d)."""
        return self.values * x

    def diagonal(self) -> Array:
        """The entries (d,)."""
        return self.values


@dataclass(frozen=True, eq=False)
class Blocked:
    """The inverse of a block-diagonal Fisher: equal blocks stacked on a leading axis, and a shorter last one."""

    equal: Static  # V (blocks, m, b)
    rest: Static | None  # V (m, d − blocks·b)

    def ihvp(self, x: Array) -> Array:
        """F⁻¹x for x (d,), in 2dm multiply-adds."""
        blocks, _, b = self.equal.V.shape
        d = blocks * b + (0 if self.rest is None else self.rest.V.shape[-1])
        require(np.shape(x) == (d,), "the shape of x", np.shape(x), f"({d},), as long as a gradient")
        product = self.equal.ihvp(x[: blocks * b].reshape(blocks, b)).ravel()
        return product if self.rest is None else np.concatenate([product, self.rest.ihvp(x[blocks * b :])])

    def diagonal(self) -> Array:
        """The entries (F⁻¹)ₖₖ, (d,)."""
        diagonal = self.equal.diagonal().ravel()
        return diagonal if self.rest is None else np.concatenate([diagonal, self.rest.diagonal()])


def blocked(G: Array, lam: float, b: int) -> Blocked:
    """The static algorithm in blocks of b < d coordinates, in dm² multiply-adds, whatever b is.

    Parameters
    ----------
    G : array (m, d)
        Gradients, one a row.
    lam : float
        The damping λ > 0.
    b : int
        The size of a block, from 1 to d; the last block may be shorter.

    Raises
    ------
    ValueError
        If G or lam is not allowed, or the size of a block.
    """
    G, lam = checked(G, lam)
    require(G.ndim == 2, "the shape of G", G.shape, "(m, d), one gradient a row")
    m, d = G.shape
    require(whole(b, 1) and b <= d, "the block size b", b, f"a whole number from 1 to d = {d}")
    whole_blocks = d // b * b
    equal = G[:, :whole_blocks].reshape(m, d // b, b).swapaxes(0, 1)
    rest = static_precompute(G[:, whole_blocks:], lam) if whole_blocks < d else None
    return Blocked(static_precompute(equal, lam), rest)


def fisher_inverse(G: Array, lam: float, block: int | None = None) -> Inverse:
    """The inverse by the static algorithm: in full (no block, or one of d or more), in blocks, or the diagonal one.

    Raises
    ------
    ValueError
        If G (m, d) or lam is not allowed, or the block size isn't a whole number, 1 or more.
    """
    G, lam = checked(G, lam)
    require(G.ndim == 2, "the shape of G", G.shape, "(m, d), one gradient a row")
    require(block is None or whole(block, 1), "block", block, "a whole number, 1 or more, or None")
    if block == 1:
        return Diagonal(1 / (lam + (G**2).mean(0)))
    if block is None or block >= G.shape[1]:
        return static_precompute(G, lam)
    return blocked(G, lam, block)
