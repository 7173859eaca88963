"""Answers to the assignment on BO-REP, by task: wrong (what is said: answer), right, cheating."""

NAMES = "M, mu, c, l_xy, l_yy, L_x0, L_x1, L_y0, L_y1, p, W, a = exercises.SYMBOLS\n"
STRETCH = "sp.sqrt(1 + c**2 / mu**2)"
CURVED, SWAPPED = "(l_xy / mu + c * l_yy / mu**2)", "(l_yy / mu + c * l_xy / mu**2)"


def constants(
    K1: str = f"{STRETCH} * L_x1",
    K0: str = f"{STRETCH} * (L_x0 + L_x1 * c * M / mu + c / mu * (L_y0 + L_y1 * M) + M * {CURVED})",
    alpha: str = "(W + 2 * a) / (p * (sp.exp(p * a) - sp.exp(-p * (W + a))))",
) -> str:
    """The first task, right as it stands."""
    return f"{NAMES}K1 = {K1}\nK0 = {K0}\nalpha = {alpha}\n"


def steps(
    when: str = "k > 0 and k % I == 0",
    centre: str = "y",
    given: str = "total / N",
    cut: str = "R",
    sign: str = "-",
    late: bool = False,
    first: str = "k == 0",
    along: str = "m / np.linalg.norm(m)",
    inner: str = "y",
    shrink: str = "2 ** (s / 2)",
    gamma: str = "gamma1 / 2**s",
    T: str = "T1 * 2**s",
    end: str = "total / T",
    again: str = "",
) -> str:
    """The second task, right as it stands."""
    update = "z = z - nu * (hvp(x, y, z) - F_y(x, y))"
    before, after = (update, "") if late else ("", update)
    return f"""
def onto(w, c, radius):
    far = np.linalg.norm(w - c)
    return w if far <= radius else c + radius / far * (w - c)


def step(F_x, F_y, G_y, hvp, jvp, x, y, z, m, k, eta, beta, nu, gamma, I, N, R):
    if {when}:
        w, total = y, 0
        for _ in range(N):
            w = onto(w - gamma * G_y(x, w), {centre}, {cut})
            total = total + w
        y = {given}
    {before}
    gh = F_x(x, y) {sign} jvp(x, y, z)
    {after}
    m = gh if {first} else beta * m + (1 - beta) * gh
    return x - eta * {along}, y, z, m


def refine(G_y, x, y, gamma1, T1, D1, E):
    for s in range(E):
        w, total, T = y, 0, {T}
        for _ in range(T):
            w = onto(w - {gamma} * G_y(x, w), {inner}, D1 / {shrink})
            total = total + w
            {again}
        y = {end}
    return y
"""


USABLE = """
def largest(problem, x0):
    low, high = 1e-8, 10.0
    while high > 1.01 * low:
        middle = np.sqrt(low * high)
        states = soba(problem, x0, np.zeros(6), alpha=middle)
        trace = run(states, 500, every=500, keep=["x"], limit=1e6)
        low, high = (middle, high) if np.isinf(trace.diverged) else (low, middle)
    return low


far, spent, shared = 1.53e-5, 1850, "bounded steps"
"""

WRONG = {
    "1-constants": {
        "moves √": constants(K1="L_x1"),
        "as far as x, not": constants(K1="(1 + c / mu) * L_x1"),
        "K1: ∇ₓf has no bound": constants(K1="0"),
        "K1: the factor of": constants(K1=f"{STRETCH} * L_y1"),
        "K0: all three terms": constants(K0=f"L_x0 + L_x1 * c * M / mu + c / mu * (L_y0 + L_y1 * M) + M * {CURVED}"),
        "the second part is left": constants(K0=f"{STRETCH} * (L_x0 + c / mu * (L_y0 + L_y1 * M) + M * {CURVED})"),
        "l_yy belongs": constants(
            K0=f"{STRETCH} * (L_x0 + L_x1 * c * M / mu + c / mu * (L_y0 + L_y1 * M) + M * {SWAPPED})"
        ),
        "the inverse moves": constants(
            K0=f"{STRETCH} * (L_x0 + L_x1 * c * M / mu + c / mu * (L_y0 + L_y1 * M) + M * l_xy / mu)"
        ),
        "the slope of e": constants(alpha="(W + 2 * a) / (sp.exp(p * a) - sp.exp(-p * (W + a)))"),
        "from −a to W": constants(alpha="W / (p * (sp.exp(p * a) - sp.exp(-p * (W + a))))"),
        "and solve": constants(alpha="sp.exp(-a)"),
    },
    "2-step": {
        "normalise the momentum m": steps(along="gh / np.linalg.norm(gh)"),
        "each entry by its own": steps(along="np.sign(m)"),
        "y: the average": steps(given="w"),
        "y: the ball stays": steps(centre="w"),
        "ends in the ball of radius": steps(cut="np.inf"),
        "is ∇ₓF minus": steps(sign="+"),
        "before its update": steps(late=True),
        "isn't updated in iteration 0": steps(when="k % I == 0"),
        "only where k": steps(when="True"),
        "in iteration 0 it is the direction": steps(first="False"),
        "at which the epoch began": steps(inner="w"),
        "shrinks by √2": steps(shrink="2**s"),
        "the step is halved": steps(gamma="gamma1"),
        "twice as long": steps(T="T1"),
        "not at the last one": steps(end="w"),
        "are enough": steps(again="G_y(x, w)"),
    },
    "3-step": {
        "that is W's": USABLE.replace("    return low", "    return (20 - 2 * x0[0]) * np.exp(x0[0])"),
        "the largest step is": USABLE.replace("    return low", "    return 2 * low"),
        "may fly": USABLE.replace("1.53e-5", "np.exp(-15)"),
        "of a grid": USABLE.replace("1.53e-5", "1e-4"),
        "looks like iterations": USABLE.replace("1850", "370"),
        "takes about": USABLE.replace("1850", "23000"),
        "has no momentum": USABLE.replace("bounded steps", "momentum"),
    },
}

EQUIVALENT = {
    "1-constants": [
        NAMES
        + """
G, x = sp.symbols("G x")
chain = L_x0 + L_x1 * (G + c / mu * M) + c / mu * (L_y0 + L_y1 * M) + M * (mu * l_xy + c * l_yy) / mu**2
chain = chain * sp.sqrt(mu**2 + c**2) / mu
K1 = sp.diff(chain, G)
K0 = chain.subs(G, 0)
wall = sp.exp(-p * x) + sp.exp(p * (x - W))
alpha = [-(W + 2 * a) / sp.diff(wall, x).subs(x, -a)]
""",
    ],
    "2-step": [
        steps(),
        steps(along="m / np.sqrt(m @ m)", given="np.array(total) / N")
        + """

def refine(G_y, x, y, gamma1, T1, D1, E):
    y, T, step, radius = np.array(y), T1, gamma1, D1
    for _ in range(E):
        path = [y]
        for _ in range(T):
            moved = path[-1] - step * G_y(x, path[-1]) - y
            path.append(y + moved / max(1, np.linalg.norm(moved) / radius))
        y, T, step, radius = np.mean(path[1:], axis=0), 2 * T, step / 2, radius / np.sqrt(2)
    return list(y)
""",
    ],
    "3-step": [
        USABLE,
        USABLE.replace("1850", "np.float64(2100)").replace("1.53e-5", "problems.largest_step(15)")
        + """

def largest(problem, x0):
    alphas = np.geomspace(1e-6, 1, 700)
    x = np.tile(x0, (700, 1))
    trace = run(soba(problem, x, np.zeros(6), alpha=alphas), 500, every=500, keep=["x"], limit=1e6)
    return alphas[np.isinf(trace.diverged)].max()
""",
    ],
}

CHEATS = {
    "2-step": {
        "what the task asks you to write": steps()
        + """

def refine(G_y, x, y, gamma1, T1, D1, E):
    class Level:
        def hvp_yy(self, x, y, v):
            return v

        def hvp_xy(self, x, y, v):
            return np.zeros_like(x)

        def grad_y(self, x, y):
            return G_y(x, y)

    from optilab.problems.bilevel import Bilevel

    problem = Bilevel(Level(), Level(), len(x), len(y))
    return algorithm.epoch_sgd(problem, x, y, algorithm.Refinement(gamma1, T1, D1, E))
""",
    },
}
