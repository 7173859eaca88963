"""The same code holds up a pendulum: what it earns while it learns, and how it swings afterwards."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from optilab.core.numerics import log_steps
from optilab.core.run import run as follow
from optilab.papers.policy_gradient_harpg.algorithm import method
from optilab.papers.policy_gradient_harpg.explorer.parts import NAMES, color
from optilab.papers.policy_gradient_harpg.problems.pendulum import TICK, Pendulum
from optilab.ui.controls import choice, log_slider, player, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import Mark, axis, curve, dots, entry, guide, here, log, panel, thin
from optilab.ui.theme import ink

T, RUNS, BATCH, SHOWN = 150, 11, 5, 10  # runs: an odd number, so that the median is a run
DRAWN = 100  # trajectories whose mean is the return that is shown
SAVED = np.append(0, log_steps(T, 24))


@cache
def pendulum() -> Pendulum:
    """The pendulum, its objective a mean over a hundred trajectories."""
    return Pendulum(drawn=DRAWN)


def trained(gamma0: float, seed: int, name: str, progress: Any = False) -> Any:
    """Runs of a method: parameters (saved, runs, 2) and mean returns (saved, runs)."""
    rng = np.random.default_rng(seed)
    states = method(name)(pendulum(), np.zeros((RUNS, 2)), T=T, gamma0=gamma0, N=BATCH, rng=rng)
    theta = follow(states, T, keep=["theta"], progress=progress).theta[SAVED]
    return theta, pendulum()(theta)


def simulate(gamma0: float, seed: int, progress: Callable[..., None] | None = None) -> dict[str, Any]:
    """Train eleven runs of every method."""
    found: dict[str, Any] = {}
    for index, name in enumerate(NAMES):

        def part(k: float, steps: float, index: int = index) -> None:
            if progress:
                progress(index + k / steps, len(NAMES))

        found[name] = trained(gamma0, seed, name, part)
    return found


def compute(gamma0: float, seed: int, name: str, frame: int, *, run: dict[str, Any]) -> dict[str, Any]:
    """The learning curves, and swings of the chosen method's median run after some updates."""
    theta, value = run[name]
    middle = int(np.argsort(value[-1])[RUNS // 2])
    angles, _, _ = pendulum().motion(theta[frame, middle], pendulum().common_noise[:SHOWN])
    gap, ends = np.full((SHOWN, 1), np.nan), angles[-1][:, None]
    time = np.append(np.arange(pendulum().H) * TICK, np.nan)
    data: dict[str, Any] = {
        "swings": (np.tile(time, SHOWN), np.hstack([np.clip(angles.T, -3.5, 3.5), gap]).ravel()),
        "sticks": tuple(np.hstack([0 * ends, turned(ends), gap]).ravel() for turned in (np.sin, np.cos)),
        "colour": color(name),
        "now": (max(SAVED[frame], 0.7), np.median(value[frame])),
        "headline": f"{name}, the run in the middle, after {SAVED[frame]} updates: ten swings",
    }
    for other, (_, values) in run.items():
        updates = np.maximum(SAVED, 0.7)
        data |= {f"{other} value": (updates, np.median(values, -1)), f"{other} worst": (updates, values.min(-1))}
    best = ", ".join(f"{other} {np.median(run[other][1][-1]):.2f}" for other in NAMES)
    return data | {
        "note": f"After {SAVED[frame]} updates, {(abs(ends) > 1).sum()} of {SHOWN} swings have fallen by more than "
        f"1 rad. Median returns of {RUNS} runs after {T} updates: <b>{best}</b>; "
        f"doing nothing earns {np.median(value[0]):.1f}."
    }


def pole(**start: Any) -> Explorer:
    """Step size and seed beside learning curves and swings; trains at the press of the button."""
    mine, quiet = entry("colour"), {"hoverinfo": "skip"}
    curves: list[Mark] = []
    for name in NAMES:
        curves += [guide(f"{name} worst", shade=color(name), **quiet), curve(f"{name} value", name, color(name))]
    square: dict[str, Any] = {"showgrid": False, "showticklabels": False, "ticks": ""}
    return Explorer(
        compute,
        {
            "gamma0": log_slider("γ₀", 0.5, 0.05, 5.0, steps=20),
            "seed": slider("seed", 0, 0, 9, 1),
            "name": choice("method", "N-PG-IGT", NAMES),
            "frame": player("after updates, no.", len(SAVED) - 1, len(SAVED) - 1, interval=250),
        },
        [
            panel(
                entry("headline"),
                thin("swings", shade=mine, opacity=0.8, **quiet),
                x=axis("time, s", [0, 4]),
                y=axis("angle from upright, rad", [-3.3, 3.3]),
            ),
            panel(
                "Where they are after four seconds",
                curve("sticks", shade=mine, opacity=0.7, **quiet),
                dots(([0], [0])),
                x=axis("left and right", [-1.25, 1.25], constrain="domain", **square),
                y=axis("up and down", [-1.25, 1.25], scaleanchor="x", **square),
            ),
            panel(
                "What they earn while they learn: median solid, worst run dotted",
                *curves,
                here("now", shade=mine, marker={"line": {"color": ink(0.8), "width": 1}}, **quiet),
                x=log("update t", dtick=1),
                y="mean return J",
            ),
        ],
        call=__name__,
        start=start,
        recipe=trained,
        simulate=simulate,
        run="Train",
    )
