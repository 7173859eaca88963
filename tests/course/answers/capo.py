"""Answers to the assignment on CAPO, by task: wrong (what is said: answer), right, cheating."""


def two_tokens(
    bend: str = "(1 - p) * (1 - 2 * p) * w**2",
    turn: str = "sp.Rational(1, 2)",
    limit: str = "1 / ((1 - p) * (1 - 2 * p))",
) -> str:
    """The first task, right as it stands."""
    return f"p, w = exercises.p, exercises.w\nbend = {bend}\nturn = {turn}\nlimit = {limit}\n"


def code(
    half: str = "0.5",
    weight: str = "A",
    uFu: str = "(pi * u**2).sum(-1) - (pi * u).sum(-1) ** 2",
    g: str = "A[:, None, None] * v[:, :, None] * h[:, None, :]",
    power: str = "moments[2] + 1",
    at_zero: str = "moments is None or moments[2] == 0",
    means: str = "m, s = 0.9 * moments[0] + 0.1 * g, 0.999 * moments[1] + 0.001 * g**2",
    below: str = "np.maximum(mask.sum(1), 1)",
    drgrpo: str = "(values * mask).sum(1) / T_max",
    over: str = "each.mean()",
) -> str:
    """The second task, right as it stands."""
    return f"""
def token_scores(A, v, pi, h, lr, moments):
    g = {g}
    effective = g
    if not ({at_zero}):
        {means}
        t = {power}
        effective = m / (1 - 0.9**t) / (np.sqrt(s / (1 - 0.999**t)) + 1e-8)
    u = lr * (effective * h[:, None, :]).sum(-1)
    vu = (v * u).sum(-1)
    uFu = {uFu}
    return A * vu + {half} * {weight} * (vu**2 - uFu), {half} * vu**2


def aggregate(values, mask, method, T_max):
    if method == "Dr. GRPO":
        each = {drgrpo}
    else:
        each = (values * mask).sum(1) / {below}
    return {over}
"""


def measured(
    tauF: str = "1e5", tauH: str = "np.inf", rate: str = "rejected", reading: str = "b", final: str = "-1"
) -> str:
    """The third task, right as it stands."""
    return f"""
tauF = {tauF}
reading = "{reading}"


def measure(tauF, seeds):
    setting = {{"lr": 30.0, "scale": 20.0}}
    run = learn("CAPO", "GRPO", seeds, tauH={tauH}, tauF=tauF, **setting)
    rejected = run.rejected.mean()
    lots = learn("random mask", "GRPO", seeds, rate={rate}, **setting)
    return rejected, run.accuracy[{final}], lots.accuracy[{final}]
"""


WRONG = {
    "1-two-tokens": {
        "takes uᵀFu": two_tokens(bend="(1 - p)**2 * w**2"),
        "curvature of log": two_tokens(bend="-p * (1 - p) * w**2"),
        "that is the slope": two_tokens(bend="(1 - p) * w"),
        "that is π''": two_tokens(bend="p * (1 - p) * (1 - 2 * p) * w**2"),
        "differentiate": two_tokens(bend="(1 - p) * (2 - p) * w**2"),
        "turn: at which": two_tokens(turn="1"),
        "½ in front": two_tokens(limit="2 / ((1 - p) * (1 - 2 * p))"),
        "‖v‖² is 2": two_tokens(limit="1 / (1 - 2 * p)"),
        "2a₂/b with": two_tokens(limit="1 / (1 - p)"),
        "not in": two_tokens(bend="sp.Symbol('q') * w**2"),
    },
    "2-code": {
        "has a ½": code(half="1.0"),
        "stands before the second order": code(weight="1.0"),
        "keeps its sign": code(weight="abs(A)"),
        "H̃ has F in it": code(uFu="0.0"),
        "isn't divided by the number": code(g="A[:, None, None] * v[:, :, None] * h[:, None, :] / len(A)"),
        "only looked at": code(
            means="moments[0][:] = 0.9 * moments[0] + 0.1 * g[0]; m, s = moments[0], 0.999 * moments[1] + 0.001 * g**2"
        ),
        "power in both corrections": code(power="moments[2]"),
        "no moments yet": code(at_zero="moments is None"),
        "by its kept tokens": code(below="values.shape[1]"),
        "whatever is kept": code(drgrpo="(values * mask).sum(1) / np.maximum(mask.sum(1), 1)"),
        "it isn't left out": code(over="each[mask.any(1)].mean()"),
        "counts as 0": code(below="mask.sum(1)"),
        "not their sum": code(over="each.sum()"),
    },
    "3-threshold": {
        "raise it": measured(tauF="100.0"),
        "lower it": measured(tauF="1e12"),
        "final accuracies are": measured(final="-2"),
        "lots: with rate": measured(rate="0.2"),
        "shorten steps as much": measured(reading="a"),
        "lots at the same share": measured(reading="c"),
        "reading: one of": measured(reading="yes"),
        "rejected: measured here": measured(rate="rejected").replace("run.rejected.mean()", "run.rejected.max()"),
    },
}

EQUIVALENT = {
    "1-two-tokens": [
        """
p, w = exercises.p, exercises.w
t, z = sp.symbols("t z", real=True)
ratio = (1 + sp.exp(-z)) / (1 + sp.exp(-z - t * w))
bend = sp.simplify(sp.diff(ratio, t, 2).subs(t, 0).subs(z, sp.log(p / (1 - p))))
turn = [sp.Float(0.5)]
v, F = sp.Matrix([1 - p, p - 1]), sp.Matrix([[p * (1 - p), -p * (1 - p)], [-p * (1 - p), p * (1 - p)]])
a2 = (v.T * v)[0]
limit = 2 * a2 / (a2**2 - (v.T * F * v)[0])
""",
    ],
    "2-code": [
        code(),
        """
def token_scores(A, v, pi, h, lr, moments):
    mH, mF = [], []
    for A_i, v_i, pi_i, h_i in zip(A, v, pi, h):
        g = A_i * np.outer(v_i, h_i)
        if moments is not None and moments[2] > 0:
            m, s, t = moments
            m, s = 0.9 * m + 0.1 * g, 0.999 * s + 0.001 * g * g
            g = m / (1 - 0.9 ** (t + 1)) / (np.sqrt(s / (1 - 0.999 ** (t + 1))) + 1e-8)
        u = lr * g @ h_i
        F = np.diag(pi_i) - np.outer(pi_i, pi_i)
        mF.append((v_i @ u) ** 2 / 2)
        mH.append(A_i * (v_i @ u + (v_i @ u) ** 2 / 2 - u @ F @ u / 2))
    return [mH, mF]


def aggregate(values, mask, method, T_max):
    total = 0.0
    for row, kept in zip(values, mask):
        total += row[kept].sum() / (T_max if method == "Dr. GRPO" else max(int(kept.sum()), 1))
    return total / len(values)
""",
    ],
    "3-threshold": [
        measured(tauF="8e3"),
        measured(tauF="1e6")
        + """

def measure(tauF, seeds):
    from optilab.core.randomness import separate
    from optilab.core.run import run
    from optilab.papers.capo.algorithm import capo, random_mask
    from optilab.papers.capo.problems import arithmetic, base_policy

    world = arithmetic(list(seeds), 20.0)
    start = base_policy(world)
    ours = run(capo(world, start, lr=30.0, tauH=np.inf, tauF=tauF, rng=separate(seeds)), 300, keep=["theta", "kept"])
    rejected = 1 - ours.kept[1:].mean()
    lots = [10000 + seed for seed in seeds]
    control = random_mask(world, start, lr=30.0, rate=rejected, rng=separate(seeds), mask_rng=separate(lots))
    control = run(control, 300, keep=["theta"])
    return rejected, list(world.accuracy(ours.theta[-1])), list(world.accuracy(control.theta[-1]))
""",
    ],
}

CHEATS = {
    "2-code": {
        "what the task asks you to write": code()
        + """

def aggregate(values, mask, method, T_max):
    from optilab.papers.capo.algorithm import aggregate as theirs

    return theirs(values, mask, method) * (values.shape[1] / T_max if method == "Dr. GRPO" else 1)
""",
    },
}
