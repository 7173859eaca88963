"""Iterations beside the ODEs that claim to be their limit, as the step shrinks."""

from functools import cache, lru_cache
from typing import Any

import numpy as np

from optilab.papers.passivity_acceleration.algorithm import Tuning, cayley, nesterov_tuning, triple_momentum_tuning
from optilab.papers.passivity_acceleration.experiment.flows import CURVED, START, Shadows, designs, shadows
from optilab.ui.controls import choice, log_slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, cloud, contour, curve, entry, guide, halo, log, panel, rule
from optilab.ui.theme import BLUE, GREEN, INK, ORANGE, PURPLE
from optilab.ui.words import number

FLOWS = {  # and the mark that draws each: the broad one is seen under what it agrees with
    "exact map": (halo, BLUE),
    "low resolution": (curve, ORANGE),
    "feedback with c = 1": (curve, PURPLE),
    "matched feedback": (curve, GREEN),
}
NAMES = ["Nesterov", "heavy ball", "triple momentum"]
SIZES = np.geomspace(1 / 256, 1, 9)
ROOTS = np.sqrt(SIZES / CURVED.L)  # √s


def method_at(name: str, s: float) -> Tuning:
    """The method with step s: s for 1/L in its table, Nesterov's β for heavy ball."""
    if name == "heavy ball":
        return Tuning(s, cayley(CURVED.mu, s), 0.0)
    return nesterov_tuning(CURVED.mu, CURVED.L, s) if name == "Nesterov" else triple_momentum_tuning(CURVED.mu, 1 / s)


def drawn(name: str) -> list[str]:
    """The flows that claim to be the limit of a method."""
    return list(FLOWS) if name == "Nesterov" else ["exact map", "low resolution"]


@lru_cache(maxsize=256)
def one_run(size: float, name: str) -> Shadows:
    """The method with step s = size/L, and its flows from the same x₀ and x₁ on the same clock."""
    s = size / CURVED.L
    method = method_at(name, s)
    table = designs(CURVED.mu, s, method)
    flows = [table[flow] for flow in drawn(name)]
    return shadows(CURVED, START, method, flows, substeps=1, states=int(np.ceil(12 * np.sqrt(size))))


@cache
def error_curves(name: str) -> np.ndarray:
    """Largest error of each flow at each of `SIZES`, (sizes, flows)."""
    return np.array([one_run(size, name).errors for size in SIZES])


def compute(size: float, name: str) -> dict[str, Any]:
    """Paths, distances over time and largest distances at one step size s = size/L."""
    run, errors = one_run(size, name), error_curves(name)
    apart = run.apart
    nothing = np.full((2, len(run.paths)), np.nan)
    data: dict[str, Any] = {}
    for flow in FLOWS:
        if flow in drawn(name):
            index = drawn(name).index(flow)
            path, distance, error = run.paths[:, index].T, apart[:, index], errors[:, index]
        else:
            path, distance, error = nothing, np.full(len(run.t), np.nan), np.full(len(SIZES), np.nan)
        data[f"{flow}: path"] = (path[0], path[1])
        data[f"{flow}: apart"] = (run.t, np.where(distance > 1e-8, distance, np.nan))
        data[f"{flow}: error"] = error
    orders = np.log(errors[0] / errors[2]) / np.log(ROOTS[0] / ROOTS[2])
    exact, low = run.errors[:2]
    step = "1/L" if size > 0.999 else f"1/({number(1 / size)} L)"
    text = f"s = {step}: the low-resolution ODE is off by {number(low, 2)}, the exact map by {number(exact, 2)}"
    if name == "Nesterov":
        one, matched = run.errors[2:]
        text += f", the matched feedback by {number(matched, 2)} (with c = 1: {number(one, 2)})"
    return data | {
        "points": (run.points[:, 0], run.points[:, 1]),
        "now": float(np.sqrt(size / CURVED.L)),
        "headline": f"{len(run.t) - 1} steps of {name} and the flows that claim to be it",
        "orders": f"As the step shrinks: order {orders[1]:.1f} in √s low resolution, {orders[0]:.1f} exact map",
        "note": f"{text}.",
    }


def shadow(**start: Any) -> Explorer:
    """Shrink the step and see which ODE the iteration follows."""
    for name in NAMES:
        error_curves(name)
    xs, ys = np.linspace(-0.4, 2.1, 81), np.linspace(-1.6, 0.5, 81)
    heights = np.log(CURVED(np.stack(np.meshgrid(xs, ys), -1)) + 0.05)
    return Explorer(
        compute,
        {
            "size": log_slider("step s, in units of 1/L", 1 / 4, 1 / 256, 1.0, steps=32),
            "name": choice("method", "Nesterov", NAMES),
        },
        [
            panel(
                entry("headline"),
                contour((xs, ys, heights)),
                cloud("points", "the iteration", INK),
                *(draw(f"{flow}: path", flow, shade) for flow, (draw, shade) in FLOWS.items()),
                x=axis("x₁", [xs[0], xs[-1]]),
                y=axis("x₂", [ys[0], ys[-1]]),
                height=320,
            ),
            panel(
                "How far apart they are, clock tick by clock tick",
                *(draw(f"{flow}: apart", flow, shade, showlegend=False) for flow, (draw, shade) in FLOWS.items()),
                x="time t = k√α",
                y=log("distance to the iteration", [-6.2, 0.2]),
                height=320,
            ),
            panel(
                entry("orders"),
                *(
                    draw((ROOTS, f"{flow}: error"), flow, shade, showlegend=False)
                    for flow, (draw, shade) in FLOWS.items()
                ),
                guide((ROOTS, 0.6 * ROOTS / ROOTS[-1]), end="∝ √s", hoverinfo="skip"),
                guide((ROOTS, 0.014 * (ROOTS / ROOTS[-1]) ** 2), end="∝ s", hoverinfo="skip"),
                rule("now"),
                x=log("√s", ticks=[0.02, 0.05, 0.1, 0.2]),
                y=log("largest distance up to t = 3", [-4.6, 0.1]),
                height=320,
            ),
        ],
        call=__name__,
        start=start,
        recipe=one_run,
    )
