import logging
import zipfile

import numpy as np
import pytest
import scipy.io
from PIL import Image

from tests.make_data import pictures, write_video
from yowo.config.build_training import build_datamodule
from yowo.config.compose import compose_config
from yowo.datasets.jhmdb21 import JHMDB21
from yowo.errors import ConfigError, DatasetError

CLASSES = ("catch", "clap")
VIDEOS = {"catch/A_!_b": 10, "catch/C": 9, "clap/D": 8, "clap/E": 10}
SPLIT = {"catch": "A_!_b.avi 1\nC.avi 2\n", "clap": "D.avi 1\nE.avi 2\n"}
UNSEEN = 3
"""No frame from here on is annotated but the last two."""


def boxes(name):
    """First and last column and row of the person in each frame, from 1, in 320 x 240; None where nobody is."""
    start = 10 * list(VIDEOS).index(name)
    count = VIDEOS[name]
    return [
        None if UNSEEN <= frame < count - 2 else (start + frame + 1, 20, start + frame + 60, 240)
        for frame in range(count)
    ]


def frames(name):
    return pictures(VIDEOS[name], 0, 320, 240)


def write_pictures(root, folder, names=VIDEOS):
    for name in names:
        target = root / folder / name
        target.mkdir(parents=True)
        (target / ".AppleDouble").mkdir()
        for number, picture in enumerate(frames(name), 1):
            Image.fromarray(picture).save(target / f"{number:05d}.png", compress_level=1)


def write_masks(root):
    for name, count in VIDEOS.items():
        mask = np.zeros((240, 320, count), dtype=np.uint8)
        for frame, box in enumerate(boxes(name)):
            if box is not None:
                x1, y1, x2, y2 = box
                mask[y1 - 1 : y2, x1 - 1 : x2, frame] = 1
        (root / "puppet_mask" / name).mkdir(parents=True)
        scipy.io.savemat(root / "puppet_mask" / name / "puppet_mask.mat", {"part_mask": mask}, do_compression=True)


def write_splits(root):
    (root / "splits").mkdir()
    for label, text in SPLIT.items():
        (root / "splits" / f"{label}_test_split1.txt").write_text(text)


def text_rows():
    """Name of each annotated frame, as (video, number), and its line."""
    for name in VIDEOS:
        label = CLASSES.index(name.partition("/")[0]) + 1
        for number, box in enumerate(boxes(name), 1):
            if box is not None:
                yield name, number, f"{label} {box[0]} {box[1]} {box[2]} {box[3]}\n"


def owners(root):
    write_pictures(root, "Rename_Images")
    write_masks(root)
    write_splits(root)


def owners_videos(root):
    for name in VIDEOS:
        write_video(root / "ReCompress_Videos" / f"{name}.avi", frames(name))
    write_masks(root)
    write_splits(root)


def frames_and_text(root):
    write_pictures(root, "Frames")
    with zipfile.ZipFile(root / "groundtruths_jhmdb.zip", "w") as archive:
        for name, number, line in text_rows():
            archive.writestr(f"groundtruths_jhmdb/{name.replace('/', '_')}_{number:05d}.txt", line)
    (root / "trainlist.txt").write_text("catch/A_!_b\nclap/D\n")
    (root / "testlist.txt").write_text("catch/C\nclap/E\n")


def authors(root):
    write_pictures(root, "rgb-images")
    lists = {"1": [], "2": []}
    for name, number, line in text_rows():
        label, _, video = name.partition("/")
        (root / "labels" / name).mkdir(parents=True, exist_ok=True)
        (root / "labels" / name / f"{number:05d}.txt").write_text(line)
        mark = dict(row.split() for row in SPLIT[label].splitlines())[f"{video}.avi"]
        lists[mark].append(f"labels/{name}/{number:05d}.txt")
    (root / "trainlist.txt").write_text("\n".join(lists["1"]) + "\n")
    (root / "testlist.txt").write_text("\n".join(lists["2"]) + "\n")


LAYOUTS = {"owners": owners, "owners_videos": owners_videos, "frames_and_text": frames_and_text, "authors": authors}


@pytest.fixture(scope="module")
def roots(tmp_path_factory):
    found = {name: tmp_path_factory.mktemp(name) for name in LAYOUTS}
    for name, write in LAYOUTS.items():
        write(found[name])
    return found


def data(root, **options):
    return JHMDB21(str(root), CLASSES, **options)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("split", "names"), [("train", ["catch/A_!_b", "clap/D"]), ("val", ["catch/C", "clap/E"])])
def test_every_layout_gives_the_annotated_frames_with_the_same_boxes(roots, layout, split, names):
    source = data(roots[layout])
    source.prepare()
    assert [(v.name, v.num_frames, v.size) for v in source.videos(split)] == [(n, VIDEOS[n], (320, 240)) for n in names]
    expected = [(name, frame, box) for name in names for frame, box in enumerate(boxes(name)) if box is not None]
    keys = source.key_frames(split)
    assert len(keys) == len(expected)
    for key, (name, frame, box) in zip(keys, expected, strict=True):
        assert (key.video, key.frame, key.labels.tolist()) == (name, frame, [CLASSES.index(name.split("/")[0])])
        assert np.allclose(key.boxes_norm, [np.array(box) / (320, 240, 320, 240)], atol=1e-7)
        assert name in key.path and key.num_frames == VIDEOS[name]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_gives_the_same_tubes(roots, layout):
    for video in data(roots[layout]).videos("val"):
        assert [(t.start, len(t.boxes)) for t in video.tubes] == [(0, 3), (VIDEOS[video.name] - 2, 2)]


def test_boxes_beyond_the_last_picture_are_left_out(tmp_path):
    frames_and_text(tmp_path)
    for number in (8, 9):
        (tmp_path / "Frames" / "catch" / "C" / f"{number:05d}.png").unlink()
    assert [k.frame for k in data(tmp_path).key_frames("val") if k.video == "catch/C"] == [0, 1, 2]


def test_videos_that_are_not_there_are_said_and_own_splits_are_possible(tmp_path, caplog):
    write_pictures(tmp_path, "Rename_Images", ["catch/C", "clap/D"])
    write_masks(tmp_path)
    write_splits(tmp_path)
    with caplog.at_level(logging.WARNING):
        assert [v.name for v in data(tmp_path).videos("val")] == ["catch/C"]
    assert "1 of 2 val videos are missing" in caplog.text
    assert [v.name for v in data(tmp_path, val_videos="all").videos("val")] == ["catch/C", "clap/D"]
    with pytest.raises(
        ConfigError,
        match=r"dataset\.val_videos: expected names of annotated videos, got 1 unknown ones such as clap/nobody",
    ):
        data(tmp_path, val_videos=["clap/nobody"]).videos("val")


def test_what_is_missing_is_named(tmp_path, roots):
    with pytest.raises(DatasetError, match=r"dataset\.root=.*: expected Rename_Images/.* missing: Rename_Images or"):
        data(tmp_path).prepare()
    write_pictures(tmp_path, "Frames", ["clap/E"])
    with pytest.raises(DatasetError, match=r"missing: puppet_mask or labels or groundtruths_jhmdb"):
        data(tmp_path).prepare()
    write_splits(tmp_path)
    with pytest.raises(DatasetError, match=r"missing: puppet_mask or labels or groundtruths_jhmdb"):
        data(tmp_path).videos("val")
    (tmp_path / "puppet_mask").mkdir()
    with pytest.raises(DatasetError, match=r"none of the 2 val videos has boxes"):
        data(tmp_path).videos("val")
    with pytest.raises(ConfigError, match=r"dataset\.split: expected 1, 2 or 3, got 4"):
        data(tmp_path, split=4)


def test_pictures_of_none_of_the_videos_are_an_error(tmp_path):
    write_pictures(tmp_path, "Frames", ["clap/D"])
    write_masks(tmp_path)
    write_splits(tmp_path)
    with pytest.raises(DatasetError, match=r"Frames: none of the 2 val videos was found, such as catch/C"):
        data(tmp_path).videos("val")


def test_the_configuration_reaches_the_files(roots):
    options = [f"dataset.root={roots['owners']}", "dataset.classes=[catch,clap]", "dataset.split=1"]
    module = build_datamodule(compose_config("train", ["dataset=jhmdb21", *options]))
    module.prepare_data()
    assert {key.video for key in module.dataset("val").key_frames} == {"catch/C", "clap/E"}
    assert len(module.dataset("test")) == VIDEOS["catch/C"] + VIDEOS["clap/E"]  # video-mAP needs all frames


@pytest.mark.shared
def test_the_published_text_boxes_are_read(shared, tmp_path):
    classes = list(compose_config("train", ["dataset=jhmdb21", "dataset.root=/x"]).dataset.classes)
    (tmp_path / "groundtruths_jhmdb.zip").symlink_to(shared / "data" / "jhmdb21" / "groundtruths_jhmdb.zip")
    name = "clap/Boom_Snap_Clap_clap_u_nm_np1_fr_med_1"
    folder = tmp_path / "Frames" / name
    folder.mkdir(parents=True)
    for number in range(1, 41):
        Image.new("RGB", (320, 240)).save(folder / f"{number:05d}.png", compress_level=1)
    (tmp_path / "testlist.txt").write_text(f"{name}\n")
    keys = JHMDB21(str(tmp_path), classes).key_frames("val")
    assert 30 < len(keys) <= 40 and {int(k.labels[0]) for k in keys} == {classes.index("clap")}
