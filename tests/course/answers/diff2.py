"""Answers to the assignment on privatised differences, by task: wrong (what is said: answer), right, cheating."""

NAMES = "Delta, G, L, N, d, ell, epsilon, q, s, u = exercises.SYMBOLS\nk = sp.sqrt(u / (u - 1))\n"
INTERVAL = "(2 * u * G**2 * s / (k * L * Delta)) ** sp.Rational(2, 3)"
LEAST = "u * G**2 * s**2 / interval + k * L * Delta * s * sp.sqrt(interval)"


def bounds(
    interval: str = INTERVAL,
    least: str = LEAST,
    power: str = "-sp.Rational(4, 3)",
    plain: str = "2 * G * sp.sqrt(L * Delta * d * ell) / (N * epsilon)",
) -> str:
    """The first task, right as it stands."""
    return f"{NAMES}interval = {interval}\nleast = {least}\npower = {power}\nplain = {plain}\n"


def rounds(
    sent: str = "[now - before for now, before in zip(grads(x), grads(last), strict=True)]",
    clip: str = "np.mean([(clip(g, C)).mean(0) for g in sent], 0)",
    std: str = "c * sigma2 if sigma2 > 0 else 0",
    old: str = "v",
    along: str = "v",
    M: str = "int(np.ceil(R / T))",
    moved: str = "2",
    budget: str = "(1 - kappa) * eps",
    only: str = "1 if M == R else w",
    count: str = "R - M",
    none: str = "0.0",
) -> str:
    """The second task, right as it stands."""
    return f"""
def clip(g, C):
    return g * np.minimum(1, C / (np.linalg.norm(g, axis=-1, keepdims=True) + 1e-10))


def step(grads, x, last, v, r, T, C1, C2, sigma1, sigma2, eta, xi):
    before_that = v
    if r % T == 0:
        C, sent, old = C1, grads(x), 0
        std = C1 * sigma1 if sigma1 > 0 else 0
    else:
        c = C = C2 * np.linalg.norm(x - last)
        sent, old = {sent}, {old}
        std = {std}
    v = old + {clip} + std * xi
    return x - eta * {along}, v


def sigmas(n_min, P, R, T, eps, delta, kappa, w):
    alpha = 1 + np.ceil(np.log(1 / delta) / (kappa * eps))
    N, M, budget = n_min * P, {M}, {budget}
    sigma1 = np.sqrt(alpha * M * {moved} ** 2 / (2 * N**2 * budget * ({only})))
    if M == R:
        return sigma1, {none}
    return sigma1, np.sqrt(alpha * ({count}) * {moved} ** 2 / (2 * N**2 * budget * (1 - w)))
"""


RESTARTS = """
T = 400
short, long = "noise of restarts", "noise that adds up"
"""

WRONG = {
    "1-interval": {
        "that is the lesson's": bounds(interval="(2 * G**2 * s / (L * Delta)) ** sp.Rational(2, 3)"),
        "the derivative of": bounds(interval="(u * G**2 * s / (k * L * Delta)) ** sp.Rational(2, 3)"),
        "solve for q": bounds(interval="2 * u * G**2 * s / (k * L * Delta)"),
        "q is to go": bounds(least="u * G**2 * s**2 / q + k * L * Delta * s * sp.sqrt(q)"),
        "the restarts' part": bounds(least="u * G**2 * s**2 / interval"),
        "s falls as 1/N": bounds(power="-2 / 3"),
        "the root of": bounds(plain="2 * G * sp.sqrt(L * Delta) * d * ell / (N * epsilon)"),
        "add them": bounds(plain="G * sp.sqrt(L * Delta * d * ell) / (N * epsilon)"),
    },
    "2-round": {
        "not each gradient": rounds(
            sent="[clip(now, c) - clip(before, c) for now, before in zip(grads(x), grads(last), strict=True)]",
            clip="np.mean([(g if r % T else clip(g, C)).mean(0) for g in sent], 0)",
        ),
        "the noise of a difference": rounds(std="C2 * sigma2 if sigma2 > 0 else 0"),
        "not a client's mean": rounds(clip="np.mean([clip(g.mean(0), C) for g in sent], 0)"),
        "not the mean of all": rounds(clip="clip(np.mean([g.mean(0) for g in sent], 0), C)"),
        "clients count the same": rounds(clip="clip(np.concatenate(sent), C).mean(0)"),
        "added to the old v": rounds(old="0"),
        "go along the new v": rounds(along="before_that"),
        "leave the noise out": rounds(std="c * sigma2"),
        "not C/N": rounds(moved="1"),
        "round up": rounds(M="R / T"),
        "there are": rounds(M="1"),
        "for the conversion": rounds(budget="eps"),
        "no differences to save for": rounds(only="w"),
        "that are sent": rounds(count="R"),
        "no difference is sent": rounds(none="1.0"),
    },
    "3-restarts": {
        "too much noise in each": RESTARTS.replace("400", "32"),
        "restart earlier": RESTARTS.replace("400", "1600"),
        "short: with many": RESTARTS.replace('"noise of restarts"', '"clipping"'),
        "long: without": RESTARTS.replace('"noise that adds up"', '"clipping"'),
        "must be whole": RESTARTS.replace("400", "0"),
    },
}

EQUIVALENT = {
    "1-interval": [
        NAMES
        + """
x = sp.symbols("x", positive=True)
B = u * G**2 * s**2 / q + k * L * Delta * s * sp.sqrt(q)
interval = sp.solve(sp.diff(B.subs(q, x**2), x), x)[0] ** 2
least = [sp.simplify(B.subs(q, interval))]
power = -4 / 3
plain = sp.Matrix([2 * G * sp.sqrt(L * Delta) * sp.sqrt(d) * sp.sqrt(ell) / N / epsilon])
""",
    ],
    "2-round": [
        rounds(),
        """
def step(grads, x, last, v, r, T, C1, C2, sigma1, sigma2, eta, xi):
    here, there = grads(x), grads(last)
    restart = r % T == 0
    C, sigma = (C1, sigma1) if restart else (C2 * np.sqrt(((x - last) ** 2).sum()), sigma2)
    new = np.zeros(len(x)) if restart else np.array(v)
    for now, before in zip(here, there, strict=True):
        for one, other in zip(now, before, strict=True):
            g = one if restart else one - other
            length = np.linalg.norm(g)
            new = new + (g if length <= C else g * C / length) / (len(now) * len(here))
    if sigma:
        new = new + C * sigma * xi
    return [list(x - eta * new), list(new)]


def sigmas(n_min, P, R, T, eps, delta, kappa, w):
    alpha = 1 + np.ceil(np.log(1 / delta) / kappa / eps)
    restarts = len(range(0, R, T))
    differences = R - restarts

    def of(count, share):
        return sp.sqrt(2 * alpha * count / (share * (1 - kappa) * eps)) / (n_min * P)

    return np.array([of(restarts, w if differences else 1), of(differences, 1 - w)], dtype=float)
""",
    ],
    "3-restarts": [RESTARTS, RESTARTS.replace("T = 400", "T = np.int64(800)")],
}

CHEATS = {
    "2-round": {
        "what the task asks you to write": rounds().replace(
            "    v = old +", "    problems.clip_factor(np.ones(2), C)\n    v = old +"
        ),
    },
}
