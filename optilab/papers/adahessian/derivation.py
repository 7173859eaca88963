"""Why random signs give the diagonal, what their square gives, which units cancel, and how far a step descends."""

from collections.abc import Callable, Iterable
from itertools import product
from typing import Any

import sympy as sp

from optilab.core.derive import Derivation

H11, H12, H13, H22, H23, H33 = sp.symbols("H_11 H_12 H_13 H_22 H_23 H_33", real=True)
H = sp.Matrix([[H11, H12, H13], [H12, H22, H23], [H13, H23, H33]])

s, c, g, h, eta, q, alpha, beta, G = sp.symbols("s c g h eta q alpha beta G", positive=True)
k = sp.symbols("k", nonnegative=True)
w, x, v, y = sp.symbols("w x v y", real=True)
b = sp.symbols("beta_2", positive=True)
n, j = sp.symbols("n j", integer=True, positive=True)
Z = sp.Matrix(sp.symbols("z_1:4", real=True))


def signs(size: int = 3) -> list[sp.Matrix]:
    """All vectors of signs."""
    return [sp.Matrix(z) for z in product((-1, 1), repeat=size)]


def estimate(z: sp.Matrix) -> sp.Matrix:
    """D̂ = z ⊙ (Hz)."""
    return sp.Matrix([a * b for a, b in zip(z, H * z, strict=True)])


def mean(value: Callable[..., Any], over: Iterable[Any]) -> Any:
    """The mean of a value over equally likely cases, expanded."""
    cases = [value(case) for case in over]
    return sp.expand(sp.Add(*cases) / len(cases))


def over_signs(value: sp.Expr) -> sp.Expr:
    """The mean of an expression in z₁, z₂, z₃ over all eight vectors of signs, expanded."""
    return mean(lambda z: value.subs(dict(zip(Z, z, strict=True))), signs())


def squares_gone(value: sp.Expr) -> sp.Expr:
    """The same with z₁² = z₂² = z₃² = 1, expanded."""
    return sp.expand(value).subs({sign**power: sign ** (power % 2) for sign in Z for power in (2, 3, 4)})


def first_entry() -> Derivation:
    """What one probe says of H₁₁: the truth, and the couplings with random signs."""
    return (
        Derivation("One probe", sp.expand(estimate(Z)[0]), "z₁ (Hz)₁, the first entry of D̂ = z ⊙ (Hz)")
        .then("a sign squared is 1: H₁₁ comes through whole", squares_gone)
        .then(
            "what is left has mean 0, since z₁z₂ and z₁z₃ are as often 1 as −1: the mean over all signs",
            over_signs,
        )
    )


def row_norm() -> Derivation:
    """What the square of one probe says: the row norm, not the diagonal."""
    return (
        Derivation("The square of one probe", squares_gone(estimate(Z)[0] ** 2), "D̂₁², which v collects")
        .then("the mean over all eight vectors of signs: the squared norm of the first row of H", over_signs)
        .then("take H₁₁² away: the variance of D̂₁", lambda e: sp.expand(e - H11**2))
    )


def two_probes() -> Derivation:
    """The mean of two probes: half of the variance."""
    pairs = product(signs(), repeat=2)
    return Derivation(
        "Two probes",
        mean(lambda pair: ((estimate(pair[0])[0] + estimate(pair[1])[0]) / 2) ** 2, pairs),
        "the mean of D̂₁² over all 64 pairs of probes, where D̂₁ averages the two",
    ).then(
        "take H₁₁² away: half of the variance of one probe; S probes divide it by S",
        lambda e: sp.factor(e - H11**2),
    )


def block_of_two() -> Derivation:
    """What averaging over a block does to the variance: only the couplings to the outside are divided."""
    error = squares_gone(sum(estimate(Z)[:2]) / 2) - (H11 + H22) / 2
    outside = sp.Mul(sp.Rational(1, 4), H13**2 + H23**2, evaluate=False)
    return (
        Derivation("A block of two", error, "how far (D̂₁ + D̂₂)/2, signed, is from its mean (H₁₁ + H₂₂)/2")
        .then("its square, in the mean over all signs: the variance", lambda e: over_signs(e**2))
        .equals(
            sp.Add(H12**2, outside, evaluate=False),
            "H₁₂z₁z₂ enters both entries with the same sign and stays; couplings to the outside are averaged",
        )
    )


def units() -> Derivation:
    """What stretching a parameter does to its step: nothing, for k = 1."""
    return (
        Derivation("A parameter in other units", g / h**k, "the step of θ, up to lr: gradient over curvature to the k")
        .then(
            "write θ = sφ: the gradient by φ is s·g, the curvature s²h, and a step of φ moves θ by s times as much",
            lambda e: s * e.subs({g: s * g, h: s**2 * h}, simultaneous=True),
        )
        .equals(
            s ** (2 - 2 * k) * g / h**k, "the step of θ is s^(2−2k) times what it was: the same for every s if k = 1"
        )
    )


def loss_units() -> Derivation:
    """What multiplying the loss does to a step: nothing, for k = 1."""
    return (
        Derivation("The loss in other units", g / h**k, "the step again")
        .then(
            "times c the loss has gradient cg and curvature ch",
            lambda e: e.subs({g: c * g, h: c * h}, simultaneous=True),
        )
        .equals(c ** (1 - k) * g / h**k, "k = 1 forgets c, as Adam does; k = 0 is gradient descent, which doesn't")
    )


def descent() -> Derivation:
    """How far a step along H^{−k}g descends where all curvatures are between α and β."""
    best = alpha**k / beta
    spare = sp.symbols("p", nonnegative=True)  # q − β^{−k} G
    step = -eta * q + beta / 2 * eta**2 * alpha ** (-k) * q
    return (
        Derivation(
            "How far a step descends",
            step,
            "L changes by at most −ηq + ½β η²‖H^{−k}g‖², where q = gᵀH^{−k}g; and ‖H^{−k}g‖² ≤ α^{−k}q",
        )
        .at_least(
            -(alpha**k) * q / (2 * beta),
            [(beta * q / (2 * alpha**k), eta - best)],
            "no η makes this smaller than η = α^k/β does, which gives just that: complete the square",
        )
        .then(
            "at that η, with q = β^{−k}‖g‖² + p, p ≥ 0, as H^{−k} is at least β^{−k}; G = ‖g‖²",
            lambda e: e.subs(q, G / beta**k + spare),
        )
        .at_most(
            -(alpha**k) / (2 * beta ** (1 + k)) * G,
            [(alpha**k / (2 * beta) * spare, sp.Integer(1))],
            "what the theorem promises; k = 0 is gradient descent, and k = 1 is not better in the worst case",
        )
    )


def hessian_vector_product() -> Derivation:
    """A Hessian-vector product without a Hessian: push the direction through the network beside the values."""
    a, delta, Rs, Rdelta = sp.symbols("a delta R_s R_delta", real=True)
    Ra = (1 - a**2) * Rs
    value = (Rdelta * (1 - a**2) - 2 * delta * a * Ra) * x
    given = {Rs: v * x, Rdelta: (1 - a**2) * v * x, delta: a - y}
    loss = (sp.tanh(w * x) - y) ** 2 / 2
    return (
        Derivation(
            "A change through the network",
            value,
            "one weight: s = wx, a = tanh s, δ = a − y; w moves along v, R{·} is the change of what follows. "
            "Of the gradient δ(1 − a²)x this is the change",
        )
        .then("Rs = vx goes forward, Rδ = Ra = (1 − a²)Rs; put them in", lambda e: e.subs(given))
        .then("and a = tanh(wx)", lambda e: e.subs(a, sp.tanh(w * x)))
        .equals(sp.diff(loss, w, 2) * v, "the second derivative of ½(tanh(wx) − y)², times v")
    )


def bias_correction() -> Derivation:
    """Why the running mean is divided by 1 − β₂ⁿ: its weights sum to that."""
    return Derivation(
        "The bias correction",
        sp.Sum((1 - b) * b ** (n - j), (j, 1, n)),
        "the weights that v gives to D₁² … D_n²: with a Hessian every `freq` steps there are n of them, not t",
    ).then(
        "they sum to this: divide by it, and v is a mean from the first estimate on", lambda e: sp.simplify(e.doit())
    )
