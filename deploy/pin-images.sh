#!/usr/bin/env bash
# Writes the digest of each image behind its tag, into the files that name images: run it where the
# registries can be reached, look at the difference, commit it. Run again, it takes what the tags
# mean then; Renovate (docker:pinDigests) reads and renews the same lines.
#
#   deploy/pin-images.sh [FILE…]      deploy/.env.example and deploy/Dockerfile
#
# Needs crane, skopeo or docker buildx.
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- deploy/.env.example deploy/Dockerfile

digest_of() {
  if command -v crane >/dev/null; then
    crane digest "$1"
  elif command -v skopeo >/dev/null; then
    skopeo inspect --format '{{.Digest}}' "docker://$1"
  else
    docker buildx imagetools inspect --format '{{.Manifest.Digest}}' "$1"
  fi
}

images=$(sed -nE 's/^(ARG )?[A-Z]+_IMAGE=([^@]+)(@.*)?$/\2/p' "$@" | sort -u)
for image in $images; do
  digest=$(digest_of "$image")
  [[ $digest =~ ^sha256:[0-9a-f]{64}$ ]] || {
    echo "pin-images: $image has no digest, but '$digest'" >&2
    exit 1
  }
  echo "$image@$digest"
  sed -i -E "s|^((ARG )?[A-Z]+_IMAGE=${image//./\\.})(@.*)?\$|\1@$digest|" "$@"
done
