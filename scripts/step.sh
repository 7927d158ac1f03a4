#!/bin/sh
# step.sh HEADING COMMAND…: runs one step of a longer check and says how long it took.
set -u

heading=$1
shift
printf '\n==> %s\n' "$heading"
started=$(date +%s)
"$@"
status=$?
elapsed=$(($(date +%s) - started))
if [ $status -eq 0 ]; then
    printf '==> %s: done in %s s\n' "$heading" "$elapsed"
else
    printf '==> %s: FAILED after %s s\n' "$heading" "$elapsed" >&2
fi
exit $status
