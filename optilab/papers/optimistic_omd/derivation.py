"""Why regret is paid in surprise: one identity, one sum, and where every constant of the bound comes from."""

import sympy as sp

from optilab.core.derive import Derivation

eta, D, L, G, lam, c, r, s = sp.symbols("eta D L G lambda c r s", positive=True)
noise, drift = sp.symbols("sigma Sigma", positive=True)  # √σ²_{1:T} and √Σ²_{1:T}
u, x, g, m = sp.symbols("u x g m", real=True)
xhat, after = sp.Symbol("\\hat{x}", real=True), sp.Symbol("\\hat{x}^+", real=True)
ROOT, BEFORE = sp.symbols("R_t R_t-1", positive=True)  # √(δ + V̄_t), √(δ + V̄_{t−1})


def surprise() -> Derivation:
    """The play and the corrected point differ by the surprise."""
    return (
        Derivation("What a wrong hint costs", x - after, "from the play to the corrected point, without projections")
        .then(
            "both are steps from the same x̂: one along the hint, one along the gradient",
            lambda e: e.subs({x: xhat - eta * m, after: xhat - eta * g}),
        )
        .equals(eta * (g - m), "x̂ drops out: what is left is the surprise")
    )


def step_identity() -> Derivation:
    """⟨g, x − u⟩ is surprise times movement, plus distances that telescope, minus movements."""
    return (
        Derivation(
            "One round",
            g * (x - u) - (g - m) * (x - after),
            "⟨g, x − u⟩ less surprise times movement, in one coordinate: all terms are sums over coordinates",
        )
        .equals(m * (x - after) + g * (after - u), "what each of the two steps was led by, times what comes after it")
        .then(
            "the steps: ηm = x̂ − x and ηg = x̂ − x̂⁺",
            lambda e: e.subs({m: (xhat - x) / eta, g: (xhat - after) / eta}),
        )
        .equals(
            ((u - xhat) ** 2 - (u - after) ** 2 - (after - x) ** 2 - (x - xhat) ** 2) / (2 * eta),
            "two distances to u, which telescope, and two movements, which help; with projections it is ≤",
        )
    )


def sum_of_surprises() -> Derivation:
    """Each surprise, divided by the root of all so far, is paid by the growth of that root."""
    root = sp.Function("R", positive=True)  # of the round
    t, T = sp.symbols("t T", integer=True, positive=True)
    return (
        Derivation(
            "A sum that telescopes",
            (ROOT**2 - BEFORE**2) / ROOT,
            "‖gₜ − Mₜ‖²/Rₜ, where Rₜ² = δ + V̄ₜ. As ‖gₜ − Mₜ‖² ≤ 4G², η‖gₜ − Mₜ‖² is at most D times this",
        )
        .at_most(2 * (ROOT - BEFORE), [(1 / ROOT, ROOT - BEFORE)], "twice the growth of R: complete the square")
        .then(
            "the sum over all rounds telescopes, R(t) for Rₜ",
            lambda e: sp.Sum(e.subs({ROOT: root(t), BEFORE: root(t - 1)}), (t, 1, T)).doit(),
        )
        .at_most(2 * root(T), [(2 * root(0), sp.Integer(1))], "twice the last root")
    )


def path_constant() -> Derivation:
    """½ from the distances and 2 from the surprises."""
    root, last = sp.symbols("R eta_T", positive=True)  # √(δ + 4G² + V̄_T)
    return Derivation(
        "The bound on any path",
        D**2 / (2 * last) + 2 * D * root,
        "distances, as η never grows, and surprises, 2D√(δ + V̄_T); R² = δ + 4G² + V̄_T, which is at least that",
    ).then("and η_T is at least D/R: no expectation was taken", lambda e: e.subs(last, D / root))


def variation_split() -> Derivation:
    """The surprise is noise, drift, smoothness and noise again; each counts four times."""
    parts = sp.symbols("n_t d v n_t-1", real=True)
    pairs = [(a, b) for i, a in enumerate(parts) for b in parts[i + 1 :]]
    return Derivation(
        "What surprises",
        sp.Add(*parts) ** 2,
        "gₜ − gₜ₋₁ is noise nₜ, the drift d = ∇Fₜ − ∇Fₜ₋₁ at one point, the change v of ∇Fₜ₋₁ over the way walked, "
        "noise nₜ₋₁",
    ).at_most(
        4 * sp.Add(*[a**2 for a in parts]),
        [(sp.Integer(1), a - b) for a, b in pairs],
        "so, in the mean, V̄_T ≤ G² + 8σ² + 4Σ² + 4L² Σ‖xₜ − xₜ₋₁‖²: every noise is met twice",
    )


def movement_pays() -> Derivation:
    """The two movements of the identity hold down the way from one play to the next."""
    p, q = sp.symbols("p q", real=True)
    return Derivation(
        "Movement pays",
        -(p**2 + q**2) / (2 * eta),
        "what the identity took away: from x̂ₜ to the play, q, and to x̂ₜ from the play before, p",
    ).at_most(-((p + q) ** 2) / (4 * eta), [(1 / (4 * eta), p - q)], "p + q is the way from play to play; 1/η ≥ √δ/D")


def smoothness_term() -> Derivation:
    """What the plays' movement costs through smoothness, less what it pays."""
    return Derivation(
        "Movement against movement",
        5 * D * L * r - s * r**2 / (4 * D),
        "(5/2)D·√(4L²r²) from the bound on V̄, with r² = Σ‖xₜ − xₜ₋₁‖², less what movement pays; s = √δ",
    ).at_most(25 * D**3 * L**2 / s, [(s / (4 * D), r - 10 * D**2 * L / s)], "whatever r is: complete the square")


def best_offset() -> Derivation:
    """Where δ = 10 D²L² comes from."""
    total = sp.Rational(5, 2) * D * s + 25 * D**3 * L**2 / s
    best = sp.sqrt(10) * D * L
    return (
        Derivation("The best δ", total, "√δ in the bound itself, and what smoothness left over; s = √δ")
        .at_least(5 * sp.sqrt(10) * D**2 * L, [(5 * D / (2 * s), s - best)], "no s does better")
        .equals(total.subs(s, best), "and s = √10 DL, δ = 10 D²L², does as well")
    )


def other_terms() -> Derivation:
    """The rest of the convex bound: G, noise, drift."""
    half = sp.Rational(5, 2) * D
    return Derivation(
        "The other constants",
        half * (sp.sqrt(4 * G**2 + G**2) + sp.sqrt(8 * noise**2) + sp.sqrt(4 * drift**2)),
        "roots of sums are at most sums of roots; σ² and Σ² are those of all rounds",
    ).equals(half * sp.sqrt(5) * G + 5 * sp.sqrt(2) * D * noise + 5 * D * drift, "noise counts √2 times drift")


def strong_steps() -> Derivation:
    """With η = 2/(λt) the distances grow a weight of λ/4 a round."""
    t = sp.Symbol("t", positive=True)
    step = 2 / (lam * t)
    return Derivation(
        "Steps that fall like 1/t",
        1 / (2 * step) - 1 / (2 * step.subs(t, t - 1)),
        "what one round adds to the weight of ‖u − x̂‖²",
    ).then("the same in every round", sp.simplify)


def strong_convexity() -> Derivation:
    """The growing weight is paid by strong convexity and by movement."""
    j = sp.Symbol("j", nonnegative=True)  # t − 2
    play, move = lam / 2 * (u - x) ** 2, lam * (2 + j) / 4 * (x - xhat) ** 2
    return (
        Derivation("Strong convexity pays", lam / 4 * (u - xhat) ** 2, "the weight that a round adds, in a coordinate")
        .at_most(
            play + lam / 2 * (x - xhat) ** 2, [(lam / 4, u - 2 * x + xhat)], "by way of the play: x̂ isn't far from it"
        )
        .then(
            "less what strong convexity gives, λ/2 (u − x)², and the movement kept, λt/4 (x − x̂)², at t = 2 + j",
            lambda e: sp.expand(e) - sp.expand(play) - sp.expand(move),
        )
        .at_most(sp.Integer(0), [(lam * j / 4, x - xhat)], "nothing is left from t = 2 on: no √T, only Σ ηₜ‖gₜ − Mₜ‖²")
    )


def determinant() -> Derivation:
    """A gradient added to the metric multiplies its determinant."""
    H, v = _metric()
    square = sp.together((v.T * H.inv() * v)[0])
    return Derivation("A metric that learns", (H + c * v * v.T).det(), "det(H + c g gᵀ), in the plane").equals(
        sp.Mul(H.det(), 1 + c * square, evaluate=False), "det H · (1 + c gᵀH⁻¹g)"
    )


def potential() -> Derivation:
    """The length of a gradient in the new metric is a step of ln det."""
    H, v = _metric()
    new = H + c * v * v.T
    more = sp.Symbol("y", nonnegative=True)  # det(H + c g gᵀ)/det H − 1
    z = sp.Symbol("z", positive=True)
    (corner,) = sp.solve(new.det() - (1 + more) * H.det(), H[1, 1])
    return (
        Derivation("What a gradient costs", sp.cancel((v.T * new.inv() * v)[0]), "gᵀ(H + c g gᵀ)⁻¹g")
        .equals((1 - H.det() / new.det()) / c, "(1 − 1/z)/c, where z is the factor by which det H grows")
        .then(
            "with z = 1 + y, where y = c gᵀH⁻¹g is 0 or more", lambda e: sp.factor(sp.cancel(e.subs(H[1, 1], corner)))
        )
        .then("0 at y = 0: it is the area, from 0 to y, under its slope", lambda e: sp.factor(sp.diff(e, more)))
        .at_most(
            1 / (c * (1 + more)),
            [(more / (c * (1 + more) ** 2), sp.Integer(1))],
            "the slope of ln(1 + y)/c, which is never less",
        )
        .then(
            "the area under this one: so at most ln z/c. These telescope: ln det H_T/c grows like d ln T",
            lambda e: sp.integrate(c * e, (more, 0, z - 1)) / c,
        )
    )


def _metric() -> tuple[sp.Matrix, sp.Matrix]:
    """A symmetric matrix and a vector in the plane."""
    h = sp.symbols("h_11 h_12 h_22", real=True)
    return sp.Matrix([[h[0], h[1]], [h[1], h[2]]]), sp.Matrix(sp.symbols("g_1 g_2", real=True))
