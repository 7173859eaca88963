"""The site: built by its command, served from a folder, read in Chromium with nothing but that folder to be had."""

import contextlib
import functools
import http.server
import subprocess
import sys
import threading
from collections import defaultdict
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

import driver
import pytest
from frozen import drawn
from PIL import Image

from optilab import catalogue
from optilab.site import player, reference

TWO = ["start_here", "last_iterate"]
SAID = (player.QUIET, "Not every combination is computed here; this one has ")  # beside what is asked for
SPACE = 400_000  # bytes of a lesson's page, its pictures apart


class Links(HTMLParser):
    """What a page loads, where it leads and which places it has."""

    def __init__(self, path):
        super().__init__()
        self.loaded, self.led, self.places = [], [], {""}
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.places |= {given[name] for name in ("id", "name") if given.get(name)}
        self.loaded += [given[name] for name in ("src", "srcset") if given.get(name)]
        if given.get("href") is not None:
            (self.led if tag == "a" else self.loaded).append(given["href"])


@pytest.fixture(
    scope="module", params=[pytest.param(TWO, id="two"), pytest.param([], id="all", marks=pytest.mark.full)]
)
def site(request, tmp_path_factory):
    """The folder of the site, and which lessons are pages of it."""
    folder = tmp_path_factory.mktemp("site")
    lessons = [flag for slug in request.param for flag in ("--lesson", slug)]
    command = [sys.executable, "-m", "optilab.cli", "site", str(folder), *lessons]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert not run.stderr
    return folder, [row for row in catalogue.LESSONS if not request.param or row.slug in request.param]


@pytest.fixture(scope="module")
def address(site):
    """Where a plain file server serves the folder."""

    class Silent(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Silent, directory=str(site[0])))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture(scope="module")
def chromium():
    with driver.browser() as running:
        yield running


@contextlib.contextmanager
def opened(chromium, address, path, **options):
    """A page, with all that went wrong in it and all that it asked of other machines."""
    context = chromium.new_context(**{"viewport": {"width": 1280, "height": 900}} | options)
    page = context.new_page()
    page.errors = errors = []
    strange = []
    page.on("console", lambda message: message.type in ("error", "warning") and errors.append(message.text))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("response", lambda answer: answer.status >= 400 and errors.append(f"{answer.status} {answer.url}"))

    def sort(route):
        if route.request.url.startswith((address, "data:", "blob:")):
            route.continue_()
        else:
            strange.append(route.request.url)
            route.abort()

    context.route("**/*", sort)
    page.goto(f"{address}/{path}", wait_until="load")
    yield page
    assert not errors
    assert not strange
    context.close()


def page_of(row):
    return f"lessons/{row.lesson.replace('.ipynb', '.html')}"


def test_no_link_is_dead_and_nothing_is_loaded_from_elsewhere(site):
    folder, _ = site
    pages = {path: Links(path) for path in sorted(folder.rglob("*.html"))}
    assert folder / "index.html" in pages
    dead = defaultdict(set)
    for path, links in pages.items():
        for link in [*links.loaded, *links.led]:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                if link in links.loaded and parts.scheme != "data":
                    dead[path].add(f"loads {link}")
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not target.exists() or (target in pages and unquote(parts.fragment) not in pages[target].places):
                dead[path].add(link)
    assert not dead


def test_every_lesson_is_a_page_with_its_formulas_code_claims_and_the_way_to_a_kernel(site, chromium, address):
    folder, rows = site
    for row in rows:
        assert (folder / page_of(row)).stat().st_size < SPACE
        with opened(chromium, address, page_of(row)) as page:
            page.wait_for_function("() => document.querySelectorAll('mjx-container').length > 3")
            assert page.locator("mjx-merror").count() == 0
            text = page.locator("article").inner_text()
            assert f"level {row.level} of 3" in text
            assert f"optilab lab --lesson {row.number}" in text
            assert page.locator("article .highlight").count() >= 1
            if isinstance(row, catalogue.Paper):
                assert "✓" in text
            assert "$" not in page.locator("article p").first.inner_text()


def test_the_home_page_is_a_map_whose_pictures_move(site, chromium, address):
    folder, rows = site
    for row in rows:
        with Image.open(folder / "_static" / "thumbnails" / f"{row.slug}.webp") as picture:
            assert picture.n_frames > 4, row.slug
        assert (folder / "_static" / "thumbnails" / f"{row.slug}.webp").stat().st_size < 120_000
    slugs = {row.slug for row in rows}
    arrows = sum(len(slugs.intersection(row.after)) for row in rows)
    with opened(chromium, address, "index.html") as page:
        assert page.locator(".map-card").count() == len(rows)
        assert page.evaluate("document.documentElement.scrollWidth") <= 1280
        page.wait_for_function("count => document.querySelectorAll('[data-ends]').length === count", arg=arrows)
        boxes = [page.locator(f"[data-slug={row.slug}]").bounding_box() for row in rows]
        for row, box in zip(rows, boxes, strict=True):  # deeper lessons are further right
            for other, other_box in zip(rows, boxes, strict=True):
                assert (row.level < other.level) == (box["x"] < other_box["x"])
        page.locator(f"[data-slug={rows[-1].slug}]").click()
        page.wait_for_url(f"**/{page_of(rows[-1])}")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_read_on_a_phone_in_both_colour_schemes(site, chromium, address, scheme):
    _, rows = site
    phone = {"viewport": {"width": 390, "height": 844}, "color_scheme": scheme, "has_touch": True, "is_mobile": True}
    room = next(row for row in rows if isinstance(row, catalogue.Paper))
    for path in (
        "index.html",
        "teaching.html",
        "docs/bring_your_own.html",
        page_of(room),
        f"api/optilab.papers.{room.slug}.html",
    ):
        with opened(chromium, address, path, **phone) as page:
            page.wait_for_timeout(300)
            assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
            ground, text = page.evaluate(
                """() => [["backgroundColor", document.body], ["color", document.querySelector("article")]]
                  .map(([name, element]) => getComputedStyle(element)[name].match(/[\\d.]+/g).slice(0, 3)
                    .reduce((sum, part) => sum + Number(part) / 3, 0))"""
            )
            assert (ground < text) == (scheme == "dark"), path
            assert abs(ground - text) > 120, path


def test_the_reference_has_every_module_with_shapes_sources_and_code(site, chromium, address):
    folder, rows = site
    for name in reference.pages([row for row in rows if isinstance(row, catalogue.Paper)]):
        assert (folder / "api" / f"{name}.html").exists(), name
    with opened(chromium, address, "api/optilab.core.run.html") as page:
        entry = page.locator("[id='optilab.core.run.replicates']")
        text = page.locator("dl.py", has=entry).first.inner_text()
        assert "array (*batch, d)" in text
        assert "ValueError" in text
        entry.locator(".viewcode-link").click()
        page.wait_for_url("**/_modules/optilab/core/run.html*")


def test_search_finds_a_name_and_a_word(site, chromium, address):
    for asked, found in [("replicates", "optilab.core.run"), ("momentum", "lessons/00_start_here")]:
        with opened(chromium, address, f"search.html?q={asked}") as page:
            page.wait_for_selector(f"#search-results a[href*='{found}']")


def moved(page, at):
    """Milliseconds from a move of an explorer's first live slider until it is drawn, one by one."""
    return page.evaluate(
        """async at => {
          const box = document.querySelectorAll('.optilab-player')[at];
          const root = box.querySelector('.optilab');
          const ranges = [...box.querySelectorAll('input[type=range]')];
          const range = ranges.find((input) => !input.disabled && input.max > 0);
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


def test_every_explorer_plays(site, chromium, address, record_property):
    folder, rows = site
    for row in rows:
        films = sum(film.stat().st_size for film in (folder / "_static/player/frames").glob(f"{row.number:02d}_*.js"))
        record_property(f"{row.slug}: bytes of its films", films)
        assert films < player.LARGEST, row.slug
        with opened(chromium, address, page_of(row)) as page:
            for at in range(page.locator(".optilab-player").count()):
                box = page.locator(".optilab-player").nth(at)
                box.scroll_into_view_if_needed()
                drawn(page, 1, at)
                record_property(f"{row.slug}: ms of moves", moved(page, at))
                drawn(page, 1, at)
                for button in box.locator("[data-named]").all():
                    if button.is_enabled():
                        button.evaluate("button => button.click()")  # folded ones too
                        assert box.locator(".optilab-beyond").inner_text().startswith(SAID), row.slug
                drawn(page, 1, at)
                assert box.locator(".optilab-error").inner_text() == "", row.slug


def test_another_lesson_than_there_is_is_refused(tmp_path):
    command = [sys.executable, "-m", "optilab.cli", "site", str(tmp_path / "site"), "--lesson", "nosuch"]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 2
    assert "nosuch" in run.stderr
    assert not (tmp_path / "site").exists()
