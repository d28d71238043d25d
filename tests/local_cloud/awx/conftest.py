"""A stand-in that the tests share; what one of them made does not outlive it."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3

sys.path.insert(0, str(Path(__file__).parent))

from awx_support import Api, Modules

from local_cloud.awx.standalone import Controller, running_controller

HELLO = """\
- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.debug:
        msg: "{{ greeting | default('hello') }} to {{ inventory_hostname }} by {{ awx_user_name }}, {{ playbook_dir }}"
    - ansible.builtin.debug:
        msg: "{{ kong_admin_url | default('none') }}, {{ lookup('env', 'KONG_TOKEN_FILE') }}"
    - ansible.builtin.set_stats:
        data:
          greeted: "{{ inventory_hostname }}"
"""
FILES = {
    "playbooks/hello.yml": HELLO,
    "playbooks/site.yml": HELLO,
    "roles/service/tasks/main.yml": "- ansible.builtin.debug:\n    msg: no playbook, though it says hosts:\n",
    "inventories/staging/hosts.yml": "all:\n  hosts:\n    localhost:\n      ansible_connection: local\n",
    "inventories/staging/group_vars/all.yml": "environment_name: staging\n",
}


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that stands for the repository of every project."""
    folder = tmp_path_factory.mktemp("repository")
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    return folder


@pytest.fixture(scope="session")
def running(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Controller]:
    with running_controller(tmp_path_factory.mktemp("awx"), project) as controller:
        yield controller


@pytest.fixture
def api(running: Controller) -> Iterator[Api]:
    yield Api(running, urllib3.PoolManager(ca_certs=running.ca_cert))
    running.stand_in.reset()


@pytest.fixture
def modules(running: Controller, api: Api, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Modules:
    """They know no option for an authority, and read a configuration file of the user."""
    monkeypatch.setenv("SSL_CERT_FILE", running.ca_cert)
    monkeypatch.setenv("HOME", str(tmp_path))
    # They ask every second or two.
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    return Modules(running)
