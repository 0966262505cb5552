import json
import zipfile

import pytest

from tests.exported_cases import facts
from yowo.errors import WeightsError
from yowo.inference.exported.facts import KEY, is_exported, read_facts


def varint(value):
    out = b""
    while value > 127:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


def block(number, content):
    return varint(number << 3 | 2) + varint(len(content)) + content


def onnx_bytes(text, key=KEY):
    """A ModelProto: version, producer, a large graph, then metadata; fixed-size fields are skipped too."""
    head = (
        varint(1 << 3)
        + varint(300)
        + block(2, b"pytorch")
        + varint(99 << 3 | 1)
        + bytes(8)
        + varint(98 << 3 | 5)
        + bytes(4)
    )
    other = block(14, block(1, b"note") + block(2, b"mine"))
    return head + block(7, bytes(100_000)) + other + block(14, block(1, key.encode()) + block(2, text.encode()))


def written(path, text):
    if path.suffix == ".onnx":
        path.write_bytes(onnx_bytes(text))
    elif path.suffix == ".xml":
        escaped = text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
        path.write_text(f'<net><layers/><rt_info><info value="x"/><yowo value="{escaped}"/></rt_info></net>')
    else:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("archive/data/weights", bytes(100))
            archive.writestr("archive/extra/yowo.json", text)
    return path


@pytest.mark.parametrize("ending", [".onnx", ".xml", ".pt2"])
def test_facts_come_back_from_each_format_without_its_program(ending, tmp_path):
    given = facts(
        classes=2, config={"dataset": {"classes": ['run "fast" <&>', "Läufer"]}}, detections={"columns": ["clip"]}
    )
    path = written(tmp_path / f"my best [1]{ending}", given.text())
    assert read_facts(path) == given and is_exported(path.name)


@pytest.mark.parametrize("ending", [".onnx", ".xml", ".pt2"])
def test_a_damaged_a_foreign_and_a_later_file_are_told_apart(ending, tmp_path):
    path = written(tmp_path / f"a{ending}", facts().text())
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(WeightsError, match=r"a\.\w+: damaged, or not a .* file"):
        read_facts(path)
    path.write_bytes(whole.replace(b"yowo", b"nope"))
    with pytest.raises(WeightsError, match="expected a file of yowo export"):
        read_facts(path)
    with pytest.raises(WeightsError, match=r"a later version of this package wrote it \(9\.0\)"):
        read_facts(written(tmp_path / f"b{ending}", json.dumps({"version": 99, "written_by": "9.0"})))
    with pytest.raises(WeightsError, match="its metadata is damaged"):
        read_facts(written(tmp_path / f"c{ending}", json.dumps({"version": 1, "classes": ["a"]})))


def test_missing_files_and_other_endings_are_named(tmp_path):
    with pytest.raises(WeightsError, match="there is no such file"):
        read_facts(tmp_path / "gone.onnx")
    with pytest.raises(WeightsError, match=r"expected a file that ends in \.onnx, \.xml, \.pt2"):
        read_facts(tmp_path / "best.ckpt")
    assert not is_exported("yowo_nano") and not is_exported("best.ckpt")
