"""Updates of a game, the flow that it means and the flow that they follow, and the drift on a circle."""

from dataclasses import replace
from functools import lru_cache
from itertools import accumulate
from typing import Any

import numpy as np
from scipy.integrate import solve_ivp
from scipy.linalg import expm

from optilab.core.run import run
from optilab.papers.discretisation_drift.algorithm.games import Drift, ModifiedFlow, alternating, simultaneous
from optilab.problems.games import DiracGAN, Rotation
from optilab.problems.oracles import Players

STEPS, FAR = 100, 1e8
BETWEEN = 4  # points of a flow for each update
TIMES = np.arange(STEPS * BETWEEN + 1) / BETWEEN
TURNS = np.arange(16) * 2 * np.pi / 16
RIM = np.stack([np.cos(TURNS), np.sin(TURNS)], -1)  # points of the circle from which the drift is drawn


@lru_cache(maxsize=8)
def game_of(game: str, eps: float) -> Any:
    """The game that a choice names."""
    return Rotation(eps) if game == "rotation" else DiracGAN()


def updates_and_flow(
    game: str,
    eps: float,
    updates: str,
    a: float,
    b: float,
    m: int,
    k: int,
    interaction: float,
    self_term: float,
    phi0: float,
    theta0: float,
) -> Any:
    """The updates of a game (steps + 1, 2), and the flow that they follow, `BETWEEN` points for each of them."""
    players, phi, theta = game_of(game, eps), np.array([phi0]), np.array([theta0])
    settings: dict[str, Any] = {"a": a, "b": b, "interaction": interaction, "self_term": self_term}
    if updates == "alternating":
        settings |= {"m": m, "k": k}
        states = alternating(players, phi, theta, **settings)
    else:
        states = simultaneous(players, phi, theta, **settings)
    flow = ModifiedFlow(players, alternating=updates == "alternating", common_clock=True, **settings)
    path = run(states, STEPS, keep=["x"], limit=FAR).x
    return path, carried(flow, game == "rotation", path[0])


@lru_cache(maxsize=8)
def meant(game: str, eps: float, a: float, b: float, phi0: float, theta0: float) -> np.ndarray:
    """Where the game's own flow is, `BETWEEN` points for each update."""
    return carried(game_of(game, eps), game == "rotation", np.array([phi0, theta0]), a, b, rtol=1e-5)


def carried(
    players: Players, linear: bool, x0: np.ndarray, a: float = 1.0, b: float = 1.0, rtol: float = 1e-4
) -> np.ndarray:
    """Where a flow with velocities a f and b g carries x0 (2,), `BETWEEN` points for each update."""

    def velocity(_t: float, x: np.ndarray) -> np.ndarray:
        return np.concatenate([a * players.f(x[..., :1], x[..., 1:]), b * players.g(x[..., :1], x[..., 1:])], -1)

    if linear:
        onwards = expm(velocity(0.0, np.eye(2)).T / BETWEEN)
        return np.array(list(accumulate(range(STEPS * BETWEEN), lambda x, _: onwards @ x, initial=x0)))
    return solve_ivp(velocity, (0, STEPS), x0, t_eval=TIMES, rtol=rtol, atol=1e-7).y.T


def spokes(drift: Drift) -> dict[str, Any]:
    """The two parts of a drift as strokes from points of a circle, drawn to a common scale."""
    phi, theta = RIM[:, :1], RIM[:, 1:]
    f, g = drift.game.f(phi, theta), drift.game.g(phi, theta)
    parts = {}
    for name, part in (("interaction", replace(drift, self_term=0.0)), ("self", replace(drift, interaction=0.0))):
        left = part.of_phi(phi, theta, f, g) + 0 * phi, part.of_theta(phi, theta, f, g) + 0 * theta
        parts[name] = np.concatenate([part.a * left[0], part.b * left[1]], -1)
    longest = max(np.linalg.norm(part, axis=-1).max() for part in parts.values())
    strokes: dict[str, Any] = {"rim": (np.append(RIM[:, 0], RIM[0, 0]), np.append(RIM[:, 1], RIM[0, 1]))}
    for name, move in parts.items():
        tip = RIM + (0.55 / longest if longest > 0 else 0.0) * move
        stroke = np.stack([RIM, tip, np.full_like(RIM, np.nan)], 1).reshape(-1, 2)
        strokes |= {name: (stroke[:, 0], stroke[:, 1]), f"{name} tips": (tip[:, 0], tip[:, 1])}
    return strokes
