"""Separable and noisy labels: who is linear, and where the long steps come from."""

from functools import lru_cache
from typing import Any

import numpy as np

from optilab.core.run import Trace, run
from optilab.papers.gradient_normalized_smoothness import algorithm as alg
from optilab.papers.gradient_normalized_smoothness.experiment import least_loss
from optilab.papers.gradient_normalized_smoothness.explorer.parts import CALLED, SHADES, gaps
from optilab.papers.gradient_normalized_smoothness.problems import fisher, labelled
from optilab.problems.logistic import LogisticRegression
from optilab.ui.controls import choice, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, curve, entry, log, panel, promise
from optilab.ui.words import number

N, D, LONGEST, EPS = 100, 10, 55, 1e-8
METHODS = ("exact", "Fisher", "zero", "gradient method", "constant step")


@lru_cache(64)
def least(flips: float, margin: float) -> float:
    """The smallest loss: 0 where a plane separates the points, up to rounding of the slider."""
    f = labelled(0, N, D, margin, flips)
    return 0.0 if flips == 0 else least_loss(f)


@lru_cache(64)
def five_runs(flips: float, margin: float) -> Any:
    """The search with three matrices, and two gradient methods, on 100 labelled points in 10 dimensions."""
    f = labelled(0, N, D, margin, round(flips, 6))
    x0, goal = np.zeros(D), alg.Goal(least(round(flips, 6), margin), EPS)
    runs = {
        name: run(alg.gns(f, x0, hessian=H, goal=goal), LONGEST)
        for name, H in (("exact", f.hess), ("Fisher", fisher(f)), ("zero", alg.zero))
    }
    runs["gradient method"] = run(alg.gm(f, x0, goal=goal), LONGEST)
    runs["constant step"] = run(alg.gm_const(f, x0, L=f.L, goal=goal), LONGEST)
    return runs


def decade(trace: Trace, minimum: float, last: int = 10) -> str:
    """Steps that shrink the gap tenfold at the end of a run, from its last ten at most, in words."""
    gap = gaps(trace, minimum, 1e-16)
    back = min(last, len(gap) - 1)
    return number(back / np.log10(gap[-1 - back] / gap[-1]), 2) if gap[-1] < gap[-1 - back] else "none"


def shifts(f: LogisticRegression, runs: dict[str, Any]) -> dict[str, Any]:
    """What every step divides by beside H: λ_k = ‖g_k‖/γ_k of ours, L of the gradient methods."""
    found = {name: (t.step[:-1], t.norm[:-1] / t.gamma[1:]) for name, t in runs.items() if "gamma" in t.fields}
    backtracked = runs["gradient method"]
    found["gradient method"] = (backtracked.step[:-1], 2 * backtracked.weight[1:])  # it was halved after the step
    found["constant step"] = (np.array([0, LONGEST]), np.full(2, f.L))
    return found


def compute(flips: float, margin: float, chosen: str) -> dict[str, Any]:
    """Gaps of all methods on a semilog plot, and what their steps divide by."""
    flips = round(flips, 6)
    f, minimum, runs = labelled(0, N, D, margin, flips), least(flips, margin), five_runs(flips, margin)
    size = float((f.A**2).sum(1).max())
    data: dict[str, Any] = {name: (t.step, gaps(t, minimum, EPS / 10)) for name, t in runs.items()}
    data |= {f"λ {name}": both for name, both in shifts(f, runs).items()}
    trace = runs[chosen]
    ends = "; ".join(f"{CALLED.get(name, name)} {decade(t, minimum)}" for name, t in runs.items())
    if flips == 0 and margin < 0.3:
        title = f"No label is wrong, but the margin is thin: {LONGEST} steps are too few to show a rate"
    elif flips == 0:
        title = "No label is wrong: what adapts to the falling loss falls in a line, the constant step doesn't"
    else:
        title = "Some labels are wrong: the loss stays up, and curvature pays"
    return data | {
        "loss": (trace.step, size * trace.value),
        "shade": SHADES[chosen],
        "title": title,
        "note": f"Steps for a tenth of the gap, at the end: <b>{ends}</b>. f* = {number(minimum)}. Both the Fisher "
        f"matrix and H = 0 err by R²f at most, R² = max‖aᵢ‖² = {number(size)}.",
    }


def labels(**start: Any) -> Explorer:
    """Wrong labels and margin beside gaps and what steps divide by."""
    called = {name: CALLED.get(name, name) for name in METHODS}
    return Explorer(
        compute,
        {
            "flips": slider("wrong labels, share", 0.0, 0.0, 0.4, 0.05),
            "margin": slider("margin", 0.5, 0.0, 2.0, 0.1),
            "chosen": choice("loss of", "zero", [(called[name], name) for name in METHODS]),
        },
        [
            panel(
                entry("title"),
                *(curve(name, called[name], SHADES[name]) for name in reversed(METHODS)),
                x=axis("step k", [-1, LONGEST + 2]),
                y=log("gap f − f*", [-9.2, 0.3]),
                height=380,
            ),
            panel(
                "What a step without curvature divides by follows the loss (dashed: R²f)",
                promise("loss", "", entry("shade"), name="R²f"),
                *(curve(f"λ {name}", "", SHADES[name], name=called[name]) for name in reversed(METHODS)),
                x=axis("step k", [-1, LONGEST + 2]),
                y=log("λₖ = ‖gₖ‖/γₖ, or L", [-9.2, 1.5]),
                height=380,
            ),
        ],
        call=__name__,
        start=start,
        recipe=five_runs,
    )
