"""A stand-in for AWX: REST API v2."""

SERVER = "awx-stand-in"
