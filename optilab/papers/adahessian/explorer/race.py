"""A race in other units: the same landscape for all, its parameters stretched and turned for the methods."""

from typing import Any

import numpy as np

from optilab.papers.adahessian.algorithm import residual
from optilab.papers.adahessian.explorer.parts import color
from optilab.papers.adahessian.explorer.runs import EXACT, PROBE, STEPS, WINDOWS, drawn, map_of, ours, rivals, seen
from optilab.papers.adahessian.problems import LANDSCAPES, in_other_units
from optilab.ui.controls import choice, log_slider, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, contour, curve, goal, halo, here, log, panel, promise, walk
from optilab.ui.theme import ink
from optilab.ui.words import number

FLOOR = 1e-17  # of distances drawn
NAMES = ("ADAHESSIAN", "Adam", "SGD with momentum")
EPSILONS = [0.0, 1e-8, 1e-4, 1e-2]
TUNED, SAME = "Adam 0.1, SGD 0.3/λ", "lr of ADAHESSIAN"


def compute(
    landscape: str, s: float, degrees: float, lr: float, eps: float, diagonal: str, rates: str
) -> dict[str, Any]:
    """Paths, losses, and how far each path is from the one in plain units."""
    f, _ = LANDSCAPES[landscape]
    problem, _ = in_other_units(landscape, s, degrees)
    runs = {"ADAHESSIAN": ours(landscape, s, degrees, lr, eps, diagonal)}
    runs |= rivals(landscape, s, degrees, 0.0 if rates == TUNED else lr)
    *_, lowest = WINDOWS[landscape]
    data: dict[str, Any] = {"map": map_of(landscape), "x span": WINDOWS[landscape][0], "y span": WINDOWS[landscape][1]}
    said, paths = [], {}
    with np.errstate(all="ignore"):
        for name, trace in runs.items():
            theta, plain, lost = drawn(problem, trace.theta if name == "ADAHESSIAN" else trace.x)
            loss, paths[name] = f(theta), (theta, plain)
            data |= {
                f"{name} path": tuple(theta.T),
                f"{name} end": seen(theta, landscape),
                f"{name} loss": (trace.step, np.clip(loss, 10.0**lowest, 1e12)),
                f"{name} apart": (trace.step, np.clip(np.linalg.norm(theta - plain, axis=-1), FLOOR, 1e6)),
            }
            end = f"beyond 10⁶ from step {lost:.0f} on" if np.isfinite(lost) else f"{number(loss[-1], 2)}"
            said.append(f"{name} {end}")
    theta, plain = paths["ADAHESSIAN"]
    law = np.full(STEPS + 1, np.nan)
    if landscape == "bowl" and degrees == 0 and eps == 0:
        law = np.clip(f(theta[0]) * residual(STEPS, lr) ** 2, 10.0**lowest, 1e12)
    far = np.nanmax(np.linalg.norm(theta - plain, axis=-1))
    verdict = (
        "is, to rounding, on <b>the path that it takes in plain units</b>"
        if far < 1e-9
        else f"is up to {number(far, 2)} away from the path that it takes in plain units"
    )
    return data | {
        "plain path": tuple(plain.T),
        "star": tuple(f.minimizer),
        "law": (np.arange(STEPS + 1), law),
        "loss span": [lowest - 0.5, max(3, -lowest - 6)],
        "note": f"The second parameter is y/{number(10.0**s, 3)}, before both are turned by {degrees:.0f}°. "
        f"ADAHESSIAN {verdict}. "
        f"f after {STEPS} steps: {', '.join(said)}.",
    }


def coupled(values: dict[str, Any]) -> bool:
    """Whether the Hessian isn't diagonal, so that a probe differs from the exact diagonal."""
    return values["degrees"] > 0 or values["landscape"] in ("Rosenbrock", "Beale")


def race(**start: Any) -> Explorer:
    """Landscape, stretch, angle, learning rate, ε and diagonal beside paths, losses and what the units change."""
    return Explorer(
        compute,
        {
            "s": slider("stretch s", 1.0, -3.0, 3.0, 0.25, named={"plain": {"s": 0.0, "degrees": 0.0}}),
            "degrees": slider("angle (°)", 0.0, 0.0, 45.0, 5.0),
            "lr": log_slider("lr", 0.15, 1e-3, 50.0, named={"paper's": 0.15}),
            "landscape": choice("landscape", "bowl", list(LANDSCAPES)),
            "eps": choice("ε", 0.0, [(f"{eps:g}", eps) for eps in EPSILONS]),
            "diagonal": choice("curvature", EXACT, [EXACT, PROBE], when=coupled),
            "rates": choice("rivals' rates", TUNED, [TUNED, SAME]),
        },
        [
            panel(
                "The paths, seen in plain units",
                contour("map", ncontours=14),
                halo("plain path", "ADAHESSIAN, plain units", color("ADAHESSIAN")),
                *(walk(f"{name} path", name, color(name), marker={"size": 3.5}) for name in reversed(NAMES)),
                *(here(f"{name} end", shade=color(name), showlegend=False, hoverinfo="skip") for name in NAMES),
                goal("star", shade=ink(0.9)),
                x=axis("x", "x span", showgrid=False),
                y=axis("y", "y span", showgrid=False),
                height=380,
            ),
            panel(
                "How fast each falls",
                *(curve(f"{name} loss", name, color(name), showlegend=False) for name in reversed(NAMES)),
                promise("law", "r<sub>t</sub>² f₀, no units in it", color("ADAHESSIAN")),
                x=axis("step t", [0, STEPS]),
                y=log("f", "loss span", nticks=8),
                height=380,
            ),
            panel(
                "What the units change in the path",
                *(curve(f"{name} apart", name, color(name), showlegend=False) for name in reversed(NAMES)),
                x=axis("step t", [0, STEPS]),
                y=log("‖θ<sub>t</sub> − plain θ<sub>t</sub>‖", [-17.5, 3], dtick=4),
                height=380,
            ),
        ],
        call=__name__,
        start=start,
        recipe=ours,
    )
