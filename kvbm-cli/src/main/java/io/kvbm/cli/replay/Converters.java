package io.kvbm.cli.replay;

import io.kvbm.api.CallerException;
import io.kvbm.api.ConfigurationException;
import io.kvbm.api.spi.ByteSizes;
import io.kvbm.core.cost.GateMode;
import java.util.Locale;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Read the options of a replay. */
final class Converters {

  private Converters() {}

  /** Reads sizes such as 64KiB that a block can have. */
  static final class BlockByteSizeConverter implements ITypeConverter<Long> {
    @Override
    public Long convert(String value) {
      try {
        long byteSize = ByteSizes.parse(value);
        BlockShape.ofByteSize(byteSize);
        return byteSize;
      } catch (ConfigurationException | CallerException e) {
        throw new TypeConversionException(e.getMessage());
      }
    }
  }

  /** Reads off, advise or enforce. */
  static final class GateModeConverter implements ITypeConverter<GateMode> {
    @Override
    public GateMode convert(String value) {
      for (GateMode mode : GateMode.values()) {
        if (mode.name().toLowerCase(Locale.ROOT).equals(value)) {
          return mode;
        }
      }
      throw new TypeConversionException("'" + value + "' is none of off, advise, enforce");
    }
  }

  /** Reads a time or {@code forever}. */
  static final class StallConverter implements ITypeConverter<Long> {
    @Override
    public Long convert(String value) {
      if (value.equals("forever")) {
        return Faults.FOR_EVER;
      }
      long nanos = new Durations().convert(value);
      if (nanos <= SingleReplay.STALL_NOTICED_NANOS) {
        throw new TypeConversionException(
            "'" + value + "' is no stall: one is noticed after a second");
      }
      return nanos;
    }
  }

  /** Reads bytes a second. */
  static final class SpeedConverter implements ITypeConverter<Long> {
    @Override
    public Long convert(String value) {
      try {
        long bytes = ByteSizes.parse(value);
        if (bytes > 0) {
          return bytes;
        }
      } catch (ConfigurationException | CallerException e) {
        throw new TypeConversionException(e.getMessage());
      }
      throw new TypeConversionException("'" + value + "' moves nothing");
    }
  }
}
