# `make run` sets everything up and runs the main job; `make test` sets everything up and runs all tests.
# Needed beforehand: the .NET 10 SDK, Node.js with npm, make.
CONFIGURATION ?= Release
export DOTNET_CLI_TELEMETRY_OPTOUT = 1
export DOTNET_NOLOGO = 1
# No compiler or build server outlives the command that started it.
export MSBUILDDISABLENODEREUSE = 1

.PHONY: build test
build:
	dotnet build Returns.Streaming.sln -c $(CONFIGURATION) -v quiet -p:UseSharedCompilation=false

# A hung test ends its project after the time given, with the test's name, instead of holding up the run.
test: build
	bash tests/Returns.LocalKafka.Tests/install-clients.sh
	dotnet test --solution Returns.Streaming.sln -c $(CONFIGURATION) --no-build --no-progress --timeout 6m
