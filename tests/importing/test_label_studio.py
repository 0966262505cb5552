import json

import pytest

from tests.make_data import pictures, write_video
from yowo.errors import AnnotationError
from yowo.importing.annotated import ImportOptions
from yowo.importing.label_studio import read_label_studio
from yowo.video.video_folder import VideoFolder


@pytest.fixture
def read(tmp_path, quick_probe):
    """Two videos of 64 x 48 pixels with 12 frames at 25 frames per second."""
    for name in ("a", "b"):
        write_video(tmp_path / "videos" / f"{name}.mp4", pictures(12, 0))

    def reader(tasks, **options):
        (tmp_path / "export.json").write_text(json.dumps(tasks))
        return read_label_studio(tmp_path / "export.json", VideoFolder(tmp_path / "videos"), ImportOptions(**options))

    return reader


def key(frame, x=50.0, y=25.0, width=25.0, height=50.0, enabled=True, rotation=0):
    return {
        "frame": frame, "enabled": enabled, "rotation": rotation, "time": 0.04,
        "x": x, "y": y, "width": width, "height": height,
    }  # fmt: skip


def region(*keys, name="r1", labels=("run",), frames=12, seconds=0.48):
    value = {"framesCount": frames, "duration": seconds, "sequence": list(keys), "labels": list(labels)}
    return {"id": name, "type": "videorectangle", "from_name": "box", "to_name": "video", "value": value}


def task(*results, video="/data/upload/1/0a1b2c3d-a.mp4", **more):
    return {"id": 5, "data": {"video": video}, "annotations": [{"id": 1, "result": list(results), **more}]}


def frames(found):
    return [row.frame for row in found.rows]


def test_frames_count_from_one_and_boxes_are_percentages(read):
    (row,) = read([task(region(key(3), key(4, enabled=False)))]).rows[:1]
    assert tuple(row) == ("a", 2, (32, 12, 48, 36), "run", "r1")


def test_boxes_between_key_frames_are_interpolated_and_the_last_one_stays_to_the_end(read):
    found = read([task(region(key(1, x=0), key(5, x=40, width=45)))])
    assert frames(found) == list(range(12))
    lefts = [row.box[0] * 100 / 64 for row in found.rows]
    assert lefts == pytest.approx([0, 10, 20, 30] + [40] * 8)
    assert found.rows[1].box[2] == pytest.approx(64 * (10 + 30) / 100)


def test_a_box_ends_on_a_key_frame_that_is_not_enabled_until_the_next_one(read):
    found = read([task(region(key(2), key(4, enabled=False), key(9), key(10, enabled=False)))])
    assert frames(found) == [1, 2, 3, 8, 9]


def test_key_frames_may_be_in_any_order_and_alone(read):
    assert frames(read([task(region(key(6, enabled=False), key(5)))])) == [4, 5]
    assert frames(read([task(region(key(12)))])) == [11]


def test_turned_boxes_turn_around_their_upper_left_corner_in_pixels(read):
    (row,) = read([task(region(key(1, x=50, y=50, width=25, height=25, rotation=90, enabled=False)))]).rows
    assert row.box == pytest.approx((32 - 12, 24, 32, 24 + 16))


def test_the_first_frame_may_be_given(read):
    assert frames(read([task(region(key(0), key(1, enabled=False)))], first_frame=0)) == [0, 1]


def test_choices_of_a_region_are_its_actions_and_labels_otherwise(read):
    choice = {"id": "r1", "type": "choices", "value": {"choices": ["fall", "sit"]}}
    exported = [task(region(key(1), key(2, enabled=False), labels=["person"]), choice)]
    assert {row.label for row in read(exported).rows} == {"fall", "sit"}
    assert {row.label for row in read(exported, actions="labels").rows} == {"person"}
    separate = {"id": "r1", "type": "labels", "value": {"labels": ["walk"]}}
    assert read([task(region(key(1), labels=[]), separate)]).classes == ("walk",)


def test_regions_without_label_and_other_results_are_counted(read):
    text = {"id": "t", "type": "textarea", "value": {"text": ["x"]}}
    found = read([task(region(key(1)), region(key(1), name="r2", labels=[]), text)])
    assert {row.track for row in found.rows} == {"r1"}
    assert any(
        "1 regions have no label and were left out; the first: " in note and "r2" in note for note in found.notes
    )
    assert any("no rectangles in videos and were left out" in note for note in found.notes)


def test_of_several_annotations_the_ground_truth_or_the_latest_is_read(read):
    def annotation(label, **more):
        return {"id": label, "result": [region(key(1), labels=[label])], **more}

    several = {"id": 1, "data": {"video": "a.mp4"}}
    older, newer = annotation("old", updated_at="2024-01-01"), annotation("new", updated_at="2025-01-01")
    cancelled = annotation("cancelled", updated_at="2026-01-01", was_cancelled=True)
    found = read([{**several, "annotations": [newer, older, cancelled]}])
    assert found.classes == ("new",)
    assert any("several annotations, of which the latest was read" in note for note in found.notes)
    assert any("cancelled" in note for note in found.notes)
    found = read([{**several, "annotations": [newer, {**older, "ground_truth": True}]}])
    assert found.classes == ("old",) and "ground truth" in found.notes[0]


def test_the_short_export_is_read_too_and_the_latest_of_several_people(read):
    def entry(label, date):
        box = {"framesCount": 12, "duration": 0.48, "sequence": [key(2), key(3, enabled=False)], "labels": [label]}
        return {"id": 4, "video": "/data/upload/1/0a1b2c3d-b.mp4", "box": [box], "updated_at": date, "annotator": 1}

    found = read([entry("run", "2025-02-02"), entry("walk", "2025-01-01")])
    assert [(row.video, row.frame, row.label, row.track) for row in found.rows] == [
        ("b", 1, "run", "4-0"),
        ("b", 2, "run", "4-0"),
    ]
    assert "1 annotations of others than the latest" in found.notes[0]


def test_a_tool_that_counts_at_another_rate_is_followed_by_time(read):
    """Label Studio counts at the rate it was told, here 50 frames per second for a film of 25."""
    found = read([task(region(key(1, x=0), key(24, x=46), frames=24, seconds=0.48))])
    assert frames(found) == list(range(12))
    assert found.rows[5].box[0] * 100 / 64 == pytest.approx(2 * 11)  # the 12th of the tool's frames, 23 steps of 2
    assert "another frame rate" in found.notes[0]


def test_key_frames_past_the_end_are_counted(read):
    found = read([task(region(key(10), key(14), frames=12))])
    assert frames(found) == [9, 10, 11]
    assert "past the end" in found.notes[0]


@pytest.mark.parametrize(
    ("tasks", "words"),
    [
        ([], "expected a list of tasks"),
        ([1], "expected a list of tasks"),
        ([{"annotations": [{"bbox": [1, 2, 3, 4]}]}], "expected annotations with a list result"),
        ([task({"id": "x", "type": "videorectangle", "value": {}})], "region x: expected a list of key frames"),
        ([task({"id": "x", "type": "videorectangle"})], "region x: expected a list of key frames"),
        ([{"id": [1], "data": {}, "video": "a.mp4", "box": [{"sequence": 1}]}], "expected a list of key frames"),
        ([task(region(key("two")))], "region r1, key frame 0: frame: expected a number, got 'two'"),
        ([task(region(key(1, x=None)))], "key frame 0: x: expected a number, got None"),
        ([task(region(key(1)), video="z.mp4")], r"task 5: .* has no video 'z\.mp4'"),
        ([task(region(key(1)), video="")], "task 5: expected the name or the link of a video"),
        ([task()], "holds no rectangles in videos"),
        ([{"id": 1, "image": "a.jpg", "label": [{"x": 1}]}], "holds no rectangles in videos"),
    ],
)
def test_damage_is_named(read, tasks, words):
    with pytest.raises(AnnotationError, match=words):
        read(tasks)


def test_all_damage_is_in_one_list(read):
    with pytest.raises(AnnotationError, match=r"(?s)2 problems.*has no video 'z\.mp4'.*key frame 0: x"):
        read([task(region(key(1, x="?"))), task(region(key(1)), video="z.mp4")])
