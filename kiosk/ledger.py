"""The consent ledger: what a record must hold so that somebody who was not there is convinced by it.

A `consent.given` record tells who (by scan or enrolment), what for, over which channel, the whole text that was shown
or read aloud with its hash, version and language, where, by whom it was answered, when it was shown and answered, and
whether a confirmation by message is still to come. The clock's quality stands in the record's header. A text that is
not the one this store has now is refused: nobody consents to words that the ledger cannot show.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from kiosk.events import Place
from kiosk.ports import Consent, JsonObject, PageContent
from retail.errors import RefusedError

MEMBERSHIP = "membership"
"""The purpose without which nobody is a member: the programme's own terms."""


class ShownHow(StrEnum):
    """How the text reached the person."""

    SCREEN = "screen"
    READ_ALOUD = "read_aloud"


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """Where and how somebody was asked. `scan_id` and `enrolment_id` say who; one of them may be empty.

    `shown_at` and `answered_at` are ISO times; `by` is `self` or `cashier` (who pressed the key, not who decided).
    """

    place: Place
    by: str
    shown_how: ShownHow
    shown_at: str
    answered_at: str
    scan_id: str = ""
    enrolment_id: str = ""


def consent_shown(
    content: PageContent, *, purpose: str, channel: str, version: str, language: str, text: str
) -> Consent:
    """Return the store's own consent of that purpose. Raises RefusedError `text_changed` unless words are the same."""
    for consent in content.consents:
        if (consent.purpose, consent.channel, consent.version) == (purpose, channel, version):
            if consent.text.get(language) == text:
                return consent
            break
    raise RefusedError(
        f"the text for {purpose!r} is not the one in force (version {version!r}, language {language!r})",
        fix="reload the page and ask again with the text that is in force now",
        code="text_changed",
    )


def given(
    consent: Consent, *, language: str, how: Circumstances, request_id: str, confirmed_by: str = ""
) -> JsonObject:
    """Return the payload of `consent.given`.

    `confirmed_by` names the channel (`phone`, `email`) over which the hub asks for a second yes; until the hub has it
    the permission is pending and nothing is sent for that purpose but the question itself.
    """
    text = consent.text[language]
    return {
        "request_id": f"{request_id}:{consent.purpose}",
        "purpose": consent.purpose,
        "channel": consent.channel,
        "given": True,
        "text": text,
        "text_sha256": hashlib.sha256(text.encode()).hexdigest(),
        "text_version": consent.version,
        "text_language": language,
        "double_opt_in": {"state": "requested" if confirmed_by else "not_needed", "channel": confirmed_by},
        **circumstances(how),
    }


def withdrawn(purpose: str, *, how: Circumstances, request_id: str, erasure: bool = False) -> JsonObject:
    """Return the payload of `consent.withdrawn`; it needs no text: saying no is enough."""
    return {
        "request_id": f"{request_id}:{purpose}",
        "purpose": purpose,
        "given": False,
        "erasure_requested": erasure,
        **circumstances(how),
    }


def survey_answered(answers: Iterable[tuple[str, str]], *, how: Circumstances, request_id: str) -> JsonObject:
    """Return the payload of `survey.answered`: question ids and answer ids, which become facts for segments."""
    return {
        "request_id": f"{request_id}:survey",
        "answers": [{"question_id": question, "answer": answer} for question, answer in answers],
        **circumstances(how),
    }


def circumstances(how: Circumstances) -> JsonObject:
    """Return the members that all records of the ledger share."""
    return {
        "place": {"kind": how.place.kind.value, "id": how.place.place_id},
        "by": how.by,
        "shown_how": how.shown_how.value,
        "shown_at": how.shown_at,
        "answered_at": how.answered_at,
        "scan_id": how.scan_id,
        "enrolment_id": how.enrolment_id,
    }
