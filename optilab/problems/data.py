"""Small data sets that are made on the spot from a seed."""

import numpy as np

from optilab.core.check import require


def two_moons(n: int, noise: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Two interleaved half circles with Gaussian noise, classes taking turns.

    Parameters
    ----------
    n : int
        Number of points.
    noise : float
        Standard deviation of the noise on each coordinate; the radius of a moon is 1.
    seed : int
        Of the generator: the same seed gives the same points.

    Returns
    -------
    X : array (n, 2)
        Points.
    labels : array of int (n,)
        0 for the upper moon, 1 for the lower.
    """
    require(n >= 1, "n", n, "at least 1")
    require(noise >= 0, "noise", noise, "0 or more")
    rng = np.random.default_rng(seed)
    t = np.pi * rng.random(n)
    labels = np.arange(n) % 2
    upper, lower = np.stack([np.cos(t), np.sin(t)], -1), np.stack([1 - np.cos(t), 0.5 - np.sin(t)], -1)
    return np.where(labels[:, None] == 0, upper, lower) + noise * rng.standard_normal((n, 2)), labels


def chebyshev(n: int = 20, degree: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """The Chebyshev polynomial cos(degree · arccos x) at n equispaced points of [−1, 1]: X (n, 1), Y (n, 1)."""
    require(n >= 2, "n", n, "at least 2")
    require(degree >= 0, "degree", degree, "0 or more")
    X = np.linspace(-1, 1, n)[:, None]
    return X, np.cos(degree * np.arccos(X))
