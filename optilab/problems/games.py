"""Two-player games φ̇ = f(φ, θ), θ̇ = g(φ, θ), with the four Jacobian-vector products that their drift needs.

Players are arrays φ (*batch, m) and θ (*batch, n), real or complex: every field is analytic in them. Where the
players have losses, f = −∇_φ L₁ and g = −∇_θ L₂.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import sympy as sp

from optilab.core.check import require
from optilab.core.numerics import complex_step
from optilab.problems.formula import Program, check_variables, symbols
from optilab.problems.oracles import Players
from optilab.problems.stable import sigmoid, softplus


class ComplexStep(Players, Protocol):
    """The four products of a game, each one evaluation of f or g at a complex point: f_φ v = Im f(φ + iεv, θ)/ε.

    Exact to rounding at real points (Squire and Trapp, 1998), with no Hessian in sight. A game that inherits from it
    has an f and a g that are analytic in complex arguments.
    """

    def f_phi(self, phi: np.ndarray, theta: np.ndarray, v: np.ndarray) -> np.ndarray:
        """(∂f/∂φ) v."""
        return complex_step(lambda moved: self.f(moved, theta), phi, v)

    def f_theta(self, phi: np.ndarray, theta: np.ndarray, w: np.ndarray) -> np.ndarray:
        """(∂f/∂θ) w."""
        return complex_step(lambda moved: self.f(phi, moved), theta, w)

    def g_phi(self, phi: np.ndarray, theta: np.ndarray, v: np.ndarray) -> np.ndarray:
        """(∂g/∂φ) v."""
        return complex_step(lambda moved: self.g(moved, theta), phi, v)

    def g_theta(self, phi: np.ndarray, theta: np.ndarray, w: np.ndarray) -> np.ndarray:
        """(∂g/∂θ) w."""
        return complex_step(lambda moved: self.g(phi, moved), theta, w)


@dataclass(frozen=True, eq=False)
class Rotation:
    """The linear game f = −εφ + θ, g = −φ − εθ, a rotation that contracts at the rate ε; m = n.

    Parameters
    ----------
    eps : number or array (*batch)
        ε; 0 turns for ever.

    Raises
    ------
    ValueError
        If `eps` isn't finite.
    """

    eps: float | np.ndarray

    def __post_init__(self) -> None:
        require(np.isfinite(self.eps), "eps", self.eps, "finite")

    @cached_property
    def _eps(self) -> np.ndarray:
        return np.asarray(self.eps)[..., None]

    def losses(self, phi: np.ndarray, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """L₁ = ½ε‖φ‖² − φ·θ and L₂ = ½ε‖θ‖² + φ·θ, each (*batch)."""
        both = phi * theta
        return (self._eps / 2 * phi**2 - both).sum(-1), (self._eps / 2 * theta**2 + both).sum(-1)

    def f(self, phi: np.ndarray, theta: np.ndarray) -> np.ndarray:
        """Velocity of φ (*batch, m)."""
        return -self._eps * phi + theta

    def g(self, phi: np.ndarray, theta: np.ndarray) -> np.ndarray:
        """Velocity of θ (*batch, n)."""
        return -phi - self._eps * theta

    def f_phi(self, phi: np.ndarray, theta: np.ndarray, v: np.ndarray) -> np.ndarray:
        """(∂f/∂φ) v."""
        return -self._eps * v

    def f_theta(self, phi: np.ndarray, theta: np.ndarray, w: np.ndarray) -> np.ndarray:
        """(∂f/∂θ) w."""
        return w

    def g_phi(self, phi: np.ndarray, theta: np.ndarray, v: np.ndarray) -> np.ndarray:
        """(∂g/∂φ) v."""
        return -v

    def g_theta(self, phi: np.ndarray, theta: np.ndarray, w: np.ndarray) -> np.ndarray:
        """(∂g/∂θ) w."""
        return -self._eps * w


FLAT = 1000.0  # beyond it l′ and l″ no longer change


@dataclass(frozen=True)
class DiracGAN:
    """The zero-sum game E = l(φθ) + l(0), l(z) = −log(1 + e⁻ᶻ), which φ maximises and θ minimises; m = n = 1.

    The smallest generative adversarial network: θ moves a point mass towards the data at 0, φ is the slope of the
    discriminator. Fields and products stay finite however far the players are.

    Source: L. Mescheder, A. Geiger, S. Nowozin, "Which training methods for GANs do actually converge?", 2018.
    """

    def __call__(self, phi: np.ndarray, theta: np.ndarray) -> np.ndarray:
        """E at φ and θ (*batch, 1) → (*batch)."""
        return -softplus(-phi * theta)[..., 0] - np.log(2)

    def losses(self, phi: np.ndarray, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """L₁ = −E and L₂ = E, each (*batch)."""
        E = self(phi, theta)
        return -E, E

    def f(self, phi: np.ndarray, theta: np.ndarray) -> np.ndarray:
        """Velocity of φ: l′(φθ) θ."""
        return slope(product(phi, theta)) * theta

    def g(self, phi: np.ndarray, theta: np.ndarray) -> np.ndarray:
        """Velocity of θ: −l′(φθ) φ."""
        return -slope(product(phi, theta)) * phi

    def f_phi(self, phi: np.ndarray, theta: np.ndarray, v: np.ndarray) -> np.ndarray:
        """(∂f/∂φ) v = l″ θ² v."""
        return (curvature(product(phi, theta)) * theta) * theta * v

    def f_theta(self, phi: np.ndarray, theta: np.ndarray, w: np.ndarray) -> np.ndarray:
        """(∂f/∂θ) w = (l′ + φθ l″) w."""
        z = product(phi, theta)
        return (slope(z) + z * curvature(z)) * w

    def g_phi(self, phi: np.ndarray, theta: np.ndarray, v: np.ndarray) -> np.ndarray:
        """(∂g/∂φ) v = −(l′ + φθ l″) v."""
        return -self.f_theta(phi, theta, v)

    def g_theta(self, phi: np.ndarray, theta: np.ndarray, w: np.ndarray) -> np.ndarray:
        """(∂g/∂θ) w = −l″ φ² w."""
        return -self.f_phi(theta, phi, w)


def product(phi: np.ndarray, theta: np.ndarray) -> np.ndarray:
    """φθ, its real part kept within ±FLAT."""
    with np.errstate(over="ignore"):
        z = np.asarray(phi * theta)
    real = np.minimum(np.maximum(z.real, -FLAT), FLAT)  # np.clip, but quick on small arrays
    return real + 1j * z.imag if np.iscomplexobj(z) else real


def slope(z: np.ndarray) -> np.ndarray:
    """The derivative l′(z) = σ(−z)."""
    return sigmoid(-z)


def curvature(z: np.ndarray) -> np.ndarray:
    """The second derivative l″(z) = −σ(z) σ(−z)."""
    return -sigmoid(z) * sigmoid(-z)


@dataclass(frozen=True)
class FormulaGame:
    """A game of two typed losses, as in FormulaGame("-x*y", "x*y"); see `Expression` for what a formula may contain.

    Parameters
    ----------
    L1, L2 : str
        The loss of the first player φ and of the second θ.
    phi, theta : str or tuple of str
        The variables of each player; several as a tuple, or as one text with commas: "x1, x2".

    Raises
    ------
    ValueError
        If a formula contains something else, or a variable belongs to both players.
    """

    L1: str
    L2: str
    phi: str | tuple[str, ...] = "x"
    theta: str | tuple[str, ...] = "y"

    def __post_init__(self) -> None:
        for player in ("phi", "theta"):
            given = getattr(self, player)
            parts = given.split(",") if isinstance(given, str) else given
            object.__setattr__(self, player, tuple(part.strip() for part in parts))
        check_variables((*self.phi, *self.theta))
        _ = self._losses  # a bad formula is refused now

    def __reduce__(self) -> tuple[Any, ...]:
        return FormulaGame, (self.L1, self.L2, self.phi, self.theta)  # compiled functions stay behind

    def losses(self, phi: np.ndarray, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """L₁ and L₂ at φ (*batch, m) and θ (*batch, n), each (*batch)."""
        both = self._compiled_losses(phi, theta)
        return both[..., 0], both[..., 1]

    def f(self, phi: np.ndarray, theta: np.ndarray) -> np.ndarray:
        """Velocity −∇_φ L₁ of φ (*batch, m)."""
        return -self._compiled_f(phi, theta)

    def g(self, phi: np.ndarray, theta: np.ndarray) -> np.ndarray:
        """Velocity −∇_θ L₂ of θ (*batch, n)."""
        return -self._compiled_g(phi, theta)

    def f_phi(self, phi: np.ndarray, theta: np.ndarray, v: np.ndarray) -> np.ndarray:
        """(∂f/∂φ) v."""
        return -self._compiled_f_phi(phi, theta, v)

    def f_theta(self, phi: np.ndarray, theta: np.ndarray, w: np.ndarray) -> np.ndarray:
        """(∂f/∂θ) w."""
        return -self._compiled_f_theta(phi, theta, w)

    def g_phi(self, phi: np.ndarray, theta: np.ndarray, v: np.ndarray) -> np.ndarray:
        """(∂g/∂φ) v."""
        return -self._compiled_g_phi(phi, theta, v)

    def g_theta(self, phi: np.ndarray, theta: np.ndarray, w: np.ndarray) -> np.ndarray:
        """(∂g/∂θ) w."""
        return -self._compiled_g_theta(phi, theta, w)

    @cached_property
    def _program(self) -> Program:
        return Program()

    @cached_property
    def _points(self) -> tuple[list[sp.Symbol], list[sp.Symbol]]:
        return symbols("phi", len(self.phi)), symbols("theta", len(self.theta))

    @cached_property
    def _losses(self) -> list[sp.Expr]:
        phi, theta = self._points
        variables = dict(zip((*self.phi, *self.theta), (*phi, *theta), strict=True))
        return [self._program.read(loss, variables) for loss in (self.L1, self.L2)]

    @cached_property
    def _gradients(self) -> list[list[sp.Expr]]:
        return [self._program.gradient(loss, own) for loss, own in zip(self._losses, self._points, strict=True)]

    def _field(self, player: int) -> Callable[..., np.ndarray]:
        """∇ of a player's loss with respect to its own variables."""
        return self._program.numpy(self._gradients[player], (len(self._points[player]),), *self._points)

    def _along(self, player: int, mover: int) -> Callable[..., np.ndarray]:
        """The derivative of a player's field as `mover` moves."""
        velocity = symbols("v", len(self._points[mover]))
        direction = dict(zip(self._points[mover], velocity, strict=True))
        change = self._program.along(self._gradients[player], direction)
        return self._program.numpy(change, (len(change),), *self._points, velocity)

    @cached_property
    def _compiled_losses(self) -> Callable[..., np.ndarray]:
        return self._program.numpy(self._losses, (2,), *self._points)

    @cached_property
    def _compiled_f(self) -> Callable[..., np.ndarray]:
        return self._field(0)

    @cached_property
    def _compiled_g(self) -> Callable[..., np.ndarray]:
        return self._field(1)

    @cached_property
    def _compiled_f_phi(self) -> Callable[..., np.ndarray]:
        return self._along(0, 0)

    @cached_property
    def _compiled_f_theta(self) -> Callable[..., np.ndarray]:
        return self._along(0, 1)

    @cached_property
    def _compiled_g_phi(self) -> Callable[..., np.ndarray]:
        return self._along(1, 0)

    @cached_property
    def _compiled_g_theta(self) -> Callable[..., np.ndarray]:
        return self._along(1, 1)
