from yowo.importing.annotated import Annotated, ImportOptions
from yowo.importing.formats import FORMATS


def test_nothing_is_left_out_unless_it_is_asked_for():
    options = ImportOptions()
    assert options.keep_occluded and options.actions == "auto" and options.attributes == ()
    assert options.classes is None and options.first_frame is None and options.start_second == 0


def test_every_importer_is_called_alike():
    for importer in FORMATS.values():
        assert list(importer.__annotations__.values())[-1] is Annotated
