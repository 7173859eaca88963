from functools import partial

import numpy as np
import pytest
from scipy.optimize import minimize

from optilab.core.run import run
from optilab.papers.mfac import algorithm as alg
from optilab.problems.mlp import MLP, Fit

D = 37


def rng(seed=0):
    return np.random.default_rng(seed)


def network():
    """A network of 37 weights and its fit to 60 points."""
    X = rng().normal(size=(60, 4))
    fit = Fit(MLP((4, 5, 2)), X, (X[:, 0] * X[:, 1] > 0).astype(int), "cross_entropy")
    assert fit.network.dim == D
    return fit, rng(1).normal(size=D)


SMALL = {"m": 12, "size": 5, "lam": 1e-3, "nrec": 3}


def pruned(target=0.6, seed=3, mask=None, **changes):
    fit, w = network()
    return list(alg.prune_to(fit, w, target=target, rng=rng(seed), mask=mask, **(SMALL | {"block": None} | changes)))


def test_one_weight_of_a_quadratic_goes_at_the_constrained_minimum():
    A = rng().normal(size=(6, 6))
    H, w, k = A @ A.T + np.eye(6), rng(1).normal(size=6), 2

    class Exact:
        """A quadratic loss whose inverse Hessian is known."""

        def ihvp(self, x):
            return np.linalg.solve(H, x)

        def diagonal(self):
            return np.linalg.inv(H).diagonal()

    drop = np.arange(6) == k
    move = alg.compensation(w, Exact(), drop)
    assert w[k] + move[k] == pytest.approx(0)
    cost = 0.5 * move @ H @ move
    assert cost == pytest.approx(alg.saliency(w, Exact().diagonal())[k])
    there = {"type": "eq", "fun": lambda delta: delta[k] + w[k]}
    best = minimize(lambda delta: 0.5 * delta @ H @ delta, np.zeros(6), constraints=there, tol=1e-12)
    assert cost == pytest.approx(best.fun, rel=1e-6)
    np.testing.assert_allclose(move, best.x, atol=1e-4)


def test_the_run_is_the_pseudo_code_with_dense_inverses():
    fit, w = network()
    alive, draws, wanted = np.ones(D, bool), rng(3), []
    for r in range(1, 4):
        s = 1 - (1 - 0.6) ** (r / 3)
        rows = draws.integers(60, size=(12, 5))
        G = np.array([fit.sample_grad(w, sample) for sample in rows])[:, alive]
        inverse = np.linalg.inv(1e-3 * np.eye(alive.sum()) + G.T @ G / 12)
        rho = w[alive] ** 2 / (2 * inverse.diagonal())
        count = round(D * s) - (~alive).sum()
        drop = np.argsort(rho)[:count]
        scaled = w[alive][drop] / inverse.diagonal()[drop]
        moved = w[alive] - inverse[:, drop] @ scaled
        moved[drop] = 0
        w = w.copy()
        w[alive] = moved
        alive[np.flatnonzero(alive)[drop]] = False
        wanted.append(w)
    states = pruned()
    np.testing.assert_allclose([state.w for state in states[1:]], wanted, rtol=1e-8, atol=1e-10)
    np.testing.assert_array_equal(states[-1].mask, alive)


@pytest.mark.parametrize("target", [0.0, 0.13, 0.5, 0.77, 0.96])
def test_exactly_so_many_weights_are_zero(target):
    for last in (pruned(target)[-1], pruned(target, compensate=False)[-1], alg.by_magnitude(network()[1], target)):
        assert (last.w == 0).sum() == (~last.mask).sum() == round(D * target)


def test_shares_are_geometric_in_what_is_kept():
    np.testing.assert_allclose(alg.sparsities(0.0, 0.75, 2), [0.5, 0.75])
    np.testing.assert_allclose(alg.sparsities(0.5, 0.75, 4)[-1], 0.75)
    kept = 1 - alg.sparsities(0.2, 0.9, 5)
    np.testing.assert_allclose(kept[1:] / kept[:-1], (0.1 / 0.8) ** 0.2)


def test_who_goes_under_magnitude_and_what_stays_without_compensation():
    _, w = network()
    last = alg.by_magnitude(w, 0.5)
    assert abs(w[~last.mask]).max() < abs(w[last.mask]).min()
    np.testing.assert_array_equal(last.w[last.mask], w[last.mask])
    for state in (pruned(compensate=False)[-1], pruned(block=1)[-1]):  # a diagonal Fisher has nothing to make up with
        np.testing.assert_array_equal(state.w[state.mask], w[state.mask])


def test_huge_damping_is_magnitude():
    _, w = network()
    last = pruned(0.5, lam=1e9, nrec=1)[-1]
    np.testing.assert_array_equal(last.mask, alg.by_magnitude(w, 0.5).mask)
    np.testing.assert_allclose(last.w, alg.by_magnitude(w, 0.5).w, atol=1e-6)


@pytest.mark.parametrize("block", [1, 4, 16])
def test_woodfisher_prunes_as_blocks_do(block):
    ours = pruned(block=block)[-1]
    theirs = pruned(method=partial(alg.woodfisher, b=block))[-1]
    np.testing.assert_allclose(ours.w, theirs.w, rtol=1e-6, atol=1e-9)


def test_pruning_goes_on_from_a_mask():
    fit, _ = network()
    first = pruned(0.4)[-1]
    states = list(alg.prune_to(fit, first.w, target=0.7, rng=rng(4), mask=first.mask, block=8, **SMALL))
    assert (states[-1].mask <= first.mask).all()
    assert (states[-1].w == 0).sum() == round(0.7 * D)
    assert [(~state.mask).mean() for state in states] == pytest.approx([0.4, *alg.sparsities(0.4, 0.7, 3)], abs=0.03)


def test_gradual_pruning_trains_what_is_left():
    fit, w = network()
    states = run(alg.gradual(fit, w, rng=rng(), steps=100, lr=0.05, block=None, **SMALL), 5, keep=["w", "mask"])
    assert (states.w == 0).mean(-1) == pytest.approx([0, 0.5, 0.75, 0.875], abs=0.02)
    *_, untrained = alg.prune_to(fit, w, target=0.5, rng=rng(), block=None, **SMALL)
    np.testing.assert_array_equal(states.mask[1], untrained.mask)
    assert fit(states.w[1]) < fit(untrained.w)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"target": 1.0}, r"the target sparsity must be in \[0, 1\) and at least the present sparsity"),
        ({"target": -0.1}, "the target sparsity must be"),
        ({"target": 0.2, "mask": np.arange(D) < 20}, "at least the present sparsity, 0.4595, got 0.2"),
        ({"lam": 0.0}, "the damping lam must be one positive finite number"),
        ({"m": 0}, "m must be a whole number"),
        ({"size": 0}, "size must be a whole number"),
        ({"nrec": 0}, "nrec must be a whole number"),
        ({"block": 0}, "block must be a whole number, 1 or more, or None, got 0"),
        ({"mask": np.ones(3, bool)}, "mask must be an array"),
        ({"mask": np.ones(D)}, "mask must be an array"),
    ],
)
def test_what_is_not_allowed_is_refused_by_name(bad, message):
    with pytest.raises(ValueError, match=message):
        pruned(**({"target": 0.6} | bad))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: alg.by_magnitude(np.ones((2, 3)), 0.5), "w must be an array"),
        (lambda: alg.by_magnitude(np.full(3, np.nan), 0.5), "w must be an array"),
        (lambda: alg.by_magnitude(np.ones(3), 1.0), "the target sparsity must be"),
        (lambda: alg.by_magnitude(np.ones(3), 0.1, np.array([True, False, True])), "the target sparsity must be"),
        (lambda: alg.gradual(*network(), rng=rng(), steps=0), "steps must be a whole number, 1 or more, got 0"),
        (lambda: list(alg.gradual(*network(), rng=rng(), targets=(0.5, 0.4), steps=1, **SMALL)), "the target sparsity"),
    ],
)
def test_the_others_refuse_too(make, message):
    with pytest.raises(ValueError, match=message):
        make()
