"""A stand-in for AWX: REST API v2, state in memory. Its jobs run the playbooks of one folder with ansible-runner."""

SERVER = "awx-stand-in"
VERSION = "24.6.1"
