/** Contract tests that any backend runs, and the doubles they need. */
module io.kvbm.testkit {
  requires java.management;
  requires transitive io.kvbm.api;
  requires transitive org.assertj.core;
  requires transitive org.junit.jupiter.api;
  requires transitive org.junit.jupiter.params;
  requires static org.jspecify;

  exports io.kvbm.testkit;
  exports io.kvbm.testkit.contract;
  exports io.kvbm.testkit.cuda;
  exports io.kvbm.testkit.disk;

  opens io.kvbm.testkit.contract to
      org.junit.platform.commons;
  opens io.kvbm.testkit.disk to
      org.junit.platform.commons;
}
