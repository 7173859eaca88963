"""Two functions with kinks: where gradients jam, and descent across kinks doesn't."""

from functools import cache, lru_cache
from itertools import islice
from typing import Any

import numpy as np

from optilab.papers.multiobjective_pde.algorithm import direction, gebken_peitz, mgda, steps_bound
from optilab.papers.multiobjective_pde.explorer.parts import ACROSS, PLAIN, color, counted
from optilab.papers.multiobjective_pde.problems import Crescent
from optilab.ui.controls import log_slider, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, contour, entry, guide, halo, here, panel, thin, walk
from optilab.ui.theme import GREEN, ink
from optilab.ui.words import number

DELTA, MOST, WIDTH = 1e-3, 250, 1.6
LINE = np.linspace(-WIDTH, WIDTH, 65)
ROUND = np.linspace(0, 2 * np.pi, 121)
UPPER = np.where(1 + np.sin(ROUND) <= WIDTH, 1 + np.sin(ROUND), np.nan)


@cache
def heights() -> np.ndarray:
    """Both functions on the grid of the picture: (65, 65, 2)."""
    return Crescent()(np.stack(np.meshgrid(LINE, LINE), -1))


@cache
def best() -> tuple[np.ndarray, np.ndarray]:
    """The Pareto set and its image, (points, 2) each: the least f₂ under each level of f₁, on a fine grid."""
    grid = np.stack(np.meshgrid(np.linspace(-0.1, 1.2, 521), np.linspace(-0.3, 0.8, 441)), -1).reshape(-1, 2)
    f = Crescent()(grid)
    at = np.array([np.where(f[:, 0] <= level, f[:, 1], np.inf).argmin() for level in np.linspace(0, 1.02, 60)])
    return grid[at], f[at]


def both_ways(x1: float, x2: float, eps: float, c: float) -> Any:
    """Descent across kinks and on gradients alone, from the same start: their states."""
    problem, x = Crescent(), np.array([x1, x2])
    across = list(islice(gebken_peitz(problem, x, eps=eps, delta=DELTA, c=c), MOST))
    plain = list(islice(mgda(problem, x, delta=DELTA, c=c), MOST))
    return across, plain


@lru_cache(8)
def criticality(x1: float, x2: float, eps: float, c: float) -> float:
    """|v| of the direction from within ε at a point."""
    return float(np.linalg.norm(direction(Crescent(), np.array([x1, x2]), eps=eps, delta=DELTA, c=c).v))


def compute(x1: float, x2: float, eps: float, c: float) -> dict[str, Any]:
    """Both paths in the plane and in the plane of values."""
    across, plain = both_ways(x1, x2, eps, c)
    data: dict[str, Any] = {}
    for name, states in (("across", across), ("plain", plain)):
        x, f = np.array([state.x for state in states]), np.array([state.f for state in states])
        data |= {name: (x[:, 0], x[:, 1]), f"{name} end": ([x[-1, 0]], [x[-1, 1]])}
        data |= {f"{name} values": (f[:, 0], f[:, 1]), f"{name} there": ([f[-1, 0]], [f[-1, 1]])}
    set_, image = best()
    steps, end = len(across) - 1, across[-1].x
    left = criticality(*(float(part) for part in plain[-1].x), eps, c)
    off = float(np.linalg.norm(set_ - end, axis=-1).min())
    allowed = steps_bound(across[0].f, np.array(Crescent.least), eps=eps, delta=DELTA, c=c)
    elements = int(sum(state.elements for state in across))
    jammed = left > DELTA
    unfinished = "" if steps < MOST - 1 else " and not there yet"
    return data | {
        "set": (set_[:, 0], set_[:, 1]),
        "image": (image[:, 0], image[:, 1]),
        "headline": "Gradients jam on a kink; descent across kinks goes on"
        if jammed
        else "Here both come to rest where descent ends",
        "note": f"Descent across kinks: <b>{counted(steps, 'step')}</b>, {elements} subgradients, to "
        f"{number(off, 2)} from the Pareto set{unfinished}; the theorem allows {number(allowed, 2)} steps. "
        f"Gradients alone stop after {counted(len(plain) - 1, 'step')}, where a look around within ε "
        f"still finds a direction of length {number(left)}" + (": they have jammed." if jammed else ": none is left."),
    }


def crescent(**start: Any) -> Explorer:
    """Start, ε and c beside both paths, in the plane and in that of the values."""
    blue, teal = color(ACROSS), color(PLAIN)
    level = {"line": {"width": 0.6}, "ncontours": 14}
    return Explorer(
        compute,
        {
            "x1": slider("start x₁", -1.2, -1.5, 1.5, 0.05),
            "x2": slider("start x₂", 0.9, -1.5, 1.5, 0.05),
            "eps": log_slider("radius ε", 1e-3, 1e-4, 0.5),
            "c": slider("Armijo's c", 0.25, 0.05, 0.8, 0.05),
        },
        [
            panel(
                entry("headline"),
                contour((LINE, LINE, heights()[..., 0]), **level),
                contour((LINE, LINE, heights()[..., 1]), **level),
                guide((np.cos(ROUND), UPPER), "kink of f₁", ink(0.75), width=1.6),
                guide((np.cos(ROUND), np.sin(ROUND)), "kink of f₂", ink(0.75), dash="dash", width=1.6),
                halo("set", "Pareto set", GREEN),
                walk("plain", PLAIN, teal, size=6),
                walk("across", ACROSS, blue, size=4),
                here("plain end", shade=teal),
                here("across end", shade=blue),
                x=axis("x₁ (click: start there)", [-WIDTH, WIDTH], showgrid=False),
                y=axis("x₂", [-WIDTH, WIDTH], equal=True, showgrid=False),
                click=("x1", "x2"),
                height=440,
            ),
            panel(
                "Both values fall in every step",
                halo("image", "front", GREEN),
                thin("plain values", "", teal, width=1.6),
                walk("across values", "", blue, size=4),
                here("plain there", PLAIN, teal),
                here("across there", ACROSS, blue),
                x=axis("f₁", [-0.2, 6]),
                y=axis("f₂", [-2, 6]),
                height=440,
            ),
        ],
        call=__name__,
        start=start,
        recipe=both_ways,
    )
