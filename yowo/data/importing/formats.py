"""The formats that annotations are imported from."""

from yowo.data.importing.annotated import Importer
from yowo.data.importing.ava_csv import read_ava_csv_rows
from yowo.data.importing.coco import read_coco
from yowo.data.importing.cvat import read_cvat
from yowo.data.importing.mot import read_mot
from yowo.data.importing.simple_csv import read_simple_csv
from yowo.data.importing.ucf24_labels import read_ucf24_labels

FORMATS: dict[str, Importer] = {
    "cvat": read_cvat,
    "coco": read_coco,
    "ava-csv": read_ava_csv_rows,
    "simple-csv": read_simple_csv,
    "ucf24-labels": read_ucf24_labels,
    "mot": read_mot,
}
