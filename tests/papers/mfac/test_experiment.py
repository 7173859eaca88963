import numpy as np
import pytest

from optilab.papers.mfac import algorithm as alg
from optilab.papers.mfac import experiment


@pytest.mark.full  # the lesson measures them too
def test_claims_hold():
    claims = experiment.claims(quick=True)
    assert len(claims) >= 20
    assert all(claim.holds for claim in claims), [claim for claim in claims if not claim.holds]


def test_the_network_is_the_one_of_the_claims():
    fit, test, w = experiment.dense_network(0)
    assert len(w) == 1723
    assert 0.94 < test.accuracy(w) < 0.98
    assert test.accuracy(experiment.pruned(0, 0.8, "magnitude")) == pytest.approx(0.652, abs=0.002)
    small = experiment.small_fit(0)
    assert small.network.dim == 387
    assert len(small.X) == 600
    g = fit.grads(w).mean(0)
    np.testing.assert_allclose(g, fit.grad(w), atol=1e-12)


def test_the_race_counts_kept_steps():
    assert experiment.steps_to(np.array([1.0, 0.2, 0.1, 0.05])) == 20
    assert experiment.steps_to(np.array([1.0, 0.2])) == np.inf
    assert experiment.race(0, ("M-FAC", "Adam 0.1")) == {"M-FAC": 130, "Adam 0.1": 90}


def test_a_window_of_the_film_is_the_last_gradients():
    theta, G = experiment.film(4, seed=1, steps=9)
    problem = experiment.regression(1)
    drawn = np.random.default_rng(1001)
    g = [problem.sample_grad(x, problem.sample(drawn, (1,))) for x in theta[:-1]]
    np.testing.assert_allclose(G[-1], [g[8], g[5], g[6], g[7]])
    H = problem.curvature
    assert experiment.curvature_error(np.linalg.cholesky(2 * H).T, H) == pytest.approx(0, abs=1e-12)
    assert experiment.curvature_error(np.zeros((3, 2)), H) == 1


def test_products_differ_by_rounding():
    assert experiment.products(5, 9, 0.3, 0) < 1e-12
    assert alg.leverage_bound(128, 1723) == pytest.approx(0.0743, abs=1e-4)
    static = alg.static_precompute(np.random.default_rng(0).normal(size=(3, 9)), 1e-6)
    assert alg.leverage(static).mean() <= alg.leverage_bound(3, 9)
