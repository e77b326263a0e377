package io.kvbm.backend.remote.ucx;

/** What UCX tells while it makes progress. Implementations only write it down. */
interface UcxEvents {

  /** A request ended. */
  void completed(long slot, int status);

  /** The connection of an endpoint is lost. */
  void failed(long peer, int status);
}
