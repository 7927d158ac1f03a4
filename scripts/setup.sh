#!/bin/sh
# setup.sh run|test|fuzz: installs what the given target needs and this machine lacks. It is part of
# every start, so it only looks around, and costs no time or network, when nothing is missing.
set -eu
cd "$(dirname "$0")/.."

purpose=${1:-}
case $purpose in
    run | test | fuzz) ;;
    *) echo "usage: scripts/setup.sh run|test|fuzz" >&2; exit 2 ;;
esac

fail() {
    echo "setup: $1" >&2
    exit 1
}

has() {
    command -v "$1" >/dev/null 2>&1
}

# Debian packages

missing=
need() { # COMMAND PACKAGE
    has "$1" || missing="$missing $2"
}

need cc build-essential # SQLite and the TLS library are partly C.
if [ "$purpose" = test ]; then
    need chromium chromium
    need node nodejs
    need npm npm
    need python3 python3
    need mosquitto mosquitto # The MQTT broker of the tests, and who publishes there.
    need mosquitto_pub mosquitto-clients
    # Debian keeps the part that makes environments in a package of its own.
    python3 -c 'import ensurepip' 2>/dev/null || missing="$missing python3-venv"
fi

install_debian_packages() {
    has apt-get || fail "install what these Debian packages hold, then try again:$missing"
    if [ "$(id -u)" = 0 ]; then
        as_root=
    elif has sudo && sudo -n true 2>/dev/null; then
        as_root='sudo -n'
    else
        fail "this needs packages that only root can install. Run:
    sudo apt-get install$missing"
    fi
    echo "Installing$missing"
    # Both variables are lists of words.
    # shellcheck disable=SC2086
    $as_root apt-get update -q
    # shellcheck disable=SC2086
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing
}

if [ -n "$missing" ]; then
    install_debian_packages
fi

# Rust

has cargo || fail "Rust is missing. Install it from https://rustup.rs, then try again."

if [ "$purpose" = fuzz ]; then
    has cargo-fuzz || cargo install --locked cargo-fuzz
    exit
fi

wasm=wasm32-unknown-unknown
if [ ! -d "$(rustc --print target-libdir --target $wasm)" ]; then
    has rustup || fail "this Rust has no $wasm target. Install it, or Rust from https://rustup.rs."
    rustup target add $wasm
fi
if [ "$purpose" = test ] && ! { cargo fmt --version && cargo clippy --version; } >/dev/null 2>&1; then
    has rustup || fail "this Rust has no rustfmt or clippy. Install them, or Rust from https://rustup.rs."
    rustup component add rustfmt clippy
fi

# npm packages

npm_packages() { # DIRECTORY
    # npm writes this file last, so a lock that is newer has not been installed yet.
    installed=$1/node_modules/.package-lock.json
    if [ -f "$installed" ] && [ -z "$(find "$1" -maxdepth 1 -name 'package*.json' -newer "$installed")" ]; then
        return
    fi
    echo "Installing the npm packages of $1"
    if [ -f "$1/package-lock.json" ]; then command=ci; else command=install; fi
    # The tests use Debian's Chromium.
    PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm --prefix "$1" "$command" --no-audit --no-fund && touch "$installed"
}

if has node && has npm; then
    # Only makes the download smaller, so a bakery without a way out still starts.
    npm_packages xtask || echo "setup: without wasm-opt the pages load more than they need to." >&2
fi
if [ "$purpose" = test ]; then
    npm_packages end2end
fi

# Protocol peers in Python, in an environment of their own

if [ "$purpose" = test ]; then
    peers=target/peers
    wanted=end2end/peers/requirements.txt
    if [ ! -f "$peers/installed" ] || [ "$wanted" -nt "$peers/installed" ]; then
        echo "Installing the Python peers"
        python3 -m venv "$peers"
        "$peers/bin/pip" install --quiet --disable-pip-version-check -r "$wanted"
        touch "$peers/installed"
    fi
fi
