#!/bin/bash
# The packages: builds the static binary, packs it with its completions and its
# manual page as a tarball and as a Debian package, installs each into an empty
# root folder and runs the demo there. Needs a C library to link statically
# (libc.a), dpkg, and namespaces of its own for the root folders.
#
#   tests/package.sh [FOLDER]     FOLDER keeps the packages, target/package by default
#
# With FANOUT_PACKAGED=PROGRAM that program is packed, and nothing is built.
set -euo pipefail
cd "$(dirname "$0")/.."
export CARGO_TERM_COLOR=never
out=${1:-target/package}
mkdir -p "$out"
out=$(realpath "$out")
target=$(uname -m)-unknown-linux-gnu
version=$(sed -n '0,/^version = "\(.*\)"$/s//\1/p' Cargo.toml)

program=${FANOUT_PACKAGED:-}
if [ -z "$program" ]; then
    echo 'fn main() {}' >"$out/probe.rs"
    rustc -C target-feature=+crt-static -o "$out/probe" "$out/probe.rs" 2>/dev/null || {
        echo "package: nothing can be linked statically here"
        exit 77
    }
    rm -f "$out/probe" "$out/probe.rs"
    RUSTFLAGS="-C target-feature=+crt-static" \
        cargo build --locked --profile dist --bin fanout --target "$target"
    program=target/$target/dist/fanout
fi
program=$(realpath "$program")
if readelf -d "$program" | grep -q NEEDED; then
    echo "package: $program needs shared libraries"
    exit 1
fi

here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT

# Everything that a package holds, where it stands below /usr.
tree=$here/tree/usr
install -D -m 755 "$program" "$tree/bin/fanout"
install -d "$tree/share/man/man1"
"$program" man >"$tree/share/man/man1/fanout.1"
completion() {
    install -d "$tree/share/$(dirname "$2")"
    "$program" completions "$1" >"$tree/share/$2"
}
completion bash bash-completion/completions/fanout
completion zsh zsh/site-functions/_fanout
completion fish fish/vendor_completions.d/fanout.fish
install -D -m 644 LICENSE "$tree/share/doc/fanout/copyright"
install -D -m 644 README.md "$tree/share/doc/fanout/README.md"

tarball=$out/fanout-$version-$target.tar.gz
tar --sort=name --owner=0 --group=0 --numeric-owner -C "$tree" -czf "$tarball" bin share

case $(uname -m) in
    x86_64) machine=amd64 ;;
    aarch64) machine=arm64 ;;
    *) machine=$(uname -m) ;;
esac
package=$out/fanout_${version}_$machine.deb
install -d "$here/tree/DEBIAN"
cat >"$here/tree/DEBIAN/control" <<END
Package: fanout
Version: $version
Architecture: $machine
Maintainer: fanout's maintainers <fanout@localhost>
Section: utils
Priority: optional
Installed-Size: $(du -sk "$tree" | cut -f1)
Description: $(sed -n 's/^description = "\(.*\)"$/\1/p' Cargo.toml)
END
if command -v dpkg-deb >/dev/null; then
    dpkg-deb --root-owner-group --build "$here/tree" "$package" >/dev/null
else
    package=
    echo "package: dpkg-deb is missing: no Debian package"
fi
(cd "$out" && sha256sum "$(basename "$tarball")" ${package:+"$(basename "$package")"} >SHA256SUMS)

# Runs the demo in a root folder that holds the package and nothing else.
runs_alone() {
    local root=$1
    mkdir -p "$root"/{proc,dev,tmp}
    cat >"$here/enter" <<'END'
set -e
root=$1
mount -t proc proc "$root/proc"
for device in null zero random urandom; do
    touch "$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
done
ln -sfn /proc/self/fd/0 "$root/dev/stdin"
ln -sfn /proc/self/fd/1 "$root/dev/stdout"
exec chroot "$root" /usr/bin/fanout demo --plain
END
    timeout 120 unshare --user --map-root-user --mount --pid --fork \
        env -i HOME=/tmp TMPDIR=/tmp PATH="$PATH" sh "$here/enter" "$root" >"$here/printed" || {
        echo "package: the demo ended with code $?"
        cat "$here/printed"
        exit 1
    }
}
unshare --user --map-root-user --mount --pid --fork true 2>/dev/null || {
    echo "package: no namespaces here: packed, not tried"
    exit 77
}
mkdir -p "$here/unpacked/usr"
tar -C "$here/unpacked/usr" -xzf "$tarball"
runs_alone "$here/unpacked"
echo "package: $(basename "$tarball") runs the demo in an empty root, $(du -h "$tarball" | cut -f1)"
if [ -n "$package" ]; then
    mkdir -p "$here/installed/var/lib/dpkg"/{info,updates}
    touch "$here/installed/var/lib/dpkg"/{status,available}
    # Nothing of the package is a program that dpkg would run.
    dpkg --root="$here/installed" --force-not-root --force-bad-path --log=/dev/null \
        -i "$package" >/dev/null
    runs_alone "$here/installed"
    echo "package: $(basename "$package") runs the demo in an empty root, $(du -h "$package" | cut -f1)"
fi
ls -l "$program" | awk '{ printf "package: the program has %.1f MB\n", $5 / 1000000 }'
