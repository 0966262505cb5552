"""What every importer takes and returns: the same boxes, written in each format."""

import json

import pytest

from tests.make_data import pictures, write_video
from yowo.importing.annotated import Annotated, ImportOptions
from yowo.importing.formats import FORMATS
from yowo.video.video_folder import VideoFolder

BOXES = {0: (4, 4, 24, 40), 1: (8, 4, 28, 40), 3: (30, 6, 60, 42)}
"""Pixels by frame from 0: one person of the video `a`, 64 x 48 pixels at 25 frames per second."""
OCCLUDED = 3


def cvat(folder):
    shapes = "".join(
        f'<box frame="{frame}" outside="{outside}" occluded="{int(frame == OCCLUDED)}" keyframe="1" '
        f'xtl="{x1}" ytl="{y1}" xbr="{x2}" ybr="{y2}"/>'
        for frame, (x1, y1, x2, y2), outside in [
            *((frame, box, 0) for frame, box in BOXES.items()), (2, BOXES[1], 1), (4, BOXES[3], 1),
        ]
    )  # fmt: skip
    task = "<task><name>a</name><labels><label><name>walk</name></label></labels></task><source>a.mp4</source>"
    path = folder / "export.xml"
    path.write_text(
        f'<annotations><version>1.1</version><meta>{task}</meta><track id="7" label="walk">{shapes}</track></annotations>'
    )
    return path, {}


def coco(folder):
    content = {
        "images": [{"id": 10 + f, "file_name": f"a_{f:06}.jpg", "width": 64, "height": 48} for f in BOXES],
        "categories": [{"id": 3, "name": "walk"}],
        "annotations": [
            {"image_id": 10 + f, "category_id": 3, "bbox": [x1, y1, x2 - x1, y2 - y1], "track_id": 7}
            for f, (x1, y1, x2, y2) in BOXES.items()
        ],
    }
    path = folder / "coco.json"
    path.write_text(json.dumps(content))
    return path, {}


def mot(folder):
    path = folder / "a.txt"
    path.write_text(
        "".join(f"{f + 1},7,{x1},{y1},{x2 - x1},{y2 - y1},1,1,1\n" for f, (x1, y1, x2, y2) in BOXES.items())
    )
    return path, {"classes": ("walk",)}


def ava_csv(folder):
    path = folder / "ava.csv"
    path.write_text(
        "".join(
            f"a,{f / 25},{x1 / 64!r},{y1 / 48!r},{x2 / 64!r},{y2 / 48!r},1,7\n" for f, (x1, y1, x2, y2) in BOXES.items()
        )
    )
    return path, {"classes": ("walk",)}


def simple_csv(folder):
    path = folder / "boxes.csv"
    rows = "".join(f"a,{f},{','.join(map(str, box))},walk,7\n" for f, box in BOXES.items())
    path.write_text(f"video,frame,x1,y1,x2,y2,label,track\n{rows}")
    return path, {}


def ucf24_labels(folder):
    (folder / "labels" / "walk" / "a").mkdir(parents=True)
    for f, box in BOXES.items():
        (folder / "labels" / "walk" / "a" / f"{f + 1:05}.txt").write_text(f"1 {' '.join(map(str, box))}\n")
    return folder / "labels", {}


def label_studio(folder):
    sequence = [{"frame": f + 1, "enabled": f == 0, "rotation": 0, **percentages(box)} for f, box in BOXES.items()]
    labelled = {
        "type": "videorectangle",
        "id": "7",
        "value": {"sequence": sequence, "framesCount": 6, "labels": ["walk"]},
    }
    path = folder / "tasks.json"
    path.write_text(json.dumps([{"data": {"video": "a.mp4"}, "annotations": [{"result": [labelled]}]}]))
    return path, {}


def percentages(box):
    x1, y1, x2, y2 = box
    return {"x": x1 / 0.64, "y": y1 / 0.48, "width": (x2 - x1) / 0.64, "height": (y2 - y1) / 0.48}


def via(folder):
    shapes = {
        str(f): {"vid": "1", "z": [f / 25], "xy": [2, x1, y1, x2 - x1, y2 - y1], "av": {"1": "0", "2": "7"}}
        for f, (x1, y1, x2, y2) in BOXES.items()
    }
    content = {
        "project": {"pname": "walks"},
        "attribute": {
            "1": {"aname": "action", "type": 3, "options": {"0": "walk"}},
            "2": {"aname": "Person ID", "type": 1},
        },
        "file": {"1": {"fid": "1", "fname": "a.mp4", "type": 4, "src": "a.mp4"}},
        "view": {"1": {"fid_list": ["1"]}},
        "metadata": shapes,
    }
    path = folder / "via.json"
    path.write_text(json.dumps(content))
    return path, {}


WRITERS = {
    "cvat": cvat,
    "coco": coco,
    "mot": mot,
    "ava-csv": ava_csv,
    "simple-csv": simple_csv,
    "ucf24-labels": ucf24_labels,
    "label-studio": label_studio,
    "via": via,
}
WITHOUT_TRACKS = {"ucf24-labels"}


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_boxes_come_out_of_every_format(name, tmp_path):
    write_video(tmp_path / "videos" / ("walk/a.mp4" if name == "ucf24-labels" else "a.mp4"), pictures(6, 0))
    (tmp_path / "source").mkdir()
    source, options = WRITERS[name](tmp_path / "source")
    videos = VideoFolder(tmp_path / "videos")
    found = FORMATS[name](source, videos, ImportOptions(**options))
    assert isinstance(found, Annotated) and found.classes == ("walk",)
    assert {row.video for row in found.rows} == set(videos.paths)
    assert {row.frame: row.box for row in found.rows} == {f: pytest.approx(box) for f, box in BOXES.items()}
    assert {row.label for row in found.rows} == {"walk"} and len(found.rows) == len(BOXES)
    tracks = {row.track for row in found.rows}
    assert len(tracks) == 1 and (tracks == {""}) is (name in WITHOUT_TRACKS)


def test_what_a_user_says_about_a_source_changes_what_is_read(tmp_path):
    write_video(tmp_path / "videos" / "a.mp4", pictures(6, 0))
    videos = VideoFolder(tmp_path / "videos")
    export, _ = cvat(tmp_path)
    seen = FORMATS["cvat"](export, videos, ImportOptions(keep_occluded=False)).rows
    assert {row.frame for row in seen} == set(BOXES) - {OCCLUDED}
    boxes, _ = simple_csv(tmp_path)
    boxes.write_text(boxes.read_text().replace("a,0,", "a,2,"))
    later = FORMATS["simple-csv"](boxes, videos, ImportOptions(first_frame=1)).rows
    assert sorted(row.frame for row in later) == [0, 1, 2]
