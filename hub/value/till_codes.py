"""Whose coupon was it? A till that only prints told a till barcode that its own store did not issue (level P).

The record names the campaigns that the barcode may be of and how they make theirs from a coupon's serial; every
coupon of those campaigns that a store has told of is tried. Told in the same order, every hub finds the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from hub.storage.ports import Session
from hub.value.events import Told
from retail.coupons import till_barcode, typed_serial
from retail.errors import ConfigurationError
from retail.identifiers import CouponSerial

CAMPAIGNS_MAX = 20
"""Campaigns that are tried for one record: as many as a store names."""


def is_by_till_code(use: Told) -> bool:
    """Return whether a use names a till barcode and no coupon."""
    return not use.text("serial") and bool(use.text("till_code"))


def resolved(session: Session, tenant_id: str, uses: Iterable[Told]) -> tuple[list[Told], list[Told]]:
    """Return the uses, each of a coupon, and those of till barcodes that no store has told of issuing.

    Of several coupons that bear one barcode it is the oldest that nobody has used, for a chance likeness is no fraud.
    """
    uses = list(uses)
    known = [use for use in uses if not is_by_till_code(use)]
    taken = {use.text("serial") for use in known}
    issued = _Issued(session, tenant_id)
    unknown = []
    for use in uses:
        if not is_by_till_code(use):
            continue
        serials = [serial for template in _templates(use) for serial in issued.bearing(use.text("till_code"), template)]
        if not serials:
            unknown.append(use)
            continue
        serial = next((each for each in serials if each not in taken), serials[0])
        taken.add(serial)
        known.append(replace(use, content={**use.content, "serial": serial}))
    return known, unknown


class _Issued:
    """The coupons that a chain's stores have issued, by campaign and till barcode; each campaign is read once."""

    def __init__(self, session: Session, tenant_id: str) -> None:
        self._session = session
        self._tenant_id = tenant_id
        self._by_code: dict[tuple[str, str], dict[str, list[str]]] = {}

    def bearing(self, till_code: str, template: tuple[str, str]) -> list[str]:
        """Return the serials that bear a till barcode, the oldest first."""
        if template not in self._by_code:
            self._by_code[template] = self._read(*template)
        return self._by_code[template].get(till_code, [])

    def _read(self, campaign_id: str, till_template: str) -> dict[str, list[str]]:
        codes: dict[str, list[str]] = {}
        rows = self._session.rows("coupons_issued", tenant_id=self._tenant_id, campaign_id=campaign_id)
        for serial in dict.fromkeys(str(row[0]) for row in rows):
            if typed_serial(serial) != serial:
                continue  # a store may have sent any text
            try:
                _kind, code = till_barcode(till_template, CouponSerial(serial))
            except (ConfigurationError, ValueError):
                return {}  # no template of ours
            codes.setdefault(code, []).append(serial)
        return codes


def _templates(use: Told) -> Iterator[tuple[str, str]]:
    """Yield (campaign, template) of the campaigns that a record names, as far as it can be read."""
    named: Any = use.content.get("may_be_of")
    for each in named[:CAMPAIGNS_MAX] if isinstance(named, list) else ():
        if not isinstance(each, dict):
            continue
        campaign_id, template = each.get("campaign_id"), each.get("till_barcode")
        if isinstance(campaign_id, str) and isinstance(template, str) and campaign_id and template:
            yield campaign_id, template
