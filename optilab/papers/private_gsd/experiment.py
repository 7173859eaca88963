"""Private tables measured: a needle, the two operators, rivals on thresholds and on marginals, choosing in rounds."""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import numpy as np

from optilab.classics.adam import adam
from optilab.core.claim import Claim, Claims, collect
from optilab.core.run import run
from optilab.papers.private_gsd import algorithm as alg
from optilab.papers.private_gsd.problems import (
    FACTORS,
    PEOPLE,
    Domain,
    Prefixes,
    Queries,
    all_rows,
    factors,
    marginals,
    people,
    random_half_spaces,
    random_prefixes,
)

Array = np.ndarray
N = 10_000  # people in a private table
KINDS: dict[str, Callable[[int, int], Any]] = {"prefixes": random_prefixes, "half-spaces": random_half_spaces}


@cache
def asked(kind: str, m: int, query_seed: int = 2, data_seed: int = 1, n: int = N) -> tuple[Array, Any, Array]:
    """A table of n people, m workloads about them, and the true answers (M,)."""
    table, queries = people(n, data_seed), KINDS[kind](m, query_seed)
    return table, queries, queries.answers(table)


def noisy(truth: Array, queries: Queries, epsilon: float, seed: int, n: int = N) -> alg.Measured:
    """All workloads measured at once for (ε, 1/n²)-DP."""
    budget = alg.budget_for(n, queries, epsilon, 1 / n**2)
    rng = np.random.default_rng(seed)
    return alg.measure(truth, queries, range(queries.m), n=n, budget=budget, rho=float(budget.total), rng=rng)


def errors(answers: Array, truth: Array) -> Array:
    """The largest and the mean |error|: (2,)."""
    gap = abs(answers - truth)
    return np.array([gap.max(), gap.mean()])


def over(one: Array, other: Array, of: int = 1) -> float:
    """The mean over seeds of one over that of the other, errors (seeds, 2): `of` 0 the largest, 1 the mean ones."""
    return float(one[:, of].mean() / other[:, of].mean())


# A needle


def needle(w: float) -> tuple[Prefixes, Array]:
    """Who is below 0.5 − w, 0.5 and 0.5 + w, in one real column, and the answers where everyone is at 0.5: 0, 0, 1."""
    queries = Prefixes(Domain((1,)), None, np.zeros((3, 1), dtype=int), np.array([[0.5 - w], [0.5], [0.5 + w]]))
    return queries, np.array([0.0, 0.0, 1.0])


def search_for(w: float, p_mut: int, p_cross: int, seed: int, most: int = 20_000) -> float:
    """Generations until the squared error is below 10⁻³; infinite if `most` don't suffice."""
    queries, a_hat = needle(w)
    settings: dict[str, Any] = {"n_rows": 100, "p_mut": p_mut, "p_cross": p_cross, "generations": most}
    states = alg.genetic(a_hat, queries, rng=np.random.default_rng(seed), least_gain=0.0, **settings)
    return next((float(g) for g, state in enumerate(states) if state.fitness[0] < 1e-3), np.inf)


def annealed_for(w: float, seed: int) -> float:
    """The largest error of RAP++ on the needle, 100 rows."""
    queries, a_hat = needle(w)
    problem = alg.Relaxed(queries, a_hat, 100)
    return float(abs(problem.answers(alg.annealed(problem, np.random.default_rng(seed))) - a_hat).max())


def needles(quick: bool) -> Iterator[Claim]:
    """Crossover copies what hits a narrow interval; annealing walks into it until it is too narrow for the steps."""
    seeds = range(3 if quick else 6)
    for w, most in ((0.01, 0.45), (0.002, 0.25)):
        both, mutation = (np.array([search_for(w, *sizes, seed) for seed in seeds]) for sizes in ((50, 50), (100, 0)))
        statement = f"needle of width {w}: generations, both operators over mutation alone"
        yield Claim.over(statement, both / mutation, np.median, at_most=most)
    found = [annealed_for(0.002, seed) for seed in seeds]
    yield Claim.over("needle of width 0.002: largest error of RAP++", found, np.max, at_most=0.01)
    lost = [annealed_for(0.0005, seed) for seed in seeds]
    yield Claim.over("needle of width 0.0005: largest error of RAP++", lost, np.median, at_least=0.4)
    reached = [search_for(0.0005, 50, 50, seed) for seed in seeds]
    statement = "needle of width 0.0005: generations that the search needs, most"
    yield Claim.over(statement, reached, np.max, at_most=900)


# The two operators on people


OPERATORS: dict[str, dict[str, Any]] = {
    "both": {},
    "mutation only": {"p_mut": 100, "p_cross": 0},
    "crossover only": {"p_mut": 0, "p_cross": 100},
    "5 + 5": {"p_mut": 5, "p_cross": 5},
    "200 + 200": {"p_mut": 200, "p_cross": 200},
    "noise 1": {"noise": 1.0},
    "E = 1": {"elites": 1},
    "E = 20": {"elites": 20},
}


def progress_of(name: str, seed: int, at: tuple[int, ...] = (500, 1000)) -> Array:
    """Squared error of a setting of the search after so many generations, prefixes answered without noise."""
    _, queries, truth = asked("prefixes", 150)
    settings: dict[str, Any] = {"n_rows": 300, "generations": at[-1], "least_gain": 0.0} | OPERATORS[name]
    trace = run(
        alg.genetic(truth, queries, rng=np.random.default_rng(seed), **settings), at[-1], every=100, keep=["fitness"]
    )
    return trace.fitness[[g // 100 for g in at], 0]


def operators(quick: bool) -> Iterator[Claim]:
    """On easy data crossover buys early speed, not final quality; the number of elites hardly matters."""
    seeds, at = (range(2), (500,)) if quick else (range(6), (500, 1000))
    names = ("both", "mutation only", "noise 1") if quick else tuple(OPERATORS)
    table = {name: np.array([progress_of(name, seed, at) for seed in seeds]) for name in names}

    def ratio(name: str, at: int) -> Array:
        return table[name][:, at] / table["both"][:, at]

    said = "prefixes without noise: squared error over that of both operators"
    yield Claim.over(f"{said}, mutation alone, 500 generations", ratio("mutation only", 0), np.mean, at_least=1.7)
    yield Claim.over(f"{said}, crossover with noise 1, 500 generations", ratio("noise 1", 0), np.mean, at_least=3)
    if not quick:
        yield Claim.over(f"{said}, mutation alone, 1000 generations", ratio("mutation only", 1), np.mean, at_most=1.6)
        yield Claim.over(f"{said}, one elite, 500 generations", ratio("E = 1", 0), np.mean, at_most=1.6, at_least=0.6)
        yield Claim.over(f"{said}, 20 elites, 500 generations", ratio("E = 20", 0), np.mean, at_most=1.6, at_least=0.5)
        yield Claim.over(f"{said}, crossover alone, 500 generations", ratio("crossover only", 0), np.mean, at_most=1.3)
        yield Claim.over(f"{said}, 5 + 5 candidates, 1000 generations", ratio("5 + 5", 1), np.mean, at_least=5)
        yield Claim.over(f"{said}, 200 + 200 candidates, 500 generations", ratio("200 + 200", 0), np.mean, at_most=0.6)


# Rivals on thresholds


def rivals(kind: str, epsilon: float, seed: int, m: int, n_rows: int, generations: int) -> dict[str, Array]:
    """Errors (2,) against the true answers, all made of the same noisy ones."""
    table, queries, truth = asked(kind, m)
    measured = noisy(truth, queries, epsilon, seed)
    search, fit, rounding = (np.random.default_rng([seed, k]) for k in (3, 1, 2))  # [seed, 0] is seed alone: taken
    ours = alg.project(measured.a_hat, queries, rng=search, n_rows=n_rows, generations=generations)
    problem = alg.Relaxed(queries, measured.a_hat, n_rows)
    x = alg.annealed(problem, fit)
    tables = {
        "GSD": ours,
        "RAP++, draws": alg.draws(problem, x, rounding),
        "RAP++, systematic": alg.systematic(problem, x, rounding),
        "uniform": PEOPLE.uniform(rounding, n_rows),
        "sample": table[rounding.integers(len(table), size=n_rows)],
    }
    found = {name: errors(queries.answers(rows), truth) for name, rows in tables.items()}
    bound = alg.answer_bound(measured.sigma, queries.M, 1e-3)
    kappa = abs(queries.answers(ours) - measured.a_hat).max()
    return found | {
        "noise": errors(measured.a_hat, truth),
        "before rounding": errors(problem.answers(x), truth),
        "within": np.array([bound, found["GSD"][0] / (kappa + bound)]),
    }


def raced(kind: str, epsilon: float, seeds: range, m: int, n_rows: int, generations: int) -> dict[str, Array]:
    """The same over seeds: (seeds, 2)."""
    runs = [rivals(kind, epsilon, seed, m, n_rows, generations) for seed in seeds]
    return {name: np.array([row[name] for row in runs]) for name in runs[0]}


# Of the mean error of GSD over that of RAP++, rounded evenly: most and least; over that with drawn categories: most
LIMITS = {
    (True, "prefixes"): (1.7, 1.0, 0.9),
    (True, "half-spaces"): (2.0, 1.1, 0.9),
    (False, "prefixes"): (1.25, 0.8, 0.8),
    (False, "half-spaces"): (1.8, 1.1, 0.65),
}


def race(quick: bool) -> Iterator[Claim]:
    """Against RAP++ on thresholds: most of the lead is the rounding of soft categories."""
    seeds, sizes = (range(3), (60, 200, 1500)) if quick else (range(8), (150, 300, 5000))
    within: list[float] = []
    for kind in KINDS:
        found = raced(kind, 10.0, seeds, *sizes)
        ours, drawn, even = found["GSD"], found["RAP++, draws"], found["RAP++, systematic"]
        said = f"{kind}, ε = 10: mean error of GSD over that of"
        most, least, best = LIMITS[quick, kind]
        yield Claim(f"{said} RAP++ with drawn categories", over(ours, drawn), best, seeds=ours[:, 1] / drawn[:, 1])
        yield Claim(f"{said} RAP++ rounded evenly", over(ours, even), most, least, ours[:, 1] / even[:, 1])
        if kind == "prefixes" and not quick:
            statement = f"{kind}, ε = 10: largest error of GSD over that of RAP++ rounded evenly"
            yield Claim(statement, over(ours, even, 0), 0.9, seeds=ours[:, 0] / even[:, 0])
        yield Claim(f"{said} a uniform table", over(ours, found["uniform"]), 0.05)
        yield Claim(f"{said} as many rows of the private table", over(ours, found["sample"]), 0.2)
        within += found["within"][:, 1].tolist()
        if not quick:
            low = raced(kind, 0.2, seeds, *sizes)
            for name in ("RAP++, draws", "RAP++, systematic"):
                ratio = over(low["GSD"], low[name])
                yield Claim(f"{kind}, ε = 0.2: mean error of GSD over that of {name}", ratio, 1.25, 0.75)
            statement = f"{kind}, ε = 0.2: mean error of GSD over that of a uniform table"
            yield Claim(statement, over(low["GSD"], low["uniform"]), 0.45)
            within += low["within"][:, 1].tolist()
    statement = "largest error of GSD over its bound: distance from the noisy answers + noise at β = 0.001, worst run"
    yield Claim.over(statement, within, np.max, at_most=1)


# Rivals on marginals


def matched(epsilon: float, seed: int, n_rows: int = 500, steps: int = 600) -> dict[str, Array]:
    """Errors (2,) on all 2-way marginals of five categories, new data for every seed; `steps` are those of RAP."""
    table, queries = factors(N, seed), marginals(FACTORS)
    truth = queries.answers(table)
    measured = noisy(truth, queries, epsilon, seed + 100)
    search, fit, rounding = (np.random.default_rng([seed, k]) for k in (3, 1, 2))  # [seed, 0] is seed alone: taken
    ours = alg.project(measured.a_hat, queries, rng=search, n_rows=n_rows, generations=6000)
    problem = alg.SoftTable(queries, measured.a_hat, n_rows)
    logits = run(adam(problem, fit.normal(size=problem.dim), alpha=0.1), steps, every=steps, keep=["x"]).x[-1]
    p = run(alg.pgm(measured.a_hat, queries(all_rows(FACTORS))), 1000, every=1000, keep=["p"]).p[-1]
    drawn = problem.draws(logits, rounding, 10)
    answers = {
        "GSD": queries.answers(ours),
        "RAP": problem.answers(logits),
        "RAP, draws": queries.answers(drawn),
        "PGM": p @ queries(all_rows(FACTORS)),
        "noise": measured.a_hat,
    }
    return {name: errors(a, truth) for name, a in answers.items()}


def marginals_matched(quick: bool) -> Iterator[Claim]:
    """On marginals of categories, where rivals have gradients, the search keeps up until its rows are too few."""
    seeds, steps = (range(3), 300) if quick else (range(10), 600)
    for epsilon in (1.0, 10.0) if quick else (0.1, 1.0, 10.0):
        runs = [matched(epsilon, seed, steps=steps) for seed in seeds]
        found = {name: np.array([row[name] for row in runs]) for name in runs[0]}
        said = f"marginals, ε = {epsilon:g}: mean error of"
        ours, soft, drawn, joint = (found[name] for name in ("GSD", "RAP", "RAP, draws", "PGM"))
        if epsilon == 0.1:
            yield Claim(f"{said} GSD over that of PGM", over(ours, joint), 1.1, 0.9, ours[:, 1] / joint[:, 1])
            yield Claim(f"{said} RAP over that of PGM", over(soft, joint), 1.1, 0.9, soft[:, 1] / joint[:, 1])
        elif epsilon == 1.0:
            yield Claim(f"{said} GSD over that of PGM", over(ours, joint), 1.3, seeds=ours[:, 1] / joint[:, 1])
            yield Claim(f"{said} GSD over that of RAP, drawn", over(ours, drawn), 0.75, seeds=ours[:, 1] / drawn[:, 1])
        else:
            yield Claim(f"{said} PGM over that of GSD", over(joint, ours), 0.4, seeds=joint[:, 1] / ours[:, 1])


# Choosing in rounds


def both_ways(epsilon: float, seed: int, m: int, once: int, each: int, query_seed: int = 3) -> dict[str, Array]:
    """Errors (2,) of one shot with `once` generations and of ten rounds of three workloads with `each`."""
    table, queries, truth = asked("prefixes", m, query_seed)
    settings: dict[str, Any] = {"epsilon": epsilon, "delta": 1 / N**2, "n_rows": 300}
    shot = alg.one_shot(table, queries, rng=np.random.default_rng(seed), generations=once, **settings)
    rounds = alg.adaptive(table, queries, rng=np.random.default_rng(seed), T=10, S=3, generations=each, **settings)
    best = run(rounds, 10, every=10, keep=["best"]).best[-1]
    return {name: errors(queries.answers(t), truth) for name, t in (("one shot", shot.table), ("adaptive", best))}


def rounds_or_not(quick: bool) -> Iterator[Claim]:
    """Choosing pays where noise is large; where it is small, what was never measured is the error."""
    cases = [(0.2, 300, range(2 if quick else 6)), (10.0, 300, range(1 if quick else 4))]
    cases += [] if quick else [(0.2, 1000, range(5))]
    for epsilon, m, seeds in cases:
        runs = [both_ways(epsilon, seed, m, *((1000, 300) if quick else (2000, 1000))) for seed in seeds]
        found = {name: np.array([row[name] for row in runs]) for name in runs[0]}
        rounds, once = found["adaptive"], found["one shot"]
        limits = {"at_most": 0.85 if m == 300 else 0.65} if epsilon < 1 else {"at_least": 2.5}
        statement = f"{2 * m} prefixes, ε = {epsilon:g}: mean error in rounds over that in one shot"
        yield Claim(statement, over(rounds, once), seeds=rounds[:, 1] / once[:, 1], **limits)


EXPERIMENTS = (needles, operators, race, marginals_matched, rounds_or_not)


def claims(quick: bool = False) -> Claims:
    """All claims; with `quick` on fewer seeds, smaller tables and fewer generations."""
    return collect(EXPERIMENTS, quick)
