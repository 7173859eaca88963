"""What momentum costs under noise, and what a scaling of coordinates can't mend, line by line."""

import sympy as sp

from optilab.core.derive import Derivation

alpha, beta, lam, sigma, step = sp.symbols("alpha beta lambda sigma a", positive=True)
kappa = sp.Symbol("kappa", positive=True)
theta = sp.Symbol("theta", real=True)


def noise_floor() -> Derivation:
    """Derive E x² of heavy ball on λx²/2 where every gradient has noise of variance σ², once the start is forgotten."""
    P, C = sp.symbols("P C")
    kept = 1 + beta - alpha * lam
    rest = (
        sp.Eq(P, kept**2 * P - 2 * kept * beta * C + beta**2 * P + alpha**2 * sigma**2, evaluate=False),
        sp.Eq(C, kept * P - beta * C, evaluate=False),
    )
    return (
        Derivation(
            "The floor under noise",
            rest,
            "x⁺ = (1 + β − αλ)x − βx⁻ − αξ, squared and times x, in the mean: at rest P and C stay as they are",
        )
        .then("solve for P", lambda lines: sp.factor(sp.solve(lines, (P, C), dict=True)[0][P]))
        .equals(
            alpha / (1 - beta) * sigma**2 / (lam * (2 - alpha * lam / (1 + beta))),
            "without momentum it is ασ²/(λ(2 − αλ)): momentum divides by 1 − β; that αλ is divided by 1 + β matters "
            "little where steps are short",
        )
    )


def same_reach() -> Derivation:
    """Derive what the floor becomes where the reach a = α/(1 − β) of a step is held and α is short."""
    gap = lam / 2 * noise_floor().result
    return (
        Derivation("The same reach, the same floor", gap, "the gap that this E x² means: ½λ P")
        .then(
            "write a = α/(1 − β), how far a lasting gradient carries x a step",
            lambda gap: gap.subs(alpha, step * (1 - beta)),
        )
        .then(
            "and let steps be short beside 1/λ: β and λ have dropped out. Where noise decides, momentum is a longer "
            "step, no more",
            lambda gap: sp.factor(sp.series(sp.factor(gap), step, 0, 2).removeO()),
        )
    )


def scaled_condition() -> Derivation:
    """Derive the condition number that the best scaling of two coordinates leaves of a valley turned by θ."""
    turn = sp.Matrix([[sp.cos(theta), -sp.sin(theta)], [sp.sin(theta), sp.cos(theta)]])
    hessian = (turn * sp.diag(1, kappa) * turn.T).applyfunc(sp.expand)
    s = sp.sin(2 * theta)
    return (
        Derivation("What scaling can do", hessian, "a valley with curvatures 1 and κ, turned by θ")
        .then(
            "divide each coordinate by the root of its own curvature: the diagonal becomes 1, the rest r with r² =",
            lambda H: H[0, 1] ** 2 / (H[0, 0] * H[1, 1]),
        )
        .equals(
            (kappa - 1) ** 2 * s**2 / ((kappa - 1) ** 2 * s**2 + 4 * kappa),
            "2 sin θ cos θ is sin 2θ, and the denominator is κ plus the numerator",
        )
        .then(
            "its eigenvalues are 1 ± r. Trace²/determinant, 4/(1 − r²), is c + 2 + 1/c for the condition number c, so "
            "c + 1/c =",
            lambda r2: 2 + sp.factor(4 / (1 - r2) - 4),
        )
        .then(
            "along the axes and at 45°. There c = 1, all is mended; here c = κ, nothing is: both coordinates have the "
            "same curvature, and no scaling sees the valley",
            lambda both: sp.Tuple(both.subs(theta, 0), sp.expand(both.subs(theta, sp.pi / 4))),
        )
    )
