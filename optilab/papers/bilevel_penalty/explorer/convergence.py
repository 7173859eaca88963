"""Convergence on problem C: a floor of order σ, noise that 1/σ amplifies, and steps that are too long."""

from functools import lru_cache
from typing import Any

import numpy as np
from scipy.signal import lfilter

from optilab.papers.bilevel_penalty.explorer.parts import Ride, c_run, color, matrices, normals
from optilab.papers.bilevel_penalty.problems import compatible, draw
from optilab.ui.controls import choice, log_slider, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, curve, entry, guide, here, log, panel, thin
from optilab.ui.words import number

CALLS = 12000
CALM, NOISY = 0.4, 0.1  # γ without noise and with it
ONE, TWO = "Algorithm 1", "Algorithm 2"


def remembered(noise: np.ndarray, eta: float) -> np.ndarray:
    """The error that recursive momentum makes of it: the first as it is, then e ← (1 − η)e + ηn."""
    first = (1 - eta) * noise[:1]
    return lfilter([eta], [1, eta - 1], noise, axis=0, zi=first)[0]


@lru_cache(32)
def ride(method: str, sigma: float, ratio: float, nu: float, eta: float, T: int, M: int, seed: int) -> Ride:
    """12 000 calls of either algorithm, α = ratio·σ, γ = 0.4 or 0.1 with noise: x of every step."""
    if method == TWO:
        T, M, per = 1, 1, 12
    else:
        eta, M = 1.0, M if nu else 1
        per = 3 * T + 3 * M
    steps = CALLS // per
    drawn = nu * normals(seed, CALLS)  # longer than either needs: the same noise, whatever else moves
    inner = remembered(drawn[: steps * T, :24], eta)
    outer = remembered(drawn[:steps, 24:] / np.sqrt(M), eta)
    return c_run(seed, sigma, ratio * sigma, NOISY if nu else CALM, T, steps, inner, outer)


def lengths(seed: int, x: np.ndarray, sigma: float) -> tuple[np.ndarray, np.ndarray]:
    """‖∇ψ‖ and ‖∇ψ_σ‖ of problem C at points (k, 3)."""
    m, problem = matrices(seed), compatible(draw(seed))
    y = problem.y_star(x)
    v = problem.upper.grad_y(x, y) @ m.inverse
    exact = problem.upper.grad_x(x, y) - problem.lower.hvp_xy(x, y, v)
    return np.linalg.norm(exact, axis=1), np.linalg.norm(problem.penalty_grad(x, sigma), axis=1)


def compute(
    method: str, sigma: float, ratio: float, nu: float, eta: float, T: int, M: int, seed: int
) -> dict[str, Any]:
    """Both stationarities along one run."""
    path, lost = ride(method, sigma, ratio, nu, eta, T, M, seed)
    per = 12 if method == TWO else 3 * T + 3 * (M if nu else 1)
    kept = np.unique(np.linspace(0, len(path) - 1, 250).astype(int))
    true, of_penalty = lengths(seed, path[kept], sigma)
    last = max(1, len(kept) // 5)
    rest, rest_penalty = (float(np.sqrt((norm[-last:] ** 2).mean())) for norm in (true, of_penalty))
    if lost is not None:
        headline, said = f"Diverged at iteration {lost}", f"α = {number(ratio * sigma)} is too long a step here."
    else:
        if rest_penalty < rest / 2:
            headline = "What is left of ‖∇ψ‖ is the bias of σ"
        elif nu:
            headline = "What is left is noise, or the start"
        else:
            headline = "ψ_σ itself isn't at rest"
        said = (
            f"Over the last fifth of the run ‖∇ψ‖ is <b>{number(rest / sigma)} σ</b> and ‖∇ψ_σ‖ {number(rest_penalty)}."
        )
    true, of_penalty = np.clip(true, 1e-4, 1e2), np.clip(of_penalty, 1e-4, 1e2)
    return {
        "true": (per * kept, true),
        "penalty": (per * kept, of_penalty),
        "sigma": ([0, CALLS], [sigma, sigma]),
        "now": ([per * kept[-1]], [true[-1]]),
        "headline": headline,
        "note": f"{said} The followers' step is γ = {number(NOISY if nu else CALM)}.",
    }


def convergence(**start: Any) -> Explorer:
    """Method, σ, step, noise and momentum beside both stationarities."""
    return Explorer(
        compute,
        {
            "sigma": log_slider("σ", 0.1, 0.01, 1.0),
            "ratio": log_slider("α/σ", 0.3, 0.01, 50.0, named={"0.3": 0.3}),
            "nu": slider("noise ν", 0.0, 0.0, 0.2, 0.01),
            "method": choice("method", ONE, [ONE, TWO]),
            "eta": log_slider("η", 0.005, 0.002, 1.0, when=lambda v: v["method"] == TWO and v["nu"] > 0),
            "T": slider("T", 1, 1, 50, 1, when=lambda v: v["method"] == ONE),
            "M": slider("M", 1, 1, 50, 1, when=lambda v: v["method"] == ONE and v["nu"] > 0),
            "seed": slider("seed", 0, 0, 9, 1),
        },
        [
            panel(
                entry("headline"),
                guide("sigma", "σ"),
                thin("true", "‖∇ψ‖", color("C")),
                curve("penalty", "‖∇ψ_σ‖", color("penalty")),
                here("now", shade=color("C")),
                x=axis("oracle calls", [0, CALLS], ticks={n: f"{n}" for n in range(0, CALLS, 2000)}),
                y=log("stationarity", [-4, 2]),
                wide=True,
                height=420,
            )
        ],
        call=__name__,
        start=start,
        recipe=ride,
    )
