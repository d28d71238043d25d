"""Pulling an image: from ECR as moto holds it, or from the table for every other registry."""

from __future__ import annotations

from dataclasses import dataclass

from moto.ecr.models import Image as EcrImage
from moto.ecr.models import ecr_backends

from local_cloud.ecs import roles
from local_cloud.ecs.errors import CannotPullContainerError, ResourceInitializationError
from local_cloud.ecs.images import Image, ImageTable, Reference


@dataclass(frozen=True)
class Pulled:
    image: Image
    digest: str


def pull(table: ImageTable, text: str, execution_role: str | None) -> Pulled:
    """Raises CannotPullContainerError."""
    reference = Reference.parse(text)
    if reference.account is None or reference.region is None:
        image = table.public(reference)
        tag = reference.tag or str(image.tag_of(str(reference.digest)))
        return Pulled(image.at(tag), reference.digest or image.digest(tag))
    found = _in_repository(reference, reference.account, reference.region)
    if execution_role:
        _check_access(reference, execution_role)
    image_of_table = table.get(reference.repository)
    if image_of_table is None:
        detail = f"the local cloud's image table has no entry {reference.repository}"
        raise CannotPullContainerError(text, detail)
    return Pulled(image_of_table.at(reference.tag or next(iter(found.image_tags), "")), found.get_image_digest())


def _in_repository(reference: Reference, account: str, region: str) -> EcrImage:
    repository = ecr_backends[account][region].repositories.get(reference.repository)
    for image in repository.images if repository else []:
        if reference.digest and image.get_image_digest() != reference.digest:
            continue
        if reference.tag is None or reference.tag in image.image_tags:
            return image
    raise CannotPullContainerError(reference.text, f"{reference.text}: not found")


def _check_access(reference: Reference, role: str) -> None:
    arn = f"arn:aws:ecr:{reference.region}:{reference.account}:repository/{reference.repository}"
    try:
        roles.check_allowed(role, "ecr:BatchGetImage", arn, "unable to pull registry auth from Amazon ECR")
        roles.check_allowed(role, "ecr:GetAuthorizationToken", "*", "unable to pull registry auth from Amazon ECR")
    except ResourceInitializationError as error:
        raise CannotPullContainerError(reference.text, str(error)) from None
