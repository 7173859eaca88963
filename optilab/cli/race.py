"""`optilab race`: let methods race on a problem."""

import argparse
import json
from typing import Any

from optilab.cli.refused import RefusedError, argument, count
from optilab.cli.tables import aligned


def add(commands: Any) -> None:
    """What the command takes."""
    command = commands.add_parser(
        "race",
        help="let methods race on a problem and name the winner, if there is one",
        description="Tune each METHOD on some seeds, then race them on others with equal budgets. Without a METHOD: "
        "say which fit the problem, and why the others don't.",
    )
    command.add_argument("methods", nargs="*", metavar="METHOD", help="such as heavy-ball; `all` for all that fit")
    command.add_argument("--problem", default="quadratic", metavar="NAME", help="%(default)s")
    command.add_argument("--set", nargs="+", default=[], metavar="NAME=VALUE", help="its properties: kappa=1000")
    command.add_argument("--budget", type=float, default=300.0, metavar="B", help="in gradients, %(default)g")
    command.add_argument("--seeds", type=argument(count), default=20, metavar="N", help="%(default)s")
    command.add_argument(
        "--seed", type=argument(seed), default=0, metavar="S", help="of all that is random, %(default)s"
    )
    command.add_argument("--json", action="store_true", help="numbers that are not finite become strings")
    command.set_defaults(run=race)


def seed(text: str) -> int:
    """A whole number, 0 or more."""
    return count(text) if text != "0" else 0


def race(arguments: argparse.Namespace) -> int:
    """Race, and print the table and the verdict, or all of it as JSON."""
    import numpy as np

    from optilab.arena import race as arena
    from optilab.arena import report
    from optilab.arena.contract import fits
    from optilab.arena.methods import METHODS

    try:
        problem = report.problem(arguments.problem, arguments.set)
        if not arguments.methods:
            for name, method in METHODS.items():
                print(f"{name}: {fits(method, problem) or method.sentence}")
            return 0
        names = arena.entered(problem, arguments.budget) if arguments.methods == ["all"] else arguments.methods
        rng = np.random.default_rng(arguments.seed)
        result = arena.race(names, problem, arguments.budget, rng=rng, seeds=arguments.seeds)
    except ValueError as error:
        raise RefusedError(str(error)) from error
    if arguments.json:
        print(json.dumps(report.finite(result.as_dict()), indent=2, ensure_ascii=False, allow_nan=False))
    else:
        print(aligned(report.HEAD, report.rows(result)))
        print(result.verdict)
    return 0
