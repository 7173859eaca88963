"""A tensor in three dimensions, hot chains on its sphere, and the sphere in longitude and latitude."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy.ndimage import maximum_filter

from optilab.core.numerics import unit
from optilab.papers.langevin_averaging.algorithm import langevin, traced_tensor
from optilab.papers.langevin_averaging.problems import SpikedTensor, spiked_tensor, uniform

Array = np.ndarray
EPSILON, CHAINS, HORIZON = 0.5, 500, 20.0


class Scene(NamedTuple):
    """A tensor, axes in which its partial trace is at longitude and latitude 0, and a cloud of chains."""

    tensor: SpikedTensor
    axes: Array  # (3, 3), the rows: the partial trace, east, north
    ends: Array  # (chains, 3)
    mean: Array  # (3,) the mean over time and chains


@lru_cache(16)
def scene(n: float, seed: int) -> Scene:
    """A tensor of n copies; 500 chains at ε = 1/2 for a time 20."""
    data, start, noise = np.random.default_rng(seed).spawn(3)
    tensor = spiked_tensor(data, 3, 3, n)
    first = unit(traced_tensor(tensor))
    east = unit(tensor.star - tensor.star @ first * first)
    states = langevin(tensor, uniform(start, (CHAINS, 3)), epsilon=EPSILON, horizon=HORIZON, h=0.1, rng=noise)
    *_, last = states
    return Scene(tensor, np.array([first, east, np.cross(first, east)]), last.theta, unit(last.m1.sum(0)))


def points(longitude: Array, latitude: Array, axes: Array) -> Array:
    """Points of the sphere: (..., 3)."""
    here_ = np.cos(latitude)[..., None] * np.stack([np.cos(longitude), np.sin(longitude)], -1)
    return np.concatenate([here_, np.broadcast_to(np.sin(latitude), here_.shape[:-1])[..., None]], -1) @ axes


def places(theta: Array, axes: Array) -> tuple[Array, Array]:
    """Longitude and latitude of points of the sphere, in degrees."""
    x, y, z = np.moveaxis(theta @ axes.T, -1, 0)
    return np.degrees(np.arctan2(y, x)), np.degrees(np.arcsin(np.clip(z, -1, 1)))


def peaks(z: Array) -> int:
    """How many local maxima a landscape on the grid has, away from the poles, the date line counted once."""
    once = z[:, :-1]
    highest = once == maximum_filter(once, size=5, mode=("nearest", "wrap"))
    return int(highest[2:-2].sum())
