package io.kvbm.core;

import io.kvbm.core.event.RouterEventLog;
import io.kvbm.core.pool.ContentListener;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What a manager adds to the pools of its tiers beside their blocks; nothing where it is off. */
final class TierExtras {

  private final @Nullable RouterEventLog events;

  TierExtras(@Nullable RouterEventLog events) {
    this.events = events;
  }

  /** {@return who wants to know what is in a tier} */
  Optional<ContentListener> content(String tier) {
    List<ContentListener> listeners = new ArrayList<>();
    if (events != null) {
      listeners.add(events.tier(tier));
    }
    return listeners.stream().reduce(ContentListener::andThen);
  }
}
