"""Two players: the flow that they mean, the updates that they make, and the flow that these follow."""

from functools import lru_cache
from typing import Any

import numpy as np
import plotly.graph_objects as go
from scipy.integrate import solve_ivp

from optilab.core.run import run
from optilab.papers.discretisation_drift.algorithm import games
from optilab.papers.discretisation_drift.algorithm.rotation import linear_flow
from optilab.problems.games import DiracGAN, Rotation
from optilab.ui.controls import choice, slider
from optilab.ui.explorer import Explorer
from optilab.ui.pictures import Panel
from optilab.ui.theme import GREEN, INK, PINK, color, ink

VIEW, STEPS, FAR = 2.0, 100, 1e8
SPOKES = 16
SIMULTANEOUS, ALTERNATING = "simultaneous", "alternating"


@lru_cache(maxsize=8)
def game_of(name: str, eps: float) -> Any:
    """The game that a choice names."""
    return Rotation(eps) if name == "rotation" else DiracGAN()


def carried(players: Any, linear: bool, x0: np.ndarray, a: float = 1.0, b: float = 1.0) -> np.ndarray:
    """Where a flow with velocities a f and b g carries x0 (2,) at times 0 … STEPS, (STEPS + 1, 2)."""
    times = np.arange(STEPS + 1)
    if linear:
        basis = np.eye(2)
        phi, theta = basis[:, :1], basis[:, 1:]
        return linear_flow(np.concatenate([a * players.f(phi, theta), b * players.g(phi, theta)], -1).T, x0, times)

    def velocity(_t: float, x: np.ndarray) -> np.ndarray:
        return np.concatenate([a * players.f(x[:1], x[1:]), b * players.g(x[:1], x[1:])])

    return solve_ivp(velocity, (0, STEPS), x0, t_eval=times, method="DOP853", rtol=1e-5, atol=1e-9).y.T


def spokes(players: dict[str, Any], radius: float) -> dict[str, np.ndarray]:
    """The two parts of the drift that is left, as strokes from points of a circle, drawn to a common scale."""
    angle = np.arange(SPOKES) * 2 * np.pi / SPOKES
    at = radius * np.stack([np.cos(angle), np.sin(angle)], -1)
    phi, theta = at[:, :1], at[:, 1:]
    game, a, b, m, k, alternating = (players[name] for name in ("game", "a", "b", "m", "k", "alternating"))
    f, g = game.f(phi, theta), game.g(phi, theta)
    parts = {}
    for part, left in (("interaction", players["interaction"]), ("self", players["self_term"])):
        c = {"interaction": 0.0, "self_term": 0.0} | {"self_term" if part == "self" else part: 1.0 + left}
        both = games.Drift(game, a, b, **c, alternating=alternating, m=m, k=k)
        drifts = a * both.of_phi(phi, theta, f, g) + 0 * phi, b * both.of_theta(phi, theta, f, g) + 0 * theta
        parts[part] = np.concatenate(drifts, -1)
    longest = max(np.linalg.norm(part, axis=-1).max() for part in parts.values())
    scale = 0.55 * radius / longest if longest > 0 else 0.0
    strokes: dict[str, np.ndarray] = {}
    for part, drift in parts.items():
        gap = np.full_like(at, np.nan)
        stroke = np.stack([at, at + scale * drift, gap], 1).reshape(-1, 2)
        strokes |= {f"{part} x": stroke[:, 0], f"{part} y": stroke[:, 1]}
        strokes |= {f"{part} tip x": (at + scale * drift)[:, 0], f"{part} tip y": (at + scale * drift)[:, 1]}
    return strokes | {"rim x": np.append(at[:, 0], at[0, 0]), "rim y": np.append(at[:, 1], at[0, 1])}


def compute(
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
) -> dict[str, Any]:
    """Orbits of the continuous flow, of the updates and of their modified flow; radii; the drift on a circle."""
    alternating = updates == ALTERNATING
    m, k = (m, k) if alternating else (1, 1)
    x0 = np.array([phi0, theta0])
    if not x0.any():
        raise ValueError("the start must not be the equilibrium (0, 0), where nothing ever moves")
    players = game_of(game, eps)
    settings: dict[str, Any] = {"a": a, "b": b, "interaction": interaction, "self_term": self_term}
    if alternating:
        states = games.alternating(players, x0[:1], x0[1:], m=m, k=k, **settings)
    else:
        states = games.simultaneous(players, x0[:1], x0[1:], **settings)
    played = run(states, STEPS, keep=["x"], limit=FAR)
    linear = game == "rotation"
    meant = carried(players, linear, x0, a, b)
    modified = games.ModifiedFlow(players, alternating=alternating, m=m, k=k, common_clock=True, **settings)
    followed = carried(modified, linear, x0)
    data: dict[str, Any] = {"n": np.arange(STEPS + 1)}
    for name, path in (("meant", meant), ("played", played.x), ("followed", followed)):
        path = np.concatenate([path, np.full((STEPS + 1 - len(path), 2), np.nan)])
        radius = np.linalg.norm(path, axis=-1)
        kept = (radius < FAR)[:, None]
        path = np.where(kept, path, np.nan)
        data |= {f"{name} x": path[:, 0], f"{name} y": path[:, 1]}
        data[f"{name} radius"] = np.where(kept[:, 0] & (radius > 1e-12), radius, np.nan)
    data |= spokes(settings | {"game": players, "m": m, "k": k, "alternating": alternating}, 1.0)
    data["note"] = note(data, played.diverged)
    return data


def note(data: dict[str, Any], diverged: np.ndarray) -> str:
    """Where the updates and the flows end, in one sentence."""
    if np.isfinite(diverged):
        return f"The updates diverge: radius above 10⁸ at update {int(diverged)}."
    start = data["played radius"][0]

    def end(name: str) -> str:
        radius = data[f"{name} radius"]
        if np.isfinite(radius[-1]):
            return f"{radius[-1] / start:.3g}"
        seen = radius[np.isfinite(radius)]
        return "more than 10⁸" if seen[-1] > start else "0"

    return (
        f"After {STEPS} updates the radius has changed by a factor {end('played')}; "
        f"the game itself says {end('meant')}, the modified flow {end('followed')}."
    )


def code(values: dict[str, Any]) -> str:
    """The algorithm's own call."""
    players = f"Rotation({values['eps']:.4g})" if values["game"] == "rotation" else "DiracGAN()"
    substeps = f"m={values['m']}, k={values['k']}, " if values["updates"] == ALTERNATING else ""
    return (
        "from optilab.core.run import run\n"
        "from optilab.papers.discretisation_drift.algorithm import games\n"
        "from optilab.problems.games import DiracGAN, Rotation\n\n"
        f"states = games.{values['updates']}({players}, [{values['phi0']:.4g}], [{values['theta0']:.4g}], {substeps}"
        f"a={values['a']:.4g}, b={values['b']:.4g},\n"
        f"    interaction={values['interaction']:.4g}, self_term={values['self_term']:.4g})\n"
        f"run(states, {STEPS}, limit=1e8).x"
    )


def two_players(**start: Any) -> Explorer:
    """Phase plane of the rotation game and the Dirac-GAN, with each term of the drift under a slider."""
    curves = [
        ("meant", {"name": "the game's own flow", "line": {"color": color("gradient flow"), "width": 2.5}}),
        (
            "followed",
            {"name": "modified flow", "line": {"color": color("modified flow"), "width": 2.5, "dash": "dash"}},
        ),
        (
            "played",
            {
                "name": "updates",
                "mode": "lines+markers",
                "line": {"color": ink(0.35), "width": 1},
                "marker": {"size": 4.5, "color": INK},
            },
        ),
    ]
    square = {"range": [-VIEW, VIEW], "zeroline": True, "zerolinecolor": ink(0.2), "constrain": "domain"}
    level = square | {"scaleanchor": "x"}
    return Explorer(
        compute,
        {
            "game": choice(
                "game", "rotation", [("rotation: ẋ = −εx + y, ẏ = −x − εy", "rotation"), ("Dirac-GAN", "dirac")]
            ),
            "eps": slider("friction ε", 0.0, 0.0, 0.5, 0.01),
            "updates": choice("players move", SIMULTANEOUS, [SIMULTANEOUS, ALTERNATING]),
            "a": slider("rate a of φ", 0.1, 0.01, 0.5, 0.01),
            "b": slider(
                "rate b of θ", 0.1, 0.01, 0.5, 0.01, named={"same as a": lambda v: v["a"], "2a": lambda v: 2 * v["a"]}
            ),
            "m": slider("sub-steps m of φ (alternating)", 1, 1, 5, 1),
            "k": slider("sub-steps k of θ (alternating)", 1, 1, 5, 1),
            "interaction": slider("add interaction term ×", 0.0, -3.0, 1.0, 0.1, named={"cancel": -1.0, "leave": 0.0}),
            "self_term": slider("add self term ×", 0.0, -1.0, 2.0, 0.1, named={"cancel": -1.0, "leave": 0.0}),
            "phi0": slider("start φ", 1.0, -VIEW, VIEW, 0.05),
            "theta0": slider("start θ", 0.0, -VIEW, VIEW, 0.05),
        },
        [
            Panel(
                "The updates leave the game's own circle. Drag the start.",
                [(go.Scatter(style), {"x": f"{name} x", "y": f"{name} y"}) for name, style in curves],
                {"xaxis": square | {"title": {"text": "player φ"}}, "yaxis": level | {"title": {"text": "player θ"}}},
                click=("phi0", "theta0"),
                height=340,
            ),
            Panel(
                "The radius: the modified flow knows, the game's own doesn't",
                [(go.Scatter(style, showlegend=False), {"x": "n", "y": f"{name} radius"}) for name, style in curves],
                {
                    "xaxis": {"title": {"text": "updates"}},
                    "yaxis": {"type": "log", "nticks": 6, "title": {"text": "distance from equilibrium"}},
                },
                height=340,
            ),
            Panel(
                "Why: the drift of one update on the unit circle, drawn to scale",
                [
                    (
                        go.Scatter(line={"color": ink(0.4), "width": 1}, showlegend=False, hoverinfo="skip"),
                        {"x": "rim x", "y": "rim y"},
                    ),
                    *(
                        (
                            go.Scatter(name=f"{part} term", line={"color": shade, "width": 3}, legendgroup=part),
                            {"x": f"{part} x", "y": f"{part} y"},
                        )
                        for part, shade in (("interaction", PINK), ("self", GREEN))
                    ),
                    *(
                        (
                            go.Scatter(
                                mode="markers", marker={"size": 6, "color": shade}, legendgroup=part, showlegend=False
                            ),
                            {"x": f"{part} tip x", "y": f"{part} tip y"},
                        )
                        for part, shade in (("interaction", PINK), ("self", GREEN))
                    ),
                ],
                {
                    "xaxis": square | {"range": [-1.7, 1.7], "title": {"text": "player φ"}},
                    "yaxis": level | {"range": [-1.7, 1.7], "title": {"text": "player θ"}},
                },
                height=340,
            ),
        ],
        call="optilab.papers.discretisation_drift.explorer.two_players",
        start=start,
        code=code,
    )
