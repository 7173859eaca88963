from itertools import product

import numpy as np
import pytest

from optilab.papers.private_gsd import problems as pr

MIXED = pr.Domain((2, 1, 3, 1))
KINDS = {
    "marginals": pr.marginals(MIXED),
    "ranges": pr.Cells(MIXED, ((1,), (1, 3)), (2, 4, 8)),
    "mixed sets": pr.Cells(MIXED, ((0, 1), (2, 3), (0, 2), (2,)), (2, 3)),
    "prefixes": pr.random_prefixes(6, 0),
    "half-spaces": pr.random_half_spaces(6, 0),
    "together": pr.Together((pr.marginals(MIXED), pr.Cells(MIXED, ((0, 1),)))),
}
every = pytest.mark.parametrize("queries", KINDS.values(), ids=KINDS)


@every
def test_replacing_a_row_moves_a_workload_no_further_than_its_sensitivity(queries):
    rng, n = np.random.default_rng(1), 7
    most = np.zeros(queries.m)
    for _ in range(300):
        table = queries.domain.uniform(rng, n)
        neighbour = table.copy()
        neighbour[rng.integers(n)] = queries.domain.uniform(rng, 1)
        change = queries.answers(table) - queries.answers(neighbour)
        squared = np.bincount(queries.workload, change**2)
        most = np.maximum(most, np.sqrt(squared))
        assert queries.worst(change).max() <= 1 / n + 1e-12
    assert (most <= queries.sensitivity(n) + 1e-12).all()
    assert (most / queries.sensitivity(n)).max() == pytest.approx(1)


def test_the_sensitivities_are_those_of_the_kinds_of_queries():
    np.testing.assert_allclose(KINDS["marginals"].sensitivity(10), np.sqrt(2) / 10)
    np.testing.assert_allclose(pr.Cells(MIXED, ((1, 3),)).sensitivity(10), np.sqrt(2 * 5) / 10)
    np.testing.assert_allclose(KINDS["mixed sets"].sensitivity(4), np.sqrt([4, 4, 2, 2]) / 4)
    np.testing.assert_allclose(KINDS["prefixes"].sensitivity(10), np.sqrt(2) / 10)
    np.testing.assert_allclose(KINDS["together"].sensitivity(1), np.sqrt([2, 10]))


def by_hand(queries, row):
    """What the queries say of one row, written out."""
    if isinstance(queries, pr.Together):
        return [value for group in queries.groups for value in by_hand(group, row)]
    if isinstance(queries, pr.Cells):
        said = []
        for group in queries.sets:
            mixed = any(queries.domain.sizes[c] == 1 for c in group)
            for b in queries.bins if mixed else (1,):
                ranges = []
                for c in group:
                    size = queries.domain.sizes[c]
                    cuts = [(v, v) for v in range(size)] if size > 1 else [(k / b, (k + 1) / b) for k in range(b)]
                    ranges.append([(c, low, high) for low, high in cuts])
                for cell in product(*ranges):
                    inside = [
                        row[c] == low if low == high else low <= row[c] < high or (row[c] == high == 1)
                        for c, low, high in cell
                    ]
                    said.append(float(all(inside)))
        return said
    conditions = (
        [
            all(row[c] < t for c, t in zip(*pair, strict=True))
            for pair in zip(queries.columns, queries.theta, strict=True)
        ]
        if isinstance(queries, pr.Prefixes)
        else [float(w @ row[2:]) > b for w, b in zip(queries.w, queries.b, strict=True)]
    )
    return [float(holds and row[queries.category] == v) for holds in conditions for v in range(2)]


@every
def test_queries_say_what_they_say_written_out(queries):
    rows = queries.domain.uniform(np.random.default_rng(2), 12)
    rows[0, queries.domain.real] = 1.0  # the last bin is closed
    np.testing.assert_array_equal(queries(rows), [by_hand(queries, row) for row in rows])
    np.testing.assert_allclose(queries.answers(rows), queries(rows).mean(0))
    assert queries.M == len(queries.workload) == queries(rows).shape[1]
    assert queries.m == len(queries.identities()) == len(set(queries.identities()))


@every
def test_picked_workloads_are_the_same_queries(queries):
    rows = queries.domain.uniform(np.random.default_rng(3), 9)
    chosen = [queries.m - 1, 0]
    picked = queries.pick(chosen)
    np.testing.assert_array_equal(picked(rows), queries(rows)[:, queries.places(chosen)])
    assert picked.identities() == [queries.identities()[w] for w in chosen]


def test_answers_don_t_depend_on_how_many_rows_are_asked_at_a_time(monkeypatch):
    table, queries = pr.people(50, 0), KINDS["prefixes"]
    whole = queries.answers(table)
    monkeypatch.setattr(pr, "CHUNK", 7)
    np.testing.assert_allclose(queries.answers(table), whole, atol=1e-15)
    np.testing.assert_allclose(queries.worst(np.arange(12.0) - 5), [5, 3, 1, 2, 4, 6])


@pytest.mark.parametrize("name", ["prefixes", "half-spaces"])
def test_relaxed_conditions_become_the_conditions_and_their_pullback_is_the_gradient(name):
    queries, rng = KINDS[name], np.random.default_rng(4)
    rows = pr.PEOPLE.uniform(rng, 20)
    reals = rows[:, 2:]
    value, _ = queries.relaxed(reals, 1e9)
    np.testing.assert_allclose(value, queries.factor(rows), atol=1e-6)
    weights, v = rng.normal(size=(20, 6)), rng.normal(size=reals.shape)

    def loss(x):
        return (weights * queries.relaxed(x, 4.0)[0]).sum()

    _, pullback = queries.relaxed(reals, 4.0)
    slope = (loss(reals + 1e-6 * v) - loss(reals - 1e-6 * v)) / 2e-6
    assert (pullback(weights) * v).sum() == pytest.approx(slope, rel=1e-6)


def test_without_a_category_the_condition_is_all():
    queries = pr.Prefixes(pr.Domain((1,)), None, np.zeros((2, 1), dtype=int), np.array([[0.3], [0.6]]))
    np.testing.assert_array_equal(queries(np.array([[0.2], [0.3], [0.7]])), [[1, 1], [0, 1], [0, 0]])


def test_people_are_as_described():
    table = pr.PEOPLE.check(pr.people(20_000, 1))
    sex, education, age, income, hours = table.T
    assert (hours == 0.4).mean() == pytest.approx(0.5, abs=0.01)
    assert sex.mean() == pytest.approx(0.5, abs=0.01)
    assert age.mean() == pytest.approx(0.4, abs=0.01)
    assert [education[sex == v].mean() for v in (0, 1)] == pytest.approx([3 * 0.35, 3 * 0.55], abs=0.03)
    assert np.corrcoef(education, income)[0, 1] > 0.6
    np.testing.assert_array_equal(pr.people(5, 3), pr.people(5, 3))
    assert pr.random_prefixes(3, 2).columns.min() >= 2


def test_factors_tie_columns_together():
    table, queries = pr.factors(10_000, 0), pr.marginals(pr.FACTORS)
    pr.FACTORS.check(table)
    assert (queries.m, queries.M) == (10, 77)
    shares = [np.bincount(column.astype(int)) / len(table) for column in table.T]
    for share, size in zip(shares, pr.FACTORS.sizes, strict=True):
        np.testing.assert_allclose(np.cumsum(share)[:-1], (np.arange(1, size) / size) ** 1.5, atol=1e-3)
    assert len(pr.all_rows(pr.FACTORS)) == 144
    np.testing.assert_array_equal(queries(pr.all_rows(pr.FACTORS)).sum(1), 10)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ([[0.5, 0.2, 1.0, 0.3]], "categories of the table must be whole codes"),
        ([[2.0, 0.2, 1.0, 0.3]], "categories of the table must be whole codes"),
        ([[-1.0, 0.2, 1.0, 0.3]], "categories of the table must be whole codes"),
        ([[1.0, 1.2, 1.0, 0.3]], "rescale by public bounds, since the least and largest values of the data"),
        ([[1.0, np.nan, 1.0, 0.3]], "without NaN"),
        ([[1.0, 0.2, 1.0]], "the shape of the table"),
        (np.zeros((0, 4)), "the shape of the table"),
    ],
)
def test_what_is_no_table_is_refused(table, message):
    with pytest.raises(ValueError, match=message):
        MIXED.check(table)


def test_queries_about_nothing_are_refused():
    for make, message in (
        (lambda: pr.Domain(()), "sizes must be one number for each column"),
        (lambda: pr.Domain((2, 0)), "sizes must be whole numbers"),
        (lambda: pr.Cells(MIXED, ()), "sets must be one set of columns or more"),
        (lambda: pr.Cells(MIXED, ((0, 0),)), "sets must be sets of different columns"),
        (lambda: pr.Cells(MIXED, ((7,),)), "sets must be sets of different columns"),
        (lambda: pr.Cells(MIXED, ((),)), "sets must be sets of different columns"),
        (lambda: pr.Cells(MIXED, ((1,),), (0,)), "bins must be whole numbers"),
        (lambda: pr.marginals(MIXED, 3), "k must be a whole number from 1 to the 2 categories"),
        (lambda: pr.random_prefixes(0, 1), "m must be a whole number, 1 or more"),
        (lambda: pr.random_prefixes(2, 1, 4), "k must be 1, 2 or 3"),
        (lambda: pr.random_half_spaces(0, 1), "m must be a whole number, 1 or more"),
        (lambda: pr.Prefixes(MIXED, 1, np.ones((1, 1), int), np.ones((1, 1))), "category must be None or a column"),
        (lambda: pr.Prefixes(MIXED, 0, np.zeros((1, 1), int), np.ones((1, 1))), "columns must be real columns"),
        (lambda: pr.Prefixes(MIXED, 0, np.ones((1, 2), int), np.ones((1, 1))), "the shapes of columns and theta"),
        (lambda: pr.Prefixes(MIXED, 0, np.ones((0, 1), int), np.ones((0, 1))), "the number of workloads must be 1"),
        (lambda: pr.HalfSpaces(MIXED, 0, np.ones((2, 3)), np.ones(2)), "the shapes of w and b"),
        (lambda: pr.Together(()), "groups must be one group of queries or more"),
        (lambda: pr.Together((KINDS["prefixes"], KINDS["ranges"])), "the domains of the groups must be the same"),
        (lambda: KINDS["ranges"].sensitivity(0), "n must be a whole number, 1 or more"),
        (lambda: pr.all_rows(MIXED), "domain must be one of categories"),
        (lambda: pr.all_rows(pr.Domain((101, 100))), "the number of cells of the domain must be 10,000 at most"),
        (lambda: pr.people(0, 1), "n must be a whole number, 1 or more"),
        (lambda: pr.factors(5, -1), "seed must be a whole number, 0 or more"),
    ):
        with pytest.raises(ValueError, match=message):
            make()
