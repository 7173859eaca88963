import sys
from math import cos, sin

import numpy as np
import pytest

import optilab.papers.bilevel_penalty.explorer  # noqa: F401 (puts its modules where the next lines find them)
from optilab.core.run import run
from optilab.papers.bilevel_penalty import experiment
from optilab.papers.bilevel_penalty.algorithm import double_loop, single_loop
from optilab.papers.bilevel_penalty.explorer.parts import c_run, ring_run
from optilab.papers.bilevel_penalty.problems import compatible, draw, noisy, ring

dial, followers, convergence, choosing = (
    sys.modules[f"optilab.papers.bilevel_penalty.explorer.{name}"]
    for name in ("dial", "followers", "convergence", "choosing")
)


@pytest.mark.parametrize(("T", "gamma", "rho", "beta", "angle"), [(3, 0.1, 1.0, 1.0, 1.5), (5, 0.05, 0.3, 0.4, 3.0)])
def test_the_run_on_the_ring_is_that_of_the_algorithm(T, gamma, rho, beta, angle):
    begin = (1.3 * cos(angle), 1.3 * sin(angle))
    path, lost = ring_run(T, gamma, rho, beta, begin, 100)
    numbers = {"sigma": 0.1, "T": T, "gamma": gamma, "rho": rho, "beta": beta}
    trace = run(double_loop(ring(), np.array([1.2]), np.array(begin), **numbers), 100)
    assert lost is None
    np.testing.assert_allclose(path, np.concatenate([trace.x, trace.u, trace.w], -1), rtol=1e-9, atol=1e-11)


def noises(problem, steps, T, M, rng):
    """The errors of the gradients in the order in which the algorithms draw them, ν = 1."""
    inner, outer = [], []
    f, g = problem.upper, problem.lower
    for _ in range(steps):
        for _ in range(T):
            three = [level.sample(rng, (1,)).y[0] for level in (f, g, g)]
            inner.append(np.concatenate(three))
        outer.append(f.sample(rng, (M,)).x.mean(0))
        g.sample(rng, (M,))
    return np.array(inner), np.array(outer)


def test_the_run_on_c_is_that_of_either_algorithm_with_the_same_noise():
    problem = noisy(compatible(draw(3)), 0.05)
    zero = np.zeros(3), np.zeros(8)
    for T, M in ((1, 1), (4, 3)):
        inner, outer = noises(problem, 60, T, M, np.random.default_rng(1))
        path, lost = c_run(3, 0.1, 0.03, 0.1, T, 60, 0.05 * inner, 0.05 * outer)
        states = double_loop(problem, *zero, sigma=0.1, gamma=0.1, T=T, M=M, rng=np.random.default_rng(1))
        assert lost is None
        np.testing.assert_allclose(path, run(states, 60).x, rtol=1e-9, atol=1e-11)
    inner, outer = (
        convergence.remembered(0.05 * one, 0.2) for one in noises(problem, 60, 1, 1, np.random.default_rng(1))
    )
    states = single_loop(problem, *zero, sigma=0.1, eta=0.2, rng=np.random.default_rng(1))
    np.testing.assert_allclose(
        c_run(3, 0.1, 0.01, 0.1, 1, 60, inner, outer).path, run(states, 60).x, rtol=1e-9, atol=1e-11
    )


def test_the_lengths_are_those_of_the_gradients():
    problem, x = compatible(draw(2)), np.random.default_rng(0).normal(size=(5, 3))
    true, of_penalty = convergence.lengths(2, x, 0.1)
    np.testing.assert_allclose(true, experiment.length(problem.hypergrad(x, pinv=True)), rtol=1e-10)
    np.testing.assert_allclose(of_penalty, experiment.length(problem.penalty_grad(x, 0.1)), rtol=1e-10)


def test_the_bound_lies_under_the_penalty_function():
    for problem in (dial.RING, dial.JUMP):
        for sigma in (0.001, 0.1, 1.0):
            x, psi, penalty, bound = dial.curves(problem, sigma)
            assert (penalty <= psi + 1e-9)[x != 0].all()
            assert (bound <= penalty + 1e-9).all()


def test_the_error_of_the_slope_falls_on_the_ring_and_grows_at_the_jump():
    error = dial.worst(dial.RING) / dial.SIGMAS
    assert error[0] == pytest.approx(0.40, abs=5e-3)
    assert error[-1] == pytest.approx(0.19, abs=5e-3)
    np.testing.assert_allclose(dial.worst(dial.JUMP), 1 / dial.SIGMAS, rtol=1e-6)
    x, _, penalty, _ = dial.curves(dial.JUMP, 0.1)
    near = abs(x - 1e-9).argmin()
    assert (penalty[near + 1] - penalty[near]) / (x[near + 1] - x[near]) == pytest.approx(10, rel=0.02)


SETTINGS = {"k": 200, "T": 3, "gamma": 0.1, "rho": 1.0, "beta": 1.0, "begin": "across"}


@pytest.mark.parametrize(
    ("values", "headline"),
    [
        ({}, "u goes for the star, w stays where it meets the ring"),
        ({"begin": "the maximum, y = 0"}, "Diverged at step 7"),
        ({"gamma": 1.0}, "Diverged at step 2"),
        ({"gamma": 0.3, "rho": 0.1, "T": 5}, "Diverged at step 2"),
    ],
)
def test_the_title_of_the_followers_follows_its_settings(values, headline):
    assert followers.compute(**SETTINGS | values)["headline"] == headline


def test_the_title_of_x_says_whether_it_has_arrived():
    assert followers.compute(**SETTINGS)["way"] == "After 200 steps x is where ψ_σ is least"
    assert followers.compute(**SETTINGS | {"gamma": 0.02})["way"] == "200 steps aren't enough: u is slow"
    for begin in ("beside a", "across", "opposite"):
        long = followers.compute(**SETTINGS | {"gamma": 0.5, "begin": begin})
        assert long["headline"] == "γ is too long: u and w jump to and fro"
        assert followers.compute(**SETTINGS | {"gamma": 0.4, "begin": begin})["headline"].startswith("u goes for")
    slow = {"begin": "the maximum, y = 0", "T": 1, "gamma": 0.02, "beta": 0.1}
    assert followers.compute(**SETTINGS | slow)["headline"] == "w is stuck on the peak of g"
    lost = followers.compute(**SETTINGS | {"begin": "the maximum, y = 0"})
    assert lost["way"] == "x leaves the picture"
    assert followers.compute(**SETTINGS | {"begin": "the maximum, y = 0", "T": 1, "gamma": 1.0})["u"] == (
        [np.nan],
        [np.nan],
    )


PLAIN = {"method": "Algorithm 1", "sigma": 0.1, "ratio": 0.3, "nu": 0.0, "eta": 0.005, "T": 1, "M": 1, "seed": 0}


@pytest.mark.parametrize(
    ("values", "headline"),
    [
        ({}, "What is left of ‖∇ψ‖ is the bias of σ"),
        ({"ratio": 50.0}, "Diverged at iteration 11"),
        ({"ratio": 5.0}, "ψ_σ itself isn't at rest"),
        ({"nu": 0.05}, "What is left is noise, or the start"),
    ],
)
def test_the_title_of_the_convergence_follows_its_settings(values, headline):
    assert convergence.compute(**PLAIN | values)["headline"] == headline


def test_iterations_are_those_of_the_experiment():
    np.testing.assert_array_equal(choosing.runs("S", 0)[1], experiment.arrivals("S", range(1))[:, 0])
    assert choosing.curvature("S", 0)[[2, 4]] == pytest.approx([0.0077, 0.024], rel=0.02)
