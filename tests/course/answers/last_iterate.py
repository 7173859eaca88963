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
    "3-large-steps": {
        "are these averages": LARGE.replace('row["last"]', 'row["average"]'),
        "too few to tell": LARGE.replace("runs=20", "runs=10"),
        "longer steps forget the start sooner": LARGE.replace('"noise"', '"start"'),
    },
}

EQUIVALENT = {
    "1-weights": FROM
    + """
rest = 0
weights = []
for step in (e4, e3, e2, e1):
    rest = rest + step
    weights.append(e4 * (e3 + e4) / rest)
v4, v3, v2, v1 = [weights[0] / 2, *weights[1:]]
""",
    "2-steps": """
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
    "3-large-steps": LARGE,
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
    "3-large-steps": {"are not those of data 3": LARGE.replace("regression(data", "regression(0")},
}
