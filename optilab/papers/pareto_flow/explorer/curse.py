"""The optimiser's curse: what a search on learned objectives promises, and what its designs are worth."""

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from optilab.core.run import Trace
from optilab.papers.pareto_flow import experiment
from optilab.papers.pareto_flow.explorer.parts import color, front, inside
from optilab.ui.controls import choice, player, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, cloud, curve, dots, entry, guide, here, panel, rule, thin
from optilab.ui.theme import ink
from optilab.ui.words import number

TASKS = ["ZDT2 surface", "ZDT1 surface", "ZDT2 plain", "ZDT1 plain"]
LAST = experiment.GENERATIONS
TOP = 2.0  # of the drawn hypervolume
LOW, HIGH = (-1.4, -5.0), (1.2, 10.0)  # of the objectives


class Search(NamedTuple):
    """All generations of one search, and what ParetoFlow hands out on the same data."""

    found: experiment.Learned
    generations: Trace
    promised: np.ndarray  # (151,) predicted hypervolume
    ours: np.ndarray  # (kept, d) ParetoFlow's designs


def searched(task: str, seed: int) -> Any:
    """Learn the objectives from the data, search on what was learned: generations, and their predicted hypervolume."""
    found = experiment.surrogate(task, seed)
    generations = experiment.search(found)
    return generations, experiment.quality(found.z.values(generations.y), found.reference)


@lru_cache(64)
def rescored(task: str, seed: int, rho: float) -> Any:
    """True hypervolume of all generations, of ParetoFlow's designs and of the best data, where the penalty is ρ."""
    run = RUNS[task, seed]
    judge = replace(run.found.task, rho=rho)
    true = experiment.true_volumes(run.found, run.generations, judge)
    data = experiment.data_best(run.found)
    ours, best = (float(experiment.quality(judge(x), run.found.reference)) for x in (run.ours, data.x))
    return true, ours, best


RUNS: dict[tuple[str, int], Search] = {}


def simulate(task: str, seed: int, progress: Callable[[float, float], Any]) -> Search:
    """The search of a task and seed beside ParetoFlow, kept to be judged at any ρ."""
    if (task, seed) not in RUNS:
        found = experiment.learned(task, seed, lambda k, n: progress(0.8 * k, n))
        ours = experiment.handed_out(found, lambda k, n: progress(0.8 * n + 0.1 * k, n)).x
        generations, promised = searched(task, seed)
        RUNS[task, seed] = Search(found, generations, promised, ours)
    return RUNS[task, seed]


def compute(generation: int, rho: float, task: str, seed: int, *, run: Search) -> dict[str, Any]:
    """Hypervolumes over generations, and the population of one of them."""
    found, k = run.found, np.arange(LAST + 1)
    true, ours, best = rescored(task, seed, rho)
    judge = replace(found.task, rho=rho)
    x, y = found.z.designs(run.generations.x[generation]), found.z.values(run.generations.y[generation])
    peak, beyond = int(true.argmax()), run.promised > 1
    lost = true[-1] < true[peak] - 0.1
    headline = "The search goes on, its designs get worse" if lost else "Here the search may go on"
    crossed = f"from generation {int(beyond.argmax())} on what is promised can't be" if beyond.any() else ""
    off = found.task.distance(x).mean()
    away = f"{number(off, 2)} off the surface" if found.task.d > found.task.k else "valid, since all are"
    return {
        "true": (k, true),
        "promised": (k, np.minimum(run.promised, TOP)),
        "ours": (k[[0, -1]], np.full(2, ours)),
        "best": (k[[0, -1]], np.full(2, best)),
        "now": ([generation], [true[generation]]),
        "now promised": ([generation], [min(run.promised[generation], TOP)]),
        "front": front(found.task),
        "data": inside(found.data.Y[::5], LOW, HIGH),
        "predicted": inside(y, LOW, HIGH),
        "values": inside(judge(x), LOW, HIGH),
        "headline": headline,
        "note": f"Generation {generation}: predicted {number(run.promised[generation])}, true "
        f"<b>{number(true[generation])}</b>; the true one is best, {number(true[peak])}, at generation {peak}. "
        f"ParetoFlow: {number(ours)}; the best of the data: {number(best)}. The designs are {away}"
        f"{'; ' + crossed if crossed else ''}.",
    }


def curse(**start: Any) -> Explorer:
    """Generation, penalty, task and seed beside promised and true hypervolumes; searches at the button."""
    shade = color("NSGA-II")
    return Explorer(
        compute,
        {
            "generation": player("generation", 20, LAST, interval=60),
            "rho": slider("penalty ρ", 10.0, 0.0, 30.0, 1.0, when=lambda v: "surface" in v["task"]),
            "task": choice("task", TASKS[0], TASKS),
            "seed": slider("seed", 0, 0, 7, 1),
        },
        [
            panel(
                entry("headline"),
                rule(y=1, dash="dot"),
                guide("best", "best of the data"),
                curve("ours", "ParetoFlow, true", color("ParetoFlow")),
                thin("promised", "NSGA-II, predicted", shade),
                curve("true", "NSGA-II, true", shade),
                here("now promised", shade=shade, symbol="circle-open"),
                here("now", shade=shade),
                x=axis("generation", [0, LAST]),
                y=axis("hypervolume (above 1: impossible)", [0, TOP + 0.03]),
                height=380,
            ),
            panel(
                "What it believes (open), what it gets (filled)",
                cloud("data", "data", ink(0.3), size=3),
                guide("front", "true front"),
                dots("predicted", "predicted", shade, symbol="circle-open", size=7),
                dots("values", "true", shade, size=6),
                x=axis("f₁", [LOW[0] - 0.03, HIGH[0] + 0.03]),
                y=axis("f₂ (beyond the frame: at its edge)", [LOW[1] - 0.4, HIGH[1] + 0.4]),
                height=380,
            ),
        ],
        call=__name__,
        start=start,
        recipe=searched,
        simulate=simulate,
        run="Search",
    )
