"""The upper halves of code pages that printers have and Python has not.

Contract: data. Each value is the 128 characters of bytes 0x80 to 0xFF; U+FFFD where a page has none. Facts from the
tables of codepage-encoder by Niels Leenheer (MIT licence), who printed them on the printers, held against Epson's and
Star's public character code tables. Star's own drawing characters have no likeness in Unicode's older blocks: they
stand as the symbols for legacy computing that Unicode 13 gave them.
"""

# ruff: noqa: RUF001 - a table's row is a table's row, and look-alikes are what code pages are full of

from __future__ import annotations

from typing import Final

UPPER_HALVES: Final[dict[str, str]] = {
    "cp771": (
        "АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ"
        "абвгдежзийклмноп░▒▓│┤╡╢╖╕╣║╗╝╜╛┐"
        "└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█ĄąČč"
        "рстуфхцчшщъыьэюяĘęĖėĮįŠšŲųŪūŽž■\xa0"
    ),
    "cp851": (
        "ÇüéâäàΆçêëèïîΈÄΉΊ\ufffdΌôöΎûùΏÖÜά£έήί"
        "ϊΐόύΑΒΓΔΕΖΗ½ΘΙ«»░▒▓│┤ΚΛΜΝ╣║╗╝ΞΟ┐"
        "└┴┬├─┼ΠΡ╚╔╩╦╠═╬ΣΤΥΦΧΨΩαβγ┘┌█▄δε▀"
        "ζηθικλμνξοπρσςτ´\xad±υφχ§ψ¸°¨ωϋΰώ■\xa0"
    ),
    "cp853": (
        "ÇüéâäàĉçêëèïîìÄĈÉċĊôöòûùİÖÜĝ£Ĝ×ĵ"
        "áíóúñÑĞğĤĥ\ufffd½Ĵş«»░▒▓│┤ÁÂÀŞ╣║╗╝Żż┐"
        "└┴┬├─┼Ŝŝ╚╔╩╦╠═╬¤\ufffd\ufffdÊËÈıÍÎÏ┘┌█▄\ufffdÌ▀"
        "ÓßÔÒĠġµĦħÚÛÙŬŭ\ufffd´\xad\ufffdℓŉ˘§÷¸°¨˙\ufffd³²■\xa0"
    ),
    "cp1098": (
        "\ufffd\ufffd،؛؟\u064bآﺂ\uf8faاﺎ\uf8fbءأﺄ\uf8f9ؤﺋبﺑﭖﭘتﺗثﺛجﺟﭺﭼ×ح"
        "ﺣخﺧدذرزﮊسﺳشﺷصﺻ«»░▒▓│┤ضﺿﻁﻃ╣║╗╝¤ﻅ┐"
        "└┴┬├─┼ﻇع╚╔╩╦╠═╬\ufffdﻊﻋﻌغﻎﻏﻐفﻓ┘┌█▄قﻗ▀"
        "ﮎﻛﮒﮔلﻟمﻣنﻧوهﻫﻬﮤﯼ\xadﯽﯾـ٠١٢٣٤٥٦٧٨٩■\xa0"
    ),
    "cp3001": (
        "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒ"
        "áíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐"
        "└┴┬├─┼ãÃ╚╔╩╦╠═╬¤šŠÊËÈıÍÎÏ┘┌█▄¦Ì▀"
        "ÓßÔÒõÕµžŽÚÛÙýÝ¯´\xad±‗¾¶§÷¸°¨·¹³²■\xa0"
    ),
    "cp3841": (
        "ғәёіїјҝөўүӽӈҹҷє£ҒӘЁІЇЈҜӨЎҮӼӇҸҶЄЪ"
        " !\"#¤%&'()*+,-./0123456789:;<=>?"
        "юабцдефгхийклмнопярстужвьызшэщчъ"
        "ЮАБЦДЕФГХИЙКЛМНОПЯРСТУЖВЬЫЗШЭЩЧ∅"
    ),
    "cp3845": (
        "ÇüéâäàåçêëèïîÍÄÁÉæÆőöÓűÚŰÖÜ¢£¥₧ƒ"
        "áíóúñÑªŐ¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐"
        "└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀"
        "αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\xa0"
    ),
    "cp3846": (
        "ÇüéâäàåçêëèïîıÄÅÉæÆôöòûùİÖÜ¢£¥Şş"
        "áíóúñÑĞğ¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐"
        "└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀"
        "αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\xa0"
    ),
    "thai11": (
        "\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd┌┐└┘│├┤"
        "\xa0กขฃคฅฆงจฉชซฌญฎฏฐฑฒณดตถทธนบปผฝพฟ"
        "ภมยรฤลฦวศษสหฬอฮฯะัาำิีึื\u0e38\u0e39\u0e3a─┴┬┼฿"
        "เแโใไๅๆ็\u0e48\u0e49\u0e4a\u0e4b์ํ๎๏๐๑๒๓๔๕๖๗๘๙๚\u0e4aโใไ\ufffd"
    ),
    "thai13": (
        "\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd"
        "\xa0กขฃคฅฆงจฉชซฌญฎฏฐฑฒณดตถทธนบปผฝพฟ"
        "ภมยรฤลฦวศษสหฬอฮฯะัาำิีึื\u0e38\u0e39\u0e3aร\ufffd\ufffdเ฿"
        "เแโใไๅๆ็\u0e48\u0e49\u0e4a\u0e4b์ํ๎๏๐๑๒๓๔๕๖๗๘๙๚๛←↑→↓"
    ),
    "thai14": (
        "┌┐└┘│─├┤┴┬┼█\ufffd\ufffd\ufffd\ufffdรา\ufffdะ\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffdเ"
        "\xa0กขฃคฅฆงจฉชซฌญฎฏฐฑฒณดตถทธนบปผฝพฟ"
        "ภมยรฤลฦวศษสหฬอฮฯะัาำิีึื\u0e38\u0e39\u0e3a\ufffd\ufffd\ufffd\ufffd฿"
        "เแโใไๅๆ็\u0e48\u0e49\u0e4a\u0e4b์ํ๎๏๐๑๒๓๔๕๖๗๘๙๛\ufffd\ufffd\ufffd\ufffdไ"
    ),
    "thai16": (
        "┌┐└┘│─├┤┴┬┼█←↑→↓โใ\ufffdะ\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffdเ"
        "\xa0กขฃคฅฆงจฉชซฌญฎฏฐฑฒณดตถทธนบปผฝพฟ"
        "ภมยรฤลฦวศษสหฬอฮฯะัาำิีึื\u0e38\u0e39\u0e3a\ufffd\ufffd\ufffd\ufffd฿"
        "เแโใไๅๆ็\u0e48\u0e49\u0e4a\u0e4b์ํไ๏๐๑๒๓๔๕๖๗๘๙๛\ufffd\ufffd\ufffd\ufffd\ufffd"
    ),
    "thai18": (
        "┌┐└┘│─├┤┴┬┼█←↑→↓รา\ufffdะ\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffdเ"
        "\xa0กขฃคฅฆงจฉชซฌญฎฏฐฑฒณดตถทธนบปผฝพฟ"
        "ภมยรฤลฦวศษสหฬอฮฯะัาำิีึื\u0e38\u0e39\u0e3a\ufffd\ufffd\ufffd\ufffd฿"
        "เแโใไๅๆ็\u0e48\u0e49\u0e4a\u0e4b์ํไ๏๐๑๒๓๔๕๖๗๘๙๛\ufffd\ufffd\ufffd\ufffd\ufffd"
    ),
    "thai42": (
        "┌┐└┘│─├┤┴┬┼█←↑→↓๐๑๒๓๔๕๖๗๘๙ฃฅราไเ"
        "\xa0กขคฆงจฉชซฌญฎฏฐฑฒณดตถทธนบปผฝพฟภม"
        "ยรฤลวศษสหฬอฮะฦาำเแโใไๆฯ\u0e38\u0e39ิีึื\u0e4aํ็"
        "\u0e48\u0e49\u0e4a\u0e4b์\ufffd\ufffd\ufffd\ufffd\ufffd\ufffdะ\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\xa0"
    ),
    "star-standard": (
        "\xa0🭰🭶🭱🭷🭲🭸🭳🭹🭴🭺🭵├🭻🭼🭾🭿🭽▘▗▖▝╱╲◥◤┌┴┬┤♦╳"
        "ÄÖÜß§ªº\ufffd¢½\ufffd\ufffd¥¼Āëéèēêïíìīîöóòōôüú"
        "ùūûç¿\ufffd\ufffdĒↄ¡ÅøØäáàāâ°℃℉ΩµΣσ\ufffd\ufffdχ∞±÷π"
        "▌▄▀▐┼┘└┐█▒⏊←↑→↓╭⏉🮃\ufffd▁▍\ufffd🮈▚▞◢◣🬰⏸╰╯╮"
    ),
    "star-cp928": (
        "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒ"
        "\xa0‘’£\ufffd\ufffd¦§¨©\ufffd«¬\xad\ufffd―°±²³΄΅Ά·ΈΉΊ»Ό½ΎΏ"
        "ΐΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡ\ufffdΣΤΥΦΧΨΩΪΫάέήί"
        "ΰαβγδεζηθικλμνξοπρςστυφχψωϊϋόύώ\ufffd"
    ),
    "star-cp874": (
        "€\ufffd\ufffd\ufffd\ufffd…\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd‘’“”│─┼┌┐└┘├┬┤┴"
        "\xa0กขฃคฅฆงจฉชซฌญฎฏฐฑฒณดตถทธนบปผฝพฟ"
        "ภมยรฤลฦวศษสหฬอฮฯะัาำิีึื\u0e38\u0e39\u0e3a\u0e49\u0e4a\u0e4b์฿"
        "เแโใไๅๆ็\u0e48\u0e49\u0e4a\u0e4b์ํ๎๏๐๑๒๓๔๕๖๗๘๙๚๛¢¬¦\ufffd"
    ),
    "epson-iso8859_2": (
        "░▒▓│┤┘┌█©╣║╗╝¢¥┐└┴┬├─┼▄▀╚╔╩╦╠═╬®"
        "\xa0Ą˘Ł¤ĽŚ§¨ŠŞŤŹ\xadŽŻ°ą˛ł´ľśˇ¸šşťź˝žż"
        "ŔÁÂĂÄĹĆÇČÉĘËĚÍÎĎĐŃŇÓÔŐÖ×ŘŮÚŰÜÝŢß"
        "ŕáâăäĺćçčéęëěíîďđńňóôőö÷řůúűüýţ˙"
    ),
    "bixolon-hebrew": (
        "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒ"
        " !\"#$%&'()*+,-./0123456789:;<=>?"
        "@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_"
        "אבגדהוזחטיךכלםמןנסעףפץצקרשת{|}~\xa0"
    ),
    "khmer": (
        "កខកឃងចឆជឈញដឋឌឍណតថទថនបផពភមយរលវឝឞស"
        "ហឡហឣឤឥឦឧឨឩឪឫឬឭឮឯឰឱឰឳ឴឵ាិីឹឺុូួើឿ"
        "ៀេៀៃោៅំះៈ៉៊់៌៍៎៏័៑័៓។៕៖ៗ៘៙៚៛ៜ\u17dd\ufffd\ufffd"
        "០១០៣៤៥៦៧៨៩\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd៰៱៰៳៴៵៶\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd"
    ),
}
