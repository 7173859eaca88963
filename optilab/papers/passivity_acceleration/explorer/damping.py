"""How much damping: the slow and the fast root of every mode, and the damping at which the slowest pair merges."""

from typing import Any

import numpy as np

from optilab.papers.passivity_acceleration.algorithm import Design, best_damping, decay_rate, mode_roots
from optilab.ui.controls import log_slider, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, curve, dots, goal, here, log, panel, promise, region, rule
from optilab.ui.theme import INK, ORANGE, PINK, PURPLE, TEAL, color

SLOWEST = 1e-3  # what decays no faster is drawn here
DAMPINGS = np.linspace(0, 10, 201)
FLOW = color("gradient flow")


def all_rates(gamma: float, mu: float, L: float, kappa: float) -> np.ndarray:
    """Decay rates of the modes with curvatures from μ to L at one damping, (modes,)."""
    curvatures = np.geomspace(mu, L, 201)
    return decay_rate(curvatures, Design(gamma, kappa, 1.0))


def compute(gamma: float, mu: float, L: float, kappa: float) -> dict[str, Any]:
    """Worst rate over [μ, L] against γ, the roots at this γ, the rate of every mode."""
    curvatures = np.geomspace(mu, L, 201)
    rates = all_rates(gamma, mu, L, kappa)
    roots = mode_roots(curvatures, Design(gamma, kappa, 1.0))
    swinging = abs(roots.imag) > 1e-12
    real, merged = np.where(swinging, np.nan, roots.real), np.where(swinging, roots.real, np.nan)
    best, top = best_damping(mu, kappa, 1.0)
    with np.errstate(divide="ignore"):
        estimate = mu * (kappa + 1 / DAMPINGS)
    slowest, reach = int(rates.argmin()), max(1.5 * float(top), 4.0)
    regime = (
        "over-damped: the slow root of the flattest mode holds everything up"
        if gamma > best + 0.05
        else "under-damped: every mode swings, and γ alone decides"
        if gamma < best - 0.05
        else "at the merging point: nothing is faster"
    )
    drawn_low = " Right, rates below 10⁻³ are drawn at 10⁻³." if rates[slowest] < SLOWEST else ""
    return {
        "worst": decay_rate(curvatures, Design(DAMPINGS[:, None], kappa, 1.0)).min(1),
        "estimate": np.where(estimate < 1.5 * top, estimate, np.nan),
        "flow": np.full(2, kappa * mu),
        "best": (best, top),
        "here": (gamma, rates[slowest]),
        "rate_range": [0, 1.25 * top],
        "slow_root": (real[:, 0], roots[:, 0].imag),
        "fast_root": (real[:, 1], roots[:, 1].imag),
        "pair": tuple(
            np.pad(part.T, ((0, 0), (0, 1)), constant_values=np.nan).ravel() for part in (merged, roots.imag)
        ),
        "flattest": (roots[0].real, roots[0].imag),
        "edge": -rates[slowest],
        "re_range": [-2.5 * reach, 0.12 * reach],
        "im_range": [-2 * reach, 2 * reach],
        "rates": (curvatures, np.maximum(rates, SLOWEST)),
        "flow_rates": (curvatures, kappa * curvatures if kappa > 0 else np.full(201, np.nan)),
        "slowest": (curvatures[slowest], max(rates[slowest], SLOWEST)),
        "curvature_range": [np.log10(mu) - 0.05, np.log10(L) + 0.05],
        "note": (
            f"γ = {gamma:g} is {regime}. The slowest mode decays like exp(−{rates[slowest]:.3f} t); the best is "
            f"exp(−{top:.3f} t) at γ* = 2√μ + κμ = {best:.2f}; gradient flow manages exp(−{kappa * mu:.3f} t)."
            f"{drawn_low}"
        ),
    }


def merging(values: dict[str, Any]) -> float:
    """The merging point γ*, on the slider's grid."""
    return round(float(best_damping(values["mu"], values["kappa"], 1.0)[0]) / 0.05) * 0.05


def damping(**start: Any) -> Explorer:
    """Move γ and watch slow and fast roots meet."""
    return Explorer(
        compute,
        {
            "gamma": slider("damping γ", 6.0, 0.0, 10.0, 0.05, named={"merging point γ*": merging}),
            "kappa": slider("target speed κ", 0.05, 0.0, 0.5, 0.01),
            "mu": slider("least curvature μ", 1.0, 0.1, 4.0, 0.1),
            "L": log_slider("largest curvature L", 400.0, 40.0, 4000.0, steps=40, readout=".0f"),
        },
        [
            panel(
                "Speed of the slowest mode: a peak where slow meets fast",
                curve((DAMPINGS, "worst"), "worst rate", TEAL),
                promise((DAMPINGS, "estimate"), "slow-manifold estimate", ORANGE),
                curve(([0, 10], "flow"), "gradient flow", FLOW),
                goal("best", "γ*"),
                here("here", "here", TEAL),
                x=axis("damping γ, 1/time", [0, 10]),
                y=axis("worst decay rate, 1/time", "rate_range"),
                height=360,
            ),
            panel(
                "All roots at this γ: the right-most one is the speed",
                curve("slow_root", "slow", ORANGE),
                curve("fast_root", "fast", PURPLE),
                curve("pair", "merged, swinging", TEAL),
                dots("flattest", "λ = μ", INK),
                rule("edge", dash="dot"),
                region(0, 1000),
                x=axis("Re r, 1/time", "re_range"),
                y=axis("Im r, 1/time", "im_range"),
                height=360,
            ),
            panel(
                "Mode by mode: the gain is on the flat side",
                curve("rates", "this design", TEAL),
                curve("flow_rates", "gradient flow κλ", FLOW),
                here("slowest", "slowest", PINK),
                x=log("curvature λ", "curvature_range", dtick=1),
                y=log("decay rate, 1/time", dtick=1),
                height=360,
            ),
        ],
        call=__name__,
        start=start,
        recipe=all_rates,
    )
