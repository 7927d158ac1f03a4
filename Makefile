# Each target installs what it needs first; `make` alone lists them.

.DEFAULT_GOAL := help
.PHONY: help run dev test e2e bench bench-history fuzz size fmt clippy clean setup-run setup-test setup-fuzz bundle
# Prerequisites below are steps in order; cargo and playwright use all cores by themselves.
.NOTPARALLEL:

TARGET_DIR := $(abspath $(or $(CARGO_TARGET_DIR),target))

# Every native cargo call picks its packages and features with one of these two. Cargo compiles a
# dependency again for another set of features, and xtask, which always runs on its own, shares
# several with the server under other features. Never --all-features: ssr and hydrate exclude each other.
NATIVE := -p app -p server --features app/ssr
XTASK := -p xtask
WASM := -p app --lib --target wasm32-unknown-unknown --no-default-features --features hydrate

# What the browser tests start.
test e2e: export HORNERO_BIN ?= $(TARGET_DIR)/debug/hornero
test e2e: export CHROMIUM_BIN ?= /usr/bin/chromium

STEP := @scripts/step.sh
PLAYWRIGHT := sh -c 'cd end2end && exec npx --no-install playwright test "$$@"' playwright

help: ## list the targets
	@echo 'make TARGET [ARGS="..."]'
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-13s %s\n", $$1, $$2 }' Makefile

run: setup-run bundle ## build everything and start the demo: simulated ovens and the board (ARGS: to `hornero demo`)
	@cargo build --release -p server
	@exec $(TARGET_DIR)/release/hornero demo $(ARGS)

dev: setup-run ## like run, in debug, rebuilding on each change of a source (ARGS: to `hornero demo`)
	@exec cargo xtask dev $(ARGS)

test: ## everything CI runs
	$(STEP) 'Setup' scripts/setup.sh test
	$(STEP) 'Format' cargo fmt --all --check
	$(STEP) 'Clippy, server' cargo clippy $(NATIVE) --all-targets -- -D warnings
	$(STEP) 'Clippy, xtask' cargo clippy $(XTASK) --all-targets -- -D warnings
	$(STEP) 'Clippy, browser' cargo clippy $(WASM) -- -D warnings
	$(STEP) 'Bundle' cargo xtask bundle
	$(STEP) 'Tests' cargo test $(NATIVE)
	$(STEP) 'Tests, xtask' cargo test $(XTASK)
	$(STEP) 'Browser tests' $(PLAYWRIGHT)
	$(STEP) 'Size of a first visit' cargo xtask size

e2e: setup-test bundle ## browser tests (ARGS: to `playwright test`)
	@cargo test --no-run $(NATIVE)
	@$(PLAYWRIGHT) $(ARGS)

bench: setup-run bundle ## load test of live values, then of history (ARGS: to the first alone)
	@cargo build --release -p server --bin hornero --example bench --example history
	@$(TARGET_DIR)/release/examples/bench $(ARGS)
	@$(if $(ARGS),true,$(TARGET_DIR)/release/examples/history)

bench-history: setup-run bundle ## a year of readings: written, shown, exported and deleted (ARGS: to the bench)
	@cargo build --release -p server --bin hornero --example history
	@$(TARGET_DIR)/release/examples/history $(ARGS)

fuzz: setup-fuzz ## fuzz what the drivers make of bytes and settings (ARGS: [TARGET|all] [SECONDS], 60 of each)
	@scripts/fuzz.sh $(ARGS)

size: setup-run bundle ## what a first visit transfers, held to its budget (ARGS: --html PATH adds a page)
	@cargo xtask size $(ARGS)

fmt: ## format the Rust sources
	@cargo fmt --all

clippy: setup-run ## lint server, browser and build code
	@cargo clippy $(NATIVE) --all-targets -- -D warnings
	@cargo clippy $(XTASK) --all-targets -- -D warnings
	@cargo clippy $(WASM) -- -D warnings

clean: ## remove everything built
	@cargo clean
	@rm -rf target/site fuzz/target

setup-run:
	@scripts/setup.sh run

setup-test:
	@scripts/setup.sh test

setup-fuzz:
	@scripts/setup.sh fuzz

bundle:
	@cargo xtask bundle
