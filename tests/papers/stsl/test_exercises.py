import numpy as np
import pytest

from optilab.papers.stsl import algorithm as alg
from optilab.papers.stsl import exercises
from optilab.papers.stsl.problems import Inverse


def test_the_step_that_the_check_expects_is_that_of_the_algorithm():
    """With a linear decoder in place of the assignment's."""
    prior, W, A = exercises._world(4)
    rng = np.random.default_rng(0)
    z, eps, y, alpha = rng.normal(size=3), rng.normal(size=3), rng.normal(size=2), 0.6
    problem = Inverse(prior, W, np.zeros(5), A, y, 0.1)
    at = prior.local(z, alpha)
    ours = z - alg.measured(problem, z, at, alpha, 0.3) - alg.curved(prior, z, at, alpha, eps, 1.0)
    f = {
        "seen": lambda z0: z0 @ problem.B.T,
        "pull": lambda z0, r: r @ problem.B,
        "score": lambda z: prior.score(z, alpha),
        "hvp": lambda z, u: prior.curve(prior.local(z, alpha), u),
    }
    n = {"alpha": alpha, "eps": eps, "lam": 0.3, "eta": 1.0}
    np.testing.assert_allclose(exercises._stepped(z, y, f, n, ""), ours, rtol=1e-10)
    assert exercises._loss(z, f["score"], f["seen"], y, n) == pytest.approx(
        alg.surrogate(problem, z, alpha, eps, 0.3, 1.0)
    )


@pytest.mark.parametrize("slip", exercises.SLIPS)
def test_every_slip_is_heard_of(slip):
    def step(z, y, seen, pull, score, hvp, **n):
        return exercises._stepped(z, y, {"seen": seen, "pull": pull, "score": score, "hvp": hvp}, n, slip)

    with pytest.raises(AssertionError) as refusal:
        exercises.check_inner_step(step, seed=3)
    assert exercises.SLIPS[slip] in str(refusal.value)


@pytest.mark.parametrize("seed", [5, 20231])
def test_what_the_ticks_say_is_measured(seed):
    error = {key: exercises.cell(seed, *key)[0] for key in exercises.CELLS}

    def gain(place, low, high):
        def mean(value):
            return np.mean([e for key, e in error.items() if key[place] == value])

        return 1 - mean(high) / mean(low)

    assert gain(0, 1, 5) > 0.08
    assert gain(1, "q_sample", "ddim") > 0.08
    assert abs(gain(2, 0.0, 0.02)) < 0.01
    assert {exercises.cell(seed, *key)[1] for key in exercises.CELLS} == {10, 50}


def test_the_table_is_that_of_its_seed_and_no_right_figure_is_told():
    right = {key: exercises.cell(20231, *key) for key in exercises.CELLS}
    assert "any seed" in exercises.check_ablation(lambda seed: right, 20231)
    with pytest.raises(AssertionError, match="isn't the RMSE on the world of seed 5") as refusal:
        exercises.check_ablation(lambda seed: right, 5)
    assert not any(f"{exercises.cell(5, *key)[0]:.3f}" in str(refusal.value) for key in exercises.CELLS)


def test_the_question_of_the_lesson():
    assert "nine times" in exercises.check_factor(9)
    for wrong, said in ((17, "before anything is seen"), (5, "σ is squared"), (8, "the 1 of"), (3, "3.2/1.6")):
        with pytest.raises(AssertionError, match=said):
            exercises.check_factor(wrong)
    sigma = 4 * 0.8 / (0.2 * 4 + 0.8)
    assert 1 + sigma / 0.5**2 == pytest.approx(9)
