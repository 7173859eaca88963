"""Two-player games: what the discretisation of φ̇ = f(φ, θ), θ̇ = g(φ, θ) adds to it, and how to take that away again.

Simultaneous updates φ⁺ = φ + a f, θ⁺ = θ + b g don't follow f and g but, to second order in the rates,

    φ̇ = f − a/2 (f_φ f + f_θ g),    θ̇ = g − b/2 (g_φ f + g_θ g)

in the clock of each player (φ is read at time a, θ at time b). The first product of φ and the second of θ are a
player's *self* term, the cross products its *interaction* term. Alternating updates have other coefficients.

Everything that moves two players is an object with `f(phi, theta)` and `g(phi, theta)`: the game, its modified flow,
its penalised versions. So one Runge–Kutta integrates them all.

Source: M. Rosca, Y. Wu, B. Dherin, D. Barrett, "Discretization drift in two-player games", ICML 2021.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from optilab.core.check import require, whole
from optilab.core.numerics import rk4
from optilab.core.run import algorithm, replicates
from optilab.problems.oracles import Game, Number, Players

PARTS = {"biased": 1, "unbiased": 2}  # parts that a batch is split into to estimate a drift


class Play(NamedTuple):
    """Where the players are."""

    x: np.ndarray  # (*batch, m + n) both, joined
    phi: np.ndarray  # (*batch, m)
    theta: np.ndarray  # (*batch, n)


@dataclass(frozen=True)
class Drift:
    """The drift of each player in its own clock, the two parts with multipliers: what an explicit regulariser adds.

    Parameters
    ----------
    game : Game
        The four products are asked for only where a multiplier isn't zero.
    a, b : number or array (*batch, 1)
        Rates of the first and the second player.
    interaction, self_term : number or array (*batch, 1)
        Multipliers: −1 cancels what the updates drift by themselves, +1 doubles it, 0 leaves it.
    alternating : bool
        The second player sees the first one's new point.
    m, k : int
        Sub-steps of each player.
    """

    game: Game
    a: Number
    b: Number
    interaction: Number
    self_term: Number
    alternating: bool = False
    m: int = 1
    k: int = 1

    def of_phi(self, phi: np.ndarray, theta: np.ndarray, f: Any, g: Any) -> Any:
        """−a/2 (self_term/m · f_φ f + interaction · f_θ g)."""
        own = times(self.self_term, self.game, "f_phi", phi, theta, f) / self.m
        return -self.a / 2 * (own + times(self.interaction, self.game, "f_theta", phi, theta, g))

    def of_theta(self, phi: np.ndarray, theta: np.ndarray, f: Any, g: Any) -> Any:
        """−b/2 (interaction (1 − 2a/b if alternating) · g_φ f + self_term/k · g_θ g)."""
        other = 1 - 2 * self.a / self.b if self.alternating else 1.0
        own = times(self.self_term, self.game, "g_theta", phi, theta, g) / self.k
        return -self.b / 2 * (times(self.interaction * other, self.game, "g_phi", phi, theta, f) + own)


def times(c: Any, game: Any, product: str, phi: np.ndarray, theta: np.ndarray, v: np.ndarray) -> Any:
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

    @cached_property
    def lifted(self) -> list[np.ndarray]:
        """a, b, interaction and self_term with an axis for the coordinates."""
        return [np.asarray(number)[..., None] for number in (self.a, self.b, self.interaction, self.self_term)]

    def f(self, phi: np.ndarray, theta: np.ndarray) -> np.ndarray:
        """Velocity of φ (*batch, m): f − a/2 (f_φ f/m + f_θ g), or a f − ½(a² f_φ f/m + ab f_θ g) by a common clock."""
        game, (a, b, interaction, self_term) = self.game, self.lifted
        f, g = game.f(phi, theta), game.g(phi, theta)
        own, cross = game.f_phi(phi, theta, f) / self.m, game.f_theta(phi, theta, g)
        explicit = -a / 2 * (self_term * own + interaction * cross)
        if self.common_clock:
            return a * f - (a**2 * own + a * b * cross) / 2 + a * explicit
        return f - a / 2 * (own + cross) + explicit

    def g(self, phi: np.ndarray, theta: np.ndarray) -> np.ndarray:
        """Velocity of θ (*batch, n): g − b/2 (g_φ f + g_θ g/k), or b g − ½(ab g_φ f + b² g_θ g/k) by a common clock.

        In alternating play g_φ f comes with the factor 1 − 2a/b, or by a common clock with the other sign.
        """
        game, (a, b, interaction, self_term) = self.game, self.lifted
        f, g = game.f(phi, theta), game.g(phi, theta)
        cross, own = game.g_phi(phi, theta, f), game.g_theta(phi, theta, g) / self.k
        other = 1 - 2 * a / b if self.alternating else 1.0
        explicit = -b / 2 * (interaction * other * cross + self_term * own)
        if self.common_clock:
            sign = -1 if self.alternating else 1
            return b * g - (sign * a * b * cross + b**2 * own) / 2 + b * explicit
        return g - b / 2 * (other * cross + own) + explicit


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
    phi, theta, a, b, interaction, self_term = _checked(phi0, theta0, a, b, interaction, self_term)
    drift = Drift(game, a, b, interaction, self_term)
    while True:
        yield joined(phi, theta)
        f, g = game.f(phi, theta), game.g(phi, theta)
        phi, theta = (
            phi + a * (f + drift.of_phi(phi, theta, f, g)),
            theta + b * (g + drift.of_theta(phi, theta, f, g)),
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
    check_substeps(m, k)
    phi, theta, a, b, interaction, self_term = _checked(phi0, theta0, a, b, interaction, self_term)
    drift = Drift(game, a, b, interaction, self_term, alternating=True, m=m, k=k)
    regularised = np.any(interaction) or np.any(self_term)
    while True:
        yield joined(phi, theta)
        for _ in range(m):
            f = game.f(phi, theta)
            if regularised:
                f = f + drift.of_phi(phi, theta, f, game.g(phi, theta))
            phi = phi + a / m * f
        for _ in range(k):
            g = game.g(phi, theta)
            if regularised:
                g = g + drift.of_theta(phi, theta, game.f(phi, theta), g)
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
    require(estimator in PARTS, "estimator", estimator, "'biased' or 'unbiased'")
    parts = PARTS[estimator]
    require(size > 0 and size % parts == 0, "size", size, f"a positive multiple of {parts}")
    phi, theta, a, b, interaction, self_term = _checked(phi0, theta0, a, b, interaction, self_term)
    while True:
        yield joined(phi, theta)
        games = [game.on(game.sample(rng, (*phi.shape[:-1], size // parts))) for _ in range(parts)]
        fs, gs = [part.f(phi, theta) for part in games], [part.g(phi, theta) for part in games]
        f, g = sum(fs) / parts, sum(gs) / parts
        drift = Drift(games[0], a, b, interaction, self_term)  # its matrices from the first part
        phi, theta = (
            phi + a * (f + drift.of_phi(phi, theta, fs[-1], gs[-1])),  # its velocities from the last
            theta + b * (g + drift.of_theta(phi, theta, fs[-1], gs[-1])),
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
    phi, theta, a, b = _checked(phi0, theta0, a, b)
    m = phi.shape[-1]
    step = np.concatenate([np.broadcast_to(a, phi.shape), np.broadcast_to(b, theta.shape)], -1)

    def velocity(_t: float, x: np.ndarray) -> np.ndarray:
        return np.concatenate([players.f(x[..., :m], x[..., m:]), players.g(x[..., :m], x[..., m:])], -1)

    x = np.concatenate([phi, theta], -1)
    while True:
        yield Play(x, x[..., :m], x[..., m:])
        x = rk4(velocity, 0.0, x, step)


def follow_players(players: Players, phi0: np.ndarray, theta0: np.ndarray, time: Number, substeps: int = 20) -> Play:
    """Where `players` carry (phi0, theta0) in `time`, a number or an array (*batch), by Runge–Kutta substeps."""
    step = np.asarray(time) / substeps
    states = runge_kutta(players, phi0, theta0, a=step, b=step)
    for _ in range(substeps):
        next(states)
    return next(states)


def _checked(phi0: np.ndarray, theta0: np.ndarray, a: Number, b: Number, *multipliers: Number) -> list[Any]:
    """Both starts, the rates and what else there is, brought to one batch once the rates are known to be allowed."""
    check_rates(a, b)
    phi, *lifted = replicates(phi0, a, b, *multipliers)
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
        require(whole(number, 1), name, number, "a positive integer")
