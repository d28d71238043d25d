"""EFS: DescribeTags, which older clients still call."""

from __future__ import annotations

from typing import Any

from moto.efs import urls
from moto.efs.responses import EFSResponse

from local_cloud.extensions import operation
from local_cloud.runtime import Runtime


def describe_tags(self: EFSResponse) -> Any:
    self.uri_match["ResourceId"] = self.uri_match["FileSystemId"]
    return self.list_tags_for_resource()


def install(_runtime: Runtime) -> None:
    operation(EFSResponse)(describe_tags)
    urls.url_paths["/2015-02-01/tags/<file_system_id>/"] = EFSResponse.dispatch
