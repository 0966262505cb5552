"""Which video a link or an uploaded file of an annotation tool means."""

import re
from collections.abc import Iterable
from pathlib import PurePosixPath
from urllib.parse import parse_qs, unquote, urlsplit

from yowo.errors import AnnotationError
from yowo.importing.collecting import Collector
from yowo.video.file_names import spelled
from yowo.video.video_files import video_stem
from yowo.video.video_folder import VideoFolder

LINK = re.compile(r"[a-zA-Z][\w+.-]+://|/data/|/?tasks/|data:")
"""How links begin, unlike plain file names, in which % and ? stand for themselves."""
UPLOADED = re.compile(r"[0-9a-f]{8}-(?=.)")
"""What Label Studio writes before the name of an uploaded file."""


def file_of(link: str) -> str:
    """Return the path of the file that a link leads to.

    Examples:
        >>> file_of("/data/local-files/?d=day%201/film.mp4"), file_of("s3://bucket/day/film.mp4?X-Amz-Date=1")
        ('day 1/film.mp4', '/day/film.mp4')
        >>> file_of("50% & more?.mp4")
        '50% & more?.mp4'
    """
    if not LINK.match(link):
        return link
    parts = urlsplit(link)
    inside = parse_qs(parts.query).get("d") or parse_qs(parts.query).get("fileuri")
    return inside[0] if inside else unquote(parts.path)


def linked_video(videos: VideoFolder, links: Iterable[str], where: str, collector: Collector) -> str:
    """Return the name of the video that links or file names mean.

    Uploads are found although the tool writes digits before their names, and _ for blanks in them. If there is one
    video only, it is meant by any name, which is noted.

    Args:
        videos: The annotated videos.
        links: Links, the most telling first.
        where: File and entry, for messages.
        collector: Gets the note, and lists a video that is not there once.

    Raises:
        AnnotationError: There is no such video, or there are several.
    """
    paths = [file_of(link) for link in links]
    if not paths:
        raise AnnotationError(f"{where}: expected the name or the link of a video, got none")
    for path in paths:
        own = PurePosixPath(path.replace("\\", "/")).name
        for named in (path, path.replace(own, UPLOADED.sub("", own, count=1))):
            if videos.has(named):
                return videos.find(named, where)
            alike = [name for name in videos.paths if _as_uploaded(name) == _as_uploaded(named)]
            if len(alike) == 1:
                return alike[0]
    if len(videos.paths) == 1:
        collector.leave_out("films have another name and were assigned to the only video given", f"{where}: {paths[0]}")
        return next(iter(videos.paths))
    return collector.video(videos, paths[0], where)


def _as_uploaded(path: str) -> str:
    """Return a file name as servers store it: without folders and ending, _ for blanks, no other signs."""
    name = PurePosixPath(video_stem(spelled(path).replace("\\", "/"))).name
    return re.sub(r"[^\w.-]", "", re.sub(r"\s", "_", name)).casefold()
