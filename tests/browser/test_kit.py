"""What a reader does to an explorer, and what it answers: on two small explorers in a real JupyterLab."""

import csv

import numpy as np
import pytest
from hands import move_everything

from optilab.ui.theme import color


@pytest.fixture(scope="module")
def notebook(notebook):
    """The example explorers, drawn."""
    notebook.turn_to("example.ipynb")
    notebook.run_all()
    return notebook


@pytest.fixture
def valley(notebook):
    """The explorer that answers at once, at its start."""
    explorer = notebook.explorers[0]
    explorer.unfold()
    explorer.act(explorer.button("Reset").click)
    yield explorer
    assert notebook.errors == []


@pytest.fixture
def walks(notebook):
    """The explorer with a long part, at its start."""
    explorer = notebook.explorers[1]
    explorer.act(explorer.button("Reset").click)
    if explorer.stale:
        explorer.act(explorer.button("Walk").click)
    explorer.wait("root => !root.classList.contains('optilab-stale')")
    yield explorer
    assert notebook.errors == []


@pytest.fixture
def box(notebook):
    """The explorer in space, at its start."""
    explorer = notebook.explorers[2]
    explorer.settle()
    explorer.act(explorer.button("Reset").click)
    explorer.settle()
    yield explorer
    assert notebook.errors == []


def curve(explorer, panel, trace):
    """The x and y that a picture has of a curve."""
    return explorer.panel(panel).evaluate("(plot, trace) => ['x', 'y'].map(axis => [...plot.data[trace][axis]])", trace)


MARKS = """plot => [...plot.querySelectorAll('.shapelayer path')].map(line => {
  const { left, height } = line.getBoundingClientRect();
  const { strokeWidth, strokeOpacity } = getComputedStyle(line);
  return { left, height, visible: parseFloat(strokeWidth) * Number(strokeOpacity) };
})"""


def type_formula(explorer, text):
    field = explorer.box.locator("input[type=text]")
    explorer.act(lambda: (field.fill(text), field.press("Enter")))


def test_a_bad_formula_is_explained_above_stale_pictures_and_a_good_one_recovers(valley):
    before = curve(valley, 0, 1)
    type_formula(valley, "x**")
    assert valley.error == "f must be one of ['1', '2'], got 'x**'"
    assert valley.stale
    valley.wait("root => getComputedStyle(root.querySelector('.optilab-panels')).opacity < 1")  # little by little
    assert curve(valley, 0, 1) == before
    type_formula(valley, "2")
    assert valley.error == ""
    assert not valley.stale
    assert curve(valley, 0, 1) != before


def test_what_does_not_move_survives_the_moves(valley):
    names = valley.root.locator(".optilab-key").all_inner_texts()
    assert names == ["path", "step k", "f(x)"]
    grid = "plot => [plot.data[0].x.length, plot.data[0].z.length, plot.data[0].z[7][3]]"
    landscape = valley.panel(0).evaluate(grid)
    assert landscape[:2] == [41, 41]
    for key in ["ArrowRight"] * 3 + ["PageUp"]:
        valley.act(lambda key=key: valley.handle("step α").press(key))
        assert valley.panel(0).evaluate(grid) == landscape
        assert valley.panel(0).locator(".contourlevel").count() > 3
        assert valley.root.locator(".optilab-key").all_inner_texts() == names
        for line in valley.panel(1).evaluate(MARKS):
            assert line["height"] > 100
            assert line["visible"] >= 0.5
    assert valley.panel(0).locator(".xtitle").text_content() == "flat direction"


def test_a_bound_mark_and_title_follow(valley):
    before = valley.panel(1).evaluate(MARKS)
    valley.act(lambda: valley.handle("step k").press("End"))
    valley.act(lambda: valley.handle("step α").press("ArrowRight"))
    fixed, moving = valley.panel(1).evaluate(MARKS)
    assert fixed["left"] == pytest.approx(before[0]["left"], abs=1)
    assert moving["left"] > before[1]["left"] + 50
    assert valley.root.locator(".optilab-title").nth(1).text_content() == "The steep factor is 0.450"


def test_a_click_and_a_drag_in_a_picture_set_the_point(valley, notebook):
    valley.root.scroll_into_view_if_needed()
    area = valley.panel(0).locator(".nsewdrag").bounding_box()
    at = lambda x, y: (area["x"] + area["width"] * (x + 2.5) / 5, area["y"] + area["height"] * (2.5 - y) / 5)  # noqa: E731
    near = pytest.approx([-1, 2], abs=0.06)
    valley.act(lambda: notebook.page.mouse.click(*at(-1, 2)))
    assert [float(valley.readout(name).inner_text().replace("−", "-")) for name in ("x₀", "y₀")] == near
    assert [values[0] for values in curve(valley, 0, 1)] == near
    notebook.page.mouse.move(*at(-1, 2))
    notebook.page.mouse.down()
    for step in range(1, 11):
        notebook.page.mouse.move(*at(-1 + 0.2 * step, 2 - 0.2 * step))
    valley.act(lambda: notebook.page.mouse.move(*at(1.5, -1.5)))
    notebook.page.mouse.up()
    valley.wait("root => Math.abs(root.querySelector('.optilab-plot').data[1].x[0] - 1.5) < 0.06")
    assert [values[0] for values in curve(valley, 0, 1)] == pytest.approx([1.5, -1.5], abs=0.06)


def test_a_finger_drags_the_point(valley, notebook):
    area = valley.panel(0).locator(".nsewdrag").bounding_box()
    at = lambda x: {"x": area["x"] + area["width"] * (x + 2.5) / 5, "y": area["y"] + area["height"] / 2}  # noqa: E731
    touch = notebook.page.context.new_cdp_session(notebook.page)
    touch.send("Emulation.setTouchEmulationEnabled", {"enabled": True})
    try:
        touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [at(-1)]})
        for step in range(1, 6):
            touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [at(-1 + 0.5 * step)]})
        touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        valley.wait("root => Math.abs(root.querySelector('.optilab-plot').data[1].x[0] - 1.5) < 0.06")
    finally:
        touch.send("Emulation.setTouchEmulationEnabled", {"enabled": False})
    # the picture is there before the finger leaves it; the sliders follow when it has left
    notebook.wait_for("readout => readout.textContent.startsWith('1.5')", valley.readout("x₀").element_handle())
    assert float(valley.readout("y₀").inner_text()) == pytest.approx(0, abs=0.06)


def test_a_named_value_is_a_button(valley, notebook):
    valley.act(valley.button("edge 2/L").click)
    notebook.wait_for("readout => readout.textContent === '0.195'", valley.readout("step α").element_handle())
    assert valley.root.locator(".optilab-title").nth(1).text_content() == "The steep factor is -0.950"


def test_reset_leads_back_to_the_first_picture(valley):
    first = valley.fingerprint()
    valley.act(lambda: valley.handle("x₀").press("ArrowLeft"))
    valley.act(lambda: valley.box.locator("select").press("ArrowDown"))
    valley.act(lambda: valley.box.locator("input[type=checkbox]").press("Space"))
    assert valley.fingerprint() != first
    valley.act(lambda: valley.button("Reset").press("Enter"))
    assert valley.fingerprint() == first
    assert valley.readout("x₀").inner_text() == "2.00"
    assert valley.box.locator("input[type=checkbox]").is_checked()


def test_a_hidden_curve_comes_back_by_its_key(valley):
    key = valley.root.locator(".optilab-key", has_text="path")
    lines = valley.panel(0).locator(".scatterlayer .js-line")
    assert lines.count() == 1
    key.click()
    valley.wait("root => !root.querySelector('.optilab-plot').querySelector('.js-line')")
    valley.act(lambda: valley.handle("x₀").press("ArrowLeft"))
    assert lines.count() == 0
    assert key.get_attribute("aria-pressed") == "false"
    key.click()
    valley.wait("root => root.querySelector('.optilab-plot').querySelector('.js-line')")
    for hidden in (True, False):  # by keyboard, and the focus stays
        valley.page.keyboard.press("Enter")
        valley.wait(
            "(root, hidden) => !root.querySelector('.optilab-plot').querySelector('.js-line') === hidden", hidden
        )
        assert key.get_attribute("aria-pressed") == str(not hidden).lower()
        assert key.evaluate("key => key === document.activeElement")


def test_a_key_looks_like_its_curve(valley):
    path, step = (valley.root.locator(".optilab-key", has_text=text) for text in ("path", "step k"))
    assert path.locator("line").get_attribute("stroke").startswith("rgba(0,0,0")
    assert path.locator("circle").get_attribute("fill").startswith("rgba(0,0,0")
    assert step.locator("line").count() == 0
    assert step.locator("circle").get_attribute("fill") == "none"
    assert step.locator("circle").get_attribute("stroke").startswith("#")


WATCH = """root => {
  const note = root.querySelector('.optilab-note');
  root.told = [];
  new MutationObserver(() => root.told.push(note.textContent)).observe(note, { childList: true, subtree: true });
}"""


def test_a_player_plays_to_its_last_frame(valley):
    valley.root.evaluate(WATCH)
    valley.box.locator(".widget-play button").first.click()
    valley.wait("root => root.querySelector('.optilab-note').textContent.startsWith('At step 30 ')")
    assert len({text.split()[2] for text in valley.root.evaluate("root => root.told")}) > 1
    assert valley.readout("step k").inner_text() == "30"


def test_what_comes_while_the_pictures_are_in_no_page_is_drawn_once_they_are(valley, notebook):
    before, shown, code = valley.drawn, valley.fingerprint(), valley.root.locator(".optilab-code").text_content()
    places = valley.handle("step α"), valley.root, valley.root.locator("xpath=..")
    step, root, parent = (place.element_handle() for place in places)
    root.evaluate("root => root.remove()")
    step.press("ArrowRight")
    notebook.wait_for("([root, code]) => root.querySelector('.optilab-code').textContent !== code", [root, code])
    assert root.get_attribute("data-drawn") == str(before)
    parent.evaluate("(parent, root) => parent.append(root)", root)
    valley.wait_drawn(before)
    assert valley.fingerprint() != shown


def test_the_code_is_shown_and_hidden(valley):
    code = valley.root.locator(".optilab-code")
    assert not code.is_visible()
    valley.button("Show the code for this picture").press("Enter")
    assert code.is_visible()
    valley.act(lambda: valley.handle("step α").press("ArrowRight"))
    assert code.text_content() == (
        "from example_room import example\n\n"
        "example.valley(alpha=0.055, x0=2.0, y0=1.0, k=0, f='1', steep=10.0, shown=True)"
    )
    valley.button("Hide the code").click()
    assert not code.is_visible()


REACH = """root => {
  const { range } = root.querySelectorAll(".optilab-plot")[1]._fullLayout.yaxis;
  return [root.hasAttribute("data-moving"), range[1]];
}"""


def test_an_axis_does_not_shrink_while_a_control_moves_and_fits_once_it_rests(valley):
    x0 = valley.handle("x₀")
    valley.act(lambda: x0.press("End"))
    for _ in range(3):  # each leads to smaller values
        valley.wait("root => !root.hasAttribute('data-moving')")
        _, before = valley.root.evaluate(REACH)
        valley.act(lambda: x0.press("PageDown"))
        moving, reach = valley.root.evaluate(REACH)
        assert reach == pytest.approx(before) or not moving
        valley.wait("root => !root.hasAttribute('data-moving')")
        largest = max(curve(valley, 1, 0)[1])
        assert largest < valley.root.evaluate(REACH)[1] < 1.2 * largest


def test_the_data_are_downloaded_as_they_are_drawn(valley, notebook):
    valley.act(lambda: valley.handle("step α").press("ArrowRight"))
    with notebook.page.expect_download() as download:
        valley.button("Data as CSV").click()
    assert download.value.suggested_filename == "valley.csv"
    with download.value.path().open(newline="") as file:
        rows = list(csv.DictReader(file))
    path = np.array([2.0, 1.0]) * (1 - 0.055 * np.array([1.0, 10.0])) ** np.arange(31)[:, None]
    title = "The path bounces between the walls"
    for axis, expected in zip("xy", path.T, strict=True):
        column = [float(row[f"{title}: path: {axis}"]) for row in rows[:31]]
        np.testing.assert_allclose(column, expected, rtol=1e-12)
    values = [float(row["The steep factor is 0.450: f(x): y"]) for row in rows[:31]]
    np.testing.assert_allclose(values, (path**2 @ [1, 10]) / 2, rtol=1e-12)
    assert rows[31]["The steep factor is 0.450: f(x): y"] == ""


def test_the_long_part_waits_for_its_button(walks):
    before = curve(walks, 0, 0)
    walks.act(lambda: walks.handle("seed").press("ArrowRight"))
    assert walks.stale
    assert "press the button" in walks.note
    assert curve(walks, 0, 0) == before
    walks.act(lambda: walks.button("Walk").press("Enter"))
    walks.wait("root => !root.classList.contains('optilab-stale') && root.querySelector('progress').hidden")
    assert walks.note.startswith("It ends at ")
    assert curve(walks, 0, 0) != before
    assert walks.button("Walk").is_enabled()


def test_other_values_answer_without_the_long_part(walks):
    before = curve(walks, 0, 0)
    walks.act(lambda: walks.handle("scale").press("ArrowRight"))
    assert not walks.stale
    np.testing.assert_allclose(np.divide(curve(walks, 0, 0)[1], before[1]), 10 ** (2 / 60), rtol=1e-9)


CAMERA = "plot => plot._fullLayout.scene._scene.getCamera().eye"


def turn(notebook, box, across):
    """Press the mouse in the scene and move it, without letting go."""
    area = box.panel(0).bounding_box()
    middle = area["x"] + area["width"] / 2, area["y"] + area["height"] / 2
    notebook.page.mouse.move(*middle)
    notebook.page.mouse.down()
    for step in range(1, 9):
        notebook.page.mouse.move(middle[0] + across * step / 8, middle[1])


def test_the_long_part_stops_at_its_button_and_the_last_pictures_stay(walks, notebook):
    before = curve(walks, 0, 0)[1]
    walks.act(lambda: walks.handle("steps").press("End"))
    walks.act(lambda: walks.handle("pause (ms)").press("End"))
    walks.button("Walk").click()
    walks.wait("root => root.querySelector('progress')?.value > 0")
    other = notebook.explorers[0]
    other.act(lambda: other.handle("x₀").press("ArrowLeft"))  # answers meanwhile
    assert walks.button("Stop").is_visible()
    walks.act(walks.button("Stop").click)
    assert walks.error == "Stopped before the pictures were finished."
    assert walks.stale
    assert curve(walks, 0, 0)[1] == before


def test_a_scene_is_drawn_and_moves(box):
    assert box.root.locator(".optilab-key").all_inner_texts() == ["box", "path"]
    assert box.root.locator(".optilab-key rect").get_attribute("fill") == color("heavy ball")
    first = box.fingerprint()
    box.act(lambda: box.handle("step k").press("End"))
    box.settle()
    moved = box.fingerprint()
    assert moved[0] != first[0]
    assert box.panel(0).evaluate("plot => Math.max(...plot.data[0].x)") == pytest.approx(3.5)
    box.act(box.button("Reset").click)
    box.settle()
    assert box.fingerprint() == first


def test_a_wide_panel_has_a_row_of_its_own(box):
    scene, left, right = (box.panel(index).bounding_box() for index in range(3))
    assert left["y"] == right["y"] > scene["y"] + scene["height"]
    assert right["x"] > left["x"] + left["width"]
    assert scene["x"] == left["x"]
    assert scene["x"] + scene["width"] == pytest.approx(right["x"] + right["width"], abs=1)


def test_a_scene_stays_as_the_reader_has_turned_it(box, notebook):
    before = box.panel(0).evaluate(CAMERA)
    turn(notebook, box, 120)
    notebook.page.mouse.up()
    box.settle()
    turned = box.panel(0).evaluate(CAMERA)
    assert abs(turned["x"] - before["x"]) + abs(turned["y"] - before["y"]) > 0.3
    box.act(lambda: box.handle("step k").press("ArrowRight"))
    box.settle()
    assert box.panel(0).evaluate(CAMERA) == pytest.approx(turned, abs=0.02)


def test_a_scene_can_be_turned_while_it_moves(box, notebook):
    turn(notebook, box, -120)
    box.settle()
    before, held = box.drawn, box.panel(0).evaluate(CAMERA)
    box.handle("step k").press("End")
    box.wait("root => root.querySelector('.optilab-note').textContent === 'The box is at 3.00 m.'")
    assert box.drawn == before
    assert box.panel(0).evaluate(CAMERA) == pytest.approx(held)
    notebook.page.mouse.up()
    box.wait_drawn(before)
    box.settle()
    assert box.panel(0).evaluate(CAMERA) == pytest.approx(held, abs=0.02)


def test_its_text_is_legible_in_both_themes_and_every_control_moves_a_picture_in_the_dark(notebook):
    for theme in ("Light", "Dark"):
        notebook.theme(theme)
        for explorer in notebook.explorers:
            assert explorer.box.evaluate("box => measures.illegible(box, 4.5)") == []
    for explorer in notebook.explorers:
        explorer.settle()
        move_everything(explorer)
        assert explorer.root.evaluate("root => measures.blank(root)") == []
    notebook.theme("Light")
    assert notebook.errors == []


@pytest.mark.parametrize("width", [700, 1600, 1400])
def test_nothing_is_cut_off_or_covered(width, notebook):
    notebook.page.set_viewport_size({"width": width, "height": 1000})
    for explorer in notebook.explorers:
        explorer.settle()
        assert explorer.box.evaluate("box => measures.misfits(box)") == []


def test_the_controls_stay_in_sight_above_the_pictures_of_a_narrow_window(valley, notebook):
    notebook.page.set_viewport_size({"width": 700, "height": 600})
    valley.settle()
    deck = valley.box.locator(".optilab-controls").first
    valley.root.locator(".optilab-note").evaluate("note => note.scrollIntoView({ block: 'end' })")
    above = valley.root.evaluate("root => root.getBoundingClientRect().top")
    place = deck.evaluate("deck => [deck.getBoundingClientRect().top, deck.getBoundingClientRect().bottom]")
    notebook.page.set_viewport_size({"width": 1400, "height": 1000})
    assert above < place[0]  # the pictures have moved up behind the controls
    assert 0 <= place[0] < place[1] <= 600


def test_a_move_costs_few_messages(valley, notebook, record_property):
    numbers = {kind: len(lengths) for kind, lengths in notebook.frames.items()}
    moves = 10
    for _ in range(moves):
        valley.act(lambda: valley.handle("step α").press("ArrowRight"))
    notebook.idle()
    sent, received = ((len(notebook.frames[kind]) - numbers[kind]) / moves for kind in ("framesent", "framereceived"))
    record_property("messages per move", f"{sent:g} sent, {received:g} received")
    print(f"messages per move: {sent:g} sent, {received:g} received")
    assert sent + received <= 6


def test_a_page_receives_plotly_once(notebook, record_property):
    lengths = notebook.frames["framereceived"]
    record_property("bytes received", f"{notebook.received} over HTTP, {sum(lengths)} from the kernel")
    print(f"bytes received: {notebook.received:,} over HTTP, {sum(lengths):,} from the kernel")
    assert sum(length > 1_000_000 for length in lengths) == 1
