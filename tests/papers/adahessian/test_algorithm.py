"""ADAHESSIAN against an implementation by hand, its limits, its symmetries and what its estimate is promised."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optilab.classics.adam import adam
from optilab.core.counted import Counted
from optilab.core.numerics import unit
from optilab.core.run import run
from optilab.papers.adahessian import algorithm as alg
from optilab.papers.adahessian.algorithm import AdaHessian, adahessian, block_average, hutchinson, step
from optilab.papers.adahessian.problems import LANDSCAPES, Changed, in_other_units
from optilab.problems.mlp import MLP, Fit
from optilab.problems.quadratic import Quadratic
from optilab.problems.rosenbrock import Rosenbrock


def rng(seed=0):
    return np.random.default_rng(seed)


def symmetric(n, seed=0):
    A = rng(seed).normal(size=(n, n))
    return A + A.T


NETWORK = MLP((3, 4, 2))
FIT = Fit(NETWORK, rng(1).normal(size=(30, 3)), rng(2).integers(0, 2, 30), "cross_entropy")


def by_hand(tensors, batches, probes, *, lr, b1, b2, eps, wd, k, freq, average):
    """The method tensor by tensor, with the Hessian of the batch as a matrix; the last θ, flat."""
    m = [np.zeros_like(w) for w in tensors]
    v = [np.zeros_like(w) for w in tensors]
    updates = 0
    for t, batch in enumerate(batches, start=1):
        flat = np.concatenate([w.ravel() for w in tensors])
        part = Fit(NETWORK, FIT.X[batch], FIT.Y[batch], "cross_entropy")
        g, H = part.grad(flat), part.hess(flat)
        fresh = (t - 1) % freq == 0
        if fresh:
            D = np.mean([z * (H @ z) for z in next(probes)], 0)
            updates += 1
        start = 0
        for i, w in enumerate(tensors):
            mine = slice(start, start + w.size)
            start += w.size
            m[i] = b1 * m[i] + (1 - b1) * g[mine].reshape(w.shape)
            if fresh:
                v[i] = b2 * v[i] + (1 - b2) * average(D[mine].reshape(w.shape)) ** 2
            denominator = (np.sqrt(v[i]) / np.sqrt(1 - b2**updates)) ** k + eps
            tensors[i] = w - lr * (m[i] / (1 - b1**t) / denominator + wd * w)
    return np.concatenate([w.ravel() for w in tensors])


@pytest.mark.parametrize(
    ("block", "mode", "average"),
    [
        (1, "abs", abs),
        (1, "signed", lambda D: D),
        ("row", "abs", lambda D: abs(D).mean(1, keepdims=True) * np.ones_like(D)),
        ("row", "signed", lambda D: D.mean(1, keepdims=True) * np.ones_like(D)),
        (2, "signed", lambda D: np.repeat(D.reshape(-1, 2).mean(1), 2).reshape(D.shape)),
    ],
)
def test_the_method_is_the_implementation_by_hand(block, mode, average):
    theta0, steps, freq, probes = NETWORK.init(rng(3)), 20, 3, 2
    batches = [rng(4)] * steps
    batches = [generator.integers(0, 30, 8) for generator in batches]
    signs = rng(5)
    drawn = iter([[signs.choice([-1.0, 1.0], size=NETWORK.dim) for _ in range(probes)] for _ in range(7)])
    setting = {"lr": 0.2, "eps": 1e-3, "k": 0.7}
    states = adahessian(
        FIT, theta0, beta1=0.8, beta2=0.95, weight_decay=0.1, block=block, mode=mode, probes=probes, freq=freq,
        shapes=NETWORK.shapes, probe_rng=rng(5), rng=rng(4), size=8, **setting,
    )  # fmt: skip
    expected = by_hand(
        [matrix.copy() for matrix in NETWORK.matrices(theta0)], batches, drawn,
        b1=0.8, b2=0.95, wd=0.1, freq=freq, average=average, **setting,
    )  # fmt: skip
    np.testing.assert_allclose(run(states, steps).theta[-1], expected, rtol=1e-9)


# ---- limits and symmetries

DIAGONAL = Quadratic(np.diag([1.0, 10.0, 100.0]), np.array([1.0, -2.0, 3.0]))


def last(problem, theta0, steps, **setting):
    return run(adahessian(problem, theta0, **setting), steps).theta[-1]


def test_a_diagonal_quadratic_is_solved_in_one_step():
    end = last(DIAGONAL, np.ones(3), 1, lr=1.0, beta1=0.0, eps=0.0, probe_rng=rng())
    np.testing.assert_allclose(end, DIAGONAL.minimizer, rtol=1e-14)


def test_power_zero_is_descent_along_the_mean_gradient():
    path = run(adahessian(FIT, NETWORK.init(rng()), k=0.0, eps=0.25, lr=0.3, probe_rng=rng()), 15).theta
    m = 0
    for t in range(1, 16):
        m = 0.9 * m + 0.1 * FIT.grad(path[t - 1])
        np.testing.assert_allclose(path[t], path[t - 1] - 0.3 * m / (1 - 0.9**t) / 1.25, rtol=1e-12)


def test_with_the_size_of_the_gradient_as_curvature_a_step_is_adams():
    theta = NETWORK.init(rng())
    state = AdaHessian(theta, *np.zeros((3, NETWORK.dim)))
    numbers = {"lr": 0.05, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weight_decay": 0.02, "k": 1.0}
    for t in range(1, 31):
        g = FIT.grad(state.theta)
        state = step(state, g, abs(g), t, t, **numbers)
    expected = run(adam(FIT, theta, alpha=0.05, weight_decay=0.02, decoupled=True), 30).x[-1]
    np.testing.assert_allclose(state.theta, expected, rtol=1e-12)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.sampled_from(sorted(LANDSCAPES)))
def test_the_path_does_not_depend_on_units_if_the_diagonal_is_exact(seed, name):
    problem, start = LANDSCAPES[name]
    S = 10 ** rng(seed).uniform(-2, 2, 2)
    changed = Changed(problem, np.diag(S))
    plain, other = (
        run(adahessian(f, x, exact=True, eps=0.0, lr=0.1), 30).theta
        for f, x in ((problem, start), (changed, start / S))
    )
    np.testing.assert_allclose(other * S, plain, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("k", [0.0, 0.5, 1.0])
def test_one_update_scales_with_the_units_and_with_the_loss(k):
    S, c, x = np.array([0.1, 3.0, 20.0]), 7.0, np.array([0.3, -0.4, 0.5])

    def update(A, b, x):
        return last(Quadratic(A, b), x, 1, k=k, eps=0.0, exact=True) - x

    A, b = DIAGONAL.A, DIAGONAL.b
    plain = update(A, b, x)
    np.testing.assert_allclose(S * update(S[:, None] * A * S, S * b, x / S), plain * S ** (2 - 2 * k), rtol=1e-10)
    np.testing.assert_allclose(update(c * A, c * b, x), plain * c ** (1 - k), rtol=1e-10)


def test_one_probe_of_a_coupled_hessian_knows_the_units():
    A, S = symmetric(3) + 6 * np.eye(3), np.array([0.1, 3.0, 20.0])
    plain, other = (
        last(Quadratic(H, np.zeros(3)), x, 1, eps=0.0, probe_rng=rng(1))
        for H, x in ((A, np.ones(3)), (S[:, None] * A * S, 1 / S))
    )
    assert abs(other * S - plain).max() > 0.01


def test_the_residual_is_what_every_coordinate_of_a_diagonal_quadratic_does():
    path = run(adahessian(DIAGONAL, np.zeros(3), eps=0.0, lr=np.full(2, 0.15)[:1], probe_rng=rng()), 80).theta[:, 0]
    left = (path - DIAGONAL.minimizer) / (path[0] - DIAGONAL.minimizer)
    np.testing.assert_allclose(left, np.outer(alg.residual(80), np.ones(3)), atol=1e-12)
    assert (alg.residual(80) ** 2 <= 1e-6).argmax() == 63
    grows = abs(alg.residual(4000, np.array([0.99, 1.01]) * alg.longest_lr()))
    assert grows[-1, 0] < 1 < 1e10 < grows[-1, 1]
    np.testing.assert_allclose(abs(alg.residual(200, np.array([2.0, 3.0, 10.0]))).max(0), [1, 2, 64], rtol=0.35)


# ---- the estimate


@settings(max_examples=20, deadline=None)
@given(st.integers(2, 7), st.integers(0, 99))
def test_over_all_signs_the_estimate_has_the_promised_moments(n, seed):
    H = symmetric(n, seed)
    z = np.array(list(product([-1.0, 1.0], repeat=n)))
    D = z * (z @ H)
    np.testing.assert_allclose(D.mean(0), np.diag(H), atol=1e-12)
    np.testing.assert_allclose((D**2).mean(0), alg.second_moment(H), rtol=1e-12)
    np.testing.assert_allclose((D**2).mean(0), (H**2).sum(1), rtol=1e-12)
    np.testing.assert_allclose(D.var(0), alg.variance(H), rtol=1e-11)
    for block in (b for b in range(1, n + 1) if n % b == 0):
        mean = block_average(D, block, [(n,)])
        np.testing.assert_allclose(mean.var(0), alg.block_variance(H, block), rtol=1e-10, atol=1e-12)


def test_more_probes_are_averaged():
    H, signs = symmetric(4), rng(7)
    estimate = hutchinson(lambda v: v @ H, (4,), 5, rng(7))
    expected = np.mean([z * (H @ z) for z in (signs.choice([-1.0, 1.0], size=4) for _ in range(5))], 0)
    np.testing.assert_allclose(estimate, expected, rtol=1e-12)
    many = hutchinson(lambda v: v @ H, (20_000, 4), 3, rng(8))
    np.testing.assert_allclose((many**2).mean(0), alg.second_moment(H, 3), rtol=0.05)
    np.testing.assert_allclose(block_average(many, 2, [(4,)]).var(0), alg.block_variance(H, 2, 3), rtol=0.05)


def test_probes_are_drawn_tensor_by_tensor():
    whole, parts = rng(3), rng(3)
    together = [whole.choice([-1.0, 1.0], size=21) for _ in range(3)]
    apart = [np.concatenate([parts.choice([-1.0, 1.0], size=shape).ravel() for shape in ((3, 5), (6,))]) for _ in "abc"]
    np.testing.assert_array_equal(together, apart)


def test_blocks_of_tensors():
    shapes = [(4,), (2, 6), (2, 2, 3), (2, 1, 2, 2)]
    D = rng().normal(size=(5, 36))
    rows = block_average(D, "row", shapes)
    np.testing.assert_array_equal(rows[:, :4], D[:, :4])
    np.testing.assert_allclose(rows[:, 4:10], np.repeat(D[:, 4:10].mean(1, keepdims=True), 6, 1))
    np.testing.assert_allclose(rows[:, 16:19], np.repeat(D[:, 16:19].mean(1, keepdims=True), 3, 1))
    np.testing.assert_allclose(rows[:, 28:32], np.repeat(D[:, 28:32].mean(1, keepdims=True), 4, 1))
    pairs = block_average(D, 2, shapes)
    np.testing.assert_allclose(pairs, np.repeat(D.reshape(5, 18, 2).mean(-1), 2, -1))
    assert block_average(D, 1, shapes) is D


def test_signed_blocks_of_alternating_curvature_make_the_step_huge():
    saddle = Quadratic(np.diag([1.0, -1.0]), np.zeros(2))
    first = last(saddle, np.ones(2), 1, block=2, mode="signed", probe_rng=rng())
    np.testing.assert_allclose(first - 1, [-1500, 1500], rtol=1e-12)
    tame = last(saddle, np.ones(2), 1, block=2, mode="abs", probe_rng=rng())
    np.testing.assert_allclose(tame - 1, [-0.15, 0.15], rtol=1e-3)
    ones = Quadratic(np.ones((2, 2)), np.zeros(2))
    steps = [abs(last(ones, np.array([1.0, 0.5]), 1, probe_rng=rng(seed)) - [1, 0.5]).max() for seed in range(20)]
    assert 5 < np.sum(np.array(steps) > 1000) < 15
    cured = [
        abs(last(ones, np.array([1.0, 0.5]), 1, probe_rng=rng(seed), probes=16) - [1, 0.5]).max() for seed in range(20)
    ]
    assert max(cured) < 2


# ---- promises


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([0.0, 0.5, 1.0]))
def test_a_step_descends_as_far_as_promised(seed, k):
    generator = rng(seed)
    eigenvalues = generator.uniform(0.2, 8, 4)
    Q = np.linalg.qr(generator.normal(size=(4, 4)))[0]
    problem = Quadratic(Q * eigenvalues @ Q.T, np.zeros(4))
    alpha, beta = eigenvalues.min(), eigenvalues.max()
    theta = generator.normal(size=4)
    after = last(problem, theta, 1, lr=alpha**k / beta, beta1=0.0, eps=0.0, k=k, exact=True)
    promised = alg.descent_bound(problem.grad(theta), alpha, beta, k)
    assert problem(after) - problem(theta) <= promised * (1 - 1e-9)


def test_calls_and_costs():
    counted = Counted(FIT)
    states = adahessian(
        counted, np.stack([NETWORK.init(rng())] * 2), probes=3, freq=4, probe_rng=rng(), rng=rng(), size=5
    )
    trace = run(states, 10, oracle=counted)
    np.testing.assert_array_equal(trace.calls["gradients"], range(11))
    products = [3 * -(-t // 4) for t in range(11)]
    np.testing.assert_array_equal(trace.calls["Hessian-vector products"], products)
    np.testing.assert_array_equal(alg.cost(np.arange(11), 3, 4), np.arange(11) + 2 * np.array(products))
    assert alg.cost(600) == 1800


def test_negative_curvature_still_descends_and_flat_directions_are_seen():
    problem, _ = LANDSCAPES["Rastrigin"]
    top = np.array([0.45, 0.0])
    assert problem.hess(top)[0, 0] < 0
    after = last(problem, top, 1, exact=True, lr=0.01)
    assert after[0] < top[0]
    assert problem(after) < problem(top)
    beale, _ = LANDSCAPES["Beale"]
    lost = run(adahessian(beale, np.array([2.0, 1.0]), exact=True, eps=0.0), 5)
    assert lost.diverged == 1


# ---- problems


def test_a_landscape_in_other_units_starts_where_the_landscape_does():
    for name, (problem, start) in LANDSCAPES.items():
        changed, phi = in_other_units(name, 1.5, 30)
        np.testing.assert_allclose(changed(phi), problem(start), rtol=1e-10)
        np.testing.assert_allclose(changed.theta(phi), [start, start], rtol=1e-12)
        np.testing.assert_array_equal(phi[1], start)
        assert abs(phi[0] - start).max() > 0.1
    assert isinstance(LANDSCAPES["Rosenbrock"][0], Rosenbrock)
    assert unit(LANDSCAPES["Beale"][0].grad(np.array([3.0, 0.5]))).tolist() == [0, 0]
    with pytest.raises(ValueError, match="M must be"):
        Changed(DIAGONAL, np.ones((2, 3)))


# ---- bad input


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"lr": -0.1}, "lr must be 0 or more"),
        ({"eps": -1e-4}, "eps must be 0 or more"),
        ({"weight_decay": -1.0}, "weight_decay must be 0 or more"),
        ({"beta1": 1.0}, "beta1 must be in"),
        ({"beta2": -0.1}, "beta2 must be in"),
        ({"k": 1.5}, "k must be in"),
        ({"probes": 0}, "probes must be a whole"),
        ({"freq": 0}, "freq must be a whole"),
        ({"block": 2}, "block must be a divisor"),
        ({"block": 0}, "block must be 'row'"),
        ({"block": "column"}, "block must be 'row'"),
        ({"mode": "square"}, "mode must be one of"),
        ({"probe_rng": None}, "probe_rng must be"),
        ({"shapes": [(2,)]}, "shapes must be of tensors with 3 entries"),
        ({"shapes": [(-1,), (4,)]}, "shapes must be"),
        ({"theta0": np.zeros(0)}, "at least one parameter"),
        ({"size": 0}, "size must be"),
    ],
)
def test_bad_input_is_refused_by_name(bad, message):
    good = {"theta0": np.ones(3), "probe_rng": rng()}
    with pytest.raises(ValueError, match=message):
        adahessian(DIAGONAL, **good | bad)


class Broken:
    """A quadratic whose products go wrong at the third step."""

    def __init__(self, wrong):
        self.wrong, self.asked = wrong, 0

    def grad(self, x):
        return DIAGONAL.grad(x)

    def hvp(self, x, v):
        self.asked += 1
        return self.wrong(DIAGONAL.hvp(x, v)) if self.asked == 3 else DIAGONAL.hvp(x, v)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda Hz: Hz[..., :2], "shape of the Hessian-vector product of step 3"),
        (lambda Hz: Hz * np.nan, "Hessian-vector product of step 3 must be finite"),
    ],
)
def test_a_bad_product_is_refused_with_its_step(wrong, message):
    states = adahessian(Broken(wrong), np.ones(3), probe_rng=rng())
    with pytest.raises(ValueError, match=message):
        run(states, 5)


def test_integers_become_floats_and_divergence_is_data():
    trace = run(adahessian(DIAGONAL, np.array([1, 2, 3]), probe_rng=rng()), 3)
    assert trace.theta.dtype == float
    setting = {"lr": np.array([0.15, 60.0]), "eps": 0.0}
    both = run(adahessian(DIAGONAL, np.ones(3), probe_rng=rng(), **setting), 300, limit=1e6)
    assert np.isinf(both.diverged[0])
    assert np.isfinite(both.diverged[1])
