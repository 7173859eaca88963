"""How fast directions and gaps improve: twenty runs a method, on log axes, beside the slopes that theory promises."""

from collections.abc import Callable
from typing import Any

import numpy as np
import plotly.graph_objects as go

from optilab.papers.policy_gradient_harpg.algorithm import decay_exponent
from optilab.papers.policy_gradient_harpg.experiment import Race, checkpoints, race
from optilab.ui.controls import choice, log_slider, slider, switch
from optilab.ui.explorer import Explorer, literal
from optilab.ui.pictures import Panel
from optilab.ui.theme import color

RUNS, CHECKPOINTS, FIRST, LATE, MOST = 20, 40, 10, 100, 10_000
PROMISED, FITTED = "promised slope", "fitted slope"
KEYS = {"N-PG": "raw", "N-MPG": "momentum", "N-PG-IGT": "ahead", "N-HARPG": "hessian"}
COST = {"N-PG": 1, "N-MPG": 1, "N-PG-IGT": 1, "N-HARPG": 2}


def updates(N: int, T: int) -> int:
    """How many updates are followed: T, but no more than 10,000 trajectories allow."""
    return min(T, MOST // N)


def simulate(gamma0: float, N: int, T: int, seed: int, progress: Callable[..., None] | None = None) -> dict[str, Race]:
    """All methods, twenty runs each."""
    T = updates(N, T)
    found: dict[str, Race] = {}
    total = sum(COST.values())
    for name in KEYS:
        done = sum(COST[other] for other in found)

        def part(k: float, steps: float, done: int = done, name: str = name) -> None:
            if progress:
                progress(done + COST[name] * k / steps, total)

        found[name] = race(
            name, T=T, gamma0=gamma0, N=N, runs=RUNS, seed=seed, at=checkpoints(T, CHECKPOINTS, FIRST), progress=part
        )
    return found


def line_through(t: np.ndarray, x: np.ndarray, y: np.ndarray, power: float | None) -> tuple[np.ndarray, float]:
    """A straight line on log axes from update 100 on, with the promised power or the fitted one; and the fitted one."""
    late = (t >= LATE) & np.isfinite(y)
    if late.sum() < 2:  # most runs have diverged
        return np.full(len(t), np.nan), np.nan
    fitted, level = np.polyfit(np.log(x[late]), np.log(y[late]), 1)
    drawn = np.exp(level) * x**fitted if power is None else y[late][0] * (x / x[late][0]) ** power
    return np.where(late, drawn, np.nan), float(fitted)


def compute(gamma0: float, N: int, T: int, seed: int, line: str, cost: bool, *, run: dict[str, Race]) -> dict[str, Any]:
    """Medians and worst runs of error and gap, with straight lines beside the medians."""
    data: dict[str, Any] = {}
    slopes, ends = [], []
    for name, key in KEYS.items():
        found = run[name]
        x = found.trajectories if cost else found.t
        err, gap = (np.nanmedian(values, -1) for values in (found.err, found.gap))
        gap = np.maximum(gap, 1e-4)
        promised = -decay_exponent(name)
        err_line, fall = line_through(found.t, x, err, promised if line == PROMISED else None)
        gap_line, _ = line_through(found.t, x, gap, promised if line == PROMISED else None)
        hidden = name == "N-PG"
        data |= {
            f"{key}_x": x,
            f"{key}_err": err,
            f"{key}_worst_err": np.nanmax(found.err, -1),
            f"{key}_gap": gap,
            f"{key}_worst_gap": np.maximum(np.nanmax(found.gap, -1), 1e-4),
            f"{key}_err_line": err_line * (np.nan if hidden else 1),
            f"{key}_gap_line": gap_line * (np.nan if hidden else 1),
        }
        if not hidden:
            slopes.append(f"{name} {fall:.2f} (theory {promised:.2f})")
        ends.append(f"{name} {gap[-1]:.2g}")
    medians = np.concatenate([data[f"{key}_err"] for key in KEYS.values()])
    lost = ", ".join(f"{(found.status != 'better').sum()} of {name}" for name, found in run.items())
    return data | {
        "axis": "trajectories drawn (N-HARPG draws two an update)" if cost else "update t",
        "err_range": np.log10([np.nanmin(medians) / 2, 10 * np.nanmax(medians)]).tolist(),
        "note": (
            f"Slopes of the median error from update {LATE} on: <b>{'; '.join(slopes)}</b>. Median gaps at the end: "
            f"{', '.join(ends)}. Of {RUNS} runs each, lost or diverged: {lost}."
        ),
    }


def code(values: dict[str, Any]) -> str:
    """The call of the experiment for one method, as often measured as in the picture, and its slope."""
    T = updates(values["N"], values["T"])
    return (
        "from optilab.papers.policy_gradient_harpg import experiment\n\n"
        f"at = experiment.checkpoints({T}, {CHECKPOINTS}, {FIRST})\n"
        f'found = experiment.race("N-PG-IGT", T={T}, gamma0={literal(values["gamma0"])}, N={values["N"]}, '
        f"runs={RUNS}, seed={values['seed']}, at=at[at >= {LATE}])\n"
        "found.slope"
    )


def errors(**start: Any) -> Explorer:
    """γ₀, batch, updates and seed beside the errors and gaps of all four methods; runs at the press of the button."""
    return Explorer(
        compute,
        {
            "gamma0": log_slider("γ₀", 0.3, 0.03, 3.0, steps=20, named={"0.3": 0.3, "1": 1.0}),
            "N": slider("trajectories a gradient", 1, 1, 30, 1),
            "T": choice("updates", 1000, [("1,000", 1000), ("3,000", 3000), ("10,000", 10_000)]),
            "seed": slider("seed", 0, 0, 19, 1),
            "line": choice("dashed", PROMISED, [PROMISED, FITTED]),
            "cost": switch("count trajectories", False),
        },
        [
            Panel(
                "How far directions are off: medians (worst run dotted)",
                _curves("err", explained=True),
                {
                    "xaxis": {"type": "log", "dtick": 1, "title": {"text": "update t"}},
                    "yaxis": {"type": "log", "dtick": 1, "title": {"text": "error ‖d − ∇J‖"}},
                },
                moving={"xaxis.title.text": "axis", "yaxis.range": "err_range"},
                height=420,
            ),
            Panel(
                "What is still to be gained",
                _curves("gap", explained=False),
                {
                    "xaxis": {"type": "log", "dtick": 1, "title": {"text": "update t"}},
                    "yaxis": {"type": "log", "title": {"text": "gap J* − J"}},
                },
                moving={"xaxis.title.text": "axis"},
                height=420,
            ),
        ],
        call="optilab.papers.policy_gradient_harpg.explorer.errors",
        start=start,
        code=code,
        simulate=simulate,
        run="Run",
    )


def _curves(what: str, explained: bool) -> list[tuple[Any, dict[str, str]]]:
    traces: list[tuple[Any, dict[str, str]]] = []
    for name, key in KEYS.items():
        for column, style in (
            (f"worst_{what}", {"dash": "dot", "width": 1.2}),
            (f"{what}_line", {"dash": "dash", "width": 1.6}),
        ):
            line = go.Scatter(mode="lines", line={"color": color(name)} | style, showlegend=False, hoverinfo="skip")
            traces.append((line, {"x": f"{key}_x", "y": f"{key}_{column}"}))
        solid = go.Scatter(mode="lines", line={"color": color(name), "width": 2.6}, name=name, showlegend=explained)
        traces.append((solid, {"x": f"{key}_x", "y": f"{key}_{what}"}))
    return traces
