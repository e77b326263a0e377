package io.kvbm.cli.console;

import java.util.Locale;

/** Large counts and rates as short text for people: {@code 912}, {@code 48.1 k}, {@code 2.35 M}. */
public final class Quantity {

  private static final String[] PREFIXES = {"", " k", " M", " G", " T", " P", " E"};

  private Quantity() {}

  /**
   * {@return the value with three significant digits and a decimal prefix, the same in every
   * locale}
   *
   * @param value not negative
   */
  public static String format(double value) {
    double scaled = value;
    int prefix = 0;
    while (scaled >= 999.5 && prefix < PREFIXES.length - 1) {
      scaled /= 1000;
      prefix++;
    }
    String pattern =
        scaled >= 99.95 || isWhole(scaled, prefix) ? "%.0f" : scaled >= 9.995 ? "%.1f" : "%.2f";
    return String.format(Locale.ROOT, pattern, scaled) + PREFIXES[prefix];
  }

  private static boolean isWhole(double scaled, int prefix) {
    return prefix == 0 && scaled == Math.rint(scaled);
  }
}
