package io.kvbm.core.pool;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a pool with the policy {@code lru} must answer, written down without a thought for speed:
 * every question is answered by going through all blocks. A block's recency is that of its first
 * return since the policy was last told.
 */
final class PoolModel {

  /** One filling of a slot. */
  static final class Content {
    private final long number;
    private final @Nullable Long parent;
    private final @Nullable Content primary;
    private boolean indexed = true;
    private boolean leaving;
    private int uses = 1;
    private long order;

    private Content(long number, @Nullable Long parent, @Nullable Content primary) {
      this.number = number;
      this.parent = parent;
      this.primary = primary;
    }

    long number() {
      return number;
    }

    boolean isDuplicate() {
      return primary != null;
    }

    @Override
    public String toString() {
      return number + (isDuplicate() ? "'" : "");
    }
  }

  private final boolean allowDuplicates;
  private final List<Content> live = new ArrayList<>();
  private final List<Content> returned = new ArrayList<>();
  private final Set<Integer> restored = new HashSet<>();
  private int size;
  private int filling;
  private long latest;

  PoolModel(int size, boolean allowDuplicates) {
    this.size = size;
    this.allowDuplicates = allowDuplicates;
  }

  boolean isEmpty(int slot) {
    return !restored.contains(slot);
  }

  void restore(int slot, long number, @Nullable Long parent) {
    restored.add(slot);
    Content content = new Content(number, parent, null);
    content.uses = 0;
    content.order = ++latest;
    live.add(content);
  }

  PoolStatus status() {
    long inactive = live.stream().filter(c -> c.indexed && c.uses == 0).count();
    long empty = empty();
    return new PoolStatus(size - inactive - empty, inactive, empty);
  }

  private int empty() {
    return size - live.size() - filling;
  }

  boolean contains(long number) {
    return indexed(number).isPresent();
  }

  boolean isPresent(long number) {
    return live.stream().anyMatch(c -> c.number == number && (c.indexed || c.isDuplicate()));
  }

  private Optional<Content> indexed(long number) {
    return live.stream().filter(c -> c.indexed && c.number == number).findFirst();
  }

  private boolean hasChild(Content content) {
    return live.stream()
        .anyMatch(c -> c.indexed && !c.leaving && c.parent != null && c.parent == content.number);
  }

  private Optional<Content> victim() {
    return live.stream()
        .filter(c -> c.indexed && !c.leaving && c.uses == 0 && !hasChild(c))
        .min(Comparator.comparingLong(c -> c.order));
  }

  private void tellReturned() {
    for (Content content : returned) {
      if (content.indexed && !content.leaving) {
        content.order = ++latest;
      }
    }
    returned.clear();
  }

  boolean allocate(int count) {
    tellReturned();
    List<Content> victims = new ArrayList<>();
    while (empty() < count) {
      Optional<Content> victim = victim();
      if (victim.isEmpty()) {
        for (Content back : victims) {
          live.add(back);
          back.order = ++latest;
        }
        return false;
      }
      live.remove(victim.get());
      victims.add(victim.get());
    }
    filling += count;
    return true;
  }

  void discard() {
    filling--;
  }

  Content register(long number, @Nullable Long parent) {
    filling--;
    Optional<Content> primary = indexed(number);
    if (primary.isPresent()) {
      primary.get().uses++;
      if (!allowDuplicates) {
        return primary.get();
      }
      Content duplicate = new Content(number, parent, primary.get());
      duplicate.indexed = false;
      live.add(duplicate);
      return duplicate;
    }
    Content content = new Content(number, parent, null);
    content.order = ++latest;
    live.add(content);
    return content;
  }

  void share(Content content) {
    content.uses++;
  }

  void close(Content content) {
    if (--content.uses > 0) {
      return;
    }
    if (content.indexed) {
      if (!returned.contains(content)) {
        returned.add(content);
      }
      return;
    }
    live.remove(content);
    if (content.primary != null) {
      close(content.primary);
    }
  }

  List<Content> match(List<Long> path) {
    List<Content> found = new ArrayList<>();
    for (long number : path) {
      Optional<Content> content = indexed(number);
      if (content.isEmpty()) {
        break;
      }
      content.get().uses++;
      found.add(content.get());
    }
    return found;
  }

  boolean touch(long number) {
    Optional<Content> content = indexed(number);
    content.ifPresent(
        c -> {
          c.uses++;
          close(c);
        });
    return content.isPresent();
  }

  boolean upgrade(Content content) {
    if (!live.contains(content) || !content.indexed) {
      return false;
    }
    content.uses++;
    return true;
  }

  void remove(Content content) {
    content.indexed = false;
    content.leaving = false;
    close(content);
  }

  List<Content> pick(int count) {
    tellReturned();
    List<Content> picked = new ArrayList<>();
    for (Optional<Content> victim = victim();
        victim.isPresent() && picked.size() < count;
        victim = victim()) {
      victim.get().leaving = true;
      victim.get().uses = 1;
      picked.add(victim.get());
    }
    return picked;
  }

  boolean finish(Content content) {
    if (content.indexed && content.uses == 1 && !hasChild(content)) {
      live.remove(content);
      content.indexed = false;
      return true;
    }
    cancel(content);
    return false;
  }

  void cancel(Content content) {
    if (content.leaving) {
      content.leaving = false;
      content.order = ++latest;
    }
    close(content);
  }

  String resetOne(long number) {
    tellReturned();
    Optional<Content> content = indexed(number);
    if (content.isEmpty()) {
      return "notFound";
    }
    if (content.get().uses > 0 || hasChild(content.get())) {
      return "notReset";
    }
    live.remove(content.get());
    return "reset";
  }

  boolean reset() {
    tellReturned();
    if (filling > 0 || live.stream().anyMatch(c -> !c.indexed || c.uses > 0)) {
      return false;
    }
    live.clear();
    return true;
  }

  void grow(int more) {
    size += more;
  }
}
