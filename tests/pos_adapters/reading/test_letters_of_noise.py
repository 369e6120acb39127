"""A single letter heads a document only where it stands alone."""

import pytest

from pos_adapters.reading.reader import read_text
from pos_adapters.reading.values import ReceiptText


@pytest.mark.parametrize(
    ("line", "kind"), [("+<X", "other"), ("~Z\\", "other"), ("*** Z ***", "report"), ("X", "report")]
)
def test_a_letter_among_noise_names_no_report(line, kind):
    assert read_text(ReceiptText.of(f"{line}\n")).kind.value == kind
