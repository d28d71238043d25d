"""What a node says of its memory: the whole process stands for a Lua VM, and shared dictionaries are empty."""

from __future__ import annotations

import os

from local_cloud import procfs

MEBIBYTE = 2**20

# Names and sizes that monitoring may look for; nothing is in them here.
SHARED_DICTS = {
    "kong": 5,
    "kong_locks": 8,
    "kong_healthchecks": 5,
    "kong_cluster_events": 5,
    "kong_rate_limiting_counters": 12,
    "kong_core_db_cache": 128,
    "kong_core_db_cache_miss": 12,
    "kong_db_cache": 128,
    "kong_db_cache_miss": 12,
    "kong_secrets": 5,
    "prometheus_metrics": 5,
}


def worker_bytes() -> int:
    return procfs.resident_bytes([os.getpid()])
