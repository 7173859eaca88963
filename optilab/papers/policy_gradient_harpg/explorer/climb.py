"""One run on the exact landscape: where it walks, where its direction points, where it should."""

from functools import cache, lru_cache
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go

from optilab.core.run import run
from optilab.papers.policy_gradient_harpg.algorithm import NORMALISED, method, unit
from optilab.papers.policy_gradient_harpg.experiment import PLANT, START
from optilab.papers.policy_gradient_harpg.experiment.races import FAR
from optilab.ui.controls import choice, log_slider, player, slider
from optilab.ui.explorer import Explorer, literal
from optilab.ui.pictures import Panel
from optilab.ui.theme import INK, color, ink, landscape

T = 100
NAMES = ["N-PG", "N-MPG", "N-PG-IGT", "N-HARPG", "PG", "HARPG"]
LOW, HIGH = -5.0, 3.0
QUIET = {"hoverinfo": "skip", "showlegend": False}


class Path(NamedTuple):
    """One run of at most T updates, up to where it diverged."""

    theta: np.ndarray  # (updates + 1, 2)
    d: np.ndarray  # (updates + 1, 2) the direction of each update, the first one zero
    probe: np.ndarray  # (updates + 1, 2) where it drew its correcting trajectory
    grad: np.ndarray  # (updates + 1, 2) the exact gradient that each direction stands in for
    value: np.ndarray  # (updates + 1,) J_H
    diverged: bool


def factor(name: str, gamma0: float) -> float:
    """The γ₀ that a method is given: what isn't normalised takes a hundredth."""
    return gamma0 if name in NORMALISED else gamma0 / 100


@lru_cache(maxsize=64)
def walked(name: str, gamma0: float, N: int, seed: int) -> Path:
    """Run the method once."""
    states = method(name)(PLANT, START, T=T, gamma0=factor(name, gamma0), N=N, rng=np.random.default_rng(seed))
    trace = run(states, T, limit=FAR)
    last = int(np.minimum(trace.diverged, len(trace.step)))
    probes = trace.fields.get("probe", trace.theta_prev)  # where a method draws but one, it draws it where it stands
    theta, before, d, probe = (x[:last] for x in (trace.theta, trace.theta_prev, trace.d, probes))
    return Path(theta, d, probe, PLANT.grad(before), PLANT(theta), last < len(trace.step))


@cache
def heights() -> tuple[np.ndarray, np.ndarray]:
    """The exact objective on a grid."""
    line = np.linspace(LOW, HIGH, 61)
    return line, PLANT(np.stack(np.meshgrid(line, line), -1))


def arrow(start: np.ndarray, vector: np.ndarray, length: float = 1.4) -> tuple[np.ndarray, np.ndarray]:
    """An arrow of fixed length along a vector: shaft and two barbs as one line."""
    along = unit(vector)
    across = np.array([-along[1], along[0]])
    tip = start + length * along
    points = np.array([start, tip, tip - 0.3 * along + 0.16 * across, tip, tip - 0.3 * along - 0.16 * across])
    return points[:, 0], points[:, 1]


def compute(name: str, gamma0: float, N: int, seed: int, t: int) -> dict[str, Any]:
    """The run up to update t, the arrows of update t, and how well each update's direction pointed."""
    path = walked(name, gamma0, N, seed)
    made = len(path.theta) - 1
    now = min(t, made)
    at = path.theta[max(now - 1, 0)]
    cosine = (unit(path.d[1:]) * unit(path.grad[1:])).sum(-1)
    d, grad = (path.d[now], path.grad[now]) if now else (np.zeros(2), PLANT.grad(START))
    d_x, d_y = arrow(at, d)
    g_x, g_y = arrow(at, grad)
    shown = color(name)
    probes = path.probe[now : now + 1] if now else path.theta[:0]
    lost = path.diverged and t > made
    gap = PLANT.maximum - float(path.value[now])
    return {
        "path_x": path.theta[: now + 1, 0],
        "path_y": path.theta[: now + 1, 1],
        "here_x": np.clip(path.theta[now : now + 1, 0], LOW, HIGH),
        "here_y": np.clip(path.theta[now : now + 1, 1], LOW, HIGH),
        "symbol": "x" if lost else "circle",
        "probe_x": probes[:, 0],
        "probe_y": probes[:, 1],
        "d_x": d_x if now else d_x[:0],
        "d_y": d_y if now else d_y[:0],
        "g_x": g_x,
        "g_y": g_y,
        "colour": shown,
        "update": np.arange(1, made + 1),
        "cosine": cosine,
        "now_t": np.array([now]) if now else np.array([], dtype=int),
        "now_cosine": cosine[now - 1 : now] if now else cosine[:0],
        "steps": np.arange(made + 1),
        "value": path.value,
        "now_step": np.array([now]),
        "now_value": path.value[now : now + 1],
        "headline": f"Thick: {name}'s direction, thin: ∇J",
        "note": note(name, factor(name, gamma0), now, lost, gap, cosine) + outside(path.theta[now]),
    }


def note(name: str, gamma0: float, now: int, lost: bool, gap: float, cosine: np.ndarray) -> str:
    """The sentence under the pictures."""
    text = f"{name} at γ₀ = {gamma0:.3g}. " if name in NORMALISED else f"{name}, a hundredth of it: γ₀ = {gamma0:.2g}. "
    if lost:
        return text + f"<b>Diverged at update {now + 1}</b>: ‖θ‖ left 50. The cross marks the last point before."
    if now == 0:
        return text + f"Update 0: gap J* − J = {gap:.3g}. Press play."
    began = PLANT.maximum - float(PLANT(START))
    word = " <b>Lost</b>: lower than at the start." if gap > began else ""
    return (
        f"{text}Update {now}: gap J* − J = <b>{gap:.3g}</b>, from {began:.3g}; the cosine of direction and gradient is "
        f"{signed(cosine[now - 1], 2)}, {signed(np.median(cosine[:now]), 2)} in the median so far.{word}"
    )


def signed(x: float, places: int) -> str:
    """A number with so many decimal places and a true minus."""
    return f"{x:.{places}f}".replace("-", "−")


def outside(theta: np.ndarray) -> str:
    """Where a point is that the map doesn't reach."""
    if ((theta >= LOW) & (theta <= HIGH)).all():
        return ""
    where = ", ".join(signed(x, 1) for x in theta)
    return f" θ = ({where}) is outside the map and marked at its edge."


def code(values: dict[str, Any]) -> str:
    """Lines that make the run, to its last update."""
    gamma0 = factor(values["name"], values["gamma0"])
    return (
        "import numpy as np\n"
        "from optilab.core.run import run\n"
        "from optilab.papers.policy_gradient_harpg.algorithm import method\n"
        "from optilab.papers.policy_gradient_harpg.problems.linear_gaussian import LinearGaussian\n\n"
        f'states = method("{values["name"]}")(\n'
        f"    LinearGaussian(), np.zeros(2), T={T}, gamma0={literal(gamma0)}, N={values['N']},\n"
        f"    rng=np.random.default_rng({values['seed']}),\n"
        ")\n"
        f"run(states, {T}, limit=50)"
    )


def climb(**start: Any) -> Explorer:
    """Method, step size, batch and seed beside the path, the direction's cosine and the objective."""
    return Explorer(
        compute,
        {
            "name": choice("method", "N-PG", NAMES),
            "gamma0": log_slider("γ₀", 0.3, 0.03, 3.0, steps=40, named={"0.3": 0.3, "too long": 3.0}),
            "N": slider("trajectories a gradient", 1, 1, 30, 1),
            "seed": slider("seed", 3, 0, 19, 1),
            "t": player("update", T, T),
        },
        [_map(), _cosine(), _value()],
        call="optilab.papers.policy_gradient_harpg.explorer.climb",
        start=start,
        code=code,
    )


def _map() -> Panel:
    line, values = heights()
    best = PLANT.maximizer
    return Panel(
        "",
        [
            (landscape(x=line, y=line, z=values, ncontours=22), {}),
            (
                go.Scatter(
                    x=[best[0]],
                    y=[best[1]],
                    mode="markers",
                    marker={"symbol": "star", "size": 13, "color": INK},
                    name="optimum",
                    hoverinfo="skip",
                    showlegend=False,
                ),
                {},
            ),
            (
                go.Scatter(mode="lines", line={"width": 1.6}, opacity=0.75, **QUIET),
                {"x": "path_x", "y": "path_y", "line.color": "colour"},
            ),
            (
                go.Scatter(mode="markers", marker={"symbol": "circle-open", "size": 9, "line": {"width": 2}}, **QUIET),
                {"x": "probe_x", "y": "probe_y", "marker.color": "colour"},
            ),
            (
                go.Scatter(mode="lines", line={"color": INK, "width": 1.6}, **QUIET),
                {"x": "g_x", "y": "g_y"},
            ),
            (go.Scatter(mode="lines", line={"width": 3.4}, **QUIET), {"x": "d_x", "y": "d_y", "line.color": "colour"}),
            (
                go.Scatter(mode="markers", marker={"size": 11}, cliponaxis=False, **QUIET),
                {"x": "here_x", "y": "here_y", "marker.color": "colour", "marker.symbol": "symbol"},
            ),
        ],
        {
            "xaxis": {"range": [LOW, HIGH], "title": {"text": "θ₁, gain on the position"}},
            "yaxis": {"range": [LOW, HIGH], "title": {"text": "θ₂, gain on the speed"}},
        },
        moving={"title": "headline"},
        height=400,
    )


def _cosine() -> Panel:
    rule = {
        "type": "line",
        "xref": "paper",
        "x0": 0,
        "x1": 1,
        "y0": 0,
        "y1": 0,
        "line": {"color": ink(0.5), "width": 1},
    }
    return Panel(
        "1 points uphill, below 0 points down",
        [
            (
                go.Scatter(mode="lines", line={"width": 1.6}, showlegend=False, name="cosine"),
                {"x": "update", "y": "cosine", "line.color": "colour"},
            ),
            (
                go.Scatter(mode="markers", marker={"size": 10}, **QUIET),
                {"x": "now_t", "y": "now_cosine", "marker.color": "colour"},
            ),
        ],
        {
            "xaxis": {"range": [0, 1.03 * T], "title": {"text": "update t"}},
            "yaxis": {"range": [-1.08, 1.08], "title": {"text": "cosine of d and ∇J"}},
            "shapes": [rule],
        },
        height=400,
    )


def _value() -> Panel:
    return Panel(
        "What it earns: the dashed line is the best there is",
        [
            (
                go.Scatter(mode="lines", line={"width": 2}, showlegend=False, name="J"),
                {"x": "steps", "y": "value", "line.color": "colour"},
            ),
            (
                go.Scatter(mode="markers", marker={"size": 10}, **QUIET),
                {"x": "now_step", "y": "now_value", "marker.color": "colour"},
            ),
            (
                go.Scatter(
                    x=[0, T],
                    y=[PLANT.maximum] * 2,
                    mode="lines",
                    line={"color": INK, "width": 1.5, "dash": "dash"},
                    **QUIET,
                ),
                {},
            ),
        ],
        {
            "xaxis": {"range": [0, 1.03 * T], "title": {"text": "update t"}},
            "yaxis": {"title": {"text": "mean return J"}, "range": [-9, -1]},
        },
        height=400,
    )
