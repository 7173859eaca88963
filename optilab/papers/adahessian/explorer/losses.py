"""A network trained by all methods: losses against steps and against what they cost."""

from typing import Any

import numpy as np

from optilab.core.run import Trace
from optilab.papers.adahessian.algorithm import cost
from optilab.papers.adahessian.experiment.training import ADAHESSIAN, METHODS, STEPS, TARGET, task, trained
from optilab.papers.adahessian.explorer.parts import color
from optilab.ui.controls import choice, log_slider, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, bars, curve, entry, guide, log, panel, thin
from optilab.ui.theme import ORANGE
from optilab.ui.words import number

SEEDS = range(3)
OURS, DEFAULT = "ADAHESSIAN, your setting", "ADAHESSIAN, default"
SHADES = {
    OURS: ORANGE,
    DEFAULT: color("ADAHESSIAN"),
    "Adam, 0.03": color("Adam"),
    "Adam, 0.001": color("Adam"),
    "SGD, better rate": color("SGD with momentum"),
}
SHORT = ["yours", "default", "Adam, 0.03", "Adam, 0.001", "SGD"]


def network(cond: float, freq: int, k: float, block: Any, progress: Any = False) -> dict[str, tuple[Trace, np.ndarray]]:
    """All methods on three seeds at the same minibatches: their runs, and the accuracy on new data."""
    given = task(SEEDS, cond)
    setting = {OURS: ADAHESSIAN | {"freq": freq, "k": k, "block": block}, DEFAULT: ADAHESSIAN}
    setting |= {name: METHODS[name] for name in ("Adam, 0.03", "Adam, 0.001", "SGD, 0.1", "SGD, 0.3")}
    found = {}
    for done, (name, method) in enumerate(setting.items()):
        if progress:
            progress(done, len(setting))
        trace = trained(given, **method)
        found[name] = trace, given.test.accuracy(trace.at[-1])
    return found


def better(one: tuple[Trace, np.ndarray], other: tuple[Trace, np.ndarray]) -> tuple[Trace, np.ndarray]:
    """Of two runs the one with the lower median last loss."""
    return min(one, other, key=lambda found: np.median(np.nan_to_num(found[0].loss[-1], nan=np.inf)))


def compute(run: dict[str, tuple[Trace, np.ndarray]], freq: int, **_: Any) -> dict[str, Any]:
    """Median losses against steps and units, and accuracies."""
    runs = run | {"SGD, better rate": better(run["SGD, 0.1"], run["SGD, 0.3"])}
    units = {name: cost(np.arange(0, STEPS + 1, 20), freq=every) for name, every in ((OURS, freq), (DEFAULT, 1))}
    data, last, accuracy = dict[str, Any](), {}, {}
    for name in SHADES:
        trace, right = runs[name]
        loss = np.clip(np.median(trace.loss, -1), 1e-5, 1e3)
        last[name], accuracy[name] = loss[-1], float(right.mean())
        data |= {f"{name} steps": (trace.step, loss), f"{name} units": (units.get(name, trace.step)[: len(loss)], loss)}
    ratio = last["Adam, 0.03"] / last[OURS]
    verdict = f"{number(max(ratio, 1 / ratio), 2)} times {'below' if ratio > 1 else 'above'} a tuned Adam"
    return data | {
        "accuracies": np.array(list(accuracy.values())),
        "headline": f"After {STEPS} steps your setting is {verdict}",
        "target": ([0, 3 * STEPS], [TARGET, TARGET]),
        "note": f"Last training loss, median of {len(SEEDS)} seeds: "
        + ", ".join(f"{name} {number(value, 2)}" for name, value in last.items())
        + f". Yours ends <b>{verdict}</b>.",
    }


def losses(**start: Any) -> Explorer:
    """Scales, delay, power and block of ADAHESSIAN beside Adam and SGD; trains at the press of the button."""

    def curves(of: str, *, legend: bool) -> list[Any]:
        make = {name: thin if name == "Adam, 0.001" else curve for name in SHADES}
        return [
            make[name](f"{name} {of}", name, shade, showlegend=legend, **({"width": 3} if name == OURS else {}))
            for name, shade in reversed(SHADES.items())
        ]

    return Explorer(
        compute,
        {
            "cond": log_slider(
                "largest scale / smallest", 100.0, 1.0, 1000.0, steps=30, named={"equal": 1.0, "100": 100.0}
            ),
            "freq": slider("steps per Hessian", 5, 1, 20, 1, named={"every step": 1}),
            "k": slider("power k", 1.0, 0.0, 1.0, 0.1),
            "block": choice("block", 1, [("1", 1), ("row", "row")]),
        },
        [
            panel(
                entry("headline"),
                *curves("steps", legend=True),
                guide("target"),
                x=axis("steps", [0, STEPS]),
                y=log("training loss, median", [-4, 1.2], dtick=1),
                height=380,
            ),
            panel(
                "The same against cost: a Hessian-vector product is two gradients",
                *curves("units", legend=False),
                guide("target"),
                x=axis("cost (gradients)", [0, 3 * STEPS]),
                y=log("training loss, median", [-4, 1.2], dtick=1),
                height=380,
            ),
            panel(
                "Share of new points that are classified right",
                bars(("accuracies", SHORT), shade=list(SHADES.values()), across=True, texttemplate="%{x:.3f}"),
                x=axis("accuracy", [0, 1.12]),
                y=axis(autorange="reversed"),
                height=380,
            ),
        ],
        call=__name__,
        start=start,
        recipe=network,
        simulate=network,
        run="Train",
    )
