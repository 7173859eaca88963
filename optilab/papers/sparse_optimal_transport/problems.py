"""The same bay at noon and at dusk, painted by formulas, and the palette of a picture."""

import warnings
from typing import NamedTuple

import numpy as np
from scipy.cluster.vq import kmeans2
from scipy.ndimage import gaussian_filter

from optilab.core.check import require, whole

HEIGHT, WIDTH = 72, 108


def blend(low: tuple[float, ...], high: tuple[float, ...], share: np.ndarray) -> np.ndarray:
    """Colours between two, by a share (*shape) in [0, 1]: (*shape, 3)."""
    return np.asarray(low) + np.clip(share, 0, 1)[..., None] * (np.asarray(high) - np.asarray(low))


def bay(dusk: bool, seed: int = 0) -> np.ndarray:
    """A sun over hills and water, at noon or at dusk: (72, 108, 3), red, green and blue in [0, 1].

    Raises
    ------
    ValueError
        If the seed is no integer of 0 or more.
    """
    require(whole(seed), "seed", seed, "an integer, 0 or more")
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0 : 1 : HEIGHT * 1j, 0 : 1 : WIDTH * 1j]
    clouds = gaussian_filter(rng.normal(size=y.shape), (2.5, 8))
    clouds = np.clip(clouds / clouds.std() - 0.6, 0, 1) * (y < 0.45)
    waves = gaussian_filter(rng.normal(size=y.shape), (0.6, 3))
    waves = waves / abs(waves).max()
    far = 0.5 - 0.09 * np.sin(5.5 * x + 0.6) - 0.03 * np.sin(17 * x)
    near = 0.64 - 0.22 * np.exp(-(((x - 0.08) / 0.22) ** 2)) - 0.02 * np.sin(23 * x)
    sun_x, sun_y = (0.62, 0.33) if dusk else (0.78, 0.14)
    sun = np.hypot((x - sun_x) * 1.5, y - sun_y)
    if dusk:
        picture = blend((0.24, 0.13, 0.38), (0.99, 0.62, 0.30), 2.0 * y)
        picture = picture + clouds[..., None] * (np.array([0.85, 0.30, 0.38]) - picture) * 0.8
        picture = picture + np.exp(-9 * sun)[..., None] * (np.array([1.0, 0.90, 0.55]) - picture)
        hills, wood, water = (
            (0.42, 0.20, 0.36),
            (0.13, 0.08, 0.17),
            blend((0.85, 0.45, 0.36), (0.22, 0.12, 0.34), 2.6 * (y - 0.6)),
        )
        disc, glitter = (1.0, 0.95, 0.75), (1.0, 0.80, 0.45)
    else:
        picture = blend((0.16, 0.44, 0.86), (0.72, 0.88, 0.97), 2.0 * y)
        picture = picture + clouds[..., None] * (np.array([1.0, 1.0, 1.0]) - picture) * 0.9
        hills, wood, water = (
            (0.42, 0.60, 0.55),
            (0.18, 0.45, 0.16),
            blend((0.35, 0.68, 0.80), (0.05, 0.32, 0.58), 2.6 * (y - 0.6)),
        )
        disc, glitter = (1.0, 0.97, 0.72), (0.80, 0.94, 0.98)
    picture = np.where((sun < 0.065)[..., None], disc, picture)
    picture = np.where((y > far)[..., None], np.asarray(hills) * (1.06 - 0.25 * (y - far))[..., None], picture)
    picture = np.where((y > 0.6)[..., None], water + 0.05 * waves[..., None], picture)
    lane = (abs(x - sun_x) < 0.03 + 0.16 * (y - 0.6)) & (waves > 0.12) & (y > 0.6)
    picture = np.where(lane[..., None], glitter, picture)
    shade = 0.85 + 0.6 * gaussian_filter(rng.normal(size=y.shape), 1.2)
    picture = np.where((y > near)[..., None] & (x < 0.42)[..., None], np.asarray(wood) * shade[..., None], picture)
    return np.clip(picture, 0, 1)


class Palette(NamedTuple):
    """A picture by its colours."""

    colours: np.ndarray  # (size, 3)
    shares: np.ndarray  # (size,) of the pixels
    label: np.ndarray  # (height, width) which colour a pixel has


def palette(picture: np.ndarray, size: int) -> Palette:
    """The centres of k-means on the pixels of a picture (height, width, 3), the brightest last; none is empty.

    It starts from pixels at even distances in the order of their brightness.

    Raises
    ------
    ValueError
        If the picture hasn't three finite colours a pixel or the size isn't an integer from 1 to its pixels.
    """
    require(picture.ndim == 3 and picture.shape[-1] == 3, "the shape of the picture", picture.shape, "(h, w, 3)")
    require(np.isfinite(picture), "the picture", picture, "finite")
    pixels = picture.reshape(-1, 3)
    require(whole(size, 1) and size <= len(pixels), "size", size, f"an integer from 1 to {len(pixels)}")
    ordered = pixels[np.argsort(pixels.sum(-1), kind="stable")]
    centres = ordered[(np.arange(size) * len(pixels) + len(pixels) // 2) // size]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of a centre that lost all its pixels: it is left out below
        colours, label = kmeans2(pixels, centres, minit="matrix", iter=20)
    used, label = np.unique(label, return_inverse=True)
    order = np.argsort(colours[used].sum(-1), kind="stable")
    rank = np.argsort(order)
    shares = np.bincount(label)[order] / len(pixels)
    return Palette(colours[used][order], shares, rank[label].reshape(picture.shape[:2]))
