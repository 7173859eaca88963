"""The stability diagram: with which coefficient each flow follows the gradient, and what that does in time."""

from typing import Any

import numpy as np

from optilab.papers.discretisation_drift.algorithm.coefficients import ALPHAS, alpha_pf
from optilab.papers.discretisation_drift.algorithm.stability import regime
from optilab.papers.discretisation_drift.explorer.parts import LINES
from optilab.ui.controls import slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import Mark, axis, curve, dots, entry, here, panel, region, rule, words
from optilab.ui.theme import INK
from optilab.ui.words import number

LOW, HIGH, FLOOR = -4.0, 4.0, -5.0
Z = np.concatenate([np.linspace(LOW, 1, 401)[:-1], [np.nan], np.linspace(1, HIGH, 301)[1:]])  # a gap at the pole
STEPS, BETWEEN = 8, 24
REGIONS = [(-4, 0, "escape", 0.03), (0, 1, "decay", 0.09), (1, 2, "zigzag<br>in", 0.03), (2, 4, "zigzag<br>out", 0.09)]
CURVES = {name: np.where(np.isnan(Z), np.nan, alpha(np.where(np.isnan(Z), 0, Z))) for name, alpha in ALPHAS.items()}


def two_modes(h: float, steep: float, flat: float) -> Any:
    """The coefficient of the principal flow at two curvatures, and what it says of them."""
    z = h * np.array([steep, flat])
    return z, alpha_pf(z), regime(z)


def compute(h: float, steep: float, flat: float) -> dict[str, Any]:
    """Marks of the two curvatures at z = hλ, and the steep mode in time under gradient descent and the flows."""
    z, alpha, regimes = two_modes(h, steep, flat)
    n = np.arange(STEPS + 1)
    t = np.arange(STEPS * BETWEEN + 1) / BETWEEN
    with np.errstate(over="ignore", invalid="ignore"):
        modes = {name: np.exp(t * (z[0] * f(z[:1])[0] + 0j)) for name, f in ALPHAS.items()}
        descent = np.clip((1 - z[0]) ** n, -1e6, 1e6)
    size = min(1.25 * max(1.0, abs(descent).max()), 50.0)
    return {f"{name} mode": (t, np.clip(mode.real, -1e6, 1e6)) for name, mode in modes.items()} | {
        "descent": (n, np.where(abs(descent) <= size, descent, np.nan)),
        "real": (z, np.maximum(alpha.real, FLOOR)),
        "imaginary": (z, alpha.imag),
        "range": [-size, size] if z[0] > 0 else [-0.1 * size, size],
        "headline": f"In time: each step multiplies the steep mode by 1 − hλ = {number(1 - z[0])}",
        "note": note(z[0], alpha[0], str(regimes[0])),
    }


def note(z: float, alpha: complex, word: str) -> str:
    """What the steep direction does, in one sentence."""
    if abs(z - 1) < 1e-9:
        return "hλ = 1: one step reaches the minimum, and the principal flow would need α = −∞."
    says = f"hλ = {number(z)}: {word}. "
    if z > 2:
        return says + f"Re α = {number(alpha.real)} is positive: the principal flow climbs, and no other flow here can."
    if z > 1:
        return says + f"Im α = {number(alpha.imag)} turns the mode around half a circle a step: that is the zigzag."
    if z < -2:
        return says + "Gradient descent leaves a maximum here, and the IGR flow is drawn towards it."
    if z < 0:
        return says + "It leaves a maximum, slower than the gradient flow."
    return says + f"It decays {number(-alpha.real)} times as fast as the gradient flow." if z > 0 else says


def at(steep: float, z: float) -> float:
    """The rate h at which hλ is z."""
    if steep <= 0:
        raise ValueError("the steep direction curves downwards: no rate reaches this value of hλ")
    return z / steep


def stability_diagram(**start: Any) -> Explorer:
    """α(hλ) of every flow with your two curvatures marked, and the steep one's mode in time."""
    regions = [region(low, high, pale) for low, high, _, pale in REGIONS]
    names = [
        words(word, (low + high) / 2, 0.01, yref="paper", yanchor="bottom", font={"size": 11})
        for low, high, word, _ in REGIONS
    ]
    z = axis("z = hλ", [LOW, HIGH], dtick=1)

    def marked(data: str) -> Mark:
        return here(data, symbol=["circle", "diamond"], hovertext=["steep", "flat"])

    return Explorer(
        compute,
        {
            "h": slider(
                "learning rate h",
                0.9,
                0.05,
                1.2,
                0.01,
                named={"hλ = 1": lambda v: at(v["steep"], 1), "edge 2/λ": lambda v: at(v["steep"], 2)},
            ),
            "steep": slider("curvature λ, steep ●", 2.0, -3.3, 3.3, 0.05),
            "flat": slider("curvature λ, flat ◆", 0.3, -3.3, 3.3, 0.05),
        },
        [
            panel(
                "Re α: below zero goes downhill. Only one curve ever crosses on the right.",
                *(curve((Z, np.real(CURVES[name])), label, shade) for name, label, shade in LINES),
                marked("real"),
                *regions,
                rule(y=0, color=INK),
                *names,
                x=z,
                y=axis("Re α", [FLOOR, 1.2]),
            ),
            panel(
                "Im α: past hλ = 1 the principal flow turns",
                *(curve((Z, np.imag(CURVES[name])), "", shade, name=label) for name, label, shade in LINES),
                marked("imaginary"),
                *regions,
                x=z,
                y=axis("Im α", [-0.4, 3.6]),
            ),
            panel(
                entry("headline"),
                *(curve(f"{name} mode", "", shade, name=label) for name, label, shade in LINES),
                dots("descent", "gradient descent"),
                x="time t/h (steps)",
                y=axis("steep mode, start = 1", "range"),
            ),
        ],
        call=__name__,
        start=start,
        recipe=two_modes,
    )
