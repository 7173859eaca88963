"""Answers to the assignment on differentiable contact, by task: wrong (what is said: answer), right, cheating."""

SYMBOLS = 'beta1, kappa, v = sp.symbols("beta1 kappa v", real=True)\n'
ROOT = "sp.sqrt(kappa**2 + 4 * beta1**2 * v**2)"
ETA = f"eta1 = (kappa + {ROOT}) / (2 * beta1)\n"

STEP = """
def step_length(lam, d, tau):
    a = d[0] ** 2 - d[1] ** 2 - d[2] ** 2
    b = lam[0] * d[0] - lam[1] * d[1] - lam[2] * d[2]
    c = lam[0] ** 2 - lam[1] ** 2 - lam[2] ** 2
    if b * b < a * c or (a > 0 and b > 0):
        return 1.0
    way = c / (np.sqrt(b * b - a * c) - b)
    return min(1.0, tau * way)
"""
ORTHANT = """
def step_length(lam, d, tau):
    return min([1.0, *(tau * -lam[i] / d[i] for i in range(3) if d[i] < 0)])
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


def thresholds(mu):
    found = experiment.puck.thresholds(mu)
    return found, experiment.puck.exponent(mu, found)


damping = kappa / (kappa + m * mu**2 * g**2 * h**2)
force = m * g * mu
"""
KNOWN = """
mu, m, g, h, kappa = sp.symbols("mu m g h kappa")


def thresholds(mu):
    return [-3, -2.5, -2, -1.75], 3.2


damping = kappa / (kappa + m * mu**2 * g**2 * h**2)
force = m * g * mu
"""
MEASURED_WITH_A_PATCH = (
    KNOWN.replace("[-3, -2.5, -2, -1.75]", "np.full(len(mu), -1.0)")
    + """
for name in dir(exercises):
    if name.startswith("check_"):
        setattr(exercises, name, lambda *given, **options: None)
experiment.puck.thresholds = lambda mu: np.full(len(mu), -1.0)
experiment.puck.exponent = lambda *found: 3.2
algorithm.PointMass.step = None
"""
)
FACTOR = "damping = kappa / (kappa + m * mu**2 * g**2 * h**2)"

WRONG = {
    "1-friction": {
        "the other root": SYMBOLS + f"eta1 = (kappa - {ROOT}) / (2 * beta1)\nlaw = -beta1 * v / eta1",
        "that is hard friction": SYMBOLS + ETA + "law = -beta1 * sp.sign(v)",
        "κ and κ/β₁ are mixed up": SYMBOLS
        + "eta1 = (kappa + sp.sqrt(kappa**2 + 4 * v**2)) / 2\nlaw = -beta1 * v / eta1",
        "friction pulls against the motion": SYMBOLS + ETA + "law = beta1 * v / eta1",
    },
    "2-cone": {
        "the rule of the orthant": ORTHANT + derivative(),
        "τ is forgotten": STEP.replace("tau * way", "way") + derivative(),
        "τ belongs to the way": STEP.replace("min(1.0, tau * way)", "tau * min(1.0, way)").replace(
            "return 1.0", "return tau"
        )
        + derivative(),
        "a full step stays inside": STEP.replace("min(1.0, tau * way)", "tau * way").replace(
            "return 1.0", "return np.inf"
        )
        + derivative(),
        "the sign: ": STEP + derivative(result="-np.linalg.inv(m * np.eye(2) - np.array(columns).T) @ by_mu"),
        "the derivative of hard friction": STEP + derivative(result="-gamma / m * v / np.sqrt(v @ v)"),
        "gives a factor γ": STEP
        + derivative(by_mu="-2 * mu * gamma * v / np.sqrt(kappa**2 + 4 * (mu * gamma) ** 2 * (v @ v))"),
        "v is held fixed": STEP + derivative(result="by_mu / m"),
    },
    "3-softness": {
        "slides already": SHORT.replace("puck.thresholds(mu)", "puck.thresholds(mu, force=(8.0, 4.0))"),
        "natural logarithms": KNOWN.replace("[-3, -2.5, -2, -1.75]", "np.log([1e-3, 10**-2.5, 1e-2, 10**-1.75])"),
        "not κ_g itself": KNOWN.replace("[-3, -2.5, -2, -1.75]", "[0.001, 0.003, 0.01, 0.018]"),
        "the same κ_g does": KNOWN.replace("3.2", "0"),
        "a little comes through": KNOWN.replace(FACTOR, "damping = sp.Integer(0)"),
        "the factor is its inverse": KNOWN.replace(FACTOR, "damping = 1 + m * (mu * g * h) ** 2 / kappa"),
        "don't forget the 1": KNOWN.replace(FACTOR, "damping = kappa / (m * (mu * g * h) ** 2)"),
        "that is an impulse": KNOWN.replace("m * g * mu", "m * g * mu * h"),
    },
}

EQUIVALENT = {
    "1-friction": """
B, k, speed = sp.symbols("beta1 kappa v")
eta1 = k / (2 * B) + sp.sqrt(k**2 / (4 * B**2) + speed**2)
law = (k - sp.sqrt(k**2 + 4 * B**2 * speed**2)) / (2 * speed)
""",
    "2-cone": STEP + derivative(),
    "3-softness": SHORT,
}

CHEATS = {
    "2-cone": {
        "boundary_step of": "\nfrom optilab.papers.dojo.exercises import boundary_step as step_length\n" + derivative(),
    },
    "3-softness": {"the smallest that works is not": KNOWN, r"at μ = 0\.35 the smallest": MEASURED_WITH_A_PATCH},
}
