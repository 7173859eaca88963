from importlib import import_module

import numpy as np
import pytest

from optilab.papers.private_gsd import explorer
from optilab.papers.private_gsd.algorithm import adaptive
from optilab.papers.private_gsd.experiment import asked
from optilab.problems.privacy import cdp_eps, gaussian_rho

budget, evolution, limits, rounds, surrogate, tradeoff = (
    import_module(f"optilab.papers.private_gsd.explorer.{name}")
    for name in ("budget", "evolution", "limits", "rounds", "surrogate", "tradeoff")
)
EVOLVED = {"p_mut": 50, "p_cross": 50, "n_rows": 300, "generations": 3000, "noise": 0.01}
EARLY = EVOLVED | {"generations": 500}


def errors(film):
    return abs(film.answers - evolution.asked("prefixes", 60)[2]).mean(1)


def test_the_evolution_is_what_the_lesson_says_of_it():
    plain = evolution.evolved(**EVOLVED)
    assert plain.generation[[5, 50]].tolist() == [300, 3000]
    assert plain.fitness[[5, 50]] == pytest.approx([0.022, 0.00033], rel=0.03)
    early = {
        (0, 50): 0.030,
        (100, 0): 0.026,
        (0, 100): 0.022,
    }
    for (p_mut, p_cross), fitness in early.items():
        found = evolution.evolved(**EARLY | {"p_mut": p_mut, "p_cross": p_cross})
        assert found.fitness[30] == pytest.approx(fitness, abs=6e-4)
    alone = evolution.evolved(**EVOLVED | {"p_mut": 0})
    assert alone.fitness[50] == pytest.approx(0.00035, rel=0.02)
    assert evolution.evolved(**EARLY | {"noise": 1.0}).fitness[30] == pytest.approx(0.043, abs=5e-4)
    few, many = (evolution.evolved(**EVOLVED | {"n_rows": rows}) for rows in (50, 500))
    assert few.fitness[[5, 50]] == pytest.approx([0.005, 0.005], abs=2e-4)
    assert errors(few)[-1] == pytest.approx(0.0066, abs=1e-4)
    assert many.fitness[-1] < 0.8 * plain.fitness[-1]
    assert errors(many)[-1] == pytest.approx(errors(plain)[-1], rel=0.05)
    nothing = evolution.simulate(**EVOLVED | {"p_mut": 0, "p_cross": 0})
    note = evolution.compute(7, run=nothing, **EVOLVED | {"p_mut": 0, "p_cross": 0})["note"]
    assert "Nothing can move: p_mut + p_cross must be 1 or more" in note


def test_frames_are_of_their_generations():
    run = evolution.evolved(**EVOLVED | {"generations": 500, "n_rows": 50})
    data = evolution.compute(10, run=run, **EVOLVED | {"generations": 500, "n_rows": 50})
    assert data["now"] == (100, run.fitness[10])
    np.testing.assert_array_equal(data["table"][0], run.best[10][:, 3])
    place = 120
    assert data["share"][1][place] == (run.best[10][:, 4] <= data["share"][0][place]).mean()


def test_dots_stand_at_the_epsilon_that_makes_their_noise():
    run = tradeoff.measured("prefixes", 0)
    for n in (500.0, 10_000.0):
        at, error = tradeoff.compute(1.0, n, "prefixes", 0, run=run)["GSD mean"]
        for epsilon, sigma, value in zip(at, tradeoff.SIGMAS, error, strict=True):
            if np.isfinite(epsilon):
                assert tradeoff.noise_of(float(epsilon), round(n)) == pytest.approx(sigma, rel=1e-6)
            else:
                rho = 40 * gaussian_rho(np.sqrt(2) / n, sigma)
                assert not 0.04 < cdp_eps(rho, 1 / n**2) < 12.5
            assert value in run["GSD"][:, 1]
    floor = tradeoff.SIGMAS * np.sqrt(2 / np.pi)
    ours, drawn, even = (run[name][:, 1] for name in tradeoff.METHODS)
    assert (ours[2:] < floor[2:]).all()  # better than the answers themselves where noise is large
    assert ours[0] > floor[0]
    assert even[0] < ours[0] < drawn[0]
    assert run["people"][1] / ours[0] == pytest.approx(8, abs=0.5)
    assert "clipped to [0, 1]" in tradeoff.compute(0.05, 500.0, "prefixes", 0, run=run)["note"]


def test_the_budget_is_what_the_lesson_says_of_it():
    for m, less in ((59, True), (61, False)):
        once, sigma, _ = budget.noise_of(10, 3, 0.2, m)
        assert (once < sigma) == less
    once, sigma, _ = budget.noise_of(30, 10, 0.2, 300)
    assert sigma / once == pytest.approx(np.sqrt(2))
    assert "end after 20 rounds, and `adaptive` refuses it" in budget.compute(30, 10, 0.2, 200)["note"]
    assert "end after" not in budget.compute(30, 10, 0.2, 300)["note"]
    table, queries, _ = asked("prefixes", 200)
    with pytest.raises(ValueError, match="S · T must be at most 200"):
        next(adaptive(table, queries, epsilon=0.2, delta=1e-8, rng=np.random.default_rng(0), T=30, S=10))
    x, y = budget.slices(np.array([[0.0, 0.5], [0.5, 1.0]]), 0.0, 1.0)
    assert np.nanmax(x) == 1
    assert np.isnan(y).sum() == 2


def test_the_rounds_are_what_the_lesson_says_of_them():
    made = explorer.rounds()
    assert "1.5 times less than" in made.data["note"]
    error, chosen, _ = made.result
    worst = rounds.asked("prefixes", 300)[1].worst(error)
    rank = np.argsort(np.argsort(-worst[0]))
    assert np.median(rank[chosen[:9]]) < 60
    unmeasured = np.setdiff1d(np.arange(300), chosen)
    assert worst[-1][unmeasured].mean() < 0.5 * worst[0][unmeasured].mean()
    for changes, ratio in (({"epsilon": 10.0}, 1 / 2.4), ({"T": 15}, 1.2), ({"seed": 1}, 1.1)):
        settings = {"T": 10, "S": 3, "epsilon": 0.2, "seed": 0} | changes
        error, _, once = rounds.in_rounds(**settings)
        assert once.mean() / error[-1].mean() == pytest.approx(ratio, rel=0.05)


def test_the_sigmoid_is_what_the_lesson_says_of_it():
    power = surrogate.POWERS[np.argmax(surrogate.slope(2.0**surrogate.POWERS, 0.001))]
    assert power == pytest.approx(np.log2(1.543 / 0.001), abs=0.1)
    assert "counted wrong by 0.42" in surrogate.compute(5.0)["note"]
    assert surrogate.compute(10.5)["note"].count("counted wrong by 5.1×10⁻⁷") == 1
    z = surrogate.Z
    step = (surrogate.slope(8.0, z)[1:] + surrogate.slope(8.0, z)[:-1]) / 2 * np.diff(z)
    inside = abs((z[1:] + z[:-1]) / 2) < 0.01
    assert step[inside].sum() == pytest.approx(np.tanh(8 * 0.005), rel=0.05)


def test_the_limits_are_what_the_lesson_says_of_them():
    made = explorer.limits()
    noisy = made.data
    assert "0.0326 at generation 480" in noisy["note"]
    assert noisy["mean.y"][-1] == pytest.approx(0.0404, abs=1e-4)
    assert (np.diff(noisy["seen.y"]) <= 0).all()
    exact = made.values | {"exact": True}
    few = limits.compute(**exact | {"n_rows": 20}, run=limits.stopped(**exact | {"n_rows": 20}))
    assert few["mean"][1][-1] == pytest.approx(0.0104, abs=2e-4)
    absent = exact | {"p_mut": 0, "absent": True}
    data = limits.compute(**absent, run=limits.stopped(**absent))
    assert data["mean"][1][-1] == pytest.approx(0.0813, abs=1e-4)
    assert (data["share"][1] == 0).all()
    assert "crossover copies what is there" in data["note"]
