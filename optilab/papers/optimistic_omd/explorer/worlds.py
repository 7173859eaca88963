"""From i.i.d. to adversarial: four methods on losses that turn, for every noise and period, and who is best where."""

from typing import Any

import numpy as np

from optilab.core.run import run as run_states
from optilab.papers.optimistic_omd.algorithm import Convex, optimistic
from optilab.papers.optimistic_omd.experiment import OURS
from optilab.papers.optimistic_omd.explorer.grid import EVERY, KEPT, LONGEST, SEEDS, SHORT, Grid, all_settings
from optilab.papers.optimistic_omd.explorer.parts import FOUR, PERIODS, SIGMAS, at_sigma, color, span
from optilab.papers.optimistic_omd.problems import spinning
from optilab.ui.controls import choice, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, curve, heat, here, panel, promise
from optilab.ui.theme import PINK
from optilab.ui.words import number


def one_setting(sigma: float, P: str, seed: int, flip: float, T: int) -> Any:
    """The plays of optimistic descent at one setting: (T + 1, 1, 2)."""
    losses = spinning(T, PERIODS[P], sigma, range(seed, seed + 1), flip)
    return run_states(optimistic(losses, np.zeros((1, 2)), steps=Convex(2.0, losses.G, 1.0)), T).x


def compute(*, run: Grid, sigma: float, P: str, T: int, **others: float) -> dict[str, Any]:
    """The regrets of one setting, up to round T."""
    i, j, n = at_sigma(sigma), list(PERIODS).index(P), T // EVERY
    data: dict[str, Any] = {}
    rows: dict[str, dict[str, np.ndarray]] = {"static": {}, "dynamic": {}}
    for kind, table in (("static", run.static), ("dynamic", run.dynamic)):
        for name in FOUR:
            rows[kind][name] = table[name][:n, i, j]
            data[f"{kind} {name}"] = (KEPT[:n], rows[kind][name])
        data[f"{kind} span"] = span(*rows[kind].values(), least=10)
    path, bound = run.path[:n, i, j], run.bound[:n, i, j]
    last = {name: float(row[-1]) for name, row in rows["dynamic"].items()}
    least = min(last.values())
    alike = " and ".join(name for name in FOUR[::-1] if last[name] - least <= 1e-9 * abs(least))
    said = ", ".join(f"{name} {number(last[name])}" for name in FOUR[::-1])
    return data | {
        "path": (KEPT[:n], path),
        "bound": (KEPT[:n], bound),
        "path span": span(path, bound),
        "best": run.best,
        "now": ([j], [SIGMAS[i]]),
        "rounds": [0, T],
        "note": f"Dynamic regret after {T} rounds: {said}: least with <b>{alike}</b>. Static regret of optimistic OMD: "
        f"{number(float(rows['static'][OURS][-1]))}. Its regret on the gradients seen is {number(float(path[-1]))}, "
        f"its path bound {number(float(bound[-1]))}.",
    }


def worlds(**start: Any) -> Explorer:
    """Noise, period and rounds beside the regrets of four methods, the path bound and a map of the best."""
    scale = [[edge / 4, color(name)] for k, name in enumerate(FOUR) for edge in (k, k + 1)]
    return Explorer(
        compute,
        {
            "sigma": slider("noise σ", 0.1, 0.0, 1.5, 0.1),
            "P": choice("drift: one turn in P rounds", "100", list(PERIODS)),
            "T": slider("rounds T", 2000, 500, LONGEST, 500),
            "seed": slider("seed", 0, 0, 9, 1),
            "flip": slider("share of rounds turned round", 0.0, 0.0, 0.5, 0.05),
        },
        [
            panel(
                "Dynamic regret: against the best play of each round",
                *(curve(f"dynamic {name}", name, color(name)) for name in FOUR),
                x=axis("round t", "rounds"),
                y=axis("dynamic regret", "dynamic span"),
            ),
            panel(
                "Static regret: against the best single play",
                *(curve(f"static {name}", "", color(name)) for name in FOUR),
                x=axis("round t", "rounds"),
                y=axis("static regret", "static span"),
            ),
            panel(
                "Optimistic OMD's regret on the gradients seen, under its path bound",
                promise("bound", "(5/2)D√(δ+4G²+V̄)", color(OURS)),
                curve("path", "Σ⟨g, x⟩ + ‖Σg‖", color(OURS)),
                x=axis("round t", "rounds"),
                y=axis("regret", "path span"),
            ),
            panel(
                f"Who has the least dynamic regret in {SHORT} rounds ({SEEDS} seeds)",
                heat(
                    (np.arange(len(PERIODS)), SIGMAS, "best"),
                    colorscale=scale,
                    zmin=-0.5,
                    zmax=3.5,
                    hoverinfo="skip",
                    xgap=1,
                    ygap=1,
                ),
                here("now", shade=PINK, size=15, marker={"line": {"width": 2.5, "color": "white"}}),
                x=axis("P", [-0.5, len(PERIODS) - 0.5], ticks=dict(enumerate(PERIODS)), showgrid=False),
                y=axis("noise σ", [-0.05, 1.55], showgrid=False),
            ),
        ],
        call=__name__,
        start=start,
        recipe=one_setting,
        simulate=all_settings,
        run="Run all settings",
    )
