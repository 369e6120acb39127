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
_REMARKS: Final = re.compile(  # shorter ones: what went wrong, what is only asked, who has it now
    "(?:[刷扫掃拍插扣][卡码碼款]?|付款|[转轉][账賬帐帳])(?:不[出过過上了成]|[没沒])|[没沒未](?:反应|反應|扣成|成功|[响響][应應])"
    "|密[码碼](?:不|[错錯])|[网網][络絡](?:不好|[断斷])|(?:[现現]金|[钱錢])不[够夠足]|[机機][坏壞]|[断斷][网網线線]"
    "|[打点點拿扫掃录錄输輸按收给給](?:[错錯]|多[了一]|重了)|[多少]收(?:了|要)|[这這][张張].{0,2}[不扔撕废廢]|撕掉|扔掉"
    "|^不[算要]$|[别別][给給]|要退|[准準][备備]退|退一|[换換](?:一件|[别別]的)|抄一|[原照][样樣]再|再[来來]一[张張份]|多打"
    "|[补補]?[昨前][日天](?:的|那)?[单單重打]?$|粗算|[问問][价價]|打[听聽][价價]|比一?[下比][价價]|大[概约約](?:是|[这這]|$)"
    "|算一?[下算].{0,2}(?:多少|[价價钱錢])|[回返]家[取拿]|去.{0,3}[取拿](?:[钱錢]|[现現]金)|[还還]在[吃等用]|月底[统統一]|名下"
    "|等.{0,2}(?:[转轉][账賬帐帳]|收款|到[账賬帐帳]|[确確][认認])|老[板闆][签簽]|[签簽]了$|[货貨]到[再才]|差.{1,2}[块塊元毛蚊]"
    "|^算.{2,3}的$|抵工[资資]|工[资資]扣|[员員]工福利|交了?[定订訂]|^下[定订訂]$|^[预預]收|先交|^等[货貨]|缺[货貨]$|[没沒][货貨]"
    "|待[补補]|^[补補调調进進要][货貨]单?$|[調调]去|^借[给給]|^代[买買]$|^[帮幫][带帶忙]|[出配备備上]菜$|^等?[厨廚]房用?$|小哥看"
    "|[骑騎]手取|[学學]收[银銀]|教[他她我新].*打|老[师師]看|[开開][业業]前[试試]|[试試][营營][业業]不|打印[头頭]|[纸紙]卷"
    "|留[在]?店[里內内]|^店[里內内][留存]|[务務]查$|^底子$|^送.{0,2}(?:人|客[人户戶]|朋友)的?$|^[试試][吃喝]$|^[奖獎]品$|截[图圖]"
    "|[^慢享饮飲食使通费費信专專实實日服适適选選试試免员員客内內堂外公]用$|[作做][为為]?[样樣]子|[寄][过過]去$|^[邮郵]寄$|明早"
    "|[还還][没沒](?![有关關加下注])|忘.{0,2}[带帶][钱錢]|再[补補][钱錢差]|[说說]先|[住低]先$|唔得$|咗$|又[打印出]一?|[练練]打|不是真|^假的$"
    "|[试試](?:列印|印)|[试試][饮飲]$|[当當]掉|[丢丟]掉|[厨廚]房看|[台檯]做$|[没沒]?拿走$|^退[给給]|^送[给給][^最您你]|[俾畀].{1,3}[睇看]|[键鍵]?[错錯]了$|看.?版面"
    "|(?:[送退输輸买買打拿留借补補带帶寄换換给給]|老.)的$"
)
REMARK_LETTERS_MAX: Final = 8
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
    letters = len(_LETTER.findall(text))
    if letters > NOTE_LETTERS_MAX or _KANA.search(text):
        return False
    return _NOTES.search(text) is not None or (letters <= REMARK_LETTERS_MAX and _REMARKS.search(text) is not None)


def asks_to_pay(text: str) -> bool:
    """Whether a line asks somebody to pay: what it stands on is not paid yet."""
    return _ASKS.search(text) is not None
