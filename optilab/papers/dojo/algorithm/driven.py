"""What a few forces drive: point masses in closed form, or rigid bodies through the interior-point solver."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from optilab.core.check import require
from optilab.papers.dojo.algorithm.gradient import derivatives
from optilab.papers.dojo.algorithm.point_mass import PointMass
from optilab.papers.dojo.algorithm.residual import TimeStep
from optilab.papers.dojo.algorithm.simulation import take
from optilab.papers.dojo.algorithm.system import System, apart, joined, tangent
from optilab.problems.oracles import Array, Number


@dataclass(frozen=True, eq=False)
class Driven:
    """Point masses pushed by a few forces: the impulses of one step are h C F.

    Its state joins those of the masses, (*batch, 6 n).

    Parameters
    ----------
    body : PointMass
        With parameters (*batch, n) for n masses, or numbers.
    C : array (n, 3, c)
        How the controls F (*batch, c), in N, push each mass.

    Raises
    ------
    ValueError
        If C has another shape.
    """

    body: PointMass
    C: Array

    def __post_init__(self) -> None:
        require(self.C.ndim == 3 and self.C.shape[1] == 3, "the shape of C", self.C.shape, "(n, 3, c)")

    def step(self, z: Array, F: Array, kappa: Number) -> Array:
        """The next state (*batch, 6 n)."""
        after = self.body.step(self._apart(z), self._impulses(F), np.asarray(kappa)[..., None]).z
        return after.reshape(*after.shape[:-2], -1)

    def linearise(self, z: Array, F: Array, kappa: Number) -> tuple[Array, Array]:
        """A (*batch, 6 n, 6 n), block by block, and B (*batch, 6 n, c) of that step."""
        step = self.body.linearise(self._apart(z), self._impulses(F), np.asarray(kappa)[..., None])
        n = len(self.C)
        A = np.zeros((*step.z.shape[:-2], 6 * n, 6 * n))
        for i in range(n):
            A[..., 6 * i : 6 * i + 6, 6 * i : 6 * i + 6] = step.A[..., i, :, :]
        B = step.B @ (self.body.h[..., None, None] * self.C)
        return A, B.reshape(*B.shape[:-3], 6 * n, -1)

    def difference(self, z: Array, other: Array) -> Array:
        """The difference itself: point masses need no tangent."""
        return z - other

    def _apart(self, z: Array) -> Array:
        return np.asarray(z).reshape(*np.shape(z)[:-1], len(self.C), 6)

    def _impulses(self, F: Array) -> Array:
        return self.body.h[..., None] * np.matvec(self.C, np.asarray(F)[..., None, :])


@dataclass(frozen=True, eq=False)
class DrivenBodies:
    """Rigid bodies pushed by a few forces: the impulses of one step are h C F.

    Its state joins (x, v, q, ω) of the bodies, (*batch, 13 N), its tangent (x, v, φ, ω), (*batch, 12 N).

    Parameters
    ----------
    system : System
        Bodies, contacts, joints and time step.
    C : array (N, 6, c)
        How the controls F (*batch, c) push and turn each body: force in the world's frame, torque in the body's.
    options : mapping
        Of the interior-point solver.

    Raises
    ------
    ValueError
        If C has another shape.
    """

    system: System
    C: Array
    options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        N = len(self.system.bodies)
        require(self.C.ndim == 3 and self.C.shape[:2] == (N, 6), "the shape of C", self.C.shape, f"({N}, 6, c)")

    def step(self, z: Array, F: Array, kappa: Number) -> Array:
        """The next state (*batch, 13 N); NaN where the solver fails."""
        problem = TimeStep(self.system, apart(z), self._impulses(F))
        return joined(take(problem, kappa=kappa, **self.options).state)

    def linearise(self, z: Array, F: Array, kappa: Number) -> tuple[Array, Array]:
        """A (*batch, 12 N, 12 N) and B (*batch, 12 N, c) of that step, in tangents."""
        by = derivatives(self.system, apart(z), self._impulses(F), kappa=kappa, **self.options).by
        return by["state"], by["u"] @ (self.system.h * self.C.reshape(-1, self.C.shape[-1]))

    def difference(self, z: Array, other: Array) -> Array:
        """The tangent (*batch, 12 N) that leads from `other` to z."""
        return tangent(z, other)

    def _impulses(self, F: Array) -> Array:
        return self.system.h * np.matvec(self.C, np.asarray(F)[..., None, :])
