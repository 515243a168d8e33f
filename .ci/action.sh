#!/usr/bin/env bash
# What the GitHub Action runs: SPECS, FORMAT and SARIF are its inputs.
set -uo pipefail
shopt -s globstar nullglob
files=()
while IFS= read -r pattern; do
  # Unquoted on purpose: the pattern is expanded, and its words are files.
  for file in $pattern; do files+=("$file"); done
done <<< "$SPECS"
if [ ${#files[@]} -eq 0 ]; then
  echo "::error::no file matches: $SPECS"
  exit 2
fi
status=0
causalspec check --format github -- "${files[@]}" || status=$?
if [ -n "${SARIF:-}" ]; then
  causalspec check --format sarif -- "${files[@]}" > "$SARIF" || true
fi
if [ "${FORMAT:-true}" = true ]; then
  causalspec fmt --check --diff -- "${files[@]}" || { code=$?; [ "$status" -ne 0 ] || status=$code; }
fi
exit "$status"
