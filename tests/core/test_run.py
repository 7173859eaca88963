"""Running: what is kept, what is counted, what is masked, what is refused."""

import pickle
import sys
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optilab.core.check import require
from optilab.core.counted import Counted
from optilab.core.run import Trace, advance, algorithm, replicates, run, within
from optilab.problems.quadratic import Quadratic


class Growing(NamedTuple):
    x: np.ndarray
    k: np.ndarray


@algorithm
def growing(x0, *, factor, ends=None):
    """x⁺ = factor · x."""
    x, factor = replicates(x0, factor)
    require(factor > 0, "factor", factor[..., 0], "positive")
    k = 0
    while ends is None or k <= ends:
        yield Growing(x, np.full(x.shape[:-1], k))
        x, k = factor * x, k + 1


def test_states_are_stacked_along_the_first_axis():
    trace = run(growing(np.ones((3, 2)), factor=2), 5)
    assert trace.x.shape == (6, 3, 2)
    np.testing.assert_array_equal(trace.x[:, 0, 0], 2.0 ** np.arange(6))
    np.testing.assert_array_equal(trace.step, range(6))
    np.testing.assert_array_equal(trace.k[:, 1], range(6))
    assert (trace.diverged == np.inf).all()
    assert trace.diverged.shape == (3,)


@pytest.mark.parametrize(
    ("steps", "every", "kept"), [(10, 5, [0, 5, 10]), (11, 5, [0, 5, 10, 11]), (3, 9, [0, 3]), (0, 1, [0])]
)
def test_every_so_many_and_the_last(steps, every, kept):
    trace = run(growing([1.0], factor=2), steps, every=every)
    assert trace.step.tolist() == kept
    assert trace.x[:, 0].tolist() == [2.0**k for k in kept]


def test_keep_picks_fields_and_measures_join_them():
    trace = run(growing(np.ones((3, 2)), factor=2), 4, keep=["k"], total=lambda s: s.x.sum(-1))
    assert set(trace.fields) == {"k", "total"}
    np.testing.assert_array_equal(trace.total[:, 2], 2 * 2.0 ** np.arange(5))
    assert set(run(growing([1.0], factor=2), 4, keep=[], size=lambda s: s.x[0]).fields) == {"size"}
    with pytest.raises(AttributeError, match="no field 'x'; this trace has k, total"):
        _ = trace.x


def test_states_that_end_are_kept_to_the_last():
    trace = run(growing([1.0], factor=2, ends=7), 100, every=3)
    assert trace.step.tolist() == [0, 3, 6, 7]


def test_a_diverged_replicate_is_masked_from_the_step_it_left_the_limit():
    starts = np.ones((3, 1))
    trace = run(growing(starts, factor=[0.5, 2.0, 4.0]), 10, limit=100, double=lambda s: 2 * s.x[..., 0])
    assert trace.diverged.tolist() == [np.inf, 7, 4]
    assert np.isfinite(trace.x[:, 0]).all()
    for replicate, step in ((1, 7), (2, 4)):
        for values in (trace.x[:, replicate, 0], trace.double[:, replicate]):
            assert np.isfinite(values[:step]).all()
            assert np.isnan(values[step:]).all()
    np.testing.assert_array_equal(trace.k[:, 2], range(11))  # whole numbers have no NaN and stay
    assert "2 of 3 replicates diverged, the first at step 4" in repr(trace)


def test_divergence_is_masked_where_the_point_is_not_kept():
    trace = run(growing(np.ones((2, 1)), factor=[0.5, 2.0]), 10, keep=[], limit=100, size=lambda s: s.x[..., 0])
    assert trace.diverged.tolist() == [np.inf, 7]
    assert np.isnan(trace.size[7:, 1]).all()
    assert np.isfinite(trace.size[:7, 1]).all()


def test_a_replicate_that_comes_back_stays_lost():
    @algorithm
    def leap(x0):
        for value in (1.0, 1e9, 1.0):
            yield Growing(np.array([value]), np.array(0))

    trace = run(leap(0), 5, limit=1e8)
    assert trace.diverged == 1
    assert np.isnan(trace.x[1:]).all()


def test_a_run_stops_once_every_replicate_is_lost():
    trace = run(growing(np.ones((2, 1)), factor=[10.0, 1e200]), 10_000)
    assert trace.step[-1] < 400
    assert trace.diverged.tolist() == [309, 2]
    one_left = run(growing(np.ones((2, 1)), factor=[1.0, 1e200]), 400)
    assert one_left.step[-1] == 400


def test_oracle_calls_are_kept_beside_the_states():
    counted = Counted(Quadratic(np.eye(2), np.zeros(2)))

    @algorithm
    def descent(x):
        while True:
            yield Growing(x, np.array(0))
            x = x - 0.1 * counted.grad(x)

    trace = run(descent(np.ones(2)), 9, every=4, oracle=counted)
    assert trace.calls["gradients"].tolist() == [0, 4, 8, 9]
    assert "9 gradients" in repr(trace)


def test_names_of_the_trace_itself_are_refused():
    for name in ("step", "fields", "calls", "diverged", "first", "save", "to_dict"):
        with pytest.raises(ValueError, match=f"the name of a field or measure must be none of .*got '{name}'"):
            run(growing([1.0], factor=2), 3, **{name: lambda s: s.x})


def test_bad_arguments_are_refused_at_the_call():
    with pytest.raises(ValueError, match="factor must be positive, got -1"):
        growing([1.0], factor=-1)
    with pytest.raises(ValueError, match="starting point must be an array"):
        growing(1.0, factor=2)
    with pytest.raises(ValueError, match="broadcast"):
        growing(np.ones((3, 1)), factor=[1.0, 2.0])


def test_require_names_argument_value_and_what_is_allowed():
    require(np.array([1, 2]) > 0, "h", [1, 2], "positive")
    with pytest.raises(ValueError, match="h must be positive, got nan"):
        require(np.nan > 0, "h", np.nan, "positive")
    with pytest.raises(ValueError, match="mode must be 'a', got 'b'"):
        require(False, "mode", "b", "'a'")
    with pytest.raises(ValueError, match="h must be positive"):
        require(np.array([1, np.nan]) > 0, "h", np.array([1, np.nan]), "positive")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"steps": -1}, "steps must be an integer, 0 or more, got -1"),
        ({"steps": 2.5}, "steps must be an integer, 0 or more, got 2.5"),
        ({"every": 0}, "every must be an integer, 1 or more, got 0"),
        ({"every": 1.5}, "every must be an integer, 1 or more, got 1.5"),
        ({"limit": -1}, "limit must be positive, got -1"),
        ({"limit": np.nan}, "limit must be positive, got nan"),
        ({"keep": ["nope"]}, "a field to keep must be one of x, k, got 'nope'"),
        ({"keep": "x"}, r"keep must be a sequence of names, like \['x'\], got 'x'"),
    ],
)
def test_a_run_refuses_what_it_cannot_do(given, says):
    with pytest.raises(ValueError, match=says):
        run(growing([1.0], factor=2), **({"steps": 3} | given))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 3), max_size=2), st.lists(st.integers(1, 3), max_size=2))
def test_replicates_bring_start_and_parameters_to_one_batch(outer, inner):
    batch = tuple(outer + inner)
    start = np.ones((*inner, 2), dtype=int)
    x, a, b = replicates(start, np.ones(batch), 3.0)
    assert x.shape == (*batch, 2)
    assert x.dtype == float
    assert a.shape == (*batch, 1)
    assert (a * x * b == 3).all()
    x[:] = 0
    assert (start == 1).all()


def test_within_judges_complex_points_and_infinite_limits():
    points = np.array([[3, 4j], [np.nan, 0], [np.inf, 0], [6, 0]])
    with np.errstate(invalid="ignore"):
        assert within(points, 5.0).tolist() == [True, False, False, False]
    assert within(points, np.inf).tolist() == [True, False, False, True]


def test_first_says_when_for_each_replicate():
    trace = run(growing(np.ones((3, 1)), factor=[0.5, 2.0, 4.0]), 12, every=2)
    assert trace.first(trace.x[..., 0] >= 16).tolist() == [np.inf, 4, 2]


def test_progress_is_reported_to_a_function():
    seen = []
    run(growing([1.0], factor=1.0), 300, progress=lambda k, total: seen.append((k, total)))
    assert seen[0] == (0, 300)
    assert seen[-1] == (300, 300)
    assert len(seen) <= 110
    assert run(growing([1.0], factor=1.0), 3, progress=True).step[-1] == 3


def test_traces_can_be_sent_to_another_process():
    trace = pickle.loads(pickle.dumps(run(growing([1.0], factor=2.0), 3)))
    assert trace.x[-1] == 8


def test_replicates_that_are_done_keep_what_they_have():
    going = np.array([True, False])
    old, new = Growing(np.zeros((2, 3)), np.array([1, 1])), Growing(np.ones((2, 3)), np.array([2, 2]))
    kept = advance(going, new, old)
    assert isinstance(kept, Growing)
    np.testing.assert_array_equal(kept.x, [[1, 1, 1], [0, 0, 0]])
    np.testing.assert_array_equal(kept.k, [2, 1])
    x, k = advance(np.array(False), tuple(new), tuple(old))
    np.testing.assert_array_equal(x, old.x)
    np.testing.assert_array_equal(k, old.k)
    assert advance(np.array(False), 2.0, 1.0) == 1  # a single replicate's number
    assert advance(True, new, old) is new


def fan(steps=4):
    """A trace of three replicates, one of which is lost, with calls and a field that replicates share."""
    counted = Counted(Quadratic(np.eye(2), np.zeros(2)))
    states = growing(np.ones((3, 2)), factor=[0.5, 2.0, 4.0])
    size = lambda state: counted(state.x)  # noqa: E731
    return run(states, steps, every=2, oracle=counted, limit=100, size=size, shared=lambda state: np.arange(4.0))


def test_the_fields_of_a_trace_are_completed():
    assert {"x", "k", "size", "shared", "first", "to_frame"} <= set(dir(fan()))


def test_traces_are_equal_where_all_they_hold_is():
    one, other = fan(), fan()
    assert one == other
    assert np.isnan(one.x).any()
    assert one != fan(6)
    assert one != "a trace"
    other.fields["x"][1, 0, 0] += 1e-9
    assert one != other
    fewer = Trace(one.step, {name: values for name, values in one.fields.items() if name != "k"}, one.calls)
    assert fewer != one
    with pytest.raises(TypeError, match="unhashable"):
        hash(one)


def test_a_trace_as_a_dictionary_has_every_array_by_its_name():
    trace = fan()
    arrays = trace.to_dict()
    assert list(arrays) == ["step", "x", "k", "size", "shared", "diverged", "calls"]
    assert arrays["x"] is trace.x
    assert arrays["calls"]["values"].tolist() == [1, 2, 3]


def test_a_trace_as_a_table_has_a_row_for_each_step_and_replicate():
    trace = fan()
    table = trace.to_frame()
    assert list(table.columns) == [
        *("x[0]", "x[1]", "k", "size", "shared[0]", "shared[1]", "shared[2]", "shared[3]", "calls[values]")
    ]
    assert table.index.names == ["step", "replicate"]
    for kept, step in enumerate(trace.step):
        for replicate in range(3):
            row = table.loc[(step, replicate)]
            np.testing.assert_array_equal(row[["x[0]", "x[1]"]], trace.x[kept, replicate])
            np.testing.assert_array_equal(row["size"], trace.size[kept, replicate])
            assert row["k"] == trace.k[kept, replicate]
            assert row["shared[3]"] == 3
            assert row["calls[values]"] == trace.calls["values"][kept]


def test_a_trace_of_one_run_or_of_a_grid_as_a_table():
    alone = run(growing([1.0, 2.0], factor=2), 3, total=lambda state: state.x.sum(-1)).to_frame()
    assert alone.index.name == "step"
    assert alone["total"].tolist() == [3, 6, 12, 24]
    grid = run(growing(np.ones((2, 3, 1)), factor=np.array([[1.0], [2.0]])), 2).to_frame()
    assert grid.index.names == ["step", "replicate 0", "replicate 1"]
    assert grid.loc[(2, 1, 2), "x[0]"] == 4
    assert len(grid) == 18


def test_without_pandas_one_sentence_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(
        ModuleNotFoundError, match=r"^to_frame needs pandas, which isn't installed: pip install pandas$"
    ):
        fan().to_frame()


def test_a_trace_goes_to_a_file_and_comes_back(tmp_path):
    trace, path = fan(), tmp_path / "fan.of.traces"  # the name is taken as it is
    trace.save(path)
    assert [file.name for file in tmp_path.iterdir()] == ["fan.of.traces"]
    again = Trace.load(str(path))
    assert again == trace
    assert list(again.fields) == list(trace.fields)
    assert again.k.dtype == trace.k.dtype
    assert repr(again) == repr(trace)
    odd = run(growing([1.0], factor=2), 2, file=lambda state: np.array("a text"))
    odd.save(path)
    assert Trace.load(path) == odd


def test_what_is_no_saved_trace_is_refused(tmp_path):
    objects = run(growing([1.0], factor=2), 2, note=lambda state: np.array({"k": 1}))
    with pytest.raises(ValueError, match="fields/note must be numbers or texts of one length to be saved, got object"):
        objects.save(tmp_path / "objects")
    assert not (tmp_path / "objects").exists()
    (tmp_path / "text").write_text("steps")
    with (tmp_path / "other").open("wb") as file:
        np.savez(file, step=np.arange(3))
    for name in ("text", "other"):
        with pytest.raises(ValueError, match=f"path must be a file that Trace.save has written, got '.*{name}'"):
            Trace.load(tmp_path / name)
    with pytest.raises(FileNotFoundError):
        Trace.load(tmp_path / "nowhere")
