"""The reading side of the house, as core uses it: papers from bytes, readings from papers, captures masked."""

from __future__ import annotations

from agent.config import AgentConfig
from agent.masking import mask_payment_cards
from pos_adapters.reading.reader import read_paper
from pos_adapters.reading.values import Reading, StoreFacts
from receipt.document import PaperReader
from receipt.paper import Paper
from receipt.printers import PrinterModel
from retail.identifiers import WorkstationId


class StorePapers:
    """Fulfils `agent.ports.Papers` for one store."""

    def __init__(self, config: AgentConfig) -> None:
        self._config = config
        self._facts: dict[str, StoreFacts] = {}

    def new_job(self, model: PrinterModel) -> PaperReader:
        """Begin to read a job."""
        return PaperReader(model)

    def read(self, paper: Paper, workstation_id: str) -> Reading:
        """Say what a paper is."""
        return read_paper(paper, store=self._store(workstation_id))

    def mask(self, data: bytes) -> bytes:
        """Return a capture as it may be kept."""
        return mask_payment_cards(data)

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
            )
        return self._facts[workstation_id]
