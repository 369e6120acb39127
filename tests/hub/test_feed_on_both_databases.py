"""Everything the feed is made of, on SQLite and on a real PostgreSQL: the same answers from both."""

from datetime import UTC, date, datetime

from hub.feed.erasing import Erasing
from hub.feed.files import FeedFiles
from hub.feed.learning import Learner
from hub.feed.publishing import Publisher
from hub.feed.service import FeedService
from hub.feed.stopping import StopBoard, StopOrder
from hub.imports.job import ImportJob
from hub.imports.service import import_files
from hub.imports.tokenising import CodeBook, tokenise
from hub.keys import HubKeys
from hub.registry import Registry
from retail.stops import StopKind
from sync.protocol.feed_messages import FeedKind
from sync.protocol.mirror_file import MirrorFile
from sync.protocol.tokens import CodeKind, normalise, token_of

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)

FILES = {
    "customers.csv": "customer_id,first_name,points,rfm_cell,purchases,last_visit,member_since,paper_offers,permissions,"
    "points_expiring,points_expire_on\nC1,Anna,120,555,7,2026-11-01,2019-03-01,no,email push,20,2026-12-31\n"
    "C2,Bob,0,,,,,,,,\nC3,Old,0,,,,,,,,\n",
    "merges.csv": "customer_id,into_id\nC3,C2\n",
    "codes.csv": "code,kind,customer_id\n111,card,C1\n222,card,C2\n333,card,C3\n",
    "segments.csv": "customer_id,segment,valid_until,entered\nC1,best,2026-12-31,2026-11-02\nC1,tea,,\n",
    "bought.csv": "customer_id,key,day\nC1,category:coffee,2026-10-01\n",
    "contacts.csv": "customer_id,campaign_id,contacts\nC1,coffee-back,2\n",
}


def test_people_come_in_go_out_change_and_are_forgotten(hub_disk, tmp_path):
    database, keys = hub_disk.database, HubKeys(tmp_path / "keys")
    registry = Registry(database, keys)
    registry.make_tenant("main", country="DE", now=NOW)
    registry.issue_code("main", "7781", name="", now=NOW)
    files = FeedFiles(database, tmp_path / "feed")
    publisher, book = Publisher(database, files), CodeBook(keys.tenant("main"))

    def bring(texts: dict[str, str], *, replace: bool = False):
        for name, text in texts.items():
            (tmp_path / name).write_text(text)
        job = ImportJob(
            database=database, tenant_id="main", country="DE", book=book, progress=lambda *_: None,
            replace=replace, today=NOW.date(),
        )  # fmt: skip
        done = import_files(job, [tmp_path / name for name in texts])
        tokenise(database, "main", book, progress=lambda *_: None)
        publisher.publish("main", now=NOW)
        return [(each.changed, each.rejected) for each in done]

    def find(code: str):
        token = token_of(normalise(code, CodeKind.CARD), keys.tenant("main").pepper)
        wanted = [each for each in files.wanted("main", ("",)) if each.kind.startswith("mirror")]
        found = (MirrorFile(files.open("main", each.sha256).path).get(token) for each in reversed(wanted))
        return next((each for each in found if each is not None), None)

    assert bring(FILES) == [(3, 0), (1, 0), (3, 0), (2, 0), (1, 0), (1, 0)]
    anna = find("111")
    assert (anna.points, anna.rfm_cell, anna.purchases, anna.last_visit) == (120, "555", 7, date(2026, 11, 1))
    assert (anna.member_since, anna.no_paper_offers) == (date(2019, 3, 1), True)
    assert anna.permissions == ("email", "push")
    assert (anna.points_expiring, anna.points_expire_on) == (20, date(2026, 12, 31))
    assert anna.segments == {"best": date(2026, 12, 31), "tea": None}
    assert anna.entered == {"best": date(2026, 11, 2)}
    assert (anna.last_bought, anna.contacts) == ({"category:coffee": date(2026, 10, 1)}, {"coffee-back": 2})
    assert find("333").customer_id == "C2", "a merged account's card leads to the one that is left"
    assert bring({"customers.csv": "customer_id,first_name,points\nC1,Anna,120\nC2,Bob,0\n"}) == [(0, 0)]
    assert bring({"segments.csv": "customer_id,segment\nC1,tea\n"}, replace=True) == [(1, 0)]
    assert find("111").segments == {"tea": None}
    assert find("111").rfm_cell == "555", "a column that a file does not have changes nothing"

    board = StopBoard(database, files)
    stop = board.press("main", StopOrder(kind=StopKind.BURNING, scope="store:7781"), who="anna", now=NOW)
    assert board.resume("main", stop.stop_no, who="anna", now=NOW)
    Learner(database, keys).learn("main")
    erasing = Erasing(database, files, FeedService(database, keys, files))
    assert erasing.erase("main", erasing.look("main", ["C2"]), now=NOW) == 2, "the merged account is forgotten with it"
    assert find("222").__class__.__name__ == "Tombstone"
    assert next(each.kind for each in files.wanted("main", ("",))) is FeedKind.ERASURES
    assert erasing.stores("main")[0] == 2
