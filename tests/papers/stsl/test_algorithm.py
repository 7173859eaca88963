import runpy
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from optilab.core.run import run
from optilab.papers.stsl import algorithm as alg
from optilab.papers.stsl.problems import Inverse, Mixture

MADE = runpy.run_path(str(Path(__file__).with_name("cases.py")))
PRIOR, NOISE, Y, W, B, A = (MADE[name] for name in ("PRIOR", "NOISE", "Y", "W", "B", "A"))
problem, digit, latents = (MADE[name] for name in ("problem", "digit", "latents"))
Z, EPS = NOISE[0], np.array([0.4, -1.1, 0.7])


def rng(seed=0):
    return np.random.default_rng(seed)


def last(states):
    *_, end = states
    return end


def slope(f, z, step=1e-5):
    return np.stack([(f(z + e) - f(z - e)) / (2 * step) for e in step * np.eye(len(z))], -1)


def mean(z, alpha, prior=PRIOR):
    """Tweedie's mean by the posterior mean of every component: no score."""
    log_w, means = [], []
    for w, m, C in zip(prior.weights, prior.means, prior.covariances, strict=True):
        V = alpha * C + (1 - alpha) * np.eye(len(m))
        off = z - np.sqrt(alpha) * m
        log_w.append(np.log(w) - 0.5 * (off @ np.linalg.solve(V, off) + np.linalg.slogdet(V)[1]))
        means.append(m + np.sqrt(alpha) * C @ np.linalg.solve(V, off))
    r = np.exp(np.array(log_w) - max(log_w))
    return r / r.sum() @ np.array(means)


def step_back(z, z0, alpha, target):
    """A DDIM step without noise, from the mean alone."""
    direction = (z - np.sqrt(alpha) * z0) / np.sqrt(1 - alpha)
    return np.sqrt(target) * z0 + np.sqrt(1 - target) * direction


# ---- Tweedie, DDIM


def test_the_levels_are_those_of_the_schedule():
    beta = np.linspace(0.00085**0.5, 0.012**0.5, 1000) ** 2
    product, every = 1.0, []
    for b in beta:
        product *= 1 - b
        every.append(product)
    chosen = (999, 899, 799, 699, 599, 500, 400, 300, 200, 100)
    np.testing.assert_allclose(alg.levels(10), [every[i] for i in chosen], rtol=1e-12)
    np.testing.assert_allclose(alg.levels(1000)[[0, -1]], [every[999], every[1]], rtol=1e-12)
    assert alg.levels(50)[0] == pytest.approx(0.0047, abs=1e-4)
    assert np.all(np.diff(alg.levels(250)) > 0)


@pytest.mark.parametrize("alpha", [0.05, 0.5, 0.97])
def test_tweedies_moments_are_those_of_the_clean_latent(alpha):
    at = PRIOR.local(Z, alpha)
    np.testing.assert_allclose(alg.tweedie(Z, at.score, alpha), mean(Z, alpha), rtol=1e-9)
    C = alg.covariance(PRIOR.hessian(at), alpha)
    assert np.linalg.eigvalsh(C).min() > 0
    J = slope(lambda z: mean(z, alpha), Z)
    np.testing.assert_allclose(J, np.sqrt(alpha) / (1 - alpha) * C, atol=1e-6)
    np.testing.assert_allclose(alg.pulled_back(PRIOR, at, alpha, EPS), J @ EPS, atol=1e-6)


def test_the_covariance_is_that_of_weighted_draws():
    clean = PRIOR.draw(rng(1), (400_000,))
    alpha = 0.4
    log_w = -((Z - np.sqrt(alpha) * clean) ** 2).sum(-1) / (2 * (1 - alpha))
    w = np.exp(log_w - log_w.max())
    C = np.cov(clean.T, aweights=w)
    at = PRIOR.local(Z, alpha)
    np.testing.assert_allclose(alg.covariance(PRIOR.hessian(at), alpha), C, atol=0.02)
    np.testing.assert_allclose(alg.tweedie(Z, at.score, alpha), w @ clean / w.sum(), atol=0.02)


def test_ddim_without_noise_and_ancestral():
    z0 = mean(Z, 0.3)
    np.testing.assert_allclose(alg.ddim(Z, PRIOR.score(Z, 0.3), 0.3, 0.6), step_back(Z, z0, 0.3, 0.6), rtol=1e-9)
    np.testing.assert_allclose(alg.ddim(Z, PRIOR.score(Z, 0.3), 0.3, 1.0), z0, rtol=1e-9)
    # an ancestral step draws from the posterior of the next level given z and z0
    ratio = 0.3 / 0.6
    m = np.sqrt(0.6) * (1 - ratio) / 0.7 * z0 + np.sqrt(ratio) * 0.4 / 0.7 * Z
    spread = np.sqrt((1 - ratio) * 0.4 / 0.7)
    np.testing.assert_allclose(alg.ddim(Z, PRIOR.score(Z, 0.3), 0.3, 0.6, 1.0, EPS), m + spread * EPS, rtol=1e-9)


def test_inversion_comes_back_the_closer_the_more_levels():
    errors = []
    for S in (10, 50, 200):
        z, alphas = alg.invert(PRIOR, NOISE, alg.levels(S)), alg.levels(S)
        for alpha, target in pairwise([*alphas, 1.0]):
            z = alg.ddim(z, PRIOR.score(z, alpha), alpha, target)
        errors.append(abs(z - NOISE).max())
    assert errors[0] > 2 * errors[1] > 4 * errors[2]


# ---- STSL


@pytest.mark.parametrize("delta", [1.0, 0.2])
def test_the_gradient_of_the_surrogate_is_its_derivative(delta):
    one, alpha = problem(0), 0.5
    at = PRIOR.local(Z, alpha)
    ours = alg.measured(one, Z, at, alpha, 0.3) + alg.curved(PRIOR, Z, at, alpha, EPS, 0.8, delta)

    def loss(z):
        s, there = PRIOR.score(z, alpha), PRIOR.score(z + delta * EPS, alpha)
        r = one.y - A @ (W @ mean(z, alpha) + B)
        return 0.3 * r @ r + 0.8 / 3 * EPS @ (there - s) / delta

    np.testing.assert_allclose(ours, slope(loss, Z), atol=1e-6)
    assert alg.surrogate(one, Z, alpha, EPS, 0.3, 0.8, delta) == pytest.approx(loss(Z))


@pytest.mark.parametrize("init", alg.INITS)
def test_stsl_takes_the_steps_written_out(init):
    one, alphas, draws = problem(1), alg.levels(4), rng(3)
    trace = run(alg.stsl(one, NOISE[1], rng=rng(3), S=4, K=2, lam=0.2, eta=0.5, init=init), 10)
    clean = np.linalg.lstsq(W, A.T @ one.y - B, rcond=None)[0]
    z = NOISE[1]
    if init == "q_sample":
        z = np.sqrt(alphas[0]) * clean + np.sqrt(1 - alphas[0]) * NOISE[1]
    if init == "ddim":
        z = clean
        for alpha, target in pairwise([1 - 1e-6, *alphas[::-1]]):
            z = step_back(z, mean(z, alpha), alpha, target)
    np.testing.assert_allclose(trace.z[0], z, atol=1e-7)
    for k, (alpha, target) in enumerate(pairwise([*alphas, 1.0]), 1):
        for _ in range(2):
            eps = draws.normal(size=3)
            z = z - slope(lambda u, a=alpha, e=eps: alg.surrogate(one, u, a, e, 0.2, 0.5), z)
        z = step_back(z, mean(z, alpha), alpha, target)
        np.testing.assert_allclose(trace.z[k], z, atol=1e-5)
    assert len(trace.step) == 5
    inverted = 4 * (init == "ddim")
    assert (trace.nfe_paper[-1], trace.score_calls[-1], trace.hvps[-1]) == (8, 4 * 5 + inverted, 24)


def test_calls_are_counted_as_they_are_made(monkeypatch):
    counted = {"local": 0, "curve": 0}
    for name in counted:
        plain = getattr(Mixture, name)

        def spy(*args, plain=plain, name=name, **kwargs):
            counted[name] += 1
            return plain(*args, **kwargs)

        monkeypatch.setattr(Mixture, name, spy)
    one = problem(0)
    runs = {
        "stsl": lambda: alg.stsl(one, Z, rng=rng(), S=5, K=3),
        "first order": lambda: alg.stsl(one, Z, rng=rng(), S=5, K=3, eta=0.0, init="gaussian"),
        "ldps": lambda: alg.ldps(one, Z, rng=rng(), S=5),
        "psld": lambda: alg.psld(one, Z, S=5, init="ddim"),
        "p2l": lambda: alg.p2l(one, Z, S=5),
        "edit": lambda: alg.edit(digit(0), latents(0), rng=rng(), target=3, steps=10),
        "second order": lambda: alg.second_order(one, Z, S=3),
    }
    for name, begin in runs.items():
        counted.update(local=0, curve=0)
        end = last(begin())
        if name != "second order":  # there one call asks for all points and columns together
            assert (end.score_calls, end.hvps) == (counted["local"], counted["curve"]), name
        else:
            assert (end.score_calls, end.hvps) == (3 * (1 + 3), 3 * 3 * 3)
    assert last(runs["stsl"]()).score_calls == 5 * 7 + 5


@pytest.mark.parametrize("settings", [{"K": 0}, {"lam": 0.0, "eta": 0.0}])
def test_without_guidance_it_is_ddim(settings):
    one = problem(0)
    errors = [abs(last(alg.stsl(one, Z, rng=rng(), S=S, **settings)).z - one.back_projected).max() for S in (10, 100)]
    assert errors[1] < errors[0] / 3


def test_one_component_has_no_trace_to_follow():
    one = Mixture([1.0], PRIOR.means[:1], PRIOR.covariances[:1])
    at = one.local(Z, 0.5)
    np.testing.assert_allclose(alg.curved(one, Z, at, 0.5, EPS, 1.0), 0, atol=1e-12)
    eps = rng(2).normal(size=(100_000, 3))
    estimates = np.vecdot(eps, one.score(Z + eps, 0.5) - at.score)
    trace = -np.trace(np.linalg.inv(0.5 * PRIOR.covariances[0] + 0.5 * np.eye(3)))
    assert estimates.mean() == pytest.approx(trace, abs=3 * estimates.std() / np.sqrt(len(eps)))


def test_the_step_limit_is_where_it_is_said_to_be():
    one = digit(0)
    size = np.linalg.norm(one.B, 2) ** 2
    fine, long = (last(alg.stsl(one, np.zeros(24), rng=rng(), S=50, lam=lam / size, eta=0.0)).z for lam in (0.8, 1.5))
    assert abs(fine).max() < 5
    assert not abs(long).max() < 10


# ---- rivals


def norm_slope(one, z, alpha):
    return slope(lambda u: np.linalg.norm(one.y - A @ (W @ mean(u, alpha) + B)), z)


def test_ldps_takes_the_steps_written_out():
    one, draws, z = problem(2), rng(4), NOISE[2]
    trace = run(alg.ldps(one, z, rng=rng(4), S=5, zeta=0.7), 9)
    for k, (alpha, target) in enumerate(pairwise([*alg.levels(5), 1.0]), 1):
        z0, ratio = mean(z, alpha), alpha / target
        m = np.sqrt(target) * (1 - ratio) / (1 - alpha) * z0 + np.sqrt(ratio) * (1 - target) / (1 - alpha) * z
        spread = np.sqrt((1 - ratio) * (1 - target) / (1 - alpha))
        z = m + spread * draws.normal(size=3) - 0.7 * norm_slope(one, z, alpha)
        np.testing.assert_allclose(trace.z[k], z, atol=1e-5)


@pytest.mark.parametrize("glue", [True, False])
def test_psld_takes_the_steps_written_out(glue):
    one, z, E = problem(2), NOISE[2], np.linalg.pinv(W)
    trace = run(alg.psld(one, z, S=5, omega=0.6, gamma=0.3, glue=glue), 9)

    def loss(u, alpha):
        z0 = mean(u, alpha)
        x = W @ z0 + B
        glued = A.T @ one.y + x - A.T @ A @ x if glue else x
        return 0.6 * np.linalg.norm(one.y - A @ x) + 0.3 * glue * np.linalg.norm(z0 - E @ (glued - B))

    for k, (alpha, target) in enumerate(pairwise([*alg.levels(5), 1.0]), 1):
        z = step_back(z, mean(z, alpha), alpha, target) - slope(lambda u, a=alpha: loss(u, a), z)
        np.testing.assert_allclose(trace.z[k], z, atol=1e-5)


def test_the_second_term_of_gml_vanishes_where_the_encoder_inverts_the_decoder():
    with_it, without = (last(alg.psld(problem(0), Z, S=20, gamma=gamma, glue=False)).z for gamma in (0.5, 0.0))
    np.testing.assert_allclose(with_it, without, atol=1e-8)


def test_the_glue_vanishes_where_all_is_measured_and_met():
    alpha = alg.levels(5)[0]
    guess = mean(Z, alpha)
    met, missed = (Inverse(PRIOR, W, B, np.eye(5), W @ (guess + off) + B, 0.1) for off in (0.0, 0.3))
    glued = [run(alg.psld(one, Z, S=5, omega=0.0, gamma=0.5), 1).z[1] for one in (met, missed)]
    plain = step_back(Z, guess, alpha, alg.levels(5)[1])
    np.testing.assert_allclose(glued[0], plain, atol=1e-2)  # e/‖e‖ of rounding errors would be a whole step
    assert np.linalg.norm(glued[1] - plain) > 0.01


def test_p2l_takes_the_steps_written_out():
    one, z = problem(0), NOISE[0]
    trace = run(alg.p2l(one, z, S=5, lr=0.3, rho=0.2, every=2, lam_p=0.7), 9)
    psi = np.zeros(3)

    def prompted(shift):
        return Mixture(PRIOR.weights * np.exp(shift[[0, 0, 1, 2]]), PRIOR.means, PRIOR.covariances)

    for k, (alpha, target) in enumerate(pairwise([*alg.levels(5), 1.0])):

        def misfit(shift, u=z, a=alpha):
            return np.linalg.norm(one.y - A @ (W @ mean(u, a, prompted(shift)) + B))

        g = slope(misfit, psi)
        psi = psi - 0.3 * g / np.linalg.norm(g)
        z0 = mean(z, alpha, prompted(psi))
        direction = (z - np.sqrt(alpha) * z0) / np.sqrt(1 - alpha)
        pull = slope(lambda u, p=psi, f=misfit: f(p, u), z)
        if k % 2 == 0:
            x = np.linalg.solve(A.T @ A + 0.7 * np.eye(5), A.T @ one.y + 0.7 * (W @ z0 + B))
            z0 = np.linalg.pinv(W) @ (x - B)
        z = np.sqrt(target) * z0 + np.sqrt(1 - target) * direction - 0.2 * pull
        np.testing.assert_allclose(trace.z[k + 1], z, atol=1e-4)


# ---- likelihoods


@pytest.mark.parametrize("alpha", [0.1, 0.6, 0.95])
def test_the_exact_likelihood_is_the_integral_over_clean_latents(alpha):
    one = problem(0)
    value, gradient = alg.exact_likelihood(one, Z, alpha)

    def integral(z):
        """Over the posterior of z0 given z, component by component."""
        log = []
        for w, m, C in zip(PRIOR.weights, PRIOR.means, PRIOR.covariances, strict=True):
            joint_mean = np.concatenate([np.sqrt(alpha) * m, A @ (W @ m + B)])
            top = alpha * C + (1 - alpha) * np.eye(3)
            cross = np.sqrt(alpha) * C @ (A @ W).T
            low = A @ W @ C @ (A @ W).T + 0.01 * np.eye(2)
            joint = np.block([[top, cross], [cross.T, low]])
            off = np.concatenate([z, one.y]) - joint_mean
            log.append(np.log(w) - 0.5 * (off @ np.linalg.solve(joint, off) + np.linalg.slogdet(2 * np.pi * joint)[1]))
        return np.log(np.exp(np.array(log) - max(log)).sum()) + max(log) - PRIOR.local(z, alpha).log_p

    assert value == pytest.approx(integral(Z))
    np.testing.assert_allclose(gradient, slope(integral, Z), atol=1e-5)


@pytest.mark.parametrize("order", [1, 2])
def test_the_gradient_of_the_bound_is_its_derivative(order):
    one = problem(0)
    value = lambda z: alg.bound(one, z, 0.5, order)[0]  # noqa: E731
    np.testing.assert_allclose(alg.bound(one, Z, 0.5, order)[1], slope(value, Z), rtol=1e-6)


def test_the_bound_is_below_and_tight_where_nothing_is_lost():
    z = 1.5 * rng(7).normal(size=(500, 3))
    for alpha in (0.05, 0.4, 0.8, 0.98):
        truth = alg.exact_likelihood(problem(0), z, alpha)[0]
        assert np.all(alg.bound(problem(0), z, alpha)[0] <= truth + 1e-9)
    spread = Mixture([1.0], [[0.0]], [[[1.0]]])
    one = Inverse(spread, np.eye(1), np.zeros(1), np.eye(1), [0.4], 3.0)
    gap = alg.exact_likelihood(one, np.array([0.1]), 0.999)[0] - alg.bound(one, np.array([0.1]), 0.999)[0]
    assert 0 <= gap < 1e-4


def test_for_a_gaussian_prior_moments_are_exact_and_first_order_overshoots():
    v, b, sigma, alpha = 0.7, 1.3, 0.2, 0.6
    one = Inverse(Mixture([1.0], [[0.0]], [[[v]]]), np.eye(1), np.zeros(1), [[b]], [0.9], sigma)
    z = np.array([[0.3], [-1.0]])
    value, gradient = alg.exact_likelihood(one, z, alpha)
    np.testing.assert_allclose(alg.log_likelihood(one, z, alpha), value, rtol=1e-10)
    ratio = alg.bound(one, z, alpha, order=1)[1] / gradient
    np.testing.assert_allclose(ratio, 1 + b**2 * v * (1 - alpha) / (alpha * v + 1 - alpha) / sigma**2, rtol=1e-8)


def test_the_gradient_of_the_yardstick_is_its_derivative():
    for alpha in (0.1, 0.6, 0.95):
        ours = alg.slopes(lambda at, a=alpha: alg.log_likelihood(problem(0), at, a), Z)
        by_hand = slope(lambda at, a=alpha: alg.log_likelihood(problem(0), at, a), Z)
        np.testing.assert_allclose(ours, by_hand, rtol=1e-5, atol=1e-6)


def test_the_yardstick_samples_a_gaussian_posterior():
    C = np.array([[0.5, 0.2], [0.2, 0.8]])
    one = Inverse(Mixture([1.0], [[0.3, -0.2]], [C]), np.eye(2), np.zeros(2), [[1.0, -0.4]], [0.7], 0.3)
    z = last(alg.second_order(one, rng(0).normal(size=(2000, 2)), S=250)).z
    exact = one.posterior()
    np.testing.assert_allclose(z.mean(0), exact.means[0], atol=0.05)
    np.testing.assert_allclose(np.cov(z.T), exact.covariances[0], atol=0.06)


# ---- editing


def test_the_contrast_of_patches_is_the_loss_written_out_and_its_slope():
    x, reference = rng(1).normal(size=(2, 64))

    def loss(x):
        total = 0.0
        patches = [(i, j) for i in (0, 2, 4) for j in (0, 2, 4)]
        cut = [np.ravel(image.reshape(8, 8)[i : i + 4, j : j + 4]) for image in (x, reference) for i, j in patches]
        unit = [patch / np.linalg.norm(patch) for patch in cut]
        for p in range(9):
            logits = np.array([unit[p] @ unit[9 + q] / 0.2 for q in range(9)])
            total -= logits[p] - np.log(np.exp(logits).sum())
        return total / 9

    value, gradient = alg.contrast(x, reference)
    assert value == pytest.approx(loss(x))
    np.testing.assert_allclose(gradient, slope(loss, x), atol=1e-6)


def test_editing_takes_the_steps_written_out():
    one, source, draws = digit(0), latents(0), rng(5)
    settings = {"target": 8, "w": 2.0, "steps": 5, "part": 0.8, "K": 2, "lam": 0.05, "eta": 0.3, "nu": 1.5}
    trace = run(alg.edit(one, source, rng=rng(5), switch=0.5, **settings), 9)
    prior, alphas = one.prior, alg.levels(5)[1:]
    own, reference = prior.only(8), one.decode(source)
    z = alg.invert(prior, source, alphas)
    for i, (alpha, then) in enumerate(pairwise([*alphas, 1.0])):
        s = 2 * own.score(z, alpha) - prior.score(z, alpha)
        z = alg.ddim(z, s, alpha, then)
        for _ in range(2 * (then < 1)):
            if i < 2:
                eps = draws.normal(size=24)
                z = z - slope(lambda u, a=then, e=eps: alg.surrogate(one, u, a, e, 0.05, 0.3), z)
            else:
                loss = lambda u, a=then: alg.contrast(one.decode(alg.tweedie(u, prior.score(u, a), a)), reference)[0]  # noqa: E731
                z = z - 1.5 / 24 * slope(loss, z)
        np.testing.assert_allclose(trace.z[i + 1], z, atol=1e-5)
    assert len(trace.step) == 5


# ---- what is refused


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"S": 1}, "S must be a whole number from 2 to 1000"),
        ({"S": 1001}, "S must be a whole number from 2 to 1000"),
        ({"K": -1}, "K must be a whole number, 0 or more"),
        ({"lam": -0.1}, "lam must be 0 or more"),
        ({"eta": -0.1}, "eta must be 0 or more"),
        ({"delta": 0.0}, "delta must be positive"),
        ({"init": "encoder"}, "init must be one of"),
    ],
)
def test_settings_that_are_none_are_refused(changed, said):
    with pytest.raises(ValueError, match=said):
        alg.stsl(problem(0), Z, rng=rng(), **changed)


@pytest.mark.parametrize("alpha", [0.0, 1.0, -0.2, np.nan])
def test_a_level_without_noise_or_signal_is_refused(alpha):
    with pytest.raises(ValueError, match="alpha must be"):
        alg.tweedie(Z, Z, alpha)
    with pytest.raises(ValueError, match="target must be above 0"):
        alg.ddim(Z, Z, 0.5, 0.0)
    with pytest.raises(ValueError, match="alpha must be"):
        alg.ddim(Z, Z, alpha, 0.5, z0=Z)


@pytest.mark.parametrize("much", [5.0, -0.1])
def test_a_step_more_than_ancestral_is_refused(much):
    with pytest.raises(ValueError, match=r"eta_dd must be in \[0, 1\]"):
        alg.ddim(Z, Z, 0.5, 0.6, much)


def test_rivals_and_edits_refuse_too():
    one = problem(0)
    with pytest.raises(ValueError, match="zeta must be 0 or more"):
        alg.ldps(one, Z, rng=rng(), zeta=-1.0)
    with pytest.raises(ValueError, match="omega must be 0 or more"):
        alg.psld(one, Z, omega=-1.0)
    with pytest.raises(ValueError, match="lam_p must be positive"):
        alg.p2l(one, Z, lam_p=0.0)
    with pytest.raises(ValueError, match="every must be a whole number"):
        alg.p2l(one, Z, every=0)
    with pytest.raises(ValueError, match="the shape of noise must be"):
        alg.second_order(one, Z[:2])
    with pytest.raises(ValueError, match="order must be 1 or 2"):
        alg.bound(one, Z, 0.5, 3)
    for changed, said in (
        ({"target": 11}, "the class must be one of"),
        ({"part": 0.0}, "part must be in"),
        ({"switch": 2.0}, "switch must be in"),
        ({"nu": -1.0}, "nu must be 0 or more"),
    ):
        with pytest.raises(ValueError, match=said):
            alg.edit(digit(0), latents(0), rng=rng(), **{"target": 3} | changed)
    with pytest.raises(ValueError, match="the number of pixels must be 64"):
        alg.edit(one, Z, rng=rng(), target=0)
