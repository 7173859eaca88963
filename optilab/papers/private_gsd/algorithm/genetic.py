"""The genetic projection: a table of N' rows whose answers are near given ones, found without a gradient.

It sees noisy answers and never the data, so nothing that is chosen here can cost privacy.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from optilab.core.check import require, whole
from optilab.core.run import algorithm
from optilab.papers.private_gsd.problems import Domain, Queries

Array = np.ndarray


class Population(NamedTuple):
    """A state of the search: E elite tables, the fittest first."""

    best: Array  # (N', d) the fittest table
    fitness: Array  # (E,) ‖â − Q‖² of each, increasing
    answers: Array  # (M,) Q(best)
    tables: Array  # (E, N', d)
    calls: int  # candidates whose fitness has been asked for


class Changes(NamedTuple):
    """P candidates, each the best table with one cell changed."""

    rows: Array  # (P,) of int
    columns: Array  # (P,) of int
    values: Array  # (P,) what stands there instead


def mutate(rng: np.random.Generator, domain: Domain, n_rows: int, size: int) -> Changes:
    """A cell of the best table gets a value drawn uniformly from the domain of its column; `size` times."""
    rows, columns = rng.integers(n_rows, size=size), rng.integers(domain.d, size=size)
    return Changes(rows, columns, domain.values(columns, rng.random(size)))


def crossover(rng: np.random.Generator, domain: Domain, tables: Array, noise: float, size: int) -> Changes:
    """A cell of the best table gets the value that a random row of a random elite table (E, N', d) has in its column.

    A real value is moved by N(0, noise²) and kept in [0, 1]; `size` times.
    """
    E, n_rows, _ = tables.shape
    rows, columns = rng.integers(n_rows, size=size), rng.integers(domain.d, size=size)
    values = tables[rng.integers(E, size=size), rng.integers(n_rows, size=size), columns]
    moved = np.clip(values + noise * rng.normal(size=size), 0, 1)
    return Changes(rows, columns, np.where(domain.real[columns], moved, values))


def one_row_update(stat: Array, q_old: Array, q_new: Array, n_rows: int) -> Array:
    """Answers of the best table with one row replaced, (*batch, M), from counts and two rows of 0 and 1.

    Parameters
    ----------
    stat : array (M,)
        N' Q(best): of how many rows each query holds.
    q_old, q_new : arrays (*batch, M)
        What the queries say of the row that goes, and of the one that comes.
    n_rows : int
        N'.
    """
    answers = np.asarray(stat - q_old, dtype=float)  # in place from here: it is asked for hundreds of candidates
    answers += q_new
    answers /= n_rows
    return answers


def fitness(a_hat: Array, answers: Array) -> Array:
    """‖â − Q‖², to be minimised: (*batch, M) → (*batch)."""
    gap = np.asarray(a_hat - answers)
    return np.asarray((gap * gap).sum(-1))


@algorithm
def genetic(
    a_hat: Array,
    queries: Queries,
    *,
    rng: np.random.Generator,
    n_rows: int = 2000,
    p_mut: int = 50,
    p_cross: int = 50,
    elites: int = 5,
    noise: float = 0.01,
    generations: int = 100_000,
    start: Array | None = None,
    least_gain: float = 1e-4,
) -> Iterator[Population]:
    """Search a table whose answers are near â: yields the population of every generation, the first is the start.

    It takes one instance: the population is what fills the arrays.

    Parameters
    ----------
    a_hat : array (M,)
        Noisy answers.
    queries : Queries
        What they answer, and on which domain.
    rng : numpy.random.Generator
        Of everything random.
    n_rows : int
        N', the rows of the table.
    p_mut, p_cross : int
        Candidates of either kind in a generation.
    elites : int
        E, the tables that are kept.
    noise : float
        Standard deviation by which crossover moves real values; 0.01 in the code of the paper's experiments, 1.0 in
        the version published with it.
    generations : int
        G at most.
    start : array (N', d), optional
        Takes the place of the first of E uniform tables.
    least_gain : float
        It ends if the fitness falls by less than this share within N' generations; 0 never ends it so.

    Raises
    ------
    ValueError
        If a parameter is out of its range, there are no candidates at all, or the start is no table of N' rows.
    """
    a_hat = _checked(a_hat, queries, n_rows, p_mut, p_cross, elites, noise, generations, least_gain)
    domain = queries.domain
    tables, scores = _first(a_hat, queries, n_rows, elites, start, rng)
    held = queries(tables[0])  # (N', M): which queries hold for which rows of the best table
    stat = held.sum(0)
    state = Population(tables[0], scores, stat / n_rows, tables, elites)
    yield state
    at_last_check = scores[0]
    for g in range(1, generations + 1):
        kinds = mutate(rng, domain, n_rows, p_mut), crossover(rng, domain, tables, noise, p_cross)
        new = Changes(*(np.concatenate(both) for both in zip(*kinds, strict=True)))
        rows = tables[0][new.rows]
        rows[np.arange(len(rows)), new.columns] = new.values
        q_new = queries(rows)
        answers = one_row_update(stat, held[new.rows], q_new, n_rows)
        scores = np.concatenate([state.fitness, fitness(a_hat, answers)])
        order = np.argsort(scores, kind="stable")[:elites]  # of equals the old one stays: best changes only for better
        tables = _chosen(tables, new, order)
        if order[0] >= elites:
            winner = order[0] - elites
            row = new.rows[winner]
            stat = stat - held[row] + q_new[winner]
            held[row] = q_new[winner]
        state = Population(tables[0], scores[order], stat / n_rows, tables, state.calls + p_mut + p_cross)
        yield state
        if g % n_rows == 0:
            if at_last_check - scores[order[0]] < least_gain * at_last_check:
                return
            at_last_check = scores[order[0]]


def _first(
    a_hat: Array, queries: Queries, n_rows: int, elites: int, start: Array | None, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Elite tables (E, N', d), uniform but for the start, and their fitness (E,), the fittest first."""
    tables = np.stack([queries.domain.uniform(rng, n_rows) for _ in range(elites)])
    if start is not None:
        require(len(start) == n_rows, "the rows of the start", len(start), f"{n_rows}, as n_rows says")
        tables[0] = queries.domain.check(start)
    scores = fitness(a_hat, np.stack([queries.answers(table) for table in tables]))
    order = np.argsort(scores, kind="stable")
    return tables[order], scores[order]


def _chosen(tables: Array, new: Changes, order: Array) -> Array:
    """The tables that stay: numbers below E are those of old ones, the others of candidates."""
    E = len(tables)
    if (order == np.arange(E)).all():
        return tables
    kept = tables[np.where(order < E, order, 0)]
    for place in np.flatnonzero(order >= E):
        candidate = order[place] - E
        kept[place, new.rows[candidate], new.columns[candidate]] = new.values[candidate]
    return kept


def _checked(
    a_hat: Array,
    queries: Queries,
    n_rows: int,
    p_mut: int,
    p_cross: int,
    elites: int,
    noise: float,
    generations: int,
    least_gain: float,
) -> Array:
    """The answers as floats, once everything is known to be allowed."""
    a_hat = np.asarray(a_hat, dtype=float)
    require(a_hat.shape == (queries.M,), "the shape of a_hat", a_hat.shape, f"({queries.M},), an answer for each query")
    require(np.isfinite(a_hat), "a_hat", a_hat, "finite numbers")
    for name, value, least in (
        ("n_rows", n_rows, 1),
        ("p_mut", p_mut, 0),
        ("p_cross", p_cross, 0),
        ("elites", elites, 1),
        ("generations", generations, 0),
    ):
        require(whole(value, least), name, value, f"a whole number, {least} or more")
    require(p_mut + p_cross > 0, "p_mut + p_cross", p_mut + p_cross, "1 or more: there are no candidates otherwise")
    require(0 <= noise < np.inf, "noise", noise, "0 or more, finite")
    require(0 <= least_gain < 1, "least_gain", least_gain, "in [0, 1)")
    return a_hat


def project(a_hat: Array, queries: Queries, *, rng: np.random.Generator, **search: Any) -> Array:
    """The table (N', d) with which the genetic search ends; `search` is what `genetic` takes."""
    for state in genetic(a_hat, queries, rng=rng, **search):
        last = state
    return last.best
