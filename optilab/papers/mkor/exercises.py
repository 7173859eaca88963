"""Checks for the assignment on MKOR: each says what is wrong, not only that something is."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import sympy as sp

from optilab.course.forms import array, formula, number, shown
from optilab.papers.mkor.experiment import hits, mean_steps, race

gamma = sp.Symbol("gamma", positive=True)
p, k, r, v1, v2 = sp.symbols("p k r v1 v2", real=True)
SYMBOLS = (gamma, p, k, r, v1, v2)
FINV, V = sp.Matrix([[p, k], [k, r]]), sp.Matrix([v1, v2])  # to be used in the answers on rules
U = FINV * V
S = (V.T * U)[0]
Array = np.ndarray


# Rules, in symbols


def understood(answer: Any) -> sp.Matrix:
    """The answer as a 2×2 matrix in the symbols of `FINV`, `V` and `gamma`, recognised by name."""
    if not isinstance(answer, sp.MatrixBase):
        rows = isinstance(answer, list | tuple | np.ndarray)
        assert rows, f"a 2×2 SymPy matrix is asked for, got {shown(answer)}"
        answer = sp.Matrix(answer)
    assert answer.shape == (2, 2), f"a 2×2 matrix is asked for, not one of shape {answer.shape}"
    entries = [formula(entry, "an entry", *SYMBOLS) for entry in answer]
    strange = sorted({symbol.name for entry in entries for symbol in entry.free_symbols - set(SYMBOLS)})
    assert not strange, f"write it in exercises.FINV, exercises.V and exercises.gamma alone, not in {strange}"
    return sp.Matrix(2, 2, entries)


def agree(answer: sp.Matrix, other: sp.Matrix) -> bool:
    """Whether two matrices have the same values at random points, however they are written."""
    points = np.random.default_rng(0).uniform([0.4, 1.0, -0.3, 1.0, -0.6, -0.6], [0.9, 2.0, 0.3, 2.0, 0.6, 0.6], (8, 6))
    left, right = (sp.lambdify(SYMBOLS, list(matrix)) for matrix in (answer, other))
    return all(np.allclose(left(*point), right(*point), rtol=1e-9, atol=1e-9) for point in points)


def rule(first: Any, second: Any) -> sp.Matrix:
    """The matrix first · F⁻¹ + second · uuᵀ with u = F⁻¹v."""
    return first * FINV + second * U * U.T


EXACT = rule(1 / gamma, -(1 - gamma) / gamma**2 / (1 + (1 - gamma) / gamma * S))
PRINTED = rule(gamma, (1 - gamma) / (gamma**2 * (1 + gamma * (1 - gamma) * S)))


def check_rule(new: Any) -> str:
    """The inverse of γF + (1 − γ)vvᵀ from F⁻¹ and v.

    Recognises the printed rule, a forgotten 1/γ, (1 − γ)², and γ(1 − γ)s in the denominator.
    """
    new = understood(new)
    share = (1 - gamma) / gamma
    slips = [
        (PRINTED, "that is the rule as printed: it adds where the identity subtracts, and inverts another matrix"),
        (rule(1, -share / gamma / (1 + share * S)), "F⁻¹ itself is scaled, too: the inverse of γF is F⁻¹/γ"),
        (rule(1 / gamma, -share / (1 + share * S)), "u comes from F⁻¹/γ on both sides: uuᵀ is divided by γ²"),
        (
            rule(1 / gamma, -((1 - gamma) ** 2) / gamma**2 / (1 + share * S)),
            "vvᵀ is weighed by 1 − γ, so each v by √(1 − γ): no (1 − γ)²",
        ),
        (
            rule(1 / gamma, -share / gamma / (1 + gamma * (1 - gamma) * S)),
            "below stands 1 + (1 − γ)s/γ: s is measured by the inverse of γF",
        ),
    ]
    for slip, message in slips:
        assert not agree(new, slip), message
    assert agree(new, EXACT), "times γF + (1 − γ)vvᵀ it isn't I: put A = γF and w = √(1 − γ)v into the identity"
    return "one product F⁻¹v and one outer product: d² work where an inversion takes d³."


def check_undo(old: Any) -> str:
    """The inverse of F as it was *before* an update by v, from the present F⁻¹: F_old = (F − (1 − γ)vvᵀ)/γ.

    Recognises the update itself, the printed rule, a wrong sign, a wrong denominator and a forgotten γ.
    """
    old = understood(old)
    down, up = 1 - (1 - gamma) * S, 1 + (1 - gamma) * S
    slips = [
        (EXACT, "that is one more update by v: here v is to be taken out again"),
        (PRINTED, "that is the rule as printed: its shape is right here, its factors aren't"),
        (
            rule(gamma, -gamma * (1 - gamma) / down),
            "the sign: without v there is less curvature, so F⁻¹ is larger along u",
        ),
        (rule(gamma, gamma * (1 - gamma) / up), "below stands 1 − (1 − γ)s: a matrix is taken away, not added"),
        (rule(1, (1 - gamma) / down), "F_old is divided by γ, so its inverse is multiplied by γ"),
        (rule(gamma, (1 - gamma) / down), "the factor γ belongs to both terms"),
        (rule(1, gamma * (1 - gamma) / down), "the factor γ belongs to both terms"),
        (rule(gamma, gamma * (1 - gamma) ** 2 / down), "vvᵀ is weighed by 1 − γ, so each v by √(1 − γ): no (1 − γ)²"),
    ]
    for slip, message in slips:
        assert not agree(old, slip), message
    right = rule(gamma, gamma * (1 - gamma) / down)
    assert agree(old, right), "times (F − (1 − γ)vvᵀ)/γ it isn't I: use the identity with −w wᵀ"
    return "it adds uuᵀ, as the printed rule does: adding to F⁻¹ is how curvature is forgotten, not how it is learnt."


# The code


def positive(rng: np.random.Generator, d: int) -> Array:
    """A random symmetric positive definite matrix."""
    root = rng.normal(size=(d, d))
    return root @ root.T / d + 0.5 * np.eye(d)


def check_update(update: Callable[..., Any], seed: int | None = None) -> str:
    """`update(Finv, vectors, gamma)` must invert γF + (1 − γ)Σᵢcᵢcᵢᵀ for the rows cᵢ of `vectors`, from F⁻¹.

    On data drawn by `seed`, and on a singular F⁻¹, of which only the update without an inversion can make something.
    Recognises a 1/γ for every vector, √(1 − γ) forgotten, a mean for the sum, and an inversion.
    """
    rng = np.random.default_rng(seed)
    F, C, g = positive(rng, 6), rng.normal(size=(3, 6)), float(rng.uniform(0.6, 0.9))
    Finv, total = np.linalg.inv(F), C.T @ C
    answer = array(update(Finv.copy(), C.copy(), g), "the new inverse")
    assert answer.shape == F.shape, f"the new inverse must have the shape of Finv, {F.shape}, not {answer.shape}"
    each = sum(g ** (2 - i) * (1 - g) * np.outer(c, c) for i, c in enumerate(C))
    wrong = [
        (g**3 * F + each, "scale by 1/γ once, not per vector"),
        (g * F + total, "each cᵢ is weighed by √(1 − γ)"),
        (g * F + (1 - g) ** 2 * total, "each cᵢ is weighed by √(1 − γ), not by 1 − γ"),
        (g * F + (1 - g) * total / 3, "the sum of cᵢcᵢᵀ is asked for, not their mean"),
        (F + (1 - g) * total, "the old F is weighed by γ: where is F⁻¹/γ?"),
    ]
    for matrix, message in wrong:
        assert not np.allclose(answer, np.linalg.inv(matrix), rtol=1e-8), message
    off = abs(answer - np.linalg.inv(g * F + (1 - g) * total)).max()
    assert off < 1e-9, f"it is not the inverse: off by {off:.2g}"
    flat = np.diag([1.0, 2.0, 0.0])
    u = flat @ C[0, :3]
    limit = flat / g - (1 - g) / g**2 / (1 + (1 - g) / g * (C[0, :3] @ u)) * np.outer(u, u)
    inverts = "the update inverts F⁻¹, the d³ that MKOR does without: it fails where a direction of F⁻¹ has shrunk to 0"
    try:
        answer = array(update(flat.copy(), C[:1, :3].copy(), g), "the new inverse")
    except Exception as error:
        raise AssertionError(inverts) from error
    assert np.allclose(answer, limit, rtol=1e-8, atol=1e-9), inverts
    return "a rank-r update costs r rank-one updates: with all samples it is KFAC's running mean, never inverted."


def check_cost(update: Callable[..., Any]) -> str:
    """`update` with 60 vectors of 1200 entries, in the time that the `exam` around leaves."""
    rng = np.random.default_rng(0)
    try:
        update(np.eye(1200), rng.normal(size=(60, 1200)), 0.9)
    except AssertionError as error:
        slow = "60 vectors of 1200 entries take too long: multiply matrices by vectors, (F⁻¹c)(F⁻¹c)ᵀ, not by matrices"
        raise AssertionError(slow if "longer than" in str(error) else str(error)) from error
    return "sixty vectors at d = 1200 take a moment."


def row_sum(F: Array) -> float:
    """‖F‖∞."""
    return float(abs(F).sum(1).max())


def spectral(F: Array) -> float:
    """The largest singular value."""
    return float(np.linalg.norm(F, 2))


def largest_entry(F: Array) -> float:
    """The largest entry in size."""
    return float(abs(F).max())


def dense_update(
    Finv: Array,
    v: Array,
    g: float,
    zeta: float,
    eps: float,
    norm: Callable[[Array], float] = row_sum,
    late: bool = False,
) -> Array:
    """A stabilised update by inversion; with another norm in the stabiliser, or stabilised too late, if asked."""

    def stabilised(F: Array) -> Array:
        return zeta * F + (1 - zeta) * np.eye(len(F)) if norm(F) > eps else F

    before = Finv if late else stabilised(Finv)
    new = np.linalg.inv(g * np.linalg.inv(before) + (1 - g) * np.outer(v, v))
    return stabilised(new) if late else new


def _same(answer: tuple[Array, ...], expected: tuple[Array, ...]) -> bool:
    return all(np.allclose(mine, theirs, rtol=1e-8, atol=1e-10) for mine, theirs in zip(answer, expected, strict=True))


def check_direction(direction: Callable[..., Any], seed: int | None = None) -> str:
    """`direction(Linv, Rinv, A, Delta, G, gamma, zeta, eps)` → (dW, Linv, Rinv), one layer's step of Algorithm 1.

    On data drawn by `seed`, with factors below ε and above it. Recognises a stabiliser after the update, another norm
    in it, Δ divided by b, no rescaling.
    """
    rng = np.random.default_rng(seed)
    out, into, b = 4, 12, 8
    A = np.column_stack([rng.normal(size=(b, into - 1)) + 1, np.ones(b)])
    Delta = rng.normal(size=(b, out))
    w = np.array([6.0, *[1.0] * 11])
    below = positive(rng, out), positive(rng, into)
    above = 80 * positive(rng, out), np.eye(into) + np.outer(w, w)
    for Linv, Rinv in (below, above):
        _check_step(direction, Linv, Rinv, A, Delta)
    return "stabilise, update, precondition, rescale: two mean vectors are all that a worker has to send."


def _check_step(direction: Callable[..., Any], Linv: Array, Rinv: Array, A: Array, Delta: Array) -> None:
    """Compare one step with that by inversion, and name the slip if there is one."""
    g, zeta, eps, b = 0.9, 0.7, 50.0, len(A)
    G, means = Delta.T @ A / b, (Delta.mean(0), A.mean(0))
    result = direction(Linv.copy(), Rinv.copy(), A.copy(), Delta.copy(), G.copy(), g, zeta, eps)
    assert isinstance(result, tuple | list), "give back three things: dW, Linv, Rinv"
    assert len(result) == 3, "give back three things: dW, Linv, Rinv"
    dW, *factors = (array(part, name) for part, name in zip(result, ("dW", "Linv", "Rinv"), strict=True))
    shapes = [part.shape for part in (dW, *factors)]
    assert shapes == [G.shape, Linv.shape, Rinv.shape], f"dW, Linv, Rinv have the shapes {shapes}"

    def pair(d: Array = means[0], **options: Any) -> tuple[Array, Array]:
        left, right = ((Linv, d), (Rinv, means[1]))
        return dense_update(*left, g, zeta, eps, **options), dense_update(*right, g, zeta, eps, **options)

    new, found = pair(), (factors[0], factors[1])
    if not _same(found, new):
        assert not _same(found, pair(late=True)), (
            "the stabiliser acts before the update, on the factor that is too large"
        )
        elsewhere = "the threshold is on ‖F⁻¹‖∞, the largest row sum, not on the largest singular value or entry"
        assert not any(_same(found, pair(norm=norm)) for norm in (spectral, largest_entry)), elsewhere
        assert not _same(found, pair(norm=lambda F: 0.0)), "the stabiliser is missing: a factor above ε is pulled to I"
        divided = "the rows of Delta are each sample's own derivatives: their mean divides by b once, not twice"
        assert not _same(found, pair(means[0] / b)), divided
        raise AssertionError("Linv or Rinv isn't the inverse of γF + (1 − γ)vvᵀ with v the mean row")
    free = new[0] @ G @ new[1]
    assert not _same((dW,), (free,)), "dW must be brought to the length of G: without that the rate doesn't carry over"
    wanted = free * np.linalg.norm(G) / np.linalg.norm(free)
    assert _same((dW,), (wanted,)), "dW isn't L⁻¹GR⁻¹ with the new inverses, at the length of G"


# The stabiliser's ζ


def check_zeta(zeta: Any) -> str:
    """A ζ for γ = 0.9 that keeps F⁻¹ in an unseen direction at 5 at most, the stabiliser acting on every update."""
    value = number(zeta, "ζ")
    assert 0 <= value <= 1, f"ζ is between 0 and 1, not {value:g}"
    assert value != 0.9, "at ζ = γ F⁻¹ grows by the same amount at every update: there is no x*"
    assert value < 0.9, (
        f"at ζ = {value:g} the formula gives {(1 - value) / (0.9 - value):.3g}, which is below 5, but for ζ > γ "
        "nothing settles there: the distance to it grows by ζ/γ at every update"
    )
    found = (1 - value) / (0.9 - value)
    assert found <= 5 + 1e-9, f"at ζ = {value:g} it settles at (1 − ζ)/(γ − ζ) = {found:.3g}, above 5"
    return f"it settles at {found:.3g}: ζ must stay clear of γ, not only below it."


# The experiment

OURS, THEIRS, CAP = [0.1, 0.3], [0.03, 0.1, 0.3], 300
SHIFTS = [1.0, 1.25, 1.5, 1.75, 2.0, 2.25, 2.5, 2.75, 3.0]


@lru_cache(32)
def mean_by_rate(method: str, shift: float, seeds: range) -> dict[float, float]:
    """Mean steps to a loss of 0.1 at each of a method's rates, a miss counted as 300."""
    rates = OURS if method == "MKOR" else THEIRS
    means = mean_steps(hits(race(method, seeds, shift, lr=rates, steps=CAP)), CAP)
    return dict(zip(rates, means.tolist(), strict=True))


def check_smallest(
    ratio: Callable[[float, range], float], smallest: Any, shift: float = 3.0, seeds: range = range(20, 25)
) -> str:
    """`ratio(shift, seeds)`, mean steps of MKOR over SGD's at their best rates; and the least shift with 2/3 or less.

    Recognises SGD at one rate only, and the ratio upside down.

    Parameters
    ----------
    ratio : function
        The student's.
    smallest : float
        One of `SHIFTS`.
    shift, seeds
        Where `ratio` is tried.
    """
    answer = number(ratio(shift, seeds), "the ratio")
    ours, sgd = min(mean_by_rate("MKOR", shift, seeds).values()), mean_by_rate("SGD", shift, seeds)
    right = ours / min(sgd.values())
    assert not np.isclose(answer, 1 / right, rtol=0.02), "upside down: MKOR's steps over SGD's are asked for"
    for rate, steps in sgd.items():
        value = ours / steps
        one = np.isclose(answer, value, rtol=0.02) and not np.isclose(value, right, rtol=0.02)
        assert not one, f"that is SGD at {rate} alone: give it its best rate at every shift, as MKOR has it"
    close = abs(answer - right) <= 0.1 * right
    assert close, f"at shift {shift:g}, seeds {seeds.start} to {seeds.stop - 1}, it is {right:.3f}, got {answer:.3f}"
    smallest = number(smallest, "smallest")
    assert smallest in SHIFTS, f"smallest must be one of {SHIFTS}, got {smallest:g}"
    assert smallest != 1, "1 is what a comparison with SGD fixed at 0.03 gives: tune SGD too"
    assert smallest > 1.25, f"at shift {smallest:g} MKOR still needs about 0.8 of SGD's steps"
    assert smallest <= 2, f"long before shift {smallest:g} the ratio is below 2/3: go through the shifts from 1 on"
    return "there the first layer's inputs are off rank one by about 0.15: that is how flat a second moment has to be."
