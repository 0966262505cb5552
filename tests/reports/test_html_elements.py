from html.parser import HTMLParser

from yowo.reports.html_elements import figures, heat_table, page, section, table


class Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.text = [], []

    def handle_starttag(self, tag, attrs):
        if tag not in ("meta",):
            self.open.append(tag)

    def handle_endtag(self, tag):
        if self.open and self.open[-1] == tag:
            self.open.pop()

    def handle_data(self, data):
        self.text.append(data)


def test_a_page_is_whole_and_needs_nothing_from_elsewhere():
    body = section("A", "b & c", table(["x", "y"], [["1", "2"]], turned=True) + heat_table(["r"], ["c", "d"], [[3, 0]]))
    text = page("<title>", "sub", [body, figures([("mAP", "1.0", "rule")])])
    reader = Reader()
    reader.feed(text)
    assert reader.open == [] and "<title>" in reader.text and "b & c" in reader.text
    assert "http" not in text and "src=" not in text and "·" in text
