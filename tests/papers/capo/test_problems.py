import numpy as np
import pytest
from scipy.special import log_softmax, rel_entr, softmax

from optilab.papers.capo.problems import ANSWERS, Draw, Language, arithmetic, base_policy, one_token

WORLD = arithmetic(0)


def rng(seed=0):
    return np.random.default_rng(seed)


def test_the_answers_are_sums_and_a_product():
    for k, (a, b) in enumerate((a, b) for a in range(7) for b in range(7)):
        np.testing.assert_array_equal(ANSWERS[k], [(a + b) % 7, (a + 2 * b) % 7, (a * b) % 7])


def test_features_are_units_and_some_are_long():
    length = np.linalg.norm(arithmetic(range(20)).phi, axis=-1)
    long = length > 1.001
    np.testing.assert_allclose(length[long], 16)
    np.testing.assert_allclose(length[~long], 1)
    assert long.mean() == pytest.approx(0.05, abs=0.005)


def test_a_seed_has_one_set_of_directions():
    other = arithmetic(0, scale=5.0, share=0.5).phi
    length = np.linalg.norm(other, axis=-1, keepdims=True)
    np.testing.assert_allclose(other / length, WORLD.phi / np.linalg.norm(WORLD.phi, axis=-1, keepdims=True))
    few = np.linalg.norm(WORLD.phi, axis=-1) > 1.001
    assert (length[few] > 1.001).all()  # a larger share has the same ones, and more


def test_contexts_of_one_prompt_or_position_are_alike():
    flat = arithmetic(0, scale=1.0).phi
    same_prompt = np.einsum("ptkd,psld->ptksl", flat, flat)
    assert same_prompt[:, 0, :, 1].mean() == pytest.approx(1 / 3, abs=0.03)
    across = flat[:24, 0, 0] * flat[24:48, 1, 1]
    assert abs(across.sum(-1).mean()) < 0.05


def test_a_batch_of_seeds_has_the_worlds_and_base_policies_of_its_seeds():
    together, seeds = arithmetic([2, 7]), (2, 7)
    theta = base_policy(together)
    for i, seed in enumerate(seeds):
        alone = arithmetic(seed)
        np.testing.assert_array_equal(together.phi[i], alone.phi)
        np.testing.assert_allclose(theta[i], base_policy(alone), rtol=1e-9, atol=1e-11)


def test_the_base_policy_is_the_first_to_give_half_of_the_answers():
    theta = base_policy(WORLD)
    p = np.exp(WORLD.log_policy(theta))
    assert 0.5 <= WORLD.accuracy(theta) < 0.502

    right = np.eye(7)[WORLD.answer]
    slope = np.einsum("ptk,ptd->kd", p - right, WORLD.taught) / right[..., 0].size
    assert WORLD.accuracy(theta + 5 * slope.ravel()) < 0.5  # nearly the step before


def test_success_is_the_product_along_the_answer():
    theta = rng(1).normal(size=WORLD.p)
    W = theta.reshape(7, 128)
    for k in (0, 17, 48):
        before, product = 7, 1.0
        for t in range(3):
            product *= softmax(W @ WORLD.phi[k, t, before])[ANSWERS[k, t]]
            before = ANSWERS[k, t]
        assert WORLD.success(theta)[k] == pytest.approx(product, rel=1e-10)


def test_accuracy_is_the_mean_reward_of_many_responses():
    theta = base_policy(WORLD)
    rollout = WORLD.rollout(theta, WORLD.draw(rng(2), (2000, 4)))
    assert rollout.R.mean() == pytest.approx(WORLD.accuracy(theta), abs=0.03)


def test_a_rollout_is_its_tokens_written_out():
    theta, draw = rng(3).normal(size=WORLD.p), WORLD.draw(rng(4), (2, 3))
    rollout, W = WORLD.rollout(theta, draw), theta.reshape(7, 128)
    for n in range(6):
        prompt, before = draw.prompt[n // 3], 7
        for t in range(3):
            h = WORLD.phi[prompt, t, before]
            pi = softmax(W @ h)
            np.testing.assert_allclose(rollout.pi[n, t], pi, rtol=1e-12)
            np.testing.assert_array_equal(rollout.h[n, t], h)
            before = int(np.searchsorted(pi.cumsum(), draw.u[n // 3, n % 3, t], side="right"))
            assert rollout.a[n, t] == min(before, 6)
            before = rollout.a[n, t]
        assert rollout.R[n] == (rollout.a[n] == ANSWERS[prompt]).all()


def test_kl_and_entropy_are_those_of_scipy():
    one, two = rng(5).normal(size=(2, WORLD.p))
    p, q = (softmax(WORLD.taught @ W.reshape(7, 128).T, axis=-1) for W in (one, two))
    assert WORLD.kl(one, two) == pytest.approx(rel_entr(p, q).sum(-1).mean())
    assert WORLD.entropy(one) == pytest.approx(-(p * np.log(p)).sum(-1).mean())
    np.testing.assert_allclose(WORLD.log_policy(one), log_softmax(WORLD.taught @ one.reshape(7, 128).T, axis=-1))


def test_what_is_certain_has_finite_figures():
    theta = 1e5 * rng(6).normal(size=WORLD.p)
    with np.errstate(all="raise", under="ignore"):
        figures = [WORLD.accuracy(theta), WORLD.kl(theta, -theta), WORLD.entropy(theta)]
    assert np.isfinite(figures).all()
    assert figures[2] == pytest.approx(0, abs=1e-6)


def test_a_constant_on_all_logits_changes_nothing():
    theta, shift = rng(7).normal(size=WORLD.p), rng(8).normal(size=128)
    moved = (theta.reshape(7, 128) + shift).ravel()
    np.testing.assert_allclose(WORLD.log_policy(moved), WORLD.log_policy(theta), atol=1e-10)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Language(np.ones((2, 1, 4, 3)), np.array([[0], [3]])), "answer must be tokens 0 … 2"),
        (lambda: Language(np.ones((2, 1, 4, 3)), np.array([[0], [-1]])), "answer must be tokens 0 … 2"),
        (lambda: Language(np.ones((2, 1, 4, 3)), np.array([0, 1])), "shapes of phi and answer"),
        (
            lambda: Language(np.full((2, 1, 4, 3), np.nan), np.array([[0], [1]])),
            "phi must be finite|phi must be an arr",
        ),
        (lambda: arithmetic(0, scale=0.0), "scale must be positive"),
        (lambda: arithmetic(0, share=1.2), "share must be from 0 to 1"),
        (lambda: arithmetic(-1), "seeds must be"),
        (lambda: one_token(K=1), "K must be"),
        (lambda: one_token(d=0), "d must be"),
        (lambda: WORLD.accuracy(np.ones(5)), "the shape of theta must be"),
    ],
)
def test_what_makes_no_world_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_a_world_that_is_not_learned_says_so():
    same = Language(np.ones((2, 1, 4, 3)), np.array([[0], [1]]))  # one context, two answers
    same = Language(np.repeat(same.phi, 2, 0), np.array([[0], [1], [2], [0]]))
    with pytest.raises(ValueError, match="learned in 3000 steps"):
        base_policy(same)


def test_samples_are_prompts_with_replacement_and_uniform_numbers():
    draw = WORLD.draw(rng(9), (300, 8, 5))
    assert isinstance(draw, Draw)
    assert draw.prompt.shape == (300, 8)
    assert draw.u.shape == (300, 8, 5, 3)
    assert (np.sort(draw.prompt, -1)[:, 1:] == np.sort(draw.prompt, -1)[:, :-1]).any()
    assert set(np.unique(draw.prompt)) == set(range(49))
