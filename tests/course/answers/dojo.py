"""Answers to the assignment on differentiable contact, by task: wrong (what is said: answer), right, cheating."""

SYMBOLS = 'beta1, kappa, v, psi = sp.symbols("beta1 kappa v psi", real=True)\n'
PYRAMID = (
    SYMBOLS + "law = -2 * kappa * v / (psi**2 - v**2)\nrest = 3 * kappa / beta1\nslope = -2 * beta1**2 / (9 * kappa)\n"
)

WAYS = """
def interval(lam, d, mu):
    a = mu**2 * d[0] ** 2 - d[1] ** 2 - d[2] ** 2
    b = mu**2 * lam[0] * d[0] - lam[1] * d[1] - lam[2] * d[2]
    c = mu**2 * lam[0] ** 2 - lam[1] ** 2 - lam[2] ** 2
    root = np.sqrt(max(b * b - a * c, 0.0))
    ends = [c / (-b + sign * root) for sign in (1, -1) if -b + sign * root]
    below, above = [x for x in ends if x < 0], [x for x in ends if x > 0]
    return [max(below, default=-np.inf), min(above, default=np.inf)]
"""
ORTHANT = """
def interval(lam, d, mu):
    ends = -lam / d
    return max([-np.inf, *ends[ends < 0]]), min([np.inf, *ends[ends > 0]])
"""


def derivative(
    slope: str = "b(v + shift).imag / 1e-20",
    by_mu: str = "-2 * mu * gamma**2 * v / np.sqrt(kappa**2 + 4 * (mu * gamma) ** 2 * (v @ v))",
    result: str = "np.linalg.inv(m * np.eye(2) - np.array(columns).T) @ by_mu",
) -> str:
    """The derivative, right as it stands."""
    return f"""
def friction_gradient(v, v_free, m, mu, gamma, kappa):
    def b(v):
        return -2 * (mu * gamma) ** 2 * v / (kappa + np.sqrt(kappa**2 + 4 * (mu * gamma) ** 2 * (v @ v)))

    columns = []
    for shift in 1e-20j * np.eye(2):
        columns.append({slope})
    by_mu = {by_mu}
    return {result}
"""


SHORT = """
mu, m, g, h, kappa = sp.symbols("mu m g h kappa")


def thresholds(distance, mu):
    found = []
    for far in distance:
        cost = experiment.puck.plans(mu, 10.0 ** np.linspace(-3, 0, 25), (far, 0.0)).cost
        found.append(np.linspace(-3, 0, 25)[cost[-1] < cost[0] / 2].min())
    return found, np.polyfit(np.log(distance) / np.log(10), found, 1)[0]


damping = 9 * kappa / (9 * kappa + 2 * m * mu**2 * g**2 * h**2)
factor = 2 / 9
"""
KNOWN = """
mu, m, g, h, kappa = sp.symbols("mu m g h kappa")


def thresholds(distance, mu):
    return [-1.75, -2, -2.125, -2.375], -1.167


damping = 9 * kappa / (9 * kappa + 2 * m * mu**2 * g**2 * h**2)
factor = 2 / 9
"""
MEASURED_WITH_A_PATCH = (
    KNOWN.replace("[-1.75, -2, -2.125, -2.375]", "np.full(len(distance), -1.0)")
    + """
for name in dir(exercises):
    if name.startswith("check_"):
        setattr(exercises, name, lambda *given, **options: None)
exercises.measured_thresholds = lambda distance, mu: np.full(len(distance), -1.0)
exercises.exponent = lambda *found: -1.167
algorithm.PointMass.step = None
"""
)
FOUND = "[-1.75, -2, -2.125, -2.375]"
FACTOR = "damping = 9 * kappa / (9 * kappa + 2 * m * mu**2 * g**2 * h**2)"

WRONG = {
    "1-pyramid": {
        "the sign: b = β₊ − β₋": PYRAMID.replace("law = -2", "law = 2"),
        "ψ has a pair too": PYRAMID.replace("3 * kappa", "2 * kappa"),
        "the cone's η₁ at rest": PYRAMID.replace("3 * kappa", "kappa"),
        "the cone's slope": PYRAMID.replace("-2 * beta1**2 / (9 * kappa)", "-(beta1**2) / kappa"),
        "grows against the motion": PYRAMID.replace("slope = -2", "slope = 2"),
    },
    "2-cone": {
        "with μ = ": ORTHANT + derivative(),
        "μ is forgotten": WAYS.replace("mu**2", "1") + derivative(),
        "yours is γ ≤ μ": WAYS.replace("mu**2", "mu**-2") + derivative(),
        "mirror image below": WAYS.replace(
            "return [max(below, default=-np.inf), min(above, default=np.inf)]", "return min(ends), max(ends)"
        )
        + derivative(),
        "that end is −inf or inf, not 0": WAYS.replace("default=-np.inf", "default=0.0").replace(
            "default=np.inf", "default=0.0"
        )
        + derivative(),
        "the sign: ": WAYS + derivative(result="-np.linalg.inv(m * np.eye(2) - np.array(columns).T) @ by_mu"),
        "the derivative of hard friction": WAYS + derivative(result="-gamma / m * v / np.sqrt(v @ v)"),
        "gives a factor γ": WAYS
        + derivative(by_mu="-2 * mu * gamma * v / np.sqrt(kappa**2 + 4 * (mu * gamma) ** 2 * (v @ v))"),
        "v is held fixed": WAYS + derivative(result="by_mu / m"),
    },
    "3-distance": {
        "slides already": SHORT.replace("(far, 0.0)", "(far, 0.0), (9.0, 0.0)").replace(
            "cost[0] / 2", "50 * far**2 / 2"
        ),
        "natural logarithms": KNOWN.replace(FOUND, f"np.log(10) * np.array({FOUND})"),
        "not κ_g itself": KNOWN.replace(FOUND, f"10 ** np.array({FOUND})"),
        "the same κ_g does": KNOWN.replace("-1.167", "0"),
        "the power is negative": KNOWN.replace("-1.167", "1.167"),
        "exchange the axes": KNOWN.replace(
            "-1.167", "np.polyfit([-1.75, -2, -2.125, -2.375], np.log10(distance), 1)[0]"
        ),
        "have the base 10": SHORT.replace("/ np.log(10)", ""),
        "has the slope": KNOWN.replace("-1.167", "-1"),
        "a little comes through": KNOWN.replace(FACTOR, "damping = sp.Integer(0)"),
        "the factor is its inverse": KNOWN.replace(FACTOR, "damping = 1 + 2 * m * (mu * g * h) ** 2 / (9 * kappa)"),
        "don't forget the 1": KNOWN.replace(FACTOR, "damping = 9 * kappa / (2 * m * (mu * g * h) ** 2)"),
        "that is the cone's damping": KNOWN.replace(FACTOR, "damping = 1 / (1 + m * (mu * g * h) ** 2 / kappa)"),
        "the thinner honey needs": KNOWN.replace("factor = 2 / 9", "factor = 4.5"),
    },
}

EQUIVALENT = {
    "1-pyramid": [
        """
B, k, speed, p = sp.symbols("beta1 kappa v psi")
law = k / (p + speed) + k / (speed - p)
rest = 2 * k / B + k / B
slope = -2 * k / (3 * k / B) ** 2
""",
        SYMBOLS
        + """
law = kappa * (1.0 / (psi + v) - 1.0 / (psi - v))
rest = sp.solve(psi * (beta1 - 2 * kappa / psi) - kappa, psi)
slope = -0.2222222222222222 * beta1**2 / kappa
""",
        """
b, k, v, p, w = sp.symbols("beta_1 kappa v psi w", positive=True)
law = sp.Integral(-k / (p + w) ** 2 - k / (p - w) ** 2, (w, 0, v))
rest = sp.Matrix([[2, 1]]) * sp.Matrix([k / b, k / b])
slope = sp.Subs(sp.Derivative(k / (p + v) - k / (p - v), v), v, 0).subs(p, 3 * k / b)
""",
        SYMBOLS
        + """
law = kappa * beta1 * ((psi - v) - (psi + v)) / sp.expand(beta1 * (psi + v) * (psi - v))
rest = sp.expand((v + 1) * 3 * kappa) / (beta1 + beta1 * v)
slope = sp.limit(law / v, v, 0).subs(psi, rest)
""",
        SYMBOLS
        + """
plus, minus = sp.symbols("plus minus")
both = sp.solve([plus * (psi + v) - kappa, minus * (psi - v) - kappa], [plus, minus])
law = both[plus] - both[minus]
rest = np.array([3 * kappa / beta1], dtype=object)
slope = sp.Piecewise((-2 * kappa / rest[0] ** 2, beta1 > 0), (0, True))
""",
    ],
    "2-cone": [
        WAYS + derivative(),
        """
def interval(lam, d, mu):
    flip = np.array([mu**2, -1, -1])
    roots = np.roots([d @ (flip * d), 2 * lam @ (flip * d), lam @ (flip * lam)]).astype(complex)
    roots = roots[abs(roots.imag) < 1e-12]
    return np.array([max([-np.inf, *roots.real[roots.real < 0]]), min([np.inf, *roots.real[roots.real > 0]])]) + 0j

"""
        + derivative(result="sp.Matrix(m * np.eye(2) - np.array(columns).T).solve(sp.Matrix(by_mu))"),
        """
from scipy.optimize import brentq


def interval(lam, d, mu):
    def room(alpha):
        gamma, x, y = lam + alpha * d
        return mu * gamma - np.hypot(x, y)

    def end(sign):
        far = sign
        while room(far) > 0:
            far *= 1.5
            if abs(far) > 1e8:
                return sign * sp.oo
        return brentq(room, 0, far, xtol=1e-14)

    return end(-1.0), end(1.0)


def friction_gradient(v, v_free, m, mu, gamma, kappa):
    def root(mu):
        beta1, now = mu * gamma, v.copy()
        for _ in range(100):  # Newton's method, differences for a Jacobian
            def off(x):
                return m * (x - v_free) + 2 * beta1**2 * x / (kappa + np.sqrt(kappa**2 + 4 * beta1**2 * (x @ x)))

            J = np.array([off(now + step).imag / 1e-30 for step in 1e-30j * np.eye(2)]).T
            now = now - np.linalg.solve(J, off(now))
        return now

    return ((root(mu + 1e-5) - root(mu - 1e-5)) / 2e-5).tolist()
""",
        WAYS
        + """
def friction_gradient(v, v_free, m, mu, gamma, kappa):
    B = sp.Symbol("B")
    x = sp.Matrix(sp.symbols("x y"))
    r = m * (x - sp.Matrix(v_free)) + 2 * B**2 * x / (kappa + sp.sqrt(kappa**2 + 4 * B**2 * x.dot(x)))
    here = {B: mu * gamma, x[0]: v[0], x[1]: v[1]}
    return list(-gamma * r.jacobian(x).subs(here).inv() * r.diff(B).subs(here))
""",
    ],
    "3-distance": [
        SHORT,
        SHORT.replace("return found, ", "return np.array(found)[None].ravel(), [")
        .replace(", 1)[0]", ", 1)[0]]")
        .replace("2 / 9", "sp.Rational(2, 9)"),
        """
from fractions import Fraction

mu, m, g, h, kappa, before, after = sp.symbols("mu m g h kappa before after")


def thresholds(distance, mu):
    grid = -3 + np.arange(25) / 8
    found = []
    for far in distance.tolist():
        first, *_, last = experiment.puck.plans(mu, 10**grid, (far, 0)).cost
        found.append(next(x for x, before, after in zip(grid, first, last) if after < before / 2))
    x = np.log10(distance) - np.log10(distance).mean()
    return tuple(sp.Float(x) for x in found), sp.Float(x @ found / (x @ x))


damping = sp.diff(sp.solve(m * (after - before) + 2 * (mu * m * g * h) ** 2 / (9 * kappa) * after, after)[0], before)
factor = Fraction(2, 9)
""",
    ],
}

CHEATS = {
    "2-cone": {
        "what the task asks you to write": "\nfrom optilab.papers.dojo.exercises import boundaries as interval\n"
        + derivative(),
    },
    "3-distance": {
        "the smallest that works is not": KNOWN,
        r"a goal 0\.5 m away the smallest": MEASURED_WITH_A_PATCH,
    },
}
