"""The design of the inner lengths: how fast may T_k grow?"""

from functools import lru_cache
from typing import Any

import numpy as np
import plotly.graph_objects as go

from optilab.papers.gradient_sliding.algorithm import rf_sgs, rf_sgs_recursion, rf_sgs_start
from optilab.papers.gradient_sliding.experiment import constants, generators, initial
from optilab.papers.gradient_sliding.experiment import slide as slide_along
from optilab.papers.gradient_sliding.problems.robust_regression import RobustRegression, robust_regression
from optilab.ui.controls import slider
from optilab.ui.explorer import Explorer
from optilab.ui.pictures import Panel
from optilab.ui.theme import color, ink

BUDGET, MOST = 3000, 300
GROWTHS = np.linspace(0, 1, 11)
SEEDS = range(10)


@lru_cache(maxsize=32)
def instance(seed: int) -> RobustRegression:
    """The problem of a seed, made once."""
    return robust_regression(seed)


@lru_cache(maxsize=1)
def ends() -> np.ndarray:
    """Gap at the end of the budget over the first, for every growth and seed: (growths, seeds)."""
    problem = robust_regression(SEEDS)
    x0 = np.zeros(problem.b.shape)
    plan = rf_sgs(**constants(problem, x0), N=MOST, growth=GROWTHS[:, None]).within(BUDGET)
    curve = slide_along(problem, np.tile(x0, (len(GROWTHS), 1, 1)), plan, generators(SEEDS) * len(GROWTHS))
    return curve.gap[-1] / curve.gap[0]


def compute(growth: float, seed: int) -> dict[str, Any]:
    """Inner lengths, gap and bound of one growth; the end of the budget for all."""
    problem = instance(seed)
    x0 = np.zeros(20)
    known = constants(problem, x0)
    plan = rf_sgs(**known, N=MOST, growth=growth).within(BUDGET)
    curve = slide_along(problem, x0, plan, generators(seed))
    gap0, V0 = initial(problem, x0)
    E0 = rf_sgs_start(gap0=gap0, V0=V0, gamma=plan.gamma[0], beta=plan.beta[0], mu=problem.mu, T1=plan.T[0])
    bound = rf_sgs_recursion(plan, E0=E0, M=problem.M, sigma2=problem.sigma2)
    table = ends()
    steps, last = len(plan.T), curve.gap[-1] / gap0
    if growth == 0:
        words = f"Every inner loop has the length {plan.T[0]}, and the noise of so short a slide holds the gap up"
    else:
        words = f"The inner loops grow from {plan.T[0]} to {plan.T.max()}"
    return {
        "k": np.arange(1, steps + 1),
        "T": plan.T,
        "gradients": curve.gradients,
        "gap": np.maximum(curve.gap / gap0, 1e-12),
        "bound": bound / gap0,
        "growth": GROWTHS,
        "median": np.median(table, 1),
        "growth_each": np.repeat(GROWTHS, len(SEEDS)),
        "ends": table.ravel(),
        "here_x": np.array([growth]),
        "here_y": np.array([last]),
        "note": f"{words}: {steps} gradients, {plan.T.sum():,} subgradients, last gap {last:.1e} of the first.",
    }


def code(values: dict[str, Any]) -> str:
    """The schedule by hand."""
    seed = values["seed"]
    return (
        "import numpy as np\n"
        "from optilab.papers.gradient_sliding import algorithm, experiment\n"
        "from optilab.papers.gradient_sliding.problems.robust_regression import robust_regression\n\n"
        f"problem, x0 = robust_regression({seed}), np.zeros(20)\n"
        f"known = experiment.constants(problem, x0)\n"
        f"plan = algorithm.rf_sgs(**known, N={MOST}, growth={values['growth']:.2f}).within({BUDGET})\n"
        f"experiment.slide(problem, x0, plan, experiment.generators({seed}))"
    )


def lengths(**start: Any) -> Explorer:
    """Slide the growth s of ρ = 1 − sγ: bars of T_k, the gap with its bound, and the end of the budget."""
    blue = color("RF-SGS")
    relative = {"type": "log", "title": {"text": "gap / first gap"}}
    ends()
    return Explorer(
        compute,
        {
            "growth": slider(
                "growth s",
                0.5,
                0.0,
                1.0,
                0.05,
                named={"constant": 0.0, "theory ½": 0.5, "resonant 1": 1.0},
            ),
            "seed": slider("seed", 0, 0, 19, 1),
        },
        [
            Panel(
                "Inner lengths: Tₖ grows like (1 − sγ)⁻ᵏ",
                [(go.Bar(marker={"color": blue, "line": {"width": 0}}), {"x": "k", "y": "T"})],
                {
                    "xaxis": {"title": {"text": "outer step k"}},
                    "yaxis": {"title": {"text": "subgradients in it"}, "rangemode": "tozero"},
                    "bargap": 0.05,
                },
            ),
            Panel(
                "The gap (solid) under its bound (dashed)",
                [
                    (go.Scatter(name="bound", line={"color": blue, "dash": "dash"}), {"x": "gradients", "y": "bound"}),
                    (go.Scatter(name="measured", line={"color": blue}), {"x": "gradients", "y": "gap"}),
                ],
                {"xaxis": {"title": {"text": "gradients of f"}}, "yaxis": relative},
            ),
            Panel(
                f"At the end ({BUDGET:,} subgradients or {MOST} gradients): a cliff, then a plateau",
                [
                    (
                        go.Scatter(
                            name="ten seeds", mode="markers", marker={"color": ink(0.35), "size": 5, "symbol": "circle"}
                        ),
                        {"x": "growth_each", "y": "ends"},
                    ),
                    (
                        go.Scatter(name="their median", mode="lines", line={"color": ink(0.8)}),
                        {"x": "growth", "y": "median"},
                    ),
                    (
                        go.Scatter(name="this run", mode="markers", marker={"color": blue, "size": 12}),
                        {"x": "here_x", "y": "here_y"},
                    ),
                ],
                {"xaxis": {"title": {"text": "growth s"}, "range": [-0.04, 1.04]}, "yaxis": relative},
            ),
        ],
        call="optilab.papers.gradient_sliding.explorer.lengths",
        start=start,
        code=code,
    )
