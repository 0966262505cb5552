"""Which reader gives the frames of a file exactly."""

import importlib.util
import logging
from functools import lru_cache
from pathlib import Path

from yowo.errors import ConfigError
from yowo.video.file_facts import file_facts
from yowo.video.soundness import Soundness, soundness

log = logging.getLogger(__name__)
DECODERS = ("decord", "pyav")
"""Names of conf/decoder: what reads the files that both can read."""


def choose_backend(path: str | Path, decoder: str = "decord") -> str:
    """Return the backend that is trusted to give a video's frames exactly, in their order, without hanging.

    "frames" for a folder and "sequential" for a damaged file. All other files are read by "pyav" if that is the
    `decoder`. With "decord" they are read by decord, except those of kinds for which it was found to give wrong frames
    without an error:

    - B-frames around open key frames (the default of x265; `open-gop=1` of x264; B-frames of MPEG-4 part 2 without
      `cgop`) and B-frames in AVI: frames near key frames come in a wrong order, or are other frames;
    - H.264 that is refreshed gradually (`intra-refresh` of x264, live recordings): frames after a jump are incomplete;
    - streams cut so that they begin without a key frame, and MP4 files with an edit list that hides frames: the
      decoder gives fewer frames than there are packets, and decord repeats others in their place;
    - AVI files that begin with an empty frame, as encoders with lookahead write them: frames after a jump are others;
    - MPEG program and transport streams: positions are wrong;
    - grey files, whose levels it takes for others than they are (`yowo.video.grey`);
    - files without timestamps: decord refuses the file or cannot seek in it;
    - fewer packets than the header promises, or packets marked as corrupt: with a damaged end decord may wait for
      frames that never come, while holding the interpreter's lock;
    - damage inside, which decord conceals in its own way, or answers with other frames (`yowo.video.soundness`), and
      films too long to look for it beforehand: PyAV notices damage while it decodes, decord does not.

    Args:
        path: The file or folder.
        decoder: "decord" or "pyav".

    Raises:
        VideoError: The file is not a video.
    """
    if Path(path).is_dir():
        return "frames"
    found = soundness(path)
    if found is Soundness.DAMAGED:
        return "sequential"
    facts = file_facts(path)
    trusted = found is Soundness.SOUND and facts.clean_jumps and not facts.grey
    return "decord" if trusted and decoder == "decord" else "pyav"


def usable_decoder(decoder: str) -> str:
    """Check the name of a decoder, and replace "decord" by "pyav" where decord is not installed.

    The replacement is reported once, as a warning.

    Args:
        decoder: "decord" or "pyav".

    Raises:
        ConfigError: It is neither.
    """
    if decoder not in DECODERS:
        raise ConfigError(f"decoder: expected {' or '.join(DECODERS)}, got {decoder!r}")
    if decoder == "decord" and importlib.util.find_spec("decord") is None:
        _warn_of_missing_decord()
        return "pyav"
    return decoder


@lru_cache(maxsize=1)
def _warn_of_missing_decord() -> None:
    log.warning(
        "decord is not installed, so PyAV reads all videos; install decord or decord2, or choose decoder=pyav to "
        "silence this warning"
    )
