"""Steps that are far too long: M-FAC is thrown out and stays where it lands, plain descent goes on and on."""

from typing import Any

import numpy as np

from optilab.classics.gradient_descent import gradient_descent
from optilab.core.run import run
from optilab.papers.mfac import algorithm as alg
from optilab.papers.mfac.explorer.parts import color
from optilab.problems.noisy import Gaussian, Noisy
from optilab.problems.quadratic import Quadratic
from optilab.ui.controls import log_slider, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, curve, guide, log, panel, promise
from optilab.ui.theme import INK
from optilab.ui.words import number

STEPS = 60
BOWL = Quadratic(np.diag([1.0, 0.09]), np.zeros(2))
START = np.array([-4.0, 4.0])
OURS = color("M-FAC")
LEAST = 1e-8  # of what is drawn


def both(lr: float, lam: float, m: int) -> Any:
    """Points of M-FAC and of gradient descent at the same step size on one bowl: two of (61, 2)."""
    exact, unused = Noisy(BOWL, Gaussian(0.0), 2), np.random.default_rng(0)  # every sample is the gradient itself
    ours = run(alg.mfac(exact, START, rng=unused, m=m, lam=lam, lr=lr), STEPS, keep=["theta"]).theta
    plain = run(gradient_descent(BOWL, START, alpha=lr), STEPS, keep=["x"]).x
    return ours, plain


def compute(lr: float, lam: float, m: int) -> dict[str, Any]:
    """Losses, and distances from the start beside the bound."""
    t = np.arange(STEPS + 1)
    ours, plain = both(lr, lam, m)
    losses = [BOWL(points) for points in (ours, plain)]
    away = [np.linalg.norm(points - START, axis=1) for points in (ours, plain)]
    bound = alg.distance_bound(t, m, lam, lr)
    start = losses[0][0]
    verdict = [
        f"<b>diverged</b> (loss {number(loss.max() / start, 2)} times its start)"
        if loss.max() > 100 * start
        else "not diverged"
        for loss in losses
    ]
    data: dict[str, Any] = {}
    for name, loss, distance in zip(("ours", "plain"), losses, away, strict=True):
        data |= {
            f"{name} loss": (t, np.clip(loss, LEAST, 1e30)),
            f"{name} distance": (t[1:], np.clip(distance[1:], LEAST, 1e30)),
        }
    return data | {
        "bound": (t[1:], bound[1:]),
        "level": (t[[0, -1]], np.full(2, 100 * start)),
        "span": [-7.0, 31.0] if losses[1].max() > 1e6 else [-7.0, 7.0],
        "away": [-3.0, 16.0] if losses[1].max() > 1e6 else [-3.0, 5.5],
        "note": f"M-FAC: {verdict[0]}; gradient descent: {verdict[1]}. After {STEPS} steps M-FAC is "
        f"{number(away[0][-1], 2)} from its start, and can't be further than {number(bound[-1], 2)}; its loss is "
        f"{number(losses[0][-1], 2)}, gradient descent's {number(losses[1][-1], 2)}.",
    }


def throw(**start: Any) -> Explorer:
    """Step size, damping and window beside losses and distances on one bowl."""
    return Explorer(
        compute,
        {
            "lr": log_slider("step size", 0.1, 0.01, 100.0, steps=40, named={"0.1": 0.1, "far too long": 100.0}),
            "lam": log_slider("λ", 0.1, 1e-3, 1.0, steps=30),
            "m": slider("window m", 8, 1, 64, 1),
        },
        [
            panel(
                "One step size, two kinds of trouble",
                curve("plain loss", "gradient descent", INK),
                curve("ours loss", "M-FAC", OURS),
                guide("level", end="100 × start"),
                x=axis("step", [0, STEPS]),
                y=log("loss", "span"),
            ),
            panel(
                "M-FAC goes no further than t · lr · ½√(m/λ)",
                promise("bound", "bound", OURS),
                curve("plain distance", "gradient descent", INK),
                curve("ours distance", "M-FAC", OURS),
                x=log("step t", [0, 1.8]),
                y=log("distance from the start", "away"),
            ),
        ],
        call=__name__,
        start=start,
        recipe=both,
    )
