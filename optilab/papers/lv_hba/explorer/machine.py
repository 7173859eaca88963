"""A support vector machine whose training points are weighed by LV-HBA: wrong labels sink, retraining judges."""

from collections.abc import Callable
from typing import Any

import numpy as np

from optilab.core.run import Trace
from optilab.papers.lv_hba.experiment import judged, learning
from optilab.papers.lv_hba.explorer.parts import color
from optilab.papers.lv_hba.problems import svm as weighing
from optilab.ui.controls import log_slider, player, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, cloud, curve, entry, here, panel, thin
from optilab.ui.theme import GREEN, PINK
from optilab.ui.words import number

STEPS, FRAMES = 800, 80


def learned(alpha_x: float, seed: int, progress: Any = False) -> Trace:
    """C of every tenth of 800 steps, x = C with a step of its own."""
    return learning(weighing.stacked(range(seed, seed + 1)), STEPS, alpha_x, STEPS // FRAMES, progress)


def simulate(alpha_x: float, seed: int, progress: Callable[..., None]) -> Any:
    """The weights along a run, and what is trained afresh with each of them, judged."""
    data = weighing.draw(seed)
    C = learned(alpha_x, seed, progress).x[:, 0]
    many = weighing.Data(*(np.broadcast_to(part, (len(C), *part.shape)) for part in data))
    return judged(C, many)


def compute(alpha_x: float, seed: int, frame: int, *, run: Any) -> dict[str, Any]:
    """The weights at a frame, and the accuracy on new points up to the end."""
    k, C, wrong = STEPS // FRAMES * np.arange(FRAMES + 1), run.C[frame], run.flipped[frame]
    share = float(run.auc[frame])
    at = np.arange(len(C))
    return {
        "wrong": (at[: wrong.sum()], C[wrong]),
        "right": (at[wrong.sum() :], C[~wrong]),
        "learned": (k, run.learned),
        "common": (k, run.common),
        "now": ([k[frame]], [run.learned[frame]]),
        "headline": "Wrong labels have lost their weight" if share > 0.75 else "Right and wrong labels are still mixed",
        "note": f"Step {k[frame]}: the mean C of right labels less that of wrong ones is "
        f"{number(run.difference[frame])}; in <b>{number(100 * share)} %</b> of all pairs the right label has the "
        f"larger C. Trained afresh with these weights the machine is right on {number(100 * run.learned[frame])} % of "
        f"400 new points, with equal ones on {number(100 * run.common[frame])} %.",
    }


def machine(**start: Any) -> Explorer:
    """The step of C, the data and the frame beside weights and accuracies."""
    blue = color("LV-HBA")
    return Explorer(
        compute,
        {
            "frame": player("frame", FRAMES, FRAMES, interval=80),
            "alpha_x": log_slider("step of C", 5.0, 0.5, 50.0, steps=20, named={"5": 5.0}),
            "seed": slider("seed", 0, 0, 9, 1),
        },
        [
            panel(
                entry("headline"),
                cloud("wrong", "18 wrong labels", PINK),
                cloud("right", "42 right labels", GREEN),
                x=axis("training point i", [-1, 60]),
                y=axis("Cᵢ, the logarithm of its weight", [-8.4, 3.4]),
            ),
            panel(
                "Accuracy on new points, trained afresh with these C",
                thin("common", "equal weights"),
                curve("learned", "C of LV-HBA", blue),
                here("now", shade=blue),
                x=axis("step k", [0, STEPS]),
                y=axis("test accuracy", [0.3, 1]),
            ),
        ],
        call=__name__,
        start=start,
        recipe=learned,
        simulate=simulate,
        run="Learn",
    )
