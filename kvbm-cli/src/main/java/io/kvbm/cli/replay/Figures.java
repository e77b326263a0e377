package io.kvbm.cli.replay;

import io.kvbm.api.BackendException;
import io.kvbm.api.ErrorCode;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/** Numbers that processes tell each other in a line, as {@code moves=3 failed=0}. */
final class Figures {

  private Figures() {}

  static String text(Map<String, Long> figures) {
    return figures.entrySet().stream()
        .map(figure -> figure.getKey() + "=" + figure.getValue())
        .collect(Collectors.joining(" "));
  }

  static Map<String, Long> parse(String text) {
    Map<String, Long> figures = new LinkedHashMap<>();
    for (String word : text.split(" ", -1)) {
      int equals = word.indexOf('=');
      if (equals < 1) {
        throw new BackendException(
            ErrorCode.OPERATION_FAILED, "a process reported '" + word + "', not a figure", null);
      }
      figures.put(word.substring(0, equals), Long.parseLong(word.substring(equals + 1)));
    }
    return figures;
  }
}
