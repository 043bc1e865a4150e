# Each target says what it is for after ##; `make` prints them. The work itself is in deploy/dev/*.sh.
.DEFAULT_GOAL := help
SHELL := /bin/bash

# Tests that need no database.
UNIT := ^(ArchitectureTests|KernelTests|KeysTests)\.
# Tests that kill, guess and send nonsense.
CHAOS := ^JobsTests\.(CrashMatrixTests|ServerFaultTests)|o01_anyServiceKilled|c05_twoHundredClients|ScanFaultTests|ScanKillTests|c01_aMillionForged|mutationsOfTheCorpus|c12_guessesOverHTTP|floodOfForgedSignatures|g26_|g03_expiriesOfOneMinute
# How many worlds are simulated.
SEEDS := 100000
# How long a soak takes: an hour with SECONDS=3600.
SECONDS := 180
SWIFT_FILES := Package.swift Services Libraries Tests

.PHONY: help run test test-unit test-db test-matrix test-pooler mutants chaos simulate soak race bench bench-gifts bench-jobs bench-scans lint format pre-commit db-up db-down migrate schema

help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "%-12s %s\n", $$1, $$2 }'

run: ## Database, services and the tour; stays until Ctrl-C (ARGS=--once: ends after the tour)
	@deploy/dev/run.sh $(ARGS)

test: ## Every test, on a private PostgreSQL (ARGS="--filter Name": some)
	@deploy/dev/test.sh $(ARGS)

test-unit: ## The tests that need no database
	@deploy/dev/prepare.sh --without-server
	@swift build --build-tests
	@swift test --skip-build --disable-xctest --filter '$(UNIT)'

test-db: ## The tests that need one
	@deploy/dev/test.sh --skip '$(UNIT)'

test-matrix: ## Other people's clients from PyPI against our services (standardwebhooks, schemathesis, zxing-cpp, wechatpayv3), and 10^5 simulated worlds
	@deploy/dev/matrix.sh
	@$(MAKE) --no-print-directory simulate

test-pooler: ## The tests through PgBouncer in transaction mode, which must be installed (ARGS="--filter Name": some)
	@deploy/dev/test-pooler.sh $(ARGS)

mutants: ## Plants one bug after the other and sees that a test turns red (ARGS="05 12": those alone)
	@deploy/dev/mutants.sh $(ARGS)

chaos: ## In full: the crash matrix of the queue and of its server, services killed at random during twenty tours, guesses, nonsense
	@SIYU_CHAOS=full deploy/dev/test.sh --filter '$(CHAOS)'

simulate: ## Gifts, refunds, codes and jobs in simulated worlds, as many as SEEDS says; SEED=N: that one alone, told step by step
	@deploy/dev/prepare.sh --without-server
	@swift build --build-tests
	@SIYU_SEEDS=$(SEEDS) $(if $(SEED),SIYU_SEED=$(SEED)) swift test --skip-build --disable-xctest --filter '^SimulationTests\.'

soak: ## The queue at half its speed while a snapshot is held open: 3 minutes, or as many seconds as SECONDS says
	@SIYU_SOAK=$(SECONDS) deploy/dev/test.sh --filter '^JobsTests\.SoakTests'

race: ## The unit tests and the queue's under the thread sanitizer (a build of its own)
	@SIYU_SWIFT_FLAGS='--scratch-path .build-race --sanitize thread' deploy/dev/test.sh --filter '^(KernelTests|PostgresTests|JobsTests)\.'

bench: ## Figures of the PostgreSQL client, the import and the services' starts (release build)
	@deploy/dev/bench.sh postgres ingest services

bench-jobs: ## The job queue and its peers from PyPI in turns (release build; ARGS="--rounds 2", ARGS=--no-peers: ours alone)
	@deploy/dev/bench-jobs.sh $(ARGS)

bench-gifts: ## Gifts accepted over HTTP, and gifts that are due, beside what carries them (release build)
	@deploy/dev/bench.sh gifts

bench-scans: ## Scans over HTTP and the minting of codes, beside what carries them (release build)
	@deploy/dev/bench.sh scans mint

lint: ## Format and shell scripts, strictly
	@swift format lint --strict --recursive --parallel $(SWIFT_FILES)
	@if command -v shellcheck >/dev/null; then shellcheck -x deploy/dev/*.sh .ci/run; fi

format: ## Formats every Swift file in place
	@swift format format --in-place --recursive --parallel $(SWIFT_FILES)

pre-commit: format schema lint test ## What to run before a commit; it must leave the tree clean

db-up: ## Starts the test database and leaves it running
	@deploy/dev/cluster.sh start test
	@. deploy/dev/lib.sh && touch "$$(state_folder)/test.keep"

db-down: ## Stops the private databases
	@. deploy/dev/lib.sh && rm -f "$$(state_folder)/test.keep"
	@deploy/dev/cluster.sh stop test
	@deploy/dev/cluster.sh stop run

migrate: ## Brings the database of DATABASE_URL to this version
	@swift run siyu migrate

schema: ## Writes Libraries/Schema/golden.sql anew, from the numbered files
	@SIYU_WRITE_GOLDEN=1 deploy/dev/test.sh --filter "golden|grants"
