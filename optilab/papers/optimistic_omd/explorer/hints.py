"""How good a hint must be: regret, surprise and bound for hints between minus once and twice the last gradient."""

from functools import cache
from typing import Any, NamedTuple

import numpy as np

from optilab.core.run import run
from optilab.papers.optimistic_omd.algorithm import Convex, optimistic, path_bound
from optilab.papers.optimistic_omd.experiment import OURS, D
from optilab.papers.optimistic_omd.explorer.parts import WORLDS, color, span, world
from optilab.papers.optimistic_omd.problems import Linear, linearised_regret
from optilab.ui.controls import choice, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, curve, entry, here, log, panel, promise, rule
from optilab.ui.words import number

ROUNDS, EVERY = 4000, 20
HINTS = np.linspace(-1, 2, 31)
KEPT = np.arange(EVERY, ROUNDS + 1, EVERY)


class Swept(NamedTuple):
    """All hints on one world."""

    regret: np.ndarray  # (rounds, hints)
    bound: np.ndarray  # of the regret on the gradients seen, (rounds, hints)
    path: np.ndarray
    V: np.ndarray


def hinted(name: str, c: float | np.ndarray) -> Any:
    """Optimistic descent with hints c times the last gradient, and the step size of the paper's hint."""
    losses, c = world(name, ROUNDS), np.asarray(c)
    states = optimistic(
        losses, np.zeros((*c.shape, 2)), steps=Convex(2.0, losses.G, 1.0), hint=lambda t, g: c[..., None] * g
    )
    return run(states, ROUNDS, keep=["x", "V"])


@cache
def swept(name: str) -> Swept:
    """Regrets of all hints at every 20th round: dynamic where losses turn, static elsewhere."""
    made, trace = world(name, ROUNDS), hinted(name, HINTS)
    losses, x = Linear(made.m[:, None], made.noise[:, None]), trace.x[:ROUNDS]
    regret = losses.dynamic_regret(x) if name.startswith("turning") else losses.static_regret(x)
    bound = path_bound(trace.V[1:], D, made.G, 1.0, np.abs(HINTS))
    path = linearised_regret(np.broadcast_to(losses.g, x.shape), x)
    return Swept(*(part[EVERY - 1 :: EVERY] for part in (regret, bound, path, trace.V[1:])))


def compute(c: float, name: str) -> dict[str, Any]:
    """One hint among all."""
    found, k = swept(name), int(abs(HINTS - c).argmin())
    kind = "Dynamic" if name.startswith("turning") else "Static"
    ends, best = found.regret[-1], int(found.regret[-1].argmin())
    proved = abs(c) <= 1
    bound = found.bound[:, k] if proved else np.full(len(KEPT), np.nan)
    return {
        "regret": (HINTS, ends),
        "now": ([HINTS[k]], [ends[k]]),
        "regret span": span(ends),
        "V": (HINTS, found.V[-1]),
        "now V": ([HINTS[k]], [found.V[-1, k]]),
        "path": (KEPT, found.path[:, k]),
        "bound": (KEPT, bound),
        "path span": span(found.path[:, k], bound if proved else found.path[:, k], least=10),
        "headline": f"{kind} regret after {ROUNDS} rounds, by hint",
        "third": "Regret on the gradients seen, under its bound"
        if proved
        else "No bound here: the hint may be longer than G",
        "note": f"c = {number(float(HINTS[k]))}: {kind.lower()} regret <b>{number(float(ends[k]))}</b>; least at "
        f"c = {number(float(HINTS[best]))}, {number(float(ends[best]))}. Without a hint (c = 0) "
        f"{number(float(ends[10]))}, with the last gradient (c = 1) {number(float(ends[20]))}.",
    }


def hints(**start: Any) -> Explorer:
    """Hint and world beside regrets, surprises, and the path bound."""
    ours = color(OURS)
    return Explorer(
        compute,
        {
            "c": slider(
                "hint: c times the last gradient", 1.0, -1.0, 2.0, 0.1, named={"none": 0.0, "the paper's": 1.0}
            ),
            "name": choice("losses", WORLDS[0], list(WORLDS)),
        },
        [
            panel(
                entry("headline"),
                curve("regret", "", ours),
                here("now", "", ours),
                rule(1.0, dash="dot"),
                x=axis("c", [-1.1, 2.1]),
                y=axis("regret", "regret span"),
            ),
            panel(
                "Surprise: V̄ of all hints",
                curve("V", "", ours),
                here("now V", "", ours),
                rule(1.0, dash="dot"),
                x=axis("c", [-1.1, 2.1]),
                y=log("V̄", [-0.3, 4.8]),
            ),
            panel(
                entry("third"),
                promise("bound", "bound", ours),
                curve("path", "regret", ours),
                x=axis("round t", [0, ROUNDS]),
                y=axis("regret", "path span"),
            ),
        ],
        call=__name__,
        start=start,
        recipe=hinted,
    )
