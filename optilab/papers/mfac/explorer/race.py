"""Training a small network: M-FAC beside SGD with momentum and Adam, and how far it may have gone."""

from collections.abc import Callable
from typing import Any

import numpy as np

from optilab.core.run import run
from optilab.papers.mfac.algorithm import distance_bound
from optilab.papers.mfac.experiment import EVERY, small_fit, states, steps_to
from optilab.papers.mfac.explorer.parts import color
from optilab.ui.controls import choice, log_slider, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, curve, guide, log, panel, promise, thin
from optilab.ui.words import number

STEPS, GOAL = 500, 0.1
RIVALS = {"SGD 0.1": color("SGD"), "SGD 0.3": color("SGD"), "Adam 0.03": color("Adam"), "Adam 0.1": color("Adam")}
OURS = color("M-FAC")


def trained(m: int, lam: float, lr: float, cond: float, seed: int) -> Any:
    """Weights (51, 387) of M-FAC at every tenth step of 500."""
    ours = states(seed, "M-FAC", cond, m=m, lam=lam, lr=lr)
    return run(ours, STEPS, every=EVERY, keep=["theta"]).theta


def simulate(
    m: int, lam: float, lr: float, cond: float, seed: int, progress: Callable[..., None] | None = None
) -> dict[str, np.ndarray]:
    """Weights of all methods, on the same start and batches."""
    found = {"M-FAC": trained(m, lam, lr, cond, seed)}
    for name in RIVALS:
        found[name] = run(states(seed, name, cond), STEPS, every=EVERY, keep=["x"]).x
        if progress:
            progress(len(found), 1 + len(RIVALS))
    return found


def compute(m: int, lam: float, lr: float, cond: float, seed: int, *, run: dict[str, np.ndarray]) -> dict[str, Any]:
    """Train losses of all methods, distances from the start, and the bound on M-FAC's."""
    fit, t = small_fit(seed, cond), EVERY * np.arange(STEPS // EVERY + 1)
    data: dict[str, Any] = {}
    steps = {}
    for name, weights in run.items():
        loss = fit(weights)
        steps[name] = steps_to(loss, GOAL, EVERY)
        data[name] = (t, np.clip(loss, 1e-4, 1e3))
        data[f"{name} distance"] = (t[1:], np.linalg.norm(weights - weights[0], axis=1)[1:])
    said = ", ".join(f"{name} {number(count) if count <= STEPS else 'not within 500'}" for name, count in steps.items())
    return data | {
        "bound": (t[1:], distance_bound(t[1:], m, lam, lr)),
        "goal": (t[[0, -1]], np.full(2, GOAL)),
        "note": f"Steps to a train loss of {GOAL}: <b>{said}</b>. To first order a step of M-FAC lowers the loss by "
        f"less than {number(lr * m, 2)}; it is no longer than {number(float(distance_bound(1, m, lam, lr)), 2)}.",
    }


def race(**start: Any) -> Explorer:
    """Window, damping, step size, scales and seed beside losses and distances; runs at the button."""
    marks = {"SGD 0.1": thin, "SGD 0.3": curve, "Adam 0.03": thin, "Adam 0.1": curve}
    tuned, printed = {"m": 64, "lam": 1e-3, "lr": 1e-2}, {"m": 64, "lam": 1e-5, "lr": 1e-3}
    return Explorer(
        compute,
        {
            "m": slider("window m", 64, 4, 64, 4),
            "lam": log_slider("λ", 1e-3, 1e-6, 1e-1, steps=20, named={"tuned here": tuned, "paper's": printed}),
            "lr": log_slider("step size", 1e-2, 1e-4, 1e-1, steps=24),
            "cond": choice("scales of the inputs, up to 1 :", 100.0, [("1", 1.0), ("10", 10.0), ("100", 100.0)]),
            "seed": slider("seed", 0, 0, 9, 1),
        },
        [
            panel(
                "The loss of a network of 387 weights, batches of 32",
                *(marks[name](name, name, shade) for name, shade in RIVALS.items()),
                curve("M-FAC", "M-FAC", OURS),
                guide("goal"),
                x=axis("step", [0, STEPS]),
                y=log("train loss (dotted: the goal)", [-2.6, 1]),
            ),
            panel(
                "M-FAC goes no further than t · lr · ½√(m/λ)",
                *(marks[name](f"{name} distance", "", shade) for name, shade in RIVALS.items()),
                promise("bound", "bound", OURS),
                curve("M-FAC distance", "", OURS),
                x=log("step t", [1, np.log10(STEPS)], ticks=[10, 30, 100, 300]),
                y=log("‖θ − θ₀‖", [-1.5, 4]),
            ),
        ],
        call=__name__,
        start=start,
        recipe=trained,
        simulate=simulate,
        run="Train",
    )
