package io.kvbm.graph.csr.algorithm;

import java.util.Arrays;

/** A small state for each vertex, all of which are forgotten at once without going through them. */
final class EpochMarks {

  private final int[] marks;
  private final int states;
  private int base;

  /**
   * Creates marks that are all forgotten.
   *
   * @param states each state is below it
   */
  EpochMarks(int vertices, int states) {
    this(vertices, states, 0);
  }

  EpochMarks(int vertices, int states, int base) {
    this.marks = new int[vertices];
    this.states = states;
    this.base = base + states;
  }

  void clear() {
    if (base > Integer.MAX_VALUE - 2 * states) {
      Arrays.fill(marks, 0);
      base = 0;
    }
    base += states;
  }

  /** {@return what was set since all were forgotten, or a number below 0} */
  int state(int vertex) {
    return marks[vertex] - base;
  }

  boolean isSet(int vertex) {
    return marks[vertex] >= base;
  }

  void set(int vertex, int state) {
    marks[vertex] = base + state;
  }
}
