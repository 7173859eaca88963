"""Why an adjoint is a derivative, a bound a bound, the shortest mix a descent direction; a kink; a switching time."""

import sympy as sp

from optilab.core.derive import Derivation

a, h, kappa, lam, sigma, T, w = sp.symbols("a h kappa lambda sigma T w", positive=True)
b, tau, y_d = sp.symbols("b tau y_d", real=True)
l_1, l_2, l_3 = sp.symbols("l_1 l_2 l_3", positive=True)
x_1, x_2 = sp.symbols("x_1 x_2", positive=True)
alpha = sp.symbols("alpha", real=True)
U = sp.Matrix(sp.symbols("u_1 u_2", real=True))
Y = sp.Matrix(sp.symbols("y_1 y_2", real=True))
GOAL = sp.Matrix(sp.symbols("z_1 z_2", real=True))
G1, G2 = (sp.Matrix(sp.symbols(f"g_{i}(1:4)", real=True)) for i in (1, 2))


# The adjoint

A = sp.Matrix([[a, b], [b, a]])
D = sp.diag(1, 0)  # the first node is above 0, the second below


def adjoint() -> Derivation:
    """Two nodes: the derivative of the objective through the state, against the adjoint's formula."""
    matrix = A + kappa * D
    moved = sp.Matrix(sp.symbols("d_1 d_2", real=True))

    def gradient(inverse: sp.Matrix) -> sp.Matrix:
        miss, control = Y + inverse * moved - GOAL, U + moved
        value = w * (miss.T * miss)[0] / 2 + sigma * w * (control.T * control)[0] / 2
        return sp.Matrix([sp.factor_terms(sp.diff(value, d).subs(dict.fromkeys(moved, 0))) for d in moved])

    return (
        Derivation(
            "The adjoint gradient",
            sp.Eq(sp.MatMul(matrix, Y, evaluate=False), U, evaluate=False),
            "two nodes, of which the first has y > 0: the state equation (A + κD)y = u on this piece",
        )
        .then("solved for y", lambda line: line.lhs.args[0].LUsolve(line.rhs).applyfunc(sp.factor))
        .then("what the state does when u moves, ∂y/∂u", lambda y: y.jacobian(U).applyfunc(sp.factor))
        .then("the gradient of ½w‖y − z‖² + ½σw‖u‖² by u, as y + (∂y/∂u)d at u + d, derived by d", gradient)
        .equals(
            (w * matrix.LUsolve(Y - GOAL)).applyfunc(sp.factor) + sigma * w * U,
            "wp + σwu with (A + κD)p = y − z: one more solve with the matrix of the last Newton step does it",
        )
    )


# The error bound


def monotone() -> Derivation:
    """The kink never works against an error: all four sign cases."""
    cases = [(x_1, x_2), (x_1, -x_2), (-x_1, x_2), (-x_1, -x_2)]

    def product(one: sp.Expr, two: sp.Expr) -> sp.Expr:
        first, second = (sp.Max(0, value, evaluate=False) for value in (one, two))
        return sp.Mul(sp.Add(first, -second, evaluate=False), one - two, evaluate=False)

    names = sp.symbols("c_1:5")
    written = tuple(sp.Eq(c, product(*case), evaluate=False) for c, case in zip(names, cases, strict=True))
    return (
        Derivation(
            "max(0, ·) is monotone",
            written,
            "(max(0, s) − max(0, t))(s − t) for s = ±x₁ and t = ±x₂ with x₁, x₂ > 0",
        )
        .then("work out the maxima", lambda lines: tuple(sp.Eq(c.lhs, c.rhs.doit(), evaluate=False) for c in lines))
        .equals(
            tuple(
                sp.Eq(c, value, evaluate=False)
                for c, value in zip(
                    names, ((x_1 - x_2) ** 2, x_1 * (x_1 + x_2), x_2 * (x_1 + x_2), sp.Integer(0)), strict=True
                )
            ),
            "none is negative",
        )
    )


def error_bound() -> Derivation:
    """From Ae + κ(max(0, ŷ) − max(0, y)) = r to the bound: Cauchy–Schwarz in the energy norm."""
    L = sp.Matrix([[l_1, 0], [l_2, l_3]])
    e, r = (sp.Matrix(sp.symbols(f"{name}_1 {name}_2", real=True)) for name in "er")
    inner, dual = L.T * e, L.LUsolve(r)
    energy = (e.T * L * L.T * e)[0]
    length = (dual.T * dual)[0]
    return Derivation(
        "The residual bounds the error",
        energy * length,
        "two nodes, A = LLᵀ, e = ŷ − y: (eᵀAe)(rᵀA⁻¹r). Multiplied by e, the equation says eᵀAe ≤ eᵀr",
    ).at_least(
        (e.T * r)[0] ** 2,
        [(sp.Integer(1), sp.expand(inner[0] * dual[1] - inner[1] * dual[0]))],
        "Cauchy–Schwarz. So (eᵀAe)² ≤ (eᵀr)² ≤ (eᵀAe)(rᵀA⁻¹r): divide by eᵀAe",
    )


# The shortest mix

p, q, r = sp.symbols("p q r", real=True)  # ‖g₁‖², ⟨g₁, g₂⟩, ‖g₂‖²

SHORT = alpha**2 * p + 2 * alpha * (1 - alpha) * q + (1 - alpha) ** 2 * r  # ‖αg₁ + (1 − α)g₂‖²


def shortest_mix() -> Derivation:
    """The weight of the shortest mix of two gradients."""
    length = sp.expand((alpha * G1 + (1 - alpha) * G2).dot(alpha * G1 + (1 - alpha) * G2))
    inner = {p: G1.dot(G1), q: G1.dot(G2), r: G2.dot(G2)}
    assert sp.expand(SHORT.subs(inner) - length) == 0
    return (
        Derivation(
            "The shortest mix of two gradients",
            SHORT,
            "‖αg₁ + (1 − α)g₂‖² with p = ‖g₁‖², q = ⟨g₁, g₂⟩, r = ‖g₂‖²",
        )
        .then("differentiate by α", lambda expr: sp.expand(sp.diff(expr, alpha)))
        .then("set it to zero and solve for α", lambda expr: sp.factor(sp.solve(expr, alpha)[0]))
        .equals(
            (r - q) / (p - 2 * q + r),
            "⟨g₂ − g₁, g₂⟩/‖g₁ − g₂‖²; outside of [0, 1] the nearer end, and any α if g₁ = g₂",
        )
    )


def certificate() -> Derivation:
    """Both objectives fall alike along minus that mix."""
    star = shortest_mix().result
    return Derivation(
        "What it certifies",
        sp.Matrix([alpha * p + (1 - alpha) * q, alpha * q + (1 - alpha) * r, SHORT]),
        "⟨m, g₁⟩, ⟨m, g₂⟩ and ‖m‖² for the mix m = αg₁ + (1 − α)g₂",
    ).then(
        "at α⋆ = (r − q)/(p − 2q + r), if it is between 0 and 1: all three alike, along −m both fall at the rate ‖m‖²",
        lambda all_three: all_three.subs(alpha, star).applyfunc(sp.factor),
    )


# The ℓ1 path

b_1, b_2, x1, s = sp.symbols("b_1 b_2 x_1 s", real=True)
h_11, h_12, h_22 = sp.symbols("h_11 h_12 h_22", real=True)


def kink() -> Derivation:
    """Where the second entry of a path enters."""
    return (
        Derivation(
            "A kink of the ℓ1 path",
            sp.Eq(h_11 * x1 - b_1, -lam),
            "f = ½xᵀHx − bᵀx in two variables, only x₁ > 0 active: ∂f/∂x₁ = −λ",
        )
        .then("solve for x₁", lambda line: sp.Eq(x1, sp.solve(line, x1)[0]))
        .then(
            "the second gradient h₁₂x₁ − b₂ reaches −λ: x₂ enters",
            lambda line: sp.Eq(h_12 * line.rhs - b_2, -lam),
        )
        .then("solve for λ", lambda line: sp.factor(sp.solve(line, lam)[0]))
        .equals((b_2 * h_11 - b_1 * h_12) / (h_11 - h_12), "if h₁₁ ≠ h₁₂")
    )


def after_kink() -> Derivation:
    """The piece on which both are active: it begins where the other ends, with another slope."""
    H = sp.Matrix([[h_11, h_12], [h_12, h_22]])
    both = H.LUsolve(sp.Matrix([b_1 - lam, b_2 - lam]))
    at = kink().result
    one = sp.Matrix([(b_1 - at) / h_11, 0]).applyfunc(sp.factor)
    slope = (-H.LUsolve(sp.ones(2, 1))).applyfunc(sp.factor)
    return (
        Derivation("Beyond the kink", both.applyfunc(sp.factor), "both entries active: x = H⁻¹(b − λ(1, 1))")
        .then("at λ⋆ + s", lambda x: x.subs(lam, at + s).applyfunc(sp.factor))
        .equals(one + s * slope, "no jump: at s = 0 it is where the other piece ends")
        .then("but a new slope, dx/dλ = −H⁻¹(1, 1)", lambda x: x.diff(s))
    )


# A switching time


def switching() -> Derivation:
    """The derivative of the final miss by the time at which a heater is switched on."""
    t = sp.symbols("t", real=True)
    state = sp.integrate(sp.exp(-lam * (T - t)) * b, (t, tau, T))
    p = sp.exp(-lam * (T - tau)) * (state - y_d)
    return (
        Derivation(
            "The derivative by a switching time",
            sp.simplify(state),
            "one mode ẏ = −λy + b from τ on: y(T) = ∫ e^{−λ(T−t)} b dt",
        )
        .then(
            "differentiate ½(y(T) − y_d)² by τ",
            lambda y: sp.diff((y - y_d) ** 2 / 2, tau),
        )
        .equals(-p * b, "−p(τ)b with p(τ) = e^{−λ(T−τ)}(y(T) − y_d): the adjoint, at the moment of switching")
    )
