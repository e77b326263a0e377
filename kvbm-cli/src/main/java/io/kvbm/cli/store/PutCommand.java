package io.kvbm.cli.store;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.TransientException;
import io.kvbm.api.spi.ByteSizes;
import io.kvbm.api.store.Durability;
import io.kvbm.api.store.DurabilityClaim;
import io.kvbm.api.store.DurabilityClaim.Survives;
import io.kvbm.api.store.MaintainedStore;
import io.kvbm.api.store.ObjectStat;
import io.kvbm.api.store.ObjectStore;
import io.kvbm.api.store.ObjectWriter;
import io.kvbm.api.store.OpenMode;
import io.kvbm.api.store.PutOptions;
import io.kvbm.cli.console.Console;
import io.kvbm.cli.console.ProgressBar;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code kvbm store put}: stores a file or what comes in. */
@Command(
    name = "put",
    description = {
      "Stores a file, or standard input, under a key. An object under that key is replaced at once"
          + " and whole, and not before all bytes are there. The store is made if it is not there."
    },
    sortOptions = false)
final class PutCommand extends OnStore {

  private static final int PIECE_BYTE_SIZE = 1 << 20;
  private static final String STANDARD_INPUT = "-";

  @Parameters(index = "0", paramLabel = "KEY", description = "1 to 1024 of A-Za-z0-9._/-")
  private String key;

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "FILE",
      description = "What to store; - or nothing for standard input.")
  private @Nullable Path file;

  @Mixin private DurabilityOption durability;

  @Option(names = "--if-absent", description = "Fail if there is such an object.")
  private boolean ifAbsent;

  @Override
  OpenMode mode() {
    return OpenMode.WRITE;
  }

  @Override
  boolean makes() {
    return true;
  }

  @Override
  void check(Console console) {
    if (file != null && isFile() && !Files.exists(file)) {
      throw new CallerException(ErrorCode.NOT_FOUND, file + " does not exist; check the path");
    }
  }

  private boolean isFile() {
    return file != null && !file.toString().equals(STANDARD_INPUT);
  }

  @Override
  int run(ObjectStore store, Console console) throws IOException {
    PutOptions options = PutOptions.DEFAULT.withDurability(durability.value());
    ObjectStat stat;
    Path source = file;
    if (source != null && isFile()) {
      try (InputStream input = Files.newInputStream(source)) {
        stat = put(store, options, input, Files.size(source), console);
      }
    } else {
      stat = put(store, options, console.input(), 0, console);
    }
    report(store, stat, console);
    return OK;
  }

  private ObjectStat put(
      ObjectStore store, PutOptions options, InputStream input, long byteSize, Console console)
      throws IOException {
    PutOptions all = ifAbsent ? options.ifAbsent() : options;
    try (ObjectWriter writer = store.writer(key, all);
        ProgressBar bar = console.progress("put", "bytes", Math.max(1, byteSize))) {
      byte[] piece = new byte[PIECE_BYTE_SIZE];
      for (int read = input.read(piece); read >= 0; read = input.read(piece)) {
        if (Thread.currentThread().isInterrupted()) {
          throw new TransientException(ErrorCode.CANCELLED, "ended before all bytes were stored");
        }
        writer.write(MemorySegment.ofArray(piece).asSlice(0, read));
        if (byteSize > 0) {
          bar.advance(read);
        }
      }
      return writer.commit();
    }
  }

  private void report(ObjectStore store, ObjectStat stat, Console console) {
    if (durability.value() == Durability.SYNCED && store instanceof MaintainedStore maintained) {
      DurabilityClaim claim = maintained.statistics().durability();
      if (claim.survives() != Survives.POWER_CUT) {
        console.note("kvbm: " + claim.text());
      }
    }
    if (console.isJson()) {
      console.document(
          json -> {
            json.writeStartObject();
            StatFields.write(stat, json);
            json.writeStringField("durability", DurabilityOption.Words.word(durability.value()));
            json.writeEndObject();
          });
    } else {
      console.line("%s: %s stored".formatted(stat.key(), ByteSizes.format(stat.byteSize())));
    }
  }
}
