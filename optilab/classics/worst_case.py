"""The worst case of a method after n steps: the largest gap f(xₙ) − f* that it leaves on any function of a class.

A bound says what the gap is at most; the worst case says what it can be, so that measured ≤ worst case ≤ bound. For
methods of fixed steps it is the optimum of a semidefinite program, solved once by `performance_estimation`; here its
optima are looked up. The tables hold n = 1 … 10, 12, 16 and 20 and the settings that `grid` lists, nothing
between them: for another step or condition number the method is another method.

The tables are in units L = R = 1 (or G = R = 1); what is looked up is scaled. If f has an L-Lipschitz gradient and
‖x₀ − x*‖ ≤ R, then f(Rx)/(LR²) has a 1-Lipschitz gradient and its start lies within 1, and the method with the step αL
takes the same way on it: the worst gap is LR² times the table's. A G-Lipschitz f becomes f(Rx)/(GR), its step ηG/R.

    gradient_descent, nesterov                             convex, L-smooth
    gradient_descent_strongly_convex, nesterov_strongly_convex, heavy_ball, triple_momentum     μ-strongly convex too
    subgradient                                            convex, G-Lipschitz: last, average and best iterate
    proximal_gradient, proximal_point, bregman_gradient    composite; convex; smooth relative to a mirror map
    sliding                                                composite: the outer loop of gradient sliding

All values are rounded to six digits, of solutions with an error of 1e-8; a row ends where the gap in the table's units
falls below 1e-4, or where the solver's primal and dual value differ by more than a ten-thousandth.

Sources: Y. Drori, M. Teboulle, "Performance of first-order methods for smooth convex minimization: a novel approach",
2014, section 3; A. B. Taylor, J. M. Hendrickx, F. Glineur, "Smooth strongly convex interpolation and exact worst-case
performance of first-order methods", 2017, section 3, and, for subgradients, proximal steps and Lipschitz functions,
"Exact worst-case performance of first-order methods for composite convex optimization", 2017.
"""

import json
from functools import cache
from math import isclose
from pathlib import Path
from typing import Any

import numpy as np

from optilab.core.check import require, whole

TABLES = Path(__file__).with_name("worst_cases.json")
LEAST = 1e-4  # the smallest gap in a table: there the solver's error of 1e-8 is a hundredth of a per cent
SCHEDULES = ("1/√t", "constant", "linear decay")
OUTPUTS = ("last", "average", "best")

Steps = int | np.ndarray


@cache
def _tables() -> dict[str, Any]:
    """What the file holds: n, and for each table its rows with where they are `at`."""
    found: dict[str, Any] = json.loads(TABLES.read_text(encoding="utf-8"))
    return found


def _rows(name: str) -> list[dict[str, Any]]:
    """The rows of a table that there is."""
    names = [key for key in _tables() if key != "n"]
    require(name in names, "name", name, "one of " + ", ".join(names))
    rows: list[dict[str, Any]] = _tables()[name]
    return rows


def grid(name: str) -> list[tuple[float | str, ...]]:
    """The settings of a table: (αL,), (κ,), (ηG/R, schedule, output), or () where there is nothing to choose.

    Parameters
    ----------
    name : str
        The function that looks the table up. That for strongly convex gradient descent has two tables,
        "gradient_descent_short" (α = 1/L) and "gradient_descent_tuned" (α = 2/(μ + L)).

    Raises
    ------
    ValueError
        If there is no such table.
    """
    return [tuple(row["at"]) for row in _rows(name)]


def steps(name: str, setting: tuple[float | str, ...] = ()) -> np.ndarray:
    """The numbers of steps n that a row of a table holds; name and setting as `grid` lists them.

    Raises
    ------
    ValueError
        If there is no such table, or it has no such row.
    """
    there = grid(name)
    require(setting in there, "setting", setting, "one of " + ", ".join(map(str, there)))
    return np.array(_tables()["n"][: len(_row(name, "setting", setting))])


def reach(name: str, setting: tuple[float | str, ...] = ()) -> np.ndarray:
    """The numbers of steps n that a table holds at any setting; none at all where it has no such row.

    Numbers are compared as they are where values are looked up, so 'L / mu' may be a hair off.

    Raises
    ------
    ValueError
        If there is no such table.
    """
    rows = _rows_at(name, setting)
    return np.array(_tables()["n"][: len(rows[0]) if rows else 0], dtype=int)


def _rows_at(name: str, setting: tuple[float | str, ...]) -> list[list[float]]:
    """The row of a table at a setting, or none."""

    def same(one: float | str, other: float | str) -> bool:
        if isinstance(one, str) or isinstance(other, str):
            return one == other
        return isclose(one, other, rel_tol=1e-9)

    rows = (row for row in _rows(name) if len(row["at"]) == len(setting))
    return [row["worst"] for row in rows if all(map(same, row["at"], setting))]


def _row(name: str, what: str, setting: tuple[float | str, ...]) -> list[float]:
    """The row of a table at a setting; `what` is the setting's number, should it not be there."""
    found = _rows_at(name, setting)
    numbers = dict.fromkeys(row["at"][0] for row in _rows(name) if setting)
    require(found, what, setting[0] if setting else None, "in the table: " + ", ".join(f"{x:g}" for x in numbers))
    return found[0]


def _look_up(name: str, n: Steps, what: str = "", *setting: float | str) -> np.ndarray:
    """The table's values after n steps."""
    values = _row(name, what, setting)
    at, asked = _tables()["n"][: len(values)], np.asarray(n)
    allowed = "in the table: " + ", ".join(map(str, at)) + ("" if len(at) == len(_tables()["n"]) else "; there it ends")
    require(asked.dtype.kind in "iu" and np.isin(asked, at).all(), "n", n, allowed)
    return np.asarray(values)[np.searchsorted(at, asked)]


def _positive(**sizes: float) -> None:
    """Refuse what isn't a positive finite number."""
    for name, size in sizes.items():
        good = isinstance(size, int | float | np.number) and not isinstance(size, bool)
        require(good and 0 < size < np.inf, name, size, "positive and finite")


def _condition(mu: float, L: float, R: float) -> float:
    """κ = L/μ of a class that is allowed."""
    _positive(mu=mu, L=L, R=R)
    require(mu < L, "mu", mu, f"below L = {L}")
    return L / mu


def gradient_descent(n: Steps, *, L: float, R: float, alpha: float) -> np.ndarray:
    """Worst f(xₙ) − f* of gradient descent on convex functions with an L-Lipschitz gradient.

    Parameters
    ----------
    n : int or array of int
        Steps.
    L : float
        Lipschitz constant of the gradient.
    R : float
        Distance ‖x₀ − x*‖ at most.
    alpha : float
        Step size; αL as `grid("gradient_descent")` lists it, 0.25 to 1.9.

    Returns
    -------
    array, of the shape of n
        In the units of f.

    Raises
    ------
    ValueError
        If a size isn't positive, or n or αL isn't in the table.
    """
    _positive(L=L, R=R, alpha=alpha)
    return L * R**2 * _look_up("gradient_descent", n, "alpha * L", alpha * L)


def gradient_descent_strongly_convex(n: Steps, *, mu: float, L: float, R: float, tuned: bool) -> np.ndarray:
    """Worst f(xₙ) − f* of gradient descent on μ-strongly convex functions with an L-Lipschitz gradient.

    Parameters
    ----------
    n : int or array of int
        Steps.
    mu, L : float
        0 < μ < L, with κ = L/μ as `grid("gradient_descent_tuned")` lists it: 2, 4, 10, 25, 100, 1000.
    R : float
        Distance ‖x₀ − x*‖ at most.
    tuned : bool
        Whether the step is 2/(μ + L), which contracts distances fastest, or else 1/L.

    Returns
    -------
    array, of the shape of n
        In the units of f.

    Raises
    ------
    ValueError
        If a size isn't in its range, or n or κ isn't in the table.
    """
    kappa = _condition(mu, L, R)
    name = "gradient_descent_tuned" if tuned else "gradient_descent_short"
    return L * R**2 * _look_up(name, n, "L / mu", kappa)


def nesterov(n: Steps, *, L: float, R: float) -> np.ndarray:
    """Worst f(xₙ) − f* of `nesterov.nesterov` on convex functions with an L-Lipschitz gradient.

    Parameters and errors as of `gradient_descent`.
    """
    _positive(L=L, R=R)
    return L * R**2 * _look_up("nesterov", n)


def nesterov_strongly_convex(n: Steps, *, mu: float, L: float, R: float) -> np.ndarray:
    """Worst f(xₙ) − f* of `nesterov.nesterov_strongly_convex`.

    Class, parameters and errors as of `gradient_descent_strongly_convex`.
    """
    kappa = _condition(mu, L, R)
    return L * R**2 * _look_up("nesterov_strongly_convex", n, "L / mu", kappa)


def heavy_ball(n: Steps, *, mu: float, L: float, R: float) -> np.ndarray:
    """Worst f(xₙ) − f* of the heavy ball from rest with `heavy_ball.tuned`, the tuning that is best on quadratics.

    Class, parameters and errors as of `gradient_descent_strongly_convex`. The functions of the class need not be
    quadratic, and there the tuning has no guarantee: up to κ = 15 the worst gap still falls with n, from κ = 20 on it
    grows, at κ = 100 by a factor of about 1.8 a step.
    """
    kappa = _condition(mu, L, R)
    return L * R**2 * _look_up("heavy_ball", n, "L / mu", kappa)


def triple_momentum(n: Steps, *, mu: float, L: float, R: float) -> np.ndarray:
    """Worst f(xₙ) − f* of the triple momentum method from rest, xₙ its output (1 + δ) ξₙ − δ ξₙ₋₁.

    With ρ = 1 − √(μ/L): α = (1 + ρ)/L, β = ρ²/(2 − ρ), η = β/(1 + ρ), δ = ρ²/(1 − ρ²) (B. Van Scoy, R. A. Freeman,
    K. M. Lynch, "The fastest known globally convergent first-order method for minimizing strongly convex functions",
    2018). All of the table is ½ κ L R² ρ²ⁿ. Class, parameters and errors as of `gradient_descent_strongly_convex`.
    """
    kappa = _condition(mu, L, R)
    return L * R**2 * _look_up("triple_momentum", n, "L / mu", kappa)


def schedule_steps(schedule: str, T: int, eta: float) -> np.ndarray:
    """The step sizes η_1 … η_T: η/√t, η/√T or η (T − t + 1)/T^{3/2}.

    Parameters
    ----------
    schedule : str
        "1/√t", "constant" or "linear decay".
    T : int
        Number of steps, 1 or more.
    eta : float
        The factor η, positive.
    """
    require(schedule in SCHEDULES, "schedule", schedule, "one of " + ", ".join(SCHEDULES))
    require(whole(T, 1), "T", T, "a whole number, 1 or more")
    _positive(eta=eta)
    t = np.arange(1.0, T + 1)
    return eta * {"1/√t": 1 / np.sqrt(t), "constant": 0 * t + T**-0.5, "linear decay": (T + 1 - t) / T**1.5}[schedule]


def subgradient(T: Steps, *, G: float, R: float, eta: float, schedule: str, output: str = "last") -> np.ndarray:
    """Worst f(x) − f* of T exact subgradient steps xᵗ⁺¹ = xᵗ − η_t gᵗ on convex G-Lipschitz functions.

    Parameters
    ----------
    T : int or array of int
        Steps; the schedules depend on it.
    G : float
        Lipschitz constant of f: no subgradient is longer.
    R : float
        Distance ‖x¹ − x*‖ at most.
    eta : float
        The factor η; ηG/R is 0.1, 0.3 or 1.
    schedule : str
        "1/√t", "constant" or "linear decay", as of `schedule_steps`.
    output : str
        "last": xᵀ⁺¹; "average": the mean of x² … xᵀ⁺¹; "best": that of x¹ … xᵀ⁺¹ with the smallest value.

    Returns
    -------
    array, of the shape of T
        In the units of f.

    Raises
    ------
    ValueError
        If a size isn't positive, schedule or output is none of these, or T or ηG/R isn't in the table.
    """
    _positive(G=G, R=R, eta=eta)
    require(schedule in SCHEDULES, "schedule", schedule, "one of " + ", ".join(SCHEDULES))
    require(output in OUTPUTS, "output", output, "one of " + ", ".join(OUTPUTS))
    return G * R * _look_up("subgradient", T, "eta * G / R", eta * G / R, schedule, output)


def proximal_gradient(n: Steps, *, L: float, R: float, alpha: float) -> np.ndarray:
    """Worst F(xₙ) − F* of x⁺ = prox_{αh}(x − α∇f(x)), F = f + h, f convex and L-smooth, h convex and closed.

    Parameters and errors as of `gradient_descent`; αL is 0.25, 0.5, 0.75 or 1.
    """
    _positive(L=L, R=R, alpha=alpha)
    return L * R**2 * _look_up("proximal_gradient", n, "alpha * L", alpha * L)


def proximal_point(n: Steps, *, R: float, alpha: float) -> np.ndarray:
    """Worst f(xₙ) − f* of x⁺ = prox_{αf}(x) on closed convex functions: R²/α times the table.

    Parameters and errors as of `gradient_descent`; any α is in the table, as f needs no L.
    """
    _positive(R=R, alpha=alpha)
    return R**2 / alpha * _look_up("proximal_point", n)


def bregman_gradient(n: Steps, *, L: float, D: float, alpha: float) -> np.ndarray:
    """Worst f(xₙ) − f* of mirror steps where f is convex and L-smooth relative to the mirror map ψ.

    x⁺ = argmin_z ⟨∇f(x), z⟩ + D_ψ(z, x)/α, and Lψ − f is convex: the worst case over all such f and ψ.

    Parameters
    ----------
    n : int or array of int
        Steps.
    L : float
        Relative smoothness.
    D : float
        Divergence D_ψ(x*, x₀) at most.
    alpha : float
        Step size; αL is 0.25, 0.5 or 1.

    Raises
    ------
    ValueError
        If a size isn't positive, or n or αL isn't in the table.
    """
    _positive(L=L, D=D, alpha=alpha)
    return L * D * _look_up("bregman_gradient", n, "alpha * L", alpha * L)


def sliding_momentum(kappa: float) -> float:
    """The outer momentum γ of restart-free gradient sliding, the root of (3/2)(κγ² + γ) = 1, for κ = L/μ.

    With it β = Lγ; its inner loops may be as short as one step, which is where 3/2 comes from.
    """
    _positive(kappa=kappa)
    return float(4 / (3 * (1 + np.sqrt(1 + 8 * kappa / 3))))


def sliding(n: Steps, *, mu: float, L: float, E0: float) -> np.ndarray:
    """Worst Ψ(x̄ₙ) − Ψ* of the outer loop of restart-free gradient sliding, Ψ = f + h + χ, where slides are exact.

    x̲ = (1 − γ)x̄ + γx,  x⁺ = argmin_u ⟨∇f(x̲), u⟩ + h(u) + χ(u) + ½β‖u − x‖²,  x̄⁺ = (1 − γ)x̄ + γx⁺, with
    `sliding_momentum` γ and β = Lγ. This is the method with endless inner loops: their end and their average are one
    point. f is convex and L-smooth, h + χ is μ-strongly convex, closed, and may have kinks of any size.

    Parameters
    ----------
    n : int or array of int
        Outer steps.
    mu, L : float
        0 < μ < L, with κ = L/μ as `grid("sliding")` lists it: 10, 25, 100, 1000.
    E0 : float
        Ψ(x₀) − Ψ* + γ(β + μ) ½‖x₀ − x*‖² at most. The theorem promises (1 − γ)ⁿ E₀.

    Raises
    ------
    ValueError
        If a size isn't in its range, or n or κ isn't in the table.
    """
    _positive(E0=E0)
    kappa = _condition(mu, L, 1.0)
    return E0 * _look_up("sliding", n, "L / mu", kappa)
