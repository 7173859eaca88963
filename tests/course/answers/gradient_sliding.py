"""Answers to the assignment on gradient sliding, by task: wrong (what is said: answer), right, cheating."""

SYMBOLS = 't, beta, mu = sp.symbols("t beta mu", positive=True)\n'


def loop(at: str = "u", centre: str = "x", weight: str = "(t + 1) * (t + 2)", result: str = "u, average") -> str:
    """The inner loop, right as it stands."""
    return f"""
def prox_sliding(problem, g, x, beta, T, p):
    u = average = x
    total = 0
    for t in range(1, T + 1):
        a = beta * (1 + p(t))
        u = problem.prox((beta * {centre} + beta * p(t) * u - g - problem.subgrad({at})) / a, 1 / a)
        total += {weight}
        average = average + (u - average) * {weight} / total
    return {result}
"""


LAWS = """
def laws(first):
    problem = robust_regression(range(first, first + 5))
    x0 = np.zeros((5, 20))
    known = experiment.constants(problem, x0, stochastic=False)
    curve = experiment.slide(problem, x0, algorithm.rf_sgs(**known, N=170))
    k, gap, cheap = np.arange(171)[85:], curve.gap[85:], curve.cheap[85:]
    rates, r2 = zip(*(experiment.fit(k, np.log(1 / gap[:, i])) for i in range(5)))
    powers = [experiment.fit(np.log(1 / gap[:, i]), np.log(cheap[:, i]))[0] for i in range(5)]
    return list(rates), np.array(r2, dtype=np.float32), powers


def break_even(sliding, subgradients, plain):
    gradients, cheap, steps = (sorted(map(float, count))[len(count) // 2] for count in (sliding, subgradients, plain))
    return (cheap - steps) / (steps - gradients)
"""

WRONG = {
    "1-weight": {
        "belongs to weights t": SYMBOLS + "p = (1 + mu / beta) * t / 2",
        "keep the μ": SYMBOLS + "p = t / 3",
        "belongs to all of t": SYMBOLS + "p = (t + mu / beta) / 3",
        "is left over": SYMBOLS + "p = (1 + mu / beta) * t",
    },
    "2-inner-loop": {
        "taken at the average": loop(at="average"),
        "frozen at x": loop(at="x"),
        "stays centred at x": loop(centre="u"),
        "two results are swapped": loop(result="average, u"),
        "belongs to weights t": loop(weight="(t + 1)"),
    },
    "3-laws": {
        "power near 0.4 is that of the transient": LAWS.replace(
            "powers = [", "gap, cheap = curve.gap[5:60], curve.cheap[5:60]\n    powers = ["
        ),
        "looks like log₁₀": LAWS.replace("np.log(", "np.log10("),
        "how many gradients sliding saves": LAWS.replace("(cheap - steps) / (steps - gradients)", "steps / gradients"),
        "the gap falls": LAWS.replace("np.log(1 / gap[:, i])", "np.log(gap[:, i])"),
    },
}

EQUIVALENT = {
    "1-weight": "t, b, m = sp.symbols('t beta mu')\np = sp.expand(t * (b + m) ** 2 / (3 * b * (b + m)))",
    "2-inner-loop": """
def prox_sliding(problem, g, x, beta, T, p):
    u = np.array(x, dtype=np.longdouble).astype(float)
    kept = []
    for t in range(1, T + 1):
        B = beta * p(t)
        s = problem.subgrad(u)
        v = [(beta * x[i] + B * u[i] - g[i] - s[i]) / (beta + B) for i in range(len(x))]
        u = problem.prox(np.array(v), 1 / (beta + B))
        kept.append(u)
    return u.tolist(), np.average(kept, axis=0, weights=[(t + 2) * (t + 3) for t in range(T)])
""",
    "3-laws": LAWS,
}

CHEATS = {
    "2-inner-loop": {
        "what the task asks you to write": """
def prox_sliding(problem, g, x, beta, T, p):
    for state in algorithm.prox_sliding(problem, g, x, beta=beta, B=2 * beta * p(1), T=T):
        last = state
    return last.u, last.ut
""",
    },
    "3-laws": {"not what seeds 40 to 44 give": LAWS.replace("range(first, first + 5)", "range(5)")},
}
