package io.kvbm.codecs;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.codec.Codec;
import io.kvbm.api.codec.CodecCatalog;
import io.kvbm.api.codec.CodecFrame;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Frames written once must decode for ever. {@code -Dkvbm.golden.write=DIR} writes a set for a new
 * format version; a file that is there is never replaced.
 */
class GoldenFramesTest {

  private static final byte[] TEXT =
      "kvbm keeps blocks in tiers and finds them again by the hash of their tokens. "
          .repeat(20)
          .getBytes(StandardCharsets.US_ASCII);

  private static List<Codec> installed() {
    return ServiceLoader.load(Codec.class).stream().map(ServiceLoader.Provider::get).toList();
  }

  @ParameterizedTest
  @ValueSource(strings = {"none", "lz4", "zstd", "gzip"})
  void frameOfVersionOneDecodes(String codec) throws IOException {
    String name = "/frames/v1-" + codec + ".kvcf";
    try (InputStream stored = getClass().getResourceAsStream(name)) {
      MemorySegment frame =
          MemorySegment.ofArray(Objects.requireNonNull(stored, name).readAllBytes());
      MemorySegment target = MemorySegment.ofArray(new byte[TEXT.length]);
      assertThat(CodecFrame.header(frame).codec()).isEqualTo(codec);
      assertThat(CodecFrame.decode(frame, target, CodecCatalog.of(installed())))
          .isEqualTo(TEXT.length);
      assertThat(target.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(TEXT);
    }
  }

  @Test
  void serviceLoaderFindsAll() {
    assertThat(installed().stream().map(Codec::name))
        .containsExactlyInAnyOrder("none", "lz4", "zstd", "gzip");
  }

  @Test
  void framesAreWrittenWhereAsked() throws IOException {
    String folder = System.getProperty("kvbm.golden.write");
    for (Codec codec : installed()) {
      MemorySegment target =
          MemorySegment.ofArray(new byte[(int) CodecFrame.maxByteSize(codec, TEXT.length)]);
      long length = CodecFrame.encode(codec, MemorySegment.ofArray(TEXT), target);
      byte[] frame = target.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE);
      assertThat(CodecFrame.header(MemorySegment.ofArray(frame)).codec()).isEqualTo(codec.name());
      if (folder != null) {
        Path file = Path.of(folder, "v1-" + codec.name() + ".kvcf");
        if (Files.notExists(file)) {
          Files.write(file, frame);
        }
      }
    }
  }
}
