"""Two-player games: what the discretisation of φ̇ = f(φ, θ), θ̇ = g(φ, θ) adds to it, and how to take that away again.

Simultaneous updates φ⁺ = φ + a f, θ⁺ = θ + b g don't follow f and g but, to second order in the rates,

    φ̇ = f − a/2 (f_φ f + f_θ g),    θ̇ = g − b/2 (g_φ f + g_θ g)

in the clock of each player (φ is read at time a, θ at time b). The first product of φ and the second of θ are a
player's *self* term, the cross products its *interaction* term. Alternating updates have other coefficients.

Everything that moves two players is an object with `f(phi, theta)` and `g(phi, theta)`: the game, its modified flow,
its penalised versions. So one Runge–Kutta integrates them all.

Source: M. Rosca, Y. Wu, B. Dherin, D. Barrett, "Discretization drift in two-player games", ICML 2021.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
from scipy.linalg import expm

from optilab.core.check import require
from optilab.core.run import algorithm, replicates

Number = float | np.ndarray
EPSILON = 1e-20  # complex step: its square vanishes beside 1


class Players(Protocol):
    """The velocities of φ (*batch, m) and θ (*batch, n)."""

    def f(self, phi: np.ndarray, theta: np.ndarray) -> np.ndarray: ...  # noqa: D102
    def g(self, phi: np.ndarray, theta: np.ndarray) -> np.ndarray: ...  # noqa: D102


class Game(Players, Protocol):
    """Velocities and their four Jacobian-vector products."""

    def f_phi(self, phi: np.ndarray, theta: np.ndarray, v: np.ndarray) -> np.ndarray: ...  # noqa: D102
    def f_theta(self, phi: np.ndarray, theta: np.ndarray, w: np.ndarray) -> np.ndarray: ...  # noqa: D102
    def g_phi(self, phi: np.ndarray, theta: np.ndarray, v: np.ndarray) -> np.ndarray: ...  # noqa: D102
    def g_theta(self, phi: np.ndarray, theta: np.ndarray, w: np.ndarray) -> np.ndarray: ...  # noqa: D102


class Play(NamedTuple):
    """Where the players are."""

    x: np.ndarray  # (*batch, m + n) both, joined
    phi: np.ndarray  # (*batch, m)
    theta: np.ndarray  # (*batch, n)


@dataclass(frozen=True)
class ComplexStep:
    """A game whose four products are each one evaluation of f or g at a complex point: f_φ v = Im f(φ + iεv, θ)/ε.

    Exact to rounding at real points (Squire and Trapp, 1998), with no Hessian in sight.

    Parameters
    ----------
    players
        An object whose `f` and `g` are analytic in complex arguments.
    """

    players: Players

    def f(self, phi: np.ndarray, theta: np.ndarray) -> np.ndarray:
        """Velocity of φ."""
        return self.players.f(phi, theta)

    def g(self, phi: np.ndarray, theta: np.ndarray) -> np.ndarray:
        """Velocity of θ."""
        return self.players.g(phi, theta)

    def f_phi(self, phi: np.ndarray, theta: np.ndarray, v: np.ndarray) -> np.ndarray:
        """(∂f/∂φ) v."""
        return imaginary(self.players.f(phi + 1j * EPSILON * v, theta)) / EPSILON

    def f_theta(self, phi: np.ndarray, theta: np.ndarray, w: np.ndarray) -> np.ndarray:
        """(∂f/∂θ) w."""
        return imaginary(self.players.f(phi, theta + 1j * EPSILON * w)) / EPSILON

    def g_phi(self, phi: np.ndarray, theta: np.ndarray, v: np.ndarray) -> np.ndarray:
        """(∂g/∂φ) v."""
        return imaginary(self.players.g(phi + 1j * EPSILON * v, theta)) / EPSILON

    def g_theta(self, phi: np.ndarray, theta: np.ndarray, w: np.ndarray) -> np.ndarray:
        """(∂g/∂θ) w."""
        return imaginary(self.players.g(phi, theta + 1j * EPSILON * w)) / EPSILON


def imaginary(velocity: np.ndarray) -> np.ndarray:
    """Im of a velocity at a complex point; a real one means that the game isn't complex-analytic."""
    require(np.iscomplexobj(velocity), "a velocity at a complex point", velocity.dtype, "complex: the game is analytic")
    return velocity.imag


def regulariser_phi(
    game: Game,
    phi: np.ndarray,
    theta: np.ndarray,
    f: Any,
    g: Any,
    *,
    a: Number,
    interaction: Any,
    self_term: Any,
    m: int = 1,
) -> Any:
    """−a/2 (self_term/m · f_φ f + interaction · f_θ g): the first player's drift, each part with a multiplier."""
    own = weighted(self_term, game, "f_phi", phi, theta, f) / m
    cross = weighted(interaction, game, "f_theta", phi, theta, g)
    return -a / 2 * (own + cross)


def regulariser_theta(
    game: Game,
    phi: np.ndarray,
    theta: np.ndarray,
    f: Any,
    g: Any,
    *,
    a: Number,
    b: Number,
    interaction: Any,
    self_term: Any,
    alternating: bool = False,
    k: int = 1,
) -> Any:
    """−b/2 (interaction (1 − 2a/b if alternating) · g_φ f + self_term/k · g_θ g): the second player's drift."""
    other = 1 - 2 * a / b if alternating else 1.0
    cross = weighted(interaction * other, game, "g_phi", phi, theta, f)
    own = weighted(self_term, game, "g_theta", phi, theta, g) / k
    return -b / 2 * (cross + own)


def weighted(c: Any, game: Game, product: str, phi: np.ndarray, theta: np.ndarray, v: np.ndarray) -> Any:
    """One product of the game with v, times c; not asked for where c is zero for all replicates."""
    return c * getattr(game, product)(phi, theta, v) if np.any(c) else 0.0


@dataclass(frozen=True)
class ModifiedFlow:
    """The flow that one update of a game follows up to third order in the rates.

    Without a common clock φ must be read at time a and θ at time b: a statement about one step.
    With it one update takes unit time for both, and the flow can be followed over many.

    Parameters
    ----------
    game : Game
        f, g and the four products.
    a, b : number or array (*batch)
        Rates of the first and the second player.
    alternating : bool
        The second player sees the first one's new point.
    m, k : int
        Sub-steps of each player, of size a/m and b/k; more than one only when alternating.
    common_clock : bool
        One update takes unit time.
    interaction, self_term : number or array (*batch)
        Multipliers of the explicit regularisers that the update contains.

    Raises
    ------
    ValueError
        If a rate isn't positive or `m`, `k` are no positive integers.
    """

    game: Game
    a: Number
    b: Number
    alternating: bool = False
    m: int = 1
    k: int = 1
    common_clock: bool = False
    interaction: Number = 0.0
    self_term: Number = 0.0

    def __post_init__(self) -> None:
        check_rates(self.a, self.b)
        check_substeps(self.m, self.k)
        require(self.alternating or self.m == self.k == 1, "m, k", (self.m, self.k), "1 for simultaneous updates")
        for name in ("a", "b", "interaction", "self_term"):
            object.__setattr__(self, name, np.asarray(getattr(self, name))[..., None])

    def f(self, phi: np.ndarray, theta: np.ndarray) -> np.ndarray:
        """Velocity of φ (*batch, m)."""
        game, a, b = self.game, self.a, self.b
        f, g = game.f(phi, theta), game.g(phi, theta)
        f_phi_f, f_theta_g = game.f_phi(phi, theta, f), game.f_theta(phi, theta, g)
        explicit = -a / 2 * (self.self_term / self.m * f_phi_f + self.interaction * f_theta_g)
        if self.common_clock:
            return a * f - (a**2 / self.m * f_phi_f + a * b * f_theta_g) / 2 + a * explicit
        return f - a / 2 * (f_phi_f / self.m + f_theta_g) + explicit

    def g(self, phi: np.ndarray, theta: np.ndarray) -> np.ndarray:
        """Velocity of θ (*batch, n)."""
        game, a, b = self.game, self.a, self.b
        f, g = game.f(phi, theta), game.g(phi, theta)
        g_phi_f, g_theta_g = game.g_phi(phi, theta, f), game.g_theta(phi, theta, g)
        other = 1 - 2 * a / b if self.alternating else 1.0
        explicit = -b / 2 * (self.interaction * other * g_phi_f + self.self_term / self.k * g_theta_g)
        if self.common_clock:
            sign = -1 if self.alternating else 1
            return b * g - (sign * a * b * g_phi_f + b**2 / self.k * g_theta_g) / 2 + b * explicit
        return g - b / 2 * (other * g_phi_f + g_theta_g / self.k) + explicit


@algorithm
def simultaneous(
    game: Game,
    phi0: np.ndarray,
    theta0: np.ndarray,
    *,
    a: Number,
    b: Number,
    interaction: Number = 0.0,
    self_term: Number = 0.0,
) -> Iterator[Play]:
    """Both players step at once: φ⁺ = φ + a (f + regulariser), θ⁺ = θ + b (g + regulariser).

    Parameters
    ----------
    game : Game
        f, g; the four products are asked for only where a multiplier isn't zero.
    phi0, theta0 : arrays (*batch, m), (*batch, n)
        Where the players start.
    a, b : number or array (*batch)
        Their rates.
    interaction, self_term : number or array (*batch)
        Multipliers of each player's drift, added to its velocity: −1 cancels, +1 doubles, 0 leaves.

    Raises
    ------
    ValueError
        If a rate isn't positive and finite.
    """
    check_rates(a, b)
    phi, theta, a, b, interaction, self_term = table(phi0, theta0, a, b, interaction, self_term)
    push: dict[str, Any] = {"interaction": interaction, "self_term": self_term}
    while True:
        yield joined(phi, theta)
        f, g = game.f(phi, theta), game.g(phi, theta)
        phi, theta = (
            phi + a * (f + regulariser_phi(game, phi, theta, f, g, a=a, **push)),
            theta + b * (g + regulariser_theta(game, phi, theta, f, g, a=a, b=b, **push)),
        )


@algorithm
def alternating(
    game: Game,
    phi0: np.ndarray,
    theta0: np.ndarray,
    *,
    a: Number,
    b: Number,
    m: int = 1,
    k: int = 1,
    interaction: Number = 0.0,
    self_term: Number = 0.0,
) -> Iterator[Play]:
    """The first player makes m steps of size a/m, then the second, who sees that, k steps of size b/k.

    Parameters
    ----------
    game, phi0, theta0, a, b, interaction, self_term
        As in `simultaneous`; the regularisers are those of alternating updates.
    m, k : int
        Sub-steps of the two players.

    Raises
    ------
    ValueError
        If a rate isn't positive and finite, or `m`, `k` are no positive integers.
    """
    check_rates(a, b)
    check_substeps(m, k)
    phi, theta, a, b, interaction, self_term = table(phi0, theta0, a, b, interaction, self_term)
    push: dict[str, Any] = {"interaction": interaction, "self_term": self_term}
    regularised = np.any(interaction) or np.any(self_term)
    while True:
        yield joined(phi, theta)
        for _ in range(m):
            f = game.f(phi, theta)
            if regularised:
                f = f + regulariser_phi(game, phi, theta, f, game.g(phi, theta), a=a, m=m, **push)
            phi = phi + a / m * f
        for _ in range(k):
            g = game.g(phi, theta)
            if regularised:
                f = game.f(phi, theta)
                g = g + regulariser_theta(game, phi, theta, f, g, a=a, b=b, alternating=True, k=k, **push)
            theta = theta + b / k * g


@algorithm
def simultaneous_sgd(
    game: Any,
    phi0: np.ndarray,
    theta0: np.ndarray,
    *,
    a: Number,
    b: Number,
    rng: Any,
    size: int,
    interaction: Number = 0.0,
    self_term: Number = 0.0,
    estimator: str = "biased",
) -> Iterator[Play]:
    """Simultaneous updates on fresh samples, with estimated regularisers.

    Parameters
    ----------
    game
        `game.on(game.sample(rng, (*batch, size)))` is the game that these samples make.
    phi0, theta0, a, b, interaction, self_term
        As in `simultaneous`.
    rng : numpy.random.Generator
        Source of the samples; `common(rng)` shares them along the first axis.
    size : int
        Samples an update.
    estimator : {"biased", "unbiased"}
        A drift is a matrix times a velocity: both from the same samples, or the matrix from one half of them and
        the velocity from the other.

    Raises
    ------
    ValueError
        If a rate isn't positive and finite, the estimator has another name, or `size` can't be shared out.
    """
    check_rates(a, b)
    require(estimator in ("biased", "unbiased"), "estimator", estimator, "'biased' or 'unbiased'")
    parts = 1 if estimator == "biased" else 2
    require(size > 0 and size % parts == 0, "size", size, f"a positive multiple of {parts}")
    phi, theta, a, b, interaction, self_term = table(phi0, theta0, a, b, interaction, self_term)
    push: dict[str, Any] = {"interaction": interaction, "self_term": self_term}
    while True:
        yield joined(phi, theta)
        games = [game.on(game.sample(rng, (*phi.shape[:-1], size // parts))) for _ in range(parts)]
        fs, gs = [part.f(phi, theta) for part in games], [part.g(phi, theta) for part in games]
        f, g = sum(fs) / parts, sum(gs) / parts
        matrices, f_other, g_other = games[0], fs[-1], gs[-1]
        phi, theta = (
            phi + a * (f + regulariser_phi(matrices, phi, theta, f_other, g_other, a=a, **push)),
            theta + b * (g + regulariser_theta(matrices, phi, theta, f_other, g_other, a=a, b=b, **push)),
        )


@algorithm
def runge_kutta(players: Players, phi0: np.ndarray, theta0: np.ndarray, *, a: Number, b: Number) -> Iterator[Play]:
    """Fourth-order Runge–Kutta steps of length a for φ and b for θ: nearly no drift.

    Parameters
    ----------
    players : Players
        A game, a penalised game or a modified flow.
    phi0, theta0 : arrays (*batch, m), (*batch, n)
        Where the players start.
    a, b : number or array (*batch)
        Length of a step in each player's time.

    Raises
    ------
    ValueError
        If a rate isn't positive and finite.
    """
    check_rates(a, b)
    phi, theta, a, b = table(phi0, theta0, a, b)
    while True:
        yield joined(phi, theta)
        f1, g1 = players.f(phi, theta), players.g(phi, theta)
        middle = phi + a / 2 * f1, theta + b / 2 * g1
        f2, g2 = players.f(*middle), players.g(*middle)
        middle = phi + a / 2 * f2, theta + b / 2 * g2
        f3, g3 = players.f(*middle), players.g(*middle)
        end = phi + a * f3, theta + b * g3
        f4, g4 = players.f(*end), players.g(*end)
        phi = phi + a / 6 * (f1 + 2 * f2 + 2 * f3 + f4)
        theta = theta + b / 6 * (g1 + 2 * g2 + 2 * g3 + g4)


def follow(players: Players, phi0: np.ndarray, theta0: np.ndarray, time: Number, substeps: int = 20) -> Play:
    """Where `players` carry (phi0, theta0) in `time`, a number or an array (*batch), by Runge–Kutta substeps."""
    step = np.asarray(time) / substeps
    states = runge_kutta(players, phi0, theta0, a=step, b=step)
    for _ in range(substeps):
        next(states)
    return next(states)


@dataclass(frozen=True)
class Penalised:
    """A game of two losses whose players also descend gradient norms.

    Player φ adds ½ own ‖f‖² + ½ other ‖g‖² to its loss, player θ adds ½ own ‖g‖² + ½ other ‖f‖², each weight a pair
    (of φ, of θ). `consensus`, `other_norms` and `ode_gan` are the versions with a name.
    """

    game: Game
    own: tuple[float, float]
    other: tuple[float, float]

    def f(self, phi: np.ndarray, theta: np.ndarray) -> np.ndarray:
        """F − own f_φᵀ f − other g_φᵀ g."""
        game = self.game
        f, g = game.f(phi, theta), game.g(phi, theta)
        own = self.own[0] * transposed(game.f_phi, phi, theta, f, phi.shape[-1])
        return f - own - self.other[0] * transposed(game.g_phi, phi, theta, g, phi.shape[-1])

    def g(self, phi: np.ndarray, theta: np.ndarray) -> np.ndarray:
        """G − own g_θᵀ g − other f_θᵀ f."""
        game = self.game
        f, g = game.f(phi, theta), game.g(phi, theta)
        own = self.own[1] * transposed(game.g_theta, phi, theta, g, theta.shape[-1])
        return g - own - self.other[1] * transposed(game.f_theta, phi, theta, f, theta.shape[-1])


def transposed(product: Callable[..., Any], phi: np.ndarray, theta: np.ndarray, w: np.ndarray, dim: int) -> np.ndarray:
    """Jᵀw (*batch, dim) from products with J alone: its entry j is w · (J e_j)."""
    basis = np.eye(dim).reshape(dim, *[1] * (w.ndim - 1), dim)
    basis = np.broadcast_to(basis, (dim, *w.shape[:-1], dim))
    return np.einsum("j...i,...i->...j", product(phi, theta, basis), w)


def consensus(game: Game, weight: float) -> Penalised:
    """Consensus optimisation (Mescheder et al., 2017): both players descend ½ weight (‖f‖² + ‖g‖²)."""
    require(weight >= 0, "weight", weight, "0 or more")
    return Penalised(game, own=(weight, weight), other=(weight, weight))


def other_norms(game: Game, weight: float) -> Penalised:
    """Each player descends the other's ½ weight ‖·‖² alone, as symplectic gradient adjustment does near a centre."""
    require(weight >= 0, "weight", weight, "0 or more")
    return Penalised(game, own=(0.0, 0.0), other=(weight, weight))


def ode_gan(game: Game, phi0: np.ndarray, theta0: np.ndarray, *, a: Number, b: Number, weight: float) -> Iterator[Play]:
    """Runge–Kutta steps in which the discriminator φ also descends ½ weight ‖g‖² (ODE-GAN, Qin et al., 2020)."""
    require(weight >= 0, "weight", weight, "0 or more")
    return runge_kutta(Penalised(game, own=(0.0, 0.0), other=(weight, 0.0)), phi0, theta0, a=a, b=b)


def rotation_flow_matrix(eps: Number, a: Number, b: Number, kind: str = "continuous") -> np.ndarray:
    """A (*batch, 2, 2) with ẋ = A x for ẋ₁ = −εx₁ + x₂, ẋ₂ = −x₁ − εx₂; one update takes unit time.

    `kind` is "continuous", or "simultaneous" or "alternating" for the modified flow of these updates.
    """
    kinds = ("continuous", "simultaneous", "alternating")
    require(kind in kinds, "kind", kind, f"one of {kinds}")
    check_rates(a, b)
    eps, a, b = np.broadcast_arrays(*map(np.asarray, (eps, a, b)))
    f, g = np.stack([-a * eps, a], -1), np.stack([-b, -b * eps], -1)  # one player's step, as a row
    lift = [np.asarray(number)[..., None] for number in (eps, a, b)]
    if kind == "continuous":
        return np.stack([f, g], -2)
    eps, a, b = lift
    sign = 1 if kind == "simultaneous" else -1
    return np.stack([f - (-a * eps * f + a * g) / 2, g - (-sign * b * f - b * eps * g) / 2], -2)


def rotation_update_matrix(eps: Number, a: Number, b: Number, alternating: bool = False) -> np.ndarray:
    """M (*batch, 2, 2) with x⁺ = M x for the updates of ẋ₁ = −εx₁ + x₂, ẋ₂ = −x₁ − εx₂."""
    check_rates(a, b)
    eps, a, b = np.broadcast_arrays(*map(np.asarray, (eps, a, b)))
    first = np.stack([1 - a * eps, a], -1)
    seen = first if alternating else np.stack([np.ones_like(a, float), np.zeros_like(a, float)], -1)
    second = -b[..., None] * seen + np.stack([np.zeros_like(b, float), 1 - b * eps], -1)
    return np.stack([first, second], -2)


def linear_flow(A: np.ndarray, x0: np.ndarray, time: Number) -> np.ndarray:
    """x(t) = exp(tA) x₀ (*batch, d), in closed form."""
    return (expm(np.asarray(time)[..., None, None] * A) @ np.asarray(x0)[..., None])[..., 0]


def update_rate(M: np.ndarray, h: Number) -> np.ndarray:
    """Log ρ(M)/h: the exponent per unit of time at which x⁺ = M x grows, with ρ the spectral radius."""
    return np.log(abs(np.linalg.eigvals(M)).max(-1)) / h


def flow_rate(A: np.ndarray, h: Number) -> np.ndarray:
    """The largest Re λ(A), per unit of time when one update of step h takes unit time."""
    return np.linalg.eigvals(A).real.max(-1) / h


def longest_stable_step(eps: Number) -> Any:
    """2ε/(1 + ε²): below it simultaneous updates of the rotation game converge."""
    return 2 * eps / (1 + np.square(eps))


def predicted_longest_step(eps: Number) -> Any:
    """2ε/(1 − ε²): what the modified flow says of `longest_stable_step`; no limit from ε = 1 on."""
    eps = np.asarray(eps, float)
    return np.divide(2 * eps, 1 - eps**2, out=np.full_like(eps, np.inf), where=eps < 1)


def table(phi0: np.ndarray, theta0: np.ndarray, *parameters: Number) -> list[Any]:
    """Bring both starts and the hyper-parameters to one batch: see `optilab.core.run.replicates`."""
    phi, *lifted = replicates(phi0, *parameters)
    (theta,) = replicates(theta0)
    batch = np.broadcast_shapes(phi.shape[:-1], theta.shape[:-1], *(parameter.shape[:-1] for parameter in lifted))
    return [np.broadcast_to(player, (*batch, player.shape[-1])).copy() for player in (phi, theta)] + lifted


def joined(phi: np.ndarray, theta: np.ndarray) -> Play:
    """The state of both players."""
    return Play(np.concatenate([phi, theta], -1), phi, theta)


def check_rates(a: Number, b: Number) -> None:
    """Refuse rates that are not positive and finite."""
    for name, rate in (("a", a), ("b", b)):
        require(np.isfinite(rate) & (np.asarray(rate) > 0), name, rate, "positive and finite")


def check_substeps(m: int, k: int) -> None:
    """Refuse numbers of sub-steps that are no positive integers."""
    for name, number in (("m", m), ("k", k)):
        whole = isinstance(number, (int, np.integer)) and not isinstance(number, bool) and number >= 1
        require(whole, name, number, "a positive integer")
