"""README's first command, on a machine that has only Python: it serves the first lesson, on the right kernel."""

import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest
from jupyter_client import BlockingKernelClient

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
OPEN = re.search(r"<!-- open the lessons -->\n```sh\n(.*)\n```", README)


def awaited(folder: Path, pattern: str, process: subprocess.Popen[bytes]) -> dict:
    """The JSON file of that name, once it is there."""
    for _ in range(3000):
        assert process.poll() is None, "the command has ended"
        for path in folder.glob(pattern):
            if path.stat().st_size:
                return json.loads(path.read_text())
        time.sleep(0.1)
    raise AssertionError(f"no {pattern} in {folder}")


@pytest.fixture
def server(clone, tmp_path):
    """What README's command starts, where the user's home has another kernel of the same name."""
    spec = tmp_path / "data" / "kernels" / "python3" / "kernel.json"
    spec.parent.mkdir(parents=True)
    spec.write_text(json.dumps({"argv": ["false"], "display_name": "another Python", "language": "python"}))
    env = os.environ | {
        "JUPYTER_DATA_DIR": str(tmp_path / "data"),
        "JUPYTER_RUNTIME_DIR": str(tmp_path / "runtime"),
        "PIP_NO_COMPILE": "1",  # the same environment, sooner
    }
    command = f"{OPEN[1]} -- --no-browser --ServerApp.port=0"
    process = subprocess.Popen(["bash", "-c", command], cwd=clone, env=env, start_new_session=True)
    try:
        yield awaited(tmp_path / "runtime", "jpserver-*.json", process)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(60)


def ask(server: dict, path: str, method: str = "GET") -> dict:
    request = Request(f"{server['url']}{path}?{urlencode({'token': server['token']})}", method=method)
    with urlopen(request) as answer:
        return json.loads(answer.read())


def test_it_serves_the_lessons_on_the_environment_that_it_made(server, clone, tmp_path):
    assert server["root_dir"] == str(clone / "optilab-lessons")
    assert ask(server, "api/contents/00_start_here.ipynb")["type"] == "notebook"

    kernel = ask(server, "api/kernels", "POST")["id"]
    client = BlockingKernelClient(connection_file=str(tmp_path / "runtime" / f"kernel-{kernel}.json"))
    client.load_connection_file()
    client.start_channels(hb=False)  # a busy machine misses heartbeats
    client.wait_for_ready(120)
    printed = []
    client.execute_interactive(
        "import optilab, sys; print(sys.prefix, end='')",
        output_hook=lambda message: printed.append(message["content"].get("text", "")),
        timeout=60,
    )
    client.stop_channels()
    assert "".join(printed) == str(clone / ".venv")
