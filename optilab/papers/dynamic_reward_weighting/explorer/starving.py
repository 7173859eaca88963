"""Three objectives that don't conflict: moving weights remember what was easy, and what is hard starves."""

from functools import lru_cache
from math import exp, log
from typing import Any

import numpy as np

from optilab.papers.dynamic_reward_weighting.explorer.parts import color, outline
from optilab.ui.controls import log_slider, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, band, curve, entry, guide, panel, rule, thin
from optilab.ui.theme import BLUE, BROWN, PURPLE
from optilab.ui.words import number

STEPS, LEVEL = 500, 0.9
SHADES = (BLUE, PURPLE, BROWN)
HEADS = ("2 arms", "4 arms", "the third head")


@lru_cache(128)
def climbed(ratio: float, arms: int) -> Any:
    """500 exact steps of length 1 from even logits and weights: J (501, 3) and w (501, 3), heads of 2, 4, `arms`."""
    heads, u, w, path = (2, 4, arms), [0.0, 0.0, 0.0], [1 / 3, 1 / 3, 1 / 3], []
    for _ in range(STEPS + 1):
        J = [1 / (1 + (n - 1) * exp(-u_i)) for n, u_i in zip(heads, u, strict=True)]
        path.append((*J, *w))
        # the other arms of a head stay alike, so u = θ₀ − θ₁ says all: ‖∇J‖² = (J(1 − J))² n/(n − 1) = I
        size = [(q * (1 - q)) ** 2 * n / (n - 1) for q, n in zip(J, heads, strict=True)]
        logs = [log(max(w_i, 1e-8)) + ratio * I for w_i, I in zip(w, size, strict=True)]
        grown = [exp(part - max(logs)) for part in logs]
        w = [part / sum(grown) for part in grown]
        u = [u_i + w_i * q * (1 - q) * n / (n - 1) for u_i, w_i, q, n in zip(u, w, J, heads, strict=True)]
    found = np.array(path)
    return found[:, :3], found[:, 3:]


def steps(J: np.ndarray) -> float:
    """When all three are at 0.9."""
    there = (J >= LEVEL).all(-1)
    return float(there.argmax()) if there.any() else np.inf


def compute(ratio: float, arms: int) -> dict[str, Any]:
    """Objectives and weights of one run beside that of even weights."""
    (J, w), (even, _) = climbed(ratio, arms), climbed(0.0, arms)
    t = np.arange(STEPS + 1)
    edges = np.concatenate([np.zeros((STEPS + 1, 1)), w.cumsum(-1)], -1)
    ours, theirs = steps(J), steps(even)
    data: dict[str, Any] = {}
    for k, name in enumerate(HEADS):
        data[name] = (t, J[:, k])
        data[f"{name} even"] = (t, even[:, k])
        data[f"w {name}"] = outline(t, edges[:, k], edges[:, k + 1])
    said = f"{ours:.0f} steps" if ours <= STEPS else f"more than {STEPS} steps"
    usual = f"{theirs:.0f}" if theirs <= STEPS else f"more than {STEPS}"
    least = int(w.min(0).argmin())
    hungry = HEADS[least] if least == 2 else f"the head of {HEADS[least]}"
    return data | {
        "ours": min(ours, STEPS + 20.0),
        "level": (t[[0, -1]], np.full(2, LEVEL)),
        "headline": f"All at 0.9 after {said}; with even weights {usual}",
        "note": f"All three probabilities are at 0.9 after <b>{said}</b>, with weights that stay at ⅓ after {usual}. "
        f"On the way the weight of {hungry} falls to {number(float(w[:, least].min()), 2)}.",
    }


def starving(**start: Any) -> Explorer:
    """Ratio and the size of the third head beside objectives and weights."""
    return Explorer(
        compute,
        {
            "ratio": log_slider("ratio", 1.0, 0.1, 1e4),
            "arms": slider("arms of the third head", 16, 2, 32, 1),
        },
        [
            panel(
                entry("headline"),
                *(thin(f"{name} even", "", shade, width=1) for name, shade in zip(HEADS, SHADES, strict=True)),
                *(curve(name, name, shade) for name, shade in zip(HEADS, SHADES, strict=True)),
                guide("level"),
                rule("ours", dash="dot", color=color("gradient-based")),
                x=axis("step", [0, STEPS]),
                y=axis("J (thin: even weights)", [0, 1.02]),
            ),
            panel(
                "Weight goes where gradients have been long",
                *(
                    band(f"w {name}", name, shade, opacity=0.75, showlegend=True, line={"color": shade})
                    for name, shade in zip(HEADS, SHADES, strict=True)
                ),
                x=axis("step", [0, STEPS]),
                y=axis("weights, stacked", [0, 1]),
            ),
        ],
        call=__name__,
        start=start,
        recipe=climbed,
    )
