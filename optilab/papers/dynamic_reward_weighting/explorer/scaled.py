"""A reward scaled by hypervolume progress, and the same run without: which estimators notice."""

from collections.abc import Callable
from typing import Any

import numpy as np

from optilab.papers.dynamic_reward_weighting.experiment import LR, SETTINGS
from optilab.papers.dynamic_reward_weighting.explorer.parts import Path, color, common_controls, kept
from optilab.ui.controls import log_slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, curve, entry, halo, here, log, panel, rule
from optilab.ui.words import number

STEPS, FLOOR = 200, 1e-8
OURS = color("hypervolume-guided")


def both(estimator: str, hv_scale: float, times: float, seed: int) -> Any:
    """200 steps with balanced weights, the reward scaled by m, and as it is."""
    w, lr = SETTINGS["balanced"], times * LR[estimator]
    ours = kept("hypervolume-guided", estimator, w, lr, STEPS, seed, hv_scale)
    return ours, kept("fixed weights", estimator, w, lr, STEPS, seed, 0.0)


def simulate(
    estimator: str, hv_scale: float, times: float, seed: int, progress: Callable[..., None] | None = None
) -> tuple[Path, Path]:
    """Both runs."""
    if progress:
        progress(0.3)
    return both(estimator, hv_scale, times, seed)


def compute(estimator: str, *, run: tuple[Path, Path], **_: Any) -> dict[str, Any]:
    """The meta reward, both paths, and how far they are apart."""
    ours, fixed = run
    t = np.arange(STEPS + 1)
    apart = abs(ours.J - fixed.J).max(-1)
    same = apart.max() < 0.05
    mean = float(ours.m[:-1].mean())
    if estimator in ("RLOO", "Dr. GRPO", "REINFORCE"):
        told = "it is a step length, no more"
    elif same:
        told = "it is divided out again"
    else:
        told = "it is divided out again, but for a small number below the line that has flipped a draw"
    return {
        "m": (t, ours.m),
        "mean": mean,
        "fixed": (fixed.J[:, 0], -fixed.J[:, 1]),
        "ours": (ours.J[:, 0], -ours.J[:, 1]),
        "ours end": (ours.J[-1:, 0], -ours.J[-1:, 1]),
        "fixed end": (fixed.J[-1:, 0], -fixed.J[-1:, 1]),
        "apart": (t, np.maximum(apart, FLOOR)),
        "jumps": "m jumps up where a checkpoint adds hypervolume"
        if ours.m[1:].max() > 0.6
        else "m hardly leaves ½: checkpoints add too little for this hv_scale",
        "headline": "One path, whatever m does" if same else "Two runs that part",
        "note": f"m is {number(mean)} in the mean; with {estimator} <b>{told}</b>. J of the two runs is at most "
        f"{number(float(apart.max()))} apart. Hypervolume {number(ours.HV[-1], 4)} with m, {number(fixed.HV[-1], 4)} "
        "without.",
    }


def scaled(**start: Any) -> Explorer:
    """Estimator, scale, step length and seed beside m and both paths; runs at the button."""
    others = common_controls()
    named = {"1": 1.0, "1000": 1000.0}
    return Explorer(
        compute,
        {
            "estimator": others["estimator"],
            "hv_scale": log_slider("hv_scale", 1000.0, 1.0, 10_000.0, named=named),
            "times": log_slider("step length, times that of the claims", 1.0, 0.25, 4.0),
            "seed": others["seed"],
        },
        [
            panel(
                entry("jumps"),
                curve("m", "", OURS, width=1.2),
                rule(y="mean", dash="dot"),
                x=axis("step", [0, STEPS]),
                y=axis("m (dotted: its mean)", [0.4, 2.05]),
            ),
            panel(
                entry("headline"),
                halo("fixed", "reward as it is", color("fixed weights")),
                curve("ours", "scaled by m", OURS, width=1.5),
                here("fixed end", "", color("fixed weights")),
                here("ours end", "", OURS, size=7),
                x="accuracy",
                y="tokens",
            ),
            panel(
                "How far J of the two runs is apart",
                curve("apart", "", OURS),
                x=axis("step", [0, STEPS]),
                y=log("largest difference (below 10⁻⁸: 10⁻⁸)", [-8.3, 0.5]),
            ),
        ],
        call=__name__,
        start=start,
        recipe=both,
        simulate=simulate,
        run="Train",
    )
