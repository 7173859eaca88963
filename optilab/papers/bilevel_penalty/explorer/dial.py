"""The bias of the penalty: ψ_σ beside ψ, and the largest error of its slope, on a ring and where solutions jump."""

from functools import cache
from typing import Any

import numpy as np

from optilab.papers.bilevel_penalty.explorer.parts import color
from optilab.papers.bilevel_penalty.problems import Penalised, jump, ring
from optilab.ui.controls import choice, log_slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, curve, dots, entry, guide, here, log, panel, promise, thin
from optilab.ui.words import number

RING, JUMP = "ring: solutions move continuously", "xy on a box: the solution jumps"
SIGMAS = np.logspace(-3, 0, 31)
NEAR = 1e-9  # where the slope at 0⁺ is taken


def chosen(problem: str, sigma: float) -> tuple[Penalised, np.ndarray]:
    """The problem of that name and its grid: with the kinks of ψ_σ, without x = 0, where the lower solution jumps."""
    if problem == RING:
        return ring(), np.linspace(-2, 2, 202)
    kinks = [-2 * sigma, -NEAR, NEAR, 2 * sigma]
    return jump(), np.unique(np.concatenate([np.linspace(-1, 1, 402), kinks]).clip(-1, 1))


def curves(problem: str, sigma: float) -> Any:
    """x, ψ, ψ_σ, and what ψ less the bound on their gap leaves."""
    found, x = chosen(problem, sigma)
    at = x[:, None]
    psi = found(at)
    return x, psi, found.penalty(at, sigma), psi - found.gap_bound(at, sigma)


@cache
def worst(problem: str) -> np.ndarray:
    """The largest |ψ_σ′ − ψ′| over x, at each σ of `SIGMAS`."""
    return np.array([_worst(problem, sigma) for sigma in SIGMAS])


def _worst(problem: str, sigma: float) -> float:
    found, x = chosen(problem, sigma)
    gap = found.penalty_grad(x[:, None], sigma) - found.hypergrad(x[:, None], pinv=True)
    return float(abs(gap).max())


def compute(problem: str, sigma: float) -> dict[str, Any]:
    """Both functions and the error of the slope at σ."""
    x, psi, penalty, bound = curves(problem, sigma)
    error, here_ = worst(problem), _worst(problem, sigma)
    if problem == JUMP:
        psi = np.where(abs(x) <= 2 * NEAR, np.nan, psi)
        headline = "ψ_σ leaves ψ near 0, whatever σ"
        law = "The slope's error grows as 1/σ"
        said = f"For |x| ≤ 2σ = {number(2 * sigma)} T(x, σ) is between both solutions: the slope at 0⁺ is "
        said += f"1/σ = <b>{number(here_)}</b>, where ψ′ is 0."
    else:
        gap = float((psi - penalty).max())
        headline = "ψ_σ stays below ψ, by O(σ) everywhere"
        law = "The slope's error falls with σ"
        said = f"The largest gap is {number(gap)} = {number(gap / sigma)} σ, that of the slopes "
        said += f"<b>{number(here_ / sigma)} σ</b>."
    return {
        "psi": (x, psi),
        "penalty": (x, penalty),
        "bound": (x, bound),
        "alone": ([0.0], [0.0]) if problem == JUMP else ([np.nan], [np.nan]),
        "across": [-1.0, 1.0] if problem == JUMP else [-2.0, 2.0],
        "up": [-0.1, 2.1] if problem == JUMP else [-0.1, 3.4],
        "worst": (SIGMAS, error),
        "slope": (SIGMAS, 0.4 * SIGMAS),
        "now": ([sigma], [here_]),
        "headline": headline,
        "law": law,
        "note": said,
    }


def dial(**start: Any) -> Explorer:
    """The problem and σ beside both functions."""
    return Explorer(
        compute,
        {
            "sigma": log_slider("σ", 0.1, 0.001, 1.0),
            "problem": choice("lower level", RING, [RING, JUMP]),
        },
        [
            panel(
                entry("headline"),
                thin("psi", "ψ"),
                dots("alone", "ψ(0)"),
                promise("bound", "ψ − bound", color("penalty")),
                curve("penalty", "ψ_σ", color("penalty")),
                x=axis("x", "across"),
                y=axis("value", "up"),
            ),
            panel(
                entry("law"),
                guide("slope", "∝ σ"),
                curve("worst", "largest |ψ_σ′ − ψ′|", color("penalty")),
                here("now", shade=color("penalty")),
                x=log("σ", [-3, 0]),
                y=log("error of the slope", [-4, 3.2]),
            ),
        ],
        call=__name__,
        start=start,
        recipe=curves,
    )
