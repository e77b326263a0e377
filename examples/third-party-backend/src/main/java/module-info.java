/** A kvbm backend that keeps blocks Zstandard-compressed in host memory. */
module org.example.zstdmemory {
  requires io.kvbm.api;
  requires com.github.luben.zstd_jni;

  exports org.example.zstdmemory;

  provides io.kvbm.api.spi.BackendProvider with
      org.example.zstdmemory.ZstdMemoryProvider;
}
