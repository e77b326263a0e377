package io.kvbm.cli.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.kvbm.api.CallerException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.api.parallel.Resources;

class ConsoleTest {

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private final Console console = new Console(out, err, StandardCharsets.UTF_8, false);

  @Test
  void a_second_document_is_refused() {
    console.document(json -> json.writeNumber(1));

    assertThatExceptionOfType(CallerException.class)
        .isThrownBy(() -> console.document(json -> json.writeNumber(2)));
    console.finish();
    assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo("1\n");
  }

  @Test
  void a_document_that_fails_half_way_is_not_written_at_all() {
    assertThatExceptionOfType(UncheckedIOException.class)
        .isThrownBy(
            () ->
                console.document(
                    json -> {
                      json.writeStartObject();
                      throw new IOException("half way");
                    }));
    console.finish();

    assertThat(out.size()).isZero();
  }

  @Test
  @ResourceLock(Resources.LOCALE)
  void numbers_in_documents_know_no_locale() {
    Locale before = Locale.getDefault();
    Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
    try {
      console.document(json -> json.writeNumber(1234.5));
    } finally {
      Locale.setDefault(before);
    }
    console.finish();

    assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo("1234.5\n");
  }

  @Test
  void a_silenced_console_says_nothing_more() {
    console.line("before");
    console.finish();
    console.silence();
    console.line("after");
    console.note("after");
    console.error("after");
    console.document(json -> json.writeNumber(1));
    console.finish();

    assertThat(out.toString(StandardCharsets.UTF_8)).isEqualToIgnoringNewLines("before");
    assertThat(err.size()).isZero();
  }

  @Test
  void an_error_is_one_line() {
    console.error(" first\n  second\r\nthird\n");
    console.finish();

    assertThat(err.toString(StandardCharsets.UTF_8))
        .isEqualTo("kvbm: first second third" + System.lineSeparator());
  }
}
