import runpy
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from optilab.papers.stsl import problems as p

MADE = runpy.run_path(str(Path(__file__).with_name("cases.py")))
NOISE, PRIOR, W, Y = (MADE[name] for name in ("NOISE", "PRIOR", "W", "Y"))
ALPHAS = (0.05, 0.5, 0.97, 1.0)


def density(mixture, z, alpha):
    """Log p_t at one z, component by component."""
    parts = [
        w * multivariate_normal.pdf(z, np.sqrt(alpha) * m, alpha * C + (1 - alpha) * np.eye(len(m)))
        for w, m, C in zip(mixture.weights, mixture.means, mixture.covariances, strict=True)
    ]
    return np.log(sum(parts))


def slope(f, z, step=1e-5):
    return np.stack([(f(z + e) - f(z - e)) / (2 * step) for e in step * np.eye(len(z))], -1)


@pytest.mark.parametrize("alpha", ALPHAS)
def test_score_and_curvature_are_the_derivatives_of_the_density(alpha):
    for z in NOISE:
        at = PRIOR.local(z, alpha)
        assert at.log_p == pytest.approx(density(PRIOR, z, alpha))
        np.testing.assert_allclose(at.score, slope(lambda u: density(PRIOR, u, alpha), z), atol=1e-6)
        H = slope(lambda u: PRIOR.score(u, alpha), z)
        np.testing.assert_allclose(PRIOR.hessian(at), H, atol=1e-6)
        np.testing.assert_allclose(PRIOR.curve(at, Z := np.array([0.3, -1.0, 2.0])), H @ Z, atol=1e-6)
        assert PRIOR.trace(at) == pytest.approx(np.trace(H), abs=1e-6)
        by_hand = slope(lambda u: PRIOR.trace(PRIOR.local(u, alpha)), z)
        np.testing.assert_allclose(PRIOR.grad_trace(at), by_hand, atol=1e-5)


def test_a_prompt_multiplies_the_weights():
    shift = np.array([0.5, -1.0, 0.0, 2.0])
    other = p.Mixture(PRIOR.weights * np.exp(shift), PRIOR.means, PRIOR.covariances)
    for alpha in ALPHAS:
        ours, theirs = PRIOR.local(NOISE, alpha, shift), other.local(NOISE, alpha)
        np.testing.assert_allclose(ours.score, theirs.score, rtol=1e-12)
        np.testing.assert_allclose(ours.log_p, theirs.log_p, rtol=1e-12)


def test_one_component_has_the_curvature_of_a_gaussian():
    C = np.diag([0.5, 2.0, 1.0])
    one = p.Mixture([3.0], [[1.0, 0.0, -1.0]], [C])
    at = one.local(NOISE, 0.6)
    np.testing.assert_allclose(one.hessian(at), np.broadcast_to(-np.linalg.inv(0.6 * C + 0.4 * np.eye(3)), (3, 3, 3)))
    np.testing.assert_allclose(one.grad_trace(at), 0, atol=1e-12)


def test_draws_have_the_moments_of_the_mixture():
    Z = PRIOR.draw(np.random.default_rng(0), (200, 500)).reshape(-1, 3)
    mean = PRIOR.weights @ PRIOR.means
    away = PRIOR.means - mean
    C = np.einsum("k,kij->ij", PRIOR.weights, PRIOR.covariances + away[:, :, None] * away[:, None])
    np.testing.assert_allclose(Z.mean(0), mean, atol=0.02)
    np.testing.assert_allclose(np.cov(Z.T), C, atol=0.03)


def test_a_class_is_its_own_components():
    own = PRIOR.only(0)
    np.testing.assert_allclose(own.weights, [4 / 7, 3 / 7])
    np.testing.assert_array_equal(own.means, PRIOR.means[:2])
    with pytest.raises(ValueError, match="the class must be one of"):
        PRIOR.only(7)


def test_the_posterior_is_what_rejection_leaves():
    prior = p.Mixture([0.5, 0.3, 0.2], [[1, 0], [-1, 1], [0, -1]], 0.2 * np.stack([np.eye(2)] * 3))
    problem = p.Inverse(prior, np.eye(2), np.zeros(2), [[1.0, 0.5]], [0.3], 0.2)
    rng = np.random.default_rng(1)
    Z = prior.draw(rng, (400_000,))
    likelihood = np.exp(-((problem.residual(Z)[:, 0] / 0.2) ** 2) / 2)
    kept = Z[rng.random(len(Z)) < likelihood]
    exact = problem.posterior()
    mean = exact.weights @ exact.means
    np.testing.assert_allclose(kept.mean(0), mean, atol=0.01)
    away = exact.means - mean
    C = np.einsum("k,kij->ij", exact.weights, exact.covariances + away[:, :, None] * away[:, None])
    np.testing.assert_allclose(np.cov(kept.T), C, atol=0.01)
    evidence = likelihood.mean() / np.sqrt(2 * np.pi * 0.04)
    assert problem.log_evidence() == pytest.approx(np.log(evidence), abs=0.01)


def test_one_component_has_the_posterior_of_a_gaussian():
    C, A = np.array([[0.5, 0.2], [0.2, 0.8]]), np.array([[1.0, -0.4]])
    problem = p.Inverse(p.Mixture([1.0], [[0.3, -0.2]], [C]), np.eye(2), np.zeros(2), A, [0.7], 0.3)
    precision = np.linalg.inv(C) + A.T @ A / 0.09
    right = np.linalg.inv(C) @ [0.3, -0.2] + A[0] * 0.7 / 0.09
    np.testing.assert_allclose(problem.posterior().covariances[0], np.linalg.inv(precision), rtol=1e-10)
    np.testing.assert_allclose(problem.posterior().means[0], np.linalg.solve(precision, right), rtol=1e-10)


def test_the_encoder_inverts_the_decoder():
    problem = p.Inverse(PRIOR, W, np.ones(5), np.eye(5), np.zeros(5), 0.1)
    np.testing.assert_allclose(problem.encode(problem.decode(NOISE)), NOISE, atol=1e-12)


# ---- digits


def test_there_are_all_digits():
    X, labels = p.pixels()
    assert X.shape == (1797, 64)
    assert np.bincount(labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert set(np.unique(8 * (X + 1))) == set(range(17))
    assert Path(p.__file__).with_name("digits.npz").stat().st_size < 50_000


def test_a_split_shares_no_digit_and_its_prior_is_a_prior_of_latents():
    data = p.images(3)
    assert len(data.train) == 1400
    assert len(data.test) == 297
    order = np.random.default_rng(3).permutation(1797)
    np.testing.assert_array_equal(data.test, p.pixels()[0][order[1500:]])
    np.testing.assert_allclose(data.W.T @ data.W, (data.W.T @ data.W)[0, 0] * np.eye(24), atol=1e-10)
    Z = (data.train - data.b) @ np.linalg.pinv(data.W).T
    assert Z.var(0, ddof=1).mean() == pytest.approx(1)
    assert data.prior.local(Z, 1.0).log_p.mean() > multivariate_normal.logpdf(Z, Z.mean(0), np.cov(Z.T)).mean()
    np.testing.assert_allclose(data.prior.weights.reshape(10, 2).sum(1), np.bincount(data.train_labels) / 1400)
    own = np.array(
        [data.prior.only(k).local(Z, 1.0).log_p + np.log((data.train_labels == k).mean()) for k in range(10)]
    )
    assert (own.argmax(0) == data.train_labels).mean() > 0.97


def test_expectation_maximisation_finds_two_clouds_and_climbs():
    rng = np.random.default_rng(0)
    Z = np.concatenate([rng.normal([3, 0], [0.5, 1.0], (300, 2)), rng.normal([-3, 1], [1.0, 0.3], (100, 2))])
    weights, means, C = p.fitted(Z, floor=1e-9)
    order = np.argsort(-weights)
    np.testing.assert_allclose(weights[order], [0.75, 0.25], atol=0.01)
    np.testing.assert_allclose(means[order], [[3, 0], [-3, 1]], atol=0.2)
    np.testing.assert_allclose(C[order[0]], np.diag([0.25, 1.0]), atol=0.15)
    likelihood = [p.Mixture(*p.fitted(Z, floor=1e-9, rounds=k)).local(Z, 1.0).log_p.mean() for k in (1, 2, 4, 8)]
    assert np.all(np.diff(likelihood) >= -1e-9)
    assert p.fitted(Z, floor=0.06, rounds=60)[2][0, 0, 0] == pytest.approx(C[0, 0, 0] + 0.06, abs=0.01)


@pytest.mark.parametrize(("name", "m"), [("sr2", 16), ("box", 48), ("rand60", 26), ("blur", 64)])
def test_operators_measure_what_they_say(name, m):
    A = p.operator(name, 2)
    assert A.shape == (m, 64)
    if name != "blur":
        np.testing.assert_allclose(A @ A.T, np.eye(m), atol=1e-12)
    np.testing.assert_allclose(A @ np.ones(64), 2 if name == "sr2" else 1)
    x = np.random.default_rng(0).normal(size=(8, 8))
    if name == "sr2":
        assert (A @ x.ravel())[5] == pytest.approx(2 * x[2:4, 2:4].mean())
    if name == "box":
        hidden = np.ones((8, 8), bool)
        hidden[2:6, 2:6] = False
        np.testing.assert_array_equal(A @ x.ravel(), x[hidden])
    if name == "blur":
        padded = np.pad(x, 2, mode="edge")
        taps = np.exp(-((np.arange(5) - 2.0) ** 2) / 2)
        taps /= taps.sum()
        expected = sum(taps[i] * taps[j] * padded[i : i + 8, j : j + 8] for i in range(5) for j in range(5))
        np.testing.assert_allclose((A @ x.ravel()).reshape(8, 8), expected, atol=1e-12)


# ---- what is refused

GOOD = {"prior": PRIOR, "W": W, "b": np.zeros(5), "A": np.eye(5)[:2], "y": Y[0], "sigma": 0.1}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"sigma": 0.0}, "sigma must be positive"),
        ({"y": [np.nan, 0.0]}, "y must be finite"),
        ({"y": [1.0]}, "the shape of y must be"),
        ({"A": np.eye(4)[:2]}, "the shape of A must be"),
        ({"W": np.eye(5)}, "the shape of W must be"),
        ({"b": np.zeros(4)}, "the shape of b must be"),
        ({"W": W[:, [0, 0, 1]]}, "the rank of W must be 3"),
    ],
)
def test_a_problem_that_is_none_is_refused(changed, said):
    with pytest.raises(ValueError, match=said):
        p.Inverse(**GOOD | changed)


def test_an_operator_of_another_size_is_warned_of():
    with pytest.warns(UserWarning, match="far from 1"):
        p.Inverse(**GOOD | {"A": 10 * GOOD["A"]})


@pytest.mark.parametrize(
    ("weights", "C", "said"),
    [
        ([0.5, -0.1], np.stack([np.eye(2)] * 2), "weights must be 0 or more"),
        ([0.0, 0.0], np.stack([np.eye(2)] * 2), "weights must be not all 0"),
        ([0.5, 0.5], np.stack([np.diag([1.0, -1.0])] * 2), "covariances must be symmetric positive definite"),
        ([0.5, 0.5], np.stack([np.array([[1.0, 0.5], [0.0, 1.0]])] * 2), "covariances must be symmetric"),
        ([0.5, 0.5], np.eye(2), "the shape of covariances must be"),
        ([1.0], np.stack([np.eye(2)] * 2), "the shape of weights must be"),
    ],
)
def test_a_mixture_that_is_none_is_refused(weights, C, said):
    with pytest.raises(ValueError, match=said):
        p.Mixture(weights, np.zeros((2, 2)), C)


def test_operators_and_splits_that_are_none_are_refused():
    with pytest.raises(ValueError, match="the operator must be one of"):
        p.operator("motion")
    with pytest.raises(ValueError, match="seed must be a whole number"):
        p.images(-1)
