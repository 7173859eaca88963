from itertools import islice

import numpy as np
import pytest
from scipy.optimize import root

from optilab.core.run import run
from optilab.papers.multiobjective_pde import algorithm as alg
from optilab.papers.multiobjective_pde.problems import MaxPDE, sine


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("dim", [1, 2])
def test_the_state_is_that_of_another_solver(seed, dim):
    pde = MaxPDE(6, dim, 30.0)
    u = 50 * np.random.default_rng(seed).normal(size=pde.N)
    A = pde.A.toarray()
    found = root(lambda y: A @ y + 30 * np.maximum(0, y) - u, np.linalg.solve(A, u), tol=1e-13)
    y, _ = alg.solve_state(pde, u)
    np.testing.assert_allclose(y, found.x, atol=1e-9)


def test_each_step_is_newton_s_with_the_matrix_written_out():
    pde = MaxPDE(4, 2, 20.0)
    u, y0 = np.random.default_rng(0).normal(size=(2, 16))
    A = pde.A.toarray()
    states = list(alg.semismooth_newton(pde, 100 * u, y0))
    y = y0
    for state in states[1:]:
        D = np.diag((y > 0) * 1.0)
        y = y - np.linalg.solve(A + 20 * D, A @ y + 20 * np.maximum(0, y) - 100 * u)
        np.testing.assert_allclose(state.y, y, atol=1e-12)
        assert state.residual == pytest.approx(0.2 * np.linalg.norm(A @ y + 20 * np.maximum(0, y) - 100 * u), abs=1e-10)
    assert states[-1].residual <= states[-1].limit


def test_it_stops_when_the_positive_set_has_stopped_changing():
    pde = MaxPDE(15, 2, 100.0)
    states = list(alg.semismooth_newton(pde, 100 * sine(pde, 2, 1)))
    sets = [tuple(state.y > 0) for state in states]
    assert sets[-1] == sets[-2]
    assert len(set(sets[:-1])) == len(sets) - 1
    residuals = [float(state.residual) for state in states]
    assert residuals[:2] == pytest.approx([50, 72.43], abs=0.01)  # it may rise once
    assert residuals[-1] < 1e-11


@pytest.mark.parametrize(("kappa", "steps"), [(1.0, {3}), (10.0, {3}), (100.0, {3, 4}), (1000.0, {5, 6})])
def test_the_number_of_steps_hardly_depends_on_kappa_and_mesh(kappa, steps):
    for n in (15, 31):
        pde = MaxPDE(n, 2, kappa)
        assert alg.solve_state(pde, 100 * sine(pde, 2, 1))[1] in steps  # on the middle line the sign of y is rounding


def test_the_fixed_point_goes_where_newton_goes_or_alternates():
    for kappa in (10.0, 19.0, 21.0):
        pde = MaxPDE(15, 2, kappa)
        u = 100 * sine(pde, 1, 1)
        trace = run(alg.fixed_point(pde, u), 2000)
        if kappa < pde.smallest:
            np.testing.assert_allclose(trace.y[-1], alg.solve_state(pde, u)[0], atol=1e-6)
            assert alg.contraction(pde) < 1
        else:
            assert len(trace.step) == 2001
            np.testing.assert_allclose(trace.y[-1], trace.y[-3], atol=1e-9)
            assert abs(trace.y[-1] - trace.y[-2]).max() > 0.1
            assert abs(trace.y[-1]).max() < 10


def test_a_step_of_the_fixed_point_written_out():
    pde = MaxPDE(5, 1, 3.0)
    u, y = np.random.default_rng(1).normal(size=(2, 5))
    _, after = islice(alg.fixed_point(pde, u, y), 2)
    np.testing.assert_allclose(after.y, np.linalg.solve(pde.A.toarray(), u - 3 * np.maximum(0, y)))


def test_what_does_not_converge_says_so_with_its_residuals():
    pde = MaxPDE(15, 2, 1000.0)
    with pytest.raises(alg.NotConvergedError, match="did not converge: after 2 steps") as caught:
        alg.solve_state(pde, 100 * sine(pde, 2, 1), maxit=2)
    assert len(caught.value.residuals) == 3
    assert np.isfinite(caught.value.residuals).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda p: alg.semismooth_newton(p, np.zeros(4)), "the shape of u must be"),
        (lambda p: alg.semismooth_newton(p, np.zeros((2, 5))), "the shape of u must be"),
        (lambda p: alg.semismooth_newton(p, np.zeros(5), np.zeros(6)), "the shape of y must be"),
        (lambda p: alg.semismooth_newton(p, np.zeros(5), tol=0.0), "tol must be positive"),
        (lambda p: alg.solve_state(p, np.zeros(5), maxit=0), "maxit must be"),
        (lambda p: alg.fixed_point(p, np.zeros(5), tol=-1.0), "tol must be positive"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call(MaxPDE(5))
