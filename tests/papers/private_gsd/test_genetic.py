from itertools import pairwise

import numpy as np
import pytest

from optilab.papers.private_gsd import algorithm as alg
from optilab.papers.private_gsd.problems import PEOPLE, Cells, Domain, people, random_prefixes

QUERIES = random_prefixes(10, 0)
TRUTH = QUERIES.answers(people(1000, 0))
SETTINGS = {"n_rows": 30, "p_mut": 4, "p_cross": 4, "generations": 60}


def states(seed=0, a_hat=TRUTH, queries=QUERIES, **changes):
    return list(alg.genetic(a_hat, queries, rng=np.random.default_rng(seed), **SETTINGS | changes))


def plain(a_hat, queries, rng, n_rows, p_mut, p_cross, elites, noise, generations):
    """The same search with whole tables, each counted from its rows: fitness of the elites in every generation."""
    sizes = queries.domain.sizes
    d = len(sizes)

    def uniform(c, u):
        return u if sizes[c] == 1 else float(int(u * sizes[c]))

    def distance(table):
        return sum((a - row) ** 2 for a, row in zip(a_hat, queries(table).mean(0), strict=True))

    pool = []
    for _ in range(elites):
        u = rng.random((n_rows, d))
        pool.append(np.array([[uniform(c, u[i, c]) for c in range(d)] for i in range(n_rows)]))
    pool = sorted(((distance(table), k, table) for k, table in enumerate(pool)), key=lambda one: one[:2])
    history = [[one[0] for one in pool]]
    for _ in range(generations):
        best, candidates = pool[0][2], []
        rows, columns, values = rng.integers(n_rows, size=p_mut), rng.integers(d, size=p_mut), rng.random(p_mut)
        for i, c, u in zip(rows, columns, values, strict=True):
            table = best.copy()
            table[i, c] = uniform(c, u)
            candidates.append(table)
        rows, columns = rng.integers(n_rows, size=p_cross), rng.integers(d, size=p_cross)
        which, others = rng.integers(elites, size=p_cross), rng.integers(n_rows, size=p_cross)
        moves = rng.normal(size=p_cross)
        for i, c, e, k, move in zip(rows, columns, which, others, moves, strict=True):
            table = best.copy()
            value = pool[e][2][k, c]
            table[i, c] = min(max(value + noise * move, 0), 1) if sizes[c] == 1 else value
            candidates.append(table)
        joined = [(one[0], k, one[2]) for k, one in enumerate(pool)]
        joined += [(distance(table), elites + k, table) for k, table in enumerate(candidates)]
        pool = sorted(joined, key=lambda one: one[:2])[:elites]
        history.append([one[0] for one in pool])
    return np.array(history), pool[0][2]


def test_it_is_the_search_written_out_with_whole_tables():
    settings = {"n_rows": 12, "p_mut": 3, "p_cross": 4, "elites": 3, "noise": 0.05, "generations": 40}
    history, best = plain(TRUTH, QUERIES, np.random.default_rng(7), **settings)
    found = states(7, **settings, least_gain=0.0)
    np.testing.assert_allclose([state.fitness for state in found], history, atol=1e-12)
    np.testing.assert_array_equal(found[-1].best, best)
    assert found[-1].calls == 3 + 40 * 7


def test_the_best_never_gets_worse_and_its_answers_are_those_of_its_rows():
    found = states(generations=1000, least_gain=0.0)
    assert len(found) == 1001
    assert all(new.fitness[0] <= old.fitness[0] for old, new in pairwise(found))
    assert all((np.diff(state.fitness) >= 0).all() for state in found)
    last = found[-1]
    assert last.fitness[0] < 0.05 * found[0].fitness[0]
    np.testing.assert_allclose(last.answers, QUERIES.answers(last.best), atol=1e-12)
    recomputed = alg.fitness(TRUTH, np.array([QUERIES.answers(table) for table in last.tables]))
    np.testing.assert_allclose(last.fitness, recomputed, atol=1e-12)
    np.testing.assert_array_equal(last.best, last.tables[0])
    PEOPLE.check(last.best)


def test_a_state_stays_as_it_was_yielded():
    search = alg.genetic(TRUTH, QUERIES, rng=np.random.default_rng(0), **SETTINGS)
    first = next(search)
    kept = [np.copy(part) for part in first]
    list(search)
    for part, before in zip(first, kept, strict=True):
        np.testing.assert_array_equal(part, before)


def test_the_same_seed_gives_the_same_table():
    one, other = (alg.project(TRUTH, QUERIES, rng=np.random.default_rng(3), **SETTINGS) for _ in range(2))
    np.testing.assert_array_equal(one, other)
    assert (one != alg.project(TRUTH, QUERIES, rng=np.random.default_rng(4), **SETTINGS)).any()


def test_one_way_marginals_are_matched_to_half_a_row():
    domain = Domain((2, 3, 4))
    queries = Cells(domain, ((0,), (1,), (2,)))
    a_hat = queries.answers(domain.uniform(np.random.default_rng(0), 999))
    table = alg.project(a_hat, queries, rng=np.random.default_rng(1), n_rows=40, generations=400)
    assert abs(queries.answers(table) - a_hat).max() <= 1 / 40
    assert abs(queries.answers(table) - a_hat).mean() <= 0.5 / 40


def test_with_one_elite_and_no_crossover_it_is_a_random_local_search():
    for old, new in pairwise(states(elites=1, p_cross=0)):
        changed = np.argwhere(old.best != new.best)
        assert len(changed) <= 1
        assert len(changed) == (new.fitness[0] < old.fitness[0])
        assert len(new.tables) == 1


def test_a_start_is_an_elite_and_a_category_that_nobody_has_is_not_created_by_crossover():
    good = alg.project(TRUTH, QUERIES, rng=np.random.default_rng(0), **SETTINGS)
    resumed = states(1, start=good, generations=0)
    np.testing.assert_array_equal(resumed[0].best, good)
    start = PEOPLE.uniform(np.random.default_rng(2), 30)
    start[:, 0] = 0
    last = states(elites=1, p_mut=0, start=start)[-1]
    assert (last.best[:, 0] == 0).all()
    assert (states(elites=1, p_cross=0, start=start)[-1].best[:, 0] == 1).any()


def test_it_stops_when_little_was_gained_in_as_many_generations_as_rows():
    found = states(generations=5000, least_gain=0.2)
    assert 30 < len(found) < 5000
    assert (len(found) - 1) % 30 == 0
    before, last = found[-31].fitness[0], found[-1].fitness[0]
    assert before - last < 0.2 * before
    assert found[-61].fitness[0] - before >= 0.2 * found[-61].fitness[0]
    assert len(states(generations=300, least_gain=0.0)) == 301


def test_changes_come_from_the_domains_and_the_elites():
    rng, domain = np.random.default_rng(0), Domain((3, 1))
    made = alg.mutate(rng, domain, 7, 4000)
    category = made.columns == 0
    np.testing.assert_allclose(np.bincount(made.values[category].astype(int)) / category.sum(), 1 / 3, atol=0.04)
    assert np.histogram(made.values[~category], 4, (0, 1))[0].min() > 0.2 * (~category).sum()
    assert np.bincount(made.rows).min() > 400
    tables = np.stack([domain.uniform(rng, 7) for _ in range(4)])
    copied = alg.crossover(rng, domain, tables, 0.0, 3000)
    for c in range(2):
        assert np.isin(copied.values[copied.columns == c], tables[:, :, c]).all()
    moved = alg.crossover(rng, domain, tables, 1.0, 3000)
    real = moved.columns == 1
    assert np.isin(moved.values[~real], tables[:, :, 0]).all()
    assert ((moved.values[real] == 0) | (moved.values[real] == 1)).mean() > 0.5
    assert moved.values[real].min() == 0
    assert moved.values[real].max() == 1


def test_the_update_is_a_recomputation():
    table = PEOPLE.uniform(np.random.default_rng(0), 9)
    held, rows = QUERIES(table), PEOPLE.uniform(np.random.default_rng(1), 5)
    answers = alg.one_row_update(held.sum(0), held[:5], QUERIES(rows), 9)
    for i in range(5):
        replaced = table.copy()
        replaced[i] = rows[i]
        np.testing.assert_allclose(answers[i], QUERIES.answers(replaced), atol=1e-15)
    np.testing.assert_allclose(alg.fitness(TRUTH, answers), [((TRUTH - row) ** 2).sum() for row in answers])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n_rows": 0}, "n_rows must be a whole number, 1 or more"),
        ({"p_mut": -1}, "p_mut must be a whole number, 0 or more"),
        ({"p_mut": 0, "p_cross": 0}, "p_mut . p_cross must be 1 or more: there are no candidates"),
        ({"elites": 0}, "elites must be a whole number, 1 or more"),
        ({"noise": -0.1}, "noise must be 0 or more"),
        ({"generations": -1}, "generations must be a whole number, 0 or more"),
        ({"least_gain": 1.0}, "least_gain must be in"),
        ({"a_hat": TRUTH[:-1]}, "the shape of a_hat must be"),
        ({"a_hat": TRUTH * np.nan}, "a_hat must be finite"),
        ({"start": np.full((30, 5), 0.5)}, "categories of the table must be whole codes"),
        ({"start": np.zeros((29, 5))}, "the rows of the start must be 30"),
    ],
)
def test_what_no_search_can_use_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        states(**changes)
