"""Sparse against good: the ℓ1 path with its kinks, and a front with two dips that weights hardly see."""

from functools import cache
from typing import Any

import numpy as np

from optilab.papers.multiobjective_pde.algorithm import l1_path
from optilab.papers.multiobjective_pde.experiment import hull_part, regression
from optilab.papers.multiobjective_pde.problems import Wells
from optilab.ui.controls import slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, cloud, curve, dots, entry, guide, halo, here, panel, rule, thin
from optilab.ui.theme import BLUE, GREEN, ORANGE, ink
from optilab.ui.words import number

D, LOWEST = 8, -1.25


@cache
def path_of(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """λ (points,) and x (points, 8) at the kinks of a regression."""
    points = list(l1_path(regression(seed)))
    return np.array([point.lam for point in points]), np.array([point.x for point in points])


def regression_path(seed: int) -> Any:
    """The kinks of a regression's path."""
    return list(l1_path(regression(seed)))


@cache
def dips() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The image of two dips on [0, 3]: x, f, the Pareto points and those that some weight finds."""
    x, pareto, found = hull_part()
    return x, Wells()(x[:, None]), pareto, found


def compute(share: float, slope: float, seed: int) -> dict[str, Any]:
    """The path at λ = share · λ_max, and the minimiser of f + slope · |x| for the dips."""
    lam, x = path_of(seed)
    value = share * lam[0]
    now = np.array([np.interp(-value, -lam, x[:, i]) for i in range(D)])
    f = regression(seed)
    fine = np.linspace(lam[0], 0, 121)
    along = np.stack([np.interp(-fine, -lam, x[:, i]) for i in range(D)], -1)
    grid, height, pareto, found = dips()
    chosen = int((height + slope * grid).argmin())
    level = float(height[chosen] + slope * grid[chosen])
    end = min(3.0, (level - LOWEST) / slope) if slope > 0 else 3.0  # where the line leaves the picture
    active = int((abs(now) > 1e-12).sum())
    return {
        "lines": (np.tile(np.append(lam, np.nan), D), np.concatenate([np.append(x[:, i], np.nan) for i in range(D)])),
        "kinks": (np.repeat(lam[1:-1], D), x[1:-1].ravel()),
        "at": (np.full(D, value), now),
        "lambda": value,
        "span": [1.03 * lam[0], -0.03 * lam[0]],
        "front": (abs(along).sum(-1), f(along)),
        "corners": (abs(x).sum(-1), f(x)),
        "on front": ([abs(now).sum()], [float(f(now))]),
        "image": (grid, height),
        "pareto": (grid, np.where(pareto, height, np.nan)),
        "hull": (grid[found & pareto], height[found & pareto]),
        "tangent": ([0.0, end], [level, level - slope * end]),
        "chosen": ([grid[chosen]], [height[chosen]]),
        "headline": f"{active} of {D} entries {'is' if active == 1 else 'are'} active at λ = {number(value)}",
        "part": f"A weighted sum finds {number(100 * float((found & pareto).sum() / pareto.sum()), 2)} % of this front",
        "note": f"λ = {number(value)} of at most {number(lam[0])}: {active} of {D} active, {len(lam) - 2} kinks in "
        f"all. Two dips: f + {number(slope)}·|x| is least at <b>x = {number(grid[chosen])}</b>, "
        f"where f = {number(float(height[chosen]))}.",
    }


def path(**start: Any) -> Explorer:
    """λ and the data beside the path and its front; a slope beside the front of two dips."""
    return Explorer(
        compute,
        {
            "share": slider("λ/λ_max", 0.3, 0.0, 1.0, 0.01),
            "seed": slider("data", 0, 0, 9, 1),
            "slope": slider("slope λ for two dips", 0.3, 0.0, 1.2, 0.005),
        },
        [
            panel(
                entry("headline"),
                curve("lines", "entries of x", BLUE, width=2),
                cloud("kinks", "", BLUE),
                rule("lambda"),
                dots("at", "", BLUE, size=7),
                x=axis("λ (time →)", "span"),
                y=axis("xᵢ", [-2, 2.6]),
            ),
            panel(
                "The same in the plane of both objectives: no jump, no bend",
                curve("front", "", BLUE),
                dots("corners", "kinks", BLUE, size=6),
                here("on front", shade=BLUE),
                x=axis("‖x‖₁"),
                y=axis("f"),
            ),
            panel(
                entry("part"),
                thin("image", "f on [0, 3]", ink(0.5)),
                halo("pareto", "front", GREEN),
                guide("tangent", "f + λ|x| alike", ORANGE, width=1.6),
                dots("hull", "weights find", ORANGE, size=6),
                here("chosen", shade=ORANGE),
                x=axis("|x|", [-0.05, 3.05]),
                y=axis("f", [LOWEST, 0.15]),
                wide=True,
                height=330,
            ),
        ],
        call=__name__,
        start=start,
        recipe=regression_path,
    )
