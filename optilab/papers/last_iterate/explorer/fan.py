"""Two hundred runs at once under light or heavy tails: the fan, where runs end, and what the unlucky ones pay."""

from typing import Any

import numpy as np

from optilab.core.numerics import log_steps
from optilab.core.run import run
from optilab.papers.last_iterate.algorithm import heavy_const, heavy_linear, heavy_poly, high_probability_shape
from optilab.papers.last_iterate.experiment import TARGET, states
from optilab.papers.last_iterate.explorer.parts import FLOOR, color, outline
from optilab.papers.last_iterate.problems import Distance
from optilab.problems.mirror import Euclidean, Power
from optilab.problems.noisy import Gaussian, Lomax, Noise, Noisy
from optilab.ui.controls import choice, log_slider, slider, switch
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, band, cloud, curve, entry, level, log, panel, promise, rule

RUNS, SEED = 200, 1
SIGMA = 0.75  # root mean square of the Gaussian noise, larger than half of the lengths of the heavy one at α = 1.6
HEAVY = {"η t^(−1/p)": heavy_poly, "η T^(−1/p)": heavy_const, "linear decay": heavy_linear}
PLAIN, MIRROR = color("Euclidean"), color("power map")
CHANCES = np.geomspace(0.5, 1 / RUNS, 24)


def moment(tail: float, gaussian: bool) -> float:
    """A moment p that the noise has, at most 2; of this tail index, with room to spare."""
    return 2.0 if gaussian else min(2.0, 1 + 0.83 * (tail - 1))


def two_hundred_runs(schedule: str, eta: float, tail: float, gaussian: bool, T: int) -> Any:
    """Gaps of plain and of power steps through the same noise: two of (T + 1, runs)."""
    p = moment(tail, gaussian)
    noise: Noise = Gaussian(SIGMA / np.sqrt(5)) if gaussian else Lomax(tail)
    problem = Noisy(Distance(TARGET), noise, 5)
    steps = HEAVY[schedule](T, eta, p)[:, None]
    mirrors = (Euclidean(), Power(p, np.zeros(5)))
    each = [run(states(problem, np.zeros(5), steps, RUNS, SEED, mirror=mirror), T, keep=["x"]) for mirror in mirrors]
    return [problem(trace.x[:, 0]) for trace in each]


def compute(schedule: str, eta: float, tail: float, gaussian: bool, T: int) -> dict[str, Any]:
    """The same 200 noise sequences through plain and through power steps."""
    p, t = moment(tail, gaussian), log_steps(T, 40)
    plain, power = (np.maximum(gap[t], FLOOR) for gap in two_hundred_runs(schedule, eta, tail, gaussian, T))
    data: dict[str, Any] = {}
    for column, (name, gap) in enumerate((("plain", plain), ("power", power))):
        data |= {
            f"{name} wide": outline(t, gap, 0.005, 0.995),
            f"{name} half": outline(t, gap, 0.25, 0.75),
            f"{name} median": (t, np.median(gap, -1)),
            f"{name} ends": (column + np.linspace(-0.32, 0.32, RUNS), gap[-1]),
            f"{name} mean": (column, gap[-1].mean()),
            f"{name} quantile": (1 / CHANCES, np.quantile(gap[-1], 1 - CHANCES)),
        }
    steps = HEAVY[schedule](T, eta, p)
    form = np.array([high_probability_shape(steps, 2.0, 2.0, SIGMA, delta) for delta in CHANCES])
    shape = np.median(plain[-1]) * form / form[0] if gaussian else np.full(len(CHANCES), np.nan)
    return data | {
        "shape": (1 / CHANCES, shape),
        "headline": f"{RUNS} runs: medians, half of all (dark), 99 % (pale)",
        "note": note(plain[-1], power[-1], p, gaussian),
    }


def note(plain: np.ndarray, power: np.ndarray, p: float, gaussian: bool) -> str:
    """The sentence under the pictures."""
    if gaussian:
        return (
            f"Gaussian noise has a variance, so p = 2 and the power map is the Euclidean one. Median gap "
            f"{np.median(plain):.3g}; the unluckiest of {RUNS} runs has {plain.max():.3g}, "
            f"{plain.max() / np.median(plain):.2g} times the median."
        )
    return (
        f"p = {p:.2f}. Medians: Euclidean {np.median(plain):.3g}, power map {np.median(power):.3g}. "
        f"Unluckiest runs: <b>{plain.max():.3g}</b> and <b>{power.max():.3g}</b>. "
        f"Means: {plain.mean():.3g} and {power.mean():.3g}, from 2 at the start."
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
            "tail": slider("tail index α", 1.6, 1.2, 3.0, 0.05, named={"no variance": 1.6, "hardly a mean": 1.2}),
            "gaussian": switch("Gaussian noise instead", False),
            "T": slider("steps T", 400, 100, 400, 100),
        },
        [
            panel(
                entry("headline"),
                *bands,
                *(curve(f"{name} median", label, shade) for name, label, shade in both),
                x=log("step t", dtick=1),
                y=log("gap ‖x − a‖ of the last iterate"),
            ),
            panel(
                "Where they end: few runs make the Euclidean mean (bars)",
                *(cloud(f"{name} ends", shade=shade, name=name, opacity=0.6) for name, _, shade in both),
                *(level(f"{name} mean", name="mean", size=70) for name, _, _ in both),
                rule(y=2.0, dash="dot"),
                x=axis(span=[-0.6, 1.6], ticks={0: "Euclidean", 1: "power map"}, showgrid=False),
                y=log("gap after T steps, from 2 at the start"),
            ),
            panel(
                "What the unlucky pay: one run in 1/δ is worse than this",
                *(curve(f"{name} quantile", label, shade) for name, label, shade in both),
                promise("shape", "theory's form", PLAIN),
                x=log("1/δ", ticks={n: str(n) for n in (2, 5, 10, 20, 50, 100, 200)}),
                y=log("(1 − δ)-quantile of the gap"),
            ),
        ],
        call=__name__,
        start=start,
        recipe=two_hundred_runs,
    )
