"""Particles in the plane on their way from noise to a posterior that is known."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from optilab.core.run import run as advanced
from optilab.papers.stsl import algorithm as alg
from optilab.papers.stsl.explorer.parts import EXACT, FULL, LINE, SPAN, color, density, in_the_plane
from optilab.ui.controls import choice, log_slider, player, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, cloud, contour, curve, dots, entry, here, log, panel, rule, thin
from optilab.ui.theme import INK, ink
from optilab.ui.words import number

Array = np.ndarray
PARTICLES, FRAMES, FAR, SEED = 100, 60, 1e3, 0
LEAST, MOST = 1e-3, 1e2  # that are drawn of a misfit or a spread
STARTS = [("DDIM inversion", "ddim"), ("ℰ(Aᵀy), noised", "q_sample"), ("noise", "gaussian")]


class Film(NamedTuple):
    """A run at some of its levels."""

    z: Array  # (frames, particles, 2)
    alpha: Array  # (frames,)
    lost: bool  # whether it left the plane: the last frame is the one before
    calls: int
    sigma: float
    method: str


def noise() -> Array:
    """What a hundred particles start from, the same for all methods."""
    return np.random.default_rng(SEED).normal(size=(PARTICLES, 2))


def by_stsl(S: int, K: int, lam: float, eta: float, sigma: float, init: str) -> Any:
    """STSL's states."""
    rng = np.random.default_rng(SEED + 1)
    return alg.stsl(in_the_plane(sigma), noise(), rng=rng, S=S, K=K, lam=lam, eta=eta, init=init)


def by_psld(S: int, lam: float, sigma: float, init: str) -> Any:
    """PSLD's states; λ is its ω."""
    return alg.psld(in_the_plane(sigma), noise(), S=S, omega=lam, init=init)


def by_ldps(S: int, lam: float, sigma: float) -> Any:
    """LDPS's states; λ is its ζ."""
    return alg.ldps(in_the_plane(sigma), noise(), rng=np.random.default_rng(SEED + 1), S=S, zeta=lam)


def by_moments(S: int, sigma: float) -> Any:
    """The yardstick's states."""
    return alg.second_order(in_the_plane(sigma), noise(), S=S)


def simulate(
    method: str,
    S: int,
    K: int,
    lam: float,
    eta: float,
    sigma: float,
    init: str,
    progress: Callable[[float, float], Any] | None = None,
) -> Film:
    """Run it, and keep up to 61 levels."""
    states = {
        "STSL": lambda: by_stsl(S, K, lam, eta, sigma, init),
        "PSLD": lambda: by_psld(S, lam, sigma, init),
        "LDPS": lambda: by_ldps(S, lam, sigma),
        FULL: lambda: by_moments(S, sigma),
    }[method]()
    trace = advanced(states, S, limit=FAR, progress=progress or False)
    whole = np.isfinite(trace.z).all((1, 2))
    last = len(whole) if whole.all() else max(int(whole.argmin()), 1)
    at = np.unique(np.linspace(0, last - 1, FRAMES + 1).round().astype(int))
    return Film(trace.z[at], trace.alpha[at], not whole.all(), int(trace.score_calls[last - 1]), sigma, method)


def compute(frame: int, *, run: Film, **_: Any) -> dict[str, Any]:
    """Particles at a frame with their trails, the misfit and the spread up to there."""
    problem = in_the_plane(run.sigma)
    exact = problem.posterior()
    draws = exact.draw(np.random.default_rng(3), (PARTICLES,))
    k = min(frame, len(run.z) - 1)
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
        headline = f"Done: the spread is {number(float(spread[-1]), 2)} of the true one"
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
                contour(density(), contours={"coloring": "none"}, line={"color": ink(0.4), "width": 1}),
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
