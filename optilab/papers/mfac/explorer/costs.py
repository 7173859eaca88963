"""What each way to the inverse costs: once, each product, and in memory."""

from typing import Any

import numpy as np

from optilab.papers.mfac import algorithm as alg
from optilab.papers.mfac.explorer.parts import color
from optilab.ui.controls import slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, bars, entry, log, panel, texts
from optilab.ui.words import number

WAYS = ("dense", "WoodFisher", "static", "dynamic")
SHADES = [color("dense"), color("WoodFisher"), color("M-FAC"), color("M-FAC, dynamic")]


def multiply_adds(m: int, power: float, b: int) -> Any:
    """Multiply-adds once (of the dynamic way: per gradient) and per product, at d = 10^power coordinates."""
    return alg.costs(m, round(10**power), b)


def compute(m: int, power: float, b: int) -> dict[str, Any]:
    """Three rows of bars on log axes, their numbers, and the number of products that pay for the dense way."""
    d = round(10**power)
    table = multiply_adds(m, power, b)
    once, each = (np.array([table[way][k] for way in WAYS], dtype=float) for k in (0, 1))
    memory = np.array([d * d, d * min(b, d), d * m, d * m + 2 * m * m], dtype=float)
    factor = once[0] / once[2]
    said = "the dense way asks for fewer" if factor < 1 else f"{number(factor, 2)} times as many for the dense way"
    return {
        "once": once,
        "each": each,
        "memory": memory,
        **{
            f"{name} words": [number(value, 2) for value in values]
            for name, values in (("once", once), ("each", each), ("memory", memory))
        },
        "note": f"d = {d:,}: made once, multiply-adds: {number(once[2], 2)} for the static way, {said}. A product: "
        f"{number(each[2], 2)} against {number(each[0], 2)}. The dynamic way takes in a gradient for "
        f"{number(once[3], 2)} and multiplies for {number(each[3], 2)}. The dense inverse alone would fill "
        f"<b>{number(8 * memory[0] / 1e9, 2)} GB</b>, M-FAC's vectors {number(8 * memory[2] / 1e9, 2)} GB.",
    }


def costs(**start: Any) -> Explorer:
    """The number of gradients, of coordinates and the block size beside multiply-adds and memory."""

    def row(title: str, name: str, unit: str, span: list[float]) -> Any:
        return panel(
            title,
            bars((name, list(WAYS)), shade=SHADES, across=True, hoverinfo="skip"),
            texts((name, list(WAYS)), entry(f"{name} words"), textposition="middle right"),
            x=log(unit, span, dtick=8, tickangle=0),
            y=axis(autorange="reversed", showgrid=False),
        )

    return Explorer(
        compute,
        {
            "m": slider("gradients m", 64, 4, 1024, 4),
            "power": slider("log₁₀ d", 6.0, 2.0, 8.0, 0.1, named={"the lesson's network": 3.2, "ResNet-50": 7.4}),
            "b": slider("WoodFisher’s block b", 128, 8, 1024, 8),
        },
        [
            row("Once; dynamic: per gradient", "once", "multiply-adds, leading terms", [2, 29]),
            row("Each product F⁻¹x", "each", "multiply-adds, leading terms", [2, 22]),
            row("What is kept", "memory", "numbers", [2, 22]),
        ],
        call=__name__,
        start=start,
        recipe=multiply_adds,
    )
