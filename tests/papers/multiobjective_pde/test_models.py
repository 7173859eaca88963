import numpy as np
import pytest
from scipy.optimize import minimize

from optilab.papers.multiobjective_pde import algorithm as alg
from optilab.papers.multiobjective_pde.problems import random_targets, standard


def rng(seed=0):
    return np.random.default_rng(seed)


def smooth_control(model, seed=0):
    """A control whose state has both signs and no node near 0."""
    generator = rng(seed)
    while True:
        q = 20 * generator.normal(size=8)
        y = model.state(q)
        if abs(y).min() > 1e-3 and (y > 0).any() and (y < 0).any():
            return q


@pytest.mark.parametrize("problem", [standard(1e-3), standard(1e-3, psi=0.05, gamma=30.0)])
def test_gradients_and_hessians_are_those_of_differences(problem):
    model = alg.FullModel(problem)
    q = smooth_control(model)
    J, G, H = model.piece(q)
    same_J, same_G = model.gradients(q)
    np.testing.assert_allclose(J, same_J, rtol=1e-12)
    np.testing.assert_allclose(G, same_G, rtol=1e-10, atol=1e-14)
    steps = 1e-4 * np.eye(8)
    slopes = np.array([(model.values(q + d) - model.values(q - d)) / 2e-4 for d in steps]).T
    bends = np.stack([(model.gradients(q + d)[1] - model.gradients(q - d)[1]) / 2e-4 for d in steps], -1)
    np.testing.assert_allclose(G, slopes, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(H, bends, rtol=1e-5, atol=1e-8)


def test_solves_are_counted_by_kind_and_states_start_from_the_last():
    model = alg.FullModel(standard())
    q = np.full(8, 5.0)
    model.gradients(q)
    first = model.solves["state"]
    assert first >= 2
    assert model.solves["adjoint"] == 2
    model.gradients(q + 1e-6)
    assert model.solves["state"] == first + 1
    model.piece(q)
    assert model.solves["sensitivity"] == 8
    assert model.total == sum(model.solves.values())


def test_without_a_kink_the_front_is_that_of_linear_systems():
    problem = standard(kappa=0.0)
    pde, model = problem.pde, alg.FullModel(problem)
    S = np.linalg.solve(pde.A.toarray(), pde.matrix)
    for alpha in (1.0, 0.6, 0.0):
        target = alpha * problem.targets[0] + (1 - alpha) * problem.targets[1]
        exact = np.linalg.solve(S.T @ S * pde.h + 1e-4 * problem.M, pde.h * S.T @ target)
        for minimise in (alg.newton, alg.quasi_newton):
            found = minimise(model, alg.Weighted(np.array([alpha, 1 - alpha])), np.zeros(8))
            np.testing.assert_allclose(found.q, exact, rtol=1e-4, atol=1e-5)
            assert found.status == "ok"


def test_both_minimisers_agree_with_a_third():
    problem = random_targets(rng(2))
    model = alg.FullModel(problem)
    for scalarisation in (alg.Weighted(np.array([0.6, 0.4])), alg.Reference(np.array([0.0, 0.0]))):
        third = minimize(
            lambda q, s=scalarisation: s.value(model.values(q)), np.zeros(8), method="BFGS", options={"gtol": 1e-9}
        ).fun
        for minimise in (alg.newton, alg.quasi_newton):
            found = minimise(model, scalarisation, np.zeros(8))
            assert scalarisation.value(found.J) == pytest.approx(third, rel=1e-6)
            assert scalarisation.value(found.J) <= third * (1 + 1e-9)


def test_the_ends_of_the_standard_front():
    for minimise in (alg.newton, alg.quasi_newton):
        first, last = alg.ends(alg.FullModel(standard()), minimise)
        np.testing.assert_allclose(first.J, [0.01663, 0.08130], atol=5e-6)
        np.testing.assert_allclose(last.J, [0.10394, 0.00569], atol=5e-6)


def test_a_minimiser_on_a_kink_has_that_status():
    kinks = 0
    for seed in range(30):
        model = alg.FullModel(random_targets(rng(seed)))
        for point in alg.weighted_sum(model, np.zeros(8), alphas=np.linspace(1, 0, 16)):
            if point.status == "kink":
                kinks += 1
                assert abs(model.state(point.q)).min() < 1e-5
                assert point.gradient < 1e-3
            else:
                assert point.gradient <= 1e-10
    assert kinks > 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: alg.newton(m, alg.Weighted(np.array([0.5, 0.5])), np.zeros(7)), "the shape of q must be"),
        (lambda m: alg.Weighted(np.array([0.7, 0.7])), "alpha must be nonnegative with sum 1"),
        (lambda m: alg.Weighted(np.array([1.5, -0.5])), "alpha must be nonnegative with sum 1"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call(alg.FullModel(standard()))
