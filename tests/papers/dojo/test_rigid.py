"""The rigid-body engine: quaternions, cones, residual, solver, free bodies, contact, against independent references."""

import warnings
from dataclasses import replace
from importlib import import_module

import numpy as np
import pytest
import scipy.optimize
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from scipy.spatial.transform import Rotation

from optilab.core.run import run
from optilab.papers.dojo import derivation
from optilab.papers.dojo.algorithm import (
    Body,
    Cones,
    Contact,
    Joint,
    NotConvergedError,
    State,
    System,
    TimeStep,
    arrow,
    box,
    derivatives,
    explicit_euler,
    heading,
    implicit_euler,
    interior_point,
    jordan,
    orthant_step_length,
    rollout,
    soc_step_length,
    solve,
    sphere,
    state_of,
    step,
    variational,
)
from optilab.papers.dojo.algorithm import quaternion as quaternions
from optilab.papers.dojo.algorithm.gradient import PARAMETERS, parameter_jacobian
from optilab.papers.dojo.algorithm.point_mass import PointMass
from optilab.papers.dojo.derivation import rotation as spin
from optilab.papers.dojo.experiment import rigid

KINDS = ("ball", "revolute", "prismatic", "planar", "fixed")
RACKET = rigid.RACKET
NO_INPUT = np.zeros((1, 6))


def unit(rng, *shape):
    q = rng.normal(size=(*shape, 4))
    return q / np.linalg.norm(q, axis=-1, keepdims=True)


def inertia(rng):
    a = rng.normal(size=(3, 3))
    return a @ a.T + np.eye(3)


def numerical(function, at, eps=1e-6):
    """Central differences, column by column."""
    shifts = eps * np.eye(len(at))
    return np.stack([(function(at + d) - function(at - d)) / (2 * eps) for d in shifts], -1)


def moved(state, delta):
    """A state shifted by tangents, 12 a body."""
    d = delta.reshape(*delta.shape[:-1], -1, 12)
    q = quaternions.retract(state.q, d[..., 6:9])
    return State(state.x + d[..., :3], state.v + d[..., 3:6], q, state.omega + d[..., 9:])


# quaternions


def test_quaternions_are_scipys_rotations():
    rng = np.random.default_rng(0)
    p, q, a, b = unit(rng, 5), unit(rng, 5), rng.normal(size=(5, 3)), rng.normal(size=(5, 3))
    theirs = [Rotation.from_quat(each, scalar_first=True) for each in (p, q)]
    np.testing.assert_allclose(quaternions.rotation(p), theirs[0].as_matrix(), atol=1e-14)
    both = Rotation.from_quat(quaternions.product(p, q), scalar_first=True)
    np.testing.assert_allclose(both.as_matrix(), (theirs[0] * theirs[1]).as_matrix(), atol=1e-14)
    np.testing.assert_allclose(quaternions.cross(a, b), np.cross(a, b), atol=1e-14)
    turned = Rotation.from_rotvec(0.7 * np.array([0, 0.6, 0.8])).as_matrix()
    np.testing.assert_allclose(quaternions.rotation(quaternions.from_axis([0, 3, 4], 0.7)), turned, atol=1e-14)


@given(st.integers(0, 10**6), st.floats(0.001, 0.3))
def test_a_step_is_a_unit_quaternion_whose_tangent_is_its_derivative(seed, h):
    rng = np.random.default_rng(seed)
    omega = rng.normal(size=3)
    omega *= rng.uniform(0, 1.9) / h / np.linalg.norm(omega)
    d = quaternions.increment(omega, h)
    assert np.linalg.norm(d) == pytest.approx(1, abs=1e-12)
    found = numerical(lambda w: quaternions.difference(quaternions.increment(w, h), d), omega, 1e-5 / h)
    np.testing.assert_allclose(found, quaternions.increment_tangent(omega, h), atol=1e-7)


def test_difference_undoes_retract_and_doesnt_mind_the_sign():
    rng = np.random.default_rng(1)
    q, phi = unit(rng, 6), rng.normal(size=(6, 3)) / 3
    there = quaternions.retract(q, phi)
    for each in (there, -there):
        np.testing.assert_allclose(quaternions.difference(each, q), phi, atol=1e-13)
        found = quaternions.difference_jacobian(each, q)
        for i in range(6):
            by_turn = numerical(
                lambda d, i=i, each=each: quaternions.difference(quaternions.retract(each[i], d), q[i]), np.zeros(3)
            )
            np.testing.assert_allclose(found[i], by_turn, atol=1e-8)


# cones


@given(st.integers(0, 10**6), st.sampled_from([0.5, 0.95, 1.0]))
def test_step_length_is_the_smallest_root_at_the_cones_boundary(seed, tau):
    rng = np.random.default_rng(seed)
    tail, change = rng.normal(size=2), rng.normal(size=3)
    value = np.array([np.linalg.norm(tail) + 10 ** rng.uniform(-3, 1), *tail])
    H = np.diag([1.0, -1, -1])
    roots = np.roots([change @ H @ change, 2 * value @ H @ change, value @ H @ value])
    ahead = [root.real for root in roots if abs(root.imag) < 1e-12 and root.real > 0]
    ahead = [root for root in ahead if value[0] + root * change[0] >= -1e-9]  # the cone, not its mirror image
    expected = min([1.0, *(tau * root for root in ahead)])
    assert soc_step_length(value, change, tau) == pytest.approx(expected, abs=1e-9)


def test_step_lengths_batch_and_the_orthant_rule():
    rng = np.random.default_rng(0)
    value, change = np.abs(rng.normal(size=(7, 4))), rng.normal(size=(7, 4))
    lengths = orthant_step_length(value, change, 0.9)
    assert (value + lengths * change >= 0.1 * value - 1e-15).all()
    assert (lengths[change >= 0] == 1).all()
    triples = np.concatenate([1 + np.linalg.norm(value[:, :2], axis=-1, keepdims=True), value[:, :2]], -1)
    together = soc_step_length(triples, change[:, :3], 0.9)
    alone = [soc_step_length(a, b, 0.9) for a, b in zip(triples, change[:, :3], strict=True)]
    np.testing.assert_array_equal(together, alone)


def test_arrow_is_the_jordan_product_and_the_identity_is_neutral():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 5, 3))
    np.testing.assert_allclose((arrow(a) @ b[..., None])[..., 0], jordan(a, b), atol=1e-14)
    np.testing.assert_allclose(jordan(a, b), jordan(b, a), atol=1e-14)
    cones = Cones(np.array([0, 4]), np.array([[1, 2, 3], [5, 6, 7]]))
    x, y = rng.normal(size=(2, 3, 8))
    np.testing.assert_array_equal(cones.product(x, cones.neutral), x)
    np.testing.assert_allclose((cones.arrow(x) @ y[..., None])[..., 0], cones.product(x, y), atol=1e-14)
    assert (cones.size, cones.degree) == (8, 4)


def test_the_start_is_shifted_inside_and_from_the_neutral_one_to_one_and_a_half():
    cones = Cones(np.array([0]), np.array([[1, 2, 3]]))
    s, g = cones.shifted(cones.neutral, cones.neutral)
    np.testing.assert_allclose(s, 1.5 * cones.neutral)
    np.testing.assert_allclose(g, 1.5 * cones.neutral)
    s, g = cones.shifted(np.array([-1.0, 0.2, 1, 0]), np.array([1.0, 1, 0, 0]))
    assert cones.least_eigenvalue(s) > 0 < cones.least_eigenvalue(g)


# the residual


def tangle(kind, friction, rng):
    """Two bodies, a ball joint to the world, another between them with all that it can have, three contacts."""
    extras = {"limits": (-0.5, 0.5), "spring": 3.0, "damper": 2.0, "rest": 0.1}
    extras = extras if kind in ("revolute", "prismatic") else {}
    contacts = [Contact(b, rng.normal(size=3), r, mu) for b, r, mu in ((0, 0.1, 0.3), (1, 0.2, 0.3), (1, 0.2, 0.4))]
    joints = [Joint(kind, 0, 1, *rng.normal(size=(3, 3)), **extras), Joint("ball", -1, 0)]
    system = System([Body(1.3, inertia(rng)), Body(0.7, inertia(rng))], contacts, joints, h=0.05, friction=friction)
    state = State(*rng.normal(size=(2, 2, 3)), unit(rng, 2), rng.normal(size=(2, 3)))
    return TimeStep(system, state, rng.normal(size=(2, 6)))


def with_parameter(system, name, d):
    """The system with parameters m, mu, r or p changed by d."""
    if name == "m":
        return replace(system, bodies=[replace(body, m=body.m + x) for body, x in zip(system.bodies, d, strict=True)])
    shifts = d.reshape(len(system.contacts), -1) if name == "p" else d
    pairs = zip(system.contacts, shifts, strict=True)
    return replace(system, contacts=[replace(contact, **{name: getattr(contact, name) + x}) for contact, x in pairs])


@pytest.mark.parametrize(
    ("kind", "friction"), [*((kind, "cone") for kind in KINDS), ("prismatic", "pyramid"), ("revolute", "none")]
)
def test_every_jacobian_is_a_derivative(kind, friction):
    rng = np.random.default_rng(0)
    problem = tangle(kind, friction, rng)
    system, state, u = problem.system, problem.state, problem.u
    w = rng.normal(size=problem.free + 2 * problem.cones.size)
    np.testing.assert_allclose(problem.jacobian(w), numerical(problem.equalities, w), atol=2e-8)
    shifted = {
        "state": (24, lambda d: TimeStep(system, moved(state, d), u)),
        "u": (12, lambda d: TimeStep(system, state, u + d.reshape(2, 6))),
    }
    for name, size in (("m", 2), ("mu", 3), ("r", 3), ("p", 9)):
        shifted[name] = (size, lambda d, name=name: TimeStep(with_parameter(system, name, d), state, u))
    assert set(shifted) == set(PARAMETERS)
    for name, (size, at) in shifted.items():
        found = numerical(lambda d, at=at: at(d).equalities(w), np.zeros(size))
        np.testing.assert_allclose(parameter_jacobian(problem, w, name), found, atol=2e-8, err_msg=name)


def test_a_batch_of_residuals_is_that_of_its_members():
    rng = np.random.default_rng(1)
    problem = tangle("prismatic", "cone", rng)
    w = rng.normal(size=(3, problem.free + 2 * problem.cones.size))
    for name in ("equalities", "jacobian"):
        together = getattr(problem, name)(w)
        alone = np.stack([getattr(problem, name)(each) for each in w])
        np.testing.assert_allclose(together, alone, atol=1e-13)


# the solver


@pytest.mark.parametrize("friction", ["cone", "pyramid", "none"])
def test_a_general_root_finder_comes_back_to_the_solution(friction):
    """Disturb the root, hand the relaxed equations to MINPACK."""
    body, corners = box((0.5, 0.4, 0.3), mu=0.3, bottom=True)
    system = System([body], corners, h=0.02, friction=friction)
    problem = TimeStep(system, state_of((0, 0, 0.151), (1.0, 0.4, -0.5), omega=(0.3, 0.2, 0.1)), NO_INPUT)
    kappa = 1e-2
    last = solve(problem, kappa=kappa, rtol=1e-12, btol=1e-9)
    cones, free = problem.cones, problem.free

    def relaxed(w):
        products = cones.product(w[free : free + cones.size], w[free + cones.size :])
        return np.concatenate([problem.equalities(w), products - kappa * cones.neutral])

    noise = 1e-3 * np.random.default_rng(0).normal(size=len(last.w))
    found = scipy.optimize.root(relaxed, last.w + noise, tol=1e-12)
    assert found.success
    np.testing.assert_allclose(found.x, last.w, atol=1e-7)


def test_the_published_numbers_of_fifteen_rigid_steps():
    system = System([Body(0.8, 0.8 * np.eye(3))], [Contact(0, np.zeros(3), 0.05, 0.2)], h=0.02)
    options = {"kappa": 1e-4, "btol": 1e-8, "rtol": 1e-12}
    trace = run(rollout(system, state_of((0, 0, 0.4), (0.7, 1.1, -0.5)), **options), 15)
    np.testing.assert_allclose(trace.x[-1, 0], [0.180898, 0.284268, 0.050667], atol=1e-6)
    np.testing.assert_allclose(trace.v[-1, 0], [0.330921, 0.520019, -0.001630], atol=1e-6)
    before = State(*(getattr(trace, name)[-2] for name in State._fields))
    by_mu = derivatives(system, before, by=("mu",), **options).by["mu"][3:6, 0]
    np.testing.assert_allclose(by_mu, [-0.100620, -0.158117, 0], atol=1e-5)


def test_replicates_with_their_own_parameters_are_solved_as_if_alone():
    rng = np.random.default_rng(0)
    system, state, kappa = rigid.random_impacts(6, rng)
    together = step(system, state, kappa=kappa)
    for i in range(6):
        body, contact = system.bodies[0], system.contacts[0]
        alone = replace(system, bodies=[Body(body.m[i], body.J[i])], contacts=[replace(contact, mu=contact.mu[i])])
        one = step(alone, State(*(part[i] for part in state)), kappa=kappa[i])
        assert one.iterations == together.iterations[i]
        np.testing.assert_allclose(one.v, together.v[i], rtol=1e-10, atol=1e-13)


def test_smaller_kappa_comes_nearer_to_hard_contact_and_impulses_stay_in_their_cones():
    body, corners = box((0.5, 0.5, 0.5), mu=0.4)
    system = System([body], corners, h=0.02)
    kappa = 10.0 ** np.arange(-9, -1)
    start = state_of((0, 0, 0.2502), (1.0, 0.5, -0.2), omega=(0.1, 0.2, 0.3))
    motion = step(system, start, kappa=kappa, btol=1e-6)
    apart = abs(motion.v[1:] - motion.v[0]).max((-1, -2))
    assert (np.diff(apart) > 0).all()
    assert apart[0] < 1e-5
    assert (motion.gap > 0).all()
    multipliers = system.contact_multipliers(motion.w)
    b = multipliers[..., 2:]
    assert (np.linalg.norm(b, axis=-1) <= multipliers[..., 1]).all()
    np.testing.assert_allclose(multipliers[..., 1], 0.4 * multipliers[..., 0], atol=1e-8)
    sliding = system.parts(motion.w)[3].reshape(len(kappa), 8, 4)[..., 2:]
    assert ((b * sliding).sum(-1) <= 1e-15).all()
    np.testing.assert_array_equal(system.contact_impulses(motion.w)[..., :2], b)


def test_the_correction_stalls_at_the_target_and_the_predictor_saves_iterations():
    system = rigid.cube(0.25, 0.01, "cone")
    state = state_of((0, 0, 0.25))
    for _ in range(3):
        state = step(system, state, kappa=1e-6).state
    problem = TimeStep(system, state, NO_INPUT)
    *_, plain = interior_point(problem, kappa=1e-6)
    *_, without = interior_point(problem, kappa=1e-6, predictor=False)
    *_, kept = interior_point(problem, kappa=1e-6, correct_at_target=True, max_iter=25)
    assert plain.converged
    assert plain.iterations < without.iterations
    assert not kept.converged
    assert 1e-8 < kept.b_vio < 1e-7


def test_what_jams_is_started_again():
    system, state, kappa = rigid.spinning_balls(60, np.random.default_rng(1))
    problem = TimeStep(system, state, NO_INPUT)
    *_, once = interior_point(problem, kappa=kappa)
    last = solve(problem, kappa=kappa)
    assert not once.converged.all()
    assert last.converged.all()
    np.testing.assert_array_equal(last.w[once.converged], once.w[once.converged])


def test_a_box_on_few_corners_is_started_again_with_light_impulses():
    rng = np.random.default_rng(0)
    body, corners = box((0.5, 0.5, 0.5), bottom=True)  # all of them under the body
    v, push = rng.normal(size=(2, 12, 2))
    state = state_of(np.tile([0.0, 0, 0.2501], (12, 1, 1)), np.pad(v, ((0, 0), (0, 1)))[:, None])
    u = np.pad(0.5 * push, ((0, 0), (0, 4)))[:, None]
    problem = TimeStep(System([body], corners, h=0.1), state, u)
    *_, first = interior_point(problem, kappa=1e-4)
    last = solve(problem, kappa=1e-4)
    assert (~first.converged).sum() > 3
    assert last.converged.all()
    assert (last.iterations >= first.iterations).all()
    assert np.array_equal(last.w[first.converged], first.w[first.converged])


def test_a_lost_replicate_leaves_the_others_alone():
    system = System([Body(1.0, np.eye(3))], [Contact(0, np.zeros(3), 0.0, 0.5)], h=0.1)
    start = state_of([[[0, 0, 0.3]], [[0, 0, 1.0]]], [[[1.0, 0, -3.0]], [[1.0, 0, 0]]])
    options = {"kappa": np.array([1e-6, 1e-6]), "max_iter": 5}
    trace = run(rollout(system, start, **options), 3)
    alone = run(rollout(system, State(*(part[1] for part in start)), kappa=1e-6, max_iter=5), 3)
    lost = ~trace.converged[:, 0]
    assert lost.any()
    assert np.isnan(trace.x[lost, 0]).all()
    np.testing.assert_array_equal(trace.x[:, 1], alone.x)
    with pytest.raises(NotConvergedError, match=r"did not converge in \d+ iterations: r_vio = .*, b_vio = "):
        step(system, start, **options)


# a free body


def test_the_free_body_is_the_engines():
    rng = np.random.default_rng(0)
    J, omega = inertia(rng), 2 * rng.normal(size=3)
    system = System([Body(1.7, J)], h=0.05, gravity=0.0)
    trace = run(rollout(system, state_of((0, 0, 0), omega=omega), rtol=1e-13), 20)
    spinning = run(variational(J, omega, h=0.05), 20)
    np.testing.assert_allclose(trace.omega[:, 0], spinning.omega, atol=1e-10)
    np.testing.assert_allclose(trace.q[:, 0], spinning.q, atol=1e-10)


@given(st.integers(0, 10**6), st.floats(0.05, 1.35))
@settings(max_examples=12, deadline=None)
def test_momentum_and_energy_are_kept_at_any_step(seed, turn):
    rng = np.random.default_rng(seed)
    J = rigid.random_bodies(rng, 1)[0]
    omega = rng.normal(size=3)
    # a spin may quicken at the same energy, up to √(J_max/J_min): then too it stays below 90° a step
    omega *= turn / 0.1 / np.linalg.norm(omega) / np.sqrt(np.linalg.cond(J))
    trace = run(variational(J, omega, h=0.1), 30)
    assert trace.converged.all()
    np.testing.assert_allclose(trace.momentum, trace.momentum[:1] + np.zeros((31, 1)), atol=1e-11 * abs(J).max() * 20)
    np.testing.assert_allclose(trace.energy, trace.energy[0], rtol=1e-11)


@pytest.mark.parametrize(("integrator", "order"), [(variational, 2), (explicit_euler, 1), (implicit_euler, 1)])
def test_integrators_converge_to_eulers_equations(integrator, order):
    omega = np.array([1.0, 0.7, -0.4])

    def equations(_, w):
        return np.linalg.solve(RACKET, -np.cross(w, RACKET @ w))

    errors = []
    for h in (0.02, 0.01):
        # the variational ω belongs to the middle of its step: half a step back at the start, half ahead at the end
        shift = h / 2 if integrator is variational else 0.0
        start = solve_ivp(equations, (0, -shift), omega, rtol=1e-12, atol=1e-12).y[:, -1] if shift else omega
        end = solve_ivp(equations, (0, 1 - shift), omega, rtol=1e-12, atol=1e-12).y[:, -1]
        errors.append(abs(run(integrator(RACKET, start, h=h), round(1 / h)).omega[-1] - end).max())
    assert np.log2(errors[0] / errors[1]) == pytest.approx(order, abs=0.15)


def test_a_batch_of_spins_is_that_of_its_members_and_marks_what_fails():
    omega = np.array([[0.01, 2.0, 0.01], [3.0, 13.0, 3.0], [1.0, 0, 1.0]])
    trace = run(variational(RACKET, omega, h=0.1), 40)
    assert (~trace.converged[-1]).tolist() == [False, True, False]
    assert np.isfinite(trace.diverged).tolist() == [False, True, False]
    for i in (0, 2):
        np.testing.assert_array_equal(trace.omega[:, i], run(variational(RACKET, omega[i], h=0.1), 40).omega)


# derivations


def test_derived_momenta_are_the_algorithms():
    h, omega, phi = 0.1, np.array([0.3, 2.0, -0.5]), np.array([0.2, -0.1, 0.4])
    values = dict(zip((*spin.OMEGA, *spin.PHI), (*omega, *phi), strict=True))
    values |= {spin.J1: 1, spin.J2: 2, spin.J3: 3, spin.h: h, spin.s: np.sqrt(4 / h**2 - omega @ omega)}
    for end, sign in ((True, -1.0), (False, 1.0)):
        derived = float(derivation.euler_lagrange(end).result.subs(values))
        ours = quaternions.momentum(RACKET, omega, h, sign) @ phi
        assert derived == pytest.approx(-sign * ours, rel=1e-12)
    numbers = {spin.h: h, spin.b: omega @ RACKET @ omega, spin.c: omega @ RACKET @ RACKET @ omega}
    numbers |= {spin.trace: 6, spin.i2: 11, spin.det: 6}
    M = quaternions.momentum(RACKET, omega, h)
    assert float(derivation.momentum_length().result.subs(numbers)) == pytest.approx(M @ M, rel=1e-12)
    weighted = float(derivation.energy_of_momentum().result.subs(numbers))
    assert weighted == pytest.approx(M @ np.linalg.solve(RACKET, M), rel=1e-12)
    assert sp.expand(derivation.conserved_momentum().result - (spin.s + spin.CROSS) * spin.SPIN) == 0


def test_a_false_step_of_the_derivation_raises():
    with pytest.raises(ValueError, match="doesn't hold"):
        spin.certain(spin.s**2 - 4 / spin.h**2, "s² = 4/h²")


# contact


def test_a_rigid_sphere_that_cant_turn_is_the_point_mass():
    rng = np.random.default_rng(4)
    n = 12
    m, mu, kappa = rng.uniform(0.5, 2, n), rng.uniform(0.05, 1, n), 10 ** rng.uniform(-6, -2, n)
    system = System([Body(m, m[:, None, None] * np.eye(3))], [Contact(0, np.zeros(3), 0.0, mu)], h=0.05)
    z = np.column_stack([rng.normal(size=(n, 2)), rng.uniform(0, 0.05, n), rng.normal(size=(n, 3))])
    motion = step(system, state_of(z[:, None, :3], z[:, None, 3:]), kappa=kappa, rtol=1e-12, btol=1e-9)
    closed = PointMass(m=m, mu=mu, h=0.05).step(z, np.zeros(3), kappa)
    np.testing.assert_allclose(np.concatenate([motion.x, motion.v], -1)[:, 0], closed.z, atol=1e-9)


def test_without_friction_nothing_along_the_floor_changes():
    body, contacts = sphere(0.3, mu=0.0)
    system = System([body], contacts, h=0.02)
    assert system.friction == "none"
    trace = run(rollout(system, state_of((0, 0, 0.5), (1.0, -0.5, 0), omega=(0, 2.0, 1.0)), kappa=1e-6), 20)
    np.testing.assert_allclose(trace.v[:, 0, :2], [[1.0, -0.5]] * 21, atol=1e-12)
    np.testing.assert_allclose(trace.omega[:, 0], [[0, 2.0, 1.0]] * 21, atol=1e-10)


@pytest.mark.parametrize(("friction", "turns"), [("cone", True), ("pyramid", False)])
def test_turning_the_throw_turns_the_path_under_the_cone_only(friction, turns):
    angle = np.radians(25)
    R = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    body, contacts = sphere(0.3, mu=0.3)
    system = System([body], contacts, h=0.02, friction=friction)
    v, omega = np.array([2.0, 0.3, 0.0]), np.array([1.0, -2.0, 0.5])
    start = state_of([[[0, 0, 0.35]]] * 2, [[v], [R @ v]], omega=[[omega], [R @ omega]])
    trace = run(rollout(system, start, kappa=1e-5, btol=1e-6), 16)
    apart = abs(trace.x[-1, 0, 0] @ R.T - trace.x[-1, 1, 0]).max()
    assert (apart < 1e-8) == turns
    assert turns or apart > 1e-2


def test_gravity_and_impulses_move_a_body_in_the_air_as_they_should():
    body, corners = box((0.3, 0.2, 0.1), m=2.0, bottom=True)
    system = System([body], corners, h=0.01)
    push = np.array([[0.02, 0.0, 0.01, 0.0, 0.0, 0.001]])
    trace = run(rollout(system, state_of((0, 0, 5.0)), kappa=1e-9, u=lambda k, state: push), 10)
    np.testing.assert_allclose(trace.v[-1, 0], [0.1, 0, -9.81 * 0.1 + 0.05], atol=1e-6)
    assert trace.omega[-1, 0, 2] == pytest.approx(0.01 / body.J[2, 2], rel=1e-4)


# gradients


@pytest.mark.parametrize("friction", ["cone", "pyramid"])
def test_implicit_gradients_are_central_differences(friction):
    system, state = rigid.impact()
    system = replace(system, friction=friction)
    options = {"kappa": 1e-3, "btol": 1e-9, "rtol": 1e-12}
    by = derivatives(system, state, by=PARAMETERS, **options).by
    found = rigid.differences(system, state, delta=1e-5, **options)
    scale = abs(by["state"]).max()
    np.testing.assert_allclose(np.concatenate([by["state"], by["u"]], -1), found["state and u"], atol=2e-6 * scale)
    np.testing.assert_allclose(by["mu"].sum(-1), found["mu"], atol=1e-7)
    middle = step(system, state, **options).state
    for name, size in (("m", 1), ("p", 24)):
        after = [step(with_parameter(system, name, sign * np.full(size, 1e-6)), state, **options) for sign in (1, -1)]
        slope = np.subtract(*(rigid.tangents(motion.state, middle) for motion in after)) / 2e-6
        np.testing.assert_allclose(by[name].sum(-1), slope, atol=2e-6 * scale, err_msg=name)


def test_a_spheres_radius_and_the_joints_curvature_enter_the_gradient():
    rng = np.random.default_rng(0)
    ball, touch = sphere(0.4, mu=0.5)
    joints = [Joint("ball", 0, 1, p_parent=[0, 0, 0.5], p_child=[0, 0, -0.5])]
    system = System([ball, Body(0.5, np.diag([0.1, 0.1, 0.02]))], touch, joints, h=0.02)
    q = np.stack([[1.0, 0, 0, 0], quaternions.from_axis([1.0, 0, 0], 0.3)])
    x = np.stack([[0, 0, 0.401], np.array([0, 0, 0.901]) + quaternions.rotation(q[1]) @ [0, 0, 0.5]])
    state = state_of(x, rng.normal(size=(2, 3)) * 0.1, q, rng.normal(size=(2, 3)), bodies=2)
    options = {"kappa": 1e-3, "btol": 1e-9, "rtol": 1e-12}
    result = derivatives(system, state, by=("state", "r"), **options)

    def after(system, state):
        problem = TimeStep(system, state, np.zeros((2, 6)))  # a shifted state is off the joint, which is allowed here
        to = problem.next(solve(problem, **options).w)
        turned = quaternions.difference(to.q, result.motion.q)
        return np.concatenate([to.x, to.v, turned, to.omega], -1).reshape(*to.x.shape[:-2], 24)

    shifts = 1e-6 * np.concatenate([np.eye(24), -np.eye(24)])
    ahead, back = np.split(after(system, moved(state, shifts)), 2)
    found = (ahead - back).T / 2e-6
    np.testing.assert_allclose(result.by["state"], found, atol=2e-6 * abs(found).max())
    found = numerical(lambda d: after(with_parameter(system, "r", d), state), np.zeros(1), 1e-6)
    np.testing.assert_allclose(result.by["r"], found, atol=2e-6 * abs(found).max())


def test_gradients_sharper_than_the_rollout_are_warned_of():
    system, state = rigid.impact()
    with pytest.warns(UserWarning, match="sharper than the rollout"):
        derivatives(system, state, kappa=1e-6, kappa_rollout=1e-4)


# claims


@pytest.mark.full  # the lesson measures them too
@pytest.mark.parametrize("part", rigid.EXPERIMENTS, ids=lambda part: part.__name__)
def test_rigid_claims_hold(part):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for claim in part(True):
            assert claim.holds, str(claim)


# bad input


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (lambda: Body(0.0, np.eye(3)), "m must be"),
        (lambda: Body(np.array([1.0, -1.0]), np.eye(3)), "m must be"),
        (lambda: Body(np.nan, np.eye(3)), "m must be"),
        (lambda: Body(1.0, np.diag([1.0, 1, -1])), "J must be symmetric"),
        (lambda: Body(1.0, np.arange(9.0).reshape(3, 3)), "J must be symmetric"),
        (lambda: Body(1.0, np.eye(2)), "J must be finite, of shape"),
        (lambda: Contact(0, np.zeros(2), 0.0, 0.5), "p must be"),
        (lambda: Contact(0, np.zeros(3), -0.1, 0.5), "r must be"),
        (lambda: Contact(0, np.zeros(3), 0.0, -0.5), "mu must be"),
        (lambda: System([]), "bodies must be at least one"),
        (lambda: System([Body(1, np.eye(3))], h=0.0), "h must be"),
        (lambda: System([Body(1, np.eye(3))], friction="glue"), "friction must be one of cone"),
        (lambda: System([Body(1, np.eye(3))], gravity=np.inf), "gravity must be"),
        (lambda: System([Body(1, np.eye(3))], [Contact(1, np.zeros(3), 0, 1)]), "a contact's body must be"),
        (
            lambda: System([Body(1, np.eye(3))], [Contact(0, np.zeros(3), 0, mu) for mu in (0, 1)]),
            "mu must be positive for all contacts, or 0 for all",
        ),
        (lambda: System([Body(1, np.eye(3))], joints=[Joint("ball", -1, 3)]), "a joint's bodies must be"),
        (lambda: System([Body(1, np.eye(3))], joints=[Joint("ball", 0, 0)]), "a joint's bodies must be two"),
        (lambda: sphere(0.0), "r must be"),
        (lambda: box((1, 1, 0)), "edges must be"),
        (lambda: variational(RACKET, np.array([0, 21.0, 0]), h=0.1), "180° a step: reduce h"),
        (lambda: variational(-RACKET, np.ones(3), h=0.1), "J must be"),
        (lambda: explicit_euler(RACKET, np.ones(2), h=0.1), "omega must be"),
        (lambda: implicit_euler(RACKET, np.ones(3), h=-0.1), "h must be"),
    ],
)
def test_bad_systems_are_refused(make, named):
    with pytest.raises(ValueError, match=named):
        make()


@pytest.mark.parametrize(
    ("state", "options", "named"),
    [
        (((0, 0, 0.2),), {}, r"inside it by 0\.3 m"),
        (((0, 0, np.nan),), {}, "x must be finite"),
        (((0, 1.0),), {}, "x must be of shape"),
        ((np.zeros((2, 3)),), {}, "x must be"),
        (((0, 0, 1.0), (0, 0, 0), (1.0, 0.1, 0, 0)), {}, "q must be of norm 1"),
        (((0, 0, 1.0), (0, 0, 0), (1.0, 0, 0, 0), (0, 0, 200.0)), {}, "180° a step: reduce h"),
        (((0, 0, 1.0),), {"kappa": 0.0}, "kappa must be"),
        (((0, 0, 1.0),), {"kappa": np.array([1e-3, np.nan])}, "kappa must be"),
        (((0, 0, 1.0),), {"rtol": 0.0}, "rtol must be"),
        (((0, 0, 1.0),), {"btol": -1.0}, "btol must be"),
        (((0, 0, 1.0),), {"ls": 1.0}, "ls must be"),
        (((0, 0, 1.0),), {"u": np.zeros(6)}, "u must be"),
    ],
)
def test_bad_steps_are_refused(state, options, named):
    body, contacts = sphere(0.5)
    system = System([body], contacts, h=0.01)
    with pytest.raises(ValueError, match=named):
        step(system, State(*state_parts(state)), **options)


def state_parts(parts):
    defaults = ((0, 0, 1.0), (0.0, 0, 0), (1.0, 0, 0, 0), (0.0, 0, 0))
    return [*parts, *defaults[len(parts) :]]


def test_bad_rollouts_and_gradients_are_refused_at_the_call():
    body, contacts = sphere(0.5)
    system = System([body], contacts, h=0.01)
    with pytest.raises(ValueError, match="kappa must be"):
        rollout(system, state_of((0, 0, 1.0)), kappa=-1.0)
    with pytest.raises(ValueError, match="inside it by"):
        rollout(system, state_of((0, 0, 0.0)))
    with pytest.raises(ValueError, match="by must be among state, u, m, mu, r, p, got 'colour'"):
        derivatives(system, state_of((0, 0, 1.0)), kappa=1e-3, by=("colour",))
    with pytest.raises(ValueError, match="joint must be that of a prismatic or revolute joint"):
        System([body], joints=[Joint("ball", -1, 0)]).coordinate(state_of((0, 0, 0)), 0)


def test_a_fast_spin_is_warned_of():
    body, contacts = sphere(0.5)
    with pytest.warns(UserWarning, match="90°"):
        step(System([body], contacts, h=0.1), state_of((0, 0, 1.0), omega=(0, 0, 15.0)))


def test_quaternions_a_hair_off_are_normalised():
    body, contacts = sphere(0.5)
    motion = step(System([body], contacts, h=0.01), state_of((0, 0, 1.0), q=(1 + 5e-7, 0, 0, 0)))
    assert np.linalg.norm(motion.q) == pytest.approx(1, abs=1e-15)


def by_hand(module, **values):
    """What the code shown at these values gives."""
    lines, _, expression = module.code(values).rpartition("\n")
    scope = {}
    exec(lines, scope)
    return eval(expression.strip(), scope)


def test_the_code_shown_finds_what_the_picture_shows(monkeypatch):
    box, central, racket, slides = (
        import_module(f"optilab.papers.dojo.explorer.{name}")
        for name in ("box", "central_path", "free_body", "sliding")
    )
    monkeypatch.setattr(box, "STEPS", 6)
    throw = {"mu": 0.333, "kappa": 1e-5, "model": "cone", "speed": 2.345, "spin": 3.21}
    np.testing.assert_allclose(
        by_hand(box, **throw)[:, 0], box.throw(**throw, progress=lambda *_: None).centre, atol=1e-12
    )

    stalled = {"kappa": 0.1, "contact": "sliding", "predictor": True, "keep": True}
    shown = central.compute(**stalled)
    np.testing.assert_array_equal([each.b_vio for each in by_hand(central, **stalled)], shown["b_vio"])

    spin = {"h": 0.15, "speed": 3.0}
    lines, _, expression = racket.code(spin).replace("    ", "").rpartition("\n")
    assert expression == "trace.energy / trace.energy[0]"
    scope = {}
    exec(lines.replace("turn a step\n", "turn a step\n    "), scope)
    np.testing.assert_array_equal(eval(expression, scope), racket.compute(**spin)["variational energy"])

    slide = {"angle": 11.0, "speed": 0.5, "mu": 1.0}
    assert by_hand(slides, **slide) == pytest.approx(heading(slides.slides(**slide)["pyramid"].x[-1]))
