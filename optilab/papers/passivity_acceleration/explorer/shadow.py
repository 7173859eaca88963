"""Iterations beside the ODEs that claim to be their limit, as the step shrinks."""

from functools import cache, lru_cache
from typing import Any

import numpy as np

from optilab.papers.passivity_acceleration.algorithm import Method, cayley, nesterov_tuning, triple_momentum_tuning
from optilab.papers.passivity_acceleration.experiment.flows import CURVED, START, Shadows, designs, shadows
from optilab.ui.controls import choice, log_slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, cloud, contour, curve, entry, guide, log, panel, rule
from optilab.ui.theme import BLUE, GREEN, INK, ORANGE, PURPLE

FLOWS: dict[str, dict[str, Any]] = {
    "low resolution": {"shade": ORANGE},
    "feedback with c = 1": {"shade": PURPLE},
    "matched feedback": {"shade": GREEN},
    "exact map": {"shade": BLUE, "dash": "dash"},
}
NAMES = ["Nesterov", "heavy ball", "triple momentum"]
SIZES = np.geomspace(1 / 256, 1, 9)
ROOTS = np.sqrt(SIZES / CURVED.L)  # √s


def method_at(name: str, s: float) -> Method:
    """The method with step s: s for 1/L in its table, Nesterov's β for heavy ball."""
    if name == "heavy ball":
        return Method(s, cayley(CURVED.mu, s), 0.0)
    return nesterov_tuning(CURVED.mu, CURVED.L, s) if name == "Nesterov" else triple_momentum_tuning(CURVED.mu, 1 / s)


def drawn(name: str) -> list[str]:
    """The flows that claim to be the limit of a method."""
    return list(FLOWS) if name == "Nesterov" else ["low resolution", "exact map"]


@lru_cache(maxsize=256)
def one_run(size: float, name: str) -> Shadows:
    """The method with step s = size/L, and its flows from the same x₀ and x₁ on the same clock."""
    s = size / CURVED.L
    method = method_at(name, s)
    table = designs(CURVED.mu, s, method)
    flows = [table[flow] for flow in drawn(name)]
    return shadows(CURVED, START, method, flows, substeps=2 if size >= 1 / 16 else 1)


@cache
def error_curves(name: str) -> np.ndarray:
    """Largest error of each flow at each of `SIZES`, (sizes, flows)."""
    return np.array([one_run(size, name).errors for size in SIZES])


def compute(size: float, name: str) -> dict[str, Any]:
    """Paths, distances over time and largest distances at one step size s = size/L."""
    run, errors = one_run(size, name), error_curves(name)
    apart = np.linalg.norm(run.flows - run.points[:, None], axis=-1)
    nothing = np.full(len(run.t), np.nan)
    data: dict[str, Any] = {}
    for flow in FLOWS:
        if flow in drawn(name):
            index = drawn(name).index(flow)
            path, distance, error = run.flows[:, index].T, apart[:, index], errors[:, index]
        else:
            path, distance, error = np.array([nothing, nothing]), nothing, np.full(len(SIZES), np.nan)
        data[f"{flow}: path"] = (path[0], path[1])
        data[f"{flow}: apart"] = (run.t, np.where(distance > 1e-8, distance, np.nan))
        data[f"{flow}: error"] = error
    orders = np.log(errors[0] / errors[2]) / np.log(ROOTS[0] / ROOTS[2])
    low, exact = run.errors[[0, -1]]
    text = f"s = 1/({1 / size:.3g} L): the low-resolution ODE is off by {low:.1e}, the exact map by {exact:.1e}"
    if name == "Nesterov":
        matched = run.errors[2]
        text += f", the matched feedback by {matched:.1e}, {low / matched:.3g} times less than the first"
    return data | {
        "points": (run.points[:, 0], run.points[:, 1]),
        "now": float(np.sqrt(size / CURVED.L)),
        "headline": f"{len(run.t) - 1} steps of {name} and the flows that claim to be it",
        "note": f"{text}. Order in √s of the smallest steps: {orders[0]:.1f} against {orders[-1]:.1f}.",
    }


def shadow(**start: Any) -> Explorer:
    """Shrink the step and see which ODE the iteration follows."""
    for name in NAMES:
        error_curves(name)
    xs, ys = np.linspace(-0.3, 0.65, 61), np.linspace(-0.6, 0.35, 61)
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
                *(curve(f"{flow}: path", flow, **look) for flow, look in FLOWS.items()),
                cloud("points", "the iteration", INK),
                x=axis("x₁", [xs[0], xs[-1]]),
                y=axis("x₂", [ys[0], ys[-1]]),
                height=360,
            ),
            panel(
                "How far apart they are, clock tick by clock tick",
                *(curve(f"{flow}: apart", flow, showlegend=False, **look) for flow, look in FLOWS.items()),
                x="time t = k√α",
                y=log("distance to the iteration", dtick=1),
                height=360,
            ),
            panel(
                "The largest distance as the step shrinks: one order or two",
                *(curve((ROOTS, f"{flow}: error"), flow, showlegend=False, **look) for flow, look in FLOWS.items()),
                guide((ROOTS, 0.45 * ROOTS / ROOTS[-1]), "∝ √s", INK, hoverinfo="skip"),
                guide((ROOTS, 0.1 * (ROOTS / ROOTS[-1]) ** 2), "∝ s", INK, hoverinfo="skip"),
                rule("now"),
                x=log("√s", ticks=[0.02, 0.05, 0.1, 0.2]),
                y=log("largest distance up to t = 3", dtick=1),
                height=360,
            ),
        ],
        call=__name__,
        start=start,
        recipe=one_run,
    )
