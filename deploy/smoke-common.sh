# What the smoke tests of both compose files have in common. Set before this is read: $project, $file and $log.


if [ -n "${COMPOSE:-}" ]; then
    compose=$COMPOSE
elif docker compose version >/dev/null 2>&1; then
    compose='docker compose'
else
    compose=docker-compose
fi

dc() { $compose --project-name $project --file "$file" "$@"; }

say() { echo "smoke: $(($(date +%s) - began)) s: $*"; }

fail() {
    say "FAILED: $*"
    cat "$log"
    dc ps
    dc logs --tail 30
    exit 1
}

# must WHAT COMMAND…: or all fails. What it prints is shown only then.
must() {
    what=$1
    shift
    "$@" >"$log" 2>&1 || fail "$what"
    say "$what"
}

# eventually SECONDS WHAT COMMAND…: until the command succeeds.
eventually() {
    until=$(($(date +%s) + $1))
    what=$2
    shift 2
    while ! "$@" >"$log" 2>&1; do
        [ "$(date +%s)" -lt "$until" ] || fail "$what"
        sleep 0.2
    done
    say "$what"
}

containers() { dc ps --quiet "$@"; }

healthy() { # SERVICE COUNT: exactly so many, and each is healthy
    # shellcheck disable=SC2046
    [ "$(docker inspect --format '{{.State.Health.Status}}' $(containers "$1") | sort | uniq -c | tr -s ' ')" = " $2 healthy" ]
}

status() { # CODE CURL-ARGUMENT…
    code=$1
    shift
    [ "$(curl --silent --output /dev/null --write-out '%{http_code}' "$@")" = "$code" ]
}

refused() { ! "$@"; }

began=$(date +%s)
