package io.kvbm.core.pool;

/** Why a block cannot be found in a pool any more. */
public enum LeaveCause {
  /** Evicted to make room. */
  CAPACITY("capacity"),
  /** Picked to make room, and moved elsewhere first or lost on the way. */
  MOVED("moved"),
  /** Taken out: it turned out damaged, or is in a higher tier now. */
  REMOVED("removed"),
  /** Dropped because somebody asked for it. */
  RESET("reset"),
  /** Dropped because its time to live was over. */
  EXPIRED("expired");

  private final String text;

  LeaveCause(String text) {
    this.text = text;
  }

  /** {@return the name in metrics and reports} */
  public String text() {
    return text;
  }
}
