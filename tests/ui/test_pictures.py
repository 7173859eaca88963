"""What the browser is told: the description once, then one frame a move."""

import json

import numpy as np
import plotly.graph_objects as go
import pytest
from comm.base_comm import BaseComm
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from optilab.ui.pictures import LARGEST, Panel, Pictures, packed, plain
from optilab.ui.theme import TEMPLATE

NUMBERS = {"u1": np.uint8, "i4": np.int32, "f8": np.float64}


def unpacked(entry):
    return np.frombuffer(entry["buffer"], NUMBERS[entry["dtype"]]).reshape(entry["shape"])


@given(
    st.sampled_from(["?", "i1", "i8", "u2", "u8", "f4", "f8", ">f8"]).flatmap(
        lambda dtype: arrays.arrays(dtype, arrays.array_shapes(min_dims=1, max_dims=3, min_side=0))
    )
)
def test_packed_arrays_have_the_same_numbers(array):
    np.testing.assert_array_equal(unpacked(packed(array)), array.astype(float) if array.dtype.kind in "iu" else array)


def test_packed_arrays_may_be_views():
    grid = np.arange(12.0).reshape(3, 4)
    np.testing.assert_array_equal(unpacked(packed(grid.T[::2])), grid.T[::2])


def test_numbers_take_the_shortest_type_that_holds_them():
    assert packed(np.array([True]))["dtype"] == "u1"
    assert packed(np.array([LARGEST]))["dtype"] == "i4"
    assert packed(np.array([LARGEST + 1]))["dtype"] == "f8"
    assert packed(np.array([1.0]))["dtype"] == "f8"


@pytest.mark.parametrize("array", [np.array([1j]), np.array(["a"]), np.array([None])])
def test_what_is_no_real_number_is_refused(array):
    with pytest.raises(ValueError, match="an array to be drawn must be of real numbers"):
        packed(array)


def test_plain_values_are_json():
    values = [np.float64(1.5), np.int64(2), np.bool_(True), np.array(3.0), (1, np.nan), [np.inf, "a"], None, "b"]
    assert plain(values) == [1.5, 2, True, 3.0, [1, None], [None, "a"], None, "b"]
    json.dumps(plain(values), allow_nan=False)


def panel():
    grid = np.linspace(0, 1, 3)
    return Panel(
        "The walls",
        [
            (go.Contour(x=grid, y=grid, z=np.outer(grid, grid), name="landscape"), {}),
            (go.Scatter(name="path", line={"color": "#123456"}), {"x": "x", "y": "y"}),
        ],
        layout={"xaxis": {"title": {"text": "flat (m)"}}, "shapes": [{"type": "line", "line": {"width": 2}}]},
        moving={"shapes[0].x0": "edge", "title": "headline"},
        click=("x0", "y0"),
        height=300,
    )


def test_a_panel_names_all_that_it_draws():
    assert panel().names() == {"x", "y", "edge", "headline"}


def test_the_description_has_all_that_stays():
    spec = json.loads(Pictures([panel(), Panel("Second", [], wide=True)], name="walls", run="Train").spec)
    assert (spec["name"], spec["run"], len(spec["panels"])) == ("walls", "Train", 2)
    first = spec["panels"][0]
    contour, path = first["data"]
    assert contour["name"] == "landscape"
    assert contour["z"]["shape"] == "3, 3"
    assert path["name"] == "path"
    assert path["line"]["color"] == "#123456"
    assert first["bindings"] == [{}, {"x": "x", "y": "y"}]
    assert first["moving"] == {"shapes[0].x0": "edge", "title": "headline"}
    assert first["layout"]["xaxis"]["title"]["text"] == "flat (m)"
    assert first["layout"]["shapes"][0]["line"]["width"] == 2
    assert first["layout"]["template"]["layout"]["margin"] == TEMPLATE.layout.margin.to_plotly_json()
    assert (first["title"], first["click"], first["height"]) == ("The walls", ["x0", "y0"], 300)
    assert spec["panels"][1]["click"] is None
    assert (first["wide"], spec["panels"][1]["wide"]) == (False, True)


@pytest.fixture
def pictures():
    return Pictures([panel()], name="walls")


DATA = {"x": np.arange(3), "y": np.array([0.0, np.nan, 1.0]), "edge": np.float64(0.5), "headline": "Now"}


class Line(BaseComm):
    """A connection to a browser that notes what is sent."""

    def __init__(self):
        self.sent = []
        super().__init__(target_name="jupyter.widget")

    def publish_msg(self, msg_type, data=None, metadata=None, buffers=None, **keys):
        self.sent.append((msg_type, data, buffers))


def test_a_drawing_is_one_message(pictures):
    pictures.comm = line = Line()
    line.sent.clear()
    pictures.draw(DATA, note="bouncing", code="f()")
    ((kind, data, buffers),) = line.sent
    assert kind == "comm_msg"
    assert set(data["state"]) == {"frame"}
    assert [bytes(buffer) for buffer in buffers] == [packed(DATA[name])["buffer"] for name in ("x", "y")]
    pictures.draw(DATA, note="bouncing", code="f()")
    assert len(line.sent) == 2


def test_a_frame_has_arrays_as_memory_and_the_rest_as_values(pictures):
    pictures.draw(DATA, note="bouncing", code="f()")
    frame = pictures.frame
    np.testing.assert_array_equal(unpacked(frame["arrays"]["x"]), DATA["x"])
    np.testing.assert_array_equal(unpacked(frame["arrays"]["y"]), DATA["y"])
    assert frame["values"] == {"edge": 0.5, "headline": "Now"}
    assert (frame["note"], frame["code"], frame["error"], frame["stale"]) == ("bouncing", "f()", "", False)


def test_errors_and_waiting_keep_the_arrays_and_a_drawing_clears_them(pictures):
    pictures.draw(DATA, note="bouncing", code="f()")
    pictures.fail("no such wall")
    assert pictures.frame["error"] == "no such wall"
    assert (pictures.frame["note"], pictures.frame["code"]) == ("bouncing", "f()")
    pictures.wait("press the button", "g()")
    assert (pictures.frame["error"], pictures.frame["stale"], pictures.frame["code"]) == ("", True, "g()")
    assert set(pictures.frame["arrays"]) == {"x", "y"}
    pictures.draw(DATA, note="bouncing", code="f()")
    assert (pictures.frame["error"], pictures.frame["stale"]) == ("", False)
    assert pictures.frame["number"] == 4


def test_complex_arrays_are_refused(pictures):
    with pytest.raises(ValueError, match="of real numbers, got complex128"):
        pictures.draw(DATA | {"x": np.array([1j])}, note="", code="")
