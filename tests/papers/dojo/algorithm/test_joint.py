"""Joints, limits, springs and dampers: closed forms, conservation, what stays closed and what stays free."""

import numpy as np
import pytest

from optilab.core.run import run
from optilab.papers.dojo.algorithm import Body, Joint, State, System, rollout, state_of, step
from optilab.papers.dojo.algorithm.joint import relative
from optilab.papers.dojo.algorithm.quaternion import difference, from_axis, momentum, product, rotation

FREE = {"ball": 3, "revolute": 1, "prismatic": 1, "planar": 3, "fixed": 0}
UP, SIDE = np.array([0.0, 0, 1]), np.array([0.0, 1, 0])
PLATE = np.diag([0.2, 0.3, 0.4])


def states_of(trace):
    return State(*(getattr(trace, name) for name in State._fields))


def slider(h=0.01, gravity=9.81, m=2.0, **extras):
    """A body on a vertical rail."""
    return System([Body(m, PLATE)], joints=[Joint("prismatic", -1, 0, axis=UP, **extras)], h=h, gravity=gravity)


def closed_pair(kind, rng):
    """Two free bodies with a joint between them, closed, moving at random."""
    joint = Joint(kind, 0, 1, *rng.normal(size=(3, 3)))
    system = System([Body(1.5, PLATE), Body(0.8, 0.5 * PLATE)], joints=[joint], h=0.01, gravity=0.0)
    q = rng.normal(size=4)
    qa = q / np.linalg.norm(q)
    Ra = rotation(qa)
    x = np.stack([rng.normal(size=3), np.zeros(3)])
    x[1] = x[0] + Ra @ joint.p_parent - Ra @ joint.p_child
    return system, state_of(x, rng.normal(size=(2, 3)), np.stack([qa, qa]), rng.normal(size=(2, 3)), bodies=2)


@pytest.mark.parametrize("kind", FREE)
def test_joints_stay_closed_and_momentum_stays(kind):
    system, start = closed_pair(kind, np.random.default_rng(0))
    trace = run(rollout(system, start, rtol=1e-12), 25)
    # the start's velocities may point out of the joint: the first step takes that out
    assert abs(system.joint_error(states_of(trace))).max() < 1e-11
    p = (system.m[:, None] * trace.v).sum(-2)
    np.testing.assert_allclose(p, p[:1] + np.zeros((26, 1)), atol=1e-10)
    own = rotation(trace.q) @ momentum(system.J, trace.omega, system.h, -1.0)[..., None]
    L = (np.cross(trace.x, system.m[:, None] * trace.v) + own[..., 0]).sum(-2)
    np.testing.assert_allclose(L, L[:1] + np.zeros((26, 1)), atol=1e-10)
    moved = difference(trace.q[-1, 1], product(trace.q[-1, 0], np.array([1.0, 0, 0, 0])))
    assert (np.linalg.norm(moved) > 1e-2) == (kind not in ("fixed", "prismatic"))


@pytest.mark.parametrize(("kind", "free"), FREE.items())
def test_a_joint_leaves_the_freedom_that_it_should(kind, free):
    system, start = closed_pair(kind, np.random.default_rng(1))
    joint = system.joints[0]
    jacobian = joint.rows @ relative(joint, start.x, start.q).jacobian
    assert np.linalg.matrix_rank(jacobian) == len(joint.rows) == 6 - free == system.constraints


def test_the_angle_of_a_revolute_and_the_way_of_a_prismatic_joint():
    turned = State(*(part[None] for part in (np.zeros(3), np.zeros(3), from_axis(SIDE, 0.7), np.zeros(3))))
    hinge = System([Body(1, PLATE)], joints=[Joint("revolute", -1, 0, axis=SIDE)])
    assert hinge.coordinate(turned, 0) == pytest.approx(0.7)
    assert slider().coordinate(state_of((0, 0, 0.3)), 0) == pytest.approx(0.3)


def test_a_pendulum_swings_with_the_period_of_its_inertia():
    """Physical pendulum: T = 2π √((J + m l²)/(m g l)) for small angles."""
    length, amplitude = 0.5, 0.02
    hinge = Joint("revolute", -1, 0, axis=SIDE, p_child=length * UP)
    system = System([Body(1.0, PLATE)], joints=[hinge], h=0.02)
    q = from_axis(SIDE, amplitude)
    start = state_of(-rotation(q) @ (length * UP), q=q)
    period = 2 * np.pi * np.sqrt((PLATE[1, 1] + length**2) / (9.81 * length))
    trace = run(rollout(system, start, rtol=1e-12), round(period / 0.02))
    angle = system.coordinate(states_of(trace), 0)
    crossings = np.flatnonzero(np.diff(np.sign(angle)))
    times = (crossings + angle[crossings] / (angle[crossings] - angle[crossings + 1])) * 0.02
    assert 2 * (times[1] - times[0]) == pytest.approx(period, rel=1e-3)
    assert abs(trace.x[:, 0, 1]).max() < 1e-12


def test_a_spring_oscillates_with_its_frequency_and_keeps_its_amplitude():
    k, m, rest = 50.0, 2.0, 0.1
    system = slider(h=0.02, gravity=0.0, spring=k, rest=rest)
    period = 2 * np.pi * np.sqrt(m / k)
    steps = round(3.2 * period / 0.02)
    c = system.coordinate(states_of(run(rollout(system, state_of((0, 0, 0.3)), rtol=1e-12), steps)), 0) - rest
    tops = np.flatnonzero((c[1:-1] > c[:-2]) & (c[1:-1] > c[2:])) + 1
    assert (tops[-1] - tops[0]) * 0.02 / (len(tops) - 1) == pytest.approx(period, rel=0.01)
    assert c[tops].min() == pytest.approx(0.2, rel=0.01)


def test_a_damper_takes_its_share_of_the_speed_each_step():
    c, m, h = 3.0, 2.0, 0.05
    system = slider(h=h, gravity=0.0, damper=c)
    trace = run(rollout(system, state_of((0, 0, 0), (0, 0, 1.0)), rtol=1e-12), 20)
    np.testing.assert_allclose(trace.v[:, 0, 2], (1 + c * h / m) ** -np.arange(21.0), rtol=1e-10)


def test_a_hinge_has_spring_and_damper_too():
    hinge = Joint("revolute", -1, 0, axis=UP, damper=0.2)
    system = System([Body(1.0, PLATE)], joints=[hinge], h=0.02, gravity=0.0)
    trace = run(rollout(system, state_of((0, 0, 0), omega=(0, 0, 1.0)), rtol=1e-12), 10)
    # about a principal axis (h/2) s J ω is J sin(θ)/h with θ/2 = arcsin(hω/2): nearly J ω
    np.testing.assert_allclose(trace.omega[:, 0, 2], (1 + 0.2 * 0.02 / 0.4) ** -np.arange(11.0), rtol=1e-4)


def test_a_body_rests_on_its_lower_limit_with_the_gap_of_the_central_path():
    m, h, kappa = 2.0, 0.05, np.array([1e-4, 1e-6])
    system = slider(h=h, m=m, limits=(-0.2, 0.3))
    trace = run(rollout(system, state_of((0, 0, 0), (0, 0, 2.0)), kappa=kappa, btol=1e-4), 40)
    c = system.coordinate(states_of(trace), 0)
    assert (c > -0.2).all()
    assert (c < 0.3).all()
    assert (c.max(0) > 0.1).all()
    np.testing.assert_allclose(c[-1] + 0.2, kappa / (m * 9.81 * h), rtol=1e-2)
    upper, lower = system.parts(trace.w[-1])[2].T
    np.testing.assert_allclose(lower, m * 9.81 * h, rtol=1e-3)
    assert (upper < 1e-3).all()


def test_a_hinge_stops_at_its_upper_limit():
    system = System(
        [Body(1.0, PLATE)], joints=[Joint("revolute", -1, 0, axis=UP, limits=(-1.0, 0.5))], h=0.02, gravity=0.0
    )
    trace = run(rollout(system, state_of((0, 0, 0), omega=(0, 0, 2.0)), kappa=1e-8), 25)
    c = system.coordinate(states_of(trace), 0)
    assert c.max() < 0.5
    assert c[-1] == pytest.approx(0.5, abs=1e-2)
    assert abs(trace.omega[-1, 0, 2]) < 1e-2


def test_a_planar_joint_lets_slide_and_turn_in_its_plane_only():
    system = System([Body(1.0, PLATE)], joints=[Joint("planar", -1, 0, axis=SIDE)], h=0.02)
    trace = run(rollout(system, state_of((0, 0, 1.0), (1.0, 0, 0), omega=(0, 3.0, 0)), rtol=1e-12), 25)
    np.testing.assert_allclose(trace.v[-1, 0], [1.0, 0, -9.81 * 0.5], atol=1e-9)
    np.testing.assert_allclose(trace.omega[-1, 0], [0, 3.0, 0], atol=1e-9)


def test_a_body_fixed_to_the_world_stays_and_carries_its_weight():
    system = System([Body(2.0, PLATE)], joints=[Joint("fixed", -1, 0)], h=0.05)
    trace = run(rollout(system, state_of((0, 0, 0)), rtol=1e-12), 5)
    np.testing.assert_allclose(trace.x, 0, atol=1e-14)
    assert system.parts(trace.w[-1])[1][:3] == pytest.approx([0, 0, 2 * 9.81 * 0.05])


def test_two_bodies_fixed_to_each_other_spin_as_one():
    """The pair of equal point-like rods turns as one body with the inertia of both about their centre."""
    half = np.array([0.5, 0, 0])
    system = System(
        [Body(1.0, 0.01 * np.eye(3))] * 2,
        joints=[Joint("fixed", 0, 1, p_parent=half, p_child=-half)],
        h=0.01,
        gravity=0,
    )
    omega = np.array([0, 0, 2.0])
    start = state_of([-half, half], [np.cross(omega, -half), np.cross(omega, half)], omega=[omega, omega], bodies=2)
    trace = run(rollout(system, start, rtol=1e-12), 40)
    np.testing.assert_allclose(trace.omega[-1], [omega, omega], rtol=2e-4, atol=1e-9)
    np.testing.assert_allclose(np.linalg.norm(trace.x[:, 0] - trace.x[:, 1], axis=-1), 1.0, atol=1e-11)


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (lambda: Joint("glue", -1, 0), "kind must be one of ball"),
        (lambda: Joint("ball", -1, 0.5), "child must be the whole number of a body"),
        (lambda: Joint("revolute", -1, 0, axis=[0, 0, 0]), "axis must be a direction"),
        (lambda: Joint("ball", -1, 0, p_child=[0, 0]), "p_child must be three finite"),
        (lambda: Joint("ball", -1, 0, p_parent=[0, 0, np.nan]), "p_parent must be three finite"),
        (lambda: Joint("prismatic", -1, 0, limits=(1.0, 0.0)), "limits must be low < high"),
        (lambda: Joint("prismatic", -1, 0, limits=(0.0, np.inf)), "both finite or neither"),
        (lambda: Joint("revolute", -1, 0, limits=(0.0, 4.0)), "angles between −π and π"),
        (lambda: Joint("ball", -1, 0, spring=1.0), "prismatic or revolute where there are limits"),
        (lambda: Joint("prismatic", -1, 0, spring=-1.0), "spring must be"),
    ],
)
def test_bad_joints_are_refused(make, named):
    with pytest.raises(ValueError, match=named):
        make()


def test_open_and_redundant_joints_are_named():
    body = Body(1.0, PLATE)
    with pytest.raises(ValueError, match="the ball joint of body 0 with the world is closed"):
        step(System([body], joints=[Joint("ball", -1, 0)]), state_of((0, 0, 1.0)))
    twice = System([body], joints=[Joint("fixed", -1, 0), Joint("revolute", -1, 0, axis=SIDE)])
    with pytest.raises(ValueError, match="one is redundant, got 'the revolute joint of body 0 with the world'"):
        step(twice, state_of((0, 0, 0)))
    with pytest.raises(ValueError, match="one is redundant"):
        rollout(twice, state_of((0, 0, 0)))
    outside = slider(limits=(-0.2, 0.3))
    with pytest.raises(ValueError, match="within the limits of the prismatic joint"):
        step(outside, state_of((0, 0, 0.5)))
