"""Small data sets that are made on the spot from a seed."""

import numpy as np

from optilab.core.check import require, whole


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


def mixture(seed: int, n: int, cond: float) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Twelve Gaussian clouds in ℝ²⁰ that make three classes, with features of unequal scales.

    Centres are N(0, 1) in each coordinate, the standard deviation about them is 0.9; cloud c belongs to class c mod 3.

    Parameters
    ----------
    seed : int
        0 or more; the draws come from a generator with seed 100 + `seed`.
    n : int
        Number of points to train on, and as many to test on.
    cond : float
        Ratio of the largest scale of a feature to the smallest, at least 1: the scales run evenly on a log axis from
        1 down to 1/cond, in random order.

    Returns
    -------
    X, labels, X_test, labels_test : arrays (n, 20) and of int (n,)
        Points and classes to train on, then to test on.

    Raises
    ------
    ValueError
        If an argument is not allowed.
    """
    require(whole(seed), "seed", seed, "a whole number, 0 or more")
    require(whole(n, 1), "n", n, "a whole number, 1 or more")
    require(1 <= cond < np.inf, "cond", cond, "a finite number, at least 1")
    rng = np.random.default_rng(100 + seed)
    centres = rng.standard_normal((12, 20))
    cloud = rng.integers(0, 12, 2 * n)
    X = centres[cloud] + 0.9 * rng.standard_normal((2 * n, 20))
    X = X * np.logspace(0, -np.log10(cond), 20)[rng.permutation(20)]
    return X[:n], cloud[:n] % 3, X[n:], cloud[n:] % 3
