"""Texts as they may be stored: letters mended, no HTML, no control characters, no e-mail address.

What a text means is not known here.
"""

import html
import re
from typing import Final

EMAIL: Final = re.compile(  # each word is looked at once, however long it is
    r"(?<![^\s@<>()\[\],;:])[^\s@<>()\[\],;:]++@[^\s@<>()\[\],;:]+\.[^\s@<>()\[\],;:.]{2,}"
)
MARKUP: Final = re.compile(r"<[A-Za-z/!?]|&(?:#[0-9]+|#x[0-9A-Fa-f]+|[A-Za-z]+);")
SIMPLE: Final = re.compile(r"[0-9A-Za-z .,;:/()_+'-]*")
"""Texts in which nothing can be wrong."""
CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


def plain(text: str) -> tuple[str, str]:
    """Return a text as it may be stored, and a note on what was mended in it.

    Wrongly decoded letters are decoded again, HTML is taken out, control characters become
    spaces, e-mail addresses are removed; spaces at the ends go without a note.
    """
    if SIMPLE.fullmatch(text):
        return " ".join(text.split()), ""
    notes, found = [], text
    if not text.isascii():
        found = text.encode(errors="replace").decode()  # halves of letters, which JSON may have
        import ftfy  # noqa: PLC0415  (only where there is something to mend)

        found = ftfy.fix_encoding(found)
        if found != text:
            notes.append("letters decoded again")
    if MARKUP.search(found):
        import nh3  # noqa: PLC0415  (only where there is markup)

        stripped = html.unescape(nh3.clean(found, tags=set()))
        if stripped != found:
            found = stripped
            notes.append("HTML removed")
    if "@" in found and EMAIL.search(found):
        found = EMAIL.sub("", found)
        notes.append("e-mail address removed")
    found = " ".join(CONTROL.sub(" ", found).split())
    return found, ", ".join(notes)
