"""Measure in Chromium how long explorers take to answer a key on a slider, for every slider of every lesson.

From the key to the frame in which the pictures are painted, in ms. With `--against TREE` another checkout of the
project is measured in the same run, lesson by lesson in turn.

    python tests/benchmarks/slider.py [--moves N] [--against TREE] [LESSON …]
"""

import argparse
import os
import re
import statistics
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "browser"))

import driver  # noqa: E402
import nbformat  # noqa: E402
from playwright.sync_api import Error  # noqa: E402

TREE = HERE.parents[1]
SLOW = re.compile(r"\b(claims|collect)\(")  # tables, which no slider waits for

# From a key on the handle of a slider to the end of the frame in which the last picture is painted, in ms: an explorer
# says at the beginning of that frame that it has drawn, and a task has its turn after it.
PRESS = """([root, handle, key]) => new Promise((resolve, reject) => {
  const began = performance.now();
  const late = setTimeout(() => reject(new Error('no answer')), 5000);
  const watcher = new MutationObserver(() => {
    watcher.disconnect();
    clearTimeout(late);
    setTimeout(() => resolve(performance.now() - began));
  });
  watcher.observe(root, { attributes: true, attributeFilter: ['data-drawn'] });
  handle.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
})"""


@contextmanager
def imported_from(tree: Path):
    """Let kernels that start now import the package of a checkout."""
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = str(tree)
    yield
    if before is None:
        del os.environ["PYTHONPATH"]
    else:
        os.environ["PYTHONPATH"] = before


def moved(notebook, moves):
    """Times of `moves` steps of every slider of a notebook, and the messages of one on average."""
    times, messages = [], lambda: sum(map(len, notebook.frames.values()))
    sent = 0
    for explorer in notebook.explorers:
        for more in explorer.box.get_by_role("button", name=re.compile(r"^\\d+ more$")).all():
            more.click()
        explorer.settle()
        for handle in explorer.box.locator(".noUi-handle").all():
            if handle.locator("xpath=ancestor::*[@disabled]").count():
                continue
            places = [explorer.root.element_handle(), handle.element_handle()]
            for move in range(moves + 2):
                key = "ArrowRight" if move // 3 % 2 == 0 else "ArrowLeft"
                before = messages()
                try:
                    took = notebook.page.evaluate(PRESS, [*places, key])
                except Error:
                    break  # a slider of the long part, or at its end
                notebook.idle()
                if move > 1:  # the first ones warm up
                    times.append(took)
                    sent += messages() - before
            notebook.page.wait_for_timeout(300)
    return times, sent / max(len(times), 1)


def measured(browser, tree, lesson, moves):
    """Seconds from Run All to the first picture, times of all moves, messages of one."""
    with tempfile.TemporaryDirectory() as folder, imported_from(tree):
        content = nbformat.read(lesson, as_version=4)
        content.cells = [cell for cell in content.cells if not SLOW.search(cell.source)]
        nbformat.write(content, Path(folder) / lesson.name)
        with driver.jupyterlab(folder) as address:
            notebook = driver.Notebook(browser, address, lesson.name)
            began = time.perf_counter()
            notebook.page.evaluate("() => void window.jupyterapp.commands.execute('notebook:run-all-cells')")
            notebook.page.wait_for_selector(".optilab[data-drawn]", state="attached")
            first = time.perf_counter() - began
            notebook.wait_for(f"() => {driver.KERNEL}.status === 'idle'", patience=4)
            notebook.wait_drawn()
            times, messages = moved(notebook, moves)
            notebook.close()
    return first, times, messages


def row(name, first, times, messages):
    """A line of the table."""
    times = sorted(times)
    at = lambda share: times[min(int(share * len(times)), len(times) - 1)]  # noqa: E731
    return f"{name:44}{len(times):7}{statistics.median(times):9.0f}{at(0.95):9.0f}{messages:9.1f}{first:9.1f}"


def main(arguments):
    """Print the table."""
    trees = {"": TREE} | ({"before: ": arguments.against} if arguments.against else {})
    names = arguments.lessons or [path.name for path in sorted((TREE / "lessons").glob("*.ipynb"))]
    every = {label: [] for label in trees}
    print(f"{'':44}{'moves':>7}{'median':>9}{'95 %':>9}{'messages':>9}{'first, s':>9}")
    with driver.browser() as browser:
        for name in names:
            for label, tree in trees.items():
                first, times, messages = measured(browser, tree, tree / "lessons" / name, arguments.moves)
                every[label] += times
                print(row(label + name, first, times, messages), flush=True)
    for label, times in every.items():
        print(row(f"{label}all lessons", float("nan"), times, float("nan")))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("lessons", nargs="*", metavar="LESSON")
    parser.add_argument("--moves", type=int, default=6)
    parser.add_argument("--against", type=Path, metavar="TREE")
    main(parser.parse_args())
