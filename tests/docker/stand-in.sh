#!/usr/bin/env bash
# Makes sure of an image, for tests: pulled where it can be, else a stand-in of Debian's packages under its name.
#
#   tests/docker/stand-in.sh IMAGE
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

LABEL=tenfold.stand-in
DEBIAN=tenfold-stand-in/debian:12
MIRROR=${TENFOLD_DEBIAN_MIRROR:-http://deb.debian.org/debian}

say() { printf '%s\n' "$*" >&2; }
fail() { say "stand-in: $*"; exit 1; }
scratch=
trap '[ -z "$scratch" ] || rm -rf "$scratch"' EXIT

there() { docker image inspect "$1" >/dev/null 2>&1; }

# Debian 12 and nothing more.
need_debian() {
  ! there "$DEBIAN" || return 0
  command -v debootstrap >/dev/null || fail "debootstrap is missing (Debian: apt-get install debootstrap)"
  [ "$(id -u)" = 0 ] || fail "debootstrap has to be run by root"
  debootstrap --variant=minbase bookworm "$scratch/debian" "$MIRROR" >"$scratch/debootstrap.log" 2>&1 ||
    { tail -n5 "$scratch/debootstrap.log" >&2; fail "Debian could not be had from $MIRROR"; }
  rm -f "$scratch"/debian/var/cache/apt/archives/*.deb
  tar -C "$scratch/debian" -c . | docker import - "$DEBIAN" >/dev/null
}

# The Rust of this machine and the crates it has: the builder fetches nothing.
lay_builder() {
  local from to=$scratch/context/toolchain registry=${CARGO_HOME:-$HOME/.cargo}/registry
  from=$(rustc --print sysroot)
  [[ $(rustc --version) == "rustc $1 "* ]] || fail "this machine has $(rustc --version), and the builder is Rust $1: rustup default $1"
  (cd ../.. && cargo fetch --locked --quiet)
  mkdir -p "$to/lib/rustlib" "$scratch/context/registry"
  cp -a "$from/bin" "$to/"
  cp -a "$from"/lib/*.so* "$to/lib/"
  cp -a "$from/lib/rustlib/$(rustc --print host-tuple)" "$to/lib/rustlib/"
  cp -a "$registry/cache" "$registry/index" "$scratch/context/registry/"
}

image=$1
if there "$image"; then
  [ -z "$(docker image inspect --format "{{index .Config.Labels \"$LABEL\"}}" "$image")" ] || say "Stand-in for $image: in place."
  exit 0
fi
if docker pull --quiet "$image" >/dev/null 2>&1; then exit 0; fi

scratch=$(mktemp -d /tmp/tenfold-stand-in.XXXXXX)
mkdir "$scratch/context"
need_debian
case $image in
  rust:*-slim-bookworm) kind=builder; said="Debian's compiler, and the Rust and crates of this machine"
    version=${image#rust:}; lay_builder "${version%%-*}" ;;
  gcr.io/distroless/cc-debian12:*) kind=runtime; said="the same packages, from Debian" ;;
  postgres:*) kind=postgres; said="Debian's Postgres 15, with an entry point of ours"; cp postgres-entrypoint "$scratch/context/" ;;
  redis:*) kind=redis; said="Debian's Redis 7.0" ;;
  *) fail "$image cannot be pulled, and nobody has thought of a stand-in for it" ;;
esac
say "Stand-in for $image, which cannot be pulled here: $said."
docker build --quiet --file "$kind.Dockerfile" --label "$LABEL=$image" --tag "$image" "$scratch/context" >"$scratch/build.log" 2>&1 ||
  { tail -n20 "$scratch/build.log" >&2; fail "the stand-in for $image does not build"; }
