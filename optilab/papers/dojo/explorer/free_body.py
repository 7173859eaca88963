"""A thrown tennis racket: three integrators, one of which keeps energy and momentum."""

from functools import lru_cache
from typing import Any

import numpy as np

from optilab.core.run import Trace, run
from optilab.papers.dojo.algorithm import INTEGRATORS
from optilab.papers.dojo.experiment.rigid import RACKET
from optilab.papers.dojo.explorer.racket import PLACES, color, racket, rackets
from optilab.ui.controls import player, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import Axis, Mark, axis, curve, entry, guide, log, panel
from optilab.ui.pictures import Panel
from optilab.ui.theme import ink
from optilab.ui.words import number

SECONDS, FRAMES = 10.0, 100
DIRECTION = np.array([0.005, 1.0, 0.005])  # nearly about the middle axis, so that it flips
LEAST = 1e-16  # an error of 0 on a log axis
KEPT = 1e-6  # of the energy: what counts as keeping it


@lru_cache(maxsize=32)
def spins(h: float, speed: float) -> dict[str, Trace]:
    """The racket's ten seconds by every integrator that can start."""
    steps, omega = int(np.ceil(SECONDS / h)), speed * DIRECTION
    options = {"variational": {"rtol": 1e-12}, "explicit Euler": {}, "implicit Euler": {"rtol": 1e-7}}
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


@lru_cache(maxsize=32)
def record(h: float, speed: float) -> dict[str, Any]:
    """Energy, error of the momentum and middle spin of all integrators, cut where they stop being numbers."""
    runs = spins(h, speed)
    t = h * np.arange(int(np.ceil(SECONDS / h)) + 1)
    data: dict[str, Any] = {}
    ends, flips = [], {}
    for name in INTEGRATORS:
        energy, error, spin = columns(runs.get(name), speed, len(t))
        data |= {f"{name} energy": (t, energy), f"{name} error": (t, error), f"{name} spin": (t, spin)}
        last = np.flatnonzero(np.isfinite(energy))
        if len(last) == len(t):
            ends.append(f"{name} {number(energy[-1])}")
            flips[name] = int((np.diff(np.sign(spin)) != 0).sum())
        else:
            ends.append(f"{name} lost at {t[last[-1] + 1]:.3g} s" if len(last) else f"{name} cannot start")
    turn = h * speed * float(np.linalg.norm(DIRECTION))
    if turn >= 2:
        first = f"<b>Step too large</b>: h‖ω‖ = {number(turn)} ≥ 2, half a turn a step: no d(ω) exists."
    elif turn >= np.sqrt(2):
        first = f"<b>Step too large: rotation per step ≥ 90°</b> (h‖ω‖ = {number(turn)}), the root isn't unique."
    else:
        first = f"It turns by {np.degrees(2 * np.arcsin(turn / 2)):.0f}° a step."
    kept = "variational" in flips and np.ptp(data["variational energy"][1]) < KEPT
    times = sorted(set(flips.values()))
    if not kept:
        flip = "Too fast a spin to tell how it flips"
    elif times == [0]:
        flip = f"No flip within {SECONDS:g} s: spin it faster"
    elif len(times) == 1 and len(flips) == len(INTEGRATORS):
        flip = f"The racket flips {'once' if times == [1] else f'{times[0]} times'}, whoever computes"
    else:
        flip = f"The racket flips {flips['variational']}×; Euler miscounts or is lost"
    return data | {
        "title": "Energy: one integrator keeps it" if kept else "Energy: at this step nobody keeps it",
        "drift": "Momentum: to rounding, or hardly at all" if kept else "Momentum: nobody carries it to the end",
        "flip": flip,
        "note": f"{first} Energy after {SECONDS:g} s, parts of the start: {'; '.join(ends)}.",
    }


def compute(frame: int, h: float, speed: float) -> dict[str, Any]:
    """The record of ten seconds, and the three rackets at a frame."""
    h, speed = round(h, 6), round(speed, 6)
    runs, now = spins(h, speed), frame * SECONDS / FRAMES
    k = int(now / h + 1e-9)
    data = {"now": (np.full(2, now), np.array([-2.2, 2.2]))}
    for name, place in PLACES.items():
        data |= {f"{name} {part}": at for part, at in racket(runs.get(name), k, place).items()}
    lost = [place for name, place in PLACES.items() if not np.isfinite(data[f"{name} mark"][0]).all()]
    data["lost"] = (np.array(lost or [np.nan]), np.zeros(max(len(lost), 1)))
    return data | record(h, speed)


def over_time(title: str, quantity: str, y: Axis, *marks: Mark) -> Panel:
    """One quantity by all integrators."""
    curves = (curve(f"{name} {quantity}", name, color(name)) for name in INTEGRATORS)
    return panel(title, *curves, *marks, x=axis("time (s)", [0, SECONDS]), y=y, height=300)


def free_body(**start: Any) -> Explorer:
    """Spin a tennis racket with three integrators: step size and speed."""
    ticks = {value: f"{value:g}" for value in (0.1, 0.2, 0.5, 1, 2, 5, 10)}
    errors = log("‖change of momentum‖ / start", [-16.3, 1.5], dtick=4)
    return Explorer(
        compute,
        {
            "frame": player("time", 0, FRAMES, interval=60),
            "h": slider("time step h (s)", 0.1, 0.1, 0.3, 0.01),
            "speed": slider("spin ‖ω₀‖ (rad/s)", 2.0, 1.0, 8.0, 0.25, named={"90° a step": {"speed": 6.0, "h": 0.24}}),
        },
        [
            rackets(),
            over_time(entry("title"), "energy", log("energy / start", [-1, 1], ticks=ticks)),
            over_time(entry("drift"), "error", errors),
            over_time(entry("flip"), "spin", axis("middle spin ω₂ / ‖ω₀‖", [-2.2, 2.2]), guide("now", shade=ink(0.7))),
        ],
        call=__name__,
        start=start,
        recipe=spins,
    )
