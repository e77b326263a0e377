package io.kvbm.api;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The root of every exception kvbm throws. Unchecked; one subclass for each reaction a caller can
 * have.
 *
 * <p>A message is one line: what is wrong, with the sizes and names involved, and what to do.
 * Native codes and causes are kept. Expected outcomes (a miss, a full non-blocking queue) are
 * values, not exceptions.
 */
@Stability(Stability.Level.STABLE)
public abstract sealed class KvbmException extends RuntimeException
    permits CallerException,
        CapacityException,
        TransientException,
        BackendException,
        CorruptionException,
        ConfigurationException,
        ClosedException {

  private static final long serialVersionUID = 1L;

  private final ErrorCode code;

  KvbmException(ErrorCode code, String message, @Nullable Throwable cause) {
    super(Objects.requireNonNull(message, "message"), cause);
    this.code = Objects.requireNonNull(code, "code");
  }

  /** {@return what is wrong and what to do; never null} */
  @Override
  public String getMessage() {
    return Objects.requireNonNull(super.getMessage());
  }

  /** {@return the reaction this error asks for} */
  public final ErrorKind kind() {
    return code.kind();
  }

  /** {@return the precise error case} */
  public final ErrorCode code() {
    return code;
  }
}
