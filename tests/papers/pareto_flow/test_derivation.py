"""What SymPy derives is what the exact flow and the bounds compute."""

import numpy as np
import pytest
import sympy as sp
from scipy.integrate import quad

from optilab.core.derive import DerivationError
from optilab.core.run import run
from optilab.papers.pareto_flow import derivation
from optilab.papers.pareto_flow.algorithm import guidance, sampling, theory

X = np.linspace(-3, 3, 7)


class Slope:
    """One objective, f̂ = −x: the score rises by 1 along x."""

    def __call__(self, x):
        return -x

    def pull(self, x, w):
        return -w


def test_the_derived_flow_is_the_exact_one():
    x, m, s, t = derivation.x, derivation.m, derivation.s, derivation.t
    flow = theory.GaussianFlow(0.4, 1.7)
    for time in (0.1, 0.5, 0.9):
        numbers = X, 0.4, 1.7, time
        np.testing.assert_allclose(derivation.end_given_now().numpy(x, m, s, t)(*numbers), flow.end(X, time))
        np.testing.assert_allclose(derivation.score().numpy(x, m, s, t)(*numbers), flow.score(X, time))
        np.testing.assert_allclose(derivation.guidance_from_the_score().numpy(x, m, s, t)(*numbers), flow(X, time))
        np.testing.assert_allclose(guidance.end_point(flow, X, time), derivation.denoiser().numpy(x, m, s, t)(*numbers))


def test_another_factor_is_no_guidance():
    line = derivation.guidance_from_the_score().lines[0].expr
    x, t = derivation.x, derivation.t
    with pytest.raises(DerivationError, match="is not"):
        derivation.Derivation("wrong", line, "t/(1 − t)").equals(x / t + t / (1 - t) * derivation.SCORE, "no")


def test_the_floor_and_the_budget_are_those_of_the_theory():
    assert derivation.loss_floor().result == sp.pi / 2
    assert theory.loss_floor() == pytest.approx(np.pi / 2)
    flow = theory.GaussianFlow(1.0, 0.6)
    left = quad(lambda t: 0.6**2 / flow.variance(t), 0, 1)[0]
    assert theory.loss_floor(0.6) == pytest.approx(left)
    budget = derivation.guidance_budget().numpy(derivation.gamma, derivation.t_min)
    assert theory.guidance_budget(2.0, 0.8) == pytest.approx(budget(2.0, 0.8)) == pytest.approx(0.0463, abs=1e-4)
    assert theory.guidance_budget(20.0, 0.5) == pytest.approx(3.863, abs=1e-3)


@pytest.mark.parametrize("s", [1.0, 0.3, 0.02])
def test_a_push_is_what_guidance_does_to_the_exact_flow(s):
    gamma, t_min, T = 3.0, 0.4, 2001
    flow, x0 = theory.GaussianFlow(0.2, s), np.array([[0.7]])
    states = sampling.pareto_flow(
        flow,
        Slope(),
        np.ones((1, 1)),
        low=np.full(1, -np.inf),
        high=np.full(1, np.inf),
        rng=np.random.default_rng(0),
        T=T,
        gamma=gamma,
        t_min=t_min,
        g=0.0,
        O=1,
        elites=sampling.Elites(x0, np.zeros(1)),
    )
    pushed = run(states, T, every=T)
    plain = run(sampling.euler(flow, pushed.x[0], T=T), T, every=T)
    promised = theory.push(gamma, t_min, s)
    assert (pushed.x[-1] - plain.x[-1]).item() == pytest.approx(promised, rel=0.01)
    slope = derivation.slope_of_the_flow().numpy(derivation.s, derivation.t)
    np.testing.assert_allclose(slope(s, 0.7), (flow(0.1, 0.7) - flow(0.0, 0.7)) / 0.1)
    if s == 0.02:
        narrow = derivation.push_along_a_width().numpy(derivation.gamma, derivation.s, derivation.t_min)
        assert promised == pytest.approx(narrow(gamma, s, t_min), rel=0.06)


def test_the_derived_angle_is_that_of_the_cones():
    cosine = derivation.angle_of_weights().numpy(derivation.a, derivation.b)
    w = np.array([[0.3, 0.7], [0.9, 0.1]])
    assert np.cos(guidance.angle(*w)) == pytest.approx(cosine(0.3, 0.9))


def test_drift_and_spread_are_what_a_walk_does():
    rng = np.random.default_rng(0)
    T, g, candidates = 100, 0.2, 15
    steps = g * np.sqrt(1 / T) * rng.normal(size=(400, T // 2, candidates))
    assert steps.max(-1).sum(-1).mean() == pytest.approx(theory.selection_drift(g, 0.5, T, candidates), rel=0.02)
    assert steps[..., 0].sum(-1).std() == pytest.approx(theory.noise_spread(g, 0.5), rel=0.1)
    assert theory.largest_normal(1) == pytest.approx(0, abs=1e-9)
    assert theory.largest_normal(2) == pytest.approx(1 / np.sqrt(np.pi))


def test_what_is_not_allowed_is_refused_by_name():
    for ask, named in (
        (lambda: theory.guidance_budget(-1.0, 0.5), "gamma"),
        (lambda: theory.guidance_budget(1.0, 0.0), "t_min"),
        (lambda: theory.selection_drift(-1.0, 0.5, 100, 3), "g"),
        (lambda: theory.selection_drift(1.0, 1.5, 100, 3), "t_min"),
        (lambda: theory.selection_drift(1.0, 0.5, 1, 3), "T"),
        (lambda: theory.selection_drift(1.0, 0.5, 100, 0), "count"),
        (lambda: theory.loss_floor(0.0), "s"),
        (lambda: theory.GaussianFlow(0.0, 0.0), "s"),
    ):
        with pytest.raises(ValueError, match=f"^{named} must be"):
            ask()
