"""What SymPy derives agrees with the numbers of the problems and the algorithm."""

import numpy as np
import pytest
import sympy as sp

from optilab.core.derive import Derivation
from optilab.papers.bo_rep import algorithm as alg
from optilab.papers.bo_rep import derivation as d
from optilab.papers.bo_rep import problems as pr

EACH = [d.inverse_difference, d.smoothness_constants, d.wall_identity, d.wall_difference, d.bounce, d.hypergradient]
EACH += [d.auxiliary, d.momentum, d.refinement_calls]


@pytest.mark.parametrize("derive", EACH)
def test_every_line_has_a_reason(derive):
    made = derive()
    assert isinstance(made, Derivation)
    assert len(made.lines) > 1
    assert all(line.because for line in made.lines)


def test_the_constants_are_those_of_the_algorithm():
    numbers = {"mu": 0.7, "l_g1": 1.9, "l_g2": 0.4, "M": 2.2, "L_x0": 0.3, "L_x1": 1.3, "L_y0": 0.8, "L_y1": 0.6}
    bound = d.smoothness_constants().result
    symbols = {d.mu: 0.7, d.l1: 1.9, d.l2: 0.4, d.M: 2.2, d.Lx0: 0.3, d.Lx1: 1.3, d.Ly0: 0.8, d.Ly1: 0.6}
    found = alg.smoothness(**numbers)
    assert float(bound.subs(d.G, 0).subs(symbols)) == pytest.approx(found.K0)
    assert float(sp.diff(bound, d.G).subs(symbols)) == pytest.approx(found.K1)


def test_the_bound_between_two_points_of_a_wall_holds_and_one_is_too_little():
    x, step = np.linspace(-12, 32, 400)[:, None], np.linspace(1e-3, 0.53, 60)  # 0.53 = 1/√(2 L₁²), L₁ = 4/3
    walls = pr.Walls(np.zeros(1))
    slope = abs(walls.grad_x(x, 0 * x))
    change = abs(walls.grad_x(x + step, 0 * x) - walls.grad_x(x, 0 * x))
    back = abs(walls.grad_x(x - step, 0 * x) - walls.grad_x(x, 0 * x))
    derived = d.wall_difference().numpy(sp.Symbol("u'", nonnegative=True), d.d, d.W)
    moved = np.maximum(change, back)
    assert (moved <= derived(slope, step, pr.WALL) * (1 + 1e-10) + 1e-13).all()
    c = pr.CONSTANTS
    assert (moved <= (c["L_x0"] + c["L_x1"] * slope) * step).all()
    short = 1 / np.sqrt(2)
    ratio = (np.exp(short) - 1) / short  # with L₁ = 1 the step may be this long
    assert ratio == pytest.approx(1.45, abs=5e-3)


def test_a_step_of_the_derived_length_bounces():
    exact = float(d.bounce().result.rhs.subs({d.W: 20, d.a: 5}))
    assert exact == pytest.approx(pr.largest_step(5.0), rel=1e-8)
    walls, x = pr.Walls(np.zeros(1)), np.array([-5.0])
    for target in (25.0, -5.0, 25.0):
        x = x - exact * walls.grad_x(x, x)
        assert x[0] == pytest.approx(target, rel=1e-6)


def test_the_hypergradient_in_numbers():
    value = d.f.subs(d.y, d.solution)
    numbers = {d.a: 1.3, d.b: -0.4, d.h: 0.8}
    phi = sp.lambdify(d.x, value.subs(numbers))
    slope = (phi(0.6 + 1e-6) - phi(0.6 - 1e-6)) / 2e-6
    assert float(d.hypergradient().result.subs(numbers).subs(d.x, 0.6)) == pytest.approx(slope, rel=1e-8)


def test_the_error_of_z_in_numbers():
    numbers = {d.nu: 0.1, d.h: 0.8, d.y: 0.7, d.b: -0.4, d.z0: 2.0}
    pull = float(sp.diff(d.f, d.y).subs(numbers))
    z = 2.0
    for _ in range(7):
        z -= 0.1 * (0.8 * z - pull)
    assert float(d.auxiliary().result.subs(numbers).subs(d.k, 7)) == pytest.approx(z - pull / 0.8)


@pytest.mark.parametrize("steps", range(1, 7))
def test_momentum_unrolls(steps):
    weights = [sp.diff(d.momentum(steps).result, g) for g in sp.symbols(f"g_0:{steps + 1}", real=True)]
    assert sp.expand(sum(weights)) == 1
    assert sp.expand(weights[0] - d.beta**steps) == 0


def test_the_refinement_costs_what_is_derived():
    for T1, E in ((3, 3), (20, 4)):
        assert int(d.refinement_calls().result.subs({d.T1: T1, d.E: E})) == alg.Refinement(T1=T1, E=E).calls
