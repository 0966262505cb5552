"""The `yowo` command for tests: in a process of its own, or in a fork of one that has imported the package.

`yowo` starts the command as a user does; importing everything takes seconds each time. `forked` runs the same command
line in a fork of a process that did so once: with its own folder, its own output, and an end of its own.
"""

import atexit
import gc
import json
import os
import shlex
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

import yaml

from yowo.commands.main import VERBS, main

CAN_FORK = sys.platform == "linux"
USER_ERROR = 2
Done = subprocess.CompletedProcess[str]


def environment() -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1", "WANDB_MODE": "offline", "COLUMNS": "200"}


def yowo(*arguments: str, folder: Path, fails: bool = False) -> Done:
    """Run a command in `folder`, as a user types it; it must end well, or with `fails` as an error of the user."""
    done = subprocess.run(
        [sys.executable, "-m", "yowo", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        env=environment(),
        check=False,
    )
    return checked(done, fails)


def forked(*arguments: str, folder: Path, fails: bool = False) -> Done:
    """Do as `yowo` in less time."""
    if not CAN_FORK:
        return yowo(*arguments, folder=folder, fails=fails)
    with tempfile.TemporaryDirectory() as where:
        output = {name: str(Path(where) / name) for name in ("stdout", "stderr")}
        server = _server()
        server.stdin.write(json.dumps({"arguments": arguments, "folder": str(folder), **output}) + "\n")
        server.stdin.flush()
        code = server.stdout.readline()
        assert code, "the process that runs commands has ended"
        texts = {name: Path(path).read_text() for name, path in output.items()}
    return checked(subprocess.CompletedProcess(["yowo", *arguments], int(code), **texts), fails)


def typed(line: str, folder: Path) -> Done:
    """Run a line of a page's ```bash block in `folder`: `yowo` commands by `forked`, others as they stand.

    A command that sets variables before `yowo` needs a process of its own; `yowo` is then a script in `folder`/bin.
    """
    words = shlex.split(line)
    if words[0] == "yowo" and not set(line) & set("|><;&$"):
        return forked(*words[1:], folder=folder)
    program = folder / "bin" / "yowo"
    program.parent.mkdir(exist_ok=True)
    root = Path(__file__).resolve().parents[2]
    program.write_text(f'#!/bin/sh\nPYTHONPATH="{root}:$PYTHONPATH" exec "{sys.executable}" -m yowo "$@"\n')
    program.chmod(0o755)
    path = {"PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-c", line], cwd=folder, capture_output=True, text=True, env=environment() | path, check=False
    )
    return checked(done, fails=False)


def checked(done: Done, fails: bool) -> Done:
    assert done.returncode == (USER_ERROR if fails else 0), done.stdout + done.stderr
    return done


@lru_cache(maxsize=1)
def _server() -> subprocess.Popen[str]:
    """Start the process that forks; it ends when this one closes its pipe."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.end_to_end.running"],
        cwd=Path(__file__).resolve().parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment(),
    )


def serve() -> None:
    """Import everything, then fork for each line of stdin and answer with the exit code."""
    sys.modules["__main__"].__spec__ = find_spec("yowo.__main__")  # what Lightning starts as a second process of a run
    yaml.SafeLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # composing takes half the time
    for verb in VERBS:
        import_module(f"yowo.commands.{verb}")
    gc.collect()
    gc.freeze()  # else collections in a fork would look at what it shares, and copy it
    for line in sys.stdin:
        request = json.loads(line)
        child = os.fork()
        if child:
            print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
            continue
        for number, name in enumerate(("stdout", "stderr"), start=1):
            os.dup2(os.open(request[name], os.O_WRONLY | os.O_CREAT), number)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.chdir(request["folder"])
        sys.argv = ["yowo", *request["arguments"]]
        end(main)


def end(command: Callable[[], None]) -> NoReturn:
    """Run a command in a fork, and end with its exit code.

    As at the end of any process threads are waited for and exit functions run, but the modules are not taken down: in a
    fork that takes seconds, since memory that it shares must be copied first.
    """
    code = 0
    try:
        command()
    except SystemExit as wanted:
        code = wanted.code if isinstance(wanted.code, int) else int(wanted.code is not None)
    except BaseException:
        traceback.print_exc()
        code = 1
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    serve()
