"""Which files are videos: by their ending where it is known, otherwise by what FFmpeg finds in them."""

import re
from pathlib import Path

import av
from av.stream import Disposition

from yowo.video.file_names import spelled, without_ending
from yowo.video.packets import DECODING_ERRORS
from yowo.video.pictures import PICTURE_SUFFIXES

VIDEO_SUFFIXES = (
    ".mp4", ".mkv", ".webm", ".avi", ".mov", ".m4v", ".mpg", ".mpeg", ".wmv", ".flv", ".ts", ".mts", ".m2ts", ".m2t",
    ".3gp", ".3g2", ".vob", ".ogv", ".asf", ".mxf", ".divx", ".f4v", ".qt", ".mpe", ".m1v", ".m2v", ".mp4v", ".ogm",
    ".rm", ".rmvb", ".mod", ".tod", ".dv", ".nut", ".y4m", ".ivf", ".h264", ".264", ".avc", ".h265", ".265", ".hevc",
    ".mjpg", ".mjpeg", ".xvid", ".vro", ".trp", ".wtv", ".gxf", ".dav", ".insv",
)  # fmt: skip
"""Endings of videos, in small letters. A file with another ending is a video if FFmpeg finds one in it."""
SHARED_SUFFIXES = (".ts", ".mts", ".mod", ".dav", ".rm", ".qt", ".tod", ".avc")
"""Those that other files have too: TypeScript, MPEG tables of contents; they must not be text."""
SOUND_SUFFIXES = (".3gp", ".3g2", ".asf", ".webm", ".ogm", ".rm", ".qt")
"""Those that sound alone often has too."""
OTHER_SUFFIXES = (
    *PICTURE_SUFFIXES, ".txt", ".csv", ".tsv", ".json", ".jsonl", ".xml", ".yaml", ".yml", ".md", ".html", ".htm",
    ".pdf", ".srt", ".vtt", ".ass", ".ssa", ".sub", ".idx", ".sbv", ".lrc", ".smi", ".nfo", ".log", ".ini", ".cfg",
    ".toml", ".mp3", ".wav", ".flac", ".aac", ".m4a", ".opus", ".oga", ".wma", ".aif", ".aiff", ".mid", ".m3u", ".m3u8",
    ".pls", ".zip", ".tar", ".gz", ".bz2", ".xz", ".7z", ".rar", ".npy", ".npz", ".mat", ".pkl", ".pt", ".pth", ".ckpt",
    ".h5", ".hdf5", ".parquet", ".py", ".sh", ".js", ".css", ".db", ".lnk", ".url", ".svg", ".heic", ".heif", ".ico",
    ".thm", ".lrv", ".psd", ".dng", ".cr2", ".nef", ".arw", ".exr", ".raw", ".tga", ".avif", ".jxl",
    ".bin", ".pbtxt", ".part", ".crdownload", ".torrent", ".sha256", ".md5", ".safetensors", ".onnx", ".exe", ".dll",
)  # fmt: skip
"""Endings of files that are not looked into."""
NO_VIDEO = re.compile(
    r"image2(pipe)?|.*_pipe|tty|bin|xbin|adf|idf|rawvideo|concat.*|hls|dash|ffmetadata|lavfi|webvtt|srt|ass|cdg|mpjpeg|"
    r"vobsub|sup|dvbsub|dvbtxt|ico"
)
"""FFmpeg's names of formats that show text or one picture, or only lead to other files."""
ENDING = re.compile(r"\.(?=\w*[a-zA-Z])\w{1,5}$")
"""What counts as the ending of a video with an unknown one."""
LETTERS = 4096
"""Bytes at the beginning of a file by which text is told."""


def is_video_file(path: Path) -> bool:
    """Tell whether a file is a video. Hidden files, such as those that macOS adds on foreign disks, are none.

    A damaged file with the ending of a video is one, so that it is reported and not passed over.

    Args:
        path: The file.
    """
    ending = path.suffix.lower()
    if path.name.startswith(".") or ending in OTHER_SUFFIXES or not path.is_file():
        return False
    if ending not in VIDEO_SUFFIXES:
        return _holds_video(path, if_damaged=False)
    if ending in SHARED_SUFFIXES and _is_text(path):
        return False
    return ending not in SOUND_SUFFIXES or _holds_video(path, if_damaged=True)


def video_stem(name: str) -> str:
    """Return the name of a video file, which may have folders before it, without its ending, in one spelling.

    Examples:
        >>> video_stem("far/film.v2.MTS"), video_stem("camera.01"), video_stem("film.weird")
        ('far/film.v2', 'camera.01', 'film')
    """
    bare = without_ending(spelled(name), VIDEO_SUFFIXES)
    return bare if bare != spelled(name) else ENDING.sub("", bare)


def _is_text(path: Path) -> bool:
    """Whether a file begins with text; an empty file does not."""
    try:
        with path.open("rb") as file:
            begin = file.read(LETTERS)
    except OSError:
        return False
    try:
        text = begin.decode("utf-8", errors="strict" if len(begin) < LETTERS else "ignore")
    except UnicodeDecodeError:
        return False
    return bool(text) and all(letter.isprintable() or letter.isspace() for letter in text)


def _holds_video(path: Path, if_damaged: bool) -> bool:
    """Whether FFmpeg finds moving pictures in a file, a cover of music aside; `if_damaged` where it cannot open it."""
    try:
        with av.open(str(path)) as container:
            if any(NO_VIDEO.fullmatch(name) for name in container.format.name.split(",")):
                return False
            return any(
                stream.codec_context is not None
                and stream.codec_context.width > 0
                and not stream.disposition & Disposition.attached_pic
                and not (container.format.name == "gif" and stream.frames == 1)
                for stream in container.streams.video
            )
    except DECODING_ERRORS:
        return if_damaged
