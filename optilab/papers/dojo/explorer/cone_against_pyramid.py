"""A mass slides to rest, seen from above: under the exact cone, and under the pyramid."""

from functools import lru_cache
from typing import Any

import numpy as np

from optilab.core.run import Trace, run
from optilab.papers.dojo.algorithm import MODELS, heading, pyramid_path, sliding
from optilab.papers.dojo.experiment.friction import polar
from optilab.ui.controls import player, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, curve, dots, entry, guide, here, panel, promise
from optilab.ui.theme import ink, methods

FRAMES, LEAST, MOST = 40, 283, 500
H = 0.01  # s, unless the pyramid's slide along the diagonal, the longest, would take less or more steps than those
ALL = np.linspace(0, 90, 91)
TURN = np.linspace(0, 2 * np.pi, 73)
SETS = {"cone": np.stack([np.cos(TURN), np.sin(TURN)]), "pyramid": np.array([[1.0, 0, -1, 0, 1], [0, 1, 0, -1, 0]])}
SPAN = [-0.42, 1.12]
SIZE = 0.28  # of these sets in the picture of velocities, as a part of the speed
color = methods(ours=["cone"], rivals=["pyramid"])


def step_size(speed: float, mu: float) -> float:
    """A time step (s) with which the pyramid's diagonal, braked by μg/√2, is at rest after LEAST to MOST steps."""
    longest = np.sqrt(2) * speed / (mu * 9.81)
    return float(np.clip(H, longest / MOST, longest / LEAST))


@lru_cache(maxsize=16)
def slides(angle: float, speed: float, mu: float) -> dict[str, Trace]:
    """Both slides."""
    v0, h = polar(speed, angle), step_size(speed, mu)
    return {model: run(sliding(v0, mu=mu, h=h, model=model), MOST + 2) for model in MODELS}


def compute(frame: int, angle: float, speed: float, mu: float) -> dict[str, Any]:
    """Paths up to a frame of the animation, what friction may give there, and the headings of all starts."""
    both = slides(round(angle, 6), round(speed, 6), round(mu, 6))
    longest = max(len(trace.step) for trace in both.values()) - 1
    reach = 1.08 * max(float(trace.x.max()) for trace in both.values())
    strongest = mu * 9.81 * step_size(speed, mu)
    data: dict[str, Any] = {}
    for model, trace in both.items():
        last = len(trace.step) - 1
        k = min(int(np.ceil(frame / FRAMES * longest)), last)
        shown, whole = (np.unique([*range(0, end + 1, max(1, (last + 1) // 200)), end]) for end in (k, last))
        v = trace.v[k] / speed
        tip = v + SIZE * trace.b[min(k + 1, last)] / strongest
        data |= {
            f"{model} path": tuple(trace.x[shown].T),
            f"{model} at": tuple(trace.x[k]),
            f"{model} v": tuple(trace.v[whole].T / speed),
            f"{model} set": tuple(v[:, None] + SIZE * SETS[model]),
            f"{model} push": tuple(np.stack([v, tip], 1)),
        }
    ends = {model: trace.x[-1] for model, trace in both.items()}
    found = {model: float(heading(end)) for model, end in ends.items()}
    further = np.linalg.norm(ends["pyramid"]) / np.linalg.norm(ends["cone"])
    if abs(found["pyramid"] - angle) > 0.5:
        bends = "the pyramid bends the path to the diagonal"
    else:
        bends = "the heading is right here, the distance isn't" if further > 1.02 else "along an axis both are right"
    return data | {
        "true": tuple(np.stack([np.zeros(2), polar(3 * reach, angle)], 1)),
        "reach": [-0.06 * reach, reach],
        "title": f"From above: {bends}",
        "now": (angle, found["pyramid"] - angle),
        "note": f"Started at {angle:.1f}°. Under the cone the mass stops after {np.linalg.norm(ends['cone']):.2f} m at "
        f"{found['cone']:.1f}°, under the pyramid after {np.linalg.norm(ends['pyramid']):.2f} m at "
        f"<b>{found['pyramid']:.1f}°</b>: {abs(found['pyramid'] - angle):.1f}° off.",
    }


def cone_against_pyramid(**start: Any) -> Explorer:
    """Play two slides from the same start: heading, speed and friction."""
    bend = heading(pyramid_path(polar(1.0, ALL), 1.0)) - ALL
    arrow = {"symbol": ["circle", "arrow"], "size": [7, 12], "angleref": "previous"}
    cone, pyramid = color("cone"), color("pyramid")
    return Explorer(
        compute,
        {
            "frame": player("time", FRAMES, FRAMES, interval=60),
            "angle": slider("start heading (°)", 11.0, 0, 90, 0.5, named={"diagonal": 45.0}),
            "speed": slider("speed (m/s)", 4.0, 0.5, 5, 0.1),
            "mu": slider("friction μ", 0.25, 0.05, 1, 0.05),
        },
        [
            panel(
                entry("title"),
                guide("true", "true heading", ink(0.6)),
                curve("cone path", "cone", cone),
                here("cone at", shade=cone, symbol="square", size=14),
                curve("pyramid path", "pyramid", pyramid),
                here("pyramid at", shade=pyramid, symbol="square", size=14),
                x=axis("x (m)", "reach", constrain="domain"),
                y=axis("y (m)", "reach", equal=True),
                height=360,
            ),
            panel(
                "Why: a pyramid's strongest pull sits at its corner, so it brakes the faster axis first",
                curve("cone v", "velocity, cone", cone),
                guide("cone set", shade=cone),
                curve("cone push", shade=cone, mode="lines+markers", marker=arrow),
                curve("pyramid v", "velocity, pyramid", pyramid),
                guide("pyramid set", shade=pyramid),
                curve("pyramid push", shade=pyramid, mode="lines+markers", marker=arrow),
                x=axis("v_x / start speed", SPAN, constrain="domain"),
                y=axis("v_y / start speed", SPAN, equal=True),
                height=360,
            ),
            panel(
                "The heading is exact at 0°, 45° and 90° only",
                curve((ALL, 0 * ALL), "cone", cone),
                promise((ALL, bend), "pyramid, h → 0", pyramid),
                dots("now", "this slide", pyramid, symbol="square", size=11),
                x=axis("start heading (°)", ticks=[0, 15, 30, 45, 60, 75, 90]),
                y="heading error (°)",
                height=360,
            ),
        ],
        call=__name__,
        start=start,
        recipe=slides,
    )
