"""A race against a plain loop, its rules one by one, and the phase diagram that is made of races."""

import json
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from distributed import Client, LocalCluster
from hypothesis import given, settings
from hypothesis import strategies as st

from optilab.arena.costs import Costs
from optilab.arena.methods import METHODS, TRIALS, named, octaves
from optilab.arena.phase import Phase, phase
from optilab.arena.problems import PROBLEMS, rotated
from optilab.arena.race import RESOLUTION, TUNING_SEEDS, Followed, best_of, entered, quartiles, race
from optilab.arena.report import finite
from optilab.core.randomness import common

rng = np.random.default_rng
VALLEY = PROBLEMS["quadratic"](kappa=20, dimension=3)


def test_a_race_is_a_plain_loop_over_settings_and_seeds():
    budget, problem = 40.0, VALLEY
    result = race(["gradient descent"], problem, budget, rng=rng(5), seeds=6).entrants["gradient descent"]
    starts, _ = rng(5).spawn(2)
    trial_x0, race_x0 = problem.facts.start(starts, TUNING_SEEDS), problem.facts.start(starts, 6)

    def final(x, alpha):
        for _ in range(40):
            x = x - alpha * problem.facts.problem.grad(x)
        return float(problem.facts.problem(x)) if np.linalg.norm(x) < 1e9 else np.inf

    tried = [*octaves(-8, 3, TRIALS), 1.0]
    medians = [sorted(final(x, alpha) for x in trial_x0)[TUNING_SEEDS // 2 - 1] for alpha in tried]
    chosen = tried[int(np.argmin(medians))]
    assert result.best.setting == {"step": chosen}
    assert result.trials == TRIALS + 1
    np.testing.assert_allclose(result.best.final, [final(x, chosen) for x in race_x0], rtol=1e-9)
    np.testing.assert_allclose(result.default.final, [final(x, 1.0) for x in race_x0], rtol=1e-9)
    np.testing.assert_allclose(result.tuning.median[: TRIALS - 8], medians[: TRIALS - 8], rtol=1e-9)
    np.testing.assert_allclose([result.tuning.best, result.tuning.default], [min(medians), medians[-1]], rtol=1e-9)
    assert not result.tuning.cut_off
    assert np.isinf(result.tuning.median[-1])
    assert result.tuning.lost[-1] == 1.0
    halfway = [final_after(problem, x, chosen, 20) for x in race_x0]
    at = np.searchsorted(result.best.curves["iterations"].x, 20)
    assert result.best.curves["iterations"].x[at] == pytest.approx(20)
    np.testing.assert_allclose(result.best.curves["iterations"].median[at], sorted(halfway)[2], rtol=1e-9)


def final_after(problem, x, alpha, steps):
    for _ in range(steps):
        x = x - alpha * problem.facts.problem.grad(x)
    return float(problem.facts.problem(x))


def test_the_seeds_of_the_race_are_not_those_of_the_tuning():
    starts, _ = rng(0).spawn(2)
    tuned, raced = VALLEY.facts.start(starts, TUNING_SEEDS), VALLEY.facts.start(starts, 20)
    assert not np.isin(np.round(raced, 9), np.round(tuned, 9)).any()


def test_all_spend_the_same():
    problem, budget = PROBLEMS["logistic"](dimension=4), 16.0
    names = ["Adam", "SGD", "GNS Newton", "ADAHESSIAN", "line search"]
    result = race(names, problem, budget, rng=rng(1), seeds=4)
    for entrant in result.entrants.values():
        assert entrant.best.curves["cost"].x[-1] == budget
    steps = {name: entrant.best.steps for name, entrant in result.entrants.items()}
    assert steps["Adam"] == 16
    assert steps["SGD"] == 16 * 200 // METHODS["SGD"].size
    assert steps["ADAHESSIAN"] == 16 // 3  # a gradient and a product
    assert result.entrants["GNS Newton"].best.curves["iterations"].x[-1] <= 2  # of a Hessian in four variables
    assert result.entrants["line search"].best.curves["gradients"].x[-1] <= budget / 1.5  # values cost, too


def test_prices_can_be_edited():
    free = race(["line search"], VALLEY, 30.0, rng=rng(1), seeds=4, costs=Costs(value=0.0))
    dear = race(["line search"], VALLEY, 30.0, rng=rng(1), seeds=4, costs=Costs(value=5.0))
    median = [result.entrants["line search"].best.quartiles[1] for result in (free, dear)]
    assert median[0] < median[1]
    with pytest.raises(ValueError, match="prox must be 0 or more and finite, got -1"):
        Costs(prox=-1.0)
    with pytest.raises(ValueError, match="gradient must be positive"):
        Costs(gradient=0.0)


def test_methods_see_the_same_samples():
    problem = PROBLEMS["quadratic"](dimension=3, noise=0.5)
    names = ["SGD", "gradient descent"]  # on a noisy problem the second is the first
    result = race(names, problem, 50.0, rng=rng(2), seeds=6)
    one, other = (result.entrants[name] for name in names)
    np.testing.assert_array_equal(one.best.final, other.best.final)
    assert result.winner is None
    assert set(result.tied) == set(names)


def test_samples_differ_from_seed_to_seed():
    problem = PROBLEMS["quadratic"](dimension=3, noise=0.5)
    sample = problem.asked.sample(common(rng(0), 1), (2, 5, 1))
    assert (sample[0] == sample[1]).all()
    assert len(np.unique(sample[0])) == sample[0].size


def test_a_race_is_the_same_again():
    names = ["heavy ball", "Adam"]
    one, other = (race(names, VALLEY, 30.0, rng=rng(3), seeds=5).as_dict() for _ in range(2))
    assert one == other
    json.dumps(finite(one), allow_nan=False)


def changed(result, finals, spent=None):
    never = dict.fromkeys(finals, [np.inf] * 4)
    entrants = {}
    for name, entrant in result.entrants.items():
        figures = {"final": np.array(finals[name], dtype=float), "spent": np.array((spent or never)[name], dtype=float)}
        entrants[name] = replace(entrant, best=replace(entrant.best, **figures))
    return replace(result, entrants=entrants)


RESULT = race(["gradient descent", "heavy ball"], VALLEY, 20.0, rng=rng(4), seeds=4)


def test_a_winner_is_named_where_the_bands_are_disjoint():
    apart = changed(RESULT, {"gradient descent": [5, 6, 7, 99], "heavy ball": [1, 2, 4.9, 80]})
    assert apart.winner == "heavy ball"  # third quartile 4.9 below first quartile 5
    assert apart.order == ["heavy ball", "gradient descent"]
    assert apart.verdict.startswith("heavy ball wins: median gap 2, quartiles 1 … 4.9")
    touching = changed(RESULT, {"gradient descent": [5, 6, 7, 99], "heavy ball": [1, 2, 5, 80]})
    assert touching.winner is None
    assert touching.tied == ["heavy ball", "gradient descent"]
    assert touching.verdict.startswith("no winner: heavy ball leads")


def test_who_is_best_at_an_end_of_its_grid_is_named_with_the_verdict():
    assert RESULT.cut_off == []
    entrant = RESULT.entrants["gradient descent"]
    entrants = RESULT.entrants | {"gradient descent": replace(entrant, tuning=entrant.tuning._replace(cut_off=True))}
    short = replace(RESULT, entrants=entrants)
    beyond = "; best at an end of its grid, so perhaps better beyond: gradient descent"
    assert short.verdict == RESULT.verdict + beyond
    assert short.as_dict()["cut_off"] == ["gradient descent"]


def test_fresh_seeds_name_no_other_winner():
    for kappa, noise, expected in ((50.0, 0.0, {"heavy ball"}), (2.0, 0.3, set())):
        problem = PROBLEMS["quadratic"](kappa=kappa, noise=noise, dimension=5)
        names = ["gradient descent", "heavy ball", "Adam"]
        winners = {race(names, problem, 40.0, rng=rng(seed), seeds=8).winner for seed in range(6)}
        assert winners - {None} == expected


def test_nobody_wins_by_not_arriving():
    lost = changed(RESULT, {"gradient descent": [np.inf] * 4, "heavy ball": [1, 2, np.inf, np.inf]})
    assert lost.winner is None
    assert "diverged" in lost.verdict or "overlaps" in lost.verdict


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0, 10) | st.just(np.inf) | st.just(np.nan), min_size=4, max_size=40))
def test_quartiles_are_values_that_occur_in_order(values):
    low, median, high = quartiles(np.array(values))
    assert low <= median <= high
    clean = [np.inf if np.isnan(value) else value for value in values]
    for quartile, share in ((low, 0.25), (median, 0.5), (high, 0.75)):
        assert quartile in clean
        assert np.mean(np.array(clean) <= quartile) >= share
        assert np.mean(np.array(clean) < quartile) < share


def test_the_best_setting_has_the_smallest_median_and_among_equal_ones_that_of_what_it_spent():
    final = np.array([[1.0, np.inf, np.inf, np.inf], [3, 3, 4, 9], [2, 3, 5, 6]])
    never = np.full((3, 4), np.inf)
    assert best_of(final, never) == 1
    assert best_of(final, np.array([[1] * 4, [9, 8, 7, 6], [5, 6, 7, 8]])) == 2
    assert best_of(never, never) == 0


def test_rounding_below_the_floor_does_not_choose_the_setting():
    easy = PROBLEMS["quadratic"](kappa=1, dimension=2)  # the step 1/L is there at once
    result = race(["Nesterov"], easy, 100.0, rng=rng(6), seeds=4).entrants["Nesterov"]
    assert result.best.setting["step"] == 1.0
    assert (result.best.spent == 1.0).all()
    assert quartiles(result.default.spent) == quartiles(result.best.spent)


def test_what_comes_up_again_was_not_there():
    gap, cost = np.array([3.0, 0, 2, 0, 0]), np.arange(5.0)
    there = Followed(np.arange(5), gap[:, None], cost[:, None], cost[:, None], np.array([False]), 4)
    assert there.spent(0.5) == 3
    assert np.isinf(there._replace(gap=gap[::-1, None]).spent(0.5))
    np.testing.assert_array_equal(there.gap_at(1 + cost[:, None], np.array([0.0, 1.0, 2.5])).ravel(), [3, 3, 0])


def test_below_the_resolution_all_gaps_are_alike():
    easy = PROBLEMS["quadratic"](kappa=2, dimension=2)
    result = race(["heavy ball", "Nesterov, strongly convex"], easy, 400.0, rng=rng(6), seeds=8)
    for entrant in result.entrants.values():
        assert (entrant.best.final == result.floor).all()
        curve = entrant.best.curves["cost"]
        first = curve.x[np.argmax(curve.median <= result.floor)]
        assert quartiles(entrant.best.spent)[1] == pytest.approx(first, abs=2 * 400 / 120)
    assert 0 < result.floor < 1e2 * RESOLUTION


def test_of_those_who_come_down_to_zero_the_one_that_spent_less_wins():
    zero = {"gradient descent": [RESULT.floor] * 4, "heavy ball": [RESULT.floor] * 4}
    apart = changed(RESULT, zero, {"gradient descent": [6, 7, 8, 9], "heavy ball": [3, 4, 5.5, 12]})
    assert apart.winner == "heavy ball"
    assert apart.verdict.startswith("heavy ball wins: a gap as good as zero after 3 … 4 … 5.5 of 20")
    close = changed(RESULT, zero, {"gradient descent": [5, 7, 8, 9], "heavy ball": [3, 4, 5, 12]})
    assert close.order == ["heavy ball", "gradient descent"]
    assert close.winner is None
    assert close.verdict == (
        "no winner: heavy ball and gradient descent come to a gap as good as zero at about the same cost"
    )


def test_a_formula_whose_minimum_a_run_finds_below_the_reference():
    problem = PROBLEMS["formula"](formula="(x**2 - 1)**2 + 0.3*x")
    high = replace(problem, facts=replace_fact(problem.facts, minimum=problem.facts.minimum + 0.1))
    result = race(["heavy ball"], high, 200.0, rng=rng(7), seeds=8)
    assert min(result.entrants["heavy ball"].best.final) < 1e-6
    assert min(result.entrants["heavy ball"].best.final) > 0


def replace_fact(facts, **changes):
    return facts._replace(**changes)


def test_progress_reaches_the_end_and_what_it_raises_ends_the_race():
    seen = []
    race(["heavy ball", "Adam"], VALLEY, 100.0, rng=rng(8), seeds=4, progress=lambda *part: seen.append(part))
    shares = [done / total for done, total in seen]
    assert shares == sorted(shares)
    assert 0.7 < shares[-1] <= 1

    def stop(done, total):
        raise InterruptedError

    with pytest.raises(InterruptedError):
        race(["Adam"], VALLEY, 100.0, rng=rng(8), seeds=4, progress=stop)


BAD = [
    ({"methods": []}, "methods must be one or more"),
    ({"methods": ["Adam", "adam"]}, "methods must be different ones"),
    ({"methods": ["Adem"]}, "the method must be one of gradient descent, .*, got 'Adem'"),
    ({"seeds": 3}, "seeds must be a whole number, 4 or more"),
    ({"budget": 0.5}, "the budget must be at least 1, the price of one step of Adam, got 0.5"),
    ({"budget": np.inf}, "the budget must be positive and finite, got inf"),
    ({"budget": np.nan}, "the budget must be positive and finite, got nan"),
    (
        {"methods": ["line search"], "budget": 1.2},
        "the budget must be at least 3.5, the price of one step of line search",
    ),
    (
        {"methods": ["Adam", "GNS Newton"], "problem": PROBLEMS["quadratic"](dimension=64), "budget": 60.0},
        "the budget must be at least 131, the price of one step of GNS Newton, got 60",
    ),
]


@pytest.mark.parametrize(("bad", "said"), BAD, ids=[said for _, said in BAD])
def test_what_cannot_race_is_refused_by_name(bad, said):
    given = {"methods": ["Adam"], "problem": VALLEY, "budget": 10.0, "rng": rng(0)} | bad
    with pytest.raises(ValueError, match=said):
        race(**given)


def test_names_are_found_however_they_are_written():
    assert named("Heavy-Ball") is METHODS["heavy ball"]
    assert named("sgd_1/sqrt_t") is METHODS["SGD, 1/√t"]
    assert len({named(name).name for name in METHODS}) == len(METHODS)


# Problems


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"kapa": 3}, "a property must be one of kappa, dimension, rotation, noise, got 'kapa'"),
        ({"kappa": 0.5}, "kappa must be a number from 1.0 to 1000000.0, got 0.5"),
        ({"dimension": 2.5}, "dimension must be a whole number from 2 to 200, got 2.5"),
        ({"noise": np.nan}, "noise must be a number from 0.0 to 10.0, got nan"),
    ],
)
def test_a_property_out_of_its_range_is_refused(values, said):
    with pytest.raises(ValueError, match=said):
        PROBLEMS["quadratic"](**values)


def test_a_formula_without_a_floor_is_refused():
    with pytest.raises(ValueError, match="the formula must be bounded below"):
        PROBLEMS["formula"](formula="x**3 + y**2")
    with pytest.raises(ValueError, match="formula must be a text"):
        PROBLEMS["formula"](formula=3)


def test_noise_is_measured_in_gradients():
    problem = PROBLEMS["quadratic"](noise=0.5)
    x = problem.facts.start(rng(1), 400)
    error = problem.asked.sample_grad(x, problem.asked.sample(rng(2), (400, 1))) - problem.facts.problem.grad(x)
    length = np.sqrt((problem.facts.problem.grad(x) ** 2).sum(-1).mean())
    assert np.sqrt((error**2).sum(-1).mean()) / length == pytest.approx(0.5, rel=0.15)


@pytest.mark.parametrize("d", [2, 3, 8, 20, 33])
def test_a_rotation_turns_every_axis_by_its_share_of_the_way_to_a_diagonal(d):
    for turn in (0.0, 0.1, 0.5, 1.0):
        Q = rotated(d, turn)
        np.testing.assert_allclose(Q.T @ Q, np.eye(d), atol=1e-12)
        np.testing.assert_allclose(np.arccos(np.minimum(np.diag(Q), 1)), turn * np.arccos(d**-0.5), atol=1e-7)
    assert np.linalg.det(Q) > 0
    straight, turned = (PROBLEMS["quadratic"](rotation=turn, dimension=d).facts.problem.A for turn in (0.0, 1.0))
    np.testing.assert_allclose(np.linalg.eigvalsh(turned), np.linalg.eigvalsh(straight), atol=1e-12)
    assert abs(straight - np.diag(np.diag(straight))).max() == 0
    assert np.ptp(np.diag(turned)) < 0.8 * np.ptp(np.diag(straight))


def test_trajectories_of_a_policy_tell_the_slope_of_minus_its_objective():
    problem = PROBLEMS["policy"](horizon=4)
    x = np.broadcast_to(problem.looks[:3], (4000, 3, 2))
    each = problem.asked.sample_grad(x, problem.asked.sample(rng(1), (4000, 3, 1)))
    exact = problem.facts.problem.grad(problem.looks[:3])
    assert (abs(each.mean(0) - exact) <= 5 * each.std(0) / np.sqrt(len(each))).all()
    step = 1e-4 * np.eye(2)
    slopes = [(problem.gap(problem.looks[:3] + h) - problem.gap(problem.looks[:3] - h)) / 2e-4 for h in step]
    np.testing.assert_allclose(np.stack(slopes, -1), exact, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("name", PROBLEMS)
def test_no_start_is_below_the_reference(name):
    problem = PROBLEMS[name]()
    assert (problem.gap(problem.facts.start(rng(9), 50)) > 0).all()
    assert 0 < problem.mu <= problem.L
    assert PROBLEMS[name]() is problem


# Phase diagrams

AXES = {"x": ("kappa", [3, 300]), "y": ("noise", [0.0, 0.3]), "budget": 40.0, "seeds": 4}


def test_a_phase_diagram_is_its_races():
    methods = ["gradient-descent", "line search"]
    diagram = phase(methods, "quadratic", **AXES, fixed={"dimension": 3})
    assert diagram.methods == ["gradient descent", "line search"]
    for i, j in np.ndindex(2, 2):
        run = diagram.race_at(i, j)
        assert run.properties["kappa"] == AXES["x"][1][j]
        assert run.properties["noise"] == AXES["y"][1][i]
        assert run.properties["dimension"] == 3
        assert diagram.winner[i][j] == run.winner
        assert diagram.leader[i][j] == run.order[0]
        assert diagram.tied[i][j] == run.tied
        for name in diagram.methods:
            entrant = run.entrants.get(name)
            assert diagram.medians[name][i][j] == (entrant and entrant.best.quartiles[1])
    assert diagram.medians["line search"][1] == [None, None]  # noise has no exact values
    assert Phase(**json.loads(json.dumps(diagram.as_dict()))) == diagram


def test_the_budget_may_be_an_axis_and_sizes_are_whole():
    diagram = phase(["Adam"], "quadratic", ("dimension", [2.4, 4.6]), ("budget", [5, 10]), budget=1.0, seeds=4)
    assert diagram.x_values == [2, 5]
    assert diagram.race_at(1, 0).budget == 10
    assert diagram.winner == [["Adam", "Adam"], ["Adam", "Adam"]]


def test_where_the_budget_pays_no_step_of_a_method_the_others_race():
    assert set(entered(PROBLEMS["quadratic"](dimension=64), 60.0)) & {"Adam", "GNS Newton", "line search"} == {
        "Adam",
        "line search",
    }
    both = ["GNS Newton", "Adam"]
    diagram = phase(both, "quadratic", ("dimension", [2, 30]), ("budget", [30]), budget=1.0, seeds=4)
    assert [median is None for median in diagram.medians["GNS Newton"][0]] == [False, True]
    assert None not in diagram.medians["Adam"][0]
    with pytest.raises(ValueError, match=r"such that one fits quadratic .* and a budget of 30"):
        phase(["GNS Newton"], "quadratic", ("dimension", [30]), ("budget", [30]), budget=1.0, seeds=4)


def test_processes_give_the_same_diagram():
    with ProcessPoolExecutor(1) as executor:
        apart = phase(["Adam", "SGD"], "quadratic", **AXES | {"y": ("noise", [0.2])}, executor=executor)
    assert apart == phase(["Adam", "SGD"], "quadratic", **AXES | {"y": ("noise", [0.2])})


def test_a_dask_cluster_gives_the_same_diagram():
    with (
        LocalCluster(n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        apart = phase(["Adam", "SGD"], "quadratic", **AXES | {"y": ("noise", [0.2])}, executor=client)
    assert apart == phase(["Adam", "SGD"], "quadratic", **AXES | {"y": ("noise", [0.2])})


def test_a_diagram_that_is_stopped_stops():
    seen = []

    def stop(done, total):
        seen.append((done, total))
        if done == 2:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        phase(["Adam"], "quadratic", **AXES, progress=stop)
    assert seen == [(1, 4), (2, 4)]


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ({"problem": "cubic"}, "the problem must be one of quadratic"),
        ({"y": ("kappa", [1])}, "y must be another property than x = kappa"),
        ({"y": ("colour", [1])}, "an axis must be budget or one of kappa"),
        ({"y": ("noise", [-1])}, "noise must be a number from 0.0"),
        ({"y": ("noise", [])}, "the values of noise must be one or more"),
    ],
)
def test_a_diagram_of_what_is_not_there_is_refused(bad, said):
    with pytest.raises(ValueError, match=said):
        phase(**{"methods": ["Adam"], "problem": "quadratic", **AXES, **bad})
