"""Two hundred runs at once under light or heavy tails: the fan, where runs end, and what the unlucky ones pay."""

from functools import lru_cache
from typing import Any

import numpy as np

from optilab.core.numerics import log_steps
from optilab.core.run import run
from optilab.papers.last_iterate.algorithm import csmd, heavy_const, heavy_linear, heavy_poly, high_probability_shape
from optilab.papers.last_iterate.experiment import TARGET
from optilab.papers.last_iterate.explorer.parts import FLOOR, Replayed, color, outline
from optilab.papers.last_iterate.problems import Distance
from optilab.problems.mirror import Euclidean, Power
from optilab.problems.noisy import Gaussian, Lomax, Noise, Noisy
from optilab.ui.controls import choice, log_slider, slider, switch
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, band, cloud, curve, guide, level, log, panel, promise
from optilab.ui.words import number

RUNS, LONGEST, SEED = 200, 200, 1
SIGMA = 0.75  # root mean square of the Gaussian noise, larger than half of the lengths of the heavy one at α = 1.6
HEAVY = {"η t^(−1/p)": heavy_poly, "η T^(−1/p)": heavy_const, "linear decay": heavy_linear}
PLAIN, MIRROR = color("Euclidean"), color("power map")
CHANCES = np.geomspace(0.5, 1 / RUNS, 24)


def moment(tail: float, gaussian: bool) -> float:
    """A moment p that the noise has, at most 2; of this tail index, with room to spare."""
    return 2.0 if gaussian else min(2.0, 1 + 0.83 * (tail - 1))


def noise(tail: float, gaussian: bool) -> Noise:
    """The distribution of the noise."""
    return Gaussian(SIGMA / np.sqrt(5)) if gaussian else Lomax(tail)


@lru_cache(2)
def draws(tail: float, gaussian: bool) -> np.ndarray:
    """The noise of every step of every run, the same for both maps: (steps, runs, 1, 5)."""
    return noise(tail, gaussian)(np.random.default_rng(SEED), (LONGEST, RUNS, 1, 5))


def two_hundred_runs(schedule: str, eta: float, tail: float, gaussian: bool, T: int) -> Any:
    """Gaps of plain and of power steps through the same noise: two of (T + 1, runs)."""
    p = moment(tail, gaussian)
    steps, start = HEAVY[schedule](T, eta, p), np.zeros((RUNS, 5))
    unused = np.random.default_rng(0)  # the noise was drawn before
    gaps = []
    for mirror in (Euclidean(),) if gaussian else (Euclidean(), Power(p, np.zeros(5))):  # for p = 2 they are the same
        problem = Replayed(Noisy(Distance(TARGET), noise(tail, gaussian), 5), draws(tail, gaussian))
        path = csmd(problem, start, eta=steps, rng=unused, mirror=mirror)
        gaps.append(problem(run(path, T, keep=["x"]).x))
    return gaps[0], gaps[-1]


def compute(schedule: str, eta: float, tail: float, gaussian: bool, T: int) -> dict[str, Any]:
    """The same 200 noise sequences through plain and through power steps."""
    p, t = moment(tail, gaussian), log_steps(T, 40)
    plain, power = (np.maximum(gap[t], FLOOR) for gap in two_hundred_runs(schedule, eta, tail, gaussian, T))
    data: dict[str, Any] = {}
    for column, (name, gap) in enumerate((("plain", plain), ("power", power))):
        least, low, middle, high, most = np.quantile(gap, [0.005, 0.25, 0.5, 0.75, 0.995], axis=-1)
        data |= {
            f"{name} wide": outline(t, least, most),
            f"{name} half": outline(t, low, high),
            f"{name} median": (t, middle),
            f"{name} ends": (column + np.linspace(-0.32, 0.32, RUNS), gap[-1]),
            f"{name} mean": (column, gap[-1].mean()),
            f"{name} quantile": (1 / CHANCES, np.quantile(gap[-1], 1 - CHANCES)),
        }
    steps = HEAVY[schedule](T, eta, p)
    form = np.array([high_probability_shape(steps, 2.0, 2.0, SIGMA, delta) for delta in CHANCES])
    shape = form if gaussian else np.full(len(CHANCES), np.nan)
    return data | {
        "shape": (1 / CHANCES, shape),
        "span": [-6.0, 1.7] if gaussian else [-4.6, 3.1],
        "note": note(plain[-1], power[-1], p, gaussian),
    }


def note(plain: np.ndarray, power: np.ndarray, p: float, gaussian: bool) -> str:
    """The sentence under the pictures."""
    if gaussian:
        return (
            "Gaussian noise has a variance, so p = 2 and the power map is the Euclidean one: one curve. "
            f"Median gap {number(np.median(plain))}; the unluckiest of {RUNS} runs has {number(plain.max())}, "
            f"{number(plain.max() / np.median(plain), 2)} times the median."
        )
    maps = ("the Euclidean map", "the power map")
    nearer, safer = maps[int(np.median(power) < np.median(plain))], maps[int(power.max() < plain.max())]
    verdict = f"{nearer} in the median and" + ("" if safer == nearer else f" {safer}") + " in the worst run"
    return (
        f"p = {p:.2f}. Medians: Euclidean {number(np.median(plain))}, power map {number(np.median(power))}. "
        f"Unluckiest runs: <b>{number(plain.max())}</b> and <b>{number(power.max())}</b>. "
        f"Means: {number(plain.mean())} and {number(power.mean())}, from 2 at the start. "
        f"Nearer at these steps: {verdict}."
    )


def fan(**start: Any) -> Explorer:
    """Schedule, η and the tail of the noise beside the fan of 200 runs, their ends and their quantiles."""
    both = (("plain", "Euclidean", PLAIN), ("power", "power map", MIRROR))
    parts = (("wide", 0.16), ("half", 0.35))
    bands = [band(f"{name} {part}", shade=shade, opacity=pale) for name, _, shade in both for part, pale in parts]
    return Explorer(
        compute,
        {
            "schedule": choice("schedule", "η t^(−1/p)", list(HEAVY)),
            "eta": log_slider("η", 1.0, 0.03, 3.0),
            "tail": slider(
                "tail index α",
                1.6,
                1.2,
                3.0,
                0.05,
                named={"no variance": 1.6, "hardly a mean": 1.2},
                when=lambda values: not values["gaussian"],
            ),
            "gaussian": switch("Gaussian noise instead", False),
            "T": slider("steps T", LONGEST, 50, LONGEST, 50),
        },
        [
            panel(
                f"{RUNS} runs: medians, half of all (dark), 99 % (pale)",
                *bands,
                *(curve(f"{name} median", label, shade) for name, label, shade in both),
                x=log("step t", [0, np.log10(LONGEST)], dtick=1),
                y=log("gap ‖x − a‖ of the last iterate", "span"),
            ),
            panel(
                "Where they end: every dot a run, bars are means",
                *(cloud(f"{name} ends", shade=shade, name=name, opacity=0.6) for name, _, shade in both),
                *(level(f"{name} mean", name="mean", size=70) for name, _, _ in both),
                guide(([-0.6, 1.6], [2.0, 2.0]), end="start"),
                x=axis(span=[-0.6, 1.6], ticks={0: "Euclidean", 1: "power map"}, showgrid=False),
                y=log("gap after T steps", "span"),
            ),
            panel(
                "What the unlucky pay: one run in 1/δ is worse than this",
                *(curve(f"{name} quantile", label, shade) for name, label, shade in both),
                promise("shape", "theory's form (Gaussian)", PLAIN),
                x=log("1/δ", [0.28, 2.32], ticks={n: str(n) for n in (2, 5, 10, 20, 50, 100, 200)}),
                y=log("(1 − δ)-quantile of the gap", "span"),
            ),
        ],
        call=__name__,
        start=start,
        recipe=two_hundred_runs,
    )
