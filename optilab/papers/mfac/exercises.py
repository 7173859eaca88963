"""Checks for the lesson and the assignment on M-FAC: each says what is wrong, not only that something is."""

import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import sympy as sp
from scipy.stats import kendalltau

from optilab.course.forms import agrees, array, formula, number
from optilab.papers.mfac import algorithm as alg
from optilab.papers.mfac.experiment import SIZE, M, dense_network

Array = np.ndarray
m, lam, n = sp.symbols("m lambda n", positive=True)  # n = ‖g‖²
lam_1, lam_2 = sp.symbols("lambda_1 lambda_2", positive=True)
G = sp.Matrix(2, 2, sp.symbols("g_11 g_12 g_21 g_22", real=True))  # gradients, one a row
Lambda = sp.diag(lam_1, lam_2)


# The lesson


def check_alone(answer: Any) -> str:
    """gᵀF⁻¹g for a window of m slots that holds g alone, in n = ‖g‖², lam and m: n/(λ + n/m)."""
    found = formula(answer, "gᵀF⁻¹g", n, lam, m)
    unknown = found.free_symbols - {n, lam, m}
    assert not unknown, f"write it in exercises.n, lam and m alone, not in {sorted(map(str, unknown))}"
    right = n / (lam + n / m)
    assert not agrees(found, n / (lam + n)), "the divisor is m, the size of the window, even if it is nearly empty"
    assert not agrees(found, n / lam), "that is λI alone: g itself is in the window"
    assert not agrees(found, 1 / (lam + n / m)), "that is the factor of F⁻¹g = g/(λ + ‖g‖²/m): once more times g"
    numbers = {n: 2, lam: sp.Rational(1, 2), m: 3}
    off = f"at n = 2, λ = ½, m = 3 it is {right.subs(numbers)}, yours is {found.subs(numbers)}"
    assert agrees(found, right), off
    return "below m however long g is: one step lowers the loss, to first order, by less than lr · m."


def check_static(precompute: Callable[..., Any], ihvp: Callable[..., Any], seed: int | None = None) -> str:
    """`precompute(G, lam)` → V, delta and `ihvp(V, delta, lam, x)` must give F⁻¹x without a d × d array.

    On gradients drawn by `seed`. Recognises the divisor i, denominators with the updated vector, λ for 1/λ.
    """
    rng = np.random.default_rng(seed)
    rows, x, damping = rng.normal(size=(5, 8)), rng.normal(size=8), 0.3
    V, delta = precompute(rows.copy(), damping)
    found = array(ihvp(V, delta, damping, x.copy()), "F⁻¹x")
    assert np.shape(V) == rows.shape, f"V must be (m, d) = {rows.shape}, not {np.shape(V)}"
    assert np.shape(delta) == (5,), f"delta must be (m,) = (5,), not {np.shape(delta)}"
    fisher = alg.dense_fisher(rows, damping)
    mistakes = (
        ("i", "the divisor is m in every prefix, not the number of gradients so far"),
        ("after", "δᵢ = m + gᵢ·vᵢ with vᵢ = Fᵢ₋₁⁻¹gᵢ from before the update"),
        ("lam", "F₀⁻¹ is I/λ: divide by λ, don't multiply"),
    )
    for mistake, message in mistakes:
        wrong = _mistaken(rows, damping, x, mistake)
        assert not np.allclose(found, wrong, rtol=1e-6), message
    _close(found, np.linalg.solve(fisher, x), "F⁻¹x")
    large = rng.normal(size=(8, 20_000))
    tracemalloc.start()
    try:
        ihvp(*precompute(large, damping), damping, large[0])
        peak = tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()
    assert peak < 20, f"at d = 20,000 and m = 8 it takes {peak:.0f} MB where V has 1.3: is there more than m vectors?"
    return "m vectors and m numbers are the whole inverse: nothing that you wrote has d² entries."


def _mistaken(rows: Array, damping: float, x: Array, mistake: str) -> Array:
    """F⁻¹x by the static algorithm with one mistake."""
    scale = 1 / damping if mistake == "lam" else damping
    V, delta = np.zeros_like(rows), np.zeros(len(rows))
    for i, g in enumerate(rows):
        V[i] = g / scale - (V[:i] @ g / delta[:i]) @ V[:i]
        delta[i] = (i + 1 if mistake == "i" else len(rows)) + g @ V[i]
        if mistake == "after":
            after = V[i] - V[i] * (g @ V[i]) / delta[i]
            delta[i] = len(rows) + g @ after
    return x / scale - (V @ x / delta) @ V


def _close(found: Array, wanted: Array, name: str) -> None:
    """The relative difference must be below 1e-8."""
    assert found.shape == wanted.shape, f"{name} must have the shape {wanted.shape}, not {found.shape}"
    off = np.linalg.norm(found - wanted) / np.linalg.norm(wanted)
    assert off < 1e-8, f"{name} is off by {off:.2g} of its size from the dense inverse's"


# The assignment


def _square(answer: Any, name: str) -> sp.Matrix:
    """The answer as a 2 × 2 matrix of expressions in `G`, `m`, `lam_1` and `lam_2`."""
    assert isinstance(answer, sp.MatrixBase), f"{name} must be a SymPy matrix, got {type(answer).__name__}"
    assert answer.shape == (2, 2), f"{name} must be 2 × 2, one row for each gradient, not {answer.shape}"
    found = sp.Matrix(2, 2, [formula(entry, f"an entry of {name}", m, lam_1, lam_2, *G) for entry in answer])
    unknown = found.free_symbols - {m, lam_1, lam_2, *G}
    assert not unknown, f"write {name} in exercises.G, Lambda and m alone, not in {sorted(map(str, unknown))}"
    return found


def _zero(matrix: sp.Matrix) -> bool:
    """Whether all entries are 0."""
    return all(agrees(entry, 0) for entry in matrix)


def check_woodbury(inner: Any, L: Any) -> str:
    """`inner` must be mI + GΛ⁻¹Gᵀ for F = Λ + GᵀG/m, and `L` its unit lower triangle in L diag L^T.

    Recognises a missing m, 2 for m, Λ for Λ⁻¹, the d × d matrix for the m × m one, a factor whose diagonal isn't 1.
    """
    found, factor = _square(inner, "inner"), _square(L, "L")
    right = m * sp.eye(2) + G * Lambda.inv() * G.T
    assert not _zero(found - (right - (m - 1) * sp.eye(2))), "with I for mI the divisor m of the Fisher has got lost"
    assert not _zero(found - right.subs(m, 2)), "keep the symbol m: it is the size of any window, not only of this one"
    swapped = m * sp.eye(2) + G * Lambda * G.T
    assert not _zero(found - swapped), "that holds Λ where Woodbury has Λ⁻¹"
    columns = m * sp.eye(2) + G.T * Lambda.inv() * G
    assert not _zero(found - columns), "that has a row for each coordinate: between gradients it is G Λ⁻¹ Gᵀ"
    _agrees(found, right, "inner")
    ones = [sp.simplify(factor[i, i]) for i in range(2)]
    assert agrees(factor[0, 1], 0), f"L must be lower triangular, but L[0, 1] is {factor[0, 1]}"
    assert all(agrees(one, 1) for one in ones), (
        f"the diagonal of L must be 1, not {ones}: pivots stand in the middle, L diag Lᵀ"
    )
    triangle = sp.Matrix([[1, 0], [right[1, 0] / right[0, 0], 1]])
    without = sp.Matrix([[1, 0], [right[1, 0] / (right[0, 0] - m), 1]])
    assert not _zero(factor - without), "the pivot that L[1, 0] is divided by is m + d₁₁, with the m"
    _agrees(factor, triangle, "L")
    return "damping of every weight by itself costs nothing more: the triangle only sees gᵢᵀΛ⁻¹gⱼ."


def _agrees(found: sp.Matrix, right: sp.Matrix, name: str) -> None:
    """Entry by entry; what is wrong is said at numbers."""
    numbers = dict(zip([*G, m, lam_1, lam_2], [1, 2, 3, -1, 5, sp.Rational(1, 2), 4], strict=True))
    said = f"at G = [[1, 2], [3, −1]], m = 5, Λ = diag(½, 4) {name} is {right.subs(numbers).tolist()}"
    assert _zero(found - right), f"{said}, yours is {found.subs(numbers).tolist()}"


def check_window(push: Callable[..., Any], product: Callable[..., Any], seed: int | None = None) -> str:
    """`push(G, S, last, g)` → G, S, last and `product(G, S, lam, x)` must be the dense inverse after every push.

    On gradients drawn by `seed`, for t = 1 … 3m + 2. Recognises the number of filled slots as divisor, a window in
    which only the row or only the column of S is new, and one that changes what it is given.
    """
    rng = np.random.default_rng(seed)
    slots, d, damping = 4, 7, 0.3
    gradients, x = rng.normal(size=(3 * slots + 2, d)), rng.normal(size=d)
    rows, S, last = np.zeros((slots, d)), np.zeros((slots, slots)), 0
    for t, g in enumerate(gradients, start=1):
        given = rows.copy(), S.copy()
        state = push(rows, S, last, g.copy())
        same = np.array_equal(rows, given[0]) and np.array_equal(S, given[1])
        assert same, "push changes the arrays that it is given: copy them first, the old window may still be needed"
        rows, S, last = np.array(state[0], dtype=float), np.array(state[1], dtype=float), state[2]
        assert rows.shape == (slots, d), f"G must stay {(slots, d)}, not {rows.shape}"
        assert S.shape == (slots, slots), f"S must stay {(slots, slots)}, not {S.shape}"
        held = gradients[max(0, t - slots) : t]
        for kept in held:
            present = np.isclose(rows, kept).all(1).any()
            assert present, f"after push {t} one of the last {slots} gradients is not in G: overwrite the oldest slot"
        gram = rows @ rows.T
        i = (t - 1) % slots
        if not np.allclose(S, gram):
            row = np.allclose(S[i], gram[i]) and not np.allclose(S[:, i], gram[:, i])
            column = np.allclose(S[:, i], gram[:, i]) and not np.allclose(S[i], gram[i])
            which = "row" if row else "column" if column else ""
            assert not which, f"after push {t} only the {which} of S is new: GGᵀ is symmetric, both change"
        assert np.allclose(S, gram), f"after push {t} S is no longer GGᵀ"
        found = array(product(rows.copy(), S.copy(), damping, x.copy()), "F⁻¹x")
        filled = np.linalg.solve(damping * np.eye(d) + held.T @ held / len(held), x)
        if t < slots:
            message = "the divisor is m, the number of slots, while some are empty too"
            assert not np.allclose(found, filled), f"after push {t}: {message}"
        _close(found, np.linalg.solve(damping * np.eye(d) + held.T @ held / slots, x), f"after push {t} F⁻¹x")
    return "a ring needs no sorting: F is a sum, so the order of its rows makes no difference."


LAMS = np.logspace(-12, 1, 53)  # four a decade
REASONS = {
    "rank": "m gradients know little of d weights: 1 − λ(F⁻¹)ₖₖ is at most m/d in the mean",
    "damping": "λ is far above all eigenvalues of GᵀG/m",
    "exact": "the full Fisher is the Hessian, and the Hessian's ranking is by magnitude",
}


def taus(gradients: Array, w: Array, block: int | None, lams: Array = LAMS) -> Array:
    """Kendall's τ between saliency and |w| for every damping: (lams,)."""
    diagonals = [alg.fisher_inverse(gradients, damping, block).diagonal() for damping in lams]
    return np.array([kendalltau(alg.saliency(w, diagonal), abs(w)).statistic for diagonal in diagonals])


def check_ranking(gradients: Any, damping: float, least_full: float, why: str, seed: int = 0) -> str:
    """The damping from which the diagonal Fisher ranks as magnitude does, and the least τ of the full one.

    Recognises a damping at which τ is not yet 0.99 or was so long before, gradients of other shape or network, a least
    τ of another method, and the wrong reason.

    Parameters
    ----------
    gradients : array (128, 1723)
        Gradients of batches of 16 at the dense network of that seed.
    damping : float
        The smallest of `LAMS` with τ ≥ 0.99 between the diagonal Fisher's saliency and |w|.
    least_full : float
        The least τ of the full Fisher over `LAMS`.
    why : {"rank", "damping", "exact"}
        Why it is so high; see `REASONS`.
    seed : int
        Of the network.
    """
    fit, _, w = dense_network(seed)
    rows = array(gradients, "the gradients")
    damping, least_full = number(damping, "the damping"), number(least_full, "the least τ")
    assert rows.shape == (M, len(w)), f"the gradients must be {(M, len(w))}, one a row, not {rows.shape}"
    samples = fit.sample(np.random.default_rng(12345), (M, SIZE))
    own = fit.sample_grad(np.broadcast_to(w, rows.shape), samples)
    ratio = (rows**2).mean() / (own**2).mean()
    said = f"their mean square is {ratio:.2g} times that of batches of {SIZE} at the dense network of seed {seed}"
    assert 1 / 4 < ratio < 4, f"{said}: other batches, or sums for means?"
    sizes = [np.log((kind**2).mean(0) + 1e-12) for kind in (rows, own)]  # 0.95 for the same network, 0.4 for others
    alike = np.corrcoef(*sizes)[0, 1]
    assert alike > 0.8, f"these are no gradients of the network of seed {seed}: other weights have the large ones"
    assert why in REASONS, f"why must be one of {list(REASONS)}, got {why!r}"
    assert why != "damping", "at λ = 1e-12 too? There λ is below all eigenvalues but those that are 0"
    assert why == "rank", "with more gradients τ falls: it is not curvature that says so, but how little of it is known"
    tau = taus(rows, w, 1)
    right = LAMS[np.argmax(tau >= 0.99)]
    off = abs(np.log10(damping / right)) if damping > 0 else np.inf
    there = float(np.interp(np.log(max(damping, 1e-12)), np.log(LAMS), tau))
    assert off <= 0.5, f"at λ = {damping:.2g} τ is {there:.3f}; with your gradients it reaches 0.99 at another damping"
    full = taus(rows, w, None, LAMS[::4]).min()
    assert abs(least_full - tau.min()) > 0.02, "that is the least τ of the diagonal Fisher; the full one is asked for"
    assert abs(least_full - full) < 0.005, f"the full Fisher's least τ is not {least_full:.3f} with your gradients"
    return "what the full method gains it gains by making up for the weights that go, not by choosing better ones."
