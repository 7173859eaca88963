"""The races behind the picture: MKOR as the reader sets it, and its rivals at their best rates."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from optilab.core.run import Trace
from optilab.papers.mkor.algorithm import costs, rank_one_error, theory
from optilab.papers.mkor.experiment import NETWORK, SIZE, STEPS, TARGET, nearest_rate, norms, race, task
from optilab.ui.words import number

SEEDS = range(5)
RIVALS = ("SGD", "LAMB", "KFAC", "Eva-like")
EPS, ZETA = 50.0, 0.9
OVERFLOW = 1e140  # a product of two such factors is infinite
LOST = 1e6  # a loss above this has diverged
Tick = Callable[[float, float], None]


def mkor_alone(
    shift: float,
    lr: float,
    rule: str,
    backend: str,
    f: int,
    rescale: bool,
    gamma: float,
    held: bool,
    progress: Any = False,
) -> Trace:
    """Five seeds of MKOR, with the norms of its factors and how far their expectations are from rank one."""
    name = "MKOR + LAMB" if backend == "LAMB" else "MKOR"
    problem, _ = task(tuple(SEEDS), shift)

    def errors(state: Any) -> np.ndarray:
        passed = problem.factors(state.x)
        return np.stack([rank_one_error(V) for part in passed for V in (part.a, part.delta)], -1)

    measures = {"norms": norms, "errors": errors}
    options: dict[str, Any] = {"rule": rule, "f": f, "rescale": rescale, "gamma": gamma, "eps": EPS if held else None}
    return race(name, SEEDS, shift, lr=lr, measures=measures, progress=progress, **options)


@lru_cache(32)
def rival(name: str, shift: float) -> Trace:
    """Five seeds of another method at the rate that is best at the nearest of the shifts 0, 3, 6."""
    return race(name, SEEDS, shift, lr=nearest_rate(name, shift))


def contest(progress: Tick, **settings: Any) -> dict[str, Trace]:
    """All of them."""

    def part(done: float, steps: float) -> None:
        progress(0.4 * done / steps, 1.0)

    found = {"MKOR": mkor_alone(**settings, progress=part)}
    for k, name in enumerate(RIVALS):
        found[name] = rival(name, settings["shift"])
        progress(0.4 + 0.6 * (k + 1) / len(RIVALS), 1.0)
    return found


def losses(trace: Trace) -> np.ndarray:
    """The loss of each seed, as `LOST` from where it has diverged: (kept, seeds), all 400 steps."""
    kept = np.full((STEPS // 10 + 1, trace.full.shape[1]), LOST)
    kept[: len(trace.full)] = np.where(np.isfinite(trace.full), np.minimum(trace.full, LOST), LOST)
    return np.where(np.logical_or.accumulate(kept >= LOST, 0), LOST, kept)


def price(name: str, axis: str, f: int) -> float:
    """What a step costs on an axis: 1, multiplications, or numbers sent."""
    if axis == "steps":
        return 1.0
    method = {"SGD": "first order", "LAMB": "first order", "Eva-like": "Eva"}.get(name, name)
    work, sent = costs.per_step(method, NETWORK.sizes, SIZE, 10 if name == "KFAC" else f if name == "MKOR" else 1)
    return work if axis == "multiplications" else sent


def arrival(loss: np.ndarray) -> float:
    """The median over seeds of the first multiple of ten steps with a loss of 0.1 at most, inf for most that miss."""
    reached = loss[1:] <= TARGET
    return float(np.median(np.where(reached.any(0), 10 * (1 + reached.argmax(0)), np.inf)))


def steps_of(arrived: float) -> str:
    """An arrival in words."""
    return f"{arrived:.0f} steps" if np.isfinite(arrived) else "more than 400 steps"


def factors(trace: Trace, gamma: float, held: bool, rule: str) -> dict[str, Any]:
    """The largest norms on either side, what theory promises of them, and how far expectations are from rank one."""
    t = trace.step
    with np.errstate(all="ignore"):
        left, right = (trace.norms[..., side].max((-1, -2)) for side in (slice(3), slice(3, 6)))
    finite = np.isfinite(left) & np.isfinite(right)
    left, right = (np.where(finite, side, np.nan) for side in (left, right))
    promised = np.full(len(t), np.nan)  # where theory has no word
    if rule == "exact" and not held:
        promised = theory.unseen(t, gamma)
    elif rule == "exact" and gamma > ZETA:
        promised = np.full(len(t), theory.largest(gamma, ZETA, EPS))
    top = np.nanmax([*left, *right, 100.0])
    errors = np.median(trace.errors, 1)
    data = {f"error {k}": (t, errors[:, k]) for k in range(6)}
    return data | {
        "left": (t, left),
        "right": (t, right),
        "promised": (t, promised),
        "norm span": [-0.6, 1.06 * float(np.log10(top))],
        "factors": verdict(t, finite, float(top)),
    }


def verdict(t: np.ndarray, finite: np.ndarray, top: float) -> str:
    """The title over the factors."""
    if not finite.all():
        what = "A factor overflows" if top > OVERFLOW else "A run is lost"
        return f"{what} before step {t[finite.argmin()]}; until then {number(top, 2)} at most"
    return f"MKOR's factors: {number(top, 2)} at most" if top > 100 else "MKOR's factors stay below 100"


def first_error(trace: Trace) -> float:
    """The first layer's rank-one error, the same at every step: the median over seeds."""
    return float(np.median(trace.errors[0, :, 0]))
