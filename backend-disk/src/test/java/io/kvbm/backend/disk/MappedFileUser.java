package io.kvbm.backend.disk;

import io.kvbm.api.BackendException;
import java.io.IOException;
import java.nio.file.Path;

/** Another process that uses a mapping. */
final class MappedFileUser {

  static final int BYTE_SIZE = 20_000;
  static final byte VALUE = 6;

  private MappedFileUser() {}

  public static void main(String[] arguments) throws IOException {
    try (MappedFileStorage storage = MappedFileStorage.newAt(Path.of(arguments[1]), BYTE_SIZE)) {
      storage.memset(VALUE, 0, BYTE_SIZE);
      if (arguments[0].equals("hold")) {
        System.out.println("held");
        System.in.read();
      } else {
        System.out.println(forceTwice(storage));
      }
    }
  }

  private static String forceTwice(MappedFileStorage storage) {
    try {
      storage.force();
    } catch (BackendException e) {
      try {
        storage.force();
        return "failed and forgot it";
      } catch (BackendException again) {
        return "failed and refused";
      }
    }
    storage.memset(VALUE, 0, BYTE_SIZE);
    storage.force();
    return "forced";
  }
}
