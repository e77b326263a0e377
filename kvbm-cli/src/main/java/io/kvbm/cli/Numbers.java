package io.kvbm.cli;

import java.math.BigInteger;
import picocli.CommandLine;
import picocli.CommandLine.TypeConversionException;

/** Reads the numbers of the command line and refuses others in words that name no Java type. */
final class Numbers {

  private Numbers() {}

  /** Makes a command and its subcommands read numbers this way. */
  static void register(CommandLine line) {
    line.registerConverter(Integer.class, Numbers::parseInt);
    line.registerConverter(int.class, Numbers::parseInt);
    line.registerConverter(Long.class, Numbers::parseLong);
    line.registerConverter(long.class, Numbers::parseLong);
    line.registerConverter(Double.class, Numbers::parseDouble);
    line.registerConverter(double.class, Numbers::parseDouble);
  }

  private static int parseInt(String text) {
    return (int) parse(text, Integer.MIN_VALUE, Integer.MAX_VALUE);
  }

  private static long parseLong(String text) {
    return parse(text, Long.MIN_VALUE, Long.MAX_VALUE);
  }

  private static long parse(String text, long least, long most) {
    BigInteger number;
    try {
      number = new BigInteger(text);
    } catch (NumberFormatException e) {
      throw new TypeConversionException("'" + text + "' is not a whole number");
    }
    if (number.compareTo(BigInteger.valueOf(most)) > 0) {
      throw new TypeConversionException("'" + text + "' is too large, at most " + most);
    }
    if (number.compareTo(BigInteger.valueOf(least)) < 0) {
      throw new TypeConversionException("'" + text + "' is too small, at least " + least);
    }
    return number.longValueExact();
  }

  private static double parseDouble(String text) {
    try {
      return Double.parseDouble(text);
    } catch (NumberFormatException e) {
      throw new TypeConversionException("'" + text + "' is not a number");
    }
  }
}
