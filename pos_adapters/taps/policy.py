"""What a tap may do to a print stream, and for how long: the settings of a passage, each argued.

Fewer settings beat more: only the profile and the budget can be set from outside.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from pos_adapters.taps.dialects import ESCPOS, Dialect

# A whole decision takes 3 ms (benchmarks/hold_at_cut.py), a disk sync of a worn SSD 20 ms; people see a printer
# hesitate from about 100 ms. 50 ms lets nearly every decision through and nobody see the ones that fail.
BUDGET_S = 0.050

# `separate_slip`: later than this the cashier has torn off the receipt and the customer has gone.
SLIP_WITHIN_S = 2.0

# `on_request`: the customer stands there and asks, the cashier presses the key.
SLIP_ON_REQUEST_WITHIN_S = 60.0

# A kept connection does not say where a receipt ends. After a cut, two seconds without a byte do: tills that print a
# voucher behind the receipt do it at once. Without a cut ten seconds, as printers and public emulators take it.
SILENCE_AFTER_CUT_S = 2.0
SILENCE_S = 10.0


class Profile(Enum):
    """Where our text may stand; the store chooses by its country's law (`docs/print-path.md`)."""

    OFF = "off"
    ON_REQUEST = "on_request"
    SEPARATE_SLIP = "separate_slip"
    APPENDIX = "appendix"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The profile, the printer's command language, and the limits in seconds."""

    profile: Profile = Profile.OFF
    dialect: Dialect = ESCPOS
    budget_s: float = BUDGET_S
    slip_within_s: float = SLIP_WITHIN_S
    silence_after_cut_s: float = SILENCE_AFTER_CUT_S
    silence_s: float = SILENCE_S

    @property
    def holds(self) -> bool:
        """Whether a cut waits for core's answer."""
        return self.profile is Profile.APPENDIX

    @property
    def slip_chance_s(self) -> float:
        """How long after the cut a slip may still come, if nothing has been printed since."""
        return SLIP_ON_REQUEST_WITHIN_S if self.profile is Profile.ON_REQUEST else self.slip_within_s

    @property
    def prints_slips(self) -> bool:
        """Whether a slip of its own may follow a receipt."""
        return self.profile is Profile.SEPARATE_SLIP or self.profile is Profile.ON_REQUEST
