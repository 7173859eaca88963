"""Why the weights move by a softmax, what an influence is, and which factors and which trade-offs disappear."""

import sympy as sp

from optilab.core.derive import Derivation

K = 3  # rewards: enough that nothing is special
W = sp.symbols(f"w_1:{K + 1}", positive=True)
V = sp.symbols(f"v_1:{K + 1}", positive=True)
I = sp.symbols(f"I_1:{K + 1}", real=True)
D = sp.symbols(f"d_1:{K + 1}", real=True)
eta, mu, c, p, s, w, t1, t2 = sp.symbols("eta mu c p s w theta_1 theta_2", positive=True)
nu, e = sp.symbols("nu epsilon", real=True)
R = sp.symbols("r_1:5", real=True)


def penalised() -> sp.Expr:
    """What the new weights w maximise: gain minus the price of leaving the old ones v."""
    gain = sp.Add(*[w_i * I_i for w_i, I_i in zip(W, I, strict=True)])
    price = sp.Add(*[w_i * sp.log(w_i / v_i) for w_i, v_i in zip(W, V, strict=True)])
    return eta * gain - mu * price


def normalised(weights: sp.Matrix) -> sp.Matrix:
    """The same, divided by its sum."""
    return sp.simplify(weights / sum(weights))


def mirror_step() -> Derivation:
    """The new weights are a softmax of the old ones' logarithms and the influences."""
    solved = [v_i * sp.exp((eta * I_i - nu) / mu - 1) for v_i, I_i in zip(V, I, strict=True)]
    return (
        Derivation(
            "A step of the weights",
            penalised() - nu * (sp.Add(*W) - 1),
            "gain η⟨w, I⟩ minus μ KL(w‖v), v the old weights; ν holds the sum at 1",
        )
        .then("its derivatives by w₁, w₂, w₃", lambda L: sp.Matrix([sp.diff(L, w_i) for w_i in W]).applyfunc(sp.expand))
        .then(
            "set to 0, solved for the weights",
            lambda m: sp.Matrix([sp.solve(row, w_i)[0] for row, w_i in zip(m, W, strict=True)]),
        )
        .equals(sp.Matrix(solved), "each old weight times an exponential; ν is the same in all")
        .then("divided by their sum, to sum to 1: ν has gone, w = softmax(log v + ηI/μ)", normalised)
    )


def maximum() -> Derivation:
    """The stationary weights are the best ones."""
    return (
        Derivation("It is a maximum", penalised(), "gain minus price")
        .then("its second derivatives: the gain is straight, only the price is curved", lambda f: sp.hessian(f, W))
        .then("along any change d of the weights", lambda H: sp.expand((sp.Matrix(D).T * H * sp.Matrix(D))[0]))
        .at_most(
            sp.Integer(0), [(mu / w_i, d_i) for w_i, d_i in zip(W, D, strict=True)], "concave on all of the simplex"
        )
    )


def influence_is_the_gain() -> Derivation:
    """What one step does for the sum of all objectives, on two objectives of two parameters."""
    theta = (t1, t2)
    J = (t1 * t2, t1**2 - t2)
    g = [sp.Matrix([sp.diff(J_i, t) for t in theta]) for J_i in J]
    step = W[0] * g[0] + W[1] * g[1]
    moved = {t: t + e * s for t, s in zip(theta, step, strict=True)}
    first, second = (sp.expand(g_i.dot(g[0] + g[1])) for g_i in g)
    return (
        Derivation(
            "Influence is the gain of one step",
            sp.Matrix(J),
            "two objectives as an example, with gradients g₁ = (θ₂, θ₁) and g₂ = (2θ₁, −1)",
        )
        .then(
            "the sum of both after a step of length ε along w₁g₁ + w₂g₂",
            lambda J: sum(J.subs(moved, simultaneous=True)),
        )
        .then("its derivative by ε at ε = 0", lambda total: sp.expand(sp.diff(total, e).subs(e, 0)))
        .equals(
            W[0] * first + W[1] * second,
            "w₁I₁ + w₂I₂ with I₁ = ⟨g₁, g₁ + g₂⟩ and I₂ = ⟨g₂, g₁ + g₂⟩: what a weight is worth",
        )
    )


def advantage(r: tuple[sp.Expr, ...]) -> sp.Expr:
    """GRPO's advantage of the first of four rewards, without the small number below the line."""
    mean = sp.Add(*r) / len(r)
    variance = sp.Add(*[(r_j - mean) ** 2 for r_j in r]) / (len(r) - 1)
    return (r[0] - mean) / sp.sqrt(sp.factor(variance))


def scale_cancels() -> Derivation:
    """A factor on all rewards of a group disappears from GRPO's advantages."""
    return (
        Derivation(
            "A factor that cancels",
            advantage(tuple(c * r_j for r_j in R)),
            "GRPO's advantage of r₁ in a group of four, all rewards multiplied by c > 0",
        )
        .then("c leaves the root and the bracket", sp.cancel)
        .equals(advantage(R), "the advantage of the rewards as they were")
    )


def scale_stays() -> Derivation:
    """RLOO has no deviation to divide by."""
    mean = sp.Add(*R) / 4
    return Derivation(
        "A factor that stays",
        c * R[0] - (c * R[1] + c * R[2] + c * R[3]) / 3,
        "RLOO's advantage of r₁, all rewards multiplied by c: minus the mean of the three others",
    ).equals(c * sp.Rational(4, 3) * (R[0] - mean), "n/(n − 1) times (r₁ − mean), and c in front: a longer step")


def objective(H: int) -> sp.Expr:
    """Two objectives of H tokens, mixed by w and 1 − w."""
    return w * p**H + (1 - w) * (1 - p) ** H


def bent_inwards() -> Derivation:
    """What fixed weights climb on the tokens is convex, so no point between the ends is the best."""
    sizes = (2, 3, 4, 6)
    curved = [H * (H - 1) * (w * p ** (H - 2) + (1 - w) * (1 - p) ** (H - 2)) for H in sizes]
    return (
        Derivation(
            "The middle of the front is never the best",
            sp.Matrix([objective(H) for H in sizes]),
            "φ = w p^H + (1 − w)(1 − p)^H for H = 2, 3, 4, 6",
        )
        .then("second derivatives by p", lambda m: m.applyfunc(lambda phi: sp.diff(phi, p, 2)))
        .equals(
            sp.Matrix(curved),
            "H(H − 1)[w p^(H−2) + (1 − w)(1 − p)^(H−2)] > 0: convex, the maximum is at p = 0 or 1 for every w",
        )
    )


def watershed() -> Derivation:
    """Where gradient ascent parts: the p* at which φ is least."""
    sizes = (2, 3, 4, 6)
    power = sp.symbols("x", positive=True)  # s^(H − 1)

    def by_odds(row: sp.Expr, H: int) -> sp.Expr:
        return sp.cancel(row.subs(p, 1 / (1 + s)) * (1 + s) ** (H - 1) / H)

    def root(row: sp.Expr, H: int) -> sp.Expr:
        straight = row.subs(s ** (H - 1), power)
        return (straight.coeff(power, 0) / -straight.coeff(power, 1)) ** sp.Rational(1, H - 1)

    return (
        Derivation(
            "The watershed",
            sp.Matrix([sp.diff(objective(H), p) for H in sizes]),
            "the slopes of φ by p for H = 2, 3, 4, 6",
        )
        .then(
            "with p = 1/(1 + s), and divided by Hp^(H−1)",
            lambda m: sp.Matrix([by_odds(row, H) for row, H in zip(m, sizes, strict=True)]),
        )
        .equals(sp.Matrix([w - (1 - w) * s ** (H - 1) for H in sizes]), "s = (1 − p)/p are the odds against A")
        .then(
            "set to 0, solved for the odds: s = (w/(1 − w))^(1/(H−1))",
            lambda m: sp.Matrix([root(row, H) for row, H in zip(m, sizes, strict=True)]),
        )
        .then(
            "p⋆ = 1/(1 + s), where φ has no slope: it falls towards p⋆ and rises behind it",
            lambda m: m.applyfunc(lambda odds: 1 / (1 + odds)),
        )
    )
