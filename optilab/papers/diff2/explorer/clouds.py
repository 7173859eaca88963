"""The noise of two estimates of one gradient, along the path of gradient descent without noise."""

from functools import cache
from typing import Any

import numpy as np

from optilab.core.run import run
from optilab.papers.diff2.algorithm import dp_gd, multipliers, predicted_error
from optilab.papers.diff2.explorer.parts import color
from optilab.papers.diff2.problems import Logistic, prototypes
from optilab.ui.controls import log_slider, player, slider, switch
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, cloud, curve, entry, goal, here, log, panel, thin
from optilab.ui.words import number

R, DELTA, DRAWS, U = 100, 1e-5, 200, 1.25
NORMALS = np.random.default_rng(3).normal(size=(2, DRAWS, 2))


@cache
def problem() -> Logistic:
    """Two parameters, 64 prototypes."""
    return prototypes(0, 100_000, d=2, M=64)


@cache
def path() -> tuple[np.ndarray, np.ndarray]:
    """x_0 … x_100 of gradient descent, and the norms of the gradients there."""
    x = run(dp_gd(problem(), np.zeros(2), eta=1.0, C=np.inf, sigma=0.0), R).x
    return x, np.linalg.norm(problem().grad(x), axis=-1)


def deviations(n: float, eps: float, T: int) -> Any:
    """Standard deviation of a coordinate of DP-GD's estimate and of DIFF2's (100 rounds), for n records."""
    x, _ = path()
    plain, _ = multipliers(round(n), R, 1, eps, DELTA)
    sigma1, sigma2 = multipliers(round(n), R, T, eps, DELTA)
    error = predicted_error(x, T, problem().G * sigma1, problem().L * sigma2)
    return float(problem().G * plain), np.sqrt(error / 2)


def compute(k: int, n: float, eps: float, T: int, noise: bool) -> dict[str, Any]:
    """Both clouds at a round, in units of DP-GD's deviation, and the deviations of all rounds."""
    plain, ours = deviations(n, eps if noise else np.inf, T)
    rounds, gradient = np.arange(R), path()[1]
    unit = plain if noise else 1.0
    size = ours[k] / unit
    around = NORMALS * np.array([float(noise), size])[:, None, None]
    if noise:
        low = ours[k // T * T] / plain
        said = f"Round {k}, {k % T} after a restart: DIFF2's noise is <b>{number(size)}</b> of DP-GD's "
        said += f"({number(low)} at the restart); DP-GD's standard deviation is {number(plain / gradient[k])} of ‖∇f‖."
    else:
        said = "Without noise both estimates are the gradient, whatever T: the differences add up to it."
        plain, ours = np.nan, np.full(R, np.nan)
    grows = "With T = 1 DIFF2 is DP-GD" if T == 1 else "DIFF2's noise grows by what the steps add, until a restart"
    return {
        "growth": grows if noise else "Without noise nothing hides the gradient",
        "DP-GD cloud": (around[0, :, 0], around[0, :, 1]),
        "DIFF2 cloud": (around[1, :, 0], around[1, :, 1]),
        "DP-GD": (rounds, np.full(R, plain)),
        "DIFF2": (np.repeat(rounds, 2)[1:], np.repeat(ours, 2)[:-1]),
        "gradient": (rounds, gradient[:R]),
        "now": ([k], [ours[k]]),
        "now plain": ([k], [plain]),
        "note": said,
    }


def clouds(**start: Any) -> Explorer:
    """The round, n, ε and T beside two clouds and their widths."""
    return Explorer(
        compute,
        {
            "k": player("round r", 30, R - 1, interval=80),
            "n": log_slider("records n", 1e4, 1e3, 1e6, steps=30),
            "eps": log_slider("ε", 1.0, 0.1, 10.0, steps=20, when=lambda v: v["noise"]),
            "T": slider("restart every T", 25, 1, 100, 1, named={"no restart": 100}),
            "noise": switch("noise", True),
        },
        [
            panel(
                "Two estimates of one gradient, 200 draws each",
                cloud("DP-GD cloud", "DP-GD", color("DP-GD")),
                cloud("DIFF2 cloud", "DIFF2", color("DIFF2")),
                goal(([0], [0]), "∇f"),
                x=axis("error in v₁, DP-GD's deviation is 1", [-4, 4]),
                y=axis("error in v₂", [-4, 4], equal=True),
                height=400,
            ),
            panel(
                entry("growth"),
                thin("gradient", "‖∇f‖"),
                curve("DP-GD", "DP-GD", color("DP-GD")),
                curve("DIFF2", "DIFF2", color("DIFF2")),
                here("now plain", shade=color("DP-GD")),
                here("now", shade=color("DIFF2")),
                x=axis("round r", [0, R]),
                y=log("standard deviation of a coordinate", [-6.2, 0.5]),
                height=400,
            ),
        ],
        call=__name__,
        start=start,
        recipe=deviations,
    )
