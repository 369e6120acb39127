#!/bin/sh
# Fetch Lit's renderer from the npm registry and put it, with its licence, where the pages load it from.
# The result is committed: pages have no build step and no store ever downloads a script.
# Usage: installer/vendor_lit.sh [VERSION]
set -eu
VERSION="${1:-3.3.3}"
HERE="$(cd "$(dirname "$0")/.." && pwd)"
TARGET="$HERE/kiosk/static/vendor"
WORK="$(mktemp -d)"
trap 'rm -rf "$WORK"' EXIT

cd "$WORK"
npm pack --silent "lit-html@$VERSION" >/dev/null
tar xzf "lit-html-$VERSION.tgz"
mkdir -p "$TARGET"
# The map is not shipped, so the line that names it would only be a 404 in a developer's console.
sed '/^\/\/# sourceMappingURL=/d' package/lit-html.js >"$TARGET/lit-html.js"
cp package/LICENSE "$TARGET/LICENSE.lit-html"
SUM="$(sha256sum "$TARGET/lit-html.js" | cut -d' ' -f1)"
printf 'lit-html %s (BSD-3-Clause), sha256 of lit-html.js %s\n' "$VERSION" "$SUM" >"$TARGET/VERSION"
cat "$TARGET/VERSION"
