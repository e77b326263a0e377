package io.kvbm.core.config;

/** What users wrote, fit for one line of a message. */
final class ShownText {

  private static final int MAX_LENGTH = 80;

  private ShownText() {}

  /** {@return the text without line breaks and control characters, and not too long} */
  static String of(String text) {
    StringBuilder shown = new StringBuilder();
    int length = Math.min(text.length(), MAX_LENGTH);
    for (int i = 0; i < length; i++) {
      char c = text.charAt(i);
      if (Character.isISOControl(c) || c == '\u2028' || c == '\u2029' || Character.isSurrogate(c)) {
        shown.append(String.format("\\u%04x", (int) c));
      } else {
        shown.append(c);
      }
    }
    return length < text.length() ? shown.append("...").toString() : shown.toString();
  }

  /** {@return a beginning of the text that is enough to find what was meant} */
  static String start(String text) {
    return text.substring(0, Math.min(text.length(), 2 * MAX_LENGTH));
  }
}
