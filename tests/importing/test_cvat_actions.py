from xml.etree.ElementTree import fromstring

import pytest

from yowo.importing.annotated import ImportOptions
from yowo.importing.cvat_actions import CvatLabels

META = """<meta><task><labels>
  <label><name>person</name><attributes>
    <attribute><name>waving</name><input_type>checkbox</input_type><values>false</values></attribute>
    <attribute><name>action</name><input_type>select</input_type><values>none\nwalk\nrun</values></attribute>
    <attribute><name>mood</name><input_type>radio</input_type><values>glad\nsad</values></attribute>
    <attribute><name>note</name><input_type>text</input_type><values></values></attribute>
    <attribute><name>age</name><input_type>number</input_type><values>1;99;1</values></attribute>
  </attributes></label>
  <label><name>dog</name></label>
</labels></task></meta>"""


def labels(**options):
    made = CvatLabels(ImportOptions(**options))
    made.declare(fromstring(META))
    return made


def test_ticks_and_values_of_lists_are_actions_and_numbers_and_texts_are_not():
    values = {"waving": "true", "action": "run", "mood": "sad", "note": "look", "age": "7"}
    assert labels().actions("person", values) == ["waving", "run", "sad"]
    assert list(labels().names) == ["waving", "walk", "run", "glad", "sad", "dog"]


@pytest.mark.parametrize("nothing", ["none", "", "No", "n/a", "undefined"])
def test_a_word_for_nothing_and_no_tick_are_no_action(nothing):
    assert labels().actions("person", {"waving": "false", "action": nothing}) == []


def test_a_label_without_such_attributes_is_an_action():
    assert labels().actions("dog", {}) == ["dog"]
    assert labels(actions="attributes").actions("dog", {}) == []


def test_labels_can_be_the_actions_whatever_attributes_say():
    made = labels(actions="labels")
    assert made.actions("person", {"action": "run"}) == ["person"] and list(made.names) == ["person", "dog"]


def test_named_attributes_alone_are_actions_texts_too():
    made = labels(attributes=("action", "note"))
    assert made.actions("person", {"waving": "true", "action": "walk", "note": "look"}) == ["walk", "look"]
    assert made.actions("dog", {}) == []


def test_a_label_that_no_document_declares_is_guessed_from_its_values():
    assert labels(actions="attributes").actions("cat", {"jumping": "true", "gait": "slow", "hurt": "false"}) == [
        "jumping",
        "slow",
    ]
