/** Disk storage, the KV block store and the write-ahead log. */
module io.kvbm.backend.disk {
  requires transitive io.kvbm.api;
  requires com.github.benmanes.caffeine;
  requires jdk.unsupported;
  requires static org.jspecify;

  exports io.kvbm.backend.disk;

  uses io.kvbm.api.codec.Codec;

  provides io.kvbm.api.spi.BackendProvider with
      io.kvbm.backend.disk.DiskBackendProvider;
}
