#!/bin/sh
# SPDX-License-Identifier: MIT
# Type check and tests of the page SDK. Without Node.js they are skipped, in words.
set -eu
cd "$(dirname "$0")/../js"

if ! command -v node >/dev/null 2>&1 || ! command -v npm >/dev/null 2>&1; then
    echo "skipped: the page SDK's types and tests need node and npm, which are not installed"
    exit 0
fi
major=$(node -p 'process.versions.node.split(".")[0]')
if [ "$major" -lt 20 ]; then
    echo "skipped: the page SDK's types and tests need Node.js 20 or newer; this is $(node --version)"
    exit 0
fi
if [ ! -x node_modules/.bin/tsc ] || [ package.json -nt node_modules/.bin/tsc ]; then
    npm install --silent --no-audit --no-fund </dev/null || {
        echo "npm could not install TypeScript: check the network, then start again" >&2
        exit 1
    }
    touch -h node_modules/.bin/tsc 2>/dev/null || true
    touch node_modules/.bin/tsc
fi
npx --no-install tsc -p tsconfig.json
npx --no-install tsc -p tsconfig.pages.json
node --test tests/*.test.mjs
