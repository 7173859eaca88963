import numpy as np
import pytest

from optilab.core.run import run
from optilab.papers.dynamic_reward_weighting import exercises
from optilab.papers.dynamic_reward_weighting.algorithm import Gradients, gradient_weights, influence, mirror_step
from optilab.papers.dynamic_reward_weighting.problems import Heads


def test_the_values_of_the_text():
    I, w = exercises._updated(exercises.FIXED, np.array([0.5, 0.3, 0.2]), 0.1, "")
    np.testing.assert_allclose(I, [4, 1, 4])
    np.testing.assert_allclose(w, [0.542155, 0.240983, 0.216862], atol=1e-6)
    bad = {
        "off-diagonal": [0.467, 0.280, 0.252],
        "cosine": [0.486, 0.297, 0.218],
        "softmax of w": [0.426, 0.258, 0.316],
    }
    for wrong, value in bad.items():
        found = exercises._updated(exercises.FIXED, np.array([0.5, 0.3, 0.2]), 0.1, wrong)[1]
        np.testing.assert_allclose(found, value, atol=1e-3)


def test_the_right_weights_are_the_best_of_the_simplex():
    rng = np.random.default_rng(0)
    v, u, I = rng.dirichlet(np.ones(3)), rng.dirichlet(np.ones(3)), rng.normal(size=3)
    w = u**0.4 * v**0.6 * np.exp(I * 0.5)  # η = 0.5, μ = 0.6, λ = 0.4
    w /= w.sum()

    def worth(w):
        return 0.5 * w @ I - 0.6 * (w * np.log(w / v)).sum(-1) - 0.4 * (w * np.log(w / u)).sum(-1)

    assert worth(w) >= worth(rng.dirichlet(np.ones(3), 3000)).max()


def test_what_the_checks_expect_is_what_the_algorithm_does():
    rng = np.random.default_rng(1)
    G, w = rng.normal(size=(4, 7)), rng.dirichlet(np.ones(4))
    I, new = exercises._updated(G, w, 0.8, "")
    np.testing.assert_allclose(I, influence(G))
    np.testing.assert_allclose(new, mirror_step(w, I, 0.8))
    heads = Heads(exercises.ARMS)
    states = gradient_weights(Gradients(heads, "exact", clip=np.inf), np.zeros(heads.p), w=np.ones(3) / 3, ratio=2.0)
    J = heads.J(run(states, 200).theta)
    assert exercises.moving_steps(2.0) == np.argmax((J >= 0.9).all(-1))


@pytest.mark.parametrize(("ratio", "enough"), [(0.1, False), (2.0, False), (4.0, True), (10.0, True), (20.0, True)])
def test_which_ratios_take_twice_the_steps(ratio, enough):
    assert (exercises.moving_steps(ratio) >= 2 * exercises.moving_steps(0.0)) == enough


def test_a_ratio_that_is_no_number_is_an_error():
    with np.errstate(invalid="ignore"), pytest.raises(AssertionError, match="no numbers any more"):
        exercises.moving_steps(np.inf)


def test_what_starves_a_head_is_memory():
    assert exercises.greedy_steps() == 65 < exercises.moving_steps(0.0) == 80
    assert exercises.moving_steps(1e5) < 80


def test_the_question_of_the_lesson():
    right = np.exp(4) / (np.exp(4) + np.exp(1))
    assert "nothing is in conflict" in exercises.check_pair(right)
    for wrong, said in ((0.5, "‖g₁‖²"), (0.8, "exponentials"), (0.731, "not ‖g₁‖"), (0.99, "as e⁴ to e¹")):
        with pytest.raises(AssertionError, match=said):
            exercises.check_pair(wrong)
