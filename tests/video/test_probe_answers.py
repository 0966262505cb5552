import json
import subprocess
import sys

from tests.conftest import ROOT


def test_answers_are_lines_of_json_and_nothing_else_reaches_the_output(videos, tmp_path):
    (tmp_path / "text.mp4").write_text("text")
    paths = [str(videos / "mpeg4.avi"), str(videos / "mpeg4.avi"), str(tmp_path / "text.mp4"), "zero\0byte.mp4"]
    questions = list(zip(paths, ("decord", "pyav", "decord", "decord"), strict=True))
    program = (
        "import os; from yowo.video import probe_answers, probe\n"
        "original = probe_answers.probe_video\n"
        "probe_answers.probe_video = lambda *asked: (os.write(1, b'noise of a library'), original(*asked))[1]\n"
        "probe_answers.main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        input="".join(json.dumps(q) + "\n" for q in questions),
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    ready, facts, by_pyav, reason, odd = done.stdout.splitlines()
    assert ready == "ready"
    assert json.loads(facts)["num_frames"] == 45
    assert json.loads(by_pyav) == {**json.loads(facts), "backend": "pyav"}
    assert "text.mp4: not a readable video" in json.loads(reason)
    assert "cannot be read" in json.loads(odd) or "no such video" in json.loads(odd)
