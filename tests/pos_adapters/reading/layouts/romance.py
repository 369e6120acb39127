from decimal import Decimal

from tests.pos_adapters.reading.layouts.base import Golden, Page, Shop, cents, golden, layout, total_of
from tests.pos_adapters.reading.layouts.catalogues import ES, FR, IT, PT


@layout
def french_hypermarket(seed: int) -> Golden:
    """After the look of Carrefour: sections, quantity lines above, immediate discounts, VAT table, card slip."""
    shop, page = Shop(seed, FR), Page(width=40, thousands=" ")
    goods = shop.basket(3, 9)
    page.center("CARREFOUR DES AFFAIRES")
    page.center("TEL : 01.45.67.89.10")
    page.text("DESCRIPTION     QTE   MONTANT EUR")
    page.text(">>>> EPICERIE")
    total = Decimal(0)
    for index, one in enumerate(goods):
        if one.count > 1:
            page.text(one.name)
            page.row(f"      {one.count} X {page.money(one.unit)}€", page.money(one.amount))
        else:
            page.row(one.name, page.money(one.amount))
        total += one.amount
        if index == 1:
            page.row("  REMISE IMMEDIATE 10%", page.money(-cents(one.amount / 10)))
            total -= cents(one.amount / 10)
    page.rule("=")
    page.row(f"TOTAL A PAYER ({len(goods)} ART)", f"{page.money(total)} €")
    page.rule("=")
    if seed % 2:
        page.row("CARTE BANCAIRE EMV", f"{page.money(total)} €")
        tenders = (("credit", total),)
    else:
        handed = shop.handed(total)
        page.row("ESPECES", f"{page.money(handed)} €")
        page.row("RENDU", f"{page.money(handed - total)} €")
        tenders = (("cash", total),)
    net = cents(total / Decimal("1.055"))
    page.text("CODE TVA   TAUX      HT     TVA     TTC")
    page.text(f"   1      5,50%   {page.money(net)}   {page.money(total - net)}   {page.money(total)}")
    page.row("TOTAL REMISES OBTENUES", "0,35 €")
    page.text("VOTRE CAGNOTTE CARTE FIDELITE : 12,40 €")
    page.text("28/09/2024 12:41  C12 T0345 S001234")
    page.center("MERCI DE VOTRE VISITE A BIENTOT")
    return golden(
        "french_hypermarket",
        seed,
        page,
        language="fr",
        chain=True,
        total=total,
        items=len(goods),
        currency="EUR",
        tenders=tenders,
    )


@layout
def french_bakery(seed: int) -> Golden:
    """A small shop: count first, euro signs glued, meal vouchers and cash, VAT included told below the total."""
    shop, page = Shop(seed, FR), Page(width=32, thousands=" ")
    goods = shop.basket(2, 5, many=0.5)
    page.center("Boulangerie Martin")
    page.text("SIRET 123 456 789 00012")
    page.text("Ticket N° 2024-00871   Caisse 1")
    page.text("le 03/05/2024 à 08:12:45")
    page.text()
    for one in goods:
        page.row(f"{one.count} x {one.name.capitalize()}", f"{page.money(one.amount)}€")
    total = total_of(goods)
    page.rule()
    page.row("Total TTC", f"{page.money(total)}€")
    page.row("dont TVA 5,5%", f"{page.money(total - cents(total / Decimal('1.055')))}€")
    part = min(Decimal("1.00"), total - Decimal("0.10"))
    page.row("Titre restaurant", f"{page.money(part)}€")
    page.row("Espèces", f"{page.money(total - part)}€")
    page.center("Merci et à bientôt")
    return golden(
        "french_bakery",
        seed,
        page,
        language="fr",
        chain=False,
        total=total,
        items=len(goods),
        currency="EUR",
        tenders=(("cash", total - part), ("voucher", part)),
    )


@layout
def spanish_supermarket(seed: int) -> Golden:
    """After the look of Mercadona: count before the name, unit and amount columns, weights under the name."""
    shop, page = Shop(seed, ES), Page(width=40)
    goods = shop.basket(3, 8, weighed=True)
    page.center("MERCADO, S.A.   A-46103834")
    page.center("C/ MAYOR, 12")
    page.center("TELÉFONO: 961234567")
    page.text("15/06/2024 19:55  OP: 123456")
    page.text("FACTURA SIMPLIFICADA: 2870-014-654321")
    page.text("  Descripción        P. Unit    Importe")
    for one in goods:
        if one.weighed:
            page.text(f"1 {one.name}")
            page.row(f"   {page.kilos(one.quantity)} kg  {page.money(one.unit)} €/kg", page.money(one.amount))
        elif one.count > 1:
            page.columns((f"{one.count} {one.name}", 22), (page.money(one.unit), -8), (page.money(one.amount), -10))
        else:
            page.row(f"1 {one.name}", page.money(one.amount))
    total = total_of(goods)
    page.row("TOTAL (€)", page.money(total), width=40)
    if seed % 2:
        page.row("TARJETA BANCARIA", page.money(total))
        tenders = (("credit", total),)
    else:
        handed = shop.handed(total)
        page.row("EFECTIVO", page.money(handed))
        page.row("CAMBIO", page.money(handed - total))
        tenders = (("cash", total),)
    base = cents(total / Decimal("1.10"))
    page.text("IVA     BASE IMPONIBLE (€)    CUOTA (€)")
    page.text(f"10%     {page.money(base)}         {page.money(total - base)}")
    page.text(f"TOTAL   {page.money(base)}         {page.money(total - base)}")
    page.text("SE ADMITEN DEVOLUCIONES CON TICKET")
    return golden(
        "spanish_supermarket",
        seed,
        page,
        language="es",
        chain=True,
        total=total,
        items=len(goods),
        currency="EUR",
        tenders=tenders,
    )


@layout
def mexican_convenience(seed: int) -> Golden:
    """After the look of a Mexican convenience chain: dollar signs, thousands commas, card with authorisation."""
    shop = Shop(seed, [(n, str(Decimal(p) * 17 + Decimal("0.5"))) for n, p in ES])
    page = Page(width=36, decimal=".", thousands=",")
    goods = shop.basket(2, 6, many=0)
    page.center("CADENA COMERCIAL X SA DE CV")
    page.center("RFC CCO8605231N4")
    page.text("FOLIO 50123   CAJA 02  CAJERO: LUIS")
    page.text("FECHA: 2024-08-09  HORA: 21:04")
    for one in goods:
        amount = cents(one.amount)
        one.amount = amount
        page.row(f"001 {one.name}", f"${page.money(amount)}")
    total = total_of(goods)
    page.row("TOTAL:", f"${page.money(total)}")
    page.row("EFECTIVO:", f"${page.money(shop.handed(total, (100, 200, 500)))}")
    page.row("CAMBIO:", f"${page.money(shop.handed(total, (100, 200, 500)) - total)}")
    page.row("ARTICULOS:", str(len(goods)))
    page.text("IVA 16% INCLUIDO")
    page.center("GRACIAS POR SU COMPRA")
    return golden(
        "mexican_convenience",
        seed,
        page,
        language="es",
        chain=True,
        total=total,
        items=len(goods),
        currency=None,
        tenders=(("cash", total),),
    )


@layout
def italian_commercial_document(seed: int) -> Golden:
    """The Italian "documento commerciale": VAT rate between name and price, totals in the law's words."""
    shop, page = Shop(seed, IT), Page(width=40)
    goods = shop.basket(2, 8, many=0.3)
    page.center("SUPERMERCATO ROSSI SRL")
    page.center("P.IVA 01234567890")
    page.center("DOCUMENTO COMMERCIALE")
    page.center("di vendita o prestazione")
    page.text("DESCRIZIONE            IVA    Prezzo(€)")
    for one in goods:
        if one.count > 1:
            page.text(f"   {one.count} X {page.money(one.unit)}")
        page.columns((one.name, 22), ("10,00%", 8), (page.money(one.amount), -10))
    total = total_of(goods)
    if seed % 3 == 0:
        page.row("SCONTO", page.money(Decimal("-0.30")))
        total -= Decimal("0.30")
    page.row("TOTALE COMPLESSIVO", page.money(total))
    page.row("di cui IVA", page.money(total - cents(total / Decimal("1.1"))))
    if seed % 2:
        page.row("Pagamento contante", page.money(total))
        tenders = (("cash", total),)
    else:
        page.row("Pagamento elettronico", page.money(total))
        tenders = (("credit", total),)
    page.row("Non riscosso", "0,00")
    page.row("Resto", "0,00")
    page.row("Importo pagato", page.money(total))
    page.text("05-11-2024 10:23")
    page.text("DOCUMENTO N. 0123-0456")
    page.text("RT 99MEY012345")
    return golden(
        "italian_commercial_document",
        seed,
        page,
        language="it",
        chain=True,
        total=total,
        items=len(goods),
        currency="EUR",
        tenders=tenders,
    )


@layout
def italian_bar(seed: int) -> Golden:
    """A bar's older fiscal receipt: euro word in the total line, cash and change, count of pieces."""
    shop = Shop(
        seed,
        [("CAFFE", "1.20"), ("CORNETTO", "1.50"), ("CAPPUCCINO", "1.60"), ("SPREMUTA", "3.50"), ("TRAMEZZINO", "3.80")],
    )
    page = Page(width=28)
    goods = shop.basket(2, 4, many=0)
    page.center("BAR CENTRALE")
    page.row("", "EURO")
    for one in goods:
        page.row(one.name, page.money(one.amount))
    total = total_of(goods)
    handed = shop.handed(total)
    page.row("TOTALE EURO", page.money(total))
    page.row("CONTANTI", page.money(handed))
    page.row("RESTO", page.money(handed - total))
    page.row("NR. PEZZI", str(len(goods)))
    page.text("12-02-24 07:58  SC.FISC. 34")
    page.center("GRAZIE E ARRIVEDERCI")
    return golden(
        "italian_bar",
        seed,
        page,
        language="it",
        chain=False,
        total=total,
        items=len(goods),
        currency="EUR",
        tenders=(("cash", total),),
    )


@layout
def portuguese_supermarket(seed: int) -> Golden:
    """After the look of Continente and Pingo Doce: VAT letter in front, quantity above price, card points."""
    shop, page = Shop(seed, PT), Page(width=40)
    goods = shop.basket(3, 8, weighed=True)
    page.center("MODELO HIPERMERCADOS S.A.")
    page.center("NIF 500829993")
    page.text("Fatura Simplificada FS 0123/456789")
    page.text("Original      2024-04-19 20:11")
    page.text("IVA DESCRICAO                   VALOR")
    for one in goods:
        page.text(f"(A) {one.name}") if one.weighed or one.count > 1 else page.row(
            f"(A) {one.name}", page.money(one.amount)
        )
        if one.weighed:
            page.row(f"    {page.kilos(one.quantity)} X {page.money(one.unit)}", page.money(one.amount))
        elif one.count > 1:
            page.row(f"    {one.count} X {page.money(one.unit)}", page.money(one.amount))
    before = total_of(goods)
    off = Decimal("0.45") if before > 2 else Decimal(0)
    page.row("SUBTOTAL", page.money(before))
    if off:
        page.row("DESCONTO CARTAO", f"({page.money(off)})")
    total = before - off
    page.row("TOTAL A PAGAR", page.money(total))
    page.row("MULTIBANCO" if seed % 2 else "MB WAY", page.money(total))
    page.text("%IVA   Total Liq.   IVA    Total")
    base = cents(total / Decimal("1.06"))
    page.text(f"(A) 6%   {page.money(base)}   {page.money(total - base)}   {page.money(total)}")
    page.text("Poupou nesta compra: 0,45")
    page.text("ATCUD: JF3K2M-456789")
    page.text("Processado por programa certificado")
    page.center("OBRIGADO PELA SUA VISITA")
    return golden(
        "portuguese_supermarket",
        seed,
        page,
        language="pt",
        chain=True,
        total=total,
        items=len(goods),
        currency=None,
        tenders=((("debit" if seed % 2 else "mobile"), total),),
    )


@layout
def brazilian_nfce(seed: int) -> Golden:
    """The Brazilian consumer receipt: numbered lines with code, quantity, unit and price; taxes told."""
    shop, page = Shop(seed, PT), Page(width=44)
    goods = shop.basket(2, 7)
    page.center("SUPERMERCADO BOM PRECO LTDA")
    page.text("CNPJ: 12.345.678/0001-90")
    page.center("DANFE NFC-e Documento Auxiliar")
    page.text("CODIGO DESCRICAO QTD UN VL.UNIT VL.TOTAL")
    for number, one in enumerate(goods, 1):
        page.text(f"{number:03d} 7891{shop.digits(9)} {one.name}")
        page.row(f"      {one.count} UN X {page.money(one.unit)}", page.money(one.amount))
    total = total_of(goods)
    page.row("QTD. TOTAL DE ITENS", str(len(goods)))
    page.row("VALOR TOTAL R$", page.money(total))
    page.text("FORMA DE PAGAMENTO           VALOR PAGO")
    if seed % 2:
        handed = shop.handed(total)
        page.row("Dinheiro", page.money(handed))
        page.row("Troco R$", page.money(handed - total))
        tenders = (("cash", total),)
    else:
        page.row("Cartao de Debito", page.money(total))
        tenders = (("debit", total),)
    page.text(f"Tributos Totais Incidentes (Lei 12.741) R$ {page.money(cents(total * Decimal('0.18')))}")
    page.text("NFC-e n 000123456 Serie 001 11/03/2024 18:20:05")
    page.text("Consulte pela Chave de Acesso em")
    page.text("3524 0312 3456 7800 0190 6500 1000 1234")
    return golden(
        "brazilian_nfce",
        seed,
        page,
        language="pt",
        chain=True,
        total=total,
        items=len(goods),
        currency="BRL",
        tenders=tenders,
    )
