from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import rel_entr, softmax

from optilab.core.randomness import separate
from optilab.core.run import run
from optilab.papers.capo import algorithm as alg
from optilab.papers.capo.algorithm import Moments, capo, policy_gradient, random_mask, token_scores
from optilab.papers.capo.problems import arithmetic, base_policy, one_token

WORLD = arithmetic(0)
BASE = base_policy(WORLD)
INF = np.inf
seeds = st.integers(0, 2**31)


def rng(seed=0):
    return np.random.default_rng(seed)


def last(states, k):
    return next(islice(states, k, None))


def random_tokens(draw, n=4, K=5, d=3):
    pi = softmax(draw.normal(size=(n, K)), axis=-1)
    a = draw.integers(K, size=n)
    A = draw.choice([-1.0, 1.0], size=n) * draw.exponential(size=n)
    return A, alg.directions(a, pi), pi, draw.normal(size=(n, d)), a


# ---- scores


def dense_scores(A, v, pi, h, lr, moments=None, betas=(0.9, 0.999)):
    """The same with matrices of Kd × Kd, token by token."""
    found = []
    for A_i, v_i, pi_i, h_i in zip(A, v, pi, h, strict=True):
        g = A_i * np.kron(v_i, h_i)
        F = np.diag(pi_i) - np.outer(pi_i, pi_i)
        H = A_i * np.kron(np.outer(v_i, v_i) - F, np.outer(h_i, h_i))
        fisher = np.kron(np.outer(v_i, v_i), np.outer(h_i, h_i))
        effective = g
        if moments is not None and moments.t > 0:
            m = betas[0] * moments.m.ravel() + (1 - betas[0]) * g
            s = betas[1] * moments.s.ravel() + (1 - betas[1]) * g**2
            k = moments.t + 1
            effective = m / (1 - betas[0] ** k) / (np.sqrt(s / (1 - betas[1] ** k)) + 1e-8)
        step = lr * effective
        found.append((g @ step + 0.5 * step @ H @ step, 0.5 * step @ fisher @ step))
    return np.array(found).T


@pytest.mark.parametrize("t", [None, 0, 5])
def test_scores_are_those_of_dense_matrices(t):
    for seed in range(5):
        draw = rng(seed)
        A, v, pi, h, _ = random_tokens(draw)
        moments = None if t is None else Moments(draw.normal(size=(5, 3)), draw.exponential(size=(5, 3)), t)
        before = None if moments is None else (moments.m.copy(), moments.s.copy())
        found = token_scores(A, v, pi, h, 0.7, moments, (0.8, 0.95))
        np.testing.assert_allclose(found, dense_scores(A, v, pi, h, 0.7, moments, (0.8, 0.95)), rtol=1e-10)
        if moments is not None:
            np.testing.assert_array_equal(moments.m, before[0])
            np.testing.assert_array_equal(moments.s, before[1])


@pytest.mark.parametrize("subset", ["response", "batch"])
@pytest.mark.parametrize("t", [None, 3])
def test_scores_of_subsets_are_means_over_the_subset(subset, t):
    draw = rng(2)
    theta = draw.normal(size=(1, WORLD.p)) / 3
    rollout = WORLD.rollout(theta, WORLD.draw(draw, (1, 2, 2)))
    A, v = draw.normal(size=(1, 4)), alg.directions(rollout.a, rollout.pi)
    moments = None if t is None else Moments(draw.normal(size=(1, 7, 128)), draw.exponential(size=(1, 7, 128)), t)
    mH, mF = alg.subset_scores(subset, A, v, rollout, np.array([[0.3]]), moments)
    sets = [[n] for n in range(4)] if subset == "response" else [range(4)]
    for members in sets:
        tokens = [(n, k) for n in members for k in range(3)]
        g = np.mean([A[0, n] * np.outer(v[0, n, k], rollout.h[0, n, k]) for n, k in tokens], 0)
        if t is not None:
            m, s = 0.9 * moments.m[0] + 0.1 * g, 0.999 * moments.s[0] + 0.001 * g**2
            g = m / (1 - 0.9**4) / (np.sqrt(s / (1 - 0.999**4)) + 1e-8)
        pairs = []
        for n, k in tokens:
            u, p, w = 0.3 * g @ rollout.h[0, n, k], rollout.pi[0, n, k], v[0, n, k]
            F = np.diag(p) - np.outer(p, p)
            pairs.append((A[0, n] * (w @ u + 0.5 * ((w @ u) ** 2 - u @ F @ u)), 0.5 * (w @ u) ** 2))
        for n, k in tokens:
            np.testing.assert_allclose([mH[0, n, k], mF[0, n, k]], np.mean(pairs, 0), rtol=1e-9)


def test_scores_of_one_token_are_the_closed_form():
    A, v, pi, h, _ = random_tokens(rng(3), n=6)
    mH, mF = token_scores(A, v, pi, h, 0.4)
    a2, h2 = (v**2).sum(-1), (h**2).sum(-1)
    bend = np.einsum("ni,nij,nj->n", v, [np.diag(p) - np.outer(p, p) for p in pi], v)
    np.testing.assert_allclose(mF, 0.5 * 0.16 * A**2 * a2**2 * h2**2, rtol=1e-12)
    np.testing.assert_allclose(mH, 0.4 * A**2 * a2 * h2 + 0.5 * 0.16 * A**3 * h2**2 * (a2**2 - bend), rtol=1e-10)


@given(seed=seeds, c=st.floats(0.1, 30))
@settings(max_examples=40, deadline=None)
def test_scaling_the_features_scales_the_change_of_the_policy_by_the_fourth_power(seed, c):
    A, v, pi, h, _ = random_tokens(rng(seed))
    before, after = token_scores(A, v, pi, h, 0.5)[1], token_scores(A, v, pi, c * h, 0.5)[1]
    np.testing.assert_allclose(after, c**4 * before, rtol=1e-10)
    assert (before >= 0).all()


def test_without_an_advantage_only_momentum_moves_a_token():
    _, v, pi, h, _ = random_tokens(rng(4))
    zero = np.zeros(4)
    np.testing.assert_array_equal(token_scores(zero, v, pi, h, 0.5), np.zeros((2, 4)))
    moments = Moments(rng(5).normal(size=(5, 3)), np.ones((5, 3)), 4)
    mH, mF = token_scores(zero, v, pi, h, 0.5, moments)
    np.testing.assert_array_equal(mH, 0)
    assert (mF > 0).all()


def test_over_all_tokens_the_change_of_the_policy_is_kl_to_second_order():
    draw = rng(6)
    logits, u = draw.normal(size=(2, 6))
    pi = softmax(logits)
    off = []
    for alpha in (1e-2, 2e-2, 4e-2):
        v = np.eye(6) - pi
        _, mF = alg.shifts(np.ones(6), v, np.tile(pi, (6, 1)), np.tile(alpha * u, (6, 1)))
        off.append(abs(rel_entr(pi, softmax(logits + alpha * u)).sum() - pi @ mF))
    np.testing.assert_allclose(np.diff(np.log2(off)), 3, atol=0.1)


def test_objective_gradient_and_curvature_are_those_of_the_model_in_the_mean():
    """One prompt, one token, A = R: J, E g̃ and E H̃ can be enumerated."""
    world = one_token(K=3, d=2, seed=1)
    theta, h = 0.4 * rng(7).normal(size=world.p), world.phi[0, 0, 3]
    pi = softmax(theta.reshape(3, 2) @ h)
    v, F = np.eye(3) - pi, np.diag(pi) - np.outer(pi, pi)
    R = np.array([1.0, 0.0, 0.0])
    g = np.einsum("a,a,ak,d->kd", pi, R, v, h).ravel()
    H = sum(pi[a] * R[a] * np.kron(np.outer(v[a], v[a]) - F, np.outer(h, h)) for a in range(3))
    eye = 1e-4 * np.eye(world.p)
    J = world.accuracy
    slope = (J(theta + eye) - J(theta - eye)) / 2e-4
    np.testing.assert_allclose(slope, g, atol=1e-6)
    corners = [J(theta + one + two * eye[:, None]) for one in (eye, -eye) for two in (1, -1)]
    hess = (corners[0] - corners[1] - corners[2] + corners[3]) / 4e-8
    np.testing.assert_allclose(hess, H, atol=1e-6)


def test_the_gradient_of_a_batch_is_right_in_the_mean():
    world = one_token(K=3, d=2, seed=2)
    theta = 0.4 * rng(8).normal(size=(1, world.p))
    rollout = world.rollout(theta, world.draw(rng(9), (1, 10_000, 2)))
    v = alg.directions(rollout.a, rollout.pi)
    for base, factor in (("REINFORCE", 1.0), ("Dr. GRPO", 0.5)):  # the mean of two has the response itself in it
        A = alg.advantages(rollout.R, 2, base)
        g = alg.gradient(alg.token_weights(np.ones(rollout.a.shape, bool), base) * A[..., None], v, rollout.h)
        eye = 1e-4 * np.eye(world.p)
        slope = (world.accuracy(theta[0] + eye) - world.accuracy(theta[0] - eye)) / 2e-4
        np.testing.assert_allclose(g.ravel(), factor * slope, atol=0.02)


# ---- advantages and aggregation


def test_advantages_are_those_written_out():
    R = np.array([1.0, 0, 0, 0, 1, 1, 1, 1])
    np.testing.assert_array_equal(alg.advantages(R, 4, "REINFORCE"), R)
    np.testing.assert_allclose(alg.advantages(R, 4, "Dr. GRPO"), [0.75, -0.25, -0.25, -0.25, 0, 0, 0, 0])
    np.testing.assert_allclose(
        alg.advantages(R, 4, "GRPO"), np.array([0.75, -0.25, -0.25, -0.25, 0, 0, 0, 0]) / (0.5 + 1e-4)
    )
    rare = alg.advantages(np.eye(8)[0], 8, "GRPO")
    assert rare[0] == pytest.approx(2.4749, abs=1e-3)
    assert alg.advantages(1 - np.eye(8)[0], 8, "GRPO")[0] == pytest.approx(-2.4749, abs=1e-3)


def test_aggregation_counts_kept_tokens_and_masked_responses():
    values = np.arange(1.0, 10).reshape(3, 3)
    kept = np.array([[True, True, True], [True, False, True], [False, False, False]])
    for base in ("GRPO", "REINFORCE"):
        assert alg.aggregate(values, kept, base) == pytest.approx((2 + 5 + 0) / 3)
    assert alg.aggregate(values, kept, "Dr. GRPO") == pytest.approx((6 + 10 + 0) / 9)


def test_acceptance_is_a_band_and_a_ceiling():
    mH = np.array([-3.0, -2.0, 0.0, 1.9, 2.0, 0.0, 0.0])
    mF = np.array([0.0, 0.0, 0.0, 0.0, 0.0, 0.99, 1.0])
    np.testing.assert_array_equal(alg.accepted(mH, mF, -2.5, 2.0, 1.0), [0, 1, 1, 1, 0, 1, 0])
    np.testing.assert_array_equal(alg.accepted(mH, mF, 0.0, 2.0, 1.0), [0, 0, 1, 1, 0, 1, 0])
    np.testing.assert_array_equal(alg.accepted(mH, mF, 1.0, INF, INF), [0, 0, 0, 1, 1, 0, 0])
    assert alg.accepted(np.array([np.nan, INF]), np.array([INF, np.nan]), -INF, INF, INF).all()


# ---- methods


def step_written_out(theta, lr, base, draws, tauH, tauF, low):
    """One step, prompt by prompt, response by response, token by token."""
    W, prompts, g, kept = theta.reshape(7, 128), draws.integers(0, 49, size=2), np.zeros((7, 128)), []
    u = draws.random(size=(2, 8, 3))
    for q in range(2):
        texts, rewards = [], []
        for j in range(8):
            before, text = 7, []
            for t in range(3):
                h = WORLD.phi[prompts[q], t, before]
                pi = softmax(W @ h)
                before = int((u[q, j, t] >= pi.cumsum()[:-1]).sum())
                text.append((before, pi, h))
            texts.append(text)
            rewards.append(float([a for a, _, _ in text] == WORLD.answer[prompts[q]].tolist()))
        R = np.array(rewards)
        A = {"REINFORCE": R, "Dr. GRPO": R - R.mean(), "GRPO": (R - R.mean()) / (R.std(ddof=1) + 1e-4)}[base]
        for j in range(8):
            total, count = np.zeros((7, 128)), 0
            for a, pi, h in texts[j]:
                v = np.eye(7)[a] - pi
                mH, mF = (float(m[0]) for m in dense_scores([A[j]], [v], [pi], [h], lr))
                passed = low <= mH < tauH and mF < tauF
                kept.append(passed)
                total, count = total + passed * A[j] * np.outer(v, h), count + passed
            g += total / (3 if base == "Dr. GRPO" else max(count, 1)) / 16
    return theta + lr * g.ravel(), np.array(kept).reshape(16, 3)


@pytest.mark.parametrize("base", alg.BASES)
def test_capo_takes_the_steps_written_out(base):
    trace = run(capo(WORLD, BASE, lr=30.0, tauH=3e3, tauF=2e3, lowH=-1e3, base=base, rng=rng(1)), 3)
    theta, draws = BASE, rng(1)
    for k in range(3):
        theta, kept = step_written_out(theta, 30.0, base, draws, 3e3, 2e3, -1e3)
        np.testing.assert_array_equal(trace.kept[k + 1], kept)
        np.testing.assert_allclose(trace.theta[k + 1], theta, atol=1e-8)
    if base == "GRPO":
        assert not trace.kept.all()


@pytest.mark.parametrize("optimizer", alg.OPTIMIZERS)
def test_without_thresholds_capo_is_the_plain_method_bit_for_bit(optimizer):
    setting = {"lr": 30.0 if optimizer == "SGD" else 0.1, "optimizer": optimizer}
    ours = run(capo(WORLD, BASE, tauH=INF, tauF=INF, model=optimizer, rng=rng(2), **setting), 30)
    plain = run(policy_gradient(WORLD, BASE, rng=rng(2), **setting), 30)
    np.testing.assert_array_equal(ours.theta, plain.theta)
    masked = run(random_mask(WORLD, BASE, rate=0.0, mask_rng=rng(9), lr=30.0, rng=rng(2)), 30)
    if optimizer == "SGD":
        np.testing.assert_array_equal(masked.theta, plain.theta)


def test_adam_is_adam_with_the_gradient_of_accepted_tokens():
    states = capo(WORLD, BASE, lr=0.1, tauH=INF, tauF=1.0, optimizer="Adam", model="Adam", rng=rng(3))
    trace = run(states, 6)
    theta, m, s, draws = BASE, np.zeros((7, 128)), np.zeros((7, 128)), rng(3)
    for k in range(6):
        rollout = WORLD.rollout(theta, WORLD.draw(draws, (2, 8)))
        A = alg.advantages(rollout.R, 8, "GRPO")
        v = alg.directions(rollout.a, rollout.pi)
        flat = [np.repeat(A, 3), *(part.reshape(48, -1) for part in (v, rollout.pi, rollout.h))]
        mH, mF = dense_scores(*flat, 0.1, Moments(m, s, k)) if k < 2 else token_scores(*flat, 0.1, Moments(m, s, k))
        np.testing.assert_allclose(trace.mF[k + 1].ravel(), mF, rtol=1e-8)
        np.testing.assert_allclose(trace.mH[k + 1].ravel(), mH, rtol=1e-8, atol=1e-12)
        kept = (mF < 1.0).reshape(16, 3)
        np.testing.assert_array_equal(trace.kept[k + 1], kept)
        g = sum(
            kept[n, t] * A[n] * np.outer(v[n, t], rollout.h[n, t]) / max(kept[n].sum(), 1) / 16
            for n in range(16)
            for t in range(3)
        )
        m, s = 0.9 * m + 0.1 * g, 0.999 * s + 0.001 * g**2
        step = m / (1 - 0.9 ** (k + 1)) / (np.sqrt(s / (1 - 0.999 ** (k + 1))) + 1e-8)
        theta = theta + 0.1 * step.ravel()
        np.testing.assert_allclose(trace.theta[k + 1], theta, rtol=1e-8, atol=1e-10)
    assert not trace.kept.all()


def surrogate_of(theta, rollout, A, clip, beta, reference):
    """PPO's objective less the price of the KL estimate, mean over 16 responses of 3 tokens."""
    total = 0.0
    for n in range(16):
        for t in range(3):
            h, a = rollout.h[n, t], rollout.a[n, t]
            now, fixed = (np.log(softmax(W.reshape(7, 128) @ h)[a]) for W in (theta, reference))
            rho = np.exp(now - np.log(rollout.pi[n, t, a]))
            x = fixed - now
            gain = min(rho * A[n], np.clip(rho, 1 - clip, 1 + clip) * A[n])
            total += (gain - beta * (np.exp(x) - x - 1)) / 48
    return total


def test_epochs_climb_the_clipped_surrogate_and_pay_for_the_distance():
    world_steps = run(policy_gradient(WORLD, BASE, lr=3.0, epochs=3, clip=0.1, beta=0.2, rng=rng(4)), 1)
    rollout = WORLD.rollout(BASE, WORLD.draw(rng(4), (2, 8)))
    A = alg.advantages(rollout.R, 8, "GRPO")
    assert (A != 0).any()
    theta, along = BASE, rng(5).normal(size=(3, WORLD.p))
    for _ in range(3):
        pi = softmax(rollout.h @ theta.reshape(7, 128).T, axis=-1)
        c = alg.surrogate(A, rollout, pi, 0.1) - 0.2 * alg.kl_slope(
            rollout.a, pi, softmax(rollout.h @ BASE.reshape(7, 128).T, axis=-1)
        )
        g = alg.gradient(c / 48, alg.directions(rollout.a, pi), rollout.h).ravel()
        for way in along:
            ends = [surrogate_of(theta + s * 1e-5 * way, rollout, A, 0.1, 0.2, BASE) for s in (1, -1)]
            assert (ends[0] - ends[1]) / 2e-5 == pytest.approx(g @ way, rel=1e-4, abs=1e-7)
        theta = theta + 3.0 * g
    np.testing.assert_allclose(world_steps.theta[1], theta, atol=1e-9)


def test_lots_have_a_generator_of_their_own_and_the_share_asked_for():
    states = random_mask(WORLD, BASE, rate=0.3, mask_rng=rng(6), lr=1e-6, rng=rng(7))
    trace, plain = run(states, 60), run(policy_gradient(WORLD, BASE, lr=1e-6, rng=rng(7)), 60)
    np.testing.assert_array_equal(trace.R, plain.R)
    assert trace.kept[1:].mean() == pytest.approx(0.7, abs=0.03)


# ---- statuses


def test_a_tiny_threshold_rejects_all_and_the_policy_stays():
    trace = run(capo(WORLD, BASE, tauF=1e-300, tauH=INF, prompts=1, G=2, rng=rng(8)), 25)
    assert (trace.theta == BASE).all()
    signal = (trace.A[1:] != 0).any(-1)
    np.testing.assert_array_equal(trace.status[1:], np.where(signal, 2, 1))
    assert signal.any()
    assert not signal.all()


def test_statuses_are_told_replicate_by_replicate():
    A = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 0.0]])
    kept = np.array([[[True], [True]], [[False], [True]], [[True], [False]]])
    assert [alg.STATUS[k] for k in alg.status(A, kept)] == ["no_signal", "all_rejected", "updated"]


def test_a_step_of_1000_collapses_and_all_figures_are_finite():
    trace = run(policy_gradient(WORLD, BASE, lr=1000.0, rng=rng(9)), 300)
    accuracy = WORLD.accuracy(trace.theta)
    assert alg.collapsed(accuracy)
    assert accuracy[-1] < 0.1
    assert np.isfinite([accuracy, WORLD.entropy(trace.theta)]).all()
    assert WORLD.entropy(trace.theta[-1]) < 0.3
    assert not alg.collapsed(np.array([0.5, 0.1, 0.26]))
    np.testing.assert_array_equal(alg.collapsed(np.array([[0.5, 0.5], [0.24, np.nan]])), [True, True])


def test_seeds_draw_the_same_whatever_the_method():
    world = arithmetic([0, 1])
    theta = base_policy(world)
    first = [
        last(states, 1).R
        for states in (
            capo(world, theta, rng=separate([0, 1])),
            policy_gradient(world, theta, base="REINFORCE", rng=separate([0, 1])),
        )
    ]
    np.testing.assert_array_equal(*first)
    alone = last(capo(WORLD, theta[0], rng=rng(0)), 5)
    np.testing.assert_allclose(last(capo(world, theta, rng=separate([0, 1])), 5).theta[0], alone.theta, atol=1e-9)


# ---- theory


def test_the_bound_is_the_theorems():
    assert float(alg.improvement_bound(0.0, 1e-4, 0.5)) == pytest.approx(-0.0566, abs=1e-4)
    np.testing.assert_allclose(alg.improvement_bound(0.3, np.array([0.0, 1.0]), 0.0), 0.3)


def test_overshoot_is_where_the_foretold_gain_vanishes():
    pi = np.array([0.9, 0.07, 0.03])
    assert alg.overshoot(-1.0, pi, 1) == pytest.approx(1.3016, abs=1e-4)
    assert alg.overshoot(-1.0, pi, 2) == pytest.approx(1.1933, abs=1e-4)
    assert alg.overshoot(-1.0, pi, 0) == INF
    assert alg.overshoot(1.0, pi, 0) < INF
    for A, a, h in ((-1.0, 1, 1.0), (-0.3, 2, 4.0), (2.0, 0, 0.5)):
        limit = alg.overshoot(A, pi, a, h)
        mH, _ = token_scores([A], [np.eye(3)[a] - pi], [pi], [[h, 0.0]], limit)
        assert mH[0] == pytest.approx(0, abs=1e-10)


def test_short_features_stay_below_the_largest_change():
    world = arithmetic([0, 1], scale=1.0)
    trace = run(capo(world, base_policy(world), tauF=INF, tauH=INF, rng=separate([0, 1])), 60, keep=["theta", "mF"])
    most = alg.largest_fisher(40.0, 8)
    assert most == pytest.approx(19_600)
    assert 0.3 * most < trace.mF.max() <= most


# ---- bad input


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"G": 1}, "G must be 2 or more: GRPO"),
        ({"G": 1, "base": "Dr. GRPO"}, "G must be 2 or more: Dr. GRPO"),
        ({"G": 0, "base": "REINFORCE"}, "G must be a whole number"),
        ({"prompts": 0}, "prompts must be"),
        ({"lr": 0.0}, "lr must be positive"),
        ({"lr": -1.0}, "lr must be positive"),
        ({"tauH": 0.0}, "tauH must be positive"),
        ({"tauF": -1.0}, "tauF must be positive"),
        ({"lowH": 3e4}, "lowH must be below tauH"),
        ({"beta1": 1.0}, r"beta1 must be in \[0, 1\)"),
        ({"beta2": -0.1}, r"beta2 must be in \[0, 1\)"),
        ({"base": "PPO"}, "base must be one of"),
        ({"subset": "prompt"}, "subset must be one of"),
        ({"model": "Newton"}, "model must be one of"),
        ({"optimizer": "Newton"}, "optimizer must be one of"),
    ],
)
def test_what_capo_cannot_use_is_refused_at_the_call(bad, message):
    with pytest.raises(ValueError, match=message):
        capo(WORLD, BASE, rng=rng(), **bad)


@pytest.mark.parametrize("rate", [1.0, -0.1])
def test_a_rate_of_lots_is_a_probability_below_1(rate):
    with pytest.raises(ValueError, match=r"rate must be in \[0, 1\)"):
        random_mask(WORLD, BASE, rate=rate, mask_rng=rng(), rng=rng())


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"epochs": 0}, "epochs must be"),
        ({"clip": 0.0}, "clip must be positive"),
        ({"beta": -1.0}, "beta must be 0 or more"),
    ],
)
def test_what_the_plain_method_cannot_use_is_refused(bad, message):
    with pytest.raises(ValueError, match=message):
        policy_gradient(WORLD, BASE, rng=rng(), **bad)


def test_reinforce_needs_no_group():
    assert last(capo(WORLD, BASE, base="REINFORCE", G=1, rng=rng()), 2).R.shape == (2,)


def test_bad_parts_are_refused_by_name():
    A, v, pi, h, _ = random_tokens(rng(10))
    for call, message in (
        (lambda: alg.advantages(np.ones(9), 8, "GRPO"), "multiple of G = 8"),
        (lambda: alg.advantages(np.ones(8), 8, "PPO"), "base must be one of"),
        (lambda: alg.directions(np.array([5]), np.full((1, 5), 0.2)), "tokens 0 … 4"),
        (lambda: alg.directions(np.array([-1]), np.full((1, 5), 0.2)), "tokens 0 … 4"),
        (lambda: token_scores(A, v, 1.1 * pi, h, 1.0), "pi must be probabilities"),
        (lambda: token_scores(A, v, pi, h, 0.0), "lr must be positive"),
        (lambda: token_scores(A[:2], v, pi, h, 1.0), "the shapes of A, v, pi, h"),
        (lambda: token_scores(A, v, pi, h, 1.0, None, (1.0, 0.9)), r"beta1 must be in \[0, 1\)"),
        (lambda: alg.accepted(A, A, 1.0, 1.0, 1.0), "lowH must be below tauH"),
        (lambda: alg.aggregate(np.ones((2, 3)), np.ones((3, 2), bool), "GRPO"), "the same"),
        (lambda: alg.improvement_bound(0.1, 0.1, 1.0), r"gamma must be in \[0, 1\)"),
        (lambda: alg.improvement_bound(0.1, -0.1, 0.5), "deltaF must be 0 or more"),
        (lambda: alg.improvement_bound(0.1, 0.1, 0.5, -1.0), "epsilon must be 0 or more"),
        (lambda: alg.overshoot(-1.0, np.array([0.5, 0.6]), 0), "pi must be probabilities"),
        (lambda: alg.overshoot(-1.0, np.array([0.5, 0.5]), 2), "tokens 0 … 1"),
        (lambda: alg.overshoot(-1.0, np.array([0.5, 0.5]), 0, 0.0), "h must be positive"),
        (lambda: alg.largest_fisher(-1.0, 8), "lr must be positive"),
        (lambda: alg.largest_fisher(40.0, 0), "G must be a whole number, 1 or more"),
        (lambda: alg.largest_fisher(40.0, 1), "G must be 2 or more"),
    ):
        with pytest.raises(ValueError, match=message):
            call()
