package io.kvbm.backend.disk.slab;

import java.util.Locale;

/** What can be wrong with a slot that was read; each is looked for at every read. */
enum SlotFault {
  /** The header page is torn, of another format, or blank. */
  HEADER("its header is damaged"),
  /** The header belongs to a former file of that name. */
  FILE("it belongs to another file"),
  /** The header belongs elsewhere in the file: a write or a read went to a wrong place. */
  SLOT("it belongs to another slot"),
  /** The slot holds another block. */
  KEY("it holds another block"),
  /** The slot holds an older or newer content of the block. */
  GENERATION("it holds another generation"),
  /** The block was written by another hash scheme, model or layout. */
  FINGERPRINT("its fingerprint is another one"),
  /** The block has another length than when it was written. */
  LENGTH("its length is another one"),
  /** The body is torn or decayed. */
  BODY("its bytes changed (checksum)"),
  /** The file ends before the slot does. */
  END("the file ends before");

  private final String words;

  SlotFault(String words) {
    this.words = words;
  }

  String words() {
    return words;
  }

  /** {@return the cause in metrics} */
  String text() {
    return name().toLowerCase(Locale.ROOT);
  }
}
