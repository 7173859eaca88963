import mpmath as mp
import numpy as np
import pytest
import sympy as sp

from optilab.core.derive import Derivation
from optilab.papers.stsl import algorithm as alg
from optilab.papers.stsl import derivation
from optilab.papers.stsl.problems import Inverse, Mixture

MODULE = derivation.__name__


def test_every_derivation_proves_its_lines():
    proofs = [proof for name, proof in vars(derivation).items() if callable(proof) and proof.__module__ == MODULE]
    derived = [proof() for proof in proofs if proof.__annotations__["return"] is Derivation]
    assert len(derived) == 6
    assert all(len(proof.lines) >= 3 for proof in derived)


def test_both_moments_to_thirty_digits_on_two_components():
    """Against the posterior of each component, at rational points."""
    mp.mp.dps = 40
    a, parts = mp.mpf(3) / 7, [(mp.mpf(1) / 3, mp.mpf(-1), mp.mpf(2) / 5), (mp.mpf(2) / 3, mp.mpf(2), mp.mpf(3) / 4)]
    x = mp.mpf(1) / 2

    def density(x):
        return mp.fsum(w * mp.npdf(x, mp.sqrt(a) * m, mp.sqrt(a * v + 1 - a)) for w, m, v in parts)

    r, m1, m2 = [], [], []
    for w, m, v in parts:
        V = a * v + 1 - a
        mean = m + mp.sqrt(a) * v / V * (x - mp.sqrt(a) * m)
        r.append(w * mp.npdf(x, mp.sqrt(a) * m, mp.sqrt(V)) / density(x))
        m1.append(mean)
        m2.append(mean**2 + v * (1 - a) / V)
    mean = mp.fsum(p * q for p, q in zip(r, m1, strict=True))
    variance = mp.fsum(p * q for p, q in zip(r, m2, strict=True)) - mean**2
    mp.mp.dps = 60
    s, h = (mp.diff(lambda u: mp.log(density(u)), x, n) for n in (1, 2))
    assert abs((x + (1 - a) * s) / mp.sqrt(a) - mean) < mp.mpf(10) ** -30
    sigma = derivation.tweedie_covariance().result
    (curvature,) = (one for one in sigma.free_symbols if one.name == "h")
    derived = sp.lambdify((derivation.a, curvature), sigma, "mpmath")(a, h)
    assert abs(derived - variance) < mp.mpf(10) ** -30
    mp.mp.dps = 15


def test_the_derived_variance_is_that_of_the_algorithm():
    prior, z = Mixture([1.0], [[0.0]], [[[0.7]]]), np.array([0.4])
    found = alg.covariance(prior.hessian(prior.local(z, 0.3)), 0.3)[0, 0]
    assert derivation.gaussian_moments().numpy(derivation.v, derivation.a)(0.7, 0.3) == pytest.approx(found)


def test_the_derived_overshoot_is_that_of_the_algorithm():
    problem = Inverse(Mixture([1.0], [[0.0]], [[[0.7]]]), np.eye(1), np.zeros(1), [[1.3]], [0.9], 0.2)
    z = np.array([0.4])
    ratio = alg.bound(problem, z, 0.3, order=1)[1] / alg.exact_likelihood(problem, z, 0.3)[1]
    derived = derivation.overshoot().numpy(derivation.b, derivation.v, derivation.a, derivation.sigma)
    assert derived(1.3, 0.7, 0.3, 0.2) == pytest.approx(ratio[0])


def test_the_derived_estimate_is_the_mean_over_draws():
    at = derivation.stein().lines[1].expr
    numbers = dict(zip(derivation.C, (0.1, -1, 0.3, -0.2, 0.05, 0.01), strict=True))
    numbers |= {derivation.z: 0.4, derivation.delta: 0.5}
    nodes, weights = np.polynomial.hermite_e.hermegauss(12)
    score = np.polynomial.Polynomial([0.1, -1, 0.3, -0.2, 0.05, 0.01])
    mean = (weights * nodes * (score(0.4 + 0.5 * nodes) - score(0.4)) / 0.5).sum() / weights.sum()
    assert float(at.subs(numbers)) == pytest.approx(mean)
