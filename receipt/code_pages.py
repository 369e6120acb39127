"""From bytes to characters: code pages, national character sets, and the double-byte sets of East Asia.

Contract: `single_byte(codec)` is a table of 256 characters, `Encoding.decode` turns printed bytes into text and never
raises; what a page does not define reads as U+FFFD. Codec names are Python's, and those of `OWN_PAGES`. Sources:
Epson's character code tables (public reference); escpos-printer-db (CC-BY-4.0) for Katakana and the Star pages.
"""

# ruff: noqa: RUF001 - look-alikes are what code pages are full of

from __future__ import annotations

import codecs
import unicodedata
from functools import cache
from typing import Final, NamedTuple

from receipt.page_tables import UPPER_HALVES

UNDEFINED: Final = "\ufffd"
DOUBLE_BYTE: Final = frozenset(("cp932", "gb18030", "cp949", "big5", "jis"))
UTF8: Final = "utf-8"


def _dos_but(changes: dict[int, str], codec: str = "cp437") -> str:
    """Return the upper half of a DOS page with other characters from given bytes on."""
    half = list(bytes(range(0x80, 0x100)).decode(codec, "replace"))
    for start, characters in changes.items():
        half[start - 0x80 : start - 0x80 + len(characters)] = characters
    return "".join(half)


_CYRILLIC_CAPITALS: Final = "АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ"
_LITHUANIAN: Final = {0xB5: "ĄČĘĖ", 0xBD: "ĮŠ", 0xC6: "ŲŪ", 0xCF: "Žąčęėįšųūž"}  # where CP775 has them, too

_TCVN: Final = (
    "{:32}        ăâêôơưđ      àảãáạ ằẳẵắ       ặầẩẫấậè ẻẽéẹềểễếệìỉ   ĩíịò ỏõóọồổỗốộờởỡớợù ủũúụừửữứựỳỷỹýỵ ".format("")
)
_TCVN_CAPITALS: Final = (
    "{:32} ĂÂ    Ð  ÊÔƠƯ       ÀẢÃÁẠ ẰẲẴẮ       ẶẦẨẪẤẬÈ ẺẼÉẸỀỂỄẾỆÌỈ   ĨÍỊÒ ỎÕÓỌỒỔỖỐỘỜỞỠỚỢÙ ỦŨÚỤỪỬỮỨỰỲỶỸÝỴ ".format("")
)

# The upper halves of pages that Python does not know, or knows an older edition of.
OWN_PAGES: Final[dict[str, str]] = {
    **UPPER_HALVES,
    "cp857": _dos_but({0xD5: "\u20ac"}, "cp857"),  # printers have the edition with the euro
    "katakana": "▁▂▃▄▅▆▇█▏▎▍▌▋▊▉┼┴┬┤├▔─│▕┌┐└┘╭╮╰╯ ｡｢｣､･ｦｧｨｩｪｫｬｭｮｯｰｱｲｳｴｵｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾅﾆﾇﾈﾉﾊﾋﾌﾍﾎﾏﾐﾑﾒﾓﾔﾕﾖﾗﾘﾙﾚﾛﾜﾝﾞﾟ"
    "═╞╪╡◢◣◥◤♠♥♦♣●○╱╲╳円年月日時分秒〒市区町村人▒ ",
    "cp772": _dos_but(_LITHUANIAN, "cp866"),
    "cp774": _dos_but(_LITHUANIAN),
    "cp3011": _dos_but(
        {
            0xB5: "Ā╢ņ",
            0xC6: "ā",
            0xD0: "Š",
            0xD2: "čČ",
            0xD6: "ģĪī",
            0xDD: "ū",
            0xDE: "Ū",
            0xF0: "ĒēĢķĶļĻžŽ",
            0xFC: "Ņš",
        }
    ),
    "cp3012": bytes(range(0x80, 0xB0)).decode("cp866")
    + "░▒▓│┤Ā╢ņ╕╣║╗╝Ō╛┐└┴┬├─┼ā╟╚╔╩╦╠═╬╧Š╤čČ╘╒ģĪī┘┌█▄ūŪ▀"
    + "рстуфхцчшщъыьэюяĒēĢķĶļĻžŽ∙·√Ņš■ ",
    "cp3021": _dos_but({0x80: _CYRILLIC_CAPITALS + _CYRILLIC_CAPITALS.lower() + "└┴┬├─┼╣║╚╔╩╦╠═╬┐░▒▓│┤№§╗╝┘┌"}),  # MIK
    "cp3843": _dos_but(  # Mazovia
        {0x86: "ą", 0x8D: "ć", 0x8F: "ĄĘęł", 0x95: "Ć", 0x98: "Ś", 0x9C: "Ł", 0x9E: "ś", 0xA0: "ŹŻóÓńŃźż"}
    ),
    "tcvn3-1": _TCVN.replace(" ", UNDEFINED),
    "tcvn3-2": _TCVN_CAPITALS.replace(" ", UNDEFINED),
    "cp3844": _dos_but({0x80: "ČüéďäĎŤčěĚĹÍľĺÄÁÉžŽôöÓůÚýÖÜŠĽÝŘťáíóúňŇŮÔšřŕŔ", 0xAD: "§"}),  # Kamenický
}

# ESC R n puts national characters in the place of these twelve.
REPLACED: Final = "#$@[\\]^`{|}~"
INTERNATIONAL: Final[dict[int, str]] = {
    1: "#$à°ç§^`éùè¨",  # France
    2: "#$§ÄÖÜ^`äöüß",  # Germany
    3: "£$@[\\]^`{|}~",  # United Kingdom
    4: "#$@ÆØÅ^`æøå~",  # Denmark I
    5: "#¤ÉÄÖÅÜéäöåü",  # Sweden
    6: "#$@°\\é^ùàòèì",  # Italy
    7: "₧$@¡Ñ¿^`¨ñ}~",  # Spain I
    8: "#$@[¥]^`{|}~",  # Japan
    9: "#¤ÉÆØÅÜéæøåü",  # Norway
    10: "#$ÉÆØÅÜéæøåü",  # Denmark II
    11: "#$á¡Ñ¿é`íñóú",  # Spain II
    12: "#$á¡Ñ¿éüíñóú",  # Latin America
    13: "#$@[₩]^`{|}~",  # Korea
    14: "#$ŽŠĐĆČžšđćč",  # Slovenia, Croatia
    15: "#¥@[\\]^`{|}~",  # China
    16: "#đ@[\\]^`{|}~",  # Viet Nam
}


@cache
def single_byte(codec: str) -> str | None:
    """Return the 256 characters of a page, or None where it is no single-byte page that we know."""
    if codec in OWN_PAGES:
        return bytes(range(0x80)).decode("ascii") + OWN_PAGES[codec]
    if codec in DOUBLE_BYTE or codec == UTF8:
        return None
    try:
        return "".join(bytes((byte,)).decode(codec, "replace") for byte in range(0x100))
    except LookupError:
        return None


class Encoding(NamedTuple):
    """How bytes are to be read: a single-byte page, a national set over ASCII, and ideographs when they are on."""

    codec: str = "cp437"
    international: int = 0
    double_byte: str | None = None
    twice: str = ""  # the page that some program took the bytes for when it encoded them as UTF-8

    @property
    def ascii_is_plain(self) -> bool:
        """Whether ASCII bytes read as ASCII."""
        return self.international == 0 and self.double_byte != "jis"

    @property
    def table(self) -> str | None:
        """Return the 256 characters that bytes stand for, or None where characters have several bytes."""
        if self.double_byte is not None or self.codec == UTF8 or self.twice:
            return None
        return _table(self.codec, self.international)

    def decode(self, data: bytes) -> str:
        """Return the characters that these bytes print; never raises."""
        if self.twice:
            data = taken_back(data.decode("utf-8", "replace"), self.twice)
        if self.double_byte is not None:
            return self._wide(data)
        if self.codec == UTF8:
            return data.decode("utf-8", "replace")
        return codecs.charmap_decode(data, "replace", _table(self.codec, self.international))[0]

    def _wide(self, data: bytes) -> str:
        assert self.double_byte is not None
        if self.double_byte == "jis":  # JIS X 0208 pairs of seven bits: EUC-JP without its high bits
            return bytes(byte | 0x80 for byte in data).decode("euc_jp", "replace")
        text = data.decode(self.double_byte, "replace")
        national = INTERNATIONAL.get(self.international)
        return text.translate(dict(zip(map(ord, REPLACED), national, strict=True))) if national else text

    def cells(self, text: str) -> int:
        """Return how many cells of the line a text fills."""
        if text.isascii() or not self.wide:
            return len(text)
        return sum(self.character_cells(character) for character in text)

    def character_cells(self, character: str) -> int:
        """Return 2 for a full-width character, 0 for one that stands over its neighbour, else 1."""
        if character.isascii() or not self.wide:
            return 1
        return _cells_of_two_bytes(character) if self.double_byte else _cells(character)

    @property
    def wide(self) -> bool:
        """Whether a character may fill two cells."""
        return self.double_byte is not None or self.codec == UTF8


@cache
def _table(codec: str, international: int) -> str:
    table = single_byte(codec) or single_byte("cp437")
    assert table is not None
    national = INTERNATIONAL.get(international)
    return table.translate(dict(zip(map(ord, REPLACED), national, strict=True))) if national else table


def taken_back(text: str, codec: str) -> bytes:
    """Return the bytes that a program took for a page when it made this text of them; `?` for what it cannot have."""
    page = _bytes_of(codec)
    return bytes([page.get(character, _QUESTION) for character in text])


_QUESTION: Final = ord("?")


@cache
def _bytes_of(codec: str) -> dict[str, int]:
    """Return the bytes of a page's characters; programs make control characters of bytes that a page leaves out."""
    table = single_byte(codec)
    assert table is not None
    return {chr(byte) if shown == UNDEFINED else shown: byte for byte, shown in reversed(list(enumerate(table)))}


@cache
def _cells_of_two_bytes(character: str) -> int:
    """In East Asian sets all but ASCII, its national replacements and half-width Katakana is printed full-width."""
    return 1 if unicodedata.east_asian_width(character) in ("H", "Na") else 2


@cache
def _cells(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
