/** The CUDA driver: devices, memory, streams and copies, by JCuda. */
module io.kvbm.cuda {
  requires transitive io.kvbm.api;
  requires jcuda;
  requires static org.jspecify;

  exports io.kvbm.cuda;
}
