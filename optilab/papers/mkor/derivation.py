"""Why a rank-one update needs no inversion, why the printed rule isn't that inverse, when a factor stays bounded."""

import sympy as sp

from optilab.core.derive import Derivation

gamma, zeta, q, s = sp.symbols("gamma zeta q s", positive=True)
l1, l2 = sp.symbols("l_1 l_2", positive=True)
g1, g2 = sp.symbols("g_1 g_2", real=True)
t = sp.symbols("t", integer=True, nonnegative=True)
DIAGONAL = sp.diag(l1, l2)
VECTOR = sp.Matrix([g1, g2])


def exact_rule(Finv: sp.Matrix, v: sp.Matrix) -> sp.Matrix:
    """The exact update of F⁻¹ by v."""
    u = Finv * v
    size = (v.T * u)[0]
    return Finv / gamma - (1 - gamma) / gamma**2 / (1 + (1 - gamma) / gamma * size) * u * u.T


def printed_rule(Finv: sp.Matrix, v: sp.Matrix) -> sp.Matrix:
    """The update of F⁻¹ by v as the paper prints it."""
    u = Finv * v
    size = (v.T * u)[0]
    return gamma * Finv + (1 - gamma) / (gamma**2 * (1 + gamma * (1 - gamma) * size)) * u * u.T


def tidy(matrix: sp.Matrix) -> sp.Matrix:
    """Every entry over one denominator, what cancels cancelled, and factored."""
    return matrix.applyfunc(lambda entry: sp.factor(sp.cancel(sp.together(entry))))


def exact_is_the_inverse() -> Derivation:
    """The exact rule times γL + (1 − γ)ggᵀ is I; L is diagonal here, as it is in its own eigenvectors."""
    L, g = DIAGONAL, VECTOR
    average = gamma * L + (1 - gamma) * g * g.T
    return Derivation("The exact rule", average, "the running mean: a share γ of the old L, 1 − γ of the new ggᵀ").then(
        "times the exact rule's new L⁻¹, which takes the one product u = L⁻¹g: nothing is left but I",
        lambda M: tidy(exact_rule(L.inv(), g) * M),
    )


def printed_is_not() -> Derivation:
    """The printed rule times the same mean isn't I, not even in one dimension."""
    one = sp.Matrix([[1]])
    return (
        Derivation(
            "The printed rule",
            (gamma + (1 - gamma) * q**2) * printed_rule(one, sp.Matrix([[q]]))[0],
            "one dimension, L = 1 and g = q: the running mean times the printed rule, 1 if that is its inverse",
        )
        .then("at γ = 9/10", lambda e: sp.factor(e.subs(gamma, sp.Rational(9, 10))))
        .then("and at q = 10 it is about 23.3", lambda e: e.subs(q, 10))
    )


def what_printed_inverts() -> Derivation:
    """The printed rule is the inverse of L/γ with curvature along g taken away."""
    u1, u2 = sp.symbols("u_1 u_2", real=True)
    beta, kappa = sp.symbols("beta kappa", positive=True)
    g, u = VECTOR, sp.Matrix([u1, u2])
    L, size = sp.diag(g1 / u1, g2 / u2), g1 * u1 + g2 * u2  # so that L u = g
    rest = (L / gamma - kappa * g * g.T) * (gamma * L.inv() + beta * u * u.T) - sp.eye(2)
    same_everywhere = {sp.cancel(sp.together(rest[i, j] / (g[i] * u[j]))) for i in range(2) for j in range(2)}
    (multiple,) = same_everywhere
    printed_beta = (1 - gamma) / (gamma**2 * (1 + gamma * (1 - gamma) * s))
    return (
        Derivation(
            "What the printed rule inverts",
            multiple,
            "(L/γ − κggᵀ)(γL⁻¹ + βuuᵀ) = I + this · guᵀ: a guess times the printed rule with its β, and u = L⁻¹g",
        )
        .equals(beta / gamma - kappa * (gamma + beta * size), "collect κ")
        .then("this is to vanish; s = gᵀu", lambda e: sp.Eq(e.subs(size, s), 0))
        .then("solve for κ", lambda e: sp.solve(e, kappa)[0])
        .then("with the printed β", lambda e: e.subs(beta, printed_beta))
        .equals(
            (1 - gamma) / (gamma * (gamma**3 + (1 - gamma) * (1 + gamma**4) * s)),
            "positive: the printed rule inverts L/γ − κggᵀ, so curvature along g is taken away, not added",
        )
    )


def steep_direction() -> Derivation:
    """In one dimension: what a large g does to L⁻¹, as a system (exact, printed)."""
    one, step = sp.Matrix([[1]]), sp.Matrix([[q]])
    first, second = sp.symbols("exact printed")
    both = (sp.Eq(first, exact_rule(one, step)[0]), sp.Eq(second, printed_rule(one, step)[0]))
    return Derivation("A steep direction", both, "L⁻¹ = 1 and one gradient of size q, both rules").then(
        "q → ∞: the exact rule shortens the step to nothing, the printed one lengthens it",
        lambda lines: tuple(sp.Eq(line.lhs, sp.limit(line.rhs, q, sp.oo)) for line in lines),
    )


def gram_determinant() -> Derivation:
    """The lemma a s − b² = det(F⁻¹)(x₁g₂ − x₂g₁)² for a symmetric 2×2 matrix F⁻¹."""
    p, r = sp.symbols("p r", positive=True)
    k = sp.symbols("k", real=True)
    x, Finv = sp.Matrix(sp.symbols("x_1 x_2", real=True)), sp.Matrix([[p, k], [k, r]])
    a, b, size = ((y.T * Finv * z)[0] for y, z in ((x, x), (x, VECTOR), (VECTOR, VECTOR)))
    return Derivation(
        "Cauchy and Schwarz",
        sp.expand(a * size - b**2),
        "a s − b² with a = xᵀF⁻¹x, b = xᵀF⁻¹g, s = gᵀF⁻¹g, and F⁻¹ with entries p, k, k, r",
    ).equals((p * r - k**2) * (x[0] * g2 - x[1] * g1) ** 2, "det(F⁻¹) times a square: not negative")


def stays_positive() -> Derivation:
    """The form xᵀF⁻¹x stays positive for every x ≠ 0 under the exact rule."""
    a, s_, c, det = sp.symbols("a s c Delta", positive=True)
    b = sp.symbols("b", real=True)
    x1, x2 = sp.symbols("x_1 x_2", real=True)
    return (
        Derivation(
            "The inverse stays positive",
            a - c * b**2 / (1 + c * s_),
            "γ xᵀF⁻¹x after an exact update; before it xᵀF⁻¹x = a > 0, xᵀF⁻¹g = b, gᵀF⁻¹g = s, and c = (1 − γ)/γ",
        )
        .equals((a + c * (a * s_ - b**2)) / (1 + c * s_), "over one denominator")
        .then("the line above, Δ = det(F⁻¹) > 0", lambda e: e.subs(a * s_ - b**2, det * (x1 * g2 - x2 * g1) ** 2))
        .at_least(a / (1 + c * s_), [(c * det / (1 + c * s_), x1 * g2 - x2 * g1)], "positive whatever x ≠ 0 and g are")
    )


def four_terms() -> Derivation:
    """The stabilised direction is a mixture of four; the letters are matrices, which don't commute."""
    L, G, R = sp.symbols("L^{-1} G R^{-1}", commutative=False)
    left, right = zeta * L + (1 - zeta), zeta * R + (1 - zeta)
    return Derivation(
        "What the stabiliser mixes", left * G * right, "both factors pulled towards I, the gradient between them"
    ).equals(
        zeta**2 * L * G * R + zeta * (1 - zeta) * (L * G + G * R) + (1 - zeta) ** 2 * G,
        "both factors, each alone, and the plain gradient: a path from SGD (ζ = 0) to the full direction (ζ = 1)",
    )


def growth() -> Derivation:
    """An unseen direction under a stabiliser that acts on every update."""
    x, star = sp.symbols("x x_*")
    update = (zeta * x + 1 - zeta) / gamma
    rest = Derivation(
        "An unseen direction",
        sp.Eq(star, update.subs(x, star)),
        "no v excites it: the stabiliser makes ζx + 1 − ζ of it, the update divides by γ; x⋆ is what stays",
    ).then("solve for x⋆: positive only if ζ < γ", lambda e: sp.Eq(star, sp.solve(e, star)[0]))
    found = rest.result.rhs

    def after(updates: sp.Expr) -> sp.Expr:
        return found + sp.diff(update, x) ** updates * (1 - found)

    return (
        rest.then("the distance to it is multiplied by ζ/γ at every update, from x₀ = 1 on", lambda _: after(t))
        .then("one more update of that", lambda e: update.subs(x, e))
        .equals(after(t + 1), "the same formula at t + 1: it shrinks to x⋆ for ζ < γ and grows for ζ > γ")
    )
