"""PyPI's `yowo`, another program, installed into the environment of ours: before it, after it, beside a checkout."""

import base64
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

import yowo

CHECKOUT = Path(yowo.__file__).parent.parent
THEIRS = '"""Another program."""\n'


def installed(site, text, recorded=THEIRS):
    """Write yowo/__init__.py with a text into a site folder, and what a distribution yowo 2.2.1 says that it holds."""
    (site / "yowo").mkdir(parents=True)
    (site / "yowo" / "__init__.py").write_text(text)
    digest = base64.urlsafe_b64encode(hashlib.sha256(recorded.encode()).digest()).rstrip(b"=").decode()
    info = site / "yowo-2.2.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: yowo\nVersion: 2.2.1\n")
    (info / "RECORD").write_text(f"yowo/__init__.py,sha256={digest},{len(recorded)}\nyowo-2.2.1.dist-info/RECORD,,\n")
    return site


def launched(*folders, **environment):
    path = os.pathsep.join(str(f) for f in [*folders, CHECKOUT, CHECKOUT / "scripts" / "launcher"])
    return subprocess.run(
        [sys.executable, "-c", "import sys, yowo_lightning; sys.argv = ['yowo', '--version']; yowo_lightning.main()"],
        env={**os.environ, "PYTHONPATH": path, **environment},
        cwd=Path(sys.executable).parent,  # the working folder comes first on the path
        capture_output=True,
        text=True,
        check=False,
    )


def test_alone_nothing_is_said():
    done = launched()
    assert (done.returncode, done.stdout, done.stderr) == (0, f"yowo {yowo.__version__}\n", "")


def test_a_package_of_the_other_program_is_named_with_a_way_out(tmp_path):
    done = launched(installed(tmp_path, THEIRS))
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert f"error: {tmp_path / 'yowo' / '__init__.py'} is of yowo 2.2.1, another program" in done.stderr
    assert "pip uninstall -y yowo yowo-lightning" in done.stderr


def test_ours_runs_over_the_other_with_a_warning(tmp_path):
    ours = f"__path__.insert(0, {str(CHECKOUT / 'yowo')!r})\n" + (CHECKOUT / "yowo" / "__init__.py").read_text()
    done = launched(installed(tmp_path, ours))
    assert done.returncode == 0
    assert done.stderr.startswith("warning: yowo 2.2.1, another program, shares names with yowo-lightning")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("rank", ["0", "1"])
def test_further_processes_of_a_run_do_not_repeat_the_warning(tmp_path, rank):
    ours = f"__path__.insert(0, {str(CHECKOUT / 'yowo')!r})\n" + (CHECKOUT / "yowo" / "__init__.py").read_text()
    assert launched(installed(tmp_path, ours), LOCAL_RANK=rank).stderr == ""
