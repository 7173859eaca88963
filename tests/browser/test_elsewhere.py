"""The same explorers where lessons are opened without JupyterLab: in Jupyter Notebook and in Voilà."""

import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager

import driver
import pytest


@contextmanager
def served(folder, home, *command):
    """Start a server over a folder on a free port; give its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own = {
        "JUPYTER_CONFIG_DIR": home / "config",
        "JUPYTER_DATA_DIR": home / "data",
        "JUPYTER_RUNTIME_DIR": home / "run",
    }
    log = home / "log"
    with log.open("w") as output:
        server = subprocess.Popen(
            [sys.executable, "-m", *(part.format(port=port) for part in command)],
            cwd=folder,
            env=os.environ | own | {"HOME": str(home)},
            stdout=output,
            stderr=output,
        )
    try:
        until = time.monotonic() + driver.PATIENCE
        while not driver.answers(port):
            assert server.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


def moves(page):
    """Whether the explorers are drawn, and the first one answers a key."""
    drawn = "() => document.querySelectorAll('.optilab[data-drawn]').length === 3"
    driver.wait_for(page, drawn, None, page.content, patience=2)
    first = page.locator(".optilab").first
    before = first.get_attribute("data-drawn")
    page.locator(".noUi-handle").first.press("ArrowRight")
    driver.wait_for(page, "number => document.querySelector('.optilab').dataset.drawn !== number", before, page.content)
    return "0.450" in first.locator(".optilab-title").nth(1).text_content()


@pytest.fixture
def page(browser):
    opened = browser.new_page(viewport={"width": 1400, "height": 1000})
    opened.set_default_timeout(driver.PATIENCE * 1000)
    yield opened
    opened.close()


def test_jupyter_notebook(folder, tmp_path, page):
    options = ["--no-browser", "--allow-root", "--port={port}", "--IdentityProvider.token=", "--expose-app-in-browser"]
    with served(folder, tmp_path, "notebook", *options) as address:
        page.goto(f"{address}/notebooks/example.ipynb")
        page.wait_for_selector(".jp-Cell")
        driver.wait_for(page, f"() => {driver.KERNEL}?.status === 'idle'", None, page.content)
        page.evaluate("() => void window.jupyterapp.commands.execute('notebook:run-all-cells')")
        assert moves(page)


def test_voila(folder, tmp_path, page):
    options = ["--no-browser", "--port={port}", "--Voila.ip=127.0.0.1"]
    with served(folder, tmp_path, "voila", "example.ipynb", *options) as address:
        page.goto(address)
        assert moves(page)
