"""A stand-in for Kong Gateway 3.9.1: Admin API on PostgreSQL, status API, and a proxy."""

VERSION = "3.9.1"
SERVER = f"kong-stand-in/{VERSION}"
