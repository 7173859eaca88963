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


def prices(
    costs: str = "Costs(product=price)",
    which: str = "best",
    seed: str = "seed",
    winner: str = "run.winner",
    last: str = "4.0",
    why: str = "steps",
) -> str:
    """The experiment, right as it stands."""
    return f"""
def prices(seed):
    problem, found = PROBLEMS["least squares"](kappa=1000.0), {{}}
    for price in exercises.PRICES:
        run = race(exercises.RIVALS, problem, 60.0, rng=np.random.default_rng({seed}), costs={costs}, seeds=20)
        medians = [run.entrants[name].{which}.quartiles[1] for name in exercises.RIVALS]
        found[price] = ({winner}, *medians)
    return found


last, why = {last}, "{why}"
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
        "not rounded; yours says 4/3": shrinking(k_star="1 / (alpha * mu)"),
        "not rounded; yours says 2": shrinking(k_star="sp.ceiling(2 / (alpha * mu) - 1)"),
    },
    "2-lion": {
        "with the m from before": lion(mixed="kept"),
        "the other way round": lion(mixed="beta2 * m + (1 - beta2) * g", kept="beta1 * m + (1 - beta1) * g"),
        "m is kept with β₂": lion(kept="beta1 * m + (1 - beta1) * g"),
        "the sign is missing": lion(move="mixed + lam * x"),
        "where is the decay": lion(move="np.sign(mixed)"),
        "uphill": lion(new="x + length * move"),
        "of that shape it ends with .* Lift alpha by a last axis": lion(lift="alpha"),
        "a batch .. and alpha a number it ends with": lion(lift="alpha[..., None]"),
        "a batch .4,. and alpha a number it ends with": lion(lift="alpha if x.ndim == 1 else alpha[..., None]"),
        "α multiplies λx too": lion(new="x - length * np.sign(mixed) - lam * x"),
        "with its weight 1 − β₁": lion(mixed="beta1 * m + g"),
        "m⁺ = β₂m . .1 − β₂.g at .0. is": lion(kept="beta2 * m + g"),
        "changed the arrays": lion(new="np.subtract(x, length * move, out=x)"),
    },
    "3-prices": {
        "the same at every price": prices(costs="Costs()"),
        "gaps of default settings": prices(which="default"),
        "that is no winner": prices(winner="run.order[0]"),
        "the largest of these isn't 8.0": prices(last="8.0"),
        "these are not the races of seed 0": prices(seed="seed + 1"),
        "says as much as before": prices(why="probes"),
        "both are tuned at every price": prices(why="tuning"),
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
    "3-prices": [
        prices(),
        prices()
        .replace("best.quartiles[1]", "best.final")
        .replace("[run.en", "[np.median(run.en")
        .replace("final for", "final) for"),
        """
def prices(seed):
    return {
        price: [run.winner, *(float(np.sort(run.entrants[name].best.final)[9]) for name in exercises.RIVALS)]
        for price in exercises.PRICES
        for run in [
            race(
                ["heavy-ball", "adahessian"],
                PROBLEMS["least squares"](kappa=1e3),
                60.0,
                rng=np.random.default_rng(seed),
                costs=Costs(product=price),
            )
        ]
    }


last = max(price for price, row in prices(1).items() if row[0] == "ADAHESSIAN")
why = "".join(["st", "eps"])
""",
    ],
}

CHEATS = {
    "2-lion": {
        "what the task asks you to write": """
def step(x, m, g, alpha, beta1, beta2, lam):
    return exercises._lion(x, m, g, np.asarray(alpha)[..., None], beta1, beta2, lam)
""",
    },
    "3-prices": {"these are not the races of seed 3": prices(seed="0")},
}
