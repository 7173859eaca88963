"""Answers to the assignment on averaging, by task: wrong (what is said: answer), right, cheating."""


def response(coefficient: str = "30 / (d * (d + 2) * (d + 4))") -> str:
    """The first task, right as it stands."""
    return f"d = exercises.d\ncoefficient = {coefficient}\n"


def walks(
    noise: str = "np.sqrt(dt) * xi",
    push: str = "epsilon * dt * grad(theta)",
    s: str = "push + kick - ((push + kick) @ theta) * theta",
    back: str = "theta / np.linalg.norm(theta)",
    counted: str = "theta",
    given: str = "theta, m1, M2",
    begin: str = "range(1, 11)",
    basis: str = "hermite(j, x)",
    none: str = 'raise ValueError("none")',
) -> str:
    """The second task, right as it stands."""
    return f"""
from math import factorial


def walk(theta, grad, noise, epsilon, dt):
    m1, M2 = np.zeros(len(theta)), np.zeros((len(theta), len(theta)))
    for xi in noise:
        before = theta
        push, kick = {push}, {noise}
        theta = theta + {s}
        theta = {back}
        m1, M2 = m1 + {counted}, M2 + np.outer({counted}, {counted})
    return {given}


def hermite(j, x):
    return np.polynomial.hermite_e.hermeval(x, [0] * j + [1]) / np.sqrt(factorial(j))


def exponent(sigma):
    x, weights = np.polynomial.hermite_e.hermegauss(64)
    for j in {begin}:
        if abs((weights * sigma(x) * {basis}).sum()) / np.sqrt(2 * np.pi) > 1e-8:
            return j
    {none}
"""


HOT = """
epsilon = 8.5
even = "symmetry"
"""

WRONG = {
    "1-response": {
        "a factor 2 is missing": response("15 / (d * (d + 2) * (d + 4))"),
        "is projected": response("30 / (d * (d + 2) * (d - 1))"),
        "that is E b/d": response("15 * (d - 1) / (d**2 * (d + 2) * (d + 4))"),
        "that is E b:": response("15 * (d - 1) / (d * (d + 2) * (d + 4))"),
        "that is for k = 3": response("6 / (d * (d + 2))"),
        "write it in exercises.d": response("30 / sp.Symbol('n')"),
        "it gives 0.0571": response("6 / (d * (d + 2) * (d + 4))"),
    },
    "2-walk": {
        "noise is to be projected": walks(s="push - (push @ theta) * theta + kick"),
        "gradient is to be projected": walks(s="push + kick - (kick @ theta) * theta"),
        "not dt ξ": walks(noise="dt * xi"),
        "another convention": walks(noise="np.sqrt(2 * dt) * xi"),
        "the chain climbs": walks(push="-epsilon * dt * grad(theta)"),
        "normalising supplies": walks(
            s="push + kick - ((push + kick) @ theta) * theta - (len(theta) - 1) / 2 * dt * theta"
        ),
        "bring it back": walks(back="theta"),
        "not the start": walks(counted="before"),
        "not means": walks(given="theta, m1 / len(noise), M2 / len(noise)"),
        "c₀ doesn't count": walks(begin="range(11)"),
        "aren't Hermite": walks(basis="x**j"),
        "a constant has no": walks(none="return 11"),
    },
    "3-temperature": {
        "too cold": HOT.replace("8.5", "14.0"),
        "too hot": HOT.replace("8.5", "4.0"),
        "about the mean of θ": HOT.replace("symmetry", "noise"),
        "even must be": HOT.replace("symmetry", "luck"),
    },
}

EQUIVALENT = {
    "1-response": [
        response("sp.Matrix([[2 * sp.factorial2(5) / sp.expand(d * (d + 2) * (d + 4))]])"),
    ],
    "2-walk": [
        walks(),
        walks(s="(np.eye(len(theta)) - np.outer(theta, theta)) @ (push + kick - (len(theta) - 1) / 2 * dt * theta)"),
    ],
    "3-temperature": [HOT, HOT.replace("8.5", "np.float64(8.0)")],
}

CHEATS = {
    "2-walk": {
        "what the task asks you to write": walks()
        + """

def exponent(sigma):
    return algorithm.information_exponent(sigma)
""",
    },
}
