"""What several tests share: the golden numbers, the data beside the checkout, and small made things."""

import gc
import os
from pathlib import Path

# before torch and numpy are imported: several processes run tests. What tests start inherits it
for _variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")

import yowo  # noqa: F401  # isort: skip  # before torch: sets how long threads spin
import pytest
import torch
import yaml

from tests.kept_probes import KeptProbeProcess
from tests.video.video_files import encode_kinds

yaml.SafeLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # OmegaConf parses conf/ with it: hundreds of times

ROOT = Path(__file__).resolve().parent.parent
GOLDEN = ROOT / "tests" / "golden"
SHARED = ROOT.parent / "shared"


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    """Run alike on machines with more cores; two processes run tests."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session", autouse=True)
def _kept_probe_processes():
    """Start the process that probes videos once: it imports decoders for half a second, in hundreds of tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("yowo.video.probe.ProbeProcess", KeptProbeProcess)
        yield
    KeptProbeProcess.end_all()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real clips beside the checkout; tests that need it are skipped where it is not."""
    if not SHARED.is_dir():
        pytest.skip("needs the real clips in ../shared, which are not part of the repository")
    return SHARED


@pytest.fixture(scope="session")
def videos(tmp_path_factory):
    """A folder with a small file of each kind, see `KINDS`."""
    folder = tmp_path_factory.mktemp("videos")
    encode_kinds(folder)
    return folder


@pytest.fixture
def video(videos):
    """Path of a file by name; the test is skipped where it could not be encoded."""

    def path(name):
        if not (videos / name).exists():
            pytest.skip(f"no encoder for {name} here")
        return videos / name

    return path


def pytest_collection_finish():
    """Let passes of the garbage collector skip what was imported: with torch loaded each takes a third of a second."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(items):
    """Begin with the files that take longest, so that no process is left alone with one of them at the end."""
    first = (
        "end_to_end",
        "test_api.py",
        "test_golden_yowo.py",
        "test_house.py",
        "docs",
        "storage",
        "commands",
        "datasets",
    )

    def place(item):
        part = item.path.relative_to(ROOT / "tests").parts[0]
        return first.index(part) if part in first else len(first)

    items.sort(key=place)
