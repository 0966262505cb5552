from yowo.importing.track_linking import link_tracks
from yowo.projects.table import TableRow


def row(frame, x, label="jump", track="", video="a"):
    return TableRow(video, frame, (float(x), 0.0, float(x + 20), 30.0), label, track)


def tracks(rows):
    return [r.track for r in link_tracks(rows)]


def test_boxes_that_overlap_are_one_person_and_others_another():
    rows = [r for frame in range(5) for r in (row(frame, frame), row(frame, 100 - frame))]
    found = tracks(rows)
    assert len(set(found[::2])) == len(set(found[1::2])) == 1 and found[0] != found[1]


def test_people_who_cross_keep_the_best_matching():
    """Two boxes that touch one another go on with the one that each overlaps most."""
    rows = [row(0, 0), row(0, 12), row(1, 2), row(1, 14)]
    found = tracks(rows)
    assert found[0] == found[2] and found[1] == found[3] and found[0] != found[1]


def test_a_short_absence_is_bridged_and_a_long_one_is_not():
    assert len(set(tracks([row(0, 0), row(1, 0), row(2, 0), row(5, 0)]))) == 1
    assert len(set(tracks([row(0, 0), row(1, 0), row(2, 0), row(90, 0)]))) == 2


def test_what_counts_as_short_follows_the_steps_of_the_annotation():
    assert len(set(tracks([row(frame, 0) for frame in (0, 30, 60, 120)]))) == 1


def test_one_person_with_two_actions_has_one_track():
    rows = [row(frame, frame, label) for frame in range(3) for label in ("jump", "sing")]
    assert len(set(tracks(rows))) == 1


def test_tracks_that_are_there_stay_and_videos_do_not_mix():
    found = tracks([row(0, 0, track="7"), row(0, 0, video="b"), row(0, 0, video="c")])
    assert found[0] == "7" and found[1] and found[2]
