# Every target sets up what it needs by itself. Settings: STACK=, DEBUG=1; see `make help`.

# The variables that a target takes: those of every target, then its own. What else stands on make's command line is refused
# before anything runs, and so is what is in .env and only nearly one of them.
takes.all := STACK DEBUG LOCAL_AWS_PORT LOCAL_HOME PSN_EMULATOR_CACHE DOCKER_HOST CI WORKERS PY \
	AWS_PROFILE AWS_REGION AWS_DEFAULT_REGION AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN \
	AWS_CONFIG_FILE AWS_SHARED_CREDENTIALS_FILE PULUMI_ACCESS_TOKEN PULUMI_BACKEND_URL PULUMI_CONFIG_PASSPHRASE \
	PULUMI_CONFIG_PASSPHRASE_FILE PULUMI_HOME HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy https_proxy no_proxy
takes.deploy := FORCE REFRESH REPLACE DRY_RUN JSON MARKDOWN
takes.preview := REFRESH DETAILED JSON MARKDOWN
takes.promote := FROM TO TAG REPLACE DRY_RUN JSON MARKDOWN
takes.deploy-infra := REFRESH REPLACE DRY_RUN JSON MARKDOWN
takes.update-image := FORCE REPLACE DRY_RUN JSON MARKDOWN
takes.rollback := TAG DRY_RUN
takes.rotate-keys := NOW DRY_RUN
takes.bootstrap := REPOSITORY YES DRY_RUN
takes.smoke := USER PASSWORD
takes.unlock := USER CLIENT SANDBOX DRY_RUN
takes.seed := SANDBOX FILE SEED TTL USER PASSWORD TOKEN
takes.reset := SANDBOX FORCE USER PASSWORD TOKEN
takes.update-base := DRY_RUN
takes.history := JSON
takes.export-data := FILE
takes.import-data := FILE FORCE DRY_RUN
takes.destroy := DRY_RUN JSON MARKDOWN
takes.outputs := JSON
takes.logs := FN ID LEVEL SINCE FOLLOW JSON
takes.trace := ID SINCE JSON
takes.status := JSON
takes.dashboard := PORT
takes.doctor := JSON
takes.check-docker := DRY_RUN
takes.docker-login := DRY_RUN
takes.build-local := DRY_RUN
takes.run-local := FN PORT DRY_RUN
takes.serve := WATCH HOST PORT PUBLIC_URL ISSUER_HOST TLS_CERT TLS_KEY DATA SEED
takes.down := DRY_RUN
takes.clean := DRY_RUN
takes.test := ARGS
takes.test-unit := ARGS
takes.test-infrastructure := ARGS
takes.test-e2e := ARGS
takes.test-operations := ARGS
takes.coverage := ARGS
takes.test-kills := KILLS SEED ARGS
takes.test-model := STEPS SEED DEPLOYED ARGS
takes.test-sandboxes := SANDBOXES STEPS SEED DEPLOYED ARGS
takes.test-fuzz := REQUESTS SEED ARGS
takes.bench := ONLY ROUNDS
takes.compare := ONLY
takes.sbom := FILE
takes.wheel := OUT
FLAGS := WATCH FORCE REFRESH DRY_RUN JSON MARKDOWN DETAILED NOW YES FOLLOW DEPLOYED DEBUG

override before_dotenv := $(.VARIABLES)
-include .env
override dotenv := $(filter-out before_dotenv $(before_dotenv),$(.VARIABLES))

STACK ?= local
PY := .venv/bin/python
WORKERS ?= auto
PYTEST = $(PY) -m pytest -n $(call quoted,$(WORKERS)) --dist loadscope --no-loadscope-reorder
RUN = $(PY) -m infrastructure.cli
FIND_UV = $(PY) -c 'from infrastructure.tools.packages import find_uv; print(find_uv())'
ON := 1 true yes on True Yes On TRUE YES ON
OFF := 0 false no off False No Off FALSE NO OFF
override flag = $(if $(filter $(ON),$(value $(1))),$(2))
JSON_FLAG = $(call flag,JSON,--json)
FORM_FLAG = $(call flag,JSON,--json) $(call flag,MARKDOWN,--markdown)
REPLACE_OPTION = $(call option,REPLACE,--replace)
DRY_FLAG = $(call flag,DRY_RUN,--dry-run)

# What a user gives reaches the shell as one word, whatever is in it: quoted TEXT; given NAME, its value; either
# NAME,DEFAULT; option NAME,--option, nothing unless NAME is given, for the command to refuse where it is empty; typed
# NAME,--option, the same of what is given to make itself, for names such as USER that every shell has.
override given = $(call quoted,$(value $(1)))
override either = $(if $(value $(1)),$(call given,$(1)),$(2))
override typed = $(if $(filter command,$(origin $(1))),$(2)=$(call given,$(1)))
override option = $(if $(filter-out undefined,$(origin $(1))),$(2)=$(call given,$(1)))

override quoted = '$(subst ','\'',$(1))'
override command_line := $(foreach name,$(.VARIABLES),$(if $(filter command,$(firstword $(origin $(name)))),$(name)))
override targets := $(strip $(MAKECMDGOALS))
override own := $(foreach target,$(targets),$(takes.$(target)))
override known_to_any := $(foreach name,$(filter takes.%,$(.VARIABLES)),$($(name)))
override unknown := $(strip $(filter-out $(takes.all) $(own),$(command_line)))
override stray := $(strip $(filter-out $(known_to_any),$(dotenv)))
# A flag's value that is neither on nor off. In the environment an empty one is as none, and DEBUG may be somebody else's.
override odd_value = $(if $(value $(1)),$(filter-out $(ON) $(OFF),$(value $(1))),$(filter $(1),$(command_line)))
override checked := $(filter $(FLAGS),$(own)) $(if $(filter environment,$(origin DEBUG)),,DEBUG)
override odd := $(strip $(foreach name,$(checked),$(if $(call odd_value,$(name)),$(name))) $(if $(strip $(value STACK)),,STACK))
override explain = $(shell python3 bin/explain-variables $(1) $(call quoted,$(targets)) $(call quoted,$(own)) $(call quoted,$(2)) \
	$(foreach name,$(3),$(call quoted,$(name))))
override refused := $(if $(unknown),$(call explain,unknown,$(takes.all) $(own),$(unknown))x) \
	$(if $(stray),$(call explain,dotenv,$(takes.all) $(known_to_any),$(stray))) $(if $(odd),$(call explain,value,,$(odd))x)
ifneq ($(strip $(refused)),)
$(error Nothing was done)
endif

export STACK DEBUG LOCAL_AWS_PORT LOCAL_HOME PSN_EMULATOR_CACHE AWS_PROFILE DOCKER_HOST CI
unexport $(if $(filter-out $(OFF),$(value DEBUG)),,DEBUG)
unexport $(foreach name,LOCAL_AWS_PORT LOCAL_HOME PSN_EMULATOR_CACHE AWS_PROFILE DOCKER_HOST CI,$(if $(value $(name)),,$(name)))

# What this make was called with is not for one that a test or a command calls.
MAKEOVERRIDES =

# A command starts in a fourth of the time from compiled modules, and is found in this folder.
unexport PYTHONDONTWRITEBYTECODE PYTHONSAFEPATH

.DEFAULT_GOAL := help
.PHONY: help setup serve deploy preview promote deploy-infra update-image rollback rotate-keys bootstrap smoke unlock seed reset update-base \
	outputs ecr-url history env status logs trace dashboard \
	export-data import-data \
	destroy down clean doctor check-docker docker-login build-local run-local test test-unit test-infrastructure test-e2e \
	test-operations coverage openapi lint format bench compare audit sbom wheel policies test-kills test-model test-sandboxes \
	test-fuzz

# What is no target, named with those that are like it. A missing .env is none.
.env: ;
.DEFAULT:
	@python3 bin/explain-variables target $(call quoted,$@) \
		"$$(sed -n 's/^\([a-z][a-z0-9-]*\):.*## .*/\1/p' $(firstword $(MAKEFILE_LIST)) | tr '\n' ' ')" '' >/dev/null; exit 2

help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} \
		/^##@ / {printf "\n%s\n", substr($$0, 5)} \
		/^[a-z0-9-]+:.*## / {gsub(/\$$\$$/, "$$", $$2); printf "  %-20s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))
	@printf '\nSettings: STACK=local|local-<name>|dev|staging|prod (default local), DEBUG=1; a target'"'"'s commonest are in its line; a wrong one has all of them listed.\n'

setup:
	@sh bin/setup

##@ Release
deploy: setup ## Build and deploy; ends with the URL (STACK=dev for AWS, FORCE=1 a new release of the same content)
	@$(RUN) deploy $(call flag,FORCE,--force) $(call flag,REFRESH,--refresh) $(REPLACE_OPTION) $(DRY_FLAG) $(FORM_FLAG)

preview: setup ## Show what a deploy would change (JSON=1, MARKDOWN=1, DETAILED=1 fails on changes too, REFRESH=1 finds drift)
	@$(RUN) preview $(FORM_FLAG) $(call flag,DETAILED,--detailed) $(call flag,REFRESH,--refresh)

deploy-infra: setup ## Deploy the infrastructure only; the deployed image stays (REFRESH=1 repairs what was changed by hand)
	@$(RUN) deploy --infrastructure-only $(call flag,REFRESH,--refresh) $(REPLACE_OPTION) $(DRY_FLAG) $(FORM_FLAG)

promote: setup ## Bring the image that FROM runs to TO and put it into service there (FROM=dev TO=staging, TAG=…, DRY_RUN=1)
	@$(RUN) promote $(DRY_FLAG) $(FORM_FLAG) --from=$(call given,FROM) --to=$(call given,TO) $(call option,TAG,--tag) $(REPLACE_OPTION)

update-image: setup ## Build the image and update the functions only
	@$(RUN) deploy --image-only $(call flag,FORCE,--force) $(REPLACE_OPTION) $(DRY_FLAG) $(FORM_FLAG)

rollback: setup ## Put the release before the live one into service again, or TAG=… (DRY_RUN=1); builds nothing
	@$(RUN) rollback $(DRY_FLAG) $(call option,TAG,--tag)

rotate-keys: setup ## Let a new key sign tokens; the old one goes when its tokens have expired (NOW=1, DRY_RUN=1)
	@$(RUN) rotate-keys $(call flag,NOW,--now) $(DRY_FLAG)

update-base: setup ## Note the digest of the base image in a stack's file, for its builds to start from (STACK=dev, DRY_RUN=1)
	@$(RUN) update-base $(DRY_FLAG)

smoke: setup ## Ask the deployed API whether it answers as it must, logged in too (USER=… PASSWORD=…, else the documented user)
	@$(RUN) smoke $(call typed,USER,--user) $(call typed,PASSWORD,--password)

bootstrap: setup ## Make the state's bucket and key and the role of GitHub's jobs, once an account (STACK=dev, REPOSITORY=owner/name, YES=1, DRY_RUN=1)
	@$(RUN) bootstrap $(call flag,YES,--yes) $(DRY_FLAG) --repository=$(call given,REPOSITORY)

unlock: setup ## Lift the lock-out of a user, or a client, after failed logins (USER=testuser, CLIENT=demo-backend, DRY_RUN=1)
	@$(RUN) unlock $(DRY_FLAG) $(call typed,USER,--user) $(call typed,CLIENT,--client) $(call typed,SANDBOX,--sandbox)

seed: setup ## Have a sandbox hold a seed (SANDBOX=ci-7, FILE=seed.yaml or SEED=large-1000, TTL=PT2H, USER=… PASSWORD=… or TOKEN=…)
	@$(RUN) seed $(call typed,SANDBOX,--sandbox) $(call typed,FILE,--file) $(call typed,SEED,--seed) $(call typed,TTL,--ttl) \
		$(call typed,USER,--user) $(call typed,PASSWORD,--password) $(call typed,TOKEN,--token)

reset: setup ## Reset a sandbox to its seed (SANDBOX=ci-7, USER=… PASSWORD=… or TOKEN=…; FORCE=1 the default one, by AWS credentials)
	@$(RUN) reset $(call flag,FORCE,--force) $(call typed,SANDBOX,--sandbox) $(call typed,USER,--user) $(call typed,PASSWORD,--password) \
		$(call typed,TOKEN,--token)

history: setup ## List the updates: version, time, result, tag, message (JSON=1)
	@$(RUN) history $(JSON_FLAG)

export-data: setup ## Save what is in the table in a file (FILE=data.jsonl)
	@$(RUN) export-data --file=$(call given,FILE)

import-data: setup ## Bring such a file back into the empty table (FILE=data.jsonl, FORCE=1 into one that is not empty, DRY_RUN=1)
	@$(RUN) import-data $(call flag,FORCE,--force) $(DRY_FLAG) --file=$(call given,FILE)

destroy: setup ## Delete the stack's resources (DRY_RUN=1 shows only; prod asks for its name)
	@$(RUN) destroy $(DRY_FLAG) $(FORM_FLAG)

##@ Look
outputs: setup ## Print the stack's outputs (JSON=1)
	@$(RUN) outputs $(JSON_FLAG)

ecr-url: setup ## Print the URL of the image repository
	@$(RUN) ecr-url

status: setup ## Say how the stack is: release, health, functions, alarms, data, disk (JSON=1); fails where something is wrong
	@$(RUN) status $(JSON_FLAG)

logs: setup ## Print a function's log, or all of a request (FN=gateway, by default players-create; ID=…, LEVEL=, SINCE=10m, FOLLOW=1, JSON=1)
	@$(RUN) logs $(call flag,FOLLOW,--follow) $(JSON_FLAG) $(call option,FN,--fn) $(call typed,ID,--id) \
		$(call typed,LEVEL,--level) $(call option,SINCE,--since)

trace: setup ## Show where a request's time went, by any of its ids (ID=…, SINCE=1h, JSON=1)
	@$(RUN) trace $(JSON_FLAG) $(call typed,ID,--id) $(call option,SINCE,--since)

dashboard: setup ## Draw the local stack's dashboard in the browser; print the URL of another's (PORT=…)
	@$(RUN) dashboard $(call typed,PORT,--port)

env: setup ## Print the shell lines that let the pulumi command see the stack: eval "$$(make -s env)"
	@$(RUN) env

doctor: setup ## Say what is there, what is missing and how to get it (JSON=1)
	@$(RUN) doctor $(JSON_FLAG)

##@ Local environment
serve: setup ## Serve the whole API here without Docker and AWS (WATCH=1 new code at once, PORT=8080, HOST=, PUBLIC_URL=, DATA=folder, SEED=file)
	@exec $(PY) -m serve $(call flag,WATCH,--watch) $(call typed,HOST,--host) $(call typed,PORT,--port) \
		$(call typed,PUBLIC_URL,--public-url) $(call typed,ISSUER_HOST,--issuer-host) \
		$(call typed,TLS_CERT,--tls-cert) $(call typed,TLS_KEY,--tls-key) $(call typed,DATA,--data) $(call typed,SEED,--seed)

check-docker: setup ## Check the Docker engine; start or install it where that is possible (DRY_RUN=1)
	@$(RUN) check-docker $(DRY_FLAG)

docker-login: setup ## Log Docker in to the stack's image repository (DRY_RUN=1)
	@$(RUN) docker-login $(DRY_FLAG)

build-local: setup ## Build the image as psn-emulator:local (DRY_RUN=1)
	@$(RUN) build-local $(DRY_FLAG)

run-local: setup ## Run one function's container on port 9000 (FN=root, PORT=9000, DRY_RUN=1)
	@$(RUN) run-local $(DRY_FLAG) $(call option,FN,--fn) $(call option,PORT,--port)

down: setup ## Stop the local AWS; its data stays (DRY_RUN=1)
	@$(RUN) down $(DRY_FLAG)

clean: setup ## Stop the local AWS and delete this checkout's local state (DRY_RUN=1)
	@$(RUN) clean $(DRY_FLAG)

##@ Check
test: setup ## Run lint, unit, infrastructure, browser and end-to-end tests; the longer proofs have targets of their own
	@$(PYTEST) tests --ignore=tests/operations $(ARGS)

test-unit: setup ## Run the unit and security tests
	@$(PYTEST) tests/unit tests/security $(ARGS)

test-infrastructure: setup ## Run the tests of the Pulumi program, the stand-in plugin and the local environment
	@$(PYTEST) tests/infrastructure $(ARGS)

test-e2e: setup ## Deploy a stack of its own and test it over HTTP
	@$(PYTEST) tests/e2e $(ARGS)

test-operations: setup ## Roll back, promote, rotate keys, take Docker, registry, disk and AWS away, run the benchmarks once (about 20 minutes)
	@$(PYTEST) tests/operations $(ARGS)

coverage: setup ## Measure the coverage of what runs in process; HTML in htmlcov/
	@$(PYTEST) tests/unit tests/security tests/infrastructure --cov --cov-report=term --cov-report=html \
		--cov-fail-under=90 $(ARGS)

openapi: setup ## Write the API's description, handlers/openapi.json, as the route table and the models are now
	@$(PY) -m openapi

lint: setup ## Check style, types, security rules and import directions
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@.venv/bin/mypy --config-file= --strict --python-version 3.10 psn_partner_emulator/testing
	@.venv/bin/bandit -q -c pyproject.toml -r main.py routes.py variables.py account_rules.py authorizer.py handlers models services utils openapi seeding serve infrastructure psn_partner_emulator
	@.venv/bin/lint-imports

format: setup ## Format the code
	@.venv/bin/ruff check --fix .
	@.venv/bin/ruff format .

audit: setup ## Ask PyPI whether a package that the image has is known to be vulnerable
	@export UV="$$($(FIND_UV))" requirements="$$(mktemp)" && trap 'rm -f "$$requirements"' EXIT && \
		"$$UV" export --quiet --frozen --no-default-groups --extra aws --no-emit-project --output-file "$$requirements" && \
		"$$UV" run --quiet --isolated --frozen --only-group audit pip-audit --requirement "$$requirements" \
			--require-hashes --disable-pip --strict --progress-spinner off

sbom: setup ## Write what the image has as a CycloneDX document (FILE=sbom.json)
	@"$$($(FIND_UV))" export --quiet --frozen --no-default-groups --extra aws --no-emit-project --format cyclonedx1.5 \
		--output-file $(call either,FILE,sbom.json) && echo "Written to "$(call either,FILE,sbom.json)

wheel: setup ## Build the wheels of the emulator alone and of its pytest plugin (OUT=dist)
	@mkdir -p $(call either,OUT,dist) && out="$$(CDPATH='' cd -- $(call either,OUT,dist) && pwd)" && \
		for project in . psn_partner_emulator/testing; do \
			(cd "$$project" && $(abspath $(PY)) -P -m hatchling build -t wheel -d "$$out") || exit; \
		done

policies: setup ## Run checkov over what the program declares of every stack; fails on what has no reason to be there
	@$(PY) -m tests.policies.checkov

test-kills: setup ## Kill deploys at random moments; the next one has to mend all (KILLS=25, SEED=…)
	@KILLS=$(call either,KILLS,25) SEED=$(call either,SEED,$$(date +%s)) $(PY) -m pytest tests/kills/test_kills.py -s $(ARGS)

test-model: setup ## Send the API random requests and hold it against its model (STEPS=2000, SEED=…, DEPLOYED=1)
	@MODEL_STEPS=$(call either,STEPS,2000) MODEL_SEED=$(call either,SEED,$$(date +%s)) $(PY) -m pytest -q \
		$(if $(call flag,DEPLOYED,on),tests/e2e/test_model.py,tests/unit/players/test_model.py) $(ARGS)

test-sandboxes: setup ## Use many sandboxes at once, each held against a model of its own (SANDBOXES=200, STEPS=50, SEED=…, DEPLOYED=1)
	@ISOLATION_SANDBOXES=$(call either,SANDBOXES,200) ISOLATION_STEPS=$(call either,STEPS,50) ISOLATION_SEED=$(call either,SEED,$$(date +%s)) \
		$(PY) -m pytest -q -s $(if $(call flag,DEPLOYED,on),tests/e2e,tests/unit/sandboxes)/test_isolation.py $(ARGS)

test-fuzz: setup ## Send a deployed stack requests made of its document, valid and not, and good ones made wrong (REQUESTS=10000, SEED=…)
	@REQUESTS=$(call either,REQUESTS,10000) SEED=$(call either,SEED,$$(date +%s)) $(PY) -m pytest tests/e2e/test_fuzz.py tests/e2e/test_mutation_run.py -s $(ARGS)

bench: setup ## Run the benchmarks (ONLY=name, ROUNDS=9)
	@$(PY) -m tests.bench $(call option,ROUNDS,--rounds) -- $(foreach name,$(value ONLY),$(call quoted,$(name)))

compare: setup ## Run six scenarios against WireMock, MockServer, mock-oauth2-server and a stack of its own (ONLY=wiremock; Java, Maven)
	@$(PY) -m tests.comparison -- $(foreach name,$(value ONLY),$(call quoted,$(name)))
