package io.kvbm.cli.trace;

import java.util.Arrays;
import java.util.Locale;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** How a trace is written. */
public enum TraceFormat {
  /** Found out from the content. */
  AUTO,
  /** JSON Lines: one request a line, {@code {"timestamp": ms, "hash_ids": […]}}. */
  MOONCAKE,
  /** One JSON document a conversation: {@code {"requests": [{"t": seconds, "hash_ids": […]}]}}. */
  WEKA;

  /** The name users give. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Knows the formats by the names users give, and by no others. */
  public static final class Converter implements ITypeConverter<TraceFormat> {

    /** For the command line parser. */
    public Converter() {}

    @Override
    public TraceFormat convert(String value) {
      for (TraceFormat format : values()) {
        if (format.toString().equals(value)) {
          return format;
        }
      }
      throw new TypeConversionException(
          "'%s' is none of %s".formatted(value, Arrays.toString(values())));
    }
  }
}
