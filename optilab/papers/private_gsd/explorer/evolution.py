"""A table that evolves: two of its columns over those of the private table, its distance from the noisy answers."""

from typing import Any

import numpy as np

from optilab.papers.private_gsd.experiment import asked, noisy
from optilab.papers.private_gsd.explorer.parts import FRAMES, Film, Progress, color, film, stairs
from optilab.papers.private_gsd.problems import PEOPLE
from optilab.ui.controls import log_slider, player, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, cloud, curve, dots, here, log, panel, thin
from optilab.ui.theme import ink
from optilab.ui.words import number

M_WORKLOADS, SHOWN = 60, 700  # prefixes for both sexes; people of the private table who are drawn
EPSILON, SEED = 1.0, 0
PLACES = np.linspace(0, 1, 201)
INCOME, HOURS = 3, 4


def evolved(p_mut: int, p_cross: int, n_rows: int, generations: int, noise: float, progress: Progress = None) -> Any:
    """A film of the search, of answers measured once with ε = 1."""
    _, queries, truth = asked("prefixes", M_WORKLOADS)
    measured = noisy(truth, queries, EPSILON, SEED)
    search = {"rng": np.random.default_rng(SEED), "n_rows": n_rows, "p_mut": p_mut, "p_cross": p_cross, "noise": noise}
    return film(measured.a_hat, queries, generations, progress, **search)


def simulate(p_mut: int, p_cross: int, n_rows: int, generations: int, noise: float, progress: Progress = None) -> Any:
    """The film, or why there can be none."""
    try:
        return evolved(p_mut, p_cross, n_rows, generations, noise, progress)
    except ValueError as refusal:
        return str(refusal)


def compute(
    frame: int, p_mut: int, p_cross: int, n_rows: int, generations: int, noise: float, *, run: Any
) -> dict[str, Any]:
    """The table at a frame of the film, and errors of all frames."""
    _, _, truth = asked("prefixes", M_WORKLOADS)
    said = run if isinstance(run, str) else ""
    if said:  # no film: the uniform table that a search would begin with
        rows = PEOPLE.uniform(np.random.default_rng(SEED), n_rows)
        run = Film(np.arange(2), rows[None], np.full(2, np.nan), np.full((2, len(truth)), np.nan))
    k = round(frame / FRAMES * (len(run.best) - 1))
    gap = abs(run.answers - truth)
    mean = gap.mean(-1)
    rows = run.best[k]
    at = run.generation[max(k, 1)]  # the first that is drawn
    told = (
        f"Generation {run.generation[k]}: squared distance from the noisy answers <b>{number(run.fitness[k])}</b>, "
        f"mean error against the true ones <b>{number(mean[k])}</b>, largest {number(gap[k].max(), 2)}. "
        f"{(p_mut + p_cross) * int(run.generation[k])} candidates asked, of each "
        f"{len(truth)} queries on one new row; {n_rows} rows."
    )
    return {
        "table": (rows[:, INCOME], rows[:, HOURS]),
        "share": (PLACES, stairs(rows[:, HOURS], PLACES)),
        "fitness": (run.generation[1:], run.fitness[1:]),
        "error": (run.generation[1:], mean[1:]),
        "now": (at, run.fitness[max(k, 1)]),
        "then": (at, mean[max(k, 1)]),
        "note": f"Nothing can move: {said}." if said else told,
    }


def evolution(**start: Any) -> Explorer:
    """A film of the search beside its distance from the noisy answers; runs at the button."""
    ours, private = color("GSD"), color("private table")
    table, queries, _ = asked("prefixes", M_WORKLOADS)
    people = table[:SHOWN]
    asked_hours = queries.theta[queries.columns == HOURS]
    return Explorer(
        compute,
        {
            "frame": player("film", FRAMES, FRAMES, interval=120),
            "p_mut": slider("mutations P_mut", 50, 0, 200, 10),
            "p_cross": slider("crossovers P_cross", 50, 0, 200, 10),
            "n_rows": slider("rows N′", 300, 50, 500, 50),
            "generations": slider("generations G", 3000, 500, 5000, 500),
            "noise": log_slider("crossover noise", 0.01, 0.001, 1.0, steps=30),
        },
        [
            panel(
                "Made-up rows (blue) over private ones: half of all work 0.4",
                cloud((people[:, INCOME], people[:, HOURS]), "private", ink(0.3), size=4, hoverinfo="skip"),
                cloud("table", "made up", ours, hoverinfo="skip"),
                x=axis("income", [-0.02, 1.02]),
                y=axis("hours", [-0.02, 1.02]),
            ),
            panel(
                "Who works at most so much: only thresholds that were asked (ticks) are known",
                thin((PLACES, stairs(table[:, HOURS], PLACES)), "private", private),
                curve("share", "made up", ours),
                dots((asked_hours, np.zeros_like(asked_hours)), "", ink(0.7), symbol="line-ns-open", hoverinfo="skip"),
                x=axis("hours", [0, 1]),
                y=axis("share of rows with at most so many", [-0.03, 1.01]),
            ),
            panel(
                "Only the distance from the noisy answers (blue) steers it",
                curve("fitness", "‖â − Q‖²", ours),
                thin("error", "mean error against the truth", private),
                here("now", "", ours),
                here("then", "", private),
                x=log("generation", [1, 3.7], dtick=1),
                y=log("squared distance; mean error", [-4, 1]),
            ),
        ],
        call=__name__,
        start=start,
        recipe=evolved,
        simulate=simulate,
        run="Evolve",
    )
