"""Entropic and exact transport against POT, their definitions and exact limits."""

import numpy as np
import ot
import pytest

from optilab.classics.exact_transport import exact_transport
from optilab.classics.sinkhorn import entropic_plan, sinkhorn, sinkhorn_scaling, solve_sinkhorn
from optilab.core.run import run
from optilab.problems.transport import Transport, bumps, palettes, random_bumps


@pytest.mark.parametrize("problem", [bumps(), palettes(3, 12)], ids=["bumps", "palettes"])
def test_the_exact_plan_is_the_peer_s(problem):
    found = exact_transport(problem)
    assert found.value == pytest.approx(ot.emd2(problem.a, problem.b, problem.C), abs=1e-12)
    assert problem(found.T) == pytest.approx(float(found.value), abs=1e-12)
    assert problem.row_error(found.T) < 1e-12
    assert problem.column_error(found.T) < 1e-12
    assert np.count_nonzero(found.T) <= problem.m + problem.n - 1
    slack = problem.C - found.alpha[:, None] - found.beta  # weak duality with equal values: both are optimal
    assert slack.min() > -1e-10
    assert found.alpha @ problem.a + found.beta @ problem.b == pytest.approx(float(found.value), abs=1e-12)


def test_the_exact_plan_of_two_points_is_the_obvious_one():
    found = exact_transport(Transport(np.array([0.3, 0.7]), np.array([0.6, 0.4]), np.array([[0.0, 1], [1, 0]])))
    np.testing.assert_allclose(found.T, [[0.3, 0], [0.3, 0.4]], atol=1e-12)


def test_exact_transport_takes_one_instance():
    with pytest.raises(ValueError, match="one instance"):
        exact_transport(random_bumps(range(2)))


@pytest.mark.parametrize("epsilon", [0.02, 0.1])
def test_sinkhorn_is_the_peer_s(epsilon):
    problem = bumps()
    ours = solve_sinkhorn(problem, epsilon=epsilon, tolerance=1e-12)
    peer = ot.sinkhorn(
        problem.a, problem.b, problem.C, epsilon, method="sinkhorn_log", stopThr=1e-13, numItermax=20_000
    )
    np.testing.assert_allclose(ours, peer, rtol=1e-6, atol=1e-12)


def test_a_batch_of_sinkhorns_is_its_replicates():
    problem, epsilon = random_bumps(range(3)), np.array([0.05, 0.1, 0.3])
    together = run(sinkhorn(problem, epsilon=epsilon), 20)
    for i in range(3):
        alone = run(sinkhorn(Transport(problem.a[i], problem.b[i], problem.C[i]), epsilon=epsilon[i]), 20)
        for name in ("f", "g", "error"):
            np.testing.assert_allclose(getattr(together, name)[:, i], getattr(alone, name), rtol=1e-12, atol=1e-15)


def test_one_instance_takes_several_epsilons():
    problem = bumps()
    T = solve_sinkhorn(problem, epsilon=np.array([0.1, 0.5]))
    np.testing.assert_allclose(T[1], solve_sinkhorn(problem, epsilon=0.5), atol=1e-9)


def test_sinkhorn_s_row_error_is_its_plan_s_and_its_columns_are_exact():
    problem = bumps()
    trace = run(sinkhorn(problem, epsilon=0.05), 7)
    T = entropic_plan(problem, trace.f, trace.g, 0.05)
    np.testing.assert_allclose(abs(T.sum(-1) - problem.a).sum(-1), trace.error, rtol=1e-10)
    np.testing.assert_allclose(T[1:].sum(-2), np.tile(problem.b, (7, 1)), rtol=1e-12)


def test_both_domains_agree_until_the_kernel_underflows():
    problem = bumps()
    log = run(sinkhorn(problem, epsilon=0.05), 30)
    plain = run(sinkhorn_scaling(problem, epsilon=0.05), 30)
    K = np.exp(-problem.C / 0.05)
    np.testing.assert_allclose(
        plain.u[-1][:, None] * K * plain.v[-1], entropic_plan(problem, log.f[-1], log.g[-1], 0.05), rtol=1e-9
    )
    assert np.isfinite(run(sinkhorn_scaling(problem, epsilon=5e-4), 500).u).all()
    assert run(sinkhorn_scaling(problem, epsilon=2e-4), 500).diverged < 500
    assert np.isfinite(run(sinkhorn(problem, epsilon=2e-4), 500).g).all()


def test_a_source_without_mass_gets_an_empty_row():
    problem = Transport(np.array([0.0, 0.4, 0.6]), np.array([0.5, 0.5]), np.array([[0.1, 0], [1, 2], [0.3, 0.1]]))
    T = solve_sinkhorn(problem, epsilon=0.1)
    assert (T[0] == 0).all()
    assert problem.row_error(T) < 1e-9
    trace = run(sinkhorn(problem, epsilon=0.1), 50)
    assert trace.diverged == np.inf
    assert np.isneginf(trace.f[1:, 0]).all()
    assert trace.error[-1] < 1e-9


def test_the_entropic_cost_tends_to_the_exact_one():
    problem = bumps()
    exact = exact_transport(problem).value
    costs = problem(solve_sinkhorn(problem, epsilon=np.array([0.3, 0.1, 0.03, 0.01]), tolerance=1e-8))
    assert (np.diff(costs) < 0).all()
    assert exact < costs[-1] < exact + 0.01


@pytest.mark.parametrize("method", [sinkhorn, sinkhorn_scaling])
@pytest.mark.parametrize("epsilon", [0.0, -1.0, np.nan, np.inf])
def test_epsilon_must_be_positive(method, epsilon):
    with pytest.raises(ValueError, match="epsilon must be positive"):
        method(bumps(), epsilon=epsilon)


def test_steps_must_not_be_negative():
    with pytest.raises(ValueError, match="steps"):
        solve_sinkhorn(bumps(), epsilon=0.1, steps=-1)
