"""One contract for both databases: what a transaction promises, and that each ran on the one it says."""

import re
import threading
import uuid

import pytest

from hub.storage.ports import TakenAlreadyError, Turn
from hub.storage.statements import Dialect, load_schema, load_statements
from retail.errors import TryAgainError
from tests.hub.rig import PostgresqlHubDisk


def put_tenant(session, tenant_id: str, country: str = "") -> int:
    return session.run("put_tenant", tenant_id=tenant_id, country=country, now="2026-11-21")


def tenants(disk) -> list[str]:
    with disk.database.reading() as session:
        return [row[0] for row in session.rows("tenants")]


def test_it_runs_on_the_database_it_says(hub_disk):
    assert hub_disk.database.dialect is hub_disk.dialect
    version = {"sqlite": "SELECT sqlite_version()", "postgresql": "SELECT version()"}[hub_disk.dialect]
    ((told,),) = hub_disk.rows(version)
    assert told.startswith("PostgreSQL 1" if hub_disk.dialect is Dialect.POSTGRESQL else "3.")


def test_what_is_committed_is_there_after_opening_again(hub_disk):
    with hub_disk.database.writing() as session:
        assert put_tenant(session, "a") == 1
        assert put_tenant(session, "a") == 0
    hub_disk.reopen()
    assert tenants(hub_disk) == ["a"]


def test_a_transaction_that_raises_leaves_nothing(hub_disk):
    def fail_half_way() -> None:
        with hub_disk.database.writing() as session:
            put_tenant(session, "a")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_half_way()
    assert tenants(hub_disk) == []


def test_a_reader_sees_one_moment(hub_disk):
    with hub_disk.database.reading() as session:
        assert session.rows("tenants") == []
        with hub_disk.database.writing() as writer:
            put_tenant(writer, "a")
        assert session.rows("tenants") == []
    assert tenants(hub_disk) == ["a"]


def test_a_row_that_stands_there_already_is_told_and_nothing_of_the_rest_is_kept(hub_disk):
    columns = ("tenant_id", "store_id", "what", "total")
    with pytest.raises(TakenAlreadyError), hub_disk.database.writing() as session:
        session.bulk("store_total", columns=columns, rows=[("a", "1", "sales", 1), ("a", "1", "sales", 2)])
    assert hub_disk.rows("SELECT count(*) FROM store_total") == [(0,)]


def test_bulk_keeps_every_kind_of_value(hub_disk):
    columns = ("agent_id", "epoch", "branch", "seq", "kind", "workstation_id", "occurred_at", "clock_quality")
    columns += ("business_day", "salt", "payload", "payload_hash", "hash", "absent", "received_at")
    rows = [
        ("a", 1, 0, 1, "visit", "", "t", "q", "", bytes(range(16)), 'Кофе "\\N" \t\n', b"\x00\xff", b"h", None, "r"),
        ("a", 1, 0, 2, "visit", "", "t", "q", "", None, None, b"", b"", "erased", "r"),
    ]
    with hub_disk.database.writing() as session:
        session.bulk("journal_record", columns=columns, rows=rows)
    found = hub_disk.rows(f"SELECT {','.join(columns)} FROM journal_record ORDER BY seq")
    assert [tuple(bytes(value) if isinstance(value, memoryview) else value for value in row) for row in found] == rows


def test_many_counts_what_it_changed(hub_disk):
    with hub_disk.database.writing() as session:
        member = {
            "tenant_id": "a",
            "customer_id": "C1",
            "valid_until": "",
            "entered": None,
            "today": "",
            "change_no": 1,
        }
        sets = [{**member, "segment": name} for name in ("x", "y", "z")]
        assert session.many("put_segment", sets=sets) == 3
        assert session.many("put_segment", sets=[*sets[:2], {**sets[2], "valid_until": "2026-12-31"}]) == 1
        assert session.many("put_segment", sets=[]) == 0


def test_each_yields_what_rows_returns(hub_disk):
    with hub_disk.database.writing() as session:
        for number in range(300):
            put_tenant(session, f"t{number:03}")
    with hub_disk.database.reading() as session:
        assert list(session.each("tenants")) == session.rows("tenants")


def test_two_writers_take_turns_on_one_agent(hub_disk):
    with hub_disk.database.writing() as session:
        put_tenant(session, "a")
        session.run("put_agent", agent_id="x", tenant_id="a", store_id="1", epoch=1, now="")
    order: list[str] = []
    first_has_it = threading.Event()

    def second() -> None:
        first_has_it.wait(10)
        with hub_disk.database.writing() as session:
            session.row("lock_agent", agent_id="x")
            order.append("second")

    thread = threading.Thread(target=second)
    thread.start()
    with hub_disk.database.writing() as session:
        session.row("lock_agent", agent_id="x")
        first_has_it.set()
        thread.join(0.2)
        order.append("first")
    thread.join(10)
    assert order == ["first", "second"]


def test_both_schemas_have_the_same_tables_and_columns(hub_disk):
    """`schema.sqlite.sql` and `schema.postgresql.sql` are two spellings of one thing."""
    if hub_disk.dialect is Dialect.POSTGRESQL:
        found = hub_disk.rows(
            "SELECT c.table_name, c.column_name FROM information_schema.columns c JOIN pg_class p"
            " ON p.relname = c.table_name AND NOT p.relispartition WHERE c.table_schema = 'public'"
            " ORDER BY 1, c.ordinal_position"
        )
        found = [row for row in found if row[0] != "hub_schema"]
    else:
        names = [row[0] for row in hub_disk.rows("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY 1")]
        found = [(name, row[1]) for name in names for row in hub_disk.rows(f"PRAGMA table_info({name})")]
    assert found == declared_columns(Dialect.SQLITE) == declared_columns(Dialect.POSTGRESQL)


def declared_columns(dialect: Dialect) -> list[tuple[str, str]]:
    found: dict[str, list[str]] = {}
    for name, body in re.findall(r"CREATE TABLE (\w+) \((.*?)\n\)", load_schema(dialect), re.DOTALL):
        found[name] = [line.split()[0] for line in body.strip().splitlines() if re.match(r"\s*[a-z]", line)]
    return [(name, column) for name in sorted(found) if name != "hub_schema" for column in found[name]]


def test_every_statement_is_one_that_its_database_understands(hub_disk):
    """Each is prepared, none is run: a misspelt column shows here and not in a store's night."""
    statements = load_statements(hub_disk.dialect)
    for name, text in statements.items():
        if name == "bulk":
            continue  # a pattern: `bulk` of the session fills it in
        if hub_disk.dialect is Dialect.SQLITE:
            values = dict.fromkeys(re.findall(r"(?<![:\w]):([a-z_][a-z0-9_]*)", text))
            hub_disk.database._writer.execute("EXPLAIN " + text, values)
        else:
            import psycopg

            plain = re.sub(r"%\(\w+\)s", "NULL", text.replace("%(keys)s", "'[]'"))
            with psycopg.connect(hub_disk.url) as connection:
                connection.execute("EXPLAIN " + plain)
        assert name


@pytest.mark.real
def test_a_database_that_is_away_is_tried_again_and_found_again(postgresql_url):
    disk = PostgresqlHubDisk(postgresql_url, f"t_{uuid.uuid4().hex}")
    try:
        with disk.database.writing() as session:
            put_tenant(session, "a")
        disk._command(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{disk.name}'")
        with pytest.raises(TryAgainError), disk.database.writing() as session:
            put_tenant(session, "b")
        with disk.database.writing() as session:
            put_tenant(session, "c")
        assert tenants(disk) == ["a", "c"]
    finally:
        disk.close()


def test_a_turn_is_one_holders_at_a_time_and_other_turns_do_not_wait_for_it(hub_disk):
    """By another opening of the same database, as another worker - on PostgreSQL another machine - has."""
    database, log = hub_disk.database, []
    waiting, other = threading.Event(), hub_disk.another()

    def wait_for_it() -> None:
        waiting.set()
        with other.alone(Turn.UPKEEP):
            log.append("second")

    second = threading.Thread(target=wait_for_it)
    with database.alone(Turn.UPKEEP), database.alone(Turn.VALUE), database.writing() as session:
        second.start()
        assert waiting.wait(60)
        put_tenant(session, "a")
        log.append("first")
    second.join(60)
    other.close()
    assert log == ["first", "second"]
    assert tenants(hub_disk) == ["a"]
