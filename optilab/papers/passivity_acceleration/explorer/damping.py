"""How much damping: the slow and the fast root of every mode, and the damping at which the slowest pair merges."""

from functools import lru_cache
from typing import Any

import numpy as np

from optilab.papers.passivity_acceleration.algorithm import Design, best_damping, decay_rate, mode_roots
from optilab.papers.passivity_acceleration.explorer.parts import pace
from optilab.ui.controls import log_slider, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, curve, dots, entry, goal, here, log, panel, promise, region, rule
from optilab.ui.theme import INK, ORANGE, PINK, PURPLE, TEAL, color
from optilab.ui.words import number

SLOWEST = 1e-3  # what decays no faster is drawn here
DAMPINGS = np.linspace(0, 10, 201)
FLOW = color("gradient flow")


def all_rates(gamma: float, kappa: float, c: float, mu: float, L: float) -> np.ndarray:
    """Decay rates of the modes with curvatures from μ to L at one damping, (modes,)."""
    curvatures = np.geomspace(mu, L, 201)
    return decay_rate(curvatures, Design(gamma, kappa, c))


def spectrum(design: Design, mu: float, L: float) -> np.ndarray:
    """Curvatures from μ to L, with those at both sides of a merging of roots, (γ − κλ)² = 4cλ."""
    gamma, kappa, c = design
    merging = np.roots([kappa**2, -2 * gamma * kappa - 4 * c, gamma**2]) if c > 0 else np.empty(0)
    beside = np.outer([1 - 1e-9, 1 + 1e-9], merging.real).ravel()
    return np.sort(np.concatenate([np.geomspace(mu, L, 201), beside[(beside > mu) & (beside < L)]]))


@lru_cache(maxsize=16)
def worst_rates(kappa: float, c: float, mu: float, L: float) -> tuple[np.ndarray, np.ndarray]:
    """The rate of the slowest mode against γ, with the merging point among the γs."""
    best, _ = best_damping(mu, kappa, c)
    dampings = np.sort(np.append(DAMPINGS, best + np.array([0, 1e-4, 1e-3, 1e-2])))
    return dampings, decay_rate(np.geomspace(mu, L, 201), Design(dampings[:, None], kappa, c)).min(1)


def compute(gamma: float, kappa: float, c: float, mu: float, L: float) -> dict[str, Any]:
    """Worst rate over [μ, L] against γ, the roots at this γ, the rate of every mode."""
    design = Design(gamma, kappa, c)
    curvatures = spectrum(design, mu, L)
    rates, roots = decay_rate(curvatures, design), mode_roots(curvatures, design)
    swinging = abs(roots.imag) > 1e-12
    real, merged = np.where(swinging, np.nan, roots.real), np.where(swinging, roots.real, np.nan)
    best, top = (float(part) for part in best_damping(mu, kappa, c))
    dampings, worst = worst_rates(kappa, c, mu, L)
    with np.errstate(divide="ignore", invalid="ignore"):
        estimate = mu * (kappa + c / dampings)
    slowest, reach, high = int(rates.argmin()), max(1.5 * top, 4.0), max(1.25 * top, 0.05)
    lowest = np.log10(max(worst.min(), SLOWEST))
    return {
        "worst": (dampings, worst),
        "estimate": (dampings, np.where(estimate < 1.2 * high, estimate, np.nan)),
        "flow": np.full(2, kappa * mu),
        "best": (best, top),
        "here": (gamma, rates[slowest]),
        "rate_range": [0, high],
        "slow_root": (real[:, 0], roots[:, 0].imag),
        "fast_root": (real[:, 1], roots[:, 1].imag),
        "pair": tuple(
            np.pad(part.T, ((0, 0), (0, 1)), constant_values=np.nan).ravel() for part in (merged, roots.imag)
        ),
        "flattest": (roots[0].real, roots[0].imag),
        "edge": -rates[slowest],
        "re_range": [-2.6 * reach, 0.12 * reach],
        "im_range": [-2 * reach, 2 * reach],
        "rates": (curvatures, np.maximum(rates, SLOWEST)),
        "flow_rates": (curvatures, kappa * curvatures if kappa > 0 else np.full(len(curvatures), np.nan)),
        "slowest": (curvatures[slowest], max(rates[slowest], SLOWEST)),
        "curvature_range": [np.log10(mu) - 0.05, np.log10(L) + 0.05],
        "rates_range": [lowest - 0.1, np.log10(max(kappa * L, 5 + kappa * L / 2)) + 0.1],
        "peak": f"The slowest mode: {'a peak where slow root meets fast' if c > 0 else 'without feedback no gain'}",
        "gain": gain(kappa * curvatures, rates),
        "note": note(gamma, c, kappa * mu, best, top, rates[slowest]),
    }


def gain(flow: np.ndarray, rates: np.ndarray) -> str:
    """Which modes the design speeds up."""
    faster = rates > flow * (1 + 1e-9)
    if flow[-1] == 0:
        return "Mode by mode (with κ = 0 gradient flow stands still)"
    if not faster.any():
        return "Mode by mode: gradient flow is nowhere slower"
    return f"Mode by mode: the gain is on the {'flat side' if not faster.all() else 'whole spectrum'}"


def note(gamma: float, c: float, flow: float, best: float, top: float, rate: float) -> str:
    """Where γ is, and what the slowest mode does there."""
    low = " Rates below 10⁻³ are drawn at 10⁻³." if rate < SLOWEST else ""
    if c == 0:
        return f"Without feedback nothing is gained: the slowest mode {pace(rate)}, gradient flow {pace(flow)}.{low}"
    if gamma > best + 0.03:
        regime = "above γ*: the slow root of the flattest mode holds everything up"
    elif gamma < best - 0.03:
        regime = "below γ*: the flattest mode swings, and decays at half its damping, ½(γ + κμ)"
    else:
        regime = "at the merging point γ*: no damping is faster"
    return (
        f"γ = {number(gamma)} is {regime}. The slowest mode {pace(rate)}; best is exp(−{number(top)} t) at "
        f"γ* = 2√(cμ) + κμ = {number(best, 5)}; gradient flow {pace(flow)}.{low}"
    )


def merging(values: dict[str, Any]) -> float:
    """The merging point γ*, on the slider's grid."""
    return round(float(best_damping(values["mu"], values["kappa"], values["c"])[0]) / 0.05) * 0.05


def nesterov(values: dict[str, Any]) -> float:
    """Nesterov's feedback 1 − √(μs), with s = κ², on the slider's grid."""
    return round((1 - values["kappa"] * np.sqrt(values["mu"])) / 0.05) * 0.05


def damping(**start: Any) -> Explorer:
    """Move γ and watch slow and fast roots meet."""
    return Explorer(
        compute,
        {
            "gamma": slider("damping γ", 6.0, 0.0, 10.0, 0.05, named={"merging point γ*": merging}),
            "kappa": slider("target speed κ", 0.05, 0.0, 0.5, 0.01),
            "c": slider("feedback c", 0.95, 0.0, 1.5, 0.05, named={"1 − √(μs)": nesterov}),
            "mu": slider("least curvature μ", 1.0, 0.1, 4.0, 0.1),
            "L": log_slider("largest curvature L", 400.0, 40.0, 4000.0, steps=40, readout=".0f"),
        },
        [
            panel(
                entry("peak"),
                curve("worst", "worst rate", TEAL),
                promise("estimate", "slow-manifold estimate", ORANGE),
                curve(([0, 10], "flow"), "gradient flow", FLOW),
                goal("best", "γ*"),
                here("here", "here", TEAL),
                x=axis("damping γ, 1/time", [0, 10]),
                y=axis("worst decay rate, 1/time", "rate_range"),
                height=280,
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
                height=280,
            ),
            panel(
                entry("gain"),
                curve("rates", "this design", TEAL),
                curve("flow_rates", "gradient flow κλ", FLOW),
                here("slowest", "slowest", PINK),
                x=log("curvature λ", "curvature_range", dtick=1),
                y=log("decay rate, 1/time", "rates_range", dtick=1),
                height=280,
            ),
        ],
        call=__name__,
        start=start,
        recipe=all_rates,
    )
