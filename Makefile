# Thin aliases: each target calls one tool. INVENTORY=inventories/staging turns any of them to AWS.
PYTHON    ?= python3
INVENTORY ?= inventories/local
STAGES    ?=
ARGS      ?=

VENV     := .venv/bin
PLAYBOOK := $(VENV)/ansible-playbook -i $(INVENTORY)
# The local cloud is started only for the inventory that lives on it.
ON_LOCAL := $(if $(filter inventories/local inventories/local/,$(INVENTORY)),,@:)
CLOUD    := $(VENV)/python -m local_cloud

.DEFAULT_GOAL := help
.PHONY: help setup up verify destroy status logs down test kong-contract bench lock

help: ## Show the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo 'INVENTORY=inventories/staging turns up, verify and destroy to AWS; ARGS=… is handed to the tool.'

setup: ## Install what is missing into .venv
	@$(PYTHON) scripts/setup.py

up: setup ## Converge the environment, verify it and print where it answers; ARGS=--check only tells
	$(ON_LOCAL) $(CLOUD) up
	$(PLAYBOOK) playbooks/site.yml $(ARGS)
	$(PLAYBOOK) playbooks/verify.yml $(ARGS)

verify: setup ## Prove that the environment serves
	$(PLAYBOOK) playbooks/verify.yml $(ARGS)

destroy: setup ## Remove what site.yml made: make destroy ARGS='-e destroy_confirmed=<environment>'
	$(PLAYBOOK) playbooks/destroy.yml $(ARGS)

status: setup ## Show what runs on the local cloud
	@$(CLOUD) status

logs: setup ## Show logs of the local cloud: make logs SERVICE=name
	@$(CLOUD) logs $(SERVICE)

down: setup ## Stop the local cloud and delete its state
	@$(CLOUD) down

test: ## Run every check; STAGES=lint,unit picks some (scripts/test.py --list)
	@$(PYTHON) scripts/setup.py --test
	@$(VENV)/python scripts/test.py $(STAGES)

kong-contract: ## Hold the Kong of KONG_ADMIN_URL and KONG_PROXY_URL, or the stand-in, to the contract
	@$(PYTHON) scripts/setup.py --test
	@$(VENV)/python -m scripts.kong_contract $(ARGS)

bench: ## Measure what kong_config costs, beside decK where that is installed
	@$(PYTHON) scripts/setup.py --test
	@$(VENV)/python -m tests.benchmarks

lock: ## Pin requirements/*.in anew (needs uv)
	uv pip compile $(LOCK) requirements/test.in -o requirements/test.txt
	uv pip compile $(LOCK) -c requirements/test.txt requirements/local_cloud.in -o requirements/local_cloud.txt
	uv pip compile $(LOCK) -c requirements/test.txt requirements/runtime.in -o requirements/runtime.txt
	uv pip compile $(LOCK) --no-deps requirements/collections.in -o requirements/collections.txt

lock: LOCK = --quiet --universal --generate-hashes --no-annotate --python-version 3.11 --custom-compile-command 'make lock'
