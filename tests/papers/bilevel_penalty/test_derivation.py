"""What SymPy derives agrees with the problems' numbers."""

import numpy as np
import pytest
import sympy as sp

from optilab.core.derive import Derivation
from optilab.papers.bilevel_penalty import derivation as d
from optilab.papers.bilevel_penalty.problems import Penalised, Selecting, jump
from optilab.problems.bilevel import Residual

EACH = [d.closeness, d.gradient_closeness, d.mixed_partials, d.selected, d.pinv_formula, d.wrong_solution]
EACH += [d.proximal_point, d.envelope, d.kink]


@pytest.mark.parametrize("derive", EACH)
def test_every_line_has_a_reason(derive):
    made = derive()
    assert isinstance(made, Derivation)
    assert len(made.lines) > 1
    assert all(line.because for line in made.lines)


def test_the_penalty_of_a_quadratic_in_numbers():
    a, b, c, e, sigma, x = 2.0, 0.7, -0.4, 1.1, 0.3, np.array([0.9])
    root = np.sqrt(a)
    problem = Penalised(
        Selecting(np.ones(1), np.array([c]), np.array([e])),
        Residual(np.array([[root]]), np.array([[root * b]])),
        1,
        1,
        lambda x: b * x,
        perturbed=lambda x, sigma: (a * b * x + sigma * c) / (a + sigma),
    )
    numbers = (a, b, c, sigma, x[0])
    symbols = (d.a, d.b, d.c, d.sigma, d.x)
    assert d.closeness().numpy(*symbols)(*numbers) == pytest.approx(problem.penalty(x, sigma) - problem(x))
    difference = problem.penalty_grad(x, sigma) - problem.hypergrad(x)
    assert d.gradient_closeness().numpy(*symbols)(*numbers) == pytest.approx(difference[0])


def test_the_gap_vanishes_with_sigma():
    assert sp.limit(d.closeness().result, d.sigma, 0) == 0
    assert sp.limit(d.gradient_closeness().result, d.sigma, 0) == 0


def test_both_orders_of_differentiation_give_the_gradient_of_psi():
    assert sp.expand(d.mixed_partials().result - sp.diff(d.F.subs(d.y, d.b * d.x), d.x)) == 0


def two_variables(m):
    """The two-variable problem in numbers, with its lower solution by least squares along the line."""
    w, c = 1.3, np.array([0.4, -0.7])

    def solution(x):
        middle = (c[0] - m * c[1] + m * w * x) / (1 + m)
        return np.concatenate([middle, w * x - middle], -1)

    return Penalised(Selecting(np.array([1, m]), c, np.zeros(1)), Residual([[1.0, 1.0]], [[w]]), 1, 2, solution), w, c


@pytest.mark.parametrize("m", [1.0, 2.5])
def test_the_pseudo_inverse_at_any_lower_solution_in_numbers(m):
    problem, w, c = two_variables(m)
    x, t = np.array([0.8]), 0.35
    values = {d.m: m, d.w: w, d.c1: c[0], d.c2: c[1], d.e: 0, d.x: 0.8, d.t: t}
    chosen = [float(line.rhs.subs(values)) for line in d.selected().result]
    assert problem.upper.grad_y(x, np.array(chosen)) @ [1, -1] == pytest.approx(0, abs=1e-12)
    assert chosen == pytest.approx(problem.y_star(x))
    right = problem.hypergrad(x, pinv=True)[0]
    assert float(d.pinv_formula().result.subs(values)) == pytest.approx(right)
    other = problem.hypergrad(x, np.array([w * 0.4 + t, w * 0.4 - t]), pinv=True)[0]
    assert float(d.wrong_solution().result.subs(values)) == pytest.approx(other - right, abs=1e-12)
    assert (abs(other - right) < 1e-12) == (m == 1)


def test_the_proximal_point_in_numbers():
    values = {d.L: 2.0, d.rho: 0.7, d.k: 0.5, d.x: 1.2, d.y: 3.0}
    grid = np.linspace(-2, 4, 600_001)
    objective = (grid - 0.6) ** 2 + (grid - 3) ** 2 / 1.4
    assert float(d.proximal_point().result.subs(values)) + 0.6 == pytest.approx(grid[objective.argmin()], abs=1e-5)

    def envelope(x, y):
        return ((grid - 0.5 * x) ** 2 + (grid - y) ** 2 / 1.4).min()

    step = 1e-2
    by_y = (envelope(1.2, 3 + step) - envelope(1.2, 3 - step)) / (2 * step)
    by_x = (envelope(1.2 + step, 3) - envelope(1.2 - step, 3)) / (2 * step)
    assert [float(one) for one in d.envelope().result.subs(values)] == pytest.approx([by_y, by_x], rel=1e-5)


def test_the_kink_is_that_of_the_problem():
    sigma = 0.05
    value = d.kink().lines[3].expr.subs({d.sigma: sigma, d.x: 0.04})
    assert float(value) == pytest.approx(jump().penalty(np.array([0.04]), sigma))
    assert float(d.kink().result.subs(d.sigma, sigma)) == pytest.approx(
        jump().penalty_grad(np.array([1e-12]), sigma)[0]
    )
