"""Tables of categories and numbers, counting queries in workloads, and two made-up populations.

A table is an array (n, d): a row for every person, codes 0 … s − 1 in a column of s categories, numbers in [0, 1] in a
real one. A counting query asks for the share of rows of which something holds; a workload is a group of queries that
are measured together, since a row can change few of them: it falls into one cell of each partition of the domain.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations, product

import numpy as np
from scipy.special import expit

from optilab.core.check import require, whole

Array = np.ndarray
Pullback = Callable[[Array], Array]
CHUNK = 2_000  # rows that are asked at a time: memory stays small whatever the table


@dataclass(frozen=True)
class Domain:
    """What may stand in the columns of a table.

    Parameters
    ----------
    sizes : tuple of int
        The number of categories of every column; 1 stands for a real column in [0, 1].
    """

    sizes: tuple[int, ...]

    def __post_init__(self) -> None:
        require(len(self.sizes) > 0, "sizes", self.sizes, "one number for each column")
        allowed = "whole numbers, 1 (a real column) or more (categories)"
        require(all(whole(size, 1) for size in self.sizes), "sizes", self.sizes, allowed)

    @property
    def d(self) -> int:
        """The number of columns."""
        return len(self.sizes)

    @cached_property
    def real(self) -> Array:
        """Which columns are real: (d,) of bool."""
        return np.array(self.sizes) == 1

    def values(self, columns: Array, u: Array) -> Array:
        """Uniform values of some columns, made of u ~ U[0, 1): both (*batch)."""
        sizes = np.array(self.sizes)[columns]
        return np.where(sizes == 1, u, np.floor(u * sizes))

    def uniform(self, rng: np.random.Generator, n: int) -> Array:
        """A table of n rows, every cell uniform on its domain: (n, d)."""
        return self.values(np.arange(self.d), rng.random((n, self.d)))

    def check(self, table: Array) -> Array:
        """The table as floats, once it is known to be one.

        Raises
        ------
        ValueError
            If it isn't (n, d) with n ≥ 1, has NaN or infinity, a code that is no category, or a number outside [0, 1].
        """
        table = np.asarray(table, dtype=float)
        shape_fits = table.ndim == 2 and table.shape[1] == self.d and len(table) >= 1
        require(shape_fits, "the shape of the table", table.shape, f"(n, {self.d}) with n ≥ 1")
        require(np.isfinite(table), "the table", table, "finite numbers, without NaN")
        inside = (table[:, self.real] >= 0) & (table[:, self.real] <= 1)
        allowed = "in [0, 1]: rescale by public bounds, since the least and largest values of the data give it away"
        require(inside, "real columns of the table", table[:, self.real], allowed)
        codes, sizes = table[:, ~self.real], np.array(self.sizes)[~self.real]
        known = (codes == np.floor(codes)) & (codes >= 0) & (codes < sizes)
        require(known, "categories of the table", codes, f"whole codes, 0 or more, below {sizes.tolist()}")
        return table


class Queries(ABC):
    """M counting queries in m workloads, those of a workload side by side.

    Called with rows (n, d) they give 1 where a query holds for a row and 0 elsewhere, (n, M).
    """

    domain: Domain
    lengths: Array  # (m,) the number of queries of each workload
    parts: Array  # (m,) how many partitions of the domain it is made of: a row falls into one cell of each

    @abstractmethod
    def __call__(self, rows: Array) -> Array:
        """Which queries hold for which rows (n, d): 0 or 1, (n, M)."""

    @abstractmethod
    def pick(self, workloads: Sequence[int] | Array) -> "Queries":
        """Only some of the workloads, in that order."""

    @abstractmethod
    def identities(self) -> list[Hashable]:
        """What each workload asks: two that ask the same have the same key."""

    @property
    def m(self) -> int:
        """The number of workloads."""
        return len(self.lengths)

    @property
    def M(self) -> int:
        """The number of queries."""
        return int(self.lengths.sum())

    @cached_property
    def workload(self) -> Array:
        """The workload of each query: (M,)."""
        return np.repeat(np.arange(self.m), self.lengths)

    def places(self, workloads: Sequence[int] | Array) -> Array:
        """Where the queries of some workloads stand among all M, in the order of these workloads."""
        first = np.cumsum(self.lengths) - self.lengths
        return np.concatenate([np.arange(first[w], first[w] + self.lengths[w]) for w in workloads])

    def answers(self, table: Array) -> Array:
        """Q(D): the share of the rows of a table (n, d) of which each query holds, (M,)."""
        counts = np.zeros(self.M)
        for begin in range(0, len(table), CHUNK):
            counts += self(table[begin : begin + CHUNK]).sum(0)
        return counts / len(table)

    def worst(self, gaps: Array) -> Array:
        """The largest |gap| of each workload: (*batch, M) → (*batch, m)."""
        return np.maximum.reduceat(abs(gaps), np.cumsum(self.lengths) - self.lengths, axis=-1)

    def sensitivity(self, n: int) -> Array:
        """How far replacing one of n rows can move the answers of each workload, in ℓ₂: √(2 · partitions)/n, (m,).

        The row leaves one cell of each partition and enters another: two answers change by 1/n.
        """
        require(whole(n, 1), "n", n, "a whole number, 1 or more")
        return np.sqrt(2 * self.parts) / n


@dataclass(frozen=True)
class Cells(Queries):
    """All cells of sets of columns: marginals of categories, ranges of real columns, or both mixed.

    A set without a real column is one partition, its k-way marginal. Where there are real columns each is cut into
    2, 4, … equal bins, a partition for each fineness (a binary tree of ranges); the last bin is closed.

    Parameters
    ----------
    domain : Domain
        Of the tables.
    sets : tuple of tuple of int
        The columns of each workload.
    bins : tuple of int
        The finenesses of real columns.
    """

    domain: Domain
    sets: tuple[tuple[int, ...], ...]
    bins: tuple[int, ...] = (2, 4, 8, 16, 32)

    def __post_init__(self) -> None:
        require(len(self.sets) > 0, "sets", self.sets, "one set of columns or more: nothing is asked otherwise")
        columns = [column for group in self.sets for column in group]
        allowed = f"sets of different columns among 0 … {self.domain.d - 1}, none empty"
        known = all(whole(column) and column < self.domain.d for column in columns)
        proper = all(group and len(set(group)) == len(group) for group in self.sets)
        require(known and proper, "sets", self.sets, allowed)
        require(bool(self.bins) and all(whole(b, 1) for b in self.bins), "bins", self.bins, "whole numbers, 1 or more")

    @cached_property
    def partitions(self) -> list[list[tuple[tuple[int, int], ...]]]:
        """For every workload its partitions, for every partition (column, pieces) of each column."""

        def pieces(group: tuple[int, ...], b: int) -> tuple[tuple[int, int], ...]:
            return tuple((column, b if self.domain.real[column] else self.domain.sizes[column]) for column in group)

        mixed = [any(self.domain.real[column] for column in group) for group in self.sets]
        return [
            [pieces(group, b) for b in (self.bins if real else (1,))]
            for group, real in zip(self.sets, mixed, strict=True)
        ]

    @cached_property
    def lengths(self) -> Array:  # type: ignore[override]
        """The number of cells of each workload."""
        return np.array([sum(int(np.prod([s for _, s in p])) for p in group) for group in self.partitions])

    @cached_property
    def parts(self) -> Array:  # type: ignore[override]
        """The number of partitions of each workload."""
        return np.array([len(group) for group in self.partitions])

    @cached_property
    def _layout(self) -> tuple[Array, Array, Array, Array]:
        """Of every partition: columns, their pieces and strides (p, k), filled up by nothing; its first cell (p,)."""
        flat = [partition for group in self.partitions for partition in group]
        columns, pieces, strides = (np.zeros((len(flat), max(map(len, flat))), dtype=int) for _ in range(3))
        first = np.zeros(len(flat), dtype=int)
        at = 0
        for p, partition in enumerate(flat):
            first[p], stride = at, 1
            for k, (column, count) in reversed(list(enumerate(partition))):
                columns[p, k], pieces[p, k], strides[p, k] = column, count, stride
                stride *= count
            at += stride
        return columns, pieces, strides, first

    def __call__(self, rows: Array) -> Array:
        """The cell of every row in every partition: 0 or 1, (n, M)."""
        columns, pieces, strides, first = self._layout
        x = rows[:, columns]
        codes = np.where(self.domain.real[columns], np.minimum(np.floor(x * pieces), pieces - 1), x)
        cells = first + (codes * strides).sum(-1).astype(int)
        held = np.zeros((len(rows), self.M))
        held[np.arange(len(rows))[:, None], cells] = 1
        return held

    def identities(self) -> list[Hashable]:
        """The columns of each workload, in whatever order."""
        return [frozenset(group) for group in self.sets]

    def pick(self, workloads: Sequence[int] | Array) -> "Cells":
        """Only some of the workloads, in that order."""
        return replace(self, sets=tuple(self.sets[w] for w in workloads))


def marginals(domain: Domain, k: int = 2) -> Cells:
    """All k-way marginals of the categories of a domain."""
    categories = np.flatnonzero(~domain.real).tolist()
    require(whole(k, 1) and k <= len(categories), "k", k, f"a whole number from 1 to the {len(categories)} categories")
    return Cells(domain, tuple(combinations(categories, k)))


class ByCategory(Queries):
    """Queries [x_c = v] ∧ (a condition on real columns), a workload for each condition: all values v."""

    category: int | None  # the column c; without one the condition is all

    @property
    def size(self) -> int:
        """How many values v there are."""
        return 1 if self.category is None else self.domain.sizes[self.category]

    @abstractmethod
    def factor(self, rows: Array) -> Array:
        """Which conditions hold for which rows: (n, m) of bool."""

    @abstractmethod
    def relaxed(self, reals: Array, s: float) -> tuple[Array, Pullback]:
        """The conditions with sigmoid(s z) for every [z > 0], and what pulls gradients back through them.

        Parameters
        ----------
        reals : array (*batch, n, r)
            The real columns.
        s : float
            The steepness, an inverse temperature.

        Returns
        -------
        value : array (*batch, n, m)
            Between 0 and 1.
        pullback : function
            From the derivatives of a loss in `value` to those in `reals`.
        """

    @cached_property
    def lengths(self) -> Array:  # type: ignore[override]
        """As many queries as the column has categories, in each workload."""
        return np.full(self.conditions, self.size)

    @cached_property
    def parts(self) -> Array:  # type: ignore[override]
        """A row has one category: one partition each, apart from the rows outside."""
        return np.ones(self.conditions, dtype=int)

    @property
    @abstractmethod
    def conditions(self) -> int:
        """How many conditions there are."""

    def __call__(self, rows: Array) -> Array:
        """Which queries hold for which rows: 0 or 1, (n, m · s), all values of a condition side by side."""
        held = np.zeros((len(rows), self.conditions, self.size))
        value = 0 if self.category is None else rows[:, self.category].astype(int)
        held[np.arange(len(rows)), :, value] = self.factor(rows)
        return held.reshape(len(rows), -1)

    def _check(self) -> None:
        c = self.category
        fits = c is None or (whole(c) and c < self.domain.d and not self.domain.real[c])
        require(fits, "category", c, f"None or a column of categories, among {np.flatnonzero(~self.domain.real)}")
        require(
            self.conditions > 0, "the number of workloads", self.conditions, "1 or more: nothing is asked otherwise"
        )


@dataclass(frozen=True)
class Prefixes(ByCategory):
    """Prefix queries [x_c = v] ∧ [x_{c_1} < θ_1] ∧ … ∧ [x_{c_k} < θ_k].

    Parameters
    ----------
    domain : Domain
        Of the tables.
    category : int or None
        The column c; without one a query is its condition alone.
    columns : array of int (m, k)
        Real columns of each condition.
    theta : array (m, k)
        Their thresholds.
    """

    domain: Domain
    category: int | None
    columns: Array
    theta: Array

    def __post_init__(self) -> None:
        shapes = np.shape(self.columns), np.shape(self.theta)
        require(
            shapes[0] == shapes[1] and len(shapes[0]) == 2, "the shapes of columns and theta", shapes, "both (m, k)"
        )
        self._check()
        known = np.isin(self.columns, np.flatnonzero(self.domain.real))
        require(known, "columns", self.columns, f"real columns, among {np.flatnonzero(self.domain.real)}")

    @property
    def conditions(self) -> int:
        """How many prefixes there are."""
        return len(self.theta)

    def factor(self, rows: Array) -> Array:
        """Which rows lie below all thresholds."""
        return np.asarray((rows[:, self.columns] < self.theta).all(-1))

    @cached_property
    def _choosers(self) -> Array:
        """Matrices (k, m, r) of 0 and 1 that put what belongs to the j-th column of a prefix at its real column."""
        reals = np.flatnonzero(self.domain.real)
        return (self.columns.T[..., None] == reals).astype(float)

    def relaxed(self, reals: Array, s: float) -> tuple[Array, Pullback]:
        """The product of sigmoid(s(θ_j − x_{c_j})); see `ByCategory`."""
        position = self._choosers.argmax(-1)  # (k, m)
        factors = [expit(s * (self.theta[:, j] - reals[..., position[j]])) for j in range(len(position))]
        value = np.prod(factors, axis=0)

        def pullback(gradient: Array) -> Array:
            common = -s * gradient * value
            terms = [(common * (1 - factor)) @ chooser for factor, chooser in zip(factors, self._choosers, strict=True)]
            return np.sum(terms, axis=0)

        return value, pullback

    def identities(self) -> list[Hashable]:
        """Columns and thresholds of each prefix, in whatever order."""
        pairs = zip(self.columns.tolist(), self.theta.tolist(), strict=True)
        return [(self.category, frozenset(zip(*pair, strict=True))) for pair in pairs]

    def pick(self, workloads: Sequence[int] | Array) -> "Prefixes":
        """Only some of the workloads, in that order."""
        chosen = np.asarray(workloads, dtype=int)
        return replace(self, columns=self.columns[chosen], theta=self.theta[chosen])


@dataclass(frozen=True)
class HalfSpaces(ByCategory):
    """Half-space queries [x_c = v] ∧ [⟨w, x_real⟩ > b].

    Parameters
    ----------
    domain : Domain
        Of the tables.
    category : int or None
        The column c; without one a query is its condition alone.
    w : array (m, r)
        Normals, over all r real columns.
    b : array (m,)
        Thresholds.
    """

    domain: Domain
    category: int | None
    w: Array
    b: Array

    def __post_init__(self) -> None:
        shapes = np.shape(self.w), np.shape(self.b)
        r = int(self.domain.real.sum())
        require(
            len(shapes[1]) == 1 and shapes[0] == (*shapes[1], r), "the shapes of w and b", shapes, f"(m, {r}) and (m,)"
        )
        self._check()

    @property
    def conditions(self) -> int:
        """How many half-spaces there are."""
        return len(self.b)

    def factor(self, rows: Array) -> Array:
        """Which rows lie in which half-spaces."""
        return np.asarray(rows[:, self.domain.real] @ self.w.T > self.b)

    def relaxed(self, reals: Array, s: float) -> tuple[Array, Pullback]:
        """The sigmoid of s(⟨w, x⟩ − b); see `ByCategory`."""
        value = expit(s * (reals @ self.w.T - self.b))

        def pullback(gradient: Array) -> Array:
            return np.asarray((s * gradient * value * (1 - value)) @ self.w)

        return value, pullback

    def identities(self) -> list[Hashable]:
        """Normal and threshold of each half-space."""
        return [(self.category, *w, b) for w, b in zip(self.w.tolist(), self.b.tolist(), strict=True)]

    def pick(self, workloads: Sequence[int] | Array) -> "HalfSpaces":
        """Only some of the workloads, in that order."""
        chosen = np.asarray(workloads, dtype=int)
        return replace(self, w=self.w[chosen], b=self.b[chosen])


@dataclass(frozen=True)
class Together(Queries):
    """Queries of several kinds, one group after the other."""

    groups: tuple[Queries, ...]

    def __post_init__(self) -> None:
        require(len(self.groups) > 0, "groups", self.groups, "one group of queries or more")
        same = all(group.domain == self.groups[0].domain for group in self.groups)
        require(same, "the domains of the groups", [group.domain for group in self.groups], "the same")

    @property
    def domain(self) -> Domain:  # type: ignore[override]
        """That of all groups."""
        return self.groups[0].domain

    @cached_property
    def lengths(self) -> Array:  # type: ignore[override]
        """The number of queries of each workload."""
        return np.concatenate([group.lengths for group in self.groups])

    @cached_property
    def parts(self) -> Array:  # type: ignore[override]
        """The number of partitions of each workload."""
        return np.concatenate([group.parts for group in self.groups])

    def __call__(self, rows: Array) -> Array:
        """Which queries hold for which rows: 0 or 1, (n, M)."""
        return np.concatenate([group(rows) for group in self.groups], axis=1)

    def identities(self) -> list[Hashable]:
        """What each workload asks, and of which kind it is."""
        return [(type(group).__name__, key) for group in self.groups for key in group.identities()]

    def pick(self, workloads: Sequence[int] | Array) -> "Together":
        """Only some of the workloads, in that order."""
        ends = np.cumsum([group.m for group in self.groups])
        which = np.searchsorted(ends, workloads, side="right")
        begins = ends - [group.m for group in self.groups]
        return Together(tuple(self.groups[g].pick([w - begins[g]]) for g, w in zip(which, workloads, strict=True)))


# Two populations, and queries about them

PEOPLE = Domain((2, 4, 1, 1, 1))
COLUMNS = ("sex", "education", "age", "income", "hours")


def people(n: int, seed: int) -> Array:
    """A made-up population: sex and education in categories, age, income and hours of work as numbers, (n, 5).

    Income grows with education and age; half of all work exactly 0.4, a spike that no smooth density has.
    """
    require(whole(n, 1), "n", n, "a whole number, 1 or more")
    require(whole(seed), "seed", seed, "a whole number, 0 or more")
    rng = np.random.default_rng(seed)
    sex = rng.integers(0, 2, n)
    education = np.minimum(3, rng.binomial(3, 0.35 + 0.2 * sex))
    age = rng.beta(2, 3, n)
    income = np.clip(0.15 + 0.12 * education + 0.25 * age + 0.08 * sex + 0.1 * rng.normal(size=n), 0, 1)
    spike = rng.random(n) < 0.5
    hours = np.where(spike, 0.4, np.clip(0.4 + 0.3 * (income - 0.4) + 0.15 * rng.normal(size=n), 0, 1))
    return np.stack([sex, education, age, income, hours], axis=-1).astype(float)


def random_prefixes(m: int, seed: int, k: int = 2) -> Prefixes:
    """Prefix queries on people: m conditions on k distinct real columns, thresholds uniform, for both sexes."""
    require(whole(m, 1), "m", m, "a whole number, 1 or more: nothing is asked otherwise")
    require(whole(k, 1) and k <= 3, "k", k, "1, 2 or 3 of the real columns")
    rng = np.random.default_rng(seed)
    reals = np.flatnonzero(PEOPLE.real)
    columns = np.array([rng.choice(reals, k, replace=False) for _ in range(m)])
    return Prefixes(PEOPLE, 0, columns, rng.random((m, k)))


def random_half_spaces(m: int, seed: int, spread: float = 0.5) -> HalfSpaces:
    """Half-space queries on people: normals N(0, I)/√3 over the real columns, thresholds N(0, spread²), both sexes."""
    require(whole(m, 1), "m", m, "a whole number, 1 or more: nothing is asked otherwise")
    rng = np.random.default_rng(seed)
    r = int(PEOPLE.real.sum())
    w = rng.normal(size=(m, r)) / np.sqrt(r)
    return HalfSpaces(PEOPLE, 0, w, spread * rng.normal(size=m))


FACTORS = Domain((3, 4, 2, 3, 2))


def factors(n: int, seed: int) -> Array:
    """Five columns of categories that two hidden factors tie together: (n, 5).

    A Gaussian FL + 0.7 ξ with F (n, 2) and L (2, 5), whose column of s categories is cut at its quantiles (j/s)^1.5.
    """
    require(whole(n, 1), "n", n, "a whole number, 1 or more")
    require(whole(seed), "seed", seed, "a whole number, 0 or more")
    rng = np.random.default_rng(seed)
    F, L, xi = rng.normal(size=(n, 2)), rng.normal(size=(2, 5)), rng.normal(size=(n, 5))
    Z = F @ L + 0.7 * xi
    cuts = [np.quantile(z, (np.arange(1, s) / s) ** 1.5) for z, s in zip(Z.T, FACTORS.sizes, strict=True)]
    codes = [np.searchsorted(cut, z, side="right") for z, cut in zip(Z.T, cuts, strict=True)]
    return np.stack(codes, axis=-1).astype(float)


def all_rows(domain: Domain) -> Array:
    """Every row that a domain of categories has: (product of sizes, d).

    Raises
    ------
    ValueError
        If a column is real, or there are more than 10,000.
    """
    require(not domain.real.any(), "domain", domain, "one of categories: cut real columns into bins first")
    cells = int(np.prod(domain.sizes))
    require(cells <= 10_000, "the number of cells of the domain", cells, "10,000 at most")
    return np.array(list(product(*(range(size) for size in domain.sizes))), dtype=float)
