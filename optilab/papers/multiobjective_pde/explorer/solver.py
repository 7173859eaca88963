"""The state, step by step: Newton's method settles where y > 0 and is done; the fixed point alternates past λ_min."""

from functools import lru_cache
from typing import Any

import numpy as np

from optilab.papers.multiobjective_pde.algorithm import contraction, semismooth_newton
from optilab.papers.multiobjective_pde.explorer.parts import FIXED, NEWTON, alternating, color
from optilab.papers.multiobjective_pde.problems import MaxPDE, sine
from optilab.ui.controls import choice, log_slider, player, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import area, axis, contour, curve, entry, heat, here, log, panel, thin, walk
from optilab.ui.theme import BLUE, INK, ORANGE, ink
from optilab.ui.words import number

STEPS, FRAMES = 60, 12
LINEAR = "Newton without the kink (κ = 0)"
FLOOR = 1e-14  # of residuals drawn


def newton_states(n: int, kappa: float, offset: float) -> Any:
    """Semismooth Newton from 0 for the load 100 (sin 2πx₁ sin πx₂ + offset)."""
    pde = MaxPDE(n, 2, kappa)
    u = 100 * (sine(pde, 2, 1) + offset)
    return list(semismooth_newton(pde, u))


@lru_cache(8)
def ride(n: int, kappa: float, offset: float, method: str) -> tuple[np.ndarray, np.ndarray]:
    """The iterates of a method (steps + 1, N) and their residuals."""
    if method == FIXED:
        pde = MaxPDE(n, 2, kappa)
        return alternating(pde, 100 * (sine(pde, 2, 1) + offset), STEPS)
    states = newton_states(n, kappa, offset)
    return np.array([state.y for state in states]), np.array([float(state.residual) for state in states])


def sides(y: np.ndarray) -> str:
    """Where y is positive, in words."""
    if (y > 0).any() and (y < 0).any():
        return "the kink is at the line y = 0"
    return "positive everywhere, so linear" if (y > 0).any() else "nowhere positive, so linear"


def compute(k: int, kappa: float, offset: float, method: str, n: int) -> dict[str, Any]:
    """One iterate, a cut through it, and the residuals of both methods."""
    kappa = 0.0 if method == LINEAR else kappa
    newton_path, newton_sizes = ride(n, kappa, offset, NEWTON)
    fixed_path, fixed_sizes = ride(n, kappa, offset, FIXED)
    path, sizes = (fixed_path, fixed_sizes) if method == FIXED else (newton_path, newton_sizes)
    at = min(k, len(path) - 1)
    grid, done = np.arange(1, n + 1) / (n + 1), len(newton_path) - 1
    y, last = path[at].reshape(n, n), newton_path[-1].reshape(n, n)
    middle = n // 2
    ratio = contraction(MaxPDE(n, 2, kappa))
    moved = abs(fixed_path[-1] - fixed_path[-2]).max() / max(abs(fixed_path[-1]).max(), 1e-300)
    stuck = fixed_sizes[-1] > 1e-6 * fixed_sizes[0]
    verdict = "did not converge, it oscillates" if stuck and moved > 0.01 else "is on its way" if stuck else "arrives"
    return {
        "field": (grid, grid, y.T),
        "cut": (grid, y[:, middle]),
        "above": (grid, np.maximum(0, y[:, middle])),
        "solution": (grid, last[:, middle]),
        "newton": (np.arange(done + 1), np.maximum(newton_sizes, FLOOR)),
        "fixed": (np.arange(STEPS + 1), np.maximum(fixed_sizes, FLOOR)),
        "now": ([at], [max(sizes[at], FLOOR)]),
        "headline": f"y after {at} step{'s' * (at != 1)}: {sides(path[at])}" if at else "The start, y = 0",
        "note": f"{NEWTON[0].upper()}{NEWTON[1:]} needs <b>{done}</b> linear solve{'s' * (done != 1)}. The fixed point "
        f"has κ/λ_min = {number(ratio)} and {verdict}: after {STEPS} steps its residual is {number(fixed_sizes[-1])}. "
        f"y > 0 on {number(100 * float((path[at] > 0).mean()), 2)} % of the nodes in step {at}, "
        f"on {number(100 * float((newton_path[-1] > 0).mean()), 2)} % in the end.",
    }


def solver(**start: Any) -> Explorer:
    """Step, κ, offset of the load, method and mesh beside the state, a cut through it and residuals."""
    line = {"start": 0, "end": 0, "size": 1, "coloring": "lines"}
    shades = [[0, ORANGE], [0.5, "rgba(128,128,128,0.05)"], [1, BLUE]]
    return Explorer(
        compute,
        {
            "k": player("step k", 1, FRAMES, interval=700),
            "kappa": log_slider(
                "κ", 10.0, 1.0, 1000.0, named={"λ_min, 19.7": 19.72}, when=lambda v: v["method"] != LINEAR
            ),
            "offset": slider("offset of the load", 0.0, -1.0, 1.0, 0.1),
            "method": choice("iteration", NEWTON, [NEWTON, FIXED, LINEAR]),
            "n": slider("nodes n per axis", 31, 15, 63, 16),
        },
        [
            panel(
                entry("headline"),
                heat("field", bar="y", zmid=0, colorscale=shades, hoverinfo="skip"),
                contour("field", contours=line, colorscale=[[0, INK], [1, INK]], line={"width": 2}),
                x=axis("x₁", [0, 1], showgrid=False),
                y=axis("x₂", [0, 1], showgrid=False, equal=True),
            ),
            panel(
                "Along the middle: filled where the kink acts",
                area("above", "max(0, y)", BLUE, fillcolor="rgba(29,100,175,0.2)", width=0),
                thin("solution", "solution", ink(0.6), width=4),
                curve("cut", "now"),
                x=axis("x₁, at x₂ = ½", [0, 1]),
                y=axis("y"),
            ),
            panel(
                "Newton drops; the fixed point is safe only for κ < λ_min",
                walk("newton", NEWTON, color(NEWTON)),
                curve("fixed", FIXED, color(FIXED)),
                here("now"),
                x=axis("step", [-1, STEPS + 1]),
                y=log("residual ‖r‖", [-14.3, 4]),
            ),
        ],
        call=__name__,
        start=start,
        recipe=newton_states,
    )
