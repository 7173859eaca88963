"""A box is thrown, tumbles, slides and comes to rest: rigid contact in space, one frame after the other."""

from collections.abc import Callable
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go

from optilab.core.run import run as advance
from optilab.papers.dojo.algorithm import System, box, rollout, state_of
from optilab.papers.dojo.algorithm.contact import FRICTIONS
from optilab.papers.dojo.algorithm.quaternion import from_axis, rotation
from optilab.ui.controls import choice, log_slider, player, slider
from optilab.ui.explorer import Explorer
from optilab.ui.pictures import Panel
from optilab.ui.theme import BLUE, ORANGE, TEAL, color, ink

EDGES, MASS, H, STEPS = (0.6, 0.4, 0.25), 1.0, 0.02, 100
FRAMES = STEPS // 2
LENGTH, LONGEST = 0.4, 0.8  # of the line that shows an impulse: m per N·s, and m
BELOW, ROOM = 0.3, np.array([2.7, 2.4, 1.7])  # what is shown under the floor (m), and the sides of the scene, at most
BODY, CORNERS = box(EDGES)
POINTS = np.array([corner.p for corner in CORNERS])
SIDES = np.array([[0, 1, 3], [0, 3, 2], [0, 1, 5], [0, 5, 4], [0, 2, 6], [0, 6, 4]])  # the three that meet at corner 0
SIDES = np.concatenate([SIDES, 7 - SIDES])
RIMS = [(i, j) for i, j in combinations(range(8), 2) if (i ^ j).bit_count() == 1]
MODELS = [name for name in FRICTIONS if name != "none"]


class Throw(NamedTuple):
    """One throw, step by step."""

    corners: np.ndarray  # (steps + 1, 8, 3) m
    centre: np.ndarray  # (steps + 1, 3) m
    impulses: np.ndarray  # (steps + 1, 8, 3) N·s
    gap: np.ndarray  # (steps + 1) of the lowest corner, m
    energy: np.ndarray  # (steps + 1) J
    sliding: np.ndarray  # (steps + 1) speed of the centre along the floor, m/s
    iterations: np.ndarray  # (steps + 1)


def thrown(mu: float, kappa: float, model: str) -> System:
    """The box over the floor."""
    body, corners = box(EDGES, m=MASS, mu=mu)
    return System([body], corners, h=H, friction=model)


def throw(
    mu: float, kappa: float, model: str, speed: float, spin: float, progress: Callable[[float, float], Any]
) -> Throw:
    """Two seconds from a throw with `speed` (m/s) along the floor and `spin` (rad/s) about the box's axes."""
    system = thrown(mu, kappa, model)
    q = from_axis(np.array([1.0, 2.0, 0.5]), 0.5)
    start = state_of((0, 0, 0.75), speed * np.array([0.95, 0.3, 0.0]), q, spin * np.array([0.3, 0.9, 0.3]))
    trace = advance(rollout(system, start, kappa=kappa), STEPS, progress=progress)
    x, v, omega = trace.x[:, 0], trace.v[:, 0], trace.omega[:, 0]
    corners = x[:, None] + (rotation(trace.q[:, 0])[:, None] @ POINTS[..., None])[..., 0]
    turning = (omega * (omega @ BODY.J)).sum(-1) / 2
    energy = MASS * ((v**2).sum(-1) / 2 + system.gravity * (x - H / 2 * v)[:, 2]) + turning
    impulses = system.contact_impulses(trace.w)
    sliding = np.linalg.norm(v[:, :2], axis=-1)
    return Throw(corners, x, impulses, trace.gap.min(-1), energy, sliding, trace.iterations)


def compute(frame: int, mu: float, kappa: float, model: str, speed: float, spin: float, run: Throw) -> dict[str, Any]:
    """The box at a frame, its path so far, what the floor does to its corners, and the record of the whole throw."""
    k = frame * STEPS // FRAMES
    corners = run.corners[k]
    rims = np.full((len(RIMS), 3, 3), np.nan)  # each edge, then a gap
    rims[:, :2] = corners[RIMS]
    push = LENGTH * run.impulses[k]
    size = np.linalg.norm(push, axis=-1, keepdims=True)
    push = push * np.minimum(1, LONGEST / np.maximum(size, 1e-12))
    pushes = np.full((8, 3, 3), np.nan)
    pushes[:, 0], pushes[:, 1] = corners - push, corners  # from under the floor, where nothing hides it
    low, high = np.nanmin(run.corners, (0, 1)) - 0.15, np.nanmax(run.corners, (0, 1)) + 0.15
    span = np.array([*(high - low)[:2], high[2] + BELOW])
    aspect = span * (ROOM / span).min()
    floor = np.array([[low[0], low[1]], [high[0], low[1]], [high[0], high[1]], [low[0], high[1]]])
    t = H * np.arange(STEPS + 1)
    resting = 4 * kappa / (MASS * 9.81 * H)
    data: dict[str, Any] = {
        "t": t,
        "now": t[[k]],
        "gap": run.gap,
        "gap_now": run.gap[[k]],
        "resting": np.full(STEPS + 1, resting),
        "energy": run.energy,
        "energy_now": run.energy[[k]],
        "sliding": run.sliding,
        "x_range": [low[0], high[0]],
        "y_range": [low[1], high[1]],
        "z_range": [-BELOW, float(high[2])],
        "floor_x": floor[:, 0],
        "floor_y": floor[:, 1],
    }
    for axis, name in enumerate("xyz"):
        data |= {
            name: corners[:, axis],
            f"rim_{name}": rims[..., axis].ravel(),
            f"push_{name}": pushes[..., axis].ravel(),
            f"path_{name}": run.centre[: k + 1, axis],
            f"aspect_{name}": float(aspect[axis]),
            f"shadow_{name}": run.centre[: k + 1, axis] * (axis < 2),
        }
    lost = np.flatnonzero(~np.isfinite(run.gap))
    if len(lost):
        note = f"<b>The solver did not converge</b> at {t[lost[0]]:.2f} s: the box is lost from there on."
    else:
        note = (
            f"At {t[k]:.2f} s the centre moves at {run.sliding[k]:.2f} m/s along the floor. The nearest that a corner "
            f"ever comes to the floor is {run.gap.min():.1e} m; at rest it is 4κ/(mgh) = {resting:.1e} m. "
            f"{run.iterations[1:].mean():.1f} iterations a step."
        )
    soft = np.nanmax(run.energy - np.fmin.accumulate(run.energy)) > 0.01 * run.energy[0]
    title = "Smoothed too much, the floor is a spring" if soft else "Each impact and all sliding take energy"
    return data | {"title": title, "note": note}


def code(values: dict[str, Any]) -> str:
    """The throw by hand."""
    return (
        "import numpy as np\n"
        "from optilab.core.run import run\n"
        "from optilab.papers.dojo.algorithm import System, box, rollout, state_of\n"
        "from optilab.papers.dojo.algorithm.quaternion import from_axis\n\n"
        f"body, corners = box((0.6, 0.4, 0.25), mu={values['mu']:.10g})\n"
        f"system = System([body], corners, h=0.02, friction={values['model']!r})\n"
        f"v, q = {values['speed']:.10g} * np.array([0.95, 0.3, 0]), from_axis(np.array([1, 2, 0.5]), 0.5)\n"
        f"omega = {values['spin']:.10g} * np.array([0.3, 0.9, 0.3])\n"
        f"run(rollout(system, state_of((0, 0, 0.75), v, q, omega), kappa={values['kappa']:.10g}), {STEPS}).x"
    )


def _scene() -> Panel:
    i, j, k = SIDES.T
    flat = {"flatshading": True, "lighting": {"ambient": 0.75, "diffuse": 0.5}, "hoverinfo": "skip"}
    path = {"color": ink(0.7), "width": 3}
    traces: list[tuple[Any, dict[str, str]]] = [
        (
            go.Mesh3d(i=[0, 0], j=[1, 2], k=[2, 3], z=[0, 0, 0, 0], color=ink(0.5), opacity=0.18, hoverinfo="skip"),
            {"x": "floor_x", "y": "floor_y"},
        ),
        (go.Mesh3d(i=i, j=j, k=k, color=color("cone"), opacity=0.85, **flat), {"x": "x", "y": "y", "z": "z"}),
        (
            go.Scatter3d(mode="lines", line={"color": ink(0.9), "width": 4}, showlegend=False, hoverinfo="skip"),
            {"x": "rim_x", "y": "rim_y", "z": "rim_z"},
        ),
        (
            go.Scatter3d(name="path of the centre", mode="lines", line=path, hoverinfo="skip"),
            {"x": "path_x", "y": "path_y", "z": "path_z"},
        ),
        (
            go.Scatter3d(mode="lines", line=path | {"dash": "dot"}, showlegend=False, hoverinfo="skip"),
            {"x": "shadow_x", "y": "shadow_y", "z": "shadow_z"},
        ),
        (
            go.Scatter3d(
                name="impulse of the floor", mode="lines", line={"color": ORANGE, "width": 7}, hoverinfo="skip"
            ),
            {"x": "push_x", "y": "push_y", "z": "push_z"},
        ),
    ]
    scene: dict[str, Any] = {f"{axis}axis": {"title": {"text": f"{axis} (m)"}, "nticks": 5} for axis in "xyz"}
    scene["camera"] = {"eye": {"x": 0.6, "y": -3.1, "z": 1.35}, "center": {"x": 0, "y": 0, "z": -0.2}}
    scene["aspectmode"] = "manual"
    moving = {f"scene.{axis}axis.range": f"{axis}_range" for axis in "xyz"}
    moving |= {f"scene.aspectratio.{axis}": f"aspect_{axis}" for axis in "xyz"}
    title = "The floor pushes at the corners that touch it"
    return Panel(title, traces, {"scene": scene, "margin": dict.fromkeys("lrtb", 0)}, moving, height=430, wide=True)


def _record(
    title: str, curves: list[tuple[Any, dict[str, str]]], label: str, axis: dict[str, Any], moving: dict[str, str]
) -> Panel:
    layout = {"xaxis": {"title": {"text": "time (s)"}}, "yaxis": {"title": {"text": label}} | axis}
    return Panel(title, curves, layout, moving, height=230)


def _line(name: str, shade: str, y: str, **style: Any) -> tuple[Any, dict[str, str]]:
    return go.Scatter(name=name, mode="lines", line={"color": shade, "width": 2.2} | style), {"x": "t", "y": y}


def _dot(shade: str, y: str) -> tuple[Any, dict[str, str]]:
    return go.Scatter(mode="markers", showlegend=False, marker={"color": shade, "size": 10}), {"x": "now", "y": y}


def thrown_box(**start: Any) -> Explorer:
    """Throw a box: friction and its model, the central path's κ, speed and spin; then play it."""
    gap = [
        _line("gap of the lowest corner", BLUE, "gap"),
        _line("resting gap 4κ/(mgh)", ink(0.6), "resting", dash="dash"),
        _dot(BLUE, "gap_now"),
    ]
    energy = [_line("energy", TEAL, "energy"), _dot(TEAL, "energy_now")]
    return Explorer(
        compute,
        {
            "frame": player("frame", 12, FRAMES, interval=60),
            "mu": slider("friction μ", 0.3, 0.05, 1.0, 0.05),
            "kappa": log_slider(
                "κ (N·s·m)", 1e-6, 1e-8, 1e-2, steps=12, readout=".1e", named={"hard": 1e-8, "floating": 1e-2}
            ),
            "model": choice("friction cone", "cone", MODELS),
            "speed": slider("speed (m/s)", 3.0, 0.0, 5.0, 0.25),
            "spin": slider("spin (rad/s)", 4.0, 0.0, 8.0, 0.5),
        },
        [
            _scene(),
            _record(
                "The gap is small, never zero", gap, "gap (m)", {"type": "log", "range": [-9.5, 0.5], "dtick": 2}, {}
            ),
            _record("", energy, "energy (J)", {"rangemode": "tozero"}, {"title": "title"}),
        ],
        call="optilab.papers.dojo.explorer.thrown_box",
        start=start,
        code=code,
        simulate=throw,
        run="Throw",
    )
