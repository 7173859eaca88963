"""Checks for the assignment on sparse transport: each says what is wrong, not only that something is."""

from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import combinations
from typing import Any

import numpy as np
import sympy as sp

from optilab.course.forms import agrees, array, formula, number
from optilab.papers.sparse_optimal_transport.algorithm import Dual, SemiDual, lbfgs
from optilab.problems.projection import simplex
from optilab.problems.transport import Transport, bumps, random_bumps

s1, s2, s3 = sp.symbols("s1 s2 s3", real=True)
b, gamma, q1, q2 = sp.symbols("b gamma q1 q2", positive=True)
SAMPLE = {s1: 3, s2: 2, s3: 1, b: 1, gamma: 1, q1: 1, q2: 2}


def level(size: int) -> sp.Expr:
    """θ of a column with `size` nonzeros, from Σ(sᵢ − θ) = γb."""
    return (sum((s1, s2, s3)[:size]) - gamma * b) / size


def column_value(size: int) -> sp.Expr:
    """Ω*_b of a column with `size` nonzeros."""
    return sum(s**2 - level(size) ** 2 for s in (s1, s2, s3)[:size]) / (2 * gamma)


def check_level(theta: Any, value: Any, limit: Any) -> str:
    """θ and Ω*_b of a column with three nonzeros, and Ω*_b of one with a single nonzero.

    Parameters
    ----------
    theta, value, limit : SymPy expressions
        In symbols called s1, s2, s3, b and gamma; any form that is equal.

    Raises
    ------
    AssertionError
        If one isn't right; the message says why.
    """
    asked = (
        ("θ", theta, level(3)),
        ("Ω*_b for r = 3", value, column_value(3)),
        ("Ω*_b for r = 1", limit, column_value(1)),
    )
    for name, answer, right in asked:
        compare(name, answer, right, (s1, s2, s3, b, gamma), "the entries are (sᵢ − θ)/γ, and they sum to b")
    return "a mean and a few squares are all that a column costs, which is why the dual is easy"


def roomy_level() -> sp.Expr:
    """θ of two places with room q, from Σ qᵢ(sᵢ − θ) = γb."""
    return (q1 * s1 + q2 * s2 - gamma * b) / (q1 + q2)


def roomy_value() -> sp.Expr:
    """What two places with room q earn."""
    theta = roomy_level()
    return theta * b + (q1 * (s1 - theta) ** 2 + q2 * (s2 - theta) ** 2) / (2 * gamma)


def check_rooms(theta: Any, value: Any, limit: Any) -> str:
    """The same for places of unequal room, where the square is γ/2 Σ tᵢ²/qᵢ: two nonzeros, and a single one.

    Parameters
    ----------
    theta, value, limit : SymPy expressions
        In symbols called s1, s2, q1, q2, b and gamma; any form that is equal.

    Raises
    ------
    AssertionError
        If one isn't right; the message says why.
    """
    right = roomy_level(), roomy_value(), s1 * b - gamma * b**2 / (2 * q1)
    names = "θ", "the value for two places", "the value for one place"
    for name, answer, expected in zip(names, (theta, value, limit), right, strict=True):
        compare(name, answer, expected, (s1, s2, q1, q2, b, gamma), "the entries are qᵢ(sᵢ − θ)/γ, and they sum to b")
    return "a place with twice the room takes twice as much at the same price: the level stays a mean, weighted by room"


def compare(name: str, answer: Any, right: sp.Expr, allowed: tuple[sp.Symbol, ...], rule: str) -> None:
    """Say what is wrong with an expression that isn't `right`."""
    expr = formula(answer, name, *allowed)
    strange = sorted(symbol.name for symbol in expr.free_symbols - set(allowed))
    letters = ", ".join(symbol.name for symbol in allowed[:-1]) + f" and {allowed[-1]}"
    assert not strange, f"{name} may depend on {letters} alone, not on {', '.join(strange)}"
    if agrees(expr, right):
        return
    assert gamma in expr.free_symbols, f"{name} lacks γ: {rule}"
    unit = f"{name} is that of a column of sum 1: here the column sums to b"
    assert b in expr.free_symbols, unit
    assert not agrees(expr, right.subs(b, 1)), unit
    level_ground = f"{name} is that of places of equal room: here place i has room qᵢ"
    assert q1 not in allowed or not agrees(expr, right.subs({q1: 1, q2: 1})), level_ground
    assert not agrees(expr, -right), f"{name} has the wrong sign"
    where = ", ".join(f"{symbol} = {SAMPLE[symbol]}" for symbol in allowed)
    raise AssertionError(f"{name} isn't right: at {where} it should be {right.subs(SAMPLE)}, not {expr.subs(SAMPLE)}")


def simplex_part(u: np.ndarray, b: float) -> np.ndarray:
    """The projection of u on t ≥ 0, Σt = b."""
    return b * simplex(u / b)


def on_support(s: np.ndarray, I: np.ndarray, b: float, gamma: float) -> np.ndarray:
    """The best column with nonzeros in I alone."""
    t = np.zeros_like(s)
    t[I] = simplex_part(s[I] / gamma, b)
    return t


def earned(s: np.ndarray, t: np.ndarray, gamma: float) -> float:
    """⟨s, t⟩ − γ/2 ‖t‖²."""
    return float(s @ t - gamma / 2 * t @ t)


def best_column(s: np.ndarray, b: float, k: int, gamma: float) -> np.ndarray:
    """The best column with k nonzeros, by trying all supports."""
    columns = [on_support(s, np.array(I), b, gamma) for I in combinations(range(len(s)), k)]
    return max(columns, key=lambda t: earned(s, t, gamma))


def largest(values: np.ndarray, k: int) -> np.ndarray:
    """Indices of the k largest, ties by lowest index."""
    return np.argsort(-values, kind="stable")[:k]


def truncated(s: np.ndarray, b: float, k: int, gamma: float) -> np.ndarray:
    """The mistake of projecting before truncating."""
    whole = simplex_part(s / gamma, b)
    t = np.zeros_like(s)
    I = largest(whole, k)
    t[I] = whole[I]
    return t


Mistakes = dict[str, tuple[Callable[[np.ndarray, float, int, float], np.ndarray], str]]
MISTAKES: Mistakes = {
    "absolute": (
        lambda s, b, k, gamma: on_support(s, largest(abs(s), k), b, gamma),
        "you keep the k largest of |s|: t is nonnegative, so a very negative s is of no use. Keep the largest of s",
    ),
    "truncated": (
        truncated,
        "you project first and truncate afterwards: the sum is no longer b. Keep the top k first, then project",
    ),
    "rescaled": (
        lambda s, b, k, gamma: truncated(s, b, k, gamma) * b / truncated(s, b, k, gamma).sum(),
        "you project, truncate and rescale: the sum is b, but the differences between the entries are stretched. "
        "Keep the top k first, then project",
    ),
    "gamma": (
        lambda s, b, k, gamma: on_support(s, largest(s, k), b, 1.0),
        "the 1/γ is missing: it is s/γ that is projected",
    ),
    "unit": (
        lambda s, b, k, gamma: on_support(s, largest(s, k), 1.0, gamma),
        "your column sums to 1: project on the simplex of size b",
    ),
}


def softmax_part(s: np.ndarray, I: np.ndarray, b: float, gamma: float) -> np.ndarray:
    """The best column with nonzeros in I alone where entropy takes the place of the square."""
    t = np.zeros_like(s)
    weights = np.exp((s[I] - s[I].max()) / gamma)
    t[I] = b * weights / weights.sum()
    return t


def entropy_earned(s: np.ndarray, t: np.ndarray, gamma: float) -> float:
    """⟨s, t⟩ − γ Σ t log t."""
    return float(s @ t - gamma * (t * np.log(np.where(t > 0, t, 1))).sum())


def best_entropic(s: np.ndarray, b: float, k: int, gamma: float) -> np.ndarray:
    """The best column with k nonzeros under entropy, by trying all supports."""
    columns = [softmax_part(s, np.array(I), b, gamma) for I in combinations(range(len(s)), k)]
    return max(columns, key=lambda t: entropy_earned(s, t, gamma))


ENTROPIC_MISTAKES: Mistakes = {
    "absolute": (
        lambda s, b, k, gamma: softmax_part(s, largest(abs(s), k), b, gamma),
        MISTAKES["absolute"][1],
    ),
    "everywhere": (
        lambda s, b, k, gamma: softmax_part(s, np.arange(len(s)), b, gamma),
        "your column has a nonzero everywhere: keep the k largest prices only",
    ),
    "truncated": (
        lambda s, b, k, gamma: np.where(
            np.isin(np.arange(len(s)), largest(s, k)), softmax_part(s, np.arange(len(s)), b, gamma), 0
        ),
        "you share among all and truncate afterwards: the sum is no longer b",
    ),
    "square": (
        lambda s, b, k, gamma: on_support(s, largest(s, k), b, gamma),
        "that is the column of the square: here the price of crowding is γ Σ t log t",
    ),
    "gamma": (
        lambda s, b, k, gamma: softmax_part(s, largest(s, k), b, 1.0),
        "the 1/γ is missing: the slope of s t − γ t log t is zero where log t = s/γ + a constant",
    ),
    "unit": (
        lambda s, b, k, gamma: softmax_part(s, largest(s, k), 1.0, gamma),
        "your column sums to 1: it is to sum to b",
    ),
}


CLOSE = 1e-6


def cases(seed: int, count: int = 200) -> Iterator[tuple[np.ndarray, float, int, float]]:
    """Random columns: s, b, k, γ."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        m = int(rng.integers(2, 8))
        yield rng.normal(size=m), rng.uniform(0.1, 2), int(rng.integers(1, m + 1)), 10 ** rng.uniform(-1, 1)


Column = Callable[[np.ndarray, float, int, float], tuple[float, np.ndarray]]


def check_conj_b(conj_b: Column, seed: int = 0) -> str:
    """`conj_b(s, b, k, gamma) → (value, t)` must be the best column with k nonzeros, in 200 cases drawn by `seed`.

    Compared with brute force over all supports, to 1e-6. Recognises the `MISTAKES`.

    Raises
    ------
    AssertionError
        If it isn't; the message names the mistake where it is a known one.
    """
    check_column(conj_b, seed, best_column, earned, MISTAKES, "⟨s, t⟩ − γ/2 ‖t‖²")
    return "sorting and one level replace a search over all supports, 200 times of 200"


def check_entropic(column: Column, seed: int = 0) -> str:
    """`column(s, b, k, gamma) → (value, t)` must be the best one where γ Σ t log t takes the place of γ/2 ‖t‖².

    Compared with brute force over all supports, to 1e-6, in 200 cases. Recognises the `ENTROPIC_MISTAKES`.

    Raises
    ------
    AssertionError
        If it isn't; the message names the mistake where it is a known one.
    """
    check_column(column, seed, best_entropic, entropy_earned, ENTROPIC_MISTAKES, "⟨s, t⟩ − γ Σ t log t")
    return "the k largest, then a softmax, is the gate of most mixtures of experts: entropy with a cap"


def check_column(answer_of: Column, seed: int, best: Any, earned: Any, mistakes: Mistakes, rule: str) -> None:
    """Compare columns with the `best` of all supports, and name the mistake that explains all answers."""
    excused = set(mistakes)
    answers = []
    for s, b, k, gamma in cases(seed):
        case = f"s = {s.round(3)}, b = {b:.3f}, k = {k}, gamma = {gamma:.3f}"
        answer = answer_of(s.copy(), b, k, gamma)
        shape = "return the pair (value, t)"
        assert isinstance(answer, tuple | list), f"{shape}, not {answer!r}"
        assert len(answer) == 2, f"{shape}, not {len(answer)} things"
        value, t = number(answer[0], "the value"), array(answer[1], "t")
        assert t.shape == s.shape, f"t must have the shape of s, {s.shape}, not {t.shape}"
        excused -= {name for name in excused if not close(t, mistakes[name][0](s, b, k, gamma))}
        answers.append((case, s, b, k, gamma, value, t, best(s, b, k, gamma)))
    if all(close(t, right) for *_, t, right in answers):
        for case, s, _, _, gamma, value, t, _ in answers:
            good = f"t is right, but its value {rule} is {earned(s, t, gamma):.6g}, not {value:.6g}: {case}"
            assert abs(value - earned(s, t, gamma)) <= CLOSE * (1 + abs(value)), good
        return
    for name in excused:
        raise AssertionError(mistakes[name][1])
    for case, _, b, k, _, _, t, right in answers:
        assert np.isfinite(t).all(), f"t isn't finite: {case}"
        assert (t >= -CLOSE).all(), f"t has negative entries: {case}"
        nonzeros = np.count_nonzero(abs(t) > CLOSE)
        assert nonzeros <= k, f"t has {nonzeros} nonzeros, more than k: {case}"
        assert abs(t.sum() - b) <= CLOSE, f"t sums to {t.sum():.6g}, not to b: {case}"
        assert close(t, right), f"another column earns more: expected {right.round(6)}, got {t.round(6)}; {case}"


def close(one: np.ndarray, two: np.ndarray) -> bool:
    """Whether two columns are the same up to what a solver's tolerance leaves."""
    return bool(np.allclose(one, two, rtol=0, atol=CLOSE))


Gradients = Callable[[np.ndarray, np.ndarray, Transport, int, float], tuple[np.ndarray, np.ndarray, np.ndarray]]


def gap_at_k(s: np.ndarray, k: int) -> float:
    """The least s_[k] − s_[k+1] over columns (n, m)."""
    ordered = -np.sort(-s, -1)
    return float((ordered[:, k - 1] - ordered[:, k]).min()) if k < s.shape[-1] else np.inf


def check_gradients(gradients: Gradients, seed: int = 0) -> str:
    """`gradients(alpha, beta, problem, k, gamma)` must be (∇S(α), ∂D/∂α, ∂D/∂β), by central differences.

    Ten problems with m ≠ n drawn by `seed`, at points without ties, to 1e-6.

    Raises
    ------
    AssertionError
        If they aren't; wrong signs and rows taken for columns are named.
    """
    rng = np.random.default_rng(seed)
    for _ in range(10):
        m, n = (int(size) for size in rng.choice(np.arange(3, 8), 2, replace=False))
        k, gamma = int(rng.integers(-(-m // n), m + 1)), 10 ** rng.uniform(-1, 1)  # k n ≥ m: room for all rows
        problem = Transport(rng.dirichlet(np.ones(m)), rng.dirichlet(np.ones(n)), rng.uniform(size=(m, n)))
        while True:
            alpha, beta = rng.normal(size=m) / 2, rng.normal(size=n) / 2
            if gap_at_k(alpha - problem.C.T, k) > 1e-4:
                break
        S, D = SemiDual(problem, k, gamma), Dual(problem, k, gamma)
        dual = differences(D, np.concatenate([alpha, beta]))
        right = differences(S, alpha), dual[:m], dual[m:]
        answer = gradients(alpha.copy(), beta.copy(), problem, k, gamma)
        assert isinstance(answer, tuple | list), "return three arrays: ∇S, ∂D/∂α, ∂D/∂β"
        assert len(answer) == 3, f"return three arrays, not {len(answer)}"
        for name, given, expected in zip(("∇S", "∂D/∂α", "∂D/∂β"), answer, right, strict=True):
            given = array(given, name)
            mixed = f"{name} has shape {given.shape}, not {expected.shape}: rows of T belong to a, columns to b"
            assert given.shape == expected.shape, mixed
            sign = f"{name} has the wrong sign: a concave function is climbed along a − T1, b − Tᵀ1"
            assert not np.allclose(given, -expected, rtol=0, atol=1e-6) or np.allclose(expected, 0, atol=1e-6), sign
            off = abs(given - expected).max()
            assert off <= 1e-6, f"{name} is off by {off:.2g} from differences: expected {expected.round(5)}"
    return "the plan itself is the slope: one pass over the columns gives value and gradient"


def differences(function: Callable[[np.ndarray], Any], x: np.ndarray, h: float = 1e-6) -> np.ndarray:
    """Central differences of a function at x (d,)."""
    ways = h * np.eye(len(x))
    return (function(x + ways) - function(x - ways)) / (2 * h)


REASONS = {
    "more iterations": "L-BFGS has stopped, and no other method gets there either: look at what the maximum is like",
    "shorter steps": "the line search tries ever shorter steps: look at what the maximum is like",
    "larger gamma": "whatever γ is, at k = 1 the maximum lies at a kink: γ only adds γ/2 ‖b‖² there",
    "no exact plan": "the linear program has a solution; and its plan isn't of one nonzero a column",
    "kink": "",
}


@lru_cache(maxsize=4)
def errors_by_k(seed: int | None = None, size: int = 24) -> np.ndarray:
    """‖T1 − a‖₁ where L-BFGS stops on `bumps` of that size, or on `random_bumps` of a seed, for k = 1 … 12."""
    problem = bumps(size=size) if seed is None else random_bumps(seed, size)
    found = []
    for k in range(1, 13):
        semi_dual = SemiDual(problem, k)
        found.append(problem.row_error(semi_dual.plan(lbfgs(semi_dual, maxfun=600).x)))
    return np.array(found)


def check_dial(k: Any, reason: str, seed: int | None = None, size: int = 24) -> str:
    """The smallest k with ‖T1 − a‖₁ ≤ 0.01 where L-BFGS stops on `bumps()` (γ = 1), and why k = 1 never gets there.

    Parameters
    ----------
    k : int
        Accepted within 1 of what is measured here: where L-BFGS stops depends a little on SciPy's version.
    reason : str
        One of `REASONS`: "more iterations", "shorter steps", "larger gamma", "no exact plan" or "kink" (at the maximum
        the supergradients contain 0, but no single top-1 plan gives it).
    seed : int, optional
        Of `random_bumps`, where the question is asked of another instance.
    size : int
        Of the instance, 12 or more.

    Raises
    ------
    AssertionError
        If either is wrong; the message says why.
    """
    k = number(k, "k")
    errors = errors_by_k(seed, size)
    right = int((errors <= 1e-2).argmax()) + 1
    assert k.is_integer(), f"k must be an integer, not {k!r}"
    k = int(k)
    if abs(k - right) > 1:
        error = errors[k - 1] if 1 <= k <= 12 else 0.0
        way = f"its error is still {error:.2g}" if k < right else "a smaller one does it"
        raise AssertionError(f"k = {k} isn't the smallest with an error of 0.01 at most: {way}")
    assert reason in REASONS, f"the reason must be one of {list(REASONS)}, not {reason!r}"
    assert not REASONS[reason], f"k is right, the reason isn't: {REASONS[reason]}"
    return "where L-BFGS stops tells little at small k; the row error tells all"
