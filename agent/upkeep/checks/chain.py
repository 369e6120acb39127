"""Checks of the way to the chain's hub: name, proxy, connection, TLS, clock, credential, backlog."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

from agent.upkeep.patient import PACKAGE_CONFIG, Check, Patient
from agent.upkeep.sentences import Sentence, say
from retail.errors import TillstreamError
from sync.enrolled import Enrolled

CONTACT_OLD_S = 3600.0  # a link that is down for an hour is worth a look; nothing stops
MIRROR_OLD_S = 2 * 86_400.0  # segments and points of the day before yesterday
BACKLOG_MAX = 10_000  # five busy days; a link that works drains it in a minute
CONNECT_S = 3.0  # a mobile line with a bad day
SKEW_MAX_S = 60.0  # requests are signed with their time (docs/wire-protocol.md): a hub takes five minutes
CERTIFICATE_DAYS_MIN = 14
CREDENTIAL_CODES = frozenset({"unknown_key", "fenced", "bad_signature", "unsigned"})  # what hub/gate.py refuses with


def enrolled(patient: Patient) -> Check:
    """Check that the hub knows this store."""
    here = patient.config.store.business_unit_id
    try:
        told = Enrolled.from_json((patient.state.keys / "enrolled.json").read_text("utf-8"))
    except FileNotFoundError:
        told = None
    except (OSError, ValueError, TillstreamError) as error:
        return Check(
            id="enrolled",
            ok=False,
            what=say("says", place="keys/enrolled.json", cause=error),
            fix=_enrol_fix(patient, here),
        )
    what = say("enrolled") if told else say("enrolled_not")
    if told is not None and told.store != here:
        what = say("enrolled_elsewhere", store=told.store, here=here)
    return Check(id="enrolled", ok=told is not None and told.store == here, what=what, fix=_enrol_fix(patient, here))


def _enrol_fix(patient: Patient, store_id: str, *, why: str = "enrolled_fix") -> Sentence:
    path = patient.config_path or PACKAGE_CONFIG
    as_root = "sudo " if path == PACKAGE_CONFIG else ""
    return say(why, store=store_id, sudo=as_root, path=path)


def contact(patient: Patient, told: Mapping[str, Any]) -> Check:
    """Check that the hub was reached lately."""
    contact = told.get("last_contact")
    age_s = (patient.now - datetime.fromisoformat(contact)).total_seconds() if contact else None
    return Check(
        id="hub",
        ok=age_s is not None and age_s < CONTACT_OLD_S,
        what=say("hub", at=contact or say("never"), behind=told.get("backlog", 0)),
        fix=told.get("last_error") or say("hub_fix"),
    )


def mirror(status: Mapping[str, Any]) -> Check:
    """Check that customers are known here and not of the day before yesterday."""
    told = status["mirror"]
    age_s = told.get("age_s")
    return Check(
        id="mirror",
        ok=age_s is not None and age_s < MIRROR_OLD_S,
        what=say(
            "mirror_unfed" if age_s is None else "mirror", codes=told.get("customers", 0), age=f"{age_s or 0:.0f}"
        ),
        fix=say("mirror_fix"),
    )


def parked(patient: Patient, told: Mapping[str, Any]) -> Check:
    """Check that the hub took every record."""
    count = told.get("parked", 0)
    return Check(
        id="parked",
        ok=not count,
        what=say("parked", count=count),
        fix=patient.command("journal parked"),
    )


def backlog(told: Mapping[str, Any]) -> Check:
    """Check that the hub is not far behind this store."""
    behind = int(told.get("backlog") or 0)
    return Check(
        id="backlog",
        ok=behind < BACKLOG_MAX,
        what=say("backlog", count=behind),
        fix=told.get("last_error") or say("backlog_fix"),
    )


def credential(patient: Patient, told: Mapping[str, Any]) -> Check:
    """Check that the hub still takes this store's key."""
    refused = told.get("last_error_code") in CREDENTIAL_CODES
    return Check(
        id="credential",
        ok=not refused,
        what=str(told.get("last_error")) if refused else say("credential"),
        fix=_enrol_fix(patient, patient.config.store.business_unit_id, why="credential_fix"),
    )


def way(patient: Patient) -> list[Check]:
    """Walk to the hub step by step, and stop at the step that fails: what comes after it cannot be told."""
    hub = patient.config.hub
    if hub is None:
        return [Check(id="hub_url", ok=False, what=say("hub_url_none"), fix=say("hub_url_fix"))]
    parts = urlsplit(hub.url)
    host, is_tls = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if is_tls else 80)
    found: list[Check] = [_proxy(patient)]
    for step in (_name, _connection):
        found.append(step(host, port))
        if not found[-1].ok:
            return found
    if is_tls:
        found.append(_certificate(host, port, patient.now))
        if not found[-1].ok:
            return found
    found.append(_clock(host, port, patient.now, is_tls=is_tls))
    return found


def _proxy(patient: Patient) -> Check:
    """Environment proxies are the desk's way out: one that is mistyped looks like a dead hub."""
    named = patient.environment.get("HTTPS_PROXY") or patient.environment.get("https_proxy") or ""
    if not named:
        return Check(id="proxy", ok=True, what=say("proxy_none"))
    parts = urlsplit(named)
    try:
        socket.create_connection((parts.hostname or "", parts.port or 8080), timeout=CONNECT_S).close()
    except (OSError, ValueError) as error:
        return Check(
            id="proxy",
            ok=False,
            what=say("proxy_away", place=f"{parts.hostname}:{parts.port}", cause=error),
            fix=say("proxy_fix"),
        )
    return Check(id="proxy", ok=True, what=say("proxy", place=f"{parts.hostname}:{parts.port}"))


def _name(host: str, port: int) -> Check:
    try:
        addresses = sorted({str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)})
    except OSError as error:
        return Check(
            id="dns",
            ok=False,
            what=say("dns_none", host=host, cause=error.strerror or error),
            fix=say("dns_fix", host=host),
        )
    return Check(id="dns", ok=True, what=say("dns", host=host, addresses=", ".join(addresses[:3])))


def _connection(host: str, port: int) -> Check:
    try:
        socket.create_connection((host, port), timeout=CONNECT_S).close()
    except OSError as error:
        return Check(
            id="hub_reachable",
            ok=False,
            what=say("hub_away", place=f"{host}:{port}", cause=error.strerror or error),
            fix=say("hub_away_fix", port=port, host=host),
        )
    return Check(id="hub_reachable", ok=True, what=say("hub_reachable", place=f"{host}:{port}"))


def _certificate(host: str, port: int, now: datetime) -> Check:
    try:
        with (
            socket.create_connection((host, port), timeout=CONNECT_S) as plain,
            ssl.create_default_context().wrap_socket(plain, server_hostname=host) as link,
        ):
            told = link.getpeercert() or {}
    except (OSError, ValueError) as error:
        return Check(
            id="tls",
            ok=False,
            what=say("tls_untrusted", host=host, cause=error),
            fix=say("tls_untrusted_fix"),
        )
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(told["notAfter"])), UTC)
    days = (ends - now).days
    return Check(
        id="tls",
        ok=days >= CERTIFICATE_DAYS_MIN,
        what=say("tls", host=host, days=days),
        fix=say("tls_fix"),
    )


def _clock(host: str, port: int, now: datetime, *, is_tls: bool) -> Check:
    """Compare clocks by the Date of an answer (RFC 9110, one second's precision)."""
    link = (HTTPSConnection if is_tls else HTTPConnection)(host, port, timeout=CONNECT_S)
    try:
        link.request("GET", "/healthz")
        answer = link.getresponse()
        told = parsedate_to_datetime(answer.headers["Date"]) if answer.headers["Date"] else None
    except (OSError, HTTPException, ValueError) as error:
        return Check(
            id="hub_answers", ok=False, what=say("hub_answers_not", host=host, cause=error), fix=say("hub_answers_fix")
        )
    finally:
        link.close()
    if told is None:
        return Check(id="hub_answers", ok=True, what=say("hub_answers", host=host, status=answer.status))
    skew_s = abs((now - told).total_seconds())
    return Check(
        id="clock_hub",
        ok=skew_s <= SKEW_MAX_S,
        what=say("clock_hub", seconds=f"{skew_s:.0f}"),
        fix=say("clock_fix"),
    )
