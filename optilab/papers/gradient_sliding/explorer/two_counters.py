"""Two counters, one price: the work itself, the gap against the bill, and the line of equal bill."""

from typing import Any

import numpy as np

from optilab.core.run import Progress
from optilab.papers.gradient_sliding.algorithm import phase_length
from optilab.papers.gradient_sliding.experiment import Curve, race
from optilab.papers.gradient_sliding.explorer.bill import (
    METHODS,
    STEPS,
    bounded,
    of_seed,
    of_the_plane,
    outlines,
    stretch,
    thinned,
)
from optilab.papers.gradient_sliding.explorer.colors import color
from optilab.papers.gradient_sliding.problems.robust_regression import RobustRegression, robust_regression
from optilab.ui.controls import log_slider, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, band, cloud, curve, dots, entry, guide, log, panel, promise, rule, texts, thin

ROWS = dict(zip(METHODS, (2, 1, 0), strict=True))
SEEDS = range(8)


def three_runs(
    kappa: float, noise: float, effort: float, budget: int, progress: Progress = False
) -> tuple[RobustRegression, dict[str, Curve]]:
    """The three methods on eight problems, with the same budget of subgradients."""
    problem = robust_regression(SEEDS, mu=20 / kappa, noise=round(noise, 6))
    return problem, dict(race(problem, SEEDS, 1000 * budget, effort, every=5, progress=progress))


def compute(
    *, run: tuple[RobustRegression, dict[str, Curve]], price: float, target: float, seed: int, **others: float
) -> dict[str, Any]:
    """The tape of work, the gap against the bill, and both counters with the price's line."""
    problem, batch = run
    curves = {name: of_seed(batch[name], seed, name != "prox-SGD") for name in METHODS}
    first = curves["RF-SGS"].gap[0]
    found = {name: batch[name].reached(target * batch[name].gap[0]) for name in METHODS}  # gradients, cheap: (seeds,)
    spent = {name: (both[0][seed], both[1][seed]) for name, both in found.items()}
    bills = {name: price * gradients + cheap for name, (gradients, cheap) in spent.items()}
    there = [name for name in METHODS if np.isfinite(bills[name])]
    ends = {name: int(np.argmax(c.gap <= target * first)) if name in there else -1 for name, c in curves.items()}
    ends = {name: end % len(curves[name].gap) for name, end in ends.items()}

    free, last = curves["RF-SGS"], ends["RF-SGS"]
    begun = max(last - STEPS, 0)
    span = price * (last - begun) + free.cheap[last] - free.cheap[begun]
    data: dict[str, Any] = {}
    labels = []
    for name, long in curves.items():
        work, gradients = stretch(long, price, ends[name], max(span, 1.0))
        row = ROWS[name]
        data[f"{name}, work"] = outlines(work, row - 0.2, row + 0.2)
        data[f"{name}, at gradients"] = outlines(gradients, row - 0.2, row + 0.2)
        labels.append(f"{name}: {len(gradients)} gradient{'s' * (len(gradients) != 1)}")
        gap, counted, cheap = thinned(long)
        data[name] = (np.maximum((price * counted + cheap) / (1 + price), 0.5), np.maximum(gap / first, 1e-9))
        goal = np.array(spent[name]) if name in there else np.full(2, np.nan)
        data[f"{name}, reached"] = (bills[name] / (1 + price) if name in there else np.nan, target)
        data[f"{name}, spent"] = (goal[1], goal[0])
        path = long.at(slice(ends[name] + 1))
        data[f"{name}, path"] = thinned(path)[:0:-1]
        others_there = np.isfinite(found[name][0]) & (np.arange(len(SEEDS)) != seed)
        data[f"{name}, seeds"] = tuple(np.where(others_there, count, np.nan) for count in found[name][::-1])
    phase = int(np.ravel(phase_length(problem.L, problem.mu, problem.sigma2))[seed])
    restarts = curves["M-SGS"].at(slice(phase, None, phase))
    data["restarts"] = ((price * restarts.gradients + restarts.cheap) / (1 + price), restarts.gap / first)
    data["bound"] = (
        np.maximum((price * free.gradients + free.cheap) / (1 + price), 0.5),
        bounded(problem, free, others.get("effort", 1.0), seed),
    )
    return (
        data
        | {"labels": labels, "target": target}
        | of_the_plane(
            price,
            target,
            spent,
            bills,
            there,
            found,
            np.array([(c.gradients[-1], c.cheap[-1]) for c in (free, curves["M-SGS"])]),
        )
    )


def two_counters(**start: Any) -> Explorer:
    """Race on robust regression under a price of gradients; eight problems run at the press of the button."""
    shades = {name: color(name) for name in METHODS}
    behind = tuple(reversed(METHODS))  # from back to front
    tape = [band(f"{name}, work", shade=shades[name]) for name in METHODS]
    tape += [band(f"{name}, at gradients", shade=shades[name], opacity=1.0) for name in METHODS]
    at = ([0.0] * 3, [row + 0.33 for row in ROWS.values()])
    runs = [(curve if name == "RF-SGS" else thin)(name, name, shades[name]) for name in behind]
    runs.insert(1, dots("prox-SGD, reached", shade=shades["prox-SGD"]))
    ringed = {"symbol": "circle-open", "marker": {"line": {"width": 2}}}
    return Explorer(
        compute,
        {
            "price": log_slider("price of a gradient, in subgradients", 10.0, 0.1, 1000, steps=40),
            "target": log_slider("target: gap / first gap", 1e-3, 1e-4, 1e-1, steps=12, readout=".2g"),
            "seed": slider("seed", 0, 0, len(SEEDS) - 1, 1),
            "kappa": log_slider("condition κ = L/μ", 100.0, 10, 1000, steps=20),
            "noise": slider("noise ν", 1.0, 0, 2, 0.1, named={"full": 0.0, "one row": 1.0}),
            "effort": slider("inner effort", 1.0, 0.05, 1, 0.05, named={"theory": 1.0}),
            "budget": slider("budget (thousands)", 10, 2, 20, 1),
        },
        [
            panel(
                "The same stretch of time for all three: full colour is a gradient of f, pale are subgradients of h",
                *tape,
                texts(at, entry("labels"), textposition="middle right"),
                x=axis(
                    f"time: {STEPS} late steps of RF-SGS",
                    [-0.01, 1.01],
                    showticklabels=False,
                    showgrid=False,
                ),
                y=axis("", [-0.5, 2.6], visible=False),
                height=360,
            ),
            panel(
                entry("first"),
                *runs[:2],  # what a price doesn't move lies below
                promise("bound", "bound of RF-SGS", shades["RF-SGS"]),
                *runs[2:],
                dots("restarts", "M-SGS restarts", shades["M-SGS"], **ringed),
                *(dots(f"{name}, reached", shade=shades[name]) for name in behind[1:]),
                rule(y="target", dash="dot"),
                x=log("bill, in steps of prox-SGD", [-0.3, 4.4]),
                y=log("gap / first gap"),
                height=360,
            ),
            panel(
                entry("third"),
                *(cloud(f"{name}, seeds", shade=shades[name], opacity=0.45) for name in behind),
                *(thin(f"{name}, path", shade=shades[name]) for name in behind),
                *(dots(f"{name}, spent", shade=shades[name]) for name in behind),
                guide("even", "equal for RF-SGS and prox-SGD"),
                band("affordable", shade=color("RF-SGS"), opacity=0.1),
                curve("line", "line of equal bill"),
                x=axis("subgradients of h", "wide"),
                y=axis("gradients of f", "tall"),
                height=360,
            ),
        ],
        call=__name__,
        start=start,
        recipe=three_runs,
        simulate=three_runs,
        run="Race",
    )
