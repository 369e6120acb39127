"""Four eyes: what one person wants and another, who has the same right, has to allow.

A proposal is decided once, by the first who does, and never by who made it. It is kept after that, and both names stand
in the audit log.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from hub.storage.ports import Database
from hub.users.accounts import NotAllowedError, User
from hub.users.audit import note_in
from retail.errors import RefusedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What somebody wants: `action` is the program's word for it, `subject` what it is to be done to."""

    proposal_no: int
    action: str
    subject: str
    detail: str
    proposed_by: str
    proposed_at: str


@dataclass(frozen=True, slots=True)
class Proposals:
    """What waits for a second person in one chain."""

    database: Database
    tenant_id: str
    clock: Callable[[], datetime]

    def waiting(self) -> list[Proposal]:
        """Return what nobody has decided, oldest first."""
        with self.database.reading() as session:
            rows = session.rows("proposals", tenant_id=self.tenant_id)
        names = ("proposal_no", "action", "subject", "detail", "proposed_by", "proposed_at")
        return [Proposal(**dict(zip(names, row, strict=True))) for row in rows]

    def propose(self, *, action: str, subject: str, detail: str, who: str) -> None:
        """Ask for a second person. What waits already in the same words is not asked for twice."""
        if any((each.action, each.subject) == (action, subject) for each in self.waiting()):
            return
        with self.database.writing() as session:
            now = self.clock()
            session.row("next_change", tenant_id=self.tenant_id, what="proposals")
            last = session.row("last_proposal", tenant_id=self.tenant_id)
            session.run(
                "put_proposal",
                tenant_id=self.tenant_id,
                proposal_no=(int(last[0]) if last and last[0] is not None else 0) + 1,
                action=action,
                subject=subject,
                detail=detail,
                who=who,
                now=now.isoformat(),
            )
            note_in(session, self.tenant_id, who=who, did=f"{action}.proposed", subject=subject, detail=detail, now=now)

    def decide(self, proposal_no: int, *, by: User, allowed: bool) -> Proposal:
        """Allow or refuse, and return what it was; whoever allowed it then does it.

        Raises NotAllowedError for who proposed it, RefusedError when it does not wait any more.
        """
        proposal = next((each for each in self.waiting() if each.proposal_no == proposal_no), None)
        if proposal is None:
            raise RefusedError("this does not wait any more", fix="look at the page again", code="no_proposal")
        if proposal.proposed_by == by.name:
            raise NotAllowedError("somebody else has to allow what you want", fix="ask who has the same right")
        with self.database.writing() as session:
            now = self.clock()
            decided = session.run(
                "decide_proposal",
                tenant_id=self.tenant_id,
                proposal_no=proposal_no,
                who=by.name,
                now=now.isoformat(),
                allowed=int(allowed),
            )
            if not decided:
                raise RefusedError("somebody else was faster", fix="look at the page again", code="no_proposal")
            did = f"{proposal.action}.{'allowed' if allowed else 'refused'}"
            note_in(session, self.tenant_id, who=by.name, did=did, subject=proposal.subject, now=now)
        return proposal
