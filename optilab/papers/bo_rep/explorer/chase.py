"""The lower level's chase: how far y is from y*(x), where x moves at constant speed and y only every I iterations."""

from functools import cache, lru_cache
from typing import Any

import numpy as np

from optilab.papers.bo_rep.algorithm import contraction, drift, tracking
from optilab.papers.bo_rep.experiment import REFINE
from optilab.papers.bo_rep.explorer.parts import ETA, LOST, Chase, color, exact_run
from optilab.papers.bo_rep.problems import CURVATURES
from optilab.ui.controls import log_slider, slider, switch
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, curve, entry, guide, here, log, panel, promise, region, texts, thin, words
from optilab.ui.words import number

BUDGET = 3000
GAMMAS = np.geomspace(0.02, 2, 121)


@lru_cache(64)
def errors(I: int, N: int, gamma: float, ball: bool, R: float, refine: bool) -> Chase:
    """‖y − y*(x)‖ over 3000 calls, exact oracles, where y starts at y*(40, 40, 40) and x at (6, 6, 6)."""
    return exact_run(I, N, gamma, R if ball else np.inf, REFINE if refine else None, BUDGET)


@cache
def edge(N: int) -> float:
    """The largest γ of the slider's range up to which ρ < 1."""
    grid = np.linspace(0.02, 2, 1981)
    return float(grid[contraction(CURVATURES, grid, N) < 1].max())


def compute(I: int, N: int, gamma: float, ball: bool, R: float, refine: bool) -> dict[str, Any]:
    """The error along a run beside its bound, and ρ over γ."""
    run = errors(I, N, gamma, ball, R, refine)
    rho = float(contraction(CURVATURES, gamma, N))
    moved, bound = float(drift(ETA, I)), float(tracking(ETA, I, rho))
    last = run.error[-(I + 1) :].max()  # of one period
    if run.lost:
        headline = f"ρ = {number(rho)}: each update of y multiplies its error"
    elif ball and moved > R:
        headline = "Between updates y*(x) may move ηI, y at most R < ηI"
    elif rho >= 1:
        headline = f"ρ = {number(rho, 4)}: y doesn't settle"
    else:
        headline = f"The error is below ηI/(1 − ρ) = {number(bound)}"
        headline = headline if last <= bound else f"After {BUDGET} calls y is still on its way"
    spread = contraction(CURVATURES, GAMMAS, N)
    return {
        "error": (run.spent, np.clip(run.error, 1e-2, LOST)),
        "drift": ([0, BUDGET], [moved, moved]),
        "bound": ([0, BUDGET], [bound if bound < np.inf else np.nan] * 2),
        "gone": ([run.spent[-1]] if run.lost else [np.nan], [0.3 * LOST]),
        "rho": (GAMMAS, np.clip(spread, 1e-3, 1e3)),
        "one": (GAMMAS, np.clip(contraction(CURVATURES, GAMMAS, 1), 1e-3, 1e3)),
        "now": ([gamma], [min(max(rho, 8e-3), 80.0)]),  # where the frame ends
        "headline": headline,
        "note": f"ρ = <b>{number(rho)}</b>: the share of y's error that an update keeps at most. Between two updates "
        f"y*(x) moves {number(moved)} at most. Last errors: {number(float(last))} at most; bound for R = ∞: "
        f"{number(bound)}. An iteration costs {number(4 + N / I)} calls on average. γ may rise to {number(edge(N))}"
        f"{' or more' if edge(N) > 1.999 else ''}.",
    }


def chase(**begin: Any) -> Explorer:
    """Period, lower steps, their size, the ball and the refinement beside the error and ρ."""
    blue = color("BO-REP")
    return Explorer(
        compute,
        {
            "I": slider("period I", 20, 1, 100, 1, named={"2, 3": {"I": 2, "N": 3}, "100, 150": {"I": 100, "N": 150}}),
            "N": slider("lower steps N", 30, 1, 150, 1),
            "gamma": log_slider("γ", 0.2, 0.02, 2.0, named={"2/L": 4 / 3}),
            "refine": switch("refinement first (300 calls)", False),
            "ball": switch("keep y in a ball", False),
            "R": log_slider("R", 0.1, 0.01, 10.0, when=lambda v: v["ball"]),
        },
        [
            panel(
                entry("headline"),
                guide("drift", "ηI"),
                promise("bound", "ηI/(1 − ρ)", blue),
                curve("error", "‖y − y*(x)‖", blue),
                texts("gone", ["beyond 10⁶ →"], blue, textposition="bottom left"),
                x=axis("oracle calls", [0, 1.02 * BUDGET]),
                y=log("error of y", [-2.2, 6.2]),
                height=400,
            ),
            panel(
                "ρ: the share of the error that an update leaves",
                region(1, 1e3, y=True),
                words("the error grows", -1.65, 1.5, xanchor="left"),
                thin("one", "N = 1"),
                curve("rho", "this N", blue),
                here("now", shade=blue),
                x=log("γ", [-1.7, 0.31], ticks=[0.02, 0.1, 0.5, 1, 2]),
                y=log("ρ", [-2.2, 2]),
                height=400,
            ),
        ],
        call=__name__,
        start=begin,
        recipe=errors,
    )
