package io.kvbm.cli.trace;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import io.kvbm.api.BackendException;
import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.LongConsumer;
import java.util.stream.Collectors;

/** Finds and reads the files of a trace. */
public final class TraceFiles {

  private final List<Path> files;
  private final boolean merged;
  private final String name;

  private TraceFiles(List<Path> files, boolean merged, String name) {
    this.files = files;
    this.merged = merged;
    this.name = name;
  }

  /**
   * Finds the files: those named and, of each folder, its {@code *.json}; in name order if there
   * are several.
   *
   * @param paths files and folders, at least one; where no file has that name, commas separate
   *     several
   * @throws CallerException if one does not exist or a folder holds no trace
   */
  public static TraceFiles find(List<Path> paths) {
    List<Path> files = new ArrayList<>();
    boolean merged = false;
    for (Path path : paths) {
      for (Path part : parts(path)) {
        merged |= Files.isDirectory(part);
        files.addAll(Files.isDirectory(part) ? tracesIn(part) : List.of(existing(part)));
      }
    }
    merged |= files.size() > 1;
    files.sort(
        Comparator.comparing((Path file) -> file.getFileName().toString())
            .thenComparing(Path::toString));
    String name = paths.stream().map(Path::toString).collect(Collectors.joining(","));
    return new TraceFiles(files, merged, name);
  }

  /** {@return the bytes of all files together, for a progress bar; at least 1} */
  public long byteSize() {
    long sum = 0;
    for (Path file : files) {
      sum += file.toFile().length();
    }
    return Math.max(1, sum);
  }

  /**
   * Reads the trace.
   *
   * @param format how it is written
   * @param progress gets the number of bytes just read, again and again
   * @return the trace, with at least one request
   * @throws CallerException if a file is no such trace; the message names the file and the line
   * @throws BackendException if a file cannot be read
   */
  public Trace read(TraceFormat format, LongConsumer progress) {
    TraceFormat actual = format == TraceFormat.AUTO ? detect() : format;
    if (actual == TraceFormat.MOONCAKE && merged) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          name
              + " is several files or a folder; a mooncake trace is one file, only weka is merged");
    }
    Trace.Builder builder =
        actual == TraceFormat.WEKA ? readWeka(progress) : readMooncake(progress);
    if (builder.requestCount() == 0) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT, "trace " + name + " is empty: it holds no requests");
    }
    return builder.build(name);
  }

  private Trace.Builder readWeka(LongConsumer progress) {
    WekaReader reader = new WekaReader();
    for (Path file : files) {
      readFile(
          file,
          progress,
          source -> {
            reader.read(file, source);
            return reader;
          });
    }
    return reader.merge();
  }

  private Trace.Builder readMooncake(LongConsumer progress) {
    Path file = files.getFirst();
    return readFile(file, progress, source -> MooncakeReader.read(file, source));
  }

  /**
   * Several files are conversations; a single one shows by its first fields, or else by its name,
   * what it is.
   */
  private TraceFormat detect() {
    if (merged) {
      return TraceFormat.WEKA;
    }
    Path file = files.getFirst();
    if (!Files.isRegularFile(file)) {
      return TraceFormat.MOONCAKE; // A pipe cannot be read twice.
    }
    return readFile(file, count -> {}, source -> detect(file, source));
  }

  private static TraceFormat detect(Path file, InputStream source) throws IOException {
    try (JsonParser json = JsonFields.JSON.createParser(source)) {
      json.nextToken();
      while (json.nextToken() == JsonToken.FIELD_NAME) {
        switch (json.currentName()) {
          case "timestamp", "hash_ids" -> {
            return TraceFormat.MOONCAKE;
          }
          case "requests", "hash_id_scope" -> {
            return TraceFormat.WEKA;
          }
          default -> {
            json.nextToken();
            json.skipChildren();
          }
        }
      }
    } catch (JsonProcessingException e) {
      // The reader that the name asks for says what is wrong, and where.
    }
    return file.toString().endsWith(".json") ? TraceFormat.WEKA : TraceFormat.MOONCAKE;
  }

  /** What reads one file. */
  private interface Reading<T> {
    T from(InputStream source) throws IOException;
  }

  private static <T> T readFile(Path file, LongConsumer progress, Reading<T> reading) {
    try (InputStream source = new CountedStream(open(file), progress)) {
      return reading.from(source);
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  /**
   * Through a channel: unlike a plain stream, it lets go of a pipe when the thread is interrupted.
   */
  private static InputStream open(Path file) throws IOException {
    return Channels.newInputStream(FileChannel.open(file, StandardOpenOption.READ));
  }

  private static List<Path> parts(Path path) {
    if (Files.exists(path) || path.toString().indexOf(',') < 0) {
      return List.of(path);
    }
    List<Path> parts = new ArrayList<>();
    for (String part : path.toString().split(",", -1)) {
      if (!part.isEmpty()) {
        parts.add(Path.of(part));
      }
    }
    return parts;
  }

  private static Path existing(Path file) {
    if (!Files.exists(file)) {
      throw new CallerException(
          ErrorCode.NOT_FOUND, "trace " + file + " does not exist; check the path");
    }
    return file;
  }

  private static List<Path> tracesIn(Path folder) {
    List<Path> files = new ArrayList<>();
    try (DirectoryStream<Path> found = Files.newDirectoryStream(folder, "*.json")) {
      for (Path file : found) {
        if (!Files.isDirectory(file)) {
          files.add(file);
        }
      }
    } catch (IOException e) {
      throw unreadable(folder, e);
    }
    if (files.isEmpty()) {
      throw new CallerException(
          ErrorCode.NOT_FOUND,
          "folder %s holds no weka traces (*.json); name the file of a mooncake trace"
              .formatted(folder));
    }
    return files;
  }

  private static RuntimeException unreadable(Path path, IOException e) {
    String reason =
        switch (e) {
          case NoSuchFileException gone -> "it does not exist";
          case AccessDeniedException denied -> "permission denied";
          default -> e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
        };
    return new BackendException(
        ErrorCode.OPERATION_FAILED, "cannot read trace %s: %s".formatted(path, reason), e);
  }

  /** Tells how much was read. */
  private static final class CountedStream extends FilterInputStream {

    private final LongConsumer progress;

    CountedStream(InputStream source, LongConsumer progress) {
      super(source);
      this.progress = progress;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      int count = super.read(target, offset, length);
      if (count > 0) {
        progress.accept(count);
      }
      return count;
    }
  }
}
