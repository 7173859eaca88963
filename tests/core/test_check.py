"""Bad arguments are refused by name."""

import numpy as np
import pytest

from optilab.core.check import as_annotated, require, whole
from optilab.core.randomness import common
from optilab.core.run import algorithm

Number = float | np.ndarray


def method(problem, x: np.ndarray, *, h: Number, steps: int, rng: np.random.Generator, mu: float | None = None):
    yield (x,)


GOOD = {"x": np.ones(2), "h": 0.1, "steps": 3, "rng": np.random.default_rng(0), "mu": None}


@pytest.mark.parametrize("other", [{}, {"x": [1, 2]}, {"h": np.ones(3)}, {"mu": 2}, {"rng": common(GOOD["rng"])}])
def test_good_arguments_pass(other):
    as_annotated(method, (None,), GOOD | other)


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("x", [1.0, np.nan], "an array of finite numbers"),
        ("x", "ones", "an array of finite numbers"),
        ("x", [[1], [1, 2]], "an array of finite numbers"),
        ("x", None, "an array of finite numbers"),
        ("h", np.inf, "a finite number or an array of finite numbers"),
        ("h", "fast", "a finite number or an array of finite numbers"),
        ("steps", 2.5, "a whole number"),
        ("steps", True, "a whole number"),
        ("rng", None, "a numpy.random.Generator"),
        ("rng", 0, "a numpy.random.Generator"),
        ("mu", np.nan, "a finite number or None"),
        ("mu", [1.0, 2.0], "a finite number or None"),
    ],
)
def test_what_is_not_what_its_annotation_says_is_refused_by_name(name, value, allowed):
    with pytest.raises(ValueError, match=f"^{name} must be {allowed}, got"):
        as_annotated(method, (None,), GOOD | {name: value})


def test_an_algorithm_refuses_at_the_call_and_its_own_words_come_first():
    @algorithm
    def descent(x: np.ndarray, h: float):
        require(h > 0, "h", h, "positive")
        yield (np.asarray(x) * h,)

    with pytest.raises(ValueError, match="h must be positive, got nan"):
        descent(np.ones(2), np.nan)
    with pytest.raises(ValueError, match="h must be a finite number, got 'fast'"):
        descent(np.ones(2), "fast")
    with pytest.raises(ValueError, match="x must be an array of finite numbers"):
        descent([np.inf], 1.0)
    assert next(descent([2.0], 0.5))[0] == 1.0


@pytest.mark.parametrize(
    ("value", "is_whole"), [(0, True), (np.int64(3), True), (-1, False), (2.0, False), (True, False)]
)
def test_whole_numbers(value, is_whole):
    assert whole(value) is is_whole
