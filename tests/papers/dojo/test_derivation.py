"""What SymPy derives is what the algorithm computes."""

import numpy as np
import pytest
import sympy as sp

from optilab.papers.dojo import derivation
from optilab.papers.dojo.algorithm import PointMass, friction, gap_slope, smoothed_gap
from optilab.papers.dojo.algorithm.quaternion import momentum
from optilab.papers.dojo.derivation import contact as symbols
from optilab.papers.dojo.derivation import rotation as spin
from optilab.papers.dojo.experiment.rigid import RACKET


def test_derived_formulas_are_the_algorithms():
    law = derivation.friction_law().numpy(symbols.V, symbols.beta1, symbols.kappa)
    V, c, kappa = np.meshgrid([1e-3, 0.1, 2], [0.05, 1.5], [1e-6, 1e-2, 1])
    assert np.allclose(law(V, c, kappa), -friction(V, c, kappa), rtol=1e-13)
    gap = derivation.impact_gap().numpy(symbols.phi0, symbols.kappa, symbols.m, symbols.h)
    phi0 = np.linspace(-0.1, 0.2, 7)
    ours = smoothed_gap(phi0, 1e-3, np.array(1.3), np.array(0.05))
    assert np.allclose(gap(phi0, 1e-3, 1.3, 0.05), ours, rtol=1e-10)
    slope = derivation.impact_slope().numpy(symbols.s, symbols.kappa, symbols.m, symbols.h)
    assert np.allclose(slope(ours, 1e-3, 1.3, 0.05), gap_slope(ours, 1e-3, np.array(1.3), np.array(0.05)), rtol=1e-14)
    damping = derivation.stiction_damping().numpy(symbols.beta1, symbols.m, symbols.kappa)
    body = PointMass(m=1.3, mu=0.4, h=0.05)
    at_rest = body.linearise(body.at_rest(1e-3), np.zeros(3), 1e-3)
    assert np.isclose(at_rest.A[3, 3], damping(0.4 * 1.3 * 9.81 * 0.05, 1.3, 1e-3), rtol=1e-10)


def test_limits_that_are_derived():
    assert derivation.hard_friction().result == -symbols.beta1
    assert derivation.friction_at_rest().result == -(symbols.beta1**2) / symbols.kappa
    assert derivation.impact_kink().result == sp.Rational(1, 2)
    assert derivation.friction_falls().result.is_negative


def test_derived_momenta_are_the_algorithms():
    h, omega, phi = 0.1, np.array([0.3, 2.0, -0.5]), np.array([0.2, -0.1, 0.4])
    values = dict(zip((*spin.OMEGA, *spin.PHI), (*omega, *phi), strict=True))
    values |= {spin.J1: 1, spin.J2: 2, spin.J3: 3, spin.h: h, spin.s: np.sqrt(4 / h**2 - omega @ omega)}
    for end, sign in ((True, -1.0), (False, 1.0)):
        derived = float(derivation.euler_lagrange(end).result.subs(values))
        ours = momentum(RACKET, omega, h, sign) @ phi
        assert derived == pytest.approx(-sign * ours, rel=1e-12)
    numbers = {spin.h: h, spin.b: omega @ RACKET @ omega, spin.c: omega @ RACKET @ RACKET @ omega}
    numbers |= {spin.trace: 6, spin.i2: 11, spin.det: 6}
    M = momentum(RACKET, omega, h)
    assert float(derivation.momentum_length().result.subs(numbers)) == pytest.approx(M @ M, rel=1e-12)
    weighted = float(derivation.energy_of_momentum().result.subs(numbers))
    assert weighted == pytest.approx(M @ np.linalg.solve(RACKET, M), rel=1e-12)
    assert sp.expand(derivation.conserved_momentum().result - (spin.s + spin.CROSS) * spin.SPIN) == 0


def test_a_false_step_of_the_derivation_raises():
    with pytest.raises(ValueError, match="doesn't hold"):
        spin.certain(spin.s**2 - 4 / spin.h**2, "s² = 4/h²")
