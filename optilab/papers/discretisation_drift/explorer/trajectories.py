"""Gradient descent on a typed loss, and the flows between its iterates: what the first picture draws."""

import warnings
from functools import lru_cache
from typing import Any

import numpy as np

from optilab.classics.gradient_descent import gradient_descent
from optilab.core.run import run
from optilab.papers.discretisation_drift.algorithm.coefficients import ALPHAS
from optilab.papers.discretisation_drift.algorithm.flows import FLOWS, principal_flow_field, quadratic_solution
from optilab.papers.discretisation_drift.algorithm.integration import Field, follow
from optilab.papers.discretisation_drift.explorer.parts import NAMES
from optilab.problems.expression import Expression

VIEW = 2.0  # the pictures show [−2, 2]²
FAR = 1e3  # where a curve is cut
BETWEEN = 24  # moments drawn of every step
GRID = np.linspace(-VIEW, VIEW, 49)


@lru_cache(maxsize=32)
def loss_of(text: str) -> Expression:
    """The loss of a formula in x and y."""
    return Expression(text, variables=("x", "y"))


@lru_cache(maxsize=32)
def relief_of(text: str) -> np.ndarray:
    """The height of a loss on the grid, from 0 to 1, the square root of it to show more of the valley."""
    height = loss_of(text)(np.stack(np.meshgrid(GRID, GRID), -1)).astype(float)
    height[~np.isfinite(height)] = np.nan
    low, high = np.nanquantile(height, [0, 0.97]) if np.isfinite(height).any() else (0.0, 1.0)
    return np.sqrt(np.clip((height - low) / max(high - low, 1e-300), 0, 1))


@lru_cache(maxsize=32)
def quadratic(loss: Expression) -> bool:
    """Whether a loss is quadratic and has one minimum, maximum or saddle."""
    probe = np.random.default_rng(0).normal(size=(8, 2))
    bends = [loss.third(probe, np.array([1.0, sign])) for sign in (1, -1)]
    return bool(np.allclose(bends, 0) and abs(np.linalg.eigvalsh(loss.hess(probe[0]))).min() > 1e-9)


def descent_and_flow(loss: str, h: float, steps: int, x0: float, y0: float, branch: str) -> Any:
    """Gradient descent, and the principal flow between its iterates."""
    problem = loss_of(loss)
    path = run(gradient_descent(problem, np.array([x0, y0]), alpha=h), steps, limit=FAR).x
    field = principal_flow_field(problem, h, branch=branch)
    return path, between(problem, path, h, "PF", field)


def between(loss: Expression, path: np.ndarray, h: float, name: str, field: Field) -> tuple[np.ndarray, np.ndarray]:
    """A flow at `BETWEEN` moments of every step: the times in steps (moments,), and where it is (moments, 2), complex.

    On a quadratic it starts once, in closed form; elsewhere anew at each point, with a gap between two of them.
    """
    path = path[np.isfinite(path[:, 0])]
    steps = len(path) - 1
    if quadratic(loss):
        H, moments = loss.hess(path[0]), np.arange(steps * BETWEEN + 1)
        center = path[0] - np.linalg.solve(H, loss.grad(path[0]))
        with warnings.catch_warnings(action="ignore"):  # the note says what hλ = 1 means
            flow = quadratic_solution(H, path[0] - center, h, moments * h / BETWEEN, ALPHAS[name])
        return moments / BETWEEN, center + flow
    pieces = run(follow(field, path[:-1], h=h / BETWEEN, n_sub=1), BETWEEN).theta
    pieces = np.concatenate([pieces, np.full((1, steps, 2), np.nan)])
    time = np.arange(steps)[:, None] + np.append(np.arange(BETWEEN + 1) / BETWEEN, np.nan)
    return time.ravel(), pieces.swapaxes(0, 1).reshape(-1, 2)


def shown(path: np.ndarray) -> np.ndarray:
    """A path (times, d) with a gap from where it is first further than `FAR` from the origin, or not finite."""
    with np.errstate(invalid="ignore"):
        far = ~(np.linalg.norm(path, axis=-1) < FAR) & ~np.isnan(path).all(-1)  # NaN alone parts two pieces
    return np.where(np.logical_or.accumulate(far)[:, None], np.nan, path)


@lru_cache(maxsize=8)
def trajectories(loss: str, h: float, steps: int, x0: float, y0: float, branch: str) -> dict[str, Any]:
    """Iterates of gradient descent and the flows between them."""
    problem = loss_of(loss)
    with np.errstate(all="ignore"):
        descent, principal = descent_and_flow(loss, h, steps, x0, y0, branch)
        if np.isnan(descent[0]).any():
            raise ValueError(f"the loss {loss} has no finite gradient at the start ({x0:g}, {y0:g})")
        fields = {name: FLOWS[name](problem, h) for name in NAMES if name != "PF"}
        flows = {name: between(problem, descent, h, name, field) for name, field in fields.items()} | {"PF": principal}
    lam, U = np.linalg.eigh(problem.hess(descent[0]))
    steep = U[:, -1] * (1 if U[np.argmax(abs(U[:, -1])), -1] > 0 else -1)
    bowl, made = quadratic(problem), int(np.isfinite(descent[:, 0]).sum()) - 1
    ends = slice(BETWEEN, None, BETWEEN if bowl else BETWEEN + 2)
    errors = {name: np.linalg.norm(path[ends] - descent[1 : made + 1], axis=-1) for name, (_, path) in flows.items()}
    return {
        "relief": relief_of(loss),
        "descent": descent,
        "flows": {name: (time, shown(path)) for name, (time, path) in flows.items()},
        "errors": {name: error[-1] if made else np.nan for name, error in errors.items()},
        "steep": steep,
        "bowl": bowl,
        "made": made,
        "z": float(h * lam[-1]),
    }
