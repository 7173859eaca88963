"""Answers to the assignment on designed acceleration, by task: wrong (what is said: answer), right, cheating."""

FROM = """
from optilab.papers.passivity_acceleration.derivation import c, g1, g2, gamma, kappa, psi1, psi2

"""


def step(
    before: str = "psi = (1 - q) / (1 + q) * psi",
    drift: str = "x = x + np.sqrt(s) * psi - s * grad(x)",
    kick: str = "psi = psi - np.sqrt(s) * grad(x)",
) -> str:
    """One tick of the splitting, right as it stands."""
    return f"""
def pi_split_step(x, psi, grad, mu, s):
    q = np.sqrt(mu * s)
    {before}
    {drift}
    {kick}
    return x, psi
"""


RACE = """
def medians(first):
    starts = experiment.races.quadratic_starts(5, first=first)
    table = {name: [] for name in ("gradient descent", "heavy ball", "Nesterov", "triple momentum")}
    for name, row in table.items():
        for kappa in (100.0, 1000.0, 10000.0):
            if name == "gradient descent":
                needed = experiment.races.gradient_descent_race(kappa, starts)
            else:
                needed = experiment.races.race(kappa, starts, name)
            row.append(float(np.median(needed)))
    return table


def slopes(table):
    return {name: (np.log(row[2]) - np.log(row[0])) / np.log(100) for name, row in table.items()}


root = -(1 - 1 / np.sqrt(1000))
"""

WRONG = {
    "1-balance": {
        "a cross term c∇fᵀψ is left over": FROM
        + "V_dot = -gamma * (psi1**2 + psi2**2) - c * kappa * (g1**2 + g2**2) + c * (g1 * psi1 + g2 * psi2)",
        "the brake on the slope is cκ, not κ": FROM + "V_dot = -gamma * (psi1**2 + psi2**2) - kappa * (g1**2 + g2**2)",
        "V falls": FROM + "V_dot = gamma * (psi1**2 + psi2**2) + c * kappa * (g1**2 + g2**2)",
        "should not be there": "V_dot = sp.Symbol('h')",
    },
    "2-split-step": {
        "the kick must use the gradient at the new x": step(
            before="psi, g = (1 - q) / (1 + q) * psi, grad(x)", kick="psi = psi - np.sqrt(s) * g"
        ),
        "contract ψ, then drift, then kick": step(
            before="", kick="psi = (1 - q) / (1 + q) * (psi - np.sqrt(s) * grad(x))"
        ),
        "not exp": step(before="psi = np.exp(-2 * q) * psi"),
        "the drift is √s ψ, not s ψ": step(drift="x = x + s * psi - s * grad(x)"),
    },
    "3-race": {
        "the slope against √κ": RACE.replace("np.log(100)", "np.log(10)"),
        "the sign is not": RACE.replace("root = -(", "root = +("),
        "not at ξ": RACE.replace(
            'if name == "gradient descent"',
            """if name == "triple momentum":
                needed = exercises.inner_race(kappa, starts)
            elif name == "gradient descent\"""",
        ),
        "give three medians": RACE.replace("(100.0, 1000.0, 10000.0)", "(100.0, 1000.0)").replace("row[2]", "row[1]"),
    },
}

EQUIVALENT = {
    "1-balance": FROM
    + """
psi, g = sp.Matrix([psi1, psi2]), sp.Matrix([g1, g2])
V_dot = psi.dot(-gamma * psi - c * g) + c * g.dot(psi - kappa * g)
""",
    "2-split-step": """
from math import sqrt


def pi_split_step(x, psi, grad, mu, s):
    here, before, after = grad(x), x.copy(), psi.copy()
    shrink = 1 - 2 / (1 + 1 / sqrt(mu * s))
    for i in np.ndindex(x.shape):
        after[i] = psi[i] * shrink
        before[i] = x[i] - s * here[i] + sqrt(s) * after[i]
    there = grad(before)
    return before.tolist(), [float(p) - sqrt(s) * float(g) for p, g in zip(after, there)]
""",
    "3-race": RACE,
}

CHEATS = {
    "2-split-step": {
        "cayley of": "from optilab.papers.passivity_acceleration.algorithm.methods import cayley\n"
        + step(before="psi = cayley(mu, s) * psi"),
    },
    "3-race": {"median": RACE.replace("first=first", "first=0")},
}
