import numpy as np
import pytest

from tests.make_data import PROJECT, project
from yowo.errors import DatasetError
from yowo.projects.opened import open_project


def test_missing_facts_are_derived_from_the_table(tmp_path):
    facts = open_project(project(tmp_path)).facts
    assert facts.classes == ("sit", "walk") and facts.multi_label is False
    assert len(facts.anchors) == 4  # as many as there are sizes
    assert np.ptp(np.array(facts.anchors)) > 0


def test_facts_in_the_project_take_precedence(tmp_path):
    project(tmp_path)
    (tmp_path / "dataset.yaml").write_text("classes: [walk, sit, fly]\nanchors: [[0.5, 0.25]]\n")
    facts = open_project(tmp_path).facts
    assert facts.classes == ("walk", "sit", "fly") and facts.anchors == [[0.5, 0.25]] and facts.multi_label is False


def test_a_change_of_the_files_is_noticed(tmp_path):
    project(tmp_path)
    assert open_project(tmp_path).facts.multi_label is False
    with (tmp_path / "annotations.csv").open("a") as file:
        file.write("a,1,4,4,24,40,sit,1\n")
    assert open_project(tmp_path).facts.multi_label is True


def test_boxes_are_fractions_of_the_size_that_the_project_names(tmp_path):
    project(tmp_path)
    sizes = open_project(tmp_path).box_sizes
    assert len(sizes) == sum(map(len, PROJECT.values()))
    assert np.allclose(sizes[0], [20 / 64, 36 / 48])
    names = "".join(f"{name},12,128,96\n" for name in PROJECT)
    (tmp_path / "videos.csv").write_text("video,frames,width,height\n" + names)
    assert np.allclose(open_project(tmp_path).box_sizes, sizes / 2)


def test_a_project_without_rows_is_refused(tmp_path):
    project(tmp_path, {"a": []})
    with pytest.raises(DatasetError, match="annotate a video"):
        _ = open_project(tmp_path).facts
    with pytest.raises(DatasetError, match="no row has a box inside its video"):
        _ = open_project(tmp_path).box_sizes
