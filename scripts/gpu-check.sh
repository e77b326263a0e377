#!/usr/bin/env bash
# Builds one archive that runs the CUDA tests and benchmarks on a machine that has an NVIDIA driver and nothing else:
# no Java, no Maven, no network.
#
#   scripts/gpu-check.sh [-o] [FOLDER]     writes FOLDER/kvbm-gpu-check.tar.xz (default: target/gpu-check); -o: Maven offline
#
# There:
#
#   tar -xf kvbm-gpu-check.tar.xz && kvbm-gpu-check/run [tests|bench|replay|all]
#
# `run` writes what it finds to the folder GPU_CHECK_OUT (default: the working directory) and ends with 0 if all is well.
# GPU_CHECK_BLOCKS are the device blocks of 512 KiB that `replay` uses (default: 40960, which is 20 GiB), GPU_CHECK_DIR
# is the folder on the disk that blocks are read from (default: /tmp). Where compute-sanitizer is on the PATH, the tests
# of the copy kernel run under it too.
set -euo pipefail

readonly MAX_BYTES=$((40 * 1000 * 1000))
# What the benchmarks' peers at the other tiers and the JDK's tools bring along; nothing here needs it.
readonly LEFT_OUT='rocksdbjni-*|lmdbjava-*|jcuda-natives-*|jmh-generator-*|jnr-*|jffi-*|native-*|asm-*|lincheck-*|kotlin*|atomicfu-*|annotations-*|byte-buddy-agent-*|byte-buddy-1.14.*|Java-WebSocket-*|msgpack-*|slf4j-*'
readonly JDK_MODULES=java.base,java.logging,java.management,java.naming,java.net.http,java.xml,jdk.management,jdk.unsupported
# The modules whose tests have to do with a GPU.
readonly TESTED=(kvbm-cuda backend-pinned backend-cuda kvbm-cli)

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
maven=(mvn -q -B -ntp)
if [[ ${1:-} == -o ]]; then
  maven+=(-o)
  shift
fi
out=${1:-$root/target/gpu-check}
mkdir -p "$out"
out=$(cd "$out" && pwd -P)
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT

fail() {
  echo "scripts/gpu-check.sh: $*" >&2
  exit 1
}

# A JDK 25 that has jlink.
find_jdk() {
  local candidate
  for candidate in "${KVBM_JAVA_HOME:-}" "${JAVA_HOME:-}" /usr/lib/jvm/* /opt/* /opt/java/*; do
    [[ -x $candidate/bin/jlink && -r $candidate/release ]] || continue
    grep -q '^JAVA_VERSION="2[5-9]' "$candidate/release" && echo "$candidate" && return
  done
  return 1
}

jdk=$(find_jdk) || fail "a JDK 25 with jlink is needed and none was found: install one, or set JAVA_HOME to one"
bundle=$work/kvbm-gpu-check
mkdir -p "$bundle/lib"

echo "building ..." >&2
list=$(IFS=, && echo "kvbm-bench,${TESTED[*]}")
(cd "$root" && "${maven[@]}" -DskipTests -Dkvbm.checks.skip=true -Dkvbm.build=target/gpu-check-build -pl "$list" -am package \
  dependency:copy-dependencies -DincludeScope=test -DoutputDirectory="$bundle/lib" </dev/null >"$work/log" 2>&1) ||
  { tail -n 40 -- "$work/log" >&2; fail "the build failed"; }
version=$(sed -n 's/.*<junit.version>\(.*\)<\/junit.version>.*/\1/p' "$root/pom.xml")
(cd "$root" && "${maven[@]}" -N dependency:copy -Dartifact="org.junit.platform:junit-platform-console-standalone:$version" \
  -DoutputDirectory="$work/console" </dev/null >"$work/log" 2>&1) || { tail -n 40 -- "$work/log" >&2; fail "JUnit's console is missing"; }

for module in "${TESTED[@]}"; do
  (cd "$root/$module/target/gpu-check-build/test-classes" && "$jdk/bin/jar" --create --file "$bundle/lib/$module-tests.jar" .)
done
# Their own jars: kvbm-bench, for one, is nobody's dependency.
for module in kvbm-bench "${TESTED[@]}"; do
  cp -- "$root/$module/target/gpu-check-build/$module"-*.jar "$bundle/lib/"
done
shopt -s extglob nullglob
# shellcheck disable=SC2086 # a pattern
rm -f -- "$bundle"/lib/@(${LEFT_OUT}|junit-*|opentest4j-*|apiguardian-*)
cp -- "$work"/console/*.jar "$bundle/lib/"

"$jdk/bin/jlink" --add-modules "$JDK_MODULES" --strip-debug --no-header-files --no-man-pages --compress zip-0 \
  --output "$bundle/java"
cp -- "$root/scripts/gpu-check-run" "$bundle/run"
git -C "$root" rev-parse --short HEAD >"$bundle/commit" 2>/dev/null || echo unknown >"$bundle/commit"

# What is compressed once by xz is smaller than what was compressed twice.
for jar in "$bundle"/lib/*.jar; do
  mkdir "$work/jar"
  (cd "$work/jar" && "$jdk/bin/jar" --extract --file "$jar" &&
    if [[ -f META-INF/MANIFEST.MF ]]; then
      "$jdk/bin/jar" --create --no-compress --file "$jar" --manifest META-INF/MANIFEST.MF .
    else
      "$jdk/bin/jar" --create --no-compress --no-manifest --file "$jar" .
    fi) 2>>"$work/log"
  rm -rf -- "$work/jar"
done

archive=$out/kvbm-gpu-check.tar.xz
tar -C "$work" -c --sort=name --owner=0 --group=0 --numeric-owner kvbm-gpu-check | xz -T0 -6 >"$archive"
size=$(stat -c %s "$archive")
((size < MAX_BYTES)) || fail "$archive has $size bytes, more than $MAX_BYTES"
echo "$archive: $size bytes"
