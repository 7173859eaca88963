"""γ as a radius: the slope, its linear model, and the cone of errors that γ allows."""

from typing import Any

import numpy as np

from optilab.papers.gradient_normalized_smoothness.explorer.parts import color
from optilab.papers.gradient_normalized_smoothness.explorer.radii import PLACES, SCALES, promised, radii
from optilab.papers.gradient_normalized_smoothness.problems import CURVES
from optilab.ui.controls import choice, player, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, band, curve, guide, here, log, panel, promise, region, rule, thin
from optilab.ui.words import number

FRAMES = 40


def compute(function: str, x: float, c: float, frame: int) -> dict[str, Any]:
    """The slope around x beside its model, the cone, the ball and the region; γ over c and over x."""
    f = CURVES[function]
    g, H = float(f.slope(x)), c * max(float(f.bend(x)), 0.0)
    over_c, over_x, gamma = radii(function, x, c)
    stationary = abs(g) < 1e-12
    rim = 1.0 if stationary else float(min(gamma, 25.0))
    reach = min(abs(g) / H, 50.0) if H > 0 else 50.0
    ahead, behind = max(1.2 * rim, 0.2), max(0.4 * rim, 0.1)
    h = -np.sign(g) * np.linspace(-behind, ahead, 201)
    model, inside = g + H * h, abs(h) <= rim
    width = 0 * h if stationary else abs(h * g) / gamma
    away = -np.sign(g) * min(rim, reach) * frame / FRAMES
    tall = np.concatenate([f.slope(x + h), model])
    margin = 0.1 * np.ptp(tall) + 1e-9
    best = np.nan if stationary or f.bend(x) < 0 else SCALES[np.nanargmax(over_c)]
    outline = np.concatenate([(model + width)[inside], (model - width)[inside][::-1]])
    data: dict[str, Any] = {
        "slope": (x + h, f.slope(x + h)),
        "model": (x + h, model),
        "cone": (np.concatenate([x + h[inside], (x + h[inside])[::-1]]), outline),
        "x": (x, g),
        "at": (x + away, float(f.slope(x + away))),
        "ball low": x - rim,
        "ball high": x + rim,
        "region low": x - (reach if g > 0 and not stationary else 0.0),
        "region high": x + (reach if g < 0 and not stationary else 0.0),
        "wide": sorted([float(x + h[0]), float(x + h[-1])]),
        "tall": [float(tall.min() - margin), float(tall.max() + margin)],
        "over c": (SCALES, over_c),
        "over x": (PLACES, over_x),
        "promise": (PLACES, promised(function, c)),
        "here c": (c, gamma),
        "here x": (x, gamma),
        "best": best,
    }
    if stationary:
        return data | {"note": f"x = {number(x)} is <b>stationary</b>: the slope is 0, and γ isn't defined."}
    flat = " (f″ < 0 here, so H = 0)" if f.bend(x) < 0 else ""
    if f.bend(x) < 0:
        better = "c scales nothing here."
    else:
        more = " or more" if best == SCALES[-1] else ""
        better = f"Best is c = {number(best)}{more}, with γ = {number(float(np.nanmax(over_c)))}."
    gap = abs(float(f.slope(x + away)) - g - H * away)
    return data | {
        "note": f"Slope {number(g)}, H = {number(H)}{flat}: <b>γ = {number(float(gamma))}</b>. A Newton-like step goes "
        f"{f'{number(reach)} at most' if H > 0 else 'as far as γ lets it'}. At the ring the model errs by "
        f"{number(gap)}, and the cone allows {number(abs(away * g) / float(gamma))}. {better}",
    }


def cone(**start: Any) -> Explorer:
    """Function, place and scale of H beside the cone, and γ over both."""
    blue = color("exact H")
    return Explorer(
        compute,
        {
            "c": slider("c, in H = c·f″", 1.0, 0.0, 1.5, 0.05, named={"zero": 0.0, "exact": 1.0}),
            "x": slider("x", 1.0, 0.1, 3.0, 0.05),
            "function": choice("f", "x⁴/4", list(CURVES)),
            "frame": player("walk along the step", FRAMES, FRAMES, interval=60),
        },
        [
            panel(
                "Within γ the slope stays in the cone around its model, as far as a step can go",
                region("ball low", "ball high", 0.09),
                region("region low", "region high", 0.1),
                band("cone", shade=blue),
                thin("model", "f′ + Hh"),
                curve("slope", "f′(x + h)", blue),
                here("x", "x"),
                here("at", "x + h", blue, symbol="circle-open", size=13),
                x=axis("x + h (pale: ball γ; darker: region)", "wide"),
                y=axis("slope", "tall"),
                height=380,
            ),
            panel(
                "γ over the scale of H: the best one needn't be f″",
                rule(1.0, dash="dot"),
                rule("best", dash="dash"),
                curve("over c", "", blue),
                here("here c", "", blue),
                x=axis("c (dotted: exact; dashed: best)", [-0.03, 1.53]),
                y=log("γ at this x", [-2.2, 1.7]),
                click=lambda x, _y: {"c": x},
                height=380,
            ),
            panel(
                "γ over x, and what a Lipschitz f″ promises (dashed)",
                promise("promise", "promise", blue),
                curve("over x", "γ", blue),
                here("here x", "", blue),
                guide((PLACES, PLACES), "γ = x"),
                x=axis("x", [0.05, 3.05]),
                y=log("γ at this c", [-2.2, 1.7]),
                click=lambda x, _y: {"x": x},
                height=380,
            ),
        ],
        call=__name__,
        start=start,
        recipe=radii,
    )
