package io.kvbm.backend.disk;

import java.io.IOException;
import java.nio.file.Path;

/** Another process that holds a lock until it is killed. */
final class LockHolder {

  static final String HELD = "held";

  private LockHolder() {}

  public static void main(String[] arguments) throws IOException {
    new FileDisk().lock(Path.of(arguments[0]));
    System.out.println(HELD);
    System.in.read();
  }
}
