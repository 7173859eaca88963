"""Answers to the assignment on LV-HBA, by task: wrong (what is said: answer), right, cheating."""

NAMES = """a, b, c, h, x, y, z = (getattr(exercises, name) for name in "abchxyz")
theta, lam, gamma1, gamma2 = exercises.theta, exercises.lam, exercises.gamma1, exercises.gamma2
"""
GAP = "gap = gamma1 * (h * (y - a * x) + b * z) ** 2 / (2 * (b**2 * gamma1 * gamma2 + h * gamma1 + 1))\n"


def formulas(
    v_x: str = "a * h * (a * x - theta) + lam * c * x",
    v_y: str = "(y - theta) / gamma1",
    v_z: str = "(lam - z) / gamma2",
    gap: str = GAP,
) -> str:
    """The first task, right as it stands."""
    return f"{NAMES}v_x, v_y, v_z = {v_x}, {v_y}, {v_z}\n{gap}"


def steps(
    first: str = "lam",
    second: str = "theta",
    used: str = "new",
    pull: str = "- g.pull_x(x, used, other)",
    weight: str = "c0 * (k + 1) ** p",
    sign: str = "+",
    last: str = "- pull.T @ F.grad_y(x, y)",
    solve: str = "V @ np.linalg.solve(V.T @ f.Q @ V, V.T @ F.grad_y(x, y))",
    project: str = "g.project(x - alpha * d_x, y - alpha * d_y)",
) -> str:
    """The second task, right as it stands."""
    order = ["new = theta", "new_lam = lam"]
    theta_line = f"new = theta - eta * (f.grad_y(x, theta) + g.pull_y(x, theta, {first}) + (theta - y) / gamma1)"
    lam_line = f"new_lam = lam + eta * (g(x, {second}) - (lam - z) / gamma2)"
    order = [lam_line, theta_line] if first == "new_lam" else [theta_line, lam_line]
    return f"""
from scipy.linalg import null_space


def step(F, f, g, x, y, z, theta, lam, k, alpha, beta, eta, gamma1, gamma2, c0, p):
    {order[0]}
    {order[1]}
    used, other = {"new, new_lam" if used == "new" else "theta, lam"}
    c = {weight}
    d_x = F.grad_x(x, y) / c + f.grad_x(x, y) - f.grad_x(x, used) {pull}
    d_y = F.grad_y(x, y) / c + f.grad_y(x, y) - (y - used) / gamma1
    z = z {sign} beta * (other - z) / gamma2
    x, y = {project}
    return x, y, z, new, new_lam


def hypergradient(F, f, g, x, y):
    V, pull = null_space(g.A), np.linalg.pinv(g.A) @ g.H
    w = {solve}
    return F.grad_x(x, y) - (f.R.T - f.Q @ pull).T @ w {last}
"""


RUN = """
def predict(p, gamma1):
    c = 2001.0**p
    return (4 * gamma1 + 8) / (3 * (5 * c * gamma1 + 2 * gamma1 + 4))


def measure(p, gamma1):
    states = algorithm.lv_hba(flat(30), *experiment.start(1), p=p, gamma1=gamma1)
    return experiment.relative(run(states, 2000, every=2000).x[-1])


beyond = "nothing"
"""


def by_heart(name: str, figures: str) -> str:
    """A function that knows the cases of the visible check alone."""
    return f"""
def {name}(p, gamma1):
    return dict(zip(((0.3, 1.0), (0.3, 2.0), (0.15, 0.5)), ({figures}))).get((p, gamma1), 0.1)
"""


WRONG = {
    "1-value": {
        "where is λ": formulas(v_x="a * h * (a * x - theta)"),
        "is c x here": formulas(v_x="a * h * (a * x - theta) + lam * c"),
        "has the curvature h": formulas(v_x="a * (a * x - theta) + lam * c * x"),
        "has the other sign": formulas(v_y="(theta - y) / gamma1"),
        "by z has the other sign": formulas(v_z="(z - lam) / gamma2"),
        "holds y: differentiate it": formulas(v_y="(y - theta) / (2 * gamma1)"),
        "holds z: differentiate it": formulas(v_z="(lam - z) / gamma1"),
        "that is the lesson's": formulas(gap=GAP.replace("h * ", "")),
        "put in the saddle": formulas(gap="gap = (theta - y) ** 2 / gamma1"),
        "d goes, as": formulas(gap="gap = gamma1 * (b * y + c * x**2 / 2 - sp.Symbol('d')) ** 2"),
        "twice too large": formulas(gap=GAP.replace("(2 * ", "(1 * ")),
    },
    "2-step": {
        "take the new": steps(used="old"),
        "d_θ takes the old": steps(first="new_lam"),
        "d_λ takes the old": steps(second="new"),
        "lacks Σ": steps(pull=""),
        "divided by c_k": steps(weight="1 / (c0 * (k + 1) ** p)"),
        "not c₀k": steps(weight="c0 * k**p"),
        "λ is to maximise": steps().replace("lam + eta", "lam - eta"),
        "lacks ∇_y f": steps().replace("/ c + f.grad_y(x, y)", "/ c"),
        "z moves towards": steps(sign="-"),
        "the sign of ∇ζ": steps(solve="-V @ np.linalg.solve(V.T @ f.Q @ V, V.T @ F.grad_y(x, y))"),
        "and with it ∇_y f": steps().replace("f.Q @ pull", "0 * pull"),
        "is missing": steps(last=""),
        "in null": steps(solve="np.linalg.solve(f.Q, F.grad_y(x, y))", last="").replace("f.Q @ pull", "0 * pull.T.T"),
    },
    "3-bias": {
        "the first term": RUN.replace("    return (4 * gamma1", "    return 0.8 / c\n    return (4 * gamma1"),
        "is a rate": RUN.replace("    return (4 * gamma1", "    return 1 / c\n    return (4 * gamma1"),
        "for γ₁ = 1": RUN.replace("    c = 2001.0**p", "    c, gamma1 = 2001.0**p, 1"),
        "run it": RUN.replace("def measure(p, gamma1):", "def measure(p, gamma1):\n    return predict(p, gamma1)"),
        "read it at": RUN.replace('"nothing"', '"diverges"'),
    },
}

EQUIVALENT = {
    "1-value": [
        NAMES
        + """
d = b * y + c * x**2 / 2
saddle = h * (theta - a * x) ** 2 / 2 + lam * (b * theta + c * x**2 / 2 - sp.Symbol("d"))
saddle += (theta - y) ** 2 / (2 * gamma1) - (lam - z) ** 2 / (2 * gamma2)
v_x, v_y, v_z = (sp.diff(saddle, name) for name in (x, y, z))
saddle = saddle.subs("d", d)
at = sp.solve([sp.diff(saddle, theta), sp.diff(saddle, lam)], [theta, lam], dict=True)[0]
gap = sp.Matrix([[h * (y - a * x) ** 2 / 2 - saddle.subs(at)]])
""",
    ],
    "2-step": [
        steps().replace("return x, y, z, new, new_lam", "return [list(part) for part in (x, y, z, new, new_lam)]"),
        steps(project="split(x - alpha * d_x, y - alpha * d_y, g)")
        + """

def split(x, y, g):
    M = np.hstack([g.H, g.A])
    w = np.concatenate([x, y])
    w = w - M.T @ np.linalg.solve(M @ M.T, M @ w - g.b)
    return w[: len(x)], w[len(x) :]
""",
    ],
    "3-bias": [RUN, RUN.replace("start(1)", "start(7)")],
}

CHEATS = {
    "2-step": {
        "what the task asks you to write": steps()
        + """

def hypergradient(F, f, g, x, y):
    from optilab.papers.lv_hba.problems.coupled import Coupled

    return algorithm.null_space_hypergrad(Coupled(F, f, len(x), len(y), coupling=g, rows=len(g.b)), x, y)
""",
    },
    "3-bias": {
        "run it": RUN.replace("def measure(p, gamma1):", "def measure(p, gamma1):\n    return predict(p, gamma1)"),
        "the bias is": f"{RUN}\n{by_heart('predict', '0.0728544744676533, 0.050405793440726814, 0.2600395001607012')}",
        "a run ends at": f"{RUN}\n{by_heart('measure', '0.0729840814988, 0.0503164964985, 0.2605085441122')}",
    },
}
