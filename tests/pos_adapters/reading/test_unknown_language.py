"""A receipt in a language that nobody has written words for is parked as one; nothing else is."""

import pytest

from pos_adapters.reading.reader import read_text
from pos_adapters.reading.values import ParkReason, ReceiptText

UNKNOWN = {
    "Finnish": "K-Market Kamppi\nMaito 1L              1,19\nRuisleipä             2,49\nYHTEENSÄ              3,68\n"
    "KORTTI                3,68\nKIITOS KÄYNNISTÄ",
    "Danish": "NETTO\nMælk                 10,95\nRugbrød              22,00\nI ALT                32,95\n"
    "DANKORT              32,95",
    "Greek": "ΣΚΛΑΒΕΝΙΤΗΣ\nΓΑΛΑ 1L              1,45\nΨΩΜΙ                 2,10\nΣΥΝΟΛΟ               3,55\n"
    "ΜΕΤΡΗΤΑ              5,00\nΡΕΣΤΑ                1,45",
    "Hungarian": "SPAR MAGYARORSZÁG\nTEJ 1L                399\nKENYÉR                650\nÖSSZESEN:           1049 Ft\n"
    "BANKKÁRTYA          1049 Ft",
    "Hebrew": 'סופר מרקט\nחלב 3% שומן        5.90\nלחם אחיד           7.10\nסה"כ לתשלום       13.00\nמזומן  13.00',
    "Thai": "7-ELEVEN\nนมสด          25.00\nขนมปัง         20.00\nยอดสุทธิ        45.00\nเงินสด        50.00",
}
OTHER = {
    "a torn receipt": "Milk 1.20\nBread 3.10\nThank you for shopping with us",
    "a poem": "Roses are red\nviolets are blue",
    "words and a number": "WLAN\nPasswort: 1234 5678\nGueltig 24h",
    "a coupon": "CAFÉ\nCOUPON 10 % OFF\nvalid until 12.04.2024",
    "an unproved sale": "Milk   1.20\nBread   3.10\nTOTAL   9.99\nCASH   10.00",
}


@pytest.mark.parametrize("text", UNKNOWN.values(), ids=UNKNOWN)
def test_amounts_beside_words_that_nobody_knows_are_parked_as_an_unknown_language(text):
    reading = read_text(ReceiptText.of(text))
    assert reading.transaction is None
    assert reading.parked is not None
    assert reading.parked.reason is ParkReason.UNKNOWN_LANGUAGE
    assert "tillstream learn" in reading.parked.detail


@pytest.mark.parametrize("text", OTHER.values(), ids=OTHER)
def test_what_is_no_receipt_or_says_what_its_amounts_are_is_parked_for_another_reason(text):
    reading = read_text(ReceiptText.of(text))
    assert reading.transaction is None
    assert reading.parked is None or reading.parked.reason is not ParkReason.UNKNOWN_LANGUAGE
