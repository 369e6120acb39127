"""A letter behind an amount is a tax's where the document shows it, and else a unit."""

import pytest

from pos_adapters.reading.lines import standard_reader
from pos_adapters.reading.tax_letters import amounts_before_letters


def numbers_after(*texts):
    read = amounts_before_letters([standard_reader().read(text) for text in texts])
    return None if read is None else [facts.decimals for facts in read]


@pytest.mark.parametrize("beside", ["Euro 95        110,31 H", "L  21%    3,79   0,80", "BTW L  9%  9,41 over 104,55"])
def test_other_letters_in_the_column_or_a_rate_make_it_an_amount(beside):
    assert numbers_after("Cappuccino       3,65 L", beside)[0] == 2


@pytest.mark.parametrize("beside", ["Euro 95   110,31 H", "Totaal       113,96", "Melk 1,5 L"])
def test_litres_stay_litres_where_nothing_speaks_of_taxes(beside):
    assert numbers_after("Volume          54,42 L", beside) is None
