"""Compute worst cases: the largest gap that a method can leave on a whole class of functions (needs PEPit).

A method of n fixed steps sees a function at finitely many points only. That values and gradients there belong to some
function of the class is a set of inequalities, linear in the values and in the inner products of points and gradients;
so the largest gap is the optimum of a semidefinite program, the performance estimation problem. PEPit writes it down,
Clarabel solves it; the dual value is taken, which is a guarantee up to the solver's tolerance of 1e-8.

    pip install '.[worst]'
    python -m optilab.classics.performance_estimation      writes worst_cases.json, which `worst_case` looks up

Everything is in units in which L = 1 and ‖x₀ − x*‖ = 1 (G = 1 for subgradients, α = 1 for the proximal point method,
D(x*, x₀) = 1 for Bregman steps).

Sources: Y. Drori, M. Teboulle, "Performance of first-order methods for smooth convex minimization: a novel approach",
2014; A. B. Taylor, J. M. Hendrickx, F. Glineur, "Smooth strongly convex interpolation and exact worst-case performance
of first-order methods", 2017, Theorem 4, and "Exact worst-case performance of first-order methods for composite convex
optimization", 2017; for Bregman steps R.-A. Dragomir, A. B. Taylor, A. d'Aspremont, J. Bolte, "Optimal complexity and
certification of Bregman first-order methods", 2022; B. Goujaud et al., "PEPit: computer-assisted worst-case analyses of
first-order optimization methods in Python", 2024.
"""

import json
import math
import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from typing import Any, NamedTuple

from cvxpy.error import SolverError
from PEPit import PEP
from PEPit.functions import (
    ConvexFunction,
    ConvexLipschitzFunction,
    SmoothConvexFunction,
    SmoothStronglyConvexFunction,
    StronglyConvexFunction,
)
from PEPit.primitive_steps import bregman_gradient_step, proximal_step
from tqdm import tqdm

from optilab.classics.heavy_ball import tuned
from optilab.classics.nesterov import momentum
from optilab.classics.worst_case import LEAST, OUTPUTS, SCHEDULES, TABLES, schedule_steps, sliding_momentum

N = (*range(1, 11), 12, 16, 20)
STEPS = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 1.9)  # αL
KAPPAS = (2.0, 4.0, 10.0, 25.0, 100.0, 1000.0)
BALL = (2.0, 4.0, 10.0, 15.0, 20.0, 25.0, 100.0)  # κ of the heavy ball, around where it stops converging
SLIDES = (10.0, 25.0, 100.0, 1000.0)  # κ of sliding
ETAS = (0.1, 0.3, 1.0)  # ηG/R
GAP = 1e-4  # between primal and dual, relative

Solved = Callable[..., float]


class Stated(NamedTuple):
    """A problem, and where it asks the function: what a worst function must go through."""

    problem: PEP
    minimizer: Any
    minimum: Any
    points: list[Any]
    answers: list[tuple[Any, Any]]  # gradient and value at each point; the last is where the gap is measured


def worst(problem: PEP) -> float:
    """The largest value of a problem's measure, from the dual; NaN if the primal doesn't agree with it."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Solution may be inaccurate")  # whether it is, the two values say
        try:
            dual = float(problem.solve(verbose=0, solver="CLARABEL"))
        except SolverError:
            return math.nan
    return dual if abs(dual - float(problem.objective.eval())) <= GAP * abs(dual) else math.nan


def smooth_start(mu: float) -> tuple[PEP, Any, Any, Any, Any]:
    """A μ-strongly convex (convex if μ = 0), 1-smooth f, its minimiser and minimum, and a start at distance 1."""
    problem = PEP()
    if mu == 0:
        f = problem.declare_function(SmoothConvexFunction, L=1.0)
    else:
        f = problem.declare_function(SmoothStronglyConvexFunction, mu=mu, L=1.0)
    minimizer = f.stationary_point()
    x0 = problem.set_initial_point()
    problem.set_initial_condition((x0 - minimizer) ** 2 <= 1)
    return problem, f, minimizer, f(minimizer), x0


def heavy_ball_problem(n: int, kappa: float) -> Stated:
    """State the worst f(xₙ) − f* of the heavy ball, tuned for quadratics."""
    return three_parameters_problem(n, 1 / kappa, **tuned(1 / kappa, 1.0), eta=0.0, delta=0.0)


def three_parameters_problem(n: int, mu: float, alpha: float, beta: float, eta: float, delta: float) -> Stated:
    """State the worst gap of ξ⁺ = (1 + β) ξ − β ξ⁻ − α ∇f((1 + η) ξ − η ξ⁻) from rest, at (1 + δ) ξ − δ ξ⁻."""
    problem, f, minimizer, minimum, now = smooth_start(mu)
    before, points, answers = now, [], []
    for _ in range(n):
        points.append((1 + eta) * now - eta * before)
        answers.append(f.oracle(points[-1]))
        now, before = (1 + beta) * now - beta * before - alpha * answers[-1][0], now
    points.append((1 + delta) * now - delta * before)
    answers.append(f.oracle(points[-1]))
    problem.set_performance_metric(answers[-1][1] - minimum)
    return Stated(problem, minimizer, minimum, points, answers)


def three_parameters(n: int, mu: float, alpha: float, beta: float, eta: float, delta: float) -> float:
    """Worst gap of a method with a step α, a momentum β, and the looks ahead η and δ, after n steps from rest."""
    return worst(three_parameters_problem(n, mu, alpha, beta, eta, delta).problem)


def gradient_descent(n: int, alpha: float) -> float:
    """Of f(xₙ) − f* for gradient descent of a convex function."""
    return three_parameters(n, 0.0, alpha, 0.0, 0.0, 0.0)


def gradient_descent_short(n: int, kappa: float) -> float:
    """Of f(xₙ) − f* for gradient descent of a strongly convex function, α = 1/L."""
    return three_parameters(n, 1 / kappa, 1.0, 0.0, 0.0, 0.0)


def gradient_descent_tuned(n: int, kappa: float) -> float:
    """Of f(xₙ) − f* for gradient descent of a strongly convex function, α = 2/(μ + L)."""
    return three_parameters(n, 1 / kappa, 2 / (1 + 1 / kappa), 0.0, 0.0, 0.0)


def nesterov(n: int) -> float:
    """Of f(xₙ) − f* for Nesterov's method for convex functions."""
    problem, f, _, minimum, x = smooth_start(0.0)
    y, t = x, 1.0
    for _ in range(n):
        x_next, t_next = y - f.gradient(y), (1 + math.sqrt(1 + 4 * t**2)) / 2
        y = x_next + (t - 1) / t_next * (x_next - x)
        x, t = x_next, t_next
    problem.set_performance_metric(f(x) - minimum)
    return worst(problem)


def nesterov_strongly_convex(n: int, kappa: float) -> float:
    """Of f(xₙ) − f* for Nesterov's method with constant momentum."""
    beta = float(momentum(1 / kappa, 1.0))
    return three_parameters(n, 1 / kappa, 1.0, beta, beta, 0.0)


def heavy_ball(n: int, kappa: float) -> float:
    """Of f(xₙ) − f* for the heavy ball, tuned for quadratics."""
    return worst(heavy_ball_problem(n, kappa).problem)


def triple_momentum(n: int, kappa: float) -> float:
    """Of f(xₙ) − f* for triple momentum, xₙ its output."""
    rho = 1 - math.sqrt(1 / kappa)
    beta = rho**2 / (2 - rho)
    return three_parameters(n, 1 / kappa, 1 + rho, beta, beta / (1 + rho), rho**2 / (1 - rho**2))


def subgradient_problem(n: int, eta: float, schedule: str, output: str) -> Stated:
    """State the worst f(output) − f* of n subgradient steps on a convex 1-Lipschitz function."""
    problem = PEP()
    f = problem.declare_function(ConvexLipschitzFunction, M=1.0)
    minimizer = f.stationary_point()
    minimum, x = f(minimizer), problem.set_initial_point()
    problem.set_initial_condition((x - minimizer) ** 2 <= 1)
    points, answers = [x], []
    for step in schedule_steps(schedule, n, eta):
        answers.append(f.oracle(points[-1]))
        points.append(points[-1] - float(step) * answers[-1][0])
    final = sum(points[2:], points[1]) / n if output == "average" else points[-1]
    answers.append(f.oracle(final))
    for _, value in answers if output == "best" else answers[-1:]:
        problem.set_performance_metric(value - minimum)  # PEPit maximises the smallest of several measures
    return Stated(problem, minimizer, minimum, [*points[:-1], final], answers)


def subgradient(n: int, eta: float, schedule: str, output: str) -> float:
    """Of f(output) − f* for n subgradient steps on a convex 1-Lipschitz function."""
    return worst(subgradient_problem(n, eta, schedule, output).problem)


def proximal_gradient(n: int, alpha: float) -> float:
    """Of F(xₙ) − F* for proximal gradient steps on F = f + h, f smooth and convex, h convex."""
    problem = PEP()
    f, h = problem.declare_function(SmoothConvexFunction, L=1.0), problem.declare_function(ConvexFunction)
    minimizer = (f + h).stationary_point()
    minimum, x = (f + h)(minimizer), problem.set_initial_point()
    problem.set_initial_condition((x - minimizer) ** 2 <= 1)
    for _ in range(n):
        x, _, simple = proximal_step(x - alpha * f.gradient(x), h, alpha)
    problem.set_performance_metric(f(x) + simple - minimum)
    return worst(problem)


def proximal_point(n: int) -> float:
    """Of f(xₙ) − f* for proximal steps of size 1 on a convex function."""
    problem = PEP()
    f = problem.declare_function(ConvexFunction)
    minimizer = f.stationary_point()
    minimum, x = f(minimizer), problem.set_initial_point()
    problem.set_initial_condition((x - minimizer) ** 2 <= 1)
    for _ in range(n):
        x, _, value = proximal_step(x, f, 1.0)
    problem.set_performance_metric(value - minimum)
    return worst(problem)


def bregman_gradient(n: int, alpha: float) -> float:
    """Of f(xₙ) − f* for mirror steps on a convex f with ψ − f convex too, D_ψ(x*, x₀) = 1."""
    problem = PEP()
    rest = problem.declare_function(ConvexFunction, reuse_gradient=True)
    f = problem.declare_function(ConvexFunction, reuse_gradient=True)
    psi = rest + f
    minimizer = f.stationary_point()
    minimum, x = f(minimizer), problem.set_initial_point()
    slope, height = psi.oracle(x)
    problem.set_initial_condition(psi(minimizer) - height - slope * (minimizer - x) <= 1)
    for _ in range(n):
        x, slope, _ = bregman_gradient_step(f.gradient(x), slope, psi, alpha)
    problem.set_performance_metric(f(x) - minimum)
    return worst(problem)


def sliding(n: int, kappa: float) -> float:
    """Of Ψ(x̄ₙ) − Ψ* for the outer loop of gradient sliding with slides to their end, Ψ = f + h + χ, κ = L/μ.

    f is smooth and convex; h + χ is any μ-strongly convex function, as what a slide leaves undone is all that its M is
    for. x₀ has Ψ(x₀) − Ψ* + γ(β + μ) ½‖x₀ − x*‖² = 1, which is what the theorem contracts by 1 − γ a step.
    """
    mu = 1 / kappa
    gamma = sliding_momentum(kappa)
    problem = PEP()
    f = problem.declare_function(SmoothConvexFunction, L=1.0)
    cheap = problem.declare_function(StronglyConvexFunction, mu=mu)
    minimizer = (f + cheap).stationary_point()
    minimum, x = (f + cheap)(minimizer), problem.set_initial_point()
    distance = (x - minimizer) ** 2
    problem.set_initial_condition((f + cheap)(x) - minimum + gamma * (gamma + mu) / 2 * distance <= 1)
    average = x
    for _ in range(n):
        ahead = (1 - gamma) * average + gamma * x
        x, _, _ = proximal_step(x - f.gradient(ahead) / gamma, cheap, 1 / gamma)  # β = Lγ
        average = (1 - gamma) * average + gamma * x
    problem.set_performance_metric((f + cheap)(average) - minimum)
    return worst(problem)


def row(solve: Solved, setting: tuple[Any, ...]) -> list[float]:
    """A table's row, to six digits; it ends before a gap below LEAST, or one that the solver can't certify."""
    values: list[float] = []
    for n in N:
        value = solve(n, *setting)
        if not value >= LEAST:
            break
        values.append(float(f"{value:.6g}"))
    return values


def settings() -> list[tuple[Solved, tuple[Any, ...]]]:
    """All rows: what computes them, and where."""
    grids: list[tuple[Solved, tuple[float, ...]]] = [
        (gradient_descent, STEPS),
        (gradient_descent_short, KAPPAS),
        (gradient_descent_tuned, KAPPAS),
        (nesterov_strongly_convex, KAPPAS),
        (heavy_ball, BALL),
        (triple_momentum, KAPPAS),
        (proximal_gradient, STEPS[:4]),
        (bregman_gradient, (0.25, 0.5, 1.0)),
        (sliding, SLIDES),
    ]
    found: list[tuple[Solved, tuple[Any, ...]]] = [(nesterov, ()), (proximal_point, ())]
    found += [(solve, (value,)) for solve, values in grids for value in values]
    return found + [(subgradient, setting) for setting in product(ETAS, SCHEDULES, OUTPUTS)]


def main() -> None:
    """Compute all tables and write them."""
    asked = settings()
    with ProcessPoolExecutor() as pool:
        rows = list(tqdm(pool.map(row, *zip(*asked, strict=True)), total=len(asked)))
    tables: dict[str, list[str]] = {}
    for (solve, setting), values in zip(asked, rows, strict=True):
        line = json.dumps({"at": setting, "worst": values}, ensure_ascii=False)
        tables.setdefault(solve.__name__, []).append(line)
    parts = [f'"{name}": [\n' + ",\n".join(lines) + "\n]" for name, lines in tables.items()]
    TABLES.write_text("{\n" + ",\n".join([f'"n": {json.dumps(N)}', *parts]) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
