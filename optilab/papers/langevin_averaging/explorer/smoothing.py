"""A cubic landscape on the sphere in three dimensions, smoothed, beside where a hot chain is on average."""

from typing import Any

import numpy as np

from optilab.papers.langevin_averaging.algorithm import smoothed_value
from optilab.papers.langevin_averaging.explorer.globe import CHAINS, peaks, places, points, scene
from optilab.papers.langevin_averaging.explorer.parts import AVERAGE, ITERATE, TRACE, color
from optilab.ui.controls import choice, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, cloud, curve, entry, goal, guide, heat, here, panel, thin
from optilab.ui.theme import INK, ink
from optilab.ui.words import number

Array = np.ndarray
MARK = (2 / 3) ** 0.5  # λ² = (d − 1)/3
LATITUDE, LONGITUDE = np.radians(np.linspace(-90, 90, 61)), np.radians(np.linspace(-180, 180, 121))
TURN = np.linspace(-np.pi, np.pi, 181)


def landscape(lam: float, n: float, seed: int) -> Array:
    """The smoothed value on a grid of latitudes and longitudes: (61, 121)."""
    tensor, axes, _, _ = scene(n, seed)
    longitude, latitude = np.meshgrid(LONGITUDE, LATITUDE)
    return smoothed_value(tensor, points(longitude, latitude, axes), lam)


def compute(lam: float, n: float, seed: int) -> dict[str, Any]:
    """The landscape, its highest point, the mean of the chains, and a section through both traces."""
    tensor, axes, ends, mean = scene(n, seed)
    z = landscape(lam, n, seed)
    row, column = np.unravel_index(z.argmax(), z.shape)
    top = points(LONGITUDE[column], LATITUDE[row], axes)
    around = points(TURN, 0 * TURN, axes)
    values, cubic, linear = (smoothed_value(tensor, around, one) for one in (lam, 0.0, MARK))
    share, size = 1.5 * lam**2, (1 + lam**2) ** -1.5
    linear = linear * (1 + MARK**2) ** 1.5
    angle, to_star, off = (np.degrees(np.arccos(np.clip(axes[0] @ one, -1, 1))) for one in (mean, tensor.star, top))
    count = peaks(z)
    where = f"{number(off, 2)}° from the partial trace"
    at_mark = abs(lam - MARK) < 0.01
    return {
        "z": z / abs(z).max(),
        "longitude": np.degrees(LONGITUDE),
        "latitude": np.degrees(LATITUDE),
        "cloud": places(ends, axes),
        "mean": tuple(np.atleast_1d(one) for one in places(mean, axes)),
        "top": ([np.degrees(LONGITUDE[column])], [np.degrees(LATITUDE[row])]),
        "star": tuple(np.atleast_1d(one) for one in places(tensor.star, axes)),
        "values": (np.degrees(TURN), values / size),
        "cubic": (np.degrees(TURN), (1 - share) * cubic),
        "linear": (np.degrees(TURN), share * linear),
        "headline": f"λ = {number(lam, 2)}: "
        + (
            "one peak, where the chains are on average"
            if at_mark
            else f"{count} peaks, the highest {where}"
            if count > 1
            else f"one peak, {where}"
        ),
        "section": "At the mark the cubic has gone: one wave is left"
        if at_mark
        else "No smoothing: the cubic alone"
        if lam == 0
        else "What is left of the cubic, beside the one wave of the partial trace"
        if lam < MARK
        else "Beyond the mark the cubic is back, upside down",
        "note": f"Smoothing keeps 1 − 3λ²/2 = <b>{number(1 - share, 3)}</b> of the cubic and adds {number(share, 3)} "
        f"times ⟨ptr(T), θ⟩. The time average of {CHAINS} chains at ε = ½ lies {number(angle, 2)}° from ptr(T), and "
        f"θ* {number(to_star, 2)}°.",
    }


def smoothing(**start: Any) -> Explorer:
    """The radius of smoothing, the copies of the tensor and the seed beside map and section."""
    return Explorer(
        compute,
        {
            "lam": slider("radius λ", 0.0, 0.0, 3.0, 0.05, named={"none": 0.0, "mark, λ² = (d−1)/3": MARK}),
            "n": choice("copies n", 4.0, [("1", 1.0), ("4", 4.0), ("100", 100.0)]),
            "seed": slider("seed", 0, 0, 3, 1),
        },
        [
            panel(
                entry("headline"),
                heat(("longitude", "latitude", "z"), bar="f<sub>λ</sub> over its largest size", zmin=-1, zmax=1),
                cloud("cloud", "chains", ink(0.5), size=3),
                goal("star", "θ*", INK),
                here("top", "highest point", ink(0.9), symbol="x"),
                here("mean", "their average", color(AVERAGE), size=13),
                x=axis("longitude from ptr(T), degrees", [-180, 180], ticks=[-180, -90, 0, 90, 180]),
                y=axis("latitude, degrees", [-90, 90], ticks=[-90, -45, 0, 45, 90]),
                height=380,
            ),
            panel(
                entry("section"),
                thin("cubic", "what is left of f", color(ITERATE)),
                thin("linear", "3λ²/(d−1) ⟨ptr(T), θ⟩", color(TRACE)),
                curve("values", "sum"),
                guide(([-180, 180], [0, 0])),
                x=axis("degrees from ptr(T), towards θ*", [-180, 180], ticks=[-180, -90, 0, 90, 180]),
                y="(1 + λ²)<sup>3/2</sup> f<sub>λ</sub>",
                height=380,
            ),
        ],
        call=__name__,
        start=start,
        recipe=landscape,
    )
