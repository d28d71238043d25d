"""What this project is made of is pinned, what it is built into can be verified, and no secret is committed."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from scripts import find_secrets

ROOT = Path(__file__).resolve().parents[3]
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
# Put together here, so that none of them stands in a file.
PLANTED = {
    "AWS Access Key": "key = AKIA" + "Q7Z3XKLM2N4PRS5T",
    "Private Key": "-----BEGIN " + "RSA PRIVATE KEY-----",
    "GitHub Token": "token: ghp_" + "wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx",
    "Basic Auth Credentials": "url = https://somebody:" + "h1dd3n-w0rd@db.internal/",
    "JSON Web Token": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9" + ".eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJlLW9mLWl0",
}


@pytest.mark.parametrize("kind", PLANTED)
def test_a_planted_secret_is_found_and_not_shown(kind: str, tmp_path: Path) -> None:
    planted = tmp_path / "settings.txt"
    planted.write_text(f"harmless = 1\n{PLANTED[kind]}\n")

    done = subprocess.run(
        [sys.executable, find_secrets.__file__, planted], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done.stderr
    assert f"{planted}:2: {kind}" in done.stdout
    assert PLANTED[kind] not in done.stdout + done.stderr


def test_what_holds_no_secret_passes(tmp_path: Path) -> None:
    (tmp_path / "settings.txt").write_text("password_length = 40\nurl = https://db.internal/\n")
    done = subprocess.run([sys.executable, find_secrets.__file__, tmp_path / "settings.txt"], cwd=ROOT, check=False)
    assert done.returncode == 0


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_package_is_pinned_with_hashes(lock: Path) -> None:
    requirements = re.split(r"\n(?=[a-zA-Z])", lock.read_text())[1:]
    assert requirements
    assert [one.split()[0] for one in requirements if "==" not in one or "--hash=sha256:" not in one] == []
    assert lock.with_suffix(".in").exists()


def test_what_is_built_can_be_verified(tmp_path: Path) -> None:
    build = [Path(sys.executable).with_name("ansible-galaxy"), "collection", "build", "--output-path", tmp_path]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (artifact,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(artifact) as archive:
        content = {
            member.name: archive.extractfile(member).read()  # type: ignore[union-attr]
            for member in archive.getmembers()
            if member.isfile()
        }
    manifest = json.loads(content.pop("MANIFEST.json"))["file_manifest_file"]
    assert hashlib.sha256(content["FILES.json"]).hexdigest() == manifest["chksum_sha256"]
    listed = {file["name"]: file["chksum_sha256"] for file in json.loads(content.pop("FILES.json"))["files"]}
    assert {name: hashlib.sha256(data).hexdigest() for name, data in content.items()} == {
        name: checksum for name, checksum in listed.items() if checksum
    }


def test_the_bill_of_materials_lists_what_is_locked(tmp_path: Path) -> None:
    lock, bill = ROOT / "requirements" / "runtime.txt", tmp_path / "sbom.json"
    tool = Path(sys.executable).with_name("cyclonedx-py")
    subprocess.run([tool, "requirements", lock, "--sv", "1.6", "-o", bill], check=True, capture_output=True)
    listed = {f"{one['name']}=={one['version']}" for one in json.loads(bill.read_text())["components"]}
    assert {line.split()[0] for line in lock.read_text().splitlines() if re.match(r"[a-zA-Z]", line)} == listed
