"""What a line says does not depend on which lines were read before it."""

import random
import re

from pos_adapters.reading.lines import LineReader
from pos_adapters.reading.read_lines import ReadLine
from pos_adapters.reading.shapes import GoodsLine
from pos_adapters.reading.word_files import standard_lexicon

NAMES = ("xbox", "mall", "stone", "Marble", "kwhabcde", "eurozone", "usdt", "total", "Brot", "QUARK", "qqqq", "Größe")
LIKE_NUMBERS = ("1.50", "12,34", "0.05", "7", "100", "1.234", "2x", "3.5%", "12.03.24", "9:30", "-2.00", "(1.00)")
LINES_READ = 1500


def reprinted(line, rng):
    """Return the line with other figures, and some of its words replaced by words of other receipts."""
    line = re.sub(r"\d", lambda _: str(rng.randint(0, 9)), line)
    return re.sub(r"[^\W\d_]{4,}", lambda word: rng.choice(NAMES) if rng.random() < 0.5 else word.group(), line)


def test_a_line_is_read_alike_whatever_was_read_before(goldens):
    rng = random.Random(31)
    printed = sorted({line for golden in goldens for line in golden.lines})
    warm = LineReader(standard_lexicon())
    warm.read_all(printed)
    for line in rng.choices(printed, k=LINES_READ):
        again = reprinted(line, rng)
        alone = LineReader(standard_lexicon()).read(again)
        assert warm.read(again)._replace(shape="") == alone._replace(shape=""), again


def test_names_beside_figures_are_read_alike_whatever_was_read_before():
    rng = random.Random(32)
    warm = LineReader(standard_lexicon())
    for _ in range(LINES_READ):
        words = [rng.choice(rng.choice((NAMES, LIKE_NUMBERS))) for _ in range(rng.randint(1, 5))]
        line = "".join(word + rng.choice(("", " ", " ", "   ", " x ", "/", "$")) for word in words)
        alone = LineReader(standard_lexicon()).read(line)
        assert warm.read(line)._replace(shape="") == alone._replace(shape=""), line


def test_goods_that_differ_in_name_and_price_have_one_shape():
    reader = LineReader(standard_lexicon())
    first, second = reader.read_all(("Marmalupa 12   3.50", "Zwobbelix 47   8.25"))
    assert first.shape == second.shape
    assert (second.name, second.goods.amount, second.goods.quantity) == ("Zwobbelix 47", 8250, None)


def test_goods_that_are_held_as_name_and_amount_say_all_that_their_line_says():
    rng = random.Random(34)
    reader, held = LineReader(standard_lexicon()), 0
    for _ in range(LINES_READ):
        name = rng.choice(("Marmalupa", "Zwobbelix 47", "Quuxmilk 3.5% 1L", "Teebeutel 80 kg", " Bananas", "7 Hills"))
        amount = f"{rng.randint(0, 3)}{rng.randint(0, 99)}{rng.choice('.,')}{rng.randint(0, 99):02d}"
        line = reader.read(f"{name}{rng.choice(('   ', ' EUR ', '   $'))}{amount}{rng.choice(('', ' A', ' €', '-'))}")
        if isinstance(line, GoodsLine):
            held += 1
            alone = LineReader(standard_lexicon()).read(line.text)._replace(shape=line.shape)
            alone = alone._replace(speaks=bool(alone.hits or alone.signs))  # what looked like a date is none
            assert {name: getattr(line, name) for name in ReadLine._fields} == alone._asdict(), line.text
    assert held > LINES_READ // 4


def test_goods_named_by_a_word_of_receipts_have_a_shape_of_their_own():
    reader = LineReader(standard_lexicon())
    first, second = reader.read_all(("Marmalupa 12   3.50", "Gutschein 47   8.25"))
    assert first.shape != second.shape


def test_lines_with_a_date_or_a_time_are_read_alike_whatever_was_read_before():
    """Lines of one shape may differ in whether their figures are a time: 12:34 is, 12:75 is none."""
    rng = random.Random(33)
    warm = LineReader(standard_lexicon())
    dates = ("01/02/2024", "1.2.24", "2024-03-12", "5 Mar 2024", "12 Quux 2024", "2024/13/40", "03-04-2024")
    times = ("9:30", "12:34", "12:34:56", "9:75", "14.05", "11:59PM", "")
    for _ in range(LINES_READ // 3):
        words = (
            rng.choice(("", "Till 3", "Date:", "Quuxter")),
            rng.choice(dates),
            rng.choice(times),
            rng.choice(("", "3.50")),
        )
        line = re.sub(r"\d", lambda _: str(rng.randint(0, 9)), "  ".join(words))
        alone = LineReader(standard_lexicon()).read(line)
        assert warm.read(line)._replace(shape="") == alone._replace(shape=""), line
