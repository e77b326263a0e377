package io.kvbm.cli.store;

import io.kvbm.api.CallerException;
import io.kvbm.api.CorruptionException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.TransientException;
import io.kvbm.api.storage.Region;
import io.kvbm.api.store.ObjectStat;
import io.kvbm.api.store.ObjectStore;
import io.kvbm.api.store.OpenMode;
import io.kvbm.cli.console.Console;
import io.kvbm.cli.console.ProgressBar;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code kvbm store get}: hands an object out. */
@Command(
    name = "get",
    description = {
      "Writes an object to a file, or to standard output. A file is replaced at once and whole; if"
          + " the object is damaged or the disk is full, it stays as it was. Standard output may"
          + " have got a part of the object when the command fails: look at the exit code."
    },
    sortOptions = false)
final class GetCommand extends OnStore {

  private static final int PIECE_BYTE_SIZE = 1 << 20;
  private static final String STANDARD_OUTPUT = "-";

  @Parameters(index = "0", paramLabel = "KEY", description = "The object's key.")
  private String key;

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "FILE",
      description = "Where to; - or nothing for standard output.")
  private @Nullable Path file;

  /** Takes the bytes piece by piece; false once nobody wants more. */
  private interface Target {
    boolean take(byte[] bytes, int length) throws IOException;
  }

  @Override
  OpenMode mode() {
    return OpenMode.READ_SNAPSHOT;
  }

  private boolean isFile() {
    return file != null && !file.toString().equals(STANDARD_OUTPUT);
  }

  @Override
  void check(Console console) {
    if (console.isJson() && !isFile()) {
      throw usage("--json needs a FILE: standard output cannot take the object, too");
    }
    if (file != null && isFile() && Files.isDirectory(file)) {
      throw usage(file + " is a directory; name a file");
    }
  }

  @Override
  int run(ObjectStore store, Console console) throws IOException {
    ObjectStat stat =
        store
            .stat(key)
            .orElseThrow(
                () ->
                    new CallerException(
                        ErrorCode.NOT_FOUND,
                        "there is no object '%s'; see 'kvbm store ls'".formatted(key)));
    Path target = file;
    if (target == null || !isFile()) {
      copy(store, stat, console::bytes, console);
      return OK;
    }
    replace(target, store, stat, console);
    if (console.isJson()) {
      console.document(
          json -> {
            json.writeStartObject();
            StatFields.write(stat, json);
            json.writeStringField("file", target.toString());
            json.writeEndObject();
          });
    }
    return OK;
  }

  private void replace(Path target, ObjectStore store, ObjectStat stat, Console console)
      throws IOException {
    Path real = Files.exists(target) ? target.toRealPath() : target.toAbsolutePath();
    if (Files.exists(real) && !Files.isRegularFile(real)) { // A pipe, or /dev/null.
      try (OutputStream output = Files.newOutputStream(real)) {
        copy(store, stat, writing(output), console);
      }
      return;
    }
    Path part = real.resolveSibling(real.getFileName() + ".part-" + ProcessHandle.current().pid());
    try {
      try (OutputStream output = Files.newOutputStream(part)) {
        copy(store, stat, writing(output), console);
      }
      Files.move(part, real, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(part);
    }
  }

  private static Target writing(OutputStream output) {
    return (bytes, length) -> {
      output.write(bytes, 0, length);
      return true;
    };
  }

  private void copy(ObjectStore store, ObjectStat stat, Target target, Console console)
      throws IOException {
    byte[] bytes = new byte[PIECE_BYTE_SIZE];
    try (Arena arena = Arena.ofConfined();
        ProgressBar bar = console.progress("get", "bytes", Math.max(1, stat.byteSize()))) {
      MemorySegment piece = arena.allocate(PIECE_BYTE_SIZE);
      long position = 0;
      while (position < stat.byteSize()) {
        if (Thread.currentThread().isInterrupted()) {
          throw new TransientException(ErrorCode.CANCELLED, "ended before all bytes were read");
        }
        int read = read(store, stat, position, piece);
        MemorySegment.copy(piece, 0, MemorySegment.ofArray(bytes), 0, read);
        if (!target.take(bytes, read)) {
          return; // The console says why, if it is a failure.
        }
        position += read;
        bar.advance(read);
      }
    }
  }

  /** A snapshot does not change; an object that is gone or shorter than it was is damage. */
  private int read(ObjectStore store, ObjectStat stat, long position, MemorySegment piece) {
    long length = Math.min(piece.byteSize(), stat.byteSize() - position);
    long read =
        store.getRange(key, position, new Region.HostRegion(piece.asSlice(0, length))).orElse(0L);
    if (read != length) {
      throw new CorruptionException(
          ErrorCode.CORRUPT,
          "object '%s' ends at byte %d of %d; see 'kvbm store verify'"
              .formatted(key, position + read, stat.byteSize()));
    }
    return (int) read;
  }
}
