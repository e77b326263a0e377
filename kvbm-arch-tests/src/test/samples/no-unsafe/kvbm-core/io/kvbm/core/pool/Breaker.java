package io.kvbm.core.pool;

import java.lang.reflect.Field;

/** Broken: reads what is private. */
final class Breaker {
  void open(Field field) {
    field.setAccessible(true);
  }
}
