import logging

import numpy as np
import pytest

from tests.make_data import TEST_VIDEOS, VIDEOS, tube_boxes, ucf24_archive, ucf24_files
from yowo.datasets.ucf24 import UCF24
from yowo.errors import AnnotationError, ConfigError, DatasetError

CLASSES = ["Basketball", "BasketballDunk", "Biking"]
TRAIN_VIDEOS = sorted(set(VIDEOS) - set(TEST_VIDEOS))


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return ucf24_files(tmp_path_factory.mktemp("ucf"))


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    return ucf24_archive(tmp_path_factory.mktemp("archive"))


def data(root, **options):
    return UCF24(str(root), CLASSES, **options)


def test_the_test_list_is_held_out_and_the_rest_of_the_annotation_is_trained_on(files):
    assert [v.name for v in data(files).videos("val")] == sorted(TEST_VIDEOS)
    assert [v.name for v in data(files).videos("train")] == TRAIN_VIDEOS


def test_every_annotated_frame_is_a_key_frame_with_its_boxes(files):
    keys = data(files).key_frames("val")
    assert [(k.video, k.frame) for k in keys][:10] == [("Basketball/v_Basketball_g01_c01", i) for i in range(2, 12)]
    biking = [k for k in keys if k.video == "Biking/v_Biking_g01_c01"]
    assert [len(k.boxes_norm) for k in biking] == [1] * 4 + [2] * 5 + [1] * 7
    x, y, w, h = tube_boxes(3, 12)[0].astype(float)
    assert keys[0].boxes_norm[0].tolist() == pytest.approx([x / 320, y / 240, (x + w) / 320, (y + h) / 240])
    assert keys[0].labels.tolist() == [0]
    assert biking[0].labels.tolist() == [2]
    assert keys[0].num_frames == 20


def test_both_layouts_give_the_same_key_frames(files, archive):
    for split in ("train", "val"):
        first, second = data(files).key_frames(split), data(archive).key_frames(split)
        assert len(first) == len(second) > 0
        for a, b in zip(first, second, strict=True):
            assert (a.video, a.frame, a.num_frames, a.size) == (b.video, b.frame, b.num_frames, b.size)
            assert np.array_equal(a.boxes_norm, b.boxes_norm) and np.array_equal(a.labels, b.labels)


def test_videos_that_are_not_on_disk_are_counted_once(tmp_path, caplog):
    root = ucf24_files(tmp_path, missing=(TRAIN_VIDEOS[0],))
    with caplog.at_level(logging.WARNING):
        source = data(root)
        source.videos("train"), source.videos("train")
    assert [r.getMessage() for r in caplog.records] == [f"{root / 'UCF-101'}: 1 of 2 train videos are missing"]
    assert [v.name for v in source.videos("train")] == TRAIN_VIDEOS[1:]


def test_no_video_left_is_an_error(tmp_path):
    root = ucf24_files(tmp_path, missing=tuple(TRAIN_VIDEOS))
    with pytest.raises(DatasetError, match=r"none of the 2 annotated train videos was found"):
        data(root).videos("train")


@pytest.mark.parametrize("layout", ["files", "archive"])
def test_a_split_can_name_its_own_videos(layout, request):
    root = request.getfixturevalue(layout)
    own = data(root, train_videos="all", val_videos=["Biking/v_Biking_g02_c01"])
    assert {k.video for k in own.key_frames("train")} == set(VIDEOS)
    assert {k.video for k in own.key_frames("val")} == {"Biking/v_Biking_g02_c01"}


def test_a_split_can_be_a_text_file(files, tmp_path):
    (tmp_path / "mine.txt").write_text("Biking/v_Biking_g02_c01.avi 3\n\nBasketball/v_Basketball_g01_c01\n")
    own = data(files, train_videos=str(tmp_path / "mine.txt"))
    assert [v.name for v in own.videos("train")] == ["Basketball/v_Basketball_g01_c01", "Biking/v_Biking_g02_c01"]


def test_an_unknown_video_of_a_split_is_named(files):
    with pytest.raises(
        ConfigError,
        match=r"dataset.val_videos: expected names of annotated videos, got 1 unknown ones such as Biking/nobody",
    ):
        data(files, val_videos=["Biking/nobody"]).videos("val")


@pytest.mark.parametrize(("choice", "left"), [("skip", 1), ("error", None)])
def test_an_unreadable_video_is_named_and_skipped_or_fatal(tmp_path, caplog, choice, left):
    root = ucf24_files(tmp_path)
    broken = root / "UCF-101" / f"{TRAIN_VIDEOS[0]}.avi"
    broken.write_text("this is no video")
    source = data(root, on_unreadable=choice)
    if left is None:
        with pytest.raises(DatasetError, match=rf"1 of 2 videos cannot be read; the first: .*{broken.name}"):
            source.videos("train")
    else:
        assert len(source.videos("train")) == left
    assert any(broken.name in record.getMessage() for record in caplog.records)


def test_a_folder_in_neither_layout_is_described(tmp_path):
    with pytest.raises(DatasetError, match=r"expected UCF-101/<Class>/<video>\.avi .*; missing: UCF-101, finalAnnots"):
        data(tmp_path).prepare()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 2 3 4\n", r"expected rows of class"),
        ("9 1 2 3 4\n", r"row 1: expected a class number from 1 to 3, got 9"),
        ("a b c d e\n", r"expected rows"),
    ],
)
def test_a_wrong_label_file_is_named(tmp_path, text, message):
    root = ucf24_archive(tmp_path)
    (root / "labels" / TEST_VIDEOS[0] / "00003.txt").write_text(text)
    with pytest.raises(AnnotationError, match=rf"00003\.txt: {message}"):
        data(root).key_frames("val")


def test_the_real_annotation_and_clips(shared):
    root = shared / "data" / "ucf101-24-mini"
    source = UCF24(str(root), [f"c{i}" for i in range(24)])
    videos = {v.name: v for v in source.videos("val")}
    assert len(videos) == 7
    fencing = videos["Fencing/v_Fencing_g01_c06"]
    assert (fencing.num_frames, len(fencing.tubes), fencing.tubes[0].label) == (174, 2, 6)
    keys = source.key_frames("val")
    assert len([k for k in keys if k.video.startswith("Basketball")]) == 48
    with pytest.raises(DatasetError, match="none of the 2284 annotated train videos"):
        source.videos("train")
