"""The adversary's instance: a spike a step, and what all spikes cost at the end."""

from functools import cache
from typing import Any

import numpy as np
import plotly.graph_objects as go

from optilab.papers.last_iterate.algorithm import SCHEDULES
from optilab.papers.last_iterate.explorer.parts import COLORS, NAMES, QUIET
from optilab.papers.last_iterate.problems import Harvey
from optilab.ui.controls import choice, player, slider
from optilab.ui.explorer import Explorer
from optilab.ui.pictures import Panel
from optilab.ui.theme import INK, ink

SIZES = 2 ** np.arange(4, 13)
FRAMES = 60


@cache
def growth() -> dict[str, np.ndarray]:
    """√T · f of the last iterates, and of the average of 1/√t, for all sizes, from the closed form."""
    rows: dict[str, list[float]] = {name: [] for name in [*NAMES, "average"]}
    for T in SIZES:
        problem = Harvey(int(T))
        for name, schedule in SCHEDULES.items():
            rows[name].append(np.sqrt(T) * problem.values(schedule(int(T), 1.0))[-1])
        rows["average"].append(np.sqrt(T) * problem(problem.average(SCHEDULES["1/√t"](int(T), 1.0))))
    return {name: np.array(row) for name, row in rows.items()}


def compute(schedule: str, doublings: int, frame: int) -> dict[str, Any]:
    """Where the schedule stands at a frame of the film, and what the value there is made of."""
    T = 2**doublings
    problem, eta = Harvey(T), SCHEDULES[schedule](T, 1.0)
    t = 1 + round(frame / FRAMES * T)
    scale = np.sqrt(T)
    table = growth()
    value = scale * problem.values(eta)[t - 1]
    now = f"After {t - 1} of {T} steps √T·f = <b>{value:.3f}</b>; the start has 0. "
    end = {name: table[name][doublings - 4] for name in NAMES}
    after = "At the end: " + ", ".join(f"{name} {final:.3f}" for name, final in end.items()) + "."
    return {
        "j": np.arange(1, T + 1),
        "x": scale * problem.point(eta, t),
        "left": T - np.arange(T),
        "share": scale * problem.point(eta, t) / 8,
        "color": COLORS[schedule],
        "span": [np.log10(1.25 * T), -0.06],
        "here_x": np.array([T]),
        "here_y": np.array([end[schedule]]),
        "headline": f"The point after step {t - 1}: one spike a step",
        "note": now + after,
        **{f"end_{k}": scale * problem.point(make(T, 1.0), T + 1) / 8 for k, make in enumerate(SCHEDULES.values())},
    }


def code(values: dict[str, Any]) -> str:
    """Lines that run the method on the instance."""
    return (
        "import numpy as np\n"
        "from optilab.papers.last_iterate.algorithm import SCHEDULES, csmd\n"
        "from optilab.papers.last_iterate.problems import Harvey\n\n"
        f"T = {2 ** values['doublings']}\n"
        f'eta = SCHEDULES["{values["schedule"]}"](T, 1.0)\n'
        "*_, last = csmd(Harvey(T), np.zeros(T), eta=eta, rng=np.random.default_rng(0))\n"
        "np.sqrt(T) * Harvey(T)(last.x)"
    )


def adversary(**start: Any) -> Explorer:
    """Schedule, horizon T and a film of the steps beside the spikes, their shares of the value and its growth."""
    table = growth()
    return Explorer(
        compute,
        {
            "schedule": choice("schedule", "1/√t", NAMES),
            "doublings": slider("log₂ T", 6, 4, 12, 1, named={"T = 64": 6, "T = 1024": 10, "T = 4096": 12}),
            "frame": player("film", FRAMES, FRAMES),
        },
        [
            Panel(
                "",
                [
                    (
                        go.Scatter(mode="lines", fill="tozeroy", line={"shape": "hvh", "width": 1.2}, showlegend=False),
                        {"x": "j", "y": "x", "line.color": "color"},
                    )
                ],
                {
                    "xaxis": {"title": {"text": "coordinate j, planted in step j"}},
                    "yaxis": {"title": {"text": "√T · x<sub>j</sub>"}, "range": [-0.06, 0.56]},
                    "shapes": [
                        {
                            "type": "line",
                            "xref": "paper",
                            "x0": 0,
                            "x1": 1,
                            "y0": 0,
                            "y1": 0,
                            "line": {"color": ink(0.5), "width": 1},
                        }
                    ],
                },
                moving={"title": "headline"},
            ),
            Panel(
                "The same spikes, counted from the end on a log axis: the area is √T·f",
                [
                    (
                        go.Scatter(mode="lines", fill="tozeroy", line={"width": 2.5}, name="now", showlegend=False),
                        {"x": "left", "y": "share", "line.color": "color"},
                    ),
                    *(
                        (
                            go.Scatter(mode="lines", line={"color": COLORS[name], "width": 1.2}, name=name),
                            {"x": "left", "y": f"end_{k}"},
                        )
                        for k, name in enumerate(NAMES)
                    ),
                ],
                {
                    "xaxis": {
                        "type": "log",
                        "dtick": 1,
                        "title": {"text": "steps left n (time runs to the right)", "standoff": 4},
                    },
                    "yaxis": {"title": {"text": "√T · x<sub>j</sub>/8"}, "range": [-0.004, 0.07]},
                },
                moving={"xaxis.range": "span"},
            ),
            Panel(
                "1/√t and constant steps climb with log T, linear decay doesn't",
                [
                    *((go.Scatter(x=SIZES, y=table[name], name=name, line_color=COLORS[name]), {}) for name in NAMES),
                    (go.Scatter(x=SIZES, y=table["average"], name="average", line={"color": INK}), {}),
                    (
                        go.Scatter(
                            x=SIZES,
                            y=np.log(SIZES) / 32,
                            name="proved",
                            mode="lines",
                            line={"color": COLORS["1/√t"], "dash": "dash"},
                        ),
                        {},
                    ),
                    (
                        go.Scatter(mode="markers", marker={"size": 11}, **QUIET),
                        {"x": "here_x", "y": "here_y", "marker.color": "color"},
                    ),
                ],
                {
                    "xaxis": {
                        "type": "log",
                        "title": {"text": "horizon T"},
                        "tickvals": SIZES[::2].tolist(),
                        "ticktext": [str(T) for T in SIZES[::2]],
                    },
                    "yaxis": {"title": {"text": "√T · f at the end"}, "range": [0, 0.46]},
                },
            ),
        ],
        call="optilab.papers.last_iterate.explorer.adversary",
        start=start,
        code=code,
    )
