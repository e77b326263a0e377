package io.kvbm.cli.store;

import io.kvbm.api.spi.ByteSizes;
import io.kvbm.api.store.ObjectStat;
import io.kvbm.api.store.ObjectStore;
import io.kvbm.api.store.OpenMode;
import io.kvbm.cli.console.Console;
import java.io.IOException;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Visibility;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code kvbm store ls}: lists objects. */
@Command(
    name = "ls",
    description = "Lists objects in the order of their keys: size, version, key.",
    sortOptions = false)
final class ListCommand extends OnStore {

  private static final int PAGE = 1000;

  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "PREFIX",
      defaultValue = "",
      description = "Only keys that begin so.")
  private String prefix;

  @Option(
      names = "--after",
      paramLabel = "KEY",
      defaultValue = "",
      description = "Only keys behind this one: where the last list ended.")
  private String after;

  @Option(
      names = "--limit",
      paramLabel = "N",
      defaultValue = "9223372036854775807",
      showDefaultValue = Visibility.NEVER,
      description = "At most so many.")
  private long limit;

  /** Takes a page of the list. */
  private interface Page {
    void take(List<ObjectStat> objects) throws IOException;
  }

  @Override
  OpenMode mode() {
    return OpenMode.READ_SNAPSHOT;
  }

  @Override
  void check(Console console) {
    if (limit <= 0) {
      throw usage("--limit must be above 0, got " + limit);
    }
  }

  @Override
  int run(ObjectStore store, Console console) throws IOException {
    if (console.isJson()) {
      console.document(
          json -> {
            json.writeStartObject();
            json.writeArrayFieldStart("objects");
            forEachPage(
                store,
                objects -> {
                  for (ObjectStat stat : objects) {
                    json.writeStartObject();
                    StatFields.write(stat, json);
                    json.writeEndObject();
                  }
                });
            json.writeEndArray();
            json.writeEndObject();
          });
      return OK;
    }
    forEachPage(
        store,
        objects -> {
          for (ObjectStat stat : objects) {
            console.line(
                "%10s  %8d  %s"
                    .formatted(ByteSizes.format(stat.byteSize()), stat.version(), stat.key()));
          }
        });
    return OK;
  }

  private void forEachPage(ObjectStore store, Page page) throws IOException {
    String last = after;
    long left = limit;
    while (left > 0) {
      int most = (int) Math.min(PAGE, left);
      List<ObjectStat> objects = store.list(prefix, last, most);
      page.take(objects);
      if (objects.size() < most) {
        return;
      }
      left -= objects.size();
      last = objects.getLast().key();
    }
  }
}
