"""The heavy ball on the worst function that its tuning meets, beside the three slopes on which it goes round for ever."""

from functools import cache
from typing import Any

import numpy as np

from optilab.classics import worst_case
from optilab.classics.heavy_ball import heavy_ball, tuned
from optilab.classics.worst_function import Parabolas, against_heavy_ball
from optilab.core.run import run
from optilab.papers.passivity_acceleration.algorithm import Tuning, mode_response
from optilab.papers.passivity_acceleration.experiment.failure import PROBLEM
from optilab.papers.passivity_acceleration.explorer.parts import color
from optilab.ui.controls import choice, player, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, curve, dots, entry, halo, here, log, panel, promise, rule, walk
from optilab.ui.theme import INK, ORANGE
from optilab.ui.words import number

LONGEST, STEPS = 10, 40
KAPPAS = [2.0, 4.0, 10.0, 15.0, 20.0, 25.0, 100.0]
SCALE = 3.3  # where the ball is let go on the three slopes; 1 in the picture
FLOOR = 1e-8
BALL = color("heavy ball")


def on_its_worst_function(kappa: float, n: int) -> Any:
    """The heavy ball on the function that is worst for n steps, L = 1 and the start at distance 1: (steps + 1)."""
    problem, start = against_heavy_ball(n, kappa=kappa)
    return run(heavy_ball(problem, start, **tuned(1 / kappa, 1.0)), STEPS).x[:, 0]


@cache
def on_three_slopes() -> tuple[np.ndarray, np.ndarray]:
    """The heavy ball on the three slopes and f there, both in units in which the start is 1 and L is 1."""
    x = run(heavy_ball(PROBLEM, np.array([SCALE]), **tuned(PROBLEM.mu, PROBLEM.L)), STEPS).x
    return x[:, 0] / SCALE, PROBLEM(x) / (PROBLEM.L * SCALE**2)


@cache
def on_quadratics(kappa: float) -> np.ndarray:
    """The largest gap on any quadratic with curvatures in [1/κ, 1], step by step."""
    curvature, tuning = np.geomspace(1 / kappa, 1, 401), tuned(1 / kappa, 1.0)
    response = mode_response(curvature, Tuning(tuning["alpha"], tuning["beta"], 0.0, 0.0), STEPS)
    return (curvature / 2 * response**2).max(-1)


def flat_pieces(problem: Parabolas, line: np.ndarray) -> np.ndarray:
    """Where on a line the curvature is μ."""
    places = problem.bends[0]
    return np.searchsorted(places, line) % 2 == 1


def compute(kappa: float, n: int, frame: int) -> dict[str, Any]:
    """The ball up to a frame on both functions, and all gaps."""
    problem, _ = against_heavy_ball(n, kappa=kappa)
    x = on_its_worst_function(kappa, n)
    gap, steps = problem(x[:, None]), np.arange(STEPS + 1)
    there = worst_case.steps("heavy_ball", (kappa,))
    table = worst_case.heavy_ball(there, mu=1 / kappa, L=1.0, R=1.0)
    reach = 1.12 * abs(x[: n + 1]).max()
    line = np.linspace(-reach, reach, 401)
    height, flat = problem(line[:, None]), flat_pieces(problem, line)
    place, low = on_three_slopes()
    plane = np.linspace(-1.12, 1.12, 401)
    slopes = PROBLEM(SCALE * plane[:, None]) / (PROBLEM.L * SCALE**2)
    middle = (SCALE * plane > 1) & (SCALE * plane < 2)
    quadratics = on_quadratics(kappa)
    return {
        "f": (line, height),
        "flat": (line, np.where(flat, height, np.nan)),
        "walk": (x[: frame + 1], gap[: frame + 1]),
        "now": (x[frame], gap[frame]),
        "x_range": [-reach, reach],
        "f_range": [-0.06 * height.max(), 1.05 * height.max()],
        "slopes": (plane, slopes),
        "middle": (plane, np.where(middle, slopes, np.nan)),
        "slopes walk": (place[: frame + 1], low[: frame + 1]),
        "slopes now": (place[frame], low[frame]),
        "gap": (steps, np.maximum(gap, FLOOR)),
        "slopes gap": (steps, low),
        "quadratics": (steps, np.maximum(quadratics, FLOOR)),
        "worst": (there, table),
        "measured": (n, gap[n]),
        "n": n,
        "top": f"After {n} step{'s' * (n > 1)} the ball is {'higher' if gap[n] > gap[0] else 'lower'} than at its start",
        "growth": f"The worst case {'grows' if table[-1] > table[0] else 'falls'} with n; the worst quadratic comes to rest",
        "note": note(kappa, n, gap, quadratics[n], float(table[list(there).index(n)])),
    }


def note(kappa: float, n: int, gap: np.ndarray, quadratic: float, table: float) -> str:
    """What the ball is left with, and what it could be on a quadratic."""
    return (
        f"κ = {number(kappa)}: after {n} steps the ball has f − f* = <b>{number(gap[n])}</b>, from {number(gap[0])} at "
        f"the start; no function of this κ can leave more than {number(table)} (L = 1, start at distance 1), no "
        f"quadratic more than {number(quadratic)}. What follows is not the function's aim: {number(gap[-1], 2)} after "
        f"{STEPS} steps."
    )


def worst(**start: Any) -> Explorer:
    """The κ and n for which a function is the worst, and a film of the ball on it and on the three slopes."""
    on_three_slopes()
    return Explorer(
        compute,
        {
            "kappa": choice("κ = L/μ", 25.0, KAPPAS),
            "n": slider("worst for n steps", LONGEST, 1, LONGEST, 1),
            "frame": player("steps", LONGEST, STEPS, interval=400),
        },
        [
            panel(
                entry("top"),
                halo("flat", "curvature μ", INK),
                curve("f", "f, elsewhere L", INK),
                walk("walk", "heavy ball", BALL),
                here("now", "", BALL),
                x=axis("x", "x_range"),
                y=axis("f − f*", "f_range"),
                height=360,
            ),
            panel(
                "The three slopes, κ = 25: three points for ever",
                halo("middle", "", INK),
                curve("slopes", "", INK),
                walk("slopes walk", "", BALL),
                here("slopes now", "", BALL),
                x=axis("x, in units of the start", [-1.12, 1.12]),
                y=axis("f − f*", [-0.03, 0.6]),
                height=360,
            ),
            panel(
                entry("growth"),
                curve("gap", "on this function", BALL),
                curve("slopes gap", "on the three slopes", INK, width=1.5),
                promise("quadratics", "worst quadratic", BALL),
                dots("worst", "worst case after n", ORANGE),
                here("measured", "", BALL),
                rule("n", dash="dot"),
                x=axis("steps", [0, STEPS]),
                y=log("gap f − f*", [-5.2, 3.2], dtick=2),
                height=360,
            ),
        ],
        call=__name__,
        start=start,
        recipe=on_its_worst_function,
    )
