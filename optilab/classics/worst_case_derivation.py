"""Worst cases by hand: for a step or two the table's value is a line of algebra, and its multipliers are the proof.

Values f_i and gradients g_i at points x_i belong to a convex function with a 1-Lipschitz gradient if and only if
f_i ≥ f_j + ⟨g_j, x_i − x_j⟩ + ½‖g_i − g_j‖² for all i, j; to a convex 1-Lipschitz function if and only if
f_i ≥ f_j + ⟨g_j, x_i − x_j⟩ and ‖g_i‖ ≤ 1. What such an inequality gives away is a slack r_ij ≥ 0. Weighted by the
dual multipliers they add up to a bound on the last value, and what the bound is above it is a sum of squares.

In units L = R = 1 (G = R = 1); x* = 0 and f* = 0. Letters for vectors are written as numbers: both sides are linear in
the inner products, so an identity between numbers is one between vectors.

Sources: Y. Drori, M. Teboulle, "Performance of first-order methods for smooth convex minimization: a novel approach",
2014, Theorem 3.1 (the multipliers for h ≤ 1); A. B. Taylor, J. M. Hendrickx, F. Glineur, "Smooth strongly convex
interpolation and exact worst-case performance of first-order methods", 2017, Theorem 4 (interpolation); "Exact
worst-case performance of first-order methods for composite convex optimization", 2017, Theorem 3.5 (Lipschitz).
"""

import sympy as sp

from optilab.core.derive import Derivation

h, eta = sp.symbols("h eta", positive=True)
x = sp.symbols("x_0", real=True)
g = sp.symbols("g_0:3", real=True)
f = sp.symbols("f_0:3", real=True)
r = sp.symbols("r", nonnegative=True)  # how far a step is from the end of the interval in which a proof holds
slack = {name: sp.symbols(f"r_{name}", nonnegative=True) for name in ("*0", "*1", "*2", "01", "12")}
lost = sp.symbols("l_x l_0 l_1", nonnegative=True)  # 1 − ‖x₀‖², 1 − ‖g₀‖², 1 − ‖g₁‖²

n = sp.symbols("n", integer=True, positive=True)  # steps down a straight wall
edge = sp.symbols("s", positive=True)  # where the wall ends, and how steep it is
landing = 1 - n * h * edge  # where n steps down from 1 end

HALF = sp.Rational(1, 2)


def interpolation(steps: int, step: sp.Expr, curved: bool = True) -> tuple[sp.Eq, ...]:
    """The inequalities that count, as equations with slacks: what x* says of each point, and each of the next.

    Parameters
    ----------
    steps : int
        Number of gradient steps, 1 or 2.
    step : SymPy expression
        Their size, in units 1/L or R/G.
    curved : bool
        Whether the gradient is 1-Lipschitz (else the function).
    """
    half = HALF if curved else sp.Integer(0)
    points = [x - step * sum(g[:i]) for i in range(steps + 1)]
    from_minimum = [
        sp.Eq(f[i], g[i] * points[i] - half * g[i] ** 2 - slack[f"*{i}"], evaluate=False) for i in range(steps + 1)
    ]
    onward = [
        sp.Eq(
            f[i + 1],
            f[i] - g[i + 1] * step * g[i] - half * (g[i] - g[i + 1]) ** 2 - slack[f"{i}{i + 1}"],
            evaluate=False,
        )
        for i in range(steps)
    ]
    return (*from_minimum, *onward)


def weigh(lines: tuple[sp.Eq, ...], weights: list[sp.Expr]) -> sp.Expr:
    """The last value, as the sum of the equations' right sides less their left sides, each times its multiplier."""
    last = f[(len(lines) - 1) // 2]
    return sp.expand(last + sum(w * (line.rhs - line.lhs) for w, line in zip(weights, lines, strict=True)))


def given_away(names: list[str], weights: list[sp.Expr]) -> list[tuple[sp.Expr, sp.Expr]]:
    """What the inequalities give away, as terms of a certificate."""
    return [(sp.cancel(w) * slack[name], sp.Integer(1)) for name, w in zip(names, weights, strict=True)]


def descent_short_step() -> Derivation:
    """One gradient step of h = αL ≤ 3/2 leaves at most 1/(4h + 2), on any smooth convex function."""
    step = 3 / (2 * (1 + r))
    weights = [HALF, HALF, HALF]
    return (
        Derivation(
            "One gradient step, h ≤ 3/2",
            interpolation(1, step),
            "what x⋆ says of x₀ and of x₁, and x₀ of x₁ = x₀ − h g₀, with slacks; h = 3/(2 + 2r) ≤ 3/2",
        )
        .then("multipliers ½, ½, ½: f₀ cancels", lambda lines: weigh(lines, weights))
        .at_most(
            x**2 / (4 * step + 2),
            [
                *given_away(["*0", "*1", "01"], weights),
                (1 / (4 * step + 2), x - (2 * step + 1) / 2 * (g[0] + g[1])),
                (3 * r / (8 * (1 + r)), g[0] - g[1]),
            ],
            "whatever the gradients are",
        )
        .then("‖x₀‖² is 1 less what is lost", _unit_sizes)
        .at_most(1 / (4 * step + 2), [(lost[0] / (4 * step + 2), sp.Integer(1))], "the farthest start is the worst")
        .then("and back to h", lambda e: sp.factor(sp.simplify(e.subs(r, 3 / (2 * h) - 1))))
    )


def two_descent_steps() -> Derivation:
    """Two gradient steps of h = αL ≤ 17/12 leave at most 1/(8h + 2)."""
    step = 17 / (12 * (1 + r))
    names = ["*0", "*1", "*2", "01", "12"]
    weights = [sp.Rational(1, 4), sp.Rational(5, 12), sp.Rational(1, 3), sp.Rational(1, 4), sp.Rational(2, 3)]
    tau = 1 / (8 * step + 2)
    return (
        Derivation(
            "Two gradient steps, h ≤ 17/12",
            interpolation(2, step),
            "what x⋆ says of three points, and each point of the next; h = 17/(12 + 12r) ≤ 17/12",
        )
        .then("multipliers ¼, 5/12, ⅓; ¼, ⅔: f₀ and f₁ cancel", lambda lines: weigh(lines, weights))
        .at_most(
            tau * x**2,
            [
                *given_away(names, weights),
                (tau, x - (g[0] / 4 + 5 * g[1] / 12 + g[2] / 3) / (2 * tau)),
                (17 * r / (96 * (1 + r)), g[0] - g[1]),
                (sp.Rational(1, 24), g[0] - g[2]),
                ((19 + 87 * r) / (216 * (1 + r)), g[1] - g[2]),
            ],
            "whatever the gradients are: their differences vanish where the slope is constant",
        )
        .then("‖x₀‖² is 1 less what is lost", _unit_sizes)
        .at_most(tau, [(lost[0] * tau, sp.Integer(1))], "the farthest start is the worst")
        .then("and back to h", lambda e: sp.factor(sp.simplify(e.subs(r, 17 / (12 * h) - 1))))
    )


def descent_attained() -> Derivation:
    """The function on which n short steps take that long: round at its bottom only, walked at constant slope."""
    return (
        Derivation(
            "Attained by a valley with straight walls",
            edge * landing - edge**2 / 2,
            "f(z) = s|z| − s²/2 where |z| ≥ s, and z²/2 inside; n steps lead from x₀ = 1 to 1 − nhs, if that is ≥ s",
        )
        .then("the slope that makes it largest", lambda e: _at_its_largest(e, edge))
        .equals(1 / (4 * n * h + 2), "at s = 1/(2nh + 1)")
    )


def descent_stays_on_the_wall() -> Derivation:
    """That function's straight wall is as long as the n steps, so that they are as steep as they were taken to be."""
    slope = _top(edge * landing - edge**2 / 2, edge)
    return (
        Derivation("The wall is never left", landing - edge, "1 − nhs, where the last step ends, less s, its foot")
        .then("at the slope that is the worst", lambda e: e.subs(edge, slope))
        .at_least(0, [(n * h * slope, sp.Integer(1))], "nh times the slope: the parabola below isn't reached")
    )


def descent_long_step() -> Derivation:
    """One gradient step of 3/2 ≤ h < 2 leaves at most (1 − h)²/2: it overshoots, and the parabola is the worst."""
    step = (3 + 4 * r) / (2 * (1 + r))
    weights = [step - 1, 2 - step, step - 1]
    return (
        Derivation(
            "One gradient step, 3/2 ≤ h < 2",
            interpolation(1, step),
            "the same three inequalities, with h = (3 + 4r)/(2 + 2r), from 3/2 up to 2",
        )
        .then("multipliers h − 1, 2 − h, h − 1", lambda lines: weigh(lines, weights))
        .at_most(
            (1 - step) ** 2 * x**2 / 2,
            [
                *given_away(["*0", "*1", "01"], weights),
                (HALF, g[1] + g[0] - (2 - step) * x),
                (r / (2 * (1 + r)), x - g[0]),
            ],
            "whatever the gradients are; on f(z) = z²/2 both squares vanish: it is attained",
        )
        .then("‖x₀‖² is 1 less what is lost", _unit_sizes)
        .at_most((1 - step) ** 2 / 2, [(lost[0] / 2, (1 + 2 * r) / (2 * (1 + r)))], "the farthest start is the worst")
        .then("and back to h", lambda e: sp.factor(sp.simplify(e.subs(r, (2 * h - 3) / (4 - 2 * h)))))
    )


def subgradient_long_step() -> Derivation:
    """One subgradient step leaves at most η + 1/(8η), which is attained if η ≥ ¼."""
    weights = [HALF, HALF, HALF]
    return (
        Derivation(
            "One subgradient step",
            interpolation(1, eta, curved=False),
            "what x⋆ says of x₀ and of x₁, and x₀ of x₁ = x₀ − η g₀, with slacks",
        )
        .then("multipliers ½, ½, ½: f₀ cancels", lambda lines: weigh(lines, weights))
        .at_most(
            x**2 / (8 * eta) + eta / 2 * (g[0] ** 2 + g[1] ** 2),
            [*given_away(["*0", "*1", "01"], weights), (eta / 2, g[0] + g[1] - x / (2 * eta))],
            "complete the square",
        )
        .then("no start is farther than 1, no subgradient longer", _unit_sizes)
        .at_most(
            1 / (8 * eta) + eta,
            [(lost[0] / (8 * eta), sp.Integer(1)), *((eta * part / 2, sp.Integer(1)) for part in lost[1:])],
            "the multipliers of these three are 1/(8η), η/2, η/2",
        )
    )


def subgradient_long_step_attained() -> Derivation:
    """The corner of two planes, from a point on its edge: the step runs down one plane and up the other."""
    c = sp.symbols("c", positive=True)
    return (
        Derivation(
            "Attained at a corner",
            c - eta * (2 * c**2 - 1),
            "f(z) = max(⟨g₀, z⟩, ⟨g₁, z⟩), x₀ halfway between g₀ and g₁, all of length 1, c = ⟨g₁, x₀⟩: "
            "⟨g₀, g₁⟩ = 2c² − 1, and f(x₁) = ⟨g₁, x₀ − η g₀⟩",
        )
        .then(
            "the angle that makes it largest: c = 1/(4η), which is a cosine if η ≥ ¼", lambda e: _at_its_largest(e, c)
        )
        .equals(1 / (8 * eta) + eta, "the bound")
    )


def subgradient_short_step() -> Derivation:
    """One subgradient step of η ≤ ¼ leaves at most 1 − η: a slope that never ends before x* is the worst."""
    step = 1 / (4 * (1 + r))
    weights = [HALF, HALF, HALF]
    return (
        Derivation(
            "One short subgradient step, η ≤ ¼",
            interpolation(1, step, curved=False),
            "the same three inequalities, with η = 1/(4 + 4r)",
        )
        .then("the same multipliers", lambda lines: weigh(lines, weights))
        .at_most(
            x**2 / 2 + (1 - 2 * step) / 4 * (g[0] ** 2 + g[1] ** 2),
            [
                *given_away(["*0", "*1", "01"], weights),
                (HALF, x - (g[0] + g[1]) / 2),
                (r / (8 * (1 + r)), g[0] - g[1]),
            ],
            "both squares vanish if g₀ = g₁ = x₀: on f(z) = |z| it is attained",
        )
        .then("no start is farther than 1, no subgradient longer", _unit_sizes)
        .at_most(
            1 - step,
            [(lost[0] / 2, sp.Integer(1)), *((part * (1 + 2 * r) / (8 * (1 + r)), sp.Integer(1)) for part in lost[1:])],
            "the multipliers of these three are ½ and twice (1 − 2η)/4",
        )
        .then("and back to η", lambda e: sp.expand(sp.simplify(e.subs(r, 1 / (4 * eta) - 1))))
    )


def _unit_sizes(expr: sp.Expr) -> sp.Expr:
    """Squared lengths, written as 1 less what is lost."""
    return expr.subs({x**2: 1 - lost[0], g[0] ** 2: 1 - lost[1], g[1] ** 2: 1 - lost[2]})


def _at_its_largest(expr: sp.Expr, over: sp.Symbol) -> sp.Expr:
    """A parabola that opens downwards, at its top."""
    return expr.subs(over, _top(expr, over))


def _top(expr: sp.Expr, over: sp.Symbol) -> sp.Expr:
    """Where such a parabola is largest."""
    (where,) = sp.solve(sp.diff(expr, over), over)
    return where
