# The project's commands; `make help` lists them. Start with `make up` or `make test`.
# Every target installs what it needs: packages into venv/, the engine into the user's cache folder.

STACK ?= test
CLOUD ?= aws
PYTHON ?= python3
# PROVIDER=6 or PROVIDER=5 chooses the generation of Terraform's AWS provider that a built engine runs.
ifdef PROVIDER
export AGENTKEYS_PROVIDER := $(PROVIDER)
endif
# Every process would compile all modules and tests again in a shell that keeps Python from writing what it compiled.
export PYTHONDONTWRITEBYTECODE :=
SANDBOX = venv/bin/python -m sandbox
COMPILE = venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
	--custom-compile-command "make lock"
FAST = tests --ignore=tests/sandbox --ignore=tests/clouds -m "not engine and not sandbox and not clouds" -q --numprocesses auto --dist loadfile
SLOW = tests -m "engine or sandbox" -p tests.support.lanes --numprocesses auto --dist loadscope --no-loadscope-reorder \
	--max-worker-restart 0 -v --durations 15

.DEFAULT_GOAL := help
.PHONY: help setup setup-cloud policypack up preview down env test hosts-all test-clouds test-fast test-policies test-certbots check golden validate-aws bench chaos mutants engine tools \
	sandbox-start sandbox-status sandbox-stop sandbox-reset graph lock licences pins

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "  STACK=prod or STACK=test (default) chooses the stack of up, preview, down and bench."
	@echo "  CLOUD=host, gcp or tencentcloud chooses another cloud of up, preview, down and env; the default is aws."

setup: venv/.installed venv/bin/agentkeys ## install the locked packages and the command agentkeys into venv/

venv/.installed: requirements/dev.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and \
		f"Python 3.11 or newer is needed, {sys.executable} is {sys.version.split()[0]}. Run make PYTHON=/path/to/python3.11")' >&2
	@echo "installing the locked packages into venv/ (about a minute)" >&2
	@venv/bin/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear venv
	@venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $< >&2
	@touch $@

venv/bin/agentkeys: ops/agentkeys venv/.installed
	@install -m 755 $< $@

policypack: setup ## install the policy pack's packages, for use outside the sandbox
	@venv/bin/python -m dev.toolchain.virtualenv policypack/venv requirements/policypack.lock

setup-cloud: setup ## install the packages of the program of CLOUD (alicloud, gcp, tencentcloud) into clouds/CLOUD/venv
	@case "$(CLOUD)" in alicloud | gcp | tencentcloud) ;; *) echo \
		"error: CLOUD=$(CLOUD) has no packages of its own; give CLOUD=alicloud, CLOUD=gcp or CLOUD=tencentcloud" >&2; exit 1 ;; esac
	@venv/bin/python -m dev.toolchain.virtualenv clouds/$(CLOUD)/venv requirements/$(CLOUD).lock

tools: setup ## install the Debian packages that sandbox and tests need (as root)
	@$(SANDBOX) tools

engine: setup ## download or build the Pulumi engine and its plugins; PROVIDER=6 builds the AWS provider too (hours)
	@venv/bin/python -m sandbox.engine build

up: setup ## bring STACK up in the sandbox, from any earlier state
	@$(SANDBOX) up --stack $(STACK) --cloud $(CLOUD)

preview: setup ## show what an up of STACK would change
	@$(SANDBOX) preview --stack $(STACK) --cloud $(CLOUD)

down: setup ## destroy STACK in the sandbox, even after a failed up
	@$(SANDBOX) down --stack $(STACK) --cloud $(CLOUD)

env: setup ## print the sandbox's environment: eval "$(make -s env)"
	@$(SANDBOX) env --stack $(STACK) --cloud $(CLOUD)

test: tools ## run all tests: the fast ones, then the slow ones in several sandboxes at once
	venv/bin/python -m pytest $(FAST) -x
	@$(SANDBOX) build
	venv/bin/python -m pytest $(SLOW) -x

hosts-all: tools ## set up hosts and stacks of every Debian, and hosts with older programs, see docs/hosts.md (about 15 minutes)
	@$(SANDBOX) cell hosts-all -- $(CURDIR)/venv/bin/python -m pytest \
		tests/sandbox/machine/test_7_brackets.py tests/sandbox/up/test_3_images.py --every-bracket -x

test-clouds: tools ## run the life of a stack of every other cloud in the sandbox (about 5 minutes each; builds their providers once)
	@$(SANDBOX) cell test-clouds -- $(CURDIR)/venv/bin/python -m pytest tests/clouds -x

test-fast: tools ## run the tests that need no engine and no sandbox
	venv/bin/python -m pytest $(FAST)

test-policies: setup ## check who may do what: an independent evaluator decides over every policy
	venv/bin/python -m pytest tests/unit/components/policies/test_policies.py tests/unit/components/policies/truth -q

test-certbots: setup ## test how a failed certificate is reported, with the certbot of every supported image
	AGENTKEYS_CERTBOTS="1.21 2.1 2.9 4.0" venv/bin/python -m pytest tests/unit/hostsetup/test_certificates.py -q

check: setup ## check format, types, prose, shell scripts, workflows, IAM documents, resources
	venv/bin/ruff format --check .
	venv/bin/ruff check .
	venv/bin/mypy
	venv/bin/mypy account/__main__.py
	venv/bin/mypy clouds/host/__main__.py
	for cloud in alicloud tencentcloud; do \
	  venv/bin/python -m dev.toolchain.virtualenv clouds/$$cloud/venv requirements/$$cloud.lock && \
	  venv/bin/mypy --python-executable clouds/$$cloud/venv/bin/python --cache-dir .mypy_cache/$$cloud \
	    --follow-imports silent clouds/$$cloud/*.py || exit; done
	venv/bin/mypy clouds/gcp/__main__.py
	venv/bin/shellcheck sandbox/bin/pulumi .ci/run ops/commands/observe ops/commands/*-secrets ops/agentkeys
	venv/bin/zizmor --offline --quiet .github
	go=$$(venv/bin/python -m dev.toolchain.golang) && PATH="$(CURDIR)/venv/bin:$$PATH" \
		"$$go" -C dev/lint/actionlint tool actionlint -ignore 'unexpected key "queue" for "concurrency"' $(CURDIR)/.github/workflows/*.yml
	venv/bin/python -m dev.lint.prose
	venv/bin/python -m dev.lint

golden: tools ## rewrite the golden files; read their diff before you commit
	venv/bin/python -m pytest $(FAST) --update-golden

validate-aws: setup ## ask AWS what the emulated account claims, with the credentials of the environment (docs/validated.md)
	@venv/bin/python -m sandbox.aws.probes $(if $(YES),--yes)

lock: setup ## rewrite the lock files after a change of a requirements file
	$(COMPILE) requirements/dev.txt --output-file requirements/dev.lock
	$(COMPILE) requirements/sandbox.txt --output-file requirements/sandbox.lock --constraint requirements/dev.lock
	$(COMPILE) requirements/ops.txt --output-file requirements/ops.lock --constraint requirements/dev.lock
	$(COMPILE) requirements.txt --output-file requirements.lock --constraint requirements/dev.lock
	$(COMPILE) requirements/policypack.txt --output-file requirements/policypack.lock
	$(COMPILE) requirements/iam.txt --output-file requirements/iam.lock
	$(COMPILE) requirements/mutants.txt --output-file requirements/mutants.lock
	for version in 1.21 2.1 2.9 4.0; do \
	  $(COMPILE) requirements/certbot-$$version.txt --output-file requirements/certbot-$$version.lock || exit; done
	$(COMPILE:3.11=3.11.5) requirements/checkov.txt --output-file requirements/checkov.lock
	for cloud in alicloud tencentcloud; do $(COMPILE) requirements/$$cloud.txt --output-file requirements/$$cloud.lock \
	  --constraint requirements/dev.lock || exit; done
	$(COMPILE) requirements/cloudflare.txt --output-file requirements/cloudflare.lock --constraint requirements/dev.lock
	$(COMPILE) requirements/gcp.txt --output-file requirements/gcp.lock --constraint requirements/dev.lock

pins: setup ## check that packages, the pulumi command on PATH and its plugins fit, and which pins have newer releases
	@venv/bin/python -m dev.pins

licences: setup ## rewrite docs/licences.md
	venv/bin/python -m pytest tests/unit/dev/test_licences.py -q -m "not engine" --update-golden

graph: setup ## redraw docs/graph.svg, the picture of the program
	venv/bin/python -m pytest tests/unit/dev/test_picture.py -q --update-golden

bench: setup ## time STACK's up, preview and destroy; ROWS=preview,... [RUNS=5] measures these; AGAINST=commit compares two builds
	@$(SANDBOX) bench --stack $(STACK) --against "$(AGAINST)" --rows "$(ROWS)" --runs $(or $(RUNS),5)

chaos: setup ## inject every kind of fault into every call of STACK's runs (hours; continues where it ended)
	AGENTKEYS_SANDBOX_HOME=$(CURDIR)/.sandbox/chaos venv/bin/python -m dev.chaos --stack $(STACK) --cells $(or $(CELLS),3)

mutants: setup ## change the product's code in one place at a time and report what no fast test notices (continues)
	venv/bin/python -m dev.mutants $(MODULES) $(if $(SAMPLE),--sample $(SAMPLE))

sandbox-start: setup ## start the sandbox without bringing up a stack
	@$(SANDBOX) start

sandbox-status: setup ## show what is running
	@$(SANDBOX) status

sandbox-stop: setup ## stop the sandbox; its state stays
	@$(SANDBOX) stop

sandbox-reset: setup ## stop the sandbox and delete its state
	@$(SANDBOX) reset
