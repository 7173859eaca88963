"""iLQR pushes a puck out of stiction, if its gradients are smooth enough."""

from collections.abc import Callable
from typing import Any

import numpy as np

from optilab.core.run import Trace
from optilab.papers.dojo.experiment.puck import MOST, Q, T, plans
from optilab.ui.controls import choice, log_slider, player, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, curve, goal, here, log, panel, promise, walk
from optilab.ui.theme import ORANGE, ink, methods
from optilab.ui.words import number

FRAMES, SLIDING = 30, 9.0  # frames of the animation, and the first guess's force where it slides, N
REST, PUSHED = "no force", "a push that slides"
STEP, PER_STEP = 0.1, 2  # s, and frames of the slide in it
LENGTH = 0.06  # of the force's arrow, per N, as a part of what is shown
ARROW = {"symbol": ["circle", "arrow"], "size": [1, 12], "angleref": "previous"}
SHADE = methods(ours=["iLQR"])("iLQR")


def planned(
    kappa: float, mu: float, x: float, y: float, first: str, progress: bool | Callable[[float, float], Any] = False
) -> Trace:
    """All iterations."""
    end = np.array([x, y])
    force = SLIDING * end / max(float(np.linalg.norm(end)), 1e-9) if first == PUSHED else np.zeros(2)
    return plans(mu, kappa, end, force, progress=progress)


def compute(
    *, time: int, frame: int, kappa: float, mu: float, x: float, y: float, first: str, run: Trace
) -> dict[str, Any]:
    """The plan of one iteration with the puck on its way, and all costs."""
    last = len(run.step) - 1
    k = int(np.ceil(frame / FRAMES * last))
    path, force = run.z[k, :, :2], run.F[k].reshape(T, 2)
    size, step = np.linalg.norm(force, axis=-1), min(time // PER_STEP, T - 1)
    puck = path[step] + (time / PER_STEP - step) * (path[step + 1] - path[step])
    cost, slope = run.cost, run.slope
    staying = float(np.array([x, y]) @ Q[:2, :2] @ [x, y]) / 2
    reach = 1.12 * float(max(abs(x), abs(y), 0.4, np.abs(path).max()))
    end = "settled" if run.settled[-1] else f"stopped after {MOST}"
    after = f"after {last} iteration{'s' if last != 1 else ''}"
    if first == REST and cost[-1] > 0.99 * cost[0] and staying > 1:
        note = (
            f"<b>Stuck in stiction</b>: {end} {after} with cost {number(cost[-1], 4)}, that of staying at "
            f"rest ({number(staying, 4)}). The gradient it sees is {number(slope[0], 2)} long: too short to push."
        )
    else:
        moved, speed = np.linalg.norm(run.z[-1, -1, :2]), np.linalg.norm(run.z[-1, -1, 3:5])
        note = (
            f"Cost {number(cost[0])} → <b>{number(cost[-1])}</b>, {end} {after}; the puck moves {moved:.2f} m and "
            f"ends at {speed:.2f} m/s. At first the gradient is {number(slope[0], 2)} long. Shown: iteration {k}."
        )
    return {
        "path": (path[:, 0], path[:, 1]),
        "puck": (puck[0], puck[1]),
        "arrow": tuple(np.stack([puck, puck + LENGTH * reach * force[step]], 1)),
        "goal": (x, y),
        "range": [-reach, reach],
        "cost": (run.step, cost),
        "now": (k, cost[k]),
        "staying": ([0, max(last, 1)], np.full(2, max(staying, 1e-3))),
        "cost range": [float(np.log10(c)) for c in (max(0.5 * cost.min(), 1e-3), 2 * max(cost.max(), staying, 1e-2))],
        "force": (STEP * np.repeat(np.arange(T + 1), 2)[1:-1], np.repeat(size, 2)),
        "force now": (STEP * (step + 0.5), size[step]),
        "loose": ([0, STEP * T], np.full(2, mu * 9.81)),
        "force range": [0, 1.15 * float(max(size.max(), 1.4 * mu * 9.81))],
        "note": note,
    }


def push(**start: Any) -> Explorer:
    """Choose how smooth the gradients are and where the puck shall go; runs at the press of the button."""
    named = {"0.001": 1e-3, "0.1": 0.1}
    return Explorer(
        compute,
        {
            "kappa": log_slider("gradients' κ_g", 0.1, 1e-6, 1, steps=24, readout=".1e", named=named),
            "mu": slider("friction μ", 0.5, 0.2, 0.8, 0.05),
            "first": choice("first guess", REST, [REST, PUSHED]),
            "time": player("slide", 11, T * PER_STEP, interval=50),
            "frame": player("iterations", FRAMES, FRAMES, interval=120),
            "x": slider("goal x (m)", 1.0, -1.2, 1.2, 0.05),
            "y": slider("goal y (m)", 0.5, -1.2, 1.2, 0.05),
        },
        [
            panel(
                "From above: the puck and the goal ☆ (click: another goal)",
                walk("path", "puck, every 0.1 s", SHADE),
                curve("arrow", "force", ORANGE, mode="lines+markers", marker=ARROW),
                here("puck", shade=SHADE, size=16),
                goal("goal", shade=ink(0.9), symbol="star-open", marker={"line": {"width": 2}}),
                x=axis("x (m)", "range", constrain="domain", dtick=0.5),
                y=axis("y (m)", "range", equal=True, dtick=0.5),
                click=("x", "y"),
                height=340,
            ),
            panel(
                "Does the cost leave that of staying where it is?",
                promise("staying", "staying", ink(0.7)),
                walk("cost", "cost J", SHADE),
                here("now", shade=SHADE),
                x="iteration",
                y=log("cost J", "cost range", dtick="D2"),
                height=340,
            ),
            panel(
                "A useful force has to exceed μmg",
                promise("loose", "breaks loose, μmg", ink(0.7)),
                curve("force", "force", ORANGE),
                here("force now", shade=ORANGE),
                x="time (s)",
                y=axis("‖F‖ (N)", "force range"),
                height=340,
            ),
        ],
        call=__name__,
        start=start,
        recipe=planned,
        simulate=planned,
        run="Plan",
    )
