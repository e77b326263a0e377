package io.kvbm.bench.transfer;

import io.kvbm.api.spi.ByteSizes;
import java.util.Locale;

/**
 * One way of reading a peer's memory.
 *
 * @param transport {@code tcp} or {@code ucx}
 * @param byteSize bytes of a block
 * @param depth blocks in flight; 1 measures how long one takes
 * @param mode what is switched on beside it
 */
record TransferCase(String transport, int byteSize, int depth, Mode mode) {

  /** What differs from plain bytes over one connection. */
  enum Mode {
    /** Nothing: checksums off. */
    PLAIN("plain"),
    /** Every block has a CRC32C from end to end. */
    CHECKSUM("crc"),
    /** Mutual TLS, with checksums. */
    TLS("tls"),
    /** The thread of UCX waits for events. */
    EVENT("event"),
    /** The thread of UCX never waits. */
    BUSY("busy");

    private final String text;

    Mode(String text) {
      this.text = text;
    }

    String text() {
      return text;
    }
  }

  boolean isLatency() {
    return depth == 1;
  }

  boolean isTcp() {
    return transport.equals("tcp");
  }

  /** {@return for instance {@code tcp-1m-d8-crc}} */
  String name() {
    return "%s-%s-d%d-%s".formatted(transport, size(), depth, mode.text());
  }

  private String size() {
    return ByteSizes.format(byteSize).toLowerCase(Locale.ROOT).replaceAll("[ ib]", "");
  }
}
