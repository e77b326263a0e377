package io.kvbm.api.spi;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.Stability;
import java.util.Objects;
import java.util.regex.Pattern;

/**
 * What one check of this machine, or of one directory, found. Made by {@link
 * BackendProvider#diagnose}. Immutable.
 *
 * <p>Texts are one line each, for people, without a full stop at their end. Advice is what to do,
 * with the command where there is one; nothing runs it.
 *
 * @param scope what was looked at
 * @param name {@code [a-z][a-z0-9-]{0,62}}; documented and printed, so it never changes
 * @param status whether something is to be done
 * @param found what is there
 * @param advice what to do; empty only where the status is {@link Status#OK}
 */
@Stability(Stability.Level.PREVIEW)
public record Finding(Scope scope, String name, Status status, String found, String advice) {

  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9-]{0,62}");

  /** What a check looks at. */
  public enum Scope {
    /** The machine, the container or the process: the same for every directory. */
    MACHINE,
    /** The directory of the backend's settings, its file system and its device. */
    DIRECTORY
  }

  /** Whether something is to be done. */
  public enum Status {
    /** As it should be. */
    OK,
    /** It works; with the advice it works better. Also where something cannot be told. */
    HINT,
    /** Something that is used or relied upon is not there. */
    MISSING
  }

  /**
   * Checks the texts.
   *
   * @throws CallerException with {@link ErrorCode#INVALID_ARGUMENT} if the name is malformed, a
   *     text has several lines, or nothing is said where something is to be said
   */
  public Finding {
    Objects.requireNonNull(scope, "scope");
    Objects.requireNonNull(status, "status");
    require(NAME.matcher(name).matches(), "the name '" + name + "' of a finding is malformed");
    require(!found.isBlank(), "finding '" + name + "' does not say what was found");
    require(status == Status.OK || !advice.isBlank(), "finding '" + name + "' has no advice");
    require(
        (found + advice).chars().noneMatch(c -> c == '\n' || c == '\r'),
        "finding '" + name + "' is not one line of text");
  }

  private static void require(boolean condition, String complaint) {
    if (!condition) {
      throw new CallerException(ErrorCode.INVALID_ARGUMENT, complaint);
    }
  }

  /**
   * {@return a finding that needs nothing done}
   *
   * @param scope what was looked at
   * @param name its name
   * @param found what is there
   */
  public static Finding ok(Scope scope, String name, String found) {
    return new Finding(scope, name, Status.OK, found, "");
  }

  /**
   * {@return a finding with something to gain, or that could not be told}
   *
   * @param scope what was looked at
   * @param name its name
   * @param found what is there
   * @param advice what to do
   */
  public static Finding hint(Scope scope, String name, String found, String advice) {
    return new Finding(scope, name, Status.HINT, found, advice);
  }

  /**
   * {@return a finding of something that is not there}
   *
   * @param scope what was looked at
   * @param name its name
   * @param found why it is not there
   * @param advice what to do
   */
  public static Finding missing(Scope scope, String name, String found, String advice) {
    return new Finding(scope, name, Status.MISSING, found, advice);
  }
}
