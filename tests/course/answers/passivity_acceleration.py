"""Answers to the assignment on designed acceleration, by task: wrong (what is said: answer), right, cheating."""

FROM = """
from optilab.papers.passivity_acceleration.derivation import c, g1, g2, gamma, kappa, psi1, psi2
from optilab.papers.passivity_acceleration.exercises import gain as b

p, gone = c / b, -gamma * (psi1**2 + psi2**2)
weight, V_dot = p, gone - p * kappa * (g1**2 + g2**2)
"""


def tick(
    ahead: str = "xi + eta * root * v",
    kick: str = "v = beta * v - root * grad(ahead)",
    drift: str = "xi = xi + root * v",
) -> str:
    """One tick of the family, right as it stands."""
    return f"""
def momentum_tick(xi, v, grad, alpha, beta, eta):
    root = alpha**0.5
    ahead = {ahead}
    {kick}
    {drift}
    return xi, v
"""


def proof(a: str = "2", b: str = "1", c: str = "1", worst: str = "2 / (1 + 2 * h)") -> str:
    """Multipliers and what they prove, right as they stand."""
    return f"h = exercises.h\na, b, c = {a}, {b}, {c}\nworst = {worst}\n"


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


root = -(np.sqrt(1000) - 1) / (np.sqrt(1000) + 1)
"""

WRONG = {
    "1-balance": {
        "must weigh less": FROM + "weight = b * c",
        "a cross term c.b": FROM + "weight, V_dot = c, gone - c * kappa * (g1**2 + g2**2)",
        "balance without a gain": FROM + "V_dot = gone - c * kappa * (g1**2 + g2**2)",
        "c∇fᵀψ is left over": FROM + "V_dot = V_dot - c * (g1 * psi1 + g2 * psi2)",
        "V falls": FROM + "V_dot = -V_dot",
        "should not be in V̇": FROM + "V_dot = sp.Symbol('h')",
    },
    "2-tick": {
        "heavy ball of every method": tick(ahead="xi"),
        "as Nesterov does": tick(ahead="xi + beta * root * v"),
        "not v": tick(ahead="xi + eta * v"),
        "kick first, then move": tick(kick="old, v = v, beta * v - root * grad(ahead)", drift="xi = xi + root * old"),
        "a kick of": tick(kick="v = beta * v - alpha * grad(ahead)"),
        "drift by": tick(drift="xi = xi + v"),
        "one a tick is enough": tick(kick="v = beta * v - root * (grad(ahead) + grad(xi) - grad(xi))"),
    },
    "3-multipliers": {
        "choose c so that it cancels": proof(a="1"),
        "the second line has more to say": proof(a="1", b="0", worst="2 / (1 + 2 * h - h**2)"),
        "the square can be smaller": proof(worst="4 / (1 + 2 * h)"),
        "no sum of squares": proof(a="3", b="2"),
        "the other way round": proof(worst="h + sp.Rational(1, 2)"),
        "nobody can prove": proof(worst="1 / (1 + h)"),
        "turns its line around": proof(a="1 - h", b="-h"),
        "nothing of f₀ is left": proof(a="1", c="0"),
        "alone, not in": proof(worst="2 / (1 + 2 * sp.Symbol('L'))"),
    },
    "4-race": {
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
    "1-balance": [
        FROM
        + """
psi, g = sp.Matrix([psi1, psi2]), sp.Matrix([g1, g2])
weight = c * b**-1
V_dot = psi.dot(-gamma * psi - c * g) + weight * g.dot(b * psi - kappa * g)
""",
        FROM
        + """
psi, g = sp.Matrix([psi1, psi2]), sp.Matrix([g1, g2])
weight = sp.Matrix([[c / b]])
V_dot = -gamma * psi.T * psi - weight * kappa * g.T * g
""",
        """
gamma, kappa, c, b, psi_1, psi_2, g1, g2 = sp.symbols("gamma kappa c b psi_1 psi_2 g1 g2")
weight = 1.0 * c / b
V_dot = -1.0 * (gamma * (psi_1**2 + psi_2**2) + kappa * c * (g1**2 + g2**2) / b)
""",
        FROM
        + """
p, z, i = sp.symbols("p z i")
cross = p * b - c
weight = sp.solve(cross, p)
V_dot = sp.Integral(-2 * gamma * z, (z, 0, psi1)) - gamma * psi2**2
V_dot -= sp.Sum(weight[0] * kappa / 2, (i, 1, 2)) * (g1**2 + g2**2)
""",
        """
gamma, kappa, c, b = derivation.gamma, derivation.kappa, derivation.c, exercises.gain
psi1, psi2, g1, g2 = derivation.psi1, derivation.psi2, derivation.g1, derivation.g2
w = sp.Symbol("w")
weight = (c + c * w) / (b + b * w)
flow = [(b * psi - kappa * g, -gamma * psi - c * g, psi, g) for psi, g in ((psi1, g1), (psi2, g2))]
V_dot = sum(psi * fall + weight * g * speed for speed, fall, psi, g in flow)
""",
    ],
    "2-tick": [
        """
from math import sqrt


def momentum_tick(xi, v, grad, alpha, beta, eta):
    before = xi - sqrt(alpha) * v
    slope = np.asarray(grad((1 + eta) * xi - eta * before))
    after = (1 + beta) * xi - beta * before - alpha * slope
    return after.tolist(), ((after - xi) / sqrt(alpha)).tolist()
""",
        """
def momentum_tick(xi, v, grad, alpha, beta, eta):
    v *= beta
    v -= alpha**0.5 * grad(xi + eta * alpha**0.5 * v / beta)
    xi += alpha**0.5 * v
    return np.array([xi, v])
""",
        """
from collections import namedtuple

Pair = namedtuple("Pair", "xi v")


def momentum_tick(xi, v, grad, alpha, beta, eta):
    root = np.longdouble(alpha) ** 0.5
    move = np.array([[1, beta * root], [0, beta]]) @ np.stack([xi, v])
    kick = root * grad((xi + eta * root * v).astype(float))
    return Pair(sp.Matrix(move[0] - root * kick), map(float, move[1] - kick))
""",
        tick(
            kick="v = np.subtract(beta * v, root * np.array(grad(np.array(ahead))))",
            drift="xi = [x + root * w for x, w in zip(xi, v)]",
        ),
    ],
    "3-multipliers": [
        proof("4 * h", "2 * h", "2 * h"),
        proof("sp.Rational(2, 3)", "sp.Matrix([[1]]) / 3", "1 / 3", "1 / (h + 0.5)"),
        """
a, b, c = np.array([2e-3, 1e-3, 1e-3])
L, alpha = sp.Symbol("L"), sp.Symbol("h") / sp.Symbol("L")
worst = 2 * L / (L + 2 * alpha * L**2)
""",
        """
h, z, b = exercises.h, sp.Symbol("z"), sp.Symbol("b")
f0, f1, g0, g1 = exercises.ONE_STEP
form = sp.expand(f0 - exercises.weighed((1 + b, b, 1))).subs(g0, g1)
worst = 1 / form.coeff(g1, 2)
square = sp.expand(f0 - exercises.weighed((1 + b, b, 1)) - g1**2 / worst)
(b,) = sp.solve(sp.discriminant(square.subs(g1, 1), g0), b)
a, c = 1 + b, sp.Integral(1, (z, 0, 1))
""",
    ],
    "4-race": [
        RACE,
        RACE.replace("float(np.median(needed))", "sp.Integer(int(np.median(needed)))").replace(
            "np.log(row[2]) - np.log(row[0])", "sp.log(row[2]) - sp.log(row[0])"
        )
        + """
root = algorithm.multipliers(1000.0, algorithm.heavy_ball_tuning(1.0, 1000.0))[0]
""",
        """
from statistics import median

from scipy.stats import linregress


def medians(first):
    starts = experiment.races.quadratic_starts(5, first=first)
    table = {}
    for name in NAMES:
        race = experiment.races.gradient_descent_race if name == "gradient descent" else experiment.races.race
        more = () if name == "gradient descent" else (name,)
        table[name] = tuple(median(race(kappa, starts, *more).ravel()) for kappa in (1e2, 1e3, 1e4))
    return table


NAMES = ("triple momentum", "Nesterov", "heavy ball", "gradient descent")


def slopes(table):
    return {name: linregress([2, 3, 4], np.log10(np.array(table[name], float))).slope for name in NAMES}


root = (1 - sp.sqrt(1000)) / (sp.sqrt(1000) + 1)
""",
    ],
}

CHEATS = {
    "2-tick": {
        "what the task asks you to write": """
from itertools import islice
from types import SimpleNamespace
from optilab.papers.passivity_acceleration.algorithm.methods import Tuning, momentum_method


def momentum_tick(xi, v, grad, alpha, beta, eta):
    root = alpha**0.5
    states = momentum_method(SimpleNamespace(grad=grad), xi, Tuning(alpha, beta, eta), before=xi - root * v)
    _, after = islice(states, 2)
    return after.xi, (after.xi - xi) / root
""",
    },
    "4-race": {"median": RACE.replace("first=first", "first=0")},
}
