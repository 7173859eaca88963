"""What SymPy derives agrees with the algorithm's numbers."""

import numpy as np
import pytest
import sympy as sp

from optilab.classics.mgda import least_norm
from optilab.papers.multiobjective_pde import algorithm as alg
from optilab.papers.multiobjective_pde import derivation as d
from optilab.problems.quadratic import Quadratic


def test_the_adjoint_is_the_derivative():
    made = d.adjoint()
    inverse = sp.lambdify((d.a, d.b, d.kappa), made.lines[2].expr)(3.0, -1.0, 5.0)
    matrix = np.array([[8.0, -1], [-1, 3]])
    np.testing.assert_allclose(inverse, np.linalg.inv(matrix))
    values = {d.a: 3.0, d.b: -1.0, d.kappa: 5.0, d.w: 0.5, d.sigma: 0.2, **dict(zip(d.U, (0.4, -1.3), strict=True))}
    y = np.linalg.solve(matrix, [0.4, -1.3])
    values |= dict(zip([*d.Y, *d.GOAL], [*y, 1.0, 2.0], strict=True))
    p = np.linalg.solve(matrix, y - [1.0, 2.0])
    expected = 0.5 * p + 0.2 * 0.5 * np.array([0.4, -1.3])
    for line in made.lines[-2:]:
        np.testing.assert_allclose([float(entry) for entry in line.expr.subs(values)], expected)


def test_no_sign_case_is_negative():
    for line in d.monotone().result:
        assert float(line.rhs.subs({d.x_1: 0.4, d.x_2: 1.3})) >= 0
    values = [float(line.rhs.subs({d.x_1: 0.4, d.x_2: 1.3})) for line in d.monotone().result]
    pairs = [(0.4, 1.3), (0.4, -1.3), (-0.4, 1.3), (-0.4, -1.3)]
    assert values == pytest.approx([(max(0, s) - max(0, t)) * (s - t) for s, t in pairs])


def test_the_bound_s_certificate_is_a_square():
    line = d.error_bound().lines[-1]
    assert line.certificate.func is sp.Pow


def test_the_shortest_mix_in_numbers():
    G = np.array([[1.0, 2.0, -1.0], [0.5, -1.0, 2.0]])
    inner = {d.p: G[0] @ G[0], d.q: G[0] @ G[1], d.r: G[1] @ G[1]}
    alpha = float(d.shortest_mix().result.subs(inner))
    assert 0 < alpha < 1
    np.testing.assert_allclose(least_norm(G).weights, [alpha, 1 - alpha])


def test_the_mix_certifies_both():
    G = np.array([[1.0, 2.0, -1.0], [0.5, -1.0, 2.0]])
    m = least_norm(G).weights @ G
    inner = {d.p: G[0] @ G[0], d.q: G[0] @ G[1], d.r: G[1] @ G[1]}
    found = d.certificate().result
    assert len(set(found)) == 1
    assert float(found[0].subs(inner)) == pytest.approx(m @ m)
    np.testing.assert_allclose(G @ m, m @ m)


def test_the_kink_is_that_of_the_path():
    H, b = np.array([[2.0, 0.3], [0.3, 1.5]]), np.array([1.0, 0.8])
    start, kink, end = alg.l1_path(Quadratic(H, b))
    values = {d.h_11: 2.0, d.h_12: 0.3, d.h_22: 1.5, d.b_1: 1.0, d.b_2: 0.8}
    assert kink.entry == 1
    assert float(d.kink().result.subs(values)) == pytest.approx(kink.lam)
    made = d.after_kink()
    assert [float(x) for x in made.lines[1].expr.subs(values | {d.s: 0})] == pytest.approx(kink.x)
    slope = [float(x) for x in made.result.subs(values)]
    np.testing.assert_allclose((end.x - kink.x) / (end.lam - kink.lam), slope)
    assert start.lam == 1.0


def test_the_switching_time_in_numbers():
    values = {d.lam: 3.0, d.T: 1.0, d.b: 2.0, d.y_d: 0.4, d.tau: 0.35}

    def miss(tau):
        return (2 * (1 - np.exp(-3 * (1 - tau))) / 3 - 0.4) ** 2 / 2

    slope = (miss(0.35 + 1e-6) - miss(0.35 - 1e-6)) / 2e-6
    assert float(d.switching().result.subs(values)) == pytest.approx(slope, rel=1e-6)
