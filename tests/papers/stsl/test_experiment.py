import numpy as np
import pytest
from scipy.stats import energy_distance

from optilab.papers.stsl import experiment as ex
from optilab.papers.stsl.problems import images, operator


def test_a_restored_digit_is_measured_in_pixels():
    problem, x, noise = ex.asked("sr2", 0)
    end = ex.sampled("PSLD 50", problem, noise, np.random.default_rng(0))
    data = images(0)
    pixels = end.z @ data.W.T + data.b
    by_hand = np.mean([np.sqrt(np.mean((pixels[c, i] - x[i]) ** 2)) for c in range(2) for i in range(40)])
    assert ex.restored("PSLD 50", "sr2", 0) == pytest.approx(by_hand)
    np.testing.assert_array_equal(x, data.test[20:60])
    assert (problem.y - x @ operator("sr2").T).std() == pytest.approx(0.05, rel=0.1)


def test_methods_share_their_noise():
    one, other = (ex.asked("box", 1) for _ in range(2))
    np.testing.assert_array_equal(one[2], other[2])
    with pytest.raises(ValueError, match="method must be one of"):
        ex.sampled("DDNM", one[0], one[2], np.random.default_rng(0))


def test_the_energy_distance_is_that_of_scipy_squared():
    X, Y = np.random.default_rng(0).normal(size=(2, 200))
    assert ex.energy_distance(X[:, None], Y[:, None] + 1) == pytest.approx(energy_distance(X, Y + 1) ** 2)


def test_exact_draws_have_the_floor_of_the_noise():
    problem = ex.closed_form(3)
    X, Y = problem.posterior().draw(np.random.default_rng(0), (2, 300))
    assert ex.energy_distance(X, Y) < 0.02


def test_the_judge_knows_digits():
    data = images(0)
    assert (ex.judge(data)(data.test) == data.labels).mean() > 0.93


def test_correlation_is_pearsons():
    x, y = np.random.default_rng(0).normal(size=(2, 64))
    assert ex.correlation(x, y) == pytest.approx(np.corrcoef(x, y)[0, 1])


@pytest.mark.full
def test_the_table_of_the_digits_over_twelve_seeds():
    table = {
        "PSLD 50": (0.303, 0.289),
        "PSLD 250, ω = 0.1": (0.308, 0.292),
        "PSLD 250, ω = 1": (0.341, 0.374),
        "P2L 125": (0.307, 0.306),
        "STSL 10 × 5": (0.263, 0.249),
        "STSL 50 × 1": (0.281, 0.265),
        "STSL 10 × 5, noisy start": (0.292, 0.274),
        "STSL 10 × 1, noisy start": (0.383, 0.363),
    }
    for method, expected in table.items():
        for name, mean in zip(("sr2", "box"), expected, strict=True):
            assert ex.over_seeds(method, name, range(12)).mean() == pytest.approx(mean, abs=0.01), (method, name)
