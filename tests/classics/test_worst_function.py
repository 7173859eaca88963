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
SUBGRADIENTS, BALLS = wf.grid("subgradient"), wf.grid("heavy ball")


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
        assert abs(start) <= 1
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
    """What is left of the inequality between two points of a μ-strongly convex, L-smooth function of one variable."""
    mu, L = problem.mu, problem.L
    g, h = problem.grad(x[:, None])[:, 0], problem.grad(y[:, None])[:, 0]
    gap = problem(x[:, None]) - problem(y[:, None]) - h * (x - y)
    return gap - ((g - h) ** 2 / L + mu * (x - y) ** 2 - 2 * mu / L * (g - h) * (x - y)) / (2 * (1 - mu / L))


def test_parabolas_make_a_function_of_the_class():
    rng = np.random.default_rng(2)
    for n, kappa in BALLS:
        problem, _ = wf.against_heavy_ball(n, kappa=kappa)
        assert problem(problem.minimizer) == 0
        scale = 1 + abs(problem.centers).max()
        x, y = scale * rng.uniform(-2, 2, size=(2, 400))
        assert (interpolation(problem, x, y) >= -1e-9 * scale**2).all()
        h = 1e-4 * scale
        measured = (problem(x[:, None] + h) - problem(x[:, None] - h)) / (2 * h)
        np.testing.assert_allclose(measured, problem.grad(x[:, None])[:, 0], atol=2 * h)  # across a bend, by h/2


def test_the_hull_goes_through_values_and_gradients_and_is_the_lower_one():
    mu, L = 0.3, 2.0
    rng = np.random.default_rng(3)
    for _ in range(20):
        x = rng.normal(size=6)
        slopes = mu * x + (L - mu) * np.tanh(x)  # of ½μx² + (L − μ) log cosh x
        values = mu / 2 * x**2 + (L - mu) * np.log(np.cosh(x))
        problem = wf.Parabolas.through(x, slopes, values, mu, L)
        np.testing.assert_allclose(problem(x[:, None]), values, atol=1e-12)
        np.testing.assert_allclose(problem.grad(x[:, None])[:, 0], slopes, atol=1e-12)
        at, share = np.linspace(-3, 3, 41), np.linspace(0, 1, 401)[:, None, None, None]
        y, c = np.append(problem.centers, 0), np.append(problem.heights, 0)
        mixed = [share * part[:, None, None] + (1 - share) * part[None, :, None] for part in (y, c)]
        lowest = ((L - mu) / 2 * (at - mixed[0]) ** 2 + mixed[1]).min((0, 1, 2)) + mu / 2 * at**2
        np.testing.assert_allclose(problem(at[:, None]), lowest, atol=1e-4)
        above = mu / 2 * at**2 + (L - mu) * np.log(np.cosh(at))
        assert (problem(at[:, None]) >= above - 1e-12).all()  # no function through them is larger


def test_small_cases_are_what_one_finds_by_hand():
    valley, start = wf.against_subgradients(4, eta=0.1, schedule="constant")  # steps too short to reach the minimum
    np.testing.assert_allclose(valley(np.linspace(0, 1, 9)[:, None] * start), np.linspace(0, 1, 9), atol=1e-5)
    corner, start = wf.against_subgradients(1, eta=1.0, schedule="constant")
    assert corner.slopes.shape == (2, 2)
    np.testing.assert_allclose(corner.slopes @ start, [0.25, 0.25], atol=1e-4)  # c = 1/(4η)
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
    with pytest.raises(ValueError, match="name must be one of subgradient, heavy ball"):
        wf.grid("adam")
    with pytest.raises(ValueError, match="heights must be 0 or less"):
        wf.Planes(np.ones((1, 2)), np.ones(1), np.ones((1, 2)))
    with pytest.raises(ValueError, match="the shape of points must be that of slopes"):
        wf.Planes(np.ones((2, 1)), np.zeros(2), np.ones((1, 2)))
    with pytest.raises(ValueError, match="heights must be 0 or more"):
        wf.Parabolas(np.ones(1), -np.ones(1), 0.1, 1.0)
    with pytest.raises(ValueError, match="mu and L must be 0 <= mu < L"):
        wf.Parabolas(np.ones(1), np.ones(1), 1.0, 1.0)
    with pytest.raises(ValueError, match="the shape of heights must be that of centers"):
        wf.Parabolas(np.ones(1), np.ones(2), 0.5, 1.0)


@pytest.mark.full
def test_worst_functions_are_found_again():
    from optilab.classics import performance_functions as program

    asked = program.settings()
    assert SUBGRADIENTS == [setting for find, setting in asked if find is program.subgradient]
    assert BALLS == [setting for find, setting in asked if find is program.ball]
    for find, setting in asked[::9]:
        row = find(*setting)
        assert tuple(row["at"]) == setting
        if find is program.subgradient:
            T, eta, schedule = setting
            assert len(row["start"]) == len(wf.against_subgradients(T, eta=eta, schedule=schedule)[1])
