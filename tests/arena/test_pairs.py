"""Every method on every problem: it runs as the contract of oracles says, or is refused with the sentence why."""

import numpy as np
import pytest

from optilab.arena.contract import KINDS, LOST, counted, fits
from optilab.arena.costs import Costs
from optilab.arena.methods import METHODS, OCTAVES, TRIALS
from optilab.arena.problems import PROBLEMS
from optilab.arena.race import follow, minibatch, price, race, told
from optilab.core import counted as core
from optilab.core.run import run

SMALL = {
    "quadratic": {"dimension": 3},
    "least squares": {"dimension": 3},
    "logistic": {"dimension": 3},
    "lasso": {"dimension": 4},
    "robust regression": {"dimension": 4},
    "network": {"width": 1},
}
INSTANCES = {
    f"{name}, noise {noise}": entry(**SMALL.get(name, {}), **({"noise": noise} if entry.noisy else {}))
    for name, entry in PROBLEMS.items()
    for noise in ((0.0, 0.5) if entry.noisy else (0.0,))
}
PAIRS = [(method, problem) for method in METHODS.values() for problem in INSTANCES]
REASONS = {(method.name, problem): fits(method, INSTANCES[problem]) for method, problem in PAIRS}
STEPS = 4
rng = np.random.default_rng


def pairs(which):
    chosen = [pair for pair in PAIRS if which(REASONS[pair[0].name, pair[1]])]
    return pytest.mark.parametrize(
        ("method", "name"), chosen, ids=[f"{method.name} on {name}" for method, name in chosen]
    )


racing, refused = pairs(lambda reason: reason is None), pairs(lambda reason: reason is not None)


def settings(method, problem, batch=()):
    default = method.default(told(method, problem, STEPS, 0, 0))
    return {name: np.full(batch, value) for name, value in default.items()}


def points(method, problem, x0, values, axes):
    """The points of a short run whose replicates have the same samples, and the oracle that was asked."""
    facts = told(method, problem, STEPS, 7, axes)
    oracle = counted(method, problem, facts.rng, facts.size)
    kept = [] if method.calls is None else method.counts
    trace = run(method.begin(oracle, x0, facts, values), STEPS, keep=kept, oracle=oracle, x=lambda s: s[0], limit=LOST)
    return trace, oracle


@racing
def test_a_batch_is_its_replicates_one_by_one(method, name):
    problem = INSTANCES[name]
    x0 = problem.facts.start(rng(1), 3) * np.ones((2, 1, 1))
    values = settings(method, problem, (2, 3))
    first = method.knobs[0].name
    values[first] = values[first] * np.array([[1.0], [0.5]])
    together, _ = points(method, problem, x0, values, axes=2)
    assert together.x.shape[1:] == (2, 3, problem.d)
    assert np.isfinite(together.x).all()
    assert (together.x[-1] != x0).any()
    for i, j in ((0, 0), (1, 2)):
        alone, _ = points(method, problem, x0[i, j], {key: value[i, j] for key, value in values.items()}, axes=0)
        np.testing.assert_allclose(together.x[: len(alone.x), i, j], alone.x, rtol=1e-7, atol=1e-9)


@racing
def test_it_asks_all_that_it_says_it_needs_and_pays_for_it(method, name):
    problem, costs = INSTANCES[name], Costs()
    trace, oracle = points(method, problem, problem.looks[0], settings(method, problem), axes=0)
    counts = core.KINDS | KINDS
    if not method.classes:  # the wrapped problem refuses whatever else it might ask
        asked = {kind for kind, calls in oracle.calls.items() if calls}
        mirrored = {"proximal maps"} if problem.composite else set()
        needed = set(method.needs)
        if "grad" in needed and "grad" not in problem.offers:
            needed = needed - {"grad"} | {"sample", "sample_grad"}
        assert asked == {counts[need] for need in needed} | mirrored
    share = problem.share(minibatch(method, problem))
    spent = costs.of(trace.calls, share=share, d=problem.d)
    if method.calls is None:
        first, each = price(method, problem, costs)
        np.testing.assert_allclose(spent[1:], (first + each * trace.step)[1:], rtol=1e-12)
        assert 0 <= spent[0] <= spent[1]
    else:
        first, each = price(method, problem, costs)
        assert spent[0] == first
        assert (np.diff(spent) >= each).all()
        said = method.calls(trace, trace.step)
        assert {kind: list(np.broadcast_to(count, trace.step.shape)) for kind, count in said.items()} == {
            kind: list(count) for kind, count in trace.calls.items()
        }


@pytest.mark.parametrize("name", ["policy, noise 0.0", "quadratic, noise 0.5", "least squares, noise 0.0"])
def test_samples_are_counted_where_they_are_drawn(name, monkeypatch):
    problem, costs = INSTANCES[name], Costs(sample=0.5)
    drawn, sample = [], problem.asked.sample

    def counting(rng, size):
        drawn.append(size[-1])
        return sample(rng, size)

    monkeypatch.setitem(vars(problem.asked), "sample", counting)
    prices = {}
    for method in METHODS.values():
        if (
            REASONS[method.name, name] is None
            and method.sampled | ("grad" not in problem.offers)
            and not method.classes
        ):
            drawn.clear()
            trace, oracle = points(method, problem, problem.looks[0], settings(method, problem), axes=0)
            assert oracle.calls["samples"] == sum(drawn) > 0, method.name
            assert trace.calls["samples"][-1] == sum(drawn)
            prices[method.name] = sum(price(method, problem, costs))
    usual = ["SGD", "SGD, linear decay", "averaged SGD", "SGD with momentum", "minibatch Adam"]
    hidden = ["gradient descent", "heavy ball", "Nesterov", "Adam"] if "grad" not in problem.offers else []
    m = minibatch(METHODS["SGD"], problem)
    assert {prices[one] for one in (*usual, *hidden)} == {problem.share(m) + 0.5 * m}


@racing
def test_divergence_is_data_and_disturbs_no_other(method, name):
    problem = INSTANCES[name]
    starts = np.broadcast_to(problem.facts.start(rng(2), 2), (2, 2, problem.d))
    values = settings(method, problem, (2, 2))
    values[method.knobs[0].name][1] *= 1e8
    budget = 30 * sum(price(method, problem, Costs()))
    both = follow(method, problem, starts, values, budget, costs=Costs(), seed=3)
    fine = {key: value[:1] for key, value in values.items()}
    alone = follow(method, problem, starts[:1], fine, budget, costs=Costs(), seed=3)
    same = min(len(both.gap), len(alone.gap))
    np.testing.assert_allclose(both.gap[:same, 0], alone.gap[:same, 0], rtol=1e-6, atol=1e-9)
    np.testing.assert_array_equal(both.lost[0], alone.lost[0])
    assert both.final.shape == (2, 2)
    assert not np.isnan(both.final).any()
    assert np.isinf(both.final[both.lost]).all()


@refused
def test_what_does_not_fit_is_refused_with_its_sentence(method, name):
    problem, reason = INSTANCES[name], REASONS[method.name, name]
    assert reason.startswith(("needs ", "sees "))
    assert reason.endswith(("this problem has none", "a noisy problem has none", "which has none"))
    with pytest.raises(ValueError, match="a method must be one that fits the problem") as error:
        race([method.name], problem, 10.0, rng=rng(0))
    assert reason in str(error.value)


def test_reasons_name_what_is_missing():
    assert REASONS["ADAHESSIAN", "quadratic, noise 0.5"] == ("needs Hessian-vector products; a noisy problem has none")
    assert REASONS["proximal gradient", "quadratic, noise 0.0"] == "needs a proximal map; this problem has none"
    assert REASONS["SGD", "Rosenbrock, noise 0.0"] == "needs sampled gradients and samples; this problem has none"
    assert REASONS["line search", "logistic, noise 0.5"] == "needs exact values; a noisy problem has none"
    assert REASONS["MKOR", "logistic, noise 0.0"] == "needs the layers of a network; this problem has none"
    assert REASONS["Adam", "lasso, noise 0.0"].startswith("sees gradients alone")


def test_every_method_races_somewhere_and_no_problem_takes_all():
    assert {name for (name, _), reason in REASONS.items() if reason is None} == set(METHODS)
    for problem in INSTANCES:
        fitting = [reason is None for (_, where), reason in REASONS.items() if where == problem]
        assert 2 <= sum(fitting) < len(fitting)


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_no_method_has_more_trials_than_another(method):
    assert len(method.grid) == TRIALS
    assert len({tuple(setting.items()) for setting in method.grid}) == len(method.grid)
    for knob in method.knobs:
        assert list(knob.grid) == sorted(knob.grid)


UNBOUNDED = {"GNS Newton", "super-universal Newton", "cubic Newton", "smoothing"}  # what they try isn't a step size
LONGER = {"M-FAC", "SGD, 1/√t"}  # it divides by curvatures below L; it shortens its steps by itself


@pytest.mark.parametrize(
    "method", [one for one in METHODS.values() if one.name not in UNBOUNDED], ids=lambda one: one.name
)
def test_no_method_tries_shorter_or_longer_steps_than_another(method):
    grid = method.knobs[0].grid
    assert np.log2(grid[-1] / grid[0]) >= OCTAVES
    if (
        method.knobs[0].name == "step"
        and method.knobs[0].unit == "1/L"
        and not method.calls
        and method.name not in LONGER
    ):
        kept = next((knob.grid[0] for knob in method.knobs if knob.name == "beta"), 0.0)
        assert grid[0] / (1 - kept) <= METHODS["gradient descent"].knobs[0].grid[0]
