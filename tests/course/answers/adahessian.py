"""Answers to the assignment on ADAHESSIAN, by task: wrong (what is said: answer), right, cheating."""

FROM = "a, b, alpha = exercises.A, exercises.B, exercises.ALPHA\n"


def method(
    probe: str = "z * problem.hvp(theta, z, batch)",
    signs: str = "rng.choice([-1.0, 1.0], size=len(theta))",
    square: str = "D**2",
    g: str = "problem.grad(theta, batch)",
    D_bar: str = "np.sqrt(v / (1 - beta2**n))",
    scale: str = "D_bar**k + eps",
    m_hat: str = "m / (1 - beta1**t)",
    decay: str = " + weight_decay * theta",
    due: str = "(t - 1) % freq == 0",
) -> str:
    """ADAHESSIAN, right as it stands."""
    return f"""
def method(problem, theta, steps, *, seed, lr, beta1, beta2, eps, weight_decay, k, freq):
    rng = np.random.default_rng(seed)
    m = v = np.zeros_like(theta)
    n = 0
    for t in range(1, steps + 1):
        batch = problem.sample()
        g = {g}
        if {due}:
            z = {signs}
            D = {probe}
            v, n = beta2 * v + (1 - beta2) * {square}, n + 1
        m = beta1 * m + (1 - beta1) * g
        D_bar = {D_bar}
        theta = theta - lr * ({m_hat} / ({scale}){decay})
    return theta
"""


CHANGED = """
unchanged = {1.0: ["multiply", "stretch", "add"], 0.5: ("add",)}


def farthest(seed, k):
    paths = {}
    for name in ("plain", *exercises.CHANGES):
        problem, x, back = exercises.changed(name, seed)
        states = algorithm.adahessian(problem, x, k=k, eps=0.0, probe_rng=np.random.default_rng(seed))
        paths[name] = [back(next(states).theta) for _ in range(51)]
    apart = {}
    for name in exercises.CHANGES:
        apart[name] = max(np.sqrt(((p - q) ** 2).sum()) for p, q in zip(paths[name], paths["plain"]))
    return apart
"""

WRONG = {
    "1-turned": {
        "that is H₁₁ itself": FROM + "estimate = a * sp.cos(alpha) ** 2 + b * sp.sin(alpha) ** 2",
        "the trace over n": FROM + "estimate = (a + b) / 2",
        "the step divides by its root": FROM + "estimate = a**2 * sp.cos(alpha) ** 2 + b**2 * sp.sin(alpha) ** 2",
        "the second row": FROM + "estimate = sp.sqrt(a**2 * sp.sin(alpha) ** 2 + b**2 * sp.cos(alpha) ** 2)",
        "isn't the norm of the first row": FROM + "estimate = sp.sqrt(a**2 + b**2)",
        "is positive": FROM + "estimate = -sp.sqrt(a**2 * sp.cos(alpha) ** 2 + b**2 * sp.sin(alpha) ** 2)",
        "alone, not in": "estimate = sp.Symbol('q')",
    },
    "2-method": {
        "outside of the power": method(scale="(D_bar + eps) ** k"),
        "divide √v by": method(D_bar="np.sqrt(v)"),
        "acts on √v, not on v": method(D_bar="v / (1 - beta2**n)"),
        "the decay is decoupled": method(g="problem.grad(theta, batch) + weight_decay * theta", decay=""),
        "not by the number of steps": method(D_bar="np.sqrt(v / (1 - beta2**t))"),
        "divide it by 1 − β₁ᵗ": method(m_hat="m"),
        "a mean of squares": method(square="D"),
        "of another minibatch": method(probe="z * problem.hvp(theta, z, problem.sample())"),
        "at another θ": method(probe="z * problem.hvp(theta - lr * g, z, batch)"),
        "must be of signs": method(signs="rng.standard_normal(len(theta))"),
        "products Hz; yours take": method(due="t % freq == 0 or t == 1"),
        "and should be": method(decay=" - weight_decay * theta"),
    },
    "3-changes": {
        "take the path back to y first": CHANGED.replace("back(next(states).theta)", "next(states).theta"),
        "multiply does change the path": CHANGED.replace('("add",)', '("add", "multiply")'),
        "turn does change the path": CHANGED.replace('["multiply", ', '["turn", "multiply", '),
        "stretch leaves the path as it is": CHANGED.replace('"multiply", "stretch"', '"multiply"'),
        "apart at most, you say": CHANGED.replace("k=k", "k=1.0"),
    },
}

EQUIVALENT = {
    "1-turned": FROM + "estimate = sp.sqrt((a**2 + b**2) / 2 + (a**2 - b**2) / 2 * sp.cos(2 * alpha))",
    "2-method": """
def method(problem, theta, steps, *, seed, lr, beta1, beta2, eps, weight_decay, k, freq):
    rng = np.random.default_rng([seed, 1])
    gradients, squares = [], []
    for step in range(steps):
        batch = problem.sample()
        gradients.append(problem.grad(theta, batch))
        if step % freq == 0:
            z = np.where(rng.random(len(theta)) < 0.5, -1, 1)
            squares.append((z * problem.hvp(theta, z, batch)) ** 2)
        recent = beta1 ** np.arange(len(gradients))[::-1]
        weights = beta2 ** np.arange(len(squares))[::-1]
        mean = recent @ np.array(gradients) / recent.sum()
        root = (weights @ np.array(squares) / weights.sum()) ** 0.5
        theta = (1 - lr * weight_decay) * theta - lr * mean / (root**k + eps)
    return theta
""",
    "3-changes": CHANGED,
}

CHEATS = {
    "2-method": {
        "what the task asks you to write": """
def method(problem, theta, steps, *, seed, lr, beta1, beta2, eps, weight_decay, k, freq):
    class All:
        def grad(self, x):
            self.batch = problem.sample()
            return problem.grad(x, self.batch)

        def hvp(self, x, v):
            return problem.hvp(x, v, self.batch)

    states = algorithm.adahessian(
        All(), theta, lr=lr, beta1=beta1, beta2=beta2, eps=eps, weight_decay=weight_decay, k=k, freq=freq,
        probe_rng=np.random.default_rng(seed),
    )
    return run(states, steps).theta[-1]
""",
    },
    "3-changes": {
        "apart at most, you say": CHANGED.replace("changed(name, seed)", "changed(name, 0)"),
    },
}
