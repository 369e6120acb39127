"""Lines in which a Chinese shop speaks to its customers, in words that nobody listed: advice, terms, offers, wishes.

Papers are called by nouns (试算单, 样张); whoever asks, invites or advises somebody uses particles and words of
address, which no heading has. What may say that nothing was sold or paid yet is left to its words. Contract: pure.
"""

from __future__ import annotations

import re
from typing import Final

LETTERS_MIN: Final = 5  # of what somebody is told
LONG_LETTERS_MIN: Final = 17  # of a line that no paper is called by
_ADDRESSES: Final = re.compile(
    "(?<![申邀提报報])[请請](?![款购購假求示柬])|[您妳](?!的.{0,7}$)|我们|我們|咱们|咱們"
    "|谢谢|謝謝|感谢|感謝|感恩|[多致]谢|[多致]謝|[恭敬]?祝(?![贺賀])|欢迎|歡迎|期待|下次|敬请|敬請|[记記]得|小心|注意"
    "|(?:^|[ ,，。;；])建[议議]"
    "|[如若](?:需|有|您|对|對|遇|果|要|因|不慎)|倘若|勿|恕|即可|[方均皆]可|可[凭憑享获獲于於在至到用兑兌换換]"
    "|[凭憑](?![证證条條据據单單])|[持携攜][此本]|[须須需]于|以免|避免|敬告"
    "|由(?!.*[客顾顧厨廚店])[^,，。]{1,16}(?:[发發]出|[开開][具立]|生成|提供)$"  # whose software prints it
)
_OF_PAPER: Final = re.compile("[本此该該这這]张?張?(?:单|單|票|联|聯|纸|紙|小票|凭|憑|收|据|據|账|賬|帐|帳|明)")
_OPEN: Final = re.compile(  # what is not paid, not done or not meant
    "未(?!成年|[满滿]|拆|[开開])|(?<!期)待|尚|[仅僅][供限作为為]|只供|试(?!衣)|試(?!衣)|测|測|练|練|训|訓|模[拟擬]|演[练練示习習]|样|樣|示意"
    "|预[览留]|預[覽留]|草稿|[无無]效|作[废廢]|失[败敗]|拒|不成|不同意|付款|支付|付[清钱錢]|[结結][账賬帐帳算清]|[买買埋][单單]|[缴繳交][费費]"
    "|收款|[现現]金|收[银銀]|柜[台檯]|櫃[台檯]|前台|服[务務][员員]|取[货貨]|提[货貨]|[领領][货貨]|到店|保留|差[价價]|交[财財厨廚回]|送[至交]"
    "|忽略|打[错錯]|[误誤]打|[当當][作真]|[费費]用|[签簽][字收]|[确確][认認]|配合|流程|走[单單]"
    "|[补補重复複][打印製制]|副本|[记記入][账賬帐帳]"
)
_DENIES: Final = re.compile("[不非无無没沒]")
_TO_PAY: Final = "付款|付[钱錢清]|支付|[结結][账賬帐帳清]|[买買埋][单單]|[缴繳交][费費]|[补補]差"
_ASKS: Final = re.compile(
    f"(?:(?<![申邀])[请請]|[凭憑][此本])[^,，。;；!！]{{0,12}}(?:{_TO_PAY})(?![码碼时時后後前方完成和或及请請金宝寶])"
)
_LATER: Final = (
    "(?:[稍随隨饭飯餐吃食飲饮喝][后後完]|一?[会會][儿兒]|等[下一会會阵陣]{1,2}|待[会會]|[遲迟晚][啲点點些]|回[头頭]|[过過]后|下[次回周週]|下[个個]?月"
    "|月[底尾末]|[改明后後聽听][天日])[再才先来來嚟一起齐齊]{0,4}"
)
_NOTES: Final = re.compile(  # what people in a shop write down for each other, and no customer is told
    f"{_LATER}(?:[结結付俾畀算計](?![果享减減立可款])|[给給](?:[钱錢]|$)|收[钱錢款])"  # paid later
    "|等.{1,4}[来來嚟](?:[付结結俾畀收取拿攞]|[给給])|[没沒冇](?:有)?(?:[给給付退算俾畀]|收(?!到))|[还還][没沒未冇]到[账賬帐帳]"
    r"|唔[使用駛][俾畀付收]|不[用必][给給付收][钱錢]|[收付给給俾]了?一半|欠 ?\d|[记記][在到]?.{0,3}[账賬帐帳]上?$"
    "|先(?:[寄存欠]|[拿留放](?![心鬆松假])|[给給](?!力)|看(?!好)|睇)|[帮幫替][^您你我]{1,4}[留放存拿]|[给給][^您你我大]{2,5}[拿留看睇补補]"
    "|[讓让俾]客人|[给給]客[人户戶].{0,2}[补補看]|客人(?:先|[说說話话講讲走](?!好)|不要|唔要)"
    "|看一下|睇[吓下]|[过過]目"
    "|再[打印开開出].{0,2}[遍次张張份联聯]"  # printed again
    "|[丢丟遗遺][了失]重|重[出开開]$|[补補](?:[一开開]|[给給](?![站品]))|(?:收[据據]|小票).{0,2}另"
    "|[试試][试試吓下]看?.{0,2}[机機打票单單紙纸]|[随隨][便意]打|[乱亂]打|[学學]打[单單票]"
    "|^(?:自己|老[板闆]娘?|老[細细]|店[主长長]|[员員]工)[吃用拿喝走请請带帶]{1,2}的?$"
    "|[仓倉][库庫][留用拿存]"
    "|[来來嚟][拿攞]$|(?:[明后後聽听][天日]|[周週][一二三四五六日末]|[礼禮]拜.|星期.).{0,2}(?:[来來嚟][取拿攞提]|[取拿攞提][货貨]?$)"
)
NOTE_LETTERS_MAX: Final = 14  # of a note: what is longer, shops tell customers
_LETTER: Final = re.compile("[\u3400-\u9fff]")
_KANA: Final = re.compile("[\u3041-\u30ff]")


def speaks_to_customer(text: str) -> bool:
    """Whether a line is advice, a term, an offer or a wish, and says nothing of what is still to be paid or done."""
    letters = len(_LETTER.findall(text))
    if letters < LETTERS_MIN or _KANA.search(text) or _OPEN.search(text):
        return False
    if _OF_PAPER.search(text) and _DENIES.search(text):
        return False
    if _ADDRESSES.search(text):
        return True
    return letters >= LONG_LETTERS_MIN and not _OF_PAPER.search(text) and not _DENIES.search(text)


def notes_for_shop(text: str) -> bool:
    """Whether a short line is what people in a shop note for each other: who pays later, for whom something is kept."""
    short = len(_LETTER.findall(text)) <= NOTE_LETTERS_MAX and not _KANA.search(text)
    return short and _NOTES.search(text) is not None


def asks_to_pay(text: str) -> bool:
    """Whether a line asks somebody to pay: what it stands on is not paid yet."""
    return _ASKS.search(text) is not None
