"""Gradient descent and the flows that try to follow it: on the map, as a wheel, and the law of one step."""

from typing import Any

import numpy as np

from optilab.papers.discretisation_drift.algorithm.coefficients import ALPHAS
from optilab.papers.discretisation_drift.explorer.parts import LINES, NAMES
from optilab.papers.discretisation_drift.explorer.told import map_title, note, wheel_title
from optilab.papers.discretisation_drift.explorer.trajectories import (
    GRID,
    VIEW,
    descent_and_flow,
    loss_of,
    quadratic,
    trajectories,
)
from optilab.ui.controls import choice, formula, player, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, contour, curve, dots, entry, guide, here, panel, region, rule, words
from optilab.ui.theme import ink
from optilab.ui.words import number

BOWL, VALLEY, CUBIC = "x**2 + 0.05*y**2", "0.5*(1 - x)**2 + 2.5*(y - x**2)**2", "0.95*x**2 + x**3/30 + 0.01*y**2"
LOSSES: dict[str, Any] = {
    "bowl": {"loss": BOWL, "h": 0.9, "steps": 12, "x0": -1.4, "y0": 1.6},
    "curved valley": {"loss": VALLEY, "h": 0.2, "steps": 5, "x0": 0.0, "y0": 0.5},
    "cubic": {"loss": CUBIC, "h": 1.0, "steps": 5, "x0": 1.5, "y0": -0.8},
}
MOMENTS = 60  # frames of the film
REACH = 1.2 * VIEW  # of the picture along the steep direction
Z = np.linspace(-0.5, 3.7, 211)
LAW = {
    name: np.exp(Z * alpha(Z)).real for name, alpha in ALPHAS.items()
}  # what each flow multiplies a mode by in a step


def compute(loss: str, h: float, steps: int, x0: float, y0: float, branch: str, moment: int) -> dict[str, Any]:
    """Iterates and flows up to a moment of the film, on the map and along the steep direction; the law of a step."""
    found = trajectories(loss, h, steps, x0, y0, branch)
    descent, steep, z, made, bowl = (found[name] for name in ("descent", "steep", "z", "made", "bowl"))
    now = moment / MOMENTS * max(made, 1) + 1e-9
    reached = np.where((np.arange(len(descent)) <= now)[:, None], descent, np.nan)
    along = reached @ steep
    data: dict[str, Any] = {
        "descent": within(reached[:, 0], reached[:, 1], VIEW),
        "descent seen": within(along, 0 * along, REACH),
    }
    heads, away = [], 0.0
    for name, (time, path) in found["flows"].items():
        path = np.where((time <= now)[:, None], path, np.nan)
        seen = path @ steep
        data |= {name: (path[:, 0].real, path[:, 1].real), f"{name} seen": (seen.real, seen.imag)}
        there = path[np.isfinite(path[:, 0])][-1:]
        heads.append([*there[0].real, (there @ steep)[0]] if len(there) else 3 * [np.nan])
        away = max(away, np.nanmax(abs(seen.imag), initial=0.0))
    at = np.array(heads)
    data |= {
        "heads": within(at[:, 0].real, at[:, 1].real, VIEW),
        "heads seen": within(at[:, 2].real, at[:, 2].imag, REACH),
    }
    shown = z if Z[0] <= z <= Z[-1] else np.nan
    factors = [np.exp(z * ALPHAS[name](np.array(z))).real if np.isfinite(shown) else np.nan for name in NAMES]
    return data | {
        "relief": found["relief"],
        "factors": (np.full(len(factors), shown), np.array(factors)),
        "map title": map_title(z, bowl),
        "wheel title": wheel_title(z, bowl, away),
        "law title": f"The law{'' if bowl else ' at the start'}: a step multiplies what is steep by {number(1 - z)}",
        "note": note(z, bowl, made, steps, found["errors"]),
    }


def within(x: np.ndarray, y: np.ndarray, reach: float) -> tuple[np.ndarray, np.ndarray]:
    """The points that a picture of [−reach, reach]² shows, NaN for the others."""
    seen = np.maximum(abs(x), abs(y)) <= reach
    return np.where(seen, x, np.nan), np.where(seen, y, np.nan)


def edge(values: dict[str, Any], multiple: float) -> float:
    """The step h at which hλ₀ is `multiple`, λ₀ the largest curvature at the start."""
    steepest = np.linalg.eigvalsh(loss_of(values["loss"]).hess(np.array([values["x0"], values["y0"]])))[-1]
    if not steepest > 0:
        raise ValueError("the loss curves nowhere upwards at the start: there is no edge")
    return multiple / float(steepest)


def bends(values: dict[str, Any]) -> bool:
    """Whether the loss isn't quadratic, so that the cut of the logarithm matters."""
    try:
        return not quadratic(loss_of(values["loss"]))
    except ValueError:  # not a formula
        return False


def descent_and_flows(**start: Any) -> Explorer:
    """A loss that the reader types, gradient descent on it and the flows that try to follow."""
    edges = {"hλ₀ = 1": lambda values: edge(values, 1), "edge 2/λ₀": lambda values: edge(values, 2)}
    cuts = [("turned away", "rotated"), ("NumPy's", "principal")]
    shades: Any = [shade for _, _, shade in LINES]
    heads: dict[str, Any] = {"shade": shades, "symbol": "circle-open"}
    ends = [-REACH, REACH]
    return Explorer(
        compute,
        {
            "loss": formula("loss E(x, y) =", BOWL, named=LOSSES),
            "h": slider("learning rate h", 0.9, 0.01, 1.8, 0.01, named=edges),
            "moment": player("play", MOMENTS, MOMENTS),
            "steps": slider("steps", 12, 1, 30, 1),
            "branch": choice("cut of the logarithm", "rotated", cuts, when=bends),
            "x0": slider("start x", -1.4, -VIEW, VIEW, 0.05),
            "y0": slider("start y", 1.6, -VIEW, VIEW, 0.05),
        },
        [
            panel(
                entry("map title"),
                contour((GRID, GRID, "relief")),
                *(curve(name, label, shade) for name, label, shade in LINES),
                dots("descent", "gradient descent"),
                here("heads", **heads),
                x=axis("x", [-VIEW, VIEW], showgrid=False),
                y=axis("y", [-VIEW, VIEW], showgrid=False),
                click=("x0", "y0"),
                height=400,
            ),
            panel(
                entry("wheel title"),
                rule(y=0, color=ink(0.4)),
                *(curve(f"{name} seen", "", shade, name=label) for name, label, shade in LINES),
                dots("descent seen", name="gradient descent"),
                here("heads seen", **heads),
                x=axis("steep direction, real part", ends),
                y=axis("imaginary part", ends),
                height=400,
            ),
            panel(
                entry("law title"),
                region(-1, 1, y=True),
                rule(y=0, color=ink(0.4)),
                *(curve((Z, LAW[name]), "", shade, name=label) for name, label, shade in LINES),
                guide((Z, 1 - Z), "", name="gradient descent, 1 − z"),
                here("factors", shade=shades),
                words("shrinks", 3.2, 0.8, showarrow=False),
                words("other side", 0.2, -0.2, showarrow=False),
                words("grows, zigzagging", 1.1, -1.9, showarrow=False),
                x=axis("z = hλ₀", [Z[0], Z[-1]]),
                y=axis("factor of one step", [-2.8, 1.8]),
                height=400,
            ),
        ],
        call=__name__,
        start=start,
        recipe=descent_and_flow,
    )
