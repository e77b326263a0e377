/** The codecs {@code none}, {@code lz4}, {@code zstd} and {@code gzip}. */
module io.kvbm.codecs {
  requires transitive io.kvbm.api;
  requires com.github.luben.zstd_jni;
  requires org.lz4.java;
  requires static org.jspecify;

  exports io.kvbm.codecs;

  provides io.kvbm.api.codec.Codec with
      io.kvbm.codecs.NoneCodec,
      io.kvbm.codecs.Lz4Codec,
      io.kvbm.codecs.ZstdCodec,
      io.kvbm.codecs.GzipCodec;
}
