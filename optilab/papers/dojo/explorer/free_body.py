"""A thrown tennis racket: three integrators, one of which keeps energy and momentum."""

from functools import lru_cache
from typing import Any

import numpy as np
import plotly.graph_objects as go

from optilab.core.run import Trace, run
from optilab.papers.dojo.algorithm.free_body import INTEGRATORS
from optilab.papers.dojo.experiment.rigid import RACKET
from optilab.ui.controls import slider
from optilab.ui.explorer import Explorer
from optilab.ui.pictures import Panel
from optilab.ui.theme import color

SECONDS = 10.0
DIRECTION = np.array([0.005, 1.0, 0.005])  # nearly about the middle axis, so that it flips
LEAST = 1e-16  # an error of 0 on a log axis


@lru_cache(maxsize=32)
def spins(h: float, speed: float) -> dict[str, Trace]:
    """The racket's ten seconds by every integrator that can start."""
    steps, tight = int(np.ceil(SECONDS / h)), {"rtol": 1e-12}
    options = {"variational": tight, "explicit Euler": {}, "implicit Euler": tight}
    names = [name for name in INTEGRATORS if name != "variational" or h * np.linalg.norm(speed * DIRECTION) < 2]
    return {name: run(INTEGRATORS[name](RACKET, speed * DIRECTION, h=h, **options[name]), steps) for name in names}


def compute(h: float, speed: float) -> dict[str, Any]:
    """Energy, error of the momentum and middle spin of all integrators, cut where they stop being numbers."""
    h, speed = round(h, 6), round(speed, 6)
    runs = spins(h, speed)
    t = h * np.arange(int(np.ceil(SECONDS / h)) + 1)
    data: dict[str, Any] = {"t": t}
    ends: dict[str, str] = {}
    for name in INTEGRATORS:
        columns = np.full((3, len(t)), np.nan)
        if name in runs:
            trace = runs[name]
            n = len(trace.step)
            with np.errstate(over="ignore", invalid="ignore"):
                error = np.linalg.norm(trace.momentum - trace.momentum[0], axis=-1) / np.linalg.norm(trace.momentum[0])
                columns[:, :n] = trace.energy / trace.energy[0], np.maximum(error, LEAST), trace.omega[:, 1] / speed
        columns[:, ~np.isfinite(columns).all(0)] = np.nan
        for quantity, values in zip(("energy", "error", "spin"), columns, strict=True):
            data[f"{name} {quantity}"] = values
        last = np.flatnonzero(np.isfinite(columns[0]))
        if len(last) == len(t):
            ends[name] = f"{columns[0, -1]:.3g}" if columns[0, -1] < 1e4 else f"10^{np.log10(columns[0, -1]):.0f}"
        else:
            ends[name] = f"lost at {t[last[-1] + 1]:.3g} s" if len(last) else "cannot start"
    turn = h * speed * np.linalg.norm(DIRECTION)
    data["title"] = "Energy: one integrator keeps it" if turn < np.sqrt(2) else "Step too large: 90° or more a step"
    data["flip"] = "The racket flips, whoever computes" if turn < np.sqrt(2) else "Too large to tell how it flips"
    text = "; ".join(f"{name} {ends[name]}" for name in INTEGRATORS)
    note = f"Energy after {SECONDS:g} s, parts of the start: {text}."
    if turn >= 2:
        note = f"<b>Step too large</b>: h‖ω‖ = {turn:.2f} ≥ 2, half a turn a step: no d(ω) exists. " + note
    elif turn >= np.sqrt(2):
        note = f"<b>Step too large: rotation per step ≥ 90°</b> (h‖ω‖ = {turn:.2f}), the root isn't unique. " + note
    else:
        note = f"It turns by {np.degrees(2 * np.arcsin(turn / 2)):.0f}° a step. " + note
    return data | {"note": note}


def code(values: dict[str, Any]) -> str:
    """The variational run by hand."""
    return (
        "import numpy as np\n"
        "from optilab.core.run import run\n"
        "from optilab.papers.dojo.algorithm import variational\n\n"
        f"h, omega = {values['h']:.10g}, {values['speed']:.10g} * np.array([0.005, 1, 0.005])\n"
        "if h * np.linalg.norm(omega) < 2:  # less than half a turn a step\n"
        "    trace = run(variational(np.diag([1, 2, 3]), omega, h=h, rtol=1e-12), int(np.ceil(10 / h)))\n"
        "    trace.energy / trace.energy[0]"
    )


def _panel(title: str, quantity: str, label: str, axis: dict[str, Any], moving: dict[str, str]) -> Panel:
    widths = {"variational": 3.0, "explicit Euler": 2.0, "implicit Euler": 2.0}
    traces = [
        (
            go.Scatter(name=name, mode="lines", line={"color": color(name), "width": widths[name]}),
            {"x": "t", "y": f"{name} {quantity}"},
        )
        for name in INTEGRATORS
    ]
    layout = {
        "xaxis": {"title": {"text": "time (s)"}, "range": [0, SECONDS]},
        "yaxis": {"title": {"text": label}} | axis,
    }
    return Panel(title, traces, layout, moving, height=330)


def free_body(**start: Any) -> Explorer:
    """Spin a tennis racket with three integrators: step size and speed."""
    ticks = {"tickvals": [0.1, 0.2, 0.5, 1, 2, 5, 10], "ticktext": ["0.1", "0.2", "0.5", "1", "2", "5", "10"]}
    energy = {"type": "log", "range": [-1, 1]} | ticks
    return Explorer(
        compute,
        {
            "h": slider("time step h (s)", 0.1, 0.1, 0.3, 0.01),
            "speed": slider("spin ‖ω₀‖ (rad/s)", 2.0, 1.0, 8.0, 0.25, named={"90° a step": {"speed": 6.0, "h": 0.24}}),
        },
        [
            _panel("", "energy", "energy / start", energy, {"title": "title"}),
            _panel(
                "Momentum: to rounding, or hardly at all",
                "error",
                "‖change of momentum‖ / start",
                {"type": "log", "range": [-16.3, 1.5], "dtick": 4},
                {},
            ),
            _panel("", "spin", "middle spin ω₂ / ‖ω₀‖", {"range": [-2.2, 2.2]}, {"title": "flip"}),
        ],
        call="optilab.papers.dojo.explorer.free_body",
        start=start,
        code=code,
    )
