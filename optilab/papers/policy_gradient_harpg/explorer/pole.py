"""The same code holds up a pendulum: what it earns while it learns, and how it swings afterwards."""

from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any

import numpy as np

from optilab.core.numerics import log_steps
from optilab.core.run import run as follow
from optilab.papers.policy_gradient_harpg.algorithm import method
from optilab.papers.policy_gradient_harpg.explorer.parts import NAMES, color
from optilab.papers.policy_gradient_harpg.problems.pendulum import TICK, Pendulum
from optilab.ui.controls import choice, log_slider, player, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, curve, dots, entry, here, log, panel, rule, thin
from optilab.ui.theme import ink
from optilab.ui.words import number

T, RUNS, BATCH, SHOWN = 150, 11, 5, 10  # runs: an odd number, so that the median is a run
DRAWN = 100  # trajectories whose mean is the return that is shown
SAVED = np.append(0, log_steps(T, 24))
FIRST, LIMIT = 0.7, 3.3  # where update 0 stands on a log axis; the largest angle that is drawn


@cache
def pendulum() -> Pendulum:
    """The pendulum, its objective a mean over a hundred trajectories."""
    return Pendulum(drawn=DRAWN)


def trained(gamma0: float, seed: int, name: str, progress: Any = False) -> Any:
    """Runs of a method: parameters (T + 1, runs, 2), and their mean returns (saved, runs) after `SAVED` updates."""
    rng = np.random.default_rng(seed)
    states = method(name)(pendulum(), np.zeros((RUNS, 2)), T=T, gamma0=gamma0, N=BATCH, rng=rng)
    theta = follow(states, T, keep=["theta"], progress=progress).theta
    return theta, pendulum()(theta[SAVED])


def simulate(gamma0: float, seed: int, progress: Callable[..., None] | None = None) -> dict[str, Any]:
    """Train eleven runs of every method."""
    found: dict[str, Any] = {}
    for index, name in enumerate(NAMES):

        def part(k: float, steps: float, index: int = index) -> None:
            if progress:
                progress(index + k / steps, len(NAMES))

        found[name] = trained(gamma0, seed, name, part)
    return found


@lru_cache(maxsize=256)
def swings(gain: float, damping: float) -> np.ndarray:
    """Angles of ten poles with these gains, all on the noise of the objective: (80, 10)."""
    return pendulum().motion(np.array([gain, damping]), pendulum().common_noise[:SHOWN])[0]


def compute(gamma0: float, seed: int, name: str, tick: int, updates: int, *, run: dict[str, Any]) -> dict[str, Any]:
    """The learning curves, and ten poles of the chosen method's median run after some updates, at a moment."""
    theta, value = run[name]
    middle = int(np.argsort(value[-1])[RUNS // 2])
    angles = swings(*theta[updates, middle].tolist())
    now, foot, gap = angles[tick], np.zeros((SHOWN, 1)), np.full((SHOWN, 1), np.nan)
    time = np.append(np.arange(pendulum().H) * TICK, np.nan)
    saved = int(np.searchsorted(SAVED, updates, side="right")) - 1
    data: dict[str, Any] = {
        "swings": (np.tile(time, SHOWN), np.hstack([np.clip(angles.T, -LIMIT, LIMIT), gap]).ravel()),
        "moment": tick * TICK,
        "angles": (np.full(SHOWN, tick * TICK), np.clip(now, -LIMIT, LIMIT)),
        "sticks": tuple(np.hstack([foot, turned(now)[:, None], gap]).ravel() for turned in (np.sin, np.cos)),
        "bobs": (np.sin(now), np.cos(now)),
        "colour": color(name),
        "now": (max(updates, FIRST), np.median(value[saved])),
        "headline": f"{name}'s run in the middle after {updates} updates: ten poles",
    }
    for other, (_, values) in run.items():
        shown = np.maximum(SAVED, FIRST)
        data |= {f"{other} value": (shown, np.median(values, -1)), f"{other} worst": (shown, values.min(-1))}
    best = ", ".join(f"{other} {number(np.median(run[other][1][-1]))}" for other in NAMES)
    idle = np.median(value[0])
    behind = ", ".join(f"{(run[other][1][-1] < idle).sum()} of {other}" for other in NAMES)
    return data | {
        "note": f"After {updates} updates {(abs(angles[-1]) > 1).sum()} of {SHOWN} poles are more than 1 rad off after "
        f"four seconds. Median returns of {RUNS} runs after {T} updates: <b>{best}</b>; doing nothing earns "
        f"{number(idle)}, and less than that: {behind}.",
    }


def pole(**start: Any) -> Explorer:
    """Step size and seed beside learning curves and swings; trains at the press of the button."""
    mine, quiet = entry("colour"), {"hoverinfo": "skip"}
    curves = [thin(f"{name} worst", "", color(name), opacity=0.35, **quiet) for name in NAMES]
    curves += [curve(f"{name} value", name, color(name)) for name in NAMES]
    square: dict[str, Any] = {"showgrid": False, "showticklabels": False, "ticks": "", "showline": False}
    return Explorer(
        compute,
        {
            "gamma0": log_slider("γ₀", 0.5, 0.05, 5.0, steps=20),
            "seed": slider("seed", 0, 0, 9, 1),
            "name": choice("method", "N-PG-IGT", NAMES),
            "tick": player("moment, in ticks of 0.05 s", pendulum().H - 1, pendulum().H - 1, interval=50),
            "updates": slider("after updates", T, 0, T, 1, named={"untrained": 0, "10": 10, "trained": T}),
        },
        [
            panel(
                entry("headline"),
                curve("sticks", shade=mine, width=4, opacity=0.55, **quiet),
                dots("bobs", shade=mine, size=13, **quiet),
                dots(([0], [0])),
                rule(y=0, dash="dot"),
                x=axis(span=[-1.25, 1.25], constrain="domain", **square),
                y=axis(span=[-1.25, 1.25], equal=True, **square),
            ),
            panel(
                "Their angles, from 0, upright",
                thin("swings", shade=mine, opacity=0.7, **quiet),
                dots("angles", shade=mine, size=6, **quiet),
                rule("moment"),
                x=axis("time, s", [0, 4]),
                y=axis("angle, rad", [-LIMIT, LIMIT]),
            ),
            panel(
                "What all runs earn while they learn: medians; worst runs pale",
                *curves,
                here("now", shade=mine, marker={"line": {"color": ink(0.8), "width": 1}}, **quiet),
                x=log("update t", [-0.2, 2.25]),
                y="mean return J",
            ),
        ],
        call=__name__,
        start=start,
        recipe=trained,
        simulate=simulate,
        run="Train",
    )
