"""The saddle step with all else frozen: a spiral in or out, and its eigenvalues beside the unit circle."""

from functools import partial
from typing import Any

import numpy as np

from optilab.papers.lv_hba.algorithm import saddle_eigenvalues, saddle_limit
from optilab.papers.lv_hba.explorer.parts import color
from optilab.ui.controls import log_slider, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, dots, entry, goal, guide, panel, walk
from optilab.ui.words import number

MOST = 2.0  # of η
STEPS, FAR = 100, 1e6
EDGE = 1e-6  # a modulus this near to 1 is 1
ANGLE = np.linspace(0, 2 * np.pi, 121)


def frozen(eta: float, b: float, gamma1: float, gamma2: float) -> Any:
    """(θ, λ) minus the saddle in 100 steps from (1, 1), for f = ½(y − ax)² and g = by + cx − d: (steps + 1, 2)."""
    M = np.array([[1 + 1 / gamma1, b], [-b, 1 / gamma2]])
    path = [np.array([1.0, 1.0])]
    while len(path) <= STEPS and np.linalg.norm(path[-1]) <= FAR:
        path.append(path[-1] - eta * M @ path[-1])
    return np.array(path)


def compute(eta: float, b: float, gamma1: float, gamma2: float) -> dict[str, Any]:
    """The path, the eigenvalues, the limit."""
    path = frozen(eta, b, gamma1, gamma2)
    values = saddle_eigenvalues(eta, 1.0, b, gamma1, gamma2)
    limit = float(saddle_limit(1.0, b, gamma1, gamma2))
    size = np.linalg.norm(path, axis=1)
    radius = float(abs(values).max())
    shown = path[np.cumsum(size > 3) == 0]
    hidden = " What is farther out than 3 is left out." if max(size.max(), radius) > 3 else ""
    if abs(radius - 1) < EDGE:
        headline = "Neither in nor out: η is at its limit"
    elif radius > 1:
        headline = "Out: η is beyond its limit" if size[-1] <= FAR else f"Out: past 10⁶ after {len(path) - 1} steps"
    else:
        headline = "In: η is below its limit"
    return {
        "path": (shown[:, 0], shown[:, 1]),
        "circle": (np.cos(ANGLE), np.sin(ANGLE)),
        "values": (np.where(abs(values) > 3, np.nan, values.real), values.imag),
        "headline": headline,
        "note": f"The larger modulus is <b>{number(radius)}</b>. The limit of η is {number(limit)}, half of it is the "
        f"fastest where the eigenvalues are a pair.{hidden}",
    }


def near(share: float, values: dict[str, Any]) -> float:
    """A share of the limit of η, or the end of its slider if that comes first."""
    return min(share * float(saddle_limit(1.0, values["b"], values["gamma1"], values["gamma2"])), MOST)


def spiral(**start: Any) -> Explorer:
    """η, the row's norm b, γ₁ and γ₂ beside the path and the eigenvalues."""
    blue = color("LV-HBA")
    return Explorer(
        compute,
        {
            "eta": log_slider(
                "η",
                0.3,
                0.01,
                MOST,
                named={"the limit": partial(near, 1.0), "half of it": partial(near, 0.5)},
            ),
            "b": slider("norm of the row b", 1.0, 0.1, 3.0, 0.1),
            "gamma1": log_slider("γ₁", 1.0, 0.1, 10.0),
            "gamma2": log_slider("γ₂", 1.0, 0.1, 10.0),
        },
        [
            panel(
                entry("headline"),
                goal(([0.0], [0.0]), "saddle"),
                walk("path", "(θ, λ)", blue, size=5),
                x=axis("θ − θ*", [-3, 3]),
                y=axis("λ − λ*", [-3, 3], equal=True),
                height=400,
            ),
            panel(
                "Eigenvalues of the step: in while both lie inside the circle",
                guide("circle", hoverinfo="skip"),
                dots("values", "eigenvalues", blue, size=11),
                x=axis("real part", [-3, 3]),
                y=axis("imaginary part", [-3, 3], equal=True),
                height=400,
            ),
        ],
        call=__name__,
        start=start,
        recipe=frozen,
    )
