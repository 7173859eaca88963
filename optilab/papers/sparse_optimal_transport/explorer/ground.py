"""The ground that solvers walk on: facets at k = 1, a bowl at k = m, and how far L-BFGS, Adam and plain ascent get."""

from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import Any

import numpy as np
import plotly.graph_objects as go

from optilab.classics.adam import adam
from optilab.papers.sparse_optimal_transport.algorithm import Oracle, SemiDual, certified, lbfgs, supergradient_ascent
from optilab.papers.sparse_optimal_transport.experiment import DIAL, best_so_far, optimum, reference_lines
from optilab.problems.transport import Transport, bumps
from optilab.ui.controls import choice, slider
from optilab.ui.explorer import Explorer
from optilab.ui.pictures import Panel
from optilab.ui.theme import BLUE, BROWN, GREEN, INK, ORANGE, PURPLE, TEAL, color, landscape

METHODS = {  # and their colours
    "L-BFGS": color("L-BFGS"),
    "Adam": color("Adam"),
    "supergradient, fixed steps": color("supergradient ascent"),
    "supergradient, steps 1/√t": color("1/√t"),
}
FATES = {
    "L-BFGS": "the smaller k, the sooner L-BFGS stalls",
    "Adam": "kinks stop Adam too, but nearer to the top",
    "supergradient, fixed steps": "plain ascent is slow for every k",
    "supergradient, steps 1/√t": "plain ascent is slow for every k",
}
EVALUATIONS, SHOWN, LEAST = 300, 60, 1e-6
SHADES = dict(zip(DIAL, (ORANGE, BROWN, PURPLE, TEAL, BLUE, GREEN), strict=True))
SIDE = np.linspace(-1, 1, 81)
PLANE = np.array([[1, -1, 0], [1, 1, -2]]) / np.sqrt([[2], [6]])  # where the potentials sum to 0


@lru_cache(maxsize=1)
def small() -> Transport:
    """Three sources, three targets."""
    rng = np.random.default_rng(15)
    return Transport(rng.dirichlet([4, 4, 4]), rng.dirichlet([4, 4, 4]), rng.uniform(size=(3, 3)))


@lru_cache(maxsize=3)
def surface(k: int) -> np.ndarray:
    """S on the plane of centred potentials: (81, 81)."""
    u, v = np.meshgrid(SIDE, SIDE)
    return SemiDual(small(), k)(np.stack([u, v], -1) @ PLANE)


@lru_cache(maxsize=3)
def small_top(k: int) -> float:
    """The certified maximum on that plane."""
    return certified(SemiDual(small(), k), tolerance=1e-7).value


class Watched:
    """A function that remembers where it was asked."""

    def __init__(self, concave: SemiDual):
        self.concave, self.points = concave, list[np.ndarray]()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.concave, name)

    def oracle(self, x: np.ndarray) -> Oracle:
        """The function's own answer."""
        self.points.append(x)
        return self.concave.oracle(x)


def asked(method: str, semi_dual: SemiDual, x0: np.ndarray, most: int) -> np.ndarray:
    """Where a method asks the oracle, in order; L-BFGS takes one instance, the others a batch: (calls, *batch, m)."""
    if method == "L-BFGS":
        watched = Watched(semi_dual)
        lbfgs(watched, x0, maxfun=most)  # type: ignore[arg-type]
        return np.array(watched.points[:most])
    states: Iterator[Any]
    if method == "Adam":
        states = adam(semi_dual.loss, x0, alpha=0.01 if semi_dual.problem.m > 3 else 0.03)
    elif method == "supergradient, fixed steps":
        states = supergradient_ascent(semi_dual, x0, eta=1 / semi_dual.smoothness)
    else:
        states = supergradient_ascent(semi_dual, x0, eta=10 / semi_dual.smoothness, decay=0.5)
    return np.array([state[0] for state in islice(states, most)])


@lru_cache(maxsize=len(METHODS))
def curves(method: str) -> np.ndarray:
    """Best value after 1, 2, … evaluations on two hills, for every k of the dial: (evaluations, ks)."""
    problem = bumps()
    if method == "L-BFGS":
        runs = [lbfgs(SemiDual(problem, k), maxiter=2000, maxfun=EVALUATIONS).values[:EVALUATIONS] for k in DIAL]
        values = np.column_stack([np.pad(each, (0, EVALUATIONS - len(each)), mode="edge") for each in runs])
    else:
        every = SemiDual(problem, np.array(DIAL))
        values = every(asked(method, every, np.zeros((len(DIAL), problem.m)), EVALUATIONS))
    return best_so_far(values)


@lru_cache(maxsize=1)
def tops() -> tuple[np.ndarray, Any]:
    """The certified maxima on two hills, (ks,), and the lines that they lie between."""
    found, line = np.array([optimum(k).value for k in DIAL]), reference_lines(bumps())
    best = np.max([curves(method)[-1] for method in METHODS], 0)  # a certificate is within 1e-6, a run may be closer
    found = np.maximum(found, best)
    found[0] = line.ceiling
    return found, line


def tiny(gap: float) -> str:
    """A gap, as far as the certificates resolve it."""
    return f"{gap:.1e}" if gap > LEAST else "less than 1e-6"


def compute(method: str, k: int, u: float, v: float) -> dict[str, Any]:
    """The path on the small ground, and the curves on two hills."""
    semi_dual = SemiDual(small(), min(k, 3))
    path = asked(method, semi_dual, np.array([u, v]) @ PLANE, SHOWN) @ PLANE.T
    values = semi_dual(path @ PLANE)
    height = surface(min(k, 3))
    best, (top, line) = curves(method), tops()
    gap = np.maximum(top - best, LEAST)
    column = DIAL.index(k)
    kind = {1: "facets, edges and corners", 2: "edges where two entries tie for second place", 3: "one smooth bowl"}
    short, left = max(small_top(min(k, 3)) - values.max(), 0), max(top[column] - best[-1, column], 0)
    note = (
        f"In small, {kind[min(k, 3)]}: the best of these {len(path)} calls is {tiny(short)} below the top. "
        f"On two hills, k = {k}, {EVALUATIONS} calls leave a gap of <b>{tiny(left)}</b> to max S = {top[column]:.4f}."
    )
    data: dict[str, Any] = {
        "side": SIDE,
        "height": height,
        "path_x": path[:, 0],
        "path_y": path[:, 1],
        "start_x": np.array([u]),
        "start_y": np.array([v]),
        "end_x": path[-1:, 0],
        "end_y": path[-1:, 1],
        "shade": METHODS[method],
        "ground": f"The ground for k = {min(k, 3)} (m = n = 3): drag the start",
        "gaps": f"Two hills: {FATES[method]}",
        "calls": np.arange(1, EVALUATIONS + 1),
        "span": np.array([1, EVALUATIONS]),
        "linear": np.full(2, line.linear),
        "quadratic": np.full(2, line.quadratic),
        "ceiling": np.full(2, line.ceiling),
        "top": np.full(2, top[column]),
        "value": best[:, column],
        "note": note,
    }
    for index, each in enumerate(DIAL):
        data |= {f"gap{each}": gap[:, index], f"width{each}": 3.4 if each == k else 1.3}
    return data


BY_HAND = {
    "L-BFGS": f"lbfgs(hills, maxiter=2000, maxfun={EVALUATIONS}).values[:{EVALUATIONS}].max()",
    "Adam": "adam(hills.loss, hills.start, alpha=0.01)",
    "supergradient, fixed steps": "supergradient_ascent(hills, hills.start, eta=1 / hills.smoothness)",
    "supergradient, steps 1/√t": "supergradient_ascent(hills, hills.start, eta=10 / hills.smoothness, decay=0.5)",
}


def code(values: dict[str, Any]) -> str:
    """The method on two hills by hand: the best value that it finds."""
    call = BY_HAND[values["method"]]
    module = "classics.adam" if values["method"] == "Adam" else "papers.sparse_optimal_transport.algorithm"
    needed = "" if values["method"] == "L-BFGS" else "from optilab.core.run import run\n"
    return (
        f"{needed}from optilab.{module} import {call.partition('(')[0]}\n"
        "from optilab.papers.sparse_optimal_transport.algorithm import SemiDual\n"
        "from optilab.problems.transport import bumps\n\n"
        f"hills = SemiDual(bumps(), {values['k']})\n"
        + (f"hills(run({call}, {EVALUATIONS - 1}).x).max()" if needed else call)
    )


def ground(**start: Any) -> Explorer:
    """Walk up S in small, and compare gaps on two hills for six k."""

    def level(name: str, shade: str, text: str, where: str) -> tuple[Any, dict[str, str]]:
        dashed = {"color": shade, "dash": "dash", "width": 1.5}
        words = {"text": ["", text], "textposition": where, "textfont": {"color": INK}}
        return go.Scatter(mode="lines+text", line=dashed, showlegend=False, **words), {"x": "span", "y": name}

    gaps = [
        (
            go.Scatter(name=f"k = {k}", mode="lines", line={"color": SHADES[k]}),
            {"x": "calls", "y": f"gap{k}", "line.width": f"width{k}"},
        )
        for k in DIAL
    ]
    tops()
    return Explorer(
        compute,
        {
            "method": choice("method", "L-BFGS", list(METHODS)),
            "k": choice("k", 1, list(DIAL)),
            "u": slider("start, across", -0.6, -0.9, 0.9, 0.02),
            "v": slider("start, up", -0.6, -0.9, 0.9, 0.02),
        },
        [
            Panel(
                "",
                [
                    (landscape(ncontours=28), {"x": "side", "y": "side", "z": "height"}),
                    (
                        go.Scatter(showlegend=False, mode="lines+markers", line={"width": 1.6}, marker={"size": 5}),
                        {"x": "path_x", "y": "path_y", "line.color": "shade", "marker.color": "shade"},
                    ),
                    (
                        go.Scatter(name="start", mode="markers", marker={"color": INK, "size": 10}),
                        {"x": "start_x", "y": "start_y"},
                    ),
                    (
                        go.Scatter(name="last call", mode="markers", marker={"size": 13, "symbol": "diamond"}),
                        {"x": "end_x", "y": "end_y", "marker.color": "shade"},
                    ),
                ],
                {
                    "xaxis": {"title": {"text": "(α₁ − α₂)/√2"}, "range": [-1, 1]},
                    "yaxis": {"title": {"text": "(α₁ + α₂ − 2α₃)/√6"}, "range": [-1, 1]},
                },
                {"title": "ground"},
                click=("u", "v"),
                height=380,
            ),
            Panel(
                "",
                gaps,
                {
                    "xaxis": {"title": {"text": "evaluations of S and ∇S"}},
                    "yaxis": {
                        "type": "log",
                        "dtick": 1,
                        "title": {"text": "gap max S − S, shown down to 10⁻⁶"},
                        "range": [-6.1, 0],
                    },
                },
                {"title": "gaps"},
                height=380,
            ),
            Panel(
                "The value of this k under its certified maximum, between the lines of theory",
                [
                    level("ceiling", ORANGE, "LP + γ/2 ‖b‖²", "top left"),
                    level("quadratic", GREEN, "quadratic OT", "top left"),
                    level("linear", TEAL, "LP", "bottom left"),
                    (
                        go.Scatter(name="max S", mode="lines", line={"color": INK, "dash": "dot"}),
                        {"x": "span", "y": "top"},
                    ),
                    (
                        go.Scatter(name="best S so far", mode="lines"),
                        {"x": "calls", "y": "value", "line.color": "shade"},
                    ),
                ],
                {
                    "xaxis": {"title": {"text": "evaluations of S and ∇S"}},
                    "yaxis": {"title": {"text": "S, a cost"}, "range": [0.1, 0.22]},
                },
                height=380,
            ),
        ],
        call="optilab.papers.sparse_optimal_transport.explorer.ground",
        start=start,
        code=code,
    )
