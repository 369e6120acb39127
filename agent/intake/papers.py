"""The reading side of the house, as core uses it: papers from bytes, readings from papers, captures masked.

Payment card numbers are masked in the stream, before anything is interpreted or kept. Member numbers are read (they say
whose sale it is) and masked in what is kept.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.config import AgentConfig
from pos_adapters.profiles.profiled import Profiled, load_profiles
from pos_adapters.reading.ahead import Preview, ReadingAhead
from pos_adapters.reading.masking import StreamMasker
from pos_adapters.reading.reader import read_paper, text_of
from pos_adapters.reading.values import Reading, StoreFacts
from receipt.document import PaperReader
from receipt.paper import Paper
from receipt.printers import PrinterModel
from retail.identifiers import WorkstationId

SHOWN_DIGITS = 4  # of a member number in a capture: enough to tell two cards of one complaint apart
MEMBER_DIGITS_MIN = 8  # a shorter prefix-match is a price or a date, not a card


class MaskedJob:
    """One job: payment cards masked as it streams in, read while it does, kept until its documents are taken."""

    def __init__(
        self,
        reader: PaperReader,
        *,
        exempt: Sequence[str],
        ahead: ReadingAhead | None = None,
        profiled: Profiled | None = None,
    ) -> None:
        self._reader = reader
        self._ahead = ahead
        self._profiled = profiled
        self._masker = StreamMasker(exempt=exempt)
        self.data = bytearray()

    def feed(self, data: bytes, *, cut_has_come: bool = False) -> list[Paper]:
        """Take bytes as they come; return the documents that ended within them. See `agent.ports.JobReader`."""
        masked = self._masker.feed(data)
        return self._fed(masked) if cut_has_come else self._take(masked)

    def finish_here(self) -> Paper | None:
        """End the document now, at a held cut; None when nothing has been printed since the last one."""
        papers = self._fed(self._masker.close())
        paper = self._reader.finish_here()
        assert not papers, "a cut command within digits"
        return paper

    def ended_before(self) -> list[Paper]:
        """Return the documents before the one that `finish_here` has just returned, which were kept back until then."""
        return self._reader.ended_before()

    @property
    def is_proved(self) -> bool:
        """Whether the document that is being printed is a sale by all that has come."""
        return self._ahead is not None and self._ahead.draft is not None

    def preview(self) -> Preview | None:
        """Return what the document is, should it end here; None where nobody can say before its end."""
        if self._ahead is None or self._ahead.draft is None:
            return None
        begun = self._reader.lines_begun(self._masker.held())
        return None if begun is None else self._ahead.preview(begun, self._reader.printed_codes)

    def close(self) -> list[Paper]:
        """End the job; return what is left of it."""
        return [*self._take(self._masker.close()), *self._reader.close()]

    def _take(self, masked: bytes) -> list[Paper]:
        papers = self._fed(masked)
        if self._ahead is not None:
            self._ahead.note(self._reader.begun, self._reader.finished_lines())
        elif self._profiled is not None:
            self._profiled.note(self._reader.finished_lines())
        return papers

    def _fed(self, masked: bytes) -> list[Paper]:
        self.data += masked
        return self._reader.feed(masked)


class StorePapers:
    """Fulfils `agent.ports.Papers` for one store."""

    def __init__(self, config: AgentConfig) -> None:
        self._config = config
        self._facts: dict[str, StoreFacts] = {}
        self._ahead: dict[str, ReadingAhead] = {}  # of each workstation's last job
        self._profiled = {
            each.id: Profiled(load_profiles(each.profiles)) for each in config.workstation if each.profiles
        }
        self._members = _member_ranges(config)
        self._member = re.compile("|".join(self._members).encode()) if self._members else None

    def new_job(self, model: PrinterModel, *, workstation_id: str | None = None) -> MaskedJob:
        """Begin to read a job; one that a workstation prints now is read ahead, so that little is left at its cut.

        Where the workstation has profiles, its lines are: which profile claims them is known at the document's end.
        """
        profiled = self._profiled.get(workstation_id or "")
        ahead = None
        if workstation_id is not None and profiled is None:
            ahead = self._ahead[workstation_id] = ReadingAhead(store=self._store(workstation_id))
        return MaskedJob(PaperReader(model), exempt=self._members, ahead=ahead, profiled=profiled)

    def read(self, paper: Paper, workstation_id: str) -> Reading:
        """Say what a paper is."""
        profiled = self._profiled.get(workstation_id)
        if profiled is not None:
            return profiled.read(text_of(paper), store=self._store(workstation_id))
        ahead = self._ahead.get(workstation_id)
        if ahead is None:
            return read_paper(paper, store=self._store(workstation_id))
        return ahead.read(paper)

    def mask(self, data: bytes, member_code: str | None) -> bytes:
        """Return a capture as it may be kept: member numbers masked too, at equal length."""
        masked = self._member.sub(_masked, data) if self._member else data
        code = (member_code or "").encode("ascii", "ignore")
        return masked.replace(code, _hidden(code)) if len(code) > SHOWN_DIGITS else masked

    def _store(self, workstation_id: str) -> StoreFacts:
        if workstation_id not in self._facts:
            store = self._config.store
            self._facts[workstation_id] = StoreFacts(
                business_unit_id=self._config.business_unit_id,
                workstation_id=WorkstationId(workstation_id),
                timezone=store.timezone,
                currency=store.currency,
                language=store.language,
                country=store.country or None,
                day_ends_at=store.day_ends_at.strftime("%H:%M"),
                member_code_patterns=self._members,
            )
        return self._facts[workstation_id]


def _member_ranges(config: AgentConfig) -> tuple[str, ...]:
    """Return regular expressions of the store's member numbers, from the `[codes]` rules that name digits."""
    lengths = {"ean13": 13, "ean8": 8, "upca": 12}
    ranges = []
    for rule in config.codes.member:
        if rule.prefix.isdigit() and rule.prefix.isascii():
            rest = lengths.get(rule.symbology, 0) - len(rule.prefix)
            more = f"{{{rest}}}" if rest > 0 else f"{{{max(MEMBER_DIGITS_MIN - len(rule.prefix), 1)},}}"
            ranges.append(rf"{rule.prefix}(?<!\d{rule.prefix})\d{more}(?!\d)")  # the digits first: they are looked for
    return tuple(ranges)


def _masked(found: re.Match[bytes]) -> bytes:
    return _hidden(found.group())


def _hidden(code: bytes) -> bytes:
    return b"*" * (len(code) - SHOWN_DIGITS) + code[-SHOWN_DIGITS:]
