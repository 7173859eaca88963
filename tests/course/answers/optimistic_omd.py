"""Answers to the assignment on optimistic descent, by task: wrong (what is said: answer), right, cheating."""


def constants(delta: str = "5 * D**2 * L**2", constant: str = "5 * sp.sqrt(5) * D**2 * L", drift: str = "") -> str:
    """The first task, right as it stands."""
    drift = drift or "5 * D / sp.sqrt(2)"
    return f"D, L = exercises.D, exercises.L\ndelta = {delta}\nconstant = {constant}\ndrift = {drift}\n"


def rounds(
    direction: str = "np.linalg.solve(H, v)",
    inside: str = "near(point, H)",
    origin: str = "xhat",
    last: str = "H",
    factor: str = "beta / 2",
    m: str = "x_i @ g_prev + s",
    s: str = "2 * L * ((x_i - x_prev_i) ** 2).sum(-1)",
    basis: str = "phat",
    losses: str = "x_i @ g + s",
) -> str:
    """The second task, right as it stands."""
    return f"""
def near(point, H):
    if np.linalg.norm(point) <= 1:
        return point
    h, Q = np.linalg.eigh(H)
    v, low, high = Q.T @ point, 0.0, np.linalg.norm(H @ point)
    for _ in range(100):
        nu = (low + high) / 2
        low, high = (nu, high) if np.linalg.norm(h * v / (h + nu)) > 1 else (low, nu)
    return Q @ (h * v / (h + high))


def curved_round(xhat, M, H, g, beta):
    def step(start, v, H):
        point = start - {direction}
        return {inside}

    new = H + {factor} * np.outer(g, g)
    x = step(xhat, M, H)
    return x, step({origin}, g, {last}), new


def hedge(phat, eps, g_prev, g, x_i, x_prev_i, L):
    s = {s}
    m = {m}
    p = phat * np.exp(-eps * m)
    p = p / p.sum()
    q = {basis} * np.exp(-eps * ({losses}))
    return p, q / q.sum()
"""


def measured(
    G: str = "losses.G",
    regret: str = "losses.dynamic_regret(trace.x[:T])",
    V: str = "trace.V[-1]",
    crossing: str = "np.sqrt(2) * np.pi / P",
) -> str:
    """The third task, right as it stands."""
    return f"""
def measure(P, T, sigmas, seeds):
    losses = spinning(T, P, np.array(sigmas)[:, None], seeds)
    steps = algorithm.Convex(2.0, {G}, 1.0)
    trace = run(algorithm.optimistic(losses, np.zeros((len(sigmas), len(seeds), 2)), steps=steps), T)
    return {regret}[-1].mean(-1), ({V}).mean(-1)


def crossing(P):
    return {crossing}
"""


WRONG = {
    "1-noiseless": {
        "delta: that is with noise": constants(delta="10 * D**2 * L**2"),
        "delta: that is √δ": constants(delta="sp.sqrt(5) * D * L"),
        "costs a factor ½": constants(delta="sp.Rational(5, 2) * D**2 * L**2"),
        "maximise over r": constants(delta="D**2 * L**2"),
        "constant: that is with noise": constants(constant="5 * sp.sqrt(10) * D**2 * L"),
        "one of two terms": constants(constant="sp.Rational(5, 2) * sp.sqrt(5) * D**2 * L"),
        "drift: that is with noise": constants(drift="5 * D"),
        "what multiplies": constants(drift="5 * D * sp.sqrt(2)"),
        "not in": constants(delta="5 * D**2 * sp.Symbol('G')**2"),
    },
    "2-rounds": {
        "H⁻¹ times the gradient": rounds(direction="v", inside="point / max(1, np.linalg.norm(point))"),
        "not in the Euclidean": rounds(inside="point / max(1, np.linalg.norm(point))"),
        "the correction starts at": rounds(origin="x"),
        "g enters H afterwards": rounds(last="new"),
        "factor β/2": rounds(factor="beta"),
        "has to pay": rounds(s="0.0"),
        "not paid for": rounds(s="-2 * L * ((x_i - x_prev_i) ** 2).sum(-1)"),
        "is 2L": rounds(s="L * ((x_i - x_prev_i) ** 2).sum(-1)"),
        "squared length": rounds(s="2 * L * np.linalg.norm(x_i - x_prev_i, axis=-1)"),
        "the last gradient at the new plays": rounds(m="0 * s"),
        "is corrected from": rounds(basis="p"),
        "p is to be": rounds(m="x_prev_i @ g_prev + s"),
    },
    "3-measured": {
        "that is static": measured(regret="losses.static_regret(trace.x[:T])"),
        "the surprises": measured(V="(losses.g**2).sum((0, -1))"),
        "longest gradient": measured(G="1.5 * losses.G"),
        "met twice": measured(crossing="2 * np.pi / P"),
        "crossing: at which": measured(crossing="1 / P"),
    },
}

EQUIVALENT = {
    "1-noiseless": [
        """
D, L = exercises.D, exercises.L
r, s = sp.symbols("r s", positive=True)
gain = sp.Rational(5, 2) * D * sp.sqrt(2 * L**2) * r - s * r**2 / (4 * D)
left = gain.subs(r, sp.solve(sp.diff(gain, r), r)[0])
total = sp.Rational(5, 2) * D * s + left
(best,) = sp.solve(sp.diff(total, s), s)
delta, constant, drift = [best**2], total.subs(s, best), sp.Rational(5, 2) * D * sp.sqrt(2)
""",
    ],
    "2-rounds": [
        rounds(),
        rounds()
        + """

from scipy.optimize import minimize
from scipy.special import softmax


def curved_round(xhat, M, H, g, beta):
    def step(v):
        ball = {"type": "ineq", "fun": lambda z: 1 - z @ z, "jac": lambda z: -2 * z}
        value = lambda z: v @ z + (z - xhat) @ H @ (z - xhat) / 2
        slope = lambda z: v + H @ (z - xhat)
        return minimize(value, 0.5 * xhat, jac=slope, constraints=[ball], method="SLSQP",
                        options={"ftol": 1e-15, "maxiter": 500}).x

    return [step(M), step(g), H + beta / 2 * g[:, None] * g]


def hedge(phat, eps, g_prev, g, x_i, x_prev_i, L):
    s = 2 * L * np.linalg.norm(x_i - x_prev_i, axis=1) ** 2
    return softmax(np.log(phat) - eps * (x_i @ g_prev + s)), softmax(np.log(phat) - eps * (x_i @ g + s)).tolist()
""",
    ],
    "3-measured": [
        measured(),
        """
def measure(P, T, sigmas, seeds):
    regret, V = np.zeros((2, len(sigmas)))
    for k, sigma in enumerate(sigmas):
        for seed in seeds:
            xi = np.random.default_rng(seed).standard_normal((T, 2))
            angle = 2 * np.pi * np.arange(1, T + 1) / P
            m = np.stack([np.cos(angle), np.sin(angle)], -1)
            gradients = m + sigma * xi / np.sqrt(2)
            G = np.linalg.norm(gradients, axis=-1).max()
            xhat, M, total = np.zeros(2), np.zeros(2), 0.0
            for t in range(T):
                eta = 2 / np.sqrt(1 + 4 * G**2 + total)
                x, after = (p / max(1, np.linalg.norm(p)) for p in (xhat - eta * M, xhat - eta * gradients[t]))
                regret[k] += (m[t] @ x + 1) / len(seeds)
                total += ((gradients[t] - M) ** 2).sum()
                xhat, M = after, gradients[t]
            V[k] += total / len(seeds)
    return list(regret), list(V)


def crossing(P):
    return sp.sqrt(2) * sp.pi / P
""",
    ],
}

CHEATS = {
    "2-rounds": {
        "what the task asks you to write": rounds()
        + """

def curved_round(xhat, M, H, g, beta):
    from optilab.problems.mirror import Mahalanobis
    from optilab.problems.simple import Ball

    metric = Mahalanobis(H)
    return metric.step(Ball(), xhat, M, 1.0), metric.step(Ball(), xhat, g, 1.0), H + beta / 2 * np.outer(g, g)
""",
    },
}
