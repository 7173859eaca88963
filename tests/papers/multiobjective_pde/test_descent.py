import numpy as np
import pytest

from optilab.core.run import run
from optilab.papers.multiobjective_pde import algorithm as alg
from optilab.papers.multiobjective_pde import experiment
from optilab.papers.multiobjective_pde.problems import Crescent, standard


class Bowls:
    """Quadratics ½(x − a)ᵀH(x − a), without kinks."""

    def __init__(self, *parts):
        self.parts, self.k = parts, len(parts)

    def __call__(self, x):
        return np.stack([((x - a) @ H * (x - a)).sum(-1) / 2 for H, a in self.parts], -1)

    def subgradient(self, x, i):
        H, a = self.parts[i]
        return (x - a) @ H


ONE = Bowls((np.diag([1.0, 9.0]), np.array([0.5, -0.3])))
TWO = Bowls((np.diag([1.0, 4.0]), np.array([1.0, 0.0])), (np.diag([3.0, 1.0]), np.array([-1.0, 0.5])))
X = np.array([1.4, 1.2])


def armijo(problem, x, v, c=0.25):
    t = 1.0
    while (problem(x + t * v) > problem(x) - c * t * (v @ v)).any():
        t /= 2
    return t


def test_one_objective_makes_gradient_descent_of_both():
    x, plain = X, [X]
    for _ in range(8):
        v = -ONE.subgradient(x, 0)
        x = x + armijo(ONE, x, v) * v
        plain.append(x)
    np.testing.assert_allclose(run(alg.mgda(ONE, X, delta=1e-9), 8).x, plain)
    np.testing.assert_allclose(run(alg.gebken_peitz(ONE, X, eps=1e-9, delta=1e-9), 8).x, plain)


def test_equal_objectives_make_gradient_descent_too():
    twice = Bowls(*ONE.parts, *ONE.parts)
    np.testing.assert_allclose(run(alg.mgda(twice, X), 8).x, run(alg.mgda(ONE, X), 8).x)


def test_common_descent_ends_where_gradients_oppose():
    trace = run(alg.mgda(TWO, X, delta=1e-6), 2000)
    assert (np.diff(trace.f, axis=0) < 0).all()
    g = [TWO.subgradient(trace.x[-1], i) for i in range(2)]
    cosine = g[0] @ g[1] / np.linalg.norm(g[0]) / np.linalg.norm(g[1])
    assert cosine == pytest.approx(-1, abs=1e-6)


def test_without_kinks_nearby_a_direction_is_the_shortest_mix():
    found = alg.direction(TWO, X, eps=1e-4, delta=1e-6)
    assert len(found.W) == 2
    g = found.W
    alpha = np.clip((g[1] - g[0]) @ g[1] / ((g[0] - g[1]) ** 2).sum(), 0, 1)
    np.testing.assert_allclose(found.v, -(alpha * g[0] + (1 - alpha) * g[1]))


def test_near_a_kink_a_direction_looks_on_the_other_side():
    problem, x = Crescent(), np.array([-0.6, 0.2 - 1e-5])  # beside the circle r = 1
    plain = -problem.subgradient(x, 0)
    assert problem(x + 1e-3 / np.linalg.norm(plain) * plain)[0] > problem(x)[0] - 0.25e-3 * np.linalg.norm(plain)
    v, W = alg.direction(problem, x, eps=1e-3, delta=1e-3)
    assert len(W) > 2
    assert (problem(x + 1e-3 / np.linalg.norm(v) * v) <= problem(x) - 0.25e-3 * np.linalg.norm(v)).all()
    assert (v @ W.T <= -(v @ v) + 1e-9).all()  # all subgradients that were gathered agree on v


def test_a_new_subgradient_has_what_it_is_asked_for():
    problem, x = Crescent(), np.array([0.6, 0.2 + 1e-5])
    v = -problem.subgradient(x, 0)
    xi = alg.new_subgradient(problem, x, v, 0, eps=1e-3, c=0.25)
    assert v @ xi > -0.25 * v @ v
    assert not np.allclose(xi, -v, atol=0.1)


def test_where_there_is_none_the_search_gives_up():
    smooth = Bowls((np.eye(2), np.zeros(2)))
    with pytest.raises(RuntimeError, match="in 60 halvings"):
        alg.new_subgradient(smooth, X, -smooth.subgradient(X, 0), 0, eps=1e-3, c=0.25)


@pytest.mark.parametrize("seed", range(2))
def test_descent_across_kinks_takes_no_more_steps_than_promised(seed):
    for _, steps, elements, bound, _ in experiment.descents(seed):
        assert steps <= bound
        assert elements >= 2 * steps
    assert (experiment.jams(seed) > 1e-3).sum() >= 3


def test_smaller_radii_come_to_a_critical_point():
    problem, x = Crescent(), np.array([-1.2, 0.9])
    for size in 10.0 ** -np.arange(2, 7):
        x = run(alg.gebken_peitz(problem, x, eps=size, delta=size), 5000).x[-1]
    assert np.linalg.norm(alg.direction(problem, x, eps=1e-6, delta=1e-6).v) <= 1e-6


def test_of_the_control_of_a_pde():
    objectives = alg.OfControl(alg.FullModel(standard()))
    trace = run(alg.gebken_peitz(objectives, np.zeros(8), eps=1e-3, delta=1e-5, t0=1e4), 100)
    assert len(trace.step) == 12
    assert (np.diff(trace.f, axis=0) < 0).all()
    slow = run(alg.gebken_peitz(objectives, np.zeros(8), eps=1e-3, delta=1e-5, t0=1.0), 60)
    assert len(slow.step) == 61


def test_steepest_common_descent_of_the_control_of_a_pde():
    objectives = alg.OfControl(alg.FullModel(standard()))
    trace = run(alg.mgda(objectives, np.full(8, 5.0), delta=1e-5, t0=1e4), 100)
    assert (np.diff(trace.f, axis=0) < 0).all()
    assert len(trace.step) > 3
    assert len(run(alg.mgda(objectives, np.zeros(8), delta=1e-5, t0=1e4), 100).step) == 1  # y = 0: all nodes on a kink


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: alg.mgda(TWO, X, delta=0.0), "delta must be positive"),
        (lambda: alg.mgda(TWO, X, c=1.0), "c must be in"),
        (lambda: alg.mgda(TWO, X, t0=0.0), "t0 must be positive"),
        (lambda: alg.gebken_peitz(TWO, X, eps=0.0), "eps must be positive"),
        (lambda: alg.gebken_peitz(TWO, X, delta=-1.0), "delta must be positive"),
        (lambda: alg.gebken_peitz(TWO, X, c=0.0), "c must be in"),
        (lambda: alg.gebken_peitz(TWO, np.zeros((3, 2))), "the shape of x must be"),
        (lambda: alg.direction(TWO, X, eps=-1.0, delta=1e-3), "eps must be positive"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
