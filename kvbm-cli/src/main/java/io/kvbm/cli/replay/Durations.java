package io.kvbm.cli.replay;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads times such as {@code 50ms}, {@code 2s} or {@code 0} as nanoseconds. */
final class Durations implements ITypeConverter<Long> {

  private static final Pattern FORM = Pattern.compile("(\\d{1,9})(us|ms|s)?");

  @Override
  public Long convert(String value) {
    Matcher matcher = FORM.matcher(value);
    if (!matcher.matches() || matcher.group(2) == null && !value.equals("0")) {
      throw new TypeConversionException("'" + value + "' is no time such as 50ms or 2s");
    }
    long unit =
        switch (matcher.group(2)) {
          case "us" -> 1_000L;
          case "ms" -> 1_000_000L;
          case "s" -> 1_000_000_000L;
          case null, default -> 0L;
        };
    return Long.parseLong(matcher.group(1)) * unit;
  }
}
