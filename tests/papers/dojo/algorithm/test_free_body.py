"""A spinning body: the engine's, its invariants, and the orders of three integrators."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from optilab.core.run import run
from optilab.papers.dojo.algorithm.free_body import explicit_euler, implicit_euler, variational
from optilab.papers.dojo.algorithm.simulation import rollout
from optilab.papers.dojo.algorithm.system import Body, System, state_of
from optilab.papers.dojo.experiment import rigid

RACKET = rigid.RACKET


def test_the_free_body_is_the_engines():
    rng = np.random.default_rng(0)
    a = rng.normal(size=(3, 3))
    J, omega = a @ a.T + np.eye(3), 2 * rng.normal(size=3)
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


def test_what_fails_is_marked_and_leaves_the_others_alone():
    omega = np.array([[0.01, 2.0, 0.01], [3.0, 13.0, 3.0]])
    trace = run(variational(RACKET, omega, h=0.1), 40)
    assert (~trace.converged[-1]).tolist() == np.isfinite(trace.diverged).tolist() == [False, True]
    np.testing.assert_array_equal(trace.omega[:, 0], run(variational(RACKET, omega[0], h=0.1), 40).omega)


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (lambda: variational(RACKET, np.array([0, 21.0, 0]), h=0.1), "180° a step: reduce h"),
        (lambda: variational(-RACKET, np.ones(3), h=0.1), "J must be"),
        (lambda: explicit_euler(RACKET, np.ones(2), h=0.1), "omega must be"),
        (lambda: implicit_euler(RACKET, np.ones(3), h=-0.1), "h must be"),
    ],
)
def test_bad_spins_are_refused(make, named):
    with pytest.raises(ValueError, match=named):
        make()
