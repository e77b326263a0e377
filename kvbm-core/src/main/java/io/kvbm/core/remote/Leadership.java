package io.kvbm.core.remote;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Who leads a worker: one agent, and no other, as the moves of two leaders would write over each
 * other's blocks and neither would know. A leader that was started anew under its name leads on.
 * Threading: safe from any thread.
 */
public final class Leadership {

  private final AtomicReference<@Nullable String> leader;

  private Leadership(@Nullable String leader) {
    this.leader = new AtomicReference<>(leader);
  }

  /** {@return that of the first agent that asks} */
  public static Leadership ofFirst() {
    return new Leadership(null);
  }

  /**
   * {@return that of one agent}
   *
   * @param agent its name
   */
  public static Leadership of(String agent) {
    return new Leadership(agent);
  }

  /** {@return the agent that leads, empty as long as none has asked} */
  public Optional<String> leader() {
    return Optional.ofNullable(leader.get());
  }

  /**
   * Lets an agent lead, or refuses it.
   *
   * @param agent the name it has authenticated as
   * @throws CallerException with {@link ErrorCode#NOT_ALLOWED} if another one leads
   */
  public void require(String agent) {
    String now = leader.compareAndExchange(null, agent);
    if (now != null && !now.equals(agent)) {
      throw new CallerException(
          ErrorCode.NOT_ALLOWED,
          "the leader of this worker is '%s', not '%s'; give each leader workers of its own"
              .formatted(now, agent));
    }
  }
}
