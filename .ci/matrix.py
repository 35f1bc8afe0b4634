"""The tests on every Python that is installed, with the lock's versions and the newest: ``make matrix``.

Each environment lies in `_build/matrix`. The newest versions run out of the source distribution, installed with
`[test]` as a reader would, so that it holds what its tests need. What cannot run here is said.
"""

import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HERE = ROOT / "_build" / "matrix"
VERSIONS = ("3.11", "3.12", "3.13", "3.14")
TESTS = ["-m", "pytest", "-q", "-n", "logical", "--dist", "worksteal", "-m", "not slow"]


def found(version: str) -> str | None:
    """Path of an interpreter: by its name, pyenv's, or uv's."""
    named = shutil.which(f"python{version}")  # a shim of pyenv may stand for a version that is not there
    if named and subprocess.run([named, "--version"], capture_output=True, check=False).returncode == 0:
        return named
    own = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python{version}"))
    if own:
        return str(own[-1])
    if shutil.which("uv"):
        done = subprocess.run(["uv", "python", "find", version], capture_output=True, text=True, check=False)
        return done.stdout.strip() or None
    return None


def installed(python: str, name: str, *wanted: str) -> str:
    """Interpreter of a fresh environment with what is wanted."""
    folder = HERE / name
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([python, "-m", "venv", folder], check=True)
    own = str(folder / "bin" / "python")
    for one in wanted:
        pip = [own, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *one.split("\0")], check=True, cwd=ROOT)
    return own


def sources() -> Path:
    """Folder of the unpacked source distribution."""
    shutil.rmtree(HERE / "source", ignore_errors=True)
    build = [sys.executable, "-m", "build", "--sdist", "--no-isolation", "--outdir", str(HERE / "source")]
    subprocess.run(build, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
    (archive,) = (HERE / "source").glob("*.tar.gz")
    with tarfile.open(archive) as packed:
        packed.extractall(HERE / "source", filter="data")
    return archive.with_name(archive.name.removesuffix(".tar.gz"))


def main() -> int:
    """Run all that can run, print a table, and say what cannot; 1 if anything failed."""
    chosen = sys.argv[1:] or VERSIONS
    HERE.mkdir(parents=True, exist_ok=True)
    unpacked, lines, failed = sources(), [], False
    for version in chosen:
        python = found(version)
        for kind in ("lock", "newest"):
            if python is None:
                lines.append(f"{version:5} {kind:7} not run: no python{version} is installed")
                continue
            try:
                if kind == "lock":
                    locked = ("--require-hashes\0-r\0requirements.lock", "--no-deps\0--no-build-isolation\0.")
                    own, folder = installed(python, f"{version}-{kind}", *locked), ROOT
                else:
                    own, folder = installed(python, f"{version}-{kind}", f"{unpacked}[test]"), unpacked
            except subprocess.CalledProcessError as error:
                lines.append(f"{version:5} {kind:7} NOT INSTALLED: {' '.join(map(str, error.cmd[3:]))}")
                failed = True
                continue
            code = subprocess.run([own, *TESTS], cwd=folder, check=False).returncode
            lines.append(f"{version:5} {kind:7} {'green' if code == 0 else f'RED, exit code {code}'}")
            failed |= code != 0
    print("\n".join(lines))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
