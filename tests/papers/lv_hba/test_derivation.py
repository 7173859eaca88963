import numpy as np
import pytest

from optilab.core.derive import Derivation
from optilab.core.run import run
from optilab.papers.lv_hba import algorithm as alg
from optilab.papers.lv_hba import derivation
from optilab.papers.lv_hba.experiment import bias
from optilab.papers.lv_hba.problems.toys import Scalar, flat

MODULE = derivation.__name__


def test_every_derivation_proves_its_lines():
    proofs = [proof for name, proof in vars(derivation).items() if callable(proof) and proof.__module__ == MODULE]
    derived = [proof() for proof in proofs if proof.__annotations__["return"] is Derivation]
    assert len(derived) == 6
    assert all(len(proof.lines) >= 3 for proof in derived)


def test_the_derived_gradients_and_the_gap_are_those_of_the_algorithm():
    P = Scalar(a=1.3, b=0.7, c=0.4, d=0.2).problem()
    x, y, z = np.array([0.5]), np.array([-0.3]), np.array([0.9])
    at = alg.saddle(P, x, y, z, gamma1=2.0, gamma2=0.5)
    names = [getattr(derivation, name) for name in ("a", "b", "c", "d", "x", "y", "z", "gamma1", "gamma2")]
    derived = derivation.envelope_gradients().numpy(*names)(1.3, 0.7, 0.4, 0.2, 0.5, -0.3, 0.9, 2.0, 0.5)
    ours = np.concatenate(alg.value_grad(P, x, y, z, *at, 2.0, 0.5))
    np.testing.assert_allclose(np.ravel(derived), ours, atol=1e-10)
    P = Scalar(a=1.3, b=0.7, c=0.4, d=0.7 * -0.3 + 0.4 * 0.5).problem()
    at = alg.saddle(P, x, y, z, gamma1=2.0, gamma2=0.5)
    names = [name for name in names if str(name) not in "cd"]
    square = derivation.gap_is_a_square().numpy(*names)(1.3, 0.7, 0.5, -0.3, 0.9, 2.0, 0.5)
    assert P.lower(x, y) - alg.value(P, x, y, z, *at, 2.0, 0.5) == pytest.approx(square, abs=1e-10)


@pytest.mark.parametrize(("c0", "gamma1", "row"), [(1.0, 1.0, None), (3.0, 0.5, None), (1.0, 2.0, 0.2)])
def test_the_derived_bias_is_where_a_constant_penalty_ends(c0, gamma1, row):
    n = 3
    problem = flat(n, row)
    states = alg.lv_hba(problem, np.zeros(n), np.zeros(2 * n), p=0.0, c0=c0, gamma1=gamma1)
    end = run(states, 4000, every=4000)
    found = derivation.penalised()
    sigma = 1 / np.sqrt(3 * n) if row is None else row
    values = {derivation.ck: c0, derivation.gamma1: gamma1, derivation.sigma: sigma}
    for symbol, ours in ((derivation.x, end.x[-1]), (derivation.y1, end.y[-1, :n]), (derivation.z, end.z[-1])):
        np.testing.assert_allclose(ours, float(found[symbol].subs(values)), atol=1e-8)
    assert bias(c0, gamma1) == pytest.approx(float(found[derivation.x].subs(values)) / -0.3 - 1)


def test_the_derived_limit_is_that_of_the_algorithm():
    best = derivation.stability().numpy(derivation.A, derivation.D, derivation.b)
    assert 2 * best(1.1, 0.1, 14.0) == pytest.approx(float(alg.saddle_limit(1.0, 14.0, 10.0, 10.0)))
