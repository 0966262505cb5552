"""Reading the JSON file of an annotation tool."""

import json
from pathlib import Path
from typing import Any

from yowo.errors import AnnotationError


def read_json(path: Path, wanted: str = "") -> Any:
    """Read a JSON file, with or without a byte order mark.

    Args:
        path: The file.
        wanted: Which export of which tool is expected, for the message about a file that holds no JSON.

    Raises:
        AnnotationError: The file cannot be read, or holds no JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise AnnotationError(f"{path}: expected a JSON file ({error.strerror or error})") from error
    except (ValueError, RecursionError) as error:
        raise AnnotationError(f"{path}: expected JSON: {error}" + (f"; {wanted}" if wanted else "")) from error
