"""A thrown tennis racket: three integrators, one of which keeps energy and momentum."""

from functools import lru_cache
from typing import Any

import numpy as np

from optilab.core.run import Trace, run
from optilab.papers.dojo.algorithm import INTEGRATORS
from optilab.papers.dojo.algorithm.quaternion import rotation
from optilab.papers.dojo.experiment.rigid import RACKET
from optilab.ui.controls import player, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import Axis, Mark, axis, curve, dots, entry, guide, log, panel, texts
from optilab.ui.pictures import Panel
from optilab.ui.theme import INK, ink, methods
from optilab.ui.words import number

SECONDS, FRAMES = 10.0, 100
DIRECTION = np.array([0.005, 1.0, 0.005])  # nearly about the middle axis, so that it flips
LEAST = 1e-16  # an error of 0 on a log axis
KEPT = 1e-6  # of the energy: what counts as keeping it
color = methods(ours=["variational"], rivals=["explicit Euler", "implicit Euler"])

# The racket in its frame, the handle along axis 1 and the strings across axes 1 and 2, seen from above the floor
TURN = np.linspace(0, 2 * np.pi, 49)
RIM = np.stack([0.65 + 0.75 * np.cos(TURN), 0.55 * np.sin(TURN), 0 * TURN])
HANDLE = np.array([[-0.1, -1.2, -1.2, -0.1], [0.07, 0.07, -0.07, -0.07], [0.0, 0, 0, 0]])
MARKED = np.array([[0.65], [0.55], [0.0]])  # on the rim, on top as it starts
SLOPE = np.radians(22)
SCREEN = np.array([[1, 0, 0], [0, np.cos(SLOPE), -np.sin(SLOPE)]])
PLACES = dict(zip(INTEGRATORS, (0.0, 4.2, 8.4), strict=True))


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


def racket(trace: Trace | None, k: int, place: float) -> dict[str, Any]:
    """The racket of one integrator after k steps: the side of its strings that shows, its handle, the mark."""
    nothing = (np.full(1, np.nan), np.full(1, np.nan))
    if trace is None or k >= len(trace.q) or not np.isfinite(trace.q[k]).all():
        return dict.fromkeys(("front", "back", "handle", "mark"), nothing)
    seen, shift = SCREEN @ rotation(trace.q[k]), np.array([[place], [0.0]])
    front = seen[0, 0] * seen[1, 1] > seen[0, 1] * seen[1, 0]
    rim = tuple(seen @ RIM + shift)
    sides = {"front": rim if front else nothing, "back": nothing if front else rim}
    return sides | {"handle": tuple(seen @ HANDLE + shift), "mark": tuple(seen @ MARKED + shift)}


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


def rackets() -> Panel:
    """The three rackets in the air."""
    marks = [guide((np.array([x, x]), np.array([-1.7, 1.7])), shade=ink(0.5)) for x in PLACES.values()]
    for name in INTEGRATORS:
        shade = color(name)
        marks += [
            curve(f"{name} front", shade=shade, fill="toself", fillcolor=shade, hoverinfo="skip"),
            curve(f"{name} back", shade=shade, fill="toself", fillcolor=ink(0.08), hoverinfo="skip"),
            curve(f"{name} handle", shade=shade, fill="toself", fillcolor=shade, hoverinfo="skip"),
            dots(f"{name} mark", shade=INK, hoverinfo="skip"),
        ]
    marks.append(texts((np.array([*PLACES.values()]), np.full(3, -1.95)), [*PLACES], ink(0.9)))
    marks.append(texts("lost", ["lost"] * 3, ink(0.7)))
    hidden = {"visible": False}
    title = "Thrown spinning about the dotted axis, the dot on top; when it flips, the dot is below"
    return panel(
        title,
        *marks,
        x=axis("", [-1.9, 10.4], constrain="domain", **hidden),
        y=axis("", [-2.2, 1.8], equal=True, **hidden),
        height=300,
        wide=True,
    )


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
