"""Answers to the assignment on a kinked PDE, by task: wrong (what is said: answer), right, cheating."""


def units(
    alpha: str = "sp.Max(0, sp.Min(1, inner))", rate: str = "s * (p * r - q**2) / (s**2 * p - 2 * s * q + r)"
) -> str:
    """The first task, right as it stands."""
    return f"""p, q, r, s = exercises.p, exercises.q, exercises.r, exercises.s
inner = (r - s * q) / (s**2 * p - 2 * s * q + r)
alpha = {alpha}
rate = {rate}
"""


def kink(
    above: str = "y > c",
    inside: str = "np.maximum(0, y - c)",
    slope: str = "kappa",
    sign: str = "-",
    matrix: str = "A + kappa * np.diag((y > c) * 1.0)",
    miss: str = "seen * (y - y_d)",
    first: str = "h",
    price: str = "sigma * h * B.T @ B @ q",
) -> str:
    """The second task, right as it stands."""
    return f"""
def step(A, kappa, c, u, y):
    residual = A @ y + kappa * {inside} - u
    return y {sign} np.linalg.solve(A + {slope} * np.diag(({above}) * 1.0), residual)


def gradient(A, kappa, c, B, h, y_d, seen, sigma, q, y):
    adjoint = np.linalg.solve({matrix}, {miss})
    return {first} * B.T @ adjoint + {price}
"""


def trust(
    error: str = "max(abs(exact.values(point.q) - point.J).max() for point in points)",
    bound: str = "np.max(solver.bounds)",
    solves: str = "spent",
    measured: str = "1e-2",
    certified: str = "1e-3",
    reason: str = "the bound",
) -> str:
    """The third task, right as it stands."""
    return f"""
def study(problem, tol):
    outer = algorithm.FullModel(problem)
    first, last = algorithm.ends(outer)
    full, solver = algorithm.FullModel(problem), algorithm.Certified(tol)
    model = algorithm.started(full, first.q)
    points = list(algorithm.reference_walk(model, first, last, minimise=solver))[1:-1]
    spent, exact = full.total, algorithm.FullModel(problem)
    error = {error}
    return error, {bound}, {solves}


measured, certified, reason = {measured}, {certified}, "{reason}"
"""


WRONG = {
    "1-units": {
        "cut it": units(alpha="inner"),
        "that is for s = 1": units(alpha="sp.Max(0, sp.Min(1, (r - q) / (p - 2 * q + r)))"),
        "not g₂": units(alpha="sp.Max(0, sp.Min(1, (s**2 * r - s * q) / (p - 2 * s * q + s**2 * r)))"),
        "the weight of g₂": units(alpha="1 - sp.Max(0, sp.Min(1, inner))"),
        "made equally long": units(alpha="sp.Rational(1, 2)"),
        "how fast sJ₁ falls": units(rate="s**2 * (p * r - q**2) / (s**2 * p - 2 * s * q + r)"),
        "to be positive": units(rate="-s * (p * r - q**2) / (s**2 * p - 2 * s * q + r)"),
        "put in the inner weight": units(rate="(p * r - q**2) / (p - 2 * q + r)"),
    },
    "2-kink": {
        "acts everywhere in that residual": kink(inside="(y - c)"),
        "the matrix is A alone": kink(slope="0"),
        "κ is missing": kink(slope="1"),
        "at c, not at 0": kink(above="y > 0"),
        "in the residual as well": kink(inside="np.maximum(0, y)"),
        "minus the solution": kink(sign="+"),
        "part of the state": kink(first="1.0"),
        "part of the control": kink(price="sigma * B.T @ B @ q"),
        "not A$": kink(matrix="A"),
        "isn't the gradient of": kink(price="sigma * q"),
        "only part of the state": kink(miss="y - y_d"),
        "the kink is at c": kink(matrix="A + kappa * np.diag((y > 0) * 1.0)"),
    },
    "3-trust": {
        "that of the snapshots": trust(error="abs(exact.values(first.q) - model.values(first.q)).max()"),
        "looks like Δ itself": trust(bound="max(solver.deltas)"),
        "leave out the ends": trust(solves="spent + outer.total"),
        "you counted 0": trust(solves="0"),
        "the measured error is": trust(error="2 * max(abs(exact.values(point.q) - point.J).max() for point in points)"),
        "measured: at tol 0.1": trust(measured="0.1"),
        "measured: 0.001 keeps it": trust(measured="0.001"),
        "certified: at tol 0.01": trust(certified="0.01"),
        "in real use": trust(reason="the measured error"),
        "says nothing about a control": trust(reason="the number of modes"),
    },
}

EQUIVALENT = {
    "1-units": [
        units(),
        units(
            alpha="sp.Piecewise((0, inner < 0), (1, inner > 1), (inner, True))",
            rate="sp.expand(inner * s * p + (1 - inner) * q)",
        ),
    ],
    "2-kink": [
        kink(above="y >= c"),
        """
def step(A, kappa, c, u, y):
    D = np.diag(np.heaviside(y - c, 0.5))
    return np.linalg.solve(A + kappa * D, u + kappa * D @ c)


def gradient(A, kappa, c, B, h, y_d, seen, sigma, q, y):
    S = np.linalg.solve(A + kappa * np.diag(np.heaviside(y - c, 0.5)), B)
    return list(h * S.T @ (seen * (y - y_d)) + sigma * h * B.T @ (B @ q))
""",
    ],
    "3-trust": [
        trust(measured="np.float64(0.01)"),
        trust(error="float(np.max([abs(exact.values(point.q) - point.J) for point in points]))"),
    ],
}

CHEATS = {
    "2-kink": {
        "what the task asks you to write": kink()
        + """

def step(A, kappa, c, u, y):
    from optilab.papers.multiobjective_pde.algorithm.state import semismooth_newton
    from optilab.papers.multiobjective_pde.problems import MaxPDE

    pde = MaxPDE(len(u), 1, kappa)
    states = semismooth_newton(pde, u - A @ c, y - c)
    next(states)
    return next(states).y + c
""",
    },
}
