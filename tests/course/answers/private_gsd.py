"""Answers to the assignment on Private-GSD, by task: wrong (what is said: answer), right, cheating."""


def rounds(
    sigma: str = "sp.sqrt(3 * R * S * T / (2 * rho)) / N", scale: str = "sp.sqrt(3 * S * T / (2 * rho)) / N"
) -> str:
    """The two kinds of noise, right as they stand."""
    return f"""
S, T, R, rho, N = exercises.S, exercises.T, exercises.R, exercises.rho, exercises.N
sigma = {sigma}
scale = {scale}
"""


def operators(
    copy: str = "best.copy()",
    value: str = "rng.random() if sizes[c] == 1 else rng.integers(sizes[c])",
    table: str = "rng.integers(len(elites))",
    row: str = "rng.integers(len(best))",
    place: str = "i, c",
    source: str = "elites[e][k, c]",
    noisy: str = "sizes[c] == 1",
    clip: str = "np.clip(new[i, c], 0, 1)",
) -> str:
    """The two operators, right as they stand."""
    return f"""
def mutate(best, sizes, rng):
    new = {copy}
    i, c = rng.integers(len(best)), rng.integers(len(sizes))
    new[i, c] = {value}
    return new


def crossover(best, elites, sizes, rng, noise):
    new = {copy}
    i, c = rng.integers(len(best)), rng.integers(len(sizes))
    e = {table}
    k = {row}
    new[{place}] = {source}
    if {noisy}:
        new[i, c] += noise * rng.normal()
        new[i, c] = {clip}
    return new
"""


def adaptive(
    column: str = "[mean(shot.table), mean(best)]",
    mean: str = "abs(queries.answers(t) - truth).mean()",
    seeds: str = "range(3)",
    epsilon: str = "epsilon",
    why: str = "share",
) -> str:
    """The experiment, right as it stands."""
    return f"""
def adaptive_errors(epsilon, query_seed):
    table, queries, truth = experiment.asked("prefixes", 300, query_seed)

    def mean(t):
        return {mean}

    rows = []
    for seed in {seeds}:
        settings = dict(epsilon={epsilon}, delta=1e-8, n_rows=200)
        shot = algorithm.one_shot(table, queries, rng=np.random.default_rng(seed), generations=1000, **settings)
        states = algorithm.adaptive(
            table, queries, rng=np.random.default_rng(seed), T=10, S=3, generations=300, **settings
        )
        for state in states:
            best = state.best
        rows.append({column})
    return np.array(rows)


why = "{why}"
"""


WRONG = {
    "1-rounds": {
        "a third of a round is for choosing": rounds(sigma="sp.sqrt(3 * R * S * T / rho) / N"),
        "half and half": rounds(scale="sp.sqrt(S * T / rho) / N"),
        "one cell of each of the R resolutions": rounds(sigma="sp.sqrt(3 * S * T / (2 * rho)) / N"),
        "2R answers, not R": rounds(sigma="sp.sqrt(3 * R * S * T / (4 * rho)) / N"),
        "the T rounds share": rounds(sigma="sp.sqrt(3 * R * S / (2 * rho)) / N"),
        "the S workloads of a round share": rounds(scale="sp.sqrt(3 * T / (2 * rho)) / N"),
        "yours is Δ/ε₀": rounds(scale="sp.sqrt(3 * S * T / (8 * rho)) / N"),
    },
    "2-operators": {
        "changes a table that it is given": operators(copy="best"),
        "cells at once": operators(place="i", source="elites[e][k]"),
        "the row of the elite is drawn by itself": operators(row="i"),
        "all values come from the first elite": operators(table="0"),
        "without noise": operators(noisy="True"),
        "left .0, 1. in a real column": operators(clip="new[i, c]"),
        "the categories that mutate draws": operators(
            value="rng.random() if sizes[c] == 1 else min(rng.integers(sizes[c]), 2)"
        ),
        "a new value must stand in an elite table": operators(
            source="elites[e][k, c] if sizes[c] > 1 else rng.random()"
        ),
    },
    "3-adaptive": {
        "the columns are one shot first": adaptive(column="[mean(best), mean(shot.table)]"),
        "three are asked for": adaptive(seeds="range(1)"),
        "repeats itself": adaptive(seeds="[0, 0, 0]"),
        "a smaller fit is cheaper": adaptive(why="search"),
    },
}

EQUIVALENT = {
    "1-rounds": """
S, T, R, rho, N = exercises.S, exercises.T, exercises.R, exercises.rho, exercises.N
each = rho / T
e = sp.sqrt(8 * (each / 3) / S)
scale = 2 * (1 / N) / e
Delta = sp.sqrt(2 * R) / N
sigma = sp.simplify(Delta / sp.sqrt(2 * (2 * each / 3) / S))
""",
    "2-operators": """
def mutate(best, sizes, rng):
    cell = rng.integers(best.size)
    column = cell % len(sizes)
    value = rng.uniform() if sizes[column] == 1 else np.floor(sizes[column] * rng.uniform())
    return np.where(np.arange(best.size).reshape(best.shape) == cell, value, best).tolist()


def crossover(best, elites, sizes, rng, noise):
    pool = np.concatenate(list(elites))
    k, i, c = rng.integers(len(pool)), rng.integers(len(best)), rng.integers(len(sizes))
    value = pool[k, c]
    if sizes[c] == 1:
        value = min(max(value + rng.normal(0, noise), 0.0), 1.0)
    new = np.array(best)
    new[i, c] = value
    return new
""",
    "3-adaptive": adaptive(),
}

CHEATS = {
    "2-operators": {
        "what the task asks you to write": """
def mutate(best, sizes, rng):
    change = algorithm.mutate(rng, exercises.Domain(tuple(sizes)), len(best), 1)
    new = best.copy()
    new[change.rows, change.columns] = change.values
    return new


def crossover(best, elites, sizes, rng, noise):
    change = algorithm.crossover(rng, exercises.Domain(tuple(sizes)), elites, noise, 1)
    new = best.copy()
    new[change.rows, change.columns] = change.values
    return new
""",
    },
    "3-adaptive": {"where others measure": adaptive(epsilon="0.2 if epsilon < 1 else 3.0")},
}
