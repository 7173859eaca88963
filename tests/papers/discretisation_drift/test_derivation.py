"""What SymPy derives, against the fields and the updates."""

from itertools import combinations_with_replacement

import numpy as np
import pytest
import sympy as sp

from optilab.papers.discretisation_drift import derivation
from optilab.papers.discretisation_drift.algorithm import flows, passes
from optilab.papers.discretisation_drift.algorithm.coefficients import alpha_pf
from optilab.papers.discretisation_drift.algorithm.games import ModifiedFlow
from optilab.papers.discretisation_drift.experiment.flows import VALLEY
from optilab.problems.games import DiracGAN
from optilab.problems.quadratic import Quadratic


def partial_derivatives(point):
    """Values of E_x, E_xx, E_xy, … of the valley at a point, by symbol."""
    here, there = sp.symbols("x y"), (derivation.flows.x, derivation.flows.y)
    orders = [order for size in (1, 2, 3) for order in combinations_with_replacement((0, 1), size)]
    values = [VALLEY.expr.diff(*(here[i] for i in order)).subs(dict(zip(here, point, strict=True))) for order in orders]
    symbols = [derivation.flows.derivative(*(there[i] for i in order)) for order in orders]
    return dict(zip(symbols, map(float, values), strict=True))


def test_derived_corrections_agree_with_the_fields():
    theta = np.array([0.7, -0.3])
    values = partial_derivatives(theta)

    def number(result):
        return np.array(result.result.subs(values), dtype=float)[:, 0]

    f1, f2 = number(derivation.first_correction()), number(derivation.second_correction())
    g = VALLEY.grad(theta)
    np.testing.assert_allclose(flows.igr_flow_field(VALLEY, 0.3)(theta), -g + 0.3 * f1, rtol=1e-12)
    np.testing.assert_allclose(flows.third_order_flow_field(VALLEY, 0.3)(theta), -g + 0.3 * f1 + 0.09 * f2, rtol=1e-10)


def test_derived_coefficient_is_alpha_pf():
    alpha = derivation.principal_coefficient().numpy(derivation.flows.h, derivation.flows.lam)
    np.testing.assert_allclose(alpha(0.5 + 0j, 3.0), alpha_pf(1.5), rtol=1e-14)
    assert sp.expand(derivation.principal_mode().result - (1 - derivation.flows.h * derivation.flows.lam)) == 0
    assert derivation.edge_of_stability().result == 2


def test_derived_pass_and_momentum_agree_with_the_fields():
    batches = [Quadratic(np.array([[k]]), np.array([b])) for k, b in ((1.0, 0.3), (2.5, -1.0), (0.4, 2.0))]
    theta = np.array([0.8])
    values = {}
    for mu, batch in enumerate(batches):
        values[derivation.passes.g[mu]] = batch.grad(theta)[0]
        values[derivation.passes.H[mu]] = batch.A[0, 0]
    g_bar = np.mean([batch.grad(theta)[0] for batch in batches])
    for derived, field in (
        (derivation.pass_flow(), passes.pass_field(batches, 0.2)),
        (derivation.mean_over_orders(), passes.mean_over_orders_field(batches, 0.2)),
    ):
        assert field(theta)[0] == pytest.approx(-g_bar + 0.2 * float(derived.result.subs(values)))
    velocity = derivation.momentum_flow().numpy(
        *(getattr(derivation.passes, name) for name in ("h", "beta", "E1", "E2"))
    )
    field = passes.momentum_field(batches[1], 0.2, 0.6)
    assert field(theta)[0] == pytest.approx(velocity(0.2, 0.6, batches[1].grad(theta)[0], 2.5))


def test_remaining_derivations_close():
    assert derivation.spectral_norm_is_scale_free().result == sp.zeros(2, 2)
    assert len(derivation.zero_sum_interaction().lines) == 3
    with pytest.raises(ValueError, match="positive integer"):
        derivation.two_player_drift(True, m=0)
    with pytest.raises(ValueError, match="simultaneously"):
        derivation.two_player_drift(False, m=2)


def test_the_flows_are_those_that_are_derived():
    phi, theta, a, b = np.array([0.7]), np.array([-0.4]), 0.3, 0.2
    game = DiracGAN()
    one = np.ones(1)
    values = [game.f(phi, theta), game.f_phi(phi, theta, one), game.f_theta(phi, theta, one)]
    values += [game.g(phi, theta), game.g_phi(phi, theta, one), game.g_theta(phi, theta, one)]
    names = derivation.games
    symbols = [names.f, names.f_phi, names.f_theta, names.g, names.g_phi, names.g_theta, names.a, names.b]
    for setting in ({}, {"alternating": True, "m": 3, "k": 2}):
        for common_clock in (False, True):
            drift = derivation.two_player_drift(**setting, common_clock=common_clock).numpy(*symbols)
            u, v = np.ravel(drift(*[value[0] for value in values], a, b))
            flow = ModifiedFlow(game, a, b, common_clock=common_clock, **setting)
            rates = (a, b) if common_clock else (1, 1)
            np.testing.assert_allclose(flow.f(phi, theta) - rates[0] * game.f(phi, theta), u, rtol=1e-10)
            np.testing.assert_allclose(flow.g(phi, theta) - rates[1] * game.g(phi, theta), v, rtol=1e-10)
