"""Why the inverse never has to be formed: rank-one steps, a triangle, the brain surgeon's formula, bounded steps."""

import sympy as sp

from optilab.core.derive import Derivation

lam, m, t, lr = sp.symbols("lambda m t eta", positive=True)
s = sp.symbols("s", nonnegative=True)
G = sp.Matrix(2, 2, sp.symbols("g_11 g_12 g_21 g_22", real=True))  # gradients, one a row: m = 2, d = 2
x = sp.Matrix(sp.symbols("x_1 x_2", real=True))
w_1, mu = sp.symbols("w_1 mu", real=True)
delta_1, delta_2 = sp.symbols("delta_1 delta_2", real=True)
h_11, h_12, h_22 = sp.symbols("h_11 h_12 h_22", real=True)
H = sp.Matrix([[h_11, h_12], [h_12, h_22]])
S_11, S_12, S_13, S_22, S_23, S_33 = sp.symbols("S_11 S_12 S_13 S_22 S_23 S_33", real=True)
S = sp.Matrix([[S_11, S_12, S_13], [S_12, S_22, S_23], [S_13, S_23, S_33]])  # stands for GGᵀ/λ

M = 2  # gradients of the symbolic runs


def tidy(matrix: sp.Matrix) -> sp.Matrix:
    """Every entry as one fraction without common factors."""
    return matrix.applyfunc(lambda entry: sp.cancel(sp.together(entry)))


def rank_one(inverse: sp.Matrix, g: sp.Matrix) -> sp.Matrix:
    """F⁻¹ − F⁻¹ggᵀF⁻¹/(m + gᵀF⁻¹g): the inverse once ggᵀ/m has been added, m = 2."""
    v = inverse * g
    return tidy(inverse - v * v.T / (M + (g.T * v)[0]))


def prefixes() -> list[sp.Matrix]:
    """F₀⁻¹ = I/λ, F₁⁻¹ and F₂⁻¹ of the two gradients."""
    found = [sp.eye(2) / lam]
    for i in range(M):
        found.append(rank_one(found[-1], G[i, :].T))
    return found


def triangle(S: sp.Matrix, m: sp.Expr) -> sp.Matrix:
    """The upper triangle dᵢⱼ = Sᵢⱼ − Σ_{k<i} dₖᵢdₖⱼ/(m + dₖₖ) of S = GGᵀ/λ."""
    n = S.rows
    D = sp.zeros(n, n)
    for i in range(n):
        for j in range(i, n):
            total = S[i, j] - sum(D[k, i] * D[k, j] / (m + D[k, k]) for k in range(i))
            D[i, j] = sp.cancel(sp.together(total))
    return D


def lower(D: sp.Matrix, m: sp.Expr) -> sp.Matrix:
    """L̃ with ones on its diagonal and dₖᵢ/(m + dₖₖ) at row i, column k < i."""
    return sp.Matrix(D.rows, D.rows, lambda i, k: D[k, i] / (m + D[k, k]) if k < i else sp.Integer(int(i == k)))


def coefficients(D: sp.Matrix, m: sp.Expr) -> sp.Matrix:
    """The lower triangle bᵢⱼ = −Σ_{k=j}^{i−1} dₖᵢ/(m + dₖₖ) bₖⱼ with 1/λ on its diagonal."""
    B = sp.eye(D.rows) / lam
    for i in range(D.rows):
        for j in range(i):
            B[i, j] = sp.cancel(-sum(D[k, i] / (m + D[k, k]) * B[k, j] for k in range(j, i)))
    return B


def sherman_morrison() -> Derivation:
    """One gradient: the inverse of λI + ggᵀ/m along g, and across it."""
    g = G[0, :].T
    first = prefixes()[1]
    alone = g / (lam + (g.T * g)[0] / M)
    return (
        Derivation("One gradient", first, "F₁⁻¹ = I/λ − v₁v₁ᵀ/δ₁ with v₁ = g₁/λ and δ₁ = m + g₁·v₁, for m = d = 2")
        .then("times F₁ = λI + g₁g₁ᵀ/m", lambda inverse: inverse * (lam * sp.eye(2) + g * g.T / M))
        .equals(sp.eye(2), "it is the inverse (Sherman and Morrison)")
        .then("and of g₁ itself F₁⁻¹ makes", lambda _: tidy(first * g))
        .equals(alone, "g₁/(λ + ‖g₁‖²/m): the longer the gradient, the shorter the step")
    )


def two_rank_one_steps() -> Derivation:
    """Rank-one steps chain up to the inverse of the whole sum."""
    fisher = lam * sp.eye(2) + G.T * G / M
    return (
        Derivation(
            "One gradient after the other",
            prefixes()[2],
            "F₂⁻¹ = F₁⁻¹ − v₂v₂ᵀ/δ₂ with v₂ = F₁⁻¹g₂ and δ₂ = m + g₂·v₂, from gradients and λ alone",
        )
        .then("times F = λI + GᵀG/m", lambda inverse: tidy(inverse * fisher))
        .equals(sp.eye(2), "so V and δ hold the inverse: two vectors and two numbers, no matrix")
    )


def triangular_factor() -> Derivation:
    """The triangle of the recursion is the LDLᵀ factorisation of Woodbury's m × m matrix."""
    D = triangle(S, m)
    L = lower(D, m)
    return (
        Derivation(
            "The triangle is a factorisation",
            D,
            "D by the recursion, for three gradients and any symmetric S = GGᵀ/λ",
        )
        .then(
            "L̃ diag(m + dᵢᵢ) L̃ᵀ, where L̃ is 1 on its diagonal and dₖᵢ/(m + dₖₖ) in row i, column k < i",
            lambda D: L * sp.diag(*[m + D[i, i] for i in range(3)]) * L.T,
        )
        .equals(m * sp.eye(3) + S, "it is mI + GGᵀ/λ: the recursion is Gaussian elimination")
        .then("and B by its recursion, times L̃", lambda _: coefficients(D, m) * L)
        .equals(sp.eye(3) / lam, "so B = L̃⁻¹/λ: nothing but triangles of m × m numbers")
    )


def dynamic_product() -> Derivation:
    """The dynamic algorithm's product is that of the rank-one steps, and of Woodbury's formula."""
    D = triangle(G * G.T / lam, sp.Integer(M))
    B = coefficients(D, sp.Integer(M))
    q = (G * x / lam)[:]
    q[1] -= D[0, 1] * q[0] / (M + D[0, 0])
    weights = sp.Matrix([[q[i] / (M + D[i, i]) for i in range(M)]]) * B
    product = tidy(x / lam - (weights * G).T)
    woodbury = x / lam - G.T * (M * sp.eye(2) + G * G.T / lam).inv() * G * x / lam**2
    return (
        Derivation(
            "The dynamic product",
            product,
            "x/λ − Σᵢ cᵢgᵢ with c = (q/(m + dᵢᵢ))B and qᵢ = gᵢᵀFᵢ₋₁⁻¹x, for G (2 × 2) and any x",
        )
        .then("less F₂⁻¹x after two rank-one steps", lambda found: tidy(found - prefixes()[2] * x))
        .equals(sp.zeros(2, 1), "nothing is left: static and dynamic algorithm agree")
        .then("less Woodbury's x/λ − Gᵀ(mI + GGᵀ/λ)⁻¹Gx/λ²", lambda _: tidy(product - woodbury))
        .equals(sp.zeros(2, 1), "nothing either: it is Woodbury's formula, solved by triangles")
    )


def brain_surgeon() -> Derivation:
    """Which weight to drop, and where the others go: minimise ½δᵀHδ with δ₁ = −w₁."""
    move = sp.Matrix([delta_1, delta_2])
    lagrangian = (move.T * H * move)[0] / 2 + mu * (delta_1 + w_1)
    equations = tuple(sp.Eq(sp.diff(lagrangian, unknown), 0) for unknown in (delta_1, delta_2, mu))
    inverse = H.inv()
    formula = -w_1 / inverse[0, 0] * inverse[:, 0]

    def solve(system: tuple[sp.Eq, ...]) -> sp.Matrix:
        solution = sp.solve(system, (delta_1, delta_2, mu), dict=True)[0]
        return tidy(sp.Matrix([solution[delta_1], solution[delta_2]]))

    return (
        Derivation(
            "The optimal brain surgeon",
            equations,
            "the slopes of ½δᵀHδ + μ(δ₁ + w₁) are 0: the loss grows as little as possible while w₁ goes to 0",
        )
        .then("solve for δ", solve)
        .equals(tidy(formula), "that is −w₁/(H⁻¹)₁₁ times the first column of H⁻¹: the others make up for w₁")
        .then("what it costs, ½δᵀHδ", lambda delta: sp.cancel((delta.T * H * delta)[0] / 2))
        .equals(w_1**2 / (2 * inverse[0, 0]), "w₁²/(2(H⁻¹)₁₁), the saliency: drop the weight that has the smallest")
    )


def large_damping() -> Derivation:
    """With huge damping every weight is alike and only its size counts."""
    entry = prefixes()[2][0, 0]
    return (
        Derivation("Too much damping", sp.cancel(lam * entry), "λ(F₂⁻¹)₁₁ of the two gradients")
        .then("λ → ∞", lambda e: sp.limit(e, lam, sp.oo))
        .equals(sp.Integer(1), "(F⁻¹)ₖₖ → 1/λ for all k, so ρₖ → λwₖ²/2: the ranking is by magnitude")
    )


def bounded_step() -> Derivation:
    """Insert first, then precondition: the step is bounded whatever the gradient."""
    squared = s / (1 + s / m) ** 2
    return (
        Derivation(
            "A step is never long",
            squared / lam,
            "‖u‖² at most: u = F⁻¹g = M⁻¹g/(1 + s/m) with M = F − ggᵀ/m ⪰ λI and s = gᵀM⁻¹g, so ‖M⁻¹g‖² ≤ s/λ",
        )
        .at_most(
            m / (4 * lam), [(m / (4 * lam * (m + s) ** 2), m - s)], "whatever s, that is whatever g: largest at s = m"
        )
        .then("so a step of size η is at most", lambda bound: lr * sp.sqrt(bound))
        .then("and t of them lead no further than", lambda step: t * step)
    )


def bounded_decrease() -> Derivation:
    """To first order one step decreases the loss by less than η m."""
    return Derivation(
        "A step never promises much",
        s / (1 + s / m),
        "gᵀF⁻¹g: to first order a step lowers the loss by η times this",
    ).at_most(m, [(m**2 / (m + s), sp.Integer(1))], "less than m: with few gradients η has to be larger")
