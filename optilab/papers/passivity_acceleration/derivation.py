"""Acceleration by design, line by line: the passivity balance, the match with known ODEs, the split, the trap."""

import sympy as sp

from optilab.core.derive import Derivation

gamma, kappa, c, mu, s, lam, eps, r = sp.symbols("gamma kappa c mu s lambda epsilon r", positive=True)
alpha, beta, eta, rho = sp.symbols("alpha beta eta rho", positive=True)
q = sp.sqrt(mu * s)

x1, x2, v1, v2, psi1, psi2, w1, w2 = sp.symbols("x1 x2 v1 v2 psi1 psi2 w1 w2", real=True)
g1, g2 = sp.symbols("g1 g2", real=True)  # the gradient, where f itself plays no part
f = sp.Function("f", real=True)(x1, x2)
X, V, PSI, W, G = (sp.Matrix(pair) for pair in ((x1, x2), (v1, v2), (psi1, psi2), (w1, w2), (g1, g2)))
GRADIENT = sp.Matrix([f.diff(x1), f.diff(x2)])
HESSIAN = sp.hessian(f, (x1, x2))


def along(quantity: sp.Expr, velocity: dict[sp.Symbol, sp.Expr]) -> sp.Expr:
    """Time derivative of a function of the state, by the chain rule: Σ ∂quantity/∂z · ż."""
    return sp.Add(*[quantity.diff(z) * speed for z, speed in velocity.items()])


def moving(points: sp.Matrix, speeds: sp.Matrix) -> dict[sp.Symbol, sp.Expr]:
    """Pair coordinates with their velocities."""
    return dict(zip(points, speeds, strict=True))


def passive_output() -> Derivation:
    """The feedback makes ψ an output that can only lose what w does not bring: Ṡ = −γ‖ψ‖² + wᵀψ."""
    psi = V + kappa * GRADIENT
    u = -kappa * HESSIAN * V - gamma * psi + W
    storage = psi.dot(psi) / 2
    return (
        Derivation("The passive output", storage, "store half the squared distance to the target manifold, ψ = v + κ∇f")
        .then(
            "differentiate along the plant ẋ = v, v̇ = u, with u = −κ∇²f v − γψ + w, and write ψ for v + κ∇f",
            lambda S: sp.expand(
                along(S, moving(X, V) | moving(V, u)).subs(moving(V, PSI - kappa * GRADIENT), simultaneous=True)
            ),
        )
        .equals(
            -gamma * PSI.dot(PSI) + W.dot(PSI),
            "the Hessian is gone: it was the manifold turning under the trajectory. What is left dissipates, or is w",
        )
        .at_most(
            W.dot(W) / (4 * gamma),
            [(gamma, psi1 - w1 / (2 * gamma)), (gamma, psi2 - w2 / (2 * gamma))],
            "whatever ψ is: a finite input w stores finite energy, and without input ψ decays at rate γ",
        )
    )


def storage_balance() -> Derivation:
    """Close the loop through the gradient: V̇ = −γ‖ψ‖² − cκ‖∇f‖² ≤ 0."""
    loop = moving(X, PSI - kappa * GRADIENT) | moving(PSI, -gamma * PSI - c * GRADIENT)
    return (
        Derivation(
            "The energy balance",
            PSI.dot(PSI) / 2 + c * f,
            "add the storages of both passive systems: ½‖ψ‖² of the distance, c(f − f⋆) of the valley",
        )
        .then(
            "differentiate along ẋ = ψ − κ∇f, ψ̇ = −γψ − c∇f, and write g for ∇f",
            lambda E: along(E, loop).subs(moving(GRADIENT, G)),
        )
        .equals(
            -gamma * PSI.dot(PSI) - c * kappa * G.dot(G),
            "the cross term c∇fᵀψ enters once with + and once with −: what one system loses the other gets",
        )
        .at_most(
            sp.Integer(0),
            [(gamma, psi1), (gamma, psi2), (c * kappa, g1), (c * kappa, g2)],
            "two brakes: γ on the distance, cκ on the slope. Heavy ball, κ = 0, has lost the second",
        )
    )


def second_order() -> Derivation:
    """The same loop in the plant's coordinates: ẍ = u is a damped oscillator with Hessian damping."""
    psi = V + kappa * GRADIENT
    return (
        Derivation("As one equation", -kappa * HESSIAN * V - gamma * psi + W, "the feedback u = ẍ")
        .then("interconnect: w = −c∇f", lambda u: u.subs(moving(W, -c * GRADIENT)).doit())
        .equals(
            -(gamma * V + kappa * HESSIAN * V) - (c + gamma * kappa) * GRADIENT,
            "ẍ + (γ + κ∇²f)ẋ + (c + γκ)∇f = 0: the Hessian damping is the derivative of the manifold's equation",
        )
    )


def high_resolution() -> Derivation:
    """Which design is the high-resolution ODE of Nesterov's method."""
    match = (sp.Eq(gamma, 2 * sp.sqrt(mu)), sp.Eq(kappa, sp.sqrt(s)), sp.Eq(c + gamma * kappa, 1 + q))
    return Derivation(
        "Nesterov's design",
        match,
        "the coefficients of ẋ, ∇²f ẋ and ∇f: left in your loop, right in the ODE of Shi, Du, Jordan, Su (2021)",
    ).then(
        "solve for the design: κ is the root of the step, and c a little less than 1",
        lambda system: tuple(map(sp.Eq, (gamma, kappa, c), sp.solve(system, (gamma, kappa, c))[0])),
    )


def three_parameter_limit() -> Derivation:
    """The ODE that any method (α, β, η) follows on the clock r = √α, with the remainder that is dropped."""
    position, velocity, acceleration, slope, curvature = sp.symbols("X Xdot Xddot F_0 F_1")
    after, before = (position + sign * r * velocity + r**2 / 2 * acceleration for sign in (1, -1))
    query = (1 + eta) * position - eta * before - position
    step = after - (1 + beta) * position + beta * before + r**2 * (slope + curvature * query)
    rest = eta * r**2 / (1 + beta) * curvature * acceleration
    ode = (
        acceleration
        + 2 * (1 - beta) / ((1 + beta) * r) * velocity
        + 2 * eta * r / (1 + beta) * curvature * velocity
        + 2 / (1 + beta) * slope
    )
    return (
        Derivation(
            "From iteration to ODE",
            sp.expand(step),
            "put X ± rẊ + ½r²Ẍ for the neighbours and ∇f(X + d) = F₀ + F₁d into ξ⁺ − (1+β)ξ + βξ⁻ + α∇f(…) = 0",
        )
        .then("multiply by 2/((1 + β)r²)", lambda E: sp.expand(2 * E / ((1 + beta) * r**2)))
        .equals(ode - rest, "an oscillator with damping Γ, Hessian damping K, force F, and one term of order r²")
        .then(
            "drop that term and read off Γ, K, F",
            lambda E: sp.Matrix([E.diff(velocity).subs(curvature, 0), E.diff(velocity, curvature), E.diff(slope)]),
        )
    )


def method_limit(name: str) -> Derivation:
    """Γ, K, F of one method: "Nesterov", "triple momentum" or "heavy ball"."""
    limit = three_parameter_limit().result
    cayley = (1 - q) / (1 + q)
    table = {
        "Nesterov": (
            {r: sp.sqrt(s), eta: cayley, beta: cayley},
            [2 * sp.sqrt(mu), sp.sqrt(s) * (1 - q), 1 + q],
            "Γ = 2√μ, K = √s(1 − √(μs)), F = 1 + √(μs)",
        ),
        "triple momentum": (
            {eta: rho**2 / ((1 + rho) * (2 - rho)), beta: rho**2 / (2 - rho)},
            [
                2 * (1 - rho) * (2 + rho) / (r * (rho**2 - rho + 2)),
                2 * r * rho**2 / ((1 + rho) * (rho**2 - rho + 2)),
                2 * (2 - rho) / (rho**2 - rho + 2),
            ],
            "with ρ = 1 − √(μ/L)",
        ),
        "heavy ball": (
            {eta: 0},
            [2 * (1 - beta) / ((1 + beta) * r), 0, 2 / (1 + beta)],
            "K = 0: no extrapolated gradient, no target manifold",
        ),
    }
    numbers, expected, because = table[name]
    return (
        Derivation(f"The limit of {name}", limit, "Γ, K, F of any three-parameter method")
        .then("put in its numbers", lambda M: M.subs(numbers))
        .equals(sp.Matrix(expected), because)
    )


def split_is_nesterov() -> Derivation:
    """One tick of the splitting is one step of Nesterov's method, exactly."""
    x, y, y_before, g, g_new, last = sp.symbols("x_k y_k y_{k-1} g_k g_{k+1} \\beta_{k-1}")
    point = y + last * (y - y_before)
    ahead = point - s * g
    point_new = ahead + beta * (ahead - y)
    ahead_new = point_new - s * g_new
    psi, psi_new = (ahead - y) / sp.sqrt(s), (ahead_new - ahead) / sp.sqrt(s)
    return (
        Derivation(
            "The split is Nesterov's step",
            sp.Matrix([x + sp.sqrt(s) * beta * psi - s * g, beta * psi - sp.sqrt(s) * g_new]),
            "dissipation, drift, kick: the new x and the new ψ, with ψ = (yₖ₊₁ − yₖ)/√s, yₖ₊₁ = xₖ − s gₖ",
        )
        .then(
            "xₖ = yₖ + βₖ₋₁(yₖ − yₖ₋₁), whatever the β of that step was",
            lambda M: M.subs(x, point).applyfunc(sp.expand),
        )
        .equals(
            sp.Matrix([point_new, psi_new]),
            "xₖ₊₁ = yₖ₊₁ + β(yₖ₊₁ − yₖ) and ψₖ₊₁ = (yₖ₊₂ − yₖ₊₁)/√s: identical, with no error of discretisation",
        )
    )


def cayley_error() -> Derivation:
    """β is the (1,1) Padé approximation of the damping exp(−2√μ h), wrong by h³ only."""
    h = sp.Symbol("h", positive=True)
    exact, cayley = sp.exp(-2 * sp.sqrt(mu) * h), (1 - sp.sqrt(mu) * h) / (1 + sp.sqrt(mu) * h)
    return (
        Derivation("Where β comes from", exact - cayley, "the exact damping of ψ over one tick h, less Nesterov's β")
        .then("expand in h", lambda E: sp.series(E, h, 0, 4).removeO())
        .equals(sp.Rational(2, 3) * mu ** sp.Rational(3, 2) * h**3, "they agree up to h²: Cayley's approximation")
    )


def heavy_ball_cycle() -> Derivation:
    """The three-cycle of heavy ball on the three-slope function, over the rationals, and its attraction."""
    points, z = sp.symbols("z1:4", real=True), sp.Symbol("z", real=True)
    step, momentum = sp.Rational(1, 9), sp.Rational(4, 9)
    low, middle, high = 25 * z, z + 24, 25 * z - 24
    gradient = sp.Piecewise((low, z < 1), (middle, z < 2), (high, True))

    def moved(point: sp.Expr, before: sp.Expr, slope: sp.Expr) -> sp.Expr:
        return (1 + momentum) * point - momentum * before - step * slope.subs(z, point)

    equations = tuple(
        sp.Eq(points[(i + 1) % 3], moved(points[i], points[i - 1], slope)) for i, slope in enumerate((low, low, high))
    )

    def solved(system: tuple[sp.Eq, ...]) -> sp.Matrix:
        return sp.Matrix([sp.solve(system, points)[point] for point in points])

    def jacobian(visited: sp.Matrix) -> sp.Matrix:
        (curvature,) = {gradient.diff(z).subs(z, point) for point in visited}  # one, wherever they are
        return sp.Matrix([[1 + momentum - curvature * step, -momentum], [1, 0]])

    cycle = solved(equations)
    return (
        Derivation(
            "The trap",
            equations,
            "three points that heavy ball with α = 1/9, β = 4/9 sends to one another; only the third lies beyond x = 2",
        )
        .then(
            "solve: 0.647, −1.802, 2.116. The first two lie below 1, the third above 2, as assumed",
            solved,
        )
        .equals(
            sp.Matrix([moved(cycle[i - 1], cycle[i - 2], gradient) for i in range(3)]),
            "where heavy ball takes each from the two before it, with ∇f as it is there: it is a cycle",
        )
        .then("does it attract? Every visited slope is 25, so each step multiplies errors by", jacobian)
        .then(
            "with these eigenvalues, of size 2/3 as at the minimum: the trap holds as firmly as the goal",
            lambda M: sp.Matrix([z for z, n in M.eigenvals().items() for _ in range(n)]),
        )
    )


def slow_manifold() -> Derivation:
    """Where the fast variable settles: the critical manifold and its first correction (one dimension)."""
    x, speed, stiffness = sp.symbols("x kappa ctilde", positive=True)
    slope, correction = sp.Function("f")(x).diff(x), sp.Function("h1")(x)
    psi = -stiffness * slope + eps * correction
    invariance = eps * psi.diff(x) * (psi - speed * slope) + psi + stiffness * slope
    return (
        Derivation(
            "The slow manifold",
            sp.expand(invariance),
            "with ε = 1/γ, c̃ = c/γ: εψ̇ = −ψ − c̃f′ must hold on a curve ψ(x) = −c̃f′ + εh₁(x) + …",
        )
        .then("the terms of order ε vanish", lambda E: sp.Eq(E.coeff(eps, 1), 0))
        .then("solve for h₁", lambda E: sp.solve(E, correction)[0])
        .equals(
            -stiffness * (stiffness + speed) * slope.diff(x) * slope,
            "the slow manifold is ψ = −c̃f′ − ε c̃(c̃ + κ) f″f′ + O(ε²)",
        )
    )


def edge() -> Derivation:
    """Where slow and fast root of a mode merge: the best damping sits at the edge of the slow/fast picture."""
    return (
        Derivation(
            "The edge of slow/fast",
            (gamma + kappa * lam) ** 2 - 4 * (c + gamma * kappa) * lam,
            "the discriminant of r² + (γ + κλ)r + (c + γκ)λ, the mode of curvature λ",
        )
        .equals((gamma - kappa * lam) ** 2 - 4 * c * lam, "slow and fast merge where it vanishes")
        .then(
            "at λ = μ, from above",
            lambda E: max(sp.solve(E.subs(lam, mu), gamma), key=lambda g: g.subs({mu: 1, c: 1, kappa: 1}).evalf()),
        )
        .equals(2 * sp.sqrt(c * mu) + kappa * mu, "γ⋆, the best damping")
        .then("both roots are then −½(γ⋆ + κμ): the rate", lambda g: (g + kappa * mu) / 2)
        .equals(sp.sqrt(c * mu) + kappa * mu, "√μ in place of gradient flow's κμ on the same clock")
    )


def accelerated_certificate() -> Derivation:
    """The balance V has no rate in it; a cross term ẋᵀe gives one: 𝓔̇ ≤ −¼√μ 𝓔 (Shi et al., 2021; x⋆ = 0)."""
    root = sp.sqrt(mu)
    u = -2 * root * V - sp.sqrt(s) * HESSIAN * V - (1 + q) * GRADIENT
    mixed = V + 2 * root * X + sp.sqrt(s) * GRADIENT
    energy = (1 + q) * f + V.dot(V) / 4 + mixed.dot(mixed) / 4
    falls = (
        -root * (V.dot(V) + (1 + q) * GRADIENT.dot(X))
        - sp.sqrt(s) / 2 * (V.T * HESSIAN * V)[0]
        - (1 + q) * sp.sqrt(s) / 2 * GRADIENT.dot(GRADIENT)
    )
    gap, bend, spare = sp.symbols("Delta h p", nonnegative=True)
    convex = gap / 4 + sp.Rational(3, 4) * mu * X.dot(X) + spare**2  # ∇fᵀe, for some p
    named = root * (1 + q) * (GRADIENT.dot(X) - convex) + sp.sqrt(s) / 2 * ((V.T * HESSIAN * V)[0] - bend**2)  # = 0
    total = (
        (1 + q) * gap + V.dot(V) / 4 + (V + 2 * root * X + sp.sqrt(s) * G).dot(V + 2 * root * X + sp.sqrt(s) * G) / 4
    )
    squares: list[tuple[sp.Expr, sp.Expr]] = [(root * (1 + q), spare), (sp.sqrt(s) / 2, bend)]
    for e, v, g in zip(X, V, G, strict=True):
        squares += [
            (root / 16, v - 2 * root * e),
            (root / 16, 2 * root * e - sp.sqrt(s) * g),
            (root / 16, v - sp.sqrt(s) * g),
            (sp.Rational(3, 4) * root, v),
            (sp.Rational(3, 4) * mu * root * q, e),
            (sp.sqrt(s) * (sp.Rational(1, 2) + sp.Rational(5, 16) * q), g),
        ]
    return (
        Derivation(
            "The accelerated certificate",
            energy,
            "gap, speed, and speed mixed with position e = x − x⋆ and slope",
        )
        .then("differentiate along Nesterov's ODE", lambda E: sp.expand(along(E, moving(X, V) | moving(V, u))))
        .equals(falls, "nothing of unknown sign is left: ∇fᵀe ≥ 0 and ẋᵀ∇²f ẋ ≥ 0 for convex f")
        .then(
            "add ¼√μ 𝓔; write g = ∇f, f − f⋆ = Δ, ẋᵀ∇²f ẋ = h² and ∇fᵀe = ¼Δ + ¾μ‖e‖² + p² (strong convexity)",
            lambda E: sp.expand((E + named).subs(moving(GRADIENT, G)) + root / 4 * total),
        )
        .at_most(sp.Integer(0), squares, "so 𝓔̇ ≤ −¼√μ 𝓔: the square root of μ, in a proof")
    )
