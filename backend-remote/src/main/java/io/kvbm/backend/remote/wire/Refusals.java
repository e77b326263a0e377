package io.kvbm.backend.remote.wire;

import io.kvbm.api.BackendException;
import io.kvbm.api.CallerException;
import io.kvbm.api.CapacityException;
import io.kvbm.api.ClosedException;
import io.kvbm.api.ConfigurationException;
import io.kvbm.api.CorruptionException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.TransientException;

/** Errors as bodies of answers: the code's name, the message, for a capacity both numbers. */
public final class Refusals {

  private static final int TEXT_LIMIT = 512;

  private Refusals() {}

  /**
   * {@return the body that tells a peer of an error}
   *
   * @param error of anything but a {@link KvbmException} only that it failed is told
   */
  public static byte[] body(Throwable error) {
    BodyWriter body = new BodyWriter();
    write(body, error);
    return body.toBytes();
  }

  /**
   * Adds an error to a body.
   *
   * @param body takes it
   * @param error what to tell
   */
  public static void write(BodyWriter body, Throwable error) {
    if (error instanceof KvbmException known) {
      body.putText(known.code().name()).putText(known.getMessage().replace('\n', ' '));
    } else {
      body.putText(ErrorCode.REMOTE.name()).putText("the request failed at the peer; see its log");
    }
    if (error instanceof CapacityException capacity) {
      body.putLong(capacity.requested()).putLong(capacity.available());
    } else {
      body.putLong(0).putLong(0);
    }
  }

  /**
   * {@return the error a body tells of}
   *
   * @param peer whose answer it is
   * @param body the body
   * @throws WireException if it is none
   */
  public static KvbmException read(String peer, BodyReader body) throws WireException {
    String name = body.getText(TEXT_LIMIT);
    String text = body.getText(TEXT_LIMIT).replaceAll("\\p{Cntrl}", " ");
    long requested = body.getLong();
    long available = body.getLong();
    String message = "agent '%s': %s".formatted(peer, text);
    ErrorCode code;
    try {
      code = ErrorCode.valueOf(name);
    } catch (IllegalArgumentException _) {
      // A newer peer may know more codes.
      code = ErrorCode.REMOTE;
    }
    if (code == ErrorCode.CLOSED) {
      return new ClosedException(code, message);
    }
    return switch (code.kind()) {
      case CALLER -> new CallerException(code, message);
      case CAPACITY -> new CapacityException(code, message, requested, available);
      case TRANSIENT -> new TransientException(code, message);
      case BACKEND -> new BackendException(code, message, null);
      case CORRUPTION -> new CorruptionException(code, message);
      case CONFIGURATION -> new ConfigurationException(code, message);
    };
  }
}
