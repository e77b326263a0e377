package io.kvbm.api.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.CallerException;
import io.kvbm.api.spi.Finding.Scope;
import io.kvbm.api.spi.Finding.Status;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FindingTest {

  @Test
  void eachStatusHasItsFactory() {
    assertThat(Finding.ok(Scope.MACHINE, "kernel", "6.1"))
        .isEqualTo(new Finding(Scope.MACHINE, "kernel", Status.OK, "6.1", ""));
    assertThat(Finding.hint(Scope.DIRECTORY, "atime", "relatime", "mount it anew").status())
        .isEqualTo(Status.HINT);
    assertThat(Finding.missing(Scope.MACHINE, "gpu", "none", "install one").status())
        .isEqualTo(Status.MISSING);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "Gpu", "1st", "with space", "under_score"})
  void aMalformedNameIsRefused(String name) {
    assertThatThrownBy(() -> Finding.ok(Scope.MACHINE, name, "there"))
        .isInstanceOf(CallerException.class)
        .hasMessageContaining("'" + name + "'");
  }

  @Test
  void whoFindsSomethingSaysWhatAndWhatToDo() {
    assertThatThrownBy(() -> Finding.ok(Scope.MACHINE, "gpu", " "))
        .isInstanceOf(CallerException.class)
        .hasMessageContaining("what was found");
    assertThatThrownBy(() -> Finding.hint(Scope.MACHINE, "gpu", "none", ""))
        .isInstanceOf(CallerException.class)
        .hasMessageContaining("advice");
    assertThatThrownBy(() -> Finding.missing(Scope.MACHINE, "gpu", "none", "a\nb"))
        .isInstanceOf(CallerException.class)
        .hasMessageContaining("one line");
  }
}
