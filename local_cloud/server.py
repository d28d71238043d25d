"""The server process: moto, extended, with the data planes in its threads. Started by the supervisor."""

from __future__ import annotations

import importlib
import logging
import os
import signal
import sys
import threading
from types import FrameType
from typing import Any

from local_cloud.settings import IMAGES, Settings

LOG = logging.getLogger("local_cloud")

# Services that a run of the playbooks needs: imported while the first requests are already answered.
_PRELOADED = (
    "sts ec2 kms iam s3 logs secretsmanager ssm ecs ecr elbv2 rds elasticache acm route53 cloudwatch "
    "applicationautoscaling servicediscovery efs sns wafv2 resourcegroupstaggingapi events cloudtrail"
).split()


def moto_environment(settings: Settings) -> dict[str, str]:
    """Read by moto when it is imported, so set before."""
    return {
        "MOTO_PORT": str(settings.aws_port),
        "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",
        "MOTO_EC2_LOAD_DEFAULT_AMIS": "false",
        "MOTO_ACM_VALIDATION_WAIT": "0",
    }


def build_runtime(settings: Settings) -> Any:
    from local_cloud.addresses import Addresses
    from local_cloud.certificates import Authority
    from local_cloud.ecs.images import ImageTable
    from local_cloud.endpoints import Endpoints
    from local_cloud.processes import Processes
    from local_cloud.runtime import Runtime
    from local_cloud.tools import Tools

    authority = Authority(settings.state)
    fixed = {
        "aws": settings.aws_endpoint,
        "https": f"https://127.0.0.1:{settings.https_port}",
        "http": f"http://127.0.0.1:{settings.http_port}",
        "dns": f"{settings.dns_address}:{settings.dns_port}",
        "ca": str(authority.certificate),
        "network": settings.network,
        "region": settings.region,
    }
    return Runtime(
        settings=settings,
        processes=Processes(settings.records, settings.state),
        addresses=Addresses(settings.network),
        authority=authority,
        tools=Tools(settings.debian),
        endpoints=Endpoints(settings.endpoints, fixed),
        images=ImageTable(IMAGES, settings.images),
    )


def serve(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT."""
    from local_cloud.awx import process as awx
    from local_cloud.extensions import install_all
    from local_cloud.github import process as github
    from local_cloud.pagerduty import process as pagerduty
    from local_cloud.runtime import set_runtime
    from local_cloud.throttling import Application, Throttling

    runtime = build_runtime(settings)
    set_runtime(runtime)
    stand_ins = [stand_in.start(runtime) for stand_in in (pagerduty, github, awx)]
    from moto.moto_server.werkzeug_app import (
        DomainDispatcherApplication,
        MotoRequestHandler,
        create_backend_app,
    )
    from werkzeug.serving import make_server

    application: Application = DomainDispatcherApplication(create_backend_app)
    if settings.strict:
        application = Throttling(application)
    server = make_server("127.0.0.1", settings.aws_port, application, threaded=True, request_handler=MotoRequestHandler)

    def stop(number: int, _frame: FrameType | None) -> None:
        LOG.info("stopping on %s", signal.Signals(number).name)
        threading.Thread(target=server.shutdown, daemon=True).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    # A shell ignores it on behalf of what it starts in the background; containers are to start without such a past.
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)
    LOG.info("extensions: %s", ", ".join(install_all(runtime)))
    threading.Thread(target=_preload, daemon=True, name="preload").start()
    for part in stand_ins:
        part.wait_until_ready()
    runtime.endpoints.open()
    LOG.info("local cloud (moto, extended) answers on %s", settings.aws_endpoint)
    server.serve_forever()
    runtime.stop()
    LOG.info("stopped")


def _preload() -> None:
    for service in _PRELOADED:
        importlib.import_module(f"moto.{service}.responses")


def main() -> None:
    settings = Settings.from_environment()
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # One line per request would drown everything else.
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    os.environ.update(moto_environment(settings))
    serve(settings)


if __name__ == "__main__":
    main()
