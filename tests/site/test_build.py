"""What keeps the site from being built is said at once and in a sentence; what goes into its sources."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from unittest.mock import MagicMock

import pytest
from playwright import sync_api

from optilab import cli, shipped
from optilab.catalogue import LESSONS, START
from optilab.site import build, pages, repository
from optilab.stills import studio


@pytest.fixture
def refused(monkeypatch, capsys):
    """The sentence that `optilab site DIR` ends with, and whether it had begun to build."""
    begun = []
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setattr(build, "write_static", lambda *_: begun.append("static"))
    monkeypatch.setattr(build, "write_sources", lambda source, *_: source.mkdir())

    def said(folder):
        assert cli.main(["site", str(folder)]) == 1
        sentence = capsys.readouterr().err
        assert sentence.startswith("optilab: ")
        assert sentence.count("\n") == 1
        return sentence.removeprefix("optilab: ").rstrip(), bool(begun)

    return said


def test_a_file_in_the_place_of_the_folder_is_named_before_anything_is_built(refused, tmp_path):
    (tmp_path / "notes").write_text("mine")
    assert refused(tmp_path / "notes") == (f"the site can't be built: {tmp_path / 'notes'}: File exists", False)
    assert (tmp_path / "notes").read_text() == "mine"


def test_a_folder_that_cannot_be_written_is_named_before_anything_is_built(refused, tmp_path, monkeypatch):
    monkeypatch.setattr("os.access", lambda path, mode: False)  # root may write everywhere
    assert refused(tmp_path) == (f"the site can't be built: {tmp_path}: Permission denied", False)


@pytest.mark.parametrize("package", build.NEEDED)
def test_without_what_builds_it_it_says_what_to_install(package, refused, tmp_path, monkeypatch):
    there = build.find_spec
    monkeypatch.setattr(build, "find_spec", lambda name: None if name == package else there(name))
    assert refused(tmp_path / "site") == (f"{package} isn't installed: pip install 'optilab[site]'", False)
    assert not (tmp_path / "site").exists()


def test_what_sphinx_refuses_is_a_sentence(refused, tmp_path):
    sentence, begun = refused(tmp_path)
    assert sentence.startswith("the site can't be built: Sphinx error: ")
    assert "index" in sentence  # there is none
    assert begun


def test_what_chromium_refuses_is_a_sentence(monkeypatch):
    playwright = MagicMock()

    @contextmanager
    def started():
        yield playwright

    monkeypatch.setattr(sync_api, "sync_playwright", started)
    monkeypatch.setattr("shutil.which", lambda name: f"/bin/{name}")
    with pytest.raises(RuntimeError, match=r"^Chromium draws no pictures: Timeout 60000ms exceeded\.$"), studio():
        raise sync_api.TimeoutError("Timeout 60000ms exceeded.\nCall log: …")
    playwright.chromium.launch.side_effect = sync_api.Error("Failed to launch\nlog: …")
    with pytest.raises(RuntimeError, match=r"^Chromium draws no pictures: Failed to launch$"), studio():
        pass


@pytest.mark.parametrize("stop", [KeyboardInterrupt, ValueError])
def test_where_one_lesson_fails_the_others_are_not_begun(stop, tmp_path, monkeypatch):
    begun, failed = [], threading.Event()  # the second one is at work until the first has failed

    def lesson(path, *_):
        begun.append(path)
        if len(begun) == 1:
            raise stop
        failed.wait(30)
        return {}

    def executor(*_):
        pool = ThreadPoolExecutor(1)
        end = pool.shutdown

        def shutdown(wait=True, cancel_futures=False):
            end(wait=False, cancel_futures=cancel_futures)
            failed.set()
            end()

        pool.shutdown = shutdown
        return pool

    monkeypatch.setattr(build, "ProcessPoolExecutor", executor)
    monkeypatch.setattr(build.player, "lesson", lesson)
    with pytest.raises(stop):
        list(build.frozen(LESSONS, tmp_path))
    assert len(begun) <= 2


def test_every_page_for_scripts_is_in_the_contents_and_its_links_lead_to_the_repository(tmp_path, monkeypatch):
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "two.md").write_text("# Two\n\n[a lesson](../lessons/04_last_iterate.ipynb#sources), [one](one.md)")
    (docs / "one.md").write_text(f"# One\n\n[built](../lessons/{START.lesson})")
    monkeypatch.setattr(shipped, "folder", lambda name: docs if name == "docs" else build.Path("lessons"))
    monkeypatch.setattr(shipped, "lessons", lambda: build.Path(__file__).parents[2] / "lessons")
    monkeypatch.setattr(build, "frozen", lambda rows, assets: ({} for _ in rows))
    monkeypatch.setattr(build.reference, "pages", lambda rows: {})
    build.write_sources(tmp_path / "source", [START], tmp_path)
    assert "\nteaching\ndocs/one\ndocs/two\napi/index\n" in (tmp_path / "source" / "index.md").read_text()
    blob = f"{repository.home()}/blob/main"
    two, one = ((tmp_path / "source" / "docs" / f"{name}.md").read_text() for name in ("two", "one"))
    assert two.endswith(f"[a lesson]({blob}/lessons/04_last_iterate.ipynb#sources), [one]({blob}/docs/one.md)")
    assert one.endswith(f"[built](../lessons/{START.lesson})")


def test_a_path_that_goes_up_is_the_one_it_leads_to():
    assert pages.linked("[x](../lessons/x.ipynb)", (), "docs/") == f"[x]({repository.home()}/blob/main/lessons/x.ipynb)"
