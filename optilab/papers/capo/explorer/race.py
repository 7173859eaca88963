"""Careful, fast, fast with a test: the accuracy of three runs, and which prompts are lost on the way."""

from typing import Any

import numpy as np

from optilab.papers.capo.experiment import LEVEL, LOST, STEPS
from optilab.papers.capo.explorer.parts import color, thresholds, world_controls
from optilab.papers.capo.explorer.runs import Film, capo_run, three_runs
from optilab.papers.capo.problems import PAIRS, M
from optilab.ui.controls import log_slider, player, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, curve, entry, guide, heat, here, log, panel, texts, thin
from optilab.ui.theme import INK, ink
from optilab.ui.words import number

LOWEST = 16


def fate(film: Film, upto: int) -> str:
    """What has become of a run."""
    idle = [
        f"{(film.status[:upto] == k).sum()} steps {said}" for k, said in ((1, "without a signal"), (2, "all rejected"))
    ]
    there = film.accuracy >= LEVEL
    said = f"0.6 after {number(film.responses[there.argmax()])} responses" if there.any() else "never at 0.6"
    return f"{number(film.accuracy[upto])} ({said}{', collapsed' if film.fallen else ''}; {', '.join(idle)})"


def compute(*, run: dict[str, Film], frame: int, **_: Any) -> dict[str, Any]:
    """The three runs up to a frame, and the prompts of two of them."""
    data: dict[str, Any] = {}
    frame = max(frame, 1)  # the log axis begins with the first step
    for name, film in run.items():
        upto = slice(1, len(film.accuracy) if name == "careful" else frame + 1)
        data[name] = (film.responses[upto], film.accuracy[upto])
        data[f"{name} now"] = (film.responses[upto][-1:], film.accuracy[upto][-1:])
        at = film.success[min(frame, len(film.success) - 1)]
        lost = at < LOST
        data[f"{name} prompts"] = at.reshape(M, M)
        data[f"{name} lost"] = (PAIRS[lost, 1], PAIRS[lost, 0]) if lost.any() else ([np.nan], [np.nan])
        data[f"{name} crosses"] = ["×"] * max(int(lost.sum()), 1)
        said = "CAPO" if name == "CAPO" else "All tokens"
        data[f"{name} title"] = f"{said}: {int(lost.sum())} of {M * M} prompts are lost (×)"
    ours = run["CAPO"]
    return data | {
        "note": f"After {frame} step{'s' * (frame > 1)}: all tokens {fate(run['all tokens'], frame)}; "
        f"<b>CAPO</b> {fate(ours, frame)}. It has left out {number(100 * ours.rejected[:frame].mean())} % of the "
        f"tokens, at most {number(100 * ours.rejected[:frame].max())} % in a step. Careful GRPO ends at "
        f"{number(run['careful'].accuracy[-1])}.",
    }


def prompts_of(name: str) -> Any:
    """Success of all prompts (a, b) of a run, the lost ones crossed."""
    scale = [[0, ink(0.03)], [1, color(name)]]
    bare: dict[str, Any] = {"showgrid": False, "dtick": 1, "constrain": "domain"}
    return panel(
        entry(f"{name} title"),
        heat(
            (np.arange(M), np.arange(M), f"{name} prompts"),
            colorscale=scale,
            zmin=0,
            zmax=1,
            xgap=1,
            ygap=1,
            bar="success",
        ),
        texts(f"{name} lost", entry(f"{name} crosses"), INK, textfont={"size": 18}),
        x=axis("b", [-0.5, M - 0.5], **bare),
        y=axis("a", [-0.5, M - 0.5], equal=True, **bare),
    )


def race(**start: Any) -> Explorer:
    """A frame, the step, thresholds and the batch beside three runs and two maps of prompts."""
    return Explorer(
        compute,
        {
            "frame": player("step", 300, STEPS, interval=120),
            "lr": log_slider("step length α", 40.0, 1.0, 100.0, named={"as measured": 40.0}),
            **thresholds(),
            "prompts": slider("prompts of a batch", 2, 1, 24, 1),
            **world_controls(),
        },
        [
            panel(
                "Exact accuracy against the responses it took",
                guide(([LOWEST, 60_000], [LEVEL, LEVEL]), "0.6"),
                thin("careful", "careful: steps of 10, 24 × 8", color("careful")),
                curve("all tokens", "all tokens", color("all tokens")),
                curve("CAPO", "CAPO", color("CAPO")),
                here("all tokens now", shade=color("all tokens")),
                here("CAPO now", shade=color("CAPO")),
                x=log("responses", [np.log10(LOWEST), np.log10(60_000)]),
                y=axis("accuracy", [0, 0.85]),
                wide=True,
            ),
            prompts_of("all tokens"),
            prompts_of("CAPO"),
        ],
        call=__name__,
        start=start,
        recipe=capo_run,
        simulate=three_runs,
        run="Run the three",
    )
