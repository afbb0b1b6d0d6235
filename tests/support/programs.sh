# SPDX-License-Identifier: LGPL-2.1-or-later
# For the run scripts of suites made of GLib test programs: run_programs PROGRAM... prints their TAP lines. A program that
# ends badly without having said so, or says nothing, is told as one more failed test.
failed=0
export ASAN_OPTIONS="${ASAN_OPTIONS:-detect_leaks=1}"
export LSAN_OPTIONS="${LSAN_OPTIONS:-suppressions=$(dirname "${BASH_SOURCE[0]}")/leaks.supp:print_suppressions=0}"
export UBSAN_OPTIONS="${UBSAN_OPTIONS:-halt_on_error=1:print_stacktrace=1}"

run_programs () {
  local program name lines status n
  for program in "$@"; do
    name=$(basename "$program")
    lines=$(mktemp)
    if [ -x "$program" ]; then
      "$program" --tap >"$lines" 2>"$lines.err"
      status=$?
    else
      echo "$program is not built" >"$lines.err"
      status=127
    fi
    grep -aE '^(not )?ok ' "$lines"
    n=$(grep -acE '^(not )?ok ' "$lines")
    if grep -aqE '^not ok ' "$lines"; then
      failed=1
      cat "$lines.err" >&2
    elif [ "$status" != 0 ] || [ "$n" = 0 ]; then
      failed=1
      cat "$lines.err" >&2
      echo "not ok $((n + 1)) $name ends with status $status"
    fi
    rm -f "$lines" "$lines.err"
  done
}

# The same, at a time: for programs that use no more than a core each. Told in their order.
run_programs_together () {
  local program folder i=0
  folder=$(mktemp -d)
  for program in "$@"; do
    (run_programs "$program"; exit "$failed") >"$folder/$i" 2>"$folder/$i.err" &
    i=$((i + 1))
    echo $! >"$folder/$i.pid"
  done
  for ((i = 0; i < $#; i++)); do
    wait "$(cat "$folder/$((i + 1)).pid")" || failed=1
    cat "$folder/$i"
    cat "$folder/$i.err" >&2
  done
  rm -rf "$folder"
}
