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
        return Check(id="enrolled", ok=False, what=f"keys/enrolled.json: {error}", fix=_enrol_fix(patient, here))
    what = "enrolled at the hub" if told else "not enrolled: every code is unknown"
    if told is not None and told.store != here:
        what = f"enrolled as store {told.store}, but agent.toml says {here}: a PC that was cloned or carried elsewhere"
    return Check(id="enrolled", ok=told is not None and told.store == here, what=what, fix=_enrol_fix(patient, here))


def _enrol_fix(patient: Patient, store_id: str) -> str:
    path = patient.config_path or PACKAGE_CONFIG
    as_root = "sudo " if path == PACKAGE_CONFIG else ""
    return (
        f"on the hub: tillstream hub enrol-code --store {store_id}; "
        f"here: {as_root}tillstream agent enrol --config {path} --code CODE"
    )


def contact(patient: Patient, told: Mapping[str, Any]) -> Check:
    """Check that the hub was reached lately."""
    contact = told.get("last_contact")
    age_s = (patient.now - datetime.fromisoformat(contact)).total_seconds() if contact else None
    return Check(
        id="hub",
        ok=age_s is not None and age_s < CONTACT_OLD_S,
        what=f"last contact {contact or 'never'}, {told.get('backlog', 0)} records behind",
        fix=told.get("last_error") or "check the store's internet connection and [hub] url",
    )


def mirror(status: Mapping[str, Any]) -> Check:
    """Check that customers are known here and not of the day before yesterday."""
    told = status["mirror"]
    age_s = told.get("age_s")
    return Check(
        id="mirror",
        ok=age_s is not None and age_s < MIRROR_OLD_S,
        what=f"{told.get('customers', 0)} codes, {'never fed' if age_s is None else f'{age_s:.0f} s old'}",
        fix="it comes within minutes of a contact; if not, on the hub: tillstream hub import customers.csv codes.csv",
    )


def parked(told: Mapping[str, Any]) -> Check:
    """Check that the hub took every record."""
    count = told.get("parked", 0)
    return Check(
        id="parked",
        ok=not count,
        what=f"{count} records parked",
        fix="tillstream journal parked",
    )


def backlog(told: Mapping[str, Any]) -> Check:
    """Check that the hub is not far behind this store."""
    behind = int(told.get("backlog") or 0)
    return Check(
        id="backlog",
        ok=behind < BACKLOG_MAX,
        what=f"{behind} records wait for the hub",
        fix=str(told.get("last_error") or "") or "they go by themselves once the hub answers: tillstream netcheck",
    )


def credential(told: Mapping[str, Any]) -> Check:
    """Check that the hub still takes this store's key."""
    refused = told.get("last_error_code") in CREDENTIAL_CODES
    return Check(
        id="credential",
        ok=not refused,
        what=str(told.get("last_error")) if refused else "the hub takes this store's key",
        fix="another PC was enrolled for this store, or it was removed: tillstream agent enrol --code with a new code",
    )


def way(patient: Patient) -> list[Check]:
    """Walk to the hub step by step, and stop at the step that fails: what comes after it cannot be told."""
    hub = patient.config.hub
    if hub is None:
        return [Check(id="hub_url", ok=False, what="agent.toml names no hub", fix='add [hub] url = "https://..."')]
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
        return Check(id="proxy", ok=True, what="no proxy is configured")
    parts = urlsplit(named)
    try:
        socket.create_connection((parts.hostname or "", parts.port or 8080), timeout=CONNECT_S).close()
    except (OSError, ValueError) as error:
        return Check(
            id="proxy",
            ok=False,
            what=f"the proxy {parts.hostname}:{parts.port} does not answer: {error}",
            fix="mend HTTPS_PROXY (systemctl edit tillstream), or take it away",
        )
    return Check(id="proxy", ok=True, what=f"the proxy {parts.hostname}:{parts.port} answers")


def _name(host: str, port: int) -> Check:
    try:
        addresses = sorted({str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)})
    except OSError as error:
        return Check(
            id="dns",
            ok=False,
            what=f"{host} has no address: {error.strerror or error}",
            fix="check [hub] url for a typing mistake, then the router's DNS: resolvectl query " + host,
        )
    return Check(id="dns", ok=True, what=f"{host} is {', '.join(addresses[:3])}")


def _connection(host: str, port: int) -> Check:
    try:
        socket.create_connection((host, port), timeout=CONNECT_S).close()
    except OSError as error:
        return Check(
            id="hub_reachable",
            ok=False,
            what=f"{host}:{port} does not answer: {error.strerror or error}",
            fix=f"open port {port} to {host} in the store's firewall; sales are kept here meanwhile",
        )
    return Check(id="hub_reachable", ok=True, what=f"{host}:{port} answers")


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
            what=f"{host}'s certificate is not trusted: {error}",
            fix="check this PC's clock first; then its trusted authorities, or whether a proxy opens TLS",
        )
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(told["notAfter"])), UTC)
    days = (ends - now).days
    return Check(
        id="tls",
        ok=days >= CERTIFICATE_DAYS_MIN,
        what=f"{host}'s certificate is good for {days} more days",
        fix="tell the hub's people to renew it",
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
            id="hub_answers", ok=False, what=f"{host} speaks no HTTP: {error}", fix="is [hub] url the hub's address?"
        )
    finally:
        link.close()
    if told is None:
        return Check(id="hub_answers", ok=True, what=f"{host} answers {answer.status}, without its time")
    skew_s = abs((now - told).total_seconds())
    return Check(
        id="clock_hub",
        ok=skew_s <= SKEW_MAX_S,
        what=f"this clock and the hub's differ by {skew_s:.0f} s",
        fix="sudo timedatectl set-ntp true",
    )
