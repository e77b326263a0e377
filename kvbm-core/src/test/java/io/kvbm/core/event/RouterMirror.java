package io.kvbm.core.event;

import io.kvbm.api.block.BlockKey;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What a router believes: a snapshot and the events after it. It trusts nothing. */
public final class RouterMirror {

  final Map<String, Map<BlockKey, Optional<BlockKey>>> tiers = new HashMap<>();
  long sequence;
  public int snapshots;

  RouterMirror() {}

  public static RouterMirror of(RouterSnapshot snapshot) {
    RouterMirror mirror = new RouterMirror();
    mirror.load(snapshot);
    return mirror;
  }

  /** Reads all there is, starting anew after a gap. */
  public void catchUp(RouterEventLog log, int limit) {
    while (true) {
      switch (log.replay(sequence + 1, limit)) {
        case Replay.Gap _ -> load(log.snapshot());
        case Replay.Events read -> {
          if (read.events().isEmpty()) {
            return;
          }
          read.events().forEach(this::apply);
        }
      }
    }
  }

  void load(RouterSnapshot snapshot) {
    tiers.clear();
    snapshots++;
    sequence = snapshot.sequence();
    snapshot
        .tiers()
        .forEach(
            (tier, blocks) ->
                blocks.forEach(
                    block -> put(tier, block.key(), Optional.ofNullable(block.parent()))));
  }

  void apply(RouterEvent event) {
    if (event.sequence() != sequence + 1) {
      throw new AssertionError("event " + event.sequence() + " after " + sequence);
    }
    sequence = event.sequence();
    applyBlocks(event);
  }

  void applyBlocks(RouterEvent event) {
    switch (event) {
      case RouterEvent.Stored stored -> {
        Optional<BlockKey> parent = Optional.ofNullable(stored.parent());
        for (BlockKey key : stored.keys()) {
          put(stored.tier(), key, parent);
          parent = Optional.of(key);
        }
      }
      case RouterEvent.Removed removed -> removed.keys().forEach(key -> take(removed.tier(), key));
      case RouterEvent.Cleared cleared -> tier(cleared.tier()).clear();
    }
  }

  Map<BlockKey, Optional<BlockKey>> tier(String tier) {
    return tiers.computeIfAbsent(tier, any -> new LinkedHashMap<>());
  }

  public List<BlockKey> keys(String tier) {
    return tier(tier).keySet().stream().sorted().toList();
  }

  private void put(String tier, BlockKey key, Optional<BlockKey> parent) {
    if (tier(tier).put(key, parent) != null) {
      throw new AssertionError(key + " was stored in " + tier + " twice, at " + sequence);
    }
  }

  private void take(String tier, BlockKey key) {
    if (tier(tier).remove(key) == null) {
      throw new AssertionError(key + " was removed from " + tier + " unheard of, at " + sequence);
    }
  }
}
