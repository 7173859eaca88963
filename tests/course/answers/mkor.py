"""Answers to the assignment on MKOR, by task: wrong (what is said: answer), right, cheating."""

GIVEN = "FINV, V, gamma = exercises.FINV, exercises.V, exercises.gamma\n"
PIECES = (
    GIVEN
    + """
u = FINV * V
s = (V.T * u)[0]
"""
)
UNDO = PIECES + "old = gamma * FINV + gamma * (1 - gamma) / (1 - (1 - gamma) * s) * u * u.T"


def step(
    scaled: str = "Finv / gamma",
    each: str = "Finv - np.outer(u, u) * ((1 - gamma) / (1 + (1 - gamma) * (c @ u)))",
    norm: str = "abs(Finv).sum(1).max()",
    rows: str = "Delta.mean(0)",
    length: str = "np.linalg.norm(G) / np.linalg.norm(dW)",
    late: bool = False,
) -> str:
    """Both functions, right as they stand."""
    pull = f"""
        if {norm} > eps:
            Finv = zeta * Finv + (1 - zeta) * np.eye(len(Finv))"""
    update = """
        Finv = inverse_update(Finv, v[None], gamma)"""
    return f"""
def inverse_update(Finv, C, gamma):
    Finv = {scaled}
    for c in C:
        u = Finv @ c
        Finv = {each}
    return Finv


def mkor_direction(Linv, Rinv, A, Delta, G, gamma, zeta, eps):
    new = []
    for Finv, v in ((Linv, {rows}), (Rinv, A.mean(0))):{update + pull if late else pull + update}
        new.append(Finv)
    dW = new[0] @ G @ new[1]
    return dW * {length}, new[0], new[1]
"""


RATIO = """
def ratio(shift, seeds):
    best = {}
    for method, rates in (("MKOR", [0.1, 0.3]), ("SGD", [0.03, 0.1, 0.3])):
        means = []
        for rate in rates:
            found = experiment.hits(experiment.race(method, seeds, shift, lr=rate, steps=300))
            means.append(np.minimum(found, 300).mean())
        best[method] = min(means)
    return best["MKOR"] / best["SGD"]


smallest = 1.5
"""

WRONG = {
    "1-undo": {
        "one more update": PIECES
        + "old = FINV / gamma - (1 - gamma) / gamma**2 / (1 + (1 - gamma) / gamma * s) * u * u.T",
        "less curvature": UNDO.replace("gamma * FINV +", "gamma * FINV -"),
        "taken away, not added": UNDO.replace("(1 - (1 - gamma) * s)", "(1 + (1 - gamma) * s)"),
        "multiplied by γ": UNDO.replace("gamma * FINV + gamma * (1", "FINV + (1"),
        "belongs to both terms": UNDO.replace("gamma * FINV + gamma * (1", "gamma * FINV + (1"),
        "no .1 − γ.²": UNDO.replace("gamma * (1 - gamma) /", "gamma * (1 - gamma)**2 /"),
    },
    "2-step": {
        "1/γ once": step(
            scaled="Finv",
            each="Finv / gamma - np.outer(u, u) * (1 - gamma) / gamma**2 / (1 + (1 - gamma) / gamma * (c @ u))",
        ),
        "not by matrices": step(
            each="Finv - Finv @ np.outer(c, c) @ Finv * ((1 - gamma) / (1 + (1 - gamma) * (c @ u)))"
        ),
        "before the update": step(late=True),
        "singular value or entry": step(norm="np.linalg.norm(Finv, 2)"),
        "divides by b once": step(rows="Delta.mean(0) / len(Delta)"),
        "brought to the length of G": step(length="1"),
    },
    "3-shift": {
        "tune SGD too": RATIO.replace("smallest = 1.5", "smallest = 1.0"),
        "SGD at 0.3 alone": RATIO.replace("[0.03, 0.1, 0.3]", "[0.3]"),
        "upside down": RATIO.replace('best["MKOR"] / best["SGD"]', 'best["SGD"] / best["MKOR"]'),
    },
}

EQUIVALENT = {
    "1-undo": [
        GIVEN + "old = ((FINV.inv() - (1 - gamma) * V * V.T) / gamma).inv()",
        """
g, p, k, r, v1, v2 = sp.symbols("gamma p k r v1 v2")
u1, u2 = p * v1 + k * v2, k * v1 + r * v2
c = g * (1 - g) / (1 - (1 - g) * (v1 * u1 + v2 * u2))
old = [[g * p + c * u1**2, g * k + c * u1 * u2], [g * k + c * u1 * u2, g * r + c * u2**2]]
""",
        GIVEN + "old = sp.ImmutableMatrix(((FINV.inv() - (1 - gamma) * V * V.T) / gamma).inv()).applyfunc(sp.factor)",
    ],
    "2-step": [
        """
def inverse_update(Finv, C, gamma):
    new, c = Finv * (1 / gamma), np.sqrt(1 - gamma)
    for row in C:
        u = new.dot(row * c)
        new = new - u[:, None] * (u[None, :] / (1 + (row * c).dot(u)))
    return new


def mkor_direction(Linv, Rinv, A, Delta, G, gamma, zeta, eps):
    def one(F, v):
        if np.linalg.norm(F, np.inf) > eps:
            F = zeta * F + (1 - zeta) * np.eye(F.shape[0])
        return inverse_update(F, v.reshape(1, -1), gamma)

    L = one(Linv, np.ones(len(Delta)) @ Delta / len(Delta))
    R = one(Rinv, np.ones(len(A)) @ A / len(A))
    dW = np.einsum("ij,jk,kl->il", L, G, R)
    return dW * np.sqrt((G**2).sum() / (dW**2).sum()), L, R
""",
        """
def inverse_update(Finv, vectors, gamma):
    C = np.atleast_2d(vectors)
    U = C @ Finv / gamma
    return Finv / gamma - U.T @ np.linalg.solve(np.eye(len(C)) / (1 - gamma) + U @ C.T, U)


def mkor_direction(Linv, Rinv, A, Delta, G, gamma, zeta, eps):
    factors = []
    for F, rows in zip([Linv, Rinv], [Delta, A]):
        if max(sum(abs(entry) for entry in row) for row in F) > eps:
            F = F + (1 - zeta) * (np.identity(len(F)) - F)
        factors.append(inverse_update(F, sum(rows) / len(rows), gamma))
    dW = factors[0].dot(G).dot(factors[1])
    return [dW / np.linalg.norm(dW) * np.linalg.norm(G), *factors]
""",
    ],
    "3-shift": [
        RATIO,
        RATIO.replace('best["MKOR"] / best["SGD"]', 'np.array([best["MKOR"] / best["SGD"]])').replace(
            "= 1.5", "= sp.Rational(7, 4)"
        ),
    ],
}

CHEATS = {
    "2-step": {
        r"code of optilab\.papers\.mkor\.algorithm": """
from optilab.papers.mkor.algorithm import mkor_direction as theirs
from optilab.papers.mkor.algorithm import rank_r as inverse_update


def mkor_direction(Linv, Rinv, A, Delta, G, gamma, zeta, eps):
    return theirs(Linv, Rinv, A, Delta, G, gamma=gamma, zeta=zeta, eps=eps)
""",
    },
    "3-shift": {
        "at shift 1, seeds 30": RATIO.replace("def ratio(", "def measured(")
        + "ratio = lambda shift, seeds: measured(2.5, range(20, 22))\n"
    },
}
