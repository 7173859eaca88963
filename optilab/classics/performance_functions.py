"""Find worst functions: points, gradients and values that attain a worst case, in few dimensions (needs PEPit).

A performance estimation problem is solved by a Gram matrix. Its rank is the dimension in which a worst function lives,
and mostly larger than it need be: many Gram matrices have the same worst value. Among those the log-det heuristic of
PEPit looks for one of small rank, by minimising tr(WG) with W = (G + δI)⁻¹ of the G before. Then directions in which
points and gradients hardly differ are left out, as many as the value allows to 1 part in 10⁵ (for the heavy ball after
a local search within what is left), and the interpolating function is built, which belongs to the class whatever the
solver's error is. What few dimensions it finds need not be the fewest.

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
from scipy.optimize import minimize
from tqdm import tqdm

from optilab.classics import worst_case
from optilab.classics.heavy_ball import heavy_ball, tuned
from optilab.classics.performance_estimation import BALL, ETAS, Stated, heavy_ball_problem, subgradient_problem
from optilab.classics.worst_function import TABLES, Parabolas, Planes
from optilab.core.run import run

STEPS = range(1, 11)
KAPPAS = tuple(kappa for kappa in BALL if kappa >= 10)  # below, the ball comes to rest within a few steps
SCHEDULES = ("constant", "linear decay")
CLOSE = 1e-5  # of the worst value, relative
DIMENSIONS = 6  # at most, of the heavy ball's functions
INSIDE = 1 - 1e-9  # so that rounding to ten digits leaves no slope and no start longer than 1

Found = dict[str, Any]


def solutions(state: Callable[[], Stated], value: float) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Points, gradients (m, d) and values (m), the minimiser at 0, by one heuristic after the other, then by none."""
    for heuristic, slack in product(("logdet6", "logdet3", "logdet1", "trace", None), (2e-6, 8e-6)):
        stated = state()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an inaccurate solution shows below
            try:
                stated.problem.solve(
                    verbose=0,
                    solver="CLARABEL",
                    dimension_reduction_heuristic=heuristic,
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


def polished(
    start: np.ndarray, slopes: np.ndarray, values: np.ndarray, kappa: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points, gradients (n + 1, d) and values (n + 1) of the heavy ball with the largest last value in d dimensions.

    What a solution has in d of its dimensions hardly misses the inequalities of interpolation; from there a local
    search climbs, within them. In few dimensions they are no longer convex, so that it may end below the worst value.
    """
    m, d, mu = *slopes.shape, 1 / kappa
    alpha, beta = tuned(mu, 1.0).values()
    moves = np.zeros((m, m))  # x = start + moves @ slopes
    step = np.zeros(m)
    for k in range(m - 1):
        step = beta * step
        step[k] -= alpha
        moves[k + 1] = moves[k] + step
    i, j = (~np.eye(m + 1, dtype=bool)).nonzero()  # pairs of points, the last of them the minimiser
    unit = np.eye(m + 1, m)
    apart = np.pad(moves, ((0, 1), (0, 0)))[i] - np.pad(moves, ((0, 1), (0, 0)))[j]
    turn = unit[i] - unit[j]

    def unpacked(z: np.ndarray) -> tuple[np.ndarray, ...]:
        g = np.pad(z[: m * d].reshape(m, d), ((0, 1), (0, 0)))
        x = np.pad(start + moves @ g[:m], ((0, 1), (0, 0)))
        return x[i] - x[j], g[i] - g[j], g[j]

    def slack(z: np.ndarray) -> np.ndarray:
        dx, dg, g = unpacked(z)
        lost = (dg**2 + mu * dx**2 - 2 * mu * dg * dx).sum(-1) / (2 * (1 - mu))
        return turn @ z[m * d :] - (g * dx).sum(-1) - lost

    def gradient(z: np.ndarray) -> np.ndarray:
        dx, dg, g = unpacked(z)
        by_g = -(dg - mu * dx) / (1 - mu)
        by_x = -g - (mu * dx - mu * dg) / (1 - mu)
        by_slopes = (
            turn[:, :, None] * by_g[:, None] + apart[:, :, None] * by_x[:, None] - unit[j][:, :, None] * dx[:, None]
        )
        return np.hstack([by_slopes.reshape(len(i), -1), turn])

    up = np.zeros(m * d + m)
    up[-1] = 1.0
    within = {"type": "ineq", "fun": slack, "jac": gradient}
    found = minimize(
        lambda z: -z[-1],
        np.append(slopes.ravel(), values),
        jac=lambda z: -up,
        constraints=within,
        method="SLSQP",
        options={"maxiter": 300, "ftol": 1e-13},
    ).x
    g = found[: m * d].reshape(m, d)
    return start + moves @ g, g, found[m * d :]


def ball(n: int, kappa: float) -> Found:
    """A hull of parabolas on which the heavy ball has its worst value after n steps."""
    value = float(worst_case.heavy_ball(n, mu=1 / kappa, L=1.0, R=1.0))
    for all_points, all_slopes, values in solutions(lambda: heavy_ball_problem(n, kappa), value):
        points, slopes = turned(all_points, all_slopes)
        for d in range(1, min(n, DIMENSIONS) + 1):
            start = points[0, :d] / np.linalg.norm(points[0, :d])
            exact = Parabolas.through(*polished(start, slopes[:, :d], values, kappa), 1 / kappa, 1.0)
            function = Parabolas(rounded(exact.centers), rounded(exact.heights), 1 / kappa, 1.0)
            start = rounded(start * INSIDE)
            last = run(heavy_ball(function, start, **tuned(1 / kappa, 1.0)), n).x[-1]
            if abs(function(last) - value) <= CLOSE * value:
                return {
                    "at": [n, kappa],
                    "start": start.tolist(),
                    "centers": function.centers.tolist(),
                    "heights": function.heights.tolist(),
                }
    raise RuntimeError(f"no worst function found for {n} steps of the heavy ball, κ = {kappa}")


def settings() -> list[tuple[Callable[..., Found], tuple[Any, ...]]]:
    """All rows: what finds them, and where."""
    found: list[tuple[Callable[..., Found], tuple[Any, ...]]] = [
        (subgradient, setting) for setting in product(STEPS, ETAS, SCHEDULES)
    ]
    return found + [(ball, setting) for setting in product(STEPS, KAPPAS)]


def one(asked: tuple[Callable[..., Found], tuple[Any, ...]]) -> Found:
    """A row of a table."""
    find, setting = asked
    return find(*setting)


def main() -> None:
    """Find all functions and write them."""
    asked = settings()
    with ProcessPoolExecutor() as pool:
        rows = list(tqdm(pool.map(one, asked), total=len(asked)))
    names = {subgradient: "subgradient", ball: "heavy_ball"}
    parts = []
    for find, name in names.items():
        lines = [json.dumps(row, ensure_ascii=False) for (by, _), row in zip(asked, rows, strict=True) if by is find]
        parts.append(f'"{name}": [\n' + ",\n".join(lines) + "\n]")
    TABLES.write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
