"""Smoothing in motion: the kink sharpens as the gap falls, and a blurred signal gets its edges back."""

from functools import cache
from typing import Any

import numpy as np

from optilab.core.run import run
from optilab.papers.gradient_sliding.algorithm import accelerated_sliding, restart_free_lambda, rf_asgs, rf_asgs_bound
from optilab.papers.gradient_sliding.experiment import initial, operator_constants
from optilab.papers.gradient_sliding.explorer.colors import color
from optilab.papers.gradient_sliding.problems.deblurring import Deblurring, deblurring
from optilab.ui.controls import player, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, cloud, curve, dots, entry, guide, halo, here, log, panel, promise, thin
from optilab.ui.theme import ink
from optilab.ui.words import number

PIXELS, N = 60, 40
UNIT = np.linspace(-2.5, 2.5, 401)


@cache
def instance(seed: int) -> Deblurring:
    """The signal of a seed, blurred."""
    return deblurring(seed, n=PIXELS)


@cache
def whole_run(seed: int) -> dict[str, np.ndarray]:
    """All outer steps on the signal of a seed: the fields of the method's states."""
    problem, x0 = instance(seed), np.zeros(PIXELS)
    plan = rf_asgs(**operator_constants(problem, x0), N=N)
    return run(accelerated_sliding(problem, x0, plan), N).fields


def compute(k: int, seed: int) -> dict[str, Any]:
    """The smoothed absolute value, the signal and the gap after k steps."""
    problem, states = instance(seed), whole_run(seed)
    gap0, V0 = initial(problem, np.zeros(PIXELS))
    steps, pixel, Omega = np.arange(N + 1), np.arange(PIXELS), problem.Omega
    eta = np.concatenate([[gap0 / (2 * Omega)], states["eta"][1:]])
    gap = np.maximum(problem(states["xbar"]) - problem.minimum, 1e-12)
    lam = restart_free_lambda(problem.L, problem.mu)
    bound = rf_asgs_bound(steps, gap0=gap0, V0=V0, mu=problem.mu, lam=lam, eta0=eta[0], Omega=Omega)
    line = eta[0] * UNIT
    size = abs(line)
    return {
        "abs": (line, size),
        "huber": (line, np.where(size <= eta[k], line**2 / (2 * eta[k]), size - eta[k] / 2)),
        "width": (np.array([-eta[k], eta[k]]), np.array([eta[k] / 2, eta[k] / 2])),
        "window": [line[0], line[-1]],
        "tall": [-0.05 * line[-1], line[-1]],
        "record": (pixel, problem.b),
        "signal": (pixel, problem.signal),
        "best": (pixel, problem.minimizer),
        "xbar": (pixel, states["xbar"][k]),
        "gap": (steps, gap),
        "bound": (steps, bound),
        "error": (steps, eta * Omega),
        "now": (k, gap[k]),
        "kink": f"The kink of |z|, rounded within η = {number(eta[k], 2)}",
        "note": f"After {k} gradients and {states['operators'][k]:,} operators the gap is {number(gap[k], 2)}; "
        f"smoothing may cost up to ηΩ = {number(eta[k] * Omega, 2)}, and the inner loop has {states['T'][k]} steps.",
    }


def smoothing(**start: Any) -> Explorer:
    """Play through 40 outer steps of total-variation deblurring."""
    green = color("RF-ASGS")
    return Explorer(
        compute,
        {"k": player("outer step k", 12, N, interval=250), "seed": slider("signal (seed)", 0, 0, 6, 1)},
        [
            panel(
                entry("kink"),
                thin("abs", "|z|", ink(0.45)),
                curve("huber", "smoothed", green),
                dots("width", "±η", green),
                x=axis("difference z of two pixels", "window"),
                y=axis("penalty", "tall"),
            ),
            panel(
                "From a smooth hill to flats and edges: the average x̄ₖ on its way to the optimum",
                cloud("record", "recorded", ink(0.4)),
                thin("signal", "truth", ink(0.45), shape="hvh"),
                halo("best", "optimum", green),
                curve("xbar", "x̄ₖ", green),
                x="pixel",
                y="brightness",
            ),
            panel(
                "The gap follows the smoothing down",
                promise("bound", shade=green),
                guide("error", shade=ink(0.6), end="ηₖΩ"),
                curve("gap", "gap", green),
                here("now", shade=green),
                x="gradients of f",
                y=log("gap"),
            ),
        ],
        call=__name__,
        start=start,
        recipe=whole_run,
    )
