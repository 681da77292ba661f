#!/bin/bash
# run_one.sh TARGET SECONDS: fuzzes build/fuzz/src/TARGET from its corpus tests/fuzz/TARGET for so
# long and prints one TAP line. New inputs stay in build/fuzz/corpus; what crashed lies in
# build/fuzz/found.
set -u
target=$1
seconds=$2
work=build/fuzz/corpus/$target
mkdir -p "$work" build/fuzz/found "tests/fuzz/$target"
log=build/fuzz/$target.log
run=()
if setarch -R true 2>/dev/null; then run=(setarch -R); fi
if "${run[@]}" "build/fuzz/src/$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
  -max_len=65536 -print_final_stats=1 -artifact_prefix="build/fuzz/found/$target-" \
  "$work" "tests/fuzz/$target" >"$log" 2>&1; then
  echo "ok $target ($(awk '/number_of_executed_units/ { print $2 }' "$log") inputs)"
else
  tail -n 40 "$log" | sed 's/^/# /'
  echo "not ok $target"
  exit 1
fi
