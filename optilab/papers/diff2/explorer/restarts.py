"""The U-shape in the restart interval, beside the U of the bound."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from scipy.optimize import minimize

from optilab.papers.diff2.algorithm import noise_level, restart_bound
from optilab.papers.diff2.experiment import DELTA, Tails, data, tails
from optilab.papers.diff2.explorer.parts import color, outline, spread
from optilab.ui.controls import choice, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import band, curve, entry, guide, here, log, panel, promise, walk
from optilab.ui.words import number

TAUS = np.array([0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0])


def intervals(R: int) -> np.ndarray:
    """T of DP-GD, 1, and at each τ that is more."""
    return np.unique([1, *np.maximum(1, (TAUS * R).astype(int))])


@cache
def least(n: int, seed: int) -> float:
    """The least loss, near 0."""
    problem = data(seed, n)
    return float(minimize(problem, np.zeros(problem.d), jac=problem.grad, tol=1e-10).fun)


def simulate(n: int, eta: float, R: int, seed: int, progress: Callable[[float, float], Any] | None = None) -> Tails:
    """The ends of ten runs with every restart interval."""
    return tails(data(seed, n), R, intervals(R), [eta], progress=progress)


def measured(n: int, eta: float, R: int, seed: int) -> Tails:
    """The same, without progress."""
    return tails(data(seed, n), R, intervals(R), [eta])


def compute(n: int, eta: float, R: int, seed: int, run: Tails) -> dict[str, Any]:
    """Tails and last losses over T/R, DP-GD's as levels, and the bound through the least of them."""
    T, problem = intervals(R), data(seed, n)
    low, middle, high = spread(run.square[:, 0])
    best = 1 + int(middle[1:].argmin())
    s = float(noise_level(problem.d, n, 1.0, DELTA))
    tau = np.geomspace(T[1] / R, 1, 60)
    bound = restart_bound(tau, s, problem.G, problem.L, float(np.log(2)))
    loss = np.median(run.loss[:, 0], -1) - least(n, seed)
    gain = middle[0] / middle[best]
    part = f"1/{number(float(gain))}" if gain > 1 else f"{number(float(1 / gain))} times that"
    said = f"T = {T[best]} is best: ‖∇f‖² is <b>{part}</b> of DP-GD's. Without a restart it is "
    said += f"{number(float(middle[-1] / middle[best]))} times that of the best; the bound's minimum is at "
    said += f"T/R = {number(float(tau[bound.argmin()]), 2)}."
    return {
        "DIFF2": (T[1:] / R, middle[1:]),
        "band": outline(T[1:] / R, low[1:], high[1:]),
        "DP-GD": ([T[1] / R, 1], [middle[0]] * 2),
        "bound": (tau, bound / bound.min() * middle[best]),
        "now": ([T[best] / R], [middle[best]]),
        "loss": (T[1:] / R, loss[1:]),
        "loss of DP-GD": ([T[1] / R, 1], [loss[0]] * 2),
        "headline": f"Best with {-(-R // T[best])} stage{'s' * bool(T[best] < R)} in {R} rounds"
        if gain > 1
        else "No interval is as good as DP-GD",
        "note": said,
    }


def restarts(**start: Any) -> Explorer:
    """n, step, rounds and data beside ‖∇f‖² and loss over T/R; runs at the button."""
    ours, plain = color("DIFF2"), color("DP-GD")
    return Explorer(
        compute,
        {
            "n": choice("records n", 128_000, [2000, 8000, 32_000, 128_000, 512_000]),
            "eta": choice("η", 4.0, [0.125, 0.25, 0.5, 1.0, 2.0, 4.0]),
            "R": choice("rounds R", 400, [400, 800, 1600]),
            "seed": slider("data", 0, 0, 9, 1),
        },
        [
            panel(
                entry("headline"),
                band("band", shade=ours),
                guide("DP-GD", "DP-GD", plain, width=2),
                promise("bound", "B(τ), scaled", ours),
                walk("DIFF2", "DIFF2", ours),
                here("now", shade=ours),
                x=log("T/R"),
                y=log("‖∇f‖² over the last quarter"),
            ),
            panel(
                "How far the loss is from its least value at the end",
                guide("loss of DP-GD", "DP-GD", plain, width=2),
                curve("loss", "DIFF2", ours),
                x=log("T/R"),
                y=log("last loss − least loss, median"),
            ),
        ],
        call=__name__,
        start=start,
        recipe=measured,
        simulate=simulate,
    )
