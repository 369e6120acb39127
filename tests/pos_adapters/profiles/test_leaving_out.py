"""Each layout is read without the wordings that only its receipts print."""

from agent.commands.profiles import _score_of
from pos_adapters.profiles.leaving_out import LaidOut, left_out, own_phrases
from pos_adapters.reading.lines import LineReader
from pos_adapters.reading.reader import read_text
from pos_adapters.reading.values import ReceiptText
from pos_adapters.reading.word_files import standard_lexicon

PLAIN = "ALPHA\nMilk   1.20\nBread  2.00\nTOTAL  3.20\nCASH   3.20\n"
OWN = "BETA\nMilk   1.20\nBread  2.00\nTOTAL  3.20\nAMOUNT TENDERED   5.00\nCHANGE DUE   1.80\n"


def document(name, layout, text, **golden):
    told = {"kind": "sale", "total": "3.20", "items": 2, **golden}
    return LaidOut(name=name, layout=layout, text=ReceiptText.of(text), golden=told)


DOCUMENTS = [document("a-1", "alpha", PLAIN), document("b-1", "beta", OWN)]


def test_a_wording_of_one_layout_is_its_own_and_a_word_is_the_languages():
    own = own_phrases(DOCUMENTS, LineReader(standard_lexicon()))
    assert own == {"alpha": set(), "beta": {"amount tendered", "change due"}}


def test_a_lexicon_without_a_wording_does_not_know_it():
    lexicon = standard_lexicon().without({"amount tendered", "change due"})
    hits = lexicon.find("amount tendered 5.00")[0]
    assert all(hit.end - hit.start < len("amount tendered") for hit in hits)
    assert read_text(ReceiptText.of(PLAIN), reader=LineReader(lexicon)).transaction is not None


def test_recall_is_told_for_all_layouts_and_for_each():
    found = left_out(DOCUMENTS, standard_lexicon(), _score_of)
    assert (found["layouts"], found["precision"]) == (2, 1.0)
    assert found["recall_by_layout"]["alpha"] == 1.0


def test_only_sales_are_left_without_words():
    assert DOCUMENTS[0].sale
    assert not document("t-1", "training", PLAIN, kind="training").sale
