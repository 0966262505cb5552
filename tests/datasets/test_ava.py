import logging
from fractions import Fraction

import av
import numpy as np
import pytest
import torch
from PIL import Image

from tests.data.test_dataset import number
from tests.make_data import pictures
from yowo.config.build_training import build_datamodule
from yowo.config.compose import compose_config
from yowo.data.dataset import ClipDataset
from yowo.datasets.ava import AVA
from yowo.errors import AnnotationError, ConfigError, DatasetError

CLASSES = ("bend", "crouch", "dance", "run")
RATES = {"24": Fraction(24), "25": Fraction(25), "29.97": Fraction(30000, 1001), "30": Fraction(30)}
TRAIN = """\
a,0902,0.1,0.2,0.5,0.6,4,0
a,0902,0.6,0.2,0.9,0.6,1,1
a,0902,0.1,0.2,0.5,0.6,2,0
a,0903,0.1,0.2,0.5,0.6,3,0
a,0904,0.2,0.2,0.4,0.4,1,0
b,0903,0,0,1,1,4,7
"""
VAL = "c,0902,0.1,0.2,0.5,0.6,2,0\nc,0904,0.1,0.2,0.5,0.6,2,0\n"


def write_film(path, rate=Fraction(25), count=150):
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=rate, options={"g": "20", "preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for picture in pictures(count, 0):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())


def annotate(root, train=TRAIN, val=VAL):
    folder = root / "annotations"
    folder.mkdir(parents=True)
    (folder / "ava_train_v2.2.csv").write_text(train)
    (folder / "ava_val_v2.2.csv").write_text(val)
    (folder / "ava_train_excluded_timestamps_v2.2.csv").write_text("a,0904\n")
    (folder / "ava_val_excluded_timestamps_v2.2.csv").write_text("")
    return root


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = annotate(tmp_path_factory.mktemp("ava"))
    for name, rate in (("a", "24"), ("b", "29.97"), ("c", "30")):
        write_film(root / "videos" / f"{name}.mp4", RATES[rate])
    return root


def link(root, target):
    """The same films under another annotation, to be written."""
    target.mkdir(exist_ok=True)
    (target / "videos").symlink_to(root / "videos")
    return target


def data(root, **options):
    return AVA(str(root), CLASSES, **options)


def test_persons_are_the_rows_of_one_box_and_excluded_timestamps_are_no_key_frames(root):
    keys = data(root).key_frames("train")
    found = [(k.video, s, len(k.labels)) for k, s in zip(keys, keys.seconds.tolist(), strict=True)]
    assert found == [("a", 902, 2), ("a", 903, 1), ("b", 903, 1)]
    assert keys[0].labels.tolist() == [[0, 1, 0, 1], [1, 0, 0, 0]] and keys[0].labels.dtype == np.float32
    assert np.allclose(keys[0].boxes_norm, [[0.1, 0.2, 0.5, 0.6], [0.6, 0.2, 0.9, 0.6]])
    assert keys[0].size == (64, 48) and keys.seconds.tolist() == [902, 903, 903]
    assert data(root).key_frames("val").seconds.tolist() == [902, 904]


@pytest.mark.parametrize("ending", ["mp4", "mkv"])
@pytest.mark.parametrize("rate", RATES.values(), ids=RATES)
@pytest.mark.parametrize(("offset", "dilation"), [(0.0, 1), (-1 / 30, 2)])
def test_a_clip_holds_the_frames_shown_at_thirtieths_of_a_second_before_the_timestamp(
    tmp_path, rate, ending, offset, dilation
):
    write_film(tmp_path / "videos" / f"a.{ending}", rate)
    annotate(tmp_path, "a,0902,0,0,1,1,1,0\na,0904,0,0,1,1,1,0\n")
    (tmp_path / "annotations" / "ava_train_excluded_timestamps_v2.2.csv").write_text("")
    clips = ClipDataset(data(tmp_path, key_frame_offset=offset).key_frames("train"), 16, dilation)
    for place, second in enumerate((902, 904)):
        moments = [
            second - 900 + Fraction(offset).limit_denominator(30) - Fraction(n * dilation, 30) for n in range(16)
        ]
        expected = [int(moment * rate) for moment in reversed(moments)]  # the last frame that began
        seen = [number(frame) for frame in clips[place].frames]
        assert len(seen) == 16 and max(abs(a - b) for a, b in zip(seen, expected, strict=True)) <= (ending == "mkv")
        # a container of whole milliseconds may show the next frame where it begins within one
        sure = [abs(moment * rate - round(moment * rate)) > rate / 1000 for moment in reversed(moments)]
        exact = [round(moment * rate) == moment * rate for moment in reversed(moments)]
        checked = [ending == "mp4" or a or b for a, b in zip(sure, exact, strict=True)]
        assert [s for s, c in zip(seen, checked, strict=True) if c] == [
            e for e, c in zip(expected, checked, strict=True) if c
        ]


def test_moments_before_the_film_show_its_first_frame(root):
    keys = data(root, key_frame_offset=-1.9).key_frames("train")
    assert [number(f) for f in ClipDataset(keys, 16)[0].frames] == [0] * 13 + [0, 1, 2]


def test_whole_films_count_from_their_own_beginning(tmp_path, root):
    rows = "a,0002,0,0,1,1,1,0\na,0005,0,0,1,1,1,0\n"
    whole = annotate(link(root, tmp_path / "whole"), rows)
    keys = data(whole).key_frames("train")
    assert [k.frame for k in keys] == [48, 120]
    assert [k.frame for k in data(whole, start_second=1).key_frames("train")] == [24, 96]


def extract(root, film, rate, count):
    """Pictures of a film, 30 of each second, numbered from 1: the frame shown at each moment."""
    folder = root / "frames" / film
    folder.mkdir(parents=True)
    frames = pictures(150, 0)
    for n in range(count):
        picture = frames[min(int(Fraction(n, 30) * rate), 149)]
        Image.fromarray(picture).save(folder / f"{film}_{n + 1:06d}.jpg", quality=95)


def test_pictures_give_the_clips_of_the_film_they_were_extracted_from(tmp_path, root):
    extract(tmp_path, "a", RATES["24"], 120)
    annotate(tmp_path, "a,0902,0.1,0.2,0.5,0.6,4,0\na,0903,0.1,0.2,0.5,0.6,4,0\n")
    drawn = ClipDataset(data(tmp_path, key_frame_offset=-1 / 30).key_frames("train"), 16)
    filmed = ClipDataset(data(root, key_frame_offset=-1 / 30, train_videos=["a"]).key_frames("train"), 16)
    for place, second in enumerate((902, 903)):
        # the released code: pictures (second - 900) * 30 - 15 to (second - 900) * 30, counted from 1
        assert drawn.key_frames.clip(place, 16).tolist() == [(second - 900) * 30 - 16 + n for n in range(16)]
        assert [number(f) for f in drawn[place].frames] == [number(f) for f in filmed[place].frames]


def test_annotations_may_lie_a_folder_deeper_as_in_the_authors_layout(tmp_path, root):
    annotate(tmp_path)
    files = list((tmp_path / "annotations").iterdir())
    (tmp_path / "annotations" / "ava_v2.2").mkdir()
    for file in files:
        file.rename(file.parent / "ava_v2.2" / file.name)
    link(root, tmp_path)
    assert len(data(tmp_path).key_frames("train")) == 3
    (tmp_path / "annotations" / "ava_v2.2" / "ava_train_excluded_timestamps_v2.2.csv").unlink()
    assert len(data(tmp_path).key_frames("train")) == 4


def test_a_part_of_the_films_may_be_there_or_chosen(tmp_path, root, caplog):
    (tmp_path / "videos").mkdir()
    (tmp_path / "videos" / "a.mp4").symlink_to(root / "videos" / "a.mp4")
    annotate(tmp_path)
    with caplog.at_level(logging.WARNING):
        assert {k.video for k in data(tmp_path).key_frames("train")} == {"a"}
    assert "1 of 2 train films are missing" in caplog.text
    assert [v.name for v in data(root, train_videos=["b"]).videos("train")] == ["b"]
    with pytest.raises(
        ConfigError, match=r"dataset\.val_videos: expected names of annotated videos, got 1 unknown ones such as nobody"
    ):
        data(root, val_videos=["nobody"]).videos("val")
    with pytest.raises(DatasetError, match=r"videos: none of the 1 val films was found, such as c"):
        data(tmp_path).videos("val")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("a,0902,0.1,0.2,0.5,0.6", r"row 2: expected 8 columns .*, got 6"),
        ("a,0902,0.1,0.2,0.5,0.6,1,0,9", r"row 2: expected 8 columns .*, got 9"),
        ("a,0902,0.1,zero,0.5,0.6,1,0", r"row 2: expected video_id.*got a,0902,0.1,zero"),
        ("a,late,0.1,0.2,0.5,0.6,1,0", r"row 2: expected video_id.*got a,late"),
        ("a,0902,0.1,0.2,0.5,1.2,1,0", r"row 2: expected a box inside the picture.*got a,0902,0.1,0.2,0.5,1.2"),
        ("a,0902,-0.1,0.2,0.5,0.6,1,0", r"row 2: expected a box inside the picture"),
        ("a,0902,0.6,0.2,0.5,0.6,1,0", r"row 2: expected a box with x1 <= x2"),
        (
            "a,0902,0.1,0.2,0.5,0.6,5,0",
            r"row 2: expected an action_id from 1 to 4, got a,0902.*,5,0 \(1 such rows\)",
        ),
        ("a,0902,0.1,0.2,0.5,0.6,0,0", r"row 2: expected a whole number of at least 1 as action_id"),
    ],
)
def test_an_impossible_row_is_named_with_its_file(tmp_path, row, message):
    annotate(tmp_path, f"a,0902,0,0,1,1,1,0\n{row}\n")
    with pytest.raises(AnnotationError, match=rf"ava_train_v2\.2\.csv: {message}"):
        data(tmp_path).key_frames("train")


def test_boxes_without_area_stay_in_evaluation_only(tmp_path, root, caplog):
    flat = "c,0902,0.1,0.2,0.1,0.6,2,0\nc,0904,0.1,0.2,0.5,0.6,2,0\n"
    annotate(link(root, tmp_path), flat, flat)
    with caplog.at_level(logging.WARNING):
        assert len(data(tmp_path).key_frames("train")) == 1 and "1 boxes have no area" in caplog.text
    assert len(data(tmp_path).key_frames("val")) == 2


def test_a_film_that_ends_before_its_annotation_is_named_or_used_as_far_as_it_goes(tmp_path, root, caplog):
    annotate(link(root, tmp_path), "a,0902,0,0,1,1,1,0\na,0950,0,0,1,1,1,0\n")
    message = r"1 films are shorter .*a\.mp4: covers seconds 900 to 906\.2, but is annotated until 950; repair"
    with pytest.raises(DatasetError, match=message):
        data(tmp_path).videos("train")
    with caplog.at_level(logging.WARNING):
        assert data(tmp_path, on_unreadable="skip").key_frames("train").seconds.tolist() == [902]
    assert "timestamps beyond their end are skipped" in caplog.text


def test_a_folder_of_another_kind_and_another_list_of_classes_are_named(tmp_path, root):
    with pytest.raises(
        DatasetError, match=r"dataset\.root=.*expected annotations/.* both videos/ and frames/ are missing"
    ):
        data(tmp_path).prepare()
    (tmp_path / "videos").mkdir()
    with pytest.raises(DatasetError, match=r"annotations/ava_val_v2\.2\.csv is missing"):
        data(tmp_path).prepare()
    annotate(tmp_path)
    data(tmp_path).prepare()
    names = tmp_path / "annotations" / "ava_action_list_v2.2.pbtxt"
    names.write_text('label {\n  name: "crawl"\n  label_id: 2\n}\n')
    with pytest.raises(DatasetError, match=r"class 2: expected 'crouch' as in dataset\.classes, got 'crawl'"):
        data(tmp_path).prepare()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"start_second": "late"}, r"dataset\.start_second: expected auto, or seconds such as 0 or 900, got 'late'"),
        ({"key_frame_offset": None}, r"dataset\.key_frame_offset: expected seconds, got None"),
    ],
)
def test_impossible_settings_are_named(tmp_path, options, message):
    with pytest.raises(ConfigError, match=message):
        data(tmp_path, **options)


def test_the_configuration_reaches_the_films(root):
    options = [
        f"dataset.root={root}",
        "dataset.classes=[bend,crouch,dance,run]",
        "dataset.key_frame_offset=-0.5",
        "dataset.start_second=901",
        "dataset.val_videos=[c]",
        "dataset.key_frame_stride=2",
        "dataset.balanced=0.5",
        "seed=7",
    ]
    module = build_datamodule(compose_config("train", ["dataset=ava", *options]))
    module.prepare_data()
    assert [key.frame for key in module.dataset("train").key_frames] == [12, 36, 44]  # 0.5 and 1.5 seconds of the files
    sampler = module.train_dataloader().sampler
    assert (sampler.stride, sampler.balanced, sampler.seed) == (2, 0.5, 7)


def test_released_experiments_take_the_picture_before_the_timestamp():
    for name in ("yowo_ava_k16", "yowo_plus_ava_k16", "yowo_nano_ava_k32"):
        of_paper = compose_config("train", [f"experiment={name}"])
        released = compose_config("train", [f"experiment={name}", "recipe=released"])
        assert of_paper.dataset.source.key_frame_offset == 0
        assert released.dataset.source.key_frame_offset == pytest.approx(-1 / 30, abs=1e-9)


@pytest.mark.shared
def test_the_small_films_in_the_official_format_are_read(shared):
    folder = shared / "data" / "ava-mini"
    module = build_datamodule(compose_config("train", ["dataset=ava", f"dataset.root={folder}"]))
    module.prepare_data()
    train, val = (module.dataset(part).key_frames for part in ("train", "val"))
    assert (len(train), len(val)) == (21, 13)
    assert 905 not in train.seconds and 905 not in val.seconds
    assert train[0].labels.nonzero()[1].tolist() == [11, 57] and train[0].frame == 75
    sample = module.dataset("val")[0]
    assert sample.frames.shape == (16, 3, 360, 480) and sample.target["labels"].dtype == torch.float32
