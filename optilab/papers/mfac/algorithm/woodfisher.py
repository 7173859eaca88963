"""WoodFisher, what M-FAC is compared with: the same recursion with the blocks of the inverse as b × b arrays.

Source: S. P. Singh, D. Alistarh, "WoodFisher: Efficient Second-Order Approximation for Neural Network Compression",
NeurIPS 2020.
"""

from dataclasses import dataclass

import numpy as np

from optilab.core.check import require, whole
from optilab.papers.mfac.algorithm.static import checked

Array = np.ndarray


@dataclass(frozen=True, eq=False)
class WoodFisher:
    """The inverse of a block-diagonal Fisher, block by block."""

    blocks: list[Array]  # of (b, b); the last may be smaller

    def ihvp(self, x: Array) -> Array:
        """F⁻¹x for x (d,), in db multiply-adds."""
        d = sum(map(len, self.blocks))
        require(np.shape(x) == (d,), "the shape of x", np.shape(x), f"({d},), as long as a gradient")
        starts = np.cumsum([len(block) for block in self.blocks])[:-1]
        return np.concatenate([block @ part for block, part in zip(self.blocks, np.split(x, starts), strict=True)])

    def diagonal(self) -> Array:
        """The entries (F⁻¹)ₖₖ, (d,)."""
        return np.concatenate([block.diagonal() for block in self.blocks])


def woodfisher(G: Array, lam: float, b: int | None = None) -> WoodFisher:
    """Fᵢ⁻¹ = Fᵢ₋₁⁻¹ − Fᵢ₋₁⁻¹gᵢgᵢᵀFᵢ₋₁⁻¹/(m + gᵢᵀFᵢ₋₁⁻¹gᵢ) in blocks of b, in 1.5 dbm multiply-adds and db numbers.

    Parameters
    ----------
    G : array (m, d)
        Gradients, one a row.
    lam : float
        The damping λ > 0.
    b : int, optional
        The size of a block; one of all d by default.

    Raises
    ------
    ValueError
        If G or lam is not allowed, or the size of a block isn't a whole number, 1 or more.
    """
    G, lam = checked(G, lam)
    require(G.ndim == 2, "the shape of G", G.shape, "(m, d), one gradient a row")
    m, d = G.shape
    b = d if b is None else b
    require(whole(b, 1), "the block size b", b, "a whole number, 1 or more")
    blocks = []
    for start in range(0, d, b):
        part = G[:, start : start + b]
        inverse = np.eye(part.shape[1]) / lam
        for g in part:
            v = inverse @ g
            inverse -= np.outer(v, v) / (m + g @ v)
        blocks.append(inverse)
    return WoodFisher(blocks)
