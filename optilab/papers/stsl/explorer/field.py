"""What a measurement's score is, and what is put for it: arrows in the plane, and the likelihood along a line."""

from functools import partial
from typing import Any

import numpy as np

from optilab.papers.stsl import algorithm as alg
from optilab.papers.stsl.explorer.parts import FULL, ORDER, SPAN, color, in_the_plane
from optilab.papers.stsl.problems import Inverse
from optilab.ui.controls import choice, log_slider, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, curve, entry, panel, promise, thin
from optilab.ui.theme import INK, ORANGE
from optilab.ui.words import number

Array = np.ndarray
SURROGATE = "surrogate with trace"
SHADES = {ORDER: ORANGE, SURROGATE: color("STSL"), FULL: color(FULL)}
SIDE = np.linspace(-2.4, 2.4, 9)
LATTICE = np.stack(np.meshgrid(SIDE, SIDE), -1).reshape(-1, 2)
ALONG = np.linspace(-SPAN, SPAN, 121)
SLICE = ALONG[:, None] * np.array([2.0, 1.0]) / np.sqrt(5)  # across the line A z = y
LONGEST, UNIT = 0.55, 0.28  # of an arrow that is drawn; of the median exact one
DEEPEST = -40.0


def likelihood(problem: Inverse, way: str, alpha: float, z: Array) -> tuple[Array, Array]:
    """What is put for log p(y | z_t), and its gradient."""
    if way == FULL:
        value = partial(alg.log_likelihood, problem, alpha=alpha)
        return value(z), alg.slopes(value, z)
    return alg.bound(problem, z, alpha, order=1 if way == ORDER else 2)


def gradients(alpha: float, way: str, sigma: float) -> Any:
    """∇ log p(y | z_t) on the lattice, exact (81, 2), and of what is put for it."""
    problem = in_the_plane(sigma)
    _, exact = alg.exact_likelihood(problem, LATTICE, alpha)
    _, guess = likelihood(problem, way, alpha, LATTICE)
    return exact, guess


def arrows(at: Array, g: Array, unit: float) -> tuple[Array, Array]:
    """Arrows with heads as one broken line, no longer than LONGEST."""
    size = np.linalg.norm(g, axis=-1, keepdims=True)
    length = np.minimum(UNIT * size / unit, LONGEST)
    step = g / np.maximum(size, 1e-12) * length
    end, side = at + step, step[:, ::-1] * [-1, 1]
    heads = [end - 0.35 * step + 0.2 * side, end, end - 0.35 * step - 0.2 * side]
    gap = np.full_like(at, np.nan)
    x, y = np.stack([at, end, *heads, gap], 1).reshape(-1, 2).T
    return x, y


def compute(alpha: float, way: str, sigma: float) -> dict[str, Any]:
    """Both fields on a lattice, and both values along a line."""
    exact, guess = gradients(alpha, way, sigma)
    size = np.linalg.norm(exact, axis=-1)
    unit = float(np.median(size))
    error = float(np.median(np.linalg.norm(guess - exact, axis=-1) / size))
    longer = float(np.median(np.linalg.norm(guess, axis=-1) / size))
    problem = in_the_plane(sigma)
    truth, _ = alg.exact_likelihood(problem, SLICE, alpha)
    value, _ = likelihood(problem, way, alpha, SLICE)
    gap = truth - value
    below = float((gap >= -1e-9).mean())
    said = {1.0: "below the truth everywhere"}.get(below, f"above the truth at {number(100 * (1 - below), 2)} % of it")
    return {
        "exact": arrows(LATTICE, exact, unit),
        "guess": arrows(LATTICE, guess, unit),
        "shade": SHADES[way],
        "truth": (ALONG, np.maximum(truth, DEEPEST)),
        "value": (ALONG, np.maximum(value, DEEPEST)),
        "headline": f"The median error is {number(error, 2)} times the exact arrow",
        "verdict": f"Along a line across Az = y: {said}",
        "note": f"At ᾱ = {number(alpha)} the {way}'s arrows are <b>{number(longer, 2)} times as long</b> as the exact "
        f"ones in the median (drawn no longer than two). The gap log p − value runs from {number(float(gap.min()), 2)} "
        f"to {number(float(gap.max()), 2)} along the line.",
    }


def field(**start: Any) -> Explorer:
    """Noise level, what is put for the likelihood, and σ beside arrows and values."""
    return Explorer(
        compute,
        {
            "alpha": slider("ᾱ", 0.6, 0.02, 0.99, 0.01, named={"clean end": 0.98, "noisy end": 0.08}),
            "way": choice("put for log p(y | z)", ORDER, list(SHADES)),
            "sigma": log_slider("noise σ", 0.3, 0.05, 1.0, steps=40),
        },
        [
            panel(
                entry("headline"),
                curve("guess", "what is put", entry("shade"), width=1.5),
                thin("exact", "exact", INK),
                x=axis("z₁", [-SPAN, SPAN]),
                y=axis("z₂", [-SPAN, SPAN], equal=True),
                height=400,
            ),
            panel(
                entry("verdict"),
                thin("truth", "log p(y | z)", INK, width=2),
                promise("value", "what is put", entry("shade")),
                x=axis("way along A", [-SPAN, SPAN]),
                y=axis(f"log-likelihood (below {DEEPEST:g}: {DEEPEST:g})", [DEEPEST - 1, 4]),
                height=400,
            ),
        ],
        call=__name__,
        start=start,
        recipe=gradients,
    )
