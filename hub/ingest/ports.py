"""What uploads go through. `IngestService` fulfils it on the hub's database; a queue in front of it would, too.

The contract is about acknowledgements, because a store throws nothing away before one and little after it:

- `take` returns when every record up to `acked_seq` would survive a power cut of whoever took it. A queue that answers
  before its own disk has synced breaks it.
- Taking the same batch again changes nothing and is answered the same; batches of one agent may arrive in any order.
  A queue may therefore deliver more than once, and must hand a batch over whole or not at all.
- A gap, a fork and an unknown ancestor are found while the agent waits. Whoever stands in front needs the heads of an
  agent's branches to say so: a queue keeps them beside its messages, or asks the service behind it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from hub.callers import Caller
from hub.ingest.batch import Batch
from sync.protocol.messages import JournalAck, Mark, PositionAnswer


class Ingest(Protocol):
    """See the module's contract. Both methods may be called from any thread, and again with the same values."""

    def take(self, caller: Caller, batch: Batch, *, now: datetime) -> JournalAck:
        """Keep a checked batch and return what is now on disk.

        Raises GapError, UnknownAncestorError, or TryAgainError; whatever is raised, nothing of the batch is kept.
        """
        ...

    def locate(self, caller: Caller, epoch: int, marks: Sequence[Mark]) -> PositionAnswer:
        """Return the newest of an agent's marks that is known here, and how far this epoch goes.

        What is in a queue counts as known: it is on disk and on its way.
        """
        ...
