import json
import subprocess
import sys

from tests.conftest import ROOT


def test_answers_are_lines_of_json_and_nothing_else_reaches_the_output(videos, tmp_path):
    (tmp_path / "text.mp4").write_text("text")
    questions = [str(videos / "mpeg4.avi"), str(tmp_path / "text.mp4"), "zero\0byte.mp4"]
    program = (
        "import os; from yowo.video import probe_answers, probe\n"
        "original = probe_answers.probe_video\n"
        "probe_answers.probe_video = lambda path: (os.write(1, b'noise of a library'), original(path))[1]\n"
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
    ready, facts, reason, odd = done.stdout.splitlines()
    assert ready == "ready"
    assert json.loads(facts)["num_frames"] == 45
    assert "text.mp4: not a readable video" in json.loads(reason)
    assert "cannot be read" in json.loads(odd) or "no such video" in json.loads(odd)
