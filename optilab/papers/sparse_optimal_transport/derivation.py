"""Why columns look as they do, why dual and semi-dual agree, and what they really solve; every line by SymPy."""

import sympy as sp

from optilab.core.derive import Derivation

t1, t2 = sp.symbols("t1 t2", nonnegative=True)
s1, s2, s3, gamma, b = sp.symbols("s1 s2 s3 gamma b", positive=True)
theta, beta, a = sp.symbols("theta beta a", real=True)
w1, w2, w3, ell, sigma = sp.symbols("w1 w2 w3 ell sigma", positive=True)
PRICES = sp.symbols("s1:5", real=True)


def top_of_the_dual() -> Derivation:
    """The best column on two places, and its value."""
    x, y = sp.symbols("x y", nonnegative=True)
    earned = s1 * x + s2 * y - gamma / 2 * (x**2 + y**2)
    return (
        Derivation("The best column on two places", earned, "earn the prices, pay for the square")
        .then(
            "no slope: the amounts are the prices divided by γ",
            lambda f: f.subs(sp.solve([sp.diff(f, x), sp.diff(f, y)], [x, y])),
        )
        .equals((s1**2 + s2**2) / (2 * gamma), "Ω*₊ is a sum of squares of the prices chosen")
    )


def why_the_largest() -> Derivation:
    """Moving mass to an empty place with a higher price gains: it holds with the sum free and with the sum fixed."""
    lower, mass = sp.symbols("s_j t_j", nonnegative=True)
    difference = sp.Symbol("d", nonnegative=True)
    return (
        Derivation(
            "Why the largest",
            ((lower + difference) * mass - gamma / 2 * mass**2) - (lower * mass - gamma / 2 * mass**2),
            "the mass tⱼ moves from j to an empty place i with sᵢ = sⱼ + d: what i earns, minus what j earned",
        )
        .equals(difference * mass, "the square, the sum and the number of nonzeros stay as they are")
        .at_least(sp.Integer(0), [(difference * mass, sp.Integer(1))], "so the k largest prices are best")
    )


def entries(r: int) -> list[sp.Symbol]:
    """The r chosen prices."""
    return list(PRICES[:r])


def water_level(r: int = 3) -> Derivation:
    """The level θ of a column with r nonzeros that sums to b."""
    s = entries(r)
    return Derivation(
        "The water level", sum(x - theta for x in s) / gamma - b, f"{r} entries (sᵢ − θ)/γ, minus what b is"
    ).then(
        "the column sums to b: θ is the mean of the chosen prices, lowered by γb/r",
        lambda f: sp.solve(f, theta)[0],
    )


def column_value(r: int = 3) -> Derivation:
    """Ω*_b of a column with r nonzeros, by its level θ, in two forms."""
    s = entries(r)
    t = [(x - theta) / gamma for x in s]
    return (
        Derivation(
            "What the column earns",
            sum(x * y - gamma / 2 * y**2 for x, y in zip(s, t, strict=True)),
            "⟨s, t⟩ − γ/2 ‖t‖² with tᵢ = (sᵢ − θ)/γ",
        )
        .equals(
            theta * sum(t) + sum((x - theta) ** 2 for x in s) / (2 * gamma),
            "all mass at the level, and what stands out",
        )
        .equals(sum(x**2 - theta**2 for x in s) / (2 * gamma), "or squares, like Ω*₊, above a sea of height θ")
    )


def one_nonzero() -> Derivation:
    """The value of a column with one nonzero: the limit k = 1."""
    return (
        Derivation("One nonzero a column", column_value(1).result, "r = 1")
        .then("with its level", lambda f: f.subs(theta, water_level(1).result))
        .equals(
            PRICES[0] * b - gamma / 2 * b**2,
            "all of b goes to the best price, as without regularisation; each column only loses γ/2 b², whatever the "
            "prices are: max S = LP + γ/2 ‖b‖²",
        )
    )


def best_beta(r: int = 3) -> Derivation:
    """The β that maximises the dual is −θ."""
    s = entries(r)
    return (
        Derivation(
            "The best answer of a target",
            beta * b - sum((x + beta) ** 2 for x in s) / (2 * gamma),
            "its part of the dual, βb − Ω*₊(s + β), on the same places",
        )
        .then("its slope", lambda f: sp.diff(f, beta))
        .then("no slope: β = −θ, what a target pays is the level in its column", lambda f: sp.solve(f, beta)[0])
    )


def semi_dual_is_dual(r: int = 3) -> Derivation:
    """The dual at the best β is the semi-dual."""
    s = entries(r)
    mass = sum(x - theta for x in s) / gamma
    return (
        Derivation(
            "Dual and semi-dual",
            beta * mass - sum((x + beta) ** 2 for x in s) / (2 * gamma),
            "a target's part of the dual, with b written by the level: Σ(sᵢ − θ)/γ",
        )
        .then("at β = −θ", lambda f: f.subs(beta, -theta))
        .equals(-column_value(r).result, "minus Ω*_b, its part of the semi-dual: max over β of D(α, β) is S(α)")
    )


def one_norm() -> Derivation:
    """D4a: what k = 1 becomes for two places."""
    return (
        Derivation(
            "What k = 1 becomes",
            a * t1 + a * t2 - a**2 / 2,
            "k = 1, γ = 1: the most of ⟨s, t⟩ − Ω*₊(s) over prices, where both are a and Ω*₊ = a²/2",
        )
        .then("the best a", lambda f: f.subs(a, sp.solve(sp.diff(f, a), a)[0]))
        .equals((t1 + t2) ** 2 / 2, "half the squared sum, γ/2 ‖b‖² in all: on columns that sum to b it is constant")
    )


SUMS = {ell: w2 + w3, sigma: w1 + w2 + w3}


def spread_atoms(case: int) -> tuple[list[sp.Matrix], list[sp.Expr]]:
    """D4b: 2-sparse columns and the weights with which they average to w, with ℓ = w₂ + w₃ and σ = w₁ + ℓ."""
    if case == 0:
        return [sp.Matrix([w1, ell, 0]), sp.Matrix([w1, 0, ell])], [w2 / ell, w3 / ell]
    atoms = [sp.Matrix([1, 1, 0]), sp.Matrix([1, 0, 1]), sp.Matrix([0, 1, 1])]
    return [sigma / 2 * atom for atom in atoms], [1 - 2 * w / sigma for w in (w3, w2, w1)]


WHERE = ("w₁ > ℓ, with ℓ = w₂ + w₃", "w₁ ≤ w₂ + w₃, with σ = w₁ + w₂ + w₃")


def mixture(case: int = 0) -> Derivation:
    """D4b: the atoms average to w."""
    atoms, weights = spread_atoms(case)
    return Derivation(
        f"A column with three nonzeros, mixed from columns with two, where {WHERE[case]}",
        sum((weight * atom for weight, atom in zip(weights, atoms, strict=True)), sp.zeros(3, 1)),
        "columns with two nonzeros and the sum of w, times weights that are nonnegative and sum to 1",
    ).then("with the sum put in: they average to w", lambda total: total.subs(SUMS).applyfunc(sp.cancel))


def mixture_cost(case: int = 0) -> Derivation:
    """D4b: what the mixture pays, and that prices prove that none pays less."""
    atoms, weights = spread_atoms(case)
    prices = sp.Matrix([w1, ell, ell]) if case == 0 else sigma / 2 * sp.ones(3, 1)
    last = (ell - w2, sigma - w1 - w2)[case]
    proof = prices.dot(sp.Matrix([w1, w2, w3])) - (prices[0] ** 2 + prices[1] ** 2) / 2
    return (
        Derivation(
            "What the mixture pays",
            sum(weight * atom.dot(atom) / 2 for weight, atom in zip(weights, atoms, strict=True)),
            "the average of ½‖·‖², γ = 1",
        )
        .then(
            "with the sum put in: half the squared 2-support norm",
            lambda cost: sp.simplify(cost.subs(w3, last)),
        )
        .equals(
            proof.subs(w3, last),
            "it is ⟨s, w⟩ − Ω*₊(s) at the prices "
            + ("(w₁, ℓ, ℓ)" if case == 0 else "(σ/2, σ/2, σ/2)")
            + ": no mixture pays less",
        )
    )
