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
from optilab.ui.marks import area, axis, cloud, curve, here, log, panel, promise
from optilab.ui.theme import ink
from optilab.ui.words import number

BUDGET, MOST, TALL = 3000, 300, 240
GROWTHS, SEEDS = np.linspace(0, 1, 11), range(10)
instance = cache(robust_regression)


def one_run(growth: float, seed: int) -> tuple[Schedule, Curve]:
    """The restart-free run whose inner lengths grow with s = `growth`."""
    problem, x0 = instance(seed), np.zeros(20)
    plan = rf_sgs(**constants(problem, x0), N=MOST, growth=growth).within(BUDGET)
    return plan, slide(problem, x0, plan, generators(seed))


@cache
def all_runs() -> tuple[Schedule, Curve]:
    """The runs of every growth and seed at once, so that a move of a slider looks up: replicates (growths, seeds)."""
    problem = robust_regression(SEEDS)
    x0 = np.zeros(problem.b.shape)
    plan = rf_sgs(**constants(problem, x0), N=MOST, growth=GROWTHS[:, None]).within(BUDGET)
    fresh = [rng for _ in GROWTHS for rng in generators(SEEDS)]
    return plan, slide(problem, np.tile(x0, (len(GROWTHS), 1, 1)), plan, fresh)


def compute(growth: float, seed: int) -> dict[str, Any]:
    """Inner lengths, gap and bound of one growth; the end of the budget for all."""
    plans, runs = all_runs()
    which, at = int(np.abs(GROWTHS - growth).argmin()), instance(seed)
    steps = int(runs.gradients[-1, which, seed])
    plan = Schedule(*(column[:steps, which, seed] for column in plans))
    gap = runs.gap[: steps + 1, which, seed]
    gap0, V0 = initial(at, np.zeros(20))
    E0 = rf_sgs_start(gap0=gap0, V0=V0, gamma=plan.gamma[0], beta=plan.beta[0], mu=at.mu, T1=plan.T[0])
    bound = rf_sgs_recursion(plan, E0=E0, M=at.M, sigma2=at.sigma2)
    k, ends = np.arange(steps + 1), runs.gap[-1] / runs.gap[0]
    if growth == 0:
        words = f"Every inner loop has the length {plan.T[0]}, and the noise of so short a slide holds the gap up"
    else:
        words = f"The inner loops grow from {plan.T[0]} to {plan.T.max()}"
    return {
        "lengths": (np.repeat(k, 2)[1:-1] + 0.5, np.repeat(plan.T, 2)),
        "gap": (k, np.maximum(gap / gap0, 1e-12)),
        "bound": (k, bound / gap0),
        "each": (np.repeat(GROWTHS, len(SEEDS)), ends.ravel()),
        "median": (GROWTHS, np.median(ends, 1)),
        "this": (growth, ends[which, seed]),
        "note": f"{words}: {steps} gradients, {plan.T.sum():,} subgradients, last gap "
        f"{number(ends[which, seed], 2)} of the first.",
    }


def lengths(**start: Any) -> Explorer:
    """Slide the growth s of ρ = 1 − sγ: bars of T_k, the gap with its bound, and the end of the budget."""
    blue, relative = color("RF-SGS"), log("gap / first gap")
    named = {"constant": 0.0, "theory ½": 0.5, "resonant 1": 1.0}
    all_runs()
    return Explorer(
        compute,
        {"growth": slider("growth s", 0.5, 0.0, 1.0, 0.1, named=named), "seed": slider("seed", 0, 0, SEEDS[-1], 1)},
        [
            panel(
                f"Inner lengths grow like (1 − sγ)⁻ᵏ; the area is the budget, {BUDGET:,} at most",
                area("lengths", shade=blue),
                x=axis("outer step k", [0, MOST]),
                y=axis("subgradients in it", [0, TALL]),
            ),
            panel(
                "The gap (solid) under its bound (dashed)",
                promise("bound", shade=blue),
                curve("gap", "measured", blue),
                x=axis("gradients of f", [0, MOST]),
                y=log("gap / first gap", [-4.5, 0.7]),
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
