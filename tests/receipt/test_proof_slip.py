"""The proof slip prints on every model: whole commands, one cut at the end, nothing unknown."""

from __future__ import annotations

import pytest

from receipt.escpos.commands import TokenKind
from receipt.escpos.tokenizer import Tokenizer
from receipt.printers import printer_models
from receipt.proof_slip import MODULE_DOTS, QR_PAYLOAD, WIDTHS, proof_bytes
from receipt.star.tokenizer import StarTokenizer

MODELS = sorted(printer_models().values(), key=lambda each: each.name)


@pytest.mark.parametrize("model", MODELS, ids=lambda each: each.name)
def test_on_every_model_it_is_whole_commands_with_one_cut_at_the_end(model) -> None:
    tokenizer = StarTokenizer() if model.language == "star" else Tokenizer()
    slip = proof_bytes(model, facts=["answers in 0.31 ms"])
    tokens = [*tokenizer.feed(slip), *tokenizer.close()]
    kinds = [token.kind for token in tokens]
    assert TokenKind.UNKNOWN not in kinds
    assert TokenKind.INCOMPLETE not in kinds
    assert TokenKind.REALTIME not in kinds
    assert [at for at, kind in enumerate(kinds) if kind is TokenKind.CUT] == [len(kinds) - 1]
    assert b"".join(token.data for token in tokens) == slip
    assert b"answers in 0.31 ms" in slip


def test_each_width_is_shown_by_a_line_that_is_as_long_as_it_says() -> None:
    slip = proof_bytes(printer_models()["generic-80mm"], facts=[])
    lines = [line.decode("latin-1") for line in slip.split(b"\n")]
    rulers = [line for line in lines if line.endswith("<")]
    assert [(len(line), int(line[:2])) for line in rulers] == [(width, width) for width in WIDTHS]


def test_a_printer_with_codes_of_its_own_draws_three_sizes_itself() -> None:
    slip = proof_bytes(printer_models()["tm-t88v"], facts=[])
    assert slip.count(QR_PAYLOAD) == len(MODULE_DOTS)
    assert [slip.count(b"\x1d(k\x03\x001C" + bytes((dots,))) for dots in MODULE_DOTS] == [1, 1, 1]
