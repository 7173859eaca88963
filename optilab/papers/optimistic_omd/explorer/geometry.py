"""One round after the other in the plane: play by the hint, correct by the gradient, pay for the surprise."""

from functools import lru_cache
from typing import Any

import numpy as np

from optilab.core.run import run
from optilab.papers.optimistic_omd.algorithm import Convex, optimistic
from optilab.papers.optimistic_omd.experiment import OURS
from optilab.papers.optimistic_omd.explorer.parts import arrow, color
from optilab.papers.optimistic_omd.problems import Tracking
from optilab.ui.controls import choice, player, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, curve, dots, entry, goal, here, panel, promise, thin, walk
from optilab.ui.theme import GREEN, INK, ORANGE, ink
from optilab.ui.words import number

ROUNDS, P = 100, 50


def rounds(sigma: float, c: float, delta: float) -> Any:
    """Optimistic descent on ½‖x − θ‖² with noise, θ on a circle of radius ½, and hints c times the last gradient."""
    angle = 2 * np.pi * np.arange(ROUNDS) / P
    theta = 0.5 * np.stack([np.cos(angle), np.sin(angle)], -1)
    noise = sigma * np.random.default_rng(0).standard_normal((ROUNDS, 2)) / np.sqrt(2)
    steps = Convex(2.0, 1.5 * (1 + sigma), delta, abs(c))
    states = optimistic(Tracking(theta, noise, sigma), np.zeros(2), steps=steps, hint=lambda t, g: c * g)
    return theta, run(states, ROUNDS)


kept = lru_cache(32)(rounds)


def compute(frame: int, sigma: float, c: float, delta: float) -> dict[str, Any]:
    """One round with its two steps, its gradients, and the price of all rounds."""
    theta, trace = kept(round(sigma, 2), round(c, 2), delta)
    k, t = frame, np.arange(1, ROUNDS + 1)  # round k + 1
    xhat, x, after, M, g = trace.xhat[k], trace.x[k], trace.xhat[k + 1], trace.M[k], trace.g[k + 1]
    price = np.linalg.norm(trace.x[:-1] - trace.xhat[1:], axis=-1)
    foretold = trace.eta[:-1] * np.linalg.norm(trace.g[1:] - trace.M[:-1], axis=-1)
    cut = int((price < foretold - 1e-9).sum())  # projections shorten
    lost = 0.5 * ((trace.x[:-1] - theta) ** 2).sum(-1)
    longest = 1.1 * float(abs(np.concatenate([trace.g, trace.M])).max())
    return {
        "targets": tuple(theta.T),
        "target": tuple(theta[[k]].T),
        "plays": tuple(trace.x[max(k - 12, 0) : k + 1].T),
        "to play": arrow(xhat, x),
        "to after": arrow(xhat, after),
        "surprise": ([x[0], after[0]], [x[1], after[1]]),
        "xhat": ([xhat[0]], [xhat[1]]),
        "x": ([x[0]], [x[1]]),
        "hint": arrow(np.zeros(2), M),
        "gradient": arrow(np.zeros(2), g),
        "between": ([M[0], g[0]], [M[1], g[1]]),
        "price": (t, price),
        "foretold": (t, foretold),
        "now": ([k + 1], [price[k]]),
        "reach": [-longest, longest],
        "headline": "From play to corrected point it is η times the surprise"
        + (f"; the boundary cuts {cut} round{'s' * (cut != 1)} short" if cut else ""),
        "most": [0.0, 1.1 * float(foretold.max())],
        "note": f"Round {k + 1}: η = {number(float(trace.eta[k]))}, the surprise ‖g − M‖ = "
        f"{number(float(np.linalg.norm(g - M)))}, play and corrected point are "
        f"<b>{number(float(price[k]))}</b> apart. All {ROUNDS} rounds lost {number(float(lost.sum()))}; "
        f"V̄ = {number(float(trace.V[-1]))}.",
    }


def geometry(**start: Any) -> Explorer:
    """A film of rounds with noise and hint quality beside both steps, both gradients, and what surprise costs."""
    circle, ours, bare = np.linspace(0, 2 * np.pi, 101), color(OURS), {"showgrid": False}
    return Explorer(
        compute,
        {
            "frame": player("round, from 0", 35, ROUNDS - 1, interval=250),
            "sigma": slider("noise σ", 0.1, 0.0, 1.0, 0.1),
            "c": slider(
                "hint: c times the last gradient", 1.0, -1.0, 2.0, 0.5, named={"none": 0.0, "the paper's": 1.0}
            ),
            "delta": choice("δ", 1.0, [("1", 1.0), ("10", 10.0), ("40, the theorem's", 40.0)]),
        },
        [
            panel(
                "Both steps start at x̂: along the hint to the play, along the gradient to the next x̂",
                thin((np.cos(circle), np.sin(circle)), "", ink(0.4), hoverinfo="skip"),
                thin("targets", "", ink(0.3), hoverinfo="skip"),
                walk("plays", "", ours),
                curve("surprise", "surprise η(g − M)", ORANGE, width=5),
                curve("to play", "by the hint", ours),
                curve("to after", "by the gradient", GREEN),
                dots("xhat", "x̂", INK),
                here("x", "play x", ours),
                goal("target"),
                x=axis("", [-1.05, 1.05], **bare),
                y=axis("", [-1.05, 1.05], equal=True, **bare),
                height=420,
            ),
            panel(
                "The hint and the gradient that came",
                curve("between", "surprise g − M", ORANGE, width=5),
                curve("hint", "hint M", ours),
                curve("gradient", "gradient g", GREEN),
                x=axis("", "reach", **bare),
                y=axis("", "reach", equal=True, **bare),
                height=420,
            ),
            panel(
                entry("headline"),
                curve("price", "distance walked", ours),
                promise("foretold", "η‖g − M‖", ORANGE),
                here("now", "", ours),
                x=axis("round t", [0, ROUNDS + 1]),
                y=axis("distance", "most"),
                height=420,
            ),
        ],
        call=__name__,
        start=start,
        recipe=rounds,
    )
