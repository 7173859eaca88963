"""What SymPy derives: the drift of normalising, averages to first order in ε, smoothing and the partial trace."""

from functools import cache
from itertools import product
from typing import Any

import sympy as sp

from optilab.core.derive import Derivation

d, r, dt = sp.symbols("d r dt", positive=True)
a, m = sp.symbols("a m", real=True)
lam = sp.symbols("lambda", positive=True)
w = sp.symbols("w", real=True)


def hermite(k: int, x: sp.Expr) -> sp.Expr:
    """The Hermite polynomial h_k, of mean square 1 under the normal distribution, for k = 3 or 4."""
    return {3: (x**3 - 3 * x) / sp.sqrt(6), 4: (x**4 - 6 * x**2 + 3) / sp.sqrt(24)}[k]


# The chain


def drift_of_normalising() -> Derivation:
    """Back to length 1 after a tangential step of squared length r dt: the Itô term comes by itself."""
    return (
        Derivation(
            "Normalising supplies the drift",
            (1 + r * dt) ** sp.Rational(-1, 2),
            "θ + s has the squared length 1 + ‖s‖², as s is tangential; ‖s‖² = r dt with r = ‖Pξ‖²",
        )
        .then("to first order in dt", lambda e: sp.series(e, dt, 0, 2).removeO())
        .then("Pξ has d − 1 normal coordinates, so r is d − 1 in the mean: −(d−1)/2 θ dt", lambda e: e.subs(r, d - 1))
    )


# Means over the sphere of polynomials in z


def sphere_moment(powers: tuple[int, ...]) -> sp.Rational:
    """E Π zᵢ^{αᵢ} for z uniform on the unit sphere: Π (αᵢ − 1)!! / (d(d+2)…), 0 if any α is odd."""
    if any(power % 2 for power in powers):
        return sp.Integer(0)
    size = len(powers)
    below = sp.prod(size + 2 * i for i in range(sum(powers) // 2))
    return sp.prod(sp.factorial2(power - 1) for power in powers) / below


def mean(expr: Any, z: tuple[sp.Symbol, ...]) -> Any:
    """The mean over the sphere of a polynomial in z, or of every entry of a matrix of such."""
    if isinstance(expr, sp.MatrixBase):
        return expr.applyfunc(lambda entry: mean(entry, z))
    terms = sp.Poly(expr, *z).terms()
    return sp.expand(sum(coefficient * sphere_moment(powers) for powers, coefficient in terms))


@cache
def tensor(size: int, k: int) -> tuple[dict[tuple[int, ...], sp.Symbol], sp.Matrix, sp.Expr]:
    """Entries of a symmetric tensor by their sorted places, a point z, and f = ⟨T, z ⊗ … ⊗ z⟩."""
    z = sp.Matrix(sp.symbols(f"z_1:{size + 1}", real=True))
    T: dict[tuple[int, ...], sp.Symbol] = {}
    f = sp.Integer(0)
    for places in product(range(size), repeat=k):
        key = tuple(sorted(places))
        T.setdefault(key, sp.Symbol("T_" + "".join(str(place + 1) for place in key), real=True))
        f += T[key] * sp.prod(z[place] for place in places)
    return T, z, sp.expand(f)


def traced(size: int, k: int, *kept: int) -> sp.Expr:
    """The entry of the partial trace: Σ_j T_{kept, j, j}."""
    T, _, _ = tensor(size, k)
    return sp.Add(*(T[tuple(sorted((*kept, j, j)))] for j in range(size)))


def force(size: int, k: int) -> sp.Matrix:
    """The force b = P∇f at a point of the sphere, where z·∇f = kf."""
    _, z, f = tensor(size, k)
    gradient = sp.Matrix([sp.diff(f, one) for one in z])
    return (gradient - k * f * z).applyfunc(sp.expand)


def first_order_odd(size: int = 3, i: int = 0) -> Derivation:
    """An entry of the first moment to first order in ε, for k = 3: a multiple of the partial trace."""
    _, z, f = tensor(size, 3)
    points, n = tuple(z), i + 1
    return (
        Derivation(
            f"The mean to first order, k = 3, d = {size}",
            sp.expand(2 * f * z[i]),
            f"the density ∝ exp(2εf) is 1 + 2εf to first order, and E z = 0: per ε, what is added to z_{n} is 2f z_{n}",
        )
        .then(
            "its mean over the sphere: odd powers go, E zₐ⁴ = 3/(d(d+2)) and E zₐ²z_b² = 1/(d(d+2))",
            lambda e: mean(e, points),
        )
        .equals(
            sp.Mul(sp.Rational(6, size * (size + 2)), traced(size, 3, i), evaluate=False),
            f"6/(d(d+2)) times the partial trace, Σ_j T_{n}jj",
        )
        .equals(
            sp.Rational(2, size - 1) * mean(force(size, 3)[i], points),
            f"and that is 2/(d−1) E b_{n}: the force b = P∇f = ∇f − 3f z against the drift −(d−1)/2 θ",
        )
    )


def first_order_even(size: int = 3, i: int = 0, j: int = 1) -> Derivation:
    """An entry of the second moment to first order in ε, for k = 4: the partial trace without its own trace."""
    _, z, f = tensor(size, 4)
    points, a, b = tuple(z), i + 1, j + 1
    M = sp.Matrix(size, size, lambda row, column: traced(size, 4, row, column))
    push = force(size, 4)
    own = M[i, j] - (M.trace() / size if i == j else 0)
    return (
        Derivation(
            f"The second moment to first order, k = 4, d = {size}",
            sp.expand(2 * f * z[i] * z[j] - (2 * mean(f, points) / size if i == j else 0)),
            f"the same for the product z_{a} z_{b}: per ε, 2f z_{a} z_{b} is added, on the diagonal without 2E f/d",
        )
        .then("its mean over the sphere, now with sixth powers: d(d+2)(d+4) below", lambda e: mean(e, points))
        .equals(
            sp.Mul(sp.Rational(24, size * (size + 2) * (size + 4)), own, evaluate=False),
            f"24/(d(d+2)(d+4)) times an entry of M − tr M/d I, where M_ab = Σ_j T_abjj; here a = {a}, b = {b}",
        )
        .equals(
            mean(z[i] * push[j] + push[i] * z[j], points) / size,
            "and that is (1/d) E[z bᵀ + b zᵀ] with the force b = P∇f",
        )
    )


# Smoothing


def _smoothed(k: int) -> sp.Expr:
    """The mean of h_k((a + λ√r w)/√(1 + λ²)) where w is a coordinate of a uniform point of S^{d−2}."""
    s = 1 + lam**2
    x = (a + lam * sp.sqrt(r) * w) / sp.sqrt(s)
    moments = {0: sp.Integer(1), 2: 1 / (d - 1), 4: 3 / ((d - 1) * (d + 1))}
    return sum(
        coefficient * moments[power]
        for (power,), coefficient in sp.Poly(sp.expand(hermite(k, x)), w).terms()
        if power in moments
    )


def smoothing_three() -> Derivation:
    """C for k = 3, and where it is the partial trace."""
    S = _smoothed(3)
    short = (3 * a**2 + 3 * lam**2 * r / (d - 1) - 6 * a**2 * lam**2 / (d - 1)) / (1 + lam**2) ** sp.Rational(3, 2)
    return (
        Derivation("Smoothing is the partial trace", S, "S = E h₃(⟨x, θ + λz⟩/√(1+λ²)), a = ⟨θ, x⟩, r = ‖x_⊥‖²")
        .then(
            "its slope along the sphere is C x_⊥ with C = ∂S/∂a − 2a ∂S/∂r, as r = ‖x‖² − a²",
            lambda e: sp.diff(e, a) - 2 * a * sp.diff(e, r),
        )
        .equals((short - 3 / sp.sqrt(1 + lam**2)) / sp.sqrt(6), "sorted")
        .then("at λ² = (d − 1)/3", lambda e: e.subs(lam, sp.sqrt((d - 1) / 3)))
        .equals(
            3 / (sp.sqrt(2) * (d + 2) ** sp.Rational(3, 2)) * (a**2 + r - d - 2),
            "‖x‖² − d − 2 up to a factor: θ has gone, this is the partial trace, sample by sample",
        )
    )


def wide_smoothing() -> Derivation:
    """The limit of C for a large radius, k = 3."""
    S = _smoothed(3)
    C = sp.diff(S, a) - 2 * a * sp.diff(S, r)
    return (
        Derivation("A large radius", sp.simplify(lam * C), "λC for k = 3")
        .then("λ → ∞", lambda e: sp.limit(e, lam, sp.oo))
        .equals(sp.sqrt(6) / 2 * (r - 2 * a**2 - (d - 1)) / (d - 1), "θ comes back by a², with the other sign")
    )


def smoothing_four() -> Derivation:
    """C for k = 4."""
    S = _smoothed(4)
    s, second = 1 + lam**2, lam**2 / (d - 1)
    by_a = (4 * a**3 + 12 * a * second * r) / s**2 - 12 * a / s
    by_r = (6 * a**2 * second + 6 * lam**4 * r / ((d - 1) * (d + 1))) / s**2 - 6 * second / s
    return (
        Derivation("Smoothing for k = 4", S, "S = E h₄(⟨x, θ + λz⟩/√(1+λ²))")
        .then("C = ∂S/∂a − 2a ∂S/∂r", lambda e: sp.diff(e, a) - 2 * a * sp.diff(e, r))
        .equals((by_a - 2 * a * by_r) / sp.sqrt(24), "sorted")
        .then("without smoothing", lambda e: e.subs(lam, 0))
        .equals(2 * hermite(3, a), "h₄′(a) = 2h₃(a)")
    )


# The signal and the noise of one neuron


def normal_mean(expr: Any, *symbols: sp.Symbol) -> sp.Expr:
    """The mean of a polynomial in independent standard normal variables."""
    moments = (
        (coefficient, powers)
        for powers, coefficient in sp.Poly(sp.expand(expr), *symbols).terms()
        if not any(power % 2 for power in powers)
    )
    return sp.expand(sum(c * sp.prod(sp.factorial2(power - 1) for power in powers) for c, powers in moments))


def signal() -> Derivation:
    """E h₃(⟨u, x⟩) h₃(⟨v, x⟩) = m³ for unit vectors with ⟨u, v⟩ = m."""
    p, q = sp.symbols("p q", real=True)
    root = sp.symbols("c", positive=True)
    return (
        Derivation(
            "The signal of one neuron",
            hermite(3, p) * hermite(3, m * p + root * q),
            "u = θ*, v = θ = mu + cw with w ⊥ u: ⟨u, x⟩ = p and ⟨w, x⟩ = q are independent normal",
        )
        .then("the mean, term by term: 1, 3, 15 for p², p⁴, p⁶", lambda e: normal_mean(e, p, q))
        .then("c² = 1 − m²", lambda e: sp.expand(e.subs(root, sp.sqrt(1 - m**2))))
        .equals(m**3, "m³, of which nothing is left at the equator")
    )


def noise() -> Derivation:
    """The noise v = E[y² h₃′(s)²] at the equator, where y and s are independent: 3."""
    p = sp.symbols("s", real=True)
    return (
        Derivation(
            "The noise of one sample", sp.diff(hermite(3, p), p) ** 2, "h₃′(s)², and E y² = 1 is independent of s"
        )
        .then("the mean", lambda e: normal_mean(e, p))
        .equals(sp.Integer(3), "v = k: a step of length η is a Brownian motion of time 3η²")
    )
