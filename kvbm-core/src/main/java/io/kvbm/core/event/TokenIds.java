package io.kvbm.core.event;

import java.util.Arrays;
import java.util.List;

/** The tokens of some blocks, in order. Immutable. */
public final class TokenIds {

  /** No tokens: they are not known. */
  public static final TokenIds NONE = new TokenIds(new int[0]);

  private final int[] ids;

  private TokenIds(int[] ids) {
    this.ids = ids;
  }

  /**
   * {@return these tokens}
   *
   * @param ids copied
   */
  public static TokenIds of(int... ids) {
    return ids.length == 0 ? NONE : new TokenIds(ids.clone());
  }

  /** Returns the tokens of all parts, one after another. */
  static TokenIds joined(List<int[]> parts) {
    int count = parts.stream().mapToInt(part -> part.length).sum();
    if (count == 0) {
      return NONE;
    }
    int[] joined = new int[count];
    int end = 0;
    for (int[] part : parts) {
      System.arraycopy(part, 0, joined, end, part.length);
      end += part.length;
    }
    return new TokenIds(joined);
  }

  /** {@return how many there are; 0 where they are not known} */
  public int size() {
    return ids.length;
  }

  /**
   * {@return one of them}
   *
   * @param index from 0
   */
  public int get(int index) {
    return ids[index];
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof TokenIds that && Arrays.equals(ids, that.ids);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(ids);
  }

  @Override
  public String toString() {
    return Arrays.toString(ids);
  }
}
