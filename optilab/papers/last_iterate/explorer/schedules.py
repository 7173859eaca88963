"""Three schedules on one regression: step sizes, gaps on the way, where all runs end."""

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import plotly.graph_objects as go

from optilab.core.run import run
from optilab.papers.last_iterate import algorithm as alg
from optilab.papers.last_iterate.algorithm import SCHEDULES
from optilab.papers.last_iterate.experiment import states
from optilab.papers.last_iterate.explorer.parts import COLORS, FLOOR, NAMES, band, filled, prefix_bounds, spread, times
from optilab.papers.last_iterate.problems import AbsoluteRegression, outliers
from optilab.problems.simple import L1
from optilab.ui.controls import choice, log_slider, slider, switch
from optilab.ui.explorer import Explorer
from optilab.ui.pictures import Panel
from optilab.ui.theme import INK, ink

RUNS = 20


@cache
def regression() -> AbsoluteRegression:
    """The problem, which finds its minimum once."""
    return outliers(0, L1(0.1))


def compute(schedule: str, eta: float, T: int, noise: float, promised: bool) -> dict[str, Any]:
    """Run all three schedules on the same samples; the outputs, band and bound are those of `schedule`."""
    exact = regression()
    problem = replace(exact, noise=noise)
    steps = np.stack([make(T, eta) for make in SCHEDULES.values()], -1)  # (T, 3)
    x = run(states(problem, np.zeros(10), steps, RUNS, 12345), T, keep=["x"]).x  # (T + 1, 3, runs, 10)
    t, k = times(T, 40), NAMES.index(schedule)
    last = np.maximum(problem(x[t]) - exact.minimum, FLOOR)  # (t, 3, runs)
    mine = x[:, k]
    average = np.maximum(problem(alg.average(mine, t)) - exact.minimum, FLOOR)
    suffix = np.maximum(problem(alg.suffix_average(mine, t)) - exact.minimum, FLOOR)
    best = alg.best(last[:, k])
    D, s2 = float(0.5 * (exact.minimizer**2).sum()), problem.M**2 + problem.sigma**2
    ends = np.stack([*last[-1], average[-1], suffix[-1], best[-1]])
    band_t, band_gap = band(t, last[:, k], 0.1, 0.9)
    final = last[-1].mean(-1)
    data: dict[str, Any] = {
        "t": np.arange(1, T + 1),
        "at": t,
        "band_t": band_t,
        "band_gap": band_gap,
        "band_color": COLORS[schedule],
        "average": average.mean(-1),
        "suffix": suffix.mean(-1),
        "best": best.mean(-1),
        "bound": prefix_bounds(steps[:, k], D, s2, t) if promised else np.full(len(t), np.nan),
        "bound_color": COLORS[schedule],
        "strip_x": spread(ends).ravel(),
        "strip_y": ends.ravel(),
        "strip_color": [color for color in [*COLORS.values(), INK, INK, INK] for _ in range(RUNS)],
        "mean_x": np.arange(6.0),
        "mean_y": ends.mean(-1),
        "headline": f"The last iterate of {schedule} and its averages",
        "tall": [0.0, 3.3 * eta / np.sqrt(T)],
        "note": note(schedule, final, average[-1].mean(), k),
    }
    for j, name in enumerate(NAMES):
        data |= {
            f"eta_{j}": steps[:, j],
            f"last_{j}": last[:, j].mean(-1),
            f"width_{j}": 3.5 if name == schedule else 1.2,
        }
    return data


def note(schedule: str, final: np.ndarray, average: float, k: int) -> str:
    """The sentence under the pictures."""
    own = f"Mean gap of the last iterate of {schedule}: <b>{final[k]:.3g}</b>; of its average: {average:.3g}. "
    if k == NAMES.index("linear decay"):
        rest = f"1/√t ends {final[0] / final[k]:.3g} times as far away, constant steps {final[1] / final[k]:.3g} times."
    else:
        rest = (
            f"Linear decay, at the same η and on the same samples: {final[2]:.3g}, a factor {final[k] / final[2]:.3g}."
        )
    return own + rest


def code(values: dict[str, Any]) -> str:
    """Lines that make one of the runs."""
    return (
        "import numpy as np\n"
        "from optilab.papers.last_iterate.algorithm import SCHEDULES, csmd\n"
        "from optilab.papers.last_iterate.problems import outliers\n"
        "from optilab.problems.simple import L1\n\n"
        "problem = outliers(0, L1(0.1))\n"
        f'eta = SCHEDULES["{values["schedule"]}"]({values["T"]}, {values["eta"]:.4g})\n'
        "*_, last = csmd(problem, np.zeros(10), eta=eta, rng=np.random.default_rng(0))\n"
        "problem(last.x) - problem.minimum"
    )


def race(**start: Any) -> Explorer:
    """Schedule, η, T and noise beside the step sizes, the gaps on the way and where 20 runs end."""
    return Explorer(
        compute,
        {
            "schedule": choice("schedule", "1/√t", NAMES),
            "eta": log_slider("η", 0.8, 0.02, 5.0),
            "T": slider("steps T", 800, 100, 800, 100),
            "noise": slider("noise", 1.0, 0.0, 3.0, 0.1, named={"none": 0.0, "one random row": 1.0}),
            "promised": switch("show the bound", False),
        },
        [_steps(), _gaps(), _ends()],
        call="optilab.papers.last_iterate.explorer.race",
        start=start,
        code=code,
    )


def _steps() -> Panel:
    return Panel(
        "Three ways to shrink the steps (1/√t starts at η, far above)",
        [
            (go.Scatter(name=name, line_color=COLORS[name]), {"x": "t", "y": f"eta_{j}", "line.width": f"width_{j}"})
            for j, name in enumerate(NAMES)
        ],
        {"xaxis": {"title": {"text": "step t"}}, "yaxis": {"title": {"text": "step size ηₜ"}}},
        moving={"yaxis.range": "tall"},
    )


def _gaps() -> Panel:
    lasts = [
        (
            go.Scatter(name=f"last, {name}", line_color=COLORS[name], showlegend=False),
            {"x": "at", "y": f"last_{j}", "line.width": f"width_{j}"},
        )
        for j, name in enumerate(NAMES)
    ]
    return Panel(
        "The last iterate",
        [
            (filled(INK), {"x": "band_t", "y": "band_gap", "fillcolor": "band_color"}),
            *lasts,
            (go.Scatter(name="average", line={"color": INK, "width": 1.6}), {"x": "at", "y": "average"}),
            (go.Scatter(name="suffix", line={"color": INK, "width": 1.6, "dash": "dot"}), {"x": "at", "y": "suffix"}),
            (
                go.Scatter(name="bound", line={"dash": "dash", "width": 1.6}),
                {"x": "at", "y": "bound", "line.color": "bound_color"},
            ),
        ],
        {
            "xaxis": {"type": "log", "title": {"text": "step t (band: 80 % of the runs)"}},
            "yaxis": {"type": "log", "title": {"text": "gap F − F*, mean"}},
        },
        moving={"title": "headline"},
    )


def _ends() -> Panel:
    return Panel(
        f"Where {RUNS} runs end: every dot a run, bars are means",
        [
            (
                go.Scatter(mode="markers", marker={"size": 5, "opacity": 0.55}, showlegend=False),
                {"x": "strip_x", "y": "strip_y", "marker.color": "strip_color"},
            ),
            (
                go.Scatter(
                    mode="markers",
                    marker={"symbol": "line-ew", "size": 30, "line": {"width": 3, "color": INK}},
                    hovertemplate="%{y:.3g}",
                    name="mean",
                    showlegend=False,
                ),
                {"x": "mean_x", "y": "mean_y"},
            ),
        ],
        {
            "xaxis": {
                "tickvals": list(range(6)),
                "ticktext": ["1/√t", "const.", "line", "average", "suffix", "best"],
                "range": [-0.6, 5.6],
                "showgrid": False,
                "tickangle": 0,
                "title": {"text": "last iterates │ of the chosen one"},
                "tickfont": {"size": 11.5},
            },
            "yaxis": {"type": "log", "title": {"text": "gap after T steps"}},
            "shapes": [
                {
                    "type": "line",
                    "x0": 2.5,
                    "x1": 2.5,
                    "y0": 0,
                    "y1": 1,
                    "yref": "paper",
                    "line": {"color": ink(0.3), "width": 1},
                }
            ],
        },
    )
