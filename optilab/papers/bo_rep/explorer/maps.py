"""Calls to the target over depth and step, for SOBA and for BO-REP: who is lost, who is too slow, who arrives."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from optilab.papers.bo_rep.experiment import BUDGET, TARGET, exact_calls
from optilab.papers.bo_rep.explorer.parts import color
from optilab.papers.bo_rep.problems import largest_step
from optilab.ui.controls import choice, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import Mark, axis, curve, dots, heat, log, panel, promise, texts, thin
from optilab.ui.words import number

DEPTHS = np.arange(1, 16, 2)
STEPS = {"SOBA": (0.3, 0.1, 0.03, 0.01, 0.003, 0.001), "BO-REP": (0.2, 0.1, 0.05, 0.02, 0.01, 0.005)}
CLIPPED = "clipped SOBA"  # α = 0.1, τ = 10
NEVER, RED = "#8a8a8a", "#b3261e"


@lru_cache(32)
def needed(name: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Calls to the target, infinity if it is never reached, and whether the run diverged: (steps, depths)."""
    return exact_calls(name, DEPTHS, STEPS.get(name, (0.1,)), seed)


def simulate(seed: int, progress: Callable[..., None]) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Both maps, and the calls of clipped SOBA, on the instance of a seed."""
    found = {}
    for done, name in enumerate((*STEPS, CLIPPED)):
        progress(done, len(STEPS) + 1)
        found[name] = needed(name, seed)
    return found


def compute(
    a: int, alpha: float, eta: float, seed: int, *, run: dict[str, tuple[np.ndarray, np.ndarray]]
) -> dict[str, Any]:
    """Both maps with a cell of each marked, and the row of that cell."""
    data: dict[str, Any] = {}
    column, said = int((a - 1) // 2), []
    for name, chosen in (("SOBA", alpha), ("BO-REP", eta)):
        found, lost = run[name]
        row = STEPS[name].index(chosen)
        arrived = np.where(np.isfinite(found), found, np.nan)
        up = np.arange(len(STEPS[name]))
        data[f"{name} calls"] = (DEPTHS, up, np.log10(arrived))
        data[f"{name} other"] = (DEPTHS, up, np.where(np.isfinite(found), np.nan, lost.astype(float)))
        data[f"{name} cell"] = ([a], [row])
        data[f"{name} row"] = (DEPTHS, arrived[row])
        data[f"{name} best"] = (DEPTHS, np.where(np.isfinite(found).any(0), found.min(0), np.nan))
        letter = "α" if name == "SOBA" else "η"
        end = f"needs <b>{number(found[row, column])}</b> calls" if np.isfinite(found[row, column]) else (
            "<b>diverges</b>" if lost[row, column] else f"isn't there after {BUDGET:,} calls"
        )  # fmt: skip
        said.append(f"{name} with {letter} = {number(chosen)} {end}")
    data[CLIPPED] = (DEPTHS, run[CLIPPED][0][0])
    said.append(f"clipped SOBA with α = 0.1, τ = 10 needs {number(run[CLIPPED][0][0, column])}")
    return data | {"note": f"a = {a}, α_max = {number(float(largest_step(a)))}: {'; '.join(said)}."}


def cells(name: str) -> list[Mark]:
    """Colours for calls, grey for never, red for diverged."""
    two = [[0, NEVER], [0.5, NEVER], [0.5, RED], [1, RED]]
    bar = {"tickvals": [3, 4], "ticktext": ["10³", "10⁴"]}
    return [
        heat(f"{name} other", colorscale=two, zmin=0, zmax=1, xgap=2, ygap=2),
        heat(f"{name} calls", bar="calls", colorscale="Viridis", zmin=3, zmax=4.78, colorbar=bar, xgap=2, ygap=2),
        dots(f"{name} cell", "", "#ffffff", symbol="circle-open", size=14, marker={"line": {"width": 3}}),
    ]


def maps(**begin: Any) -> Explorer:
    """Depth, both steps and the seed beside the maps and the rows."""
    across = axis("depth a (grey: never; red: diverged)", [0, 16], ticks=DEPTHS.tolist(), showgrid=False)
    line = np.linspace(4.6, 10.6, 61)  # where α_max is on the map
    edge = np.interp(-np.log10(largest_step(line)), -np.log10(STEPS["SOBA"]), range(len(STEPS["SOBA"])))
    shade = {name: color(name) for name in STEPS}
    return Explorer(
        compute,
        {
            "a": slider("depth a", 9, 1, 15, 2),
            "alpha": choice("α of SOBA", 0.003, list(STEPS["SOBA"])),
            "eta": choice("η of BO-REP", 0.02, list(STEPS["BO-REP"])),
            "seed": slider("seed", 0, 0, 9, 1),
        },
        [
            panel(
                "SOBA: the steps that arrive die out with a",
                *cells("SOBA"),
                promise((line, edge), "", "#ffffff"),
                texts(([9.2], [3.4]), ["α_max"], "#ffffff", textposition="middle right"),
                x=across,
                y=axis("α", [5.5, -0.5], ticks=dict(enumerate(map(number, STEPS["SOBA"]))), showgrid=False),
            ),
            panel(
                "BO-REP: the same steps arrive from every a",
                *cells("BO-REP"),
                x=across,
                y=axis("η", [5.5, -0.5], ticks=dict(enumerate(map(number, STEPS["BO-REP"]))), showgrid=False),
            ),
            panel(
                f"Calls to ‖∇Φ‖ ≤ {TARGET} at these steps, and the best of the six (thin)",
                *(thin(f"{name} best", "", shade[name]) for name in STEPS),
                *(curve(f"{name} row", name, shade[name], mode="lines+markers") for name in STEPS),
                curve(CLIPPED, "clipped SOBA, α = 0.1, τ = 10", color(CLIPPED)),
                x=axis("depth a", [0, 16], ticks=DEPTHS.tolist()),
                y=log("calls", [2.9, 5]),
                wide=True,
                height=260,
            ),
        ],
        call=__name__,
        start=begin,
        simulate=simulate,
        run="Measure",
    )
