"""One digit restored by all methods: what the error comes to for how many calls, and what the digits look like."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from optilab.core.run import run as advanced
from optilab.papers.stsl import experiment as ex
from optilab.papers.stsl.algorithm import ldps, stsl
from optilab.papers.stsl.explorer.parts import color, strip, strip_panel
from optilab.papers.stsl.problems import OPERATORS, Inverse, images, operator
from optilab.ui.controls import choice, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, curve, here, log, panel
from optilab.ui.words import number

Array = np.ndarray
RACERS = {  # under the name of the colour: a method and its legend
    "LDPS": ("LDPS 50", "LDPS, S = 50"),
    "PSLD": ("PSLD 250, ω = 0.1", "PSLD, S = 250, ω = 0.1"),
    "P2L": ("P2L 125", "P2L, S = 125"),
    "STSL, noisy start": ("STSL 10 × 5, noisy start", "STSL, noisy start"),
    "STSL": ("STSL 10 × 5", "STSL"),
}
SAMPLES = 8
PAPER, CALLS = "as the paper counts", "score calls"


class Race(NamedTuple):
    """Every method's way: counts, errors, last image."""

    ways: dict[str, tuple[Array, Array, Array]]  # name: evaluations, score calls, RMSE of the guess; (levels,) each
    ends: dict[str, Array]  # name: (64,) the first sample
    seen: tuple[Array, Array]  # the digit, and Aᵀy


def restore(name: str, digit: int, seed: int) -> Inverse:
    """The problem: one test digit, measured."""
    data, A = images(0), operator(name, seed)
    y = data.test[digit] @ A.T + ex.SIGMA * np.random.default_rng([seed, 1]).normal(size=len(A))
    return Inverse(data.prior, data.W, data.b, A, y, ex.SIGMA)


def simulate(name: str, digit: int, seed: int, progress: Callable[[float, float], Any] | None = None) -> Race:
    """All methods on the same digit and noise, 8 samples each."""
    problem, x = restore(name, digit, seed), images(0).test[digit]
    noise = np.random.default_rng([seed, 2]).normal(size=(SAMPLES, problem.prior.d))
    ways, ends = {}, {}
    for k, (racer, (method, _)) in enumerate(RACERS.items()):
        sampler, settings = ex.METHODS[method]
        drawn: dict[str, Any] = {"rng": np.random.default_rng([seed, 3])} if sampler in (stsl, ldps) else {}
        trace = advanced(sampler(problem, noise, **settings, **drawn), 10**6)
        error = np.sqrt(((problem.decode(trace.z0) - x) ** 2).mean((-1, -2)))
        error[-1] = np.sqrt(((problem.decode(trace.z[-1]) - x) ** 2).mean())
        ways[racer] = (trace.nfe_paper, trace.score_calls, error)
        ends[racer] = problem.decode(trace.z[-1, 0])
        if progress:
            progress(k + 1, len(RACERS))
    return Race(ways, ends, (x, problem.y @ problem.A))


def compute(axis: str, *, run: Race, **_: Any) -> dict[str, Any]:
    """Curves over the chosen count, and the strip."""
    which = [PAPER, CALLS].index(axis)
    data: dict[str, Any] = {}
    for racer, way in run.ways.items():
        count, error = way[which], way[2]
        kept = count > 0
        data[racer] = (count[kept], error[kept])
        data[f"{racer} end"] = ([count[-1]], [error[-1]])
    ends = {racer: float(way[2][-1]) for racer, way in run.ways.items()}
    best = min(ends, key=ends.__getitem__)
    said = ", ".join(f"{racer} {number(end)} after {run.ways[racer][which][-1]}" for racer, end in ends.items())
    return data | {
        "strip": strip([*run.seen, *run.ends.values()]),
        "note": f"Errors in pixels (from −1 to 1), {axis}: {said}. Least here: <b>{best}</b>.",
    }


def race(**start: Any) -> Explorer:
    """Digit, task and axis beside errors and restored digits; runs at the button."""
    labels = ["digit", "measured", "LDPS", "PSLD", "P2L", "STSL, noisy start", "STSL"]
    return Explorer(
        compute,
        {
            "axis": choice("count", PAPER, [PAPER, CALLS]),
            "name": choice("task", "sr2", list(OPERATORS)),
            "digit": slider("test digit", 21, 0, 296, 1),
            "seed": slider("seed", 0, 0, 9, 1),
        },
        [
            panel(
                "Error of the guess on the way (dots: the end)",
                *(curve(racer, label, color(racer), width=1.5) for racer, (_, label) in RACERS.items()),
                *(here(f"{racer} end", "", color(racer)) for racer in RACERS),
                x=log("evaluations so far", [-0.1, 2.6], dtick=1),
                y=axis("RMSE in pixels, 8 samples", [0, 1.05]),
                height=360,
            ),
            strip_panel("The digit, what is measured of it (Aᵀy), one sample of each", "strip", labels, height=360),
        ],
        call=__name__,
        start=start,
        recipe=restore,
        simulate=simulate,
        run="Restore",
    )
