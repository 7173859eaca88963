"""Runs for the speed camera, and what there is to say of them."""

from collections.abc import Callable
from typing import Any

import numpy as np

from optilab.core.run import Trace, run
from optilab.papers.bo_rep.algorithm import LIMIT, bo_rep
from optilab.papers.bo_rep.experiment import TARGET, rival
from optilab.papers.bo_rep.problems import draw, largest_step, start, world
from optilab.ui.words import number

STEPS = 2500
LEFT, RIGHT = -15, 35  # of the picture


def both(a: float, alpha: float, eta: float, method: str, seed: int, progress: Any = False) -> dict[str, Trace]:
    """2500 iterations of a rival and of BO-REP from depth a, on the same instance of `world`."""
    problem, x, rng = world(draw(seed)), start(a), np.random.default_rng
    theirs = rival(method, problem, x, np.array(alpha), rng(seed))
    ours = bo_rep(problem, x, np.zeros(6), eta=eta, rng=rng(seed))
    return {
        name: run(states, STEPS, keep=["x"], limit=LIMIT, progress=progress, slope=lambda s: problem.slope(s.x))
        for name, states in (("rival", theirs), ("BO-REP", ours))
    }


def simulate(
    a: float, alpha: float, eta: float, method: str, seed: int, progress: Callable[..., None]
) -> dict[str, Trace]:
    """Both runs."""
    begun = 0.0

    def told(done: float, total: float) -> None:
        nonlocal begun
        progress(begun + done, 2 * total)
        begun += total if done >= total else 0

    return both(a, alpha, eta, method, seed, told)


def heights(t: np.ndarray, seed: int) -> np.ndarray:
    """Φ(t, t, t), NaN outside the picture."""
    inside = np.where((t >= LEFT) & (t <= RIGHT), t, np.nan)
    return np.asarray(world(draw(seed))(np.repeat(inside[:, None], 3, 1)))


def fate(trace: Trace) -> str:
    """What becomes of a run."""
    if np.isfinite(trace.diverged):
        return f"lost in iteration {trace.diverged:.0f}"
    there = trace.slope <= TARGET
    return f"there after {there.argmax()} iterations" if there.any() else f"not there after {STEPS}"


def remark(method: str, a: float, alpha: float) -> str:
    """What the step means for the rival."""
    limit = float(largest_step(a))
    said = f"At x₁ = −{number(a)} the wall's slope is {number(np.exp(a))}. "
    if method == "clipped SOBA":
        return f"{said}Clipped at τ = 10, a step is never longer than 10α = <b>{number(10 * alpha)}</b>."
    said += (
        f"A plain step beyond α_max = (W + 2a)/e<sup>a</sup> = <b>{number(limit)}</b> throws x over the other wall, "
    )
    said += f"higher up than it was; here α is {number(alpha / limit)} α_max."
    return said + (" With momentum a fifth of it is too much already." if method == "MA-SOBA" else "")
