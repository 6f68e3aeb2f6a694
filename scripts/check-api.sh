#!/bin/sh
# Checks the HTTP API of a running system: everything with the demo on free ports, the calls of the old system's worker,
# then schemathesis with all its checks against /openapi.json. Its tools go into .tools/api, as tests/api/requirements.txt
# pins them.
#
#   EXAMPLES=100   cases of each call that are made up
#   SEED=number    to repeat a run
set -eu

CDPATH='' cd "$(dirname "$0")/.."
tools=$PWD/.tools/api
work=$(mktemp -d)
pid=

finish() {
    status=$?
    trap - EXIT
    if [ -n "$pid" ]; then
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    fi
    if [ "$status" != 0 ] && [ -f "$work/log" ]; then
        tail -n 20 "$work/log" >&2
    fi
    rm -rf "$work"
    exit "$status"
}
trap finish EXIT
trap 'exit 130' INT TERM

if ! cmp -s tests/api/requirements.txt "$tools/requirements.txt"; then
    rm -rf "$tools"
    python3 -m venv "$tools"
    "$tools/bin/pip" install --quiet --disable-pip-version-check --requirement tests/api/requirements.txt
    cp tests/api/requirements.txt "$tools/"
fi

free_ports() {
    python3 -c '
import socket, sys
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(int(sys.argv[1]))]
print(*(one.getsockname()[1] for one in sockets))' "$1"
}

cargo build --locked --package cli
# shellcheck disable=SC2046
set -- $(free_ports 4)
url=http://127.0.0.1:$1
"${CARGO_TARGET_DIR:-target}/debug/framewatch" up --demo --data "$work/data" --listen "127.0.0.1:$1" \
    --nats-port "$2" --redis-port "$3" --ops-listen "127.0.0.1:$4" >"$work/log" 2>&1 &
pid=$!

# The demo uploads its references first.
tries=60
until "$tools/bin/python" tests/seed/worker.py "$url" folder1 folder2 folder3 folder4 folder5 folder6 >"$work/worker" 2>&1; do
    tries=$((tries - 1))
    if [ "$tries" = 0 ] || ! kill -0 "$pid" 2>/dev/null; then
        cat "$work/worker" >&2
        exit 1
    fi
    sleep 1
done
cat "$work/worker"

config=$PWD/tests/api
cd "$work"
PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$config "$tools/bin/schemathesis" --config-file "$config/schemathesis.toml" \
    run "$url/openapi.json" --max-examples "${EXAMPLES:-100}" ${SEED:+--seed "$SEED"}
