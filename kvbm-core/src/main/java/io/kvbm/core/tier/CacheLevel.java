package io.kvbm.core.tier;

/** Which tier of a manager. */
public enum CacheLevel {
  /** The first tier: GPU memory. */
  DEVICE("device"),
  /** The second tier: host memory. */
  HOST("host"),
  /** The third tier: local disk. */
  DISK("disk");

  private final String text;

  CacheLevel(String text) {
    this.text = text;
  }

  /** {@return the name in messages, metrics and reports} */
  public String text() {
    return text;
  }
}
