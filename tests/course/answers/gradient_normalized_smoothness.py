"""Answers to the assignment on gradient-normalised smoothness, by task: wrong (said: answer), right, cheating."""

FROM = "x, g1, g12, g23 = exercises.X, exercises.GAMMA1, exercises.GAMMA12, exercises.GAMMA23\n"


def paper(
    gamma: str = "sp.Rational(625, 1024) * x",
    contraction: str = "sp.Rational(3524, 4149)",
    bound: str = "1 / (1 / g1 + 1 / g12 + 1 / g23)",
) -> str:
    """The first task, right as it stands."""
    return f"{FROM}gamma = {gamma}\ncontraction = {contraction}\nbound = {bound}\n"


def search(
    lam: str = "size(g) / gamma",
    shift: str = "lam * B",
    test: str = "size(after) ** 2 / (2 * lam)",
    after: str = "grad(x + d)",
    again: str = "2 * gamma",
    each: str = "",
) -> str:
    """The search, right as it stands."""
    return f"""
def search(grad, hessian, B, x0, gamma0, steps):
    def size(s):
        return np.sqrt(s @ np.linalg.solve(B, s))

    x, gamma, points, radii = x0, gamma0, [x0], []
    for _ in range(steps):
        g, H = grad(x), hessian(x)
        for _ in range(100):
            {each or "pass"}
            lam = {lam}
            d = -np.linalg.solve(H + {shift}, g)
            after = {after}
            if -(grad(x + d) @ d) >= {test}:
                break
            gamma = gamma / 2
        x = x + d
        points.append(x)
        radii.append(gamma)
        gamma = {again}
    return points, radii
"""


RATES = """
def rates(seed):
    f, x0, found = labelled(seed), np.zeros(20), {}
    goal = algorithm.Goal(0.0, 1e-8)
    for name, H in (("Fisher", fisher(f)), ("zero", algorithm.zero)):
        trace = run(algorithm.gns(f, x0, hessian=H, goal=goal), 3000)
        inside = (trace.value > 1e-8) & (trace.value < 1e-4)
        found[name] = np.polyfit(np.log10(trace.value[inside]), trace.step[inside], 1)[0] * -1
    trace = run(algorithm.gm_const(f, x0, L=f.L), 20_000, keep=["x", "value"], every=20)
    late = trace.step >= 2000
    found["constant step"] = np.polyfit(np.log(trace.step[late]), np.log(trace.value[late]), 1)[0]
    return found


linear, cause = ("zero", "Fisher"), "steps"
"""
KNOWN = """
def rates(seed):
    return {"Fisher": 80.8, "zero": 80.8, "constant step": -0.954}


linear, cause = ("zero", "Fisher"), "steps"
"""

WRONG = {
    "1-radius": {
        "that is the ball alone": paper(gamma="sp.Float('0.2752') * x"),
        "where is x": paper(gamma="sp.Rational(625, 1024)"),
        "upside down": paper(gamma="sp.Rational(1024, 625) * x"),
        "the radius with the other H": paper(gamma="x / 5"),
        "the far end of the region": paper(gamma="9 * x / 8"),
        "the length of the step": paper(contraction="sp.Rational(625, 4149)"),
        "that is pure Newton": paper(contraction="sp.Rational(4, 5)"),
        "not f′γ": paper(contraction="1 - 1 / (5 + sp.Rational(625, 1024))"),
        "errors add, radii don't": paper(bound="(g1 + g12 + g23) / 3"),
        "nothing divides them by three": paper(bound="3 / (1 / g1 + 1 / g12 + 1 / g23)"),
        "each error alone": paper(bound="sp.Min(g1, g12, g23)"),
        "laid end to end": paper(bound="1 / (1 / g1 + 1 / (g12 + g23))"),
        "must depend on": paper(bound="1 / (1 / g1 + 1 / g12)"),
    },
    "2-search": {
        "large radius is a small shift": search(lam="size(g) * gamma"),
        "the gradient at the new point": search(after="g"),
        "twice the γ that was accepted": search(again="gamma"),
        "neither at that, nor at γ₀": search(again="gamma0"),
        "with the norm of a gradient": search(lam="np.linalg.norm(g) / gamma"),
        "the test measures": search(test="(after @ after) / (2 * lam)"),
        "not H . λI": search(shift="lam * np.eye(len(x))"),
        "needn't be convex": search(test="size(after) ** 2 / (8 * lam)"),
        "one serves all probes": search(each="H = hessian(x)"),
    },
    "3-rates": {
        "the slope itself": KNOWN.replace('"Fisher": 80.8', '"Fisher": 1 / 80.8'),
        "over k from 2000": RATES.replace("late = trace.step >= 2000", "late = (0 < trace.step) & (trace.step <= 60)"),
        "on a semilog plot, no line": KNOWN.replace('("zero", "Fisher")', '("zero", "Fisher", "constant step")'),
        "two of the three": KNOWN.replace('("zero", "Fisher")', '("Fisher",)'),
        "has the same slope": KNOWN.replace('"steps"', '"Fisher"'),
        "Try another seed": KNOWN.replace('"steps"', '"luck"'),
    },
}

EQUIVALENT = {
    "1-radius": [
        """
x, gamma1, gamma12, gamma23 = sp.symbols("x gamma_1 gamma_12 gamma_23")
gamma = sp.nsimplify(0.5 * x * sp.Rational(625, 512))
contraction = 1 - sp.Rational(625, 4149)
bound = gamma1 * gamma12 * gamma23 / (gamma1 * gamma12 + gamma12 * gamma23 + gamma1 * gamma23)
""",
        """
from fractions import Fraction

x, gamma1, gamma12, gamma23 = sp.symbols("x gamma1 gamma12 gamma23", positive=True)
gamma = [0.6103515625 * x]
contraction = Fraction(3524, 4149)
two = gamma1 * gamma12 / (gamma1 + gamma12)
bound = two * gamma23 / (two + gamma23)
""",
        FROM
        + """
h, m = sp.symbols("h m", positive=True)
error = sp.expand(((x - h) ** 5 - x**5 + 5 * x**4 * h) / h)
gamma = sp.solve(sp.Eq(error.subs(h, x / 5), x**5 / m), m)
contraction = np.float64(3524 / 4149)
bound = sp.Pow(sum(1 / each for each in (g1, g12, g23)), -1)
""",
    ],
    "2-search": [
        """
from scipy.linalg import cho_factor, cho_solve, eigh


def search(grad, hessian, B, x0, gamma0, steps):
    factor = cho_factor(B)
    points, radii, tried = [np.array(x0)], [], float(gamma0)
    g = grad(points[0])
    while len(radii) < steps:
        norm = np.sqrt(g @ cho_solve(factor, g))
        w, V = eigh(hessian(points[-1]), B)
        accepted = False
        while not accepted:
            lam = norm / tried
            d = -V @ ((V.T @ g) / (w + lam))
            after = grad(points[-1] + d)
            accepted = 2 * lam * (after @ -d) >= after @ cho_solve(factor, after)
            tried = tried if accepted else 0.5 * tried
        points.append(points[-1] + d)
        radii.append(tried)
        g, tried = after, 2 * tried
    return points, radii
""",
        search().replace("return points, radii", "return np.array(points).tolist(), tuple(radii)"),
        search(again="gamma + gamma").replace("return points, radii", "return [np.stack(points), np.stack(radii)]"),
    ],
    "3-rates": [RATES, RATES.replace('("zero", "Fisher")', '{"zero", "Fisher"}')],
}

CHEATS = {
    "2-search": {
        "what the task asks you to write": """
from optilab.papers.gradient_normalized_smoothness.exercises import _search as search
""",
    },
    "3-rates": {"are not near the": RATES.replace("labelled(seed)", "labelled(0)")},
}
