"""Bodies that are often thrown on a floor, with their contacts."""

from itertools import product

import numpy as np

from optilab.core.check import numbers, require
from optilab.papers.dojo.algorithm.quaternion import Array
from optilab.papers.dojo.algorithm.system import Body, Contact


def sphere(r: float | Array, *, m: float | Array = 1.0, mu: float | Array = 0.5) -> tuple[Body, list[Contact]]:
    """A homogeneous ball of radius r (m) and mass m (kg) with one contact of friction μ; it is body 0.

    Raises
    ------
    ValueError
        If r or m isn't positive or μ is negative.
    """
    r, m = numbers("r", r), numbers("m", m)
    require(r > 0, "r", r, "positive")
    J = (0.4 * m * r**2)[..., None, None] * np.eye(3)
    return Body(m, J), [Contact(0, np.zeros(3), r, mu)]


def box(
    edges: Array | tuple[float, float, float],
    *,
    m: float = 1.0,
    mu: float | Array = 0.5,
    bottom: bool = False,
) -> tuple[Body, list[Contact]]:
    """A homogeneous box with edges (m) along the body's axes and a contact at each corner; it is body 0.

    `bottom` leaves the upper four corners out: enough for what slides, and half the work.

    Raises
    ------
    ValueError
        If an edge or m isn't positive or μ is negative.
    """
    edges, mass = numbers("edges", edges), numbers("m", m)
    require(mass.ndim == 0, "m", m, "one number")
    require(edges.shape == (3,) and (edges > 0).all(), "edges", edges, "three positive lengths")
    squares = edges**2
    J = m / 12 * np.diag(squares.sum() - squares)
    signs = product((-1, 1), (-1, 1), (-1,) if bottom else (-1, 1))
    return Body(m, J), [Contact(0, np.array(sign) * edges / 2, 0.0, mu) for sign in signs]
