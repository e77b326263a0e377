package io.kvbm.cli.simulate;

import io.kvbm.core.tier.CacheLevel;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * Tiers of a simulation, the fastest first.
 *
 * @param levels which there are
 * @param capacities how many blocks each keeps, above 0
 */
record TierSizes(List<CacheLevel> levels, List<Long> capacities) {

  TierSizes {
    levels = List.copyOf(levels);
    capacities = List.copyOf(capacities);
  }

  /** How many blocks all tiers keep together. */
  long total() {
    long total = 0;
    for (long capacity : capacities) {
      total = total + capacity < 0 ? Long.MAX_VALUE : total + capacity;
    }
    return total;
  }

  String text() {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < levels.size(); i++) {
      text.append(i == 0 ? "" : ",").append(levels.get(i).text()).append('=');
      text.append(capacities.get(i));
    }
    return text.toString();
  }

  /** Reads {@code device=N,host=N,disk=N}, in this order; a tier may be left out or 0. */
  static final class Converter implements ITypeConverter<TierSizes> {

    @Override
    public TierSizes convert(String value) {
      List<CacheLevel> levels = new ArrayList<>();
      List<Long> capacities = new ArrayList<>();
      CacheLevel last = null;
      for (String part : value.split(",", -1)) {
        String[] pair = part.split("=", -1);
        CacheLevel level = level(pair[0], value);
        if (pair.length != 2) {
          throw new TypeConversionException("'" + part + "' is not of the form TIER=BLOCKS");
        }
        if (last != null && level.compareTo(last) <= 0) {
          throw new TypeConversionException(
              "'" + value + "' names a tier twice or not in the order device, host, disk");
        }
        last = level;
        long capacity = blocks(pair[1]);
        if (capacity > 0) {
          levels.add(level);
          capacities.add(capacity);
        }
      }
      if (levels.isEmpty()) {
        throw new TypeConversionException("'" + value + "' has no tier of more than 0 blocks");
      }
      return new TierSizes(levels, capacities);
    }

    private static CacheLevel level(String name, String value) {
      for (CacheLevel level : CacheLevel.values()) {
        if (level.text().equals(name.toLowerCase(Locale.ROOT))) {
          return level;
        }
      }
      throw new TypeConversionException(
          "'" + value + "' names no tier with '" + name + "'; tiers are device, host, disk");
    }

    private static long blocks(String text) {
      try {
        long blocks = Long.parseLong(text);
        if (blocks >= 0) {
          return blocks;
        }
      } catch (NumberFormatException _) {
        // the message below says it
      }
      throw new TypeConversionException("'" + text + "' is no number of blocks");
    }
  }
}
