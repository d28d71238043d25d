"""Stand-in for `docker buildx`: writes an OCI layout whose image has nothing in it but its labels."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path

MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def options(text: str) -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in text.split(","))


def stored(layout: Path, content: dict[str, object]) -> tuple[str, int]:
    text = json.dumps(content).encode()
    digest = hashlib.sha256(text).hexdigest()
    (layout / "blobs/sha256" / digest).write_bytes(text)
    return f"sha256:{digest}", len(text)


def build(arguments: argparse.Namespace) -> None:
    assert (Path(arguments.context) / "Dockerfile").is_file(), "no Dockerfile"
    assert arguments.provenance == "false"
    output = options(arguments.output)
    assert (output["type"], output["tar"]) == ("oci", "false")
    layout = Path(output["dest"])
    (layout / "blobs/sha256").mkdir(parents=True)
    labels = dict(label.split("=", 1) for label in arguments.label)
    config, size = stored(layout, {"config": {"Labels": labels}})
    manifest, length = stored(
        layout, {"schemaVersion": 2, "mediaType": MANIFEST, "config": {"digest": config, "size": size}, "layers": []}
    )
    (layout / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    entry = {"mediaType": MANIFEST, "digest": manifest, "size": length}
    (layout / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [entry]}))
    Path(options(arguments.cache_to)["dest"]).mkdir()


def main() -> None:
    print("stand-in for docker buildx")
    if sys.argv[1:] == ["buildx", "create", "--use"]:
        return
    parser = argparse.ArgumentParser()
    parser.add_argument("buildx", choices=["buildx"])
    parser.add_argument("build", choices=["build"])
    parser.add_argument("context")
    parser.add_argument("--label", action="append")
    for name in ("--provenance", "--cache-from", "--cache-to", "--output"):
        parser.add_argument(name, required=True)
    build(parser.parse_args())


main()
