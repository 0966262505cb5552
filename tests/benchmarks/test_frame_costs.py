import numpy as np

from benchmarks import frame_costs
from tests.make_data import pictures, write_video


def test_every_part_after_the_network_has_a_row(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(frame_costs, "MEASURED", 4)
    write_video(tmp_path / "film.mp4", pictures(6, 0))
    frame_costs.main(["--video", str(tmp_path / "film.mp4")])
    table = capsys.readouterr().out
    for part in ("24 classes", "80 classes", "top_k=1000", "10 people of 80 labels", "newest frame", "4 people of 3"):
        assert part in " ".join(table.split()).replace("│ │ ", ""), part


def test_a_crowd_has_all_classes_of_all_people_and_the_frames_show_them():
    boxes, scores, labels = next(frame_costs.crowd(3, 5, 1))
    assert boxes.shape == (15, 4) and scores.shape == labels.shape == (15,)
    assert len(np.unique(boxes, axis=0)) == 3
    frames = frame_costs.watched(4, 3, frame_costs.pictures(None)[:2])
    assert [len(frame.rows.labels) for frame in frames] == [12, 12]
    assert frames[0].people.tolist() == np.repeat([1, 2, 3, 4], 3).tolist()
    assert not np.array_equal(frames[0].result.picture, frames[1].result.picture)
