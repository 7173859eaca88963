"""`optilab reproduce`: measure what the papers claim."""

import argparse
import json
import math
import sys
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from optilab import catalogue
from optilab.cli.environment import one_thread_each
from optilab.cli.refused import RefusedError, argument, count
from optilab.cli.tables import aligned

ANSWER = 10  # seconds for the scheduler of a cluster to answer


def add(commands: Any) -> None:
    """What the command takes."""
    command = commands.add_parser("reproduce", help="measure the papers' claims; exit status 1 if one does not hold")
    command.add_argument("papers", nargs="*", type=argument(catalogue.paper), metavar="SLUG", help="all without one")
    command.add_argument("--quick", action="store_true", help="the smaller size that tests and lessons use")
    where = command.add_mutually_exclusive_group()
    where.add_argument("--jobs", type=argument(count), default=1, metavar="N", help="processes, %(default)s")
    where.add_argument("--dask", metavar="ADDRESS", help="on a Dask cluster, tcp://HOST:8786")
    command.add_argument("--json", action="store_true", help="numbers that are not finite become strings")
    command.set_defaults(run=reproduce)


@contextmanager
def cluster(address: str) -> Iterator[Executor]:
    """The workers of a Dask cluster."""
    if find_spec("distributed") is None:
        raise RefusedError("--dask needs distributed, which isn't installed: pip install 'optilab[cluster]'")
    from distributed import Client

    try:
        client = Client(address, timeout=ANSWER)
    except (OSError, ValueError) as error:
        raise RefusedError(f"no scheduler answers at {address}: {error}") from error
    with client:
        yield client.get_executor()


@contextmanager
def workers(arguments: argparse.Namespace) -> Iterator[Executor | None]:
    """Who measures: this process, as many as are asked for, or a cluster."""
    if arguments.dask is not None:
        with cluster(arguments.dask) as executor:
            yield executor
        return
    if arguments.jobs == 1:
        yield None
        return
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    one_thread_each()
    with ProcessPoolExecutor(arguments.jobs, get_context("spawn")) as executor:
        yield executor


def number(value: float) -> float | str:
    """A number as JSON can hold it: what is not finite becomes "inf", "-inf" or "nan"."""
    return value if math.isfinite(value) else str(value)


def reproduce(arguments: argparse.Namespace) -> int:
    """Measure the claims of papers and print them beside what they promise."""
    from optilab.core.claim import collect
    from optilab.core.sweep import sweep

    paper_of = {
        experiment: paper.slug
        for paper in arguments.papers or catalogue.PAPERS
        for experiment in import_module(f"optilab.papers.{paper.slug}.experiment").EXPERIMENTS
    }
    points = [{"experiments": (experiment,), "quick": arguments.quick} for experiment in paper_of]
    with workers(arguments) as executor:
        outcomes = sweep(collect, points, executor=executor)
    claims = [(paper_of[outcome.point["experiments"][0]], claim) for outcome in outcomes for claim in outcome.value]

    if arguments.json:
        rows = [
            {
                "paper": slug,
                "statement": claim.statement,
                "measured": number(claim.measured),
                "at_least": number(claim.at_least),
                "at_most": number(claim.at_most),
                "seeds": [number(figure) for figure in claim.seeds],
                "holds": claim.holds,
            }
            for slug, claim in claims
        ]
        print(json.dumps(rows, indent=2, ensure_ascii=False, allow_nan=False))
    else:
        head = ("paper", "claim", "asked", "measured", "least … median … most", "holds")
        print(aligned(head, [(slug, *claim.row, "yes" if claim.holds else "NO") for slug, claim in claims]))
    kept = sum(claim.holds for _, claim in claims)
    print(f"{kept} of {len(claims)} claims hold", file=sys.stderr)
    if len(outcomes) < len(points):
        print(f"interrupted: {len(outcomes)} of {len(points)} experiments were finished", file=sys.stderr)
        return 130
    return 0 if kept == len(claims) else 1
