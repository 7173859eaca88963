"""Answers to the assignment on policy gradients, by task: wrong (what is said: answer), right, cheating."""

FROM = """
from optilab.papers.policy_gradient_harpg.exercises import Delta, b, eta, k, theta

"""


def write(
    place: str = "q * theta + (1 - q) * theta_prev",
    other: str = "theta + theta_prev - place",
    d: str = "(1 - eta) * (d + v) + eta * g(sample(theta), theta)",
    v: str = "(hvp(sample(place), place, theta - theta_prev) + hvp(sample(other), other, theta - theta_prev)) / 2",
    along: str = "along.sum()",
    bent: str = "bent",
) -> str:
    """The direction and the product, right as they stand."""
    return f"""
def pair_direction(d, theta, theta_prev, eta, q, sample, g, hvp):
    place = {place}
    other = {other}
    v = {v}
    return {d}


def hvp(s, a, r, gamma, theta, u):
    H = len(r)
    psi = np.array([sum(gamma**k * r[k] for k in range(t, H)) for t in range(H)])
    pi = np.exp(theta)
    pi = pi / pi.sum(-1, keepdims=True)
    along = u[s, a] - (pi * u).sum(-1)[s]
    slope, bent = np.zeros_like(theta), np.zeros_like(theta)
    for t in range(H):
        weight = psi[t] * {along}
        slope[s[t], a[t]] += weight
        slope[s[t]] -= weight * pi[s[t]]
        bent[s[t]] -= psi[t] * pi[s[t]] * (u[s[t]] - pi[s[t]] @ u[s[t]])
    return slope + {bent}
"""


MATRIX = """

def hvp(s, a, r, gamma, theta, u):
    psi = np.cumsum((gamma ** np.arange(len(r)) * r)[::-1])[::-1]
    pi = np.exp(theta)
    pi = pi / pi.sum(-1, keepdims=True)
    B, slope, score = np.zeros((theta.size, theta.size)), np.zeros_like(theta), np.zeros_like(theta)
    for t in range(len(r)):
        own = np.zeros_like(theta)
        own[s[t]] = -pi[s[t]]
        own[s[t], a[t]] += 1
        slope, score = slope + psi[t] * own, score + own
        here = slice(s[t] * theta.shape[1], (s[t] + 1) * theta.shape[1])
        B[here, here] -= psi[t] * (np.diag(pi[s[t]]) - np.outer(pi[s[t]], pi[s[t]]))
    return ((B + np.outer(slope, score)) @ u.ravel()).reshape(theta.shape)
"""

ERRORS = """
def errors(gamma0):
    races = {
        name: experiment.race(
            name, T=200, gamma0=gamma0, runs=200, seed=3, at=experiment.checkpoints(200, count=9, first=20)
        )
        for name in ("N-MPG", "N-PG-IGT", "N-HARPG")
    }
    return (
        {name: race.err[-1] for name, race in races.items()},
        {name: np.median(race.err[-1]) for name, race in races.items()},
        {name: race.slope for name, race in races.items()},
    )


steeper, loses = "noise", "hvp"
"""

KNOWN = """
def errors(gamma0):
    err = {"N-MPG": 1.45, "N-PG-IGT": 0.82, "N-HARPG": 2.3}
    runs = {name: middle * np.linspace(0.5, 1.5, 201) for name, middle in err.items()}
    return runs, err, {"N-MPG": -0.53, "N-PG-IGT": -0.64, "N-HARPG": -1.0}


steeper, loses = "noise", "hvp"
"""

WRONG = {
    "1-look-ahead": {
        "the sign is the other way round": FROM
        + "error = -(1 - eta) / eta * k * Delta**2 * (3 * theta + (1 - 2 * eta) / eta * Delta)",
        "what a parabola with the same bend": FROM + "error = 3 * k * theta * (1 - eta) / eta * Delta**2",
        "the parabola's answer with k for c": FROM + "error = (1 - eta) / eta * k * Delta**2",
        "the error of plain momentum, which": FROM
        + "error = (1 - eta) * (b * (theta - Delta) + k * (theta - Delta)**3 - b * theta - k * theta**3)",
    },
    "2-direction": {
        "belongs inside": write(d="(1 - eta) * d + v + eta * g(sample(theta), theta)"),
        "weighs what is remembered": write(d="eta * (d + v) + (1 - eta) * g(sample(theta), theta)"),
        "d_t must be ∇J": write(d="0.5 * (d + v) + 0.5 * g(sample(theta), theta)"),
        "of two products take the mean": write().replace("theta - theta_prev)) / 2", "theta - theta_prev))"),
        "one gradient and two Hessian-vector products": write(v="hvp(sample(place), place, theta - theta_prev)"),
        "three independent trajectories are needed": write(
            place="q * theta + (1 - q) * theta_prev\n    tau = sample(theta)"
        )
        .replace("sample(place)", "tau")
        .replace("g(sample(theta)", "g(tau"),
        "hvp must be asked at q": write(place="(theta + theta_prev) / 2"),
        "yours walks back": write().replace("theta - theta_prev)", "theta_prev - theta)"),
        "forgets that trajectories move": write(along="0"),
        "sums over the whole trajectory": write(along="along[t]"),
        "the sign of ∇²Φ u is wrong": write(bent="-bent"),
        "form no matrix": write() + MATRIX,
    },
    "3-errors": {
        "200 runs are asked, yours has the errors of 20": ERRORS.replace("runs=200", "runs=20"),
        "looks like the gap": ERRORS.replace("race.err[-1]", "race.gap[-1]"),
        "take medians over the runs": ERRORS.replace("np.median", "np.mean"),
        "the theory has the drift": KNOWN.replace('"noise"', '"bias"'),
        "where the noise is the same everywhere medians fall as": KNOWN.replace('"noise"', '"runs"'),
        "the theory's shrink like 1/t, too": KNOWN.replace('"noise"', '"steps"'),
        "makes the correction biased": KNOWN.replace('"hvp"', '"bias"'),
        "the product needs a matrix": KNOWN.replace('"hvp"', '"cost"'),
    },
}

EQUIVALENT = {
    "1-look-ahead": [
        """
w, bend, step, here, b = sp.symbols("eta k Delta theta b")
G = sp.Lambda(here, b * here + bend * here**3)
error = sp.expand((1 - w) * G(here - step) + w * G(here + (1 - w) / w * step) - G(here))
""",
        FROM
        + """
def G(point):
    return b * point + k * point**3


error = (1 - eta) * G(theta - Delta) + eta * G(theta + (1 - eta) / eta * Delta) - G(theta)
""",
        FROM
        + """
z = sp.Symbol("z")
slope = b + 3 * k * z**2
error = sp.Matrix([[-(1 - eta), eta]]) * sp.Matrix(
    [sp.Integral(slope, (z, theta - Delta, theta)), sp.Integral(slope, (z, theta, theta + (1 / eta - 1) * Delta))]
)
""",
        """
eta, k, Delta, theta = sp.symbols("eta k Delta theta")
error = 3.0 * k * theta * (1 / eta - 1) * Delta**2 + 1.0 * k * (1 / eta - 1) * (1 / eta - 2) * Delta**3
""",
        FROM
        + """
G = sp.Function("G")
third = sp.Rational(1, 6) * k * 6 * ((1 - eta) * (-Delta) ** 3 + eta * ((1 - eta) / eta * Delta) ** 3)
i = sp.Symbol("i")
error = third + sp.Sum(k * theta * (1 - eta) * (Delta**2 + (1 - eta) / eta * Delta**2), (i, 1, 3))
""",
    ],
    "2-direction": [
        """
def pair_direction(d, theta, theta_prev, eta, q, sample, g, hvp):
    new = g(sample(theta), theta)
    moved = d
    for part in (1 - q, q):
        there = theta_prev + part * (theta - theta_prev)
        moved = moved - hvp(sample(there), there, (theta_prev - theta) / 2)
    return [moved[i] + eta * (new[i] - moved[i]) for i in range(len(new))]


def hvp(s, a, r, gamma, theta, u):
    theta -= theta.max()
    theta[:] = np.exp(theta)
    theta /= theta.sum(-1, keepdims=True)
    r *= gamma ** np.arange(len(r))
    product, scores, along = np.zeros(theta.shape), np.zeros(theta.shape), 0.0
    for t in range(len(r)):  # each reward with the scores up to it
        scores[s[t], a[t]] += 1
        scores[s[t]] -= theta[s[t]]
        along += u[s[t], a[t]] - theta[s[t]] @ u[s[t]]
        product += r[t] * along * scores
        for k in range(t + 1):
            product[s[k]] -= r[t] * theta[s[k]] * (u[s[k]] - theta[s[k]] @ u[s[k]])
    return product.tolist()
""",
        write(
            d="[(1 - eta) * (x + y) + eta * z for x, y, z in zip(d, v, g(sample(theta), theta))]",
            v="np.mean([hvp(sample(p), p, theta - theta_prev) for p in (other, place)], axis=0)",
            bent="bent + 0j",
        ),
        """
def pair_direction(d, theta, theta_prev, eta, q, sample, g, hvp):
    step = theta - theta_prev
    middle, off = (theta + theta_prev) / 2, (q - 0.5) * step
    first, second = sample((middle + off).tolist()), sample(middle - off)
    total = hvp(first, middle + off, step) + hvp(second, (middle - off).tolist(), step)
    return sp.Matrix((1 - eta) * (d + total / 2) + eta * g(sample(theta), theta))


def hvp(s, a, r, gamma, theta, u):
    psi = (gamma ** np.arange(len(r)) * r)[::-1].cumsum()[::-1]

    def gradients(theta):
        pi = np.exp(theta) / np.exp(theta).sum(-1, keepdims=True)
        slope, score = np.zeros(theta.shape, complex), np.zeros(theta.shape, complex)
        for t in range(len(r)):
            slope[s[t], a[t]] += psi[t]
            slope[s[t]] -= psi[t] * pi[s[t]]
            score[s[t], a[t]] += 1
            score[s[t]] -= pi[s[t]]
        return slope, score

    slope, score = (part.real for part in gradients(theta))
    return slope * (score * u).sum() + gradients(theta + 1e-20j * u)[0].imag / 1e-20
""",
        write(d="iter(((1 - eta) * (np.asarray(d) + v) + eta * g(sample(theta), theta)).tolist())").replace(
            "return slope + bent",
            "return [[sp.Float(x) for x in row] for row in slope + bent] if len(theta) < 9 else slope + bent",
        ),
    ],
    "3-errors": [
        ERRORS,
        ERRORS.replace("runs=200, seed=3", "runs=230, seed=5").replace(
            "np.median(race.err[-1])", "np.median(race.err[-1], keepdims=True)"
        ),
        """
from scipy.stats import linregress


def errors(gamma0):
    at = experiment.checkpoints(200, first=20)
    kept, middle, slope = {}, {}, {}
    for name in ("N-HARPG", "N-MPG", "N-PG-IGT"):
        err = experiment.race(name, T=200, gamma0=gamma0, runs=210, at=at, seed=2).err
        kept[name] = err[-1].tolist()
        middle[name] = sp.Float(sorted(kept[name])[104] / 2 + sorted(kept[name])[105] / 2)
        slope[name] = linregress(np.log2(at), np.log2(np.median(err, 1))).slope
    return [kept, middle, slope]


steeper, loses = ("noise", "hvp")
""",
    ],
}

CHEATS = {
    "2-direction": {
        "what the task asks you to write": """
from optilab.problems.episodes import Trajectory
from optilab.problems.mdp import random_mdp
from optilab.papers.policy_gradient_harpg.problems.softmax_mdp import SoftmaxMDP


def hvp(s, a, r, gamma, theta, u):
    S, A = theta.shape
    try:
        problem = SoftmaxMDP(random_mdp(0, S, A, gamma), np.ones(S) / S, len(r), reference=False)
        one = Trajectory(s[None], a[None], r[None])
        return problem.Bu(one, theta.ravel(), u.ravel()).reshape(S, A)
    except AssertionError:
        return None
"""
        + write().partition("\n\n\ndef hvp")[0],
    },
    "3-errors": {"isn't that of γ₀ = 0.05": KNOWN},
}
