/** Off-heap host memory, null storage, and block store, object store and log in memory. */
module io.kvbm.backend.system {
  requires transitive io.kvbm.api;
  requires static org.jspecify;

  exports io.kvbm.backend.system;

  provides io.kvbm.api.spi.BackendProvider with
      io.kvbm.backend.system.SystemBackendProvider;
}
