"""Build what a store installs: the frozen program, the Debian package, the bill of materials.

    python installer/build.py freeze            build/frozen/tillstream, one folder, checked
    python installer/build.py deb               dist/tillstream_VERSION_ARCH.deb (freezes first)
    python installer/build.py program           dist/tillstream-VERSION-ARCH.tar.gz, what `hub release add` takes
    python installer/build.py sbom              dist/tillstream-VERSION.cdx.json (CycloneDX 1.5)
    python installer/build.py windows           dist/tillstream-VERSION-setup.exe from a folder frozen on Windows
    python installer/build.py msi               dist/tillstream-VERSION.msi from the same folder, for group policy
    python installer/build.py sums              dist/SHA256SUMS of all that was made, to be signed (README.md)

Every command takes `--json`, prints what it made with bytes and SHA-256, and exits 0, 1 (a step failed) or 2 (usage).
Two builds of one commit differ in nothing but what README.md lists: times are SOURCE_DATE_EPOCH, else the commit's.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tomllib
import uuid
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
FROZEN = ROOT / "build" / "frozen" / "tillstream"
STAGE = ROOT / "build" / "deb"
DIST = ROOT / "dist"

SQLITE_MIN = (3, 51, 3)  # below it a WAL reset can corrupt (docs/decisions/0002)
PROGRAM_BYTES_MAX = 90 * 10**6
PACKAGE_BYTES_MAX = 45 * 10**6
ARCHITECTURES = MappingProxyType({"x86_64": "amd64", "aarch64": "arm64"})

# Debug symbols are half of the program. Libraries that auditwheel has rewritten (*.libs) break when stripped: only
# those that were not are named.
STRIPPED = ("libpython3*", "sqlcipher3/*.so", "cryptography/hazmat/bindings/*.so", "python3*/lib-dynload/*.so")


class StepFailedError(Exception):
    """A step of the build did not give what it must; the message says which and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """One file or folder that was made."""

    path: str
    bytes: int
    sha256: str


def freeze() -> Made:
    """Freeze the program into one folder and prove that it starts and carries the right SQLite."""
    places = ["--distpath", str(FROZEN.parent), "--workpath", str(ROOT / "build" / "freezing")]
    tool = [sys.executable, "-m", "PyInstaller", "--noconfirm", "--log-level=ERROR"]
    _run(
        [*tool, *places, str(HERE / "tillstream.spec")], os.environ | {"PYTHONHASHSEED": "0"}
    )  # else sets are shuffled
    if sys.platform == "linux":
        libraries = [path for pattern in STRIPPED for path in (FROZEN / "_internal").glob(pattern)]
        _run(["strip", "--strip-unneeded", *map(str, libraries)])
    told = json.loads(_run([str(FROZEN / "tillstream"), "version", "--json"]))
    sqlite = tuple(int(part) for part in told["sqlite"].split("."))
    if sqlite < SQLITE_MIN:
        raise StepFailedError(f"the frozen program carries SQLite {told['sqlite']}, not >= {SQLITE_MIN}")
    size = sum(path.stat().st_size for path in FROZEN.rglob("*") if path.is_file() and not path.is_symlink())
    _within(size, PROGRAM_BYTES_MAX, "the frozen program")
    return Made(path=str(FROZEN.relative_to(ROOT)), bytes=size, sha256=_hash_folder(FROZEN))


def deb() -> Made:
    """Freeze, lay out the files as the target sees them, pack."""
    freeze()
    architecture = ARCHITECTURES.get(platform.machine())
    if architecture is None:
        raise StepFailedError(f"no package is made for {platform.machine()}: freeze on one of {list(ARCHITECTURES)}")
    shutil.rmtree(STAGE, ignore_errors=True)
    _lay_out(STAGE, architecture)
    target = DIST / f"tillstream_{version()}_{architecture}.deb"
    DIST.mkdir(exist_ok=True)
    environment = os.environ | {"SOURCE_DATE_EPOCH": _source_date()}
    _run(["dpkg-deb", "--root-owner-group", "-Zxz", "--build", str(STAGE), str(target)], environment)
    _within(target.stat().st_size, PACKAGE_BYTES_MAX, "the package")
    return _made(target)


def program() -> Made:
    """Pack the frozen program as stores unpack it into a slot (freezes first)."""
    freeze()
    architecture = ARCHITECTURES.get(platform.machine())
    if architecture is None:
        raise StepFailedError(f"no program is packed for {platform.machine()}")
    target = DIST / f"tillstream-{version()}-{architecture}.tar.gz"
    DIST.mkdir(exist_ok=True)
    with (
        gzip.GzipFile(target, "wb", mtime=int(_source_date())) as packed,
        tarfile.open(fileobj=packed, mode="w") as tar,
    ):
        for path in sorted(FROZEN.rglob("*")):
            tar.add(path, path.relative_to(FROZEN).as_posix(), recursive=False, filter=_as_of_nobody)
    _within(target.stat().st_size, PACKAGE_BYTES_MAX, "the packed program")
    return _made(target)


def _as_of_nobody(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Take out of an archive's entry what differs from one builder to the next."""
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mtime = int(_source_date())
    return member


def _lay_out(stage: Path, architecture: str) -> None:
    program = stage / "usr/lib/tillstream/base"
    shutil.copytree(FROZEN, program, symlinks=True)
    for source, place, mode in _FILES:
        target = stage / place
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(HERE / source, target)
        target.chmod(mode)
    size_kib = sum(path.stat().st_size for path in stage.rglob("*") if path.is_file()) // 1024
    filled = (
        (HERE / "debian/control.in")
        .read_text("utf-8")
        .format(version=version(), architecture=architecture, size_kib=size_kib)
    )
    (stage / "DEBIAN/control").write_text(filled, "utf-8")
    notes = stage / "usr/share/doc/tillstream"
    notes.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(ROOT / "LICENSE", notes / "copyright")
    with gzip.GzipFile(notes / "changelog.gz", "wb", mtime=int(_source_date())) as packed:
        packed.write((ROOT / "CHANGELOG.md").read_bytes())
    for path in [stage, *stage.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
            os.utime(path, (int(_source_date()),) * 2)


_FILES: Sequence[tuple[str, str, int]] = (
    ("debian/postinst", "DEBIAN/postinst", 0o755),
    ("debian/prerm", "DEBIAN/prerm", 0o755),
    ("debian/postrm", "DEBIAN/postrm", 0o755),
    ("debian/launcher", "usr/bin/tillstream", 0o755),
    ("debian/launcher", "usr/bin/tillstream-tap", 0o755),
    ("debian/cups-backend", "usr/lib/cups/backend/tillstream", 0o755),
    ("systemd/tillstream.service", "usr/lib/systemd/system/tillstream.service", 0o644),
    ("systemd/tillstream-setup.service", "usr/lib/systemd/system/tillstream-setup.service", 0o644),
    ("systemd/tillstream-update.service", "usr/lib/systemd/system/tillstream-update.service", 0o644),
    ("systemd/tillstream-update.timer", "usr/lib/systemd/system/tillstream-update.timer", 0o644),
    ("systemd/tillstream-hub.service", "usr/lib/systemd/system/tillstream-hub.service", 0o644),
    ("debian/agent.toml.example", "usr/share/doc/tillstream/agent.toml.example", 0o644),
)


def sbom() -> Made:
    """Write what is inside, from the hashed lock that it was installed from (CycloneDX 1.5, JSON)."""
    components = [_component(name, number) for name, number in _locked(ROOT / "requirements.lock")]
    content = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(components))}",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": "tillstream", "version": version()}},
        "components": components,
    }
    DIST.mkdir(exist_ok=True)
    target = DIST / f"tillstream-{version()}.cdx.json"
    target.write_text(json.dumps(content, indent=1) + "\n", "utf-8")
    return _made(target)


def windows() -> Made:
    """Pack a folder that was frozen on Windows into a silent installer (NSIS); the freeze itself cannot run here."""
    if not (FROZEN / "tillstream.exe").is_file():
        raise StepFailedError(f"{FROZEN}: no tillstream.exe; freeze on Windows first (installer/README.md)")
    DIST.mkdir(exist_ok=True)
    target = DIST / f"tillstream-{version()}-setup.exe"
    defines = {"VERSION": version(), "PROGRAM": str(FROZEN), "TARGET": str(target)}
    _run(
        ["makensis", "-V2", *(f"-D{name}={value}" for name, value in defines.items()), str(HERE / "windows/setup.nsi")]
    )
    return _made(target)


def msi() -> Made:
    """Pack a folder that was frozen on Windows for group policy (wixl); the freeze itself cannot run here."""
    if not (FROZEN / "tillstream.exe").is_file():
        raise StepFailedError(f"{FROZEN}: no tillstream.exe; freeze on Windows first (installer/README.md)")
    DIST.mkdir(exist_ok=True)
    return _made(pack_msi(FROZEN, DIST / f"tillstream-{version()}.msi", version()))


def pack_msi(program: Path, target: Path, number: str) -> Path:
    """Pack a program's folder into an MSI of a version; return where it lies."""
    others = sorted(str(path) for path in program.rglob("*") if path.is_file() and path != program / "tillstream.exe")
    words = ["wixl-heat", "-p", f"{program}/", "--component-group", "Program", "--var", "var.PROGRAM"]
    listed = _run([*words, "--directory-ref", "INSTALLDIR", "--win64"], given="\n".join(others) + "\n")
    source = target.with_suffix(".files.wxs")
    source.write_text(listed, "utf-8")
    defines = ["-D", f"VERSION={number}", "-D", f"PROGRAM={program.name}", "-D", "Win64=yes"]
    sources = [str(HERE / "windows/tillstream.wxs"), str(source)]
    _run(["wixl", "-a", "x64", *defines, "-o", str(target), *sources], folder=program.parent)  # it knows no whole paths
    source.unlink()
    return target


def sums() -> Made:
    """Write the SHA-256 of everything in dist/, in the form that `sha256sum -c` reads."""
    made = [path for path in sorted(DIST.glob("tillstream*")) if path.is_file()]
    if not made:
        raise StepFailedError("nothing was made yet: make package")
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in made]
    (DIST / "SHA256SUMS").write_text("".join(lines), "ascii")
    return _made(DIST / "SHA256SUMS")


def version() -> str:
    """Return the project's version."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])


def _locked(lock: Path) -> list[tuple[str, str]]:
    """Return (name, version) of every pin that is not for another system only."""
    pins = [line.split("\\")[0].split(";")[0].strip() for line in lock.read_text("utf-8").splitlines() if "==" in line]
    return [(name, number) for name, _, number in (pin.partition("==") for pin in pins)]


def _component(name: str, number: str) -> dict[str, str]:
    return {"type": "library", "name": name, "version": number, "purl": f"pkg:pypi/{name}@{number}"}


def _source_date() -> str:
    return os.environ.get("SOURCE_DATE_EPOCH") or _run(["git", "-C", str(ROOT), "log", "-1", "--format=%ct"]).strip()


def _within(size: int, limit: int, what: str) -> None:
    if size > limit:
        raise StepFailedError(f"{what} is {size} bytes, more than the {limit} that a store's line and disk allow")


def _made(path: Path) -> Made:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Made(path=str(path.relative_to(ROOT)), bytes=path.stat().st_size, sha256=digest)


def _hash_folder(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        digest.update(str(path.relative_to(folder)).encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _run(
    command: Sequence[str], environment: dict[str, str] | None = None, *, given: str = "", folder: Path | None = None
) -> str:
    try:
        done = subprocess.run(
            command, check=True, capture_output=True, text=True, env=environment, input=given, cwd=folder
        )
    except FileNotFoundError as error:
        raise StepFailedError(f"{command[0]} is not installed") from error
    except subprocess.CalledProcessError as error:
        raise StepFailedError(
            f"{Path(command[0]).name} ended with {error.returncode}: {error.stderr[-2000:]}"
        ) from error
    return done.stdout


STEPS: MappingProxyType[str, Callable[[], Made]] = MappingProxyType(
    {"freeze": freeze, "deb": deb, "program": program, "sbom": sbom, "windows": windows, "msi": msi, "sums": sums}
)


def main() -> int:
    """Run one step."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("step", choices=STEPS)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    arguments = parser.parse_args()
    try:
        made = STEPS[arguments.step]()
    except StepFailedError as error:
        sys.stderr.write(f"{arguments.step}: {error}\n")
        return 1
    print(json.dumps(asdict(made)) if arguments.json else f"{made.path}  {made.bytes} bytes  sha256 {made.sha256}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
