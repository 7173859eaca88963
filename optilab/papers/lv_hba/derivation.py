"""Why four gradient steps do: envelope gradients, a gap that is a square, a penalty's bias, how long η may be."""

import sympy as sp

from optilab.core.derive import Derivation

a, b, c, d, x, y, z, theta, lam = sp.symbols("a b c d x y z theta lambda", real=True)
gamma1, gamma2, eta, ck, n, sigma = sp.symbols("gamma_1 gamma_2 eta c_k n sigma", positive=True)
A, D = sp.symbols("A D", positive=True)
y1, y2, t1, t2, s, t = sp.symbols("y_1 y_2 theta_1 theta_2 s t", real=True)


def lower(point: sp.Expr) -> sp.Expr:
    """The scalar f = ½(y − a x)²."""
    return (point - a * x) ** 2 / 2


def constraint(point: sp.Expr) -> sp.Expr:
    """The scalar g = b y + c x − d."""
    return b * point + c * x - d


SADDLE = lower(theta) + lam * constraint(theta) + (theta - y) ** 2 / (2 * gamma1) - (lam - z) ** 2 / (2 * gamma2)


def saddle_point() -> dict[sp.Symbol, sp.Expr]:
    """The (θ*, λ*) at which both derivatives of the saddle function vanish."""
    found = sp.solve([sp.diff(SADDLE, theta), sp.diff(SADDLE, lam)], [theta, lam], dict=True)[0]
    return {name: sp.cancel(value) for name, value in found.items()}


def envelope_gradients() -> Derivation:
    """The gradient of v needs no derivative of its saddle."""
    at = saddle_point()
    v = sp.cancel(SADDLE.subs(at))
    formulas = sp.Matrix([-a * (theta - a * x) + lam * c, (y - theta) / gamma1, (lam - z) / gamma2])
    return (
        Derivation(
            "Envelope gradients",
            sp.Matrix([sp.diff(SADDLE, name) for name in (x, y, z)]),
            "f = ½(θ − ax)², g = bθ + cx − d: the saddle function by x, y and z, with θ and λ held still",
        )
        .equals(formulas, "which is ∇ₓf + λ∇ₓg, (y − θ)/γ₁ and (λ − z)/γ₂")
        .then("insert the saddle of the 2 × 2 system", lambda e: e.subs(at).applyfunc(sp.factor))
        .equals(
            sp.Matrix([sp.diff(v, name) for name in (x, y, z)]).applyfunc(sp.factor),
            "the same as the whole derivatives of v(x, y, z): how the saddle moves doesn't matter",
        )
    )


def gap_is_a_square() -> Derivation:
    """On C the gap f − v is a multiple of the squared stationarity of the Lagrangian."""
    at = saddle_point()
    feasible = {d: b * y + c * x}
    return (
        Derivation("The gap is a square", lower(y) - SADDLE, "f − v, before the saddle is put in")
        .then("put in the saddle, and d = by + cx, so that g(x, y) = 0", lambda e: sp.cancel(e.subs(at).subs(feasible)))
        .equals(
            gamma1 * (a * x - b * z - y) ** 2 / (2 * (b**2 * gamma1 * gamma2 + gamma1 + 1)),
            "0 or more, and 0 only where y − ax + bz = 0: y is a lower solution with multiplier z",
        )
    )


def flat_solution() -> Derivation:
    """The solution of `toys.flat`: the lower level leaves y₂ free up to its sum, the upper one chooses."""
    objective = n / 2 * ((s - t) ** 2 + (s + 1 - 1) ** 2)
    return (
        Derivation(
            "The solution with a flat lower level",
            objective,
            "the lower KKT conditions say λ = −1 and y₁ = x + 1; F is symmetric and strictly convex on what is left, "
            "so x = s1 and y₂ = t1",
        )
        .then("the constraint n(s + (s + 1) + t) = 0 gives t = −2s − 1", lambda e: sp.expand(e.subs(t, -2 * s - 1)))
        .then("stationary in s", lambda e: sp.Eq(sp.diff(e, s), 0))
        .then("solve: x = −3/10, so y₁ = 7/10 and y₂ = −2/5", lambda e: sp.Eq(s, sp.solve(e, s)[0]))
        .then("F* = n/20", lambda e: sp.expand(objective.subs(t, -2 * s - 1)).subs(s, e.rhs))
    )


def flat_lower(first: sp.Expr, second: sp.Expr) -> sp.Expr:
    """The lower f of `toys.flat` at y = (first · 1, second · 1)."""
    return n * (first**2 / 2 - x * first + second)


FLAT_PROX = n * ((t1 - y1) ** 2 + (t2 - y2) ** 2) / (2 * gamma1)  # ‖θ − y‖²/(2γ₁)


def penalised() -> dict[sp.Symbol, sp.Expr]:
    """Where F/c_k + f − v is stationary on C of `toys.flat`, in symmetric coordinates: x, y₁, z and the saddle."""
    g = sigma * n * (x + t1 + t2)  # at (x, θ)
    smoothed = flat_lower(t1, t2) + z * g + FLAT_PROX  # λ = z, as ∂v/∂z = 0
    upper = n * ((x - y2) ** 2 + (y1 - 1) ** 2) / 2
    penalty = (upper / ck + flat_lower(y1, y2) - smoothed).subs(y2, -x - y1)
    at_saddle = [sp.diff(smoothed, t1), sp.diff(smoothed, t2), g]
    inner = sp.solve([sp.expand(e.subs(y2, -x - y1) / n) for e in at_saddle], [t1, t2, z], dict=True)[0]
    held = [sp.expand(sp.diff(penalty, name) / n) for name in (x, y1)]  # θ and z held still: the envelope's gradient
    outer = sp.solve([sp.together(e.subs(inner)) for e in held], [x, y1], dict=True)[0]
    found = outer | {name: value.subs(outer) for name, value in inner.items()}
    return {name: sp.factor(sp.cancel(sp.together(value))) for name, value in found.items()}


def penalty_bias() -> Derivation:
    """What a finite c_k leaves on `toys.flat`: x is too large by a term of order 1/c_k."""
    found = penalised()
    big = 5 * ck * gamma1 + 2 * gamma1 + 4
    return (
        Derivation(
            "The bias of a finite penalty",
            sp.Matrix([found[x], found[y1], found[z]]),
            "F/c + f − v is stationary on C here (x, y₁ and z, c for c_k): two linear systems",
        )
        .equals(
            sp.Matrix([
                -(3 * ck * gamma1 + 2 * gamma1 + 4) / (2 * big),
                (7 * ck * gamma1 + 4 * gamma1 + 8) / (2 * big),
                -(big + 1) / (sigma * big),
            ]),
            "neither n nor the scale σ of the row nor γ₂ is in x and y₁: z absorbs them",
        )
        .then("how far x is from −3/10, relatively", lambda e: sp.factor(sp.cancel(-e[0] * sp.Rational(10, 3) - 1)))
        .then("for γ₁ = 1", lambda e: sp.cancel(e.subs(gamma1, 1)))
        .equals(sp.Rational(4, 5) / (ck + sp.Rational(6, 5)), "0.8/(c + 1.2): the error is the penalty, not the method")
    )  # fmt: skip


def gap_of_the_penalty() -> Derivation:
    """The gap f − v that a finite c_k leaves on `toys.flat`: of order 1/c_k²."""
    found = {name: value.subs(gamma1, 1) for name, value in penalised().items()}
    return (
        Derivation(
            "The gap of a finite penalty",
            flat_lower(y1, y2) - flat_lower(t1, t2) - FLAT_PROX.subs(gamma1, 1),
            "f − v at γ₁ = 1, where λ = z and g(x, θ) = 0",
        )
        .then("at the stationary point", lambda e: sp.factor(sp.cancel(e.subs(y2, -x - y1).subs(found))))
        .equals(3 * n / (2 * (5 * ck + 6) ** 2), "of order 1/c²: with c = c₀(k + 1)^p it falls like k^(−2p)")
    )


def stability() -> Derivation:
    """How long η may be where the saddle step turns."""
    M = sp.Matrix([[1 - eta * A, -eta * b], [eta * b, 1 - eta * D]])
    return (
        Derivation(
            "How long the saddle step may be",
            M.det(),
            "of I − η[[A, b], [−b, D]], A = h + 1/γ₁, D = 1/γ₂: a complex pair has the determinant as modulus²",
        )
        .equals(1 - eta * (A + D) + eta**2 * (A * D + b**2), "expand")
        .then("it is 1 at", lambda e: sp.Eq(eta, sp.solve(sp.Eq(sp.cancel((e - 1) / eta), 0), eta)[0]))
        .then("and least at half of that", lambda e: sp.Eq(eta, sp.solve(sp.diff(M.det(), eta), eta)[0]))
    )
