"""Files that are whole at any time, whatever ends the process that writes them."""

import os
from pathlib import Path


def replace(path: Path, content: str | bytes) -> None:
    """Write a file anew: what is cut off, by the keyboard or by a full disk, leaves it as it was.

    Parameters
    ----------
    path : Path
        The file, there or not yet; of a link, what it leads to. It keeps its permissions.
    content : str or bytes
        A text is written in UTF-8.

    Raises
    ------
    OSError
        If it can't be written; its `filename` is the file's.
    """
    whole = path.resolve()
    beside = whole.with_name(f".{whole.name}.{os.getpid()}")  # a file takes another's place at once on one disk alone
    try:
        beside.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
        if whole.exists():
            beside.chmod(whole.stat().st_mode)
        beside.replace(whole)
    except OSError as error:
        error.filename = str(path)
        raise
    finally:
        beside.unlink(missing_ok=True)
