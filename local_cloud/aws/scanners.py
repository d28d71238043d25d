"""What scanners of an account ask, and moto cannot answer: where there is nothing, that there is nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.responses import EC2Response
from moto.guardduty.models import Detector
from moto.kms.models import KmsBackend
from moto.rds.models import DBInstance
from moto.ssm.responses import SimpleSystemManagerResponse

from local_cloud.extensions import around, attribute, operation
from local_cloud.runtime import Runtime


def install(runtime: Runtime) -> None:
    operation(EC2Response)(describe_client_vpn_endpoints)
    operation(SimpleSystemManagerResponse)(describe_instance_information)
    operation(SimpleSystemManagerResponse)(list_resource_compliance_summaries)
    around(KmsBackend, "create_key")(_of_one_region)
    around(Detector, "to_json")(_with_data_sources)
    attribute(DBInstance, "enhanced_monitoring_resource_arn", _monitoring_stream)


def describe_client_vpn_endpoints(self: EC2Response) -> ActionResult:
    return ActionResult({"ClientVpnEndpoints": []})


def describe_instance_information(self: SimpleSystemManagerResponse) -> ActionResult:
    return ActionResult({"InstanceInformationList": []})


def list_resource_compliance_summaries(self: SimpleSystemManagerResponse) -> ActionResult:
    return ActionResult({"ResourceComplianceSummaryItems": []})


def _of_one_region(original: Callable[..., Any], self: KmsBackend, *arguments: Any, **named: Any) -> Any:
    """Keys say of themselves whether they are of several regions, also those that were not told."""
    key = original(self, *arguments, **named)
    key.multi_region = bool(key.multi_region)
    return key


def _monitoring_stream(self: DBInstance) -> str | None:
    """The log stream of an instance whose operating system is watched."""
    if not self.monitoring_interval:
        return None
    place = f"{self.region}:{self.account_id}:log-group:RDSOSMetrics:log-stream"
    return f"arn:{self.partition}:logs:{place}:{self.dbi_resource_id}"


def _with_data_sources(original: Callable[..., Any], self: Detector) -> dict[str, Any]:
    """Data sources are what features were called before, and say the same."""
    shown: dict[str, Any] = original(self)
    states = {feature["name"]: feature.get("status", "DISABLED") for feature in self.features or []}
    shown["dataSources"]["s3Logs"] = {"status": states.get("S3_DATA_EVENTS", "DISABLED")}
    shown["dataSources"]["kubernetes"] = {"auditLogs": {"status": states.get("EKS_AUDIT_LOGS", "DISABLED")}}
    return shown
