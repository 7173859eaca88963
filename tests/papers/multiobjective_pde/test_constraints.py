from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize

from optilab.papers.multiobjective_pde import algorithm as alg
from optilab.papers.multiobjective_pde.experiment.additions import ALPHA, off_difference, violations
from optilab.papers.multiobjective_pde.problems import Heat, standard


def test_the_violation_falls_as_the_penalty_grows():
    psi, found = violations()
    assert psi == pytest.approx(0.18231, abs=1e-5)
    assert found == pytest.approx([5.2e-2, 1.5e-2, 2.9e-3, 6.1e-4, 1.1e-4, 1.1e-5, 1.1e-6], rel=0.03)


def test_each_penalised_minimiser_is_that_of_another_solver():
    problem, psi = standard(), 0.18231
    for state in list(alg.moreau_yosida(problem, np.zeros(8), alpha=ALPHA, psi=psi, gammas=(1.0, 30.0))):
        model = alg.FullModel(replace(problem, psi=psi, gamma=state.gamma))
        third = minimize(lambda q, m=model: ALPHA @ m.values(q), state.q + 0.1, method="BFGS", options={"gtol": 1e-10})
        assert ALPHA @ model.values(state.q) == pytest.approx(third.fun, rel=1e-7)
        np.testing.assert_allclose(state.J, alg.FullModel(problem).values(state.q), rtol=1e-10)
        assert state.violation == pytest.approx((state.y - psi).max())


def test_the_gradient_by_switching_times():
    gradient = alg.switching_gradients(Heat(), np.array([0.05, 0.15]))
    assert gradient[0] == pytest.approx([-1.308628, 3.508571], abs=1e-6)
    assert gradient[1].tolist() == [-1, 1]
    for tau in np.sort(np.random.default_rng(0).uniform(0.01, 0.19, (10, 2))):
        assert off_difference(tau) < 5e-8


def test_the_switching_front_is_that_of_a_grid():
    heat, grid = Heat(15), np.linspace(0, 0.2, 121)
    pairs = [(a, b) for a in grid for b in grid if a <= b]
    values = np.array([alg.switching_values(heat, np.array(pair)) for pair in pairs])
    alphas = np.array([1.0, 0.8, 0.5])
    times, J = alg.switching_front(heat, alphas)
    for alpha, tau, found in zip(alphas, times, J, strict=True):
        heat.check(tau)
        np.testing.assert_allclose(found, alg.switching_values(heat, tau))
        assert np.array([alpha, 1 - alpha]) @ found <= (values @ [alpha, 1 - alpha]).min() + 1e-9
    assert (np.diff(J[:, 1]) < 0).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: alg.moreau_yosida(standard(), np.zeros(8), alpha=ALPHA, psi=0.1, gammas=(1.0, 0.0)), "gammas must be"),
        (lambda: alg.moreau_yosida(standard(), np.zeros(8), alpha=ALPHA, psi=0.1, gammas=()), "gammas must be"),
        (lambda: alg.moreau_yosida(standard(), np.zeros(8), alpha=np.ones(2), psi=0.1), "alpha must be"),
        (lambda: alg.moreau_yosida(standard(), np.zeros(8), alpha=ALPHA, psi=np.zeros(5)), "the shape of psi must be"),
        (lambda: alg.switching_front(Heat(), np.array([2.0])), "alphas must be in"),
        (lambda: alg.switching_front(Heat(), np.ones(1), np.array([0.1, 0.0])), "tau must be in order"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        list(call())
