"""A bundle that the first stores of a ring could not use goes no further."""

import hashlib

import pytest

from hub.callers import Caller
from hub.feed.commands import publish_bundle
from retail.errors import ConfigurationError
from sync.protocol.feed_messages import AppliedReport, FeedKind, FeedRefusal

CONTENT = b'{"mistake":1}'


def test_what_one_store_refused_is_published_to_nobody_else_until_it_is_mended(rig, tmp_path):
    hub = rig.hub
    hub.registry.issue_code("main", "7781", name="", now=hub.clock())
    caller = Caller(tenant_id="main", store_id="7781", agent_id="a", epoch=1, key_id="k")
    refusal = FeedRefusal(
        kind=FeedKind.CONFIG, sha256=hashlib.sha256(CONTENT).hexdigest(), message="mistake: no such member"
    )
    hub.feed.note(caller, AppliedReport(cursor="c", erased_through=0, refused=[refusal]), now=hub.clock())
    (bad := tmp_path / "bad.json").write_text('{"mistake": 1}')
    (good := tmp_path / "good.json").write_text('{"content": {}}')
    with pytest.raises(ConfigurationError) as refused:
        publish_bundle(None, state_dir=hub.config.state_dir, path=bad, scope="")
    assert refused.value.code == "bundle_refused"
    assert "7781: mistake: no such member" in refused.value.message
    assert not [kept for kept in hub.files.all("main") if kept.file.kind is FeedKind.CONFIG]
    publish_bundle(None, state_dir=hub.config.state_dir, path=good, scope="")
    assert len([kept for kept in hub.files.all("main") if kept.file.kind is FeedKind.CONFIG]) == 1
