import numpy as np
import pytest
from scipy.linalg import expm

from optilab.papers.multiobjective_pde.problems import (
    Crescent,
    Heat,
    MaxPDE,
    Tracking,
    Wells,
    cells,
    loads,
    random_targets,
    sine,
    standard,
)


def dense(n, dim):
    """−Δ, one node after the other."""
    size, h2 = n**dim, (1 / (n + 1)) ** 2
    A = np.zeros((size, size))
    for i in range(size):
        place = np.array(np.unravel_index(i, (n,) * dim))
        A[i, i] = 2 * dim / h2
        for axis in range(dim):
            for step in (-1, 1):
                other = place.copy()
                other[axis] += step
                if 0 <= other[axis] < n:
                    A[i, np.ravel_multi_index(tuple(other), (n,) * dim)] = -1 / h2
    return A


@pytest.mark.parametrize(("n", "dim"), [(5, 1), (4, 2)])
def test_the_matrix_in_all_its_forms(n, dim):
    pde, A, rng = MaxPDE(n, dim, 3.0), dense(n, dim), np.random.default_rng(0)
    np.testing.assert_allclose(pde.A.toarray(), A)
    v, active, right = rng.normal(size=(2, pde.N)), rng.random(pde.N) < 0.5, rng.normal(size=(pde.N, 3))
    np.testing.assert_allclose(pde.apply(v), v @ A)
    shifted = A + 3 * np.diag(active)
    np.testing.assert_allclose(pde.solve(active, right), np.linalg.solve(shifted, right))
    np.testing.assert_allclose(pde.solve(active, right[:, 0]), np.linalg.solve(shifted, right[:, 0]))
    np.testing.assert_allclose(pde.inverse(right), np.linalg.solve(A, right))
    assert pde.smallest == pytest.approx(np.linalg.eigvalsh(A)[0])
    assert pde.energy(v[0]) == pytest.approx(np.sqrt(pde.h**dim * v[0] @ A @ v[0]))
    assert pde.norm(v[1]) == pytest.approx(np.sqrt(pde.h**dim * v[1] @ v[1]))


def test_cells_are_half_open():
    B = cells(63, 1, 8)
    assert B.shape == (63, 8)
    assert B.sum(0).tolist() == [7, *[8] * 7]  # the node at 1/8 is in the second
    assert B[7].tolist() == [0, 1, 0, 0, 0, 0, 0, 0]
    square = cells(7, 2, 2)
    pde = MaxPDE(7, 2, 1.0, square)
    x = pde.nodes[square[:, 1] > 0]
    assert (x[:, 0] < 0.5).all()
    assert (x[:, 1] >= 0.5).all()


def test_loads_and_targets_are_those_of_the_text():
    pde = MaxPDE(5, 2)
    rng = np.random.default_rng(3)
    coefficients, constant = rng.normal(size=(1, 9)), rng.normal()
    x, y = pde.nodes.T
    waves = [np.sin(j * np.pi * x) * np.sin(k * np.pi * y) for j in (1, 2, 3) for k in (1, 2, 3)]
    expected = 50 * coefficients[0] @ np.array(waves) + 25 * constant
    np.testing.assert_allclose(loads(pde, np.random.default_rng(3), 1)[0], expected)
    problem = standard()
    grid = np.arange(1, 64) / 64
    np.testing.assert_allclose(problem.targets[1], -0.3 * np.sin(2 * np.pi * grid) - 0.05)
    a = np.random.default_rng(0).normal(size=(2, 3))
    first = sum(a[0, k] * (0.5, 0.3, 0.2)[k] * np.sin((k + 1) * np.pi * grid) for k in range(3))
    np.testing.assert_allclose(random_targets(np.random.default_rng(0)).targets[0], first)


def test_the_objectives_are_integrals():
    problem = standard(1e-2, psi=0.1, gamma=5.0)
    rng = np.random.default_rng(1)
    y, q = rng.normal(size=63), rng.normal(size=8)
    h, u = 1 / 64, problem.pde.matrix @ q
    expected = [
        h * ((y - y_d) ** 2).sum() / 2 + 1e-2 * h * (u**2).sum() / 2 + 2.5 * h * (np.maximum(0, y - 0.1) ** 2).sum()
        for y_d in problem.targets
    ]
    np.testing.assert_allclose(problem.values(y, q @ problem.M @ q), expected)


def test_the_crescent_s_subgradients_are_slopes_off_its_kinks():
    problem, x = Crescent(), np.random.default_rng(0).uniform(-1.5, 1.5, (50, 2))
    for i in range(2):
        slopes = [(problem(x + d)[:, i] - problem(x - d)[:, i]) / 2e-6 for d in 1e-6 * np.eye(2)]
        np.testing.assert_allclose(problem.subgradient(x, i), np.stack(slopes, -1), atol=1e-7)
    assert problem(np.zeros(2)).tolist() == [0, -0.25]
    assert problem.subgradient(np.zeros(2), 0).tolist() == [0, -1]  # a tie: the outer piece
    assert problem.subgradient(np.array([1.0, 0.0]), 1).tolist() == [3, 0]  # |s|′ = 0


def test_the_least_values_of_the_crescent():
    grid = np.stack(np.meshgrid(*[np.linspace(-1.5, 1.5, 601)] * 2), -1)
    least = Crescent()(grid).min((0, 1))
    assert least[0] == pytest.approx(Crescent.least[0], abs=1e-12)
    assert least[1] == pytest.approx(Crescent.least[1], abs=1e-12)


def test_the_heat_by_a_matrix_exponential():
    heat, tau = Heat(7, T=0.2), np.array([0.05, 0.13])
    A = dense(7, 1)
    y = np.linalg.solve(A, heat.b) - expm(-A * 0.08) @ np.linalg.solve(A, heat.b)
    np.testing.assert_allclose(heat.state(tau), expm(-A * 0.07) @ y, rtol=1e-10)
    miss = np.random.default_rng(0).normal(size=7)
    np.testing.assert_allclose(heat.adjoint(miss, 0.05), expm(-A * 0.15) @ miss, rtol=1e-9)
    assert (heat.b > 0).sum() == 3


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: MaxPDE(1), "n must be"),
        (lambda: MaxPDE(5, 3), "dim must be 1 or 2"),
        (lambda: MaxPDE(5, 1, -1.0), "kappa must be 0 or more: below that the equation may lose monotonicity"),
        (lambda: MaxPDE(5, 1, 1.0, np.ones((4, 2))), "the shape of B must be"),
        (lambda: MaxPDE(5).drive(np.zeros(4)), "the shape of q must be"),
        (lambda: cells(5, 1, 6), "m must be"),
        (lambda: sine(MaxPDE(5, 2), 1), "the second frequency must be"),
        (lambda: Tracking(MaxPDE(5), np.zeros((2, 4)), np.ones(2)), "the shape of targets must be"),
        (lambda: Tracking(MaxPDE(5), np.zeros((2, 5)), np.ones(3)), "the shape of sigma must be"),
        (lambda: Tracking(MaxPDE(5), np.zeros((2, 5)), np.array([1.0, -1.0])), "sigma must be 0 or more"),
        (lambda: standard(psi=0.1), "gamma must be positive"),
        (lambda: standard(psi=0.1, gamma=-1.0), "gamma must be positive"),
        (lambda: Heat(T=0.0), "T must be positive"),
        (lambda: Heat().state(np.array([0.15, 0.05])), "tau must be in order"),
        (lambda: Heat().state(np.array([0.05, 0.3])), "tau must be in order"),
        (lambda: Heat().state(np.array([-0.05, 0.1])), "tau must be in order"),
    ],
)
def test_what_makes_no_problem_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_free_controls_that_are_not_told_apart_are_warned_of():
    with pytest.warns(UserWarning, match="not unique"):
        Tracking(MaxPDE(5, 1, 1.0, np.ones((5, 2))), np.zeros((2, 5)), np.zeros(2))


def test_the_wells_are_two_dips():
    x = np.array([[1.0], [3.0]])
    np.testing.assert_allclose(Wells()(x), [-0.6, -1.0], atol=1e-3)
