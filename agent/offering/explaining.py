"""Why somebody would be offered what: the question of `tillstream offers explain`, put together from files.

Reads what core reads - mirror, campaigns, items, journal - and changes nothing; core may be running.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, tzinfo
from pathlib import Path
from typing import Any

from agent.config import AgentConfig
from agent.enrolment import load_enrolled
from agent.journal.reader import JournalReader
from agent.keys import JOURNAL_KEY, Secrets
from agent.offering.bundle import Bundle, load_bundle
from agent.offering.memory import KINDS, StoreMemory
from agent.state_dir import StateDir
from agent.value.rules import ValueRules
from receipt.templates import check_texts
from retail.errors import ConfigurationError, OnSiteError, TillstreamError
from retail.facts_json import account_from_mapping, basket_from_json
from retail.loyalty import Account
from retail.offers.campaign import Channel
from retail.offers.campaign_file import campaigns_from_mapping
from retail.offers.decision import Decision, DecisionInput, OfferPolicy, explain
from retail.offers.index import CampaignIndex
from sync.mirror import Mirror
from sync.protocol.coupons import PUBLIC_KEY_BYTES
from sync.protocol.mirror_account import account_of
from sync.protocol.tokens import CodeKind, normalise, token_of

FILE_BYTES_MAX = 16 * 1024 * 1024
"""Largest basket, customer or campaign file: a thousand campaigns with texts in ten languages are 4 MB."""

ROWS_AT_ONCE = 2_000
BYTES_AT_ONCE = 8 * 1024 * 1024
"""How much of the journal is in memory at once while it is read through."""

KINDS_OF_CODE = (CodeKind.CARD, CodeKind.WALLET, CodeKind.PHONE, CodeKind.EMAIL)
"""What a code is tried as, in this order; each try costs one token (12 ms)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What to explain: the customer's code or account, the basket, when, where."""

    basket: object
    at: datetime
    card: str = ""
    account: Account | None = None
    campaigns: CampaignIndex | None = None
    channel: Channel = Channel.RECEIPT
    workstation_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreFiles:
    """What lies on this agent's disk, as far as it could be read; `troubles` tells of what could not."""

    bundle: Bundle = field(default_factory=Bundle)
    memory: StoreMemory = field(default_factory=StoreMemory)
    mirror_version: str = ""
    policy: OfferPolicy = field(default_factory=OfferPolicy)
    troubles: tuple[str, ...] = ()


def answer(question: Question, files: StoreFiles) -> Decision:
    """Return the decision with every campaign explained."""
    items = files.bundle.items
    account = question.account
    allowed = files.policy.restricted_allowed
    basket = basket_from_json(question.basket, items=items if len(items) else None, allowed=allowed)
    facts = files.memory.facts(
        account,
        moment=question.at,
        basket=basket,
        workstation_id=question.workstation_id,
        at_kiosk=question.channel is Channel.KIOSK,
    )
    return explain(
        DecisionInput(
            facts=facts,
            index=files.bundle.index if question.campaigns is None else question.campaigns,
            channel=question.channel,
            ledger=files.memory.ledger(account, facts.today),
            policy=replace(files.policy, restricted_keys=items.restricted_keys(allowed)),
            mirror_version=files.mirror_version,
        )
    )


def read_store(config: AgentConfig, secrets: Secrets) -> StoreFiles:
    """Read campaigns, items and the store's memory. What cannot be read is told, the rest is used."""
    state = StateDir(config.agent.state_dir)
    troubles: list[str] = []

    def tell(error: TillstreamError) -> None:
        troubles.append(error.message)

    bundle = load_bundle(state.mirror, Bundle(), tell)
    memory = StoreMemory()
    try:
        memory.replay(_records(state, secrets, config.store.zone), bundle.items)
    except TillstreamError as error:
        tell(error)
    return StoreFiles(
        bundle=bundle,
        memory=memory,
        mirror_version=_mirror_version(state, tell),
        policy=_policy(config, state, tell),
        troubles=tuple(troubles),
    )


def find_account(config: AgentConfig, code: str) -> Account | None:
    """Return whom a code belongs to in this agent's mirror, None when nobody is known by it.

    OnSiteError when the agent was never enrolled: without the chain's pepper nobody can be found.
    """
    state = StateDir(config.agent.state_dir)
    enrolled = load_enrolled(state)
    if enrolled is None:
        raise OnSiteError(
            f"{state.root}: this agent was never enrolled, so no card can be looked up",
            fix="enrol it, or name an account by --customer FILE",
            code="not_enrolled",
        )
    mirror = Mirror(state.mirror)
    try:
        for kind in KINDS_OF_CODE:
            token = token_of(normalise(code, kind, country=enrolled.country or config.store.country), enrolled.pepper)
            record = mirror.look_up(token)
            if record is not None:
                return account_of(record)
    finally:
        mirror.close()
    return None


def read_document(path: Path) -> Any:
    """Return what a JSON or (by its name) TOML file holds. ConfigurationError names the file and what is wrong."""
    try:
        if path.stat().st_size > FILE_BYTES_MAX:
            raise ConfigurationError(f"{path}: larger than {FILE_BYTES_MAX} bytes", fix="name a smaller file")
        text = path.read_text(encoding="utf-8-sig")
        return tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigurationError(
            f"{path}: cannot be read: {error}", fix="name a readable file of JSON or TOML"
        ) from error


def read_account(path: Path) -> Account:
    """Return the account in a JSON file: the fields of `retail.loyalty.Account`."""
    return account_from_mapping(read_document(path))


def read_campaigns(path: Path) -> CampaignIndex:
    """Return the campaigns of a file in the shape of `campaigns.toml`, as TOML or JSON.

    ConfigurationError for whatever the hub's import would refuse: rules, fields and texts.
    """
    document = read_document(path)
    table = document if isinstance(document, Mapping) else {"campaign": document}
    campaigns = tuple(campaigns_from_mapping(table))
    check_texts(campaigns)
    return CampaignIndex(campaigns, version=path.name)


def _policy(config: AgentConfig, state: StateDir, tell: Callable[[TillstreamError], None]) -> OfferPolicy:
    """Return the chain's rules of offers for this store's country; coupon keys are not asked for."""
    store = config.store
    rules = ValueRules(
        store=config.business_unit_id, own_key=bytes(PUBLIC_KEY_BYTES), currency=store.currency, on_trouble=tell
    )
    rules.swap(state.mirror)
    return rules.policy.offers.policy(store.country)


def _mirror_version(state: StateDir, tell: Callable[[TillstreamError], None]) -> str:
    try:
        mirror = Mirror(state.mirror)
    except TillstreamError as error:
        tell(error)
        return ""
    version = str(mirror.current.version) if mirror.current else ""
    mirror.close()
    return version


def _records(state: StateDir, secrets: Secrets, zone: tzinfo) -> Iterator[tuple[str, date, Mapping[str, Any]]]:
    """Yield what the store's memory is made of, oldest first; nothing where there is no journal yet."""
    key = secrets.read(JOURNAL_KEY)
    if key is None or not state.journal.exists():
        return
    reader = JournalReader(state.journal, key)
    try:
        seq = 0
        while records := reader.records_after(seq, limit_rows=ROWS_AT_ONCE, limit_bytes=BYTES_AT_ONCE):
            for record in records:
                seq = record.seq
                if record.kind in KINDS and not record.is_erased:
                    day = datetime.fromisoformat(record.occurred_at).astimezone(zone).date()
                    yield record.kind, day, record.content()
    finally:
        reader.close()
