"""A task gets all files of its configuration unaltered, or ends with one line that says why not."""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._aws.s3.file_set_model import digest_of
from botocore.exceptions import ClientError

SCRIPT = Path(__file__).parents[3] / "roles/ecs_service/files/fetch_configuration.py"
FILES = {"prometheus.yml": "global: {}\n", "rules/größe.yml": "groups: []\n"}


class Bucket:
    """S3 with two objects a page."""

    def __init__(self, objects: Mapping[str, str]) -> None:
        self._objects = objects

    def get_paginator(self, _operation: str) -> Bucket:
        return self

    def paginate(self, **wanted: str) -> list[dict[str, Any]]:
        if wanted["Bucket"] == "missing":
            raise ClientError({"Error": {"Code": "NoSuchBucket", "Message": "no bucket"}}, "ListObjectsV2")
        keys = [key for key in self._objects if key.startswith(wanted["Prefix"])]
        return [{"Contents": [{"Key": key}]} for key in keys] or [{}]

    def get_object(self, **wanted: str) -> dict[str, Any]:
        return {"Body": io.BytesIO(self._objects[wanted["Key"]].encode())}


@pytest.fixture
def fetch(monkeypatch: pytest.MonkeyPatch) -> Callable[[Mapping[str, str]], ModuleType]:
    def script_with(objects: Mapping[str, str]) -> ModuleType:
        spec = importlib.util.spec_from_file_location("fetch_configuration", SCRIPT)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        monkeypatch.setattr(module.boto3, "client", lambda _service: Bucket(objects))
        return module

    return script_with


def test_the_files_are_in_place_and_others_may_read_them(fetch: Any, tmp_path: Path) -> None:
    prefix = f"prometheus/{digest_of(FILES)}"
    fetch({f"{prefix}/{path}": text for path, text in FILES.items()}).main("bucket", prefix, str(tmp_path))

    assert {path: (tmp_path / path).read_text() for path in FILES} == FILES
    assert all((tmp_path / path).stat().st_mode & 0o004 for path in FILES)
    assert (tmp_path / "rules").stat().st_mode & 0o005 == 0o005


@pytest.mark.parametrize(
    ("bucket", "stored", "reason"),
    [
        ("bucket", {}, "no files there"),
        ("bucket", {"prometheus.yml": FILES["prometheus.yml"]}, "missing or altered"),
        ("bucket", {**FILES, "prometheus.yml": "altered"}, "missing or altered"),
        ("bucket", {**FILES, "more.yml": ""}, "missing or altered"),
        ("missing", {}, "NoSuchBucket"),
    ],
)
def test_files_that_are_not_all_there_are_not_used(
    fetch: Any, tmp_path: Path, bucket: str, stored: Mapping[str, str], reason: str
) -> None:
    prefix = f"prometheus/{digest_of(FILES)}"
    script = fetch({f"{prefix}/{path}": text for path, text in stored.items()})

    with pytest.raises(SystemExit, match=reason) as ended:
        script.main(bucket, prefix, str(tmp_path))

    assert "\n" not in str(ended.value)
    assert list(tmp_path.iterdir()) == []
