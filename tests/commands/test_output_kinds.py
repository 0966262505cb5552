import os

import pytest
from omegaconf import OmegaConf

from yowo.commands.output_kinds import check_files, check_output, output_files, unlike_eval, writes_to_stdout
from yowo.errors import ConfigError, VideoError


def typed(**keys):
    usual = {"save": None, "output": None, "source": "match.mp4", "score_threshold": 0.3, "checkpoint": None}
    return OmegaConf.create({**usual, "dataset": {"score_threshold": 0.005}, **keys})


def files(folder, name="match", **keys):
    """{kind: path} of what is written; paths in a folder are relative to it."""
    found = output_files(typed(**keys), name, folder)
    assert len({file.kind for file in found}) == len(found)
    return {f.kind: None if f.path is None else os.path.relpath(f.path, folder) for f in found}


def test_the_usual_kinds_lie_in_the_folder_of_the_run(tmp_path):
    usual = {"video": "match_detected.mp4", "boxes": "match_detected.csv"}
    assert files(tmp_path) == files(tmp_path, save=["video", "boxes"]) == usual
    assert files(tmp_path, save=False) == {}
    assert files(tmp_path, save="npz") == files(tmp_path, save=["npz", "npz"]) == {"npz": "match.npz"}
    assert files(tmp_path, save=["tubes", "jsonl", "gif", "cvat", "crops"]) == {
        **{"tubes": "match_tubes.csv", "jsonl": "match.jsonl", "gif": "match.gif"},
        **{"cvat": "match_cvat.xml", "crops": "match_crops"},
    }
    assert files(tmp_path, name="Ski/v.01", save="npz") == {"npz": "Ski/v.01.npz"}


def test_beside_a_named_video_lies_what_is_saved_with_its_stem(tmp_path):
    out = f"{tmp_path}/out.x.mkv"
    assert files(tmp_path, output=out) == {"video": "out.x.mkv", "boxes": "out.x.csv"}
    assert files(tmp_path, output=out, save=False) == {"video": "out.x.mkv"}
    assert files(tmp_path, output=out, save=["tubes", "cvat", "crops", "npz"]) == {
        **{"video": "out.x.mkv", "tubes": "out.x_tubes.csv", "cvat": "out.x_cvat.xml", "crops": "out.x_crops"},
        "npz": "out.x.npz",
    }


def test_named_files_are_all_unless_save_names_more(tmp_path):
    named = [f"{tmp_path}/a.jsonl", f"{tmp_path}/b.NPZ"]
    assert files(tmp_path, output=named) == {"jsonl": "a.jsonl", "npz": "b.NPZ"}
    assert files(tmp_path, output=named[0], save=["npz", "jsonl"]) == {"jsonl": "a.jsonl", "npz": "match.npz"}
    assert files(tmp_path, output=[f"{tmp_path}/a.csv", f"{tmp_path}/a.xml", f"{tmp_path}/a.gif"]) == {
        "boxes": "a.csv",
        "cvat": "a.xml",
        "gif": "a.gif",
    }


def test_standard_output_gets_json_lines(tmp_path):
    assert files(tmp_path, output="-") == {"jsonl": None}
    assert files(tmp_path, output=["-", f"{tmp_path}/a.mp4"]) == {"jsonl": None, "video": "a.mp4", "boxes": "a.csv"}
    assert writes_to_stdout(typed(output=["a.mp4", "-"])) and not writes_to_stdout(typed(output="a.mp4"))
    assert not writes_to_stdout(typed())


@pytest.mark.parametrize("name", ["new", "v1.2", "v1.3/", "with blank (1)"])
def test_a_folder_holds_what_is_saved(tmp_path, name):
    (tmp_path / "v1.2").mkdir()
    folder = name.rstrip("/")
    assert files(tmp_path, output=f"{tmp_path}/{name}", save=["npz", "video"]) == {
        "npz": f"{folder}/match.npz",
        "video": f"{folder}/match_detected.mp4",
    }
    assert files(tmp_path, output=[f"{tmp_path}/{name}", "-"], save="npz") == {
        "jsonl": None,
        "npz": f"{folder}/match.npz",
    }


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("матч 1", "матч 1.npz"),
        ("rtsp://10.0.0.7:554/a?b", "rtsp___10.0.0.7_554_a_b.npz"),
        ("/etc/../x", "etc/x.npz"),
        ("..", "video.npz"),
        ("ж" * 200, "ж" * 90 + ".npz"),
        ('a<b>:"c"|d\n', "a_b___c__d_.npz"),
    ],
)
def test_every_name_of_a_video_gives_a_name_of_a_file_below_the_folder(tmp_path, name, file):
    assert files(tmp_path, name=name, save="npz") == {"npz": file}


def test_what_means_nothing_is_one_line(tmp_path):
    with pytest.raises(
        ConfigError, match=r"^save=mp3: expected false, or some of video, boxes, .*, as save=\[video,npz\]"
    ):
        files(tmp_path, save=["video", "mp3"])
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=r"file: is no folder; of a file the name ends in \.mp4, \.mkv, .* or is -$"):
        files(tmp_path, output=f"{tmp_path}/file")
    with pytest.raises(
        ConfigError, match=r"^output=.*a\.mp4 and output=.*b\.avi are both of the kind video; give one$"
    ):
        files(tmp_path, output=[f"{tmp_path}/a.mp4", f"{tmp_path}/b.avi"])
    with pytest.raises(VideoError, match=r"a\.webm: libx264 cannot be written to it; name it \.mp4, \.mkv or \.avi"):
        check_output(typed(output=f"{tmp_path}/a.webm"), "match")


def test_no_output_is_an_input_and_none_is_another(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "match.gif").write_text("film")
    (tmp_path / "match.npz").write_text("earlier")
    keys = typed(source="match.gif", output=f"{tmp_path}/", save="gif")
    with pytest.raises(ConfigError, match=r"match\.gif, of save=gif: this is source=match\.gif itself, which would be"):
        check_output(keys, "match")
    with pytest.raises(ConfigError, match=r"is source=.*match\.gif itself"):
        check_files(output_files(keys, "match", None), typed(source="list.txt"), tmp_path / "match.gif")
    check_output(typed(source="match.gif", output="match.npz"), "match")


def test_a_folder_of_crops_has_to_be_empty(tmp_path):
    folder = tmp_path / "match_crops"
    folder.mkdir()
    keys = typed(output=f"{tmp_path}/", save="crops")
    check_output(keys, "match")
    (folder / "a.jpg").touch()
    with pytest.raises(ConfigError, match=r"match_crops, of save=crops: holds files already; move them, or write else"):
        check_output(keys, "match")


STORED = {
    "score_threshold": 0.005,
    "dataset": {"score_threshold": 0.005, "top_k": 40, "exclusive_classes": 2, "classes": ["a", "b"]},
    "postprocess": {"top_k": 40, "class_agnostic_nms": False},
}


def test_what_makes_an_npz_unlike_that_of_eval_is_told_with_the_keys_that_help():
    shown = {**STORED, "score_threshold": 0.3, "postprocess": {"top_k": None, "class_agnostic_nms": True}}
    told = unlike_eval(typed(save=["npz"], **shown))
    keys = "score_threshold=0.005 postprocess.top_k=40 postprocess.class_agnostic_nms=false"
    assert told is not None and told.endswith(f"for those that yowo eval stores add {keys}")
    assert unlike_eval(typed(output="a.npz", **shown)) == told
    assert unlike_eval(typed(**shown)) is unlike_eval(typed(save=["npz"], **STORED)) is None
    yowo = unlike_eval(typed(save="npz", **{**STORED, "postprocess": {"every_class": False}}))
    assert yowo is not None and yowo.endswith(" add postprocess.every_class=true")
    several_at_once = {**STORED["dataset"], "exclusive_classes": 0}
    assert unlike_eval(typed(save="npz", **{**shown, "dataset": several_at_once})).endswith(
        " add score_threshold=0.005"
    )
