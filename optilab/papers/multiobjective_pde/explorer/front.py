"""The front of two wishes: by equal weights, by a walking reference point, along rays; and what a point stands for."""

from functools import cache
from typing import Any

import numpy as np

from optilab.papers.multiobjective_pde.algorithm import (
    FullModel,
    Point,
    ends,
    gap_ratio,
    pascoletti_serafini,
    reference_walk,
    weighted_sum,
)
from optilab.papers.multiobjective_pde.explorer.parts import RAY, WALK, WEIGHTS, color, segments
from optilab.papers.multiobjective_pde.problems import Tracking, standard
from optilab.ui.controls import choice, log_slider, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, cloud, curve, dots, entry, here, panel, thin
from optilab.ui.theme import INK, ORANGE, PURPLE, ink
from optilab.ui.words import number

RAYS = 8  # directions at most: each is a few minimisations
SIGMAS = np.logspace(-6, -2, 17)
Array = np.ndarray


@cache
def tips(sigma: float) -> tuple[Tracking, list[Point], float]:
    """The problem, the ends of its front and their distance."""
    problem = standard(sigma)
    both = ends(FullModel(problem))
    return problem, both, float(np.linalg.norm(both[1].J - both[0].J))


@cache
def line(sigma: float) -> Array:
    """A fine walk along the front: (points, 2)."""
    problem, both, length = tips(sigma)
    return np.array(
        [point.J for point in reference_walk(FullModel(problem), *both, h_par=length / 30, h_perp=length / 30)]
    )


@cache
def some_controls() -> tuple[Array, Array]:
    """J without a price (500, 2) and ½‖Bq‖² (500,) of random controls, of which y(tq) = t y(q) makes many sizes."""
    problem, (first, last), _ = tips(1e-4)
    model, rng = FullModel(problem), np.random.default_rng(0)
    mix, size = rng.random((500, 1)), rng.random((500, 1))
    q = size * (mix * first.q + (1 - mix) * last.q + 10 * rng.random((500, 1)) * rng.normal(size=(500, 8)))
    cost = np.einsum("ij,jk,ik->i", q, problem.M, q) / 2
    return np.array([model.values(one) for one in q]) - 1e-4 * cost[:, None], cost


def inside(points: Array, across: list[float], up: list[float]) -> tuple[Array, Array]:
    """Those of the points (m, 2) that are in the frame."""
    x, y = points.T
    kept = (across[0] < x) & (x < across[1]) & (up[0] < y) & (y < up[1])
    return np.where(kept, x, np.nan), np.where(kept, y, np.nan)


def rays(model: FullModel, both: list[Point], length: float, count: int) -> list[Any]:
    """Pascoletti–Serafini from a little below the ideal point, directions evenly from one axis to the other."""
    z, q, found = np.array([both[0].J[0], both[1].J[1]]) - 0.05 * length, both[0].q, []
    for angle in np.linspace(0.02, np.pi / 2 - 0.02, count):
        r = np.array([np.sin(angle), np.cos(angle)])
        *_, end = pascoletti_serafini(model, q, z=z, r=r, rho=100 / length, tol=1e-4 * length)
        q = end.q
        found.append(end)
    return found


def points_of(method: str, sigma: float, K: int, h_par: float, h_perp: float) -> Any:
    """The points of a method, which have q, J and a status."""
    problem, both, length = tips(sigma)
    model = FullModel(problem)
    found: list[Any]
    if method == WEIGHTS:
        found = list(weighted_sum(model, both[0].q, alphas=np.linspace(1, 0, K)))
    elif method == WALK:
        found = list(reference_walk(model, *both, h_par=h_par * length, h_perp=h_perp * length))
    else:
        found = rays(model, both, length, min(K, RAYS))
    return found


def compute(method: str, K: int, h_par: float, h_perp: float, sigma: float, at: float) -> dict[str, Any]:
    """The method's points on the front, its reference points, and the control and state of one of them."""
    sigma = float(SIGMAS[abs(np.log(SIGMAS / sigma)).argmin()])
    for each in SIGMAS:  # once: later moves find them
        line(float(each))
    problem, both, length = tips(sigma)
    found = points_of(method, sigma, K, h_par, h_perp)
    J = np.array([point.J for point in found])
    kink = np.array([point.status == "kink" for point in found])
    z = np.array([point.z for point in found]) if method == WALK else np.full((1, 2), np.nan)
    if method == RAY:
        z = np.tile(np.array([both[0].J[0], both[1].J[1]]) - 0.05 * length, (len(J), 1))
    chosen = found[int(abs(J[:, 0] - at).argmin())]
    free, cost = some_controls()
    seen = free + sigma * cost[:, None]
    x = problem.pde.nodes[:, 0]
    below = max(0.2, 1.15 * h_perp if method == WALK else 0.0) * length
    across, up = ([both[i].J[i] - below, both[1 - i].J[i] + 0.25 * length] for i in (0, 1))
    even = gap_ratio(J[:-1] if method == WALK and len(J) > 2 else J)
    data: dict[str, Any] = {f"points {name}": (J[:, 0], J[:, 1]) if name == method else ([np.nan], [np.nan])
                            for name in (WEIGHTS, WALK, RAY)}  # fmt: skip
    return data | {
        "cloud": inside(seen, across, up),
        "front": tuple(line(sigma).T),
        "z": (z[:, 0], z[:, 1]),
        "arrows": segments(z, J) if len(z) == len(J) else ([np.nan], [np.nan]),
        "kinks": (J[kink, 0], J[kink, 1]) if kink.any() else ([np.nan], [np.nan]),
        "chosen": ([chosen.J[0]], [chosen.J[1]]),
        "control": (x, problem.pde.drive(chosen.q)),
        "state": (x, FullModel(problem).state(chosen.q)),
        "first": (x, problem.targets[0]),
        "second": (x, problem.targets[1]),
        "span": across,
        "up": up,
        "headline": f"{len(J)} points; the longest gap is {number(even)} times the shortest",
        "note": f"{method[0].upper()}{method[1:]}, σ = {number(sigma)}: gap ratio <b>{number(even)}</b>{aside(method)}"
        f", front of length {number(length)}, {on_kinks(int(kink.sum()))}. The chosen point has "
        f"J₁ = {number(chosen.J[0])}, J₂ = {number(chosen.J[1])}{weight(chosen)}.",
    }  # fmt: skip


def aside(method: str) -> str:
    """What the count of points or gaps leaves out."""
    return {WALK: " (without the last gap, which is what is left)", RAY: f" ({RAYS} rays at most)"}.get(method, "")


def on_kinks(count: int) -> str:
    """How many points are on a kink."""
    return f"{count or 'no'} point{'s' * (count != 1)} on a kink"


def weight(point: Any) -> str:
    """What weight of J₁ a point stands for."""
    w = point.lam if hasattr(point, "lam") else point.weights
    return f": as by the weight {number(float(w[0] / w.sum()))} of J₁"


def front(**start: Any) -> Explorer:
    """Method, its steps, σ and one point beside the objectives' plane, and that point's control and state."""
    return Explorer(
        compute,
        {
            "method": choice("method", WALK, [WEIGHTS, WALK, RAY]),
            "K": slider("weights or rays K", 16, 4, 40, 1, when=lambda v: v["method"] != WALK),
            "h_par": slider("step along, h∥", 0.083, 0.05, 0.5, 0.001, when=lambda v: v["method"] == WALK),
            "h_perp": slider("distance, h⊥", 0.083, 0.02, 0.5, 0.001, when=lambda v: v["method"] == WALK),
            "at": slider("chosen point, near J₁ =", 0.05, 0.0, 0.11, 0.001),
            "sigma": log_slider("price σ", 1e-4, 1e-6, 1e-2, steps=16),
        },
        [
            panel(
                entry("headline"),
                cloud("cloud", "random controls", ink(0.25)),
                thin("front", "front", ink(0.6)),
                thin("arrows", "", ink(0.5), width=1),
                dots("z", "reference z", ink(0.55), size=6, symbol="x"),
                *(dots(f"points {name}", name, color(name), size=9) for name in (WEIGHTS, WALK, RAY)),
                dots("kinks", "on a kink", ORANGE, symbol="circle-open", size=13),
                here("chosen", "chosen", shade=INK),
                x=axis("J₁: miss of the first target (click: choose)", "span"),
                y=axis("J₂: miss of the second", "up"),
                height=400,
                wide=True,
                click=lambda x, _y: {"at": x},
            ),
            panel(
                "Its state, between the targets",
                thin("first", "first target", PURPLE, width=2),
                thin("second", "second target", ORANGE, width=2),
                curve("state", "state y"),
                x=axis("x", [0, 1]),
                y=axis("y", [-0.42, 0.56]),
            ),
            panel(
                "Its control: eight equal cells",
                curve("control", "control", shape="hvh"),
                x=axis("x", [0, 1]),
                y=axis("Bq", [-36, 36]),
            ),
        ],
        call=__name__,
        start=start,
        recipe=points_of,
    )
