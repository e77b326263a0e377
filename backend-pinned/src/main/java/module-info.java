/** Page-locked host memory. */
module io.kvbm.backend.pinned {
  requires transitive io.kvbm.api;
  requires io.kvbm.cuda;
  requires static org.jspecify;

  exports io.kvbm.backend.pinned;

  provides io.kvbm.api.spi.BackendProvider with
      io.kvbm.backend.pinned.PinnedBackendProvider;
}
