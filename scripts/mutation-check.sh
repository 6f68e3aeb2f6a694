#!/bin/sh
# Shows that the oracle can fail: with each of tests/mutations/*.patch applied to a copy of the last commit, it must.
set -eu

cd "$(dirname "$0")/.."
root=$PWD
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
export CARGO_TARGET_DIR="$copy/target"

git clone --quiet "$root" "$copy/source"
ln -s "$root/.tools" "$copy/source/.tools"
cd "$copy/source"

for patch in "$root"/tests/mutations/*.patch; do
    name=$(basename "$patch" .patch)
    git apply "$patch"
    cargo test --quiet --locked --workspace --test oracle --no-run
    if cargo test --quiet --locked --workspace --test oracle whatever_dies >"$copy/log" 2>&1; then
        echo "$name: the oracle did not notice"
        exit 1
    fi
    if ! grep -q 'things are wrong' "$copy/log"; then
        echo "$name: the oracle failed for another reason:"
        tail -n 20 "$copy/log"
        exit 1
    fi
    echo "$name: noticed, as it must be:"
    grep -A 3 'things are wrong' "$copy/log"
    git apply --reverse "$patch"
done
