"""From noise to designs: fifty samples, each pushed along its weight, and how far from the surface they end."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from optilab.core.run import run as advanced
from optilab.papers.pareto_flow import experiment
from optilab.papers.pareto_flow.algorithm import guidance, sampling, theory
from optilab.papers.pareto_flow.explorer.parts import color, weighed
from optilab.ui.controls import player, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, cloud, curve, dots, entry, here, log, panel, rule, thin
from optilab.ui.theme import INK, ink
from optilab.ui.words import number

TASK, SEED, FRAMES, TRAIL = "ZDT2 surface", 0, 60, 6
TOP = 2.5  # of the drawn hypervolume
LOW, HIGH = (-0.6, -0.6), (1.6, 1.6)  # of the plane that is drawn


class Film(NamedTuple):
    """Frames of one run."""

    t: np.ndarray  # (frames,)
    plane: np.ndarray  # (frames, n, 2) x₁ and the mean of x₂, x₃, x₄
    off: np.ndarray  # (frames,) mean distance from the surface of the designs that samples are bound for
    free: np.ndarray  # (frames,) the same without a push
    promised: np.ndarray  # (frames,) hypervolume of the elites, predicted
    true: np.ndarray  # (frames,) and as it is


def samples(gamma: float, t_min: float, T: int, g: float) -> Any:
    """ParetoFlow on the curved surface: a state for each of T times."""
    found = experiment.learned(TASK, SEED)
    return experiment.paretoflow(found, gamma=gamma, t_min=t_min, T=T, g=g)


def seen(x: np.ndarray) -> np.ndarray:
    """The plane (..., 2) of designs (..., 12) in which the front is at the bottom."""
    return np.stack([x[..., 0], x[..., 1:4].mean(-1)], -1)


def simulate(gamma: float, t_min: float, T: int, g: float, progress: Callable[[float, float], Any]) -> Film:
    """Train if need be, sample, and judge 60 frames."""
    found = experiment.learned(TASK, SEED, lambda k, n: progress(0.5 * k, n))
    states = samples(gamma, t_min, T, g)
    trace = advanced(states, T - 1, keep=["x", "elites", "t"], progress=lambda k, n: progress(0.5 * n + 0.4 * k, n))
    free = advanced(sampling.euler(found.flow, trace.x[0], T=T), T - 1)
    at = np.unique(np.round(np.linspace(0, T - 1, FRAMES)).astype(int))

    def off(x: np.ndarray, t: float) -> float:
        ends = np.clip(guidance.end_point(found.flow, x, t), found.z.low, found.z.high)
        return float(found.task.distance(found.z.designs(ends)).mean())

    frames = list(zip(trace.x[at], free.x[at], trace.t[at], strict=True))
    elites = trace.elites[at]
    volumes = [
        experiment.quality(values, found.reference)
        for values in (found.z.values(found.predictors(elites)), found.task(found.z.designs(elites)))
    ]
    plane = seen(found.z.designs(trace.x[at]))
    offs = np.array([(off(x, t), off(plain, t)) for x, plain, t in frames])
    return Film(trace.t[at], plane, offs[:, 0], offs[:, 1], volumes[0], volumes[1])


def compute(frame: int, gamma: float, t_min: float, T: int, g: float, *, run: Film) -> dict[str, Any]:
    """The samples at one frame with their trails, and three curves up to there."""
    k = min(frame, len(run.t) - 1)
    found = experiment.learned(TASK, SEED)
    trail = run.plane[max(k - TRAIL, 0) : k + 1]
    trail = np.concatenate([trail, np.full((1, *trail.shape[1:]), np.nan)]).swapaxes(0, 1).reshape(-1, 2)
    t = run.t[k]
    if t < t_min:
        headline = f"t = {t:.2f}: noise is on its way to designs"
    else:
        headline = f"t = {t:.2f}: {'each is pushed along its weight' if gamma > 0 else 'chosen, not pushed'}"
    budget = number(float(theory.guidance_budget(gamma, t_min)))
    drift = number(float(theory.selection_drift(g, t_min, T, 15)))
    return {
        "data": tuple(seen(found.data.X[::3]).T),
        "trail": tuple(np.clip(trail, LOW, HIGH).T),
        "samples": tuple(np.clip(run.plane[k], LOW, HIGH).T),
        "off": (run.t, np.maximum(run.off, 1e-2)),
        "free": (run.t, np.maximum(run.free, 1e-2)),
        "now off": ([t], [max(run.off[k], 1e-2)]),
        "promised": (run.t, np.minimum(run.promised, TOP)),
        "true": (run.t, run.true),
        "now": ([t], [run.true[k]]),
        "t_min": t_min,
        "headline": headline,
        "note": f"At t = {t:.2f} the elites' hypervolume is <b>{number(run.true[k])}</b>, predicted "
        f"{number(run.promised[k])}. At the end: true <b>{number(run.true[-1])}</b>, predicted "
        f"{number(run.promised[-1])}, samples {number(run.off[-1], 2)} off the surface, {number(run.free[-1], 2)} if "
        f"not pushed. Guidance can push by {budget} standard deviations per unit of gradient, selection by {drift}.",
    }


def film(**start: Any) -> Explorer:
    """Time, strength and begin of guidance, steps and noise beside samples, distance and hypervolume."""
    ours = color("ParetoFlow")
    return Explorer(
        compute,
        {
            "frame": player("time", FRAMES - 1, FRAMES - 1, interval=80),
            "gamma": slider("γ", 20.0, 0.0, 100.0, 5.0),
            "t_min": slider("t_min", 0.5, 0.1, 0.95, 0.05),
            "T": slider("T", 200, 50, 1000, 50),
            "g": slider("noise g", 0.1, 0.0, 0.5, 0.05),
        },
        [
            panel(
                entry("headline"),
                cloud("data", "data", ink(0.25), size=3),
                thin("trail", "", ink(0.35), width=1),
                dots("samples", "", marker=weighed(50, size=8)),
                x=axis("x₁ = f₁ (orange: weight 1 on f₁)", [LOW[0], HIGH[0]]),
                y=axis("mean of x₂, x₃, x₄ (the front: 0)", [LOW[1], HIGH[1]]),
                height=360,
            ),
            panel(
                "Are they bound for the surface?",
                rule("t_min", dash="dot"),
                thin("free", "without a push", INK),
                curve("off", "ParetoFlow", ours),
                here("now off", shade=ours),
                x=axis("time t (dots: t_min)", [0, 1]),
                y=log("distance from the surface", [-1.7, -0.2]),
                height=360,
            ),
            panel(
                "What the elites are worth",
                rule("t_min", dash="dot"),
                rule(y=1, dash="dot"),
                thin("promised", "predicted", ours),
                curve("true", "true", ours),
                here("now", shade=ours),
                x=axis("time t", [0, 1]),
                y=axis("hypervolume (above 1: impossible)", [0, TOP]),
                height=360,
            ),
        ],
        call=__name__,
        start=start,
        recipe=samples,
        simulate=simulate,
        run="Sample",
    )
