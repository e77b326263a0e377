package io.kvbm.cli.trace;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import java.io.IOException;
import java.math.BigInteger;
import java.util.function.LongConsumer;
import java.util.regex.Pattern;

/** Reads the values that both trace formats share. The parser stands on the value's first token. */
final class JsonFields {

  /** Unknown fields may carry whole prompts, so that the length of a text is no error. */
  static final JsonFactory JSON =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder().maxStringLength(Integer.MAX_VALUE).build())
          .build();

  private static final Pattern DIGITS = Pattern.compile("[0-9]{1,40}");

  /** The parser counts from the start of what it was given, which is not the file. */
  private static final Pattern PARSER_PLACE = Pattern.compile(" \\(start marker at \\[.*]\\)");

  private JsonFields() {}

  /** Hands over each element of an array of hashes. */
  static void hashes(JsonParser json, LongConsumer target) throws IOException {
    require(json, JsonToken.START_ARRAY, "hash_ids is not an array");
    while (json.nextToken() != JsonToken.END_ARRAY) {
      target.accept(hash(json));
    }
  }

  /** Returns an unsigned 64-bit integer. */
  private static long hash(JsonParser json) throws IOException {
    require(json, JsonToken.VALUE_NUMBER_INT, "a hash id is not an unsigned 64-bit integer");
    if (json.getNumberType() != JsonParser.NumberType.BIG_INTEGER) {
      long value = json.getLongValue();
      if (value >= 0) {
        return value;
      }
    } else {
      BigInteger value = json.getBigIntegerValue();
      if (value.signum() >= 0 && value.bitLength() <= Long.SIZE) {
        return value.longValue();
      }
    }
    throw new TraceSyntaxException(
        "hash id " + json.getText() + " is not an unsigned 64-bit integer");
  }

  /**
   * Returns a time given as a number or a string of digits, in nanoseconds. What does not fit 63
   * bits becomes the nearest value that does: no clock reaches it, and the order is kept.
   */
  static long nanos(JsonParser json, String field, long nanosPerUnit) throws IOException {
    JsonToken token = json.currentToken();
    if (token == JsonToken.VALUE_STRING && DIGITS.matcher(json.getText()).matches()) {
      return clamp(new BigInteger(json.getText()).multiply(BigInteger.valueOf(nanosPerUnit)));
    }
    if (token == JsonToken.VALUE_NUMBER_INT) {
      return clamp(json.getBigIntegerValue().multiply(BigInteger.valueOf(nanosPerUnit)));
    }
    if (token != JsonToken.VALUE_NUMBER_FLOAT) {
      throw new TraceSyntaxException(field + " is neither a number nor a string of digits");
    }
    // Through a double: a decimal with a huge exponent must not cost a huge number.
    return Math.round(json.getDoubleValue() * nanosPerUnit);
  }

  static void require(JsonParser json, JsonToken wanted, String otherwise) throws IOException {
    if (json.currentToken() != wanted) {
      throw new TraceSyntaxException(otherwise);
    }
  }

  /** Says what is wrong with the JSON text, without the parser's own lines about where. */
  static String reason(JsonProcessingException e) {
    if (e instanceof TraceSyntaxException) {
      return e.getOriginalMessage();
    }
    String reason = String.valueOf(e.getOriginalMessage()).lines().findFirst().orElse("no JSON");
    return "is not complete, correct JSON: " + PARSER_PLACE.matcher(reason).replaceAll("");
  }

  private static long clamp(BigInteger value) {
    if (value.bitLength() < Long.SIZE) {
      return value.longValue();
    }
    return value.signum() < 0 ? Long.MIN_VALUE : Long.MAX_VALUE;
  }
}
