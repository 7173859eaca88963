"""The reduced model: its error under its bound, and the walk that asks for full solves only where that is too large."""

from functools import cache
from typing import Any

import numpy as np

from optilab.papers.multiobjective_pde.algorithm import Certified, FullModel, ReducedModel, reference_walk, started
from optilab.papers.multiobjective_pde.experiment import basis, ends_of, errors, pair, reference_front
from optilab.papers.multiobjective_pde.experiment.modes import square
from optilab.papers.multiobjective_pde.explorer.parts import REDUCED, WALK, color, counted
from optilab.ui.controls import log_slider, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, curve, dots, entry, here, log, panel, promise, rule, thin, walk
from optilab.ui.theme import INK
from optilab.ui.words import number

MOST = 30


@cache
def curves() -> tuple[np.ndarray, np.ndarray]:
    """Mean error and mean bound on eight fresh controls, with 1 … 30 modes: (30,) each."""
    both = np.array([errors(0, modes) for modes in range(1, MOST + 1)]).mean(-1)
    return both[:, 0], both[:, 1]


@cache
def cuts(modes: int) -> tuple[np.ndarray, np.ndarray]:
    """Exact and reduced state of the first fresh control along the middle of the square: (31,) each."""
    V, fresh, states = basis(0)
    reduced = ReducedModel(FullModel(square()), V[:, :modes]).state(fresh[0])
    return states[0].reshape(31, 31)[15], reduced.reshape(31, 31)[15]


def certified_walk(tol: float) -> Any:
    """The reference walk on a reduced model: points, full solves so far, events, Δ, certified errors, modes."""
    first, last = ends_of(None)
    full, solver, solves = FullModel(pair(None)), Certified(tol), []
    model = started(full, first.q)
    points = []
    for point in reference_walk(model, first, last, minimise=solver):
        points.append(point)
        solves.append(full.total)
    return points, np.array(solves), solver.events, solver.deltas, solver.bounds, model.V.shape[1]


def times(count: int) -> str:
    """How often, in words."""
    return f"{count} times" if count > 1 else "once"


def compute(tol: float, modes: int) -> dict[str, Any]:
    """Errors over modes, a cut, and the walk at one tolerance."""
    error, bound = curves()
    points, solves, events, deltas, bounds, size = certified_walk(tol)
    J = np.array([point.J for point in points])
    enriched = sorted({place + 1 for place, _ in events})  # point 0 is the end that is given
    exact, reduced = cuts(modes)
    plain = reference_front(None)
    grid, numbers = np.arange(1, 32) / 32, np.arange(1, MOST + 1)
    worst = max(float(np.max(bounds)), 1e-300)
    return {
        "error": (numbers, error),
        "bound": (numbers, bound),
        "now": ([modes], [error[modes - 1]]),
        "exact": (grid, exact),
        "reduced": (grid, reduced),
        "front": (J[:, 0], J[:, 1]),
        "events": (J[enriched, 0], J[enriched, 1]) if enriched else ([np.nan], [np.nan]),
        "spent": (np.arange(len(solves)), solves),
        "plain": (np.arange(1, len(plain.counts)), plain.counts[1:]),
        "headline": f"The walk asks {times(len(enriched))}: ☆ where Δ was above {number(tol)}"
        if enriched
        else "The walk never asks: Δ stays below its tolerance",
        "bill": f"{solves[-1]} full solves in place of {plain.solves}",
        "note": f"With {counted(modes, 'mode')} the error is {number(error[modes - 1])}, Δ {number(bound[modes - 1])}: "
        f"a factor of {number(bound[modes - 1] / error[modes - 1], 4)}. At tol = {number(tol)} the walk ends with "
        f"{size} modes and <b>{solves[-1]} full solves</b>, Δ is at most {number(max(deltas))} at its points, "
        f"and no objective is off by more than {number(worst)}, certified.",
    }


def modes(**start: Any) -> Explorer:
    """Modes and tolerance beside error and bound, a state, the walk and what it costs."""
    green, blue = color(REDUCED), color(WALK)
    return Explorer(
        compute,
        {
            "modes": slider("modes", 8, 1, MOST, 1, named={"as many as controls": 16}),
            "tol": log_slider("tol of Δ", 1e-2, 1e-4, 1.0),
        },
        [
            panel(
                "The bound never falls below the error",
                curve("error", "error ‖y − ŷ‖_A", green, width=4),
                promise("bound", "Δ, for which nothing is solved", INK),
                here("now", shade=green),
                rule(16, dash="dot"),
                x=axis("modes (dotted: the number of controls)", [0, MOST + 1]),
                y=log("mean of 8 controls", [-2.4, 0.6]),
                wide=True,
                height=300,
            ),
            panel(
                "A control that the model hasn't seen",
                thin("exact", "state", INK, width=4),
                curve("reduced", "reduced", green),
                x=axis("x₂, at x₁ = ½", [0, 1]),
                y=axis("y", [-1.2, 1.2]),
            ),
            panel(
                entry("headline"),
                walk("front", "reduced walk", green, size=7),
                dots("events", "asked here", INK, symbol="star", size=13),
                x=axis("J₁", [0.0, 0.12]),
                y=axis("J₂", [0.0, 0.09]),
            ),
            panel(
                entry("bill"),
                walk("plain", "full walk", blue),
                walk("spent", "reduced walk", green),
                x=axis("point", [-0.5, 17.5]),
                y=log("full solves so far", [0, 3.2]),
            ),
        ],
        call=__name__,
        start=start,
        recipe=certified_walk,
    )
