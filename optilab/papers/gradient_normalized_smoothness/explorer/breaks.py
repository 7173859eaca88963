"""What breaks: no radius at all, a radius that isn't searched for, an indefinite Hessian, rounding."""

from typing import Any

import numpy as np

from optilab.papers.gradient_normalized_smoothness import algorithm as alg
from optilab.papers.gradient_normalized_smoothness.explorer.parts import SHADES
from optilab.papers.gradient_normalized_smoothness.explorer.without import (
    CASES,
    CHAIN,
    FIXED,
    FLOOR,
    LONGEST,
    NEWTON,
    two_gaps,
)
from optilab.ui.controls import choice, log_slider, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, curve, dots, entry, log, panel, thin
from optilab.ui.theme import ORANGE, PINK, PURPLE
from optilab.ui.words import number

SHADE_OF = {NEWTON: PINK, FIXED: ORANGE, CHAIN: SHADES["Gauss–Newton"], FLOOR: SHADES["gradient method"]}
SPANS: dict[str, list[float]] = {NEWTON: [-17.5, 3.5], FIXED: [-9, 4], CHAIN: [-9, 3], FLOOR: [-17.5, 1.5]}
TITLES = {
    NEWTON: "Newton without a radius: from beyond 1.0887 it diverges",
    FIXED: "A γ that nobody checks: f needn't fall",
    CHAIN: "An indefinite Hessian: probes fail (ticks), steps don't",
    FLOOR: "At the floor of rounding f can't fall any more, and the search says so",
}

FROZEN = "An indefinite Hessian: probes fail (ticks); from this start rounding freezes both"


def compute(case: str, start: float, gamma: float, seed: int, mu: float) -> dict[str, Any]:
    """Both gaps, where one diverges or stalls, and the γ that the search finds, with the probes that failed."""
    given: dict[str, Any] = {NEWTON: start, FIXED: gamma, CHAIN: seed, FLOOR: mu}
    other, ours = CASES[case](given[case])
    rival, mine = two_gaps(case, other, ours, mu)
    lost, stalled = bool(np.isfinite(other.diverged)), ours.status[-1] == alg.STALLED
    failed = np.flatnonzero(np.diff(ours.failures))
    low, high = 10.0 ** SPANS[case][0], 10.0 ** SPANS[case][1]
    shown = np.clip(rival, low, high)
    end = int(other.diverged) - 1 if lost else len(shown) - 1
    rises = int(((rival[1:] > rival[:-1]) & (rival[1:] > 1e-12)).sum())
    low_enough = rival <= 1e-8
    arrives = f"is at 10⁻⁸ in {low_enough.argmax()}" if low_enough.any() else f"isn't at 10⁻⁸ in {LONGEST}"
    said = {
        NEWTON: f"The other, pure Newton from {number(start, 5)}, {'<b>diverges</b>' if lost else 'converges'}, "
        "and the edge is 1.0887",
        FIXED: f"The other, with γ = {number(gamma)} throughout, {arrives} steps; f rises in <b>{rises}</b> of them",
        CHAIN: f"Probes at an indefinite matrix: <b>{ours.failures[-1]}</b>; the other, with Gauss–Newton, has none",
        FLOOR: f"The other is the gradient method. f is {number(float(ours.value[-1]), 2)} and has 16 digits",
    }
    with_what = "" if case == FIXED else ", with the exact Hessian"
    ended = "<b>stalled (machine precision)</b>" if stalled else alg.STATUS[ours.status[-1]]
    radii = other.gamma[1:] if case in (FIXED, CHAIN) else np.full(len(rival) - 1, np.nan)
    both = np.log10(np.concatenate([ours.gamma[1:], radii]))
    return {
        "other": (other.step, shown),
        "ours": (ours.step, np.clip(mine, low, high)),
        "lost": (other.step[end] if lost else np.nan, shown[end]),
        "stalled": (ours.step[-1] if stalled else np.nan, max(mine[-1], low)),
        "ticks": (np.append(failed, np.nan), np.append(np.full(len(failed), 1.6 * low), np.nan)),
        "γ": (ours.step[:-1], ours.gamma[1:]),
        "γ other": (other.step[:-1], radii),
        "failed": (np.append(failed, np.nan), np.append(ours.gamma[1:][failed], np.nan)),
        "span": SPANS[case],
        "γ span": [float(np.nanmin(both)) - 0.5, float(np.nanmax(both)) + 0.5],
        "wide": [-0.5, float(max(other.step[-1], ours.step[-1])) + 0.5],
        "shade": SHADE_OF[case],
        "title": FROZEN if case == CHAIN and ours.value[-1] > 1e-8 else TITLES[case],
        "note": f"{said[case]}. The search{with_what}: {ended} after {ours.step[-1]} steps, "
        f"{number(float(mine[-1]), 2)} left.",
    }


def breaks(**start: Any) -> Explorer:
    """Four ways to go without the search, or to its end."""

    def only(case: str) -> Any:
        return lambda values: values["case"] == case

    return Explorer(
        compute,
        {
            "case": choice("what breaks", NEWTON, list(CASES)),
            "start": slider("start x₀", 1.1, 0.5, 1.5, 0.01, named={"edge": 1.0887}, when=only(NEWTON)),
            "gamma": log_slider("γ", 5.0, 0.05, 50.0, steps=30, when=only(FIXED)),
            "seed": slider("seed of the start", 1, 0, 9, 1, when=only(CHAIN)),
            "mu": log_slider("μ", 0.5, 0.1, 2.0, steps=20, when=only(FLOOR)),
        },
        [
            panel(
                entry("title"),
                curve("other", "the other", entry("shade")),
                curve("ours", "the search", SHADES["exact"]),
                dots("lost", "diverged", entry("shade"), symbol="x", size=13),
                dots("stalled", "stalled", SHADES["exact"], symbol="square", size=11),
                dots("ticks", "probe failed", PURPLE, symbol="line-ns-open", size=11),
                x=axis("step k", "wide"),
                y=log("gap f − f*", "span"),
                height=380,
            ),
            panel(
                "γ of the search: halved until f falls enough, doubled after each step",
                thin("γ other", "", entry("shade"), name="the other"),
                curve("γ", "", SHADES["exact"], name="the search"),
                dots("failed", "", PURPLE, symbol="line-ns-open", size=13, name="probe failed"),
                x=axis("step k", "wide"),
                y=log("accepted γₖ", "γ span"),
                height=380,
            ),
        ],
        call=__name__,
        start=start,
        recipe=CASES,
    )
