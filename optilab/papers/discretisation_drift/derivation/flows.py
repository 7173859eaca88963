"""The flow that gradient descent follows: two corrections of any loss, all corrections of a quadratic."""

from itertools import combinations_with_replacement

import sympy as sp

from optilab.core.derive import Derivation

x, y = sp.symbols("x y", real=True)
h, lam, t = sp.symbols("h lambda t", positive=True)
z, w = sp.symbols("z w", positive=True)
k = sp.Symbol("k", integer=True, nonnegative=True)
E = sp.Function("E")(x, y)
theta = sp.Matrix([x, y])
g = sp.Matrix([E.diff(x), E.diff(y)])
H = sp.hessian(E, (x, y))
p, q = sp.Function("p")(x, y), sp.Function("q")(x, y)


def derivative(*variables: sp.Symbol) -> sp.Symbol:
    """The symbol that stands for a partial derivative of E: `derivative(x, y)` is E_xy."""
    return sp.Symbol("E_" + "".join(sorted(v.name for v in variables)), real=True)


SYMBOLS = {  # third derivatives first: a lower one is part of them
    E.diff(*variables): derivative(*variables)
    for order in (3, 2, 1)
    for variables in combinations_with_replacement((x, y), order)
} | {p: sp.Symbol("p"), q: sp.Symbol("q")}


def subscripts(expr: sp.Matrix) -> sp.Matrix:
    """Write E_xy for ∂²E/∂x∂y, up to the third derivatives, and plain letters for the unknown p and q."""
    return expr.subs(SYMBOLS)


def functions(expr: sp.Matrix) -> sp.Matrix:
    """The inverse of `subscripts`: what can be differentiated by x and y."""
    return expr.subs({symbol: function for function, symbol in SYMBOLS.items()})


def along(field: sp.Matrix, vector: sp.Matrix) -> sp.Matrix:
    """Derivative of `vector` in time along θ̇ = `field`: its Jacobian times the field."""
    return vector.jacobian(theta) * field


def mismatch(field: sp.Matrix, order: int) -> sp.Matrix:
    """Coefficient of h^order in: the flow after time h, minus one step −h g of gradient descent."""
    step, change = h * field, field
    for power in range(2, order + 1):
        change = along(field, change)
        step += h**power / sp.factorial(power) * change
    return (step + h * g).applyfunc(lambda entry: sp.expand(entry).coeff(h, order))


def solve_unknown(coefficient: sp.Matrix) -> sp.Matrix:
    """The p and q that make the coefficient vanish."""
    unknown = sp.symbols("p q")
    return sp.Matrix(unknown).subs(sp.solve(list(coefficient), unknown))


def first_correction() -> Derivation:
    """Backward error analysis to order h: the IGR flow of Barrett and Dherin (2021), θ̇ = −g − (h/2) H g."""
    penalty = (E.diff(x) ** 2 + E.diff(y) ** 2) / 4
    implicit = -sp.Matrix([penalty.diff(x), penalty.diff(y)])
    return (
        Derivation(
            "The first correction",
            subscripts(-g + h * sp.Matrix([p, q])),
            "Gradient descent leaves the gradient flow. Try a flow with an unknown correction (p, q) of size h. "
            "(E_xy is ∂²E/∂x∂y.)",
        )
        .then(
            "Follow it for time h, subtract the step −h∇E. The h² that is left over must vanish.",
            lambda field: subscripts(mismatch(functions(field), 2)),
        )
        .then("Two linear equations for the correction: solve them.", solve_unknown)
        .equals(subscripts(-H * g / 2), "In matrix form that is −½ H g.")
        .equals(
            subscripts(implicit.doit()),
            "It is also −∇ of ¼‖∇E‖²: a finite step descends on E + (h/4)‖∇E‖², it prefers flat places.",
        )
    )


def second_correction() -> Derivation:
    """Backward error analysis to order h²: f₂ = −⅓ H²g − (1/12) T[g, g]; T is the third derivative of E."""
    frozen = sp.symbols("v_x v_y")
    curvature = (sp.Matrix(frozen).T * H * sp.Matrix(frozen))[0]
    third = sp.Matrix([curvature.diff(x), curvature.diff(y)]).subs(dict(zip(frozen, g, strict=True)))
    return (
        Derivation(
            "The second correction",
            subscripts(-g - h / 2 * H * g + h**2 * sp.Matrix([p, q])),
            "The first correction is known; put an unknown one of size h² behind it.",
        )
        .then(
            "Follow this flow for time h, subtract the step: now the h³ that is left over must vanish.",
            lambda field: subscripts(mismatch(functions(field), 3)),
        )
        .then("Again two linear equations.", solve_unknown)
        .equals(
            subscripts(-(H**2) * g / 3 - third / 12),
            "That is −⅓ H²g − (1/12) T[g, g] with T[v, v] = ∇(vᵀHv) for fixed v: "
            "powers of H acting on g, and the first term that a quadratic does not have.",
        )
    )


def where_it_converges(total: sp.Expr) -> sp.Expr:
    """The first branch of an infinite sum, the one on which the series converges."""
    return sp.piecewise_fold(total).args[0][0]


def principal_coefficient() -> Derivation:
    """The principal flow's coefficient to all orders: α(hλ) = log(1 − hλ)/(hλ)."""
    terms = 5  # powers of h that are matched one by one before the logarithm is recognised
    c = sp.symbols(f"c0:{terms}")
    ansatz = sum(ci * h**i for i, ci in enumerate(c))

    def solve_power_by_power(equation: sp.Eq) -> sp.Expr:
        gap = sp.expand(sp.series(equation.lhs - equation.rhs, h, 0, terms + 1).removeO())
        found: dict[sp.Symbol, sp.Expr] = {}
        for i, ci in enumerate(c):
            found[ci] = sp.solve(gap.coeff(h, i + 1).subs(found), ci)[0]
        return ansatz.subs(found)

    a = sp.Symbol("a")
    pattern = -((h * lam) ** k) / (k + 1)
    return (
        Derivation(
            "All corrections at once",
            sp.Eq(sp.exp(h * a), 1 - h * lam),
            "On a quadratic, along an eigenvector of curvature λ: one step multiplies by 1 − hλ, "
            "a flow v̇ = a v multiplies by exp(ha) in time h. Which a does the same?",
        )
        .then("Try a power series in h.", lambda equation: equation.subs(a, ansatz))
        .then("Match power by power; each gives the next coefficient.", solve_power_by_power)
        .then("The gradient is g = λv, so per gradient the coefficient is a/λ.", lambda series: sp.expand(series / lam))
        .equals(sp.summation(pattern, (k, 0, terms - 1)), "The pattern is −(hλ)ᵏ/(k + 1).")
        .then(
            "Sum the whole series, which needs hλ < 1.",
            lambda _: where_it_converges(sp.summation(pattern, (k, 0, sp.oo))),
        )
        .equals(
            sp.log(1 - h * lam) / (h * lam),
            "The principal flow's coefficient. The logarithm goes on where the series ends: complex for hλ > 1.",
        )
    )


def principal_mode() -> Derivation:
    """On a quadratic the principal flow meets gradient descent at every t = nh: v(t + h) = (1 − hλ) v(t)."""
    v = sp.Function("v")
    return (
        Derivation(
            "The principal flow is exact on quadratics",
            sp.Eq(v(t).diff(t), sp.log(1 - h * lam) / h * v(t)),
            "The principal flow along one eigenvector: its coefficient times the gradient λv.",
        )
        .then("Solve it.", lambda equation: sp.dsolve(equation, v(t)).rhs)
        .then("Wait for time h and divide by what was there.", lambda mode: mode.subs(t, t + h) / mode)
        .equals(
            1 - h * lam,
            "That is the factor of one step, for any h: so v(nh) = v(0)(1 − hλ)ⁿ. "
            "The complex logarithm turns once every two steps: gradient descent's zig-zag.",
        )
    )


def edge_of_stability() -> Derivation:
    """Where gradient descent stops falling into a minimum: Re α changes sign at hλ = 2."""
    return (
        Derivation(
            "The edge of stability",
            sp.log(1 - z) / z,
            "The coefficient of the principal flow at z = hλ. A negative real part moves downhill.",
        )
        .then("Past the one-step mode, at z = 1 + w with w > 0, it is complex.", lambda alpha: alpha.subs(z, 1 + w))
        .then("Its real part, back in z = 1 + w.", lambda alpha: sp.re(sp.expand(alpha)).subs(w, z - 1))
        .then("It vanishes at", lambda real: sp.solve(real, z)[0])
        .equals(sp.Integer(2), "λ = 2/h. Steeper than that, the flow climbs out of a minimum; −g alone never would.")
    )
