"""Step size and momentum: the path in a valley, the multipliers that rule it, and the objective."""

from typing import Any

import numpy as np

from optilab.classics.heavy_ball import heavy_ball, multipliers
from optilab.core.run import run
from optilab.problems.quadratic import Quadratic
from optilab.ui.controls import slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, contour, curve, entry, guide, here, log, panel, promise, thin, walk, words
from optilab.ui.theme import BLUE, ORANGE, color, ink
from optilab.ui.words import number

FLAT, STEEP = 1.0, 20.0
PROBLEM = Quadratic(np.diag([FLAT, STEEP]), np.zeros(2))
CIRCLE = np.exp(1j * np.linspace(0, 2 * np.pi, 121))
VIEW, STEPS, EDGE = 2.5, 100, 1.32


def one_run(alpha: float, beta: float, x0: float, y0: float) -> np.ndarray:
    """The path of heavy ball, (steps + 1, 2); NaN from where it is a million away."""
    valley = Quadratic(np.diag([FLAT, STEEP]), np.zeros(2))
    states = heavy_ball(valley, np.array([x0, y0]), alpha=alpha, beta=beta)
    return run(states, STEPS, limit=1e6).x


def compute(alpha: float, beta: float, x0: float, y0: float) -> dict[str, Any]:
    """Path, multipliers and objective of heavy ball in a valley whose walls are 20 times as steep as its floor."""
    x = one_run(alpha, beta, x0, y0)
    k, value, lost = np.arange(len(x)), PROBLEM(x), np.isnan(x).any(-1)
    flat, steep = multipliers(np.array([FLAT, STEEP]), alpha, beta)
    worst = abs(np.array([flat, steep])).max()
    if lost.any():
        note = f"A multiplier of size {number(worst)} lies outside the unit circle: diverged at step {lost.argmax()}."
    elif worst > 1 - 1e-9:
        note = f"A multiplier of size {number(worst)} is not inside the unit circle: the iteration doesn't settle."
    else:
        note = f"In the long run the error halves every {number(np.log(0.5) / np.log(worst))} gradients."
    predicted = max(value[0], 1e-3) * worst ** (2.0 * k)
    beyond = steep.real.min() < -EDGE  # then its dot is drawn at the edge
    waist = np.sqrt(beta) * CIRCLE
    return {
        "path": (x[:, 0], x[:, 1]),
        "value": (k, np.where(value > 1e-30, value, np.nan)),
        "predicted": (k, np.where(predicted < 1e13, predicted, np.nan)),
        "waist": (waist.real, waist.imag),
        "flat": (flat.real, flat.imag),
        "steep": (np.maximum(steep.real, -EDGE), steep.imag),
        "outside": -EDGE if beyond else np.nan,
        "how_far": f"← ρ = {number(steep.real.min())}" if beyond else " ",
        "headline": f"Why: the four multipliers ρ of a step, the largest |ρ| = {worst:.2f}",
        "note": note,
    }


def valley(**start: Any) -> Explorer:
    """Step and momentum beside the path in a 1 : 20 valley, its multipliers and the objective per gradient."""
    grid = np.linspace(-VIEW, VIEW, 41)
    heights = np.log1p(PROBLEM(np.stack(np.meshgrid(grid, grid), -1)))
    shade = color("heavy ball")
    square: dict[str, Any] = {"span": [-1.4, 1.4], "zeroline": True, "zerolinecolor": ink(0.2), "constrain": "domain"}
    edge = {"edge 2(1+β)/λ": lambda values: 2 * (1 + values["beta"]) / STEEP}
    return Explorer(
        compute,
        {
            "alpha": slider("step α", 0.05, 0.005, 0.2, 0.001, named=edge),
            "beta": slider("momentum β", 0.0, 0.0, 0.99, 0.01),
            "x0": slider("start, flat", 2.0, -VIEW, VIEW, 0.05),
            "y0": slider("start, steep", 1.0, -VIEW, VIEW, 0.05),
        },
        [
            panel(
                "The path: drag its start",
                contour((grid, grid, heights)),
                walk("path", "heavy ball", shade),
                x=axis("flat direction, λ = 1", [-VIEW, VIEW], showgrid=False),
                y=axis("steep direction, λ = 20", [-VIEW, VIEW], showgrid=False),
                click=("x0", "y0"),
            ),
            panel(
                entry("headline"),
                thin((CIRCLE.real, CIRCLE.imag), "|ρ| = 1", ink(0.6), hoverinfo="skip"),
                guide("waist", "|ρ| = √β", ink(0.6), hoverinfo="skip"),
                here("flat", "flat", BLUE),
                here("steep", "steep", ORANGE, symbol="diamond"),
                words(entry("how_far"), "outside", -0.2, xanchor="left"),
                x=axis("real part", **square),
                y=axis("imaginary part", equal=True, **square),
            ),
            panel(
                "The objective, and the slope that the largest predicts",
                curve("value", "measured", shade),
                promise("predicted", "max |ρ|²ᵏ", shade),
                x="gradients k",
                y=log("f(x)"),
            ),
        ],
        call="optilab.start_here.explorer.valley",
        start=start,
        recipe=one_run,
    )
