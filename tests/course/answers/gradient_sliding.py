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
    "1-weight": [
        "t, b, m = sp.symbols('t beta mu')\np = sp.expand(t * (b + m) ** 2 / (3 * b * (b + m)))",
        "t, beta, mu = sp.symbols('t beta mu')\np = 0.3333333333333333 * t * (1.0 + mu / beta)",
        SYMBOLS
        + """
a = sp.Symbol("a")
p = a * t
left = (t + 1) * (t + 2) * (beta * (1 + p) + mu) - (t + 2) * (t + 3) * beta * p.subs(t, t + 1)
p = [p.subs(a, sp.solve(left, a)[0])]
""",
        SYMBOLS + "i = sp.Symbol('i')\np = sp.Sum((1 + mu / beta) / 3, (i, 1, t))",
        SYMBOLS
        + "s, r = sp.symbols('s r')\np = sp.Integral((r + 1) * (beta + mu) / sp.expand(3 * beta * (r + 1)), (s, 0, t))",
        SYMBOLS + "p = sp.Matrix([[1, mu / beta]]) * sp.Matrix([t / 3, t / 3])",
    ],
    "2-inner-loop": [
        """
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
        """
def prox_sliding(problem, g, x, beta, T, p):
    kept = []
    u = x.copy()
    for t in range(1, T + 1):
        step = 1 / (beta + beta * p(t))
        u[:] = problem.prox(u + beta * step * (x - u) - step * (g + problem.subgrad(u)), step)
        kept.append((t + 1) * (t + 2) * u)
    # Σ (t + 1)(t + 2) = ((T + 1)(T + 2)(T + 3) − 6)/3
    return np.stack([u, 3 * sum(kept) / ((T + 1) * (T + 2) * (T + 3) - 6)])
""",
        loop(result="sp.Matrix(u), sp.Matrix([average])"),
        """
from fractions import Fraction


def prox_sliding(problem, g, x, beta, T, p):
    def after(t):
        if t == 0:
            return [x]
        *before, u = after(t - 1)
        a = beta + p(t) * beta
        return [*before, u, problem.prox((beta * x + (a - beta) * u - (g + problem.subgrad(u))) / a, 1 / a)]

    _, *points = after(T)
    weights = [Fraction((t + 1) * (t + 2)) for t in range(1, T + 1)]
    yield points[-1]
    yield sum(float(weight / sum(weights)) * point for weight, point in zip(weights, points))
""",
    ],
    "3-laws": [
        LAWS,
        """
from statistics import median

from scipy.stats import linregress


def laws(first):
    problem = robust_regression(range(first, first + 5))
    x0 = np.zeros(problem.b.shape)
    known = experiment.constants(problem, x0, stochastic=False)
    curve = experiment.slide(problem, x0, algorithm.rf_sgs(**known, N=170))
    found = np.empty((3, 5))
    for i in range(5):
        digits = -np.log(curve.gap[85:171, i])
        line = linregress(range(85, 171), digits)
        found[:, i] = line.slope, line.rvalue**2, linregress(digits, np.log(curve.cheap[85:, i])).slope
    return found


def break_even(sliding, subgradients, plain):
    r = sp.Symbol("r")
    n_f, n_h, n_sgd = (median(count.tolist()) for count in (sliding, subgradients, plain))
    return sp.solve(r * n_f + n_h - (r + 1) * n_sgd, r)
""",
        """
def laws(first):
    found = []
    for seed in range(first, first + 5):  # one after the other, not all at once
        problem = robust_regression([seed])
        x0 = np.zeros((1, 20))
        known = experiment.constants(problem, x0, stochastic=False)
        curve = experiment.slide(problem, x0, algorithm.rf_sgs(**known, N=170))
        k, accuracy, cheap = np.arange(85, 171), -np.log(curve.gap[85:, 0]), np.log(curve.cheap[85:].ravel())
        A = np.stack([k, np.ones(86)], -1)
        (rate, _), (rest,), *_ = np.linalg.lstsq(A, accuracy, rcond=None)
        power = np.cov(accuracy, cheap)[0, 1] / accuracy.var(ddof=1)
        found.append((rate, 1 - rest / (86 * accuracy.var()), power))
    return zip(*found)


def break_even(sliding, subgradients, plain):
    n_f, n_h, n_sgd = (np.quantile(count, 0.5, keepdims=True) for count in (sliding, subgradients, plain))
    return (n_h - n_sgd) / (n_sgd - n_f)
""",
    ],
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
    "3-laws": {
        "first slopes: plausible, but not what seeds 40 to 44 give": LAWS.replace(
            "range(first, first + 5)", "range(5)"
        ),
        "R²: plausible, but not what seeds 40 to 44 give": LAWS.replace("np.array(r2, dtype=np.float32)", "np.ones(5)"),
    },
}
