"""A point mass: its closed form against equations and solvers, gradients against differences, smoothing by noise."""

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import root

from optilab.papers.dojo import algorithm as dojo
from optilab.papers.dojo.algorithm import PointMass, braked_speed, draws, first_order, smoothed_gap, zeroth_order

MODEST = st.floats(-2, 2)
STATES = st.tuples(MODEST, MODEST, st.floats(0, 1), MODEST, MODEST, MODEST).map(np.array)
IMPULSES = st.tuples(MODEST, MODEST, MODEST).map(lambda u: 0.3 * np.array(u))
KAPPAS = st.floats(-6, 0).map(lambda power: 10**power)


def ball(**other):
    return PointMass(**({"m": 0.8, "mu": 0.3, "r": 0.1, "h": 0.05} | other))


def residual(w, body, z, u, kappa):
    """The equations of one step in their original unknowns v, s, γ, β₁, b, η₁, η."""
    v, s, gamma, beta1, b, eta1, eta = w[:3], w[3], w[4], w[5], w[6:8], w[8], w[9:]
    weight = np.array([0, 0, body.m * body.g * body.h])
    return np.array(
        [
            *(body.m * (v - z[3:]) + weight - u - np.append(b, gamma)),
            z[2] + body.h * v[2] - body.r - s,
            gamma * s - kappa,
            body.mu * gamma - beta1,
            *(v[:2] - eta),
            beta1 * eta1 + b @ eta - kappa,
            *(beta1 * eta + eta1 * b),
        ]
    )


def unknowns(body, step, kappa):
    """The solution's unknowns from a closed-form step."""
    beta1 = body.mu * step.gamma
    eta1 = (kappa - step.b @ step.z[3:5]) / beta1
    return np.array([*step.z[3:], step.s, step.gamma, beta1, *step.b, eta1, *step.z[3:5]])


@settings(max_examples=60, deadline=None)
@given(STATES, IMPULSES, KAPPAS)
def test_the_closed_form_solves_the_original_equations(z, u, kappa):
    body = ball()
    step = body.step(z, u, kappa)
    w = unknowns(body, step, kappa)
    scale = 1 + np.abs(w).max() ** 2
    assert np.abs(residual(w, body, z, u, kappa)).max() < 1e-12 * scale
    assert step.s > 0
    assert np.linalg.norm(step.b) <= body.mu * step.gamma * (1 + 1e-12)
    assert step.b @ step.z[3:5] <= 0
    assert w[8] >= np.linalg.norm(step.z[3:5])


def test_a_general_root_finder_comes_back_to_the_closed_form():
    rng = np.random.default_rng(0)
    for _ in range(10):
        body, kappa = ball(mu=rng.uniform(0.1, 1)), 10 ** rng.uniform(-3, -1)
        z = np.array([0, 0, rng.uniform(0.1, 0.3), *rng.normal(size=3)])
        u = 0.1 * rng.normal(size=3)
        w = unknowns(body, body.step(z, u, kappa), kappa)
        found = root(residual, w * (1 + 1e-2 * rng.normal(size=w.size)), args=(body, z, u, kappa), tol=1e-13)
        assert found.success
        assert np.allclose(found.x, w, atol=1e-8)


def test_the_published_numbers_of_fifteen_steps_in_closed_form_and_as_a_rigid_body():
    body, z = PointMass(m=0.8, r=0.05, mu=0.2, h=0.02), np.array([0, 0, 0.4, 0.7, 1.1, -0.5])
    system = dojo.System([dojo.Body(0.8, 0.8 * np.eye(3))], [dojo.Contact(0, np.zeros(3), 0.05, 0.2)], h=0.02)
    state = dojo.state_of(z[:3], z[3:])
    for _ in range(15):
        after = body.linearise(z, np.zeros(3), 1e-4)
        motion, by = dojo.derivatives(system, state, kappa=1e-4, by=("mu",), btol=1e-8, rtol=1e-12)
        z, state = after.z, motion.state
    published = [0.180898, 0.284268, 0.050667, 0.330921, 0.520019, -0.001630]
    assert np.allclose(z, published, atol=6e-7)
    assert np.allclose([*state.x[0], *state.v[0]], published, atol=1e-6)
    assert np.allclose(after.P[3:, 0], [-0.100620, -0.158117, 0], atol=6e-7)
    assert np.allclose(by["mu"][3:6, 0], [-0.100620, -0.158117, 0], atol=1e-5)


@settings(max_examples=40, deadline=None)
@given(STATES, IMPULSES, st.floats(-3, 0).map(lambda power: 10**power))
def test_derivatives_against_central_differences(z, u, kappa):
    body, d = ball(), 1e-6
    linear = body.linearise(z, u, kappa)
    assert np.array_equal(linear.z, body.step(z, u, kappa).z)

    def slopes(function, at):
        moved = at + d * np.concatenate([np.eye(at.size), -np.eye(at.size)])
        values = np.array([function(point) for point in moved])
        return ((values[: at.size] - values[at.size :]) / (2 * d)).T

    close = {"rtol": 1e-4, "atol": 1e-5}
    assert np.allclose(linear.A, slopes(lambda point: body.step(point, u, kappa).z, z), **close)
    assert np.allclose(linear.B, slopes(lambda point: body.step(z, point, kappa).z, u), **close)
    theta = np.array([body.mu, body.r, body.m])
    other = slopes(lambda point: ball(mu=point[0], r=point[1], m=point[2]).step(z, u, kappa).z, theta)
    assert np.allclose(linear.P, other, **close)


def test_no_friction_and_no_motion_are_no_exceptions():
    smooth = PointMass(mu=0.0)
    z = np.array([0, 0, 0.01, 1.0, -2.0, -1.0])
    assert np.array_equal(smooth.step(z, np.zeros(3), 1e-6).z[3:5], z[3:5])
    rough = PointMass(mu=0.5)
    still = rough.linearise(rough.at_rest(1e-4), np.zeros(3), 1e-4)
    assert np.allclose(still.z, rough.at_rest(1e-4), atol=1e-15)
    c = 0.5 * 9.81 * 0.1
    assert np.allclose(still.A[3:5, 3:5], np.eye(2) / (1 + c**2 / 1e-4), rtol=1e-9)


def test_a_smaller_kappa_comes_nearer_to_hard_contact():
    body, z = PointMass(mu=0.25, h=0.01), np.array([0, 0, 0, 4.0, 0.8, 0])
    hard = z[3:5] * (1 - 0.25 * 9.81 * 0.01 / np.linalg.norm(z[3:5]))
    errors = []
    for kappa in (1e-3, 1e-4, 1e-5, 1e-6, 1e-7):
        start = body.at_rest(kappa) + z
        errors.append(np.linalg.norm(body.step(start, np.zeros(3), kappa).z[3:5] - hard))
    assert (np.diff(errors) < 0).all()
    assert errors[-1] < 1e-6


def test_the_gap_keeps_its_digits_when_pressed_down():
    phi0, kappa = -np.geomspace(1e-6, 10, 30), 1e-12
    s = smoothed_gap(phi0, kappa, np.array(1.0), np.array(0.01))
    exact = [
        float((sp.Float(p, 60) + sp.sqrt(sp.Float(p, 60) ** 2 + 4 * sp.Float(0.01, 60) * sp.Float(kappa, 60))) / 2)
        for p in phi0
    ]
    assert np.allclose(s, exact, rtol=1e-13, atol=0)


@pytest.mark.parametrize("kappa", [1e-8, 1e-4, 1.0])
def test_newton_meets_the_root_of_its_cubic(kappa):
    F, c, m = np.linspace(0, 3, 31), 0.7, 1.3
    V = braked_speed(F, np.array(c), np.array(m), np.array(kappa))
    b = m * (F - V)  # a root of b³/m − F b² − (κ + c²/m) b + c² F
    cubic = b**3 / m - F * b**2 - (kappa + c**2 / m) * b + c**2 * F
    assert np.abs(cubic).max() < 1e-14
    assert ((V >= 0) & (V <= F)).all()


def test_a_rigid_body_that_cant_turn_is_a_point_mass():
    """With J = m I and contact at its centre nothing turns it, and the interior-point solver finds the closed form."""
    rng = np.random.default_rng(3)
    n = 24
    m, mu, kappa = rng.uniform(0.5, 2, n), rng.uniform(0.05, 1, n), 10 ** rng.uniform(-6, -1, n)
    system = dojo.System([dojo.Body(m, m[:, None, None] * np.eye(3))], [dojo.Contact(0, np.zeros(3), 0.0, mu)], h=0.02)
    z = np.column_stack([rng.normal(size=(n, 2)), rng.uniform(0, 0.1, n), rng.normal(size=(n, 3))])
    u = np.where(np.arange(n) % 2, 0.2, 0.0)[:, None] * rng.normal(size=(n, 3))
    state = dojo.state_of(z[:, None, :3], z[:, None, 3:])
    impulse = np.concatenate([u, np.zeros((n, 3))], -1)[:, None]
    options = {"by": ("state", "u", "mu", "r", "m"), "rtol": 1e-12, "btol": 1e-8}
    motion, by = dojo.derivatives(system, state, impulse, kappa=kappa, **options)
    ours = PointMass(m=m, mu=mu, h=0.02).linearise(z, u, kappa)
    assert motion.converged.all()
    assert np.allclose(motion.x[:, 0], ours.z[:, :3], rtol=0, atol=1e-10)
    assert np.allclose(motion.v[:, 0], ours.z[:, 3:], rtol=0, atol=1e-9)
    assert np.allclose(by["state"][:, :6, :6], ours.A, rtol=0, atol=1e-7)
    assert np.allclose(by["u"][:, :6, :3], ours.B, rtol=0, atol=1e-7)
    by_parameter = np.concatenate([by[name] for name in ("mu", "r", "m")], -1)
    assert np.allclose(by_parameter[:, :6], ours.P, rtol=0, atol=1e-7)


def test_randomised_smoothing_estimates_the_gradient_of_the_mean():
    rng = np.random.default_rng(0)
    M = rng.normal(size=(2, 3))
    u = rng.normal(size=(4, 3))
    eps = draws(rng, u, 0.3, 40_000)
    assert eps.shape == (40_000, 4, 3)

    def value(x):
        return x @ M.T + (x**2).sum(-1, keepdims=True)

    def jacobian(x):
        return M + 2 * x[..., None, :]

    exact = jacobian(u)
    assert np.allclose(first_order(jacobian, u, eps), exact, atol=0.02)
    assert np.allclose(zeroth_order(value, u, eps, 0.3), exact, atol=0.15)


ZERO, PUSH = np.zeros(6), np.zeros(3)


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (lambda: PointMass(m=0.0), "mass m"),
        (lambda: PointMass(m=np.nan), "mass m"),
        (lambda: PointMass(h=-0.1), "time step h"),
        (lambda: PointMass(mu=-0.1), "friction mu"),
        (lambda: PointMass(r=np.inf), "radius r"),
        (lambda: PointMass(g=-9.81), "gravity g"),
        (lambda: PointMass(g=0.0).at_rest(1e-3), "gravity"),
        (lambda: PointMass().step(ZERO, PUSH, 0.0), "kappa must be positive"),
        (lambda: PointMass().step(np.zeros(5), PUSH, 1e-3), "state's shape"),
        (lambda: PointMass().linearise(ZERO, np.zeros(2), 1e-3), "impulse's shape"),
        (lambda: draws(np.random.default_rng(0), ZERO, 0.0, 5), "sigma"),
        (lambda: draws(np.random.default_rng(0), ZERO, 0.1, 0), "samples"),
    ],
)
def test_bad_input_is_refused(make, named):
    with pytest.raises(ValueError, match=named):
        make()
