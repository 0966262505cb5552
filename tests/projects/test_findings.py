from yowo.projects.findings import ProjectReport


def test_a_finding_has_its_first_place_and_the_number_of_places():
    report = ProjectReport()
    report.add("warning", "tiny box", ["a, frame 1", "a, frame 2"], "enlarge")
    assert report.findings == [("warning", "tiny box", 2, "a, frame 1", "enlarge")] and report.sound


def test_without_a_place_there_is_no_finding():
    report = ProjectReport()
    report.add("error", "tiny box", [], "enlarge")
    assert report.findings == [] and report.sound


def test_an_error_makes_a_project_unsound():
    report = ProjectReport()
    report.add("error", "damaged", ["a"], "repair")
    assert not report.sound
