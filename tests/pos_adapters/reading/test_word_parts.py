"""Parts of words that lines are known by are data: each section finds what it is for, and nothing beside it."""

import pytest

from pos_adapters.reading import word_parts

FOUND = {
    word_parts.discount_part: (
        "Azubirabatt",
        "Aktions-Preis",
        "リピーター割",
        "PREIS-AKTION",
        "Prix choc",
        "Kaartkorting",
    ),
    word_parts.given_part: ("BIRTHDAY REWARDS", "1 free", "Free Coffee"),
    word_parts.no_goods_back: ("PARAGON FISKALNY", "P A R A G O N   F I S K A L N Y"),
    word_parts.hours_part: (" OPEN 24/7", "open 7am-11pm", "- open - 8-8"),
    word_parts.term_of_days: ("Returns: 30 days", "14 Tage", "30-dní", "14 күн"),
    word_parts.denied_part: (": none", " = 0", ": なし"),
    word_parts.credit_part: ("credit", "tarjeta de credito", "кредит", "クレジット"),
    word_parts.fee_part: ("ご利用料金 500", "운임", "运费"),
    word_parts.included_part: ("inkl. Pfand 0,25", "w tym VAT", "Serviço incluído 2,50", "davon A"),
}
PASSED = {
    word_parts.discount_part: ("Preiselbeeren", "水割", "ソーダ割", "Rabatt"),
    word_parts.given_part: ("FREE RANGE EGGS", "discounted"),
    word_parts.no_goods_back: ("PARAGON NIEFISKALNY",),
    word_parts.hours_part: (" OPEN CHECK 24", "open 7am"),
    word_parts.term_of_days: ("day 30", "1234 days"),
    word_parts.denied_part: (" none", ": none left"),
    word_parts.credit_part: ("debit",),
    word_parts.fee_part: ("料理 500", "费用 5"),
    word_parts.included_part: ("Inklusion", "davonlaufen"),
}


@pytest.mark.parametrize("part", FOUND, ids=lambda part: part.__name__)
def test_a_section_finds_its_lines(part):
    expression = part()
    at_start = (word_parts.hours_part, word_parts.denied_part, word_parts.fee_part, word_parts.included_part)
    finds = expression.match if part in at_start else expression.search
    assert [text for text in FOUND[part] if not finds(text)] == []
    assert [text for text in PASSED[part] if finds(text)] == []
