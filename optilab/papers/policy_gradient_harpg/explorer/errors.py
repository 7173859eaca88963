"""How fast directions and gaps improve: twenty runs a method, on log axes, beside the slopes that theory promises."""

from collections.abc import Callable
from typing import Any

import numpy as np

from optilab.papers.policy_gradient_harpg.algorithm import decay_exponent, trajectories
from optilab.papers.policy_gradient_harpg.experiment import Race, checkpoints, race
from optilab.papers.policy_gradient_harpg.experiment.headlines import PROMISED
from optilab.papers.policy_gradient_harpg.explorer.parts import NAMES, color
from optilab.ui.controls import choice, log_slider, slider, switch
from optilab.ui.explorer import Explorer
from optilab.ui.marks import Mark, curve, entry, log, panel, promise, thin
from optilab.ui.words import number

RUNS, CHECKPOINTS, FIRST, LATE, MOST = 20, 40, 10, 100, 10_000


def one_race(gamma0: float, N: int, T: int, seed: int, name: str = "N-PG-IGT", progress: Any = False) -> Race:
    """Runs of a method: T updates, but no more than 10,000 trajectories allow."""
    T = min(T, MOST // N)
    at = checkpoints(T, CHECKPOINTS, FIRST)
    return race(name, T=T, gamma0=gamma0, N=N, runs=RUNS, seed=seed, at=at, progress=progress)


def simulate(gamma0: float, N: int, T: int, seed: int, progress: Callable[..., None] | None = None) -> dict[str, Race]:
    """All methods, twenty runs each."""
    found: dict[str, Race] = {}
    cost = {name: trajectories(name, T) for name in NAMES}
    for name in NAMES:
        done = sum(cost[other] for other in found)

        def part(k: float, steps: float, done: int = done, name: str = name) -> None:
            if progress:
                progress(done + cost[name] * k / steps, sum(cost.values()))

        found[name] = one_race(gamma0, N, T, seed, name, part)
    return found


def promised_line(t: np.ndarray, x: np.ndarray, y: np.ndarray, power: float) -> tuple[np.ndarray, float]:
    """From update 100 on, the line of the promised power through y there, and the power with which y falls itself."""
    late = (t >= LATE) & np.isfinite(y)
    if late.sum() < 2:  # most runs have diverged
        return np.full(len(t), np.nan), np.nan
    fitted, _ = np.polyfit(np.log(x[late]), np.log(y[late]), 1)
    return np.where(late, y[late][0] * (x / x[late][0]) ** power, np.nan), float(fitted)


def compute(gamma0: float, N: int, T: int, seed: int, cost: bool, *, run: dict[str, Race]) -> dict[str, Any]:
    """Medians and worst runs of error and gap, with lines of the promised slope beside the medians."""
    data: dict[str, Any] = {}
    slopes, ends, medians = [], [], []
    for name, found in run.items():
        x = found.trajectories if cost else found.t
        promised = -decay_exponent(name)
        for what, values in (("err", found.err), ("gap", np.maximum(found.gap, 1e-4))):
            median = np.nanmedian(values, -1)
            straight, fall = promised_line(found.t, x, median, promised)
            data |= {
                f"{name} {what}": (x, median),
                f"{name} worst {what}": (x, np.nanmax(values, -1)),
                f"{name} {what} line": (x, straight),
            }
            if what == "err":
                medians.append(median)
                slopes += [f"{name} {number(fall, 2)} ({number(promised, 2)})"] if promised else []
        ends.append(f"{name} {number(median[-1], 2)}")
    lost = ", ".join(f"{(found.status != 'better').sum()} of {name}" for name, found in run.items())
    return data | {
        "axis": "trajectories drawn (N-HARPG draws two an update)" if cost else "update t",
        "span": np.log10([np.nanmin(medians) / 2, 10 * np.nanmax(medians)]).tolist(),
        "note": f"Slopes of the median error from update {LATE} on, in brackets what theory promises of its mean: "
        f"<b>{'; '.join(slopes)}</b>. "
        f"Median gaps at the end: {', '.join(ends)}. Of {RUNS} runs each, lost or diverged: {lost}.",
    }


def curves(what: str, legend: bool) -> list[Mark]:
    """For every method the worst run, the promised slope where there is one, and the median."""
    marks: list[Mark] = [
        thin(f"{name} worst {what}", "", color(name), opacity=0.35, hoverinfo="skip") for name in NAMES
    ]
    marks += [promise(f"{name} {what} line", "", color(name), hoverinfo="skip") for name in PROMISED]
    labels = {name: f"{name}, promised slope {PROMISED[name]}" for name in PROMISED}
    return marks + [curve(f"{name} {what}", labels.get(name, name), color(name), showlegend=legend) for name in NAMES]


def errors(**start: Any) -> Explorer:
    """γ₀, batch, updates and seed beside the errors and gaps of all four methods; runs at the press of the button."""
    x = log(entry("axis"), dtick=1)
    return Explorer(
        compute,
        {
            "gamma0": log_slider("γ₀", 0.3, 0.03, 3.0, steps=20, named={"0.3": 0.3, "1": 1.0}),
            "N": slider("trajectories a gradient", 1, 1, 30, 1),
            "T": choice("updates", 1000, [("1,000", 1000), ("3,000", 3000), ("10,000", 10_000)]),
            "seed": slider("seed", 0, 0, 19, 1),
            "cost": switch("count trajectories", False),
        },
        [
            panel(
                "How far directions are off: medians; worst runs pale",
                *curves("err", legend=True),
                x=x,
                y=log("error ‖d − ∇J‖", "span", dtick=1),
                height=420,
            ),
            panel(
                "What is still to be gained; dashed, what theory promises",
                *curves("gap", legend=False),
                x=x,
                y=log("gap J* − J"),
                height=420,
            ),
        ],
        call=__name__,
        start=start,
        recipe=one_race,
        simulate=simulate,
        run="Run",
    )
