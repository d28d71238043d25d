"""Route53: the account comes with the hosted zone of a registered domain, as one on AWS does."""

from __future__ import annotations

from moto.core import DEFAULT_ACCOUNT_ID
from moto.route53.models import route53_backends

from local_cloud.runtime import Runtime


def install(runtime: Runtime) -> None:
    backend = route53_backends[DEFAULT_ACCOUNT_ID]["aws"]
    backend.create_hosted_zone(
        name=f"{runtime.settings.domain}.", private_zone=False, comment="registered domain of the local cloud"
    )
