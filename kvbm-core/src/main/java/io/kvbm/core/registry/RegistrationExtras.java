package io.kvbm.core.registry;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What few registrations have: duplicates, attachments and touch listeners. Made when first needed,
 * so that the others stay small. Guarded by the registration's stripe, but for the listeners, which
 * are read without.
 */
final class RegistrationExtras {

  private static final TouchListener[] NO_LISTENERS = {};

  /** Copies beyond the first, per tier. */
  private int[] duplicates = {};

  private final Map<Class<?>, Object> uniques = new HashMap<>();
  private final Map<Class<?>, List<Object>> multiples = new HashMap<>();
  private volatile TouchListener[] listeners = NO_LISTENERS;

  void addDuplicate(int tier) {
    if (tier >= duplicates.length) {
      duplicates = Arrays.copyOf(duplicates, tier + 1);
    }
    duplicates[tier]++;
  }

  /** Takes one copy away and returns true, or returns false where there is only the first. */
  boolean removeDuplicate(int tier) {
    if (tier >= duplicates.length || duplicates[tier] == 0) {
      return false;
    }
    duplicates[tier]--;
    return true;
  }

  <T> Optional<T> attachUnique(Class<T> type, T value) {
    if (multiples.containsKey(type)) {
      throw mixed(type, "multiple");
    }
    return Optional.ofNullable(type.cast(uniques.put(type, value)));
  }

  <T> void attachMultiple(Class<T> type, T value) {
    if (uniques.containsKey(type)) {
      throw mixed(type, "unique");
    }
    multiples.computeIfAbsent(type, any -> new ArrayList<>()).add(value);
  }

  <T> Optional<T> unique(Class<T> type) {
    return Optional.ofNullable(type.cast(uniques.get(type)));
  }

  <T> List<T> multiple(Class<T> type) {
    return multiples.getOrDefault(type, List.of()).stream().<T>map(type::cast).toList();
  }

  void addListener(TouchListener listener) {
    TouchListener[] longer = Arrays.copyOf(listeners, listeners.length + 1);
    longer[listeners.length] = listener;
    listeners = longer;
  }

  TouchListener[] listeners() {
    return listeners;
  }

  private static CallerException mixed(Class<?> type, String kind) {
    return new CallerException(
        ErrorCode.BLOCK_STATE_INVALID,
        "attachments of type %s are %s on this block already: use one way per type"
            .formatted(type.getName(), kind));
  }
}
