"""A thrown tennis racket: three integrators, one of which keeps energy and momentum."""

from functools import lru_cache
from typing import Any

import numpy as np

from optilab.core.run import Trace, run
from optilab.papers.dojo.algorithm import INTEGRATORS
from optilab.papers.dojo.experiment.rigid import RACKET
from optilab.ui.controls import slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import Axis, axis, curve, entry, log, panel
from optilab.ui.pictures import Panel
from optilab.ui.theme import methods

SECONDS = 10.0
DIRECTION = np.array([0.005, 1.0, 0.005])  # nearly about the middle axis, so that it flips
LEAST = 1e-16  # an error of 0 on a log axis
color = methods(ours=["variational"], rivals=["explicit Euler", "implicit Euler"])


@lru_cache(maxsize=32)
def spins(h: float, speed: float) -> dict[str, Trace]:
    """The racket's ten seconds by every integrator that can start."""
    steps, omega, tight = int(np.ceil(SECONDS / h)), speed * DIRECTION, {"rtol": 1e-12}
    options = {"variational": tight, "explicit Euler": {}, "implicit Euler": tight}
    names = [name for name in INTEGRATORS if name != "variational" or h * np.linalg.norm(omega) < 2]
    return {name: run(INTEGRATORS[name](RACKET, omega, h=h, **options[name]), steps) for name in names}


def columns(trace: Trace | None, speed: float, length: int) -> np.ndarray:
    """Energy and error of the momentum over their start, and the middle spin, (3, length); NaN where it is lost."""
    out = np.full((3, length), np.nan)
    if trace is not None:
        with np.errstate(over="ignore", invalid="ignore"):
            error = np.linalg.norm(trace.momentum - trace.momentum[0], axis=-1) / np.linalg.norm(trace.momentum[0])
            parts = trace.energy / trace.energy[0], np.maximum(error, LEAST), trace.omega[:, 1] / speed
            out[:, : len(error)] = parts
    out[:, ~np.isfinite(out).all(0)] = np.nan
    return out


def compute(h: float, speed: float) -> dict[str, Any]:
    """Energy, error of the momentum and middle spin of all integrators, cut where they stop being numbers."""
    h, speed = round(h, 6), round(speed, 6)
    runs = spins(h, speed)
    t = h * np.arange(int(np.ceil(SECONDS / h)) + 1)
    data: dict[str, Any] = {}
    ends = []
    for name in INTEGRATORS:
        energy, error, spin = columns(runs.get(name), speed, len(t))
        data |= {f"{name} energy": (t, energy), f"{name} error": (t, error), f"{name} spin": (t, spin)}
        last = np.flatnonzero(np.isfinite(energy))
        if len(last) == len(t):
            ends.append(f"{name} {energy[-1]:.3g}" if energy[-1] < 1e4 else f"{name} 10^{np.log10(energy[-1]):.0f}")
        else:
            ends.append(f"{name} lost at {t[last[-1] + 1]:.3g} s" if len(last) else f"{name} cannot start")
    turn = h * speed * np.linalg.norm(DIRECTION)
    unique = turn < np.sqrt(2)
    if turn >= 2:
        first = f"<b>Step too large</b>: h‖ω‖ = {turn:.2f} ≥ 2, half a turn a step: no d(ω) exists."
    elif not unique:
        first = f"<b>Step too large: rotation per step ≥ 90°</b> (h‖ω‖ = {turn:.2f}), the root isn't unique."
    else:
        first = f"It turns by {np.degrees(2 * np.arcsin(turn / 2)):.0f}° a step."
    return data | {
        "title": "Energy: one integrator keeps it" if unique else "Step too large: 90° or more a step",
        "flip": "The racket flips, whoever computes" if unique else "Too large to tell how it flips",
        "note": f"{first} Energy after {SECONDS:g} s, parts of the start: {'; '.join(ends)}.",
    }


def over_time(title: str, quantity: str, y: Axis) -> Panel:
    """One quantity by all integrators."""
    curves = (curve(f"{name} {quantity}", name, color(name)) for name in INTEGRATORS)
    return panel(title, *curves, x=axis("time (s)", [0, SECONDS]), y=y, height=330)


def free_body(**start: Any) -> Explorer:
    """Spin a tennis racket with three integrators: step size and speed."""
    ticks = {value: f"{value:g}" for value in (0.1, 0.2, 0.5, 1, 2, 5, 10)}
    errors = log("‖change of momentum‖ / start", [-16.3, 1.5], dtick=4)
    return Explorer(
        compute,
        {
            "h": slider("time step h (s)", 0.1, 0.1, 0.3, 0.01),
            "speed": slider("spin ‖ω₀‖ (rad/s)", 2.0, 1.0, 8.0, 0.25, named={"90° a step": {"speed": 6.0, "h": 0.24}}),
        },
        [
            over_time(entry("title"), "energy", log("energy / start", [-1, 1], ticks=ticks)),
            over_time("Momentum: to rounding, or hardly at all", "error", errors),
            over_time(entry("flip"), "spin", axis("middle spin ω₂ / ‖ω₀‖", [-2.2, 2.2])),
        ],
        call=__name__,
        start=start,
        recipe=spins,
    )
