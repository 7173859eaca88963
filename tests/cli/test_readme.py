"""README's first command, on a machine that has only Python: it serves the first lesson, on the right kernel.

With `-m ''` it makes its environment; otherwise the last of it is run in this one.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import URLError
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
def serve(clone, tmp_path):
    """Start a command that ends in `optilab lab` where the user's home has another kernel of the same name."""
    started = []

    def start(command: str) -> dict:
        spec = tmp_path / "data" / "kernels" / "python3" / "kernel.json"
        spec.parent.mkdir(parents=True)
        spec.write_text(json.dumps({"argv": ["false"], "display_name": "another Python", "language": "python"}))
        env = os.environ | {
            "JUPYTER_DATA_DIR": str(tmp_path / "data"),
            "JUPYTER_RUNTIME_DIR": str(tmp_path / "runtime"),
            "PIP_NO_COMPILE": "1",  # the same environment, sooner
        }
        command = f"{command} -- --no-browser --ServerApp.port=0"
        started.append(subprocess.Popen(["bash", "-c", command], cwd=clone, env=env, start_new_session=True))
        return awaited(tmp_path / "runtime", "jpserver-*.json", started[-1])

    yield start
    for process in started:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(60)


def ask(server: dict, path: str, method: str = "GET") -> dict:
    """What a server answers, which has written its file before it listens."""
    request = Request(f"{server['url']}{path}?{urlencode({'token': server['token']})}", method=method)
    for patience in range(600, -1, -1):
        try:
            with urlopen(request) as answer:
                return json.loads(answer.read())
        except URLError as error:
            if not isinstance(error.reason, ConnectionRefusedError) or not patience:
                raise
        time.sleep(0.1)
    raise AssertionError(f"no answer to {path}")


HERE = f"{Path(sys.executable).parent / 'optilab'} lab"


@pytest.mark.parametrize(
    ("command", "environment"),
    [
        pytest.param(HERE, sys.prefix, id="in this environment"),
        pytest.param(OPEN[1], "{clone}/.venv", id="as README says", marks=pytest.mark.full),
    ],
)
def test_it_serves_the_lessons_on_its_own_environment(command, environment, serve, clone, tmp_path):
    server = serve(command)
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
    assert "".join(printed) == environment.format(clone=clone)


def test_the_command_of_readme_makes_an_environment_and_opens_the_lessons():
    make, *install, open_ = OPEN[1].split(" && ")
    assert make == "python3 -m venv .venv"
    assert install == [".venv/bin/pip install -q -e '.[lab]'"]
    assert open_ == ".venv/bin/optilab lab"


def test_no_command_of_readme_takes_the_clone_out_of_its_environment():
    """`lab --here` opens the clone's lessons, and `new` adds to the clone."""
    installs = re.findall(r"pip install [^&\n]*'\.\[.*?\]'", README)
    assert len(installs) >= 3
    assert [command for command in installs if " -e " not in command] == []
