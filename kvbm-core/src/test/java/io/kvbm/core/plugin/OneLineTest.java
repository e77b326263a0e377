package io.kvbm.core.plugin;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ServiceConfigurationError;
import org.junit.jupiter.api.Test;

class OneLineTest {

  @Test
  void says_the_message_and_the_type_where_that_helps() {
    assertThat(OneLine.of(new IllegalStateException(" no luck \n at all"))).isEqualTo("no luck");
    assertThat(OneLine.of(new IOException("no space"))).isEqualTo("IOException: no space");
    assertThat(OneLine.of(new IllegalStateException())).isEqualTo("IllegalStateException");
    assertThat(OneLine.of(new IllegalStateException(" \n"))).isEqualTo("IllegalStateException");
  }

  @Test
  void looks_through_wrappers() {
    Throwable inner = new IllegalStateException("inner");
    assertThat(
            OneLine.of(
                new ServiceConfigurationError("outer", new ExceptionInInitializerError(inner))))
        .isEqualTo("inner");
    assertThat(OneLine.of(new ServiceConfigurationError("outer"))).isEqualTo("outer");
  }

  @Test
  void names_a_missing_class_as_sources_do() {
    assertThat(OneLine.of(new NoClassDefFoundError("org/example/X")))
        .isEqualTo("class org.example.X is missing; add the jar that has it");
    assertThat(OneLine.of(new NoClassDefFoundError("Could not initialize class X")))
        .isEqualTo("NoClassDefFoundError: Could not initialize class X");
  }
}
