"""Checks for the lesson and the assignment on Private-GSD: each says what is wrong, not only that something is."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import sympy as sp
from scipy.stats import chi2, kstest, norm

from optilab.course.forms import agrees, array, formula, number
from optilab.papers.private_gsd.problems import Domain

Array = np.ndarray
m, rho, N = sp.symbols("m rho N", positive=True)
S, T, R = sp.symbols("S T R", positive=True)
CALLS = 5_000  # candidates of an operator whose frequencies are judged
NOISY = 2_000  # candidates whose noise is judged


def _in(answer: Any, name: str, *symbols: sp.Symbol) -> sp.Expr:
    """The answer as an expression in these symbols alone."""
    found = formula(answer, name, *symbols)
    unknown = found.free_symbols - set(symbols)
    names = ", ".join(map(str, symbols))
    assert not unknown, f"write {name} in exercises.{names} alone, not in {sorted(map(str, unknown))}"
    return found


def _is(found: sp.Expr, right: sp.Expr, name: str) -> None:
    """Equal; what is wrong is said at numbers."""
    values = {m: 8, rho: sp.Rational(1, 2), N: 100, S: 2, T: 5, R: 3}
    there = ", ".join(f"{symbol} = {values[symbol]}" for symbol in sorted(right.free_symbols, key=str))
    said = f"at {there} {name} is {sp.N(right.subs(values), 4)}, yours is {sp.N(found.subs(values), 4)}"
    assert agrees(found, right), said


# The lesson


def check_shot(sigma: Any, scale: Any) -> str:
    """σ of m prefix workloads measured at once with ρ, √(m/ρ)/N; Gumbel scale of S picks that cost ρ, √(S/(2ρ))/N."""
    noise, gumbel = _in(sigma, "sigma", m, rho, N), _in(scale, "scale", S, rho, N)
    right, chosen = sp.sqrt(m / rho) / N, sp.sqrt(S / (2 * rho)) / N
    assert not agrees(noise, sp.sqrt(1 / rho) / N), "each of the m workloads gets ρ/m, not ρ: where is √m?"
    one = "a row that is replaced changes two answers by 1/N each: Δ = √2/N, not 1/N"
    assert not agrees(noise, sp.sqrt(m / (2 * rho)) / N), one
    twice = "the m workloads share ρ, not their 2m queries; or is the 2 of ρ = Δ²/(2σ²) lost?"
    assert not agrees(noise, right * sp.sqrt(2)), twice
    assert not agrees(gumbel, chosen / sp.sqrt(S)), "each of the S picks gets ρ/S, not ρ: where is √S?"
    assert not agrees(gumbel, chosen / 2), "the scale is 2Δ/ε₀, yours is Δ/ε₀"
    assert not agrees(gumbel, chosen * sp.sqrt(2)), "an error is one number: its Δ is 1/N, without √2"
    _is(noise, right, "sigma")
    _is(gumbel, chosen, "scale")
    return "both fall like 1/N: twice as many people, half the noise, whatever the table looks like."


def check_update(one_row_update: Callable[..., Any], fitness: Callable[..., Any], seed: int | None = None) -> str:
    """`one_row_update(stat, q_old, q_new, n_rows)` and `fitness(a_hat, answers)` must be what a recomputation gives.

    On tables drawn by `seed`, for one candidate (M,) and many (P, M). Recognises a division of the new term alone,
    swapped signs, and answers that change what they are given.
    """
    rng = np.random.default_rng(seed)
    held = (rng.random((7, 5)) < 0.4).astype(float)
    held[range(7), rng.integers(5, size=7)] = 1  # a row without answers could be taken from what is given unseen
    stat, a_hat = held.sum(0), rng.random(5)
    for shape in ((5,), (4, 5)):
        rows = rng.integers(7, size=shape[:-1])
        q_old, q_new = held[rows], (rng.random(shape) < 0.5).astype(float)
        given = stat.copy(), q_old.copy(), q_new.copy()
        answers = array(one_row_update(*given, 7), "the answers")
        same = all(np.array_equal(one, other) for one, other in zip(given, (stat, q_old, q_new), strict=True))
        assert same, "one_row_update changes the arrays that it is given: the best table still needs them"
        assert answers.shape == shape, f"for q_old {shape} the answers must have that shape, not {answers.shape}"
        right = (stat - q_old + q_new) / 7
        late = stat - q_old + q_new / 7
        if not np.allclose(answers, right, rtol=0, atol=1e-12):  # two rows may answer alike, and signs not matter then
            alone = "all three are counts: divide their sum by n_rows, not the new row alone"
            assert not np.allclose(answers, late), alone
            swapped = "the old row goes and the new one comes: signs"
            assert not np.allclose(answers, (stat + q_old - q_new) / 7), swapped
            raise AssertionError(f"counted anew the answers are {right}, yours {answers}")
        found = array(fitness(a_hat.copy(), answers.copy()), "the fitness")
        wanted = ((a_hat - right) ** 2).sum(-1)
        assert found.shape == wanted.shape, f"for answers {shape} the fitness must be {wanted.shape}, not {found.shape}"
        assert not np.allclose(found, wanted / 5), "that is the mean of the squares; asked for is their sum"
        assert np.allclose(found, wanted, rtol=0, atol=1e-12), f"the fitness is {wanted}, yours is {found}"
    return "a candidate costs M additions, whatever N and N' are: that is what makes hundreds of thousands affordable."


# The assignment


def check_rounds(sigma: Any, scale: Any) -> str:
    """Noise of T rounds of S picks that spend a third of ρ/T on choosing, on range workloads of R resolutions each.

    σ = √(3RST/(2ρ))/N, scale √(3ST/(2ρ))/N. Recognises thirds swapped, halves or wholes, Δ = √2/N and √R/N, a missing
    T or S, a Δ of answers in the scale, and the scale Δ/ε₀.
    """
    noise, gumbel = _in(sigma, "sigma", S, T, R, rho, N), _in(scale, "scale", S, T, R, rho, N)
    right, chosen = sp.sqrt(3 * R * S * T / (2 * rho)) / N, sp.sqrt(3 * S * T / (2 * rho)) / N
    swapped = "a third of a round is for choosing, two thirds are for measuring: yours has them the other way"
    assert not agrees(noise, right * sp.sqrt(2)), f"{swapped}, or lacks the 2 of ρ = Δ²/(2σ²)"
    assert not agrees(gumbel, chosen / sp.sqrt(2)), swapped
    halves = "that is half and half, as in the lesson: here it is one third and two thirds"
    assert not agrees(noise, right * sp.sqrt(sp.Rational(4, 3))), halves
    assert not agrees(gumbel, chosen * sp.sqrt(sp.Rational(2, 3))), halves
    missing = "a row falls into one cell of each of the R resolutions, so it changes 2R answers by 1/N"
    assert not agrees(noise, right / sp.sqrt(R)), missing
    assert not agrees(noise, right / sp.sqrt(2)), (
        "replaced, a row leaves R cells and enters R others: 2R answers, not R"
    )
    for lost, what in ((T, "the T rounds share ρ"), (S, "the S workloads of a round share what is spent on them")):
        assert not agrees(noise, right / sp.sqrt(lost)), f"{what}: where is √{lost} in sigma?"
        assert not agrees(gumbel, chosen / sp.sqrt(lost)), f"{what}: where is √{lost} in scale?"
    assert not agrees(gumbel, chosen / 2), "the scale is 2Δ/ε₀, yours is Δ/ε₀"
    one = "an error is one number: it moves by 1/N at most, whatever R is"
    for more in (2, R, 2 * R):
        assert not agrees(gumbel, chosen * sp.sqrt(more)), one
    whole = "of a round a third goes into choosing, two thirds into measuring: yours spends all of it on"
    assert not agrees(noise, right * sp.sqrt(sp.Rational(2, 3))), f"{whole} measuring"
    assert not agrees(gumbel, chosen / sp.sqrt(3)), f"{whole} choosing"
    _is(noise, right, "sigma")
    _is(gumbel, chosen, "scale")
    return "R resolutions cost √R in noise, not R: a tree of ranges is cheap, because a row is in one cell a level."


MIXED = Domain((3, 2, 1, 1))
REALS = Domain((1, 1, 1))


def _changes(before: Array, after: Any, sizes: tuple[int, ...], size: int, name: str) -> tuple[Array, Array, Array]:
    """Rows, columns and new values (changed,) of the cells in which copies of a table differ; one each at most."""
    tables = array(after, f"what {name} returns")
    wanted = (size, *before.shape)
    assert tables.shape == wanted, f"{name} must return {size} tables, an array {wanted}, not {tables.shape}"
    which, rows, columns = np.nonzero(tables != before)
    most = np.bincount(which, minlength=1).max() if len(which) else 0
    assert most <= 1, f"{name} changed {most} cells of one table: one is enough, and what the one-row update allows"
    values, real = tables[which, rows, columns], np.array(sizes)[columns] == 1
    codes, limits = values[~real], np.array(sizes)[columns[~real]]
    odd = codes[codes != np.floor(codes)]
    assert not len(odd), f"{name} made a category {odd[:1]}: categories are codes, without noise"
    assert ((codes >= 0) & (codes < limits)).all(), f"{name} made a category outside 0 … size − 1"
    span = f"{name} left [0, 1] in a real column: clip after the noise"
    assert ((values[real] >= 0) & (values[real] <= 1)).all(), span
    return rows, columns, values


def _even(counts: Array, what: str) -> None:
    """The counts must be those of equal chances, up to what happens once in a million times."""
    expected = counts.sum() / len(counts)
    statistic = ((counts - expected) ** 2 / expected).sum()
    off = f"{what} aren't equally likely: {counts.astype(int).tolist()} in {int(counts.sum())} changes"
    assert chi2.sf(statistic, len(counts) - 1) > 1e-6, off


def check_operators(mutate: Callable[..., Any], crossover: Callable[..., Any], seed: int | None = None) -> str:
    """`mutate(best, sizes, rng, P)` and `crossover(best, elites, sizes, rng, noise, P)` must return P new tables.

    Judged by what 5,000 of them change. Recognises copies of whole rows, i' = i, the first elite alone, noise on
    categories or without a clip, another deviation or centre of the noise, values that are wrapped or drawn again
    where they are to be clipped, and a change of the table that is given.
    """
    rng = np.random.default_rng(seed)
    _check_bounds(mutate, crossover, rng)
    _check_mutation(mutate, rng)
    _check_crossover(crossover, rng)
    _check_noise(crossover, rng)
    return "mutation makes what nobody has, crossover spreads what works: each changes one row, so each is cheap."


def _check_bounds(mutate: Callable[..., Any], crossover: Callable[..., Any], rng: np.random.Generator) -> None:
    """Tables of mixed columns stay tables, and what is given stays as it is."""
    sizes = MIXED.sizes
    elites = np.stack([MIXED.uniform(rng, 6) for _ in range(3)])
    best = elites[0].copy()
    for name, call in (
        ("mutate", lambda given, others: mutate(given, sizes, rng, 300)),
        ("crossover", lambda given, others: crossover(given, others, sizes, rng, 1.0, 300)),
    ):
        given, others = best.copy(), elites.copy()
        after = call(given, others)
        kept = np.array_equal(given, best) and np.array_equal(others, elites)
        assert kept, f"{name} changes a table that it is given: copy it first, candidates all start from the best"
        _changes(best, after, sizes, 300, name)


def _check_mutation(mutate: Callable[..., Any], rng: np.random.Generator) -> None:
    """Rows and columns equally often, and values all over the domain."""
    best = REALS.uniform(rng, 5)
    after = mutate(best.copy(), REALS.sizes, rng, CALLS)
    rows, columns, values = _changes(best, after, REALS.sizes, CALLS, "mutate")
    assert len(rows) > 0.99 * CALLS, f"mutate changed nothing in {CALLS - len(rows)} of {CALLS} tables"
    _even(np.bincount(rows, minlength=5), "the rows that mutate changes")
    _even(np.bincount(columns, minlength=3), "the columns that mutate changes")
    _even(np.histogram(values, 10, (0, 1))[0], "tenths of [0, 1] for a mutated value")
    drawn = array(mutate(np.zeros((1, 1)), (4,), rng, 1000), "what mutate returns").ravel()
    _even(np.bincount(drawn.astype(int), minlength=4), "the categories that mutate draws")


def _check_crossover(crossover: Callable[..., Any], rng: np.random.Generator) -> None:
    """Without noise every value tells from which cell of which elite it comes."""
    E, n, d = 4, 5, 3
    elites = (rng.permutation(E * n * d).reshape(E, n, d) + 0.5) / (E * n * d)
    best = elites[0].copy()
    after = crossover(best.copy(), elites.copy(), REALS.sizes, rng, 0.0, CALLS)
    rows, columns, values = _changes(best, after, REALS.sizes, CALLS, "crossover")
    known = np.isin(values, elites)
    strange = "without noise a new value must stand in an elite table"
    assert known.all(), f"{strange}, and {values[~known][:1]} does not"
    order = np.argsort(elites, axis=None)
    e, i, c = np.unravel_index(order[np.searchsorted(elites.ravel()[order], values)], elites.shape)
    moved = "a value was put into another column than it comes from: columns have different meanings"
    assert (c == columns).all(), moved
    counts = np.bincount(e, minlength=E).astype(float)
    counts[0] *= n / (n - 1)  # from the best table itself one row in n gives back what was there
    others = counts[1:].sum()
    assert others > 0, "all values come from the first elite: draw the table, too"
    share = ((i == rows) & (e > 0)).sum() / others
    stays = f"i' = i in {100 * share:.0f} % of the changes: the row of the elite is drawn by itself, not that of best"
    assert abs(share - 1 / n) < 4.5 * np.sqrt(1 / n / others), stays
    _even(counts, "the elite tables")
    missing = CALLS - len(rows)
    assert missing < 0.1 * CALLS, f"crossover changed nothing in {missing} of {CALLS} tables (1 in {E * n} is chance)"
    _even(np.bincount(rows, minlength=n), "the rows that crossover changes")
    _even(np.bincount(columns, minlength=d), "the columns that crossover changes")


def _check_noise(crossover: Callable[..., Any], rng: np.random.Generator) -> None:
    """What is added is N(0, noise²) and drawn anew each time, and what leaves [0, 1] is put on its end."""
    stands = np.array([0.35, 0.5, 0.65])  # in all rows of all elites, so that a new value tells its noise
    best, elites = np.full((5, 3), 0.1), np.tile(stands, (4, 5, 1))
    for noise in (0.01, 0.04):
        after = crossover(best.copy(), elites.copy(), REALS.sizes, rng, noise, NOISY)
        _, columns, values = _changes(best, after, REALS.sizes, NOISY, "crossover")
        added = values - stands[columns]
        assert added.any(), f"with noise {noise} real values are those of elites still: where is the noise?"
        assert len(np.unique(added)) > 0.99 * NOISY, "the noise is drawn anew for each of the new tables"
        near = 4.5 / np.sqrt(len(added))
        centre, size = added.mean() / noise, np.sqrt(np.mean(added**2))
        squared = f"{noise} is the standard deviation of the noise, not its variance: {size:.2g} is the one you add"
        assert abs(size / np.sqrt(noise) - 1) > near, squared
        assert abs(size / noise**2 - 1) > near, f"the noise is N(0, {noise}²): what you add has deviation {noise}²"
        off = f"with noise {noise} a new value is the elite's plus N(0, {noise}²): the mean of what you add is"
        assert abs(centre) < near, f"{off} {centre * noise:.2g}, not 0"
        wide = f"with noise {noise} the deviation of what you add to the elite's value is {size:.2g}"
        assert abs(size / noise - 1) < near, wide
        assert kstest(added / noise, "norm").pvalue > 1e-6, "the noise has mean and deviation right, but isn't normal"
    after = crossover(best.copy(), elites.copy(), REALS.sizes, rng, 1.0, NOISY)
    _, columns, values = _changes(best, after, REALS.sizes, NOISY, "crossover")
    for end, beyond in ((0, norm.cdf(-stands)), (1, norm.cdf(stands - 1))):
        share, expected = np.mean(values == end), beyond[columns].mean()
        clip = f"with noise 1 {100 * expected:.0f} % of the new values are {end} exactly, {100 * share:.0f} % of yours"
        assert abs(share - expected) < 4.5 * np.sqrt(expected / NOISY), f"{clip}: clip, don't wrap, mirror or redraw"


REASONS = {
    "share": "fewer workloads share the budget, so each has less noise; what is never measured is left to be wrong",
    "search": "the search has fewer queries to fit, so it converges in fewer generations",
    "start": "each round starts from the table of the round before",
}


def check_adaptive(errors: Mapping[float, Any], why: str, expected: Mapping[float, float] | None = None) -> str:
    """Mean errors (seeds, 2), one shot and ten rounds of three, for ε = 0.2 and 10 on 600 prefixes; and the reason.

    Recognises the columns the other way, largest errors, few seeds, and the wrong reason.

    Parameters
    ----------
    errors : mapping of ε to array (seeds, 2)
        Mean |error| over all 600 queries, against the true answers: of one shot, and in rounds.
    why : {"share", "search", "start"}
        See `REASONS`.
    expected : mapping of ε to float, optional
        The mean error of one shot that other runs have. The answer's may differ by a quarter, above ε = 1, where three
        seeds scatter less, by an eighth: root mean squares are a quarter larger there.
    """
    assert isinstance(errors, Mapping), f"errors must be a dict from ε to an array, got {type(errors).__name__}"
    missing = {0.2, 10.0} - {float(key) for key in errors}
    assert not missing, f"no errors for ε = {sorted(missing)}"
    means, ratios = {}, {}
    for epsilon in (0.2, 10.0):
        table = array(errors[epsilon], f"errors[{epsilon}]")
        assert table.shape[1:] == (2,), f"errors[{epsilon}] must be (seeds, 2), not {table.shape}"
        assert len(table) >= 3, f"{len(table)} seeds at ε = {epsilon} are too few: three are asked for"
        assert len(np.unique(table)) == table.size, f"errors[{epsilon}] repeats itself: is every seed its own run?"
        means[epsilon], rounds = table.mean(0)
        ratios[epsilon] = rounds / means[epsilon]
    low, high = ratios[0.2], ratios[10.0]
    assert not (low > 1 and high < 0.5), "the columns are one shot first, then rounds: yours are the other way"
    for epsilon, other in (expected or {}).items():
        said = f"at ε = {epsilon} one shot's mean error is {means[epsilon]:.4f}, where others measure {other:.4f}"
        least, most = (0.75, 1.33) if epsilon < 1 else (0.87, 1.14)
        asked = "the mean of |error|, without squares, over all 600 queries, against the true answers?"
        assert least < means[epsilon] / other < most, f"{said}: {asked}"
    assert 0.5 <= low <= 0.92, f"at ε = 0.2 rounds over one shot is {low:.2f}; 0.5 to 0.92 is what such runs give"
    assert high >= 2.2, f"at ε = 10 rounds over one shot is {high:.2f}; such runs give more than 2.2"
    assert why in REASONS, f"why must be one of {list(REASONS)}, got {why!r}"
    assert why != "search", "a smaller fit is cheaper, but at ε = 10 the same 30 workloads are fitted, and it loses"
    assert why != "start", "a better start saves generations; one shot that runs longer doesn't catch up at ε = 0.2"
    return "choosing trades noise for ignorance: it pays as long as noise is what the error is made of."


def ratio_of(errors: Any) -> float:
    """The mean of the second column over that of the first, of errors (seeds, 2)."""
    once, rounds = array(errors, "errors").mean(0)
    return number(rounds / once)
