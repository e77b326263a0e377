package io.kvbm.backend.remote.directory.etcd;

import java.util.Locale;
import java.util.concurrent.CompletionException;

/** What failures of calls mean; etcd's client tells most of them apart by their texts only. */
final class EtcdFailures {

  private EtcdFailures() {}

  static boolean isUnknownLease(Throwable failure) {
    String text = String.valueOf(unwrap(failure).getMessage());
    return text.contains("lease not found");
  }

  static boolean isRefused(Throwable failure) {
    String text = String.valueOf(unwrap(failure).getMessage()).toLowerCase(Locale.ROOT);
    return text.contains("auth") || text.contains("user name") || text.contains("permission");
  }

  /** {@return one line for a log} */
  static String reason(Throwable failure) {
    Throwable cause = unwrap(failure);
    String text =
        cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
    return text.lines().findFirst().orElse("");
  }

  static Throwable unwrap(Throwable failure) {
    Throwable cause = failure.getCause();
    return failure instanceof CompletionException && cause != null ? unwrap(cause) : failure;
  }
}
