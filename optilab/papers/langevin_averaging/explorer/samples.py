"""How many samples a climb needs: what the average tends to, and ascents from there and from anywhere."""

from typing import Any

import numpy as np

from optilab.papers.langevin_averaging.explorer.tables import CLIMBS
from optilab.ui.controls import choice
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, curve, entry, guide, log, panel, promise
from optilab.ui.theme import BROWN, INK, PURPLE, TEAL, ink
from optilab.ui.words import number

Array = np.ndarray
SHADES = (TEAL, PURPLE, BROWN)  # of three dimensions
SQUARE, HALF, ONLINE = "n/d²", "n/d^(k/2)", "n/d^(k−1)"


def measured_in(scale: str, k: int) -> list[Array]:
    """The numbers of samples of all dimensions, in units of the power of d on the axis: (points,) each."""
    power = {SQUARE: 2, HALF: k / 2, ONLINE: k - 1}[scale]
    return [np.array(table[0]) * float(d) ** (2 - power) for d, table in CLIMBS[k].items()]


def crossing(x: Array, share: Array) -> float:
    """Where a share of successes first reaches one half, on a straight line over log x."""
    first = int((np.array(share) >= 0.5).argmax())
    return float(np.exp(np.interp(0.5, share[first - 1 : first + 1], np.log(x[first - 1 : first + 1]))))


def compute(k: int, scale: str) -> dict[str, Any]:
    """Overlap of the partial trace and successes of ascents, for three dimensions."""
    data: dict[str, Any] = {}
    warm_from, random_from = [], []
    xs = measured_in(scale, k)
    for i, (_, traced, random, warm) in enumerate(CLIMBS[k].values()):
        x = xs[i]
        data |= {
            f"traced {i}": (x, np.array(traced)),
            f"random {i}": (x, np.array(random)),
            f"warm {i}": (x, np.array(warm)),
        }
        warm_from.append(crossing(x, np.array(warm)))
        random_from.append(crossing(x, np.array(random)))
    spread = [max(found) / min(found) for found in (warm_from, random_from)]
    sizes = ", ".join(map(str, CLIMBS[k]))
    share = np.geomspace(0.003, 12, 80)
    middle = [*CLIMBS[k]][1]
    unit = float(middle) ** (2 - {SQUARE: 2, HALF: k / 2, ONLINE: k - 1}[scale])
    return data | {
        "law": (share * unit, (1 + 1 / (3 * share)) ** -0.5 if k == 3 else np.full(80, np.nan)),
        "span": np.log10([min(x[0] for x in xs) * 0.8, max(x[-1] for x in xs) * 1.25]).tolist(),
        "axis": f"samples, {scale.replace('^(k/2)', '<sup>k/2</sup>').replace('^(k−1)', '<sup>k−1</sup>')}",
        "headline": f"On this axis the three thresholds of the warm ascents are within a factor {number(spread[0], 2)}",
        "note": f"Half of the ascents succeed, for d = {sizes}: from the partial trace at {scale} = "
        f"<b>{', '.join(number(one, 2) for one in warm_from)}</b> (a factor {number(spread[0], 2)} between them), from "
        f"random starts at {', '.join(number(one, 2) for one in random_from)} (a factor {number(spread[1], 2)}).",
    }


def samples(**start: Any) -> Explorer:
    """The order and the unit of the axis beside what was measured."""
    x = log(entry("axis"), "span", dtick=1)
    sizes = [f"{three} (k = 4: {four})" for three, four in zip(CLIMBS[3], CLIMBS[4], strict=True)]
    return Explorer(
        compute,
        {
            "scale": choice("axis", SQUARE, [SQUARE, HALF, ONLINE]),
            "k": choice("order", 3, [("k = 3", 3), ("k = 4", 4)]),
        },
        [
            panel(
                "What the average tends to: the partial trace alone",
                promise("law", "(1 + d²/3n)<sup>−1/2</sup>, k = 3, middle d", ink(0.6)),
                *(curve(f"traced {i}", f"d = {sizes[i]}", SHADES[i]) for i in range(3)),
                x=x,
                y=axis("overlap with θ*, median", [0, 1.05]),
            ),
            panel(
                entry("headline"),
                *(guide(f"random {i}", "", shade, width=2) for i, shade in enumerate(SHADES)),
                *(curve(f"warm {i}", "", shade) for i, shade in enumerate(SHADES)),
                curve(([np.nan], [np.nan]), "ascent from the partial trace", INK),
                guide(([np.nan], [np.nan]), "from random starts", INK, width=2),
                x=x,
                y=axis("share of ascents that find θ*", [-0.02, 1.05]),
            ),
        ],
        call=__name__,
        start=start,
        recipe=measured_in,
    )
