"""The race: gaps, iterations against κ, and the multipliers that explain both."""

from typing import Any

import numpy as np

from optilab.papers.passivity_acceleration.algorithm import spectral_radius
from optilab.papers.passivity_acceleration.experiment.races import METHODS, tuned
from optilab.papers.passivity_acceleration.explorer import contests
from optilab.papers.passivity_acceleration.explorer.contests import ASLEEP, CHAIN, CLASSIFIER, KAPPAS, SEEDS
from optilab.papers.passivity_acceleration.explorer.parts import color
from optilab.papers.passivity_acceleration.explorer.worst_cases import NOWHERE, compared, taken
from optilab.ui.controls import choice, log_slider, slider, switch
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, cloud, curve, entry, guide, log, panel, promise, rule, words, worst
from optilab.ui.words import number

NEAR = 20  # where tables of worst cases end


def compute(problem: str, kappa: float, accuracy: float, seed: int, near: bool) -> dict[str, Any]:
    """Gaps on the chosen problem, worst ones if `near`, iterations on quadratics against κ, multipliers."""
    gap_range = [-12.2, 2.9]
    if problem == CLASSIFIER:
        kappa = 1000.0
        gap, bound = contests.on_classifier(seed)
        headline = f"Classifier of 100 points, κ = 1000, data set {seed}"
    elif problem == CHAIN:
        gap, bound = contests.on_chain()
        headline, gap_range = "Chain of 200 links: convex, and tuned without μ", [-4.2, 2.2]
    else:
        gap, bound = contests.on_quadratic(problem, kappa, seed)
        headline = f"Quadratic in 30 dimensions, κ = {kappa:.0f}, start {seed}"
    needed = contests.iterations(accuracy, problem == ASLEEP)
    medians = np.median(needed, -1)
    powers = np.polyfit(np.log(KAPPAS[4:]), np.log(medians[:, 4:].T), 1)[0]
    k, shares = np.arange(len(gap)), np.linspace(1 / kappa, 1, 400)
    factors = {name: spectral_radius(shares * kappa, tuned(name, 1.0, kappa)) for name in METHODS}
    if problem == CHAIN:
        factors = {name: np.full(len(shares), np.nan) for name in METHODS}
        factors["gradient descent"] = 1 - shares
    worst_gaps, end = taken(problem, kappa, seed), len(k) - 1.0
    if near:
        shown = [gap[: NEAR + 1].ravel(), bound[: NEAR + 1], *(left for _, left in worst_gaps.values())]
        powers_of_ten = np.log10(np.concatenate(shown))
        gap_range = [np.nanmin(powers_of_ten) - 0.3, np.nanmax(powers_of_ten) + 0.3]
        end = NEAR + 0.6
    data: dict[str, Any] = {"steps": [0, end]}
    for index, name in enumerate(METHODS):
        data |= {
            f"{name}: worst": worst_gaps[name] if near else NOWHERE,
            f"{name}: gap": (k, np.maximum(gap[:, index], 1e-13)),
            f"{name}: median": medians[index],
            f"{name}: seeds": needed[index].ravel(),
            f"{name}: radius": (shares, factors[name]),
        }
    return (
        data
        | {
            "bound": (k, np.maximum(bound, 1e-13)),
            "gap_range": gap_range,
            "accuracy": accuracy,
            "slope_half": 0.25 * medians[1:, 0].min() * np.sqrt(KAPPAS / KAPPAS[0]),
            "slope_one": 2.2 * medians[0, 0] * KAPPAS / KAPPAS[0],
            "growth": f"Quadratics: the count grows like κ to the {powers[0]:.2f} (plain), {powers[2]:.2f} (Nesterov)",
            "why": f"Why: the factor per step along each curvature, κ = {number(kappa)}",
            "unfixed": np.nan,
            "now": kappa,
            "headline": headline,
            "note": f"{note(problem, gap, accuracy, powers)} {compared(gap, bound, worst_gaps)}",
        }
        | (ON_CHAIN if problem == CHAIN else {})
    )


ON_CHAIN = {"now": np.nan, "unfixed": 0.5, "why": "Without μ only gradient descent has a fixed factor"}


def note(problem: str, gap: np.ndarray, accuracy: float, powers: np.ndarray) -> str:
    """Who arrives when, and how that grows with κ."""
    if problem == CHAIN:
        return (
            f"After 200 gradients Nesterov's gap, with momentum k/(k + 3), is {number(gap[200, 2], 2)} of the start's "
            f"and gradient descent's {number(gap[200, 0], 2)}. Heavy ball and triple momentum need μ for their tuning."
        )
    arrived = gap <= accuracy
    first = np.where(arrived.any(0), arrived.argmax(0).astype(str), f"more than {len(gap) - 1}")
    times = ", ".join(f"{name} {k}" for name, k in zip(METHODS, first, strict=True))
    tail = gap[-30:, 1].min()
    caught = f"<b>Heavy ball is caught in a cycle</b>, its gap never below {number(tail, 2)} of the start's. "
    return (
        f"{caught if problem == CLASSIFIER and tail > 1e-3 else ''}"
        f"Gradients to {number(accuracy)} of the gap: {times}. "
        f"On quadratics they grow like κ to the {powers[0]:.2f} (gradient descent), {powers[2]:.2f} (Nesterov), "
        f"{powers[3]:.2f} (triple momentum)."
    )


def quadratic(values: dict[str, Any]) -> bool:
    """Whether κ is free."""
    return values["problem"] not in (CLASSIFIER, CHAIN)


def drawn(values: dict[str, Any]) -> bool:
    """Whether anything is random."""
    return values["problem"] != CHAIN


def race(**start: Any) -> Explorer:
    """Race four methods on quadratics of any κ and on a classifier."""
    for asleep in (False, True):
        contests.records(asleep)
    on = {CLASSIFIER: contests.on_classifier, CHAIN: contests.on_chain}
    recipes = dict.fromkeys(contests.PROBLEMS, contests.on_quadratic) | on
    cloudy = np.repeat(KAPPAS, SEEDS)
    return Explorer(
        compute,
        {
            "problem": choice("race on a", contests.QUADRATIC, contests.PROBLEMS),
            "kappa": log_slider("κ of the quadratic", 1000.0, 10.0, 10000.0, steps=30, readout=".0f", when=quadratic),
            "accuracy": log_slider("accuracy", 1e-8, 1e-10, 1e-2, steps=8, readout=".0e"),
            "seed": slider("start or data set", 3, 0, SEEDS - 1, 1, when=drawn),
            "near": switch("only the first 20 gradients, with worst cases ◇", False),
        },
        [
            panel(
                entry("headline"),
                *(curve(f"{name}: gap", name, color(name)) for name in METHODS),
                *(worst(f"{name}: worst", "", color(name), name=f"worst of {name}") for name in METHODS),
                promise("bound", "Nesterov's bound", color("Nesterov")),
                rule(y="accuracy", dash="dot"),
                x=axis("gradients k", "steps"),
                y=log("gap, of the start's", "gap_range", dtick=2),
                height=280,
            ),
            panel(
                entry("growth"),
                *(curve((KAPPAS, f"{name}: median"), name, color(name), showlegend=False) for name in METHODS),
                *(
                    cloud((cloudy, f"{name}: seeds"), "", color(name), legendgroup=name, hoverinfo="skip")
                    for name in METHODS
                ),
                guide((KAPPAS, "slope_one"), end="∝ κ", hoverinfo="skip"),
                guide((KAPPAS, "slope_half"), end="∝ √κ", hoverinfo="skip"),
                rule("now"),
                x=log("condition number κ", dtick=1),
                y=log("gradients to the accuracy", [0, 5.3], dtick=1),
                height=280,
            ),
            panel(
                entry("why"),
                *(curve(f"{name}: radius", name, color(name), showlegend=False) for name in METHODS),
                words("Nesterov's momentum k/(k + 3)<br>changes from step to step", "unfixed", 0.85),
                x=axis("curvature λ/L", [0, 1]),
                y=axis("larger multiplier |z|", [0, 1.03]),
                height=280,
            ),
        ],
        call=__name__,
        start=start,
        recipe=recipes,
    )
