import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from optilab.papers.multiobjective_pde import algorithm as alg
from optilab.papers.multiobjective_pde import experiment
from optilab.papers.multiobjective_pde.problems import MaxPDE, Tracking, standard
from optilab.problems.pareto import hypervolume, non_dominated

HALF = np.array([0.5, 0.5])


@pytest.fixture(scope="module")
def ends():
    return experiment.ends_of(None)


def test_the_walk_is_the_pseudo_code_written_out(ends):
    first, last = ends
    model = alg.FullModel(standard())
    walked = list(alg.reference_walk(model, first, last, h_par=0.008, h_perp=0.005))
    z, k = first.J - [0.005, 0.008], 1
    while z[0] < last.J[0]:
        np.testing.assert_allclose(walked[k].z, z, rtol=1e-9)
        J = walked[k].J
        n = (z - J) / np.hypot(*(z - J))
        t = np.array([-n[1], n[0]]) * np.sign(-n[1])
        z, k = J + 0.008 * t + 0.005 * n, k + 1
    assert k == len(walked) - 1
    np.testing.assert_array_equal(walked[0].J, first.J)
    np.testing.assert_array_equal(walked[-1].J, last.J)


def test_a_point_of_the_walk_minimises_the_weighted_sum_that_it_implies(ends):
    model = alg.FullModel(standard())
    for point in list(alg.reference_walk(model, *ends))[1:-1]:
        assert (point.weights > 0).all()
        np.testing.assert_allclose(point.weights, (point.J - point.z) / (point.J - point.z).sum())
        again = alg.newton(model, alg.Weighted(point.weights), point.q)
        np.testing.assert_allclose(again.J, point.J, atol=1e-9)


def test_the_figures_of_the_standard_front():
    weighted, walk = experiment.weighted_front(None), experiment.reference_front(None)
    assert len(weighted.J) == 16
    assert weighted.ratio == pytest.approx(1.85, abs=5e-3)
    assert 500 < weighted.solves < 720
    assert len(walk.J) == 16  # and the last
    assert walk.ratio == pytest.approx(1.13, abs=5e-3)
    assert 750 < walk.solves < 1020


@pytest.mark.parametrize(("tol", "solves", "modes", "error", "certain"), [
    (1e-1, 9, 6, 7.1e-4, 0.092), (1e-2, 22, 14, 2.1e-5, 0.032), (1e-3, 44, 30, 4.4e-7, 0.0068),
])  # fmt: skip
def test_the_figures_of_the_reduced_walk(tol, solves, modes, error, certain):
    front = experiment.reduced_front(None, tol)
    assert front.solves == solves
    assert front.modes == modes
    assert front.error == pytest.approx(error, rel=0.05)
    assert front.certain == pytest.approx(certain, rel=0.05)
    assert front.ratio == pytest.approx(1.13, abs=5e-3)
    assert front.delta <= tol
    assert len(front.events) >= 1
    assert front.events[-1][1] == modes


@pytest.mark.parametrize("seed", range(3))
def test_the_best_t_of_the_augmented_function(seed):
    rng = np.random.default_rng(seed)
    z, r, lam, J = -rng.random(3), rng.uniform(0.3, 2, 3), rng.random(3), rng.random(3)
    now = alg.Augmented(z, r, lam, 7.0)

    def joint(t):
        c = J - z - t * r
        return t + ((np.maximum(0, lam + 7 * c) ** 2 - lam**2).sum()) / 14

    best = minimize_scalar(joint, bracket=(-5, 5), tol=1e-12)
    assert now.t(J) == pytest.approx(best.x, abs=1e-6)
    assert now.value(J) == pytest.approx(best.fun)
    slopes = [(now.value(J + d) - now.value(J - d)) / 2e-6 for d in 1e-6 * np.eye(3)]
    np.testing.assert_allclose(now.weights(J), slopes, rtol=1e-6, atol=1e-8)
    bends = [(now.weights(J + d) - now.weights(J - d)) / 2e-6 for d in 1e-6 * np.eye(3)]
    np.testing.assert_allclose(now.bend(J), bends, rtol=1e-5, atol=1e-6)
    assert now.weights(J) @ r == pytest.approx(1)


@pytest.mark.parametrize("minimise", [alg.newton, alg.quasi_newton])
@pytest.mark.parametrize("r", [(1.0, 1.0), (1.0, 3.0), (3.0, 1.0)])
def test_pascoletti_serafini_ends_on_the_ray_with_multipliers_that_fit(ends, r, minimise):
    first, last = ends
    model, r = alg.FullModel(standard()), np.array(r)
    z = np.array([first.J[0], last.J[1]]) - 0.01
    length = np.linalg.norm(last.J - first.J)
    *_, end = alg.pascoletti_serafini(model, first.q, z=z, r=r, rho=100 / length, minimise=minimise)
    assert end.violation <= 1e-7
    assert end.lam @ r == pytest.approx(1, abs=2e-5)
    np.testing.assert_allclose(end.J, z + end.t * r, atol=1e-6)  # both constraints are active
    assert np.linalg.norm(end.lam @ model.gradients(end.q)[1]) <= 2e-7


def test_the_points_of_all_methods_are_of_one_front():
    weighted, walk = experiment.weighted_front(None).J, experiment.reference_front(None).J
    assert non_dominated(np.concatenate([weighted, walk])).mean() > 0.9  # minimisers to rounding, and two local ones
    corner = np.array([0.11, 0.09])
    assert hypervolume(weighted, corner) == pytest.approx(hypervolume(walk, corner), rel=0.02)
    assert non_dominated(walk).all()


def test_three_objectives_are_no_more_than_two():
    pde = standard().pde
    x = np.arange(1, 64) / 64
    problem = Tracking(
        pde, np.array([0.3 * np.sin(np.pi * x), -0.2 * np.sin(2 * np.pi * x), 0.1 * x]), np.full(3, 1e-3)
    )
    model = alg.FullModel(problem)
    ideal = np.array([point.J[i] for i, point in enumerate(alg.ends(model))])
    *_, end = alg.pascoletti_serafini(model, np.zeros(8), z=ideal - 0.01, r=np.array([1.0, 2.0, 1.5]), rho=500.0)
    assert end.violation <= 1e-7
    assert np.linalg.norm(end.lam @ model.gradients(end.q)[1]) <= 1e-6


def test_a_reference_point_that_is_not_below_is_an_error(ends):
    first, last = ends
    above = first._replace(J=np.array([0.05, 0.08]))
    with pytest.raises(ValueError, match="must be below J in both, or J is dominated"):
        list(alg.reference_walk(alg.FullModel(standard()), above, last))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m, e: alg.weighted_sum(m, np.zeros(8), alphas=np.array([1.2])), "alphas must be in"),
        (lambda m, e: alg.reference_walk(m, *e, h_par=0.0), "h_par must be positive"),
        (lambda m, e: alg.reference_walk(m, *e, h_perp=-1.0), "h_perp must be positive"),
        (lambda m, e: alg.pascoletti_serafini(m, e[0].q, z=e[0].J, r=np.ones(2), rho=1.0), "z must be strictly below"),
        (
            lambda m, e: alg.pascoletti_serafini(m, e[0].q, z=-HALF, r=np.array([1.0, 0.0]), rho=1.0),
            "r must be positive",
        ),
        (lambda m, e: alg.pascoletti_serafini(m, e[0].q, z=-HALF, r=np.ones(2), rho=0.0), "rho must be positive"),
        (lambda m, e: alg.pascoletti_serafini(m, e[0].q, z=-HALF, r=np.ones(2), rho=1.0, tol=0.0), "tol must be"),
        (lambda m, e: alg.pascoletti_serafini(m, e[0].q, z=-np.ones(3), r=np.ones(3), rho=1.0), "the shape of z must"),
        (lambda m, e: alg.pascoletti_serafini(m, e[0].q, z=-HALF, r=np.ones(3), rho=1.0), "the shape of r must"),
    ],
)
def test_bad_input_is_refused(ends, call, message):
    with pytest.raises(ValueError, match=message):
        list(call(alg.FullModel(standard()), ends))


def test_methods_for_two_objectives_take_two():
    one = Tracking(MaxPDE(5), np.zeros((1, 5)), np.ones(1))
    with pytest.raises(ValueError, match="the number of objectives must be 2"):
        alg.weighted_sum(alg.FullModel(one), np.zeros(5), alphas=np.ones(1))
