"""What no algorithm can use is refused at the call, by name: the same bad values for every argument of all of them."""

import inspect
import runpy
from pathlib import Path
from typing import get_args, get_type_hints

import numpy as np
import pytest
from rooms import WHOLE

from optilab.core import run
from optilab.core.check import AnyNumber

NUMBERS = [np.nan, np.inf, -np.inf, "fast", None, [[1.0], [1.0, 2.0]], {}]
BAD = {int: [2.5, np.nan, "3", None, True], np.random.Generator: [None, 0, "seed"]}
BAD |= {float: [*NUMBERS, 1j], np.ndarray: [*NUMBERS, [np.nan, 1.0]]}
SLUGS = [paper.slug for paper in WHOLE]


def values_for(hint):
    """The bad values of an annotation, none where it means something else."""
    if hint == AnyNumber:
        return [bad for bad in values_for(float | np.ndarray) if bad is not np.inf]
    kinds = {kind for kind in get_args(hint) or [hint] if isinstance(kind, type)}
    if len(kinds) < len(get_args(hint) or [hint]):
        return []
    if not kinds <= BAD.keys() | {type(None)}:
        return []
    common = [
        bad
        for kind in kinds - {type(None)}
        for bad in BAD[kind]
        if all(any(bad is other for other in BAD[kind]) for kind in kinds - {type(None)})
    ]
    return [bad for bad in common if not (bad is None and type(None) in kinds)]


def calls(slug, monkeypatch):
    """Every algorithm of a room, with arguments that it can use."""
    made = {}
    with monkeypatch.context() as patch:
        patch.setattr(run, "as_annotated", lambda function, args, kwargs: made.setdefault(function, (args, kwargs)))
        cases = runpy.run_path(str(Path(__file__).parent / slug / "cases.py"))["CASES"]
        for case in cases.values():
            case(slice(None), np.random.default_rng(0))
    return made


@pytest.mark.parametrize("slug", SLUGS)
def test_bad_values_are_refused_by_name(slug, monkeypatch):
    tried, unnamed = 0, []
    for function, (args, kwargs) in calls(slug, monkeypatch).items():
        good = inspect.signature(function).bind(*args, **kwargs).arguments
        hints = get_type_hints(function, include_extras=True)
        for name in good:
            for bad in values_for(hints.get(name)):
                tried += 1
                try:
                    with np.errstate(all="ignore"):
                        run.algorithm(function)(**good | {name: bad})
                except ValueError as error:
                    said = str(error)
                    if " must be " in said:
                        continue
                except Exception as error:
                    said = repr(error)
                else:
                    said = "accepted"
                unnamed.append(f"{function.__module__}.{function.__name__}({name}={bad!r}): {said}")
    assert tried >= 10, f"tests/papers/{slug}/cases.py has no case whose arguments could be tried"
    assert unnamed == []
