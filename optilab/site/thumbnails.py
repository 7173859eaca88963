"""Moving thumbnails of lessons: the liveliest panel of a picture while a slider goes through its range."""

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import nbformat
import numpy as np

from optilab.stills import Studio
from optilab.ui.explorer import Explorer

FRAMES = 12
WIDTH = 420  # px, of the page that draws: one panel a row
SHOWN = 264  # px, of a thumbnail
PAUSE = 180  # ms


def explorers(path: Path) -> Iterator[Explorer]:
    """The explorers of a lesson, made one after the other."""
    scope: dict[str, Any] = {}
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code" and cell.source.startswith(("from ", "import ")):
            exec(cell.source, scope)
        elif cell.cell_type == "code" and cell.source.startswith("explorer."):
            yield eval(cell.source, scope)


def moves(explorer: Explorer) -> list[dict[str, Any]]:
    """What is set, frame by frame: a player's frames, else the stops of the first slider, to and fro; none without."""
    free = [name for name in explorer.controls if name not in explorer.long]
    sliders = [name for name in free if hasattr(explorer.controls[name].widget, "min")]
    if not sliders:
        return []
    name = next((name for name in sliders if explorer.controls[name].view), sliders[0])
    control, kind = explorer.controls[name], type(explorer.values[name])
    stops = np.linspace(*control.range, FRAMES)
    if hasattr(control.widget, "base"):
        stops = np.geomspace(*control.range, FRAMES)
    if not control.view:
        stops = np.concatenate([stops[::2], stops[::-2]])
    return [{name: kind(control.nearest(stop))} for stop in stops]


def liveliest(films: Sequence[Sequence[Any]]) -> Sequence[Any]:
    """Of films of pictures the one in which most changes."""
    return max(films, key=lambda film: np.std([np.asarray(picture, float) for picture in film], axis=0).mean())


def draw(path: Path, studio: Studio, folder: Path) -> None:
    """Write `SLUG.webp`, which moves, and `SLUG.png`, its middle, of the first picture of a lesson that moves."""
    from PIL import Image

    explorer = next(explorer for explorer in explorers(path) if moves(explorer))
    films: list[list[Any]] = [[] for _ in explorer.panels]
    for move in moves(explorer):
        explorer.set(**move)
        studio.show(explorer.pictures.spec, explorer.pictures.frame)
        for film, panel in zip(films, studio.page.locator(".optilab-plot").all(), strict=True):
            shot = Image.open(io.BytesIO(panel.screenshot())).convert("RGB")
            film.append(shot.resize((SHOWN, round(SHOWN * shot.height / shot.width)), Image.Resampling.LANCZOS))
    frames = liveliest(films)
    target = folder / path.stem[3:]
    frames[len(frames) // 2].save(target.with_suffix(".png"), optimize=True)
    frames[0].save(
        target.with_suffix(".webp"), save_all=True, append_images=frames[1:], duration=PAUSE, loop=0, quality=60
    )
