"""A speed camera: a rival and BO-REP on the profile of Φ, how far they move in each iteration, and when they arrive."""

from typing import Any

import numpy as np

from optilab.core.run import Trace
from optilab.papers.bo_rep.algorithm import calls
from optilab.papers.bo_rep.experiment import TARGET
from optilab.papers.bo_rep.explorer.parts import color
from optilab.papers.bo_rep.explorer.rides import LEFT, RIGHT, STEPS, both, fate, heights, remark, simulate
from optilab.papers.bo_rep.problems import largest_step
from optilab.ui.controls import choice, log_slider, player, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, curve, entry, guide, here, log, panel, promise, texts, thin
from optilab.ui.words import number

FRAMES = 100
T = np.linspace(LEFT, RIGHT, 401)
RIVALS = ["SOBA", "MA-SOBA", "clipped SOBA"]  # the last with τ = 10
WAYS = ("rival", "BO-REP")


def compute(
    a: float, alpha: float, eta: float, method: str, seed: int, frame: int, *, run: dict[str, Trace]
) -> dict[str, Any]:
    """Both runs up to a frame."""
    k = frame * STEPS // FRAMES
    data: dict[str, Any] = {"profile": (T, heights(T, seed))}
    for name, trace in run.items():
        x, slope = trace.x[: k + 1], trace.slope[: k + 1]
        kept = np.unique(np.concatenate([np.arange(min(60, len(x))), np.linspace(0, len(x) - 1, 150).astype(int)]))
        moved = np.linalg.norm(np.diff(x, axis=0), axis=-1)
        where, shown = x[kept, 0], kept[kept < len(moved)]
        now = x[-1:, 0] if len(x) == k + 1 else np.array([np.nan])
        spent = calls(trace.step) if name == "BO-REP" else 5 * trace.step
        data[f"{name} way"] = (where, heights(where, seed))
        data[f"{name} now"] = (now, heights(now, seed))
        data[f"{name} speed"] = (shown, np.clip(moved[shown], 1e-8, 1e6))
        data[f"{name} slope"] = (spent[kept], np.clip(slope[kept], 1e-3, 1e8))
    end = run["rival"].diverged
    return data | {
        "gone": ([34.5] if end <= k else [np.nan], [1e6]),
        "lost": [f"{method}, iteration {end:.0f}:<br>‖x‖ > 10⁶ →"],
        "eta": ([0, STEPS], [eta, eta]),
        "target": ([0, 13750], [TARGET, TARGET]),
        "colour": color(method),
        "headline": f"{method} is {fate(run['rival'])}, BO-REP is {fate(run['BO-REP'])}",
        "note": f"{remark(method, a, alpha)} BO-REP moves η = {number(eta)} in each iteration.",
    }


def camera(**begin: Any) -> Explorer:
    """Depth, both steps, rival, seed and frame beside the profile, the speeds and the gradients."""
    shades = {"rival": entry("colour"), "BO-REP": color("BO-REP")}
    limit = {"α_max (1 at most)": lambda v: min(float(largest_step(v["a"])), 1.0)}
    return Explorer(
        compute,
        {
            "a": slider("depth a of the start", 6.0, 1.0, 14.0, 0.5),
            "alpha": log_slider("α of the rival", 0.03, 1e-5, 1.0, steps=50, readout=".2g", named=limit),
            "eta": log_slider("η of BO-REP", 0.02, 0.002, 0.2, steps=40),
            "frame": player("frame", 40, FRAMES, interval=80),
            "method": choice("rival", "SOBA", RIVALS),
            "seed": slider("seed", 0, 0, 9, 1),
        },
        [
            panel(
                entry("headline"),
                thin("profile", "Φ(t, t, t)"),
                *(curve(f"{name} way", "", shades[name], width=1.2) for name in WAYS),
                *(here(f"{name} now", name, shades[name]) for name in WAYS),
                texts("gone", entry("lost"), shades["rival"], textposition="middle left"),
                x=axis("x₁ (its height: Φ at (x₁, x₁, x₁))", [LEFT, RIGHT]),
                y=log("Φ", [0.7, 7.2]),
                wide=True,
                height=300,
            ),
            panel(
                "Speed: BO-REP's is η, a rival's follows the slope",
                promise("eta", "η", shades["BO-REP"]),
                *(curve(f"{name} speed", name, shades[name]) for name in WAYS),
                x=axis("iteration k", [0, STEPS]),
                y=log("‖xₖ₊₁ − xₖ‖", [-8, 6]),
            ),
            panel(
                "The gradient of Φ, over what it costs",
                guide("target", f"{TARGET}"),
                *(curve(f"{name} slope", name, shades[name]) for name in WAYS),
                x=axis("oracle calls", [0, 13750], ticks={n: f"{n}" for n in range(0, 13000, 3000)}),
                y=log("‖∇Φ(x)‖", [-3, 8]),
            ),
        ],
        call=__name__,
        start=begin,
        recipe=both,
        simulate=simulate,
        run="Run",
    )
