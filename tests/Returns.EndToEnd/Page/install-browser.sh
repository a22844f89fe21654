#!/usr/bin/env bash
# Installs what the tests of the live page drive, where it is missing: Chromium from Debian, axe-core from npm.
# Says one line for each it cannot install, and fails for none of them: the tests are then skipped by name.
set -u
cd "$(dirname "$0")/Browser"

if [ ! -f node_modules/axe-core/axe.min.js ]; then
  if ! command -v npm >/dev/null; then
    echo "install-browser: no npm, so no axe-core"
  elif ! npm ci --silent --no-audit --no-fund --ignore-scripts >/dev/null 2>&1; then
    echo "install-browser: npm ci failed in $PWD, so no axe-core"
  fi
fi

if ! command -v chromium >/dev/null; then
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "install-browser: chromium is missing, and only root on a Debian can install it"
  elif ! { apt-get install -y -qq --no-install-recommends chromium || { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium; }; } >/dev/null 2>&1; then
    echo "install-browser: apt-get could not install chromium"
  fi
fi
