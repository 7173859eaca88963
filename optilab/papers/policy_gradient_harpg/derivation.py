"""Why corrected directions point right: unbiased estimates, a cancelling look ahead, a Hessian at a random place."""

from itertools import product

import sympy as sp

from optilab.core.derive import Derivation

odds, gamma, sigma, v, m, t, eta, Delta, R = sp.symbols("omega gamma sigma v m t eta Delta R", positive=True)
b, c, theta, before, q, z, p = sp.symbols("b c theta theta_0 q z p", real=True)
r = sp.symbols("r_0 r_1", real=True)
coefficients = sp.symbols("c_0:6", real=True)
step, noise, lag, left, spread = sp.symbols("gamma_t n delta_1 delta_2 n_B", positive=True)
L, L_h, product_noise = sp.symbols("L L_h sigma_B", positive=True)


# One state, two actions, two steps: θ is the logit of action 1, and ω = e^θ are its odds

CHANCE = (1 / (1 + odds), odds / (1 + odds))


def in_theta(expr: sp.Expr) -> sp.Expr:
    """d/dθ of an expression in ω = e^θ."""
    return odds * sp.diff(expr, odds)


def trajectories() -> list[tuple[sp.Expr, sp.Expr]]:
    """The four trajectories: their probability, and Φ = Σ Ψ_t log π(a_t)."""
    rows = []
    for first, second in product((0, 1), repeat=2):
        late = gamma * r[second]
        Phi = (r[first] + late) * sp.log(CHANCE[first]) + late * sp.log(CHANCE[second])
        rows.append((CHANCE[first] * CHANCE[second], Phi))
    return rows


def objective() -> sp.Expr:
    """J: each step earns the mean reward."""
    return (1 + gamma) * (CHANCE[0] * r[0] + CHANCE[1] * r[1])


def unbiased_gradient() -> Derivation:
    """The mean of g over all trajectories is J'."""
    mean = sum(chance * in_theta(Phi) for chance, Phi in trajectories())
    return (
        Derivation(
            "One trajectory's gradient is right in the mean",
            objective(),
            "J: two ticks, each earns the mean reward; ω = exp θ are the odds of action 1",
        )
        .then("its derivative in θ, the true gradient", lambda J: sp.factor(in_theta(J)))
        .equals(
            sp.factor(sp.cancel(sp.together(mean))),
            "E g: the four trajectories, each with its probability times Φ', sum to the same",
        )
    )


def unbiased_hessian() -> Derivation:
    """The mean of B over all trajectories is J''."""
    mean = sum(
        chance * (in_theta(Phi) * in_theta(sp.log(chance)) + in_theta(in_theta(Phi))) for chance, Phi in trajectories()
    )
    return (
        Derivation("One trajectory's Hessian is right in the mean", objective(), "the same J")
        .then("its second derivative in θ", lambda J: sp.factor(in_theta(in_theta(J))))
        .equals(
            sp.factor(sp.cancel(sp.together(mean))),
            "E B: the four trajectories, each with its probability P times Φ'·(log P)' + Φ'', sum to the same",
        )
    )


# The drift of a remembered direction


def gradient(point: sp.Expr) -> sp.Expr:
    """G(θ) = bθ + cθ²."""
    return b * point + c * point**2


def momentum_lag() -> Derivation:
    """What plain momentum is off by, after an exact memory."""
    remembered, new = gradient(theta - Delta), gradient(theta)
    return Derivation(
        "Momentum lags",
        (1 - eta) * remembered + eta * new - gradient(theta),
        "memory of the last point, exact there, and a new gradient at θₜ; minus what is wanted, G(θₜ)",
    ).equals(
        -(1 - eta) * Delta * (b + 2 * c * theta - c * Delta),
        "first order in the step Δ, even where G is a line (c = 0)",
    )


def implicit_transport() -> Derivation:
    """What remains if the new gradient is taken ahead of the point."""
    ahead = theta + (1 - eta) / eta * Delta
    return Derivation(
        "Look ahead and the lag cancels",
        (1 - eta) * gradient(theta - Delta) + eta * gradient(ahead) - gradient(theta),
        "the same memory, and a new gradient (1 − η)/η steps beyond θₜ",
    ).equals(
        (1 - eta) / eta * c * Delta**2, "the lines cancel exactly; only the bend of G is left, and that is second order"
    )


def polynomial(point: sp.Expr) -> sp.Expr:
    """J of degree 5 with coefficients c₀ … c₅."""
    return sum(coefficient * point**k for k, coefficient in enumerate(coefficients))


def random_interpolation() -> Derivation:
    """The Hessian at an evenly random place between two points, times their difference."""
    slope = sp.diff(polynomial(z), z)
    bend = sp.diff(slope, z).subs(z, q * theta + (1 - q) * before)
    return (
        Derivation("A Hessian at a random place", bend * (theta - before), "J''(qθ + (1 − q)θ₀)(θ − θ₀), degree 5")
        .then("its mean over q, even on [0, 1]", lambda e: sp.factor(sp.integrate(sp.expand(e), (q, 0, 1))))
        .equals(slope.subs(z, theta) - slope.subs(z, before), "is the change of the gradient, J'(θ) − J'(θ₀)")
    )


def midpoint() -> Derivation:
    """What a fixed q = 1/2 is off by."""
    bend = sp.diff(polynomial(z), z, 2).subs(z, (theta + before) / 2)
    slope = sp.diff(polynomial(z), z)
    return Derivation(
        "Always in the middle is not enough",
        sp.expand(bend * (theta - before) - slope.subs(z, theta) + slope.subs(z, before)),
        "J'' at the middle times θ − θ₀, minus the change of the gradient; all up to c₃ has cancelled",
    ).equals(
        -((theta - before) ** 3) * (2 * coefficients[4] + 5 * coefficients[5] * (theta + before)) / 2,
        "a bias from degree 4 on",
    )


def memory() -> Derivation:
    """Where noise and drift of a remembered direction settle, for constant weights η and steps γ_t."""
    kept = (1 - eta) ** 2
    settled = (
        sp.Eq(noise, kept * noise + eta**2 * sigma**2),
        sp.Eq(lag, (1 - eta) * (lag + L * step)),
        sp.Eq(left, (1 - eta) * (left + L_h * step**2 / (2 * eta))),
        sp.Eq(spread, kept * (spread + step**2 * product_noise**2)),
    )
    names = (noise, lag, left, spread)

    def solved(rows: tuple[sp.Eq, ...]) -> tuple[sp.Eq, ...]:
        one, two = sp.symbols("one two", positive=True)  # 1 − η and 2 − η, which SymPy would write the other way round
        shown = (
            sp.factor(sp.solve(row, name)[0]).xreplace({eta - 1: -one, eta - 2: -two})
            for name, row in zip(names, rows, strict=True)
        )
        return tuple(sp.Eq(n, e.xreplace({one: 1 - eta, two: 2 - eta})) for n, e in zip(names, shown, strict=True))

    return (
        Derivation(
            "What a memory adds up",
            settled,
            "n: squares of fresh noise, each update keeps (1 − η)² of them; δ₁: momentum's drift, Lγₜ more an update; "
            "δ₂: what the look ahead leaves instead; n_B: squares of the noise that products bring. Settled: the same "
            "before and after",
        )
        .then("solve each line: a geometric sum", solved)
        .then(
            "for small η: the leading term",
            lambda rows: tuple(sp.Eq(row.lhs, row.rhs.as_leading_term(eta)) for row in rows),
        )
    )


def rates() -> Derivation:
    """Which memory is best, and how fast the squared error then falls."""
    _, *added = (row.rhs for row in memory().result)
    fresh = eta * sigma**2 / 2
    balance = tuple(sp.Eq(fresh, square) for square in (added[0] ** 2, added[1] ** 2, added[2]))
    constants = dict.fromkeys((sigma, L, L_h, product_noise), 1)

    def power(expr: sp.Expr) -> sp.Expr:
        rate = sp.expand_log(sp.log(expr.subs(constants).subs({step: 1 / t, eta: t**-p})), force=True)
        return sp.simplify(sp.limit(sp.expand(-rate / sp.log(t)), t, sp.oo))

    return (
        Derivation(
            "Noise against drift",
            balance,
            "squared noise n of the new against what the steps add, squared: δ₁² of momentum, δ₂² of the look ahead, "
            "n_B of the products",
        )
        .then(
            "γₜ = 1/t and η = t⁻ᵖ: compare powers of t, whatever the constants",
            lambda rows: tuple(sp.Eq(power(e.lhs), power(e.rhs)) for e in rows),
        )
        .then(
            "solve for p; the squared error falls like t⁻ᵖ",
            lambda rows: tuple(sp.Eq(p, sp.solve(e, p)[0]) for e in rows),
        )
    )


# The exact objective of the linear plant


def gaussian_reward() -> Derivation:
    """The mean of exp(−m z²/2) for Gaussian z."""
    density = sp.exp(-(z**2) / (2 * v)) / sp.sqrt(2 * sp.pi * v)
    mean = sp.Integral(sp.exp(-m * z**2 / 2) * density, (z, -sp.oo, sp.oo))
    return Derivation("A bell over a bell", mean, "the reward times the density of z ~ N(0, v), and all of it").then(
        "integrate: one over the root of 1 + mv", lambda integral: sp.simplify(integral.doit())
    )


def symmetric(name: str) -> sp.Matrix:
    """A symmetric 2 × 2 matrix of symbols."""
    return sp.Matrix(2, 2, sp.symbols(f"{name}_11 {name}_12 {name}_12 {name}_22", real=True))


def matrix_reward() -> Derivation:
    """The same in two dimensions, as a determinant."""
    M, Sigma, W = map(symmetric, "msw")
    return (
        Derivation(
            "In more dimensions",
            Sigma.det() * (M + W).det(),
            "det Σ · det(M + W) with W = Σ⁻¹: two Gaussians multiply to one whose inverse covariance is M + W, and the "
            "square of the mean is one over this",
        )
        .then("W is the inverse of Σ", lambda e: e.subs(dict(zip(W, Sigma.inv(), strict=True))))
        .equals((sp.eye(2) + M * Sigma).det(), "det(I + MΣ), without an inverse: the mean is one over its root")
    )


def loop_reward() -> Derivation:
    """The determinant of state and action, in a form that keeps its sign in floating point."""
    q1, q2 = sp.symbols("q_1 q_2", positive=True)
    S, K = symmetric("s"), symmetric("k")
    gain = sp.Matrix(sp.symbols("theta_1 theta_2", real=True))
    seen = sp.diag(q1, q2) + R / (1 + R * sigma**2) * gain * gain.T
    Sigma = sp.Matrix.vstack(
        sp.Matrix.hstack(S, S * gain), sp.Matrix.hstack(gain.T * S, gain.T * S * gain + sp.Matrix([[sigma**2]]))
    )
    return (
        Derivation(
            "State and action together",
            (1 + R * sigma**2) * (1 + (K * S).trace() + K.det() * S.det()),
            "(1 + Rσ²)(1 + tr KS + det K det S), the form in the code: the action's own noise is a factor, the rest a "
            "2 × 2 matter",
        )
        .then("put in K = Q + R/(1 + Rσ²) θθᵀ", lambda e: e.subs(dict(zip(K, seen, strict=True))))
        .equals(
            (sp.eye(3) + sp.diag(q1, q2, R) * Sigma).det(),
            "det(I + MΣ) of (s, a), a = θ·s + σξ, whose sign is lost to rounding where the loop is unstable",
        )
    )
