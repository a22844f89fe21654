#!/usr/bin/env bash
# Installs the foreign Kafka clients that the tests drive, where they are missing: kafkajs from npm, kafka-python from Debian.
# Says one line for each it cannot install, and fails for none of them: the tests that need one are then skipped by name.
set -u
cd "$(dirname "$0")/Clients"

if [ ! -f node_modules/kafkajs/package.json ]; then
  if ! command -v npm >/dev/null; then
    echo "install-clients: no npm, so no kafkajs"
  elif ! npm ci --silent --no-audit --no-fund >/dev/null 2>&1; then
    echo "install-clients: npm ci failed in $PWD, so no kafkajs"
  fi
fi

if ! /usr/bin/python3 -c 'import kafka' 2>/dev/null; then
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "install-clients: python3-kafka is missing, and only root on a Debian can install it"
  elif ! { apt-get install -y -qq python3-kafka || { apt-get update -qq && apt-get install -y -qq python3-kafka; }; } >/dev/null 2>&1; then
    echo "install-clients: apt-get could not install python3-kafka"
  fi
fi
