"""The description that a package index shows: README, with the repository's address before what lies in it."""

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

RELATIVE = re.compile(r"(!?)\[([^]]*)\]\((?!https?://|#)([^)]+)\)")


class Description(MetadataHookInterface):
    """Makes links and pictures absolute, at the address of `[project.urls]`."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Add the description to a project's metadata."""

        def absolute(match: re.Match[str]) -> str:
            picture, text, path = match.groups()
            return f"{picture}[{text}]({repository}/{'raw' if picture else 'blob'}/main/{path})"

        repository = metadata["urls"]["Repository"]
        readme = (Path(self.root) / "README.md").read_text(encoding="utf-8")
        metadata["readme"] = {"content-type": "text/markdown", "text": RELATIVE.sub(absolute, readme)}
