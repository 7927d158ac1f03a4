#!/bin/sh
# fuzz.sh [TARGET|all] [SECONDS]: runs a target of the crate `fuzz`, or each of them, for so long.
set -eu
cd "$(dirname "$0")/.."

targets=${1:-all}
seconds=${2:-60}
[ "$targets" != all ] || targets=$(cargo fuzz list)

for target in $targets; do
    printf '\n==> %s, %s s\n' "$target" "$seconds"
    # Without a sanitizer: the code is safe Rust, so what the address sanitizer finds is not there to be found, and
    # neither its slower executions nor the nightly compiler that it needs are worth it. Overflow checks and debug
    # assertions are on. More codegen units than one make the build faster. The time limit is for what hangs: on a
    # machine that is busy with something else an execution of a millisecond may take seconds.
    cargo fuzz run --sanitizer none --codegen-units 16 "$target" -- \
        -max_total_time="$seconds" -timeout=60 -print_final_stats=1
done
