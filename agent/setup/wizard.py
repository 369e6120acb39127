"""The story of setting a store up, from the first question to the sheet; each step is done before the next is asked.

Nothing is written before the person has seen what changes and agreed; from then on every step is whole in itself
(`agent.toml` by rename, the enrolment by rename, a slip printed to its end), so that Ctrl-C at any place leaves
nothing half. `run` may be repeated: it asks with what stands in the file as default and changes only what changed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from agent.config import AgentConfig, load_config, parse_config, parse_unfinished, read_config_text
from agent.setup import answers
from agent.setup.answers import Given
from agent.setup.interview import Around, Interview
from agent.setup.lessons import Job, Learnt, jobs_in, learn, recording, wait_for_receipts
from agent.setup.printer_facts import model_of_width
from agent.setup.sheet import sheet_lines, sheet_of
from agent.setup.talk import LeftError, Question, Talk
from agent.setup.writing import changed, difference, write_config
from agent.upkeep.patient import Check
from receipt.printers import DEFAULT_MODEL, printer_model
from receipt.proof_slip import WIDTHS, proof_bytes
from receipt.slip import encode_slip
from retail.errors import TillstreamError

SETTLE_S = 20.0  # from the service's READY to desk's first word with the hub and the feed's first files: 2 to 10 s
LOOK_AGAIN_S = 1.0
PROOFS_MAX = 3  # a roll is not endless, and neither is a technician
ASKED = re.compile(r"store(\.\w+)?|hub\.url|workstation\[\d+\]\.(id|tap\.(listen|printer))")
"""What a file may lack: setup asks for it."""
PACKAGE_CONFIG = Path("/etc/tillstream/agent.toml")
PACKAGE_STATE = "/var/lib/tillstream"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """What setup does to the world, handed in: a test gives its own printers, and its own hub."""

    print_bytes: Callable[[bytes, str], None]
    enrol: Callable[[AgentConfig, str], tuple[str, str]]
    start: Callable[[], str | None]
    examine: Callable[[Path], list[Check]]
    now: Callable[[], datetime]
    pause: Callable[[float], None]


@dataclass(slots=True)
class Done:
    """What was done, for `--json` and for whoever left in the middle."""

    config: Path
    written: bool = False
    changed: bool = False
    printer: dict[str, str] = field(default_factory=dict)
    proof_printed: bool = False
    learnt: dict[str, Any] = field(default_factory=dict)
    enrolled: str = ""
    trouble: list[dict[str, str]] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    sheet_printed: bool = False


class Wizard:
    """See the module's contract. Not `attended`, nobody is asked; `dry_run` shows what would change and ends there."""

    def __init__(
        self, given: Given, *, path: Path, outside: Outside, around: Around, talk: Talk,
        attended: bool, dry_run: bool, speak: str,
    ) -> None:  # fmt: skip
        self._given, self._path, self._outside = given, path, outside
        self._talk, self._attended, self._dry_run = talk, attended, dry_run
        self._speak = speak
        self._before = read_config_text(path) if path.exists() else ""
        config, self._lacks = _standing(self._before, str(path)) if self._before else (None, [])
        self._interview = Interview(given, config=config, around=around, talk=talk, attended=attended, speak=speak)
        self.done = Done(config=path)

    def run(self) -> Done:
        """Go through all steps. Raises LeftError where the person left, TillstreamError where it cannot go on."""
        self._say("hello")
        if self._lacks:
            self._say("unfinished", path=self._path, lacks=", ".join(self._lacks))
        told = self._interview.run()
        self.done.printer = dict(told.printer)
        sections: dict[str, Mapping[str, object]] = {
            "store": told.store,
            "hub": {"url": told.hub or None},
            "codes": {"member": told.member or None},
            "agent": self._agent_section(),
        }
        text = changed(self._before, sections=sections, workstation=told.lane, tap=told.tap, scanners=told.scanners)
        self._write(text)
        if self._dry_run:
            return self.done
        self._proof(told.lane, told.tap)
        self._learn(told.lane, told.tap)
        self._enrol()
        self._sheet(told.tap, is_new=self._start())
        return self.done

    def _write(self, text: str) -> None:
        parse_config(text, source=str(self._path))
        shown = difference(self._before, text, self._path.name)
        self.done.changed = bool(shown)
        if not shown:
            self._say("same", path=self._path)
            return
        self._say("diff", path=self._path)
        self._talk.show(shown)
        if self._dry_run:
            self._say("not_written")
            return
        if self._attended and not self._talk.agree("write", default=True):
            self._say("not_written")
            raise LeftError
        write_config(self._path, text)
        self._before, self.done.written = text, True
        self._say("written", path=self._path)

    def _proof(self, lane: Mapping[str, object], tap: dict[str, Any]) -> None:
        """Print the proof slip, ask what came out, and print it again when that means another model."""
        wanted = self._given.proof
        if wanted is None:
            wanted = self._attended and self._talk.agree("proof", default=True)
        for _ in range(PROOFS_MAX if wanted else 0):
            model = printer_model(tap["model"])
            slip = proof_bytes(model, facts=[f"{self._outside.now():%Y-%m-%d %H:%M}", f"{tap['printer']}"])
            if not self._printed(slip, tap["printer"]):
                return
            self.done.proof_printed = True
            self._say("proof_printed")
            if not self._attended:
                return
            better = self._what_came_out(model.columns)
            if better is None:
                return
            tap["model"] = better
            self.done.printer["model"] = better
            self._rewrite(lane, tap)
            self._say("model_now", model=better)

    def _what_came_out(self, columns: int) -> str | None:
        """Ask about the slip; return the model that it means, None when it is right as it is."""
        width = int(str(self._talk.ask(Question(flag="--columns", key="width", parse=_width, default=str(columns)))))
        if width != columns:
            return model_of_width(width)
        fits = [self._talk.agree(key, default=True) for key in ("readable", "qr")]
        if all(fits):
            return None
        if not fits[0]:
            named = str(
                self._talk.ask(Question(flag="--model", key="model", parse=answers.model, default=DEFAULT_MODEL))
            )
            if printer_model(named).columns != columns or named != self.done.printer["model"]:
                return named
        self._say("proof_bad")
        return None

    def _learn(self, lane: Mapping[str, object], tap: dict[str, Any]) -> None:
        jobs: list[Job] = jobs_in(self._given.receipts)
        wanted = self._given.learn
        if wanted is None:
            wanted = not jobs and self._attended and self._talk.agree("learn", default=True, listen=tap["listen"])
        model = printer_model(tap["model"])
        if wanted and not jobs:
            jobs = self._received(lane, tap)
        if not jobs:
            return
        learnt = learn(jobs, model, name=f"till-{lane['id']}")
        self._tell_learnt(learnt, len(jobs))
        if learnt.profile is None:
            return
        place = self._path.parent / "profiles" / f"till-{lane['id']}.toml"
        place.parent.mkdir(exist_ok=True)
        place.write_text(learnt.profile, "utf-8")
        self._rewrite({**lane, "profiles": [str(place.relative_to(self._path.parent))]}, tap)
        self._say("learn_better", read=learnt.read_after, all=len(jobs), path=place)

    def _received(self, lane: Mapping[str, object], tap: dict[str, Any]) -> list[Job]:
        model = printer_model(tap["model"])
        try:
            with recording(
                listen=tap["listen"], printer=tap["printer"], model=model, workstation=str(lane["id"])
            ) as collect:
                self._say("learn_go", listen=tap["listen"])
                try:
                    return wait_for_receipts(
                        collect,
                        on_each=lambda number: self._say("learn_got", number=number),
                        is_enough=self._talk.waits_enough,
                    )
                except KeyboardInterrupt:
                    return collect()
        except TillstreamError as error:
            self._trouble(error)
            self._talk.show(f"! {error.message}\n  fix: {error.fix}")
            return []

    def _tell_learnt(self, learnt: Learnt, count: int) -> None:
        for line in learnt.lines:
            self._talk.show(f"  {line}")
        self._say("learn_read", read=learnt.read_before, all=count)
        if learnt.read_after < count:
            self._say("learn_poor")
        self.done.learnt = {
            "receipts": count, "read_before": learnt.read_before, "read_after": learnt.read_after,
            "lines": list(learnt.lines),
        }  # fmt: skip

    def _enrol(self) -> None:
        config = load_config(self._path)
        code = self._given.code
        if config.hub is None:
            return
        if code is None and self._attended:
            code = str(self._talk.ask(Question(flag="--code", key="code", default="")))
        if not code:
            return
        try:
            store, tenant = self._outside.enrol(config, code)
        except TillstreamError as error:
            self._trouble(error)
            self._say("not_enrolled", message=error.message, fix=error.fix)
            return
        self.done.enrolled = store
        self._say("enrolled", store=store, tenant=tenant)

    def _start(self) -> bool:
        """Start the service where that is wanted; return whether it has started just now."""
        wanted = self._given.start
        if wanted is None and self._attended and self._path == PACKAGE_CONFIG:
            wanted = self._talk.agree("start", default=True)
        if not wanted:
            return False
        by_hand = self._outside.start()
        if by_hand is None:
            self._say("started")
        else:
            self._say("start_by_hand", command=by_hand)
        return by_hand is None

    def _examined(self, *, is_new: bool) -> list[Check]:
        """Look at everything; again, while a service that has just started is still coming up."""
        began = self._outside.now()
        while True:
            checks = self._outside.examine(self._path)
            if not (is_new and _are_coming(checks)) or (self._outside.now() - began).total_seconds() >= SETTLE_S:
                return checks
            self._outside.pause(LOOK_AGAIN_S)

    def _sheet(self, tap: Mapping[str, Any], *, is_new: bool) -> None:
        self.done.checks = checks = self._examined(is_new=is_new)
        for line in sheet_lines(checks, words=self._talk.text, language=self._speak):
            self._talk.show(line)
        failed = sum(not check.ok for check in checks)
        self._say("done", passed=len(checks) - failed, failed=failed)
        if not self._given.sheet or not tap.get("printer"):
            return
        config = parse_config(self._before)
        slip = sheet_of(
            checks,
            words=self._talk.text,
            language=self._speak,
            store=config.store.business_unit_id,
            at=f"{self._outside.now():%Y-%m-%d %H:%M}",
        )
        if self._printed(encode_slip(slip, printer_model(tap["model"]), cut=True), tap["printer"]):
            self.done.sheet_printed = True
            self._say("sheet_printed")

    def _agent_section(self) -> dict[str, object]:
        fresh = not self._before and self._path == PACKAGE_CONFIG
        return {"state_dir": PACKAGE_STATE} if fresh else {}

    def _rewrite(self, lane: Mapping[str, object], tap: Mapping[str, object]) -> None:
        text = changed(self._before, sections={}, workstation=lane, tap=tap, scanners=[])
        if text != self._before:
            write_config(self._path, text)
            self._before, self.done.written, self.done.changed = text, True, True

    def _printed(self, data: bytes, address: str) -> bool:
        try:
            self._outside.print_bytes(data, address)
        except TillstreamError as error:
            self._trouble(error)
            self._say("sheet_not_printed", message=error.message)
            return False
        return True

    def _trouble(self, error: TillstreamError) -> None:
        self.done.trouble.append({"code": error.code, "message": error.message, "fix": error.fix})

    def _say(self, key: str, **words: object) -> None:
        self._talk.say(key, **words)


def _standing(text: str, source: str) -> tuple[AgentConfig, list[str]]:
    """Return what stands in the file, and what it lacks. Raises ConfigurationError where nobody is asked for that."""
    config, lacks = parse_unfinished(text, source=source)
    if not all(map(ASKED.fullmatch, lacks)):
        parse_config(text, source=source)
    return config, lacks


def _are_coming(checks: Sequence[Check]) -> bool:
    """Return whether something fails that a service brings along when it has only just started."""
    failed = {check.id.partition("_")[0] for check in checks if not check.ok}
    is_linked = all(check.ok for check in checks if check.id in {"enrolled", "hub_url"})
    return bool(failed & {"core", "desk", "tap"}) or (is_linked and bool(failed & {"hub", "mirror"}))


def _width(text: str) -> str:
    if text not in {str(each) for each in WIDTHS}:
        raise ValueError(", ".join(map(str, WIDTHS)))
    return text
