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
    "1-pyramid": """
B, k, speed, p = sp.symbols("beta1 kappa v psi")
law = k / (p + speed) + k / (speed - p)
rest = 2 * k / B + k / B
slope = -2 * k / (3 * k / B) ** 2
""",
    "2-cone": WAYS + derivative(),
    "3-distance": SHORT,
}

CHEATS = {
    "2-cone": {
        "what the task asks you to write": "\nfrom optilab.papers.dojo.exercises import boundaries as interval\n"
        + derivative(),
    },
    "3-distance": {
        "the smallest that works is not": KNOWN,
        r"a goal 0\.6 m away the smallest": MEASURED_WITH_A_PATCH,
    },
}
