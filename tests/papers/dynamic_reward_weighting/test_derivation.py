import numpy as np
import pytest

from optilab.classics.group_advantages import grpo, rloo
from optilab.core.derive import Derivation
from optilab.papers.dynamic_reward_weighting import algorithm as alg
from optilab.papers.dynamic_reward_weighting import derivation

MODULE = derivation.__name__
OLD, I = np.array([0.5, 0.3, 0.2]), np.array([4.0, 1.0, -2.0])
REWARDS = np.array([0.3, -1.0, 2.0, 0.4])


def test_every_derivation_proves_its_lines():
    proofs = [proof for name, proof in vars(derivation).items() if callable(proof) and proof.__module__ == MODULE]
    derived = [proof() for proof in proofs if proof.__annotations__["return"] is Derivation]
    assert len(derived) == 7
    assert all(len(proof.lines) >= 2 for proof in derived)


def test_the_derived_weights_are_those_of_the_algorithm():
    symbols = [*derivation.V, *derivation.I, derivation.eta, derivation.mu]
    derived = derivation.mirror_step().numpy(*symbols)(*OLD, *I, 0.6, 2.0)
    np.testing.assert_allclose(np.ravel(derived), alg.mirror_step(OLD, I, 0.3), rtol=1e-12)


def test_the_derived_gain_is_that_of_the_influences():
    t1, t2 = 0.7, 1.3
    g = np.array([[t2, t1], [2 * t1, -1.0]])
    derived = derivation.influence_is_the_gain().numpy(*derivation.W[:2], derivation.t1, derivation.t2)
    assert derived(0.6, 0.4, t1, t2) == pytest.approx(np.array([0.6, 0.4]) @ alg.influence(g))


def test_the_derived_advantages_are_those_of_the_estimators():
    derived = derivation.scale_cancels().numpy(*derivation.R)(*REWARDS)
    assert derived == pytest.approx(grpo(REWARDS[None])[0, 0], rel=1e-5)
    derived = derivation.scale_stays().numpy(derivation.c, *derivation.R)(2.0, *REWARDS)
    assert derived == pytest.approx(rloo(2 * REWARDS[None])[0, 0])


def test_the_derived_curvature_is_that_of_what_fixed_weights_climb():
    derived = np.ravel(derivation.bent_inwards().numpy(derivation.w, derivation.p)(0.3, 0.6))
    p = 0.6 + 1e-4 * np.array([-1, 0, 1])
    differences = [np.diff(alg.scalarised(p, 0.3, H), 2)[0] / 1e-8 for H in (2, 3, 4, 6)]
    np.testing.assert_allclose(differences, derived, rtol=1e-5)


def test_the_derived_watershed_is_that_of_the_algorithm():
    slopes, *_, last = (line.expr for line in derivation.watershed().lines)
    for row, H, place in zip(slopes, (2, 3, 4, 6), last, strict=True):
        assert float(place.subs(derivation.w, 0.3)) == pytest.approx(float(alg.watershed(0.3, H)))
        at = {derivation.w: 0.3, derivation.p: float(alg.watershed(0.3, H))}
        assert float(row.subs(at)) == pytest.approx(0, abs=1e-12)
