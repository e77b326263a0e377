package io.kvbm.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import jcuda.nvptxcompiler.JNvPTXCompiler;
import jcuda.nvptxcompiler.nvPTXCompilerHandle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CopyKernelTest {

  /**
   * The driver compiles it where it runs; here NVIDIA's compiler does, for GPUs from old to new.
   */
  @ParameterizedTest
  @ValueSource(strings = {"sm_52", "sm_70", "sm_80", "sm_90"})
  void theKernelCompiles(String architecture) {
    byte[] source = CopyKernel.source().getBytes(StandardCharsets.US_ASCII);
    nvPTXCompilerHandle compiler = new nvPTXCompilerHandle();
    byte[] text = Arrays.copyOf(source, source.length + 1);
    assertThat(JNvPTXCompiler.nvPTXCompilerCreate(compiler, source.length, text)).isZero();
    String[] options = {"--gpu-name=" + architecture, "--warn-on-spills"};
    int result = JNvPTXCompiler.nvPTXCompilerCompile(compiler, options.length, options);
    assertThat(result).as(errors(compiler)).isZero();
    JNvPTXCompiler.nvPTXCompilerDestroy(compiler);
  }

  private static String errors(nvPTXCompilerHandle compiler) {
    long[] length = new long[1];
    JNvPTXCompiler.nvPTXCompilerGetErrorLogSize(compiler, length);
    byte[] log = new byte[(int) length[0] + 1];
    if (length[0] > 0) {
      JNvPTXCompiler.nvPTXCompilerGetErrorLog(compiler, log);
    }
    return new String(log, StandardCharsets.US_ASCII).strip();
  }
}
