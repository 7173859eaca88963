"""What several pictures share: the methods' colours, ellipses, a ring, a scale for heat maps."""

import numpy as np

from optilab.ui.theme import methods

color = methods(
    ours=("M-FAC", "M-FAC, dynamic"),
    rivals=("magnitude", "diagonal Fisher", "no compensation", "one shot", "WoodFisher"),
    reference=("dense",),
)
SIGNED = [[0, "#db630e"], [0.5, "rgba(128,128,128,0.08)"], [1, "#1d64af"]]  # below 0, at 0, above
ROUND = np.linspace(0, 2 * np.pi, 73)


def ellipse(A: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The outline {A^{1/2} z: ‖z‖ = 1} of a symmetric matrix A (2, 2) without negative eigenvalues.

    Along an eigenvector its radius is the root of the eigenvalue; of a matrix of rank one it is a segment.
    """
    eigenvalues, U = np.linalg.eigh(A)
    z = U * np.sqrt(np.maximum(eigenvalues, 0)) @ np.stack([np.cos(ROUND), np.sin(ROUND)])
    return z[0], z[1]


def ring(G: np.ndarray, frame: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A spoke for each slot, as long as its gradient on a log scale, with gaps between; and the one just written."""
    m = len(G)
    angle = np.pi / 2 - 2 * np.pi * np.arange(m) / m
    tip = 1 + 0.5 * np.log1p(np.linalg.norm(G, axis=1))
    radii = np.stack([np.ones(m), tip, np.full(m, np.nan)])
    newest = np.array([tip[(frame - 1) % m] if frame else np.nan, angle[(frame - 1) % m]])
    return (radii * np.cos(angle)).T.ravel(), (radii * np.sin(angle)).T.ravel(), newest
