"""Answers to the assignment on moving weights, by task: wrong (what is said: answer), right, cheating."""

NAMES = """v, u, I = exercises.v, exercises.u, exercises.I
eta, mu, lam = exercises.eta, exercises.mu, exercises.lam
"""


def weights(
    grown: str = "(v[i] ** mu * u[i] ** lam * sp.exp(eta * I[i])) ** (1 / (mu + lam))",
    last: str = "[a / sum(grown) for a in grown]",
) -> str:
    """The first task, right as it stands."""
    return f"{NAMES}grown = [{grown} for i in range(3)]\nweights = {last}\n"


ROOT = "(1 / (mu + lam))"


def code(
    I: str = "G @ G.sum(axis=0)",
    log: str = "np.log(np.maximum(w, 1e-8))",
    scaled: str = "ratio * I",
    grown: str = "np.exp(e - e.max())",
    mean: str = "r.mean(axis=1, keepdims=True)",
    factor: str = "n / (n - 1)",
    ddof: int = 1,
    floor: str = "+ 1e-6",
    lonely: str = "r",
    feels: str = "RLOO",
) -> str:
    """The second task, right as it stands."""
    return f"""
def update(G, w, ratio):
    I = {I}
    e = {log} + {scaled}
    grown = {grown}
    return I, grown / grown.sum()


def rloo(r):
    n = r.shape[1]
    return {lonely} if n == 1 else {factor} * (r - {mean})


def grpo(r):
    n = r.shape[1]
    return {lonely} if n == 1 else (r - {mean}) / (r.std(axis=1, ddof={ddof}, keepdims=True) {floor})


feels = "{feels}"
"""


def found(
    ratio: str = "6.0",
    largest: int = 4,
    starved: int = 12,
    cause: str = "memory",
    steps: str = "int(np.argmax((J >= 0.9).all(axis=1)))",
    pick: str = "g[np.argmax(np.sum(g @ g.T, axis=1))]",
    taken: str = "t",
) -> str:
    """The third task, right as it stands."""
    return f"""
def measure(ratio):
    heads = Heads((12, 4, 6))
    gradients = algorithm.Gradients(heads, "exact", clip=np.inf)
    states = algorithm.gradient_weights(gradients, np.zeros(22), w=np.ones(3) / 3, lr=1.0, ratio=ratio)
    J = heads.J(run(states, 200).theta)
    return {steps}


heads, theta, t = Heads((12, 4, 6)), np.zeros(22), 0
while np.any(heads.J(theta) < 0.9) and t < 500:
    g = heads.jac(theta)
    theta, t = theta + {pick}, t + 1

ratio, largest, starved, greedy, cause = {ratio}, {largest}, {starved}, {taken}, "{cause}"
"""


WRONG = {
    "1-weights": {
        "that is the lesson's step": weights("v[i] * sp.exp(eta * I[i] / mu)"),
        "the weights must sum to 1": weights(last="grown"),
        "the sign of I": weights(f"(v[i] ** mu * u[i] ** lam * sp.exp(-eta * I[i])) ** {ROOT}"),
        "the mean is geometric": weights(f"(mu * v[i] + lam * u[i]) / (mu + lam) * sp.exp(eta * I[i] * {ROOT})"),
        "divide by μ": weights("v[i] ** mu * u[i] ** lam * sp.exp(eta * I[i])"),
        "a step of projected ascent": weights("v[i] + eta * (I[i] - sum(I) / 3) / mu", "grown"),
        "three weights are asked for": weights(last="grown[:2]"),
    },
    "2-code": {
        "the sum runs over all j": code(I="G @ G.sum(axis=0) - (G**2).sum(axis=1)"),
        "lengths count": code(
            I="(G @ G.T / np.linalg.norm(G, axis=1) / np.linalg.norm(G, axis=1)[:, None]).sum(axis=1)"
        ),
        "not of w": code(log="w"),
        "multiplied by the ratio": code(scaled="I"),
        "what has a large influence": code(scaled="(-ratio * I)"),
        "take no logarithm of 0": code(log="np.log(w)", grown="np.exp(e)"),
        "weights count as 10⁻⁸ at least": code(log="np.log(w)"),
        "weights count as": code(log="np.log(np.maximum(w, 1e-12))"),
        "it isn't added to the others": code(log="np.log(w + 1e-8)"),
        "the mean of each row": code(mean="r.mean()"),
        "along axis 1": code(mean="r.mean(axis=0)"),
        "not by the variance": code(floor="** 2 + 1e-6"),
        "leaves out the response itself": code(factor="1"),
        "has n − 1 below": code(ddof=0),
        "give NaN": code(floor=""),
        "in a group of one": code(lonely="0 * r"),
        "GRPO divides the factor out": code(feels="GRPO"),
    },
    "3-starve": {
        "not yet twice": found("0.1"),
        "0 or more and finite": found("np.inf"),
        "greed does well here": found(cause="greed"),
        "that is what even weights need": found(pick="g.mean(axis=0)"),
        "greedy isn't": found(pick="g[0]"),
        "greedy: the start is step 0": found(taken="t + 1"),
        "the other way round": found(largest=12, starved=4),
        "the step length is the same": found(cause="step"),
        "another's loss": found(cause="conflict"),
        "the start is step 0": found(steps="int(np.argmax((J >= 0.9).all(axis=1))) + 1"),
        "look for the smallest weight": found(starved=6),
        "after": found(steps="int(np.argmax((J >= 0.9).any(axis=1)))"),
    },
}

EQUIVALENT = {
    "1-weights": [
        NAMES
        + """
e = [(mu * sp.log(v[i]) + lam * sp.log(u[i]) + eta * I[i]) / (mu + lam) for i in range(3)]
weights = sp.Matrix([1 / sum(sp.exp(e[j] - e[i]) for j in range(3)) for i in range(3)])
""",
        NAMES
        + """
t = lam / (mu + lam)
grown = [v[i] * (u[i] / v[i]) ** t * sp.exp(eta * I[i] * t / lam) for i in range(3)]
weights = tuple(sp.simplify(a / (grown[0] + grown[1] + grown[2])) for a in grown)
""",
    ],
    "2-code": [
        code(I="(G @ G.T).sum(axis=1)"),
        """
from scipy.special import softmax


def update(G, w, ratio):
    I = [sum(float(g @ other) for other in G) for g in G]
    return I, softmax(np.log(np.clip(w, 1e-8, None)) + ratio * np.array(I)).tolist()


def rloo(r):
    n = r.shape[1]
    if n == 1:
        return r
    return [[row[j] - np.delete(row, j).mean() for j in range(n)] for row in r]


def grpo(r):
    if r.shape[1] == 1:
        return r.copy()
    return np.array([(row - row.mean()) / (np.std(row, ddof=1) + 1e-6) for row in r])


feels = "RLOO"
""",
    ],
    "3-starve": [found("10"), found("20.0"), found("np.float64(4.0)", pick="max(g, key=np.linalg.norm)")],
}

CHEATS = {
    "2-code": {
        "what the task asks you to write": code()
        + """

def update(G, w, ratio):
    I = algorithm.influence(G)
    return I, algorithm.mirror_step(w, I, ratio)
""",
        "what the task asks you to write ": code()
        + """

def grpo(r):
    from optilab.classics.group_advantages import grpo

    return grpo(r)
""",
    },
}
