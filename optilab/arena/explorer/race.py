"""A race: whom you like on what you like, equal budgets, best and default settings, and how hard tuning is."""

import textwrap
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from optilab.arena import race as racing
from optilab.arena.contract import fits, listed
from optilab.arena.costs import Costs
from optilab.arena.explorer.parts import drawn, outline, shades
from optilab.arena.methods import METHODS, Method
from optilab.arena.problems import PROBLEMS, Instance
from optilab.ui.controls import choice, formula, log_slider, slider
from optilab.ui.explorer import Explorer
from optilab.ui.marks import axis, band, curve, dots, entry, here, log, panel, texts, thin
from optilab.ui.theme import INK, ink
from optilab.ui.words import number

Array = np.ndarray
SLOTS, NOBODY, SEEDS = 4, "nobody", 20
HARD = {"Rosenbrock": "steepness", "network": "scales"}  # called κ elsewhere
AXES = {"iterations": "steps", "gradients": "gradients, of the whole function", "cost": "cost, in gradients"}
ROWS, LETTERS = 14, 92  # of the list of all methods
TEXTBOOK = {"first": "heavy ball", "second": "Adam", "third": "gradient descent", "fourth": "ADAHESSIAN"}
PRICES = {"product": 2.0, "value": 0.5, "sample": 0.0}
VALLEY = {"problem": "quadratic", "kappa": 1000.0, "dimension": 20, "noise": 0.0, "budget": 200.0, "seed": 0} | PRICES
LINES = {"second": "minibatch Adam", "third": "SGD with momentum"}
PRESETS: dict[str, dict[str, Any]] = {
    "across the axes": VALLEY | TEXTBOOK | {"rotation": 1.0},
    "along them": VALLEY | TEXTBOOK | {"rotation": 0.0},
    "noise": VALLEY
    | LINES
    | {"kappa": 100.0, "rotation": 1.0, "noise": 0.1, "first": "SGD, linear decay", "fourth": "SGD"},
    "a network": PRICES
    | LINES
    | {"problem": "network", "kappa": 100.0, "noise": 0.0, "budget": 20.0, "seed": 0}
    | {"first": "M-FAC", "fourth": "KFAC"},
}


def made(
    problem: str, kappa: float, dimension: int, rotation: float, outliers: float, noise: float, formula: str
) -> Instance:
    """The problem with those of the properties that it has."""
    given: dict[str, Any] = {"dimension": dimension, "rotation": rotation, "outliers": outliers, "formula": formula}
    given |= {HARD.get(problem, "kappa"): kappa, "noise": noise}
    entry = PROBLEMS[problem]
    return entry(**{name: value for name, value in given.items() if name in entry.properties})


def simulate(
    problem: str,
    kappa: float,
    dimension: int,
    rotation: float,
    outliers: float,
    noise: float,
    formula: str,
    first: str,
    second: str,
    third: str,
    fourth: str,
    budget: float,
    product: float,
    value: float,
    sample: float,
    seed: int,
    progress: Callable[..., None],
) -> Any:
    """The race of those who fit, and why the others don't."""
    instance = made(problem, kappa, dimension, rotation, outliers, noise, formula)
    prices, rng = Costs(product=product, value=value, sample=sample), np.random.default_rng(seed)
    why = {name: fits(method, instance) for name, method in METHODS.items()}
    chosen = list(dict.fromkeys(name for name in (first, second, third, fourth) if name != NOBODY))
    why |= {name: racing.excluded(METHODS[name], instance, budget, prices) for name in chosen}
    able = [name for name in chosen if why[name] is None]
    refused = "; ".join(f"{name} {why[name]}" for name in chosen if why[name])
    if not able:
        return None, why, refused
    return racing.race(able, instance, budget, rng=rng, costs=prices, seeds=SEEDS, progress=progress), why, refused


def compute(axis: str, *, run: Any, **values: Any) -> dict[str, Any]:
    """Curves, standings, tuning and the list of all methods."""
    race, why, refused = run
    data: dict[str, Any] = {}
    nothing = np.full(1, np.nan)
    order = race.order if race else []
    shade = dict(zip(order, shades(order), strict=True))
    for slot in range(SLOTS):
        name = order[slot] if slot < len(order) else None
        if name is None:
            empty = ("band", "best", "default", "range", "now", "usual", "valley", "valley band", "chosen", "unset")
            data |= {f"{part} {slot}": (nothing, nothing) for part in empty} | {f"shade {slot}": INK}
            continue
        one = race.entrants[name]
        best, default = one.best.curves[axis], one.default.curves[axis]
        low, median, high = (drawn(part) for part in one.best.quartiles)
        _, usual, _ = (drawn(part) for part in one.default.quartiles)
        data |= {
            f"shade {slot}": shade[name],
            f"band {slot}": outline(best.x, best.low, best.high),
            f"best {slot}": (best.x, drawn(best.median)),
            f"default {slot}": (default.x, drawn(default.median)),
            f"range {slot}": (np.log10([low, high]), np.full(2, -slot)),
            f"now {slot}": (np.log10(median), -slot),
            f"usual {slot}": (np.log10(usual), -slot - 0.22),
        } | tuning(one, slot)
    lines = everybody(why)
    steps = all(METHODS[name].knobs[0].name == "step" for name in order)
    left_out = f"Not in the race: {refused}. " if refused else ""
    if not race:
        headline, note = "Nobody can race here", f"Nobody that is chosen fits this problem. {left_out}"
    else:
        headline = f"{race.winner} wins (● tuned, ○ default)" if race.winner else "No winner (● tuned, ○ default)"
        note = f"{race.verdict[0].upper()}{race.verdict[1:]}. {left_out}{diverged(race)}{spoiled(race)}"
    return data | {
        "names": [*order, *[" "] * (SLOTS - len(order))],
        "axis": AXES[axis],
        "knob": "step size over the best one" if steps else "first hyper-parameter over its best value",
        "curves": "Tuned (broad) and with default settings (thin)" if race else "No curves: nobody races",
        "tuning": "How hard is tuning?" if race else "Nobody to tune",
        "headline": headline,
        "places": (np.zeros(len(lines)), -np.arange(len(lines))),
        "lines": [line for line, _ in lines],
        "line shades": [shade for _, shade in lines],
        "note": note,
    }


def everybody(why: dict[str, str | None]) -> list[tuple[str, str]]:
    """Lines that say who can race, and in grey who can't for which reason; their colours."""
    groups: dict[str, list[str]] = {"can race here": []}
    for name, said in why.items():
        groups.setdefault(said.partition(";")[0] if said else "can race here", []).append(name.replace(", ", ",\u00a0"))
    return [
        (line, ink(0.5) if number else INK)
        for number, (said, names) in enumerate(groups.items())
        for line in textwrap.wrap(f"{said}: {'; '.join(names)}", LETTERS)
    ]


def tuning(one: Any, slot: int) -> dict[str, Any]:
    """Final gaps over the first hyper-parameter, which is 1 at its best, and the default; all on the tuning seeds."""
    name, tuned = next(iter(one.best.setting)), one.tuning
    x = tuned.x / one.best.setting[name]
    return {
        f"valley {slot}": (x, drawn(tuned.median)),
        f"valley band {slot}": outline(x, tuned.low, tuned.high),
        f"chosen {slot}": (1.0, drawn(tuned.best)),
        f"unset {slot}": (one.default.setting[name] / one.best.setting[name], drawn(tuned.default)),
    }


def diverged(race: Any) -> str:
    """Who has no bar, because its upper quartile is infinite."""
    names = [name for name in race.order if not np.isfinite(race.entrants[name].best.quartiles[2])]
    return f"More than a quarter of the seeds diverged, so there is no bar: {listed(names)}. " if names else ""


def spoiled(race: Any) -> str:
    """What untuned defaults cost, at most."""
    worse = {
        name: one.default.quartiles[1] / one.best.quartiles[1]
        for name, one in race.entrants.items()
        if one.trials > 1 and one.best.quartiles[1] > 0
    }
    if not worse:
        return ""
    name = max(worse, key=lambda name: worse[name])
    if not np.isfinite(worse[name]):
        return f"At its default {name} diverges."
    if worse[name] < 1.1:
        return ""
    return f"Tuning matters most for {name}: its default ends {number(worse[name], 2)} times as high."


def matters(name: str) -> Callable[[dict[str, Any]], bool]:
    """Whether a property is one of the problem that is chosen."""
    return lambda values: name in PROBLEMS[values["problem"]].properties


def entrants(values: dict[str, Any]) -> list[Method]:
    """Those who are to race."""
    return [METHODS[values[slot]] for slot in TEXTBOOK if values[slot] != NOBODY]


def ask(*oracles: str) -> Callable[[dict[str, Any]], bool]:
    """Whether one who is to race may ask for one of these; who is made for a class of problems doesn't say."""
    return lambda values: any(one.classes or one.needs & set(oracles) for one in entrants(values))


def draw(values: dict[str, Any]) -> bool:
    """Whether samples are drawn: by a method, or because there is no gradient without one."""
    noisy = matters("noise")(values) and values["noise"] > 0
    return noisy or values["problem"] == "policy" or any(one.sampled for one in entrants(values))


def race(**start: Any) -> Explorer:
    """A problem, its properties, up to four methods, budget and prices beside the race and what tuning it takes."""
    options = [*METHODS, NOBODY]
    shade = [entry(f"shade {slot}") for slot in range(SLOTS)]
    return Explorer(
        compute,
        {
            "problem": replace(choice("problem", "quadratic", list(PROBLEMS)), named=PRESETS),
            "first": choice("racing", TEXTBOOK["first"], options),
            "second": choice("and", TEXTBOOK["second"], options),
            "third": choice("and", TEXTBOOK["third"], options),
            "fourth": choice("and", TEXTBOOK["fourth"], options),
            "kappa": log_slider(
                "κ (Rosenbrock: steepness; network: scales)",
                1000.0,
                1.0,
                1000.0,
                when=lambda values: HARD.get(values["problem"], "kappa") in PROBLEMS[values["problem"]].properties,
            ),
            "noise": slider("noise", 0.0, 0.0, 3.0, 0.1, when=matters("noise")),
            "rotation": slider("turned from the axes", 1.0, 0.0, 1.0, 0.1, when=matters("rotation")),
            "dimension": slider("dimension", 20, 2, 50, 1, when=matters("dimension")),
            "outliers": log_slider("size of outliers", 10.0, 1.0, 100.0, when=matters("outliers")),
            "formula": replace(formula("formula", "(1 - x)**2 + 5*(y - x**2)**2"), when=matters("formula")),
            "budget": log_slider("budget, in gradients", 200.0, 20.0, 1000.0),
            "axis": choice("axis", "cost", list(AXES)),
            "product": slider(
                "price of a Hessian-vector product", 2.0, 0.0, 5.0, 0.5, when=ask("hvp", "sample_hvp", "hess")
            ),
            "value": slider("price of a value", 0.5, 0.0, 2.0, 0.1, when=ask("__call__")),
            "sample": slider("price of a sample", 0.0, 0.0, 1.0, 0.1, when=draw),
            "seed": slider("seed", 0, 0, 99, 1),
        },
        [
            panel(
                entry("curves"),
                *(band(f"band {slot}", "", shade[slot]) for slot in range(SLOTS)),
                *(thin(f"default {slot}", "", shade[slot]) for slot in range(SLOTS)),
                *(curve(f"best {slot}", "", shade[slot]) for slot in range(SLOTS)),
                x=axis(entry("axis")),
                y=log("gap f − f*, median of 20 seeds"),
            ),
            panel(
                entry("headline"),
                *(curve(f"range {slot}", "", shade[slot], width=7) for slot in range(SLOTS)),
                *(here(f"now {slot}", "", shade[slot]) for slot in range(SLOTS)),
                *(dots(f"usual {slot}", "", shade[slot], symbol="circle-open") for slot in range(SLOTS)),
                x="log₁₀ of the final gap",
                y=axis(
                    span=[-SLOTS + 0.4, 0.6],
                    tickvals=[-slot for slot in range(SLOTS)],
                    ticktext=entry("names"),
                    showgrid=False,
                ),
            ),
            panel(
                entry("tuning"),
                *(band(f"valley band {slot}", "", shade[slot]) for slot in range(SLOTS)),
                *(curve(f"valley {slot}", "", shade[slot]) for slot in range(SLOTS)),
                *(here(f"chosen {slot}", "", shade[slot]) for slot in range(SLOTS)),
                *(dots(f"unset {slot}", "", shade[slot], symbol="circle-open") for slot in range(SLOTS)),
                x=log(entry("knob")),
                y=log("gap at the end, seeds of tuning"),
            ),
            panel(
                "Everybody; in grey who can't race here, and why",
                texts("places", entry("lines"), textfont={"color": entry("line shades")}, textposition="middle right"),
                x=axis(span=[-0.01, 1], visible=False),
                y=axis(span=[-ROWS + 0.4, 0.6], visible=False),
                wide=True,
                height=300,
            ),
        ],
        call=__name__,
        start=start,
        recipe=made,
        simulate=simulate,
        run="Race",
    )
