"""Answers to the assignment on ParetoFlow, by task: wrong (what is said: answer), right, cheating."""

NAMES = "x, v, t = exercises.x, exercises.v, exercises.t\n"


def path(
    drift: str = "sp.pi / 2 / sp.tan(sp.pi * t / 2)",
    factor: str = "sp.pi / 2 / sp.tan(sp.pi * t / 2)",
    end: str = "sp.sin(sp.pi * t / 2) * x + sp.cos(sp.pi * t / 2) * v * 2 / sp.pi",
) -> str:
    """The first task, right as it stands."""
    return f"{NAMES}drift = {drift}\nfactor = {factor}\nend = {end}\n"


STEP = """
def step(v, networks, x, t, dt, w, gamma, t_min):
    velocity = v(x, t)
    end, pull = x + (1 - t) * velocity, 0 * x
    for i, layers in enumerate(networks):
        inputs = [end]
        for W, b in layers[:-1]:
            inputs.append(np.maximum(inputs[-1] @ W.T + b, 0))
        g = w[:, i : i + 1] * layers[-1][0]
        for (W, b), a in zip(layers[-2::-1], inputs[:0:-1]):
            g = (g * (a > 0)) @ W
        pull = pull + g
    strength = gamma * (1 - t) / t if t >= t_min else 0.0
    return x + dt * velocity - dt * strength * pull


"""
CHOOSE = """
def choose(P, w, near, half):
    unit = P / np.linalg.norm(P, axis=1, keepdims=True)
    axis = w / np.linalg.norm(w, axis=1, keepdims=True)
    angle = np.arccos(np.clip(unit @ axis.T, -1, 1))
    places = []
    for i in range(len(w)):
        inside = [j for j in near[i] if angle[j, i] <= half[i]]
        if not inside:
            inside = [min(near[i], key=lambda j: angle[j, i])]
        places.append(max(inside, key=lambda j: w[i] @ P[j]))
    return places
"""
STOP = """
def volumes(seed):
    found = experiment.surrogate("ZDT1 surface", seed)
    generations = experiment.search(found)
    judge = replace(found.task, rho=20.0)
    true = experiment.true_volumes(found, generations, judge)
    return true, experiment.quality(found.z.values(generations.y), found.reference)


def answers(seed):
    true, predicted = volumes(seed)
    return true.argmax(), np.flatnonzero(predicted > 1)[0]


cause = "left the data"
"""

WRONG = {
    "1-path": {
        "factor: that is the straight path's": path(factor="(1 - t) / t"),
        "the inverse": path(factor="sp.pi / 2 * sp.tan(sp.pi * t / 2)"),
        "at the rate π/2": path(factor="1 / sp.tan(sp.pi * t / 2)"),
        "the sign": path(factor="-sp.pi / 2 / sp.tan(sp.pi * t / 2)"),
        "drift: what is left": path(drift="1 / t"),
        "end: that is the straight path's": path(end="x + (1 - t) * v"),
        "a rate per unit": path(end="sp.sin(sp.pi * t / 2) * x + sp.cos(sp.pi * t / 2) * v"),
    },
    "2-step": {
        "objectives are to be small": STEP.replace("- dt * strength", "+ dt * strength") + CHOOSE,
        "no guidance yet": STEP.replace(" if t >= t_min else 0.0", "") + CHOOSE,
        "at the end point": STEP.replace("inputs = [end]", "inputs = [x]") + CHOOSE,
        "where is": STEP.replace("gamma * (1 - t) / t", "gamma") + CHOOSE,
        "1 − t\\)/t, not": STEP.replace("gamma * (1 - t) / t", "gamma * t / (1 - t)") + CHOOSE,
        "must have the shape": STEP.replace(
            "    return x + dt * velocity - dt * strength * pull", "    return layers[0][0]"
        )
        + CHOOSE,
        "not twice": STEP + CHOOSE.replace("<= half[i]", "<= 2 * half[i]"),
        "by the angle; among": STEP + CHOOSE.replace("<= half[i]", "< 0"),
        "without a filter": STEP + CHOOSE.replace("<= half[i]", "<= 4"),
        "where none is in the cone": STEP
        + CHOOSE.replace("            inside = [min(near[i], key=lambda j: angle[j, i])]", "            continue"),
    },
    "3-stop": {
        "judged at ρ = 10": STOP.replace("rho=20.0", "rho=10.0"),
        "predicted\\*": STOP.replace("return true.argmax()", "return predicted.argmax()"),
        "first at another": STOP.replace("predicted > 1", "predicted > 1.2"),
        "does what it is": STOP.replace('"left the data"', '"too few generations"'),
        "in z-scores": STOP.replace("found.z.values(generations.y)", "generations.y + 10"),
    },
}

EQUIVALENT = {
    "1-path": [
        path(
            drift="sp.pi * sp.sin(sp.pi * t) / (2 * (1 - sp.cos(sp.pi * t)))",
            factor="[sp.pi / 2 * sp.cos(sp.pi * t / 2) / sp.sin(sp.pi * t / 2)]",
        ),
        NAMES
        + """
a, b = sp.cos(sp.pi * t / 2), sp.sin(sp.pi * t / 2)
drift = sp.diff(b, t) / b
factor = sp.diff(b, t) / b * a**2 - sp.diff(a, t) * a
end = (a * v - sp.diff(a, t) * x) / (a * sp.diff(b, t) - sp.diff(a, t) * b)
""",
    ],
    "2-step": [
        STEP + CHOOSE,
        STEP.replace("0 * x\n", "np.zeros(x.shape)\n") + CHOOSE.replace("return places", "return np.array(places)"),
    ],
    "3-stop": [STOP],
}

CHEATS = {
    "2-step": {
        "what the task asks you to write": STEP
        + """
def choose(P, w, near, half):
    from optilab.papers.pareto_flow.algorithm import sampling

    return sampling.choose(P, near, 1, w, w, half)[0]
""",
    },
    "3-stop": {
        "at generation 20": """
def volumes(seed):
    found = experiment.surrogate("ZDT1 surface", 1)
    generations = experiment.search(found)
    judge = replace(found.task, rho=20.0)
    true = experiment.true_volumes(found, generations, judge)
    return true, experiment.quality(found.z.values(generations.y), found.reference)


def answers(seed):
    return 12, 17


cause = "left the data"
"""
    },
}
