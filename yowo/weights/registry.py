"""The weights files that their authors published: what each is for, its address, and what is known of its licence.

Addresses and names are from the readmes, sources and configurations of the repositories yjh0410/{PyTorch_YOWO, YOWOF,
YOWOv2, FreeYOLO}, Hope1337/YOWOv3, wei-tim/YOWO, open-mmlab/mmaction2 and pytorch/vision on GitHub. Only the last two
publish checksums, in the files' names, so a download is checked by its size or checksum (if known), by the CRCs of a
zip file and by opening it.
"""

from dataclasses import dataclass

from yowo.errors import WeightsError

DETECTOR, BACKBONE2D, BACKBONE3D = "detector", "backbone2d", "backbone3d"
"""What a weights file is for: a whole detector, or a part of one."""
YOWO_PLUS = "https://github.com/yjh0410/PyTorch_YOWO/releases/download/yowo-weight/"
YOWOF = "https://github.com/yjh0410/YOWOF/releases/download/yowof-weight/"
DROPBOX = "https://www.dropbox.com/sh/16jv2kwzom1pmlt/AABL3cFWDfG5MuH9PwnjSJf0a?dl=0"
YOWO_V2 = "https://github.com/yjh0410/YOWOv2/releases/download/yowo_v2_weight/"
FREE_YOLO = "https://github.com/yjh0410/FreeYOLO/releases/download/weight/"
YOWO_V3 = "https://huggingface.co/manh6054/YOWOv3/resolve/main/weights/"
MMACTION = "https://download.openmmlab.com/mmaction/recognition/tsn/"
TORCHVISION = "https://download.pytorch.org/models/"
DRIVE_AVA = "https://drive.google.com/drive/folders/1g-jTfxCV9_uNFr61pjo4VxNfgDlbWLlb"
DRIVE_3D = "https://drive.google.com/drive/folders/1zvl89AgFAApbH0At-gMuZSeQB_LpNP-M"
TSN_18 = "tsn_r18_1x1x8_100e_hvu_action_rgb_20201027-011b282b.pth"
TSN_50_FOLDER = "tsn_r50_video_1x1x8_100e_kinetics600_rgb/"
TSN_50 = "tsn_r50_video_1x1x8_100e_kinetics600_rgb_20201015-4db3c461.pth"
SHARED_FOLDER = "it is in a shared folder"
NONE_FOUND = "none found"
"""The repository that the weights come from states no licence."""


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
        sha256: SHA-256 checksum in hexadecimal digits, or its beginning, if known.
        by_hand: Why the user downloads it in a browser instead of this program; empty if the program does.
        licence: Licence of the repository that the weights come from, or `NONE_FOUND`; data sets can have terms of
            their own.
    """

    name: str
    file: str
    url: str
    part: str
    use: str
    words: str
    size: int | None = None
    sha256: str | None = None
    by_hand: str = ""
    licence: str = NONE_FOUND


def _detector(name: str, file: str, model: str, dataset: str, words: str, clip_len: int = 16) -> Published:
    return Published(name, file, YOWO_PLUS + file, DETECTOR, _typed(model, dataset, clip_len), words)


def _yowof(model: str, file: str, dataset: str, words: str) -> Published:
    use = _typed(model, dataset, 16)
    return Published(f"{model}_{dataset}", file, YOWOF + file, DETECTOR, use, words)


def _yowo_v2(size: str, dataset: str, clip_len: int, words: str) -> Published:
    model = f"yowo_v2_{size}"
    file = f"{model}_{dataset}{'' if clip_len == 16 else '_k32'}.pth"
    use = _typed(model, dataset, clip_len)
    name = f"{model}_{dataset}_k{clip_len}"
    return Published(name, file, YOWO_V2 + file, DETECTOR, use, words, licence="MIT")


def _free_yolo(size: str, choice: str) -> Published:
    file = f"yolo_free_{size}_coco.pth"
    return Published(
        f"free_yolo_{size}_coco", file, FREE_YOLO + file, BACKBONE2D, f"backbone2d={choice}", "COCO, YOWOv2"
    )


def _yolov8(size: str) -> Published:
    file = f"v8_{size}.pth"
    url = f"{YOWO_V3}backbone2D/YOLOv8/{file}"
    use = f"backbone2d=yolov8_{size}"
    words, reason = "COCO, YOWOv3", "its weights are YOLOv8's, under AGPL-3.0, which is yours to accept"
    return Published(f"yolov8_{size}_coco", file, url, BACKBONE2D, use, words, by_hand=reason, licence="AGPL-3.0")


def _original(name: str, file: str, url: str, dataset: str, clip_len: int = 16) -> Published:
    words = f"the original YOWO, {dataset}"
    return Published(name, file, url, DETECTOR, _typed("yowo", dataset, clip_len), words, by_hand=SHARED_FOLDER)


def _typed(model: str, dataset: str, clip_len: int) -> str:
    length = "" if clip_len == 16 else f" dataset.clip_len={clip_len}"
    return f"model={model} dataset={dataset}{length}"


def _backbone3d(choice: str, file: str, base: str) -> Published:
    use, words = f"backbone3d={choice}", "Kinetics, 3D backbone"
    return Published(f"{choice}_kinetics", file, base + file, BACKBONE3D, use, words, licence="MIT")


def _resnet2d(choice: str, file: str, base: str, words: str, licence: str) -> Published:
    """Return a ResNet whose file name ends in the beginning of its checksum."""
    name = f"{choice}_{words.split(',')[0].lower().replace('-', '')}"
    checksum = file.removesuffix(".pth").rpartition("-")[2]
    use = f"backbone2d={choice}"
    return Published(name, file, base + file, BACKBONE2D, use, words, sha256=checksum, licence=licence)


# frame mAP on UCF101-24 and mAP on AVA of YOWOv2, by size and frames of a clip
YOWO_V2_SCORES = (
    ("nano", 16, 78.8, 12.6),
    ("nano", 32, 79.4, 12.7),
    ("tiny", 16, 80.5, 14.9),
    ("tiny", 32, 83.0, 15.6),
    ("medium", 16, 83.1, 18.4),
    ("medium", 32, 83.7, 18.4),
    ("large", 16, 85.2, 20.2),
    ("large", 32, 87.0, 21.7),
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
        licence="public domain",
    ),
    *(_backbone3d(f"resnext{n}", f"resnext-{n}-kinetics.pth", YOWO_PLUS) for n in (50, 101, 152)),
    *(_backbone3d(f"resnet{n}", f"resnet-{n}-kinetics.pth", YOWOF) for n in (18, 50, 101)),
    *(
        _backbone3d(f"shufflenetv2_{w}", f"kinetics_shufflenetv2_{w}_RGB_16_best.pth", YOWO_PLUS)
        for w in ("0.25x", "1.0x", "1.5x", "2.0x")
    ),
    _yowof("yowof_r18", "yowof-r18_epoch_5_83.3.pth", "ucf24", "F-mAP 83.3"),
    _yowof("yowof_r18", "yowof-r18_epoch_8_18.1.pth", "ava", "mAP 18.1"),
    _yowof("yowof_r50", "yowof-r50_epoch_8_20.7.pth", "ava", "mAP 20.7"),
    *(_yowo_v2(size, "ucf24", length, f"F-mAP {score}") for size, length, score, _ in YOWO_V2_SCORES),
    *(_yowo_v2(size, "ava", length, f"mAP {score}") for size, length, _, score in YOWO_V2_SCORES),
    *(_free_yolo(n, c) for n, c in (("nano", "shufflenetv2"), ("tiny", "elan_tiny"), ("large", "elan_large"))),
    *(_yolov8(size) for size in "nsmlx"),
    Published(
        name="i3d_kinetics",
        file="rgb_imagenet.pth",
        url=f"{YOWO_V3}backbone3D/I3D/rgb_imagenet.pth",
        part=BACKBONE3D,
        use="backbone3d=i3d",
        words="ImageNet and Kinetics, 3D backbone",
        licence="Apache-2.0",
    ),
    _resnet2d("resnet18", TSN_18, f"{MMACTION}hvu/action/", "HVU, YOWOF", "Apache-2.0"),
    _resnet2d("resnet50", TSN_50, f"{MMACTION}{TSN_50_FOLDER}", "Kinetics-600, YOWOF", "Apache-2.0"),
    _resnet2d("resnet18", "resnet18-f37072fd.pth", TORCHVISION, "ImageNet, torchvision", "BSD-3-Clause"),
    _resnet2d("resnet50", "resnet50-0676ba61.pth", TORCHVISION, "ImageNet, torchvision", "BSD-3-Clause"),
    _resnet2d("shufflenetv2", "shufflenetv2_x1-5666bf0f80.pth", TORCHVISION, "ImageNet, torchvision", "BSD-3-Clause"),
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
        by_hand=SHARED_FOLDER,
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
