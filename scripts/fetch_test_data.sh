#!/usr/bin/env bash
# fetch_test_data.sh: fetches GitHub's webhook payloads (MIT) for the end-to-end tests into build/test-data. A second call
# does nothing.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
exec "$root/scripts/fetch_npm_package.sh" @octokit/webhooks-examples@7.6.1 \
  0dee94dd707a3b70ed09aedb2a008ccd31dd7a8a6aa99e92362bcc6099caeb989eaca2f5027348034b644580914bb970193efdd9df8fb3559b7c796ca3a3329d \
  api.github.com "$root/build/test-data/webhooks-examples/api.github.com"
