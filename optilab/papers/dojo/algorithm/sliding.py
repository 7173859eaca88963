"""Sliding to rest under hard Coulomb friction: the exact cone, and the pyramid that simulators put in its place.

Among the friction impulses that the floor can give, one step takes the one that leaves the least velocity:

    v⁺ = v − Π_K(m v)/m,   K = {‖b‖₂ ≤ μγ} (cone) or {‖b‖₁ ≤ μγ} (pyramid),   γ = mgh.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from optilab.core.check import numbers, require
from optilab.core.run import algorithm, replicates
from optilab.problems.oracles import Array, Number
from optilab.problems.projection import simplex


class Skid(NamedTuple):
    """State after k steps."""

    x: Array  # (*batch, 2) position, m
    v: Array  # (*batch, 2) velocity, m/s
    b: Array  # (*batch, 2) friction impulse of the step just made, divided by the mass, m/s


def onto_cone(p: Array, radius: Array) -> Array:
    """Nearest point to p (*batch, 2) with ‖b‖₂ ≤ radius (*batch)."""
    length = np.linalg.norm(p, axis=-1)
    return p * (radius / np.maximum(length, radius))[..., None]


def onto_pyramid(p: Array, radius: Array) -> Array:
    """Nearest point to p (*batch, 2) with ‖b‖₁ ≤ radius (*batch)."""
    radius = np.asarray(radius)[..., None]
    face = np.sign(p) * radius * simplex(np.abs(p) / radius)
    return np.where(np.abs(p).sum(-1, keepdims=True) <= radius, p, face)


MODELS = {"cone": onto_cone, "pyramid": onto_pyramid}


@algorithm
def sliding(
    v0: Array,
    *,
    mu: Number,
    h: Number,
    g: Number = 9.81,
    model: str = "cone",
) -> Iterator[Skid]:
    """Slide from the origin with velocity v0 (*batch, 2) until all replicates are at rest.

    Parameters
    ----------
    v0 : array (*batch, 2)
        Velocity at the start, m/s.
    mu, h, g : number or array (*batch)
        Coefficient of friction, time step (s) and gravity (m/s²), positive.
    model : str
        "cone" or "pyramid".

    Raises
    ------
    ValueError
        If a parameter isn't in its range.
    """
    v, mu, h, g = replicates(v0, mu, h, g)
    require(v.shape[-1] == 2 and np.isfinite(v).all(), "the velocity v0", v0, "finite, of shape (*batch, 2)")
    for name, value in (("mu", mu), ("h", h), ("g", g)):
        require((value > 0) & (value < np.inf), name, value[..., 0], "positive and finite")
    require(model in MODELS, "model", model, f"one of {', '.join(MODELS)}")
    radius = np.broadcast_to((mu * g * h)[..., 0], v.shape[:-1])
    x, b = np.zeros_like(v), np.zeros_like(v)
    while True:
        yield Skid(x, v, b)
        if not v.any():
            return
        b = -MODELS[model](v, radius)
        v = v + b
        x = x + h * v


def cone_path(v0: Array, mu: Number, g: float = 9.81, h: float = 0.0) -> Array:
    """Where hard friction stops a mass that starts with v0 (*batch, 2): straight ahead by ‖v‖²/(2μg) − ‖v‖h/2 (m).

    Exact where ‖v‖ is a whole number of steps' braking μgh; otherwise off by less than μgh²/8.
    """
    v0, braking = _checked(v0, mu, g)
    step = numbers("h", h)
    require((step >= 0) & (step < np.inf), "h", h, "0 or more and finite")
    speed = np.linalg.norm(v0, axis=-1, keepdims=True)
    return v0 * (speed / (2 * braking[..., None]) - step[..., None] / 2)


def pyramid_path(v0: Array, mu: Number, g: float = 9.81) -> Array:
    """Where the pyramid stops it as h → 0: the larger component is braked until both are equal, then both at half.

    Δ_large = (V² − w²)/(2μg) + w²/(μg),  Δ_small = w (V − w)/(μg) + w²/(μg)  with V ≥ w the sizes of the components.
    """
    v0, a = _checked(v0, mu, g)
    size = np.abs(v0)
    V, w = size.max(-1), size.min(-1)
    large, small = (V**2 - w**2) / (2 * a) + w**2 / a, w * (V - w) / a + w**2 / a
    first = size[..., 0] >= size[..., 1]
    return np.sign(v0) * np.stack([np.where(first, large, small), np.where(first, small, large)], -1)


def heading(x: Array) -> Array:
    """Direction of x (*batch, 2) in degrees from the first axis.

    Raises
    ------
    ValueError
        If x is zero somewhere: it has no direction.
    """
    x = numbers("the vector x", x)
    require(x.shape[-1:] == (2,) and np.isfinite(x).all(), "the vector x", x, "finite, of shape (*batch, 2)")
    require((x != 0).any(-1), "the vector x", x, "other than zero to have a heading")
    return np.degrees(np.arctan2(x[..., 1], x[..., 0]))


def _checked(v0: Array, mu: Number, g: Number) -> tuple[Array, Array]:
    """The velocity, and the braking μg."""
    v0, friction, gravity = numbers("v0", v0), numbers("mu", mu), numbers("g", g)
    require(v0.shape[-1:] == (2,) and np.isfinite(v0).all(), "v0", v0, "finite, of shape (*batch, 2)")
    for name, value in (("mu", friction), ("g", gravity)):
        require((value > 0) & (value < np.inf), name, value, "positive and finite")
    return v0, friction * gravity
