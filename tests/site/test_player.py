"""Explorers and questions in a page without a kernel."""

import contextlib
import functools
import http.server
import re
import threading
from pathlib import Path

import driver
import pytest
from example import valley
from frozen import drawn, long_one

from optilab.site import player
from optilab.ui.predict import Predict

HOW = "For more: <code>optilab lab</code>."
LESSONS = sorted((Path(__file__).parents[2] / "lessons").glob("[0-9][0-9]_*.ipynb"))


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
    assert (tmp_path / "frames" / "00_start_here-2.js").stat().st_size < player.LARGEST
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


@pytest.fixture(scope="module")
def browser():
    with driver.browser() as running:
        yield running


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("page")
    question = Predict("What?", {"this": "No.", "that": "Yes."}, answer="that", because="So it is.")
    page(
        place,
        [
            player.predict(question),
            player.freeze(valley(), place, "valley", how=HOW),
            player.freeze(long_one(), place, "long", how=HOW),
        ],
    )
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
        box.get_by_label("y₀").press("ArrowLeft")
        drawn(tab, 3)
        assert title.inner_text() == "The steep factor is 0.500"
        assert said.inner_text().startswith("Not every combination is computed here; this one has step α 0.050.")
        box.get_by_role("button", name="edge 2/L").click()
        drawn(tab, 4)
        assert title.inner_text() == "The steep factor is -0.950"
        assert said.inner_text().startswith("Not every combination is computed here; this one has y₀ ")
        box.get_by_role("button", name="edge 2/L").click()
        assert player.QUIET in said.inner_text()  # nothing else goes back any more
        box.get_by_role("button", name="Reset").click()
        drawn(tab, 5)
        box.get_by_text("more", exact=False).first.click()
        box.get_by_label("curvature", exact=True).select_option("eight")
        drawn(tab, 6)
        assert title.inner_text() == "The steep factor is 0.600"
        box.get_by_label("show the value of every step").uncheck()
        drawn(tab, 7)
        box.get_by_role("button", name="Reset").click()
        first = note.inner_text()
        box.locator(".optilab-play").click()
        tab.wait_for_function("document.querySelector('.optilab-note').textContent.startsWith('At step 30')")
        assert note.inner_text().startswith("At step 30")
        tab.wait_for_function("document.querySelector('.optilab-play').textContent === '▶'")
        box.locator(".optilab-play").click()  # from the first step again
        tab.wait_for_function("!document.querySelector('.optilab-note').textContent.startsWith('At step 30')")
        box.get_by_role("button", name="Reset").click()
        assert box.locator(".optilab-play").inner_text() == "▶"
        tab.wait_for_timeout(500)
        assert note.inner_text() == first  # and it stays there
        assert tab.errors == []
        assert all(url.startswith((address, "data:", "blob:")) for url in tab.asked)


def test_what_takes_a_kernel_is_said(browser, folder):
    with served(folder) as address, opened(browser, address) as tab:
        box = tab.locator(".optilab-player").nth(1)
        box.scroll_into_view_if_needed()
        drawn(tab, 1, 1)
        said = box.locator(".optilab-beyond")
        box.get_by_role("button", name="few, doubled").click()
        assert box.locator("output").all_inner_texts() == ["7", "2.0"]
        drawn(tab, 2, 1)
        assert box.locator(".optilab-note").inner_text() == "7 points"
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


def test_a_film_that_is_missing_is_named(browser, tmp_path):
    page(tmp_path, [player.freeze(long_one(), tmp_path, "gone", how=HOW)])
    (tmp_path / "frames" / "gone.js").unlink()
    with opened(browser, (tmp_path / "index.html").as_uri()) as tab:
        said = tab.locator(".optilab-asked")
        said.wait_for()
        assert said.inner_text().startswith("The pictures can't be drawn: frames/gone.js")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_in_both_schemes(browser, folder, scheme):
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "color_scheme": scheme}
    with opened(browser, folder.joinpath("index.html").as_uri(), **phone) as tab:
        drawn(tab, 1)
        assert tab.evaluate("document.documentElement.scrollWidth") <= 390
        ink = tab.evaluate("getComputedStyle(document.querySelector('.xtick text')).fill")
        assert (sum(map(int, re.findall(r"\d+", ink)[:3])) > 384) == (scheme == "dark")
        tab.evaluate("document.querySelectorAll('.optilab-plot')[1].scrollIntoView()")
        box = tab.get_by_label("step α").bounding_box()
        assert 0 <= box["y"] < 844 / 2  # the controls stay in sight
        tab.touchscreen.tap(box["x"] + 0.9 * box["width"], box["y"] + box["height"] / 2)
        drawn(tab, 2)
        other = "light" if scheme == "dark" else "dark"
        tab.emulate_media(color_scheme=other)
        driver.wait_for(
            tab,
            "before => getComputedStyle(document.querySelector('.xtick text')).fill !== before",
            ink,
            lambda: tab.errors,
        )
        assert tab.errors == []
