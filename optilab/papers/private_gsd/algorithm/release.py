"""What is released: noisy answers, measured at once or chosen in rounds, and a table that fits them."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple
from warnings import warn

import numpy as np

from optilab.core.check import require, whole
from optilab.core.run import algorithm
from optilab.papers.private_gsd.algorithm.genetic import genetic, project
from optilab.papers.private_gsd.problems import Queries
from optilab.problems.privacy import Budget, cdp_rho, gaussian_sigma

Array = np.ndarray


class Measured(NamedTuple):
    """Noisy answers of some workloads."""

    workloads: Array  # (k,) of int, in the order in which they were measured
    a_hat: Array  # their answers, workload by workload, clipped to [0, 1]
    sigma: Array  # (k,) standard deviation of the noise on each answer of a workload


class Release(NamedTuple):
    """What a mechanism hands out."""

    table: Array  # (N', d)
    measured: Measured
    rho: float  # what it has cost, in zCDP


class Round(NamedTuple):
    """A state of the adaptive mechanism; all of it may be seen by anyone."""

    best: Array  # (N', d) the table so far
    measured: Measured
    rho: float  # spent so far


def budget_for(n: int, queries: Queries, epsilon: float, delta: float) -> Budget:
    """The zCDP budget ρ that (ε, δ)-DP allows on n rows; warns of a δ above 1/n, and of workloads asked twice.

    Raises
    ------
    ValueError
        If ε isn't positive or δ not in (0, 1).
    """
    budget = Budget(cdp_rho(epsilon, delta))
    if delta > 1 / n:
        warn(
            f"delta = {delta:g} is above 1/n = {1 / n:g}: a mechanism that publishes a row would keep it", stacklevel=3
        )
    repeated = queries.m - len(set(queries.identities()))
    if repeated:
        warn(f"{repeated} workloads are asked twice: each time costs its share of the budget", stacklevel=3)
    return budget


def measure(
    truth: Array, queries: Queries, workloads: Sequence[int] | Array, *, n: int, budget: Budget, rho: float, rng: Any
) -> Measured:
    """Answers of some workloads with Gaussian noise, each for an equal share of ρ, clipped to [0, 1].

    Parameters
    ----------
    truth : array (M,)
        Q(D).
    queries : Queries
        All of them.
    workloads : sequence of int
        Those that are measured.
    n : int
        N, the rows of D.
    budget : Budget
        Pays for it.
    rho : float
        What it may cost in all.
    rng : numpy.random.Generator
        Of the noise.

    Raises
    ------
    ValueError
        If that is more than what is left of the budget; nothing is measured then.
    """
    chosen = np.asarray(workloads)
    delta, places = queries.sensitivity(n), queries.places(chosen)
    unit = delta[queries.workload[places]]  # in it every workload has sensitivity 1, all k of them together √k
    noisy = unit * budget.measure(truth[places] / unit, float(np.sqrt(len(chosen))), rho, rng)
    sigma = gaussian_sigma(delta[chosen], rho / len(chosen))
    return Measured(chosen, np.clip(noisy, 0, 1), np.asarray(sigma))


def one_shot(
    table: Array, queries: Queries, *, epsilon: float, delta: float, rng: np.random.Generator, **search: Any
) -> Release:
    """Private-GSD in one shot: every workload is measured with ρ/m, and a table fitted to all answers.

    Parameters
    ----------
    table : array (N, d)
        The private table D.
    queries : Queries
        What is measured, and on which domain.
    epsilon, delta : float
        The privacy that is promised.
    rng : numpy.random.Generator
        Of noise and search.
    **search
        What `genetic` takes.

    Raises
    ------
    ValueError
        If the table doesn't fit the domain, or ε, δ or the search are not allowed.
    """
    table = queries.domain.check(table)
    budget = budget_for(len(table), queries, epsilon, delta)
    noise, searching = rng.spawn(2)
    everything, rho = range(queries.m), float(budget.total)
    measured = measure(queries.answers(table), queries, everything, n=len(table), budget=budget, rho=rho, rng=noise)
    return Release(project(measured.a_hat, queries, rng=searching, **search), measured, rho)


@algorithm
def adaptive(
    table: Array,
    queries: Queries,
    *,
    epsilon: float,
    delta: float,
    rng: np.random.Generator,
    T: int = 10,
    S: int = 3,
    first: Sequence[int] = (),
    **search: Any,
) -> Iterator[Round]:
    """Adaptive Private-GSD: yields the table before the first round and after each of T.

    A round spends ρ/T, half of it to choose the S workloads on which the table is worst, half to measure them.

    Parameters
    ----------
    table : array (N, d)
        The private table D.
    queries : Queries
        Among which it chooses.
    epsilon, delta : float
        The privacy that is promised.
    rng : numpy.random.Generator
        Of choices, noise and search.
    T, S : int
        Rounds, and workloads chosen in each.
    first : sequence of int
        Workloads measured at once before the rounds, for their share m₀/(m₀ + TS) of ρ (the hybrid).
    **search
        What `genetic` takes.

    Raises
    ------
    ValueError
        If the table doesn't fit the domain, there are fewer workloads than are to be chosen, or ε, δ, T, S or the
        search are not allowed.
    """
    table = queries.domain.check(table)
    require(whole(T, 1), "T", T, "a whole number, 1 or more")
    require(whole(S, 1), "S", S, "a whole number, 1 or more")
    known = all(whole(w) and w < queries.m for w in first) and len(set(first)) == len(first)
    require(known, "first", first, f"different workloads among 0 … {queries.m - 1}")
    free = queries.m - len(first)
    require(free >= S * T, "S · T", S * T, f"at most {free}, the workloads there are to choose from")
    n, rho = len(table), 0.0
    budget = budget_for(n, queries, epsilon, delta)
    total = float(budget.total)
    truth = queries.answers(table)
    checked = genetic(np.zeros(queries.M), queries, rng=rng, **search)  # refused here, before anything is spent
    best = queries.domain.uniform(rng, len(next(checked).best))
    measured = Measured(np.zeros(0, dtype=int), np.zeros(0), np.zeros(0))
    if len(first) > 0:
        noise, searching = rng.spawn(2)
        rho = total * len(first) / (len(first) + T * S)
        measured = measure(truth, queries, first, n=n, budget=budget, rho=rho, rng=noise)
        best = project(measured.a_hat, queries.pick(first), rng=searching, start=best, **search)
    rho_round = (total - rho) / T
    yield Round(best, measured, rho)
    for _ in range(T):
        choosing, noise, searching = rng.spawn(3)  # a search that ends sooner doesn't shift what comes after it
        left = np.setdiff1d(np.arange(queries.m), measured.workloads)
        error = queries.worst(truth - queries.answers(best))[left]
        chosen = left[budget.choose(error, 1 / n, rho_round / 2, S, choosing)]
        more = measure(truth, queries, chosen, n=n, budget=budget, rho=rho_round / 2, rng=noise)
        measured = Measured(*(np.concatenate(both) for both in zip(measured, more, strict=True)))
        best = project(measured.a_hat, queries.pick(measured.workloads), rng=searching, start=best, **search)
        rho += rho_round
        yield Round(best, measured, rho)


# What is promised


def noise_floor(sigma: float | Array) -> float | Array:
    """The mean |error| of an answer with noise N(0, σ²), before it is clipped: σ√(2/π)."""
    require(np.asarray(sigma) >= 0, "sigma", sigma, "0 or more")
    return sigma * np.sqrt(2 / np.pi)


def answer_bound(sigma: float | Array, M: int, beta: float = 0.05) -> float:
    """With probability 1 − β no noisy answer is further off than this: max σ √(2 log(2M/β)).

    A table whose answers are within κ of the noisy ones is within κ plus this of the true ones. Under adaptive
    measurement both hold for the queries that were measured.

    Parameters
    ----------
    sigma : float or array
        Standard deviations of the noise.
    M : int
        The number of answers.
    beta : float
        In (0, 1).
    """
    require(np.asarray(sigma) >= 0, "sigma", sigma, "0 or more")
    require(whole(M, 1), "M", M, "a whole number, 1 or more")
    require(0 < beta < 1, "beta", beta, "between 0 and 1")
    return float(np.max(sigma) * np.sqrt(2 * np.log(2 * M / beta)))


def sampling_bound(M: int, n_rows: int) -> float:
    """Some table of N' rows answers all M queries to within this: √(log(2M)/(2N')), by Hoeffding on a sample of D."""
    require(whole(M, 1), "M", M, "a whole number, 1 or more")
    require(whole(n_rows, 1), "n_rows", n_rows, "a whole number, 1 or more")
    return float(np.sqrt(np.log(2 * M) / (2 * n_rows)))
