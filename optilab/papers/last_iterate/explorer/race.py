"""Three schedules on one regression: step sizes, gaps on the way, where all runs end."""

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from optilab.core.numerics import log_steps
from optilab.core.run import run
from optilab.papers.last_iterate.algorithm import SCHEDULES, average, best, bound, suffix_average
from optilab.papers.last_iterate.experiment import states
from optilab.papers.last_iterate.explorer.parts import COLORS, FLOOR, NAMES, outline
from optilab.papers.last_iterate.problems import AbsoluteRegression, outliers
from optilab.problems.simple import L1
from optilab.ui.controls import choice, log_slider, slider, switch
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, band, cloud, curve, entry, guide, level, log, panel, promise, rule, thin
from optilab.ui.theme import INK, ink

RUNS = 20


@cache
def regression() -> AbsoluteRegression:
    """The problem, which finds its minimum once."""
    return outliers(0, L1(0.1))


def three_schedules(eta: float, T: int, noise: float) -> Any:
    """Iterates of all three schedules on the same samples: (T + 1, 3, runs, 10)."""
    problem = replace(regression(), noise=noise)
    steps = np.stack([make(T, eta) for make in SCHEDULES.values()], -1)
    return run(states(problem, np.zeros(10), steps, RUNS, 12345), T, keep=["x"]).x


def compute(schedule: str, eta: float, T: int, noise: float, promised: bool) -> dict[str, Any]:
    """Gaps of all three; the other outputs, the band and the bound are those of `schedule`."""
    exact, k = regression(), NAMES.index(schedule)
    s2 = exact.M**2 + replace(exact, noise=noise).sigma ** 2
    x, t = three_schedules(eta, T, noise), log_steps(T, 40)
    steps = {name: make(T, eta) for name, make in SCHEDULES.items()}

    def gap(points: np.ndarray) -> np.ndarray:
        return np.maximum(exact(points) - exact.minimum, FLOOR)

    last = gap(x[t])  # (t, 3, runs)
    outputs = {"average": gap(average(x[:, k], t)), "suffix": gap(suffix_average(x[:, k], t)), "best": best(last[:, k])}
    ends = np.stack([*last[-1], *(output[-1] for output in outputs.values())])
    D = float(0.5 * (exact.minimizer**2).sum())
    promise = [bound(steps[schedule][:n], D, s2) if promised else np.nan for n in t]
    data: dict[str, Any] = {}
    for j, name in enumerate(NAMES):
        data |= {
            f"eta {name}": (np.arange(1, T + 1), steps[name]),
            f"last {name}": (t, last[:, j].mean(-1)),
            f"width {name}": 3.5 if name == schedule else 1.2,
        }
    shift = (np.arange(RUNS) * 0.618034) % 1 - 0.5  # golden steps: neighbours in order stand apart
    return data | {
        "average": (t, outputs["average"].mean(-1)),
        "suffix": (t, outputs["suffix"].mean(-1)),
        "bound": (t, promise),
        "band": outline(t, last[:, k], 0.1, 0.9),
        "shade": COLORS[schedule],
        "ends": ((np.arange(6)[:, None] + 0.6 * shift).ravel(), ends.ravel()),
        "shades": [shade for shade in [*COLORS.values(), INK, INK, INK] for _ in range(RUNS)],
        "means": (np.arange(6.0), ends.mean(-1)),
        "headline": f"The last iterate of {schedule} and its averages",
        "tall": [0.0, 3.3 * eta / np.sqrt(T)],
        "note": note(schedule, last[-1].mean(-1), ends[3].mean(), k),
    }


def note(schedule: str, final: np.ndarray, mean: float, k: int) -> str:
    """The sentence under the pictures."""
    own = f"Mean gap of the last iterate of {schedule}: <b>{final[k]:.3g}</b>; of its average: {mean:.3g}. "
    if k == NAMES.index("linear decay"):
        return own + (
            f"1/√t ends {final[0] / final[k]:.3g} times as far away, constant steps {final[1] / final[k]:.3g} times."
        )
    return own + (
        f"Linear decay, at the same η and on the same samples: {final[2]:.3g}, a factor {final[k] / final[2]:.3g}."
    )


def race(**start: Any) -> Explorer:
    """Schedule, η, T and noise beside the step sizes, the gaps on the way and where 20 runs end."""
    shade = entry("shade")
    widths = {name: entry(f"width {name}") for name in NAMES}
    outputs = ["1/√t", "const.", "line", "average", "suffix", "best"]
    return Explorer(
        compute,
        {
            "schedule": choice("schedule", "1/√t", NAMES),
            "eta": log_slider("η", 0.8, 0.02, 5.0),
            "T": slider("steps T", 800, 100, 800, 100),
            "noise": slider("noise", 1.0, 0.0, 3.0, 0.1, named={"none": 0.0, "one random row": 1.0}),
            "promised": switch("show the bound", False),
        },
        [
            panel(
                "Three ways to shrink the steps (1/√t starts at η, far above)",
                *(curve(f"eta {name}", name, COLORS[name], width=widths[name]) for name in NAMES),
                x="step t",
                y=axis("step size ηₜ", "tall"),
            ),
            panel(
                entry("headline"),
                band("band", shade=shade),
                *(curve(f"last {n}", "", COLORS[n], width=widths[n], name=f"last, {n}") for n in NAMES),
                thin("average", "average"),
                guide("suffix", "suffix", INK),
                promise("bound", shade=shade),
                x=log("step t (band: 80 % of the runs)"),
                y=log("gap F − F*, mean"),
            ),
            panel(
                f"Where {RUNS} runs end: every dot a run, bars are means",
                cloud("ends", shade=entry("shades"), marker={"opacity": 0.55}),
                level("means", name="mean"),
                rule(2.5, color=ink(0.3)),
                x=axis(
                    "last iterates │ of the chosen one",
                    [-0.6, 5.6],
                    ticks=dict(enumerate(outputs)),
                    showgrid=False,
                    tickangle=0,
                    tickfont={"size": 11.5},
                ),
                y=log("gap after T steps"),
            ),
        ],
        call=__name__,
        start=start,
        recipe=three_schedules,
    )
