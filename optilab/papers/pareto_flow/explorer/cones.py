"""Objective space: what is handed out, the cone of a weight, and where designs gather without filter or neighbours."""

from collections.abc import Callable
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from optilab.core.run import run as advanced
from optilab.papers.pareto_flow import experiment
from optilab.papers.pareto_flow.algorithm import guidance
from optilab.papers.pareto_flow.explorer.parts import SURFACES, color, front, inside, threads
from optilab.ui.controls import choice, slider, switch
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, cloud, dots, goal, guide, here, panel, thin
from optilab.ui.theme import ink
from optilab.ui.words import number

SEED, FAR = 0, 5.0  # length of a ray, in z-scores
LOW, HIGH = (-0.15, -2.0), (1.25, 10.0)
RIGHT = 1.3  # the largest f₁ that is drawn
STATES = list(product((True, False), (True, False), (False, True)))  # filter, neighbours, equal weights
NAMES = {
    (True, True, False): "ParetoFlow",
    (False, True, False): "no filter",
    (True, False, False): "no neighbours",
    (False, False, False): "neither",
    (True, True, True): "equal, as it is",
    (False, True, True): "equal, no filter",
    (True, False, True): "equal, no neighbours",
    (False, False, True): "equal, neither",
}
ORDER = list(NAMES)


class State(NamedTuple):
    """One run: its elites, and what is handed out of them."""

    elites: np.ndarray  # (n, 2) predicted values
    handed: experiment.Outcome


def variant(task: str, local_filter: bool, neighbours: bool, equal: bool) -> Any:
    """The elites of ParetoFlow with parts left out: predicted values (50, 2), and the designs handed out."""
    found = experiment.learned(task, SEED)
    changes = {"local_filter": local_filter, "K": None if neighbours else 1}
    aim = {"aim": experiment.EQUAL} if equal else {}
    steps = experiment.SETTINGS["T"] - 1
    elites = advanced(experiment.paretoflow(found, **changes, **aim), steps, every=steps, keep=["elites"]).elites[-1]
    y = found.predictors(elites)
    return found.z.values(y), experiment.outcome(found, elites, y)


def simulate(task: str, progress: Callable[[float, float], Any]) -> dict[tuple[bool, ...], State]:
    """All eight states."""
    experiment.learned(task, SEED, lambda k, n: progress(0.5 * k, n))
    made: dict[tuple[bool, ...], State] = {}
    for number_, state in enumerate(STATES):
        made[state] = State(*variant(task, *state))
        progress(8 + number_ + 1, 16)
    return made


def ray(found: experiment.Learned, i: int) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """The ray of weight i from the mean of the data, and the two edges of its cone, in the units of the objectives."""
    weights = guidance.lattice(2, 50)
    half = guidance.half_apertures(weights)[i]
    middle = np.arctan2(weights[i, 1], weights[i, 0])
    ends = [-FAR * np.array([np.cos(a), np.sin(a)]) for a in (middle, middle - half, middle + half)]
    lines = found.z.values(np.array([[np.zeros(2), end] for end in ends]))
    edges = np.concatenate([lines[1], [[np.nan] * 2], lines[2]])
    return (lines[0, :, 0], lines[0, :, 1]), (edges[:, 0], edges[:, 1])


def compute(
    local_filter: bool, neighbours: bool, equal: bool, i: int, task: str, *, run: dict[tuple[bool, ...], State]
) -> dict[str, Any]:
    """Predicted and true values of one state, a cone, and the places along the front of all states."""
    now = (local_filter, neighbours, equal)
    elites, handed = run[now]
    found = experiment.learned(task, SEED)
    data = experiment.data_best(found)
    along, edges = ray(found, i)
    rows = [
        (np.minimum(run[state].handed.true[:, 0], RIGHT), np.full(len(run[state].handed.true), -float(k)))
        for k, state in enumerate(ORDER)
    ]
    others = [row for row, state in zip(rows, ORDER, strict=True) if state != now]
    gap = np.diff(np.sort(np.append(handed.true[:, 0], [0.0, 1.0]))).max()
    return {
        "front": front(found.task),
        "best": inside(data.true, LOW, HIGH),
        "threads": threads(np.clip(handed.predicted, LOW, HIGH), np.clip(handed.true, LOW, HIGH)),
        "predicted": inside(handed.predicted, LOW, HIGH),
        "true": inside(handed.true, LOW, HIGH),
        "ray": along,
        "edges": edges,
        "apex": tuple(found.z.y_mean[:, None]),
        "elite": inside(elites[i : i + 1], LOW, HIGH),
        "others": tuple(np.concatenate(parts) for parts in zip(*others, strict=True)),
        "row": rows[ORDER.index(now)],
        "note": f"{NAMES[now]}: hypervolume <b>{number(handed.volume)}</b> (predicted {number(handed.promised)}; the "
        f"best of the data {number(data.volume)}), <b>{len(handed.x)} distinct designs</b> of {experiment.KEPT}, the "
        f"widest gap in f₁: {number(gap, 2)}. The circled elite is that of the weight ({number(i / 49, 2)}, "
        f"{number(1 - i / 49, 2)}).",
    }


def cones(**start: Any) -> Explorer:
    """Filter, neighbours, equal weights, a weight and the task beside objective space and places along the front."""
    blue, n = color("ParetoFlow"), len(ORDER)
    return Explorer(
        compute,
        {
            "local_filter": switch("local filter", True),
            "neighbours": switch("neighbours", True),
            "equal": switch("equal weights", False),
            "i": slider("weight i", 25, 0, 49, 1),
            "task": choice("task", SURFACES[0], SURFACES),
        },
        [
            panel(
                "Predicted (open) and true (filled) values",
                guide("front", "true front"),
                dots("best", "best of the data", ink(0.5), size=5),
                guide("edges", "", blue),
                thin("ray", "weight i", blue),
                goal(
                    "apex", "", ink(0.6), symbol="cross-thin", size=9, marker={"line": {"width": 2, "color": ink(0.6)}}
                ),
                thin("threads", "", ink(0.3), width=1),
                dots("predicted", "", blue, symbol="circle-open", size=7),
                dots("true", "handed out", blue, size=6),
                here("elite", "", blue, symbol="circle-open", size=15),
                x=axis("f₁", [LOW[0], HIGH[0]]),
                y=axis("f₂", [LOW[1], HIGH[1]]),
                height=420,
            ),
            panel(
                "Where along the front: all eight ways",
                cloud("others", "", ink(0.4), size=6),
                dots("row", "", blue, size=9),
                x=axis("f₁ of the designs", [-0.05, RIGHT + 0.05]),
                y=axis("", [0.6 - n, 0.4], ticks={-k: NAMES[state] for k, state in enumerate(ORDER)}),
                height=420,
            ),
        ],
        call=__name__,
        start=start,
        recipe=variant,
        simulate=simulate,
        run="Sample all eight",
    )
