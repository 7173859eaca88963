"""A budget cut up: equal slices for all workloads, or rounds of which half is spent on choosing."""

from typing import Any

import numpy as np

from optilab.papers.private_gsd.algorithm import noise_floor
from optilab.papers.private_gsd.experiment import N
from optilab.papers.private_gsd.explorer.parts import color
from optilab.problems.privacy import cdp_rho, gaussian_sigma, gumbel_scale
from optilab.ui.controls import log_slider, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, band, curve, here, log, panel, promise
from optilab.ui.theme import ORANGE
from optilab.ui.words import number

ROUNDS = np.arange(1, 31)
ONCE, OURS = color("GSD"), color("GSD in rounds")


def slices(ends: np.ndarray, low: float, high: float) -> tuple[np.ndarray, np.ndarray]:
    """Outlines of boxes between ends (boxes, 2) along x, with gaps between them."""
    left, right = ends.T
    gap = np.full(len(ends), np.nan)
    x = np.stack([left, right, right, left, left, gap], axis=-1).ravel()
    y = np.stack([*(np.full(len(ends), h) for h in (low, low, high, high, low)), gap], axis=-1).ravel()
    return x, y


def noise_of(T: Any, S: int, epsilon: float, m: int) -> Any:
    """σ of one shot on m workloads, σ and Gumbel scale of T rounds of S, for N = 10,000."""
    delta, rho = np.sqrt(2) / N, cdp_rho(epsilon, 1 / N**2)
    measuring = choosing = rho / T / 2
    return gaussian_sigma(delta, rho / m), gaussian_sigma(delta, measuring / S), gumbel_scale(1 / N, choosing, S)


def compute(T: int, S: int, epsilon: float, m: int) -> dict[str, Any]:
    """How ρ is cut, what noise that makes, and what is never measured."""
    once, sigma, scale = noise_of(T, S, epsilon, m)
    edges = np.linspace(0, 1, 2 * T + 1)
    pieces = np.stack([edges[:-1], edges[1:]], axis=-1)
    gap = 0.06 / m  # so that slices can be told apart
    shares = np.linspace(0, 1, m + 1)
    _, sigmas, scales = noise_of(ROUNDS, S, epsilon, m)
    most = m // S
    early = (
        f" S · T = {S * T} is more than there are: it would end after {most} rounds, and `adaptive` refuses it."
        if most < T
        else ""
    )
    measured = min(S * T, m)
    return {
        "one shot": slices(np.stack([shares[:-1] + gap, shares[1:] - gap], axis=-1), 0.1, 0.9),
        "choose": slices(pieces[::2], 1.1, 1.9),
        "measure": slices(pieces[1::2], 1.1, 1.9),
        "sigma": (ROUNDS, sigmas),
        "scale": (ROUNDS, scales),
        "once": (ROUNDS[[0, -1]], np.full(2, once)),
        "now": (T, sigma),
        "chosen": (T, scale),
        "note": f"ρ = {number(cdp_rho(epsilon, 1 / N**2))}. One shot: σ = <b>{number(once)}</b> on each of {m} "
        f"workloads, a mean error of {number(float(noise_floor(once)))}. Rounds: σ = <b>{number(sigma)}</b> on "
        f"{measured} of them, {m - measured} never measured; choices are made with noise of scale "
        f"{number(scale)} on the errors.{early}",
    }


def budget(**start: Any) -> Explorer:
    """Rounds, picks, ε and the number of workloads beside the budget's slices and the noise that they make."""
    return Explorer(
        compute,
        {
            "T": slider("rounds T", 10, 1, 30, 1),
            "S": slider("picks a round S", 3, 1, 10, 1),
            "epsilon": log_slider("ε", 0.2, 0.05, 10.0),
            "m": slider("workloads m", 300, 50, 1000, 50),
        },
        [
            panel(
                "Where ρ goes: to measuring all, or to choosing (orange) and measuring in turn",
                band("one shot", shade=ONCE, opacity=0.75),
                band("choose", shade=ORANGE, opacity=0.75),
                band("measure", shade=OURS, opacity=0.75),
                x=axis("share of ρ spent", [0, 1]),
                y=axis("", [0, 2], ticks={0.5: "one shot", 1.5: "rounds"}, showgrid=False),
            ),
            panel(
                "The noise: in rounds it grows with √T, in one shot with √m",
                promise("once", "σ, one shot", ONCE),
                curve("sigma", "σ, in rounds", OURS),
                curve("scale", "noise of a choice", ORANGE),
                here("now", "", OURS),
                here("chosen", "", ORANGE),
                x=axis("rounds T", [0, 31]),
                y=log("standard deviation; scale", [-4.5, 0.3], dtick=1),
            ),
        ],
        call=__name__,
        start=start,
        recipe=noise_of,
    )
