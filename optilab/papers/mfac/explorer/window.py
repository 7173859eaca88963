"""A ring buffer at work: single gradients of a regression in the plane, and the curvature that they add up to."""

from functools import lru_cache
from typing import Any

import numpy as np

from optilab.papers.mfac.experiment import curvature_error, film, regression
from optilab.papers.mfac.explorer.parts import color, ellipse, ring
from optilab.ui.controls import log_slider, player, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, cloud, contour, curve, goal, here, log, panel, promise, rule, thin
from optilab.ui.theme import INK, ink
from optilab.ui.words import number

STEPS, SEED = 300, 3
PROBLEM = regression(SEED)
OURS = color("M-FAC")


def window_film(m: int, lam: float, lr: float) -> Any:
    """Points (301, 2) and windows (301, m, 2) of the optimiser, one random equation a step."""
    return film(m, lam, lr, SEED, STEPS)


kept = lru_cache(8)(window_film)


def plane(theta: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
    """Two axes of 41 points that hold start, minimum and the whole path theta (frames, 2), and the loss above them."""
    low, high = np.minimum(theta.min(0), [-5, -4]), np.maximum(theta.max(0), [3.5, 7])
    axes = [np.linspace(*ends, 41) for ends in zip(low, high, strict=True)]
    return axes, PROBLEM(np.stack(np.meshgrid(*axes), -1))


def compute(frame: int, m: int, lam: float, lr: float) -> dict[str, Any]:
    """The path up to a frame, the ring there, curvature as the window has it, and its error over all steps."""
    theta, G = kept(m, lam, lr)
    H = PROBLEM.curvature
    error = curvature_error(G, H)
    fisher = G[frame].T @ G[frame] / m
    slots_x, slots_y, (length, angle) = ring(G[frame], frame)
    reach = max(1.3, 1.15 * float(np.sqrt(np.linalg.eigvalsh(fisher)[-1] + lam)))
    filled = min(frame, m)
    gap = PROBLEM(theta) - PROBLEM.minimum
    (across, up), loss = plane(theta)
    return {
        "loss": (across, up, loss),
        "across": [across[0], across[-1]],
        "up": [up[0], up[-1]],
        "path": (theta[: frame + 1, 0], theta[: frame + 1, 1]),
        "here": (theta[frame, 0], theta[frame, 1]),
        "ring": (slots_x, slots_y),
        "newest": (length * np.cos(angle), length * np.sin(angle)),
        "fisher": ellipse(fisher) if frame else (np.nan, np.nan),
        "damped": ellipse(fisher + lam * np.eye(2)),
        "hessian": ellipse(H),
        "span": [-reach, reach],
        "error": (np.arange(1, STEPS + 1), error[1:]),
        "now": (max(frame, 1), error[max(frame, 1)]),
        "note": f"Step {frame}: {filled} of {m} slots filled. The window's curvature is off by "
        f"<b>{number(error[frame], 2)} times</b> the Hessian's size, over the last 100 steps by "
        f"{number(float(np.median(error[-100:])), 2)} times in the median. "
        f"Loss above the least: {number(gap[frame])}, at step {STEPS}: {number(gap[-1])}.",
    }


def window(**start: Any) -> Explorer:
    """A film of 300 steps with window m, damping and step size, beside path, ring, ellipses and error."""
    bare: dict[str, Any] = {"showgrid": False, "showticklabels": False, "ticks": "", "showline": False}
    x, y = PROBLEM.minimizer
    return Explorer(
        compute,
        {
            "frame": player("step", 60, STEPS, interval=60),
            "m": slider("window m", 16, 1, 64, 1, named={"1": 1, "16": 16, "64": 64}),
            "lam": log_slider("λ", 0.1, 1e-3, 10.0, steps=40),
            "lr": log_slider("step size", 0.2, 0.01, 0.5, steps=34),
        },
        [
            panel(
                "The path over the loss",
                contour("loss", ncontours=24),
                thin("path", "", OURS),
                cloud("path", "", OURS),
                here("here", "", OURS),
                goal(([x], [y])),
                x=axis("θ₁", "across"),
                y=axis("θ₂", "up"),
            ),
            panel(
                "The ring: every step overwrites one slot",
                thin((np.cos(np.linspace(0, 7, 99)), np.sin(np.linspace(0, 7, 99))), "", ink(0.5), hoverinfo="skip"),
                curve("ring", "", OURS, hoverinfo="skip"),
                here("newest", "", INK, hoverinfo="skip"),
                x=axis("spokes: lengths of gradients, log scale", [-2.9, 2.9], **bare),
                y=axis("", [-2.9, 2.9], equal=True, **bare),
            ),
            panel(
                "Curvature: radius² is the curvature along that direction",
                curve("hessian", "Hessian H", INK),
                curve("fisher", "window, GᵀG/m", OURS),
                promise("damped", "with λ", OURS),
                x=axis("", "span"),
                y=axis("", "span", equal=True),
            ),
            panel(
                "The window remembers: its error against H",
                curve("error", "", OURS),
                here("now", "", OURS),
                rule(y=1, dash="dot"),
                x=axis("step", [0, STEPS]),
                y=log("‖GᵀG/m − H‖/‖H‖", [-1.3, 3.5], dtick=1),
            ),
        ],
        call=__name__,
        start=start,
        recipe=window_film,
    )
