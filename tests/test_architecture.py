"""The house rules that no other tool holds: shape, names, borders, and what may be in the tree at all."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("retail", "receipt", "pos_adapters", "sync", "kiosk", "agent", "hub")

FUNCTION_LINES_MAX = 70  # style rule 6
FILE_LINES_MAX = 400  # style rule 6
POSITIONAL_MAX = 3  # style rule 6: parameters beyond three are keyword-only
TAP_RSS_KIB_MAX = 25 * 1024  # performance: the tap's process
NAMELESS = {"utils", "util", "helpers", "helper", "common", "manager", "misc"}

# Who may ask the machine for the time: system clocks, and processes where they begin. All others are given one.
CLOCK_KEEPERS = {
    *("agent/clock.py", "agent/core.py", "hub/bootstrap.py", "sync/ports.py"),
    "pos_adapters/taps/clock.py",
}
# The demo is a shop around the product: its registers and its story live in real time.
REAL_TIME = ("agent/demo/", "agent/commands/")


def sources() -> list[Path]:
    return [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


@cache
def tracked() -> tuple[Path, ...]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout: which files are ours cannot be told")
    names = listed.stdout.decode().split("\0")
    return tuple(path for name in names if name and (path := ROOT / name).is_file())


def text_of(path: Path) -> str | None:
    data = path.read_bytes()
    return None if b"\0" in data[:4096] else data.decode("utf-8", errors="replace")


def none_of(findings: list[str], what: str) -> None:
    assert not findings, f"{what}:\n" + "\n".join(sorted(findings))


def test_functions_are_short_enough_to_be_read_at_once() -> None:
    none_of(
        [
            f"{name_of(path)}:{function.lineno} {function.name}: {length} lines"
            for path in sources()
            for function in functions(tree_of(path))
            if (length := (function.end_lineno or 0) - function.lineno + 1) > FUNCTION_LINES_MAX
        ],
        f"functions longer than {FUNCTION_LINES_MAX} lines",
    )


def test_files_are_short_enough_to_be_one_story() -> None:
    none_of(
        [
            f"{name_of(path)}: {lines} lines"
            for path in sources()
            if (lines := len(path.read_text(encoding="utf-8").splitlines())) > FILE_LINES_MAX
        ],
        f"files longer than {FILE_LINES_MAX} lines",
    )


def test_parameters_beyond_three_are_named_by_the_caller() -> None:
    """Of public names; a private function may save the words where it is called once."""
    findings = []
    for path in sources():
        for function in functions(tree_of(path)):
            names = [each.arg for each in (*function.args.posonlyargs, *function.args.args)]
            given = [name for name in names if name not in {"self", "cls"}]
            if len(given) > POSITIONAL_MAX and not _is_dictated(function) and function.name[0] != "_":
                findings.append(f"{name_of(path)}:{function.lineno} {function.name}({', '.join(given)})")
    none_of(findings, f"more than {POSITIONAL_MAX} positional parameters")


def _is_dictated(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Tell whether somebody else decides the parameters, as with routes, which carry a decorator."""
    return bool(function.decorator_list)


def test_every_module_has_a_name_that_says_what_it_is() -> None:
    none_of(
        [name_of(path) for path in sources() if path.stem in NAMELESS], "a thing with no name is not understood yet"
    )


def test_every_module_opens_with_its_contract() -> None:
    none_of(
        [name_of(path) for path in sources() if tree_of(path).body and not ast.get_docstring(tree_of(path))],
        "modules without a docstring",
    )


def test_every_public_name_is_described() -> None:
    findings = []
    for path in sources():
        for node, owner in _public(tree_of(path)):
            if not ast.get_docstring(node):
                findings.append(f"{name_of(path)}:{node.lineno} {owner}{node.name}")
    none_of(findings, "public names without a docstring")


def _public(tree: ast.Module) -> Iterator[tuple[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, str]]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node, ""
            if isinstance(node, ast.ClassDef):
                for inner in node.body:
                    is_function = isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef)
                    if is_function and not inner.name.startswith("_") and not _is_described_elsewhere(inner):
                        yield inner, f"{node.name}."


def _is_described_elsewhere(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    names = {ast.unparse(decorator).rpartition(".")[2] for decorator in function.decorator_list}
    is_a_port_s_member = "property" in names and ast.unparse(function.body[-1]) == "..."
    return is_a_port_s_member or bool(names & {"overload", "override", "setter"})


def test_nothing_is_printed_by_the_product() -> None:
    none_of(
        [
            f"{name_of(path)}:{node.lineno}"
            for path in sources()
            for node in ast.walk(tree_of(path))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
        ],
        "print in product code",
    )


def test_the_time_is_passed_in_and_never_asked_for() -> None:
    clocks = {"now", "utcnow", "today"}
    findings = []
    for path in sources():
        name = name_of(path)
        if name in CLOCK_KEEPERS or name.startswith(REAL_TIME):
            continue
        for node in ast.walk(tree_of(path)):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            called = ast.unparse(node.func)
            of_a_type = called.rpartition(".")[0].rpartition(".")[2] in {"datetime", "date"}
            if (node.func.attr in clocks and of_a_type) or called == "time.time":
                findings.append(f"{name}:{node.lineno} {called}")
    none_of(findings, "the clock is asked outside its keepers")


def test_modules_keep_no_state_of_their_own() -> None:
    findings = []
    for path in sources():
        changed = [node for node in ast.walk(tree_of(path)) if isinstance(node, ast.Global)]
        findings += [f"{name_of(path)}:{node.lineno} global {', '.join(node.names)}" for node in changed]
        for statement in tree_of(path).body:
            for target, value in _assigned(statement):
                changing = isinstance(value, ast.List | ast.Dict | ast.Set)
                if changing and not target.isupper() and target != "__all__":
                    findings.append(f"{name_of(path)}:{statement.lineno} {target}")
    none_of(findings, "mutable state of a module (a constant is written in capitals)")


def _assigned(statement: ast.stmt) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(statement, ast.Assign):
        for target in statement.targets:
            if isinstance(target, ast.Name):
                yield target.id, statement.value
    elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name) and statement.value:
        yield statement.target.id, statement.value


SQL_START = re.compile(
    r"\s*(SELECT\s.+\sFROM|INSERT\s+(OR\s+\w+\s+)?INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM|CREATE\s+TABLE)\b", re.DOTALL
)


def test_sql_lives_in_sql_files() -> None:
    none_of(
        [
            f"{name_of(path)}:{node.lineno} {node.value.strip()[:50]!r}"
            for path in sources()
            for node in ast.walk(tree_of(path))
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and SQL_START.match(node.value)
        ],
        "SQL inside Python",
    )


def test_every_sql_statement_is_named_and_described() -> None:
    findings = []
    for path in sorted(each for package in PACKAGES for each in (ROOT / package).rglob("queries*.sql")):
        for block in path.read_text(encoding="utf-8").split("\n-- name: ")[1:]:
            name, _, body = block.partition("\n")
            if not body.lstrip().startswith("--"):
                findings.append(f"{name_of(path)}: {name.strip()} says not what it is for")
    none_of(findings, "SQL statements without a description")


IMPORT_ALL = """
import importlib, os, pkgutil, sys
ALLOWED = tuple(os.path.realpath(p) for p in (sys.prefix, sys.base_prefix, os.getcwd())) + ("/usr/lib", "/usr/share/zoneinfo", "/dev/null", "/proc", "/etc/mime.types", "/usr/local/lib")
findings = []
def watch(event, args):
    if event in ("socket.connect", "socket.bind", "socket.getaddrinfo", "sqlite3.connect", "subprocess.Popen", "os.mkdir", "os.remove", "os.rename"):
        if event != "os.mkdir" or "__pycache__" not in str(args[0]):
            findings.append(f"{current[0]}: {event} {args[:2]}")
    if event == "open" and isinstance(args[0], (str, bytes)):
        path, mode = os.path.realpath(os.fsdecode(args[0])), args[1] or ""
        writes = any(letter in mode for letter in "wax+") and "__pycache__" not in path
        if writes or not path.startswith(ALLOWED):
            findings.append(f"{current[0]}: open {path} {mode}")
current = [""]
sys.addaudithook(watch)
for package in sys.argv[1:]:
    names = [package] + [m.name for m in pkgutil.walk_packages([package], package + ".")]
    for name in names:
        if name.endswith(".__main__") or name.startswith("agent.demo"):
            continue
        current[0] = name
        importlib.import_module(name)
print("\\n".join(findings))
sys.exit(bool(findings))
"""


@pytest.mark.parametrize("package", PACKAGES)
def test_importing_opens_nothing_and_talks_to_nobody(package: str, tmp_path: Path) -> None:
    """Only bootstrap constructs: a module read is a module read, with the network and the home folder closed."""
    environment = {
        "HOME": str(tmp_path / "nobody"),
        "PATH": "",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL, package],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


TAP_IMPORTS = """
import runpy, sys
sys.argv = ["tillstream", "tap", "--help"]
try:
    runpy.run_module("agent", run_name="__main__")
except SystemExit as end:
    assert end.code in (0, None), end.code
import pos_adapters.taps.serving
heavy = {"pydantic", "typer", "click", "rich", "httpx", "fastapi", "uvicorn", "cryptography", "sqlcipher3", "escpos", "PIL", "serial", "jinja2"}
status = open("/proc/self/status").read()
rss = int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])
print("TAP", rss, *sorted(heavy & {name.partition(".")[0] for name in sys.modules}))
"""


def test_the_tap_imports_nothing_heavy_and_stays_small() -> None:
    if not Path("/proc/self/status").exists():
        pytest.skip("no /proc: the size of a process is read there")
    done = subprocess.run(
        [sys.executable, "-c", TAP_IMPORTS],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
    )
    report = next(line for line in done.stdout.splitlines() if line.startswith("TAP"))
    _, rss_kib, *heavy = report.split()
    assert heavy == []
    assert int(rss_kib) <= TAP_RSS_KIB_MAX


CORE_IMPORTS = """
import sys
import agent.core
heavy = {"pydantic", "typer", "click", "rich", "httpx", "fastapi", "uvicorn", "starlette", "escpos", "email"}
print(*sorted(heavy & {name.partition(".")[0] for name in sys.modules}))
"""


def test_core_imports_neither_the_web_nor_compiled_models() -> None:
    """They would cost it 17 MB of the 60 it may have, and a quarter of a second whenever it starts again."""
    done = subprocess.run([sys.executable, "-c", CORE_IMPORTS], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_test_files_have_names_of_their_own() -> None:
    names: dict[str, list[str]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        names.setdefault(path.name, []).append(name_of(path))
    none_of([", ".join(paths) for paths in names.values() if len(paths) > 1], "test files of one name")


def test_no_test_sleeps_or_mocks() -> None:
    findings = []
    for path in sorted((ROOT / "tests").rglob("*.py")):
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "time.sleep":
                findings.append(f"{name_of(path)}:{node.lineno} time.sleep")
            if isinstance(node, ast.Import | ast.ImportFrom) and "unittest.mock" in ast.unparse(node):
                findings.append(f"{name_of(path)}:{node.lineno} unittest.mock")
    none_of(findings, "tests that sleep or mock")


# Spelled in pieces, so that this file does not find itself.
MACHINE_PATHS = re.compile(
    "|".join(("/wo" + "rk/", "/ro" + "ot/", "/home/" + r"(?!\.\.\.)[a-z]", "/opt/" + "(wheels|pypi)"))
)
REGISTRY_HOSTS = re.compile(
    "|".join((r"py" + r"pi\.org", r"python" + r"hosted\.org", r"registry\.npm" + r"js\.org", r"registry\.yarn" + "pkg"))
)
UNFINISHED = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "HA" + "CK", "lo" + "rem ipsum")) + r")\b")


@pytest.mark.parametrize(
    ("what", "pattern"),
    [("paths of a machine", MACHINE_PATHS), ("registry hosts", REGISTRY_HOSTS), ("unfinished work", UNFINISHED)],
)
def test_no_tracked_file_holds(what: str, pattern: re.Pattern[str]) -> None:
    findings = []
    for path in tracked():
        text = text_of(path)
        for number, line in enumerate((text or "").splitlines(), start=1):
            if found := pattern.search(line):
                findings.append(f"{name_of(path)}:{number} {found[0]}")
    none_of(findings, what)
