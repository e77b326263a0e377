package io.kvbm.api.spi;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.Stability;
import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;

/** Finds the name a user may have meant. */
@Stability(Stability.Level.INTERNAL)
public final class Nearest {

  private Nearest() {}

  /**
   * {@return the known name with the smallest edit distance, upper and lower case being equal}
   *
   * @param name what the user wrote
   * @param known at least one name
   */
  public static String to(String name, Collection<String> known) {
    return known.stream()
        .min(
            Comparator.comparingInt((String candidate) -> distance(name, candidate))
                .thenComparing(Comparator.naturalOrder()))
        .orElseThrow(
            () -> new CallerException(ErrorCode.INVALID_ARGUMENT, "no known names to choose from"));
  }

  /**
   * {@return the nearest known name, where it is near enough to have been meant: at most half of
   * the letters differ}
   *
   * @param name what the user wrote
   * @param known any number of names
   */
  public static Optional<String> similarTo(String name, Collection<String> known) {
    return known.isEmpty()
        ? Optional.empty()
        : Optional.of(to(name, known))
            .filter(
                nearest ->
                    2 * distance(name, nearest) <= Math.max(name.length(), nearest.length()));
  }

  private static int distance(String left, String right) {
    String a = left.toLowerCase(Locale.ROOT);
    String b = right.toLowerCase(Locale.ROOT);
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int above = row[j];
        int change = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        row[j] = Math.min(change, Math.min(above, row[j - 1]) + 1);
        diagonal = above;
      }
    }
    return row[b.length()];
  }
}
