#!/usr/bin/env bash
# Checks what can be checked of deploy/ without a cluster, a registry of images or Docker: each file
# by the tool that its users would run on it. A tool that is missing is told loudly;
# PATCHLINE_REQUIRE_DEPLOY=1 makes that a failure. (deploy/check-image.sh builds and runs the image.)
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
skipped=0

check() { # NAME COMMAND…: its output only where it fails
  local name=$1
  shift
  if "$@" >"$work/log" 2>&1; then
    printf 'ok      %s\n' "$name"
  else
    failed=$((failed + 1))
    printf 'FAILED  %s\n' "$name"
    sed 's/^/        /' "$work/log"
  fi
}
have() { # TOOL: or tells that its checks are skipped
  command -v "$1" >/dev/null && return
  skipped=$((skipped + 1))
  printf 'SKIPPED what %s checks: it is missing\n' "$1"
  return 1
}

have shellcheck && check 'shell scripts' shellcheck deploy/*.sh deploy/kafka/*.sh
have yamllint && check 'YAML' yamllint --strict -c deploy/checks/yamllint.yaml deploy

for overlay in cpu gpu; do
  have kubectl || continue
  check "kustomize, $overlay" kubectl kustomize "deploy/k8s/overlays/$overlay" -o "$work/$overlay.yaml"
done

# Schemas are fetched, not kept: those of Kubernetes with pip, those of the operators and of Compose
# with Go.
if have python3 && have go && have kubectl; then
  python3 -m venv "$work/venv"
  "$work/venv/bin/pip" install -q --disable-pip-version-check -r deploy/checks/requirements.txt
  crds=()
  module() { go mod download -json "$1" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p'; }
  operator=$(cd "$work" && module github.com/prometheus-operator/prometheus-operator@v0.85.0)
  keda=$(cd "$work" && module github.com/kedacore/keda/v2@v2.21.0)
  compose=$(cd "$work" && module github.com/compose-spec/compose-go/v2@v2.16.2)
  crds+=("$operator"/example/prometheus-operator-crd/monitoring.coreos.com_{podmonitors,prometheusrules}.yaml)
  crds+=("$keda/config/crd/bases/keda.sh_scaledobjects.yaml")
  for overlay in cpu gpu; do
    check "manifests against Kubernetes 1.34 and the operators' schemas, $overlay" \
      "$work/venv/bin/python" deploy/checks/manifests.py "$work/$overlay.yaml" "${crds[@]}"
  done
  check 'compose.yaml against the Compose specification' \
    "$work/venv/bin/python" deploy/checks/compose.py deploy/compose.yaml "$compose/schema/compose-spec.json"
  check 'Dockerfiles' "$work/venv/bin/hadolint" deploy/Dockerfile deploy/models.Dockerfile
fi
if docker compose version >/dev/null 2>&1; then
  sed -E 's/^(PATCHLINE_TOKEN|GRAFANA_PASSWORD)=$/\1=x/' deploy/.env.example >"$work/env"
  check 'docker compose config' docker compose --env-file "$work/env" -f deploy/compose.yaml config -q
fi

if have promtool; then
  check 'Prometheus' promtool check config deploy/prometheus/prometheus.yml
fi
have amtool && check 'Alertmanager' amtool check-config deploy/prometheus/alertmanager.yml

unpinned=$(grep -hE '^[A-Z]+_IMAGE=' deploy/.env.example | grep -cv '@sha256:' || true)
[ "$unpinned" -eq 0 ] || printf 'note    %s images go by tag: deploy/pin-images.sh, where the registry can be reached\n' "$unpinned"

printf '%s failed, %s skipped\n' "$failed" "$skipped"
[ "$failed" -eq 0 ] && { [ "$skipped" -eq 0 ] || [ "${PATCHLINE_REQUIRE_DEPLOY:-}" != 1 ]; }
