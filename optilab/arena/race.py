"""Race methods on a problem: equal budgets in cost, equal samples, tuned on some seeds and judged on others.

1. Every method runs its grid and its default setting as replicates of one batched run, on the tuning seeds. Its best
   setting is the one whose final gap has the smallest median over them; of those as good as zero, the one that spent
   least on the way.
2. Best and default setting run on fresh seeds: other starts and other samples. Starts are the same for all methods, and
   samples for all that draw as many at a time.
3. A winner is named where the median gap of one method's best setting is the smallest and the bands, first to third
   quartile over the seeds, of it and of every other method are disjoint. Otherwise there is none.
4. Gaps below `RESOLUTION` times the first are as good as zero. Of methods that come down to there and stay, the one
   wins that spent less on the way, if the bands of what they spent are disjoint.
5. A budget that pays for no step of a method is refused. A method that is best at an end of its grid is named with the
   verdict: it might be better beyond.

A replicate that diverges, its gap `BEYOND` times that at a start or its point out of bounds, has an infinite gap.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import islice
from typing import Any, NamedTuple

import numpy as np

from optilab.arena.contract import LOST, counted, fits, listed
from optilab.arena.costs import Costs
from optilab.arena.methods import METHODS, Method, Told, named
from optilab.arena.problems import Instance, Value
from optilab.core.check import AnyArray, require, whole
from optilab.core.randomness import common
from optilab.core.run import run

Array = np.ndarray
RESOLUTION = 1e-12  # of a gap, in units of the median gap at the start
BEYOND = 1e6  # times the median gap at a start: there a replicate has diverged
ROUNDING = 1e-9  # a budget that is used up to rounding is not exceeded
KEPT = 200  # states of a run that are kept
POINTS = 121  # of a curve
TUNING_SEEDS = 8
AXES = ("iterations", "gradients", "cost")
Progress = Callable[[float, float], Any]


class Curve(NamedTuple):
    """The gap over an axis, with the band of its seeds."""

    x: Array  # (POINTS,) from 0 to the end of the run; until the start is paid for the gap is that of the start
    low: Array  # (POINTS,) first quartile; inf where a quarter or less is still there
    median: Array
    high: Array  # third quartile


class Tuning(NamedTuple):
    """How hard a method is to tune: final gaps over its first hyper-parameter, the others at their best for each."""

    x: Array  # (values,) of the knob, in its unit
    low: Array  # (values,) first quartile over the tuning seeds, inf where it diverged
    median: Array
    high: Array
    lost: Array  # (values,) share of the seeds that diverged
    best: float  # median over the tuning seeds at the best setting
    default: float  # and at the default
    cut_off: bool  # whether the best value is an end of the grid, and better than the one next to it


@dataclass(frozen=True)
class Raced:
    """What one method did with one setting on the seeds of the race."""

    setting: dict[str, float]  # each hyper-parameter in its unit
    steps: int  # at most, within the budget
    final: AnyArray  # (seeds,) gap at the end of the budget; inf where diverged
    spent: AnyArray  # (seeds,) cost until the gap was as good as zero to stay; inf where it isn't at the end
    lost: float  # share of the seeds that diverged
    curves: dict[str, Curve]  # by axis

    @property
    def quartiles(self) -> tuple[float, float, float]:
        """First quartile, median and third quartile of the final gap."""
        low, median, high = quartiles(self.final)
        return float(low), float(median), float(high)

    def beats(self, other: "Raced") -> bool:
        """Whether the bands say so: of the gap, or of what was spent until it was as good as zero."""
        if self.quartiles[2] < other.quartiles[0]:
            return True
        return bool(quartiles(self.spent)[2] < quartiles(other.spent)[0])


@dataclass(frozen=True)
class Entrant:
    """A method in a race."""

    method: str
    trials: int  # settings that were tried
    best: Raced
    default: Raced
    tuning: Tuning


@dataclass(frozen=True)
class Race:
    """A race and what came out."""

    problem: str
    properties: dict[str, Value]
    budget: float
    costs: dict[str, float]
    seeds: int
    floor: float  # gaps below are as good as zero, and count as this
    entrants: dict[str, Entrant]

    @property
    def order(self) -> list[str]:
        """The methods by the median final gap of their best setting, then by what they spent, the smallest first."""

        def place(name: str) -> tuple[float, float]:
            best = self.entrants[name].best
            return best.quartiles[1], float(quartiles(best.spent)[1])

        return sorted(self.entrants, key=place)

    @property
    def tied(self) -> list[str]:
        """The methods whose band reaches down to the leader's, the leader first; it alone if it wins."""
        leader, *others = self.order
        first = self.entrants[leader].best
        return [leader, *(name for name in others if not first.beats(self.entrants[name].best))]

    @property
    def winner(self) -> str | None:
        """The method that wins; None where bands overlap, or a quarter of the leader's seeds or more diverged."""
        leader, *others = self.tied
        return None if others or not np.isfinite(self.entrants[leader].best.quartiles[2]) else leader

    @property
    def cut_off(self) -> list[str]:
        """The methods that are best at an end of their grid: they may be tuned too little."""
        return [name for name, entrant in self.entrants.items() if entrant.tuning.cut_off]

    @property
    def verdict(self) -> str:
        """Who wins, in a sentence, and whose grid may have been too short."""
        if not self.cut_off:
            return self._outcome
        return f"{self._outcome}; best at an end of its grid, so perhaps better beyond: {listed(self.cut_off)}"

    @property
    def _outcome(self) -> str:
        """Who wins."""
        leader, *others = self.tied
        low, median, high = self.entrants[leader].best.quartiles
        said = f"median gap {median:.2g}, quartiles {low:.2g} … {high:.2g}, over {self.seeds} seeds"
        if self.winner and median > self.floor:
            return f"{leader} wins: {said}"
        spent = " … ".join(f"{cost:.3g}" for cost in map(float, quartiles(self.entrants[leader].best.spent)))
        if self.winner:
            return f"{leader} wins: a gap as good as zero after {spent} of {self.budget:g}, over {self.seeds} seeds"
        if not others:
            return f"no winner: {leader} leads, but a quarter of its seeds or more diverged"
        if median <= self.floor:
            return f"no winner: {listed(self.tied)} come to a gap as good as zero at about the same cost"
        return f"no winner: {leader} leads ({said}), but its band overlaps with {listed(others)}"

    def as_dict(self) -> dict[str, Any]:
        """All of it as lists, numbers and texts; what is not finite stays as Python's inf."""
        said = {"order": self.order, "winner": self.winner, "cut_off": self.cut_off, "verdict": self.verdict}
        return _plain(asdict(self)) | said


def _plain(value: Any) -> Any:
    """Arrays as lists and named tuples as dictionaries, all the way down."""
    if isinstance(value, Mapping):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return _plain(value._asdict())
    if isinstance(value, np.ndarray):
        return value.tolist()
    return [_plain(part) for part in value] if isinstance(value, list | tuple) else value


def quartiles(values: AnyArray) -> tuple[Array, Array, Array]:
    """First quartile, median and third quartile along the last axis: values that occur, so that inf is allowed.

    Of n values in order the ⌈n/4⌉-th, ⌈n/2⌉-th and ⌈3n/4⌉-th. NaN counts as inf.
    """
    ordered = np.sort(np.where(np.isnan(values), np.inf, values), -1)
    n = ordered.shape[-1]
    low, median, high = (ordered[..., int(np.ceil(share * n)) - 1] for share in (0.25, 0.5, 0.75))
    return low, median, high


# One batched run


class Followed(NamedTuple):
    """A batched run within a budget."""

    step: Array  # (kept,)
    gap: Array  # (kept, *batch), NaN from divergence on
    cost: Array  # (kept, *batch) spent so far
    gradients: Array  # (kept, *batch) asked so far, a minibatch by its share
    lost: Array  # (*batch) whether it diverged
    steps: int  # at most, within the budget

    @property
    def final(self) -> Array:
        """The gap of the last state that the budget pays: (*batch), inf where diverged."""
        return self.gap_at(self.cost, np.array([np.inf]))[0]

    def gap_at(self, axis: Array, x: Array) -> Array:
        """The gap at points x (points,) of an axis (kept, *batch), of the last state so far; inf where diverged."""
        kept = len(self.step)
        axis, gap = axis.reshape(kept, -1), self.gap.reshape(kept, -1)
        last = np.array([np.searchsorted(column[1:], x, side="right") for column in axis.T]).T
        values = np.take_along_axis(gap, last, 0).reshape(len(x), *self.gap.shape[1:])
        return np.where(np.isnan(values), np.inf, values)

    def spent(self, floor: float) -> Array:
        """The cost from which on the gap stays at the floor: (*batch), inf where it isn't there at the end."""
        there = np.logical_and.accumulate(self.gap[::-1] <= floor)[::-1]
        first = np.take_along_axis(self.cost, there.argmax(0)[None], 0)[0]
        return np.where(there.any(0), first, np.inf)

    def clipped(self, shift: float, floor: float) -> "Followed":
        """The same with gaps above a reference that lies lower by `shift`, and none below the floor."""
        return self._replace(gap=np.maximum(self.gap + shift, floor))


def minibatch(method: Method, problem: Instance) -> int:
    """How many samples a method takes at a time; where they are noise one is a gradient, so it takes one."""
    return 1 if problem.noise > 0 else method.size


def told(method: Method, problem: Instance, T: int, seed: int, axes: int) -> Told:
    """What a method is told of a problem; its draws are shared along the first `axes` axes of the batch."""
    samples, signs = np.random.default_rng(seed).spawn(2)
    facts, size = problem.facts, minibatch(method, problem)
    known = (problem.L, problem.mu, problem.slope, facts.M, facts.norm, problem.first_gap)
    return Told(*known, T, size, common(samples, axes), common(signs, axes))


def price(method: Method, problem: Instance, costs: Costs) -> tuple[float, float]:
    """What the start of a method costs, and then each step.

    Where steps differ, the least that the first one costs with any of the settings that are tried; no later one is
    cheaper.
    """
    facts = told(method, problem, 2, 0, 0)
    oracle = counted(method, problem, facts.rng, facts.size)
    if method.calls is not None:
        settings = _columns(method, method.grid, (len(method.grid),))
        x0 = np.broadcast_to(problem.looks[0], (len(method.grid), problem.d))
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            states = list(islice(method.begin(oracle, x0, facts, settings), 2))
        first, least = (
            float(np.min(_spent(method, problem, costs, method.calls(states[k], k)))) for k in (0, len(states) - 1)
        )
        return first, max(least - first, costs.gradient)
    settings = {name: np.asarray(value) for name, value in method.default(facts).items()}
    trace = run(method.begin(oracle, problem.looks[0], facts, settings), 2, keep=[], oracle=oracle)
    spent = _spent(method, problem, costs, trace.calls)
    each = spent[-1] - spent[-2]  # a first step may be cheaper, where there is nothing to correct yet
    return float(spent[-1] - each * trace.step[-1]), float(each)


def excluded(method: Method, problem: Instance, budget: float, costs: Costs) -> str | None:
    """Why a method can't race: the problem lacks what it needs, or the budget pays for no step; None if it can."""
    reason = fits(method, problem)
    if reason is not None:
        return reason
    first, each = price(method, problem, costs)
    pays = first + each <= budget * (1 + ROUNDING)
    return None if pays else f"pays {first + each:.4g} for its first step; the budget is {budget:g}"


def steps_within(method: Method, problem: Instance, budget: float, costs: Costs) -> int:
    """How many steps a budget pays for, at most; see `follow` for what is refused."""
    require(0 < budget < np.inf, "the budget", budget, "positive and finite")
    first, each = price(method, problem, costs)
    steps = int((budget - first) / each + ROUNDING)
    require(steps >= 1, "the budget", budget, f"at least {first + each:g}, the price of one step of {method.name}")
    return steps


def _columns(method: Method, settings: Sequence[Mapping[str, float]], batch: tuple[int, ...]) -> dict[str, Array]:
    """Settings along the first axis of a batch, each knob by itself."""
    lifted = (len(settings), *[1] * (len(batch) - 1))
    values = {knob.name: np.array([setting[knob.name] for setting in settings]) for knob in method.knobs}
    return {name: np.broadcast_to(column.reshape(lifted), batch) for name, column in values.items()}


def _spent(method: Method, problem: Instance, costs: Costs, calls: Mapping[str, Any]) -> Array:
    """What calls cost, counted by kind."""
    share = problem.share(minibatch(method, problem))
    return np.asarray(costs.of(calls, share=share, d=problem.d), dtype=float)


def follow(
    method: Method,
    problem: Instance,
    x0: Array,
    settings: Mapping[str, Array],
    budget: float,
    *,
    costs: Costs,
    seed: int,
    progress: Progress | bool = False,
) -> Followed:
    """Run a method from x0 (settings, seeds, d) until the budget is spent; seeds have the same samples in each setting.

    Parameters
    ----------
    method : Method
        What runs.
    problem : Instance
        On what.
    x0 : array (settings, seeds, d)
        Where to start.
    settings : mapping of name to array (settings, seeds)
        The hyper-parameters, each in its unit.
    budget : float
        In gradients of the whole function.
    costs : Costs
        What calls cost.
    seed : int
        Of samples and probes: the same seed gives the same samples to every method that draws as many.
    progress : function (done, total)
        Called now and then.

    Raises
    ------
    ValueError
        If the budget is not finite or doesn't pay for one step.
    """
    steps = steps_within(method, problem, budget, costs)
    facts = told(method, problem, steps, seed, 1)
    oracle = counted(method, problem, facts.rng, facts.size)

    def spent_by(state: Any, k: Any) -> Array:
        calls = oracle.calls if method.calls is None else method.calls(state, k)
        return _spent(method, problem, costs, calls)

    def affordable(states: Iterator[Any]) -> Iterator[Any]:
        for k, state in enumerate(states):
            if (spent_by(state, k) > budget * (1 + ROUNDING)).all():
                return
            yield state

    trace = run(
        affordable(method.begin(oracle, x0, facts, dict(settings))),
        steps,
        every=max(1, steps // KEPT) if method.calls is None else 1,
        keep=[] if method.calls is None else method.counts,
        oracle=oracle,
        limit=LOST,
        progress=progress,
        gap=lambda state: problem.gap(state[0]),
    )
    k = trace.step.reshape(-1, *(1 for _ in x0.shape[:-1]))
    if method.calls is None:
        calls = {kind: count.reshape(k.shape) for kind, count in trace.calls.items()}
    else:
        calls = method.calls(trace, k)
    off = np.logical_or.accumulate(~(trace.gap <= BEYOND * problem.first_gap), 0)
    share = problem.share(facts.size)
    cost = np.broadcast_to(_spent(method, problem, costs, calls), trace.gap.shape)
    gradients = np.broadcast_to(np.asarray(costs.gradients(calls, share), dtype=float), trace.gap.shape)
    paid = np.where(off, np.nan, trace.gap)
    over = cost > budget * (1 + ROUNDING)
    for i in range(1, len(paid)):  # what the budget no longer pays for keeps the gap of what it paid for last
        paid[i] = np.where(over[i], paid[i - 1], paid[i])
    return Followed(trace.step, paid, cost, gradients, np.isnan(paid[-1]), steps)


# The race


def race(
    methods: Sequence[str],
    problem: Instance,
    budget: float,
    *,
    rng: np.random.Generator,
    costs: Costs | None = None,
    seeds: int = 20,
    progress: Progress | None = None,
) -> Race:
    """Let methods race on a problem; see the module for the rules.

    Parameters
    ----------
    methods : sequence of str
        Names in `METHODS`.
    problem : Instance
        What an entry of `PROBLEMS` makes.
    budget : float
        What each may spend in a run, in gradients of the whole function.
    rng : numpy.random.Generator
        Of starts, samples and probes.
    costs : Costs, optional
        What calls cost.
    seeds : int
        Of the race; `TUNING_SEEDS` others are tuned on.
    progress : function (done, total), optional
        Called now and then; what it raises ends the race.

    Raises
    ------
    ValueError
        If a method doesn't fit the problem (says why), or the budget is not finite or doesn't pay for one step of
        a method (says which).
    """
    chosen = [named(name) for name in methods]
    require(len(chosen) > 0, "methods", methods, "one or more")
    require(len({one.name for one in chosen}) == len(chosen), "methods", methods, "different ones")
    require(whole(seeds, 4), "seeds", seeds, "a whole number, 4 or more: a band needs quartiles")
    for method in chosen:
        reason = fits(method, problem)
        require(reason is None, "a method", method.name, f"one that fits the problem: {method.name} {reason}")
    costs = Costs() if costs is None else costs
    for method in chosen:
        steps_within(method, problem, budget, costs)  # refused before anything runs
    start_rng, seed_rng = rng.spawn(2)
    trial_x0, race_x0 = problem.facts.start(start_rng, TUNING_SEEDS), problem.facts.start(start_rng, seeds)
    trial_seed, race_seed = (int(seed) for seed in seed_rng.integers(2**31, size=2))

    def attempt(
        method: Method, settings: Sequence[Mapping[str, float]], starts: Array, seed: int, part: int
    ) -> Followed:
        report = partial(_part, progress, part, 2 * len(chosen)) if progress else False
        batch = (len(settings), len(starts))
        columns = _columns(method, settings, batch)
        x0 = np.broadcast_to(starts, (*batch, problem.d))
        return follow(method, problem, x0, columns, budget, costs=costs, seed=seed, progress=report)

    usual = [method.default(told(method, problem, 1, 0, 0)) for method in chosen]
    tried = [[*method.grid, default] for method, default in zip(chosen, usual, strict=True)]
    trials = [attempt(method, tried[i], trial_x0, trial_seed, i) for i, method in enumerate(chosen)]
    shift, floor = _zero(problem, race_x0, trials)
    seen = [one.clipped(shift, floor) for one in trials]
    best = [best_of(one.final, one.spent(floor)) for one in seen]
    settings = [[tried[i][best[i]], usual[i]] for i in range(len(chosen))]
    judged = [attempt(method, settings[i], race_x0, race_seed, len(chosen) + i) for i, method in enumerate(chosen)]
    shift, floor = _zero(problem, race_x0, [*trials, *judged])
    entrants = {}
    for i, method in enumerate(chosen):
        run = judged[i].clipped(shift, floor)
        tuned, untuned = (_raced(run, j, settings[i][j], floor, budget) for j in range(2))
        tuning = _tuning(method, trials[i].clipped(shift, floor), best[i], floor)
        entrants[method.name] = Entrant(method.name, len(tried[i]), tuned, untuned, tuning)
    return Race(problem.name, problem.properties, float(budget), asdict(costs), seeds, floor, entrants)


def _zero(problem: Instance, starts: Array, runs: Sequence[Followed]) -> tuple[float, float]:
    """By how much a run came below the reference, and the gap that is as good as zero."""
    lowest = min(float(one.gap[np.isfinite(one.gap)].min(initial=np.inf)) for one in runs)
    shift = 0.0 if problem.facts.exact else max(0.0, -lowest)
    return shift, RESOLUTION * max(float(np.median(problem.gap(starts))) + shift, np.finfo(float).tiny)


def best_of(final: AnyArray, spent: AnyArray) -> int:
    """The setting with the least median final gap, among equal ones that which spent least: (settings, seeds) each."""
    medians = [quartiles(one)[1] for one in (final, spent)]
    return int(np.lexsort(medians[::-1])[0])


def _part(progress: Progress, i: int, parts: int, done: float, total: float) -> None:
    """Report how far part i of all parts has come."""
    progress(i + done / max(total, 1), parts)


def _raced(run: Followed, i: int, setting: Mapping[str, float], floor: float, budget: float) -> Raced:
    """Setting i of a run."""
    one = run._replace(**{name: getattr(run, name)[:, i] for name in ("gap", "cost", "gradients")}, lost=run.lost[i])
    iterations = np.broadcast_to(one.step[:, None], one.gap.shape)
    curves = {}
    for name, axis in zip(AXES, (iterations, one.gradients, one.cost), strict=True):
        x = np.linspace(0, axis[-1].max() if name != "cost" else budget, POINTS)
        curves[name] = Curve(x, *quartiles(one.gap_at(axis, x)))
    return Raced(dict(setting), one.steps, one.final, one.spent(floor), float(np.mean(one.lost)), curves)


def _tuning(method: Method, trials: Followed, best: int, floor: float) -> Tuning:
    """Final gaps over the first knob; the default is the last of the settings."""
    first = method.knobs[0]
    of_first = np.array([setting[first.name] for setting in method.grid])
    final, spent = trials.final, trials.spent(floor)
    same = [np.flatnonzero(of_first == value) for value in first.grid]
    chosen = [one[best_of(final[one], spent[one])] for one in same]
    low, median, high = quartiles(final)
    cut_off = any(
        best == chosen[end] and best_of(final[[chosen[inner], best]], spent[[chosen[inner], best]]) == 1
        for end, inner in ((0, 1), (-1, -2))
    )
    lost, medians = np.mean(trials.lost, -1)[chosen], (float(median[best]), float(median[-1]))
    return Tuning(np.array(first.grid), low[chosen], median[chosen], high[chosen], lost, *medians, cut_off)


def entered(problem: Instance, budget: float) -> list[str]:
    """The methods that fit a problem, and for which a budget pays a step."""
    return [name for name, method in METHODS.items() if excluded(method, problem, budget, Costs()) is None]
