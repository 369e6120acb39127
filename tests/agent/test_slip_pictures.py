"""Slips as pictures: text inside the paper, every code read back by a scanner nobody here wrote."""

from __future__ import annotations

import io
from datetime import date

import pytest
import zxingcpp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from PIL import Image

from agent.offering.coupons import CouponIssuer
from agent.speech.phrases import load_phrases
from agent.speech.speech import CouponPaper, Occasion, SlipForm, Speaker, Speech
from receipt.document import PaperReader
from receipt.printers import printer_model
from receipt.render.picture import Format, render_job
from receipt.slip import encode_slip, slip_lines
from receipt.slip_blocks import Slip
from receipt.templates import TemplateShelf
from retail.identifiers import CustomerId, TransactionId
from retail.loyalty import Account
from retail.money import Money
from retail.offers.campaign_file import campaign_from_mapping
from retail.offers.decision import Decision, Reward

TODAY = date(2026, 11, 21)
NAMES = {"en": "Anna", "de": "Jürgen", "ru": "Анна"}
TEXTS = {
    "en": {"title": "15 % off coffee", "receipt": "{{ first_name }}, your coffee: 15 % off until {{ valid_until }}"},
    "de": {"title": "15 % auf Kaffee", "receipt": "{{ first_name }}, 15 % Rabatt auf Kaffeevollautomatenreiniger"},
    "ru": {"title": "Кофе -15 %", "receipt": "{{ first_name }}, скидка 15 % на кофе до {{ valid_until }}"},
}
COUNTRIES = {"en": "GB", "de": "DE", "ru": "RU"}
CAMPAIGN = campaign_from_mapping(
    {
        "id": "coffee-back",
        "where": ["receipt"],
        "starts": "2026-11-01",
        "ends": "2026-11-30",
        "benefit": {"kind": "percent", "value": "15", "applies_to": "category:coffee"},
        "coupon": {"valid_days": 14, "till_barcode": "ean13:2099{serial:8}"},
        "text": TEXTS,
    }
)
REWARD = Reward(
    campaign=CAMPAIGN, value=CAMPAIGN.benefit.value, cost=Money.of("1"), valid_until=date(2026, 12, 5), why=()
)
ISSUER = CouponIssuer(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
COUPON = ISSUER.issue(REWARD, transaction_id=TransactionId("t1"), today=TODAY, holder=CustomerId("c1"))
MODELS = ["generic-58mm", "generic-80mm-42", "generic-80mm", "TM-T88V", "generic-star-80mm"]


def slip_in(language: str, form: SlipForm = SlipForm.APPENDIX, **occasion: object) -> Slip:
    def refuse(error: Exception) -> None:
        raise error

    speech = Speech(
        Speaker(store="Corner shop", language=language, country=COUNTRIES[language]),
        phrases=load_phrases(),
        shelf=TemplateShelf([CAMPAIGN]),
        on_trouble=refuse,
    )
    paper = CouponPaper(token=COUPON.token, serial=COUPON.serial, till_code=COUPON.till_code)
    account = Account(customer_id=CustomerId("c1"), first_name=NAMES[language], language=language)
    told: dict = {"account": account, "today": TODAY, "coupons": {CAMPAIGN.campaign_id: paper}, **occasion}
    rewards = (REWARD,) if told["account"] else ()
    slip = speech.slip(Decision(rewards=rewards), Occasion(**told), form=form)
    assert slip is not None
    return slip


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("language", ["en", "de", "ru"])
def test_the_picture_of_a_slip_has_its_codes_and_nothing_over_the_edge(model: str, language: str) -> None:
    slip = slip_in(language, SlipForm.SEPARATE if language == "de" else SlipForm.APPENDIX)
    facts = printer_model(model)
    job = encode_slip(slip, facts, cut=True)
    picture = Image.open(io.BytesIO(render_job(job, Format.PNG, model=model, language=facts.language)))
    codes = {str(code.format): code.text for code in zxingcpp.read_barcodes(picture.convert("L"))}
    assert COUPON.token in codes.values()
    assert COUPON.till_code is not None
    assert COUPON.till_code[1] in codes.values()


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("language", ["en", "de", "ru"])
def test_what_stands_on_paper_is_what_was_said(model: str, language: str) -> None:
    facts = printer_model(model)
    slip = slip_in(language)
    reader = PaperReader(facts, facts.language)
    papers = [*reader.feed(encode_slip(slip, facts, cut=True)), *reader.close()]
    seen = [" ".join(line.plain.split()) for paper in papers for line in paper.lines if line.text.strip()]
    said = [" ".join(line.split()) for line in slip_lines(slip, facts.columns) if line.strip() and "[" not in line]
    assert seen == said
    assert all(len(line.text) <= facts.columns for paper in papers for line in paper.lines)
    assert any(NAMES[language] in line for line in seen)


@pytest.mark.parametrize("language", ["en", "de", "ru"])
def test_a_stranger_gets_one_code_to_join_by(language: str) -> None:
    url = "https://shop.example/c/676a75c0-5a10-5cab-9006-83c09bdd90a1"
    slip = slip_in(language, account=None, coupons={}, claim_url=url)
    job = encode_slip(slip, printer_model("generic-58mm"))
    picture = Image.open(io.BytesIO(render_job(job, Format.PNG, model="generic-58mm")))
    assert [code.text for code in zxingcpp.read_barcodes(picture.convert("L"))] == [url]
