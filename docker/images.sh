#!/usr/bin/env bash
# Builds the five images and says how large they are. Called by ./dev images, which sees to an engine.
#
#   docker/images.sh [--stand-ins]    with stand-ins for base images that cannot be had, for tests
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# How much an image may hold above its base, in MB of a million bytes.
MOST=40

say() { printf '%s\n' "$*" >&2; }
fail() { say "images: $*"; exit 1; }

stand_ins=${1:-}
[ -z "$stand_ins" ] || [ "$stand_ins" = --stand-ins ] || fail "takes --stand-ins or nothing, not $stand_ins"

base_of() { sed -n "s/^ARG $1=//p" docker/Dockerfile; }
builder=$(base_of BUILDER)
runtime=$(base_of RUNTIME)
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n1)
labels=(--build-arg "VERSION=$version")
if revision=$(git rev-parse HEAD 2>/dev/null); then
  # Of the commit, so that the same sources make the same labels.
  created=$(TZ=UTC git log -1 --date=format-local:%Y-%m-%dT%H:%M:%SZ --format=%cd)
  git diff --quiet HEAD -- || revision=$revision-changed
  labels+=(--build-arg "REVISION=$revision" --build-arg "CREATED=$created")
fi
if source=$(git config --get remote.origin.url 2>/dev/null) && [[ $source == https://* && $source != *@* ]]; then
  labels+=(--build-arg "SOURCE=$source")
fi

for image in "$builder" "$runtime"; do
  if [ "$stand_ins" = --stand-ins ]; then
    tests/docker/stand-in.sh "$image"
  else
    docker image inspect "$image" >/dev/null 2>&1 || docker pull --quiet "$image" >&2 ||
      fail "the base image $image cannot be had here (for a test, ./dev images --stand-ins goes on without it)"
  fi
done

log=$(mktemp)
trap 'rm -f "$log"' EXIT
targets=(gateway tenants budgets governance migrate)
name_of() { if [ "$1" = migrate ]; then echo tenfold; else echo "tenfold-$1"; fi; }
for target in "${targets[@]}"; do
  say "Building $(name_of "$target") …"
  # Built before compose asks for it, under the very name it asks for.
  docker build --quiet --file docker/Dockerfile --target "$target" "${labels[@]}" \
    --tag "$(name_of "$target"):$version" . >"$log" 2>&1 ||
    { tail -n40 "$log" >&2; fail "$target does not build: docker build -f docker/Dockerfile --target $target ."; }
done

million() { awk -v bytes="$1" 'BEGIN { printf "%.1f", bytes / 1e6 }'; }
base=$(docker image inspect --format '{{.Size}}' "$runtime")
wrong=()
printf '%-28s%10s%12s%14s  %s\n' image 'size, MB' 'base, MB' 'above it, MB' user
for target in "${targets[@]}"; do
  image=$(name_of "$target"):$version
  size=$(docker image inspect --format '{{.Size}}' "$image")
  user=$(docker image inspect --format '{{.Config.User}}' "$image")
  above=$((size - base))
  printf '%-28s%10s%12s%14s  %s\n' "$image" "$(million "$size")" "$(million "$base")" "$(million "$above")" "$user"
  [ "$above" -le $((MOST * 1000000)) ] || wrong+=("$image holds $(million "$above") MB above its base, and $MOST are the most")
  [[ $user =~ ^[1-9][0-9]*:[1-9][0-9]*$ ]] || wrong+=("$image runs as '$user', and not as a user and group in numbers that are nobody's root")
done
[ ${#wrong[@]} = 0 ] || fail "$(IFS=';'; echo "${wrong[*]}")"
