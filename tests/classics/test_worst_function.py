"""Worst functions: of their class, through what they were made of, and as slow as the table of worst cases says."""

import numpy as np
import pytest

from optilab.classics import worst_case as wc
from optilab.classics import worst_function as wf
from optilab.classics.heavy_ball import heavy_ball, tuned
from optilab.core.run import run
from optilab.papers.last_iterate.algorithm import SCHEDULES, csmd
from optilab.problems.noisy import Gaussian, Noisy

CLOSE = 2e-5  # of a worst value: the functions are rounded, and so is the table
SUBGRADIENTS, BALLS = wf.grid("subgradient"), wf.grid("heavy_ball")


@pytest.mark.parametrize("schedule", ["constant", "linear decay"])
def test_subgradients_have_their_worst_case_on_it(schedule):
    for T, eta, name in SUBGRADIENTS:
        if name == schedule:
            problem, start = wf.against_subgradients(T, eta=eta, schedule=schedule)
            assert np.linalg.norm(start) <= 1
            path = csmd(
                Noisy(problem, Gaussian(0.0), len(start)),
                start,
                eta=SCHEDULES[schedule](T, eta),
                rng=np.random.default_rng(0),
            )
            x = run(path, T).x
            table = wc.subgradient(T, G=1.0, R=1.0, eta=eta, schedule=schedule)
            assert problem(x[-1]) == pytest.approx(table, rel=CLOSE), (T, eta)
            np.testing.assert_allclose(x, problem.points, atol=1e-12)  # it meets each plane where it is to


def test_the_heavy_ball_has_its_worst_case_on_it():
    for n, kappa in BALLS:
        problem, start = wf.against_heavy_ball(n, kappa=kappa)
        assert np.linalg.norm(start) <= 1
        last = run(heavy_ball(problem, start, **tuned(1 / kappa, 1.0)), n).x[-1]
        table = wc.heavy_ball(n, mu=1 / kappa, L=1.0, R=1.0)
        assert problem(last) == pytest.approx(table, rel=CLOSE), (n, kappa)


def test_planes_make_a_function_of_the_class():
    rng = np.random.default_rng(1)
    for T, eta, schedule in SUBGRADIENTS:
        problem, start = wf.against_subgradients(T, eta=eta, schedule=schedule)
        d = len(start)
        assert problem(problem.minimizer) == 0
        np.testing.assert_allclose(problem(problem.points), np.diag(problem.pieces(problem.points)), atol=wf.TIE)
        np.testing.assert_array_equal(problem.subgrad(problem.points), problem.slopes)
        x, y = rng.normal(size=(2, 100, d))
        g = problem.subgrad(x)
        assert (np.linalg.norm(g, axis=-1) <= 1).all()
        assert (problem(y) >= problem(x) + (g * (y - x)).sum(-1) - wf.TIE).all()
        assert (abs(problem(y) - problem(x)) <= np.linalg.norm(y - x, axis=-1) + 1e-12).all()


def interpolation(problem, x, y):
    """What is left of the inequality between two points of a μ-strongly convex, L-smooth function."""
    mu, L = problem.mu, problem.L
    apart, turn = x - y, problem.grad(x) - problem.grad(y)
    gap = problem(x) - problem(y) - (problem.grad(y) * apart).sum(-1)
    return gap - (turn**2 / L + mu * apart**2 - 2 * mu / L * turn * apart).sum(-1) / (2 * (1 - mu / L))


def test_parabolas_make_a_function_of_the_class():
    rng = np.random.default_rng(2)
    for n, kappa in BALLS[::3]:
        problem, start = wf.against_heavy_ball(n, kappa=kappa)
        assert problem(problem.minimizer) == pytest.approx(0, abs=1e-12)
        scale = 1 + abs(problem.centers).max()
        x, y = scale * rng.uniform(-1, 1, size=(2, 20, len(start)))
        assert (interpolation(problem, x, y) >= -1e-7 * scale**2).all(), (n, kappa)
        step = 1e-5 * scale * rng.normal(size=x.shape)
        risen = (problem(x + step) - problem(x - step)) / 2
        np.testing.assert_allclose(risen, (problem.grad(x) * step).sum(-1), atol=(step**2).sum(-1).max() + 1e-9)


def bowl(x, mu, L):
    """Value and gradient of ½μ‖x‖² + (L − μ) Σ log cosh xᵢ."""
    return (mu / 2 * x**2 + (L - mu) * np.log(np.cosh(x))).sum(-1), mu * x + (L - mu) * np.tanh(x)


@pytest.mark.parametrize("d", [1, 2, 3])
def test_the_hull_goes_through_values_and_gradients_and_is_the_largest_function(d):
    mu, L = 0.3, 2.0
    rng = np.random.default_rng(3)
    for _ in range(5):
        x, at = rng.normal(size=(8, d)), 2 * rng.normal(size=(40, d))
        values, slopes = bowl(x, mu, L)
        problem = wf.Parabolas.through(x, slopes, values, mu, L)
        np.testing.assert_allclose(problem(x), values, atol=1e-9)
        np.testing.assert_allclose(problem.grad(x), slopes, atol=1e-9)
        assert (problem(at) >= bowl(at, mu, L)[0] - 1e-9).all()  # no function through them is larger
        share = rng.dirichlet(np.full(9, 0.2), size=4000)
        y, c = share[:, :-1] @ problem.centers, share[:, :-1] @ problem.heights
        mixed = (L - mu) / 2 * ((at[:, None] - y) ** 2).sum(-1) + c + mu / 2 * (at**2).sum(-1)[:, None]
        assert (problem(at) <= mixed.min(-1) + 1e-9).all()  # no mean of parabolas is lower
        assert (problem(at) >= mixed.min(-1) - 0.5).all()


def test_small_cases_are_what_one_finds_by_hand():
    valley, start = wf.against_subgradients(4, eta=0.1, schedule="constant")  # steps too short to reach the minimum
    np.testing.assert_allclose(valley(np.linspace(0, 1, 9)[:, None] * start), np.linspace(0, 1, 9), atol=1e-5)
    corner, start = wf.against_subgradients(1, eta=1.0, schedule="constant")
    assert corner.slopes.shape == (2, 2)
    np.testing.assert_allclose(corner.slopes @ start, [0.25, 0.25], atol=5e-4)  # c = 1/(4η)
    np.testing.assert_allclose(np.linalg.norm(corner.slopes, axis=-1), 1, atol=1e-5)


def test_the_kinks_of_planes_are_the_adversarys():
    corner = wf.Planes(np.array([[1.0], [-1.0]]), np.zeros(2), np.array([[0.2], [-0.2]]))
    np.testing.assert_array_equal(corner(np.array([[0.5], [-2.0], [0.0]])), [0.5, 2.0, 0.0])
    np.testing.assert_array_equal(corner.subgrad(np.array([[0.5], [-2.0], [1e-6]])), [[1.0], [-1.0], [1.0]])
    flat = wf.Planes(np.array([[1.0]]), np.array([-1.0]), np.array([[1.5]]))
    np.testing.assert_array_equal(flat.subgrad(np.array([[0.5], [1.5]])), [[0.0], [1.0]])
    np.testing.assert_array_equal(flat.minimizer, [0.0])


def test_what_is_no_function_of_the_class_or_of_the_table_is_refused():
    with pytest.raises(ValueError, match=r"the setting must be in the table: \(1, 0.1, 'constant'\), .*"):
        wf.against_subgradients(11, eta=1.0, schedule="constant")
    with pytest.raises(ValueError, match="the setting must be in the table"):
        wf.against_heavy_ball(3, kappa=3.0)
    with pytest.raises(ValueError, match="name must be one of subgradient, heavy_ball"):
        wf.grid("adam")
    with pytest.raises(ValueError, match="heights must be 0 or less"):
        wf.Planes(np.ones((1, 2)), np.ones(1), np.ones((1, 2)))
    with pytest.raises(ValueError, match="the shape of points must be that of slopes"):
        wf.Planes(np.ones((2, 1)), np.zeros(2), np.ones((1, 2)))
    with pytest.raises(ValueError, match="heights must be 0 or more"):
        wf.Parabolas(np.ones((1, 2)), -np.ones(1), 0.1, 1.0)
    with pytest.raises(ValueError, match="mu and L must be 0 <= mu < L"):
        wf.Parabolas(np.ones((1, 2)), np.ones(1), 1.0, 1.0)
    with pytest.raises(ValueError, match="the shape of heights must be"):
        wf.Parabolas(np.ones((1, 2)), np.ones(2), 0.5, 1.0)


@pytest.mark.full
def test_worst_functions_are_found_again():
    from optilab.classics import performance_functions as program

    asked = program.settings()
    assert [setting for find, setting in asked if find is program.subgradient] == SUBGRADIENTS
    assert [setting for find, setting in asked if find is program.ball] == BALLS
    for find, setting in asked[::9]:
        row = find(*setting)
        assert tuple(row["at"]) == setting
        if find is program.subgradient:
            T, eta, schedule = setting
            assert len(row["start"]) == len(wf.against_subgradients(T, eta=eta, schedule=schedule)[1])
