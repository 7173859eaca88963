"""A box is thrown, tumbles, slides and comes to rest: rigid contact in space, one frame after the other."""

from collections.abc import Callable
from typing import Any

import numpy as np

from optilab.core.run import Trace, run
from optilab.papers.dojo.algorithm import System, box, rollout, state_of
from optilab.papers.dojo.algorithm.contact import FRICTIONS
from optilab.papers.dojo.algorithm.quaternion import from_axis, rotation
from optilab.papers.dojo.experiment.rigid import energy
from optilab.papers.dojo.explorer.scene import lines, scene, seen
from optilab.ui.controls import choice, log_slider, player, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, curve, entry, here, log, panel, promise
from optilab.ui.theme import BLUE, TEAL, ink
from optilab.ui.words import number

H, STEPS = 0.02, 100
FRAMES = STEPS // 2
MODELS = [name for name in FRICTIONS if name != "none"]


def throw(
    mu: float,
    kappa: float,
    model: str,
    speed: float,
    spin: float,
    progress: bool | Callable[[float, float], Any] = False,
) -> tuple[System, Trace]:
    """Two seconds from a throw with `speed` (m/s) along the floor and `spin` (rad/s) about the box's axes."""
    body, corners = box((0.6, 0.4, 0.25), mu=mu)
    system = System([body], corners, h=H, friction=model)
    v, omega = speed * np.array([0.95, 0.3, 0.0]), spin * np.array([0.3, 0.9, 0.3])
    start = state_of((0, 0, 0.75), v, from_axis(np.array([1.0, 2.0, 0.5]), 0.5), omega)
    return system, run(rollout(system, start, kappa=kappa), STEPS, progress=progress)


def compute(frame: int, kappa: float, run: tuple[System, Trace], **thrown: Any) -> dict[str, Any]:
    """The box at a frame, its path so far, what the floor does to its corners, and the record of the whole throw."""
    system, trace = run
    k, t = frame * STEPS // FRAMES, H * np.arange(STEPS + 1)
    x, gap, energies = trace.x[:, 0], trace.gap.min(-1), energy(system, trace)
    corners = x[:, None] + np.matvec(rotation(trace.q[:, 0])[:, None], system.p)
    sliding = np.linalg.norm(trace.v[k, 0, :2])
    resting = 4 * kappa / float(system.m[0] * system.gravity * H)
    lost = np.flatnonzero(~np.isfinite(gap))
    note = (
        f"At {t[k]:.2f} s the centre moves at {sliding:.2f} m/s along the floor. The nearest that a "
        f"corner ever comes to the floor is {number(gap.min(), 2)} m; at rest it is 4κ/(mgh) = {number(resting, 2)} m. "
        f"{trace.iterations[1:].mean():.1f} iterations a step."
    )
    if len(lost):
        note = f"<b>The solver did not converge</b> at {t[lost[0]]:.2f} s: the box is lost from there on."
    soft = np.nanmax(energies - np.fmin.accumulate(energies)) > 0.01 * energies[0]
    return lines(corners, system.contact_impulses(trace.w[k]), k) | {
        "path": seen(x[: k + 1]),
        "gap": (t, gap),
        "gap now": (t[k], gap[k]),
        "resting": (t, np.full(STEPS + 1, resting)),
        "energy": (t, energies),
        "energy now": (t[k], energies[k]),
        "floats": f"The gap is never zero: at rest the box floats {number(1e3 * resting, 2)} mm up",
        "title": "Smoothed too much, the floor is a spring" if soft else "Each impact and all sliding take energy",
        "note": note,
    }


def thrown_box(**start: Any) -> Explorer:
    """Throw a box: friction and its model, the central path's κ, speed and spin; then play it."""
    hard = {"hard": 1e-8, "floating": 1e-2}
    return Explorer(
        compute,
        {
            "frame": player("frame", 12, FRAMES, interval=60),
            "mu": slider("friction μ", 0.3, 0.05, 1.0, 0.05),
            "kappa": log_slider("κ (N·s·m)", 1e-6, 1e-8, 1e-2, steps=12, readout=".1e", named=hard),
            "model": choice("friction cone", "cone", MODELS),
            "speed": slider("speed (m/s)", 3.0, 0.0, 5.0, 0.25),
            "spin": slider("spin (rad/s)", 4.0, 0.0, 8.0, 0.5),
        },
        [
            scene(),
            panel(
                entry("floats"),
                curve("gap", "gap of the lowest corner", BLUE),
                promise("resting", "resting gap 4κ/(mgh)", ink(0.6)),
                here("gap now", shade=BLUE),
                x="time (s)",
                y=log("gap (m)", [-9.5, 0.5], dtick=2),
                height=230,
            ),
            panel(
                entry("title"),
                curve("energy", "energy", TEAL),
                here("energy now", shade=TEAL),
                x="time (s)",
                y=axis("energy (J)", rangemode="tozero"),
                height=230,
            ),
        ],
        call=__name__,
        start=start,
        recipe=throw,
        simulate=throw,
        run="Throw",
    )
