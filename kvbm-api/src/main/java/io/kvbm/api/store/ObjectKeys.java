package io.kvbm.api.store;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.Stability;
import java.util.regex.Pattern;

/** The rules for keys of objects, for those who write an {@link ObjectStore}. */
@Stability(Stability.Level.PREVIEW)
public final class ObjectKeys {

  /** The most characters of a key. */
  public static final int MAX_LENGTH = 1024;

  private static final Pattern CHARACTERS = Pattern.compile("[A-Za-z0-9._/-]+");

  private ObjectKeys() {}

  /**
   * Refuses a malformed key, naming the rule.
   *
   * @param key what a caller gave
   * @throws CallerException with {@link ErrorCode#INVALID_ARGUMENT} if it is none
   */
  public static void check(String key) {
    if (key.isEmpty() || key.length() > MAX_LENGTH) {
      throw malformed(key, "it has " + key.length() + " characters, not 1 to " + MAX_LENGTH);
    }
    if (!CHARACTERS.matcher(key).matches()) {
      throw malformed(key, "it has characters outside [A-Za-z0-9._/-]");
    }
    for (String part : key.split("/", -1)) {
      if (part.isEmpty() || part.equals(".") || part.equals("..")) {
        throw malformed(key, "it has an empty, '.' or '..' part");
      }
    }
  }

  private static CallerException malformed(String key, String why) {
    String shown = key.length() > 64 ? key.substring(0, 64) + "…" : key;
    return new CallerException(
        ErrorCode.INVALID_ARGUMENT,
        "object key '" + shown.replaceAll("\\p{Cntrl}", "?") + "' is malformed: " + why);
  }
}
