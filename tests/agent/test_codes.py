"""What a number is that a person typed on a page, by the store's own rules."""

import pytest

from agent.identity.codes import CodeKind, CodeRules, parse_code_rule

MEMBER, UNKNOWN = CodeKind.MEMBER, CodeKind.UNKNOWN


def rules(*member: str) -> CodeRules:
    return CodeRules(member=tuple(map(parse_code_rule, member)), product=(parse_code_rule("ean13"),))


@pytest.mark.parametrize(
    ("typed", "kind", "symbology"),
    [
        ("2900000010017", MEMBER, "ean13"),
        ("2900 0000 1001-7", MEMBER, "ean13"),
        ("4006381333931", MEMBER, "phone"),  # a product's number too, but nobody types one there
        ("+49 151 2345678", MEMBER, "phone"),
        ("0151/234 56-78", MEMBER, "phone"),
        ("8 (912) 345-67-89", MEMBER, "phone"),
        ("anna@example.org", MEMBER, "email"),
        ("123456", UNKNOWN, "text"),  # neither a card of this store nor a phone number
        ("1234567890123456", UNKNOWN, "text"),
        ("hello", UNKNOWN, "text"),
    ],
)
def test_a_typed_number_is_a_card_of_this_store_or_a_phone_number(typed, kind, symbology):
    assert rules("ean13:29", "qr:tillstream").identify(symbology="typed", code=typed) == (kind, symbology)


@pytest.mark.parametrize(
    ("typed", "symbology"), [("990012345", "text"), ("0151 2345678", "phone"), ("77001234", "phone")]
)
def test_the_digits_under_a_cards_bar_code_can_be_typed(typed, symbology):
    assert rules("code128:99").identify(symbology="typed", code=typed) == (MEMBER, symbology)


def test_where_every_bar_code_is_a_card_what_begins_like_no_phone_number_is_one():
    every = rules("code128")
    assert every.identify(symbology="typed", code="77001234") == (MEMBER, "text")
    assert every.identify(symbology="typed", code="0151 2345678") == (MEMBER, "phone")


def test_what_a_scanner_read_is_taken_by_its_symbology():
    assert rules("ean13:29").identify(symbology="ean13", code="4006381333931") == (CodeKind.PRODUCT, "ean13")
    assert rules("ean13:29").identify(symbology="unknown", code="2900000010017") == (MEMBER, "ean13")
