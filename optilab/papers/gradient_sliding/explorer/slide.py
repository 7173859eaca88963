"""The slide itself, in the plane: one frozen gradient, an inner path, two points that come out."""

from functools import lru_cache
from typing import Any

import numpy as np

from optilab.core.run import run
from optilab.papers.gradient_sliding.algorithm import Schedule, gradient_sliding, prox_sliding, rf_sgs
from optilab.papers.gradient_sliding.experiment import bound_of, constants
from optilab.papers.gradient_sliding.explorer.colors import color
from optilab.papers.gradient_sliding.problems.robust_regression import plane
from optilab.ui.controls import player, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, contour, curve, entry, goal, here, log, panel, promise, thin, walk
from optilab.ui.theme import ink
from optilab.ui.words import number

N = 30
LEAST = 2.0  # target scale of starts beside the optimum, whose own gap would ask for endless slides
SIDE = np.linspace(-2.5, 2.5, 61)
GRID = np.stack(np.meshgrid(SIDE, SIDE), -1)
PLANE = plane()


@lru_cache(maxsize=16)
def whole_run(x: float, y: float) -> tuple[Schedule, dict[str, np.ndarray]]:
    """All outer steps from a start: the schedule and the fields of the method's states."""
    x0 = np.array([x, y])
    known = constants(PLANE, x0, stochastic=False)
    plan = rf_sgs(**known | {"D": max(known["D"], LEAST)}, N=N)
    return plan, run(gradient_sliding(PLANE, x0, plan), N).fields


def compute(k: int, x: float, y: float) -> dict[str, Any]:
    """What is known after k outer steps, and the landscape that the last inner loop saw."""
    plan, states = whole_run(round(x, 6), round(y, 6))
    before = max(k - 1, 0)
    xbar, xu, centre, T = states["xbar"][: k + 1], states["xu"][k], states["x"][before], states["T"][k]
    g, step = PLANE.grad(xu), Schedule(*(column[before] for column in plan))
    inner = run(prox_sliding(PLANE, g, centre, beta=step.beta, B=step.B, T=T), int(T))
    middle, half = (inner.u.max(0) + inner.u.min(0)) / 2, max(0.25, 0.65 * float(np.ptp(inner.u, 0).max()))
    near = middle + half * GRID / 2.5
    kinks, simple = abs(PLANE.residual(near)).mean(-1), PLANE.mu / 2 * (near**2).sum(-1)
    model = near @ g + kinks + simple + step.beta / 2 * ((near - centre) ** 2).sum(-1)
    gap = np.maximum(PLANE(states["xbar"]) - PLANE.minimum, 1e-12)
    tip = xu - 0.7 * g / max(float(np.linalg.norm(g)), 1e-9)
    steps, subgradients, more = np.arange(N + 1), states["subgradients"], "s" if T > 1 else ""
    seen, note = "no step yet", "Before the first step. Press play, or click anywhere to start from there."
    if k:
        seen = f"{T} subgradient{more}"
        note = f"Outer step {k}: one gradient, frozen at ×; then {T} inner step{more}. "
        note += f"In all {k} gradients, {subgradients[k]} subgradients, gap {number(gap[k], 2)}."
    return {
        "averages": tuple(xbar.T),
        "average": tuple(xbar[-1]),
        "arrow": tuple(np.stack([xu, tip], -1)),
        "path": tuple(inner.u.T),
        "inner averages": tuple(inner.ut[1:].T),
        "inner average": tuple(inner.ut[-1]),
        "model": (near[0, :, 0], near[:, 0, 1], np.log1p(model - model.min())),
        "across": [middle[0] - half, middle[0] + half],
        "up": [middle[1] - half, middle[1] + half],
        "gap": (steps, gap),
        "bound": (steps, bound_of(PLANE, np.array([x, y]), plan, D=max(gap[0], LEAST))),
        "now": (k, gap[k]),
        "subgradients": (steps, subgradients),
        "model title": f"What this inner loop sees, near its path: f is a slope ({seen})",
        "note": note,
    }


def slide(**start: Any) -> Explorer:
    """Play through 30 outer steps; click sets the start."""
    blue, orange = color("RF-SGS"), color("M-SGS")
    arrow = {"symbol": ["x", "arrow"], "size": [10, 12], "angleref": "previous"}
    right = axis("subgradients", rangemode="tozero", overlaying="y", side="right", showgrid=False, nticks=5)
    controls = {"k": player("outer step k", 15, N, interval=600)}
    controls |= {"x": slider("start x₁", -2.0, -2.4, 2.4, 0.1), "y": slider("start x₂", 2.0, -2.4, 2.4, 0.1)}
    return Explorer(
        compute,
        controls,
        [
            panel(
                "The whole landscape Ψ: the averages x̄ walk to the optimum ☆ (click: start there)",
                contour((SIDE, SIDE, np.log1p(PLANE(GRID) - PLANE.minimum))),
                goal(tuple(PLANE.minimizer[:, None]), shade=ink(0.9), symbol="star-open", size=20),
                walk("averages", "averages x̄", blue),
                here("average", shade=blue),
                walk("arrow", "−∇f, frozen at ×", ink(0.85), marker=arrow),
                x=axis("x₁", [-2.5, 2.5], constrain="domain"),
                y=axis("x₂", [-2.5, 2.5], equal=True),
                click=("x", "y"),
                height=380,
            ),
            panel(
                entry("model title"),
                contour("model"),
                walk("path", "inner path uₜ", orange),
                walk("inner averages", "its average ũₜ", blue, dash="dot"),
                here("inner average", shade=blue),
                x=axis("x₁", "across", constrain="domain"),
                y=axis("x₂", "up", equal=True),
                height=380,
            ),
            panel(
                "The gap per gradient, and what each has cost in subgradients",
                promise("bound", shade=blue),
                curve("gap", "gap", blue),
                here("now", shade=blue),
                thin("subgradients", "subgradients so far", orange, yaxis="y2", shape="hv"),
                x="gradients of f",
                y=log("gap"),
                yaxis2=right | {"tickmode": "auto"},
                margin={"r": 52},
                height=380,
            ),
        ],
        call=__name__,
        start=start,
        recipe=whole_run,
    )
