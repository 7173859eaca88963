"""Small explorers that use every part of the kit: one answers at once, one has a long part, one is in space."""

import time

import numpy as np
import plotly.graph_objects as go

from optilab.ui.controls import choice, formula, log_slider, player, slider, switch
from optilab.ui.explorer import Explorer
from optilab.ui.marks import contour
from optilab.ui.pictures import Panel
from optilab.ui.theme import color

GRID = np.linspace(-2.5, 2.5, 41)
CURVATURES = {"1": 1.0, "2": 2.0}


def descent(alpha, x0, y0, k, steep, shown, f):
    """Gradient descent on a valley."""
    if f not in CURVATURES:
        raise ValueError(f"f must be one of {sorted(CURVATURES)}, got {f!r}")
    H = np.array([CURVATURES[f], steep])
    path = np.array([x0, y0]) * (1 - alpha * H) ** np.arange(31)[:, None]
    return {
        "x": path[:, 0],
        "y": path[:, 1],
        "step": np.arange(31),
        "value": (H * path**2).sum(1) / 2,
        "shown": shown,
        "k": k,
        "now_x": path[[k], 0],
        "now_y": path[[k], 1],
        "title": f"The steep factor is {1 - alpha * steep:.3f}",
        "note": f"At step {k} the point is ({path[k, 0]:.3f}, {path[k, 1]:.3f}).",
    }


def valley(**start):
    """Gradient descent on a valley, with every kind of control."""
    controls = {
        "alpha": slider("step α", 0.05, 0.005, 0.195, 0.005, named={"edge 2/L": lambda values: 1.95 / values["steep"]}),
        "x0": slider("x₀", 2.0, -2.5, 2.5, 0.05),
        "y0": slider("y₀", 1.0, -2.5, 2.5, 0.05),
        "k": player("step k", 0, 30, interval=50),
        "f": formula("flat curvature", "1"),
        "steep": choice("curvature", 10.0, [("ten", 10.0), ("eight", 8.0)]),
        "shown": switch("show the value of every step", True),
    }
    height = np.log1p(GRID**2 + 10 * GRID[:, None] ** 2)
    panels = [
        Panel(
            "The path bounces between the walls",
            [
                contour((GRID, GRID, height))[1:],
                (
                    go.Scatter(name="path", mode="lines+markers", line_color=color("gradient descent")),
                    {"x": "x", "y": "y"},
                ),
                (
                    go.Scatter(name="step k", mode="markers", marker={"size": 12, "symbol": "circle-open"}),
                    {"x": "now_x", "y": "now_y"},
                ),
            ],
            {
                "xaxis": {"range": [-2.5, 2.5], "title": {"text": "flat direction"}},
                "yaxis": {"range": [-2.5, 2.5], "title": {"text": "steep direction"}},
            },
            click=("x0", "y0"),
        ),
        Panel(
            "",
            [(go.Scatter(name="f(x)"), {"x": "step", "y": "value", "visible": "shown"})],
            {
                "xaxis": {"title": {"text": "step"}},
                "yaxis": {"title": {"text": "value"}},
                "shapes": [
                    {"type": "line", "x0": 20, "x1": 20, "y0": 0, "y1": 1, "yref": "paper"},
                    {"type": "line", "y0": 0, "y1": 1, "yref": "paper", "line": {"dash": "dash"}},
                ],
            },
            {"title": "title", "shapes[1].x0": "k", "shapes[1].x1": "k"},
        ),
    ]
    return Explorer(descent, controls, panels, call="example_room.example.valley", start=start)


def walk(seed, steps, pause, progress):
    """A random walk, slowly."""
    rng = np.random.default_rng(seed)
    positions = []
    for step in range(steps):
        positions.append(rng.normal())
        time.sleep(pause / 1000)
        progress(step + 1, steps)
    return np.cumsum(positions)


def walks(**start):
    """A random walk, walked when the button is pressed."""
    return Explorer(
        lambda seed, steps, pause, scale, run: {
            "step": np.arange(len(run)),
            "walk": scale * run,
            "note": f"It ends at {run[-1]:.3f}.",
        },
        {
            "seed": slider("seed", 1, 0, 9, 1),
            "steps": slider("steps", 200, 100, 1000, 100),
            "pause": slider("pause (ms)", 0, 0, 100, 10),
            "scale": log_slider("scale", 1.0, 0.1, 10.0),
        },
        [
            Panel(
                "A walk goes nowhere, slowly",
                [(go.Scatter(name="walk"), {"x": "step", "y": "walk"})],
                {"xaxis": {"title": {"text": "step"}}, "yaxis": {"title": {"text": "position"}}},
            )
        ],
        call="example_room.example.walks",
        start=start,
        simulate=walk,
        run="Walk",
    )


CORNERS = np.array([[x, y, z] for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (0.0, 1.0)])
AT_ZERO = np.array([[0, 1, 3], [0, 3, 2], [0, 1, 5], [0, 5, 4], [0, 2, 6], [0, 6, 4]])  # the three sides at corner 0
SIDES = np.concatenate([AT_ZERO, 7 - AT_ZERO])


def slide(k, reach):
    """A box that slides along the floor, with the path of its centre."""
    x, y, z = (CORNERS + np.array([reach * k / 20, 0, 0])).T
    path = reach * np.arange(k + 1) / 20
    flat = np.zeros(k + 1)
    return {"x": x, "y": y, "z": z, "path": path, "flat": flat, "note": f"The box is at {path[-1]:.2f} m."}


def box(**start):
    """A sliding box in space."""
    i, j, k = SIDES.T
    space = {name: {"title": {"text": f"{name[0]} (m)"}} for name in ("xaxis", "yaxis", "zaxis")}
    space["xaxis"]["range"], space["yaxis"]["range"], space["zaxis"]["range"] = [-1, 6], [-1, 1], [0, 2]
    traces = [
        (go.Mesh3d(name="box", i=i, j=j, k=k, color=color("heavy ball")), {"x": "x", "y": "y", "z": "z"}),
        (
            go.Scatter3d(name="path", mode="lines", line={"color": color("gradient descent"), "width": 4}),
            {"x": "path", "y": "flat", "z": "flat"},
        ),
    ]
    return Explorer(
        slide,
        {"k": player("step k", 0, 20, interval=50), "reach": slider("reach (m)", 3.0, 1.0, 5.0, 0.5)},
        [
            Panel("The box slides", traces, {"scene": space, "margin": dict.fromkeys("lrtb", 0)}, wide=True),
            *(Panel(title, [(go.Scatter(showlegend=False), {"x": "path", "y": "flat"})]) for title in ("Low", "Lower")),
        ],
        call="example_room.example.box",
        start=start,
    )
