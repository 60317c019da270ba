"""How the survey workbook looks: its colours and cell formats.

Only formats; what is written with them stands in :mod:`sources.survey.pages`.
"""

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from xlsxwriter import Workbook

DARK: Final = "#17375E"
MIDDLE: Final = "#DCE6F1"
PALE: Final = "#F3F6FA"
LINE: Final = "#B8C4D2"
UNASKED: Final = "#D0D0D0"


class Styles:
    """The formats of one workbook; only entries are unlocked."""

    def __init__(self, book: "Workbook") -> None:
        line = {"border": 1, "border_color": LINE, "valign": "vcenter"}
        wrapped = {"text_wrap": True, "valign": "top"}
        self.title = book.add_format({"bold": True, "font_size": 15, "font_color": DARK})
        self.banner = book.add_format({"bold": True, "font_color": "#B00020"})
        self.help = book.add_format({"italic": True, "font_color": "#44546A", "valign": "top"})
        self.head = book.add_format(
            line | {"bold": True, "font_color": "white", "bg_color": DARK, "text_wrap": True}
        )
        self.seat = book.add_format(
            line | {"bold": True, "font_color": "white", "bg_color": DARK, "align": "center"}
        )
        self.band = book.add_format(line | {"bold": True, "font_color": DARK, "bg_color": MIDDLE})
        self.fixed = book.add_format(line | {"bg_color": PALE, "text_wrap": True})
        self.middle = book.add_format(line | {"bg_color": PALE, "align": "center"})
        self.entry = book.add_format(line | {"locked": False, "text_wrap": True})
        self.choice = book.add_format(line | {"locked": False, "align": "center"})
        self.day = book.add_format(
            line | {"locked": False, "align": "center", "num_format": "yyyy-mm-dd"}
        )
        self.unasked = book.add_format({"bg_color": UNASKED, "font_color": "#9C0006", "pattern": 1})
        self.section = book.add_format({"bold": True, "font_size": 12, "font_color": DARK})
        self.text = book.add_format(wrapped)
