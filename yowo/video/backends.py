"""Which decoder a file can be trusted to."""

from pathlib import Path

from yowo.video.packets import read_packets
from yowo.video.soundness import Soundness, soundness


def choose_backend(path: str | Path) -> str:
    """Return the backend that is trusted to give a video's frames exactly, in their order, without hanging.

    "frames" for a folder, "sequential" for a damaged file, "decord" or "pyav" for others. decord comes
    first, but it was found to be wrong, without a word, for some files, and these go to PyAV:

    - B-frames around open key frames (the default of x265; `open-gop=1` of x264; B-frames of MPEG-4 part 2 without
      `cgop`) and B-frames in AVI: the frames near key frames come in a wrong order or are others;
    - H.264 that is refreshed by and by (`intra-refresh` of x264, live recordings): frames after a jump are not whole;
    - streams cut so that they begin without a key frame, and MP4 files with an edit list that hides frames: the
      decoder gives fewer frames than there are packets, and decord repeats others in their place;
    - AVI files that begin with an empty frame, as encoders that look ahead write them: frames after a jump are others;
    - MPEG program and transport streams: positions are off;
    - no timestamps: decord refuses the file or cannot seek in it;
    - fewer packets than the header promises, or packets marked as broken: a damaged end can make decord wait for
      frames that never come, holding the interpreter;
    - damage inside, which decord paints over in its own way, or answers with other frames (`yowo.video.soundness`);
      and films too long to look for it beforehand: PyAV notices damage while it decodes, decord does not.

    Raises:
        VideoError: The file is no video.
    """
    if Path(path).is_dir():
        return "frames"
    packets = read_packets(path)
    late = packets.container == "avi" and packets.times[0] != 0
    found = soundness(path)
    if found is Soundness.DAMAGED:
        return "sequential"
    trusted = packets.one_frame_each and packets.closed and not late
    return "decord" if trusted and found is Soundness.SOUND else "pyav"
