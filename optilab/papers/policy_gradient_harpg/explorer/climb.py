"""One run on the exact landscape: where it walks, where its direction points, where it should."""

from functools import lru_cache
from typing import Any

import numpy as np

from optilab.core.numerics import unit
from optilab.core.run import run
from optilab.papers.policy_gradient_harpg.algorithm import NORMALISED, method
from optilab.papers.policy_gradient_harpg.experiment import FAR, PLANT, START
from optilab.papers.policy_gradient_harpg.explorer.parts import NAMES, color
from optilab.ui.controls import choice, log_slider, player, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, contour, curve, dots, entry, goal, here, panel, promise, rule, texts, thin
from optilab.ui.words import number

T = 100
LOW, HIGH = -5.0, 3.0


@lru_cache(maxsize=64)
def walked(name: str, gamma0: float, N: int, seed: int) -> Any:
    """A run up to where it diverged: θ, directions, where they drew, the ∇J that they stand in for, and J_H."""
    gamma0 = gamma0 if name in NORMALISED else gamma0 / 100
    states = method(name)(PLANT, START, T=T, gamma0=gamma0, N=N, rng=np.random.default_rng(seed))
    trace = run(states, T, limit=FAR)
    columns = trace.theta, trace.d, trace.fields.get("probe", trace.theta_prev), trace.theta_prev
    theta, d, probe, before = (column[np.isfinite(trace.theta).all(-1)] for column in columns)
    return theta, d, probe, PLANT.grad(before), PLANT(theta)


def arrow(start: np.ndarray, vector: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """An arrow of length 1.4 along a vector: shaft and two barbs as one line."""
    along = unit(vector)
    across = np.array([-along[1], along[0]])
    tip = start + 1.4 * along
    x, y = np.array([start, tip, tip - 0.3 * along + 0.16 * across, tip, tip - 0.3 * along - 0.16 * across]).T
    return x, y


def inside(point: np.ndarray) -> bool:
    """Whether a point is on the map."""
    return bool(((point >= LOW) & (point <= HIGH)).all())


def compute(name: str, gamma0: float, N: int, seed: int, t: int) -> dict[str, Any]:
    """The run up to update t, the arrows of update t, and how well each update's direction pointed."""
    theta, d, probe, grad, value = walked(name, gamma0, N, seed)
    made = len(theta) - 1
    now, nothing = min(t, made), (np.array([]), np.array([]))
    at = theta[max(now - 1, 0)]
    cosine = (unit(d[1:]) * unit(grad[1:])).sum(-1)
    used = f"γ₀ = {number(gamma0)}" if name in NORMALISED else f"a hundredth of it, γ₀ = {number(gamma0 / 100)}"
    words = said(now, t > made, PLANT.maximum - value[[0, now]], cosine, theta[now])
    return {
        "path": tuple(theta[: now + 1].T),
        "here": tuple(np.clip(theta[now], LOW, HIGH)),
        "symbol": "x" if t > made else "circle",
        "probe": tuple(probe[now]) if now and inside(probe[now]) else nothing,
        "d": arrow(at, d[now]) if now else nothing,
        "grad": arrow(at, grad[now]),
        "colour": color(name),
        "cosine": (np.arange(1, made + 1), cosine),
        "now cosine": (now, cosine[now - 1]) if now else nothing,
        "value": (np.arange(made + 1), value),
        "now value": (now, value[now]),
        "headline": f"Thick: {name}'s direction, thin: ∇J, star: the best",
        "note": f"{name} at {used}. {words}",
    }


def said(now: int, diverged: bool, gap: np.ndarray, cosine: np.ndarray, theta: np.ndarray) -> str:
    """What the note says of update `now`; `gap` is the first one and the present one."""
    text = f"Update {now}: gap J* − J = {number(gap[1])}. Press play."
    if diverged:
        text = f"<b>Diverged at update {now + 1}</b>: ‖θ‖ left 50. The cross marks the last point before."
    elif now > 0:
        text = (
            f"Update {now}: gap J* − J = <b>{number(gap[1])}</b>, from {number(gap[0])}; the cosine of direction and "
        )
        text += f"gradient is {number(cosine[now - 1], 2)}, {number(np.median(cosine[:now]), 2)} in the median so far."
        text += " <b>Lost</b>: lower than at the start." if gap[1] > gap[0] else ""
    if not inside(theta):
        text += f" θ = ({number(theta[0], 2)}, {number(theta[1], 2)}) is outside the map and marked at its edge."
    return text


def climb(**start: Any) -> Explorer:
    """Method, step size, batch and seed beside the path, the direction's cosine and the objective."""
    mine, quiet = entry("colour"), {"hoverinfo": "skip"}
    line, updates = np.linspace(LOW, HIGH, 61), axis("update t", [0, 1.03 * T])
    heights = PLANT(np.stack(np.meshgrid(line, line), -1))
    return Explorer(
        compute,
        {
            "name": choice("method", "N-PG", [*NAMES, "PG", "HARPG"]),
            "gamma0": log_slider(
                "γ₀ (PG, HARPG: γ₀/100)", 0.3, 0.03, 3.0, steps=40, named={"0.3": 0.3, "too long": 3.0}
            ),
            "N": slider("trajectories a gradient", 1, 1, 30, 1),
            "seed": slider("seed", 3, 0, 19, 1),
            "t": player("update", T, T),
        },
        [
            panel(
                entry("headline"),
                contour((line, line, heights), ncontours=22),
                goal(tuple(PLANT.maximizer[:, None]), name="optimum", **quiet),
                thin("path", shade=mine, opacity=0.75, **quiet),
                dots("probe", shade=mine, symbol="circle-open", marker={"line": {"width": 2}}, **quiet),
                thin("grad", **quiet),
                curve("d", shade=mine, width=3.4, **quiet),
                here("here", shade=mine, symbol=entry("symbol"), cliponaxis=False, **quiet),
                x=axis("θ₁, gain on the position", [LOW, HIGH]),
                y=axis("θ₂, gain on the speed", [LOW, HIGH]),
                height=400,
            ),
            panel(
                "1 points uphill, below 0 points down",
                thin("cosine", shade=mine, name="cosine"),
                here("now cosine", shade=mine, **quiet),
                rule(y=0),
                x=updates,
                y=axis("cosine of d and ∇J", [-1.08, 1.08]),
                height=400,
            ),
            panel(
                "What it earns, and the best there is (dashed)",
                curve("value", shade=mine, name="J"),
                here("now value", shade=mine, **quiet),
                promise(([0, T], [PLANT.maximum] * 2), "", **quiet),
                texts(([T], [PLANT.maximum]), ["J*"], textposition="top left"),
                x=updates,
                y=axis("mean return J", [-9, -1]),
                height=400,
            ),
        ],
        call=__name__,
        start=start,
        recipe=walked,
    )
