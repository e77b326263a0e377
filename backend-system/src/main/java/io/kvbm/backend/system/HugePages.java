package io.kvbm.backend.system;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Whether large allocations ask the kernel for huge pages. A refusal never fails an allocation. */
enum HugePages {
  /** Ask where the kernel gives them on request. */
  AUTO,
  /** Ask always. */
  TRUE,
  /** Never ask. */
  FALSE;

  /** The length of a huge page, and the least allocation worth one. */
  static final long BYTE_SIZE = 2L << 20;

  private static final String SWITCH = "sys/kernel/mm/transparent_hugepage/enabled";

  /** {@return the mode a setting names} */
  static HugePages of(String text) {
    return switch (text.strip()) {
      case "auto" -> AUTO;
      case "true" -> TRUE;
      case "false" -> FALSE;
      default ->
          throw new ConfigurationException(
              ErrorCode.INVALID_CONFIG,
              "setting 'hugePages' is '" + text + "', expected auto, true or false");
    };
  }

  /** {@return whether an allocation of so many bytes asks for them} */
  boolean wantedFor(long byteSize) {
    return switch (this) {
      case AUTO -> byteSize >= BYTE_SIZE && KernelMode.AT_START.equals("madvise");
      case TRUE -> byteSize >= BYTE_SIZE;
      case FALSE -> false;
    };
  }

  /** {@return one clause for the user: what will happen on this machine} */
  String describe() {
    return switch (this) {
      case FALSE -> "huge pages off";
      case AUTO, TRUE ->
          switch (KernelMode.AT_START) {
            case "madvise" -> "huge pages on request from 2 MiB";
            case "always" -> "huge pages always";
            case "never" -> "huge pages refused by the kernel, ordinary pages are used";
            default -> "huge pages not offered here, ordinary pages are used";
          };
    };
  }

  /** {@return the word in brackets of the kernel's switch; empty where there is none} */
  static String kernelMode(Path root) {
    try {
      String modes = Files.readString(root.resolve(SWITCH));
      int start = modes.indexOf('[') + 1;
      int end = modes.indexOf(']');
      return start > 0 && end > start ? modes.substring(start, end) : "";
    } catch (IOException e) {
      return "";
    }
  }

  /** The kernel's switch, read at the first use. */
  private static final class KernelMode {

    private static final String AT_START = kernelMode(Path.of("/"));
  }
}
