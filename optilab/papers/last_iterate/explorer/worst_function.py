"""The worst function of T steps, the method walking on it, and what is promised: nothing between them but the bound."""

from typing import Any

import numpy as np

from optilab.classics import worst_case
from optilab.classics.worst_function import Planes, against_subgradients
from optilab.core.run import run
from optilab.papers.last_iterate.algorithm import SCHEDULES, average, bound, csmd
from optilab.papers.last_iterate.explorer.parts import COLORS
from optilab.problems.noisy import Gaussian, Noisy
from optilab.ui.controls import choice, player, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, contour, curve, entry, goal, here, log, panel, promise, thin, walk, worst
from optilab.ui.theme import INK, ink
from optilab.ui.words import number

LONGEST, ETAS = 10, [0.1, 0.3, 1.0]
DRAWN = ["constant", "linear decay"]
PER = 24  # points drawn along a step
FLOOR = 0.01  # what is lower is drawn here on the log axis
NEAR = 1e-3  # from the plane that is drawn
WALL = 0.01  # a last step that climbs more runs up a wall
SIDE = {
    (True, False): "The last step runs up a wall, and none is left to come back",
    (False, False): "The last step hardly climbs, if at all",
    (False, True): "Too short a walk: all of it leads straight down",
}
ABOVE = {
    (True, False): "From above: the last step starts on a crease",
    (False, False): "From above: no wall before the last step",
    (False, True): "From above: a slope, and no crease in reach",
}


def on_its_worst_function(schedule: str, T: int, eta: float) -> Any:
    """The iterates of the schedule on the function against which it does worst, G = R = 1: (T + 1, d)."""
    problem, start = against_subgradients(T, eta=eta, schedule=schedule)
    exact = Noisy(problem, Gaussian(0.0), len(start))
    path = csmd(exact, start, eta=SCHEDULES[schedule](T, eta), rng=np.random.default_rng(0))
    return run(path, T).x


def along(problem: Planes, x: np.ndarray) -> dict[str, Any]:
    """The function's height over the way from iterate to iterate, and what the slope at each says of its step."""
    walked = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(x, axis=0), axis=-1))])
    at, knots = np.arange((len(x) - 1) * PER + 1) / PER, np.arange(len(x))
    way = np.interp(at, knots, walked)
    points = np.stack([np.interp(at, knots, coordinate) for coordinate in x.T], -1)
    step = np.minimum(at.astype(int), len(x) - 2)
    said = problem.pieces(points)[np.arange(len(at)), step]  # what the slope at the step's start says of it
    seams = np.arange(1, len(x) - 1) * PER
    return {
        "height": (way, problem(points)),
        "planes": (np.insert(way, seams, np.nan), np.insert(np.where(said > 0, said, np.nan), seams, np.nan)),
        "walked": walked,
    }


def seen_from_above(problem: Planes, x: np.ndarray, done: int) -> dict[str, Any]:
    """The function in the plane through the minimum and the last step, and the iterates that lie in it."""
    first = x[-1] / np.linalg.norm(x[-1])
    second = x[-2] - (x[-2] @ first) * first
    length = np.linalg.norm(second)
    basis = np.stack([first, second / length if length > NEAR else 0 * second])
    flat = x @ basis.T
    flat[np.linalg.norm(x - flat @ basis, axis=-1) > NEAR] = np.nan
    reach = 1.2 * np.nanmax(abs(flat))
    line = np.linspace(-reach, reach, 61)
    grid = np.stack(np.meshgrid(line, line), -1)
    return {
        "map": (line, line, problem(grid @ basis)),
        "iterates": tuple(flat[: done + 1].T),
        "last step": tuple(flat[-2:].T),
        "end": (flat[-1, 0], flat[-1, 1]),
        "reach": [-reach, reach],
    }


def compute(schedule: str, T: int, eta: float, frame: int) -> dict[str, Any]:
    """The walk up to a frame: along its way, from above, and gap by gap."""
    problem, _ = against_subgradients(T, eta=eta, schedule=schedule)
    x, steps, done = on_its_worst_function(schedule, T, eta), SCHEDULES[schedule](T, eta), min(frame, T)
    gap, t = problem(x), np.arange(T + 1)
    means = problem(average(x, t[1:]))
    table = float(worst_case.subgradient(T, G=1.0, R=1.0, eta=eta, schedule=schedule))
    promised = float(bound(steps, 0.5, 4.0))  # D = R²/2, M = 2G
    data = along(problem, x)
    walked, climbs = data.pop("walked"), gap[-1] > gap[-2] + WALL
    short = len(x[0]) == 1
    return (
        data
        | seen_from_above(problem, x, done)
        | {
            "walk": (walked[: done + 1], gap[: done + 1]),
            "now": (walked[done], gap[done]),
            "way": [-0.02 * walked[-1], 1.02 * walked[-1]],
            "gap": (t[: done + 1], np.maximum(gap[: done + 1], FLOOR)),
            "average": (t[1 : done + 1], np.maximum(means[:done], FLOOR)),
            "worst": (T, table),
            "bound": ([0, T], [promised, promised]),
            "color": COLORS[schedule],
            "side": SIDE[climbs, short],
            "above": ABOVE[climbs, short],
            "ratios": f"The worst function takes {number(table / promised * 100, 2)} % of what is promised",
            "note": note(schedule, problem, gap[-1], means[-1], table, promised, short),
        }
    )


def note(schedule: str, problem: Planes, last: float, mean: float, table: float, promised: float, short: bool) -> str:
    """The sentence under the pictures."""
    size = len(problem.minimizer)
    why = " The steps are too short to reach the minimum, and straight down is the worst way." if short else ""
    return (
        f"{schedule.capitalize()} steps leave <b>{number(last)}</b> here, and on no convex function with slopes up to "
        f"G = 1 and distance R = 1 more than {number(table)}; the theorem promises {number(promised)}. The average of "
        f"these iterates is at {number(mean)}. This function has {size} dimension{'s' * (size > 1)} and "
        f"{len(problem.slopes)} planes.{why}"
    )


def worst_function(**start: Any) -> Explorer:
    """Schedule, T and η beside the worst function for them: along the walk, from above, and the gaps on it."""
    shade = entry("color")
    return Explorer(
        compute,
        {
            "schedule": choice("schedule", "constant", DRAWN),
            "T": slider("steps T", LONGEST, 1, LONGEST, 1),
            "eta": choice("η, in units of R/G", 1.0, ETAS),
            "frame": player("steps walked", LONGEST, LONGEST, interval=600),
        },
        [
            panel(
                entry("side"),
                thin("planes", "what each slope says", ink(0.4), hoverinfo="skip"),
                curve("height", "f along the way", INK),
                walk("walk", "", shade),
                here("now", "", shade),
                x=axis("way walked, in units of R", "way"),
                y=axis("f − f*, in units of GR", [0, 1.2]),
            ),
            panel(
                entry("above"),
                contour("map"),
                thin("last step", "last step", shade),
                walk("iterates", "", shade),
                here("end", "last iterate", shade),
                goal(([0], [0]), "minimum"),
                x=axis("towards the last iterate", "reach"),
                y=axis("across", "reach", equal=True),
            ),
            panel(
                entry("ratios"),
                promise("bound", "promised", shade),
                thin("average", "its average", INK, width=2),
                curve("gap", "last iterate", shade),
                worst("worst"),
                x=axis("step t", [-0.3, LONGEST + 0.3]),
                y=log("gap f − f*", [-1.4, 1.2]),
            ),
        ],
        call=__name__,
        start=start,
        recipe=on_its_worst_function,
    )
