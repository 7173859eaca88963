"""Heavy ball in its three-cycle beside the methods that arrive, and the passivity test that tells them apart."""

from functools import cache
from typing import Any

import numpy as np

from optilab.core.run import run
from optilab.papers.passivity_acceleration.algorithm import circle_curve, circle_margin, momentum_method
from optilab.papers.passivity_acceleration.experiment.failure import PROBLEM, cautious
from optilab.papers.passivity_acceleration.experiment.races import METHODS, together
from optilab.papers.passivity_acceleration.explorer.parts import color
from optilab.ui.controls import choice, log_slider, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, curve, entry, heat, here, log, panel, region, rule, walk
from optilab.ui.theme import INK, ink
from optilab.ui.words import number

STEPS = 120
SHADE = [[0, ink(0)], [1, ink(0.3)]]
POSITIONS, MOVES = np.linspace(-5, 5, 201), np.linspace(-5, 5, 161)
ANGLES = np.concatenate([np.geomspace(1e-4, 0.3, 300), np.linspace(0.3, np.pi, 301)[1:]])


def four_runs(x0: float, move: float) -> dict[str, np.ndarray]:
    """All methods from one start. Nesterov takes s = 1/30: 1/25 would solve the steep branches in one step."""
    methods = together([cautious(name, PROBLEM.mu, PROBLEM.L, s=1 / 30) for name in METHODS])
    start = np.full((len(METHODS), 1), x0)
    return run(momentum_method(PROBLEM, start, methods, before=start - move), STEPS).fields


@cache
def basin(name: str) -> np.ndarray:
    """Share of the four starts around each (position, last move) that never arrive, (moves, positions)."""
    moves, positions = (np.add.outer(grid, [-0.25, 0.25] * np.diff(grid)[:1]) for grid in (MOVES, POSITIONS))
    move, x = np.meshgrid(moves.ravel(), positions.ravel(), indexing="ij")
    method = cautious(name, PROBLEM.mu, PROBLEM.L, s=1 / 30)
    before = (x - move).reshape(-1, 1)
    states = momentum_method(PROBLEM, x.reshape(-1, 1), method, before=before)
    late = run(states, 60, every=60, keep=("xi", "before"))
    lost = np.maximum(abs(late.xi[-1, :, 0]), abs(late.before[-1, :, 0])) > 0.1
    return lost.reshape(len(MOVES), 2, len(POSITIONS), 2).mean((1, 3))


def compute(x0: float, move: float, name: str, kappa: float) -> dict[str, Any]:
    """All methods from one start; the chosen one in its phase plane and its passivity test at κ."""
    x, xi, before = (points[..., 0] for points in four_runs(x0, move).values())  # (steps, methods)
    chosen, ball = METHODS.index(name), METHODS.index("heavy ball")
    place, step = xi[:, chosen], (xi - before)[:, chosen]
    method = cautious(name, 1.0, kappa)
    half = circle_curve(method, 1.0, kappa, ANGLES)
    whole = np.concatenate([np.conj(half[::-1]), half])
    margin = float(circle_margin(method, 1.0, kappa))
    side, top = 0.12 * abs(whole).max(), 1.15 * abs(whole.imag).max() + 0.05
    return {
        **{method_name: np.maximum(abs(x[:, index]), 1e-16) for index, method_name in enumerate(METHODS)},
        "lost": basin(name),
        "iterates": (place, step),
        "last": (place[-3:], step[-3:]),
        "start": (place[0], step[0]),
        "curve": (whole.real, whole.imag),
        "re_range": [min(whole.real.min(), 0) - side, whole.real.max() + side],
        "im_range": [-top, top],
        "colour": color(name),
        "race": "Heavy ball never arrives from here" if caught(xi[:, ball]) else "All four arrive from here",
        "plane": f"{name.capitalize()}: {'shaded starts never' if name == 'heavy ball' else 'all starts'} arrive",
        "test": f"Passive? {name} at κ = {number(kappa)} {'stays in' if margin > 0 else 'leaves'} the shaded half",
        "note": note(name, kappa, xi[:, ball], margin),
    }


def caught(xi: np.ndarray) -> bool:
    """Whether the last iterates are away from the minimum."""
    return bool(abs(xi[-6:]).max() > 1e-3)


def note(name: str, kappa: float, xi: np.ndarray, margin: float) -> str:
    """Where heavy ball ends on the function of the trap, and what the test says of all functions of its κ."""
    cycle = ", ".join(number(value, 5) for value in xi[-3:])
    text = f"<b>Heavy ball is caught</b>: {cycle}, for ever." if caught(xi) else "Heavy ball arrives from here."
    text = f"On this function, whose κ is 25: {text} The test is about all functions with κ = {number(kappa)}: "
    if margin > 0:
        return f"{text}{name} passes (least real part {number(margin)}), so none of them can catch it."
    text += f"{name} fails (least real part {number(margin)}), and the test is silent."
    if name in ("Nesterov", "triple momentum"):
        text += " It converges all the same: the test is sufficient, not necessary."
    return text


def trap(**start: Any) -> Explorer:
    """Click a start in heavy ball's phase plane; below κ = 5.83 the passivity test would have vouched for it."""
    for name in METHODS:
        basin(name)
    return Explorer(
        compute,
        {
            "x0": slider("start x₀", 3.3, -5.0, 5.0, 0.01),
            "move": slider("last move x₀ − x₋₁", 0.0, -5.0, 5.0, 0.05, named={"at rest": 0.0}),
            "name": choice("phase plane and test of", "heavy ball", list(METHODS)),
            "kappa": log_slider("κ of the test", 25.0, 2.5, 250.0, steps=40),
        },
        [
            panel(
                entry("race"),
                *(curve((np.arange(STEPS + 1), name), name, color(name)) for name in METHODS),
                x="gradients k",
                y=log("|x|", [-16.3, 1.7], dtick=4),
                height=280,
            ),
            panel(
                entry("plane"),
                heat((POSITIONS, MOVES, "lost"), colorscale=SHADE, zmin=0, zmax=1, zsmooth="best", hoverinfo="skip"),
                walk("iterates", "", entry("colour"), opacity=0.5, hoverinfo="skip"),
                here("last", "", entry("colour"), hoverinfo="skip"),
                here("start", "start (click or drag)", INK, symbol="x"),
                rule(y=0, dash="dot"),
                x=axis("position x", [-5, 5]),
                y=axis("last move", [-5, 5]),
                click=("x0", "move"),
                height=280,
            ),
            panel(
                entry("test"),
                curve("curve", "(1 − LG)/(1 − μG), |z| = 1", entry("colour")),
                region(0, 1e6),
                x=axis("real part (shaded: passive)", "re_range"),
                y=axis("imaginary part", "im_range"),
                height=280,
            ),
        ],
        call=__name__,
        start=start,
        recipe=four_runs,
    )
