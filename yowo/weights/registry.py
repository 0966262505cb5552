"""The weights files that the authors published: what each is for, and its address.

Addresses and names are from the readmes, sources and configurations of github.com/yjh0410/PyTorch_YOWO and
github.com/wei-tim/YOWO. Neither publishes checksums, so a download is checked by its size (if known), by the CRCs of a
zip file and by opening it.
"""

from dataclasses import dataclass

from yowo.errors import WeightsError

DETECTOR, BACKBONE2D, BACKBONE3D = "detector", "backbone2d", "backbone3d"
"""What a weights file is for: a whole detector, or a part of one."""
YOWO_PLUS = "https://github.com/yjh0410/PyTorch_YOWO/releases/download/yowo-weight/"
YOWOF = "https://github.com/yjh0410/YOWOF/releases/download/yowof-weight/"
DROPBOX = "https://www.dropbox.com/sh/16jv2kwzom1pmlt/AABL3cFWDfG5MuH9PwnjSJf0a?dl=0"
DRIVE_AVA = "https://drive.google.com/drive/folders/1g-jTfxCV9_uNFr61pjo4VxNfgDlbWLlb"
DRIVE_3D = "https://drive.google.com/drive/folders/1zvl89AgFAApbH0At-gMuZSeQB_LpNP-M"


@dataclass(frozen=True)
class Published:
    """A published weights file.

    Attributes:
        name: Name in `yowo weights fetch NAME`.
        file: File name at the source.
        url: Address of the file, or of the shared folder that contains it.
        part: The part it is for: "detector", "backbone2d" or "backbone3d".
        use: Overrides that select the network it is for, such as "model=yowo_plus dataset=ucf24".
        words: Description.
        size: Size in bytes, if known.
        sha256: SHA-256 checksum in hexadecimal digits, if known.
        by_hand: Whether it is in a shared folder that only a browser can open.
    """

    name: str
    file: str
    url: str
    part: str
    use: str
    words: str
    size: int | None = None
    sha256: str | None = None
    by_hand: bool = False


def _detector(name: str, file: str, model: str, dataset: str, words: str, clip_len: int = 16) -> Published:
    return Published(name, file, YOWO_PLUS + file, DETECTOR, _typed(model, dataset, clip_len), words)


def _original(name: str, file: str, url: str, dataset: str, clip_len: int = 16) -> Published:
    words = f"the original YOWO, {dataset}"
    return Published(name, file, url, DETECTOR, _typed("yowo", dataset, clip_len), words, by_hand=True)


def _typed(model: str, dataset: str, clip_len: int) -> str:
    length = "" if clip_len == 16 else f" dataset.clip_len={clip_len}"
    return f"model={model} dataset={dataset}{length}"


def _backbone3d(choice: str, file: str, base: str) -> Published:
    return Published(
        f"{choice}_kinetics", file, base + file, BACKBONE3D, f"backbone3d={choice}", "Kinetics, 3D backbone"
    )


PUBLISHED: tuple[Published, ...] = (
    _detector("yowo_plus_ucf24", "yowo_ucf24_84.9.pth", "yowo_plus", "ucf24", "F-mAP 84.9"),
    _detector("yowo_nano_ucf24", "yowo_nano_ucf24_81.0.pth", "yowo_nano", "ucf24", "F-mAP 81.0"),
    _detector("yowo_plus_ava_k16", "yowo_ava_v2.2_20.6.pth", "yowo_plus", "ava", "mAP 20.6"),
    _detector("yowo_plus_ava_k32", "yowo_ava_v2.2_K32_21.6.pth", "yowo_plus", "ava", "mAP 21.6", 32),
    _detector("yowo_nano_ava_k16", "yowo_nano_ava_v2.2_18.4.pth", "yowo_nano", "ava", "mAP 18.4"),
    _detector("yowo_nano_ava_k32", "yowo_nano_ava_v2.2_K32_19.5.pth", "yowo_nano", "ava", "mAP 19.5", 32),
    Published(
        "yolov2_coco", "yolov2.pth", f"{YOWO_PLUS}yolov2.pth", BACKBONE2D, "backbone2d=yolov2", "COCO, YOWO-Plus"
    ),
    Published(
        name="darknet_yolov2_coco",
        file="yolo.weights",
        url="http://pjreddie.com/media/files/yolo.weights",
        part=BACKBONE2D,
        use="backbone2d=yolov2_darknet",
        words="COCO, the original YOWO",
        size=203_934_260,
    ),
    *(_backbone3d(f"resnext{n}", f"resnext-{n}-kinetics.pth", YOWO_PLUS) for n in (50, 101, 152)),
    *(_backbone3d(f"resnet{n}", f"resnet-{n}-kinetics.pth", YOWOF) for n in (18, 50, 101)),
    *(
        _backbone3d(f"shufflenetv2_{w}", f"kinetics_shufflenetv2_{w}_RGB_16_best.pth", YOWO_PLUS)
        for w in ("0.25x", "1.0x", "1.5x", "2.0x")
    ),
    _original("yowo_ucf24", "yowo_ucf24_16f_best_08181.pth", DROPBOX, "ucf24"),
    _original("yowo_jhmdb21", "yowo_jhmdb21_32f_best.pth", DROPBOX, "jhmdb21", 32),
    _original("yowo_ava_k32", "yowo_ava_32f_s1_best_ap_01905.pth", DRIVE_AVA, "ava", 32),
    Published(
        name="resnext101_hmdb51",
        file="resnext-101-kinetics-hmdb51_split1.pth",
        url=DRIVE_3D,
        part=BACKBONE3D,
        use="backbone3d=resnext101",
        words="Kinetics, then HMDB-51: for dataset=jhmdb21",
        by_hand=True,
    ),
)


def published(name: str) -> Published:
    """Return a published file.

    Args:
        name: Its `name` or `file`.

    Returns:
        The published file.

    Raises:
        WeightsError: There is no published file of this name.
    """
    found = next((p for p in PUBLISHED if name in (p.name, p.file)), None)
    if found is None:
        names = ", ".join(p.name for p in PUBLISHED)
        raise WeightsError(f"{name}: there are no published weights of this name; choose one of {names}")
    return found
