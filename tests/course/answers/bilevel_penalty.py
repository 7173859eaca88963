"""Answers to the assignment on penalty methods, by task: wrong (what is said: answer), right, cheating."""

NAMES = """a, b, c, e, h, x, y = (getattr(exercises, name) for name in "abcehxy")
kappa, sigma = exercises.kappa, exercises.sigma
"""
GAP = "-sigma * h**2 * (b * x - c) ** 2 / (2 * (a + h * sigma))"


def formulas(
    T: str = "(a * b * x + h * sigma * c) / (a + h * sigma)", gap: str = GAP, slope: str = "sp.diff(gap, x)"
) -> str:
    """The first task, right as it stands."""
    return f"{NAMES}T = {T}\ngap = {gap}\nslope = {slope}\n"


def steps(
    second: str = "z",
    centre: str = "",
    inner: str = "project",
    at: str = "u, w",
    weight: str = "sigma * ",
    one: str = "(g.grad_x(x, p) - g.grad_x(x, q)) / sigma",
    solved: str = "1e-7",
    idle: str = "(y > low + 1e-9) & (y < high - 1e-9)",
    given: str = "B.T @ free @ v",
) -> str:
    """The second task, right as it stands."""
    return f"""
def step(f, g, project, x, y, z, sigma, alpha, gamma, rho, beta, T):
    u, w, old = y, {second}, (y, z)
    mid, far = y, {second}
    for _ in range(T):
        {centre or "pass"}
        u = {inner}(u - gamma * ({weight}f.grad_y(x, u) + g.grad_y(x, u) + (u - mid) / rho))
        w = {inner}(w - gamma * (g.grad_y(x, w) + (w - far) / rho))
    y, z = (1 - beta) * y + beta * u, (1 - beta) * {second} + beta * w
    p, q = {at}
    return x - alpha * (f.grad_x(x, p) + {one}), y, z


def hypergradient(A, B, W, c, low, high, x, solve):
    y = solve(x, {solved})
    idle = {idle}
    free = A[:, idle]
    v = np.linalg.pinv(free.T @ free) @ (W * (y - c))[idle]
    return {given}
"""


WEIGHT = """
sigma, alpha = 0.1, 0.01
small, large = "noise", "bias"
"""

WRONG = {
    "1-bias": {
        "bx minimises g alone": formulas(T="b * x"),
        "set the derivative": formulas(T="(a * b * x + sigma * c) / (a + sigma)"),
        "min g is": formulas(gap=GAP + " + kappa * x**2 / sigma"),
        "is added": formulas(
            gap="(h * (y - c) ** 2 / 2 - a * (y - b * x) ** 2 / (2 * sigma)).subs(y, T) - h * (b * x - c) ** 2 / 2"
        ),
        "divided by σ once": formulas(gap=GAP.replace("-sigma * ", "-")),
        "that is the lesson's": formulas(gap="-sigma * (b * x - c) ** 2 / (2 * (a + sigma))"),
        "not ψ − ψ_σ": formulas(gap=GAP[1:]),
        "y is to go": formulas(gap="h * (y - c) ** 2 / 2"),
        "is to be taken away": formulas(slope="sp.diff(gap, x) + 2 * kappa * x / sigma"),
    },
    "2-step": {
        "not at the old y": steps(at="old"),
        "not at the averaged": steps(at="y, z"),
        "w starts at z": steps(second="y"),
        "projected onto Y": steps(inner=""),
        "the centre of": steps(centre="mid, far = u, w"),
        "both gradients of g": steps(one="g.grad_x(x, p) / sigma - g.grad_x(x, q)"),
        "counts σ times": steps(weight=""),
        "a bound is active": steps(idle="y < 9"),
        "any lower solution": steps(solved="0.0"),
        "the sign": steps(given="-B.T @ free @ v"),
        "differences of ψ": steps(given="0 * x"),
    },
    "3-weight": {
        "divides the followers": WEIGHT.replace("0.1,", "0.01,"),
        "another problem": WEIGHT.replace("0.1,", "1.0,"),
        "try another step": WEIGHT.replace("0.01", "1e-5"),
        "small: at a small": WEIGHT.replace('"noise"', '"bias"'),
        "large: at a large": WEIGHT.replace('"bias"', '"noise"'),
    },
}

EQUIVALENT = {
    "1-bias": [
        NAMES
        + """
f = h * (y - c) ** 2 / 2 + (x - e) ** 2 / 2
g = a * (y - b * x) ** 2 / 2 + kappa * x**2
T = sp.solve(sp.diff(sigma * f + g, y), y)
gap = sp.Matrix([[(f + (g - kappa * x**2) / sigma).subs(y, T[0]) - f.subs(y, b * x)]])
slope = ((sp.diff(f, x) + (sp.diff(g, x) - 2 * kappa * x) / sigma).subs(y, T[0]) - sp.diff(f.subs(y, b * x), x))
""",
    ],
    "2-step": [
        steps(),
        steps()
        + """

def hypergradient(A, B, W, c, low, high, x, solve):
    y = np.array(solve(x, 1e-8))
    rows = np.eye(len(y))[(abs(y - low) < 1e-9) | (abs(y - high) < 1e-9)]
    nil = np.zeros((len(rows), len(rows)))
    K = np.block([[nil, rows], [rows.T, A.T @ A]])
    v = np.linalg.pinv(K, rcond=1e-10) @ np.concatenate([np.zeros(len(rows)), W * (y - c)])
    return list(B.T @ A @ v[len(rows) :])
""",
    ],
    "3-weight": [
        WEIGHT.replace("0.1,", "0.12,"),
        WEIGHT.replace("sigma, alpha = 0.1", "sigma, alpha = np.float64(0.1)"),
    ],
}

CHEATS = {
    "2-step": {
        "what the task asks you to write": steps()
        + """

def step(f, g, project, x, y, z, sigma, alpha, gamma, rho, beta, T):
    from optilab.problems.bilevel import Bilevel

    problem = Bilevel(f, g, len(x), len(y), project_y=project)
    numbers = {"alpha": alpha, "gamma": gamma, "rho": rho, "beta": beta}
    last = run(algorithm.double_loop(problem, x, y, z, sigma=sigma, T=T, **numbers), 1)
    return last.x[-1], last.y[-1], last.z[-1]
""",
    },
}
