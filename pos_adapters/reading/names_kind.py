"""Whether a word that may name a document's kind does so where it stands: as a headline, or told as its type.

Contract: pure. A word of refusal is none in a shop's terms, beside goods at a price, with a number of its own, or where
the line says that there is nothing of it ("Balance due 0.00", "Void: none").
"""

from __future__ import annotations

import re

from pos_adapters.reading.folding import WIDE
from pos_adapters.reading.glued_words import is_noise, within_figures
from pos_adapters.reading.lexicon import Hit, Role, Sense
from pos_adapters.reading.lines import LineFacts
from pos_adapters.reading.named_tenders import gives_back, heads_tender
from pos_adapters.reading.spoken_chinese import speaks_to_customer
from pos_adapters.reading.word_parts import denied_part, hours_part, term_of_days
from retail.transaction import DocumentKind

HEADLINE_SHARE = 0.6  # of a line's letters, that name its kind
NUMBERED = frozenset((Role.DOCUMENT_NUMBER, Role.WORKSTATION, Role.ID))
_COUNTED_BY = frozenset((Role.DOCUMENT_NUMBER, Role.WORKSTATION))
_TOLD = NUMBERED | {Role.DATE}  # beside figures: what they are of
MARKS_A_LINE = frozenset((DocumentKind.VOID, DocumentKind.RETURN))
_TAXES = frozenset((Role.TAX, Role.TAX_BASE))
_ALSO_RECEIPT = re.compile(
    "[兼及・/] ?(?:領収|领收|收[据據]|レシート)|[(] ?領収[書証] ?[)]|(?:겸|및) ?영수증|영수증 ?(?:겸|및)"
)
_GIVES_WAY = frozenset((DocumentKind.QUOTE, DocumentKind.OTHER, DocumentKind.KITCHEN))  # to "... and receipt" beside it
_BESIDE_PAPER = frozenset((DocumentKind.COPY, DocumentKind.TRAINING, DocumentKind.VOID, DocumentKind.RETURN))
_PAPER = frozenset((Role.DOCUMENT_NUMBER, Role.TAX_ID, Role.FISCAL))
_TYPE_OF = re.compile(r"\W*[^\W\d_][^\d:]{2,24}: *\W*")
_WORD_SHARE = 0.5
_WORDS_APART = re.compile("[ -]")  # a phrase says more than a word: "pre bill", "PRO-FORMA"
_WIDE_SHARE = 0.3  # scripts without spaces: a phrase among the words of a heading ...
_WIDE_NUMBER = re.compile(r"(?<=[\u3400-\u9fff])[ :：#]{0,2}\d{3,}(?![.,\d])")  # "帐单 0882" is the number of a bill
_WIDE_PHRASE_LETTERS = 5  # ... or one so long that it is no coincidence
_BONUS = re.compile("[满滿]? ?[¥$]?\\d+元? ?立?[送赠贈得返享减減]")  # "充值200送30": what a shop offers


def names_kind(facts: LineFacts, hit: Hit, sense: Sense) -> bool:
    """Whether a hit of a word for a kind names the document's, not goods, terms or somebody's number."""
    letters = max(facts.letters, 1)
    of_terms = sense.kind is DocumentKind.RETURN and term_of_days().search(facts.text)
    of_receipt = sense.kind in _GIVES_WAY and _ALSO_RECEIPT.search(facts.text)
    of_offer = not facts.decimals and _BONUS.match(facts.text, hit.end)
    within = within_figures(facts.text, hit.start, hit.end)
    if within or of_terms or of_offer or of_receipt or is_nothing(facts) or denied_part().match(facts.text, hit.end):
        return False
    if sense.role is Role.KIND:
        given_back = sense.kind is DocumentKind.VOID and gives_back(facts, hit)
        if given_back or is_priced(facts) or is_numbered(facts, hit, sense) or heads_tender(facts, hit):
            return False
        if hit.letters >= _WORD_SHARE * letters or _WORDS_APART.search(facts.text[hit.start : hit.end].strip()):
            return True
        told = sense.kind in MARKS_A_LINE and speaks_to_customer(facts.text)  # what may be done, and how
        return (
            not told
            and WIDE.match(facts.text[hit.start : hit.end]) is not None
            and (hit.letters >= _WIDE_PHRASE_LETTERS or hit.letters >= _WIDE_SHARE * letters)
        )
    if (
        (any(other.role in _TOLD for other in hit.senses) and any(letter.isdigit() for letter in facts.text))
        or (
            sense.kind is DocumentKind.QUOTE
            and (_WIDE_NUMBER.match(facts.text, hit.end) or hours_part().match(facts.text))
        )
        or _heads_taxes(facts, sense)
        or is_noise(facts.text, hit.start, hit.end)
        or (facts.numbers and (hit.letters == 1 or any(number.decimals for number in facts.numbers)))
    ):
        return False
    return _letters_of(facts, sense) >= HEADLINE_SHARE * letters or (
        sense.kind in _BESIDE_PAPER and (_beside_paper(facts, hit) or is_type_told(facts, hit))
    )


def _is_bill_or_hours(facts: LineFacts, hit: Hit) -> bool:
    """`OPEN 24/7` are a shop's hours."""
    return _WIDE_NUMBER.match(facts.text, hit.end) is not None or hours_part().match(facts.text) is not None


def _letters_of(facts: LineFacts, sense: Sense) -> int:
    """How many letters of the line name the kind, maybe in two languages: "QAITARU/VOZVRAT"."""
    return sum(
        hit.letters
        for hit in facts.hits
        if any(other.kind is sense.kind and other.languages & sense.languages for other in hit.senses)
    )


def is_numbered(facts: LineFacts, hit: Hit, sense: Sense) -> bool:
    """`Adisyon: 4118` is the number of a paid bill, in a language where a bare "ADISYON" is a bill to be paid.

    `Uscita 14/11/26 12:40` is when a car left, no money.
    """
    told = {other.role for other in hit.senses if other.languages & sense.languages}
    counted = not _COUNTED_BY.isdisjoint(told) and any(map(str.isdigit, facts.text))
    return counted or (facts.dated and Role.DATE in told)


def _heads_taxes(facts: LineFacts, sense: Sense) -> bool:
    """`VAT SUMMARY` heads the table of taxes, no report."""
    return sense.kind is DocumentKind.REPORT and any(
        other.role in _TAXES for each in facts.hits for other in each.senses
    )


def _beside_paper(facts: LineFacts, hit: Hit) -> bool:
    """`TAX INVOICE (DUPLICATE)`, `KASSENBON KOPIE`: beside the word stands only what kind of paper it is."""
    others = [other for other in facts.hits if other is not hit]
    if facts.unknown or not others:
        return False
    roles = [{sense.role for sense in other.senses} for other in others]
    return any(each & _PAPER for each in roles) and all(each & (_PAPER | {Role.FILLER}) for each in roles)


def is_type_told(facts: LineFacts, hit: Hit) -> bool:
    """`Type of transaction: RETURN` says what kind of paper it is: behind its colon stands nothing else."""
    return _TYPE_OF.fullmatch(facts.text, 0, hit.start) is not None and not facts.text[hit.end :].strip(" *.#=-")


def is_priced(facts: LineFacts) -> bool:
    """Whether the line names goods at a price: words there are a description."""
    if not facts.right or not facts.unknown:
        return False
    number = facts.numbers[facts.right[0]]
    return number.decimals > 0 or bool(number.currency)


def is_nothing(facts: LineFacts) -> bool:
    """Whether a line tells of an amount of zero: `Balance due 0.00` says of a paid receipt that nothing is left."""
    return bool(facts.right) and facts.numbers[facts.right[0]].value == 0


def is_also_receipt(facts: LineFacts) -> bool:
    """Whether a line names a paper that is a receipt, too, and no other kind: "納品書(領収書)"."""
    if _ALSO_RECEIPT.search(facts.text) is None:
        return False
    kinds = {sense.kind for hit in facts.hits for sense in hit.senses if sense.kind is not None}
    return bool(kinds) and kinds <= _GIVES_WAY
