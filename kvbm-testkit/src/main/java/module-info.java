/** Contract tests that any backend runs, and the doubles they need. */
module io.kvbm.testkit {
  requires transitive io.kvbm.api;
  requires transitive org.junit.jupiter.api;
  requires transitive org.junit.jupiter.params;
  requires transitive org.assertj.core;

  exports io.kvbm.testkit.disk;
}
