"""Where heavy ball fails: the three-cycle on the three-slope function, and the passivity test that it doesn't pass."""

from collections.abc import Iterator
from functools import lru_cache
from math import sqrt

import numpy as np
from scipy.optimize import brentq

from optilab.core.claim import Claim
from optilab.core.run import run
from optilab.papers.passivity_acceleration.algorithm import (
    Tuning,
    circle_margin,
    gradient_descent_tuning,
    momentum_method,
    nesterov_tuning,
)
from optilab.papers.passivity_acceleration.experiment.races import tuned
from optilab.papers.passivity_acceleration.problems import ThreeSlopes

PROBLEM = ThreeSlopes()
GRID = np.linspace(-5, 5, 401)
CYCLE = np.array([792, -2208, 2592]) / 1225


def cautious(name: str, mu: float, L: float, s: float | None = None) -> Tuning:
    """The tuned method, but gradient descent with step 1/L; Nesterov with step s where it is given."""
    if name == "gradient descent":
        return gradient_descent_tuning(1 / L)
    return nesterov_tuning(mu, L, s) if name == "Nesterov" else tuned(name, mu, L)


def iterates(name: str, starts: np.ndarray, steps: int = 400) -> np.ndarray:
    """Outputs x of a tuned method on the three-slope function, (steps + 1, *starts)."""
    method = cautious(name, PROBLEM.mu, PROBLEM.L)
    return run(momentum_method(PROBLEM, np.asarray(starts)[..., None], method), steps, keep=("x",)).x[..., 0]


@lru_cache(maxsize=8)
def trapped(name: str) -> np.ndarray:
    """Which starts of the grid −5, −4.975 … 5 never arrive: |x| > 10⁻³ among the last three of 400 iterations."""
    return abs(iterates(name, GRID)[-3:]).max(0) > 1e-3


def cycling(quick: bool = False) -> Iterator[Claim]:
    """Heavy ball's three-cycle, how many starts it catches, and that the others arrive from all of them."""
    late = np.sort(iterates("heavy ball", np.array([3.3]))[-99:, 0].reshape(33, 3), -1)
    missed = (abs(late - np.sort(CYCLE)) > 1e-12).sum()
    yield Claim("heavy ball from 3.3: of the last 99 iterates, those not on (792, −2208, 2592)/1225", missed, 0)
    caught = trapped("heavy ball").sum()
    yield Claim("starts in −5, −4.975 … 5 from which heavy ball cycles, of 401", caught, at_least=49, at_most=49)
    for name in ("gradient descent", "Nesterov", "triple momentum"):
        left = (abs(iterates(name, GRID)[-1]) > 1e-13).sum()
        yield Claim(f"{name}: of all 401 starts, those not at the minimum after 400 iterations", left, 0)


def passivity_limit(name: str) -> float:
    """The κ up to which the circle criterion proves convergence of a tuned method."""

    def margin(kappa: float) -> float:
        return float(circle_margin(cautious(name, 1.0, kappa), 1.0, kappa))

    return np.inf if margin(1e5) > 0 else float(brentq(margin, 2.0, 100.0, xtol=1e-6))


def passing(quick: bool = False) -> Iterator[Claim]:
    """Up to which κ the linear part is passive enough."""
    limits = {"heavy ball": 3 + 2 * sqrt(2), "triple momentum": 8.18, "Nesterov": 6 + 4 * sqrt(2)}
    for name, limit in limits.items():
        text = f"circle criterion: the largest κ at which {name} passes"
        yield Claim(text, passivity_limit(name), at_least=limit - 0.01, at_most=limit + 0.01)
    plain = float(circle_margin(gradient_descent_tuning(1e-5), 1.0, 1e5))
    yield Claim("circle criterion: least real part of gradient descent at κ = 10⁵", plain, at_least=0)
