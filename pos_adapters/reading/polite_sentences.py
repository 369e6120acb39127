"""Sentences of Japanese and Korean shops: slogans, terms and advice in words that nobody listed.

Whoever speaks to customers ends politely ("-ます", "-ください", "-니다", "-세요") or tells who does what by particles;
papers are called by nouns. What a sentence says of the payment or of the paper itself is left to its words, unless the
shop asks, thanks or serves by it. Contract: pure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from pos_adapters.reading.lines import LineFacts

LINES_MAX: Final = 3  # that a sentence goes on for below a line
LETTERS_MIN: Final = 8  # of what serves somebody, or goes on below: shorter ones are remarks
_SPOKEN: Final = re.compile("[ぁ-ん가-힣]")
_END: Final = r"[かねよ]?(?=[\s。!?♪☆★~〜.)」』】*-]*$|[。!♪☆★])"
_POLITE: Final = re.compile(
    rf"(?:です|ます|ません|ました|でした|ましょう|ませ|ください|下さい|ございます){_END}"
    r"|(?<=[가-힣])(?:니다|니까|세요|셔요|시오|시길|어요|아요|해요|네요|까요|예요|에요|지요|죠)"
    r"(?=[\s!?~.,♡♥^)*-]*$|[.!~] )"
)
_SERVES: Final = re.compile(
    rf"(?:(?:ください|下さい)(?:ませ)?|お願い(?:いたし|致し|申し上げ)?ま?します|(?:申し上げ|申上げ|いたし|致し|おり|承り|賜り)ます"
    rf"|[おご][^\s、。]{{1,8}}(?:します|しています|できます|いただけます|頂けます)|ございま(?:す|した)|ましょう|ませんか|ますか|ですか){_END}"
    r"|(?:드립|드리겠습|바랍|하겠습|모시겠습|모십|환영합|감사합|기원합|빕)니다|세요|십시오|시길|까요"
)
_OF_PAPER: Final = re.compile(  # the paper, its payment, and what papers are for: what is said of them counts
    "取引|決済|支払|精算|会計|請求|代金|金額|残金|内金|売上|販売|購入|カード|方法|承認|残高|端末|印字|印刷|発行|領収|レシート|伝票|本紙|紙[はを]|[票証控]"
    "|取り?置|保留|練習|訓練|研修|演習|再発|取り?消|見本|試し|仮の|引き?取り|間違|責任者|無効|연습|교육|훈련|재발행|보류|취소|견본|샘플|임시"
    "|거래|결제|계산|지불|금액|대금|잔금|매출|판매|구매|카드|방법|승인|단말|발행|출력|인쇄|영수|전표|청구|입금|종이|용지"
)
_GOES_ON: Final = re.compile(r"(?:[はがをにへとでもの、,]|(?<=[가-힣])[은는이가을를에의로와과도고서면여])\s*$")
_TELLS: Final = re.compile(  # who does what: "小さな幸せを届けるパン屋"
    r"[ぁ-んァ-ヶ一-龥々ー](?:を|が(?![んいらっ])|には|では|から)[ぁ-んァ-ヶ一-龥々ー]{2}"
    r"|[가-힣][을를] [가-힣]{2}"
)


def is_polite(lines: Sequence[LineFacts], line: int) -> bool:
    """Return whether a line ends politely, or goes on with the ones below that end so."""
    return _polite_end(lines, line) is not None


def serves(lines: Sequence[LineFacts], line: int) -> bool:
    """Return whether the sentence of a line asks, thanks or serves somebody and speaks of no payment and no paper."""
    end = _polite_end(lines, line)
    if end is None or _SERVES.search(lines[end].text) is None:
        return False
    said = "".join(facts.text for facts in lines[line : end + 1])
    return sum(map(str.isalpha, said)) >= LETTERS_MIN and _OF_PAPER.search(said) is None


def tells_who_does_what(text: str) -> bool:
    """Return whether a line is no name: its particles tell who does what to what."""
    return sum(map(str.isalpha, text)) >= LETTERS_MIN and _TELLS.search(text) is not None


def _polite_end(lines: Sequence[LineFacts], line: int) -> int | None:
    """Return the line on which the sentence of this one ends politely; None where it does not."""
    for at in range(line, min(len(lines), line + LINES_MAX + 1)):
        facts = lines[at]
        if facts.decimals is not None or not _SPOKEN.search(facts.text):
            return None
        if _POLITE.search(facts.text):
            return at
        if facts.letters < LETTERS_MIN or not _GOES_ON.search(facts.text):
            return None
    return None
