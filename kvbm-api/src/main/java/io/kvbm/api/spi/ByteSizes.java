package io.kvbm.api.spi;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.Stability;
import java.math.BigDecimal;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Byte counts as text: {@code 4096}, {@code 64KiB}, {@code 1.5GiB}, {@code 2GB}. */
@Stability(Stability.Level.INTERNAL)
public final class ByteSizes {

  private static final Pattern TEXT =
      Pattern.compile("\\s*(\\d{1,18}(?:\\.\\d{1,9})?)\\s*(?:([KMGT])(I?))?B?\\s*");

  private ByteSizes() {}

  /**
   * Reads a byte count. {@code K}, {@code M}, {@code G}, {@code T} alone and with {@code iB} count
   * in 1024s, with {@code B} alone in 1000s.
   *
   * @param text what to read
   * @return bytes
   * @throws ConfigurationException if it is no byte count, no whole number of bytes or above 2^63-1
   */
  public static long parse(String text) {
    String upper = text.toUpperCase(Locale.ROOT);
    Matcher matcher = TEXT.matcher(upper);
    if (!matcher.matches()) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG,
          "'" + text + "' is no byte count; write for instance 4096, 64KiB or 2GiB");
    }
    @Nullable String unit = matcher.group(2);
    boolean decimal = unit != null && matcher.group(3).isEmpty() && upper.strip().endsWith("B");
    int power = unit == null ? 0 : "KMGT".indexOf(unit) + 1;
    BigDecimal factor = BigDecimal.valueOf(decimal ? 1000 : 1024).pow(power);
    try {
      return new BigDecimal(matcher.group(1)).multiply(factor).longValueExact();
    } catch (ArithmeticException e) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG, "'" + text + "' is no whole number of bytes below 2^63", e);
    }
  }

  /**
   * {@return a byte count for people, in 1024s}
   *
   * @param byteSize bytes
   */
  public static String format(long byteSize) {
    if (byteSize < 1024) {
      return byteSize + " B";
    }
    double value = byteSize;
    int unit = -1;
    while (value >= 1024 && unit < 4) {
      value /= 1024;
      unit++;
    }
    return String.format(
        Locale.ROOT, value >= 100 ? "%.0f %siB" : "%.1f %siB", value, "KMGTP".charAt(unit));
  }
}
