package io.kvbm.cli.trace;

import com.fasterxml.jackson.core.JsonProcessingException;

/**
 * Correct JSON that is no trace. A reader adds the file and the place and throws the error the user
 * sees.
 */
final class TraceSyntaxException extends JsonProcessingException {

  private static final long serialVersionUID = 1L;

  TraceSyntaxException(String message) {
    super(message);
  }
}
