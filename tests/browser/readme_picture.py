"""Take the README's picture: the first explorer of a lesson as a small PNG.

python tests/browser/readme_picture.py [NOTEBOOK] [PNG]
"""

import shutil
import sys
import tempfile
from pathlib import Path

import driver

HERE = Path(__file__).parent
LESSON = HERE.parents[1] / "lessons" / "01_discretisation_drift.ipynb"
LARGEST = 150_000  # bytes
MARGIN = 8  # px


def take(lesson, target):
    """Run a lesson and save its first explorer's picture."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(lesson, folder)
        with driver.jupyterlab(folder) as address, driver.browser() as browser:
            notebook = driver.Notebook(browser, address, lesson.name, width=1300, height=1200)
            notebook.run_all()
            explorer = notebook.explorers[0]
            explorer.box.evaluate("box => box.scrollIntoView({ block: 'center' })")
            explorer.settle()
            box = explorer.box.bounding_box()
            clip = {"x": box["x"] - MARGIN, "y": box["y"] - MARGIN}
            clip |= {side: box[side] + 2 * MARGIN for side in ("width", "height")}
            notebook.page.screenshot(path=target, clip=clip)
            notebook.close()
    size = target.stat().st_size
    print(f"{target}: {size:,} bytes")
    if size > LARGEST:
        raise SystemExit(f"The picture must take at most {LARGEST:,} bytes.")


if __name__ == "__main__":
    given = [Path(argument) for argument in sys.argv[1:]]
    take(given[0] if given else LESSON, given[1] if len(given) > 1 else HERE / "readme.png")
