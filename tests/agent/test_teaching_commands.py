"""`learn` and `profiles`: whatever is typed wrong is told with what, where and what to do; exit codes tell it too."""

import json

import pytest

from agent.command_line import run

RECEIPT = (
    b"\x1b@        CORNER SHOP\nMilk 1L                 1.20\nBread                   3.10\n"
    b"TOTAL                   4.30\nCASH                    5.00\nCHANGE                  0.70\nThank you\n\n\x1dV\x00"
)
PROFILE = 'name = "{name}"\n[identify]\nlines = ["CORNER SHOP"]\n'


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "captures"
    place.mkdir()
    (place / "a.bin").write_bytes(RECEIPT)
    return place


@pytest.fixture
def told(capsys):
    """Run a command; return its exit code and what it printed on both streams."""

    def ask(*arguments):
        code = run([str(each) for each in arguments])
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return ask


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({"a": {"totl": "1"}}, ("answers.json, a", "totl", "did you mean `total`")),
        ({"b": {"total": "1"}}, ("b: no sample is called so", "use one of: a")),
        ({"a": {"total": "x"}}, ("a: total", "`x` is no amount", "4.30")),
        ({"a": {"total": True}}, ("a: total", "no amount")),
        ({"a": {"kind": "sael"}}, ("a: kind", "did you mean `sale`")),
        ({"a": {"tenders": {"chas": "1"}}}, ("a: tenders", "did you mean `cash`")),
        ({"a": {"tenders": ["cash"]}}, ("tenders are no object",)),
        ({"a": 5}, ("a: no object",)),
        ([1], ("no object of answers",)),
    ],
)
def test_an_answer_that_nobody_understands_is_named_with_what_was_meant(folder, told, tmp_path, answers, words):
    file = tmp_path / "answers.json"
    file.write_text(json.dumps(answers), "utf-8")
    code, _, error = told("learn", folder, "--answers", file, "-o", tmp_path / "p.toml")
    assert code == 2
    assert all(word in error for word in words), error
    assert not (tmp_path / "p.toml").exists()


def test_learn_says_what_it_lacks(folder, told, tmp_path):
    (tmp_path / "empty").mkdir()
    assert "holds no print job" in told("learn", tmp_path / "empty", "-o", tmp_path / "p.toml")[2]
    assert "cannot be written" in told("learn", folder, "-o", tmp_path / "nowhere" / "p.toml")[2]
    (tmp_path / "broken.json").write_text('{"a":\n', "utf-8")
    code, _, error = told("learn", folder, "--answers", tmp_path / "broken.json", "-o", tmp_path / "p.toml")
    assert (code, "broken.json, line 2" in error) == (2, True)
    code, out, _ = told("learn", folder, "-o", tmp_path / "p.toml", "--json")
    assert (code, json.loads(out)["read_after"]) == (0, 1)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ('[words]\ntotal = "abc"\n', ("words.total", "no list of texts")),
        ('[words]\ntotl = ["abc"]\n', ("words", "did you mean `total`")),
        ('[ignore]\nlnes = ["x"]\n', ("ignore", "did you mean `lines`")),
        ('[store]\ncurrency = "euro"\n', ("store.currency", "EUR")),
        ('[store]\ncurency = "EUR"\n', ("store", "did you mean `currency`")),
        ("[fields]\ncashier = 5\n", ("fields.cashier", "no list of texts")),
        ('[ignore]\nlines = ["(x"]\n', ("ignore.lines", "no regular expression")),
        ("[words\n", ("no TOML",)),
    ],
)
def test_a_profile_with_a_mistake_is_refused_where_it_stands(folder, told, tmp_path, more, words):
    file = tmp_path / "p.toml"
    file.write_text(PROFILE.format(name="p") + more, "utf-8")
    code, _, error = told("profiles", "explain", folder / "a.bin", "--profile", file)
    assert code == 2
    assert "p.toml" in error
    assert all(word in error for word in words), error


def test_two_profiles_that_claim_a_job_fail_it_and_the_others_are_tried(folder, told, tmp_path):
    (folder / "b.bin").write_bytes(b"nobody's paper\n\x1dV\x00")
    for name in ("p", "q"):
        (tmp_path / f"{name}.toml").write_text(PROFILE.format(name=name), "utf-8")
    code, out, _ = told(
        "profiles", "test", folder, "--profile", tmp_path / "p.toml", "--profile", tmp_path / "q.toml", "--json"
    )
    first, second = json.loads(out)
    assert code == 1
    assert (first["ok"], second["ok"]) == (False, True)
    assert "p, q claim the same document" in first["what"]


def test_a_claimed_job_without_a_golden_fails_and_with_the_generated_one_passes(folder, told, tmp_path):
    profile = folder / "p.toml"  # beside the captures, and named once more: it is one profile
    profile.write_text(PROFILE.format(name="p"), "utf-8")
    code, out, _ = told("profiles", "test", folder, "--profile", profile)
    assert (code, "no golden" in out) == (1, True)
    code, out, _ = told("profiles", "generate", folder, "--json")
    assert (code, json.loads(out)["written"]) == (0, [str(folder / "a.json")])
    assert json.loads((folder / "a.json").read_text("utf-8"))["profile"] == "p"
    assert told("profiles", "test", folder, "--profile", profile)[0] == 0
    assert json.loads(told("profiles", "generate", folder, "--json")[1]) == {"written": []}


def test_profiles_of_one_name_and_folders_without_any_are_refused(folder, told, tmp_path):
    for place in ("one", "two"):
        (tmp_path / place).mkdir()
        (tmp_path / place / "p.toml").write_text(PROFILE.format(name="p"), "utf-8")
    code, _, error = told("profiles", "test", folder, "--profile", tmp_path / "one", "--profile", tmp_path / "two")
    assert (code, "two profiles are called `p`" in error) == (2, True)
    (tmp_path / "none").mkdir()
    code, _, error = told("profiles", "test", folder, "--profile", tmp_path / "none")
    assert (code, "holds no profile" in error) == (2, True)


@pytest.mark.parametrize(
    ("golden", "word"), [("[1]", "no golden"), ('{"kind": "sael"}', "no document is of the kind"), ("{", "no JSON")]
)
def test_a_golden_that_is_none_is_named(folder, told, golden, word):
    (folder / "a.json").write_text(golden, "utf-8")
    code, _, error = told("profiles", "test", folder)
    assert (code, "a.json" in error, word in error) == (2, True, True)


def test_scoring_without_goldens_says_what_is_missing(folder, told):
    code, _, error = told("profiles", "score", folder)
    assert (code, "NAME.json" in error) == (2, True)


@pytest.mark.parametrize(
    ("command", "known"), [(("learn",), ".toml"), (("profiles", "explain"), ".html"), (("render",), ".svg")]
)
@pytest.mark.parametrize("name", ["x.zip", "noend"])
def test_a_file_whose_name_says_something_else_is_not_written(folder, told, command, known, name):
    code, _, err = told(*command, folder / "a.bin", "-o", folder / name)
    assert (code, known in err, (folder / name).exists()) == (2, True, False)
