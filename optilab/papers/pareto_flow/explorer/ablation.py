"""What each part contributes: the hypervolume of every method on several data sets."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from optilab.papers.pareto_flow import experiment
from optilab.papers.pareto_flow.explorer.parts import color
from optilab.ui.controls import choice, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, cloud, level, panel, rule
from optilab.ui.words import number

TASKS = ["ZDT2 surface", "ZDT1 surface", "ZDT2 plain"]
METHODS = ["D(best)", "flow only", *experiment.VARIANTS, "NSGA-II, 20", "NSGA-II, 150"]
SHADES = {name: color("ParetoFlow") for name in experiment.VARIANTS}
SHADES |= {name: color(name) for name in ("D(best)", "flow only")}
SHADES |= {name: color("NSGA-II") for name in METHODS[-2:]}


def volumes(task: str, seeds: int) -> Any:
    """Hypervolumes of all methods: (methods, seeds)."""
    return np.array([experiment.volumes(task, range(seeds), method) for method in METHODS])


def simulate(task: str, seeds: int, progress: Callable[[float, float], Any]) -> np.ndarray:
    """All methods on one seed after the other; what is known already isn't measured again."""
    for seed in range(seeds):
        experiment.learned(task, seed, partial(_learning, progress, seed, seeds))
        for k, method in enumerate(METHODS):
            experiment.volume(task, seed, method)
            progress(seed + 0.5 + 0.5 * (k + 1) / len(METHODS), seeds)
    return volumes(task, seeds)


def _learning(progress: Callable[[float, float], Any], seed: int, seeds: int, done: float, total: float) -> None:
    """Report the first half of a seed."""
    progress(seed + 0.5 * done / total, seeds)


def compute(task: str, seeds: int, *, run: np.ndarray) -> dict[str, Any]:
    """Every seed, and the mean, of every method."""
    place = -np.arange(len(METHODS), dtype=float)
    mean = dict(zip(METHODS, run.mean(1), strict=True))
    found = ", ".join(f"{name} {number(mean[name])}" for name in ("ParetoFlow", "no neighbours", "no filter"))
    data: dict[str, Any] = {}
    for k, name in enumerate(METHODS):
        data |= {name: (run[k], np.full(run.shape[1], place[k])), f"{name} mean": (run[k].mean(), place[k])}
    several = f"{seeds} data sets" if seeds > 1 else "one data set"
    return data | {
        "note": f"Means over {several}: <b>{found}</b>; NSGA-II {number(mean['NSGA-II, 20'])} after 20 generations, "
        f"{number(mean['NSGA-II, 150'])} after 150; the best of the data {number(mean['D(best)'])}.",
    }


def ablation(**start: Any) -> Explorer:
    """Task and number of data sets beside the hypervolume of every method; measured at the button."""
    ticks = {-k: name for k, name in enumerate(METHODS)}
    return Explorer(
        compute,
        {
            "task": choice("task", TASKS[0], TASKS),
            "seeds": slider("data sets", 1, 1, 3, 1),
        },
        [
            panel(
                "Every data set, and the mean",
                rule(x=1, dash="dot"),
                *(cloud(name, "", SHADES[name], size=6, opacity=0.6) for name in METHODS),
                *(
                    level(f"{name} mean", "", SHADES[name], symbol="line-ns", size=16, hovertemplate="%{x:.3g}")
                    for name in METHODS
                ),
                x=axis("true hypervolume of what is handed out", [-0.02, 1.05]),
                y=axis("", [0.4 - len(METHODS), 0.6], ticks=ticks),
                height=440,
                wide=True,
            )
        ],
        call=__name__,
        start=start,
        recipe=volumes,
        simulate=simulate,
        run="Measure",
    )
