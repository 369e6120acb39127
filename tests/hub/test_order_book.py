"""A hub's database put back from a copy: whom it forgot since, it forgets again before anything else."""

import shutil
from datetime import UTC, datetime

from hub.bootstrap import Hub, open_hub
from hub.config import HubConfig
from hub.feed.erasing import Erasing
from hub.feed.order_book import BOOK, ErasureOrder, OrderBook
from hub.imports.job import ImportJob
from hub.imports.service import import_files
from hub.imports.tokenising import CodeBook, tokenise

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def opened(folder) -> Hub:
    return open_hub(HubConfig(state_dir=folder / "hub", tenant="main", country="DE"), clock=lambda: NOW)


def bring(hub: Hub, folder) -> None:
    (folder / "customers.csv").write_text("customer_id,first_name\nC1,Anna\nC2,Bob\nC3,Carl\n", "utf-8")
    (folder / "codes.csv").write_text("code,kind,customer_id\n111,card,C1\n222,card,C2\n333,card,C3\n", "utf-8")
    book = CodeBook(hub.keys.tenant("main"))
    job = ImportJob(database=hub.database, tenant_id="main", country="DE", book=book, progress=lambda *_: None)
    import_files(job, [folder / "customers.csv", folder / "codes.csv"])
    tokenise(hub.database, "main", book, progress=lambda *_: None)


def forget(hub: Hub, *customer_ids: str) -> int:
    erasing = Erasing(hub.database, hub.files, hub.feed)
    return erasing.erase("main", erasing.look("main", customer_ids), now=NOW)


def known(hub: Hub) -> set[str]:
    with hub.database.reading() as session:
        each = {"C1", "C2", "C3"}
        return {one for one in each if session.row("known_customer", tenant_id="main", customer_id=one)}


def numbers(hub: Hub) -> list[tuple[int, str]]:
    with hub.database.reading() as session:
        return [(row[0], row[1]) for row in session.rows("erasures", tenant_id="main")]


def test_a_database_of_yesterday_forgets_again_whom_it_was_told_to_forget_since(tmp_path):
    hub = opened(tmp_path)
    bring(hub, tmp_path)
    forget(hub, "C1")
    hub.close()
    shutil.copyfile(tmp_path / "hub" / "hub.db", tmp_path / "yesterday.db")

    hub = opened(tmp_path)
    forget(hub, "C2")
    assert numbers(hub) == [(1, "C1"), (2, "C2")]
    hub.close()
    for path in (tmp_path / "hub").glob("hub.db*"):
        path.unlink()
    shutil.copyfile(tmp_path / "yesterday.db", tmp_path / "hub" / "hub.db")

    hub = opened(tmp_path)
    try:
        assert known(hub) == {"C3"}
        assert numbers(hub) == [(1, "C1"), (2, "C2")], "its number is the one that stores know"
        assert Erasing(hub.database, hub.files, hub.feed).redo("main", now=NOW) == 0, "once is enough"
    finally:
        hub.close()


def test_who_is_no_longer_in_the_copy_is_ordered_again_by_the_tokens_that_were_known(tmp_path):
    hub = opened(tmp_path)
    hub.close()
    shutil.copyfile(tmp_path / "hub" / "hub.db", tmp_path / "empty.db")
    hub = opened(tmp_path)
    bring(hub, tmp_path)
    forget(hub, "C1")
    (order,) = OrderBook(hub.files.folder("main")).orders()
    hub.close()
    for path in (tmp_path / "hub").glob("hub.db*"):
        path.unlink()
    shutil.copyfile(tmp_path / "empty.db", tmp_path / "hub" / "hub.db")
    hub = opened(tmp_path)
    try:
        with hub.database.reading() as session:
            ((_, customer_id, locators, _),) = session.rows("erasures", tenant_id="main")
        assert customer_id == "C1"
        assert order.locators
        assert all(each in locators for each in order.locators)
    finally:
        hub.close()


def test_a_copy_that_names_files_which_are_gone_is_no_reason_not_to_forget(tmp_path):
    hub = opened(tmp_path)
    bring(hub, tmp_path)
    hub.publisher.publish("main", now=NOW)
    for kept in hub.files.all("main"):
        hub.files.open("main", kept.file.sha256).path.unlink()
    assert forget(hub, "C1") == 1
    assert known(hub) == {"C2", "C3"}
    hub.close()


def test_half_a_line_of_a_power_cut_costs_no_other_order(tmp_path):
    book = OrderBook(tmp_path)
    first, third = ErasureOrder(customer_id="C1", locators=("ab",)), ErasureOrder(customer_id="C3", locators=())
    book.note([first])
    with (tmp_path / BOOK).open("a") as file:
        file.write('{"customer_id": "C2", "loc')
    book.note([third, third])
    book.note([third])
    assert book.orders() == (first, third)
