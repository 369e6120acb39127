"""The reading commands, run as a person runs them, on jobs made here."""

import json
import subprocess
import sys

import pytest

from agent.command_line import run
from receipt.document import DOCUMENTS_FREE

RECEIPT = (
    "        CORNER SHOP\nMilk 1L                 1.20\nBread                   3.10\n"
    "{total}                4.30\nCASH                    5.00\nCHANGE                  0.70\nThank you\n"
)


def job_file(folder, name, *, word="TOTAL   ", **golden):
    file = folder / f"{name}.bin"
    file.write_bytes(b"\x1b@" + RECEIPT.format(total=word).encode() + b"\n\n\x1dV\x00")
    if golden:
        file.with_suffix(".json").write_text(json.dumps(golden), "utf-8")
    return file


def test_a_job_and_a_folder_are_read_into_documents_with_their_proof(tmp_path, capsys):
    file = job_file(tmp_path, "a")
    for place in (file, tmp_path):
        assert run(["read", str(place), "--json"]) == 0
        (document,) = json.loads(capsys.readouterr().out)
        assert document["kind"] == "sale"
        assert document["transaction"]["total"] == "4.30"
        assert document["proof"][0] == "1.20 + 3.10 = 4.30 (items = total)"
        members = [
            "type",
            "description",
            "item_id",
            "gtin",
            "quantity",
            "unit_price",
            "amount",
            "tender_type",
            "rate",
            "included",
        ]
        assert all(list(line) == members for line in document["transaction"]["line_items"])


def test_a_folder_that_is_called_like_a_job_is_none(tmp_path, capsys):
    (tmp_path / "node_modules" / ".bin").mkdir(parents=True)
    job_file(tmp_path, "a")
    assert run(["read", str(tmp_path), "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)) == 1


def test_a_card_number_never_reaches_the_screen(tmp_path, capsys):
    file = tmp_path / "card.bin"
    file.write_bytes(b"VISA 4111 1111 1111 1111\nTOTAL 4.30\n\x1dV\x00")
    for arguments in (["read", str(file), "--json"], ["render", str(file)], ["profiles", "explain", str(file)]):
        run(arguments)
        shown = capsys.readouterr().out
        assert "1111 1111 1111" not in shown, arguments
        assert "4111 11** **** 1111" in shown, arguments


def test_the_score_counts_precision_and_recall_by_source_and_language(tmp_path, capsys):
    job_file(tmp_path, "shop-1", kind="sale", total="4.30", items=2, language="en")
    job_file(tmp_path, "shop-2", kind="sale", total="4.31", items=2, language="en")
    assert run(["profiles", "score", str(tmp_path), "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["by_language"]["en"]["precision"] == 0.5
    assert figures["by_source"]["shop"]["recall"] == 0.5
    assert [one["wrong"] for one in figures["errors"]] == [["total"]]


def test_a_till_whose_word_for_the_total_nobody_knows_is_taught_by_one_answer(tmp_path, capsys):
    files = [job_file(tmp_path, name, word="QWRTZ   ", kind="sale", total="4.30") for name in ("a", "b")]
    answers = tmp_path / "answers.txt"
    answers.write_text(json.dumps({"a": {"kind": "sale", "total": "4.30"}}), "utf-8")
    profile = tmp_path / "corner.toml"
    learnt = ["learn", *map(str, files), "--answers", str(answers), "-o", str(profile), "--json"]
    assert run(learnt) == 0
    summary = json.loads(capsys.readouterr().out)
    assert summary["read_after"] == 2
    assert "qwrtz" in profile.read_text("utf-8")
    for file in files:
        file.with_suffix(".json").write_text(json.dumps({"kind": "sale", "total": "4.30", "items": 2}), "utf-8")
    assert run(["profiles", "test", str(tmp_path), "--profile", str(profile)]) == 0
    capsys.readouterr()
    files[0].with_suffix(".json").unlink()
    assert run(["profiles", "test", str(tmp_path), "--profile", str(profile)]) == 1
    assert "no golden" in capsys.readouterr().out


def test_a_mistyped_key_of_a_profile_is_refused_with_the_nearest(tmp_path, capsys):
    profile = tmp_path / "p.toml"
    profile.write_text('name = "p"\n[identify]\nlines = ["x"]\n[words]\ntotl = ["x"]\n', "utf-8")
    file = job_file(tmp_path, "a")
    assert run(["profiles", "explain", str(file), "--profile", str(profile)]) == 2
    assert "total" in capsys.readouterr().err


@pytest.mark.parametrize("ending", ["html"])
def test_explain_writes_a_page_with_the_picture_and_the_roles(tmp_path, capsys, ending):
    page = tmp_path / f"page.{ending}"
    assert run(["profiles", "explain", str(job_file(tmp_path, "a")), "-o", str(page)]) == 0
    text = page.read_text("utf-8")
    assert "data:image/png" in text
    assert "items = total" in text
    capsys.readouterr()


def test_more_documents_than_any_till_prints_are_read_as_far_as_the_bound_and_that_is_said(tmp_path, capsys):
    file = tmp_path / "cuts.bin"
    file.write_bytes(b"A\n\x1dV\x00" * (DOCUMENTS_FREE + 400))
    assert run(["read", str(file), "--json"]) == 0
    shown = capsys.readouterr()
    assert DOCUMENTS_FREE <= len(json.loads(shown.out)) < DOCUMENTS_FREE + 400
    assert "some are passed over" in shown.err
    assert run(["tokens", str(file), "--json"]) == 0
    tokens = json.loads(capsys.readouterr().out)
    assert bytes.fromhex("".join(token["hex"] for token in tokens)) == file.read_bytes()


def test_a_file_without_a_byte_is_an_empty_list(tmp_path, capsys):
    file = tmp_path / "nothing.bin"
    file.write_bytes(b"")
    for command in ("read", "tokens"):
        assert run([command, str(file), "--json"]) == 0
        assert json.loads(capsys.readouterr().out) == []


def test_tokens_of_ten_thousand_line_feeds_are_one_a_line_and_no_byte_is_lost(tmp_path, capsys):
    file = tmp_path / "feeds.bin"
    file.write_bytes(b"\n" * 10_000 + b"\x1b@end")
    assert run(["tokens", str(file), "--json"]) == 0
    tokens = json.loads(capsys.readouterr().out)
    assert bytes.fromhex("".join(token["hex"] for token in tokens)) == file.read_bytes()
    assert [set(token) for token in tokens[:1]] == [{"hex", "name", "offset"}]


def test_paper_that_no_picture_holds_is_drawn_in_part_and_that_is_said(tmp_path, capsys):
    file = tmp_path / "feeds.bin"
    file.write_bytes(b"\n" * 1_000_000)
    picture = tmp_path / "slip.png"
    assert run(["render", str(file), "-o", str(picture), "--json"]) == 0
    shown = capsys.readouterr()
    assert json.loads(shown.out)["whole"] is False
    assert "more paper than is drawn" in shown.err
    assert "of 1000000 bytes" in shown.err
    assert picture.stat().st_size > 0


def test_explain_names_no_equation_of_tenders_where_none_is_printed(tmp_path, capsys):
    file = tmp_path / "a.bin"
    file.write_bytes(b"Milk  1.20\nBread  3.10\nTOTAL  4.30\nThank you for your purchase\n")
    assert run(["profiles", "explain", str(file), "--json"]) == 0
    (explained,) = json.loads(capsys.readouterr().out)
    (total,) = [line for line in explained["lines"] if line["role"] == "total"]
    assert total["equation"] == "items = total"


def test_the_page_of_explain_has_the_picture_first_and_every_line_with_its_role_and_proof(tmp_path, capsys):
    page = tmp_path / "page.html"
    assert run(["profiles", "explain", str(job_file(tmp_path, "a")), "-o", str(page)]) == 0
    capsys.readouterr()
    text = page.read_text("utf-8")
    assert text.index("<img") < text.index("<table")
    assert text.count('class="proved"') == 5, "two goods, the total, cash and change"
    assert "http" not in text, "it needs nothing else"


def test_a_job_is_taken_from_standard_input_too(tmp_path):
    job = job_file(tmp_path, "a").read_bytes()
    done = subprocess.run(
        [sys.executable, "-m", "agent", "read", "-", "--json"], input=job, capture_output=True, check=True
    )
    (document,) = json.loads(done.stdout)
    assert (document["file"], document["transaction"]["total"]) == ("-", "4.30")


@pytest.mark.parametrize("command", [["read", "--json"], ["tokens", "--json"], ["render"]])
def test_a_file_that_is_not_there_is_said_to_be_missing(command, tmp_path, capsys):
    assert run([*command, str(tmp_path / "none.bin")]) == 2
    said = capsys.readouterr()
    assert "cannot be read" in said.out + said.err
