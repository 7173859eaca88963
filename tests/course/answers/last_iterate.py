"""Answers to the assignment on the last iterate, by task: wrong (what is said: answer), right, cheating."""

FROM = "e1, e2, e3 = exercises.ETA\n"


def steps(
    weights: str = "x * np.exp(-eta * g)",
    normalised: str = "weights / weights.sum()",
    threshold: str = "eta * lam",
) -> str:
    """The two steps, right as they stand."""
    return f"""
def entropy_step(x, g, eta):
    weights = {weights}
    return {normalised}


def soft_step(x, g, eta, lam):
    there = x - eta * g
    return np.sign(there) * np.maximum(abs(there) - {threshold}, 0)
"""


LARGE = """
def last_gaps(data):
    found = experiment.regression(data, [0.4, 0.8, 1.6], runs=20)
    return {name: row["last"].astype(np.float32) for name, row in found.items()}


grows = "noise"
"""

WRONG = {
    "1-weights": {
        "equal weights never move the reference": "v1 = v2 = v3 = sp.Integer(1)",
        "still holds": FROM + "v1, v2, v3 = 1 / e1, 1 / (e1 + e2), 1 / (e1 + e2 + e3)",
        "they must be positive": FROM + "v1, v2, v3 = -1 / (e1 + e2 + e3), -1 / (e2 + e3), -1 / e3",
        "alone, not in": "v1, v2, v3 = sp.symbols('a b c')",
    },
    "2-steps": {
        "the threshold is ηλ": steps(threshold="lam"),
        "normalise last of all": steps(weights="x / x.sum() * np.exp(-eta * g)", normalised="weights"),
        "the exponent is −η g": steps(weights="x * np.exp(-g)"),
        "the sign of the exponent": steps(weights="x * np.exp(eta * g)"),
        "the step for h = 0": steps(threshold="0"),
    },
    "3-large-steps": {
        "are these averages": LARGE.replace('row["last"]', 'row["average"]'),
        "too few to tell": LARGE.replace("runs=20", "runs=10"),
        "longer steps forget the start sooner": LARGE.replace('"noise"', '"start"'),
    },
}

EQUIVALENT = {
    "1-weights": FROM + "v1, v2, v3 = e3 * (e2 + e3) / (e1 + e2 + e3), e3, e2 + e3",
    "2-steps": """
import math


def entropy_step(x, g, eta):
    logs = [math.log(x[i]) - eta * g[i] for i in range(len(x))]
    top = max(logs)
    total = sum(math.exp(log - top) for log in logs)
    return [math.exp(log - top) / total for log in logs]


def soft_step(x, g, eta, lam):
    answer = []
    for i in range(len(x)):
        up, down = x[i] - eta * (g[i] + lam), x[i] - eta * (g[i] - lam)
        answer.append(up if up > 0 else down if down < 0 else 0.0)
    return answer
""",
    "3-large-steps": LARGE,
}

CHEATS = {
    "2-steps": {
        r"of optilab\.problems": """
from optilab.problems.mirror import Euclidean


def entropy_step(x, g, eta):
    return x * np.exp(-eta * g) / (x * np.exp(-eta * g)).sum()


def soft_step(x, g, eta, lam):
    return Euclidean().step(L1(lam), x, g, eta)
""",
    },
    "3-large-steps": {"are not those of data 3": LARGE.replace("regression(data", "regression(0")},
}
