package io.kvbm.core.pool;

import java.util.logging.Logger;

/** Broken: logs past System.Logger. */
final class OtherLog {
  void say() {
    Logger.getLogger("kvbm").info("slot");
  }
}
