"""Answers to the assignment on the last iterate, by task: wrong (what is said: answer), right, cheating."""

FROM = "e1, e2, e3, e4 = exercises.ETA\n"
THREE = "v1, v2, v3 = 1 / (e1 + e2 + e3 + e4), 1 / (e2 + e3 + e4), 1 / (e3 + e4)\n"


def steps(
    exponent: str = "-eta * (g + lam)",
    normalised: str = "weights",
    threshold: str = "eta * lam",
    shrinkage: str = "(1 + eta * mu)",
) -> str:
    """The two steps, right as they stand."""
    return f"""
def positive_step(x, g, eta, lam):
    weights = x * np.exp({exponent})
    return {normalised}


def elastic_step(x, g, eta, lam, mu):
    there = x - eta * g
    return np.sign(there) * np.maximum(abs(there) - {threshold}, 0) / {shrinkage}
"""


def loose(
    ratio: str = "(start + 8 * noise) / worst", constant: str = "max(ratios)", output: str = "last", start: str = "0.5"
) -> str:
    """The ratios and the constant that the table allows, right as they stand."""
    return f"""
def parts(name, eta, output="{output}"):
    T = worst_case.steps("subgradient", (eta, name, "last"))
    steps = [algorithm.SCHEDULES[name](int(horizon), eta) for horizon in T]
    start = np.array([{start} / step.sum() for step in steps])
    noise = np.array([(step**2 / algorithm.remaining(step)).sum() for step in steps])
    return worst_case.subgradient(T, G=1.0, R=1.0, eta=eta, schedule=name, output=output), start, noise


def looseness(eta):
    table = {{}}
    for name in algorithm.SCHEDULES:
        worst, start, noise = parts(name, eta)
        table[name] = {ratio}
    return table


ratios = []
for name in algorithm.SCHEDULES:
    for eta in (0.1, 0.3, 1.0):
        worst, start, noise = parts(name, eta, "last")
        ratios.extend((worst - start) / noise)
constant = {constant}
"""


LARGE = """
def last_gaps(data):
    found = experiment.regression(data, [0.4, 0.8, 1.6], runs=20)
    return {name: row["last"].astype(np.float32) for name, row in found.items()}


grows = "noise"
"""

WRONG = {
    "1-weights": {
        "equal weights never move the reference": "v1 = v2 = v3 = v4 = sp.Integer(1)",
        "leave F_5 alone, as in the lesson": FROM + THREE + "v4 = 1 / e4",
        "they are to stay alike": FROM + THREE + "v4 = 2 / e4",
        "these must go": FROM + "v1, v2, v3, v4 = 1 / e1, 1 / (e1 + e2), 1 / (e1 + e2 + e3), 1 / (e1 + e2 + e3 + e4)",
        "they must be positive": FROM + THREE + "v4 = -1 / (2 * e4)",
        "alone, not in": "v1, v2, v3, v4 = sp.symbols('a b c d')",
    },
    "2-steps": {
        "no multiplier": steps(normalised="weights / weights.sum()"),
        "where is λΣz": steps(exponent="-eta * g"),
        "it enters as ηλ": steps(exponent="-eta * g - lam"),
        "the step for η = 1": steps(exponent="-g - lam"),
        "the derivative in each": steps(exponent="eta * (g + lam)"),
        "the threshold is ηλ": steps(threshold="lam"),
        "where is ½μ": steps(shrinkage="1"),
        "divide by 1": steps(shrinkage="(1 + mu)"),
    },
    "3-looseness": {
        "not the other way round": loose(ratio="worst / (start + 8 * noise)"),
        "M is twice": loose(ratio="(start + 2 * noise) / worst"),
        "D is half": loose(start="1.0"),
        "worst case of the average": loose(output="average"),
        "worst case of the best point": loose(output="best"),
        "one a T": loose(ratio="((start + 8 * noise) / worst)[-3:]"),
        "above the bound for": loose(constant="np.median(ratios)"),
        "c can be smaller": loose(constant="4"),
        "no ratios for": loose(ratio="0").replace("table[name] = 0", "pass"),
    },
    "4-large-steps": {
        "are these averages": LARGE.replace('row["last"]', 'row["average"]'),
        "too few to tell": LARGE.replace("runs=20", "runs=10"),
        "longer steps forget the start sooner": LARGE.replace('"noise"', '"start"'),
    },
}

EQUIVALENT = {
    "1-weights": [
        FROM
        + """
rest = 0
weights = []
for step in (e4, e3, e2, e1):
    rest = rest + step
    weights.append(e4 * (e3 + e4) / rest)
v4, v3, v2, v1 = [weights[0] / 2, *weights[1:]]
""",
        FROM + "v1, v2, v3, v4 = 0.1 / (e1 + e2 + e3 + e4), 0.1 / (e2 + e3 + e4), 0.1 / (e3 + e4), 0.05 / e4",
        FROM
        + THREE
        + """
v4 = 1 / e4 / 2
v1, v2, v3, v4 = (1e-9 * np.sqrt(2) * sp.exp(e1) * v / 3 for v in (v1, v2, v3, v4))
""",
        """
e1, e2, e3, e4 = sp.symbols("eta1:5")
z = sp.Symbol("z")
v1, v2, v3 = (1 / sp.Integral(1, (z, 0, left)) for left in (e1 + e2 + e3 + e4, e2 + e3 + e4, e3 + e4))
v4 = sp.Matrix([[1 / (2 * e4)]])
""",
        FROM
        + """
v = sp.symbols("v1:5")
left = sp.expand(exercises.leftover((1, *v[1:])))
F = exercises.VALUES
found = sp.solve([left.coeff(F[1]), left.coeff(F[2]), left.coeff(F[3]) - left.coeff(F[4])], v[1:], dict=True)
v1, v2, v3, v4 = (sp.Matrix([1, *v[1:]]).subs(found[0])).tolist()
""",
        FROM
        + """
a = sp.Symbol("a")
v1, v2, v3, v4 = (
    (a + 1) / sp.expand((a + 1) * rest) for rest in (e1 + e2 + e3 + e4, e2 + e3 + e4, e3 + e4, 2 * e4)
)
""",
    ],
    "2-steps": [
        """
import math


def positive_step(x, g, eta, lam):
    return [math.exp(math.log(x[i]) - eta * g[i] - eta * lam) for i in range(len(x))]


def elastic_step(x, g, eta, lam, mu):
    answer = []
    for i in range(len(x)):
        up, down = x[i] / eta - g[i] - lam, x[i] / eta - g[i] + lam
        answer.append((up if up > 0 else down if down < 0 else 0.0) / (1 / eta + mu))
    return answer
""",
        """
from scipy.optimize import brentq, minimize_scalar


def positive_step(x, g, eta, lam):
    return sp.Matrix([brentq(lambda z: lam + g[i] + np.log(z / x[i]) / eta, 1e-9, 1e3) for i in range(len(x))])


def elastic_step(x, g, eta, lam, mu):
    def least(start, slope):
        def value(z):
            return lam * abs(z) + mu / 2 * z**2 + slope * z + (z - start) ** 2 / (2 * eta)

        options = {"xatol": 1e-9}
        sides = [minimize_scalar(value, bounds=ends, method="bounded", options=options) for ends in ((-9, 0), (0, 9))]
        return min(sides, key=lambda side: side.fun).x

    return map(least, x, g)
""",
        """
from scipy.optimize import minimize


def positive_step(x, g, eta, lam):
    def value(z):
        return (lam + g) @ z + (z * np.log(z / x) - z + x).sum() / eta

    def slope(z):
        return lam + g + np.log(z / x) / eta

    return minimize(value, x, jac=slope, method="SLSQP", bounds=[(1e-9, None)] * len(x), options={"ftol": 1e-14}).x


def elastic_step(x, g, eta, lam, mu):
    up, down = (x - eta * (g + lam)) / (1 + eta * mu), (x - eta * (g - lam)) / (1 + eta * mu)
    return np.select([up > 0, down < 0], [up, down])
""",
        """
def positive_step(x, g, eta, lam):
    return [sp.Float(start) * sp.exp(-eta * (slope + lam)) for start, slope in zip(x, g)]


def elastic_step(x, g, eta, lam, mu):
    x -= eta * g
    return np.array([sp.sign(there) * max(abs(there) - eta * lam, 0) / (1 + eta * mu) for there in x])
""",
    ],
    "3-looseness": [
        loose(ratio="list(start / worst + 8 * noise / worst)"),
        loose(ratio="sp.Matrix((start + 8 * noise) / worst)", constant="sp.Float(max(ratios))"),
        """
def promised(schedule, eta, T):
    return algorithm.bound(schedule(T, eta), 0.5, 4.0)


def looseness(eta):
    found = {}
    for name, schedule in algorithm.SCHEDULES.items():
        at = worst_case.reach("subgradient", (eta, name, "last")).tolist()
        sizes = {"G": 1.0, "R": 1.0, "eta": eta, "schedule": name}
        found[name] = [promised(schedule, eta, T) / worst_case.subgradient(T, **sizes) for T in at]
    return found


def kept(c):
    for eta in (0.1, 0.3, 1.0):
        for name, schedule in algorithm.SCHEDULES.items():
            for T in worst_case.steps("subgradient", (eta, name, "last")).tolist():
                worst = worst_case.subgradient(T, G=1.0, R=1.0, eta=eta, schedule=name)
                if algorithm.bound(schedule(T, eta), 0.5, c / 2) < worst:
                    return False
    return True


low, high = 0.0, 8.0
while high - low > 1e-4:
    low, high = (low, (low + high) / 2) if kept((low + high) / 2) else ((low + high) / 2, high)
constant = high
""",
    ],
    "4-large-steps": [
        LARGE,
        """
def last_gaps(data):
    found = {}
    for name in ("linear decay", "constant", "1/√t"):
        problem = outliers(data, L1(0.1))
        plans = [algorithm.SCHEDULES[name](4000, eta) for eta in (0.4, 0.8, 1.6)]
        rows = [experiment.gaps(problem, np.zeros(10), eta, 24, data + 7) for eta in plans]
        found[name] = [list(row["last"]) for row in rows]
    return found


grows = np.array(["start", "noise"])[1]
""",
        LARGE.replace("runs=20", "runs=30").replace("astype(np.float32)", "tolist()"),
    ],
}

CHEATS = {
    "2-steps": {
        "what the task asks you to write": """
from optilab.problems.mirror import Euclidean


def positive_step(x, g, eta, lam):
    return x * np.exp(-eta * (g + lam))


def elastic_step(x, g, eta, lam, mu):
    return Euclidean().step(L1(lam), x, g, eta) / (1 + eta * mu)
""",
    },
    "4-large-steps": {"are not those of data 3": LARGE.replace("regression(data", "regression(0")},
}
