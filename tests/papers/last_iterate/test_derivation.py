import numpy as np
import pytest
import sympy as sp

from optilab.core.derive import Derivation
from optilab.papers.last_iterate import algorithm as alg
from optilab.papers.last_iterate import derivation
from optilab.papers.last_iterate.algorithm import bound, strong_bound
from optilab.papers.last_iterate.problems import Harvey
from optilab.problems.mirror import Entropy
from optilab.problems.noisy import Gaussian, Noisy
from optilab.problems.simple import Simplex

MODULE = derivation.__name__


def rng(seed=0):
    return np.random.default_rng(seed)


def test_every_derivation_proves_its_lines():
    proofs = [proof for name, proof in vars(derivation).items() if callable(proof) and proof.__module__ == MODULE]
    derived = [proof() for proof in proofs if proof.__annotations__["return"] is Derivation]
    assert len(derived) == 14
    assert all(len(proof.lines) >= 2 for proof in derived)


def test_the_derived_sums_are_those_of_the_bound():
    constant = derivation.constant_pays_a_logarithm().result
    size = float(constant.subs({derivation.eta: 0.2, derivation.T: 30}))
    assert 2 * size == pytest.approx(float(bound(np.full(30, 0.2), 0.0, 1.0)))
    decay = derivation.linear_decay().numpy(derivation.eta, derivation.T)
    for T in (3, 30, 300):
        exact = float(bound(alg.linear(T, 0.2), 0.0, 1.0)) / 2
        given_away = sum(1 / n for n in range(2, T + 2)) / T  # n/(n + 1) was rounded up to 1
        assert exact == pytest.approx(decay(0.2, T) * (1 - given_away))
    best = derivation.best_linear_decay().numpy(derivation.D, derivation.sigma2, derivation.T)
    tuned = float(bound(alg.linear(10_000, alg.best_eta(alg.linear, 10_000, 0.5, 1.0)), 0.5, 1.0))
    assert tuned == pytest.approx(best(0.5, 1.0, 10_000.0), rel=0.005)


def test_the_derived_collapse_is_the_one_of_the_weights_for_numbers():
    eta = np.array([0.7, 0.2, 0.5, 0.3])
    F = rng(4).normal(size=5)
    S = alg.remaining(eta)
    v = np.append(1 / S[0], 1 / S) * eta[-1]
    star = -0.3
    total = 0.0
    for t in range(1, 5):
        weights = np.diff(v[: t + 1]) / v[t]
        assert (weights >= 0).all()
        total += eta[t - 1] * v[t] * (F[t] - v[0] / v[t] * star - weights @ F[:t])
    assert total == pytest.approx(eta[-1] * (F[-1] - star))


def test_the_derived_steps_are_those_of_the_maps():
    x1, x2, x3 = sp.symbols("x_1:4", positive=True)
    g1, g2, g3 = sp.symbols("g_1:4", real=True)
    derived = derivation.entropy_step().numpy(derivation.eta, x1, x2, x3, g1, g2, g3)
    x, g = np.array([0.2, 0.5, 0.3]), np.array([1.0, -2.0, 0.4])
    assert derived(0.7, *x, *g) == pytest.approx(Entropy().step(Simplex(), x, g, 0.7)[0])
    a = sp.symbols("a", positive=True)
    worst = derivation.young().numpy(a, derivation.eta)
    d = np.linspace(0, 5, 100_001)
    assert worst(1.3, 0.6) == pytest.approx((1.3 * d - d**3 / (3 * 0.6)).max(), rel=1e-6)


def test_the_derived_strongly_convex_terms_are_those_of_the_bound():
    forgetting = derivation.forgetting().numpy(derivation.n, derivation.kappa, derivation.mu, derivation.D)
    T, mu, kappa = 40, 0.5, 3.0
    steps = alg.strong1(T, mu, kappa * mu), alg.strong2(T, mu, kappa * mu)
    starts = [float(strong_bound(eta, 2.0, 0.0, mu_f=mu, L=kappa * mu)) for eta in steps]
    assert starts == pytest.approx(forgetting(T, kappa, mu, 2.0))


def test_the_derived_lower_bound_holds_on_the_instance():
    low = derivation.hard_instance().result
    for T in (16, 256, 4096):
        proved = float(low.subs(derivation.T, T))
        assert np.log(T) / (32 * np.sqrt(T)) <= proved <= Harvey(T).values(alg.poly(T, 1.0))[-1]


def exact(problem):
    """The problem with an oracle that tells the truth."""
    return Noisy(problem, Gaussian(0.0), len(problem.A))
