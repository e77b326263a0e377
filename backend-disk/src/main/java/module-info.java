/** Disk storage, the KV block store and the write-ahead log. */
module io.kvbm.backend.disk {
  requires io.kvbm.api;
}
