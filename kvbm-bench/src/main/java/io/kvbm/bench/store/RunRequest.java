package io.kvbm.bench.store;

import io.kvbm.api.store.Durability;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * One measurement in a process of its own.
 *
 * @param contestant who
 * @param operation what
 * @param directory where its files are
 * @param byteSize of each value
 * @param setup what the store is opened with
 * @param threads how many work at once
 * @param count how many values there are, or are put at most
 * @param nanos how long to go on
 */
record RunRequest(
    Contestant contestant,
    Operation operation,
    Path directory,
    int byteSize,
    StoreSetup setup,
    int threads,
    long count,
    long nanos) {

  /** What is done. */
  enum Operation {
    /** Puts new values until the time is over. */
    PUT,
    /** Puts all values and puts the store in order; not measured. */
    LOAD,
    /** Gets values in random order, each at most once. */
    GET_COLD,
    /** Gets the same values again and again, after each was got once. */
    GET_HOT
  }

  /** {@return this as words of a command line} */
  List<String> words() {
    List<String> words =
        new ArrayList<>(
            List.of(
                contestant.label(),
                operation.name(),
                directory.toString(),
                Integer.toString(byteSize),
                setup.durability().name(),
                Long.toString(setup.cacheByteSize()),
                Integer.toString(threads),
                Long.toString(count),
                Long.toString(nanos)));
    setup.settings().forEach((name, value) -> words.add(name + "=" + value));
    return words;
  }

  static RunRequest of(List<String> words) {
    Map<String, String> settings = new TreeMap<>();
    for (String word : words.subList(9, words.size())) {
      int equals = word.indexOf('=');
      settings.put(word.substring(0, equals), word.substring(equals + 1));
    }
    return new RunRequest(
        Contestant.of(words.get(0)),
        Operation.valueOf(words.get(1)),
        Path.of(words.get(2)),
        Integer.parseInt(words.get(3)),
        new StoreSetup(Durability.valueOf(words.get(4)), Long.parseLong(words.get(5)), settings),
        Integer.parseInt(words.get(6)),
        Long.parseLong(words.get(7)),
        Long.parseLong(words.get(8)));
  }
}
