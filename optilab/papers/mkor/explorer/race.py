"""Five methods on inputs with a large mean: their losses, MKOR's factors, and what is near rank one."""

from typing import Any

import numpy as np

from optilab.core.run import Trace
from optilab.papers.mkor.algorithm import RULES
from optilab.papers.mkor.experiment import RATES, STEPS, TARGET
from optilab.papers.mkor.explorer.contest import (
    LOST,
    RIVALS,
    arrival,
    contest,
    factors,
    first_error,
    losses,
    mkor_alone,
    price,
    steps_of,
)
from optilab.papers.mkor.explorer.parts import color
from optilab.ui.controls import choice, log_slider, slider, switch
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, band, curve, entry, guide, log, panel, promise, thin
from optilab.ui.theme import ink
from optilab.ui.words import number

UNITS = {"steps": "steps", "multiplications": "multiplications", "numbers sent": "numbers that a worker sends"}


def simulate(
    shift: float,
    lr: float,
    rule: str,
    backend: str,
    f: int,
    rescale: bool,
    gamma: float,
    held: bool,
    progress: Any = None,
) -> dict[str, Trace]:
    """MKOR as set and its rivals, five seeds each."""
    settings = {"shift": shift, "lr": lr, "rule": rule, "backend": backend, "f": f}
    tick = progress or (lambda done, total: None)
    return contest(tick, **settings, rescale=rescale, gamma=gamma, held=held)


def compute(
    shift: float,
    lr: float,
    rule: str,
    backend: str,
    against: str,
    f: int,
    rescale: bool,
    gamma: float,
    held: bool,
    run: Any,
) -> dict[str, Any]:
    """Median losses against what they cost, the factors on the way, and the sentence on who arrives when."""
    loss = {name: losses(trace) for name, trace in run.items()}
    t = 10 * np.arange(len(loss["MKOR"]))
    data: dict[str, Any] = {}
    for name, rows in loss.items():
        data[name] = (price(name, against, f) * t, np.median(rows, 1))
    x = data["MKOR"][0]
    arrived = {name: arrival(rows) for name, rows in loss.items()}
    lost = int((loss["MKOR"][-1] >= LOST).sum())
    top = max(rows.max() for rows in loss.values())
    rivals = ", ".join(f"{name} {steps_of(arrived[name])}" for name in RIVALS)
    warning = f" <b>Diverged</b> on {lost} of 5 seeds." if lost else ""
    if not rescale and not lost:
        warning = " Without rescaling the length of a step follows F⁻¹, so other rates are right."
    return (
        data
        | factors(run["MKOR"], gamma, held, rule)
        | {
            "band": (np.append(x, x[::-1]), np.append(loss["MKOR"].min(1), loss["MKOR"].max(1)[::-1])),
            "end": [0.0, max(float(data[name][0][-1]) for name in ("MKOR", "KFAC"))],
            "target": ([0.0, max(float(row[0][-1]) for row in data.values())], [TARGET] * 2),
            "loss span": [-3.9, max(0.9, float(np.log10(top)) + 0.1)],
            "unit": UNITS[against],
            "headline": f"MKOR: {steps_of(arrived['MKOR'])} to a loss of 0.1; SGD: {steps_of(arrived['SGD'])}",
            "note": f"Shift {number(shift)}, medians of five seeds to a loss of 0.1: MKOR ({rule}, {backend}, rate "
            f"{number(lr)}) <b>{steps_of(arrived['MKOR'])}</b>; {rivals}. The first layer's inputs are off rank one by "
            f"{number(first_error(run['MKOR']), 2)}.{warning}",
        }
    )


def race(**start: Any) -> Explorer:
    """Shift, rate, rule, backend and axis (and more) beside losses, factors and rank-one errors."""
    blue = color("MKOR")
    rates = {
        "SGD, shift 0": {"backend": "SGD", "lr": RATES["MKOR"][0], "shift": 0.0},
        "SGD, shift 3": {"backend": "SGD", "lr": 0.3, "shift": 3.0},
        "LAMB, shift 3": {"backend": "LAMB", "lr": 0.03, "shift": 3.0},
        "SGD, shift 6": {"backend": "SGD", "lr": RATES["MKOR"][6], "shift": 6.0},
    }
    return Explorer(
        compute,
        {
            "shift": slider("shift of the inputs", 3.0, 0.0, 8.0, 0.5),
            "lr": log_slider("MKOR's rate", 0.3, 1e-4, 1.0, named=rates),
            "rule": choice("rule", "exact", list(RULES)),
            "backend": choice("backend", "SGD", ["SGD", "LAMB"]),
            "against": choice("against", "steps", list(UNITS)),
            "f": slider("f, steps to a factor update", 1, 1, 50, 1),
            "rescale": switch("rescaling", True),
            "gamma": slider("γ", 0.95, 0.5, 0.99, 0.01, when=lambda values: values["rule"] != "package"),
            "held": switch("stabiliser (ε = 50, ζ = 0.9)", True, when=lambda values: values["rule"] != "package"),
        },
        [
            panel(
                entry("headline"),
                guide("target", "", name="target 0.1"),
                band("band", shade=blue),
                *(thin(name, name, color(name), width=2) for name in RIVALS),
                curve("MKOR", "MKOR", blue, width=3),
                x=axis(entry("unit"), "end"),
                y=log("loss on all data", "loss span"),
                wide=True,
            ),
            panel(
                entry("factors"),
                promise("promised", "growth law"),
                curve("left", "L⁻¹", blue),
                thin("right", "R⁻¹", blue, width=2),
                x=axis("step", [0, STEPS]),
                y=log("largest ‖F⁻¹‖∞, all layers and seeds", "norm span"),
            ),
            panel(
                "Only the first layer's inputs can be near rank one (0)",
                *(thin(f"error {k}", "derivatives" * (k == 1), ink(0.45)) for k in (1, 3, 5)),
                *(thin(f"error {k}", "deeper inputs" * (k == 2), blue) for k in (2, 4)),
                curve("error 0", "first inputs", blue, width=3.5),
                x=axis("step", [0, STEPS]),
                y=axis("‖E[vvᵀ] − v̄v̄ᵀ‖/‖E[vvᵀ]‖", [-0.03, 1.05]),
            ),
        ],
        call=__name__,
        start=start,
        recipe=mkor_alone,
        simulate=simulate,
        run="Race",
    )
