package io.kvbm.backend.remote.s3;

import io.kvbm.api.BackendException;
import io.kvbm.api.CallerException;
import io.kvbm.api.CapacityException;
import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.TransientException;
import java.io.IOException;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.AbortedException;
import software.amazon.awssdk.core.exception.ApiCallAttemptTimeoutException;
import software.amazon.awssdk.core.exception.ApiCallTimeoutException;
import software.amazon.awssdk.core.exception.SdkException;

/** What failures of the SDK mean to a caller. No message holds what a server or file sent whole. */
final class S3Errors {

  private static final Set<String> FULL =
      Set.of(
          "QuotaExceeded", "XMinioStorageFull", "XMinioAdminBucketQuotaExceeded", "EntityTooLarge");
  private static final Set<String> PASSING =
      Set.of(
          "SlowDown",
          "InternalError", // where an answer began with 200
          "ServiceUnavailable",
          "RequestTimeout",
          "Throttling",
          "ConditionalRequestConflict",
          "OperationAborted");

  private final String place;

  S3Errors(String place) {
    this.place = place;
  }

  /** {@return the status of an answer, or 0 if there was none} */
  static int status(SdkException e) {
    return e instanceof AwsServiceException answer ? answer.statusCode() : 0;
  }

  private static String code(SdkException e) {
    @Nullable AwsErrorDetails details =
        e instanceof AwsServiceException answer ? answer.awsErrorDetails() : null;
    @Nullable String code = details == null ? null : details.errorCode();
    return code == null ? "" : code;
  }

  /** {@return whether another attempt may succeed} */
  static boolean mayPass(SdkException e) {
    int status = status(e);
    if (status != 0) {
      return status == 500
          || status == 502
          || status == 503
          || status == 504
          || status == 429
          || PASSING.contains(code(e));
    }
    return isTimeout(e) || hasIoCause(e);
  }

  private static boolean isTimeout(Throwable e) {
    return e instanceof ApiCallTimeoutException || e instanceof ApiCallAttemptTimeoutException;
  }

  private static boolean hasIoCause(Throwable e) {
    for (@Nullable Throwable at = e; at != null; at = at.getCause()) {
      if (at instanceof IOException || at instanceof java.io.UncheckedIOException) {
        return true;
      }
    }
    return false;
  }

  KvbmException of(String what, SdkException e, int attempts) {
    int status = status(e);
    if (status == 0) {
      return unanswered(what, e, attempts);
    }
    String code = code(e);
    String answer = "%s at %s: HTTP %d %s".formatted(what, place, status, code).strip();
    if (FULL.contains(code) || status == 507) {
      return new CapacityException(
          ErrorCode.ALLOCATION_FAILED, answer + "; free some or raise the quota", 0, 0, e);
    }
    return switch (status) {
      case 401, 403 ->
          new CallerException(
              ErrorCode.NOT_ALLOWED,
              answer + "; check accessKey, secretKey and the bucket's policy",
              e);
      case 404 ->
          new CallerException(
              ErrorCode.NOT_FOUND, answer + "; create the bucket or set createBucket", e);
      case 409, 412 ->
          new CallerException(
              ErrorCode.PRECONDITION_FAILED, answer + "; read again, then retry", e);
      case 301, 307, 400 ->
          new ConfigurationException(
              ErrorCode.INVALID_CONFIG, answer + "; check endpoint, region, bucket and clock", e);
      case 501 ->
          new CallerException(ErrorCode.UNSUPPORTED, answer + "; the service lacks this", e);
      default -> {
        String tried = "%s after %d attempts; try later".formatted(answer, attempts);
        yield mayPass(e)
            ? new TransientException(ErrorCode.DISCONNECTED, tried, e)
            : new BackendException(ErrorCode.REMOTE, answer, status, e);
      }
    };
  }

  private KvbmException unanswered(String what, SdkException e, int attempts) {
    if (isTimeout(e)) {
      return new TransientException(
          ErrorCode.DEADLINE_EXCEEDED,
          "%s at %s: no answer within requestTimeout, %d attempts; try later"
              .formatted(what, place, attempts),
          e);
    }
    if (e instanceof AbortedException) {
      return new TransientException(ErrorCode.CANCELLED, what + " was interrupted", e);
    }
    if (hasIoCause(e)) {
      return new TransientException(
          ErrorCode.DISCONNECTED,
          "%s at %s: connection failed (%s), %d attempts; is the service there?"
              .formatted(what, place, rootName(e), attempts),
          e);
    }
    return new BackendException(
        ErrorCode.REMOTE,
        "%s at %s: %s; are credentials set?".formatted(what, place, oneLine(e)),
        e);
  }

  private static String rootName(Throwable e) {
    Throwable root = e;
    for (@Nullable Throwable at = e; at != null; at = at.getCause()) {
      root = at;
    }
    return root.getClass().getSimpleName();
  }

  private static String oneLine(Throwable e) {
    String text = String.valueOf(e.getMessage()).replaceAll("\\s+", " ");
    return text.length() > 200 ? text.substring(0, 200) : text;
  }
}
