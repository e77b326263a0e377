/** Memory of NVIDIA GPUs, and copies to and from it. */
module io.kvbm.backend.cuda {
  requires transitive io.kvbm.api;
  requires io.kvbm.cuda;
  requires static org.jspecify;

  exports io.kvbm.backend.cuda;

  provides io.kvbm.api.spi.BackendProvider with
      io.kvbm.backend.cuda.CudaBackendProvider;
}
