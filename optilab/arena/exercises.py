"""Checks for the lesson and the assignment on the arena: each says what is wrong, not only that something is."""

from collections.abc import Callable
from typing import Any

import numpy as np
import sympy as sp

from optilab.arena.costs import Costs
from optilab.arena.problems import PROBLEMS
from optilab.arena.race import Race, race
from optilab.course.forms import agrees, array, formula

Array = np.ndarray
alpha, mu, sigma, k, m = sp.symbols("alpha mu sigma k m", positive=True)


# The lesson


def check_batch(answer: Any) -> str:
    """The floor of E f for SGD on f = ½μx² with minibatches of m: ασ²/(2m(2 − αμ)), in alpha, mu, sigma and m."""
    found = formula(answer, "the floor", alpha, mu, sigma, m)
    unknown = found.free_symbols - {alpha, mu, sigma, m}
    assert not unknown, f"write it in exercises.alpha, mu, sigma and m alone, not in {sorted(map(str, unknown))}"
    one = alpha * sigma**2 / (2 * (2 - alpha * mu))
    assert not agrees(found, one), "that is the floor of single samples: the mean of m has less noise"
    assert not agrees(found, one / m**2), (
        "the variance of a mean of m samples is σ²/m, and the floor goes with the variance"
    )
    assert not agrees(found, one / sp.sqrt(m)), "σ falls as √m, but the floor goes with σ²"
    assert not agrees(found, 2 * one / (m * mu)), "that is E x²: the gap is ½μ times that"
    right = one / m
    numbers = {alpha: sp.Rational(1, 2), mu: 1, sigma: 2, m: 3}
    off = f"at α = ½, μ = 1, σ = 2, m = 3 it is {right.subs(numbers)}, yours is {found.subs(numbers)}"
    assert agrees(found, right), off
    return "m samples lower the floor by m and cost m times as much: so does a step m times as short."


def check_referee(verdict: Callable[..., Any], seed: int | None = None) -> str:
    """`verdict(gaps)` → the winner's name or None, for gaps by name, (seeds) each.

    Whoever has the least median wins if its upper quartile lies below the lower quartile of everybody else. Recognises
    a referee that always names somebody, one that looks at the second only, means for medians, bands of other widths
    than from quartile to quartile, and one that lets what diverged (infinite gaps) win or forgets it. A quartile may be
    any of the usual ones: the gaps next to it are equal.
    """
    rng = np.random.default_rng(seed)
    spread = np.linspace(-0.2, 0.2, 41)  # the same quartiles for every seed, in another order
    noise = np.exp([rng.permutation(spread) for _ in range(3)])

    def says(**gaps: Any) -> Any:
        return verdict({name: rng.permutation(values) for name, values in gaps.items()})

    found = says(long=3 * noise[0], short=noise[1], middle=2 * noise[2])
    assert found != "long", "the least gap wins, not the largest"
    assert found == "short", f"these bands lie apart, and 'short' has the least gaps; got {found!r}"
    found = says(one=noise[0], other=1.02 * noise[1], far=5 * noise[2])
    assert found is None, f"the bands of 'one' and 'other' overlap, so nobody wins; got {found!r}"
    found = says(low=noise[0], near=1.6 * noise[1], wide=2 * noise[2] ** 15)
    assert found is None, f"'wide' reaches down to the band of 'low': hold the winner against all others; got {found!r}"
    outlier = np.where(np.arange(41) < 3, 1e3, noise[1])
    found = says(steady=2 * noise[0], jumpy=outlier)
    assert found == "jumpy", f"three of 41 seeds are bad, which moves a mean, no median or quartile; got {found!r}"
    early = np.repeat([0.01, 2.2, 4.0], [9, 3, 29])  # the 11th of 41 is the lower quartile
    late, later = (np.repeat([1.0, edge, 100.0], [29, 3, 9]) for edge in (2.0, 2.4))  # and the 31st the upper one
    found = says(late=late, early=early)
    wide = "a band goes from quartile to quartile: the best and the worst fifth of the seeds don't count"
    assert found == "late", f"{wide}; got {found!r}"
    found = says(early=early, later=later)
    narrow = "a band goes from quartile to quartile: of 41 gaps in order from the 11th to the 31st"
    assert found is None, f"{narrow}; got {found!r}"
    lost = np.r_[np.full(8, 1.0), np.full(4, 1e7), np.full(29, np.inf)]
    found = says(slow=1e6 * noise[0], exploded=lost)
    assert found == "slow", f"what has diverged has an infinite gap, counts and loses; got {found!r}"
    found = says(early=early, late=np.where(late == late.max(), np.inf, late))
    assert found == "late", f"nine infinite gaps of 41 are no more than nine bad ones; got {found!r}"
    return "a winner is named where its worse quarter beats the better quarter of everybody else, and nowhere else."


# The assignment


def check_decreasing(gap: Any, k_star: Any) -> str:
    """E f(x_k) of SGD on ½μx² with steps 1/(μ(k + 1)): σ²/(2μk); below a constant step's floor from (2 − αμ)/(αμ) on.

    Recognises E x² for E f, a lost μ, noise whose standard deviations are added, and a crossing for short steps only.
    """
    found, crossing = formula(gap, "gap", k, mu, sigma), formula(k_star, "k_star", alpha, mu, sigma)
    for name, expr, allowed in (("gap", found, {k, mu, sigma}), ("k_star", crossing, {alpha, mu, sigma})):
        unknown = expr.free_symbols - allowed
        assert not unknown, (
            f"write {name} in {sorted(map(str, allowed))} of exercises alone, not in {sorted(map(str, unknown))}"
        )
    right = sigma**2 / (2 * mu * k)
    assert not agrees(found, sigma**2 / (mu**2 * k)), "that is E x²: the gap is ½μ times that"
    assert not agrees(found, 2 * right), "a factor of 2: f is ½μx²"
    assert not agrees(found, sigma**2 / (2 * k)), (
        "a μ is lost: x_k is the mean of the noises divided by μ, and f has a μ too"
    )
    assert not agrees(found, sigma**2 / (2 * mu)), (
        "noises that know nothing of each other cancel: the variance of their mean is σ²/k"
    )
    assert not agrees(found, right * k / (k + 1)), "after k steps k noises have come in, not k + 1"
    numbers = {k: 3, mu: 2, sigma: 5}
    assert agrees(found, right), (
        f"at k = 3, μ = 2, σ = 5 the gap is {right.subs(numbers)}, yours is {found.subs(numbers)}: "
        "write x_k as a mean of noises"
    )
    assert not agrees(crossing, 2 / (alpha * mu)), "that holds for short steps alone: the floor has 2 − αμ, not 2"
    assert not agrees(crossing, (2 - alpha * mu) / alpha), (
        "a μ is lost: k counts steps and has no unit, α has that of 1/μ"
    )
    at = {alpha: sp.Rational(3, 4), mu: 1}  # where it isn't whole, so that one that is rounded is told apart
    met = (2 - alpha * mu) / (alpha * mu)
    assert agrees(crossing, met), (
        f"at α = ¾, μ = 1 the gap comes down to the floor at k = {met.subs(at)}, not rounded; yours says "
        f"{crossing.subs(at)}: set gap = ασ²/(2(2 − αμ))"
    )
    return (
        "σ is not in it: how many steps it takes to get below all that a constant step can reach depends on αμ alone."
    )


LION = (
    ("after", "the sign is taken of β₁m + (1 − β₁)g with the m from before the step"),
    ("swapped", "β₁ is for the sign and β₂ for what is kept: they are the other way round"),
    ("one beta", "two different β: m is kept with β₂"),
    ("no sign", "the step has length α in every coordinate: the sign is missing"),
    ("coupled", "the decay is decoupled: λx stands beside the sign, not in the gradient"),
    ("no decay", "where is the decay λx?"),
    ("full decay", "the decay is a part of the step: α multiplies λx too"),
    ("unweighted", "g enters the sign with its weight 1 − β₁"),
    ("uphill", "the step goes uphill: subtract it"),
)


def _lion(
    x: Array, m: Array, g: Array, alpha: Array, beta1: float, beta2: float, lam: float, mistake: str = ""
) -> tuple[Array, Array]:
    """One step of Lion, or one with a mistake; alpha is ready to multiply."""
    first, second = (beta2, beta1) if mistake == "swapped" else (beta1, beta1 if mistake == "one beta" else beta2)
    slope = g + lam * x if mistake == "coupled" else g
    kept = second * m + (1 - second) * slope
    weight = 1.0 if mistake == "unweighted" else 1 - first
    mixed = kept if mistake == "after" else first * m + weight * slope
    move = mixed if mistake == "no sign" else np.sign(mixed)
    if mistake not in ("coupled", "no decay"):
        move = move + lam * (x / alpha if mistake == "full decay" else x)
    return x + alpha * move if mistake == "uphill" else x - alpha * move, kept


def check_lion(step: Callable[..., Any], seed: int | None = None) -> str:
    """`step(x, m, g, alpha, beta1, beta2, lam)` → x⁺, m⁺ must be Lion's, of one replicate and of a batch.

    x, m and g are (*batch, d), alpha a number or (*batch). On points drawn by `seed`. Recognises those of `LION`, an
    alpha that isn't lifted, be it a number or an array, and arrays that are changed in place.
    """
    rng = np.random.default_rng(seed)
    beta1, beta2, lam = 0.8, 0.95, 0.3
    for one, *batch, d in ((True, 40), (False, 4, 20), (False, 3, 3, 3), (True, 4, 20)):
        x, m, g = rng.standard_normal((3, *batch, d))
        lengths = 0.2 if one else rng.uniform(0.1, 1, batch)
        given = [part.copy() for part in (x, m, g)]
        try:
            found = step(*given, lengths, beta1, beta2, lam)
        except (ValueError, TypeError, IndexError) as error:
            like = "a number" if one else "of that shape"
            raise AssertionError(
                f"with a batch {tuple(batch)} and alpha {like} it ends with {error}. Lift alpha by a last axis, as an "
                "array also where it is a number"
            ) from error
        pair = isinstance(found, tuple | list) and len(found) == 2
        assert pair, "two things are asked for: x⁺ and m⁺"
        unchanged = all(np.array_equal(now, before) for now, before in zip(given, (x, m, g), strict=True))
        assert unchanged, "the step changed the arrays it was given: return new ones, x = x + … instead of x += …"
        point, kept = array(found[0], "x⁺"), array(found[1], "m⁺")
        assert point.shape == kept.shape == x.shape, (
            f"x⁺ and m⁺ must be {x.shape}, as x is, not {point.shape} and {kept.shape}"
        )
        lifted = np.asarray(lengths)[..., None]
        right_point, right_kept = _lion(x, m, g, lifted, beta1, beta2, lam)
        if np.allclose(point, right_point) and np.allclose(kept, right_kept):
            continue
        for mistake, said in LION:
            wrong_point, wrong_kept = _lion(x, m, g, lifted, beta1, beta2, lam, mistake)
            assert not (np.allclose(point, wrong_point) and np.allclose(kept, wrong_kept)), said
        if d in batch:
            across, _ = _lion(x, m, g, np.asarray(lengths), beta1, beta2, lam)
            assert not np.allclose(point, across), "alpha runs along the batch, not along coordinates: alpha[..., None]"
        assert np.allclose(kept, right_kept), f"m⁺ = β₂m + (1 − β₂)g {_begins(right_kept, kept)}"
        assert np.allclose(point, right_point), (
            f"x⁺ {_begins(right_point, point)}: check the signs, the weights and the decay"
        )
    return (
        "one memory where Adam has two, and every coordinate moves by α: it sees the axes, and turned axes undo it too."
    )


def _begins(right: Array, found: Array) -> str:
    """The first number that is wrong beside the right one."""
    at = tuple(np.argwhere(~np.isclose(found, right))[0])
    return f"at {[int(i) for i in at]} is {right[at]:.4g}, yours is {found[at]:.4g}"


PRICES = (0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
RIVALS = ("ADAHESSIAN", "heavy ball")
REASONS = ("steps", "probes", "tuning")
CLOSE = 1e-2  # of a gap


def check_prices(found: Any, last: Any, why: Any, seed: int = 0) -> str:
    """What a Hessian-vector product may cost: winner and medians at every price, the last one at which ADAHESSIAN wins.

    On least squares with κ = 1000, a budget of 60 and 20 seeds. Recognises a price that changes nothing, default
    settings, means, another seed or problem, one generator for all races, a leader who is no winner, and the wrong
    reason.

    Parameters
    ----------
    found : mapping of price to (winner or None, float, float)
        For every price of `PRICES`; the medians are those of `RIVALS`.
    last : float
        The largest price at which ADAHESSIAN is the winner.
    why : {"steps", "probes", "tuning"}
        What the price changes.
    seed : int
        Of the generator of every race.
    """
    assert isinstance(found, dict), f"a dictionary from price to three things is asked for, not {type(found).__name__}"
    assert set(found) == set(PRICES), f"its keys must be the prices {PRICES}, not {tuple(found)}"
    rows = found.values()
    assert all(isinstance(row, tuple | list | np.ndarray) and len(row) == 3 for row in rows), (
        "three things for each price: winner, and two medians"
    )
    gaps = array([[ours, theirs] for _, ours, theirs in (found[price] for price in PRICES)], "the medians")
    assert gaps.shape == (len(PRICES), 2), "a median is one number, the second of the three quartiles"
    races = [_priced(price, seed) for price in PRICES]
    (right, between), defaults = (_medians(races, which) for which in ("best", "default"))
    gaps = np.where(np.isclose(gaps, between, rtol=CLOSE, atol=0), right, gaps)
    swapped = any(_same(gaps, one[:, ::-1]) for one in (right, between))
    assert not swapped, "ADAHESSIAN first, then heavy ball"
    usual = any(_same(gaps, one) for one in defaults)
    assert not usual, "these are the gaps of default settings: take the best ones"
    means = np.array([[one.entrants[name].best.final.mean() for name in RIVALS] for one in races])
    assert not _same(gaps, means), "these are means, which a single bad seed moves: take medians"
    assert gaps[:, 0].max() > 10 * gaps[:, 0].min(), (
        "ADAHESSIAN ends the same at every price: hand Costs(product=price) to the race"
    )
    first, *later = (_same(ours, theirs) for ours, theirs in zip(gaps, right, strict=True))
    assert all(later) or not first, (
        f"the race at the price {PRICES[0]:g} is that of seed {seed}, later ones aren't: make one generator a race"
    )
    off = int(abs(np.log(gaps / right)).max(1).argmax())
    assert _same(gaps, right), (
        f"these are not the races of seed {seed}, κ = 1000, a budget of 60 and 20 seeds: at the price {PRICES[off]:g} "
        f"the medians are {right[off, 0]:.2g} and {right[off, 1]:.2g}, yours {gaps[off, 0]:.2g} and {gaps[off, 1]:.2g}"
    )
    for price, one in zip(PRICES, races, strict=True):
        said = found[price][0]
        leads = f"{said} leads at the price {price:g}, but bands overlap there: that is no winner"
        assert not (one.winner is None and said == one.order[0]), leads
        assert said == one.winner, f"at the price {price:g} the winner is {one.winner}, yours {said}"
    wins = [price for price, one in zip(PRICES, races, strict=True) if one.winner == "ADAHESSIAN"]
    assert last == max(wins), f"ADAHESSIAN is the winner at {wins}; the largest of these isn't {last}"
    assert why in REASONS, f"why must be one of {REASONS}, got {why!r}"
    assert why != "probes", "a probe says as much as before, whatever is paid for it"
    assert why != "tuning", "the grids are the same, and both are tuned at every price"
    return "a better step has to be so much better that it makes up for the steps that it costs."


def _medians(races: list[Race], which: str) -> list[Array]:
    """Median gaps of a setting, (races, RIVALS): the lower one of the two in the middle, and the mean of the two."""
    runs = [[getattr(one.entrants[name], which) for name in RIVALS] for one in races]
    lower = np.array([[run.quartiles[1] for run in row] for row in runs])
    return [lower, np.array([[np.median(run.final) for run in row] for row in runs])]


def _same(one: Array, other: Array) -> bool:
    """Whether gaps are the same, however small they are."""
    return bool(np.allclose(one, other, rtol=CLOSE, atol=0))


def _priced(price: float, seed: int) -> Race:
    """The race at a price."""
    problem, rng = PROBLEMS["least squares"](kappa=1000.0), np.random.default_rng(seed)
    return race(RIVALS, problem, 60.0, rng=rng, costs=Costs(product=price), seeds=20)
