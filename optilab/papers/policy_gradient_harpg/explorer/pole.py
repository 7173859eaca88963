"""The same code holds up a pendulum: what it earns while it learns, and how it swings afterwards."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import plotly.graph_objects as go

from optilab.core.run import run as follow
from optilab.papers.policy_gradient_harpg.algorithm import method
from optilab.papers.policy_gradient_harpg.explorer.errors import KEYS
from optilab.papers.policy_gradient_harpg.problems.pendulum import TICK, Pendulum
from optilab.ui.controls import choice, log_slider, player, slider
from optilab.ui.explorer import Explorer, literal
from optilab.ui.pictures import Panel
from optilab.ui.theme import INK, color, ink

T, RUNS, BATCH, SHOWN = 150, 11, 5, 10  # runs: an odd number, so that the median is a run
DRAWN = 100  # trajectories whose mean is the return that is shown
NAMES = list(KEYS)
SAVED = np.unique(np.append(0, np.round(np.geomspace(1, T, 24)).astype(int)))


@cache
def pendulum() -> Pendulum:
    """The pendulum, its objective a mean over a hundred trajectories."""
    return Pendulum(drawn=DRAWN)


def simulate(gamma0: float, seed: int, progress: Callable[..., None] | None = None) -> dict[str, Any]:
    """Train eleven runs of every method: parameters (saved, runs, 2) and mean returns (saved, runs)."""
    found: dict[str, Any] = {}
    for index, name in enumerate(NAMES):

        def part(k: float, steps: float, index: int = index) -> None:
            if progress:
                progress(index + k / steps, len(NAMES))

        states = method(name)(
            pendulum(), np.zeros((RUNS, 2)), T=T, gamma0=gamma0, N=BATCH, rng=np.random.default_rng(seed)
        )
        theta = follow(states, T, keep=["theta"], progress=part).theta[SAVED]
        found[name] = theta, pendulum()(theta)
    return found


def compute(gamma0: float, seed: int, name: str, frame: int, *, run: dict[str, Any]) -> dict[str, Any]:
    """The learning curves, and swings of the chosen method's median run after some updates."""
    theta, value = run[name]
    middle = int(np.argsort(value[-1])[RUNS // 2])
    angles, _, _ = pendulum().motion(theta[frame, middle], pendulum().common_noise[:SHOWN])
    time = np.append(np.arange(pendulum().H) * TICK, np.nan)
    curves = np.concatenate([angles, np.full((1, SHOWN), np.nan)]).T
    ends = angles[-1]
    stick = np.stack([np.zeros(SHOWN), np.sin(ends), np.full(SHOWN, np.nan)], -1)
    rise = np.stack([np.zeros(SHOWN), np.cos(ends), np.full(SHOWN, np.nan)], -1)
    data: dict[str, Any] = {
        "updates": np.maximum(SAVED, 0.7),
        "time": np.tile(time, SHOWN),
        "angle": np.clip(curves, -3.5, 3.5).ravel(),
        "stick_x": stick.ravel(),
        "stick_y": rise.ravel(),
        "colour": color(name),
        "now_x": np.array([max(SAVED[frame], 0.7)]),
        "now_y": np.array([np.median(value[frame])]),
        "headline": f"{name}, the run in the middle, after {SAVED[frame]} updates: ten swings",
    }
    for other, key in KEYS.items():
        data[f"{key}_value"] = np.median(run[other][1], -1)
        data[f"{key}_worst"] = run[other][1].min(-1)
    fallen = int((abs(ends) > 1).sum())
    best = ", ".join(f"{other} {np.median(run[other][1][-1]):.2f}" for other in NAMES)
    return data | {
        "note": (
            f"After {SAVED[frame]} updates, {fallen} of {SHOWN} swings have fallen by more than 1 rad. "
            f"Median returns of {RUNS} runs after {T} updates: <b>{best}</b>; "
            f"doing nothing earns {float(np.median(value[0])):.1f}."
        )
    }


def code(values: dict[str, Any]) -> str:
    """Lines that train the runs of the chosen method and say what the one in the middle earns."""
    return (
        "import numpy as np\n"
        "from optilab.papers.policy_gradient_harpg.algorithm import method\n"
        "from optilab.papers.policy_gradient_harpg.problems.pendulum import Pendulum\n\n"
        f"pendulum = Pendulum(drawn={DRAWN})\n"
        f'states = method("{values["name"]}")(\n'
        f"    pendulum, np.zeros(({RUNS}, 2)), T={T}, gamma0={literal(values['gamma0'])}, N={BATCH}, "
        f"rng=np.random.default_rng({values['seed']})\n"
        ")\n"
        "*_, last = states\n"
        "np.median(pendulum(last.theta))"
    )


def pole(**start: Any) -> Explorer:
    """Step size and seed beside learning curves and swings; trains at the press of the button."""
    return Explorer(
        compute,
        {
            "gamma0": log_slider("γ₀", 0.5, 0.05, 5.0, steps=20),
            "seed": slider("seed", 0, 0, 9, 1),
            "name": choice("method", "N-PG-IGT", NAMES),
            "frame": player("after updates, no.", len(SAVED) - 1, len(SAVED) - 1, interval=250),
        },
        [_swings(), _sticks(), _learning()],
        call="optilab.papers.policy_gradient_harpg.explorer.pole",
        start=start,
        code=code,
        simulate=simulate,
        run="Train",
    )


def _swings() -> Panel:
    return Panel(
        "",
        [
            (
                go.Scatter(mode="lines", line={"width": 1.4}, opacity=0.8, showlegend=False, hoverinfo="skip"),
                {"x": "time", "y": "angle", "line.color": "colour"},
            )
        ],
        {
            "xaxis": {"title": {"text": "time, s"}, "range": [0, 4]},
            "yaxis": {"title": {"text": "angle from upright, rad"}, "range": [-3.3, 3.3]},
        },
        moving={"title": "headline"},
    )


def _sticks() -> Panel:
    square = {"range": [-1.25, 1.25], "showgrid": False, "showticklabels": False, "ticks": ""}
    return Panel(
        "Where they are after four seconds",
        [
            (
                go.Scatter(mode="lines", line={"width": 3}, opacity=0.7, showlegend=False, hoverinfo="skip"),
                {"x": "stick_x", "y": "stick_y", "line.color": "colour"},
            ),
            (go.Scatter(x=[0], y=[0], mode="markers", marker={"color": INK, "size": 9}, showlegend=False), {}),
        ],
        {
            "xaxis": square | {"title": {"text": "left and right"}, "constrain": "domain"},
            "yaxis": square | {"title": {"text": "up and down"}, "scaleanchor": "x"},
        },
    )


def _learning() -> Panel:
    traces: list[tuple[Any, dict[str, str]]] = []
    for name, key in KEYS.items():
        dotted = go.Scatter(
            mode="lines", line={"color": color(name), "width": 1.1, "dash": "dot"}, showlegend=False, hoverinfo="skip"
        )
        solid = go.Scatter(mode="lines", line={"color": color(name), "width": 2.4}, name=name)
        traces += [
            (dotted, {"x": "updates", "y": f"{key}_worst"}),
            (solid, {"x": "updates", "y": f"{key}_value"}),
        ]
    marker = go.Scatter(
        mode="markers", marker={"size": 10, "line": {"color": ink(0.8), "width": 1}}, showlegend=False, hoverinfo="skip"
    )
    return Panel(
        "What they earn while they learn: median solid, worst run dotted",
        [*traces, (marker, {"x": "now_x", "y": "now_y", "marker.color": "colour"})],
        {
            "xaxis": {"type": "log", "dtick": 1, "title": {"text": "update t"}},
            "yaxis": {"title": {"text": "mean return J"}},
        },
    )
