"""The adversary's instance: a spike a step, and what all spikes cost at the end."""

from functools import cache
from typing import Any

import numpy as np

from optilab.classics import worst_case
from optilab.papers.last_iterate.algorithm import SCHEDULES, bound
from optilab.papers.last_iterate.explorer.parts import COLORS, NAMES
from optilab.papers.last_iterate.problems import Harvey
from optilab.ui.controls import choice, player, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import area, axis, curve, entry, here, log, panel, promise, rule, thin, worst
from optilab.ui.words import number

SIZES = 2 ** np.arange(4, 13)
FRAMES = 60


@cache
def growth() -> dict[str, np.ndarray]:
    """√T · f of the last iterates, and of the average of 1/√t, for all sizes, from the closed form."""
    rows: dict[str, list[float]] = {name: [] for name in [*NAMES, "average"]}
    for T in SIZES:
        problem = Harvey(int(T))
        for name, schedule in SCHEDULES.items():
            rows[name].append(np.sqrt(T) * problem.values(schedule(int(T), 1.0))[-1])
        rows["average"].append(np.sqrt(T) * problem(problem.average(SCHEDULES["1/√t"](int(T), 1.0))))
    return {name: np.array(row) for name, row in rows.items()}


@cache
def three(schedule: str) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Small horizons, and √T · (f − f*) at the end: here, of the worst function of the class, and the bound; η = 1.

    No step leaves the ball. Bound and worst case know of it only that G = 1 and that x* is within R = 1 of the start.
    """
    small = worst_case.reach("subgradient", (1.0, schedule, "last"))[1:]  # the instance needs two steps
    taken = worst_case.subgradient(small, G=1.0, R=1.0, eta=1.0, schedule=schedule)
    gaps, bounds = [], []
    for T in small.tolist():
        problem, eta = Harvey(T), SCHEDULES[schedule](T, 1.0)
        gaps.append(problem.values(eta)[-1])
        bounds.append(bound(eta, 0.5, 4.0))
    rows = {"here": np.array(gaps), "worst": taken, "bound": np.array(bounds)}
    return {f"small {name}": (small, np.sqrt(small) * row) for name, row in rows.items()}


def one_point(schedule: str, doublings: int, frame: int) -> Any:
    """Where the method stands at a frame of the film, and the value there, both times √T."""
    T = 2**doublings
    problem, eta = Harvey(T), SCHEDULES[schedule](T, 1.0)
    t = 1 + round(frame / FRAMES * T)
    return np.sqrt(T) * problem.point(eta, t), np.sqrt(T) * problem.values(eta)[t - 1]


def compute(schedule: str, doublings: int, frame: int) -> dict[str, Any]:
    """Where the schedule stands at a frame of the film, and what the value there is made of."""
    T = 2**doublings
    point, value = one_point(schedule, doublings, frame)
    done, left = round(frame / FRAMES * T), T - np.arange(T)
    end = {name: growth()[name][doublings - 4] for name in NAMES}
    small = three(schedule)
    data: dict[str, Any] = {
        f"end {name}": (left, np.sqrt(T) * Harvey(T).point(make(T, 1.0), T + 1) / 8) for name, make in SCHEDULES.items()
    }
    return (
        data
        | small
        | {
            "spikes": (np.arange(1, T + 1) / T, point),
            "share": (left, point / 8),
            "now": (T, end[schedule]),
            "color": COLORS[schedule],
            "headline": f"The point after step {done}: one spike a step"
            if done
            else "Before the first step: the point is 0",
            "note": f"After {done} of {T} steps √T·f = <b>{number(value)}</b>; the start has 0. "
            f"At the end: {', '.join(f'{name} {number(final)}' for name, final in end.items())}. {compared(schedule)}",
        }
    )


def compared(schedule: str) -> str:
    """Which part of the distance from the gap to its bound is the theorem's, and which is the instance's."""
    (T, gap), (_, taken), (_, promised) = ((T[-1], row[-1]) for T, row in three(schedule).values())
    return (
        f"For T = {T} and a minimum within the ball the bound of {schedule} is √T·f = {number(promised)}, the worst "
        f"function takes {number(taken)}, this one {number(gap)}: a factor <b>{number(promised / taken, 2)} is the "
        f"theorem's looseness, {number(taken / gap, 2)} the instance's easiness</b>."
    )


def adversary(**start: Any) -> Explorer:
    """Schedule, horizon T and a film of the steps beside the spikes, their shares of the value and its growth."""
    table, mine = growth(), entry("color")
    return Explorer(
        compute,
        {
            "schedule": choice("schedule", "1/√t", NAMES),
            "doublings": slider("log₂ T", 6, 4, 12, 1, named={"T = 64": 6, "T = 1024": 10, "T = 4096": 12}),
            "frame": player("film", FRAMES, FRAMES),
        },
        [
            panel(
                entry("headline"),
                area("spikes", shade=mine, shape="hvh", width=1.2),
                rule(y=0),
                x=axis("coordinate j, planted in step j", [0, 1], ticks={0: "1", 0.5: "T/2", 1: "T"}),
                y=axis("√T · x<sub>j</sub>", [-0.06, 0.56]),
            ),
            panel(
                "The same, counted from the end on a log axis: the area is √T·f",
                area("share", shade=mine, name="now"),
                *(thin(f"end {name}", name, COLORS[name], width=2) for name in NAMES),
                x=log("steps left n (time →)", [np.log10(1.25 * SIZES[-1]), -0.06], dtick=1),
                y=axis("√T · x<sub>j</sub>/8", [-0.004, 0.07]),
            ),
            panel(
                "1/√t and constant steps climb with log T, linear decay doesn't",
                *(curve((SIZES, table[name]), name, COLORS[name]) for name in NAMES),
                curve((SIZES, table["average"]), "average"),
                promise((SIZES, np.log(SIZES) / 32), "proved for 1/√t", COLORS["1/√t"]),
                here("now", shade=mine, hoverinfo="skip"),
                x=log("horizon T", ticks={int(T): str(T) for T in SIZES[::2]}),
                y=axis("√T · f at the end", [0, 0.46]),
            ),
            panel(
                "For few steps: this instance under the worst function ◇ under the bound (dashed)",
                promise("small bound", "bound", mine),
                worst("small worst", "worst case", mine),
                curve("small here", "this instance", mine),
                x=log("horizon T", [np.log10(1.9), np.log10(21)], ticks={T: str(T) for T in (2, 5, 10, 20)}),
                y=log("√T · f at the end", [-1.7, 1.8], dtick=1),
            ),
        ],
        call=__name__,
        start=start,
        recipe=one_point,
    )
