"""The whole mechanism on a Gaussian: a push carries as far as the data are wide in its direction."""

from itertools import pairwise
from typing import Any

import numpy as np

from optilab.papers.pareto_flow.algorithm import guidance, theory
from optilab.papers.pareto_flow.explorer.parts import color
from optilab.ui.controls import log_slider, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, cloud, curve, dots, goal, guide, here, log, panel, promise
from optilab.ui.theme import ink
from optilab.ui.words import number

T, COUNT = 200, 60
WIDTHS = np.logspace(-1.7, 0, 24)
TURN = np.array([[np.cos(0.5), np.sin(0.5)], [-np.sin(0.5), np.cos(0.5)]])  # along and across the surface
ARROW = {"symbol": ["circle", "arrow"], "size": [1, 14], "angleref": "previous"}
AIM = np.array([1.0, 1.0])  # the score's slope along and across


class Uphill:
    """A linear score for all samples: f̂ = −⟨AIM, x⟩."""

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Values (*batch, N, 1)."""
        return -(x @ AIM)[..., None]

    def pull(self, x: np.ndarray, w: np.ndarray) -> np.ndarray:
        """Its gradient everywhere."""
        return -w * AIM


def pushed(gamma: float, t_min: float, s: float) -> Any:
    """The same noise with and without guidance, by a flow that is exact: two of (60, 2), along and across."""
    flow, aim = theory.GaussianFlow(0.0, np.array([1.0, s])), np.ones((COUNT, 1))
    after = plain = np.random.default_rng(0).normal(size=(COUNT, 2))
    for before, t in pairwise(np.linspace(0, 1, T)):
        dt = t - before
        v = flow(after, before)
        if before >= t_min:
            v = guidance.guided(flow, UPHILL, after, before, aim=aim, gamma=gamma, dt=dt)
        after, plain = after + dt * v, plain + dt * flow(plain, before)
    return after, plain


UPHILL = Uphill()


def compute(gamma: float, t_min: float, s: float) -> dict[str, Any]:
    """The cloud, the pushed samples, and the push over the width."""
    after, plain = pushed(gamma, t_min, s)
    along, across = (after - plain).mean(0)
    promised = np.array([theory.push(gamma, t_min, width) for width in WIDTHS])
    budget = float(theory.guidance_budget(gamma, t_min))
    free = plain.mean(0) + budget * AIM
    return {
        "plain": tuple((plain @ TURN).T),
        "after": tuple((after @ TURN).T),
        "arrow": tuple((np.stack([plain.mean(0), after.mean(0)]) @ TURN).T),
        "free": tuple((free @ TURN)[:, None]),
        "promised": (WIDTHS, np.maximum(promised, 1e-3)),
        "budget": (WIDTHS[[0, -1]], np.full(2, max(budget, 1e-3))),
        "narrow": (WIDTHS, np.maximum(-gamma * WIDTHS * np.log(t_min), 1e-3)),
        "along": ([1.0], [max(along, 1e-3)]),
        "across": ([s], [max(across, 1e-3)]),
        "note": f"The score rises as steeply across as along. The samples move <b>{number(along)}</b> along, where the "
        f"data are 1 wide, and <b>{number(across)}</b> across, where they are {number(s)}; without the flow's pull it "
        f"would be the budget, {number(budget)}, both ways.",
    }


def widths(**start: Any) -> Explorer:
    """Strength and begin of guidance and the width of the data across, beside the push."""
    blue = color("ParetoFlow")
    return Explorer(
        compute,
        {
            "s": log_slider("width across s", 0.05, 0.02, 1.0, steps=34),
            "gamma": slider("γ", 1.5, 0.0, 1.5, 0.1),
            "t_min": slider("t_min", 0.2, 0.1, 0.95, 0.05),
        },
        [
            panel(
                "The same noise, without a push (grey) and with one",
                cloud("plain", "flow alone", ink(0.45), size=5),
                cloud("after", "pushed", blue, size=5),
                curve("arrow", "", ink(0.9), width=2, mode="lines+markers", marker=ARROW),
                goal("free", "the push alone", ink(0.6), size=11),
                x=axis("z₁", [-4, 6.5]),
                y=axis("z₂", [-3.6, 6.8], equal=True),
                height=400,
            ),
            panel(
                "A push carries as far as the data are wide",
                guide("budget", "budget"),
                guide("narrow", "γ s ln(1/t_min)"),
                promise("promised", "theory", blue),
                here("along", "along", blue),
                dots("across", "across", blue, size=11, symbol="diamond"),
                x=log("width s of the data", [-1.75, 0.1]),
                y=log("push (0.001 and less: 0.001)", [-3.1, 0.8]),
                height=400,
            ),
        ],
        call=__name__,
        start=start,
        recipe=pushed,
    )
