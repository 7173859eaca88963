"""Quaternions, the residual of a step and what its root's derivatives are: against SciPy and central differences."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from optilab.core.run import run
from optilab.papers.dojo.algorithm import quaternion as quaternions
from optilab.papers.dojo.algorithm.gradient import BY, derivatives
from optilab.papers.dojo.algorithm.interior_point import solve
from optilab.papers.dojo.algorithm.joint import Joint
from optilab.papers.dojo.algorithm.residual import TimeStep
from optilab.papers.dojo.algorithm.shapes import box, sphere
from optilab.papers.dojo.algorithm.simulation import rollout, step
from optilab.papers.dojo.algorithm.system import Body, Contact, State, System, apart, joined, moved, state_of, tangent
from optilab.papers.dojo.experiment import rigid

KINDS = ("ball", "revolute", "prismatic", "planar", "fixed")


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


def shifted(state, delta):
    """The state to which tangents (…, 12 N) lead."""
    return apart(moved(joined(state), delta))


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


def test_a_tangent_leads_back():
    rng = np.random.default_rng(2)
    state = State(*rng.normal(size=(2, 5, 2, 3)), unit(rng, 5, 2), rng.normal(size=(5, 2, 3)))
    xi = rng.normal(size=(5, 24)) / 4
    np.testing.assert_allclose(tangent(moved(joined(state), xi), joined(state)), xi, atol=1e-13)


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
    moves = {
        "state": (24, lambda d: TimeStep(system, shifted(state, d), u)),
        "u": (12, lambda d: TimeStep(system, state, u + d.reshape(2, 6))),
    }
    for name, size in (("m", 2), ("mu", 3), ("r", 3), ("p", 9)):
        moves[name] = (size, lambda d, name=name: TimeStep(with_parameter(system, name, d), state, u))
    assert set(moves) == set(BY)
    for name, (size, at) in moves.items():
        found = numerical(lambda d, at=at: at(d).equalities(w), np.zeros(size))
        np.testing.assert_allclose(BY[name](problem, w), found, atol=2e-8, err_msg=name)


def test_a_batch_of_residuals_is_that_of_its_members():
    rng = np.random.default_rng(1)
    problem = tangle("prismatic", "cone", rng)
    w = rng.normal(size=(3, problem.free + 2 * problem.cones.size))
    for of in (problem.equalities, problem.jacobian, *(partial(by, problem) for by in BY.values())):
        np.testing.assert_allclose(of(w), np.stack([of(each) for each in w]), atol=1e-13)


# contact


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
    by = derivatives(system, state, by=BY, **options).by
    found = rigid.differences(system, state, delta=1e-5, **options)
    scale = abs(by["state"]).max()
    np.testing.assert_allclose(np.concatenate([by["state"], by["u"]], -1), found["state and u"], atol=2e-6 * scale)
    np.testing.assert_allclose(by["mu"].sum(-1), found["mu"], atol=1e-7)
    middle = joined(step(system, state, **options).state)
    for name, size in (("m", 1), ("p", 24)):
        after = [step(with_parameter(system, name, sign * np.full(size, 1e-6)), state, **options) for sign in (1, -1)]
        slope = np.subtract(*(tangent(joined(motion.state), middle) for motion in after)) / 2e-6
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
        return tangent(joined(problem.next(solve(problem, **options).w).state), joined(result.motion.state))

    shifts = 1e-6 * np.concatenate([np.eye(24), -np.eye(24)])
    ahead, back = np.split(after(system, shifted(state, shifts)), 2)
    found = (ahead - back).T / 2e-6
    np.testing.assert_allclose(result.by["state"], found, atol=2e-6 * abs(found).max())
    found = numerical(lambda d: after(with_parameter(system, "r", d), state), np.zeros(1), 1e-6)
    np.testing.assert_allclose(result.by["r"], found, atol=2e-6 * abs(found).max())


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
        (lambda: Contact(0.5, np.zeros(3), 0.0, 0.5), "body must be the whole number of a body"),
        (lambda: Contact(-1, np.zeros(3), 0.0, 0.5), "body must be the whole number of a body"),
        (lambda: System([]), "bodies must be at least one"),
        (lambda: System([Body(1, np.eye(3))], h=0.0), "h must be"),
        (lambda: System([Body(1, np.eye(3))], friction="glue"), "friction must be one of cone"),
        (lambda: System([Body(1, np.eye(3))], [Contact(1, np.zeros(3), 0, 1)]), "a contact's body must be"),
        (
            lambda: System([Body(1, np.eye(3))], [Contact(0, np.zeros(3), 0, mu) for mu in (0, 1)]),
            "mu must be positive for all contacts, or 0 for all",
        ),
        (lambda: System([Body(1, np.eye(3))], joints=[Joint("ball", -1, 3)]), "a joint's bodies must be"),
        (lambda: System([Body(1, np.eye(3))], joints=[Joint("ball", 0, 0)]), "a joint's bodies must be two"),
        (lambda: sphere(0.0), "r must be"),
        (lambda: box((1, 1, 0)), "edges must be"),
    ],
)
def test_bad_systems_are_refused(make, named):
    with pytest.raises(ValueError, match=named):
        make()


@pytest.mark.parametrize(
    ("state", "options", "named"),
    [
        ({"x": (0, 0, 0.2)}, {}, r"inside it by 0\.3 m"),
        ({"x": (0, 0, np.nan)}, {}, "x must be finite"),
        ({"x": (0, 1.0)}, {}, "x must be of shape"),
        ({"x": np.zeros((2, 3))}, {}, "x must be"),
        ({"q": (1.0, 0.1, 0, 0)}, {}, "q must be of norm 1"),
        ({"omega": (0, 0, 200.0)}, {}, "180° a step: reduce h"),
        ({}, {"kappa": 0.0}, "kappa must be"),
        ({}, {"rtol": 0.0}, "rtol must be"),
        ({}, {"btol": -1.0}, "btol must be"),
        ({}, {"fraction": 1.0}, "fraction must be"),
        ({}, {"primals": 0.0}, "primals must be"),
        ({}, {"u": np.zeros(6)}, "u must be"),
    ],
)
def test_bad_steps_are_refused(state, options, named):
    body, contacts = sphere(0.5)
    high = {"x": (0, 0, 1.0), "v": (0.0, 0, 0), "q": (1.0, 0, 0, 0), "omega": (0.0, 0, 0)}
    with pytest.raises(ValueError, match=named):
        step(System([body], contacts, h=0.01), State(**high | state), **options)


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
