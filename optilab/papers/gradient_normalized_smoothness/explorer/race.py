"""A race on one soft maximum: four matrices, one code; the γ that each finds, and what theory says of both."""

from functools import lru_cache
from typing import Any

import numpy as np

from optilab.core.run import run
from optilab.papers.gradient_normalized_smoothness import algorithm as alg
from optilab.papers.gradient_normalized_smoothness.explorer.bounds import RATES, classes, rates
from optilab.papers.gradient_normalized_smoothness.explorer.parts import CALLED, SHADES, gaps, reached
from optilab.papers.gradient_normalized_smoothness.problems import soft_maximum
from optilab.problems.metric import euclidean
from optilab.ui.controls import choice, log_slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, curve, entry, guide, log, panel, promise, thin
from optilab.ui.theme import ink
from optilab.ui.words import number

N, LONGEST, EPS = 20, 60, 1e-8
OURS, METHODS = ("exact", "Gauss–Newton", "zero"), ("exact", "Gauss–Newton", "zero", "gradient method")


@lru_cache(64)
def four_runs(mu: float, gamma0: float, metric: str) -> Any:
    """The search with three matrices, and the gradient method, on a soft maximum of 40 pieces in 20 unknowns."""
    f = soft_maximum(0, mu, N, 2 * N)
    x0, goal = np.ones(N), alg.Goal(f.minimum, EPS)
    B = f.metric if metric == "AᵀA" else euclidean(N)
    runs = {
        name: run(alg.gns(f, x0, hessian=H, metric=B, gamma0=gamma0, goal=goal), LONGEST)
        for name, H in (("exact", f.hess), ("Gauss–Newton", f.gauss_newton), ("zero", alg.zero))
    }
    runs["gradient method"] = run(alg.gm(f, x0, metric=B, goal=goal), LONGEST)
    return runs


def compute(mu: float, gamma0: float, metric: str, chosen: str, axis: str) -> dict[str, Any]:
    """Gaps of all four, the bound of the chosen one, its γ_k and their lower bounds."""
    f, runs = soft_maximum(0, mu, N, 2 * N), four_runs(mu, gamma0, metric)
    B = f.metric if metric == "AᵀA" else euclidean(N)
    data: dict[str, Any] = {}
    for name, trace in runs.items():
        gap = gaps(trace, f.minimum, EPS / 10)
        data |= {
            name: (trace.probes if axis == "probes" else trace.step, gap),
            f"{name}, steps": (gap[1:], trace.step[1:]),
        }
    trace = runs[chosen]
    gap, gamma, k = trace.value - f.minimum, trace.gamma[1:], np.arange(len(trace.step) - 1)
    bound = alg.product_bound(gap[0], gamma, trace.norm, np.maximum(B.norm(trace.x - f.minimizer), 1e-300))
    nothing = np.full(len(k), np.nan)
    known = metric == "AᵀA" and chosen != "zero"
    concordant, lipschitz = classes(f, trace.norm[:-1], chosen) if known else (nothing, nothing)
    grown = gamma0 * 2.0**k
    accepted = {name: (np.arange(len(runs[name].step) - 1), runs[name].gamma[1:]) for name in OURS}
    ends = "; ".join(f"{CALLED.get(name, name)} {reached(t, f.minimum, EPS)}" for name, t in runs.items())
    spent = trace.probes[-1] / max(len(k), 1)
    why = "" if known else " Lower bounds on γ are known for B = AᵀA and H ≠ 0 only."
    data |= {f"rate {name}": line for name, line in rates(gap).items()}
    return data | {
        "bound": (trace.probes if axis == "probes" else trace.step, np.maximum(bound, EPS / 10)),
        "shade": SHADES[chosen],
        **{f"γ {name}": accepted[name] for name in OURS},
        "γ": accepted[chosen],
        "concordant": (k, np.minimum(grown, concordant)),
        "lipschitz": (k, np.minimum(grown, lipschitz)),
        "axis": axis,
        "title": f"The γ that {CALLED[chosen]} finds (thick)"
        + (", above half of its classes (dashed)" if known else ""),
        "note": f"Steps to f − f* ≤ 10⁻⁸: <b>{ends}</b>. {CALLED[chosen][0].upper()}{CALLED[chosen][1:]} makes "
        f"{number(spent, 2)} probes a step.{why}",
    }


def race(**start: Any) -> Explorer:
    """How soft the maximum is, the first γ and the metric beside gaps and radii."""
    shade = entry("shade")
    return Explorer(
        compute,
        {
            "mu": log_slider("μ, softness", 0.15, 0.03, 2.0, steps=30),
            "gamma0": log_slider("γ₀, the first to try", 1.0, 1e-4, 1e4, steps=32),
            "chosen": choice("bounds of", "exact", [(CALLED[name], name) for name in OURS]),
            "metric": choice("B", "AᵀA", ["AᵀA", "I"]),
            "axis": choice("count", "steps", ["steps", "probes"]),
        },
        [
            panel(
                "Same code, another H: the gap falls at another rate",
                promise("bound", "bound", shade),
                *(curve(name, CALLED.get(name, name), SHADES[name]) for name in reversed(METHODS)),
                x=axis(entry("axis"), [-1, LONGEST + 2]),
                y=log("gap f − f*", [-9.2, 1.3]),
                height=380,
            ),
            panel(
                entry("title"),
                promise("concordant", "self-concordance", shade),
                guide("lipschitz", "Lipschitz Hessian", ink(0.6)),
                *(thin(f"γ {name}", "", SHADES[name], name=CALLED[name]) for name in reversed(OURS)),
                curve("γ", "", shade, width=3.5, hoverinfo="skip"),
                x=axis("step k", [-1, LONGEST + 2]),
                y=log("accepted γₖ", [-5.2, 6.2]),
                height=380,
            ),
            panel(
                "Steps to a gap, and the rates of three classes (dotted): who bends flat is linear",
                *(guide(f"rate {name}", "", ink(0.6), end=name) for name in RATES),
                *(curve(f"{name}, steps", "", SHADES[name], name=CALLED.get(name, name)) for name in reversed(METHODS)),
                x=log("gap f − f*, falling", [1.0, -9.2]),
                y=log("step k", [-0.1, 2.0]),
                height=380,
            ),
        ],
        call=__name__,
        start=start,
        recipe=four_runs,
    )
