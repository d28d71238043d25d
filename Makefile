# Thin aliases: each target calls one tool. INVENTORY=inventories/staging turns any of them to AWS.
PYTHON    ?= python3
INVENTORY ?= inventories/local
STAGES    ?=
IMAGE     ?= trademaster-platform:latest
ARGS      ?=

VENV     := .venv/bin
PLAYBOOK := $(VENV)/ansible-playbook -i $(INVENTORY)
# The local cloud is started only for the inventory that lives on it.
ON_LOCAL := $(if $(filter inventories/local inventories/local/,$(INVENTORY)),,@:)
CLOUD    := $(VENV)/python -m local_cloud
# For what people read at a glance: what is told, and nothing of how.
TERSE    := ANSIBLE_STDOUT_CALLBACK=trademaster.platform.terse
# For what programs read as well: without the times of the roles.
QUIET    := $(TERSE) ANSIBLE_CALLBACKS_ENABLED=trademaster.platform.terse

.DEFAULT_GOAL := help
.PHONY: help setup up verify drill deploy rollback rotate releases cicd evidence sbom destroy status logs down test policies record kong-contract bench topology lock awx image plan release

help: ## Show the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo 'INVENTORY=inventories/staging turns up, verify and destroy to AWS; ARGS=… is handed to the tool.'

setup: ## Install what is missing into .venv
	@$(PYTHON) scripts/setup.py

up: setup ## Converge the environment, verify it and print where it answers; ARGS=--check only tells
	$(ON_LOCAL) $(CLOUD) up
	$(PLAYBOOK) playbooks/site.yml $(ARGS)
	$(PLAYBOOK) playbooks/verify.yml $(ARGS)

plan: setup ## Show what site.yml would change, also as JSON and Markdown in .local/plan; exit 2 when it would change something
	@$(VENV)/python -m scripts.plan -i $(INVENTORY) $(ARGS)

verify: setup ## Prove that the environment serves
	$(PLAYBOOK) playbooks/verify.yml $(ARGS)

drill: setup ## Break the environment, see whether the pager knows, repair it: make drill ARGS='-e drill_scenarios=service-down'
	$(PLAYBOOK) playbooks/drill.yml $(ARGS)

deploy: setup ## Release an image, step by step, taken back unless it does well: make deploy TAG=1.4.2; ARGS=--check only tells
	@$(TERSE) $(PLAYBOOK) playbooks/deploy.yml -e '{"release_tag": "$(TAG)"}' $(ARGS)

rollback: setup ## Return to the release before, or to TO=<version or revision>
	@$(TERSE) $(PLAYBOOK) playbooks/rollback.yml $(if $(TO),-e '{"release_to": "$(TO)"}') $(ARGS)

rotate: setup ## Rotate the secrets that are due, or SECRET=<name>; customers notice nothing; ARGS=--check only tells
	@$(TERSE) $(PLAYBOOK) playbooks/rotate.yml $(if $(SECRET),-e '{"rotation_only": ["$(SECRET)"]}') $(ARGS)

releases: setup ## List what was released: make releases ARGS='-e release_service=auth-service'
	@$(QUIET) $(PLAYBOOK) playbooks/releases.yml $(ARGS)

cicd: setup ## Let the pipeline of the service into the account; CHECKOUT=<folder> renders its workflows there
	$(PLAYBOOK) playbooks/cicd.yml $(if $(CHECKOUT),-e '{"cicd_checkout": "$(abspath $(CHECKOUT))"}') $(ARGS)

evidence: setup ## Judge the environment by its security controls and ask Prowler too; writes a report below .local/evidence
	@$(PYTHON) scripts/setup.py --prowler
	$(PLAYBOOK) playbooks/evidence.yml $(ARGS)

awx: setup ## Fill the controller AWX: make awx ARGS='-e awx_state=absent' empties it; ARGS=--check only tells
	$(PLAYBOOK) playbooks/awx.yml $(ARGS)

sbom: ## List the Python packages that the playbooks run on, as a bill of materials in .local/sbom.json
	@$(PYTHON) scripts/setup.py --test
	@mkdir -p .local
	@$(VENV)/cyclonedx-py requirements requirements/runtime.txt --output-reproducible --sv 1.6 -o .local/sbom.json
	@echo .local/sbom.json

destroy: setup ## Remove what site.yml made: make destroy ARGS='-e destroy_confirmed=<environment>'
	$(PLAYBOOK) playbooks/destroy.yml $(ARGS)

release: sbom ## Build the collection in dist, with its part of the changelog: make release VERSION=1.2.3
	@$(VENV)/python -m scripts.release '$(VERSION)'

status: setup ## Show services, traffic, alarms and releases; ARGS='-e status_format=json' shows JSON and nothing else
	@$(QUIET) $(PLAYBOOK) playbooks/status.yml $(ARGS)
	$(ON_LOCAL) @$(CLOUD) status --short >&2

logs: setup ## Show what a service says: make logs SERVICE=auth-service SINCE=15m FILTER=ERROR FOLLOW=1; without one, the local cloud
	@$(if $(SERVICE),$(QUIET) $(PLAYBOOK) playbooks/logs.yml -e '$(LOGS)' $(ARGS),$(CLOUD) logs $(PROCESS))

logs: LOGS = {"logs_service": "$(SERVICE)", "logs_since": "$(SINCE)", "logs_filter": "$(subst ",\",$(FILTER))", "logs_follow": "$(FOLLOW)"}

down: setup ## Stop the local cloud and delete its state
	@$(CLOUD) down

test: ## Run every check; STAGES=lint,unit picks some (python -m scripts.test --list)
	@$(PYTHON) scripts/setup.py --test
	@$(VENV)/python -m scripts.test $(STAGES)

policies: setup ## Derive policies/ from what the playbooks were recorded to call
	@$(PYTHON) scripts/setup.py --test
	@$(VENV)/python -m permissions policies

record: setup ## Record what all playbooks call, on a local cloud of its own, and derive policies/ from it
	@$(PYTHON) scripts/setup.py --test
	@$(VENV)/python -m permissions rehearse
	@$(VENV)/python -m permissions policies

kong-contract: ## Hold the Kong of KONG_ADMIN_URL and KONG_PROXY_URL, or the stand-in, to the contract
	@$(PYTHON) scripts/setup.py --test
	@$(VENV)/python -m scripts.kong_contract $(ARGS)

bench: ## Measure releases, and kong_config beside decK where that is installed; ARGS=releases, or kong_config, measures one
	@$(PYTHON) scripts/setup.py --test
	@$(VENV)/python -m tests.benchmarks $(ARGS)

topology: setup ## Draw docs/images/topology.svg, who reaches whom in the network; ARGS='--inventory … --output …' draws another
	@PYTHONPATH=.venv/collections $(VENV)/python -m scripts.topology $(ARGS)

image: ## Build the execution environment of AWX, with podman or docker: make image IMAGE=registry.example.com/platform:0.1.0
	@$(PYTHON) scripts/setup.py --test
	@rm -rf .local/image && mkdir -p .local/image
	@$(VENV)/ansible-galaxy collection build --output-path .local/image
	@mv .local/image/trademaster-platform-*.tar.gz .local/image/trademaster-platform.tar.gz
	$(VENV)/ansible-builder build --context .local/image/context --tag $(IMAGE) $(ARGS)

lock: ## Pin requirements/*.in anew (needs uv)
	uv pip compile $(LOCK) requirements/test.in -o requirements/test.txt
	uv pip compile $(LOCK) -c requirements/test.txt requirements/local_cloud.in -o requirements/local_cloud.txt
	uv pip compile $(LOCK) -c requirements/test.txt requirements/runtime.in -o requirements/runtime.txt
	uv pip compile $(LOCK) requirements/prowler.in -o requirements/prowler.txt
	uv pip compile $(LOCK) --no-deps requirements/collections.in -o requirements/collections.txt

lock: LOCK = --quiet --universal --generate-hashes --no-annotate --python-version 3.11 --custom-compile-command 'make lock'
