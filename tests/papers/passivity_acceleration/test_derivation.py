"""What SymPy derives is what the code computes."""

import numpy as np
import pytest
import sympy as sp

from optilab.papers.passivity_acceleration import algorithm as room
from optilab.papers.passivity_acceleration import derivation as d
from optilab.papers.passivity_acceleration.experiment import failure
from optilab.problems.quadratic import Quadratic


def test_derived_coefficients_are_those_of_the_code():
    def limit(design):
        return [design.gamma, design.kappa, design.c + design.gamma * design.kappa]

    derived = d.three_parameter_limit().numpy(d.r, d.beta, d.eta)(np.sqrt(0.02), 0.7, 0.4).ravel()
    np.testing.assert_allclose(derived, limit(room.design_of(0.02, 0.7, 0.4)))
    derived = [float(row.rhs.subs({d.mu: 2.0, d.s: 0.03})) for row in d.high_resolution().result]
    np.testing.assert_allclose(derived, room.nesterov_high_resolution(2.0, 0.03))
    for name, method in (
        ("Nesterov", room.nesterov_tuning(1.0, 1 / 0.03)),
        ("triple momentum", room.triple_momentum_tuning(1.0, 25.0)),
    ):
        values = {d.mu: 1.0, d.s: 0.03, d.r: np.sqrt(method.alpha), d.rho: 0.8}
        derived = [float(entry.subs(values)) for entry in d.method_limit(name).result]
        np.testing.assert_allclose(derived, limit(room.design_of(*method[:3])))
    assert d.method_limit("heavy ball").result[1] == 0


def test_derived_cycle_is_the_one_that_heavy_ball_runs_into():
    last = failure.iterates("heavy ball", np.array([3.3]), 300)[-3:, 0]
    cycle, again = (line.expr for line in d.heavy_ball_cycle().lines[1:3])
    assert cycle == sp.Matrix([792, -2208, 2592]) / 1225
    assert again == cycle
    exact = np.array([float(point) for point in cycle])
    assert min(abs(np.roll(exact, shift) - last).max() for shift in range(3)) < 1e-14
    np.testing.assert_allclose(room.multipliers(25.0, room.heavy_ball_tuning(1.0, 25.0)), -2 / 3, atol=1e-7)


def test_derived_edge_and_cayley_error_and_slow_manifold_agree_with_numbers():
    rate = d.edge().numpy(d.mu, d.kappa, d.c)(1.3, 0.1, 0.9)
    assert rate == pytest.approx(room.best_damping(1.3, 0.1, 0.9)[1])
    predicted = sp.lambdify((sp.Symbol("h", positive=True), d.mu), d.cayley_error().result)(1e-2, 2.0)
    assert np.exp(-2 * np.sqrt(2.0) * 1e-2) - room.cayley(2.0, 1e-4) == pytest.approx(predicted, rel=0.05)
    problem, design, x = Quadratic(np.array([[3.0]]), np.zeros(1)), room.Design(50.0, 0.05, 20.0), np.array([2.0])
    critical, corrected = (room.slow_manifold(problem, design, x, order) for order in (0, 1))
    np.testing.assert_allclose(corrected - critical, -(1 / 50) * 0.4 * (0.4 + 0.05) * 3.0 * 6.0)


def test_every_derivation_proves_its_lines():
    assert d.storage_balance().result == 0
    assert d.accelerated_certificate().result == 0
    assert d.passive_output().result == (d.w1**2 + d.w2**2) / (4 * d.gamma)
    assert len(d.second_order().lines) == 3
    split = d.split_is_nesterov()
    assert split.lines[-1].relation == "="
    assert sp.expand(split.lines[1].expr - split.lines[2].expr) == sp.zeros(2, 1)
