"""Two followers over a ring of lower solutions: u goes for T(x, σ), w for any lower solution."""

from functools import lru_cache
from typing import Any

import numpy as np

from optilab.papers.bilevel_penalty.explorer.parts import Ride, color, ring_circle, ring_run, ring_target
from optilab.ui.controls import choice, log_slider, player, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, curve, entry, goal, guide, here, panel, thin, walk
from optilab.ui.theme import PINK
from optilab.ui.words import number

STEPS, SIGMA, BEST = 200, 0.1, 1.0495  # the last: where ψ_σ is least
TAIL = 50  # steps that are judged
WIDTH = 2.6  # of the picture, to either side
STARTS = {"beside a": 0.0, "across": 1.5, "opposite": 3.0, "the maximum, y = 0": None}


@lru_cache(64)
def ride(T: int, gamma: float, rho: float, beta: float, begin: str) -> Ride:
    """200 steps of Algorithm 1 at σ = 0.1: x, u and w of each."""
    angle = STARTS[begin]
    start = (0.0, 0.0) if angle is None else (1.3 * float(np.cos(angle)), 1.3 * float(np.sin(angle)))
    return ring_run(T, gamma, rho, beta, start, STEPS, SIGMA)


def levels(x: float) -> tuple[np.ndarray, np.ndarray]:
    """Contour lines of g: pairs of circles around the ring, with gaps between them."""
    r2 = 1 + x * x
    squares, unit = [r2 + sign * 2 * np.sqrt(g) for g in (0.02, 0.15, 0.6) for sign in (1, -1)], ring_circle(0.0)
    lines = np.concatenate([np.append(np.sqrt(max(s, 0.0)) * unit, [[np.nan, np.nan]], 0) for s in squares])
    return lines[:, 0], lines[:, 1]


def seen(point: np.ndarray) -> tuple[list[float], list[float]]:
    """The point where it is in the picture, else none."""
    first, second = point if abs(point).max() < WIDTH else (np.nan, np.nan)
    return [first], [second]


def swings(x: np.ndarray) -> bool:
    """Whether x moves to and fro."""
    moves = np.diff(x)
    return bool(np.ptp(x) > 0.03 and (moves[1:] * moves[:-1] < 0).sum() > len(moves) // 5)


def compute(k: int, T: int, gamma: float, rho: float, beta: float, begin: str) -> dict[str, Any]:
    """The followers at one frame, the way there and x."""
    path, lost = ride(T, gamma, rho, beta, begin)
    at = min(k, len(path) - 1)
    x, u, w = path[at, 0], path[at, 1:3], path[at, 3:]
    shown = float(np.clip(x, -3, 3))
    ring_, target = ring_circle(shown), ring_target(shown, SIGMA)
    if lost is not None:
        headline, way = f"Diverged at step {lost}", "x leaves the picture"
    elif STARTS[begin] is None:
        headline, way = "w is stuck on the peak of g", "x follows a slope that isn't ψ_σ's"
    elif swings(path[-TAIL:, 0]):
        headline, way = "γ is too long: u and w jump to and fro", "x swings and doesn't settle"
    else:
        headline = "u goes for the star, w stays where it meets the ring"
        there = abs(path[-1, 0] - BEST) < 0.02
        way = f"After {STEPS} steps x is where ψ_σ is least" if there else f"{STEPS} steps aren't enough: u is slow"
    off_u = float(np.linalg.norm(u - ring_target(x, SIGMA)))
    off_w = float(abs(np.linalg.norm(w) - np.sqrt(1 + x * x)))
    stuck = " At w = 0, a maximum of g, its gradient is 0: w never moves." if STARTS[begin] is None else ""
    push = (np.sum(w * w) - np.sum(u * u)) * x / SIGMA
    return {
        "ring": (ring_[:, 0], ring_[:, 1]),
        "levels": levels(shown),
        "target": ([target[0]], [target[1]]),
        "way_u": (path[: at + 1, 1], path[: at + 1, 2]),
        "way_w": (path[: at + 1, 3], path[: at + 1, 4]),
        "u": seen(u),
        "w": seen(w),
        "arrow": ([w[0], u[0]], [w[1], u[1]]),
        "x": (np.arange(at + 1), np.clip(path[: at + 1, 0], -1, 3)),
        "now": ([at], [np.clip(x, -1, 3)]),
        "best": ([0, STEPS], [BEST, BEST]),
        "headline": headline,
        "way": way,
        "note": f"Step {at}: x = {number(x)}, u is {number(off_u)} from T(x, σ), w {number(off_w)} from the ring; the "
        f"pair pushes x with <b>{number(push)}</b>.{stuck}",
    }


def followers(**start: Any) -> Explorer:
    """The frame, the inner loop's parameters and its start beside the plane of y."""
    blue, pink = color("penalty"), PINK
    return Explorer(
        compute,
        {
            "k": player("step k", 60, STEPS, interval=60),
            "begin": choice("y and z start", "across", list(STARTS)),
            "T": slider("T", 3, 1, 20, 1),
            "gamma": log_slider("γ", 0.1, 0.02, 1.0),
            "rho": log_slider("ρ", 1.0, 0.1, 10.0, when=lambda v: v["T"] > 1),
            "beta": slider("β", 1.0, 0.1, 1.0, 0.05),
        },
        [
            panel(
                entry("headline"),
                guide("levels", "g"),
                thin("ring", "S(x)"),
                curve("arrow", "u − w", width=1.5),
                walk("way_u", "", blue, size=4),
                walk("way_w", "", pink, size=4),
                goal("target", "T(x, σ)"),
                here("u", "u", blue),
                here("w", "w", pink),
                x=axis("y₁", [-WIDTH, WIDTH]),
                y=axis("y₂", [-WIDTH, WIDTH], equal=True),
                height=420,
            ),
            panel(
                entry("way"),
                guide("best", "least ψ_σ"),
                curve("x", "x", blue),
                here("now", shade=blue),
                x=axis("step k", [0, STEPS]),
                y=axis("x", [-1, 3]),
                height=420,
            ),
        ],
        call=__name__,
        start=start,
        recipe=ride,
    )
