"""The hub's settings: from `hub.toml`, from options, or as they are.

```toml
[hub]
state_dir = "/var/lib/tillstream-hub"
listen = "127.0.0.1:8080"        # behind a proxy that ends TLS; agents speak http only to loopback
pages = "local"                  # or "all": a proxy in front asks people to sign in
[chain]
tenant = "main"
name = "Corner shops"
country = "DE"                   # for phone numbers that are written without a country code
[mirror]                         # whose customers a store's agent gets
customers = "auto"               # all, nearby (who shops there or near), auto: nearby in the EU and EEA
seen_days = "400"                # nearby: who was not seen for so long has left
unplaced = "everywhere"          # nearby: who was never seen in any store is in every store, or "nowhere"
[claims]                         # the page behind the QR code on a stranger's receipt; needs one of [messages]
public_url = "https://hub.example"
points = "100"                   # what joining brings
[messages]
smtp = "smtps://user:password@mail.example"
from = "shop@example.org"
sms = "https://sms.example/send" # POST {"to", "text"}
sms_token = "secret"             # sent as Authorization: Bearer
[oidc]                           # signing in by the chain's own directory; needs pip install 'tillstream[oidc]'
issuer = "https://login.example"
client_id = "tillstream"
client_secret = "secret"
public_url = "https://hub.example"   # where browsers see this hub; the directory sends them back to /sign-in/returned
scope = "openid email groups"    # what the directory is asked for; "openid email" where roles are given here
groups_claim = "groups"          # under which name it tells somebody's groups
[groups]                         # whom the directory names in these groups has the role; several with commas
store_it = "shops-it"
marketer = "marketing, loyalty"
[people]
four_eyes_stores = "50"          # taking back a stop that acts in so many stores needs a second person; "0": never
[alerts]
webhook = "https://chat.example/hook"  # POST {"text", "changes"} when a store falls ill, and when it is well again
```
"""

from __future__ import annotations

import difflib
import re
import tomllib
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from platformdirs import user_data_path

from hub.addresses import is_safe_address
from retail.errors import ConfigurationError, NotPermittedError

PACKAGE_CONFIG = Path("/etc/tillstream/hub.toml")  # what the Debian package's service reads
CONFIG_BYTES_MAX = 65_536
NEAREST_CUTOFF = 0.6  # difflib's own default: one or two letters wrong in a short word

CUSTOMERS = ("auto", "all", "nearby")
UNPLACED = ("everywhere", "nowhere")
SEEN_DAYS_MAX = 3650  # ten years: longer is everybody

_KEYS = {
    "hub": {"state_dir": "state_dir", "listen": "listen", "database": "database_url", "pages": "pages"},
    "chain": {"tenant": "tenant", "name": "chain_name", "country": "country"},
    "mirror": {"customers": "customers", "seen_days": "seen_days", "unplaced": "unplaced"},
    "claims": {"public_url": "public_url", "points": "claim_points"},
    "oidc": {
        "issuer": "oidc_issuer",
        "client_id": "oidc_client_id",
        "client_secret": "oidc_client_secret",
        "public_url": "oidc_public_url",
        "scope": "oidc_scope",
        "groups_claim": "oidc_groups_claim",
    },
    "groups": {
        "marketer": "group_marketer",
        "store_it": "group_store_it",
        "customer_care": "group_customer_care",
        "auditor": "group_auditor",
    },
    "people": {"four_eyes_stores": "four_eyes_stores"},
    "alerts": {"webhook": "alert_webhook"},
    "messages": {"smtp": "smtp", "from": "mail_from", "sms": "sms", "sms_token": "sms_token"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class HubConfig:
    """Settings of one hub. `database_url` is empty for SQLite in `state_dir`."""

    state_dir: Path
    listen: str = "127.0.0.1:8080"
    tenant: str = "main"
    chain_name: str = ""
    country: str = ""
    database_url: str = ""
    pages: str = "local"
    customers: str = "auto"
    seen_days: str = "400"
    unplaced: str = "everywhere"
    public_url: str = ""
    claim_points: str = "0"
    smtp: str = field(default="", repr=False)
    mail_from: str = ""
    sms: str = ""
    sms_token: str = field(default="", repr=False)
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: str = field(default="", repr=False)
    oidc_public_url: str = ""
    oidc_scope: str = "openid email"
    oidc_groups_claim: str = "groups"
    group_marketer: str = ""
    group_store_it: str = ""
    group_customer_care: str = ""
    group_auditor: str = ""
    four_eyes_stores: str = "50"
    alert_webhook: str = field(default="", repr=False)  # the address is what lets anybody write to the chat

    @property
    def pages_for_all(self) -> bool:
        """Whether pages are shown to other machines than this one."""
        return self.pages == "all"

    @property
    def host(self) -> str:
        """The address to listen on."""
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """The port to listen on; 0 lets the system choose."""
        return int(self.listen.rpartition(":")[2])


def default_state_dir() -> Path:
    """Return the folder that is used when nobody names one."""
    return user_data_path("tillstream") / "hub"


def load_config(path: Path | None, *, state_dir: Path | None = None, listen: str | None = None) -> HubConfig:
    """Return the settings in `path` with the options on top.

    `path` None means the package's own where it is and no folder is named: a command on a hub's machine means that hub.
    Elsewhere it means defaults.

    Raises ConfigurationError: a file that cannot be read, a key nobody knows (with the nearest), a value of the
    wrong kind; NotPermittedError for whoever may not read it.
    """
    config = HubConfig(state_dir=default_state_dir())
    if path is None and state_dir is None and _may_be_there(PACKAGE_CONFIG):
        path = PACKAGE_CONFIG
    if path is not None:
        config = replace(config, **_read(path))
        config = replace(config, state_dir=path.resolve().parent / config.state_dir)
    if state_dir is not None:
        config = replace(config, state_dir=state_dir)
    if listen is not None:
        config = replace(config, listen=listen)
    if config.pages not in {"local", "all"}:
        raise ConfigurationError(f"hub.pages: {config.pages!r} is neither local nor all", fix='set pages = "local"')
    host, _, port = config.listen.rpartition(":")
    if not host or not re.fullmatch("[0-9]{1,5}", port) or int(port) > 65_535:  # noqa: PLR2004 - the largest there is
        raise ConfigurationError(f"listen: {config.listen!r} is no HOST:PORT", fix="e.g. 127.0.0.1:8080")
    if not config.claim_points.isdecimal():
        raise ConfigurationError("claims.points is no whole number", fix='e.g. points = "100"')
    _check_mirror(config)
    _check_oidc(config)
    if not config.four_eyes_stores.isdecimal():
        raise ConfigurationError("people.four_eyes_stores is no number", fix='e.g. four_eyes_stores = "50"')
    if config.alert_webhook and not is_safe_address(config.alert_webhook):
        raise ConfigurationError("alerts.webhook: an alarm goes to https only", fix="name an https address")
    return config


def _check_oidc(config: HubConfig) -> None:
    told = {"issuer": config.oidc_issuer, "client_id": config.oidc_client_id, "public_url": config.oidc_public_url}
    missing = [name for name, value in told.items() if not value]
    if missing and len(missing) < len(told):
        raise ConfigurationError(f"oidc.{missing[0]} is missing", fix="issuer, client_id and public_url go together")
    if config.oidc_issuer and not (is_safe_address(config.oidc_issuer) and is_safe_address(config.oidc_public_url)):
        raise ConfigurationError("oidc: issuer and public_url are https addresses", fix="e.g. https://login.example")
    scope = config.oidc_scope.split()
    if not {"openid", "email"} <= set(scope):
        raise ConfigurationError("oidc.scope lacks openid or email", fix='e.g. scope = "openid email groups"')
    groups = (config.group_marketer, config.group_store_it, config.group_customer_care, config.group_auditor)
    if any(groups) and not config.oidc_issuer:
        raise ConfigurationError("[groups] are a directory's, and none is named", fix="add [oidc]")


def _check_mirror(config: HubConfig) -> None:
    if config.customers not in CUSTOMERS:
        said = f"mirror.customers: {config.customers!r} is none of {', '.join(CUSTOMERS)}"
        raise ConfigurationError(said, fix='set customers = "auto"')
    if config.unplaced not in UNPLACED:
        said = f"mirror.unplaced: {config.unplaced!r} is none of {', '.join(UNPLACED)}"
        raise ConfigurationError(said, fix='set unplaced = "everywhere"')
    if not config.seen_days.isdecimal() or not 1 <= int(config.seen_days) <= SEEN_DAYS_MAX:
        raise ConfigurationError("mirror.seen_days is no number of days", fix='e.g. seen_days = "400"')


def _may_be_there(path: Path) -> bool:
    """Return whether there is such a file; who may not look means it, too, and no empty hub of their own."""
    try:
        return path.is_file()
    except PermissionError:
        return True


def _read(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > CONFIG_BYTES_MAX:
            raise ConfigurationError(f"{path}: larger than {CONFIG_BYTES_MAX} bytes", fix="name a hub.toml")
        told = tomllib.loads(path.read_text("utf-8"))
    except PermissionError as error:
        raise NotPermittedError(f"{path}: cannot be read by you", fix="type the same behind sudo") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: cannot be read: {error}", fix="name a readable hub.toml") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path}: no TOML: {error}", fix="mend the line named above") from error
    values: dict[str, Any] = {}
    for section, keys in told.items():
        if section not in _KEYS or not isinstance(keys, dict):
            raise _unknown(path, section, list(_KEYS))
        for key, value in keys.items():
            if key not in _KEYS[section]:
                raise _unknown(path, f"{section}.{key}", [f"{section}.{known}" for known in _KEYS[section]])
            values[_KEYS[section][key]] = _checked(path, f"{section}.{key}", value)
    if "state_dir" in values:
        values["state_dir"] = Path(values["state_dir"])
    assert values.keys() <= {each.name for each in fields(HubConfig)}
    return values


def _checked(path: Path, where: str, value: object) -> str:
    if not isinstance(value, str):
        raise ConfigurationError(f"{path}: {where} is no text", fix="put it in quotes")
    return value


def _unknown(path: Path, where: str, known: list[str]) -> ConfigurationError:
    nearest = difflib.get_close_matches(where, known, n=1, cutoff=NEAREST_CUTOFF)
    hint = f"; nearest known key: {nearest[0]}" if nearest else f"; known: {', '.join(known)}"
    return ConfigurationError(f"{path}: {where}: unknown key{hint}", fix=f"mend {path}")
