"""Where K₀ and K₁ come from, why walls defeat a fixed step, the hypergradient and its recursion, sums that unroll."""

import sympy as sp

from optilab.core.derive import Derivation

G, M, mu, nu, h, beta, W, d = sp.symbols("G M mu nu h beta W d", positive=True)
l1, l2 = sp.symbols("l_g1 l_g2", positive=True)
Lx0, Lx1, Ly0, Ly1 = sp.symbols("L_x0 L_x1 L_y0 L_y1", positive=True)
a, b, x, y, z, z0 = sp.symbols("a b x y z z_0", real=True)
T1, E = sp.symbols("T_1 E", integer=True, positive=True)
s, k = sp.symbols("s k", integer=True, nonnegative=True)

wall = sp.exp(-x) + sp.exp(x - W)  # u, the walls at 0 and W in one coordinate of x
slope = sp.Symbol("u'", nonnegative=True)  # |u'|


# 1. The smoothness of Φ


def inverse_difference() -> Derivation:
    """The difference of two inverses, entry by entry for 2 × 2 matrices."""
    A, B = (sp.Matrix(2, 2, sp.symbols(f"{name}_11 {name}_12 {name}_21 {name}_22")) for name in "ab")
    return Derivation("Difference of two inverses", A.inv() - B.inv(), "A and B stand for ∇²ᵧᵧg at two points").equals(
        A.inv() * (B - A) * B.inv(), "so ‖A⁻¹ − B⁻¹‖ ≤ ‖B − A‖/μ² where both inverses are at most 1/μ"
    )


def smoothness_constants() -> Derivation:
    """K₀ and K₁ by a chain of triangle inequalities, the bound being affine in ‖∇Φ‖ = G."""
    stretch = sp.sqrt(1 + l1**2 / mu**2)
    upper = Lx0 + Lx1 * (G + l1 * M / mu)
    lower = l1 / mu * (Ly0 + Ly1 * M)
    product = M * (l2 / mu + l1 * l2 / mu**2)
    K1, K0 = stretch * Lx1, stretch * (Lx0 + Lx1 * l1 * M / mu + lower + M * (l1 * l2 + l2 * mu) / mu**2)
    return (
        Derivation(
            "(K₀, K₁)-smoothness of Φ",
            upper + lower + product,
            "Lipschitz constant along ζ = (x, y*(x)): of ∇ₓf, with ‖∇ₓf‖ ≤ G + l_g1 M/μ and no bound of its own; "
            "of ∇ᵧf behind ∇²ₓᵧg[∇²ᵧᵧg]⁻¹, which is at most l_g1/μ; of that product, before ‖∇ᵧf‖ ≤ M",
        )
        .then("‖ζ − ζ'‖ ≤ √(1 + l_g1²/μ²) ‖x − x'‖, since y* is l_g1/μ-Lipschitz", lambda expr: stretch * expr)
        .equals(K0 + K1 * G, "affine in G: its slope is K₁, what is left at G = 0 is K₀")
    )


# 2. Walls


def wall_identity() -> Derivation:
    """The curvature of a wall is as large as its gradient, up to a tiny constant."""
    first, second = sp.diff(wall, x), sp.diff(wall, x, 2)
    return (
        Derivation(
            "u = e^(−x) + e^(x−W) is generalised smooth", second**2 - first**2, "u''² − u'², for one coordinate of x"
        )
        .equals(4 * sp.exp(-W), "the products of both exponentials are left")
        .then("plus |u'|²: this is u''²", lambda e: e + slope**2)
        .at_most(
            (slope + 2 * sp.exp(-W / 2)) ** 2,
            [(4 * slope * sp.exp(-W / 2), sp.Integer(1))],
            "so |u''| ≤ |u'| + 2e^(−W/2): L₁ = 1 and a tiny L₀, though u'' has no bound",
        )
    )


def wall_difference() -> Derivation:
    """The same between two points."""
    first, second = sp.diff(wall, x), sp.diff(wall, x, 2)
    p, q = sp.symbols("p q", nonnegative=True)
    return (
        Derivation("Difference of the wall's gradients", first.subs(x, x + d) - first, "u'(x + d) − u'(x), d > 0")
        .equals(first * (sp.cosh(d) - 1) + second * sp.sinh(d), "addition theorem: both solve v'' = v")
        .then(
            "write u' = |u'| − q and u'' = |u'| + 2e^(−W/2) − p, with slacks p, q ≥ 0",
            lambda expr: expr.subs({first: slope - q, second: slope + 2 * sp.exp(-W / 2) - p}),
        )
        .at_most(
            slope * (sp.exp(d) - 1) + 2 * sp.exp(-W / 2) * sp.sinh(d),
            [(p * sp.sinh(d), sp.Integer(1)), (2 * q, sp.sinh(d / 2))],
            "and at least −|u'|(cosh d − 1), since u'' > 0: so this bounds the absolute value",
        )
    )


def bounce() -> Derivation:
    """The largest step of plain gradient descent in the wall."""
    alpha = sp.Symbol("alpha", positive=True)
    first = sp.diff(wall, x)
    return (
        Derivation(
            "The largest plain step from −a",
            sp.Eq(-a - alpha * first.subs(x, -a), W + a),
            "a step that lands on the mirror point W + a, where u'(W + a) = −u'(−a) sends it back: it bounces for ever",
        )
        .then("solve for α", lambda line: sp.Eq(alpha, sp.simplify(sp.solve(line, alpha)[0])))
        .equals(
            sp.Eq(alpha, (W + 2 * a) / (sp.exp(a) - sp.exp(-W - a))),
            "(W + 2a)e^(−a) but for e^(−W−a): the usable step falls exponentially with the depth of the start",
        )
    )


# 3. The hypergradient

solution = a * sp.tanh(x)
g = h * (y - solution) ** 2 / 2
f = 2 * sp.cosh(x) + sp.sqrt(1 + (y - b) ** 2)


def hypergradient() -> Derivation:
    """Implicit differentiation on a scalar problem whose lower solution is known."""
    inverse = sp.diff(f, y) / sp.diff(g, y, 2)
    return (
        Derivation(
            "Hypergradient",
            sp.diff(f, x) - sp.diff(g, x, y) * inverse,
            "∂ₓf − ∂²ₓᵧg z*, z* = ∂ᵧf/∂²ᵧᵧg, for g = (h/2)(y − a tanh x)², f = 2 cosh x + √(1 + (y − b)²)",
        )
        .then("at the lower solution y = a tanh x", lambda expr: expr.subs(y, solution))
        .equals(sp.diff(f.subs(y, solution), x), "the derivative of f(x, y*(x))")
    )


def auxiliary() -> Derivation:
    """The recursion of z with x and y at rest."""
    star = sp.diff(f, y) / h
    step = sp.Lambda(z, z - nu * (h * z - sp.diff(f, y)))
    return (
        Derivation("The error of z", step(z) - star, "z − ν(hz − ∂ᵧf), less z* = ∂ᵧf/h")
        .equals((1 - nu * h) * (z - star), "one step multiplies the error by 1 − νh")
        .then("k steps from z₀", lambda error: (error / (z - star)) ** k * (z0 - star))
    )


# 4. Sums


def momentum(steps: int = 3) -> Derivation:
    """The momentum after some iterations, unrolled."""
    gh = sp.symbols(f"g_0:{steps + 1}", real=True)
    m = gh[0]
    for one in gh[1:]:
        m = beta * m + (1 - beta) * one
    unrolled = beta**steps * gh[0] + (1 - beta) * sum(beta ** (steps - i) * gh[i] for i in range(1, steps + 1))
    return Derivation(
        "Momentum unrolled", m, f"m ← βm + (1 − β)g, {steps} times from m₀ = g₀"
    ).equals(unrolled, "weights that add up to 1: the first direction counts βᵏ, not (1 − β)βᵏ")  # fmt: skip


def refinement_calls() -> Derivation:
    """The lower gradients of Epoch-SGD."""
    return (
        Derivation("Calls of the refinement", sp.Sum(T1 * 2**s, (s, 0, E - 1)), "epoch s takes T₁2ˢ steps")
        .then("geometric sum", lambda expr: sp.simplify(expr.doit()))
        .equals(T1 * (2**E - 1), "the last epoch costs as much as all before it and T₁ more")
    )
