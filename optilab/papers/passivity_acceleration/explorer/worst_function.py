"""The heavy ball on the worst function that its tuning meets, beside the three slopes on which it never rests."""

from functools import cache, lru_cache
from typing import Any

import numpy as np

from optilab.classics import worst_case
from optilab.classics.heavy_ball import heavy_ball, tuned
from optilab.classics.worst_function import against_heavy_ball
from optilab.core.run import run
from optilab.papers.passivity_acceleration.algorithm import heavy_ball_tuning, mode_response
from optilab.papers.passivity_acceleration.experiment.failure import PROBLEM
from optilab.papers.passivity_acceleration.explorer.parts import color
from optilab.ui.controls import choice, player, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, curve, entry, halo, here, log, panel, promise, rule, walk, worst
from optilab.ui.theme import GREEN, INK
from optilab.ui.words import number

LONGEST, STEPS = 10, 40
KAPPAS = [10.0, 15.0, 20.0, 25.0, 100.0]
SCALE = 3.3  # where the ball is let go on the three slopes; 1 in the picture
FLOOR = 1e-8
BALL = color("heavy ball")


def on_its_worst_function(kappa: float, n: int) -> Any:
    """The heavy ball on the function that is worst for n steps, L = 1 and the start at distance 1: (steps + 1, d)."""
    problem, start = against_heavy_ball(n, kappa=kappa)
    return run(heavy_ball(problem, start, **tuned(1 / kappa, 1.0)), STEPS).x


@cache
def on_three_slopes() -> tuple[np.ndarray, np.ndarray]:
    """The heavy ball on the three slopes and f there, both in units in which the start is 1 and L is 1."""
    x = run(heavy_ball(PROBLEM, np.array([SCALE]), **tuned(PROBLEM.mu, PROBLEM.L)), STEPS).x
    return x[:, 0] / SCALE, PROBLEM(x) / (PROBLEM.L * SCALE**2)


@cache
def on_quadratics(kappa: float) -> np.ndarray:
    """The largest gap on any quadratic with curvatures in [1/κ, 1], step by step."""
    curvature = np.geomspace(1 / kappa, 1, 401)
    response = mode_response(curvature, heavy_ball_tuning(1 / kappa, 1.0), STEPS)
    return (curvature / 2 * response**2).max(-1)


@lru_cache(maxsize=64)
def along_its_line(kappa: float, n: int) -> dict[str, Any]:
    """The cut through the worst function along the line that the walk to step n keeps nearest to, and all gaps."""
    problem, _ = against_heavy_ball(n, kappa=kappa)
    x = on_its_worst_function(kappa, n)
    main = np.linalg.svd(x[: n + 1])[2][0]
    main = main * np.sign(main @ x[0])
    places = x @ main
    reach = 1.12 * abs(places).max()
    line = np.linspace(-reach, reach, 101)
    gap, height = np.split(problem(np.concatenate([x, line[:, None] * main])), [len(x)])
    bend = np.gradient(np.gradient(height, line), line)
    top = max(height.max(), gap.max())
    return {
        "f": (line, height),
        "flat": (line, np.where(bend < 0.5, height, np.nan)),
        "places": places,
        "gap": gap,
        "x_range": [-reach, reach],
        "f_range": [-0.05 * top, 1.08 * top],
        "dimensions": len(main),
    }


def compute(kappa: float, n: int, frame: int) -> dict[str, Any]:
    """The ball up to a frame on both functions, and all gaps."""
    cut, steps = dict(along_its_line(kappa, n)), np.arange(STEPS + 1)
    places, gap, dimensions = cut.pop("places"), cut.pop("gap"), cut.pop("dimensions")
    there = worst_case.steps("heavy_ball", (kappa,))
    table = worst_case.heavy_ball(there, mu=1 / kappa, L=1.0, R=1.0)
    place, low = on_three_slopes()
    quadratics = on_quadratics(kappa)
    return cut | {
        "walk": (places[: frame + 1], gap[: frame + 1]),
        "now": (places[frame], gap[frame]),
        "slopes walk": (place[: frame + 1], low[: frame + 1]),
        "slopes now": (place[frame], low[frame]),
        "on it": (steps, np.maximum(gap, FLOOR)),
        "slopes gap": (steps, low),
        "quadratics": (steps, np.maximum(quadratics, FLOOR)),
        "worst": (there, table),
        "measured": (n, gap[n]),
        "n": n,
        "top": f"After {walked(n)} the ball is {'higher' if gap[n] > gap[0] else 'lower'} than at its start",
        "growth": f"The worst case {'grows' if table[-1] > table[0] else 'falls'} with n; quadratics let the ball rest",
        "note": note(kappa, n, gap, quadratics[n], float(table[list(there).index(n)]), dimensions),
    }


def walked(n: int) -> str:
    """A number of steps, in words."""
    return f"{n} step{'s' * (n > 1)}"


def note(kappa: float, n: int, gap: np.ndarray, quadratic: float, table: float, dimensions: int) -> str:
    """What the ball is left with, and what it could be on a quadratic."""
    shown = "" if dimensions == 1 else f" The function has {dimensions} dimensions: the curve is a cut through it."
    return (
        f"κ = {number(kappa)}: after {walked(n)} the ball has f − f* = <b>{number(gap[n])}</b>, from "
        f"{number(gap[0])} at the start. No function of this κ leaves more than {number(table)} (L = 1, start at "
        f"distance 1), no quadratic more than {number(quadratic)}. After {STEPS} steps it has "
        f"{number(gap[-1], 2)}.{shown}"
    )


def worst_function(**start: Any) -> Explorer:
    """The κ and n for which a function is the worst, and a film of the ball on it and on the three slopes."""
    for kappa in KAPPAS:
        along_its_line(kappa, LONGEST)  # the slowest ones
    plane = np.linspace(-1.12, 1.12, 401)
    slopes = PROBLEM(SCALE * plane[:, None]) / (PROBLEM.L * SCALE**2)
    middle = np.where((SCALE * plane > 1) & (SCALE * plane < 2), slopes, np.nan)
    return Explorer(
        compute,
        {
            "kappa": choice("κ = L/μ", 25.0, KAPPAS),
            "n": slider("worst for n steps", 3, 1, LONGEST, 1),
            "frame": player("steps", 6, STEPS, interval=400),
        },
        [
            panel(
                entry("top"),
                halo("flat", "nearly flat", GREEN),
                curve("f", "f", INK),
                walk("walk", "heavy ball", BALL),
                here("now", "", BALL),
                x=axis("x", "x_range"),
                y=axis("f − f*", "f_range"),
                height=280,
            ),
            panel(
                "The three slopes, κ = 25: three points for ever",
                halo((plane, middle), "", GREEN),
                curve((plane, slopes), "", INK),
                walk("slopes walk", "", BALL),
                here("slopes now", "", BALL),
                x=axis("x, in units of the start", [-1.12, 1.12]),
                y=axis("f − f*", [-0.03, 0.66]),
                height=280,
            ),
            panel(
                entry("growth"),
                curve("on it", "on this function", BALL),
                curve("slopes gap", "on the three slopes", INK, width=1.5),
                promise("quadratics", "worst quadratic", BALL),
                worst("worst"),
                here("measured", "", BALL),
                rule("n", dash="dot"),
                x=axis("steps", [0, STEPS]),
                y=log("gap f − f*", [-5.2, 3.2], dtick=2),
                height=280,
            ),
        ],
        call=__name__,
        start=start,
        recipe=on_its_worst_function,
    )
