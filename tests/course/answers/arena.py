"""Answers to the assignment on the arena, by task: wrong (what is said: answer), right, cheating."""

SYMBOLS = "k, mu, sigma, alpha = exercises.k, exercises.mu, exercises.sigma, exercises.alpha\n"


def shrinking(gap: str = "sigma**2 / (2 * mu * k)", k_star: str = "(2 - alpha * mu) / (alpha * mu)") -> str:
    """The two formulas, right as they stand."""
    return f"{SYMBOLS}gap = {gap}\nk_star = {k_star}\n"


def lion(
    mixed: str = "beta1 * m + (1 - beta1) * g",
    kept: str = "beta2 * m + (1 - beta2) * g",
    move: str = "np.sign(mixed) + lam * x",
    lift: str = "np.asarray(alpha)[..., None]",
    new: str = "x - length * move",
) -> str:
    """The step, right as it stands."""
    return f"""
def step(x, m, g, alpha, beta1, beta2, lam):
    length = {lift}
    kept = {kept}
    mixed = {mixed}
    move = {move}
    return {new}, kept
"""


WRONG = {
    "1-shrinking": {
        "that is E x²: the gap": shrinking(gap="sigma**2 / (mu**2 * k)"),
        "f is ½μx²": shrinking(gap="sigma**2 / (mu * k)"),
        "a μ is lost: x_k": shrinking(gap="sigma**2 / (2 * k)"),
        "know nothing of each other cancel": shrinking(gap="sigma**2 / (2 * mu)"),
        "k noises have come in": shrinking(gap="sigma**2 / (2 * mu * (k + 1))"),
        "for short steps alone": shrinking(k_star="2 / (alpha * mu)"),
        "a μ is lost: k counts": shrinking(k_star="(2 - alpha * mu) / alpha"),
        "both gaps are the same after 3": shrinking(k_star="1 / (alpha * mu)"),
    },
    "2-lion": {
        "with the m from before": lion(mixed="kept"),
        "the other way round": lion(mixed="beta2 * m + (1 - beta2) * g", kept="beta1 * m + (1 - beta1) * g"),
        "m is kept with β₂": lion(kept="beta1 * m + (1 - beta1) * g"),
        "the sign is missing": lion(move="mixed + lam * x"),
        "where is the decay": lion(move="np.sign(mixed)"),
        "uphill": lion(new="x + length * move"),
        "Lift alpha by a last axis": lion(lift="alpha"),
        "changed the arrays": lion(new="np.subtract(x, length * move, out=x)"),
    },
}

EQUIVALENT = {
    "1-shrinking": [
        SYMBOLS
        + """
j = sp.Symbol("j", integer=True, positive=True)
variance = sp.Sum(sigma**2 / (mu * k) ** 2, (j, 1, k))
gap = mu * variance / 2
k_star = sp.solve(sigma**2 / (2 * mu * k) - alpha * sigma**2 / (2 * (2 - alpha * mu)), k)
""",
        shrinking(gap="sp.Matrix([[sigma**2 / mu / k / 2]])", k_star="2 / alpha / mu - 1"),
    ],
    "2-lion": [
        """
def step(x, m, g, alpha, beta1, beta2, lam):
    length = np.broadcast_to(np.expand_dims(np.asarray(alpha, dtype=float), -1), x.shape)
    direction = np.where(beta1 * m > (beta1 - 1) * g, 1.0, -1.0)
    return ((1 - length * lam) * x - length * direction).tolist(), [*((1 - beta2) * (g - m) + m)]
""",
        lion(kept="m + (1 - beta2) * (g - m)"),
    ],
}

CHEATS = {
    "2-lion": {
        "what the task asks you to write": """
def step(x, m, g, alpha, beta1, beta2, lam):
    return exercises._lion(x, m, g, np.asarray(alpha)[..., None], beta1, beta2, lam)
""",
    },
}
