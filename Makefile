# `make run` sets everything up and runs the main job; `make test` sets everything up and runs all tests; `make bench` prints
# the table of budgets.
# Needed beforehand: the .NET 10 SDK, Node.js with npm, make.
CONFIGURATION ?= Release
export DOTNET_CLI_TELEMETRY_OPTOUT = 1
export DOTNET_NOLOGO = 1
# No compiler or build server outlives the command that started it.
export MSBUILDDISABLENODEREUSE = 1

BUILD = -c $(CONFIGURATION) -v quiet -p:UseSharedCompilation=false
RETURNS = artifacts/bin/Returns.Cli/$(shell echo $(CONFIGURATION) | tr A-Z a-z)/returns.dll

.PHONY: run build test bench chaos
# `make run INPUT=FILE` replays a file instead of simulating shifts. On a terminal it goes on until Ctrl-C; without one it
# drains one shift, as fast as it goes, and ends.
run:
	dotnet build pipeline/Returns.Cli $(BUILD)
	@if [ -t 1 ]; then end=; else end="--exit-when-drained $(if $(INPUT),,--simulate 0)"; fi; \
	exec dotnet $(RETURNS) up $(if $(INPUT),--input "$(INPUT)") $$end $(ARGS)

build:
	dotnet build Returns.Streaming.sln $(BUILD)

# A hung test ends its project after the time given, with the test's name, instead of holding up the run.
# The end-to-end tests take most of it, one pipeline after the other.
test: build
	bash tests/Returns.LocalKafka.Tests/install-clients.sh
	bash tests/Returns.EndToEnd/Page/install-browser.sh
	bash tests/Returns.EndToEnd/Alerts/install-prometheus.sh
	npm ci --prefix tests/Returns.EndToEnd/Clients --silent || echo "npm ci failed: the end-to-end tests with foreign clients are skipped"
	dotnet test --solution Returns.Streaming.sln -c $(CONFIGURATION) --no-build --no-progress --timeout 12m --max-parallel-test-modules 2

# Rounds of faults (kill -9, freezes, cut connections) over the whole pipeline, each held against an oracle; the last line is the
# number of differences. A round that failed is run again by its seed: `make chaos ROUNDS=1 SEED=N`.
# RETURNS_TEST_KAFKA=HOST:PORT runs it on another broker.
chaos:
	dotnet build tests/Returns.Chaos $(BUILD)
	@exec dotnet artifacts/bin/Returns.Chaos/$(shell echo $(CONFIGURATION) | tr A-Z a-z)/Returns.Chaos.dll $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(SEED),--seed $(SEED)) $(ARGS)

# All rows in some ten minutes, or those named: `make bench ROWS=triage,sink ROUNDS=9 SIZE=0.5 JSON=bench.json`.
bench:
	dotnet build tests/Returns.Benchmarks $(BUILD)
	dotnet artifacts/bin/Returns.Benchmarks/$(shell echo $(CONFIGURATION) | tr A-Z a-z)/Returns.Benchmarks.dll $(ROWS) \
		$(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(SIZE),--size $(SIZE)) $(if $(JSON),--json $(JSON))
