"""Answers to the assignment on Tweedie's moments and STSL, by task: wrong (what is said: answer), right, cheating."""


def covariance(answer: str = "b**2 / a**2 * (1 + b**2 * H)") -> str:
    """The first task, right as it stands."""
    return f"a, b, H = exercises.a, exercises.b, exercises.H\nSigma = {answer}\n"


def code(
    pulled: str = "(g + (1 - alpha) * hvp(z, g)) / np.sqrt(alpha)",
    g: str = "-2 * lam * pull(z0, y - seen(z0))",
    trace: str = "eta / len(z) * (hvp(z + eps, eps) - hvp(z, eps))",
    last: str = "z - pulled - trace",
    first: str = "",
) -> str:
    """The second task, right as it stands."""
    return f"""
def inner_step(z, y, alpha, seen, pull, score, hvp, eps, lam, eta):
    {first or "pass"}
    z0 = (z + (1 - alpha) * score(z)) / np.sqrt(alpha)
    g = {g}
    pulled = {pulled}
    trace = {trace}
    return {last}
"""


def ablation(
    lam: str = "0.3",
    count: str = "end.nfe_paper",
    ticks: str = '{"K", "init"}',
    keep: str = "True",
    ratio: str = "0.0",
    reason: str = "mean",
    seed: str = "seed",
) -> str:
    """The third task, right as it stands."""
    return f"""
def ablation(seed):
    problem, x, noise = exercises.world({seed})
    table = {{}}
    for K in (1, 5):
        for init in ("q_sample", "ddim"):
            for eta in (0.0, 0.02):
                rng = np.random.default_rng(7)
                *_, end = algorithm.stsl(problem, noise, rng=rng, S=10, K=K, lam={lam}, eta=eta, init=init)
                if {keep}:
                    table[K, init, eta] = (np.sqrt(((problem.decode(end.z) - x) ** 2).mean(-1)).mean(), {count})
    return table


ticks = {ticks}
ratio, reason = {ratio}, "{reason}"
"""


WRONG = {
    "1-covariance": {
        "that is the lesson's": covariance("(1 - a**2) / a**2 * (1 + (1 - a**2) * H)"),
        "1/a² is missing": covariance("b**2 * (1 + b**2 * H)"),
        "the sign of H": covariance("b**2 / a**2 * (1 - b**2 * H)"),
        "how the mean moves": covariance("(1 + b**2 * H) / a"),
        "for z₀ ~ N": covariance("b**2 / a * (1 + b**2 * H)"),
    },
    "2-step": {
        "through the score as well": code(pulled="g / np.sqrt(alpha)"),
        "ẑ₀ isn't z": code(pulled="g"),
        "and so is its derivative": code(pulled="g + (1 - alpha) * hvp(z, g)"),
        "are taken at ẑ₀": code(g="-2 * lam * pull(z, y - seen(z))"),
        "the sign of the trace": code(last="z - pulled + trace"),
        "a factor of 2": code(g="-lam * pull(z0, y - seen(z0))"),
        "depends on z as well: H": code(trace="eta / len(z) * hvp(z + eps, eps)"),
        "weighed by η": code(trace="(hvp(z + eps, eps) - hvp(z, eps)) / len(z)"),
        "divided by d": code(trace="eta * (hvp(z + eps, eps) - hvp(z, eps))"),
        "is to become small": code(last="z + pulled - trace"),
        "use the eps that is given": code(first="eps = np.random.default_rng().normal(size=3)"),
        "minus the loss's gradient": code(trace="0"),
    },
    "3-ablation": {
        "nfe_paper counts": ablation(count="end.score_calls"),
        "as the paper counts": ablation(count="12 * K"),
        "nothing is drawn on the way": ablation(lam="0.2"),
        "world of seed 5 ": ablation(seed="0"),
        "a root for each image": ablation().replace(".mean(-1)).mean()", ".mean())"),
        "return a dictionary": ablation().replace("return table", "return list(table.values())"),
        "table has no": ablation(keep="K == 5"),
        "changes the mean by less": ablation(ticks='{"K", "init", "eta"}'),
        "init lowers": ablation(ticks='{"K"}'),
        "K lowers": ablation(ticks='["init"]'),
        "must be among": ablation(ticks='{"K", "init", "S"}'),
        "would be a sampler": ablation(ratio="1.0"),
        "end at the same point": ablation(ratio="0.3"),
        "with S = 50": ablation(reason="levels"),
        "the prior is exact": ablation(reason="prior"),
        "but one point": ablation(reason="tuned"),
    },
}
EQUIVALENT = {
    "1-covariance": [
        covariance("(b / a) ** 2 + b**4 * H / a**2"),
        covariance("[sp.expand(b**2 * (1 + b**2 * H)) / a**2]"),
    ],
    "2-step": [
        """
def inner_step(z, y, alpha, seen, pull, score, hvp, eps, lam, eta):
    s = score(z)
    z0 = z / alpha**0.5 + (1 - alpha) / alpha**0.5 * s
    J = np.array([(e + (1 - alpha) * hvp(z, e)) / alpha**0.5 for e in np.eye(len(z))])
    step = 2 * lam * J @ pull(z0, y - seen(z0))
    step += eta / len(z) * (hvp(z, eps) - hvp(z + eps, eps))
    return (z + step).tolist()
""",
    ],
    "3-ablation": [
        ablation(ticks='["init", "K"]'),
        ablation(count="10 * K", ratio="np.float64(1e-14)"),
        """
from itertools import product


def ablation(seed):
    problem, x, noise = exercises.world(seed)

    def measured(K, init, eta):
        rng = np.random.default_rng(seed)
        for state in algorithm.stsl(problem, noise, rng=rng, S=10, K=K, lam=0.3, eta=eta, init=init):
            end = state
        away = x - problem.decode(end.z)
        return [float(np.mean(np.linalg.norm(away, axis=-1) / 8)), float(end.nfe_paper)]

    return {key: measured(*key) for key in product((5, 1), ("ddim", "q_sample"), (0.02, 0))}


ticks, ratio, reason = ("K", "init"), 0, "mean"
""",
    ],
}

CHEATS = {
    "3-ablation": {"isn't the RMSE on the world of seed 20231": ablation(seed="5")},
    "2-step": {
        "what the task asks you to write": """
def inner_step(z, y, alpha, seen, pull, score, hvp, eps, lam, eta):
    algorithm.tweedie(z, score(z), alpha)
    z0 = (z + (1 - alpha) * score(z)) / np.sqrt(alpha)
    g = -2 * lam * pull(z0, y - seen(z0))
    return z - (g + (1 - alpha) * hvp(z, g)) / np.sqrt(alpha) - eta / 3 * (hvp(z + eps, eps) - hvp(z, eps))
""",
    },
}
