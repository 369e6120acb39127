"""What is said to whom: languages, locales, one QR code, and silence where there is nothing to say."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from agent.speech.locales import locale_of
from agent.speech.phrases import load_phrases
from agent.speech.speech import CouponPaper, Occasion, SlipForm, Speaker, Speech
from receipt.slip import slip_lines
from receipt.slip_blocks import Barcode, Qr
from receipt.templates import TemplateShelf, check_texts
from retail.errors import ConfigurationError
from retail.identifiers import CampaignId, CouponSerial, CustomerId
from retail.loyalty import Account
from retail.money import Money
from retail.offers.campaign import Campaign
from retail.offers.campaign_file import campaign_from_mapping
from retail.offers.decision import Decision, Reward
from retail.transaction import DocumentKind

TODAY = date(2026, 11, 21)
TEXT_EN = "{% if first_name %}{{ first_name }}, your{% else %}Your{% endif %} coffee: 15 % off until {{ valid_until }}"
TEXT_RU = "{{ first_name }}, кофе со скидкой 15 % до {{ valid_until }}"
COUPON = CouponPaper(token="tsc1:ABC", serial=CouponSerial("ABCDEFGHIJKLM"), till_code=("ean13", "2099123456786"))


def campaign(name: str = "coffee-back", **fields: object) -> Campaign:
    table = {
        "id": name,
        "where": ["receipt", "cashier", "kiosk"],
        "starts": "2026-11-01",
        "ends": "2026-11-30",
        "benefit": {"kind": "percent", "value": "15", "applies_to": "category:drinks/coffee"},
        "coupon": {"valid_days": 14},
        "text": {"en": {"receipt": TEXT_EN, "cashier": "Tell them: coffee"}, "ru": {"receipt": TEXT_RU}},
    }
    return campaign_from_mapping({**table, **fields})


def reward(promotion: Campaign) -> Reward:
    return Reward(
        campaign=promotion,
        value=promotion.benefit.value,
        cost=Money.of("1", "EUR"),
        valid_until=TODAY + timedelta(days=14),
        why=(),
    )


def speech(*campaigns: Campaign, language: str = "en", country: str = "DE") -> tuple[Speech, list[ConfigurationError]]:
    troubles: list[ConfigurationError] = []
    speaker = Speaker(store="Corner shop", language=language, country=country, currency="EUR")
    made = Speech(speaker, phrases=load_phrases(), shelf=TemplateShelf(campaigns), on_trouble=troubles.append)
    return made, troubles


def member(**fields: object) -> Account:
    return Account(**{"customer_id": CustomerId("c1"), "first_name": "Anna", **fields})


def said(made: Speech, rewards: list[Reward], occasion: Occasion, form: SlipForm = SlipForm.APPENDIX) -> list[str]:
    slip = made.slip(Decision(rewards=tuple(rewards)), occasion, form=form)
    return slip_lines(slip, 48) if slip else []


def test_an_offer_is_said_with_the_name_and_the_day_as_the_country_writes_it() -> None:
    offer = campaign()
    made, troubles = speech(offer)
    lines = said(made, [reward(offer)], Occasion(account=member(), today=TODAY))
    assert any("Anna, your coffee: 15 % off until 05.12.2026" in line for line in lines), lines
    assert not troubles


def test_the_customers_language_is_spoken_where_the_campaign_has_it_else_the_stores() -> None:
    offer = campaign()
    made, _troubles = speech(offer)
    russian = "\n".join(said(made, [reward(offer)], Occasion(account=member(language="ru"), today=TODAY)))
    assert "Anna, это для вас" in russian
    assert "кофе со скидкой 15 %" in russian
    german = "\n".join(said(made, [reward(offer)], Occasion(account=member(language="de"), today=TODAY)))
    assert "For Anna" in german
    assert "your coffee" in german


def test_a_campaign_without_texts_is_said_in_our_own_words() -> None:
    offer = campaign(text={})
    made, _troubles = speech(offer, language="de")
    lines = "\n".join(said(made, [reward(offer)], Occasion(account=member(), today=TODAY)))
    assert "15 % Rabatt auf coffee" in lines
    assert "Gültig bis 05.12.2026" in lines


def test_at_most_one_qr_code_and_the_second_coupon_has_its_serial_in_letters() -> None:
    first, second = campaign("a"), campaign("b")
    made, _troubles = speech(first, second)
    coupons = {CampaignId("a"): COUPON, CampaignId("b"): COUPON}
    slip = made.slip(
        Decision(rewards=(reward(first), reward(second))),
        Occasion(account=member(), today=TODAY, coupons=coupons, claim_url="https://x.example/c"),
        form=SlipForm.APPENDIX,
    )
    assert slip is not None
    assert [block.data for block in slip.blocks if isinstance(block, Qr)] == ["tsc1:ABC"]
    assert len([block for block in slip.blocks if isinstance(block, Barcode)]) == 2
    assert any("ABCD-EFGH-IJKLM" in line for line in slip_lines(slip, 32))


def test_a_separate_slip_says_first_that_it_is_no_receipt_and_who_issued_it() -> None:
    offer = campaign()
    made, _troubles = speech(offer, language="de")
    occasion = Occasion(account=member(language="de"), today=TODAY, coupons={CampaignId("coffee-back"): COUPON})
    made_de, _troubles = speech(campaign(text={}), language="de")
    lines = said(made_de, [reward(campaign(text={}))], occasion, SlipForm.SEPARATE)
    assert lines[0].strip() == "GUTSCHEIN - KEIN KASSENBELEG"
    assert lines[1].strip() == "Ausgegeben von Corner shop"
    assert made.slip(Decision(), occasion, form=SlipForm.SEPARATE) is None


def test_nothing_to_say_prints_nothing_and_a_stranger_gets_the_claim_code_where_there_is_one() -> None:
    made, _troubles = speech()
    assert made.slip(Decision(), Occasion(account=member(), today=TODAY), form=SlipForm.APPENDIX) is None
    assert made.slip(Decision(), Occasion(account=None, today=TODAY), form=SlipForm.APPENDIX) is None
    claim = Occasion(account=None, today=TODAY, claim_url="https://shop.example/c/1")
    slip = made.slip(Decision(), claim, form=SlipForm.APPENDIX)
    assert slip is not None
    assert [block.data for block in slip.blocks if isinstance(block, Qr)] == ["https://shop.example/c/1"]
    gift = Decision(document_kind=DocumentKind.GIFT_RECEIPT)
    assert made.slip(gift, claim, form=SlipForm.APPENDIX) is None


def test_a_text_that_fails_is_replaced_by_a_plain_one_and_told() -> None:
    offer = campaign(text={"en": {"receipt": "{{ first_name + points }}"}})
    made, troubles = speech(offer)
    lines = "\n".join(said(made, [reward(offer)], Occasion(account=member(), today=TODAY)))
    assert "15 % off coffee" in lines
    assert "campaign coffee-back, text.en.receipt" in troubles[0].message


def test_a_text_may_depend_on_segments_and_an_ended_membership_does_not_count() -> None:
    offer = campaign(text={"en": {"receipt": "{% if 'vip' in segments %}Champagne{% else %}Coffee{% endif %}"}})
    made, _troubles = speech(offer)
    vip = member(segments={"vip": None})
    was_vip = member(segments={"vip": date(2026, 1, 1)})
    assert any("Champagne" in line for line in said(made, [reward(offer)], Occasion(account=vip, today=TODAY)))
    assert any("Coffee" in line for line in said(made, [reward(offer)], Occasion(account=was_vip, today=TODAY)))


def test_the_cashier_hears_who_it_is_and_what_to_say() -> None:
    offer = campaign()
    made, _troubles = speech(offer)
    sentences = made.cashier(Decision(rewards=(reward(offer),)), Occasion(account=member(), today=TODAY))
    assert sentences == ("Anna is a member", "Tell them: coffee")
    assert made.cashier(Decision(), Occasion(account=None, today=TODAY)) == ("Ask: do you collect points with us?",)


def test_the_cashier_is_spoken_to_in_the_stores_language_whoever_the_customer_is() -> None:
    offer = campaign()
    made, _troubles = speech(offer)
    said_to_russian = made.cashier(
        Decision(rewards=(reward(offer),)), Occasion(account=member(language="ru"), today=TODAY)
    )
    assert said_to_russian == ("Anna is a member", "Tell them: coffee")


def test_points_never_expire_in_silence_and_are_not_announced_too_early() -> None:
    made, _troubles = speech()
    soon = Occasion(account=member(points_expiring=120, points_expire_on=date(2026, 12, 1)), today=TODAY)
    assert "Points that expire on 01.12.2026: 120" in "\n".join(said(made, [], soon))
    assert made.cashier(Decision(), soon)[-1] == "Tell them: 120 points expire on 01.12.2026"
    for day in (date(2027, 3, 1), date(2026, 11, 20)):
        other = Occasion(account=member(points_expiring=120, points_expire_on=day), today=TODAY)
        assert said(made, [], other) == []


def test_the_kiosk_shows_cards_with_their_last_day() -> None:
    offer = campaign(text={})
    made, _troubles = speech(offer)
    cards = made.cards(Decision(rewards=(reward(offer),)), Occasion(account=member(), today=TODAY))
    assert [(card.text, card.until) for card in cards] == [("15 % off coffee", "until 05.12.2026")]
    assert made.greeting(Decision(), Occasion(account=member(), today=TODAY)) == "Hello, Anna!"


@pytest.mark.parametrize(
    "text",
    [
        "{% for x in segments %}a{% endfor %}",
        "{{ first_name.__class__ }}",
        "{{ 'a' * 99999 }}",
        "{{ 10 ** 10 ** 10 }}",
        "{{ frist_name }}",
        "{{ first_name",
        "{{ first_name|center(99999) }}",
        "{% set x = 1 %}",
        "{% macro a() %}{{ a() }}{% endmacro %}",
        "{% include 'x' %}",
        "{{ segments[0] }}",
        "{{ range(999999) }}",
        "{{ self }}",
        "{{ '%0999999d' | format(1) }}",
    ],
)
def test_a_text_that_could_run_away_or_look_around_is_refused_by_name(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"campaign coffee-back, text\.en\.receipt"):
        check_texts([campaign(text={"en": {"receipt": text}})])


def test_a_word_with_a_slip_is_shown_the_one_that_was_meant() -> None:
    with pytest.raises(ConfigurationError) as refused:
        check_texts([campaign(text={"en": {"receipt": "{{ frist_name }}, hello"}})])
    assert (refused.value.fix, "'frist_name' (line 1)" in refused.value.message) == ("did you mean 'first_name'?", True)


def test_conditions_nested_beyond_reason_are_refused() -> None:
    deep = "{% if points %}" * 130 + "x" + "{% endif %}" * 130
    with pytest.raises(ConfigurationError):
        check_texts([campaign(text={"en": {"receipt": deep}})])


def test_a_text_too_long_to_be_read_is_not_printed() -> None:
    offer = campaign(text={"en": {"receipt": "x" * 401}})
    made, troubles = speech(offer)
    assert any("15 % off" in line for line in said(made, [reward(offer)], Occasion(account=member(), today=TODAY)))
    assert "401 characters" in troubles[0].message


def test_a_name_cannot_be_a_template() -> None:
    offer = campaign()
    made, _troubles = speech(offer)
    lines = "\n".join(said(made, [reward(offer)], Occasion(account=member(first_name="{{ 7*7 }}"), today=TODAY)))
    assert "{{ 7*7 }}" in lines


def test_a_name_reaches_screens_and_paper_without_anything_that_commands_or_hides() -> None:
    offer = campaign()
    made, _troubles = speech(offer)
    occasion = Occasion(account=member(first_name="An\u202ena\x1bp\x00\n" + "x" * 99), today=TODAY)
    assert made.greeting(Decision(), occasion) == f"Hello, Annap {'x' * 34}!"
    assert made.cashier(Decision(), occasion)[0] == f"Annap {'x' * 34} is a member"


def test_every_language_has_every_phrase_with_the_same_words() -> None:
    import string

    phrases = load_phrases()

    def words(text: str) -> set[str | None]:
        return {name for _literal, name, _spec, _conversion in string.Formatter().parse(text) if name}

    english = {key: words(text) for key, text in phrases["en"].texts.items()}
    for language in phrases.values():
        assert {key: words(text) for key, text in language.texts.items()} == english, language.language


@pytest.mark.parametrize(
    ("country", "currency", "amount", "day"),
    [
        ("DE", "EUR", "1.234,50\u00a0€", "05.12.2026"),
        ("RU", "RUB", "1\u00a0234,50\u00a0₽", "05.12.2026"),
        ("GB", "GBP", "£1,234.50", "5\u00a0Dec\u00a02026"),
        ("US", "USD", "$1,234.50", "Dec\u00a05,\u00a02026"),
        ("XX", "JPY", "JPY1,235", "5\u00a0Dec\u00a02026"),
    ],
)
def test_amounts_and_days_are_written_as_on_the_shelf(country: str, currency: str, amount: str, day: str) -> None:
    locale = locale_of(country=country, language="en")
    assert locale.money(Money(Decimal("1234.5"), currency)) == amount
    assert locale.day(date(2026, 12, 5)) == day
