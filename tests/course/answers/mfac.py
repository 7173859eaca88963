"""Answers to the assignment on M-FAC, by task: wrong (what is said: answer), right, cheating."""


def woodbury(
    inner: str = "m * sp.eye(2) + G * Lambda.inv() * G.T", L: str = "[[1, 0], [inner[1, 0] / inner[0, 0], 1]]"
) -> str:
    """The two matrices, right as they stand."""
    return f"""
G, Lambda, m = exercises.G, exercises.Lambda, exercises.m
inner = {inner}
L = sp.Matrix({L})
"""


def window(
    copies: str = "G, S = G.copy(), S.copy()",
    entries: str = "S[last] = S[:, last] = G @ g",
    after: str = "(last + 1) % len(G)",
    count: str = "len(G)",
) -> str:
    """The ring, right as it stands."""
    return f"""
def push(G, S, last, g):
    {copies}
    G[last] = g
    {entries}
    return G, S, {after}


def product(G, S, lam, x):
    inner = {count} * np.eye(len(G)) + S / lam
    return x / lam - G.T @ np.linalg.solve(inner, G @ x) / lam**2
"""


def ranking(batch: str = "16", seed: str = "seed", block: str = "None", factor: str = "1", why: str = "rank") -> str:
    """The experiment, right as it stands."""
    return f"""
def ranking(seed):
    fit, _, w = experiment.dense_network({seed})
    samples = fit.sample(np.random.default_rng(7), (128, {batch}))
    G = fit.sample_grad(np.broadcast_to(w, (128, len(w))), samples)
    tau, full = exercises.taus(G, w, 1), exercises.taus(G, w, {block})
    return G, {factor} * exercises.LAMS[np.argmax(tau >= 0.99)], full.min()


why = "{why}"
"""


WRONG = {
    "1-woodbury": {
        "the divisor m of the Fisher has got lost": woodbury(inner="sp.eye(2) + G * Lambda.inv() * G.T"),
        "keep the symbol m": woodbury(inner="2 * sp.eye(2) + G * Lambda.inv() * G.T"),
        "Λ where Woodbury has Λ⁻¹": woodbury(inner="m * sp.eye(2) + G * Lambda * G.T"),
        "a row for each coordinate": woodbury(inner="m * sp.eye(2) + G.T * Lambda.inv() * G"),
        "pivots stand in the middle": woodbury(L="[[inner[0, 0], 0], [inner[1, 0], 1]]"),
        "is m . d₁₁, with the m": woodbury(L="[[1, 0], [inner[1, 0] / (inner[0, 0] - m), 1]]"),
    },
    "2-window": {
        "the number of slots, while some are": window(count="max((G != 0).any(1).sum(), 1)"),
        "only the row of S is new": window(entries="S[last] = G @ g"),
        "only the column of S is new": window(entries="S[:, last] = G @ g"),
        "push changes the arrays": window(copies="pass"),
        "overwrite the oldest slot": window(after="last"),
    },
    "3-ranking": {
        "it reaches 0.99 at another damping": ranking(factor="30"),
        "the full one is asked for": ranking(block="1"),
        "other batches, or sums": ranking(batch="1"),
        "at λ = 1e-12 too": ranking(why="damping"),
    },
}

EQUIVALENT = {
    "1-woodbury": """
G, Lambda, m = exercises.G, exercises.Lambda, exercises.m
Z = G * Lambda ** -1
d11, d12 = (Z * G.T)[0, 0], (Z * G.T)[0, 1]
L = sp.ImmutableMatrix([[1, 0], [sp.factor(d12 / (m + d11)), 1]])
d22 = (Z * G.T)[1, 1] - d12**2 / (m + d11)
inner = L * sp.diag(m + d11, m + d22) * L.T
""",
    "2-window": """
def push(G, S, last, g):
    keep = np.arange(len(G)) != last
    rows = np.where(keep[:, None], G, g)
    products = rows @ g
    scalar = np.where(keep[:, None] & keep, S, products[:, None] * (~keep) + products * (~keep)[:, None])
    scalar[last, last] = g @ g
    return rows.tolist(), scalar, int(last + 1) % len(G)


def product(G, S, lam, x):
    eigenvalues, U = np.linalg.eigh(np.array(S))
    weights = U @ ((U.T @ (np.array(G) @ x)) / (len(G) * lam + eigenvalues))
    return ((x - np.array(G).T @ weights) / lam).tolist()
""",
    "3-ranking": ranking(),
}

CHEATS = {
    "2-window": {
        "what the task asks you to write": """
def push(G, S, last, g):
    window = algorithm.Window(G, S, S, S, S[0], last, np.array(1.0))
    new = algorithm.update(window, g)
    return new.G, new.S, new.last


def product(G, S, lam, x):
    return algorithm.static_precompute(G, lam).ihvp(x)
""",
    },
    "3-ranking": {"no gradients of the network of seed 3": ranking(seed="0")},
}
