"""Pages as tests read them: elements that close, words a reader sees, charts as trees."""

import re
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

VOID = {"meta", "br", "link", "img", "hr", "input"}


class Page(HTMLParser):
    """A page as its elements; it has to close what it opens."""

    def __init__(self, text):
        super().__init__()
        self.open, self.elements, self.words = [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):  # noqa: D102
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names))
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):  # noqa: D102
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):  # noqa: D102
        assert self.open.pop() == tag

    def handle_data(self, data):  # noqa: D102
        if "style" not in self.open:
            self.words.append(data)

    @property
    def text(self):
        """What a reader reads."""
        return " ".join(" ".join(self.words).split())

    def all(self, tag):
        """Return the attributes of each element of a kind."""
        return [attrs for name, attrs in self.elements if name == tag]


def charts(text):
    return [ET.fromstring(svg) for svg in re.findall(r"<svg.*?</svg>", text, re.DOTALL)]  # noqa: S314
