"""Why the last iterate is as good as the step sizes let it be: one moving reference point, one sum."""

import sympy as sp

from optilab.core.derive import Derivation

eta, d, s, M, D, T, mu, sigma2 = sp.symbols("eta d s M D T mu sigma2", positive=True)
kappa = sp.symbols("kappa", nonnegative=True)
n = sp.symbols("n", integer=True, positive=True)

SIZE = 4  # of the symbolic runs: large enough that nothing is special
STEPS = sp.symbols(f"eta_1:{SIZE + 1}", positive=True)
VALUES = sp.symbols(f"F_1:{SIZE + 2}", real=True)
OPTIMUM = sp.symbols("F_*", real=True)


def references(steps: tuple[sp.Symbol, ...] = STEPS) -> list[sp.Expr]:
    """The weights v_0, v_1, …, v_T with v_t = η_T/(η_t + … + η_T) and v_0 = v_1."""
    v = [steps[-1] / sp.Add(*steps[k:]) for k in range(len(steps))]
    return [v[0], *v]


def one_step() -> Derivation:
    """The error of one step: what noise and kinks can win before the distance term stops them."""
    return (
        Derivation(
            "What one step can lose",
            (M + s) * d - d**2 / (4 * eta),
            "a step of length d gains at most (M + ‖ξ‖) d from kink and noise and pays d²/(4η), as η ≤ 1/(2L); s = ‖ξ‖",
        )
        .at_most(
            eta * (M + s) ** 2, [(1 / (4 * eta), d - 2 * eta * (M + s))], "whatever the length d: complete a square"
        )
        .at_most(2 * eta * (M**2 + s**2), [(eta, M - s)], "so that only E‖ξ‖² = σ² is needed")
    )


def weights_sum_to_one() -> Derivation:
    """The reference z^t is an average of x* and x^1 … x^t."""
    v = references()
    total = v[0] / v[SIZE] + sum((v[j] - v[j - 1]) / v[SIZE] for j in range(1, SIZE + 1))
    return Derivation("The reference is an average", total, "the weights of z⁴, on x⋆ and on x¹ … x⁴").equals(
        sp.Integer(1), "they sum to 1; they are not negative, since vₜ grows with t"
    )


def moving_reference() -> Derivation:
    """Why the references chain up: seen from x^t, z^t is z^{t−1} pulled closer."""
    star, v0, v1, v2, v3 = sp.symbols("x_* v_0 v_1 v_2 v_3")
    x1, x2, x3 = sp.symbols("x_1:4")
    z2 = (v0 * star + (v1 - v0) * x1 + (v2 - v1) * x2) / v2
    z3 = (v0 * star + (v1 - v0) * x1 + (v2 - v1) * x2 + (v3 - v2) * x3) / v3
    return Derivation(
        "The reference moves towards the iterate", z3 - x3, "the third reference, seen from the third iterate"
    ).equals(
        v2 / v3 * (z2 - x3),
        "the second one, pulled closer by v₂/v₃ ≤ 1; by convexity v₃ D(z³, x³) ≤ v₂ D(z², x³): divergences chain up",
    )


def only_the_last_survives() -> Derivation:
    """Weighted by η_t v_t, all function values but the last cancel."""
    T = 3
    steps, values = STEPS[:T], VALUES[: T + 1]
    v = sp.symbols(f"v_1:{T + 1}", positive=True)
    vS = [v[k] * sp.Add(*steps[k:]) for k in range(T)]  # v_t S_t with S_t = η_t + … + η_T
    total = sum(
        steps[t] * (v[t] * values[t + 1] - v[0] * OPTIMUM - sum((v[k] - v[k - 1]) * values[k] for k in range(1, t + 1)))
        for t in range(T)
    )
    collected = sum((vS[k - 1] - vS[k]) * values[k] for k in range(1, T)) + vS[-1] * values[-1] - vS[0] * OPTIMUM
    chosen = dict(zip(v, references(steps)[1:], strict=True))
    return (
        Derivation(
            "Only the last iterate survives",
            total,
            "Σ ηₜvₜ(F(xᵗ⁺¹) − F(zᵗ)) is at least this, here for T = 3: by convexity "
            "vₜF(zᵗ) ≤ v₁F⋆ + Σ(vₛ − vₛ₋₁)Fₛ, and Fₛ is F(xˢ)",
        )
        .equals(collected, "collect the values: each one stands between vₛ₋₁Sₛ₋₁ and vₛSₛ, with Sₜ = ηₜ + … + η_T")
        .then("so let all vₜSₜ be the same: vₜ = η_T/Sₜ", lambda e: sp.factor(sp.cancel(e.subs(chosen))))
    )


def telescope() -> Derivation:
    """The divergences sum to at most the first: each pair leaves a nonnegative slack behind."""
    v = references()
    after = sp.symbols(f"A_2:{SIZE + 2}", nonnegative=True)  # D(z^t, x^{t+1})
    slack = sp.symbols(f"r_2:{SIZE + 1}", nonnegative=True)  # v_{t−1} D(z^{t−1}, x^t) − v_t D(z^t, x^t)
    before = [D, *((v[k - 1] * after[k - 2] - slack[k - 2]) / v[k] for k in range(2, SIZE + 1))]
    total = v[1] * (D - after[0]) + sum(v[k] * (before[k - 1] - after[k - 1]) for k in range(2, SIZE + 1))
    return Derivation(
        "The distances telescope",
        total,
        "Σ vₜ (D(zᵗ, xᵗ) − D(zᵗ, xᵗ⁺¹)), where Aₜ = D(zᵗ⁻¹, xᵗ) and rₜ ≥ 0 is what the chain of references gives away",
    ).at_most(
        v[0] * D,
        [*((r, sp.Integer(1)) for r in slack), (v[SIZE] * after[-1], sp.Integer(1))],
        "only the start is left: D at most, weighted by v₀ = η_T/S₁",
    )


def constant_pays_a_logarithm() -> Derivation:
    """With constant steps the noise sum is harmonic."""
    k = sp.symbols("k", integer=True, positive=True)
    S = sp.symbols("S_t", positive=True)
    return (
        Derivation("Constant steps", eta**2 / S, "what step t pays in the noise sum")
        .then("n = T − t + 1 steps are left, and Sₜ sums them", lambda e: e.subs(S, sp.summation(eta, (k, 1, n))))
        .then("sum over all n = 1 … T: the harmonic number H_T ≈ ln T + 0.577", lambda e: sp.summation(e, (n, 1, T)))
    )


def linear_decay() -> Derivation:
    """With linear decay every step pays the same, and the logarithm is gone."""
    j = sp.symbols("j", integer=True, positive=True)
    unit = eta / T ** sp.Rational(3, 2)
    S = sp.summation(unit * j, (j, 1, n))
    return (
        Derivation("Linear decay", (unit * n) ** 2 / S, "ηₜ = η n/(T√T) with n = T − t + 1 steps left, and its sum Sₜ")
        .equals(2 * unit * n / (n + 1), "Sₜ = η n(n + 1)/(2T√T): the two n of ηₜ² meet the two of Sₜ")
        .at_most(2 * unit, [(2 * unit / (n + 1), sp.Integer(1))], "every step pays at most the same, the last ones too")
        .then("T of them: no logarithm", lambda term: sp.simplify(T * term))
    )


def best_linear_decay() -> Derivation:
    """The whole bound at its best η: 4√2 √(D σ̃²/T)."""
    total = D / (eta * sp.sqrt(T) / 2) + 2 * sigma2 * linear_decay().result
    return (
        Derivation("The best slope", total, "D/S₁ + 2σ̃² Σ ηₜ²/Sₜ, with S₁ ≥ η√T/2 and the sum above; σ̃² = M² + σ²")
        .at_least(
            4 * sp.sqrt(2) * sp.sqrt(D * sigma2 / T),
            [(1 / sp.sqrt(T), sp.sqrt(2 * D / eta) - sp.sqrt(4 * sigma2 * eta))],
            "no η does better: complete the square",
        )
        .equals(total.subs(eta, sp.sqrt(D / (2 * sigma2))), "and η = √(D/(2σ̃²)) does as well")
    )


def strong_convexity() -> Derivation:
    """For steps 2/(μ(t + 1)) the weights γ_t that make the distances telescope grow linearly."""
    step = 2 / (mu * (n + 1))
    gamma = n / mu
    return (
        Derivation(
            "Strong convexity",
            gamma.subs(n, n + 1) * (1 - mu * step.subs(n, n + 1)) / step.subs(n, n + 1),
            "γₜ₊₁(1 − μηₜ₊₁)/ηₜ₊₁ for ηₜ = 2/(μ(t+1)), with the guess γₜ = t/μ; n stands for t",
        )
        .equals(gamma / step, "equals γₜ/ηₜ, as telescoping asks: the guess is right")
        .then("at t = 1", lambda e: e.subs(n, 1))
        .equals(sp.Integer(1), "so γ₁ = η₁, both 1/μ, as weights begin")
    )


def forgetting() -> Derivation:
    """How fast steps 1/(μ(t + 2κ)) and 2/(μ(t + 1 + 4κ)) forget the start: Σγ grows like T, and like T²."""
    j = sp.symbols("j", integer=True, positive=True)
    B_1, B_2 = sp.symbols("B_1 B_2", positive=True)
    first, second = 1 / (mu * (1 + 2 * kappa)), 2 / (mu * (2 + 4 * kappa))  # η_1, and γ_1 as well
    weight = second * (j + 4 * kappa) / (1 + 4 * kappa)
    return (
        Derivation(
            "Forgetting the start",
            (
                sp.Eq(B_1, (1 - mu * first) * D / sp.Sum(first, (j, 1, n))),
                sp.Eq(B_2, (1 - mu * second) * D / sp.Sum(weight, (j, 1, n))),
            ),
            "the start counts (1 − μη₁)D/Σγ: B₁ for ηₜ = 1/(μ(t+2κ)), γₜ = η₁; "
            "B₂ for ηₜ = 2/(μ(t+1+4κ)), γₜ = η₁(t+4κ)/(1+4κ); n stands for T",
        )
        .then("sum the weights", lambda system: tuple(sp.Eq(e.lhs, sp.factor(e.rhs.doit())) for e in system))
        .equals(
            (
                sp.Eq(B_1, 2 * kappa * mu * D / n),
                sp.Eq(B_2, 4 * kappa * mu * (1 + 4 * kappa) * D / (n * (n + 1 + 8 * kappa))),
            ),
            "with L = κμ: 2LD/T, and 4L(1+4κ)D/(T(T+1+8κ)), a factor T less",
        )
    )


def entropy_step() -> Derivation:
    """Three probabilities: the step's optimality condition says multiply and normalise."""
    x = sp.symbols("x_1:4", positive=True)
    g = sp.symbols("g_1:4", real=True)
    lam = sp.symbols("lambda", real=True)
    z = sp.symbols("z", positive=True)
    condition = sp.Eq(g[0] + (sp.log(z) - sp.log(x[0])) / eta + lam, 0)
    factor = sp.symbols("c", positive=True)
    total = sum(x[i] * sp.exp(-eta * g[i]) for i in range(3))
    return (
        Derivation("The entropy step", condition, "derivative of ⟨g, z⟩ + D(z, x)/η + λ(Σz − 1) in z₁ is 0")
        .then("solve for z₁", lambda e: sp.solve(e, z)[0])
        .equals(sp.exp(-eta * lam) * x[0] * sp.exp(-eta * g[0]), "multiply by exp(−η g₁), and by a common factor")
        .then("call that factor c", lambda e: e.subs(lam, -sp.log(factor) / eta))
        .then("it makes the sum 1: multiply and normalise", lambda e: e.subs(factor, 1 / total))
    )


def power_step() -> Derivation:
    """The mirror map for p = 3/2 and its inverse."""
    r = sp.symbols("r", positive=True)
    p = sp.Rational(3, 2)
    q = p / (p - 1)
    c = 2 ** (q - 2)
    return (
        Derivation(
            "Through the mirror and back", c * r ** (q - 1), "‖∇ψ‖ at distance r from the centre, p = 3/2, q = 3"
        )
        .then("the inverse map: (‖v‖/c)^(p−1)", lambda v: (v / c) ** (p - 1))
        .equals(r, "back at distance r: far out, a huge gradient moves the point by its square root only")
    )


def young() -> Derivation:
    """The largest error of one step under the power map, p = 3/2: the p-th moment of the noise is enough."""
    a = sp.symbols("a", positive=True)
    p, q = sp.Rational(3, 2), sp.Integer(3)
    return (
        Derivation(
            "One step under heavy tails", a * d - d**q / (q * eta), "now a step of length d pays d^q/(qη), p = 3/2"
        )
        .then("at its best length d = √(aη)", lambda e: sp.simplify(e.subs(d, sp.sqrt(a * eta))))
        .equals(eta ** (p - 1) * a**p / p, "a^p with a = M + ‖ξ‖, and p < 2: no variance needed")
    )


def hard_instance() -> Derivation:
    """On Harvey's instance the last value of 1/√t is at least ln T/(32√T)."""
    root_j, root_T = sp.symbols("u w", positive=True)  # √j, √T
    m = sp.symbols("m", nonnegative=True)  # T − j
    coordinate = 1 / (2 * root_T) - m / (4 * (m + 1) * (root_T + root_j))
    bottom = 1 / (4 * root_T)
    slack = (root_T + (m + 1) * root_j) / (4 * root_T * (m + 1) * (root_T + root_j))
    return (
        Derivation(
            "The logarithm is real",
            coordinate,
            "the last iterate's coordinate j, at least: the spike ηⱼbⱼ, lowered by aⱼ Σ_{s>j} 1/√s ≤ 2aⱼ(√T − √j); "
            "w = √T, u = √j, m = T − j",
        )
        .at_least(bottom, [(slack, sp.Integer(1))], "half of every spike survives")
        .then(
            "the last value is Σ aⱼxⱼ, and aⱼ = 1/(8n) with n = T − j + 1: the harmonic number H_T ≥ ln T again",
            lambda x: sp.summation(x.subs(root_T, sp.sqrt(T)) / (8 * n), (n, 1, T)),
        )
    )
