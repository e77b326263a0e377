package io.kvbm.cli.store;

import io.kvbm.api.store.Durability;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** How durable a change is when the command ends. */
final class DurabilityOption {

  @Option(
      names = "--durability",
      paramLabel = "CLASS",
      defaultValue = "synced",
      converter = Words.class,
      description =
          "What is promised when the command ends: none; written, it survives the process; synced,"
              + " it survives a power cut as far as file system and device do, see 'kvbm store"
              + " stats' (default: ${DEFAULT-VALUE}).")
  private Durability durability;

  /** For picocli. */
  DurabilityOption() {}

  Durability value() {
    return durability;
  }

  /** Reads the words. */
  static final class Words implements ITypeConverter<Durability> {

    /** For picocli. */
    Words() {}

    @Override
    public Durability convert(String text) {
      return Arrays.stream(Durability.values())
          .filter(value -> word(value).equals(text))
          .findFirst()
          .orElseThrow(
              () ->
                  new TypeConversionException(
                      "'%s' is no durability; one of: %s"
                          .formatted(
                              text,
                              Arrays.stream(Durability.values())
                                  .map(Words::word)
                                  .collect(Collectors.joining(", ")))));
    }

    static String word(Durability value) {
      return value.name().toLowerCase(Locale.ROOT);
    }
  }
}
