"""Two players: the flow that they mean, the updates that they make, and the flow that these follow."""

from typing import Any

import numpy as np

from optilab.papers.discretisation_drift.algorithm.games import Drift
from optilab.papers.discretisation_drift.explorer.orbits import (
    FAR,
    STEPS,
    TIMES,
    game_of,
    meant,
    spokes,
    updates_and_flow,
)
from optilab.papers.discretisation_drift.explorer.parts import color
from optilab.ui.controls import choice, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, curve, dots, entry, log, panel, promise, thin, walk
from optilab.ui.theme import GREEN, PINK, ink
from optilab.ui.words import number

START, VIEW = 2.0, 3.0  # starts are within [−2, 2]², the picture shows [−3, 3]²


def compute(game: str, eps: float, updates: str, a: float, b: float, m: int, k: int, **rest: float) -> dict[str, Any]:
    """Orbits of the continuous flow, of the updates and of their modified flow; radii; the drift on a circle."""
    start = rest["phi0"], rest["theta0"]
    if not any(start):
        raise ValueError("the start must not be the equilibrium (0, 0), where nothing ever moves")
    played, followed = updates_and_flow(game, eps, updates, a, b, m, k, **rest)
    paths = {"meant": meant(game, eps, a, b, *start), "played": played, "followed": followed}
    turns: dict[str, Any] = {"alternating": True, "m": m, "k": k} if updates == "alternating" else {}
    data = spokes(Drift(game_of(game, eps), a, b, 1 + rest["interaction"], 1 + rest["self_term"], **turns))
    for name, path in paths.items():
        times = np.arange(STEPS + 1) if name == "played" else TIMES
        path = np.concatenate([path, np.full((len(times) - len(path), 2), np.nan)])
        radius = np.linalg.norm(path, axis=-1)
        path = np.where((radius < FAR)[:, None], path, np.nan)
        data[name] = path[:, 0], path[:, 1]
        data[f"{name} radius"] = times, np.where((radius < FAR) & (radius > 1e-12), radius, np.nan)
    radii = {name: data[f"{name} radius"][1] for name in paths}
    return data | titles(radii) | {"note": note(radii, np.flatnonzero(np.isnan(played[:, 0])))}


def titles(radii: dict[str, np.ndarray]) -> dict[str, str]:
    """What to see: how far the updates end from the game's own flow, and whether the modified flow knew."""

    def off(name: str) -> float:
        ratio = np.log(radii["played"][-1] / radii[name][-1])
        return abs(ratio) if np.isfinite(ratio) else np.inf

    own, modified = off("meant"), off("followed")
    leaves = "leave" if own > 0.1 else "keep near"
    if own <= 0.1:
        knows = "both flows end where the updates do" if modified <= 0.1 else "the game's own flow is nearer"
    elif modified <= max(0.1, own / 3):
        knows = "the modified flow knows, the game's own doesn't"
    else:
        knows = "neither flow tells it well at these rates"
    return {
        "plane title": f"The updates {leaves} the game's own orbit. Drag the start.",
        "radius title": f"The radius: {knows}",
    }


def note(radii: dict[str, np.ndarray], lost: np.ndarray) -> str:
    """Where the updates and the flows end, in one sentence; `lost` are the updates at which the players are lost."""
    if len(lost):
        return f"The updates diverge: radius above 10⁸ at update {lost[0]}."
    start = radii["played"][0]

    def end(name: str) -> str:
        radius = radii[name]
        if np.isfinite(radius[-1]):
            return number(radius[-1] / start)
        return "more than 10⁸" if radius[np.isfinite(radius)][-1] > start else "0"

    return (
        f"After {STEPS} updates the radius has changed by a factor {end('played')}; "
        f"the game itself says {end('meant')}, the modified flow {end('followed')}."
    )


def two_players(**start: Any) -> Explorer:
    """Phase plane of the rotation game and the Dirac-GAN, with each term of the drift under a slider."""
    blue, orange = color("gradient flow"), color("modified flow")
    faint: dict[str, Any] = {"size": 4.5, "line": {"color": ink(0.35), "width": 1}}  # lets the modified flow be seen
    terms = (("interaction", PINK), ("self", GREEN))
    games = [("rotation: ẋ = −εx + y, ẏ = −x − εy", "rotation"), ("Dirac-GAN", "dirac")]
    same = {"same as a": lambda v: v["a"], "2a": lambda v: 2 * v["a"]}
    multiplier = {"cancel": -1.0, "leave": 0.0}

    def turns(values: dict[str, Any]) -> bool:
        return bool(values["updates"] == "alternating")

    def selfish(values: dict[str, Any]) -> bool:
        return bool(values["game"] != "rotation" or values["eps"] > 0)  # without friction the self terms are zero

    def plane(reach: float) -> dict[str, Any]:
        look, ends = {"zeroline": True, "zerolinecolor": ink(0.2), "constrain": "domain"}, [-reach, reach]
        return {"x": axis("player φ", ends) | look, "y": axis("player θ", ends, equal=True) | look}

    return Explorer(
        compute,
        {
            "game": choice("game", "rotation", games),
            "updates": choice("players move", "simultaneous", ["simultaneous", "alternating"]),
            "interaction": slider("add interaction term ×", 0.0, -3.0, 1.0, 0.1, named=multiplier),
            "self_term": slider("add self term ×", 0.0, -1.0, 2.0, 0.1, named=multiplier, when=selfish),
            "a": slider("rate a of φ", 0.1, 0.01, 0.5, 0.01),
            "b": slider("rate b of θ", 0.1, 0.01, 0.5, 0.01, named=same),
            "eps": slider("friction ε", 0.0, 0.0, 0.5, 0.01, when=lambda values: values["game"] == "rotation"),
            "m": slider("sub-steps m of φ", 1, 1, 3, 1, when=turns),
            "k": slider("sub-steps k of θ", 1, 1, 3, 1, when=turns),
            "phi0": slider("start φ", 1.0, -START, START, 0.05),
            "theta0": slider("start θ", 0.0, -START, START, 0.05),
        },
        [
            panel(
                entry("plane title"),
                curve("meant", "the game's own flow", blue),
                promise("followed", "modified flow", orange, width=2.5),
                walk("played", "updates", **faint),
                **plane(VIEW),
                click=("phi0", "theta0"),
                height=340,
            ),
            panel(
                entry("radius title"),
                curve("meant radius", "", blue, name="the game's own flow"),
                promise("followed radius", "", orange, name="modified flow", width=2.5),
                walk("played radius", name="updates", **faint),
                x="updates",
                y=log("distance from equilibrium", nticks=6),
                height=340,
            ),
            panel(
                "Why: the drift of one update on the unit circle, drawn to scale",
                thin("rim", shade=ink(0.4), hoverinfo="skip"),
                *(curve(part, f"{part} term", shade, legendgroup=part) for part, shade in terms),
                *(dots(f"{part} tips", shade=shade, legendgroup=part, size=6) for part, shade in terms),
                **plane(1.7),
                height=340,
            ),
        ],
        call=__name__,
        start=start,
        recipe=updates_and_flow,
    )
