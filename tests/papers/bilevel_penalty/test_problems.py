from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize, minimize_scalar

from optilab.core.numerics import log_slope
from optilab.papers.bilevel_penalty.problems import Penalised, compatible, draw, jump, noisy, ring, selecting, stacked

SIGMAS = np.logspace(-4, -1, 13)
SMOOTH = {"C": compatible(draw(0)), "S": selecting(draw(0)), "ring": ring()}
each_smooth = pytest.mark.parametrize("problem", SMOOTH.values(), ids=SMOOTH)


def rng(seed=0):
    return np.random.default_rng(seed)


def differences(function, x, step=1e-5):
    return np.array([(function(x + h) - function(x - h)) / (2 * step) for h in step * np.eye(len(x))])


@each_smooth
@pytest.mark.parametrize("sigma", [0.01, 0.3])
def test_the_perturbed_solution_is_what_a_general_solver_finds(problem, sigma):
    x = rng(1).normal(size=problem.n)

    def h(y):
        return sigma * problem.upper(x, y) + problem.lower(x, y)

    start = problem.T(x, sigma) + 0.1 * rng(2).normal(size=problem.m)
    slope = lambda y: sigma * problem.upper.grad_y(x, y) + problem.lower.grad_y(x, y)  # noqa: E731
    found = minimize(h, start, jac=slope, tol=1e-13)
    assert h(problem.T(x, sigma)) == pytest.approx(found.fun, abs=1e-10)
    np.testing.assert_allclose(slope(problem.T(x, sigma)), 0, atol=1e-9)


@each_smooth
def test_the_lower_solution_has_the_least_f_of_all(problem):
    x = rng(3).normal(size=problem.n)
    y = problem.y_star(x)
    np.testing.assert_allclose(problem.lower.grad_y(x, y), 0, atol=1e-12)
    for seed in range(20):
        other = problem.nearest(x, y + rng(seed).normal(size=problem.m))
        assert problem.lower(x, other) == pytest.approx(0, abs=1e-20)
        assert problem.upper(x, other) >= problem.upper(x, y) - 1e-12


def test_the_cubic_of_the_ring_has_the_root_of_the_least_value():
    problem, a = ring(), np.array([2.0, 1.0])
    for x in (0.0, 0.8, 2.0, 5.0):
        for sigma in (1e-3, 0.1, 1.0, 20.0):
            r2, length = 1 + x**2, np.linalg.norm(a)
            roots = np.roots([1, 0, sigma - r2, -sigma * length])
            real = roots[abs(roots.imag) < 1e-9].real
            points = real[:, None] * a / length
            values = sigma * problem.upper(np.array([x]), points) + problem.lower(np.array([x]), points)
            np.testing.assert_allclose(problem.T(np.array([x]), sigma), points[values.argmin()], atol=1e-7)


def test_the_nearest_lower_solution_of_the_ring_is_on_its_circle():
    problem, x, y = ring(), np.array([0.8]), np.array([-0.3, 0.4])
    turn = np.linspace(0, 2 * np.pi, 100_001)
    circle = np.sqrt(1.64) * np.stack([np.cos(turn), np.sin(turn)], -1)
    best = circle[np.linalg.norm(circle - y, axis=-1).argmin()]
    np.testing.assert_allclose(problem.nearest(x, y), best, atol=1e-4)


@each_smooth
@pytest.mark.parametrize("sigma", [0.01, 0.3])
def test_the_gradient_of_the_penalty_is_the_difference_of_its_values(problem, sigma):
    x = rng(4).normal(size=problem.n)
    exact = differences(lambda x: problem.penalty(x, sigma), x)
    np.testing.assert_allclose(problem.penalty_grad(x, sigma), exact, atol=1e-7)


@each_smooth
def test_the_hypergradient_is_that_of_psi(problem):
    x = rng(5).normal(size=problem.n)
    np.testing.assert_allclose(problem.hypergrad(x, pinv=True), differences(problem, x), atol=1e-8)


@pytest.mark.parametrize("problem", [*SMOOTH.values(), jump()], ids=[*SMOOTH, "jump"])
def test_the_penalty_falls_with_sigma_from_psi_and_stays_above_the_bound(problem):
    sigma = np.logspace(-4, 2, 40)[:, None]
    x = rng(6).uniform(-1, 1, (30, problem.n))
    value = problem.penalty(x, sigma)
    assert (np.diff(value, axis=0) <= 1e-9).all()
    gap = problem(x) - value
    assert (gap >= -1e-9).all()
    assert (gap <= problem.gap_bound(x, sigma) + 1e-9).all()
    assert (gap <= 0.9 * problem.gap_bound(x, sigma)).any()


@each_smooth
def test_with_a_light_penalty_only_f_is_left(problem):
    x = rng(7).normal(size=problem.n)
    least = minimize(lambda y: problem.upper(x, y), np.zeros(problem.m), tol=1e-12).fun
    gap = problem.penalty(x, 1e4) - least
    assert 0 <= gap <= 1e-2
    assert problem.penalty(x, 1e5) - least == pytest.approx(gap / 10, rel=0.01, abs=1e-7)


def test_if_f_is_free_of_y_the_penalty_is_f():
    free = replace(SMOOTH["C"].upper, C=np.zeros((3, 8)))
    problem = Penalised(free, SMOOTH["C"].lower, 3, 8, SMOOTH["C"].solution, perturbed=lambda x, _: problem.y_star(x))
    x = rng(8).normal(size=(5, 3))
    for sigma in (0.01, 1.0, 10.0):
        np.testing.assert_allclose(problem.penalty_grad(x, sigma), free.grad_x(x, x), atol=1e-12)


@pytest.mark.parametrize(
    ("make", "values", "slopes"),
    [
        (compatible, (0.980, 0.986, 0.987), (0.979, 0.984, 0.986)),
        (selecting, (0.966, 0.979, 0.977), (0.967, 0.976, 0.972)),
    ],
    ids=["C", "S"],
)
def test_values_and_gradients_are_near_in_the_order_of_sigma(make, values, slopes):
    problem, x = make(stacked(range(3))), np.ones((3, 3))
    sigma = SIGMAS[:, None]
    gap = abs(problem.penalty(x, sigma) - problem(x))
    far = np.linalg.norm(problem.penalty_grad(x, sigma) - problem.hypergrad(x, pinv=True), axis=-1)
    assert [log_slope(SIGMAS, gap[:, i]) for i in range(3)] == pytest.approx(values, abs=6e-4)
    assert [log_slope(SIGMAS, far[:, i]) for i in range(3)] == pytest.approx(slopes, abs=6e-4)


def test_the_gaps_of_the_ring():
    problem, x, sigma = ring(), np.array([0.8]), np.array([0.1, 0.01, 0.001])
    gap = problem(x) - problem.penalty(x, sigma)
    far = abs(problem.penalty_grad(x, sigma) - problem.hypergrad(x, pinv=True))[:, 0]
    assert gap / sigma == pytest.approx([0.132, 0.138, 0.139], abs=6e-4)
    assert far / sigma == pytest.approx([0.293, 0.315, 0.317], abs=6e-4)
    r, length = np.sqrt(1.64), np.sqrt(5)
    assert problem.penalty(x, 1e-5) == pytest.approx(problem(x) - 1e-5 * (r - length) ** 2 / (4 * r**2), abs=1e-9)
    assert problem.penalty(np.array([2.0]), 0.1) == pytest.approx(problem(np.array([2.0])), abs=1e-15)


def test_the_ring_in_closed_form():
    problem, x = ring(), np.linspace(-2, 2, 9)[:, None]
    r, length = np.sqrt(1 + x**2), np.sqrt(5)
    np.testing.assert_allclose(problem(x), ((r - length) ** 2 / 2 + (x - 0.5) ** 2 / 2)[:, 0])
    np.testing.assert_allclose(problem.hypergrad(x, pinv=True), x * (r - length) / r + x - 0.5, atol=1e-12)


def smallest_curvature(problem, sigma):
    """The smallest eigenvalue of ∇²_yy h_σ that isn't 0."""
    x, y = np.zeros(3), np.zeros(8)
    W = np.array([problem.upper.grad_y(x, e) - problem.upper.grad_y(x, y) for e in np.eye(8)])
    values = np.linalg.eigvalsh(sigma * W + problem.lower_hess(x, y))
    return values[values > 1e-8].min()


def test_when_f_must_choose_the_curvature_is_of_order_sigma():
    sigmas = [0.3, 0.1, 0.01, 0.003]
    compatible, selecting = ([smallest_curvature(SMOOTH[name], sigma) for sigma in sigmas] for name in "CS")
    assert compatible == pytest.approx([0.324, 0.278, 0.253, 0.251], abs=6e-4)
    assert selecting == pytest.approx([0.196, 0.072, 0.0077, 0.0023], rel=0.03)


def test_at_another_lower_solution_the_pseudo_inverse_is_off():
    numbers = stacked(range(3))
    x, A, B = np.ones((3, 3)), numbers.A, numbers.B
    y0 = np.matvec(np.linalg.pinv(A), np.matvec(B, x))
    off = selecting(numbers)
    error = np.linalg.norm(off.hypergrad(x, y0, pinv=True) - off.hypergrad(x, pinv=True), axis=-1)
    assert error == pytest.approx([0.491, 0.207, 0.196], abs=6e-4)
    even = selecting(numbers, np.ones(8))
    np.testing.assert_allclose(even.hypergrad(x, y0, pinv=True), even.hypergrad(x, pinv=True), atol=1e-12)
    problem, x, t, a = ring(), np.array([0.8]), np.array([0.0, 1.5, 3.0]), np.array([2.0, 1.0])
    z = np.sqrt(1.64) * np.stack([np.cos(t), np.sin(t)], -1)
    error = abs(problem.hypergrad(x, z, pinv=True) - problem.hypergrad(x, pinv=True))[:, 0]
    assert error == pytest.approx([0.147, 0.685, 2.546], abs=6e-4)
    assert error == pytest.approx(0.8 / np.sqrt(1.64) * (np.sqrt(5) - z @ a / np.sqrt(1.64)))


def test_the_hypergradient_of_c_is_that_of_its_closed_form_on_many_seeds():
    numbers = stacked(range(200))
    problem, x = compatible(numbers), rng(9).normal(size=(200, 3))
    RB = np.einsum("sqm,smr,srn->sqn", numbers.C, np.linalg.pinv(numbers.A), numbers.B)
    exact = np.matvec(RB.mT, np.matvec(RB, x) - numbers.d) + x - numbers.e - 0.6 * np.sin(2 * x)
    np.testing.assert_allclose(problem.hypergrad(x, pinv=True), exact, atol=1e-10)


def test_near_the_jump_nothing_is_uniform():
    problem = jump()
    for sigma in (0.1, 0.01, 0.001):
        x = np.linspace(-1, 1, 2001)[:, None]
        near = abs(x[:, 0]) <= 2 * sigma
        formula = np.where(near, x[:, 0] ** 2 + abs(x[:, 0]) / sigma - x[:, 0] ** 2 / (4 * sigma**2), x[:, 0] ** 2 + 1)
        np.testing.assert_allclose(problem.penalty(x, sigma), formula, atol=1e-11)
        little = np.array([1e-9])
        assert problem(little) - problem.penalty(little, sigma) == pytest.approx(1, abs=1e-5)
        assert problem.penalty_grad(little, sigma) == pytest.approx([1 / sigma], rel=1e-5)
    assert problem(np.zeros(1)) == 0
    assert minimize_scalar(lambda y: 0.1 * y**2 + 0.15 * y, (-1, 1)).x == pytest.approx(
        problem.T(np.array([0.15]), 0.1)[0]
    )


def test_samples_of_a_level_cancel_in_differences():
    problem = noisy(ring(), 0.5)
    token = problem.lower.sample(rng(), (1,))
    x, y, z = np.array([0.3]), np.ones(2), np.zeros(2)
    g = problem.lower
    difference = g.sample_grad_x(x, y, token) - g.sample_grad_x(x, z, token)
    np.testing.assert_allclose(difference, g.grad_x(x, y) - g.grad_x(x, z), atol=1e-14)


def test_what_is_no_problem_is_refused():
    x = np.zeros(1)
    for bad, match in (
        (lambda: ring().T(x, 0.0), r"sigma must be > 0 \(the limit σ → 0 is the bilevel problem itself\)"),
        (lambda: ring().penalty(x, -1.0), "sigma must be > 0"),
        (lambda: ring().penalty_grad(x, np.nan), "sigma must be > 0"),
        (lambda: ring((0.0, 0.0)), "a must be"),
        (lambda: draw(-1), "seed must be"),
        (lambda: selecting(draw(0), np.zeros(8)), "W must be"),
        (lambda: replace(ring(), perturbed=None).T(x, 0.1), "perturbed must be known"),
        (lambda: replace(ring(), nearest=None).gap_bound(x, 0.1), "nearest must be known"),
    ):
        with pytest.raises(ValueError, match=match):
            bad()
