"""Two hundred runs at once under light or heavy tails: the fan, where runs end, and what the unlucky ones pay."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from optilab.core.run import run
from optilab.papers.last_iterate import algorithm as alg
from optilab.papers.last_iterate.experiment import TARGET, states
from optilab.papers.last_iterate.explorer.parts import FLOOR, band, filled, times
from optilab.papers.last_iterate.problems import Distance
from optilab.problems.mirror import Power
from optilab.problems.noisy import Gaussian, Lomax, Noise, Noisy
from optilab.ui.controls import choice, log_slider, slider, switch
from optilab.ui.explorer import Explorer
from optilab.ui.pictures import Panel
from optilab.ui.theme import INK, color, ink

RUNS, SEED = 200, 1
SIGMA = 0.75  # root mean square of the Gaussian noise, larger than half of the lengths of the heavy one at α = 1.6
HEAVY = {"η t^(−1/p)": alg.heavy_poly, "η T^(−1/p)": alg.heavy_const, "linear decay": alg.heavy_linear}
PLAIN, MIRROR = color("Euclidean"), color("power map")
CHANCES = np.geomspace(0.5, 1 / RUNS, 24)


def moment(tail: float) -> float:
    """A moment p that noise of this tail index has, with room to spare: at most 2."""
    return min(2.0, 1 + 0.83 * (tail - 1))


def compute(schedule: str, eta: float, tail: float, gaussian: bool, T: int) -> dict[str, Any]:
    """The same 200 noise sequences through plain and through power steps."""
    p = 2.0 if gaussian else moment(tail)
    noise: Noise = Gaussian(SIGMA / np.sqrt(5)) if gaussian else Lomax(tail)
    problem = Noisy(Distance(TARGET), noise, 5)
    steps = HEAVY[schedule](T, eta, p)[:, None]
    t = times(T, 40)
    found = {}
    for name, mirror in (("plain", None), ("power", Power(p, np.zeros(5)))):
        trace = run(states(problem, np.zeros(5), steps, RUNS, SEED, mirror=mirror), T, keep=["x"])
        found[name] = np.maximum(problem(trace.x[t, 0]), FLOOR)  # (t, runs)
    data: dict[str, Any] = {"t": t, "chance": 1 / CHANCES}
    for name, gap in found.items():
        wide_t, wide = band(t, gap, 0.005, 0.995)
        half_t, half = band(t, gap, 0.25, 0.75)
        data |= {f"{name}_wide_t": wide_t, f"{name}_wide": wide, f"{name}_half_t": half_t, f"{name}_half": half}
        data |= {f"{name}_median": np.median(gap, -1), f"{name}_end": gap[-1]}
        data |= {f"{name}_quantile": np.quantile(gap[-1], 1 - CHANCES), f"{name}_mean": np.array([gap[-1].mean()])}
    rng = np.linspace(-0.32, 0.32, RUNS)
    form = np.array([alg.high_probability_shape(steps[:, 0], 2.0, 2.0, SIGMA, delta) for delta in CHANCES])
    plain, power = found["plain"][-1], found["power"][-1]
    data |= {
        "column_0": rng,
        "column_1": 1 + rng,
        "shape": np.median(plain) * form / form[0] if gaussian else np.full(len(CHANCES), np.nan),
        "headline": f"{RUNS} runs: medians, half of all (dark), 99 % (pale)",
        "note": note(plain, power, p, gaussian),
    }
    return data


def note(plain: np.ndarray, power: np.ndarray, p: float, gaussian: bool) -> str:
    """The sentence under the pictures."""
    if gaussian:
        return (
            f"Gaussian noise has a variance, so p = 2 and the power map is the Euclidean one. Median gap "
            f"{np.median(plain):.3g}; the unluckiest of {RUNS} runs has {plain.max():.3g}, "
            f"{plain.max() / np.median(plain):.2g} times the median."
        )
    return (
        f"p = {p:.2f}. Medians: Euclidean {np.median(plain):.3g}, power map {np.median(power):.3g}. "
        f"Unluckiest runs: <b>{plain.max():.3g}</b> and <b>{power.max():.3g}</b>. "
        f"Means: {plain.mean():.3g} and {power.mean():.3g}, from 2 at the start."
    )


def code(values: dict[str, Any]) -> str:
    """Lines that make the power map's runs."""
    noise = f"Gaussian({SIGMA / np.sqrt(5):.4g})" if values["gaussian"] else f"Lomax({values['tail']:.4g})"
    p = 2.0 if values["gaussian"] else moment(values["tail"])
    return (
        "import numpy as np\n"
        f"from optilab.papers.last_iterate.algorithm import csmd, {HEAVY[values['schedule']].__name__}\n"
        "from optilab.problems.mirror import Power\n"
        "from optilab.problems.noisy import Gaussian, Lomax, Noisy\n"
        "from optilab.papers.last_iterate.problems import Distance\n\n"
        f"problem = Noisy(Distance(np.array([2.0, 0, 0, 0, 0])), {noise}, 5)\n"
        f"eta = {HEAVY[values['schedule']].__name__}({values['T']}, {values['eta']:.4g}, {p:.4g})\n"
        f"mirror = Power({p:.4g}, np.zeros(5))\n"
        f"*_, last = csmd(problem, np.zeros(({RUNS}, 5)), eta=eta, rng=np.random.default_rng({SEED}), mirror=mirror)\n"
        "problem(last.x).max()"
    )


def fan(**start: Any) -> Explorer:
    """Schedule, η and the tail of the noise beside the fan of 200 runs, their ends and their quantiles."""
    return Explorer(
        compute,
        {
            "schedule": choice("schedule", "η t^(−1/p)", list(HEAVY)),
            "eta": log_slider("η", 1.0, 0.03, 3.0),
            "tail": slider("tail index α", 1.6, 1.2, 3.0, 0.05, named={"no variance": 1.6, "hardly a mean": 1.2}),
            "gaussian": switch("Gaussian noise instead", False),
            "T": slider("steps T", 400, 100, 400, 100),
        },
        [_fan(), _ends(), _quantiles()],
        call="optilab.papers.last_iterate.explorer.fan",
        start=start,
        code=code,
    )


def _fan() -> Panel:
    traces: list[tuple[Any, dict[str, str]]] = []
    for name, colour in (("plain", PLAIN), ("power", MIRROR)):
        traces += [
            (filled(colour, 0.16), {"x": f"{name}_wide_t", "y": f"{name}_wide"}),
            (filled(colour, 0.35), {"x": f"{name}_half_t", "y": f"{name}_half"}),
        ]
    for name, colour, label in (("plain", PLAIN, "Euclidean"), ("power", MIRROR, "power map")):
        traces.append((go.Scatter(name=label, line={"color": colour, "width": 2.5}), {"x": "t", "y": f"{name}_median"}))
    return Panel(
        "",
        traces,
        {
            "xaxis": {"type": "log", "dtick": 1, "title": {"text": "step t"}},
            "yaxis": {"type": "log", "title": {"text": "gap ‖x − a‖ of the last iterate"}},
        },
        moving={"title": "headline"},
    )


def _ends() -> Panel:
    dots = {"mode": "markers", "showlegend": False, "hovertemplate": "%{y:.3g}"}
    return Panel(
        "Where they end: few runs make the Euclidean mean (bars)",
        [
            *(
                (
                    go.Scatter(marker={"size": 4.5, "color": colour, "opacity": 0.6}, name=name, **dots),
                    {"x": f"column_{k}", "y": f"{name}_end"},
                )
                for k, (name, colour) in enumerate((("plain", PLAIN), ("power", MIRROR)))
            ),
            *(
                (
                    go.Scatter(
                        x=[k],
                        marker={"symbol": "line-ew", "size": 70, "line": {"width": 3, "color": INK}},
                        name="mean",
                        **dots,
                    ),
                    {"y": f"{name}_mean"},
                )
                for k, name in enumerate(("plain", "power"))
            ),
        ],
        {
            "xaxis": {
                "tickvals": [0, 1],
                "ticktext": ["Euclidean", "power map"],
                "range": [-0.6, 1.6],
                "showgrid": False,
            },
            "yaxis": {"type": "log", "title": {"text": "gap after T steps, from 2 at the start"}},
            "shapes": [
                {
                    "type": "line",
                    "xref": "paper",
                    "x0": 0,
                    "x1": 1,
                    "y0": 2,
                    "y1": 2,
                    "line": {"color": ink(0.5), "width": 1, "dash": "dot"},
                }
            ],
        },
    )


def _quantiles() -> Panel:
    return Panel(
        "What the unlucky pay: one run in 1/δ is worse than this",
        [
            (
                go.Scatter(name="Euclidean", line={"color": PLAIN, "width": 2.5}),
                {"x": "chance", "y": "plain_quantile"},
            ),
            (
                go.Scatter(name="power map", line={"color": MIRROR, "width": 2.5}),
                {"x": "chance", "y": "power_quantile"},
            ),
            (
                go.Scatter(name="theory's form", line={"color": PLAIN, "dash": "dash", "width": 1.6}),
                {"x": "chance", "y": "shape"},
            ),
        ],
        {
            "xaxis": {
                "type": "log",
                "title": {"text": "1/δ"},
                "tickvals": [2, 5, 10, 20, 50, 100, 200],
                "ticktext": ["2", "5", "10", "20", "50", "100", "200"],
            },
            "yaxis": {"type": "log", "title": {"text": "(1 − δ)-quantile of the gap"}},
        },
    )
