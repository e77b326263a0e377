package io.kvbm.cli.console;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Where a command writes: results to standard output, everything else to standard error.
 *
 * <p>In JSON mode standard output carries exactly one JSON document: {@link #line} then goes to
 * standard error. The only class that knows the streams of the process. Thread-safe.
 */
public final class Console {

  private static final JsonFactory JSON = new JsonFactory();

  private final InputStream input;
  private final ResultStream resultBytes;
  private final PrintWriter results;
  private final PrintWriter messages;
  private final boolean interactive;
  private volatile @Nullable ProgressBar progress;
  private volatile boolean silent;
  private boolean json;
  private boolean verbose;
  private boolean documented;

  /**
   * Creates a console.
   *
   * @param results gets the results
   * @param messages gets everything else
   * @param charset of human text; JSON is UTF-8
   * @param interactive whether {@code messages} is a terminal, on which progress can be drawn
   */
  public Console(
      OutputStream results, OutputStream messages, Charset charset, boolean interactive) {
    this(InputStream.nullInputStream(), results, messages, charset, interactive);
  }

  /**
   * Creates a console with an input.
   *
   * @param input what the user hands in
   * @param results gets the results
   * @param messages gets everything else
   * @param charset of human text; JSON is UTF-8
   * @param interactive whether {@code messages} is a terminal, on which progress can be drawn
   */
  public Console(
      InputStream input,
      OutputStream results,
      OutputStream messages,
      Charset charset,
      boolean interactive) {
    this.input = input;
    this.resultBytes = new ResultStream(results);
    this.results = new PrintWriter(resultBytes, false, charset);
    this.messages = new PrintWriter(messages, true, charset);
    this.interactive = interactive;
  }

  /**
   * {@return the console of this process} From now on whatever a library prints to {@link
   * System#out} goes to standard error.
   */
  public static Console ofProcess() {
    PrintStream err = System.err;
    Charset charset = System.out.charset();
    System.setOut(err);
    return new Console(
        new FileInputStream(FileDescriptor.in),
        new FileOutputStream(FileDescriptor.out),
        err,
        charset,
        isErrTerminal());
  }

  /**
   * The JDK only tells whether standard input and output both are terminals, hence the look at the
   * link.
   */
  private static boolean isErrTerminal() {
    if ("dumb".equals(System.getenv("TERM"))) {
      return false;
    }
    try {
      String target = Files.readSymbolicLink(Path.of("/proc/self/fd/2")).toString();
      return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty");
    } catch (IOException | UnsupportedOperationException e) {
      @SuppressWarnings("SystemConsoleNull") // null is still the answer where there is no provider
      java.io.Console both = System.console();
      return both != null && both.isTerminal();
    }
  }

  /**
   * Sets the mode that the command line asked for.
   *
   * @param asJson one JSON document is wanted
   * @param withTraces stack traces are wanted
   */
  public synchronized void configure(boolean asJson, boolean withTraces) {
    json = asJson;
    verbose = withTraces;
  }

  /** {@return whether the user wants one JSON document} */
  public synchronized boolean isJson() {
    return json;
  }

  /** {@return whether the user wants stack traces} */
  public synchronized boolean isVerbose() {
    return verbose;
  }

  /**
   * Writes a line of the result for people; in JSON mode it goes to standard error.
   *
   * @param text without a line break at its end
   */
  public synchronized void line(String text) {
    if (json) {
      note(text);
      return;
    }
    clearProgress();
    results.println(text);
  }

  /**
   * Writes a line for people to standard error.
   *
   * @param text without a line break at its end
   */
  public synchronized void note(String text) {
    if (!silent) {
      clearProgress();
      messages.println(text);
    }
  }

  /**
   * Writes an error line to standard error: {@code kvbm: } and the text.
   *
   * @param text what is wrong and what to do; line breaks become spaces
   */
  public void error(String text) {
    note("kvbm: " + text.strip().replaceAll("\\s*\\R\\s*", " "));
  }

  /**
   * Writes a stack trace to standard error if the user wants them.
   *
   * @param thrown what happened
   */
  public void trace(Throwable thrown) {
    if (isVerbose()) {
      StringWriter text = new StringWriter();
      thrown.printStackTrace(new PrintWriter(text));
      note(text.toString().stripTrailing());
    }
  }

  /**
   * Writes the JSON document of this run to standard output, whole or, if {@code body} throws, not
   * at all.
   *
   * @param body writes one value
   * @throws CallerException if there was a document before
   */
  public synchronized void document(Document body) {
    if (documented) {
      throw new CallerException(
          ErrorCode.BLOCK_STATE_INVALID, "a run writes one JSON document; this is the second");
    }
    StringWriter text = new StringWriter();
    try (JsonGenerator generator = JSON.createGenerator(text)) {
      body.write(generator);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    documented = true;
    clearProgress();
    results.flush();
    byte[] bytes = text.append('\n').toString().getBytes(StandardCharsets.UTF_8);
    resultBytes.write(bytes, 0, bytes.length);
  }

  /**
   * Shows progress until the bar is closed, if standard error is a terminal; otherwise the bar does
   * nothing.
   *
   * @param label what is being done
   * @param unit what is counted, for instance {@code blocks}
   * @param total how many there are, above 0
   * @return the bar; the caller closes it. A later bar takes the place of an earlier one
   */
  public synchronized ProgressBar progress(String label, String unit, long total) {
    clearProgress();
    ProgressBar bar =
        new ProgressBar(label, unit, total, System::nanoTime, interactive ? this::draw : null);
    progress = bar;
    return bar;
  }

  /** {@return standard input; nobody closes it} */
  public InputStream input() {
    return input;
  }

  /**
   * Writes bytes of the result as they are; not in JSON mode.
   *
   * @param source has the bytes
   * @param length how many of them
   * @return whether there is still a reader: after false every byte is lost
   */
  public synchronized boolean bytes(byte[] source, int length) {
    clearProgress();
    resultBytes.write(source, 0, length);
    return resultBytes.failure().isEmpty();
  }

  /** {@return a writer to standard output for usage texts} Flushed by {@link #finish}. */
  public PrintWriter resultWriter() {
    return results;
  }

  /**
   * Wipes the progress and drops everything written from now on: the user ended the program. Takes
   * no lock, because the thread that runs the command may hold it while it waits for a reader that
   * will never read.
   */
  public void silence() {
    clearProgress();
    silent = true;
    resultBytes.silence();
  }

  /**
   * Writes out what is pending.
   *
   * @return why standard output did not take everything, or empty
   */
  public synchronized Optional<IOException> finish() {
    clearProgress();
    results.flush();
    messages.flush();
    return resultBytes.failure();
  }

  private void draw(String text) {
    if (!silent) {
      messages.print(text);
      messages.flush();
    }
  }

  private void clearProgress() {
    ProgressBar bar = progress;
    if (bar != null) {
      bar.clear();
    }
  }
}
