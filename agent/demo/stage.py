"""Builds the shop and its chain: every process of the demo started, joined and stopped in order.

    registers ─▶ taps ─▶ printers           agent (core, desk, taps) ─▶ link ─▶ hub

All of them listen on loopback at free ports, everything they keep lies in one folder.
"""

from __future__ import annotations

import json
import subprocess
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from agent.demo.catalogue import FOLDER
from agent.demo.link import Link
from agent.demo.processes import Child, Talker, free_port, listens, ourselves, wait_until
from agent.state_dir import StateDir
from retail.errors import OnSiteError

STORE_ID = "7781"
STORE_NAME = "Corner shop"
WORKSTATIONS = ("1", "2")
KIOSK = "1"
CLAIM_URL = "https://join.example/{transaction_id}"  # where a stranger's QR code leads
START_TIMEOUT_S = 20.0  # a process on two busy cores; each needs about one second on idle ones
COMMAND_TIMEOUT_S = 30.0
ANSWER_TIMEOUT_S = 5.0
IMPORTS = ("customers.csv", "codes.csv", "segments.csv", "items.csv", "campaigns.toml")

CONFIG = """\
# Written by `tillstream demo`.
[store]
business_unit_id = "{store}"
name = "{name}"
country = "DE"
language = "en"
timezone = "{timezone}"
currency = "EUR"
day_ends_at = "04:00"
print_profile = "appendix"
claim_url = "{claim_url}"

[hub]
url = "{hub}"

[agent]
state_dir = "agent"

[desk]
listen = "127.0.0.1:{desk}"
kiosks = ["{kiosk}"]

[codes]
member = ["ean13:29", "qr:tillstream"]
coupon = ["qr:tsc1"]
product = ["ean13"]
"""

WORKSTATION_CONFIG = """
[[workstation]]
id = "{workstation}"
level = "P"
[workstation.tap]
listen = "127.0.0.1:{listen}"
printer = "tcp://127.0.0.1:{printer}"
model = "{model}"
"""


@dataclass(slots=True, kw_only=True)
class Stage:
    """Everything that runs. Use as a context manager: entering starts, leaving stops."""

    folder: Path
    model: str
    timezone: str
    closing: ExitStack = field(default_factory=ExitStack)
    printers: Talker = field(init=False)
    hub: Talker = field(init=False)
    link: Link = field(init=False)
    agent: Child = field(init=False)
    registers: dict[str, Talker] = field(default_factory=dict)
    desk_url: str = ""
    hub_url: str = ""
    roll_url: str = ""

    def __enter__(self) -> Self:
        with ExitStack() as closing:
            self.closing = closing
            self._start()
            closing.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.__exit__(kind, error, trace)

    @property
    def config(self) -> Path:
        """The store's `agent.toml`."""
        return self.folder / "agent.toml"

    @property
    def state(self) -> Path:
        """The agent's state folder."""
        return self.folder / "agent"

    @property
    def children(self) -> tuple[Child, ...]:
        """Everything that must be alive while the demo runs."""
        return (self.printers, self.hub, self.agent, *self.registers.values())

    def command(self, *arguments: str) -> Any:
        """Run `tillstream ARGUMENTS --json` and return what it answers. Raises OnSiteError when it fails."""
        done = subprocess.run(  # noqa: S603 - our own program, no shell
            ourselves(*arguments, "--json"),
            capture_output=True,
            text=True,
            timeout=COMMAND_TIMEOUT_S,
            check=False,
        )
        if done.returncode:
            raise OnSiteError(
                f"tillstream {' '.join(arguments)} ended with code {done.returncode}: {done.stderr.strip()}",
                fix="run it by hand; the demo's folder is kept with --keep",
                code="demo_command_failed",
            )
        return json.loads(done.stdout)

    def hub_store(self) -> dict[str, Any]:
        """Return the hub's line about our store."""
        stores = _ask("GET", f"{self.hub_url}/v1/stores").json()["stores"]
        return dict(next(line for line in stores if line["store_id"] == STORE_ID))

    def status(self) -> dict[str, Any]:
        """Return the agent's status as its own pages see it."""
        return dict(_ask("GET", f"{self.desk_url}/v1/status").json())

    def scan(self, code: str, *, workstation_id: str, source: str = "cashier") -> str:
        """Scan a code as a page does; return the scan's id."""
        scan = {"workstation_id": workstation_id, "code": code, "symbology": "ean13", "source": source}
        answer = _ask("POST", f"{self.desk_url}/v1/scans", json=scan, headers={"origin": self.desk_url})
        return str(answer.json()["scan_id"])

    def undo(self, scan_id: str) -> None:
        """Take a scan back as a page does."""
        _ask("DELETE", f"{self.desk_url}/v1/scans/{scan_id}", headers={"origin": self.desk_url})

    def _start(self) -> None:
        for name in ("logs", "jobs", "rolls"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        printer_ports = self._start_printers()
        self._start_hub()
        self.link = self.closing.enter_context(Link(far_port=int(self.hub_url.rpartition(":")[2])))
        tap_ports = {workstation: free_port() for workstation in WORKSTATIONS}
        desk_port = free_port()
        self.desk_url = f"http://127.0.0.1:{desk_port}"
        self._write_config(desk_port, tap_ports, printer_ports)
        self._enrol()
        self._start_agent()
        self._start_registers(tap_ports)

    def _start_printers(self) -> dict[str, int]:
        self.printers = Talker(
            "printers",
            ourselves("demo-printer", "--folder", str(self.folder / "rolls"), "--model", self.model, *WORKSTATIONS),
            log=self._log("printers"),
        )
        self.closing.callback(self.printers.stop)
        ready = self.printers.hear(timeout_s=START_TIMEOUT_S)
        self.roll_url = f"http://127.0.0.1:{ready['page']}"
        return {str(printer): int(port) for printer, port in ready["printers"].items()}

    def _start_hub(self) -> None:
        state = str(self.folder / "hub")
        self.command("hub", "import", *(str(FOLDER / name) for name in IMPORTS), "--state-dir", state)
        self.hub = Talker(
            "hub",
            ourselves("hub", "run", "--state-dir", state, "--listen", "127.0.0.1:0", "--json"),
            log=self._log("hub"),
        )
        self.closing.callback(self.hub.stop)
        self.hub_url = str(self.hub.hear(timeout_s=START_TIMEOUT_S)["listening"])

    def _write_config(self, desk: int, taps: dict[str, int], printers: dict[str, int]) -> None:
        hub = f"http://127.0.0.1:{self.link.port}"
        text = CONFIG.format(
            store=STORE_ID,
            name=STORE_NAME,
            timezone=self.timezone,
            claim_url=CLAIM_URL,
            hub=hub,
            desk=desk,
            kiosk=KIOSK,
        )
        for workstation in WORKSTATIONS:
            text += WORKSTATION_CONFIG.format(
                workstation=workstation,
                listen=taps[workstation],
                printer=printers[workstation],
                model=self.model,
            )
        self.config.write_text(text, encoding="utf-8")

    def _enrol(self) -> None:
        told = self.command(
            "hub", "enrol-code", "--store", STORE_ID, "--name", STORE_NAME, "--state-dir", str(self.folder / "hub")
        )
        self.command("agent", "enrol", "--config", str(self.config), "--code", str(told["code"]))

    def _start_agent(self) -> None:
        self.agent = Child("agent", ourselves("agent", "run", "--config", str(self.config)), log=self._log("agent"))
        self.closing.callback(self.agent.stop)
        desk_port = int(self.desk_url.rpartition(":")[2])
        wait_until(
            "desk serves and both taps have found core",
            lambda: listens(desk_port) and all(self.tap_events(each, "core_connected") for each in WORKSTATIONS),
            timeout_s=START_TIMEOUT_S,
            alive=(self.agent,),
        )

        wait_until(
            "the hub's feed has brought the customers",
            lambda: bool(self.status().get("mirror", {}).get("version")),  # desk answers before it has found core
            timeout_s=START_TIMEOUT_S,
            alive=(self.agent,),
        )

    def _start_registers(self, tap_ports: dict[str, int]) -> None:
        for workstation in WORKSTATIONS:
            register = Talker(
                f"register {workstation}",
                ourselves("demo-register", "--printer", f"127.0.0.1:{tap_ports[workstation]}"),
                log=self._log(f"register-{workstation}"),
            )
            self.closing.callback(register.stop)
            self.registers[workstation] = register

    def core_pid(self) -> int:
        """Return the process that core runs as, from the supervisor's own report."""
        told = json.loads(StateDir(self.state).supervisor_state.read_text("utf-8"))
        return int(next(child["pid"] for child in told["children"] if child["name"] == "core"))

    def tap_events(self, workstation: str, name: str) -> list[dict[str, Any]]:
        """Return what a tap has said of itself under one name."""
        lines = self._log("agent").read_text(encoding="utf-8").splitlines()
        events = [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]
        return [each for each in events if each["event"] == name and each.get("workstation") == workstation]

    def _log(self, name: str) -> Path:
        return self.folder / "logs" / f"{name}.log"


def _ask(method: str, url: str, **request: Any) -> httpx.Response:
    """Ask one of our own processes. Raises OnSiteError when it does not answer, or refuses."""
    try:
        answer = httpx.request(method, url, timeout=ANSWER_TIMEOUT_S, trust_env=False, **request)
        answer.raise_for_status()
    except httpx.HTTPError as error:
        raise OnSiteError(
            f"{method} {url} came to nothing: {type(error).__name__}: {error}",
            fix="look at the logs in the demo's folder (tillstream demo --keep)",
            code="demo_no_answer",
        ) from error
    return answer
