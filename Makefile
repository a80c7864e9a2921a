# Everything goes through these targets; `make help` lists them. The first two are all a newcomer needs.

# One build serves the product and its tests, so `make run` after `make test` compiles nothing and the reverse little:
# both use .build, the release configuration and the same flags.
SWIFT_FLAGS := -c release --explicit-target-dependency-import-check error
# The toolchain's backtracer may hang a crashed process of a test run for minutes.
export SWIFT_BACKTRACE := enable=no

FUZZ_SECONDS ?= 60
E2E ?= e2e
DEMO ?=
BENCH ?=
MEDIA_BENCH ?=

.DEFAULT_GOAL := help
.PHONY: help setup setup-build run build test lint format spec-coverage script-tests unit fuzz e2e bench docs clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: setup-build ## build and start the demo: two softphones can call each other (DEMO="--users 5" passes flags)
	@echo "==> building martinet (the first build also compiles the libraries it uses: about 8 minutes on two cores)"
	swift build $(SWIFT_FLAGS) --product martinet
	@echo "==> martinet demo; Ctrl-C ends it"
	.build/release/martinet demo $(DEMO)

test: setup ## everything that must pass: lint, requirement coverage, unit tests, simulation, fuzzing, end-to-end tests
	@scripts/run-tests

setup: ## install what building and testing need (skips what is there)
	@scripts/setup test

setup-build:
	@scripts/setup build

build: setup-build ## compile product and tests
	swift build $(SWIFT_FLAGS) --build-tests

lint: ## swift format in lint mode, and the scripts' syntax
	@scripts/lint

format: ## rewrite the Swift sources in the house style
	swift format format --in-place --parallel --recursive --configuration .swift-format Package.swift Sources Tests Fuzz Benchmarks

spec-coverage: ## which requirement is proved by which test: docs/spec-coverage.md
	@scripts/spec-coverage

script-tests: ## the tests of the scripts themselves
	@python3 -m unittest discover -s scripts/tests -q

unit: build ## Swift tests, the torture tables and the simulation's seeds among them
	swift test $(SWIFT_FLAGS) --skip-build

fuzz: setup-build ## libFuzzer on every target, FUZZ_SECONDS each (60 by default; give hours)
	@scripts/fuzz $(FUZZ_SECONDS)

e2e: setup build ## end-to-end tests with SIPp, baresip, linphone and others (E2E=e2e/test_nat.py for one file)
	@scripts/e2e $(E2E)

bench: setup-build ## against Kamailio, rtpengine and Janus on this machine: Benchmarks/sip/RESULTS.md, Benchmarks/media/RESULTS.md
	@Benchmarks/sip/setup
	@Benchmarks/media/setup
	swift build $(SWIFT_FLAGS) --product martinet
	swift build $(SWIFT_FLAGS) --product MediaBench
	swift build $(SWIFT_FLAGS) --product CodecBench
	Benchmarks/sip/run $(BENCH)
	Benchmarks/media/run $(MEDIA_BENCH)

docs: setup-build ## the requirement page and the modules' documentation as symbol graphs
	@scripts/docs

clean: ## remove everything that was built
	rm -rf .build .build-* .setup .pytest_cache
