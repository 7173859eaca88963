"""Find worst functions: points, gradients and values that attain a worst case, in few dimensions (needs PEPit).

A performance estimation problem is solved by a Gram matrix. Its rank is the dimension in which a worst function lives,
and mostly larger than it need be: many Gram matrices have the same worst value. Among those the log-det heuristic of
PEPit looks for one of small rank, by minimising tr(WG) with W = (G + δI)⁻¹ of the G before. Then the directions in which
points and gradients hardly differ are left out, as many as the value allows to 1 part in 10⁵, and the interpolating
function is built, which belongs to the class whatever the solver's error is.

    pip install '.[worst]'
    python -m optilab.classics.performance_functions      writes worst_functions.json, which `worst_function` looks up

Source: M. Fazel, H. Hindi, S. Boyd, "Log-det heuristic for matrix rank minimization with applications to Hankel and
Euclidean distance matrices", 2003; B. Goujaud et al., "PEPit", 2024.
"""

import json
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from typing import Any

import numpy as np
from cvxpy.error import SolverError
from tqdm import tqdm

from optilab.classics import worst_case
from optilab.classics.heavy_ball import heavy_ball, tuned
from optilab.classics.performance_estimation import BALL, ETAS, Stated, heavy_ball_problem, subgradient_problem
from optilab.classics.worst_function import TABLES, Parabolas, Planes
from optilab.core.run import run

STEPS = range(1, 11)
SCHEDULES = ("constant", "linear decay")
CLOSE = 1e-5  # of the worst value, relative
INSIDE = 1 - 1e-9  # so that rounding to ten digits leaves no slope and no start longer than 1

Found = dict[str, Any]


def solutions(state: Callable[[], Stated], value: float) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Points, gradients (m, d) and values (m) with the minimiser at 0, by more and more rounds of the heuristic."""
    for rounds, slack in product((6, 3, 1), (1e-6, 3e-6)):
        stated = state()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an inaccurate solution shows below
            try:
                stated.problem.solve(
                    verbose=0,
                    solver="CLARABEL",
                    dimension_reduction_heuristic=f"logdet{rounds}",
                    eig_regularization=1e-4,
                    tol_dimension_reduction=slack * value,
                )
            except (SolverError, TypeError, ValueError):  # the solver gave up, and PEPit reads what isn't there
                continue
        origin, least = stated.minimizer.eval(), stated.minimum.eval()
        points = np.array([point.eval() - origin for point in stated.points])
        slopes = np.array([gradient.eval() for gradient, _ in stated.answers])
        yield points, slopes, np.array([height.eval() - least for _, height in stated.answers])


def turned(points: np.ndarray, slopes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same in coordinates of which the first ones matter most."""
    basis = np.linalg.svd(np.concatenate([points, slopes]), full_matrices=False)[2]
    basis *= np.where(basis @ points[0] < 0, -1, 1)[:, None]
    return points @ basis.T, slopes @ basis.T


def rounded(array: np.ndarray) -> np.ndarray:
    """To ten digits behind the point; −0 is 0."""
    return np.round(array, 10) + 0.0


def shortened(vectors: np.ndarray) -> np.ndarray:
    """Vectors (…, d), none of them longer than 1."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True) / INSIDE, 1)


def subgradient(T: int, eta: float, schedule: str) -> Found:
    """A highest-of-planes function on which the last of T subgradient steps has its worst value."""
    value = float(worst_case.subgradient(T, G=1.0, R=1.0, eta=eta, schedule=schedule))
    steps = worst_case.schedule_steps(schedule, T, eta)[:, None]
    for all_points, all_slopes, values in solutions(lambda: subgradient_problem(T, eta, schedule, "last"), value):
        points, slopes = turned(all_points, all_slopes)
        heights = rounded(Planes.through(points, slopes, values).heights)
        for d in range(1, points.shape[1] + 1):
            start, kept = rounded(shortened(points[0, :d])), rounded(shortened(slopes[:, :d]))
            way = start - np.concatenate([np.zeros((1, d)), np.cumsum(steps * kept[:-1], 0)])
            function = Planes(kept, heights, way)
            replayed = np.allclose(function.subgrad(way[:-1]), kept[:-1], atol=1e-12)
            if replayed and abs(function(way[-1]) - value) <= CLOSE * value:
                return {
                    "at": [T, eta, schedule],
                    "start": start.tolist(),
                    "slopes": kept.tolist(),
                    "heights": heights.tolist(),
                }
    raise RuntimeError(f"no worst function found for {T} subgradient steps, η = {eta}, {schedule}")


def ball(n: int, kappa: float) -> Found:
    """A function of one variable on which the heavy ball has its worst value after n steps."""
    value = float(worst_case.heavy_ball(n, mu=1 / kappa, L=1.0, R=1.0))
    for all_points, all_slopes, values in solutions(lambda: heavy_ball_problem(n, kappa), value):
        points, slopes = turned(all_points, all_slopes)
        exact = Parabolas.through(points[:, 0], slopes[:, 0], values, 1 / kappa, 1.0)
        function = Parabolas(rounded(exact.centers), rounded(exact.heights), 1 / kappa, 1.0)
        start = rounded(np.minimum(points[0, :1], 1))
        last = run(heavy_ball(function, start, **tuned(1 / kappa, 1.0)), n).x[-1]
        if abs(function(last) - value) <= CLOSE * value:
            centers, heights = function.corners
            return {
                "at": [n, kappa],
                "start": float(start[0]),
                "centers": centers.tolist(),
                "heights": heights.tolist(),
            }
    raise RuntimeError(f"no worst function of one variable found for {n} steps of the heavy ball, κ = {kappa}")


def settings() -> list[tuple[Callable[..., Found], tuple[Any, ...]]]:
    """All rows: what finds them, and where."""
    found: list[tuple[Callable[..., Found], tuple[Any, ...]]] = [
        (subgradient, setting) for setting in product(STEPS, ETAS, SCHEDULES)
    ]
    there = {kappa: worst_case.steps("heavy_ball", (kappa,)) for kappa in BALL}
    return found + [(ball, (n, kappa)) for n, kappa in product(STEPS, BALL) if n in there[kappa]]


def one(asked: tuple[Callable[..., Found], tuple[Any, ...]]) -> Found:
    """A row of a table."""
    find, setting = asked
    return find(*setting)


def main() -> None:
    """Find all functions and write them."""
    asked = settings()
    with ProcessPoolExecutor() as pool:
        rows = list(tqdm(pool.map(one, asked), total=len(asked)))
    names = {subgradient: "subgradient", ball: "heavy ball"}
    parts = []
    for find, name in names.items():
        lines = [
            json.dumps(row, ensure_ascii=False) for (by, _), row in zip(asked, rows, strict=True) if by is find
        ]
        parts.append(f'"{name}": [\n' + ",\n".join(lines) + "\n]")
    TABLES.write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
