"""How many digits are left as the damping goes to zero, where gradients are nearly parallel."""

from typing import Any

import numpy as np

from optilab.papers.mfac import algorithm as alg
from optilab.papers.mfac.explorer.parts import color
from optilab.ui.controls import choice, log_slider, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import curve, log, panel, promise, rule
from optilab.ui.words import number

LAMS = np.logspace(-20, 1, 43)
EXACT, FLOOR = 1e-17, 1e-3  # what is drawn of an error of 0, and of a denominator below


def parallel(m: int, d: int, spread: float) -> np.ndarray:
    """One direction m times, each with a random part of relative size `spread`: (m, d)."""
    rng = np.random.default_rng(1)
    common = rng.normal(size=d)
    return common + spread * rng.normal(size=(m, d))


def solved(F: np.ndarray, x: np.ndarray) -> np.ndarray:
    """F⁻¹x by elimination (d,); no number where F is singular in rounding."""
    try:
        return np.linalg.solve(F, x)
    except np.linalg.LinAlgError:
        return np.full(len(x), np.nan)


def relative_errors(m: int, d: int, spread: float, what: str) -> Any:
    """Errors of static, dynamic and dense products, (dampings, 3); and the least δᵢ/m, (dampings,)."""
    G = parallel(m, d, spread)
    x = G[0] if what == "a gradient" else np.random.default_rng(2).normal(size=d)
    errors, least = [], []
    for lam in LAMS:
        static = alg.static_precompute(G, lam)
        D, B = alg.recursive_setup(G @ G.T, lam)
        window = alg.Window(G, G @ G.T, D, B, G @ x, 0, np.array(lam))
        dense = solved(alg.dense_fisher(G, lam), x)
        truth = alg.svd_ihvp(G, lam, x)
        off = [static.ihvp(x) - truth, alg.ihvp(window, x) - truth, dense - truth]
        errors.append(np.linalg.norm(off, axis=1) / np.linalg.norm(truth))
        least.append(static.delta.min() / m)
    return np.array(errors), np.array(least)


def compute(what: str, spread: float, m: int, d: int) -> dict[str, Any]:
    """Errors over λ, clipped at 1, beside machine precision times the condition; the smallest denominator."""
    errors, least = relative_errors(m, d, spread, what)
    G = parallel(m, d, spread)
    promised = np.finfo(float).eps * np.array([alg.condition(G, lam) for lam in LAMS])
    shown = np.clip(np.nan_to_num(errors, nan=1.0), EXACT, 1.0)
    broken = LAMS[least < 1]
    last = (
        f"some δᵢ is below m from λ = {number(broken.max(), 2)} down, the recursion breaks down"
        if len(broken)
        else "every δᵢ ≥ m"
    )
    at = int(np.argmin(abs(np.log(LAMS / 1e-8))))
    static, dynamic, dense = errors[at]
    return {
        "static": (LAMS, shown[:, 0]),
        "dynamic": (LAMS, shown[:, 1]),
        "dense": (LAMS, shown[:, 2]),
        "promised": (LAMS, np.minimum(promised, 1.0)),
        "least": (LAMS, np.maximum(np.nan_to_num(least), FLOOR)),
        "note": f"x is {what}. Relative errors at λ = {number(LAMS[at], 2)}: static {number(static, 2)}, dynamic "
        f"{number(dynamic, 2)}, dense {number(dense, 2)}; ε times the condition: {number(promised[at], 2)}. "
        f"Over all λ: <b>{last}</b>.",
    }


def digits(**start: Any) -> Explorer:
    """What is multiplied, how parallel the gradients are, m and d beside the errors of three ways."""
    lam = log("damping λ", [-20.3, 1.3], dtick=4)
    return Explorer(
        compute,
        {
            "what": choice("x", "a gradient", ["a gradient", "a random vector"]),
            "spread": log_slider("spread of the gradients", 1e-3, 1e-8, 1.0, steps=48),
            "m": slider("m", 8, 2, 12, 1),
            "d": slider("d", 24, 4, 40, 1),
        },
        [
            panel(
                "Digits lost on the way to λ = 0",
                promise("promised", "ε · condition"),
                curve("dense", "dense", color("dense"), width=1.5),
                curve("static", "static", color("M-FAC")),
                curve("dynamic", "dynamic", color("M-FAC, dynamic")),
                x=lam,
                y=log("relative error (1 and above: 1)", [-17.3, 0.5], dtick=4),
            ),
            panel(
                "Exact denominators are never below m",
                curve("least", "", color("M-FAC")),
                rule(y=1, dash="dot"),
                x=lam,
                y=log("least δᵢ / m (below 0.001: 0.001)", [-3.3, 21.5], dtick=4),
            ),
        ],
        call=__name__,
        start=start,
        recipe=relative_errors,
    )
