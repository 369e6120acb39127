"""Lines that are a street and a house: a shop may stand in "Teststraße 5" or, on a vendor's sample, in "C/ Ejemplo 1".

Contract: pure. Only forms that no title of a paper has: the word for a street beside a name, and a figure.
"""

from __future__ import annotations

import re
from typing import Final

_HOUSE: Final = r"[,.]? *(?:n[°ºro.:]*|no[.:]|nr[.:]?|№|д\.|буд\.|num\.?)? *\d{1,4} ?[a-zа-я]?\b(?![.,]\d\d\b)"
_AHEAD: Final = (  # "rue de l'Exemple 5", "ул. Примерная, д. 1"
    r"(?:calle|c/|cl|avda\.?|avenida|av\.?|plaza|rua|r\.|rue|avenue|place|via|viale|corso|piazza|ul\.?|al\.|os\."
    r"|ulica|ulice|ул\.?|улица|вул\.?|вулиця|просп\.?|пр-т|пер\.?|көш\.?|көшесі)"
)
_BEHIND: Final = (  # "12 Sample Ave"
    r"(?:street|st\.?|road|rd\.?|avenue|ave\.?|lane|ln\.?|drive|dr\.?|boulevard|blvd\.?|way|square|sq\.?|terrace|close)"
)
_GLUED: Final = r"(?:stra(?:ß|ss)e|str\.?|weg|allee|gasse|platz|straat|laan|plein|gracht)"
_NAME: Final = r"(?:[^\W\d_][\w'.-]*,? ){1,4}"
_ADDRESS: Final = re.compile(
    rf"\s*(?:"
    rf"{_AHEAD}(?![^\W\d_]) *(?:[^\W\d_][\w'.-]*,? ?){{1,4}}{_HOUSE}"
    rf"|\d{{1,5}}[a-z]?,? (?:(?:rue|avenue|place|bd|boulevard) (?:de |du |des |la |le |l')*[^\W\d_]|{_NAME}{_BEHIND}\b)"
    rf"|(?:[^\W\d_]+[ -]?)?{_GLUED} ?{_HOUSE}"
    rf"|(?:{_NAME})(?:sok\.?|sokak|cad\.?|caddesi|mah\.?|көшесі).*\d"
    rf"|.{{0,12}}[路街道町丁]\d+[号號番-]|.{{2,12}}[市区区]\d+-\d+|[가-힣 ]{{1,12}}[로길] ?\d+)",
    re.IGNORECASE,
)
_WORDS: Final = r"[一-龥ぁ-んァ-ヶー々]"
_DISTRICT: Final = re.compile(  # in Japan, of which shops often print no more
    rf"\s*(?:[一-龥]{{2,3}}[都道府県]{_WORDS}{{1,6}}[市区郡町村]|{_WORDS}{{1,5}}市(?!場){_WORDS}{{0,4}}[区町村]){_WORDS}{{0,10}}\s*"
)
_LETTERS_MAX: Final = 60  # of a line of an address


def is_address(text: str) -> bool:
    """Whether a line begins as a street and a house do."""
    return len(text) <= _LETTERS_MAX and _ADDRESS.match(text) is not None


def names_district(text: str) -> bool:
    """Whether a line is no more than a town in Japan and a part of it: "福岡市中央区天神"."""
    return _DISTRICT.fullmatch(text) is not None
