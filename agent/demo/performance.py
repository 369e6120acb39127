"""One run of the demo: set the stage, sell or play, tell a person or a program about it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from time import sleep
from zoneinfo import ZoneInfo

import typer

from agent.demo.endless import sell_until_stopped
from agent.demo.paper_trail import job_of, papers_of, text_of
from agent.demo.report import report, verdict
from agent.demo.shop import Shop
from agent.demo.stage import KIOSK, WORKSTATIONS, Stage
from agent.demo.story import play
from receipt.printers import printer_model

TIMEZONE = "Europe/Berlin"
POLL_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Performance:
    """What was asked for on the command line. Methods return the exit code."""

    folder: Path
    model: str
    seed: int
    as_json: bool

    def play_once(self) -> int:
        """Play the fixed story and judge it."""
        with self._shop() as shop:
            told = report(play(shop.stage, shop, seed=self.seed, tell=self._tell))
        typer.echo(json.dumps(told, ensure_ascii=False) if self.as_json else verdict(told))
        return 0 if all(check["ok"] for check in told["checks"]) else 1

    def sell(self) -> int:
        """Sell until KeyboardInterrupt."""
        with self._shop() as shop:
            sell_until_stopped(shop.stage, shop, seed=self.seed, tell=self._tell)
        return 0

    def send(self, job: Path, *, once: bool) -> int:
        """Send one captured job and show its paper; stay until KeyboardInterrupt unless `once`."""
        with self._shop() as shop:
            printed = shop.send(WORKSTATIONS[0], job_of(job.read_bytes()))
            typer.echo("\n".join(text_of(papers_of(printed.arrived, model=self.model))))
            self._tell("the register's bytes arrived unchanged" if printed.block is not None else "BYTES WERE CHANGED")
            while not once:
                sleep(POLL_S)
                for child in shop.stage.children:
                    child.check()
        return 0 if printed.block is not None else 1

    @contextmanager
    def _shop(self) -> Iterator[Shop]:
        zone = ZoneInfo(TIMEZONE)
        columns = printer_model(self.model).columns
        self.folder.mkdir(parents=True, exist_ok=True)
        self._tell("starting printers, hub, agent, taps and registers ...")
        with Stage(folder=self.folder, model=self.model, timezone=TIMEZONE) as stage:
            self._tell(self._where_to_look(stage))
            yield Shop(stage=stage, now=lambda: datetime.now(zone), columns=columns)

    def _where_to_look(self, stage: Stage) -> str:
        cashiers = "  ".join(f"{stage.desk_url}/cashier/{each}" for each in WORKSTATIONS)
        return "\n".join(
            (
                "",
                f"  the paper    {stage.roll_url}",
                f"  the cashiers {cashiers}",
                f"  the kiosk    {stage.desk_url}/kiosk/{KIOSK}",
                f"  the hub      {stage.hub_url}/?live=1",
                f"  everything   {self.folder}",
                "",
                "  Ctrl-C ends it.",
                "",
            )
        )

    def _tell(self, line: str) -> None:
        if not self.as_json:
            typer.echo(line)
