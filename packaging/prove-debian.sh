#!/bin/bash
# Proves that ./run sets everything up on a Debian 12 that has nothing: makes a minimal root with
# debootstrap in a temporary folder, puts a clean clone of HEAD into it and runs ./run build there,
# with --test also ./run test.
#
#   packaging/prove-debian.sh [--test] [--keep] [--root FOLDER] [-- ARGUMENTS of ./run]
#
# Needs root, debootstrap and 6 GB. Mirrors and proxies are whatever this machine's own apt and npm
# use, read from their configuration when it runs. The folder is removed at the end unless --keep
# or --root is given.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf '==> %s\n' "$*"; }

commands=("build")
keep=
root=
while [ $# -gt 0 ]; do
  case $1 in
    --test) commands+=("test") ;;
    --keep) keep=yes ;;
    --root)
      root=$2
      keep=yes
      shift
      ;;
    --)
      shift
      commands=("$*")
      break
      ;;
    *)
      sed -n '2,11s/^# \{0,1\}//p' "$0"
      exit 2
      ;;
  esac
  shift
done

if [ "$(id -u)" -ne 0 ]; then
  say "needs root (debootstrap and chroot)"
  exit 1
fi
if ! command -v debootstrap >/dev/null; then
  say "needs the package debootstrap"
  exit 1
fi

suite=bookworm
# The first archive that this machine's apt takes the suite from.
# shellcheck disable=SC2016  # the fields are apt's
mirror=$(apt-get indextargets --format '$(SITE) $(RELEASE) $(COMPONENT) $(CREATED_BY)' |
  awk -v suite=$suite '$2 == suite && $3 == "main" && $4 == "Packages" { print $1; exit }')
if [ -z "$mirror" ]; then
  say "this machine's apt knows no archive of $suite"
  exit 1
fi

[ -n "$root" ] || root=$(mktemp -d -t oriel-debian-XXXXXX)
mounts=()
# Invoked by the trap.
# shellcheck disable=SC2317
clean() {
  local at
  for ((at = ${#mounts[@]} - 1; at >= 0; at--)); do umount -l "${mounts[at]}" || true; done
  if [ -z "$keep" ]; then
    rm -rf --one-file-system "$root"
  else
    say "kept: $root"
  fi
}
trap clean EXIT

started=$SECONDS
if [ ! -x "$root/usr/bin/apt-get" ]; then
  say "Making a minimal $suite in $root (1 minute)"
  http_proxy=$(apt-config dump --format '%v' Acquire::http::Proxy) \
    debootstrap --variant=minbase "$suite" "$root" "$mirror" >"$root.log" 2>&1 ||
    { tail -n 20 "$root.log"; exit 1; }
  rm -f "$root.log"
fi
say "    packages in it: $(chroot "$root" dpkg-query -f '.\n' -W | wc -l)"

# The same archives and the same way to them as here.
rm -rf "$root/etc/apt/sources.list" "$root/etc/apt/sources.list.d"
mkdir -p "$root/etc/apt/sources.list.d" "$root/etc/apt/apt.conf.d"
for source in /etc/apt/sources.list /etc/apt/sources.list.d/*; do
  # Only Debian's own: the proof is that nothing else is needed.
  if [ -f "$source" ] && grep -q "$suite" "$source"; then
    cp "$source" "$root/etc/apt/sources.list.d/"
  fi
done
[ ! -f "$root/etc/apt/sources.list.d/sources.list" ] ||
  mv "$root/etc/apt/sources.list.d/sources.list" "$root/etc/apt/"
apt-config dump Acquire >"$root/etc/apt/apt.conf.d/90host"
cp /etc/resolv.conf "$root/etc/resolv.conf"
cp /etc/hosts "$root/etc/hosts"
for name in proc sys dev dev/pts dev/shm; do
  mkdir -p "$root/$name"
  mount --bind "/$name" "$root/$name"
  mounts+=("$root/$name")
done
# npm and other tools: this machine's settings and certificates, not its caches.
environment=(HOME=/root LANG=C.UTF-8
  PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin)
while IFS= read -r line; do environment+=("$line"); done < <(
  settings='https?_proxy|no_proxy|npm_config_registry|node_extra_ca_certs|ssl_cert_file'
  env | grep -iE "^($settings)=" || true
)
if registry=$(npm config get registry 2>/dev/null) && [ -n "$registry" ]; then
  environment+=("npm_config_registry=$registry")
fi
for file in $(printf '%s\n' "${environment[@]}" |
  sed -nE 's/^(NODE_EXTRA_CA_CERTS|SSL_CERT_FILE)=//Ip'); do
  if [ -f "$file" ]; then
    mkdir -p "$root$(dirname "$file")"
    cp "$file" "$root$file"
  fi
done
if compgen -G '/usr/local/share/ca-certificates/*' >/dev/null; then
  mkdir -p "$root/usr/local/share/ca-certificates"
  cp -r /usr/local/share/ca-certificates/. "$root/usr/local/share/ca-certificates/"
fi

say "Cloning HEAD into it"
rm -rf "$root/src/oriel"
mkdir -p "$root/src"
git clone -q --no-local . "$root/src/oriel"
rm -rf "$root/src/oriel/.git/hooks"

for command in "${commands[@]}"; do
  say "./run $command in it"
  begin=$SECONDS
  # shellcheck disable=SC2086  # the arguments of ./run
  chroot "$root" /usr/bin/env -i "${environment[@]}" /src/oriel/run $command
  say "    ./run $command took $((SECONDS - begin)) s"
  if [ "$command" = build ]; then
    begin=$SECONDS
    chroot "$root" /usr/bin/env -i "${environment[@]}" /src/oriel/run build
    say "    a second ./run build took $((SECONDS - begin)) s"
    chroot "$root" /usr/bin/env -i "${environment[@]}" /src/oriel/build/release/oriel --version
  fi
done
say "Proved in $((SECONDS - started)) s: node $(chroot "$root" node --version)," \
  "npm $(chroot "$root" /usr/bin/env -i "${environment[@]}" npm --version)," \
  "disk $(du -shx "$root" | cut -f1)"
