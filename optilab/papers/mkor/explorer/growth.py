"""How a factor's inverse grows in directions that no gradient has, and what the stabiliser makes of that."""

from functools import cache, lru_cache
from typing import Any

import numpy as np

from optilab.papers.mkor.algorithm import exact, norm_inf, stabilise, theory
from optilab.papers.mkor.explorer.parts import color
from optilab.ui.controls import log_slider, slider, switch
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, curve, dots, entry, here, log, panel, promise, region, rule, words
from optilab.ui.words import number

UPDATES, D, SEEN = 400, 8, 4
ZETAS = np.linspace(0.5, 1.0, 101)
TOP = 3.0  # of the axis of x*, in powers of ten


@cache
def vectors() -> np.ndarray:
    """e₁ and noise in four of eight coordinates: (400, 8)."""
    v = np.zeros((UPDATES, D))
    v[:, :SEEN] = 0.3 * np.random.default_rng(0).standard_normal((UPDATES, SEEN))
    v[:, 0] += 1
    return v


@lru_cache(16)
def grown(zeta: float, eps: float, gamma: float, held: bool) -> Any:
    """‖F⁻¹‖∞ after each of 400 exact updates, stabilised before each if `held`; and the last F⁻¹."""
    Finv, norms = np.eye(D), [1.0]
    for v in vectors():
        if held:
            Finv = stabilise(Finv, eps, zeta)
        Finv = exact(Finv, v, gamma)
        norms.append(float(norm_inf(Finv)))
    return np.array(norms), Finv


def verdict(zeta: float, gamma: float, held: bool, bound: float) -> str:
    """The title."""
    if not held:
        return "No stabiliser: unseen directions grow like γ⁻ᵗ (dashed)"
    if zeta >= gamma:
        return "ζ ≥ γ does not contain growth"
    return f"ζ < γ: at most about max(ε/γ, x*) = {number(bound)}"


def compute(zeta: float, eps: float, gamma: float, held: bool) -> dict[str, Any]:
    """The norm on the way, where it may settle, and the diagonal at the end."""
    norms, Finv = grown(zeta, eps, gamma, held)
    t, bound = np.arange(UPDATES + 1), theory.largest(gamma, zeta, eps)
    contained = held and zeta < gamma
    star = theory.fixed_point(gamma, ZETAS)
    mine = float(theory.fixed_point(gamma, zeta))
    shown = held and np.isfinite(mine) and np.log10(mine) < TOP
    most = float(np.log10(norms.max()))
    law = f"by {number((1 - zeta) / gamma)} an update" if zeta == gamma else f"like {number(zeta / gamma, 4)}ᵗ = (ζ/γ)ᵗ"
    said = f"{law} once above ε" if held else "like γ⁻ᵗ"
    return {
        "norm": (t, norms),
        "law": (t, theory.unseen(t, gamma)),
        "bound": ([0, UPDATES], [bound if contained else np.nan] * 2),
        "span": [-0.3, max(2.2, 1.06 * most)],
        "star": (ZETAS, np.where(np.isfinite(star), np.minimum(star, 10**TOP), np.nan)),
        "at": ([zeta], [mine if shown else np.nan]),
        "gamma": gamma,
        "one": max(1.0, gamma),
        "nowhere": 0.75 if gamma <= ZETAS[0] else np.nan,
        "seen": (np.arange(1, SEEN + 1), np.diag(Finv)[:SEEN]),
        "unseen": (np.arange(SEEN + 1, D + 1), np.diag(Finv)[SEEN:]),
        "entries": [float(np.log10(np.diag(Finv).min())) - 0.4, max(1.0, 1.06 * most)],
        "headline": verdict(zeta, gamma, held, bound),
        "note": f"After {UPDATES} updates ‖F⁻¹‖∞ is <b>{number(norms[-1])}</b>, at most {number(norms.max())} on the "
        f"way. Unseen directions "
        + (
            f"are held: acting on every update, the stabiliser would leave x* = {number(mine)} there; ε/γ is "
            f"{number(eps / gamma)}."
            if contained
            else f"grow {said}."
        ),
    }


def growth(**start: Any) -> Explorer:
    """ζ, ε and γ beside the norm of F⁻¹, where it can settle, and its diagonal."""
    blue = color("MKOR")
    return Explorer(
        compute,
        {
            "zeta": slider(
                "ζ", 0.9, 0.5, 1.0, 0.005, named={"= γ": lambda values: values["gamma"]}, when=lambda v: v["held"]
            ),
            "eps": log_slider("ε", 50.0, 1.0, 1e4, when=lambda values: values["held"]),
            "gamma": slider("γ", 0.95, 0.5, 0.999, 0.001, named={"0.95": 0.95, "0.7": 0.7}),
            "held": switch("stabiliser on", True),
        },
        [
            panel(
                entry("headline"),
                promise("law", "γ⁻ᵗ"),
                promise("bound", "max(ε/γ, x*)", blue),
                curve("norm", "‖F⁻¹‖∞", blue),
                x=axis("update t", [0, UPDATES]),
                y=log("‖F⁻¹‖∞", "span"),
            ),
            panel(
                "Where F⁻¹ settles if the stabiliser acts on every update; shaded: nowhere",
                region("gamma", "one"),
                rule("gamma"),
                words("every ζ here is above γ:<br>nothing settles", "nowhere", TOP / 2),
                promise("star", "", blue),
                here("at", shade=blue, hoverinfo="skip"),
                x=axis("ζ", [0.5, 1.0]),
                y=log("x* = (1 − ζ)/(γ − ζ)", [-0.1, TOP]),
            ),
            panel(
                "The diagonal of F⁻¹ at the end: coordinates 5 to 8 are in no v",
                dots("seen", "seen", blue),
                dots("unseen", "never seen", symbol="diamond"),
                x=axis("coordinate", [0.5, D + 0.5], dtick=1),
                y=log("entry of F⁻¹", "entries"),
            ),
        ],
        call=__name__,
        start=start,
        recipe=grown,
    )
