"""Three schedules on one regression: step sizes, gaps on the way, where all runs end."""

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from optilab.core.numerics import log_steps
from optilab.core.run import run
from optilab.papers.last_iterate.algorithm import SCHEDULES, average, best, bound, csmd, suffix_average
from optilab.papers.last_iterate.explorer.parts import COLORS, FLOOR, NAMES, Replayed, outline
from optilab.papers.last_iterate.problems import AbsoluteRegression, outliers
from optilab.problems.simple import L1
from optilab.ui.controls import choice, log_slider, slider, switch
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, band, cloud, curve, entry, level, log, panel, promise, rule, thin
from optilab.ui.theme import INK, ink
from optilab.ui.words import number

RUNS, LONGEST = 20, 500


@cache
def regression() -> AbsoluteRegression:
    """The problem, which finds its minimum once."""
    return outliers(0, L1(0.1))


@cache
def rows() -> np.ndarray:
    """The random row of every step of every run, the same for all schedules: (steps, schedules, runs, 1)."""
    drawn = np.random.default_rng(12345).integers(100, size=(LONGEST, 1, RUNS, 1))
    return np.broadcast_to(drawn, (LONGEST, len(NAMES), RUNS, 1))


def steps_of(eta: float, T: int, same_walk: bool) -> np.ndarray:
    """The step sizes of all schedules at one η, or all scaled to the sum of linear decay's: (T, schedules)."""
    steps = np.stack([make(T, eta) for make in SCHEDULES.values()], -1)
    return steps * steps[:, -1].sum() / steps.sum(0) if same_walk else steps


def three_schedules(eta: float, T: int, noise: float, same_walk: bool) -> Any:
    """Iterates of all three schedules on the same samples: (T + 1, 3, runs, 10)."""
    problem = replace(regression(), noise=noise)
    steps = steps_of(eta, T, same_walk)[..., None]
    unused = np.random.default_rng(0)  # the rows were drawn before
    path = csmd(Replayed(problem, rows()), np.zeros((3, RUNS, 10)), eta=steps, rng=unused)
    return run(path, T, keep=["x"]).x


def reach(noise: float, promised: bool) -> list[float]:
    """The powers of ten between which gaps are, whatever η is, and the bounds if they are shown."""
    if noise == 0:
        return [-5.6, 3.2 if promised else 0.0]
    power = np.log10(noise)
    return [(2 if power < 0 else 1.3) * power - 2.1, 3.2 if promised else max(0.1, 1.3 * power + 1.25)]


def compute(schedule: str, eta: float, T: int, same_walk: bool, noise: float, promised: bool) -> dict[str, Any]:
    """Gaps of all three; the other outputs, the band and the bound are those of `schedule`."""
    exact, k = regression(), NAMES.index(schedule)
    s2 = exact.M**2 + replace(exact, noise=noise).sigma ** 2
    x, t = three_schedules(eta, T, noise, same_walk), log_steps(T, 40)
    steps, shape = steps_of(eta, T, same_walk), steps_of(1.0, T, same_walk) * np.sqrt(T)

    def gap(points: np.ndarray) -> np.ndarray:
        return np.maximum(exact(points) - exact.minimum, FLOOR)

    last = gap(x[t])  # (t, 3, runs)
    outputs = {"average": gap(average(x[:, k], t)), "suffix": gap(suffix_average(x[:, k], t)), "best": best(last[:, k])}
    ends = np.stack([*last[-1], *(output[-1] for output in outputs.values())])
    D = float(0.5 * (exact.minimizer**2).sum())
    shift = (np.arange(RUNS) * 0.618034) % 1 - 0.5  # golden steps: neighbours in order stand apart
    data: dict[str, Any] = {}
    for j, name in enumerate(NAMES):
        data |= {
            f"eta {name}": (np.linspace(0, 1, T), shape[:, j]),
            f"last {name}": (t, last[:, j].mean(-1)),
            f"chosen {name}": (t, last[:, j].mean(-1) if j == k else np.full(len(t), np.nan)),
        }
    return data | {
        "average": (t, outputs["average"].mean(-1)),
        "suffix": (t, outputs["suffix"].mean(-1)),
        "bound": (t, [bound(steps[:n, k], D, s2) if promised else np.nan for n in t]),
        "band": outline(t, *np.quantile(last[:, k], [0.1, 0.9], axis=-1)),
        "shade": COLORS[schedule],
        "ends": ((np.arange(6)[:, None] + 0.6 * shift).ravel(), ends.ravel()),
        "means": (np.arange(6.0), ends.mean(-1)),
        "span": reach(noise, promised),
        "ends span": reach(noise, False),
        "headline": f"The last iterate of {schedule} and its averages",
        "note": note(schedule, last[-1].mean(-1), ends[3].mean(), steps.sum(0)),
    }


def note(schedule: str, final: np.ndarray, mean: float, walk: np.ndarray) -> str:
    """The sentence under the pictures."""
    k, line = NAMES.index(schedule), NAMES.index("linear decay")
    said = f"Mean gap of the last iterate of {schedule}: <b>{number(final[k])}</b>; of its average: {number(mean)}. "
    for j, name in enumerate(NAMES):
        if j not in (k, line):
            said += f"{name[0].upper()}{name[1:]} ends at {number(final[j])}. "
    if k != line:
        said += (
            f"Linear decay on the same samples: {number(final[line])}, a factor {number(final[k] / final[line], 2)}. "
        )
    sums = (f"{name} {number(total, 2)}" for name, total in zip(NAMES, walk, strict=True))
    return said + f"Sums of the steps: {', '.join(sums)}."


def race(**start: Any) -> Explorer:
    """Schedule, η, T and noise beside the step sizes, the gaps on the way and where 20 runs end."""
    shade = entry("shade")
    outputs = ["1/√t", "const.", "line", "avg.", "suffix", "best"]
    return Explorer(
        compute,
        {
            "schedule": choice("schedule", "1/√t", NAMES),
            "eta": log_slider("η", 0.8, 0.02, 5.0),
            "T": slider("steps T", LONGEST, 100, LONGEST, 50),
            "same_walk": switch("same walk: scale all sums to the line's", False),
            "noise": slider("noise", 1.0, 0.0, 3.0, 0.1, named={"none": 0.0, "one random row": 1.0}),
            "promised": switch("show the bound", False),
        },
        [
            panel(
                "Three ways to shrink the steps",
                *(curve(f"eta {name}", name, COLORS[name]) for name in NAMES),
                x=axis("step t", [-0.02, 1.02], ticks={0: "1", 0.5: "T/2", 1: "T"}),
                y=axis("step size ηₜ, in units of η/√T", [0, 3.3]),
            ),
            panel(
                entry("headline"),
                band("band", shade=shade),
                *(thin(f"last {name}", "", COLORS[name], width=2, name=f"last, {name}") for name in NAMES),
                *(curve(f"chosen {name}", "", COLORS[name], width=3.5, hoverinfo="skip") for name in NAMES),
                thin("average", "its average", width=2),
                curve("suffix", "its suffix average", ink(0.45), width=2),
                promise("bound", "bound", shade),
                x=log("step t (band: 80 % of the runs)", [0, np.log10(LONGEST)]),
                y=log("gap F − F*, mean", "span"),
            ),
            panel(
                f"Where {RUNS} runs end: every dot a run, bars are means",
                cloud(
                    "ends",
                    marker={
                        "opacity": 0.55,
                        "color": [s for s in [*COLORS.values(), INK, INK, INK] for _ in range(RUNS)],
                    },
                ),
                level("means", name="mean", size=22),
                rule(2.5, color=ink(0.3)),
                x=axis(
                    "last iterates │ chosen one's",
                    [-0.6, 5.6],
                    ticks=dict(enumerate(outputs)),
                    showgrid=False,
                    tickangle=0,
                    tickfont={"size": 11.5},
                ),
                y=log("gap after T steps", "ends span"),
            ),
        ],
        call=__name__,
        start=start,
        recipe=three_schedules,
    )
