"""The supported import formats and their importers."""

from yowo.importing.annotated import Importer
from yowo.importing.ava_csv import read_ava_csv_rows
from yowo.importing.coco import read_coco
from yowo.importing.cvat import read_cvat
from yowo.importing.label_studio import read_label_studio
from yowo.importing.mot import read_mot
from yowo.importing.simple_csv import read_simple_csv
from yowo.importing.ucf24_labels import read_ucf24_labels
from yowo.importing.via import read_via

FORMATS: dict[str, Importer] = {
    "cvat": read_cvat,
    "coco": read_coco,
    "label-studio": read_label_studio,
    "via": read_via,
    "ava-csv": read_ava_csv_rows,
    "simple-csv": read_simple_csv,
    "ucf24-labels": read_ucf24_labels,
    "mot": read_mot,
}
