"""A front that is bent inwards: what fixed weights climb, where they part, and where both kinds of weights end."""

from functools import lru_cache
from math import exp
from typing import Any

import numpy as np

from optilab.papers.dynamic_reward_weighting.algorithm import scalarised, watershed
from optilab.papers.dynamic_reward_weighting.explorer.parts import color
from optilab.ui.controls import log_slider, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, curve, dots, entry, goal, here, panel, region, rule, thin
from optilab.ui.words import number

P = np.linspace(0, 1, 201)
STEPS, LR = 300, 0.5
FIXED, MOVING = color("fixed weights"), color("gradient-based")


@lru_cache(64)
def climbed(H: int, w: float, p: float, ratio: float) -> Any:
    """300 exact steps of length 0.5 in θ, p = σ(θ): p and w of each, with weights that move at that ratio."""
    theta, path = np.log(p / (1 - p)), []
    for _ in range(STEPS + 1):
        q = 1 / (1 + exp(-theta))
        path.append((q, w))
        up, down = H * q**H * (1 - q), -H * (1 - q) ** H * q
        odds = max(1 - w, 1e-8) / max(w, 1e-8) * exp(ratio * (down - up) * (up + down))  # I = (up, down)·(up + down)
        w = 1 / (1 + odds) if ratio > 0 else w
        theta += LR * (w * up + (1 - w) * down)
    return np.array(path)


def compute(H: int, w: float, p: float, ratio: float) -> dict[str, Any]:
    """The front, φ and its watershed, and two climbs."""
    fixed, moving = climbed(H, w, p, 0.0), climbed(H, w, p, ratio)
    phi, t = scalarised(P, w, H), np.arange(STEPS + 1)
    tie = abs(w - 0.5) < 1e-9  # a slider's arithmetic ends a hair off
    best = np.array([w > 0.5 or tie, w > 0.5 and not tie], float)  # twice the same where one end is better
    parting = float(watershed(w, H)) if H > 1 else np.nan
    watershed_said = number(parting, 3 if abs(p - parting) > 1e-3 else 6)  # so that it can be told from p
    if H == 1:
        bent = "The front is straight and φ is " + ("constant: nothing moves" if tie else "straight, too")
    elif abs(p - parting) < 1e-9:
        bent = f"p* = {watershed_said}: on the watershed itself fixed weights stay"
    else:
        bent = f"p* = {watershed_said}: from p = {number(p)} fixed weights go {'right' if p > parting else 'left'}"
    end = "both ends are best" if tie else f"p = {best[0]:.0f} is best"
    left = [min(path[-1, 0], 1 - path[-1, 0]) for path in (fixed, moving)]
    J = [number(float(value)) for value in (moving[-1, 0] ** H, (1 - moving[-1, 0]) ** H)]
    return {
        "front": (P**H, (1 - P) ** H),
        "start": ([p**H], [(1 - p) ** H]),
        "best": (best**H, (1 - best) ** H),
        "fixed end": (fixed[-1:, 0] ** H, (1 - fixed[-1:, 0]) ** H),
        "moving end": (moving[-1:, 0] ** H, (1 - moving[-1:, 0]) ** H),
        "phi": (P, phi),
        "phi start": ([p], [float(scalarised(np.array(p), w, H))]),
        "phi best": (best, scalarised(best, w, H)),
        "parting": parting if H > 1 else -1.0,
        "p fixed": (t, fixed[:, 0]),
        "p moving": (t, moving[:, 0]),
        "headline": bent.partition(":")[0] if H > 1 else "The front is straight",
        "ends": "Both kinds of weights end at an end" if max(left) < 0.02 else f"Where p goes in {STEPS} steps",
        "note": f"{bent}. For this w {end} on φ. After {STEPS} steps moving weights are at J = ({J[0]}, {J[1]}), "
        f"w = {number(float(moving[-1, 1]), 2)}.",
    }


def tokens(**start: Any) -> Explorer:
    """Number of tokens, weight, start and ratio beside the front, φ and the climbs."""
    return Explorer(
        compute,
        {
            "w": slider("weight w of J₁", 0.5, 0.0, 1.0, 0.01),
            "p": slider("start p", 0.45, 0.05, 0.95, 0.01),
            "H": slider("tokens H", 2, 1, 6, 1),
            "ratio": log_slider("ratio of moving weights", 1.0, 0.1, 10.0),
        },
        [
            panel(
                "The front: p = 0 is top left, p = 1 bottom right",
                curve("front", "", "rgba(128,128,128,1)"),
                goal("best", "best on the front for w"),
                here("start", "start", symbol="circle-open"),
                dots("fixed end", "fixed weights", FIXED, size=13),
                dots("moving end", "moving weights", MOVING, size=9),
                x=axis("J₁ = p<sup>H</sup>, all A", [-0.03, 1.05]),
                y=axis("J₂ = (1 − p)<sup>H</sup>, none", [-0.03, 1.05]),
            ),
            panel(
                entry("headline"),
                region(-0.05, "parting"),
                curve("phi", "φ", FIXED),
                rule("parting", dash="dot"),
                goal("phi best"),
                here("phi start", "", symbol="circle-open"),
                x=axis("p (shaded: goes to 0)", [-0.02, 1.02]),
                y=axis("φ = wp<sup>H</sup> + (1 − w)(1 − p)<sup>H</sup>", [-0.03, 1.05]),
            ),
            panel(
                entry("ends"),
                thin("p fixed", "fixed weights", FIXED),
                curve("p moving", "moving weights", MOVING),
                rule(y="parting", dash="dot"),
                x=axis("step", [0, STEPS]),
                y=axis("p (dotted: p*)", [-0.03, 1.05]),
            ),
        ],
        call=__name__,
        start=start,
        recipe=climbed,
    )
