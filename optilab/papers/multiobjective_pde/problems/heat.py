"""A heater that is switched on once and off once: the temperature at the end against the time that it is on."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from optilab.core.check import require, whole

Array = np.ndarray


@dataclass(frozen=True, eq=False)
class Heat:
    """ẏ = −Ay + v(t) b from y(0) = 0 on (0, 1), v = 1 between the times τ₁ and τ₂, else 0; by A's eigenbasis, exact.

    J₁ = ½‖y(T) − y_d‖², J₂ = τ₂ − τ₁; here b = `power` on (0.3, 0.7) and y_d = `goal` · sin πx.

    Parameters
    ----------
    n : int
        Inner nodes.
    T : float
        The end, T > 0.
    power, goal : float
        Heights of b and y_d.

    Raises
    ------
    ValueError
        If one of them is not allowed.
    """

    n: int = 31
    T: float = 0.2
    power: float = 40.0
    goal: float = 0.8

    def __post_init__(self) -> None:
        require(whole(self.n, 2), "n", self.n, "a whole number, 2 or more")
        require(self.T > 0, "T", self.T, "positive")

    @property
    def x(self) -> Array:
        """The nodes: (n,)."""
        return np.arange(1, self.n + 1) / (self.n + 1)

    @property
    def b(self) -> Array:
        """Where the heater is: (n,)."""
        return self.power * ((self.x > 0.3) & (self.x < 0.7))

    @property
    def target(self) -> Array:
        """y_d: (n,)."""
        return self.goal * np.sin(np.pi * self.x)

    @cached_property
    def modes(self) -> tuple[Array, Array]:
        """Eigenvalues (n,) of A and its eigenvectors (n, n) as columns, sin kπx."""
        k, h = np.arange(1, self.n + 1), 1 / (self.n + 1)
        return 4 / h**2 * np.sin(k * np.pi * h / 2) ** 2, np.sqrt(2 * h) * np.sin(np.pi * np.outer(self.x, k))

    def check(self, tau: Array) -> None:
        """Refuse times that are out of order.

        Raises
        ------
        ValueError
            If not 0 ≤ τ₁ ≤ τ₂ ≤ T.
        """
        tau = np.asarray(tau)
        require(tau.shape == (2,), "the shape of tau", tau.shape, "(2,)")
        slack = 1e-9 * self.T  # a solver's arithmetic
        inside = -slack <= tau[0] <= tau[1] + slack and tau[1] <= self.T + slack
        require(inside, "tau", tau, f"in order, 0 ≤ τ₁ ≤ τ₂ ≤ T = {self.T}")

    def state(self, tau: Array) -> Array:
        """y(T), (n,): in a mode of eigenvalue λ it is b (e^{−λ(T − τ₂)} − e^{−λ(T − τ₁)})/λ."""
        self.check(tau)
        values, U = self.modes
        return U @ (
            (U.T @ self.b) * (np.exp(-values * (self.T - tau[1])) - np.exp(-values * (self.T - tau[0]))) / values
        )

    def adjoint(self, miss: Array, t: float) -> Array:
        """p(t) = e^{−A(T − t)} miss, for what y(T) misses: (n,)."""
        values, U = self.modes
        return U @ (np.exp(-values * (self.T - t)) * (U.T @ miss))
