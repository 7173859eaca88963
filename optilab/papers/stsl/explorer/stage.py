"""Particles in the plane on their way from noise to a posterior that is known."""

from typing import Any

import numpy as np

from optilab.papers.stsl.explorer.particles import (
    FRAMES,
    PARTICLES,
    Film,
    by_ldps,
    by_moments,
    by_psld,
    by_stsl,
    simulate,
)
from optilab.papers.stsl.explorer.parts import EXACT, FULL, LINE, SPAN, color, density, in_the_plane
from optilab.ui.controls import choice, log_slider, player, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, cloud, contour, curve, dots, entry, here, log, panel, rule, thin
from optilab.ui.theme import INK, ink
from optilab.ui.words import number

LEAST, MOST = 1e-3, 1e2  # that are drawn of a misfit or a spread
STARTS = [("DDIM inversion", "ddim"), ("ℰ(Aᵀy), noised", "q_sample"), ("noise", "gaussian")]


def compute(frame: int, *, run: Film, **_: Any) -> dict[str, Any]:
    """Particles at a frame with their trails, the misfit and the spread up to there."""
    problem = in_the_plane(run.sigma)
    exact = problem.posterior()
    draws = exact.draw(np.random.default_rng(3), (PARTICLES,))
    k = round(frame / FRAMES * (len(run.z) - 1))  # few levels, and frames stay for longer
    trail = np.concatenate([run.z[max(k - 4, 0) : k + 1], np.full((1, PARTICLES, 2), np.nan)])
    misfit = np.median(abs(problem.residual(run.z)[..., 0]), -1)
    mean = exact.weights @ exact.means
    size = exact.weights @ (np.trace(exact.covariances, axis1=1, axis2=2) + ((exact.means - mean) ** 2).sum(-1))
    spread = np.sqrt(run.z.var(1).sum(-1) / size)
    left = np.sqrt(1 - run.alpha)
    done = k == len(run.z) - 1 and not run.lost
    if run.lost and k == len(run.z) - 1:
        headline = "Step too large (‖z‖ > 10³): frozen here"
    elif done and spread[-1] < 1e-2:
        headline = "All particles are one point"
    elif done:
        headline = f"Done: the spread is {number(float(spread[-1]), 2)} times the true one"
    else:
        headline = f"At noise √(1 − ᾱ) = {number(float(left[k]), 2)}"
    off = float(np.linalg.norm(run.z[k].mean(0) - mean))
    return {
        "exact": tuple(draws.T),
        "trail": tuple(np.clip(trail, -SPAN, SPAN).swapaxes(0, 1).reshape(-1, 2).T),
        "z": tuple(np.clip(run.z[k], -SPAN, SPAN).T),
        "shade": color(run.method),
        "misfit": (left, np.clip(misfit, LEAST, MOST)),
        "misfit now": ([left[k]], [np.clip(misfit[k], LEAST, MOST)]),
        "spread": (left, np.clip(spread, LEAST, MOST)),
        "spread now": ([left[k]], [np.clip(spread[k], LEAST, MOST)]),
        "sigma": run.sigma,
        "headline": headline,
        "note": f"Here the mean of the particles is {number(off, 2)} from the posterior's, the spread "
        f"{number(float(spread[k]), 2)} times the true one, the median misfit |y − Az| {number(float(misfit[k]), 2)} "
        f"(σ = {number(run.sigma)}). {run.calls} score calls to the last frame.",
    }


def stage(**start: Any) -> Explorer:
    """Method, levels, inner steps, weights and start beside particles, misfit and spread; runs at the button."""

    def ours(now: dict[str, Any]) -> bool:
        return now["method"] == "STSL"

    share = axis("noise √(1 − ᾱ), from right to left", [-0.03, 1.03])
    return Explorer(
        compute,
        {
            "frame": player("level", FRAMES, FRAMES, interval=80),
            "method": choice("method", "STSL", ["STSL", "PSLD", "LDPS", FULL]),
            "init": choice("start", "ddim", STARTS, when=lambda now: now["method"] in ("STSL", "PSLD")),
            "K": slider("inner steps K", 5, 1, 10, 1, when=ours),
            "eta": slider("trace η", 0.02, 0.0, 0.5, 0.01, when=ours),
            "lam": log_slider("λ (PSLD: ω, LDPS: ζ)", 0.1, 1e-3, 3.0, when=lambda now: now["method"] != FULL),
            "S": slider("levels S", 50, 5, 250, 5),
            "sigma": log_slider("noise σ", 0.1, 0.02, 0.5, steps=40),
        },
        [
            panel(
                entry("headline"),
                contour(density()),
                thin(LINE, "Az = y", ink(0.5)),
                cloud("exact", EXACT, color(EXACT), opacity=0.45),
                thin("trail", "", ink(0.3), width=1),
                dots("z", "particles", entry("shade"), size=5),
                x=axis("z₁", [-SPAN, SPAN]),
                y=axis("z₂", [-SPAN, SPAN], equal=True),
                height=380,
            ),
            panel(
                "Do they meet the measurement? (dots: σ)",
                rule(y="sigma", dash="dot"),
                curve("misfit", "", INK),
                here("misfit now"),
                x=share,
                y=log("median |y − Az|", [-3.1, 2.1]),
                height=380,
            ),
            panel(
                "Do they spread like the posterior? (dots: yes)",
                rule(y=1, dash="dot"),
                curve("spread", "", INK),
                here("spread now"),
                x=share,
                y=log("spread / true spread (below 0.001: 0.001)", [-3.1, 2.1]),
                height=380,
            ),
        ],
        call=__name__,
        start=start,
        recipe={"STSL": by_stsl, "PSLD": by_psld, "LDPS": by_ldps, FULL: by_moments},
        simulate=simulate,
        run="Sample",
    )
