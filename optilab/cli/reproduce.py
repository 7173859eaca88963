"""`optilab reproduce`: measure what the papers claim."""

import argparse
import inspect
import json
import math
import sys
import textwrap
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from itertools import groupby
from typing import Any

from optilab import catalogue
from optilab.catalogue import Paper
from optilab.cli.environment import one_thread_each
from optilab.cli.refused import RefusedError, argument, count
from optilab.cli.tables import width
from optilab.core.claim import Claim, Claims, Experiment, collect

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


def headline(experiment: Experiment) -> tuple[str, str]:
    """What an experiment shows, and where the paper says so: the first line of its docstring, and its `Source:`."""
    lines = (inspect.getdoc(experiment) or "").splitlines() or [""]
    source = next((line.removeprefix("Source: ").rstrip(".") for line in lines if line.startswith("Source: ")), "")
    return lines[0], source


def number(value: float) -> float | str:
    """A number as JSON can hold it: what is not finite becomes "inf", "-inf" or "nan"."""
    return value if math.isfinite(value) else str(value)


def record(paper: Paper, experiment: Experiment, claim: Claim) -> dict[str, Any]:
    """A claim as JSON can hold it."""
    shows, source = headline(experiment)
    return {
        "paper": paper.slug,
        "experiment": shows,
        "source": source,
        "statement": claim.statement,
        "asked": claim.asked,
        "measured": number(claim.measured),
        "at_least": number(claim.at_least),
        "at_most": number(claim.at_most),
        "seeds": [number(figure) for figure in claim.seeds],
        "reported": claim.reported,
        "holds": claim.holds,
    }


def wrapped(text: str, first: str, later: str) -> list[str]:
    """A paragraph as wide as the terminal, 100 columns at most, after an indent."""
    return textwrap.wrap(text, min(width(), 100), initial_indent=first, subsequent_indent=later)


def told(claim: Claim) -> list[str]:
    """A claim in lines: its verdict and statement, then its figures."""
    asked = "reported, nothing is asked" if claim.reported else f"asked {claim.asked}"
    figures = "; ".join(filter(None, (f"measured {claim.figure}", asked, claim.scatter)))
    return [*wrapped(claim.statement, f"    {claim.mark} ", " " * 6), *wrapped(figures, " " * 8, " " * 8)]


def report(measured: Iterable[tuple[Paper, Experiment, Claims]]) -> Iterator[str]:
    """All claims in lines, by paper and experiment."""
    for paper, experiments in groupby(measured, lambda row: row[0]):
        yield from wrapped(f"{paper.number:02d} {paper.slug}: {paper.title}, {paper.year}", "", "   ")
        for _, experiment, claims in experiments:
            shows, source = headline(experiment)
            yield from ("", *wrapped(f"{shows} [{source}]" if source else shows, "  ", "  "))
            for claim in claims:
                yield from told(claim)
        yield ""


def reproduce(arguments: argparse.Namespace) -> int:
    """Measure the claims of papers and print them beside what they promise."""
    from optilab.core.sweep import sweep

    paper_of = {
        experiment: paper
        for paper in arguments.papers or catalogue.PAPERS
        for experiment in import_module(f"optilab.papers.{paper.slug}.experiment").EXPERIMENTS
    }
    points = [{"experiments": (experiment,), "quick": arguments.quick} for experiment in paper_of]
    with workers(arguments) as executor:
        outcomes = sweep(collect, points, executor=executor)
    done = [(outcome.point["experiments"][0], outcome.value) for outcome in outcomes]
    measured = [(paper_of[experiment], experiment, claims) for experiment, claims in done]
    if arguments.json:
        rows = [record(paper, experiment, claim) for paper, experiment, claims in measured for claim in claims]
        print(json.dumps(rows, indent=2, ensure_ascii=False, allow_nan=False))
    else:
        print("\n".join(report(measured)))

    claims = [claim for _, found in done for claim in found]
    asked = [claim for claim in claims if not claim.reported]
    reported = f"; reported without a bound: {len(claims) - len(asked)}" * (len(asked) < len(claims))
    print(f"{sum(claim.holds for claim in asked)} of {len(asked)} claims hold{reported}", file=sys.stderr)
    if len(outcomes) < len(points):
        print(f"interrupted: {len(outcomes)} of {len(points)} experiments were finished", file=sys.stderr)
        return 130
    return 0 if all(claim.holds for claim in claims) else 1
