"""What the methods of the race can leave on the worst function of the problem's class, and what that says of a run."""

from collections.abc import Callable
from functools import lru_cache, partial

import numpy as np

from optilab.classics import worst_case
from optilab.papers.passivity_acceleration.experiment.races import METHODS, chain, classifier
from optilab.papers.passivity_acceleration.explorer.contests import ASLEEP, CHAIN, CLASSIFIER, DIM, weights
from optilab.ui.words import number

NOWHERE = np.array([np.nan]), np.array([np.nan])
TABLES: dict[str, tuple[str, Callable[..., np.ndarray]]] = {  # by method: its table, and what looks it up
    "gradient descent": ("gradient_descent_tuned", partial(worst_case.gradient_descent_strongly_convex, tuned=True)),
    "heavy ball": ("heavy_ball", worst_case.heavy_ball),
    "Nesterov": ("nesterov_strongly_convex", worst_case.nesterov_strongly_convex),
    "triple momentum": ("triple_momentum", worst_case.triple_momentum),
}
Taken = dict[str, tuple[np.ndarray, np.ndarray]]


@lru_cache(maxsize=64)
def taken(problem: str, kappa: float, seed: int) -> Taken:
    """By method: numbers of steps, and the worst gaps after them in units of the start's; NaN where no table has them.

    The class knows L, μ and the distance to the minimizer. On the chain Nesterov has the momentum k/(k + 3), which is
    in no table.
    """
    found: Taken = dict.fromkeys(METHODS, NOWHERE)
    if problem == CHAIN:
        links, n = chain(), worst_case.reach("gradient_descent", (1.0,))
        distance, first = float(np.linalg.norm(links.minimizer)), -links.minimum  # from 0, where it is 0
        return found | {"gradient descent": (n, worst_case.gradient_descent(n, L=4.0, R=distance, alpha=0.25) / first)}
    mu, L = 1.0, kappa
    if problem == CLASSIFIER:
        logistic, x0 = classifier(seed), np.ones(20)
        mu, L, first = logistic.mu, logistic.L, float(logistic(x0) - logistic.minimum)
        distance = float(np.linalg.norm(x0 - logistic.minimizer))
    else:
        squares = weights(asleep=problem == ASLEEP)[seed]
        distance, first = float(np.sqrt(squares.sum())), float(np.geomspace(1, kappa, DIM) @ squares / 2)
    for name, (table, look_up) in TABLES.items():
        n = worst_case.reach(table, (L / mu,))
        if n.size:
            found[name] = n, look_up(n, mu=mu, L=L, R=distance) / first
    return found


def compared(gap: np.ndarray, bound: np.ndarray, worst: Taken) -> str:
    """Which part of the distance from a gap to its bound is the theorem's, and which is the problem's."""

    def last(name: str) -> tuple[int, float, float]:
        n, left = (row[-1] for row in worst[name])
        return int(n), left, gap[int(n), METHODS.index(name)]

    tabled = {name for name, (_, left) in worst.items() if np.isfinite(left[-1])}
    if "Nesterov" in tabled:
        n, left, here = last("Nesterov")
        text = (
            f"After {n} gradients Nesterov is promised {number(bound[n])} of the start's gap; the worst function of "
            f"this L, κ and distance leaves {number(left)}, this one {number(here, 2)}: a factor "
            f"<b>{number(bound[n] / left, 2)} is the theorem's looseness, {number(left / here, 2)} the problem's "
            "easiness</b>."
        )
        if "heavy ball" in tabled:
            n, left, here = last("heavy ball")
            text += f" Heavy ball has no theorem: after {n} its worst is {number(left, 2)}, here {number(here, 2)}."
        return text
    if "gradient descent" in tabled:
        n, left, here = last("gradient descent")
        return (
            f"Gradient descent's bound is exact: after {n} gradients its worst function of this L and distance leaves "
            f"{number(left)}, the chain {number(here, 2)}. All of the factor <b>{number(left / here, 2)} is the "
            "problem's easiness</b>."
        )
    return "Worst cases are tabulated for κ = 10, 100 and 1000."
