"""Cones, and the interior-point method on them: against roots found otherwise, where it stalls, jams and is lost."""

import numpy as np
import pytest
import scipy.optimize
from hypothesis import given
from hypothesis import strategies as st

from optilab.core.run import run
from optilab.papers.dojo.algorithm.cones import Cones, arrow, jordan, orthant_step_length, soc_step_length
from optilab.papers.dojo.algorithm.interior_point import interior_point, solve
from optilab.papers.dojo.algorithm.residual import TimeStep
from optilab.papers.dojo.algorithm.shapes import box
from optilab.papers.dojo.algorithm.simulation import NotConvergedError, rollout, step
from optilab.papers.dojo.algorithm.system import Body, Contact, State, System, state_of
from optilab.papers.dojo.experiment import rigid

NO_INPUT = np.zeros((1, 6))


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
    np.testing.assert_allclose(np.matvec(arrow(a), b), jordan(a, b), atol=1e-14)
    np.testing.assert_allclose(jordan(a, b), jordan(b, a), atol=1e-14)
    cones = Cones(np.array([0, 4]), np.array([[1, 2, 3], [5, 6, 7]]))
    x, y = rng.normal(size=(2, 3, 8))
    np.testing.assert_array_equal(cones.product(x, cones.neutral), x)
    np.testing.assert_allclose(np.matvec(cones.arrow(x), y), cones.product(x, y), atol=1e-14)
    assert (cones.size, cones.degree) == (8, 4)


def test_the_start_is_shifted_inside_and_from_the_neutral_one_to_one_and_a_half():
    cones = Cones(np.array([0]), np.array([[1, 2, 3]]))
    s, g = cones.shifted(cones.neutral, cones.neutral)
    np.testing.assert_allclose(s, 1.5 * cones.neutral)
    np.testing.assert_allclose(g, 1.5 * cones.neutral)
    s, g = cones.shifted(np.array([-1.0, 0.2, 1, 0]), np.array([1.0, 1, 0, 0]))
    assert cones.least_eigenvalue(s) > 0 < cones.least_eigenvalue(g)


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
    _, _, primals, duals = system.parts(motion.w)
    multipliers = system.of_contacts(primals)
    b = multipliers[..., 2:]
    assert (np.linalg.norm(b, axis=-1) <= multipliers[..., 1]).all()
    np.testing.assert_allclose(multipliers[..., 1], 0.4 * multipliers[..., 0], atol=1e-8)
    sliding = system.of_contacts(duals)[..., 2:]
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
