"""The design of the inner lengths: how fast may T_k grow?"""

from functools import cache
from typing import Any

import numpy as np

from optilab.papers.gradient_sliding.algorithm import Schedule, rf_sgs, rf_sgs_recursion, rf_sgs_start
from optilab.papers.gradient_sliding.experiment import Curve, constants, generators, initial, slide
from optilab.papers.gradient_sliding.explorer.colors import color
from optilab.papers.gradient_sliding.problems.robust_regression import robust_regression
from optilab.ui.controls import slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, bars, cloud, curve, here, log, panel, promise
from optilab.ui.theme import ink

BUDGET, MOST = 3000, 300
GROWTHS, SEEDS = np.linspace(0, 1, 11), range(10)
instance = cache(robust_regression)


def one_run(growth: float, seed: int) -> tuple[Schedule, Curve]:
    """The restart-free run whose inner lengths grow with s = `growth`."""
    problem, x0 = instance(seed), np.zeros(20)
    plan = rf_sgs(**constants(problem, x0), N=MOST, growth=growth).within(BUDGET)
    return plan, slide(problem, x0, plan, generators(seed))


@cache
def ends() -> np.ndarray:
    """Gap at the end of the budget over the first, for every growth and seed: (growths, seeds)."""
    problem = robust_regression(SEEDS)
    x0 = np.zeros(problem.b.shape)
    plan = rf_sgs(**constants(problem, x0), N=MOST, growth=GROWTHS[:, None]).within(BUDGET)
    curve = slide(problem, np.tile(x0, (len(GROWTHS), 1, 1)), plan, generators(SEEDS) * len(GROWTHS))
    return curve.gap[-1] / curve.gap[0]


def compute(growth: float, seed: int) -> dict[str, Any]:
    """Inner lengths, gap and bound of one growth; the end of the budget for all."""
    plan, run = one_run(growth, seed)
    problem = instance(seed)
    gap0, V0 = initial(problem, np.zeros(20))
    E0 = rf_sgs_start(gap0=gap0, V0=V0, gamma=plan.gamma[0], beta=plan.beta[0], mu=problem.mu, T1=plan.T[0])
    bound = rf_sgs_recursion(plan, E0=E0, M=problem.M, sigma2=problem.sigma2)
    steps, last = len(plan.T), run.gap[-1] / gap0
    if growth == 0:
        words = f"Every inner loop has the length {plan.T[0]}, and the noise of so short a slide holds the gap up"
    else:
        words = f"The inner loops grow from {plan.T[0]} to {plan.T.max()}"
    return {
        "lengths": (np.arange(1, steps + 1), plan.T),
        "gap": (run.gradients, np.maximum(run.gap / gap0, 1e-12)),
        "bound": (run.gradients, bound / gap0),
        "each": (np.repeat(GROWTHS, len(SEEDS)), ends().ravel()),
        "median": (GROWTHS, np.median(ends(), 1)),
        "this": (growth, last),
        "note": f"{words}: {steps} gradients, {plan.T.sum():,} subgradients, last gap {last:.1e} of the first.",
    }


def lengths(**start: Any) -> Explorer:
    """Slide the growth s of ρ = 1 − sγ: bars of T_k, the gap with its bound, and the end of the budget."""
    blue, relative = color("RF-SGS"), log("gap / first gap")
    named = {"constant": 0.0, "theory ½": 0.5, "resonant 1": 1.0}
    ends()
    return Explorer(
        compute,
        {"growth": slider("growth s", 0.5, 0.0, 1.0, 0.05, named=named), "seed": slider("seed", 0, 0, 19, 1)},
        [
            panel(
                "Inner lengths: Tₖ grows like (1 − sγ)⁻ᵏ",
                bars("lengths", shade=blue),
                x="outer step k",
                y=axis("subgradients in it", rangemode="tozero"),
                bargap=0.05,
            ),
            panel(
                "The gap (solid) under its bound (dashed)",
                promise("bound", shade=blue),
                curve("gap", "measured", blue),
                x="gradients of f",
                y=relative,
            ),
            panel(
                f"At the end ({BUDGET:,} subgradients or {MOST} gradients): a cliff, then a plateau",
                cloud("each", "ten seeds", ink(0.35), symbol="circle"),
                curve("median", "their median", ink(0.8)),
                here("this", "this run", blue),
                x=axis("growth s", [-0.04, 1.04]),
                y=relative,
            ),
        ],
        call=__name__,
        start=start,
        recipe=one_run,
    )
