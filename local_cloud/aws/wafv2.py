"""WAF: the load balancers that a web ACL protects."""

from __future__ import annotations

import json
from typing import Any

from moto.wafv2.responses import WAFV2Response

from local_cloud.extensions import operation
from local_cloud.runtime import Runtime


def list_resources_for_web_acl(self: WAFV2Response) -> Any:
    acl = self.wafv2_backend.wacls[self._get_param("WebACLArn")]
    kind = self._get_param("ResourceType") or "APPLICATION_LOAD_BALANCER"
    arns = acl.associated_resources if kind == "APPLICATION_LOAD_BALANCER" else []
    return 200, {"Content-Type": "application/json"}, json.dumps({"ResourceArns": arns})


def install(_runtime: Runtime) -> None:
    operation(WAFV2Response)(list_resources_for_web_acl)
