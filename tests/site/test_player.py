"""Explorers that play without a kernel."""

import base64
import contextlib
import functools
import gzip
import http.server
import json
import re
import threading
import time

import driver
import numpy as np
import pytest
from example import valley

from optilab.cli import shipped_lessons
from optilab.site import player
from optilab.start_here import explorer as start_here
from optilab.ui.controls import choice, log_slider, slider, switch
from optilab.ui.controls import player as film_player
from optilab.ui.explorer import Explorer
from optilab.ui.marks import curve, heat, panel
from optilab.ui.predict import Predict

HOW = "For more: <code>optilab lab</code>."
LESSONS = sorted(shipped_lessons().glob("[0-9][0-9]_*.ipynb"))
LARGEST = 3e6  # bytes of a lesson's films


def unrolled(film):
    """The table of a film with its arrays, as the browser takes it apart."""
    whole = gzip.decompress(film)
    length = int.from_bytes(whole[:4], "little")
    table, rest = json.loads(whole[4 : 4 + length]), np.frombuffer(whole[4 + length :], np.uint8)
    contents = {}
    for size in player.SIZES:
        numbers = [at for at, entry in enumerate(table["arrays"]) if int(entry["dtype"][1:]) == size]
        counts = [int(np.prod(table["arrays"][at]["shape"])) for at in numbers]
        planes, rest = np.split(rest, [size * sum(counts)])
        parts = np.split(planes.reshape(size, -1).T, np.cumsum(counts)[:-1]) if numbers else []
        for at, part in zip(numbers, parts, strict=True):
            like = table["arrays"][at]["like"]
            contents[at] = part.tobytes() if like is None else bytes(np.frombuffer(contents[like], np.uint8) ^ part.ravel())
    assert not rest.size
    arrays = [np.frombuffer(contents[at], e["dtype"]).reshape(e["shape"]) for at, e in enumerate(table["arrays"])]
    return table, arrays


def shown(table, arrays, place):
    """What the page draws at a place: arrays and other values by name, and the frame's words."""
    first, frame = (next(f for f in table["frames"] if f["at"] == list(at)) for at in (table["frames"][0]["at"], place))
    known = {name: arrays[at] for name, at in (first["arrays"] | frame["arrays"]).items()}
    values = first["values"] | frame["values"]
    return {name: array for name, array in known.items() if name not in frame["values"]} | values, frame


def test_frames_are_what_compute_gives_to_the_precision_of_a_picture():
    explorer = start_here.valley()
    plan, film = player.film(explorer)
    table, arrays = unrolled(film)
    names = set().union(*(panel.names() for panel in explorer.panels))
    assert [tuple(frame["at"]) for frame in table["frames"]] == plan.places
    for place in plan.places:
        explorer.set(**plan.values(place))
        given, frame = shown(table, arrays, place)
        assert frame["note"] == explorer.data["note"]
        assert frame["code"] == explorer.shown_code(explorer.values)
        for name in names:
            wanted = explorer.data[name]
            if isinstance(wanted, np.ndarray):
                finite = wanted[np.isfinite(wanted)]
                least = min(np.ptp(finite), abs(finite).max()) if finite.size > 1 else 0
                np.testing.assert_allclose(given[name], wanted, rtol=2**-13, atol=2**-13 * least, err_msg=name)
            elif isinstance(wanted, float):
                np.testing.assert_equal(given[name] if given[name] is not None else np.nan, wanted)
            else:
                assert given[name] == wanted


def test_an_offset_costs_no_precision():
    rng = np.random.default_rng(0)
    noise = rng.normal(size=100)
    for offset in (0.0, 1e3):
        assert abs(player.single(offset + noise) - (offset + noise)).max() < 2e-4 * np.ptp(noise)
    lonely = player.single(np.array([1 / 3]))
    assert lonely.dtype == np.float32
    assert lonely == np.float32(1 / 3)


def test_what_single_precision_cannot_hold_stays_double():
    for number in (1e-60, 1e60):
        np.testing.assert_equal(player.single(np.array([number, 1.0])), [number, 1.0])
    np.testing.assert_equal(player.single(np.array([np.nan, np.inf, -np.inf, 0.0])), [np.nan, np.inf, -np.inf, 0.0])
    assert player.single(np.arange(3)).dtype == np.int64


def test_each_control_has_few_stops_and_all_that_is_named():
    plan = player.plan(start_here.valley(beta=0.333))
    assert all(len(stops) <= player.MOST + 2 for stops in plan.stops.values())
    assert all(stops == sorted(stops) for stops in plan.stops.values())
    assert plan.values(plan.places[0]) == {"alpha": 0.05, "beta": 0.333, "x0": 2.0, "y0": 1.0}
    ((name, _, place),) = plan.named
    assert name == "alpha"
    assert plan.values(place)["alpha"] == pytest.approx(2 * 1.333 / 20)
    for at, stops in enumerate(plan.stops.values()):  # each control alone
        reached = {place[at] for place in plan.places if sum(map(int.__ne__, place, plan.places[0])) <= 1}
        assert reached == set(range(len(stops)))


@pytest.mark.parametrize(
    ("control", "count", "some"),
    [
        (film_player("k", 3, 120), 121, 120),
        (slider("n", 3, 0, 10, 1), 11, 7),
        (slider("n", 3, 0, 1000, 1), 41, 1000),
        (slider("x", 0.0, -1.0, 1.0, 0.01), 41, 1.0),
        (log_slider("x", 1.0, 0.01, 100.0), 41, 100.0),
        (choice("c", "b", ["a", "b"]), 2, "a"),
        (switch("s", True), 2, False),
    ],
)
def test_stops(control, count, some):
    stops = player.stops(control, [control.value])
    assert len(stops) == count
    assert some in stops or pytest.approx(some) == stops[-1]
    assert control.value in stops


def long_one():
    """An explorer with a long part."""

    def simulate(n, progress):
        return np.arange(n)

    def compute(n, scale, run):
        return {"line": (run, scale * run), "note": f"{n} points"}

    controls = {
        "n": slider("points", 5, 2, 9, 1, named={"most": 9, "none, doubled": {"scale": 2.0}}),
        "scale": slider("scale", 1.0, 0.0, 2.0, 0.5),
    }
    return Explorer(compute, controls, [panel("", curve("line"))], call="a.b.long_one", simulate=simulate)


def test_what_a_long_part_takes_stays_at_its_start():
    plan, film = player.film(long_one())
    assert plan.stops == {"n": [5], "scale": [0.0, 0.5, 1.0, 1.5, 2.0]}
    assert [place for *_, place in plan.named] == [None, (0, 4)]
    table, arrays = unrolled(film)
    given, _ = shown(table, arrays, (0, 4))
    assert given["line.y"].tolist() == [0, 2, 4, 6, 8]


def test_an_error_is_shown_over_the_first_picture():
    def compute(x):
        if x > 1:
            raise ValueError("x is too large")
        return {"line": ([0.0, 1.0], [0.0, x]), "note": "fine"}

    explorer = Explorer(compute, {"x": slider("x", 0.0, 0.0, 2.0, 1.0)}, [panel("", curve("line"))], call="a.b.c")
    table, arrays = unrolled(player.film(explorer)[1])
    given, frame = shown(table, arrays, (2,))
    assert frame["error"] == "x is too large"
    assert given["line.y"].tolist() == [0, 0]


def test_what_does_not_change_is_kept_once():
    grid = np.linspace(0, 1, 50)
    noise = np.random.default_rng(0).normal(size=(50, 50))

    def compute(x):
        return {"hill": (grid, grid, noise), "line": (grid, x * grid), "note": ""}

    controls = {"x": slider("x", 0.0, 0.0, 1.0, 0.01)}
    explorer = Explorer(compute, controls, [panel("", heat("hill"), curve("line"))], call="a.b.c")
    table, arrays = unrolled(player.film(explorer)[1])
    assert [array.shape for array in arrays].count((50, 50)) == 1
    assert all(set(frame["arrays"]) <= {"line.y"} for frame in table["frames"][1:])


def test_the_same_bytes_twice(tmp_path):
    snippets = []
    for name in ("one", "two"):
        player.assets(tmp_path / name)
        snippets.append(player.freeze(valley(), tmp_path / name, "valley", how=HOW))
    assert snippets[0] == snippets[1]
    files = [{p.relative_to(f): p.read_bytes() for p in f.rglob("*") if p.is_file()} for f in tmp_path.iterdir()]
    assert files[0] == files[1]
    assert set(map(str, files[0])) == {"player.js", "player.css", "plotly.js", "frames/valley.js"}


def test_controls_have_labels_and_say_what_they_are_at(tmp_path):
    snippet = player.freeze(valley(), tmp_path, "v", how=HOW)
    for identity in re.findall(r"<(?:input|select)[^>]* id=\"([^\"]+)\"", snippet):
        assert f'for="{identity}"' in snippet
    assert 'type="range" id="v-alpha" min="0" max="38"' in snippet.replace("\n", " ")
    assert 'aria-valuetext="0.050"' in snippet
    assert snippet.count("<details>") == 1
    assert HOW in snippet


def test_a_lesson_has_a_form_of_everything_that_it_shows(tmp_path):
    snippets = player.lesson(LESSONS[0], tmp_path)
    assert list(snippets) == [2, 4]
    assert "optilab lab --lesson 0" in snippets[2]
    assert (tmp_path / "frames" / "00_start_here-2.js").stat().st_size < LARGEST
    assert "<form" in snippets[4]


def page(folder, snippets):
    """Write a page with nothing but frozen explorers and questions."""
    player.assets(folder)
    look = ":root { color-scheme: light dark; } body { background: Canvas; margin: 8px; }"
    body = "\n".join(snippets)
    (folder / "index.html").write_text(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f'<title>x</title><link rel="icon" href="data:,"><link rel="stylesheet" href="player.css"><style>{look}</style>'
        f'<script defer src="player.js"></script>{body}</html>'
    )


@contextlib.contextmanager
def served(folder):
    """Serve a folder on a free port; give its address."""

    class Silent(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Silent, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@contextlib.contextmanager
def opened(browser, address, **options):
    """Open a page; what goes wrong and where requests go is noted."""
    context = browser.new_context(**({"viewport": {"width": 1100, "height": 900}} | options))
    tab = context.new_page()
    tab.errors, tab.asked = [], []
    tab.on("console", lambda message: message.type == "error" and tab.errors.append(message.text))
    tab.on("pageerror", lambda error: tab.errors.append(str(error)))
    tab.on("request", lambda request: tab.asked.append(request.url))
    tab.goto(address)
    yield tab
    context.close()


def drawn(tab, number, at=0):
    """Wait until an explorer has drawn a frame and rests."""
    condition = """([at, number]) => { const root = document.querySelectorAll('.optilab-player')[at].querySelector('.optilab');
      return root && Number(root.dataset.drawn) >= number && !root.hasAttribute('data-moving'); }"""
    driver.wait_for(tab, condition, [at, number], lambda: tab.errors)


@pytest.fixture(scope="module")
def browser():
    with driver.browser() as running:
        yield running


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("page")
    question = Predict("What?", {"this": "No.", "that": "Yes."}, answer="that", because="So it is.")
    page(place, [player.predict(question), player.freeze(valley(), place, "valley", how=HOW), player.freeze(long_one(), place, "long", how=HOW)])
    return place


def test_controls_move_the_pictures(browser, folder):
    with served(folder) as address, opened(browser, address) as tab:
        drawn(tab, 1)
        box = tab.locator(".optilab-player").first
        title, said = box.locator(".optilab-title").nth(1), box.locator(".optilab-beyond")
        note = box.locator(".optilab-note")
        assert title.inner_text() == "The steep factor is 0.500"
        before = box.locator(".optilab-plot").first.inner_html()
        box.get_by_label("step α").press("ArrowRight")
        drawn(tab, 2)
        assert title.inner_text() == "The steep factor is 0.450"
        assert box.locator(".optilab-plot").first.inner_html() != before
        assert box.locator("output").first.inner_text() == "0.055"
        assert said.inner_text() == f"{player.QUIET} For more: optilab lab."
        box.get_by_label("x₀").press("ArrowLeft")
        drawn(tab, 3)
        assert title.inner_text() == "The steep factor is 0.500"
        assert "step α went back to the start" in said.inner_text()
        box.get_by_role("button", name="edge 2/L").click()
        drawn(tab, 4)
        assert title.inner_text() == "The steep factor is -0.950"
        assert player.QUIET in said.inner_text()
        box.get_by_role("button", name="Reset").click()
        drawn(tab, 5)
        box.get_by_text("more", exact=False).first.click()
        box.get_by_label("curvature", exact=True).select_option("eight")
        drawn(tab, 6)
        assert title.inner_text() == "The steep factor is 0.600"
        box.get_by_label("show the value of every step").uncheck()
        drawn(tab, 7)
        box.get_by_role("button", name="Reset").click()
        box.locator(".optilab-play").click()
        tab.wait_for_function("document.querySelector('.optilab-note').textContent.startsWith('At step 30')")
        assert note.inner_text().startswith("At step 30")
        assert tab.errors == []
        assert all(url.startswith((address, "data:", "blob:")) for url in tab.asked)


def test_what_takes_a_kernel_is_said(browser, folder):
    with served(folder) as address, opened(browser, address) as tab:
        box = tab.locator(".optilab-player").nth(1)
        box.scroll_into_view_if_needed()
        drawn(tab, 1, 1)
        said = box.locator(".optilab-beyond")
        assert box.get_by_label("points").is_disabled()
        box.get_by_role("button", name="most").click()
        assert said.inner_text() == "To get there takes a kernel. For more: optilab lab."
        box.get_by_role("button", name="none, doubled").click()
        assert player.QUIET in said.inner_text()
        box.get_by_role("button", name="Run").click()
        assert "takes a kernel" in said.inner_text()
        first = tab.locator(".optilab-player").first
        first.scroll_into_view_if_needed()
        drawn(tab, 1)
        first.locator(".optilab-plot").first.click()
        assert "takes a kernel" in first.locator(".optilab-beyond").inner_text()
        assert tab.errors == []


def test_a_page_opened_from_a_folder_plays_and_questions_answer(browser, folder):
    with opened(browser, (folder / "index.html").as_uri()) as tab:
        form = tab.locator("form")
        form.get_by_label("this").check()
        form.get_by_role("button").click()
        assert form.get_by_role("status").inner_text() == "It is that. No. So it is."
        assert form.get_by_label("that").is_disabled()
        drawn(tab, 1)
        tab.get_by_label("step α").press("ArrowRight")
        drawn(tab, 2)
        assert tab.errors == []
        assert all(url.startswith(("file:", "data:", "blob:")) for url in tab.asked)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_in_both_schemes(browser, folder, scheme):
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "color_scheme": scheme}
    with opened(browser, folder.joinpath("index.html").as_uri(), **phone) as tab:
        drawn(tab, 1)
        assert tab.evaluate("document.documentElement.scrollWidth") <= 390
        ink = tab.evaluate("getComputedStyle(document.querySelector('.xtick text')).fill")
        assert (sum(map(int, re.findall(r"\d+", ink)[:3])) > 384) == (scheme == "dark")
        box = tab.get_by_label("step α").bounding_box()
        tab.touchscreen.tap(box["x"] + 0.9 * box["width"], box["y"] + box["height"] / 2)
        drawn(tab, 2)
        other = "light" if scheme == "dark" else "dark"
        tab.emulate_media(color_scheme=other)
        driver.wait_for(tab, "before => getComputedStyle(document.querySelector('.xtick text')).fill !== before", ink, lambda: tab.errors)
        assert tab.errors == []


def timed(tab, at):
    """Milliseconds from a move of an explorer's first live control until it is drawn, one by one."""
    return tab.evaluate(
        """async at => {
          const box = document.querySelectorAll('.optilab-player')[at];
          const root = box.querySelector('.optilab');
          const range = [...box.querySelectorAll('input[type=range]')].find((input) => !input.disabled && input.max > 0);
          const times = [];
          for (let move = 0; range && move < 8; move++) {
            const before = root.dataset.drawn;
            const began = performance.now();
            range.value = Math.round(((move % 4) + 1) * range.max / 5);
            range.dispatchEvent(new Event('input'));
            while (root.dataset.drawn === before) await new Promise((resolve) => setTimeout(resolve));
            times.push(performance.now() - began);
          }
          return times;
        }""",
        at,
    )


@pytest.mark.full
@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_every_lesson_plays(path, browser, tmp_path, record_property):
    began = time.process_time()
    snippets = player.lesson(path, tmp_path)
    record_property("build", time.process_time() - began)
    page(tmp_path, snippets.values())
    size = sum(film.stat().st_size for film in (tmp_path / "frames").iterdir())
    record_property("size", size)
    assert size < LARGEST
    with served(tmp_path) as address, opened(browser, address) as tab:
        drawn(tab, 1)
        record_property("first", tab.evaluate("performance.now()"))
        for at in range(tab.locator(".optilab-player").count()):
            tab.locator(".optilab-player").nth(at).scroll_into_view_if_needed()
            drawn(tab, 1, at)
            record_property("moves", timed(tab, at))
            drawn(tab, 1, at)
        assert tab.errors == []
        assert all(url.startswith((address, "data:", "blob:")) for url in tab.asked)
