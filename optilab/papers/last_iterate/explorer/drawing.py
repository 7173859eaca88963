"""A schedule drawn by hand, who pays in its bound, and how far it is from the best there is."""

from functools import cache
from typing import Any

import numpy as np
import plotly.graph_objects as go

from optilab.papers.last_iterate import algorithm as alg
from optilab.papers.last_iterate.algorithm import SCHEDULES
from optilab.papers.last_iterate.experiment import best_schedule
from optilab.papers.last_iterate.explorer.parts import COLORS
from optilab.ui.controls import slider, switch
from optilab.ui.explorer import Explorer
from optilab.ui.pictures import Panel
from optilab.ui.theme import GREEN, INK, ink

KNOTS = 5
D, S2 = 0.5, 1.0
LOW, HIGH = 0.01, 1.2
PLACES = np.linspace(0, 1, KNOTS)
NAMES_OF_KNOTS = [f"w{k}" for k in range(1, KNOTS + 1)]


@cache
def rivals(T: int) -> dict[str, np.ndarray]:
    """The three schedules at the η of their smallest bound, and the best of all."""
    tuned = {name: make(T, alg.best_eta(make, T, D, S2)) for name, make in SCHEDULES.items()}
    return tuned | {"best of all": best_schedule(T, D, S2)}


def knots_of(eta: np.ndarray) -> dict[str, float]:
    """The heights √T·η at the knots that draw a schedule best, as the sliders can have them."""
    T = len(eta)
    heights = np.interp(PLACES * (T - 1), np.arange(T), eta * np.sqrt(T))
    return {name: float(np.clip(round(h, 2), LOW, HIGH)) for name, h in zip(NAMES_OF_KNOTS, heights, strict=True)}


def nearest_knot(x: float, y: float) -> dict[str, float]:
    """A click in the picture: the knot next to it takes its height."""
    return {NAMES_OF_KNOTS[int(np.clip(round(x * (KNOTS - 1)), 0, KNOTS - 1))]: y}


def parts(eta: np.ndarray) -> tuple[float, np.ndarray]:
    """√T times the two parts of the bound: what is left of the start, and what each step's noise costs."""
    S = alg.remaining(eta)
    return float(np.sqrt(len(eta)) * D / S[0]), np.sqrt(len(eta)) * 2 * S2 * eta**2 / S


def compute(w1: float, w2: float, w3: float, w4: float, w5: float, T: int, optimum: bool) -> dict[str, Any]:
    """The bound of the drawn schedule, step by step, beside those of the tuned ones and of the best."""
    heights = np.array([w1, w2, w3, w4, w5])
    eta = np.interp(np.linspace(0, 1, T), PLACES, heights) / np.sqrt(T)
    others = rivals(T)
    best = others["best of all"]
    left = T - np.arange(T)
    start, noise = parts(eta)
    _, linear_noise = parts(others["linear decay"])
    rows = [parts(others[name]) for name in ("best of all", "linear decay", "1/√t", "constant")]
    starts = np.array([start, *(row[0] for row in rows)])
    noises = np.array([noise.sum(), *(row[1].sum() for row in rows)])
    totals = starts + noises
    excess = 100 * (totals[0] / totals[1] - 1)
    versus = 100 * (totals[0] / totals[2] - 1)
    if versus < -0.005:
        verdict = f"{-versus:.1f} % below the best linear decay"
    else:
        verdict = f"{versus:.1f} % above the best linear decay"
    worst = int(noise.argmax())
    return {
        "place": np.linspace(0, 1, T),
        "mine": eta * np.sqrt(T),
        "knot_x": PLACES,
        "knot_y": heights,
        "linear": others["linear decay"] * np.sqrt(T),
        "best": best * np.sqrt(T) if optimum else np.full(T, np.nan),
        "left": left,
        "tax": noise * left,
        "linear_tax": linear_noise * left,
        "span": [np.log10(1.2 * T), -0.04],
        "starts": starts,
        "noises": noises,
        "totals": [f"<b>{total:.2f}</b>" for total in totals],
        "totals_x": totals + 0.02 * totals.max(),
        "width": [0.0, max(5.4, 1.22 * totals.max())],
        "note": f"√T × your bound: {starts[0]:.2f} from the start + {noises[0]:.2f} from noise "
        f"= <b>{totals[0]:.3f}</b>, {verdict} and {excess:.1f} % above the best schedule there is. "
        f"The dearest single step is number {worst + 1} of {T}: {100 * noise[worst] / noise.sum():.0f} % of the noise.",
    }


def code(values: dict[str, Any]) -> str:
    """Lines that evaluate the bound."""
    heights = [round(values[name], 4) for name in NAMES_OF_KNOTS]
    return (
        "import numpy as np\n"
        "from optilab.papers.last_iterate.algorithm import bound\n\n"
        f"T = {values['T']}\n"
        f"eta = np.interp(np.linspace(0, 1, T), np.linspace(0, 1, {KNOTS}), {heights}) / np.sqrt(T)\n"
        f"np.sqrt(T) * bound(eta, {D}, {S2})"
    )


def draw(**start: Any) -> Explorer:
    """Five knots to drag, in the picture or by sliders, beside the bound's parts and its rivals."""

    def preset(name: str) -> Any:
        return lambda values: knots_of(rivals(values["T"])[name])

    presets = {
        "constant": preset("constant"),
        "1/√t": preset("1/√t"),
        "linear decay": preset("linear decay"),
        "optimise the bound": lambda values: knots_of(rivals(values["T"])["best of all"]) | {"optimum": True},
    }
    heights = dict(zip(NAMES_OF_KNOTS, (0.3, 0.5, 0.2, 0.6, 0.3), strict=True))
    controls = {name: slider(f"dot {name[1]}", value, LOW, HIGH, 0.01) for name, value in heights.items()}
    return Explorer(
        compute,
        controls
        | {
            "T": slider("steps T", 50, 10, 200, 10, named=presets),
            "optimum": switch("show the best schedule there is", False),
        },
        [_sketch(), _tax(), _score()],
        call="optilab.papers.last_iterate.explorer.draw",
        start=start,
        code=code,
    )


def _sketch() -> Panel:
    return Panel(
        "Drag the dots: your schedule",
        [
            (
                go.Scatter(mode="lines", name="linear decay", line={"color": COLORS["linear decay"], "width": 1.5}),
                {"x": "place", "y": "linear"},
            ),
            (
                go.Scatter(mode="lines", name="best", line={"color": GREEN, "width": 3, "dash": "dot"}),
                {"x": "place", "y": "best"},
            ),
            (go.Scatter(mode="lines", name="yours", line={"color": INK, "width": 2.5}), {"x": "place", "y": "mine"}),
            (
                go.Scatter(mode="markers", marker={"size": 13, "color": INK}, showlegend=False, hoverinfo="skip"),
                {"x": "knot_x", "y": "knot_y"},
            ),
        ],
        {
            "xaxis": {
                "title": {"text": "step t"},
                "tickvals": [0, 0.5, 1],
                "ticktext": ["1", "T/2", "T"],
                "range": [-0.03, 1.03],
            },
            "yaxis": {"title": {"text": "step size √T · ηₜ"}, "range": [0, HIGH + 0.04]},
        },
        click=nearest_knot,
    )


def _tax() -> Panel:
    return Panel(
        "Who pays? The area is the noise part of the bound",
        [
            (
                go.Scatter(
                    mode="lines", name="yours", fill="tozeroy", fillcolor=ink(0.12), line={"color": INK, "width": 2.5}
                ),
                {"x": "left", "y": "tax"},
            ),
            (
                go.Scatter(mode="lines", name="linear decay", line={"color": COLORS["linear decay"], "width": 1.5}),
                {"x": "left", "y": "linear_tax"},
            ),
        ],
        {
            "xaxis": {"type": "log", "dtick": 1, "title": {"text": "steps left n (time runs to the right)"}},
            "yaxis": {"title": {"text": "√T · n · 2σ̃² ηₜ²/Sₜ"}, "rangemode": "tozero"},
        },
        moving={"xaxis.range": "span"},
    )


def _score() -> Panel:
    names = ["yours", "best of all", "linear decay", "1/√t", "constant"]
    colors = [INK, GREEN, *(COLORS[name] for name in ("linear decay", "1/√t", "constant"))]
    return Panel(
        "√T × the bound: what the start leaves (pale) and what noise costs",
        [
            (
                go.Bar(
                    y=names, orientation="h", marker={"color": colors, "opacity": 0.4}, name="start", showlegend=False
                ),
                {"x": "starts"},
            ),
            (
                go.Bar(y=names, orientation="h", marker={"color": colors}, name="noise", showlegend=False),
                {"x": "noises"},
            ),
            (
                go.Scatter(
                    y=names, mode="text", textposition="middle right", textfont={"color": INK}, showlegend=False
                ),
                {"x": "totals_x", "text": "totals"},
            ),
        ],
        {
            "barmode": "stack",
            "xaxis": {
                "title": {"text": "√T × bound on the mean last gap"},
            },
            "yaxis": {"autorange": "reversed", "showgrid": False},
        },
        moving={"xaxis.range": "width"},
    )
