#!/usr/bin/env bash
# fetch_aws_specification.sh: fetches AWS's specification of CloudFormation resources for the tests (Apache-2.0) into
# build/aws-specification. A second call does nothing.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
exec "$root/scripts/fetch_npm_package.sh" @aws-cdk/cfnspec@2.72.1 \
  a85eb34175c93e9470237b92e7ec211ad25d405c311fb812c16e976bcc5d5d658451acc312028e2edf62b30f00b3cbc7f1b091031ba43a4a201aad7ec4c1b7d3 \
  spec "$root/build/aws-specification"
