"""Why a penalty costs O(σ), which lower solution the hypergradient needs, what the proximal step does, and a kink."""

import sympy as sp

from optilab.core.derive import Derivation

a, b, m, w, L, rho, sigma = sp.symbols("a b m w L rho sigma", positive=True)
c, c1, c2, e, k, t, x, y, y1, y2, u = sp.symbols("c c_1 c_2 e k t x y y_1 y_2 u", real=True)

F = (y - c) ** 2 / 2 + (x - e) ** 2 / 2  # the scalar quadratic
G = a * (y - b * x) ** 2 / 2


def closeness() -> Derivation:
    """The scalar quadratic: ψ_σ − ψ, exactly."""
    psi = F.subs(y, b * x)
    return (
        Derivation(
            "The penalty function of a quadratic",
            sp.Eq(sp.diff(sigma * F + G, y), 0),
            "y minimises σf + g, with f = ½(y − c)² + ½(x − e)² and g = (a/2)(y − bx)²",
        )
        .then("solve for y = T(x, σ)", lambda line: sp.Eq(y, sp.factor(sp.solve(line, y)[0])))
        .then(
            "insert it into f + (g − min g)/σ, min g = 0, and take ψ away, which is f at y = bx",
            lambda line: sp.factor((F + G / sigma).subs(y, line.rhs) - psi),
        )
        .equals(-sigma * (b * x - c) ** 2 / (2 * (a + sigma)), "never positive: ψ_σ ≤ ψ, and the gap is O(σ)")
    )


def gradient_closeness() -> Derivation:
    """The same of the gradients, from the difference that Danskin's theorem says."""
    T = sp.solve(sp.diff(sigma * F + G, y), y)[0]
    danskin = (sp.diff(F, x) + sp.diff(G, x) / sigma).subs(y, T)  # ∇ₓg is 0 at the lower solution
    return (
        Derivation(
            "Its gradient",
            sp.factor(danskin - sp.diff(F.subs(y, b * x), x)),
            "∇ψ_σ = ∇ₓf(x, y) + (∇ₓg(x, y) − ∇ₓg(x, z))/σ at y = T(x, σ), z = bx, less ∇ψ",
        )
        .equals(
            sp.diff(closeness().result, x), "the derivative of the difference of the values: Danskin needs no ∂T/∂x"
        )
        .equals(-b * sigma * (b * x - c) / (a + sigma), "O(σ) too")
    )


def mixed_partials() -> Derivation:
    """ψ and its gradient as derivatives of l(x, σ) at σ = 0."""
    T = sp.solve(sp.diff(sigma * F + G, y), y)[0]
    value = sp.factor((sigma * F + G).subs(y, T))
    return (
        Derivation("ψ is a derivative of l", value, "l(x, σ) = min over y of σf + g, of the scalar quadratic")
        .then("differentiate by σ and let σ = 0", lambda expr: sp.factor(sp.diff(expr, sigma).subs(sigma, 0)))
        .equals(F.subs(y, b * x), "this is ψ")
        .then("differentiate by x", lambda expr: sp.diff(expr, x))
        .equals(
            sp.diff(value, x).diff(sigma).subs(sigma, 0),
            "the other order, ∂_σ∂ₓl, is the limit of ∇ψ_σ: that both agree is what the theorem has to prove",
        )
    )


# Two lower variables, one equation

G2 = (y1 + y2 - w * x) ** 2 / 2
F2 = (y1 - c1) ** 2 / 2 + m * (y2 - c2) ** 2 / 2 + (x - e) ** 2 / 2
Y = sp.Matrix([y1, y2])


def hypergradient(first: sp.Expr, second: sp.Expr) -> sp.Expr:
    """∇ₓf − ∇²ₓᵧg (∇²ᵧᵧg)†∇ᵧf at a lower solution (first, second)."""
    cross = sp.Matrix([[sp.diff(G2, x, one) for one in Y]])
    formula = sp.diff(F2, x) - (cross * sp.hessian(G2, list(Y)).pinv() * sp.Matrix([F2.diff(one) for one in Y]))[0]
    return formula.subs({y1: first, y2: second}, simultaneous=True)


def selected() -> Derivation:
    """Which of the infinitely many lower solutions the penalty selects."""
    return (
        Derivation(
            "The lower solution that the penalty selects",
            tuple(sp.Eq(sp.diff(sigma * F2 + G2, one), 0) for one in Y),
            "(y₁, y₂) minimises σf + g, with g = ½(y₁ + y₂ − wx)², f = ½(y₁ − c₁)² + (m/2)(y₂ − c₂)² + ½(x − e)²",
        )
        .then("solve", lambda system: _equations(sp.solve(system, list(Y))))
        .then(
            "let σ → 0⁺", lambda system: tuple(sp.Eq(line.lhs, sp.cancel(line.rhs).subs(sigma, 0)) for line in system)
        )
        .equals(
            (
                sp.Eq(y1, (c1 - m * c2 + m * w * x) / (1 + m)),
                sp.Eq(y2, (m * c2 - c1 + w * x) / (1 + m)),
            ),
            "one point of the line y₁ + y₂ = wx: the one with the least f",
        )
    )


def _equations(solved: dict) -> tuple[sp.Eq, ...]:
    return tuple(sp.Eq(one, sp.factor(solved[one])) for one in Y)


def pinv_formula() -> Derivation:
    """At that point the pseudo-inverse gives the derivative of ψ."""
    best = [line.rhs for line in selected().result]
    psi = F2.subs(dict(zip(Y, best, strict=True)), simultaneous=True)
    return Derivation(
        "The pseudo-inverse at the selected solution",
        sp.factor(hypergradient(*best)),
        "∇ₓf − ∇²ₓᵧg (∇²ᵧᵧg)†∇ᵧf, where ∇²ᵧᵧg has the kernel (1, −1)",
    ).equals(sp.diff(psi, x), "the derivative of ψ, since ∇ᵧf has no part in the kernel there")


def wrong_solution() -> Derivation:
    """At another lower solution the formula is off, unless m = 1."""
    best = [line.rhs for line in selected().result]
    return (
        Derivation(
            "The pseudo-inverse at another lower solution",
            hypergradient(w * x / 2 + t, w * x / 2 - t) - hypergradient(*best),
            "the formula at (wx/2 + t, wx/2 − t), less that at the selected solution",
        )
        .then("collect", sp.factor)
        .equals(
            -w * (m - 1) * (t - (best[0] - best[1]) / 2) / 2,
            "0 if m = 1, or where t is that of the selected solution; only an isotropic f forgives the choice",
        )
    )


# The proximal step

H = L * (u - k * x) ** 2 / 2


def proximal_point() -> Derivation:
    """The proximal step of a quadratic contracts to its minimum by 1/(1 + Lρ)."""
    return (
        Derivation(
            "The proximal point of a quadratic",
            sp.Eq(sp.diff(H + (u - y) ** 2 / (2 * rho), u), 0),
            "u minimises h + (u − y)²/(2ρ), with h = (L/2)(u − kx)²",
        )
        .then("solve, and measure from the minimum kx", lambda line: sp.factor(sp.solve(line, u)[0] - k * x))
        .equals((y - k * x) / (1 + L * rho), "nearer by the factor 1 + Lρ")
    )


def envelope() -> Derivation:
    """The gradient of the Moreau envelope is the way to the proximal point."""
    star = proximal_point().result + k * x
    E = (H + (u - y) ** 2 / (2 * rho)).subs(u, star)
    return (
        Derivation(
            "The gradient of the envelope",
            sp.Matrix([sp.diff(E, y), sp.diff(E, x)]),
            "∂/∂y and ∂/∂x of E(x, y) = min over u of h + (u − y)²/(2ρ)",
        )
        .equals(
            sp.Matrix([(y - star) / rho, sp.diff(H, x).subs(u, star)]),
            "(y − u)/ρ and ∂ₓh, both at the proximal point u: first derivatives of h alone",
        )
        .then("in full", lambda line: line.applyfunc(sp.factor))
    )


def kink() -> Derivation:
    """The example whose lower solution jumps: the slope at 0⁺ grows as σ falls."""
    inner = x**2 + y**2 + (x * y + x) / sigma
    return (
        Derivation(
            "A kink of slope 1/σ",
            sp.Eq(sp.diff(inner, y), 0),
            "f = x² + y², g = xy on [−1, 1]², 0 < x ≤ 2σ: y minimises f + (g − min g)/σ, and min g = −x",
        )
        .then("solve for y", lambda line: sp.Eq(y, sp.solve(line, y)[0]))
        .then("insert it: this is ψ_σ", lambda line: sp.expand(inner.subs(y, line.rhs)))
        .equals(x**2 + x / sigma - x**2 / (4 * sigma**2), "0 at x = 0, where ψ → 1")
        .then("its derivative at 0⁺", lambda expr: sp.diff(expr, x).subs(x, 0))
        .equals(1 / sigma, "ψ has slope 0 there: no O(σ), in value or in slope")
    )
