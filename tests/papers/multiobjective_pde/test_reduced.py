import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optilab.papers.multiobjective_pde import algorithm as alg
from optilab.papers.multiobjective_pde import experiment
from optilab.papers.multiobjective_pde.problems import MaxPDE, standard


def rng(seed=0):
    return np.random.default_rng(seed)


SMALL = standard(1e-3, n=15)
PDE = SMALL.pde
STATES = np.array([alg.solve_state(PDE, PDE.drive(10 * rng(seed).normal(size=8)))[0] for seed in range(6)])


def test_modes_are_orthonormal_in_the_energy_and_ordered():
    V = alg.pod(PDE, STATES.T)
    np.testing.assert_allclose(V.T @ PDE.A.toarray() @ V / 16, np.eye(6), atol=1e-12)
    energy = ((V.T @ PDE.A.toarray() @ STATES.T / 16) ** 2).sum(1)
    assert (np.diff(energy) < 0).all()
    L = np.linalg.cholesky(PDE.A.toarray() / 16)
    left, values, _ = np.linalg.svd(L.T @ STATES.T, full_matrices=False)
    np.testing.assert_allclose(energy, values**2, rtol=1e-9)  # an SVD in the same metric
    np.testing.assert_allclose(abs((L.T @ V).T @ left), np.eye(6), atol=1e-6)
    assert alg.pod(PDE, STATES.T, 2).shape == (15, 2)


def test_what_is_not_new_drops_out():
    V = alg.pod(PDE, STATES.T, 3)
    assert alg.orthonormal(PDE, V, V @ rng().normal(size=(3, 2))).shape == (15, 3)
    more = alg.orthonormal(PDE, V, STATES.T)
    assert more.shape == (15, 6)
    np.testing.assert_allclose(more.T @ PDE.A.toarray() @ more / 16, np.eye(6), atol=1e-12)


def test_with_all_modes_it_is_the_full_model():
    whole = alg.ReducedModel(alg.FullModel(SMALL), alg.orthonormal(PDE, np.zeros((15, 0)), np.eye(15)))
    full, q = alg.FullModel(SMALL), 10 * rng(9).normal(size=8)
    for mine, theirs in zip((*whole.piece(q), *whole.gradients(q)), (*full.piece(q), *full.gradients(q)), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-8, atol=1e-11)
    np.testing.assert_allclose(whole.state(q), full.state(q), atol=1e-11)
    assert whole.bound(q) < 1e-9
    assert not whole.enrich(q)


def test_its_gradients_and_hessians_are_those_of_its_own_values():
    model = alg.ReducedModel(alg.FullModel(SMALL), alg.pod(PDE, STATES.T, 4))
    q = 10 * rng(4).normal(size=8)
    assert abs(model.state(q)).min() > 1e-4
    J, G, H = model.piece(q)
    same_J, same_G = model.gradients(q)
    np.testing.assert_allclose(J, model.values(q))
    np.testing.assert_allclose(same_J, J)
    np.testing.assert_allclose(same_G, G, rtol=1e-9, atol=1e-13)
    steps = 1e-5 * np.eye(8)
    np.testing.assert_allclose(
        G, np.array([(model.values(q + d) - model.values(q - d)) / 2e-5 for d in steps]).T, rtol=1e-5, atol=1e-9
    )
    bends = np.stack([(model.gradients(q + d)[1] - model.gradients(q - d)[1]) / 2e-5 for d in steps], -1)
    np.testing.assert_allclose(H, bends, rtol=1e-5, atol=1e-8)


def test_its_state_has_a_residual_without_a_part_in_its_modes():
    V = alg.pod(PDE, STATES.T, 3)
    model = alg.ReducedModel(alg.FullModel(SMALL), V)
    q = 10 * rng(5).normal(size=8)
    y = model.state(q)
    np.testing.assert_allclose(V.T @ PDE.residual(y, PDE.drive(q)), 0, atol=1e-8)
    assert alg.error_bound(PDE, y, PDE.drive(q)) == pytest.approx(model.bound(q))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.floats(0, 300), st.integers(1, 2))
def test_the_bound_is_above_the_error_and_at_most_its_effectivity_above(seed, kappa, dim):
    pde, generator = MaxPDE(7, dim, kappa), rng(seed)
    u, y = 50 * generator.normal(size=pde.N), generator.normal(size=pde.N)  # any y at all
    exact, _ = alg.solve_state(pde, u)
    error = pde.energy(y - exact)
    ratio = alg.error_bound(pde, y, u) / error
    assert 1 - 1e-9 <= ratio <= alg.effectivity_bound(pde) + 1e-9


def test_the_bound_is_the_dual_norm_and_exact_without_a_kink():
    pde = MaxPDE(7, 2, 0.0)
    u, y = rng().normal(size=(2, 49))
    r = pde.A.toarray() @ y - u
    expected = np.sqrt(r @ np.linalg.solve(pde.A.toarray(), r) / 64)
    assert alg.error_bound(pde, y, u) == pytest.approx(expected)
    assert pde.energy(y - alg.solve_state(pde, u)[0]) == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(5))
def test_the_certified_objectives_hold_the_exact_ones(seed):
    full = alg.FullModel(standard())
    model = alg.started(full, 5 * rng(seed).normal(size=8))
    for q in 5 * rng(seed + 50).normal(size=(10, 8)):
        off = abs(alg.FullModel(standard()).values(q) - model.values(q))
        assert (off <= model.certified(q)).all()


def test_errors_drop_when_the_modes_reach_the_controls():
    mean = {count: experiment.errors(0, count)[0].mean() for count in (2, 8, 16, 24)}
    assert 1.0 < mean[2] < 1.6
    assert 0.6 < mean[8] < 1.1
    assert 1e-2 < mean[16] < 4e-2
    assert 5e-3 < mean[24] < 2e-2
    error, bound = experiment.errors(1, 12)
    assert (bound >= error * (1 - 1e-9)).all()
    assert (bound <= 1.2 * error).all()


def test_the_ends_by_a_model_that_begins_with_two_adjoints():
    full, minimise = alg.FullModel(standard()), alg.Certified(1e-2)
    _, found = alg.reduced_ends(full, minimise)
    assert 9 <= full.total <= 23
    for mine, exact in zip(found, experiment.ends_of(None), strict=True):
        np.testing.assert_allclose(mine.J, exact.J, atol=4e-6)
    assert max(minimise.deltas) <= 1e-2


@pytest.mark.parametrize(("delta", "most", "all_taken"), [(0.01, 55, False), (0.1, 26, False), (10.0, 23, True)])
def test_the_trust_region_comes_to_the_minimiser_with_few_full_solves(delta, most, all_taken):
    full, scalarisation = alg.FullModel(standard()), alg.Weighted(np.array([0.5, 0.5]))
    states = list(alg.trust_region(full, scalarisation, np.zeros(8), delta=delta))
    count = full.total
    exact = alg.newton(alg.FullModel(standard()), scalarisation, np.zeros(8))
    assert states[-1].value == pytest.approx(scalarisation.value(exact.J), rel=1e-9)
    assert states[-1].gradient <= 1e-8
    assert count <= most
    assert all(state.accepted for state in states) == all_taken  # a small radius asks the full model early
    before = states[0]
    for after in states[1:]:
        assert after.delta == (2 if after.accepted else 0.5) * before.delta
        if after.accepted:
            assert after.value < before.value
            assert after.relative <= before.delta
        else:
            np.testing.assert_array_equal(after.q, before.q)
        before = after


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: alg.pod(PDE, np.zeros((15, 0))), "the shape of snapshots must be"),
        (lambda: alg.pod(PDE, np.zeros((15, 2))), "snapshots must be not all zero"),
        (lambda: alg.pod(PDE, STATES.T, 0), "modes must be"),
        (lambda: alg.ReducedModel(alg.FullModel(SMALL), np.zeros((15, 0))), "the shape of V must be"),
        (lambda: alg.Certified(0.0), "tol must be positive"),
        (
            lambda: alg.trust_region(alg.FullModel(SMALL), alg.Weighted(np.array([1.0, 0.0])), np.zeros(8), delta=0.0),
            "delta",
        ),
        (
            lambda: alg.trust_region(alg.FullModel(SMALL), alg.Weighted(np.array([1.0, 0.0])), np.zeros(8), tol=0.0),
            "tol",
        ),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
