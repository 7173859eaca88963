"""What several pictures share: colours, controls, and runs that are kept."""

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from optilab.papers.dynamic_reward_weighting.experiment import LR, learn
from optilab.ui.controls import Control, choice, log_slider, slider
from optilab.ui.marks import cloud, entry, here, panel, thin
from optilab.ui.theme import BLUE, GREEN, ORANGE, methods

Array = np.ndarray
color = methods(
    ours=["gradient-based", "hypervolume-guided"],
    rivals=["least norm"],
    reference=["fixed weights"],
)
REWARDS = {"accuracy": BLUE, "conciseness": ORANGE, "format": GREEN}
BY_STEP = [[0, ORANGE], [1, BLUE]]  # from early to late
PAIRS = {"at": (0, 1), "af": (0, 2), "tf": (1, 2)}
AXES = ("accuracy", "tokens", "format")


class Path(NamedTuple):
    """One run on the bandit."""

    J: Array  # (T + 1, 3)
    HV: Array  # (T + 1)
    w: Array  # (T + 1, 3)
    I: Array  # (T + 1, 3)
    m: Array  # (T + 1)


@lru_cache(64)
def kept(method: str, estimator: str, w: tuple[float, ...], lr: float, steps: int, seed: int, number: float) -> Path:
    """A run with one seed; `number` is the ratio of moving weights, or the scale of the hypervolume."""
    names = {"gradient-based": "ratio", "hypervolume-guided": "hv_scale"}
    numbers: dict[str, Any] = {names[method]: number} if method in names else {}
    found = learn(method, estimator, [seed], w=w, lr=lr, steps=steps, **numbers)
    trace = found.trace
    return Path(found.J[:, 0], found.HV[:, 0], trace.w[:, 0], trace.I[:, 0], trace.m[:, 0])


def common_controls() -> dict[str, Control]:
    """Estimator, step length and seed."""
    return {
        "estimator": choice("advantages", "GRPO", [*LR]),
        "lr": log_slider("step length", 1.0, 0.1, 5.0, named={"as measured": lambda values: LR[values["estimator"]]}),
        "seed": slider("seed", 0, 0, 19, 1),
    }


def outline(t: Array, low: Array, high: Array) -> tuple[Array, Array]:
    """The outline of what lies between two curves over t."""
    return np.concatenate([t, t[::-1]]), np.concatenate([low, high[::-1]])


def smooth(values: Array, over: int = 10) -> Array:
    """Means over the last `over` steps, of fewer at the beginning: (T + 1, k)."""
    total = np.cumsum(values, 0)
    before = np.concatenate([np.zeros((min(over, len(values)), *values.shape[1:])), total[:-over]])
    count = np.minimum(np.arange(1, len(values) + 1), over)
    return (total - before) / count[:, None]


def projection(name: str, title: str) -> Any:
    """One pair of objectives: checkpoints coloured by their step, and the path of fixed weights."""
    shade = {"color": entry("step"), "colorscale": BY_STEP, "cmin": 0, "cmax": entry("last")}
    i, j = PAIRS[name]
    return panel(
        title,
        thin(f"{name} fixed", "fixed weights", color("fixed weights")),
        cloud(name, "", BLUE, marker=shade),
        here(f"{name} end", "the method's last", BLUE),
        x=AXES[i],
        y=AXES[j],
    )
