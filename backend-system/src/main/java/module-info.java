/** Off-heap host memory, null storage and an in-memory object store. */
module io.kvbm.backend.system {
  requires io.kvbm.api;
}
