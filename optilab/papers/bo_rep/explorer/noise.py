"""Normalisation under noise: unit vectors that cancel each other, and the momentum that saves them."""

from functools import cache, lru_cache
from typing import Any

import numpy as np

from optilab.core.run import run
from optilab.papers.bo_rep.algorithm import bo_rep
from optilab.papers.bo_rep.experiment import draws, instances
from optilab.papers.bo_rep.explorer.parts import ETA, color, noisy_run
from optilab.papers.bo_rep.problems import MIDDLE, draw, world
from optilab.ui.controls import slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, curve, entry, goal, guide, here, log, panel, thin
from optilab.ui.theme import GREEN, ORANGE, PURPLE
from optilab.ui.words import number

STEPS, LAST, WALK = 600, 200, 150
BETAS = np.array([0, 0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98, 0.99])
LOUD = {0.1: ORANGE, 1.0: GREEN, 3.0: PURPLE}


@lru_cache(64)
def wander(noise: float, beta: float, seed: int) -> np.ndarray:
    """600 iterations of BO-REP from x = (10, 10, 10) and y = y*(x)."""
    return noisy_run(noise, beta, seed, STEPS)


@cache
def rested(noise: float) -> np.ndarray:
    """Root mean square of ‖∇Φ‖ in the last 200 of 600 iterations, the mean of four seeds, for each β of `BETAS`."""
    seeds, x = range(4), np.full((len(BETAS), 4, 3), 10.0)
    problem = instances(seeds, noise)
    states = bo_rep(problem, x, problem.y_star(x), eta=ETA, beta=BETAS[:, None], rng=draws(seeds))
    slope = problem.slope(run(states, STEPS, keep=["x"]).x[-LAST:])
    return np.sqrt((slope**2).mean(0)).mean(-1)


def compute(noise: float, beta: float, seed: int) -> dict[str, Any]:
    """One run, its gradients, and where it stands among all β."""
    x = wander(noise, beta, seed)
    k, slope = np.arange(STEPS + 1), world(draw(seed)).slope(x)
    rest = float(np.sqrt((slope[-LAST:] ** 2).mean()))
    start, then = np.linalg.norm(x[[0, WALK]] - MIDDLE, axis=-1)
    gain = float(start - then)
    share = f"{number(100 * gain / (WALK * ETA), 2)} %" if gain > 0 else "none"
    return {
        "path": (x[::2, 0], x[::2, 1]),
        "end": ([x[-1, 0]], [x[-1, 1]]),
        "slope": (k[::2], np.clip(slope[::2], 1e-3, 10)),
        "rest": ([STEPS - LAST, STEPS], [rest, rest]),
        "now": ([beta], [rest]),
        "headline": f"Of the way walked {share} leads to the floor",
        "note": f"After {WALK} iterations, each of length {number(ETA)}, x is {number(abs(gain))} "
        f"{'nearer to the floor' if gain > 0 else 'farther from the floor'} than at the start. "
        f"The root mean square of ‖∇Φ‖ in the last {LAST} iterations is <b>{number(rest, 2)}</b>.",
    }


def noise(**begin: Any) -> Explorer:
    """Noise, momentum and seed beside the path, the gradients and all momenta."""
    blue = color("BO-REP")
    return Explorer(
        compute,
        {
            "noise": slider("noise of a gradient", 1.0, 0.0, 5.0, 0.1),
            "beta": slider("momentum β", 0.0, 0.0, 0.99, 0.01, named={"0.9": 0.9}),
            "seed": slider("seed", 0, 0, 9, 1),
        },
        [
            panel(
                entry("headline"),
                thin("path", "", blue),
                here("end", shade=blue),
                goal(([MIDDLE], [MIDDLE]), "floor"),
                x=axis("x₁", [7, 17]),
                y=axis("x₂", [7, 17], equal=True),
                height=360,
            ),
            panel(
                "The gradient along the way",
                curve("slope", "‖∇Φ‖", blue),
                guide("rest", "root mean square"),
                x=axis("iteration k", [0, STEPS]),
                y=log("‖∇Φ‖", [-2, 1]),
                height=360,
            ),
            panel(
                "A noise has its best β: too little cancels, too much swings",
                *(curve((BETAS, rested(size)), f"noise {number(size)}", shade) for size, shade in LOUD.items()),
                here("now", "now", blue),
                x=axis("β", [-0.02, 1.0]),
                y=log("‖∇Φ‖ at rest", [-1.3, 1]),
                height=360,
            ),
        ],
        call=__name__,
        start=begin,
        recipe=wander,
    )
