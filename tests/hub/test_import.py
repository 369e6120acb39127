"""Files of the trade: every encoding and separator, leading zeros, reasons for what is rejected, only changes change."""

import csv
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hub.__main__ import app
from hub.bootstrap import open_hub
from hub.config import HubConfig
from retail.errors import ConfigurationError
from sync.protocol.mirror_file import MirrorFile
from sync.protocol.tokens import CodeKind, normalise, token_of

CAMPAIGN = """
[[campaign]]
id = "coffee-back"
goal = "bring back lapsed coffee buyers"
hypothesis = "15 % brings 3 more visits"
who = '{who}'
where = ["receipt"]
starts = 2026-11-01
ends = 2026-11-30
[campaign.benefit]
kind = "percent"
value = "15"
applies_to = "category:coffee"
[campaign.text.en]
receipt = "Your coffee: 15 % off"
"""


class Shop:
    """A hub's state folder and files to import."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state = folder / "hub"

    def file(self, name: str, text: str, encoding: str = "utf-8") -> Path:
        path = self.folder / name
        path.write_bytes(text.encode(encoding))
        return path

    def run(self, *arguments: object, exit_code: int = 0) -> dict:
        told = CliRunner().invoke(
            app, ["import", "--state-dir", str(self.state), "--json", *map(str, arguments)], catch_exceptions=False
        )
        assert told.exit_code == exit_code, told.output
        return json.loads(told.stdout)

    def files(self) -> list[MirrorFile]:
        """Return the mirror files a store should have, the newest first."""
        hub = open_hub(HubConfig(state_dir=self.state))
        wanted = [file for file in hub.files.wanted("main", ("",)) if file.kind.startswith("mirror")]
        paths = [hub.files.open("main", each.sha256).path for each in reversed(wanted)]
        hub.close()
        return [MirrorFile(path) for path in paths]

    def mirror(self) -> MirrorFile:
        return self.files()[-1]

    def look_up(self, code: str, kind: CodeKind = CodeKind.CARD, country: str = ""):
        hub = open_hub(HubConfig(state_dir=self.state))
        token = token_of(normalise(code, kind, country=country), hub.keys.tenant("main").pepper)
        hub.close()
        found = (file.get(token) for file in self.files())
        return next((record for record in found if record is not None), None)


@pytest.fixture
def shop(tmp_path):
    return Shop(tmp_path)


CUSTOMERS = "customer_id,first_name,language,birthday,tier,points,household_id,employee\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251"])
@pytest.mark.parametrize("separator", [",", ";"])
def test_a_member_comes_out_of_the_mirror_as_the_export_wrote_them(shop, encoding, separator):
    customers = shop.file(
        "customers.csv",
        (CUSTOMERS + "C1,Анна,ru,29.02.1980,gold,120,H1,нет\n").replace(",", separator),
        encoding,
    )
    codes = shop.file("codes.csv", "code,kind,customer_id\n0012345,card,C1\n".replace(",", separator), encoding)
    segments = shop.file("segments.csv", "customer_id,segment,valid_until\nC1,best,2026-12-31\n", encoding)
    told = shop.run(segments, codes, customers)
    assert [each["rejected"] for each in told["files"]] == [0, 0, 0]
    record = shop.look_up("00 123-45")
    assert (record.first_name, record.birthday, record.tier, record.points) == ("Анна", (2, 29), "gold", 120)
    assert (record.household_id, record.employee) == ("H1", False)
    assert {name: day.isoformat() for name, day in record.segments.items()} == {"best": "2026-12-31"}
    assert shop.look_up("12345") is None


def test_importing_again_changes_only_what_changed(shop):
    rows = "".join(f"C{number},Name{number},en,,,0,,\n" for number in range(20))
    codes = "code,kind,customer_id\n" + "".join(f"{number:08},card,C{number}\n" for number in range(20))
    customers, codes = shop.file("customers.csv", CUSTOMERS + rows), shop.file("codes.csv", codes)
    first = shop.run(customers, codes)
    assert [each["changed"] for each in first["files"]] == [20, 20]
    assert first["tokens"] == 20
    second = shop.run(customers, codes)
    assert [each["changed"] for each in second["files"]] == [0, 0]
    assert (second["tokens"], second["published"]) == (0, [])
    shop.file("customers.csv", CUSTOMERS + rows.replace("Name7,", "Seven,"))
    third = shop.run(customers)
    assert third["files"][0]["changed"] == 1
    assert [each["kind"] for each in third["published"]] == ["mirror_overlay"]
    assert shop.look_up("00000007").first_name == "Seven"


def test_a_rejected_row_names_its_line_and_reason_and_can_be_mended_and_imported(shop):
    customers = shop.file(
        "customers.csv",
        CUSTOMERS
        + "C1,Anna,de,13-40,,0,,\n"
        + "C2,Bob,german,,,0,,\n"
        + ",Nobody,de,,,0,,\n"
        + "C4,Dora,de,,,many,,\n"
        + "C5,Emil,de,,,0,,perhaps\n"
        + 'C6,"Fritz\x07",de,,,0,,\n'
        + "C7,Greta,de,,,0,,,,surplus\n"
        + "C8,Hans,de,05-01,,7,,1\n",
    )
    (told,) = shop.run(customers)["files"]
    assert (told["rows"], told["changed"], told["rejected"]) == (8, 1, 7)
    with Path(told["rejects_file"]).open(newline="") as file:
        rejected = list(csv.DictReader(file))
    assert [row["line"] for row in rejected] == ["2", "3", "4", "5", "6", "7", "8"]
    assert all(row["reason"] for row in rejected)
    mended = Path(told["rejects_file"]).read_text().replace("13-40", "12-24")
    again = shop.run(shop.file("customers-mended.csv", mended))["files"][0]
    assert (again["changed"], again["rejected"]) == (2, 5)  # the surplus field did not go into the rejects file


@contextmanager
def closed(folder: Path) -> Iterator[None]:
    """Let nobody write into a folder meanwhile, root neither."""
    if os.geteuid() != 0:
        folder.chmod(0o500)
        yield
        folder.chmod(0o700)
        return
    for words in ("--bind", "-o remount,bind,ro"):
        if subprocess.run(["mount", *words.split(), folder, folder], capture_output=True, check=False).returncode:
            pytest.skip("this container may not mount")
    yield
    subprocess.run(["umount", folder], check=True)


def test_files_in_a_folder_of_somebody_elses_are_imported_and_rejected_rows_go_to_the_hubs_own(shop, tmp_path) -> None:
    (folder := tmp_path / "of-anna").mkdir()
    (folder / "customers.csv").write_text(CUSTOMERS + "C1,Anna,de,13-40,,0,,\nC2,Bob,de,,,0,,\n")
    (folder / "codes.csv").write_text("code,kind,customer_id\n00000002,card,C2\n")
    with closed(folder):
        customers, codes = shop.run(folder / "customers.csv", folder / "codes.csv")["files"]
    assert (customers["changed"], customers["rejected"], codes["changed"]) == (1, 1, 1)
    assert Path(customers["rejects_file"]) == shop.state / "rejected/customers.rejected.csv"
    assert shop.look_up("00000002").first_name == "Bob"


def test_codes_and_segments_of_nobody_are_rejected(shop):
    shop.run(shop.file("customers.csv", CUSTOMERS + "C1,Anna,de,,,0,,\n"))
    codes = shop.file("codes.csv", "code,kind,customer_id\n1234,card,C1\n5678,card,C9\n,card,C1\n12,stamp,C1\n")
    segments = shop.file(
        "segments.csv", "customer_id,segment,valid_until\nC9,best,\nC1,two=words,\nC1,best,31.12.2026\n"
    )
    told = shop.run(codes, segments)["files"]
    assert [(each["changed"], each["rejected"]) for each in told] == [(1, 3), (1, 2)]


def test_phones_are_found_however_they_are_written(shop):
    (shop.folder / "hub.toml").write_text('[hub]\nstate_dir = "hub"\n[chain]\ncountry = "RU"\n')
    shop.file("customers.csv", CUSTOMERS + "C1,Анна,ru,,,0,,\n")
    shop.file("codes.csv", "code;kind;customer_id\n8 (495) 123-45-67;phone;C1\n")
    shop.run("--config", shop.folder / "hub.toml", shop.folder / "customers.csv", shop.folder / "codes.csv")
    assert shop.look_up("+7 495 1234567", CodeKind.PHONE).customer_id == "C1"


def test_no_code_lies_in_clear_in_the_database_once_or_before_it_is_tokenised(shop):
    canary = "2990815004711"
    shop.run(
        shop.file("customers.csv", CUSTOMERS + "C1,Anna,de,,,0,,\n"),
        shop.file("codes.csv", f"code,kind,customer_id\n{canary},card,C1\n"),
    )
    stored = b"".join(path.read_bytes() for path in shop.state.rglob("*") if path.is_file())
    assert canary.encode() not in stored


@pytest.mark.parametrize(
    ("name", "text", "named"),
    [
        ("customers.csv", "customer_id,frist_name\nC1,Anna\n", "first_name"),
        ("customers.csv", "first_name\nAnna\n", "customer_id"),
        ("customers.csv", "", "customer_id"),
        ("codes.csv", "code,code,customer_id\n1,2,C1\n", "twice"),
        ("people.csv", "customer_id\nC1\n", "customers"),
        ("campaigns.toml", "[[campaign]\n", "TOML"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_before_anything_is_changed(shop, name, text, named):
    good = shop.file("segments.csv", "customer_id,segment\nC1,best\n")
    with pytest.raises(ConfigurationError, match=named):
        shop.run(good, shop.file(name, text))


def test_a_dry_run_checks_and_changes_nothing(shop):
    told = shop.run("--dry-run", shop.file("customers.csv", CUSTOMERS + "C1,Anna,de,,,0,,\nC2,Bob,german,,,0,,\n"))
    assert (told["files"][0]["rows"], told["files"][0]["rejected"], told["published"]) == (2, 1, [])
    assert not list(shop.folder.glob("*.rejected.csv"))


def test_campaigns_are_checked_by_the_code_that_decides_on_them(shop):
    shop.run(
        shop.file("customers.csv", CUSTOMERS + "C1,Anna,de,,,0,,\n"),
        shop.file("segments.csv", "customer_id,segment\nC1,best\n"),
    )
    good = shop.run(shop.file("campaigns.toml", CAMPAIGN.format(who="best")))
    assert good["files"][0]["changed"] == 1
    assert [each["kind"] for each in good["published"]] == ["campaigns"]
    bad = shop.run(shop.file("campaigns.toml", CAMPAIGN.format(who="bset and (")), exit_code=1)
    assert (bad["files"][0]["changed"], bad["files"][0]["rejected"]) == (0, 1)


def test_items_keep_each_printed_text_and_prices_in_any_notation(shop):
    items = shop.file(
        "items.csv",
        "item_id;gtin;receipt_text;category;brand;cost;substitutes;accessories;restricted\n"
        "0042;4006381333931;KAFFEE CREMA;coffee;Röster;1 234,50;7|8;9;\n"
        "0042;;KAFFEE CR.;coffee;Röster;1234.50;7 8;9;\n"
        "43;40063813339311111;X;;;;;;\n",
    )
    told = shop.run(items)
    assert (told["files"][0]["changed"], told["files"][0]["rejected"]) == (2, 1)
    hub = open_hub(HubConfig(state_dir=shop.state))
    (entry,) = hub.files.newest("main").values()
    published = json.loads(hub.files.open("main", entry.sha256).path.read_text())
    hub.close()
    assert [(each["item_id"], each["cost"], each["substitutes"]) for each in published] == [
        ("0042", "1234.50", ["7", "8"]),
        ("0042", "1234.50", ["7", "8"]),
    ]


def test_replace_makes_the_file_the_whole_truth(shop):
    shop.run(
        shop.file("customers.csv", CUSTOMERS + "C1,Anna,de,,,0,,\n"),
        shop.file("codes.csv", "code,kind,customer_id\n1234,card,C1\n"),
        shop.file("segments.csv", "customer_id,segment\nC1,best\n"),
    )
    shop.run("--replace", shop.file("segments.csv", "customer_id,segment\nC1,new\n"))
    assert list(shop.look_up("1234").segments) == ["new"]


def test_a_killed_tokenising_goes_on_where_it_was(shop):
    from hub.imports.job import ImportJob
    from hub.imports.service import import_files
    from hub.imports.tokenising import CodeBook, tokenise

    hub = open_hub(HubConfig(state_dir=shop.state))
    book = CodeBook(hub.keys.tenant("main"))
    job = ImportJob(
        database=hub.database, tenant_id="main", country="", book=book, progress=lambda what, done, total: None
    )
    codes = "code,kind,customer_id\n" + "".join(f"{number:08},card,C1\n" for number in range(130))
    import_files(job, [shop.file("customers.csv", CUSTOMERS + "C1,A,de,,,0,,\n"), shop.file("codes.csv", codes)])

    class KilledError(Exception):
        pass

    def killed_after_one_batch(done: int, total: int) -> None:
        if done:
            raise KilledError

    with pytest.raises(KilledError):
        tokenise(hub.database, "main", book, progress=killed_after_one_batch)
    assert tokenise(hub.database, "main", book, progress=lambda done, total: None) == 130 - 64
    hub.close()
