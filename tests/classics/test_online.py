"""Online gradient descent and AdaGrad with one step size, against their definitions and bounds."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optilab.classics.adagrad import adagrad_norm
from optilab.classics.online_descent import ogd
from optilab.core.run import run
from optilab.problems.oracles import Online, Revealed
from optilab.problems.simple import UNIT_BALL, Box, Zero

seeds = st.integers(0, 2**31)


@dataclass(frozen=True)
class Given:
    """Linear losses with these gradients (T, *batch, d)."""

    g: np.ndarray

    @property
    def T(self):
        return len(self.g)

    def reveal(self, t, x):
        g = np.broadcast_to(self.g[t - 1], x.shape)
        return Revealed(g, np.vecdot(g, x), g)


@dataclass(frozen=True)
class Bowls(Given):
    """Losses ½λ‖x − g_t‖²."""

    lam: float = 1.0

    def reveal(self, t, x):
        slope = self.lam * (x - self.g[t - 1])
        return Revealed(slope, np.vecdot(slope, slope) / (2 * self.lam), slope)


def rng(seed=0):
    return np.random.default_rng(seed)


def regret(g, x):
    return np.vecdot(g, x).sum(0) + np.linalg.norm(g.sum(0), axis=-1)


@given(seed=seeds, T=st.integers(1, 60))
@settings(max_examples=40, deadline=None)
def test_both_keep_their_bounds_on_any_gradients(seed, T):
    draw = rng(seed)
    g = draw.normal(size=(T, 2)) * draw.choice([0.1, 1.0, 3.0], (T, 1))
    G = np.linalg.norm(g, axis=-1).max()
    x = run(ogd(Given(g), np.zeros(2), alpha=lambda t: 2 / (G * np.sqrt(t))), T).x[:T]
    assert regret(g, x) <= 1.5 * 2 * G * np.sqrt(T)
    trace = run(adagrad_norm(Given(g), np.zeros(2), D=2.0), T)
    assert regret(g, trace.x[:T]) <= 1.5 * 2 * np.sqrt(trace.s[-1])


def test_with_steps_1_over_lambda_t_it_is_a_running_mean():
    targets = rng(1).normal(size=(20, 3))
    x = run(ogd(Bowls(targets, 0.7), np.zeros(3), alpha=lambda t: 1 / (0.7 * t), domain=Zero()), 20).x
    np.testing.assert_allclose(x[1:], np.cumsum(targets, 0) / np.arange(1, 21)[:, None], atol=1e-12)


def test_adagrad_written_out_and_its_rest_without_gradients():
    g = np.concatenate([np.zeros((3, 2)), rng(2).normal(size=(10, 2))])
    trace = run(adagrad_norm(Given(g), [0.3, 0.1], D=2.0), 13)
    x, s = np.array([0.3, 0.1]), 0.0
    for t in range(13):
        np.testing.assert_allclose(trace.x[t], x, atol=1e-14)
        s += g[t] @ g[t]
        x = x - (2 / np.sqrt(s) if s else 0) * g[t]
        x = x / max(1, np.linalg.norm(x))
    assert len(trace.x) == 14
    assert trace.s[-1] == pytest.approx(s)


def test_a_batch_is_its_replicates_one_by_one():
    g, D = rng(3).normal(size=(15, 3, 2)), np.array([1.0, 2.0, 4.0])
    together = run(adagrad_norm(Given(g), np.zeros((3, 2)), D=D), 15).x
    descent = run(ogd(Given(g), np.zeros((3, 2)), alpha=lambda t: D / t), 15).x
    for i in range(3):
        np.testing.assert_allclose(together[:, i], run(adagrad_norm(Given(g[:, i]), np.zeros(2), D=D[i]), 15).x)
        alone = run(ogd(Given(g[:, i]), np.zeros(2), alpha=lambda t, i=i: D[i] / t), 15).x
        np.testing.assert_allclose(descent[:, i], alone)


def test_other_sets_will_do():
    x = run(ogd(Given(rng(4).normal(size=(30, 2))), np.zeros(2), alpha=1.0, domain=Box(-2.0, 2.0)), 30).x
    assert abs(x).max() == 2


@pytest.mark.parametrize(
    "method", [lambda o: ogd(o, np.zeros(2), alpha=1.0), lambda o: adagrad_norm(o, np.zeros(2), D=1.0)]
)
def test_gradients_that_are_none_are_refused(method):
    with pytest.raises(ValueError, match="round 2 must be finite"):
        list(method(Given(np.array([[0.0, 0.0], [np.nan, 0.0]]))))

    class Wide(Given):
        def reveal(self, t, x):
            return Revealed(np.zeros(3), np.zeros(()), np.zeros(3))

    with pytest.raises(ValueError, match="the shape of the gradient of round 1"):
        list(method(Wide(np.zeros((2, 2)))))


def test_bad_steps_are_refused():
    losses = Given(np.ones((3, 2)))
    assert isinstance(losses, Online)
    with pytest.raises(ValueError, match="alpha of round 2 must be positive"):
        list(ogd(losses, np.zeros(2), alpha=lambda t: 2 - t, domain=UNIT_BALL))
    for alpha in (0.0, -1.0, np.array([1.0, np.inf]), lambda t: t - 1.0):
        with pytest.raises(ValueError, match="alpha of round 1 must be positive"):
            ogd(losses, np.zeros(2), alpha=alpha)
    for D in (0.0, -1.0):
        with pytest.raises(ValueError, match="D must be positive"):
            adagrad_norm(losses, np.zeros(2), D=D)
